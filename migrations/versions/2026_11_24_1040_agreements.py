"""Add agreements."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1040"
down_revision = "2026_11_24_1030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("increment_fen", sa.BigInteger(), nullable=True),
        sa.Column("counted_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_formal", sa.Boolean(), nullable=False),
        sa.Column("parties", sa.String(length=500), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("voided_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_agreement_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_project", "agreement", ["project_id", "signed_on"], unique=False)
    op.create_index("ix_agreement_signed", "agreement", ["type", "signed_on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_agreement_signed", table_name="agreement")
    op.drop_index("ix_agreement_project", table_name="agreement")
    op.drop_table("agreement")
