from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.reports.terms import DeadlineSource, ReportState, Step
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class ReportWeek(Logged, Base):
    """What is known of a week beyond the rule: a deadline of its own, its freezing, its re-opening.

    A week needs no row to be open. The deadline is written down when the bureau sets it, or when it passes: from then
    on neither a new rule nor a change of the calendar moves it.
    """

    __tablename__ = "report_week"
    __subject__ = "report_week"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    week: Mapped[str] = mapped_column(text_key(8), unique=True)  # 2026-W48
    counts_on: Mapped[date] = mapped_column(
        Date, index=True
    )  # its Thursday, whose year and month are those of the week
    ends_on: Mapped[date] = mapped_column(Date)
    deadline_at: Mapped[datetime | None] = mapped_column(Instant)
    deadline_source: Mapped[DeadlineSource | None] = mapped_column(Word(DeadlineSource, 8))
    deadline_reason: Mapped[str | None] = mapped_column(String(300))
    deadline_by: Mapped[int | None] = mapped_column(Id)
    deadline_by_name: Mapped[str | None] = mapped_column(String(60))
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    tiers: Mapped[str | None] = mapped_column(text_key(60))  # who had to report, once it is settled: ,key,assist,
    reopened_until: Mapped[datetime | None] = mapped_column(Instant)
    reopened_at: Mapped[datetime | None] = mapped_column(Instant)
    reopened_reason: Mapped[str | None] = mapped_column(String(300))
    reopened_by: Mapped[int | None] = mapped_column(Id)
    reopened_by_name: Mapped[str | None] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.week


class Report(Logged, Base):
    """One unit's week. `counts_in` is the week a late one counts in, null where it is its own.

    `sent` is the digest of the document that was put last: the same document again changes nothing.
    """

    __tablename__ = "report"
    __subject__ = "report"
    __unlogged__ = frozenset({"sent"})
    __table_args__ = (UniqueConstraint("week", "unit_id"), Index("ix_report_unit", "unit_id", "week_on"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    week: Mapped[str] = mapped_column(text_key(8))
    week_on: Mapped[date] = mapped_column(Date)  # its Monday
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    unit_code: Mapped[str] = mapped_column(text_key(20))
    state: Mapped[ReportState] = mapped_column(Word(ReportState, 12))
    zero: Mapped[bool]
    note: Mapped[str | None] = mapped_column(String(1000))
    sent: Mapped[str] = mapped_column(text_key(64))
    first_submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_by: Mapped[int | None] = mapped_column(Id)
    counts_in: Mapped[str | None] = mapped_column(text_key(8), index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[int] = mapped_column(Id)
    changed_by_name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.week}/{self.unit_code}"

    def subject_sight(self) -> dict[str, int]:
        return {"unit": self.unit_id}


class ReportStep(Logged, Base):
    """A report was submitted, accepted or returned: when, by whom, with what remarks. Rows are only added."""

    __tablename__ = "report_step"
    __subject__ = "report"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), index=True)
    step: Mapped[Step] = mapped_column(Word(Step, 12))
    from_state: Mapped[ReportState] = mapped_column(Word(ReportState, 12))
    to_state: Mapped[ReportState] = mapped_column(Word(ReportState, 12))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    remarks: Mapped[str | None] = mapped_column(String(1000))

    def subject_id(self) -> int:
        return self.report_id


class ReportEngagement(Logged, Base):
    """An engagement that the report tells of. With a `client_key` it was entered through the report.

    `sent` is the digest of what was sent under the key: the engagement is changed only where that differs, so that
    what was corrected elsewhere is not undone by sending an old line again.
    """

    __tablename__ = "report_engagement"
    __subject__ = "report"
    __unlogged__ = frozenset({"sent"})
    __table_args__ = (UniqueConstraint("report_id", "engagement_id"), UniqueConstraint("report_id", "client_key"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    client_key: Mapped[str | None] = mapped_column(text_key(64))
    sent: Mapped[str | None] = mapped_column(text_key(64))

    def subject_id(self) -> int:
        return self.report_id


class ReportProgress(Logged, Base):
    """How far a project has come. Which one and what of it is told to those who may see it, and is not in the log."""

    __tablename__ = "report_progress"
    __subject__ = "report"
    __personal__ = frozenset({"project_id", "text"})
    __table_args__ = (UniqueConstraint("report_id", "project_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    text: Mapped[str] = mapped_column(Text)

    def subject_id(self) -> int:
        return self.report_id


class ReportProblem(Logged, Base):
    """A problem that needs help; of a project only for those who may see that."""

    __tablename__ = "report_problem"
    __subject__ = "report"
    __personal__ = frozenset({"project_id", "text", "help"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    text: Mapped[str] = mapped_column(Text)
    help: Mapped[str | None] = mapped_column(String(1000))

    def subject_id(self) -> int:
        return self.report_id
