from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.projects.terms import Confidentiality, Kind, Sector, Stage, Status
from app.kernel.db import Base, Fen, Hundredths, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Project(Logged, Base):
    """One investment.

    `<stage>_on` is when a stage was really reached (event date). `signed_on`, `framework_on` and the four
    amounts derive from agreements and funds: their services keep them, nobody types them. A stage that figures count
    has `<stage>_deferred_to` where its day's period was closed before it was recorded: figures count it on that day.
    """

    __tablename__ = "project"
    __subject__ = "project"
    # Derived from other columns and rows; a log full of them would hide what people did.
    __unlogged__ = frozenset({"changed_at", "squashed", "pinyin", "search"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(text_key(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    squashed: Mapped[str] = mapped_column(text_key(200), index=True)
    pinyin: Mapped[str] = mapped_column(text_key(600))
    search: Mapped[str] = mapped_column(Text)  # name, aliases, enterprises: text, pinyin and initials

    kind: Mapped[Kind] = mapped_column(Word(Kind, 16))
    stage: Mapped[Stage] = mapped_column(Word(Stage, 16))
    status: Mapped[Status] = mapped_column(Word(Status, 12), default=Status.ACTIVE)
    confidentiality: Mapped[Confidentiality] = mapped_column(Word(Confidentiality, 10), default=Confidentiality.OPEN)
    sight: Mapped[dict[str, Any]] = mapped_column(JSON)  # who may see it, kept by service.refresh_sight

    industry: Mapped[str | None] = mapped_column(text_key(5))
    industry_edition: Mapped[str] = mapped_column(text_key(4), default="2017")
    sector: Mapped[Sector] = mapped_column(Word(Sector, 12))
    sector_reason: Mapped[str | None] = mapped_column(String(300))  # set when the sector was set by hand
    chain: Mapped[str | None] = mapped_column(text_key(40))
    channel: Mapped[str | None] = mapped_column(text_key(16))
    origin_region: Mapped[str | None] = mapped_column(text_key(6))
    park: Mapped[str | None] = mapped_column(String(60))
    place: Mapped[str | None] = mapped_column(String(200))
    longitude: Mapped[float | None] = mapped_column(Double)
    latitude: Mapped[float | None] = mapped_column(Double)

    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # responsible today; dated in project_unit
    officer: Mapped[str | None] = mapped_column(String(60))
    leader: Mapped[str | None] = mapped_column(String(60))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))  # main investor today

    investment_fen: Mapped[int | None] = mapped_column(Fen)  # planned total
    land_mu: Mapped[int | None] = mapped_column(Hundredths)
    jobs: Mapped[int | None]
    output_fen: Mapped[int | None] = mapped_column(Fen)  # promised, a year
    tax_fen: Mapped[int | None] = mapped_column(Fen)  # promised, a year
    national_code: Mapped[str | None] = mapped_column(text_key(30))
    problem: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)

    lead_on: Mapped[date | None] = mapped_column(Date)
    talk_on: Mapped[date | None] = mapped_column(Date)
    framework_on: Mapped[date | None] = mapped_column(Date)
    signed_on: Mapped[date | None] = mapped_column(Date)
    registered_on: Mapped[date | None] = mapped_column(Date)
    approved_on: Mapped[date | None] = mapped_column(Date)
    land_on: Mapped[date | None] = mapped_column(Date)
    started_on: Mapped[date | None] = mapped_column(Date)
    completed_on: Mapped[date | None] = mapped_column(Date)
    production_on: Mapped[date | None] = mapped_column(Date)
    full_capacity_on: Mapped[date | None] = mapped_column(Date)
    signed_deferred_to: Mapped[date | None] = mapped_column(Date)
    started_deferred_to: Mapped[date | None] = mapped_column(Date)
    completed_deferred_to: Mapped[date | None] = mapped_column(Date)
    production_deferred_to: Mapped[date | None] = mapped_column(Date)
    full_capacity_deferred_to: Mapped[date | None] = mapped_column(Date)

    first_formal_fen: Mapped[int | None] = mapped_column(Fen)
    contract_fen: Mapped[int] = mapped_column(Fen, default=0)
    framework_fen: Mapped[int] = mapped_column(Fen, default=0)
    funds_fen: Mapped[int] = mapped_column(Fen, default=0)

    tracked_from: Mapped[date] = mapped_column(Date)  # first day in the project database
    archived_on: Mapped[date | None] = mapped_column(Date)
    paused_on: Mapped[date | None] = mapped_column(Date)  # while it is paused: since when
    ended_on: Mapped[date | None] = mapped_column(Date)  # terminated or withdrawn
    imported: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.code

    def subject_sight(self) -> Any:
        return self.sight


NEVER = literal_column("'0001-01-01'", Date)
"""Sorts what has no date before everything that has one: sort keys are never null."""

SIGNED_KEY = func.coalesce(Project.signed_on, NEVER)
STARTED_KEY = func.coalesce(Project.started_on, NEVER)


def counts_on(stage: Stage) -> ColumnElement[date]:
    """The day on which figures count that a stage was reached; null where it was not."""
    return func.coalesce(getattr(Project, f"{stage}_deferred_to"), getattr(Project, f"{stage}_on"))


COUNTED_STAGES = (Stage.SIGNED, Stage.STARTED, Stage.COMPLETED, Stage.PRODUCTION, Stage.FULL_CAPACITY)
"""Stages that figures count."""

Index("ix_project_signed_key", SIGNED_KEY, Project.id)
Index("ix_project_started_key", STARTED_KEY, Project.id)
Index("ix_project_signed_counts", counts_on(Stage.SIGNED))
Index("ix_project_started_counts", counts_on(Stage.STARTED))
Index("ix_project_pinyin", Project.pinyin, Project.id)
Index("ix_project_contract", Project.contract_fen, Project.id)
Index("ix_project_funds", Project.funds_fen, Project.id)
Index("ix_project_changed", Project.changed_at, Project.id)
Index("ix_project_unit_changed", Project.unit_id, Project.changed_at, Project.id)
Index("ix_project_enterprise", Project.enterprise_id)
Index("ix_project_paused", Project.paused_on, Project.id)
Index("ix_project_officer", Project.officer, Project.changed_at)


class CodeSerial(Base):
    """The last serial given in a district's year: codes are never used twice."""

    __tablename__ = "code_serial"

    prefix: Mapped[str] = mapped_column(text_key(16), primary_key=True)  # 500114-2020
    last: Mapped[int]


class ProjectAlias(Logged, Base):
    """Another name the press or a unit uses for the project."""

    __tablename__ = "project_alias"
    __table_args__ = (UniqueConstraint("project_id", "squashed"),)
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    alias: Mapped[str] = mapped_column(String(200))
    squashed: Mapped[str] = mapped_column(text_key(200), index=True)

    def subject_id(self) -> int:
        return self.project_id


class ProjectUnit(Logged, Base):
    """A unit's part in a project, from a day until another: `responsible` (one at a time) or `cooperating`."""

    __tablename__ = "project_unit"
    __table_args__ = (
        Index("ix_project_unit_project", "project_id", "role", "valid_from"),
        # Sight asks "has this unit a part in this project" row by row: by the unit alone it would read all its parts.
        Index("ix_project_unit_unit", "unit_id", "project_id"),
    )
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str] = mapped_column(text_key(12))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)  # last day

    def subject_id(self) -> int:
        return self.project_id


class ProjectEnterprise(Logged, Base):
    """An enterprise's part in a project: investor, landed (the local company), partner, former owner."""

    __tablename__ = "project_enterprise"
    __table_args__ = (UniqueConstraint("project_id", "enterprise_id", "role"),)
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    role: Mapped[str] = mapped_column(text_key(12))

    def subject_id(self) -> int:
        return self.project_id


class ProjectPlan(Logged, Base):
    """When a stage is planned to be reached."""

    __tablename__ = "project_plan"
    __table_args__ = (UniqueConstraint("project_id", "stage"),)
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    stage: Mapped[Stage] = mapped_column(Word(Stage, 16))
    planned_on: Mapped[date] = mapped_column(Date, index=True)

    def subject_id(self) -> int:
        return self.project_id


class ProjectGrant(Logged, Base):
    """Sight of an internal or sealed project, given to a person or a unit beyond the rule."""

    __tablename__ = "project_grant"
    __table_args__ = (
        UniqueConstraint("project_id", "user_id", "unit_id", "source"),
        Index("ix_project_grant_user", "user_id", "project_id"),
        Index("ix_project_grant_unit", "unit_id", "project_id"),
    )
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    source: Mapped[str] = mapped_column(text_key(40))  # "named", "task_force:12"

    def subject_id(self) -> int:
        return self.project_id


class ProjectNote(Logged, Base):
    """A dated remark, or a problem that somebody must solve."""

    __tablename__ = "project_note"
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    kind: Mapped[str] = mapped_column(text_key(10))  # note, problem
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    solved_on: Mapped[date | None] = mapped_column(Date)

    def subject_id(self) -> int:
        return self.project_id


class Restatement(Logged, Base):
    """A correction changed what figures of one source had counted on a day gone by."""

    __tablename__ = "restatement"
    __subject__ = "project"
    __table_args__ = (Index("ix_restatement_day", "day", "source"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    source: Mapped[str] = mapped_column(text_key(20))  # as figures name their sources
    day: Mapped[date] = mapped_column(Date)  # on which the fact counted, or counts now
    recorded_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(500))

    def subject_id(self) -> int:
        return self.project_id
