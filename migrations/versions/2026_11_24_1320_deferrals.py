"""Keep on which day a fact counts whose own day's period was closed before it was recorded."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1320"
down_revision = "2026_11_24_1310"
branch_labels = None
depends_on = None

STAGES = ("signed", "started", "completed", "production", "full_capacity")


def upgrade() -> None:
    op.add_column("agreement", sa.Column("deferred_to", sa.Date(), nullable=True))
    op.add_column("fund_entry", sa.Column("deferred_to", sa.Date(), nullable=True))
    for stage in STAGES:
        op.add_column("project", sa.Column(f"{stage}_deferred_to", sa.Date(), nullable=True))
    op.drop_index("ix_agreement_signed", table_name="agreement")
    op.create_index("ix_agreement_counts", "agreement", ["type", sa.text("coalesce(deferred_to, signed_on)")])
    op.drop_index("ix_fund_arrived", table_name="fund_entry")
    op.create_index("ix_fund_counts", "fund_entry", ["state", sa.text("coalesce(deferred_to, arrived_on)")])
    for stage in ("signed", "started"):
        counts_on = sa.text(f"coalesce({stage}_deferred_to, {stage}_on)")
        op.create_index(f"ix_project_{stage}_counts", "project", [counts_on])


def downgrade() -> None:
    op.drop_index("ix_project_started_counts", table_name="project")
    op.drop_index("ix_project_signed_counts", table_name="project")
    op.drop_index("ix_fund_counts", table_name="fund_entry")
    op.create_index("ix_fund_arrived", "fund_entry", ["state", "arrived_on"])
    op.drop_index("ix_agreement_counts", table_name="agreement")
    op.create_index("ix_agreement_signed", "agreement", ["type", "signed_on"])
    for stage in reversed(STAGES):
        op.drop_column("project", f"{stage}_deferred_to")
    op.drop_column("fund_entry", "deferred_to")
    op.drop_column("agreement", "deferred_to")
