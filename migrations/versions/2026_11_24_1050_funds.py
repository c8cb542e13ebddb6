"""Add the funds ledger."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1050"
down_revision = "2026_11_24_1040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fund_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column(
            "origin_region",
            sa.String(length=6).with_variant(sa.String(length=6, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "currency",
            sa.String(length=3).with_variant(sa.String(length=3, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "foreign_amount",
            sa.String(length=30).with_variant(sa.String(length=30, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "rate", sa.String(length=30).with_variant(sa.String(length=30, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("rate_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column(
            "entered_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_fund_entry_project_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["fund_entry.id"], name=op.f("fk_fund_entry_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_fund_entry_reverses_id")),
    )
    op.create_index("ix_fund_arrived", "fund_entry", ["state", "arrived_on"], unique=False)
    op.create_index("ix_fund_project", "fund_entry", ["project_id", "arrived_on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_fund_project", table_name="fund_entry")
    op.drop_index("ix_fund_arrived", table_name="fund_entry")
    op.drop_table("fund_entry")
