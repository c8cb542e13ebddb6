"""Add task forces: members, tasks, meetings and decisions, escalations, and what calendars read them by."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1720"
down_revision = "2026_11_24_1710"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(length=32), "sqlite")


def key(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "calendar_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "token_hash",
            key(64),
            nullable=False,
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_calendar_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_token_token_hash")),
    )
    op.create_index(op.f("ix_calendar_token_user_id"), "calendar_token", ["user_id"], unique=False)
    op.create_table(
        "task_force",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("leader_office", sa.String(length=60), nullable=False),
        sa.Column("leader_name", sa.String(length=60), nullable=True),
        sa.Column("leader_id", ID, nullable=True),
        sa.Column("lead_unit_id", ID, nullable=False),
        sa.Column("goal", sa.Text(), nullable=True),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("formed_on", sa.Date(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        sa.Column("counts_until", sa.Date(), nullable=True),
        sa.Column("dissolved_reason", sa.String(length=300), nullable=True),
        sa.Column("dissolved_by", ID, nullable=True),
        sa.Column("dissolved_by_name", sa.String(length=60), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", ID, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.Column("sight", sa.JSON(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["unit.id"], name=op.f("fk_task_force_lead_unit_id")),
        sa.ForeignKeyConstraint(["leader_id"], ["user.id"], name=op.f("fk_task_force_leader_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_task_force_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_force")),
    )
    op.create_index(op.f("ix_task_force_leader_id"), "task_force", ["leader_id"], unique=False)
    op.create_index(op.f("ix_task_force_project_id"), "task_force", ["project_id"], unique=False)
    op.create_index(
        "uq_task_force_standing",
        "task_force",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("dissolved_on IS NULL"),
        sqlite_where=sa.text("dissolved_on IS NULL"),
    )
    op.create_table(
        "task_force_member",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=True),
        sa.Column("deputy", sa.String(length=60), nullable=True),
        sa.Column("duties", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_force_member_task_force_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_task_force_member_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_force_member")),
        sa.UniqueConstraint("task_force_id", "unit_id", name=op.f("uq_task_force_member_task_force_id_unit_id")),
    )
    op.create_index(op.f("ix_task_force_member_unit_id"), "task_force_member", ["unit_id"], unique=False)
    op.create_table(
        "task_meeting",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column(
            "starts_at",
            key(5),
            nullable=True,
        ),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("chair", sa.String(length=60), nullable=False),
        sa.Column("attendees", sa.String(length=1000), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", ID, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_meeting_task_force_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_meeting")),
    )
    op.create_index("ix_task_meeting_force", "task_meeting", ["task_force_id", "held_on"], unique=False)
    op.create_table(
        "task_decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("meeting_id", ID, nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.String(length=1000), nullable=True),
        sa.Column("done_by", ID, nullable=True),
        sa.Column("done_by_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["task_meeting.id"], name=op.f("fk_task_decision_meeting_id")),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_decision_task_force_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_decision")),
    )
    op.create_index(op.f("ix_task_decision_meeting_id"), "task_decision", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_task_decision_task_force_id"), "task_decision", ["task_force_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("planned_start", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=100), nullable=True),
        sa.Column("decision_id", ID, nullable=True),
        sa.Column("state", key(12), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("progress_on", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("deferred_to", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=1000), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("cancelled_reason", sa.String(length=300), nullable=True),
        sa.Column("late_from", sa.Date(), nullable=False),
        sa.Column("late_until", sa.Date(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("override_light", key(8), nullable=True),
        sa.Column("override_from", sa.Date(), nullable=True),
        sa.Column("override_until", sa.Date(), nullable=True),
        sa.Column("override_reason", sa.String(length=300), nullable=True),
        sa.Column("override_by", ID, nullable=True),
        sa.Column("override_by_name", sa.String(length=60), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", ID, nullable=False),
        sa.Column("entered_by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["task_decision.id"], name=op.f("fk_task_decision_id")),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_task_force_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_task_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_decision_id"), "task", ["decision_id"], unique=False)
    op.create_index("ix_task_done", "task", [sa.literal_column("coalesce(deferred_to, done_on)")], unique=False)
    op.create_index("ix_task_force", "task", ["task_force_id", "id"], unique=False)
    op.create_index("ix_task_late", "task", ["late_from", "late_until"], unique=False)
    op.create_index("ix_task_unit", "task", ["unit_id", "state"], unique=False)
    op.create_table(
        "task_escalation",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", key(12), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("rule", key(40), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_escalation_task_force_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_escalation_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_escalation")),
        sa.UniqueConstraint("task_id", "round", "level", name=op.f("uq_task_escalation_task_id_round_level")),
    )
    op.create_index(op.f("ix_task_escalation_task_force_id"), "task_escalation", ["task_force_id"], unique=False)
    op.create_table(
        "task_need",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("needs_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["needs_id"], ["task.id"], name=op.f("fk_task_need_needs_id")),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_need_task_force_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_need_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_need")),
        sa.UniqueConstraint("task_id", "needs_id", name=op.f("uq_task_need_task_id_needs_id")),
    )
    op.create_index(op.f("ix_task_need_task_force_id"), "task_need", ["task_force_id"], unique=False)
    op.create_table(
        "task_paper",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("evidence_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_task_paper_evidence_id")),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_paper_task_force_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_paper_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_paper")),
        sa.UniqueConstraint("task_id", "evidence_id", name=op.f("uq_task_paper_task_id_evidence_id")),
    )
    op.create_index(op.f("ix_task_paper_evidence_id"), "task_paper", ["evidence_id"], unique=False)
    op.create_index(op.f("ix_task_paper_task_force_id"), "task_paper", ["task_force_id"], unique=False)
    op.create_table(
        "task_report",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_force_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["task_force_id"], ["task_force.id"], name=op.f("fk_task_report_task_force_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_report_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_report")),
    )
    op.create_index("ix_task_report_task", "task_report", ["task_id", "on", "id"], unique=False)
    op.create_index(op.f("ix_task_report_task_force_id"), "task_report", ["task_force_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_task_report_task_force_id"), table_name="task_report")
    op.drop_index("ix_task_report_task", table_name="task_report")
    op.drop_table("task_report")
    op.drop_index(op.f("ix_task_paper_task_force_id"), table_name="task_paper")
    op.drop_index(op.f("ix_task_paper_evidence_id"), table_name="task_paper")
    op.drop_table("task_paper")
    op.drop_index(op.f("ix_task_need_task_force_id"), table_name="task_need")
    op.drop_table("task_need")
    op.drop_index(op.f("ix_task_escalation_task_force_id"), table_name="task_escalation")
    op.drop_table("task_escalation")
    op.drop_index("ix_task_unit", table_name="task")
    op.drop_index("ix_task_late", table_name="task")
    op.drop_index("ix_task_force", table_name="task")
    op.drop_index("ix_task_done", table_name="task")
    op.drop_index(op.f("ix_task_decision_id"), table_name="task")
    op.drop_table("task")
    op.drop_index(op.f("ix_task_decision_task_force_id"), table_name="task_decision")
    op.drop_index(op.f("ix_task_decision_meeting_id"), table_name="task_decision")
    op.drop_table("task_decision")
    op.drop_index("ix_task_meeting_force", table_name="task_meeting")
    op.drop_table("task_meeting")
    op.drop_index(op.f("ix_task_force_member_unit_id"), table_name="task_force_member")
    op.drop_table("task_force_member")
    op.drop_index(
        "uq_task_force_standing",
        table_name="task_force",
        postgresql_where=sa.text("dissolved_on IS NULL"),
        sqlite_where=sa.text("dissolved_on IS NULL"),
    )
    op.drop_index(op.f("ix_task_force_project_id"), table_name="task_force")
    op.drop_index(op.f("ix_task_force_leader_id"), table_name="task_force")
    op.drop_table("task_force")
    op.drop_index(op.f("ix_calendar_token_user_id"), table_name="calendar_token")
    op.drop_table("calendar_token")
