"""Keep the corrections of what figures had counted on days gone by."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1400"
down_revision = "2026_11_24_1350"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restatement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(20, collation="C").with_variant(sa.String(20), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_restatement_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restatement")),
    )
    op.create_index(op.f("ix_restatement_project_id"), "restatement", ["project_id"])
    op.create_index("ix_restatement_day", "restatement", ["day", "source"])


def downgrade() -> None:
    op.drop_table("restatement")
