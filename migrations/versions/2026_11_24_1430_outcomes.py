"""Keep what projects really brought: investment, capital, output, tax, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1430"
down_revision = "2026_11_24_1420"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "outcome",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("period", _key(10), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", NUMBER, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=True),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.Column("judged_by", NUMBER, nullable=True),
        sa.Column("judged_by_name", sa.String(length=60), nullable=True),
        sa.Column("shared_reason", sa.String(length=300), nullable=True),
        sa.Column("rule", _key(40), nullable=True),
        sa.Column("reverses_id", NUMBER, nullable=True),
        sa.Column("follows_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["follows_id"], ["outcome.id"], name=op.f("fk_outcome_follows_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_outcome_project_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["outcome.id"], name=op.f("fk_outcome_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("follows_id", name=op.f("uq_outcome_follows_id")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_outcome_reverses_id")),
    )
    op.create_index("ix_outcome_project", "outcome", ["project_id", "kind", "happened_on"], unique=False)
    counts_on = sa.text("coalesce(deferred_to, happened_on)")
    op.create_index("ix_outcome_counts", "outcome", ["kind", "state", counts_on], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outcome_counts", table_name="outcome")
    op.drop_index("ix_outcome_project", table_name="outcome")
    op.drop_table("outcome")
