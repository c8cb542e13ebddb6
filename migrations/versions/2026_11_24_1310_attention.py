"""Add since when a project is paused, and find the projects of an officer."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1310"
down_revision = "2026_11_24_1300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("project", sa.Column("paused_on", sa.Date(), nullable=True))
    op.create_index("ix_project_paused", "project", ["paused_on", "id"], unique=False)
    op.create_index("ix_project_officer", "project", ["officer", "changed_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_project_officer", table_name="project")
    op.drop_index("ix_project_paused", table_name="project")
    op.drop_column("project", "paused_on")
