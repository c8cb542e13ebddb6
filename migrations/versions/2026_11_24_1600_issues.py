"""Add issues: what was published, in its editions."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1600"
down_revision = "2026_11_24_1440"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "issue",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", key(24), nullable=False),
        sa.Column("period", key(12), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", key(64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("log_seq", ID, nullable=False),
        sa.Column("log_hash", key(64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column(
            "published_at", sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite"), nullable=False
        ),
        sa.Column("published_by", ID, nullable=False),
        sa.Column("published_by_name", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("kind", "period", "edition", name=op.f("uq_issue_kind_period_edition")),
        sa.UniqueConstraint("kind", "year", "number", "edition", name=op.f("uq_issue_kind_year_number_edition")),
    )


def downgrade() -> None:
    op.drop_table("issue")
