"""Keep weekly reports: what each unit says of its week, how it was judged, and when each week closed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1440"
down_revision = "2026_11_24_1430"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def _key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "report_week",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("week", _key(8), nullable=False),
        sa.Column("deadline_at", INSTANT, nullable=True),
        sa.Column("deadline_source", sa.String(length=8), nullable=True),
        sa.Column("deadline_reason", sa.String(length=300), nullable=True),
        sa.Column("deadline_by", NUMBER, nullable=True),
        sa.Column("deadline_by_name", sa.String(length=60), nullable=True),
        sa.Column("reminded_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("reopened_until", INSTANT, nullable=True),
        sa.Column("reopened_at", INSTANT, nullable=True),
        sa.Column("reopened_reason", sa.String(length=300), nullable=True),
        sa.Column("reopened_by", NUMBER, nullable=True),
        sa.Column("reopened_by_name", sa.String(length=60), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_week")),
        sa.UniqueConstraint("week", name=op.f("uq_report_week_week")),
    )
    op.create_table(
        "report",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("week", _key(8), nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("unit_id", NUMBER, nullable=False),
        sa.Column("unit_code", _key(20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("zero", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("sent", _key(64), nullable=False),
        sa.Column("first_submitted_at", INSTANT, nullable=True),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("submitted_by", NUMBER, nullable=True),
        sa.Column("counts_in", _key(8), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", NUMBER, nullable=False),
        sa.Column("changed_by_name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_report_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("week", "unit_id", name=op.f("uq_report_week_unit_id")),
    )
    op.create_index(op.f("ix_report_counts_in"), "report", ["counts_in"], unique=False)
    op.create_index("ix_report_unit", "report", ["unit_id", "week_on"], unique=False)
    op.create_table(
        "report_engagement",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("report_id", NUMBER, nullable=False),
        sa.Column("engagement_id", NUMBER, nullable=False),
        sa.Column("client_key", _key(64), nullable=True),
        sa.Column("sent", _key(64), nullable=True),
        sa.ForeignKeyConstraint(["engagement_id"], ["engagement.id"], name=op.f("fk_report_engagement_engagement_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_engagement_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_engagement")),
        sa.UniqueConstraint("report_id", "client_key", name=op.f("uq_report_engagement_report_id_client_key")),
        sa.UniqueConstraint("report_id", "engagement_id", name=op.f("uq_report_engagement_report_id_engagement_id")),
    )
    op.create_index(op.f("ix_report_engagement_engagement_id"), "report_engagement", ["engagement_id"], unique=False)
    op.create_table(
        "report_problem",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("report_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("help", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_report_problem_project_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_problem_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_problem")),
    )
    op.create_index(op.f("ix_report_problem_report_id"), "report_problem", ["report_id"], unique=False)
    op.create_table(
        "report_progress",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("report_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_report_progress_project_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_progress_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_progress")),
        sa.UniqueConstraint("report_id", "project_id", name=op.f("uq_report_progress_report_id_project_id")),
    )
    op.create_index(op.f("ix_report_progress_project_id"), "report_progress", ["project_id"], unique=False)
    op.create_table(
        "report_step",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("report_id", NUMBER, nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=False),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("remarks", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_step_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_step")),
    )
    op.create_index(op.f("ix_report_step_report_id"), "report_step", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("report_step")
    op.drop_table("report_progress")
    op.drop_table("report_problem")
    op.drop_table("report_engagement")
    op.drop_table("report")
    op.drop_table("report_week")
