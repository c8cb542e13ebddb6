from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.engagements.terms import EngagementKind, FollowUpState, Half, PressLevel
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Engagement(Logged, Base):
    """What one unit reports of a trip, visit, event or article. It is not deleted: a wrong one is voided.

    Reports of one trip are joined: all but one point at the one that was kept (`joined_into_id`) and stay as they
    are, with the share that is theirs. Figures count the kept one, with the units and enterprises of all.
    """

    __tablename__ = "engagement"
    __subject__ = "engagement"
    __table_args__ = (Index("ix_engagement_days", "starts_on", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[EngagementKind] = mapped_column(Word(EngagementKind))
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date] = mapped_column(Date)
    starts_half: Mapped[Half] = mapped_column(Word(Half, 2))
    ends_on: Mapped[date] = mapped_column(Date)
    ends_half: Mapped[Half] = mapped_column(Word(Half, 2))
    half_days: Mapped[int]
    deferred_to: Mapped[date | None] = mapped_column(Date)
    region: Mapped[str | None] = mapped_column(text_key(6))
    place: Mapped[str | None] = mapped_column(String(200))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)  # the one that reports
    visitors: Mapped[int | None]
    said: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    outlet: Mapped[str | None] = mapped_column(String(100))
    level: Mapped[PressLevel | None] = mapped_column(Word(PressLevel, 12))
    link: Mapped[str | None] = mapped_column(String(500))
    platform: Mapped[str | None] = mapped_column(String(100))
    participants: Mapped[str | None] = mapped_column(String(1000))
    search: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    joined_into_id: Mapped[int | None] = mapped_column(ForeignKey("engagement.id"), index=True)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    voided_by: Mapped[int | None] = mapped_column(Id)
    voided_by_name: Mapped[str | None] = mapped_column(String(60))
    voided_reason: Mapped[str | None] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    @property
    def counts_on(self) -> date:
        """The day on which figures count it."""
        return self.deferred_to or self.starts_on


COUNTS_ON = func.coalesce(Engagement.deferred_to, Engagement.starts_on)
"""The day on which figures count an engagement."""

Index("ix_engagement_counts", Engagement.kind, COUNTS_ON)


class EngagementUnit(Logged, Base):
    """A unit that takes part; the one that reports does so too."""

    __tablename__ = "engagement_unit"
    __subject__ = "engagement"
    __table_args__ = (UniqueConstraint("engagement_id", "unit_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)

    def subject_id(self) -> int:
        return self.engagement_id


class EngagementPerson(Logged, Base):
    """One of our own people, by name; a leader by office. `principal` is what the rule of the first day says of it."""

    __tablename__ = "engagement_person"
    __subject__ = "engagement"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(60))
    office: Mapped[str | None] = mapped_column(String(60))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    principal: Mapped[bool]

    def subject_id(self) -> int:
        return self.engagement_id


class EngagementEnterprise(Logged, Base):
    """An enterprise that was met."""

    __tablename__ = "engagement_enterprise"
    __subject__ = "engagement"
    # A merge of enterprises remembers links by number: SQLite must not give the number of a deleted one to another.
    __table_args__ = (UniqueConstraint("engagement_id", "enterprise_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)

    def subject_id(self) -> int:
        return self.engagement_id


class EngagementProject(Logged, Base):
    """A project that was talked about. It belongs to the project: whoever may not see that is told nothing of it."""

    __tablename__ = "engagement_project"
    __subject__ = "project"
    __table_args__ = (UniqueConstraint("engagement_id", "project_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)

    def subject_id(self) -> int:
        return self.project_id


class EngagementFile(Logged, Base):
    """A file that shows the engagement: a photo, a sign-in sheet, a clipping. A wrong one is withdrawn and stays."""

    __tablename__ = "engagement_file"
    __subject__ = "engagement"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    sha256: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    note: Mapped[str | None] = mapped_column(String(500))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[int] = mapped_column(Id)
    uploaded_by_name: Mapped[str] = mapped_column(String(60))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[int | None] = mapped_column(Id)
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(60))
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.engagement_id


class EngagementJoin(Logged, Base):
    """The trace of a join: which report was joined into which, by whom, why; and whether that was taken back."""

    __tablename__ = "engagement_join"
    __subject__ = "engagement"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    joined_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    reason: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[int | None] = mapped_column(Id)
    undone_by_name: Mapped[str | None] = mapped_column(String(60))
    undone_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.kept_id


class FollowUp(Logged, Base):
    """What must come of an engagement: who does what by when."""

    __tablename__ = "follow_up"
    __subject__ = "engagement"
    __table_args__ = (Index("ix_follow_up_due", "state", "due_on", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    engagement_id: Mapped[int] = mapped_column(ForeignKey("engagement.id"), index=True)
    what: Mapped[str] = mapped_column(String(1000))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    person: Mapped[str | None] = mapped_column(String(60))
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[FollowUpState] = mapped_column(Word(FollowUpState, 12))
    done_on: Mapped[date | None] = mapped_column(Date)
    result: Mapped[str | None] = mapped_column(String(1000))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("engagement_file.id"))
    dropped_reason: Mapped[str | None] = mapped_column(String(300))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[int | None] = mapped_column(Id)
    closed_by_name: Mapped[str | None] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.engagement_id
