"""Say of each week of reports on which day figures count it, and who had to report."""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1610"
down_revision = "2026_11_24_1600"
branch_labels = None
depends_on = None

TIERS = sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql")
WEEKS = sa.table(
    "report_week", sa.column("id", sa.BigInteger), sa.column("week", sa.String), sa.column("counts_on", sa.Date),
    sa.column("ends_on", sa.Date), sa.column("settled_at", sa.String), sa.column("tiers", sa.String),
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("report_week") as table:
        table.add_column(sa.Column("counts_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("tiers", TIERS, nullable=True))
    connection = op.get_bind()
    for number, week in connection.execute(sa.select(WEEKS.c.id, WEEKS.c.week)).all():
        monday = date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)
        days = {"counts_on": monday + timedelta(days=3), "ends_on": monday + timedelta(days=6)}
        connection.execute(sa.update(WEEKS).where(WEEKS.c.id == number).values(days))
    # So far the shipped rule has asked every tier.
    settled = WEEKS.c.settled_at.is_not(None)
    connection.execute(sa.update(WEEKS).where(settled).values(tiers=",key,assist,support,away,"))
    with op.batch_alter_table("report_week") as table:
        table.alter_column("counts_on", existing_type=sa.Date(), nullable=False)
        table.alter_column("ends_on", existing_type=sa.Date(), nullable=False)
    op.create_index(op.f("ix_report_week_counts_on"), "report_week", ["counts_on"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_report_week_counts_on"), table_name="report_week")
    with op.batch_alter_table("report_week") as table:
        table.drop_column("tiers")
        table.drop_column("ends_on")
        table.drop_column("counts_on")
