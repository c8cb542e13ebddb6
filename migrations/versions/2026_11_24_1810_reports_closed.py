"""Say of a week whether what units report of it is closed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1810"
down_revision = "2026_11_24_1800"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("period") as table:
        table.add_column(sa.Column("reports_closed", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("period") as table:
        table.drop_column("reports_closed")
