"""Say of each payment of a reward on which day figures count it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1800"
down_revision = "2026_11_24_1750"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reward_payment") as table:
        table.add_column(sa.Column("deferred_to", sa.Date(), nullable=True))
    op.create_index("ix_reward_payment_counts", "reward_payment", [sa.text("coalesce(deferred_to, paid_on)")])


def downgrade() -> None:
    op.drop_index("ix_reward_payment_counts", table_name="reward_payment")
    with op.batch_alter_table("reward_payment") as table:
        table.drop_column("deferred_to")
