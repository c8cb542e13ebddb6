"""Keep the bonus points that units are given for projects."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1750"
down_revision = "2026_11_24_1740"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "unit_bonus",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("evidence_id", NUMBER, nullable=False),
        sa.Column("state", _key(12), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.Column("judged_by", NUMBER, nullable=True),
        sa.Column("judged_by_name", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_unit_bonus_evidence_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_unit_bonus_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_bonus_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_bonus")),
    )
    op.create_index(op.f("ix_unit_bonus_project_id"), "unit_bonus", ["project_id"], unique=False)
    op.create_index(op.f("ix_unit_bonus_unit_id"), "unit_bonus", ["unit_id"], unique=False)
    op.create_index("ix_unit_bonus_year", "unit_bonus", ["year", "unit_id", "state"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_unit_bonus_year", table_name="unit_bonus")
    op.drop_index(op.f("ix_unit_bonus_unit_id"), table_name="unit_bonus")
    op.drop_index(op.f("ix_unit_bonus_project_id"), table_name="unit_bonus")
    op.drop_table("unit_bonus")
