from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.task_forces.terms import Level, Light, TaskState
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class TaskForce(Logged, Base):
    """The task force of a project. It is seen by whoever sees the project: `sight` follows that of the project.

    `counts_from` and `counts_until` are the days between which figures count it: no closed period's end lies before
    they were recorded.
    """

    __tablename__ = "task_force"
    __subject__ = "task_force"
    __unlogged__ = frozenset({"changed_at"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    leader_office: Mapped[str] = mapped_column(String(60))
    leader_name: Mapped[str | None] = mapped_column(String(60))
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    lead_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    goal: Mapped[str | None] = mapped_column(Text)
    target_on: Mapped[date | None] = mapped_column(Date)
    formed_on: Mapped[date] = mapped_column(Date)
    counts_from: Mapped[date] = mapped_column(Date)
    dissolved_on: Mapped[date | None] = mapped_column(Date)
    counts_until: Mapped[date | None] = mapped_column(Date)
    dissolved_reason: Mapped[str | None] = mapped_column(String(300))
    dissolved_by: Mapped[int | None] = mapped_column(Id)
    dissolved_by_name: Mapped[str | None] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    sight: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return self.sight


_STANDS = TaskForce.dissolved_on.is_(None)

Index(
    "uq_task_force_standing", TaskForce.project_id, unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS
)  # fmt: skip


class Member(Logged, Base):
    """A unit of a task force, the lead unit among them: who answers there, who stands in (A/B 岗), and its duties."""

    __tablename__ = "task_force_member"
    __subject__ = "task_force"
    __table_args__ = (UniqueConstraint("task_force_id", "unit_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    contact: Mapped[str | None] = mapped_column(String(60))
    deputy: Mapped[str | None] = mapped_column(String(60))
    duties: Mapped[str | None] = mapped_column(String(1000))

    def subject_id(self) -> int:
        return self.task_force_id


class Task(Logged, Base):
    """What one unit has to bring about by a day.

    Figures count it as done on `deferred_to` or `done_on`, and as overdue at the end of a period from `late_from` until
    `late_until`. `round` numbers the times it was given anew (re-opened, put off): escalation begins again with each.
    """

    __tablename__ = "task"
    __subject__ = "task_force"
    __table_args__ = (
        Index("ix_task_force", "task_force_id", "id"),
        Index("ix_task_unit", "unit_id", "state"),
        Index("ix_task_late", "late_from", "late_until"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"))
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str | None] = mapped_column(Text)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    planned_start: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    step: Mapped[str | None] = mapped_column(String(100))  # of the template it was laid from
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("task_decision.id"), index=True)
    state: Mapped[TaskState] = mapped_column(Word(TaskState, 12))
    progress: Mapped[int] = mapped_column(default=0)
    progress_on: Mapped[date | None] = mapped_column(Date)
    started_on: Mapped[date | None] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    result: Mapped[str | None] = mapped_column(String(1000))
    cancelled_on: Mapped[date | None] = mapped_column(Date)
    cancelled_reason: Mapped[str | None] = mapped_column(String(300))
    late_from: Mapped[date] = mapped_column(Date)
    late_until: Mapped[date | None] = mapped_column(Date)
    round: Mapped[int] = mapped_column(default=1)
    override_light: Mapped[Light | None] = mapped_column(Word(Light, 8))
    override_from: Mapped[date | None] = mapped_column(Date)
    override_until: Mapped[date | None] = mapped_column(Date)  # last day
    override_reason: Mapped[str | None] = mapped_column(String(300))
    override_by: Mapped[int | None] = mapped_column(Id)
    override_by_name: Mapped[str | None] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.task_force_id


DONE_COUNTS_ON = func.coalesce(Task.deferred_to, Task.done_on)
"""The day on which figures count that a task was done; null while it is not."""

Index("ix_task_done", DONE_COUNTS_ON)


class TaskNeed(Logged, Base):
    """A task that must be done before another one."""

    __tablename__ = "task_need"
    __subject__ = "task_force"
    __table_args__ = (UniqueConstraint("task_id", "needs_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    needs_id: Mapped[int] = mapped_column(ForeignKey("task.id"))

    def subject_id(self) -> int:
        return self.task_force_id


class TaskPaper(Logged, Base):
    """A paper among the evidence of the project that shows a task's result."""

    __tablename__ = "task_paper"
    __subject__ = "task_force"
    __table_args__ = (UniqueConstraint("task_id", "evidence_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)

    def subject_id(self) -> int:
        return self.task_force_id


class TaskReport(Logged, Base):
    """How far a task had come on a day. Rows are only added."""

    __tablename__ = "task_report"
    __subject__ = "task_force"
    __table_args__ = (Index("ix_task_report_task", "task_id", "on", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    on: Mapped[date] = mapped_column(Date)
    percent: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(1000))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.task_force_id


class Meeting(Logged, Base):
    """A meeting of the task force (调度会), held or to come."""

    __tablename__ = "task_meeting"
    __subject__ = "task_force"
    __table_args__ = (Index("ix_task_meeting_force", "task_force_id", "held_on"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"))
    held_on: Mapped[date] = mapped_column(Date)
    starts_at: Mapped[str | None] = mapped_column(text_key(5))  # 09:30, in Shanghai
    place: Mapped[str | None] = mapped_column(String(200))
    chair: Mapped[str] = mapped_column(String(60))
    attendees: Mapped[str | None] = mapped_column(String(1000))
    minutes: Mapped[str | None] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.task_force_id


class Decision(Logged, Base):
    """What a meeting decided. It is done when its tasks are done, or when somebody says so (`done_on`)."""

    __tablename__ = "task_decision"
    __subject__ = "task_force"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"), index=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("task_meeting.id"), index=True)
    text: Mapped[str] = mapped_column(String(1000))
    done_on: Mapped[date | None] = mapped_column(Date)
    done_note: Mapped[str | None] = mapped_column(String(1000))
    done_by: Mapped[int | None] = mapped_column(Id)
    done_by_name: Mapped[str | None] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.task_force_id


class Escalation(Logged, Base):
    """A level that a task reached: when, why, and who was told. Rows are only added, one for each level and round."""

    __tablename__ = "task_escalation"
    __subject__ = "task_force"
    __table_args__ = (UniqueConstraint("task_id", "round", "level"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_force_id: Mapped[int] = mapped_column(ForeignKey("task_force.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    round: Mapped[int]
    level: Mapped[Level] = mapped_column(Word(Level, 12))
    on: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(Instant)
    why: Mapped[str] = mapped_column(String(500))
    rule: Mapped[str] = mapped_column(text_key(40))
    told: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # [{"as": "owner", "user": 7, "name": "李工"}]

    def subject_id(self) -> int:
        return self.task_force_id


class CalendarToken(Logged, Base):
    """What lets a calendar program read one person's dates and nothing else. Only its hash is kept."""

    __tablename__ = "calendar_token"
    __subject__ = "calendar_token"
    __personal__ = frozenset({"token_hash"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(text_key(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)

    def subject_id(self) -> int:
        return self.id
