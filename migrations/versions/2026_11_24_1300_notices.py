"""Add notices."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1300"
down_revision = "2026_11_24_1210"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("kind", key(40), nullable=False),
        sa.Column("key", key(120), nullable=False),
        sa.Column("about", key(32), nullable=True),
        sa.Column("about_id", ID, nullable=True),
        sa.Column("about_key", key(64), nullable=True),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_notice_user_id_key")),
    )
    op.create_index(op.f("ix_notice_key"), "notice", ["key"], unique=False)
    op.create_index("ix_notice_told", "notice", ["user_id", "told_at", "id"], unique=False)
    unread = sa.column("read_at").is_(None)
    op.create_index(
        "ix_notice_unread", "notice", ["user_id"], unique=False, postgresql_where=unread, sqlite_where=unread
    )
    undone = sa.and_(sa.column("waits", sa.Boolean()).is_(True), sa.column("done_at").is_(None))
    op.create_index("ix_notice_open", "notice", ["user_id"], unique=False, postgresql_where=undone, sqlite_where=undone)
    op.add_column("ledger_import", sa.Column("waited", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("ledger_import", "waited")
    op.drop_index("ix_notice_open", table_name="notice")
    op.drop_index("ix_notice_unread", table_name="notice")
    op.drop_index("ix_notice_told", table_name="notice")
    op.drop_index(op.f("ix_notice_key"), table_name="notice")
    op.drop_table("notice")
