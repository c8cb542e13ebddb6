"""Say of a reconciliation also what is newer there, on its way or refused, and link a package's file."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0140"
down_revision = "2026_11_25_0129"
branch_labels = None
depends_on = None

COUNTS = ("newer_there", "in_flight", "rejected")
SHA256 = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
PLACE = sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql")
LINK = "fk_municipal_package_file"


def upgrade() -> None:
    # Nobody could make either before this release: nothing is there to be filled in.
    with op.batch_alter_table("municipal_reconciliation") as table:
        for name in COUNTS:
            table.add_column(sa.Column(name, sa.Integer(), nullable=False))
        table.add_column(sa.Column("truncated", sa.Boolean(), nullable=False))
    with op.batch_alter_table("municipal_package") as table:
        table.alter_column("file", type_=SHA256, existing_type=PLACE, existing_nullable=False)
        table.create_foreign_key(op.f(LINK), "stored_file", ["file"], ["sha256"])


def downgrade() -> None:
    with op.batch_alter_table("municipal_package") as table:
        table.drop_constraint(op.f(LINK), type_="foreignkey")
        table.alter_column("file", type_=PLACE, existing_type=SHA256, existing_nullable=False)
    with op.batch_alter_table("municipal_reconciliation") as table:
        table.drop_column("truncated")
        for name in reversed(COUNTS):
            table.drop_column(name)
