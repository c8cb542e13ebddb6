from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.pipeline.gates.terms import OverrideState
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Move(Logged, Base):
    """A project went from one stage to another: when it happened, when it was recorded, who, why."""

    __tablename__ = "move"
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    from_stage: Mapped[Stage | None] = mapped_column(Word(Stage, 16))
    to_stage: Mapped[Stage] = mapped_column(Word(Stage, 16))
    happened_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(500))
    imported: Mapped[bool] = mapped_column(default=False)  # history: no gate was asked
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.project_id


class GateOverride(Logged, Base):
    """Somebody asked to pass a closed gate on a certain day, and a second person said yes or no.

    `missing` is what the gate lacked when that was asked: [{stage, code, message}]. An approval lets one move pass
    (`move_id`), to that stage, on that day, with nothing more missing. It stays to be seen for ever.
    """

    __tablename__ = "gate_override"
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    stage: Mapped[Stage] = mapped_column(Word(Stage, 16))
    happened_on: Mapped[date] = mapped_column(Date)
    state: Mapped[OverrideState] = mapped_column(Word(OverrideState, 12))
    reason: Mapped[str] = mapped_column(String(500))
    missing: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    rule: Mapped[str] = mapped_column(text_key(20))  # the version that asked: gates/3
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[int] = mapped_column(Id)
    requested_by_name: Mapped[str] = mapped_column(String(60))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(Id)
    decided_by_name: Mapped[str | None] = mapped_column(String(60))
    decision: Mapped[str | None] = mapped_column(String(500))  # why the second person said so
    move_id: Mapped[int | None] = mapped_column(ForeignKey("move.id"), unique=True)

    def subject_id(self) -> int:
        return self.project_id


class DuplicateAnswer(Logged, Base):
    """Somebody's answer to the suspicion that two projects are one; the newest about a pair goes before older ones.

    The other project may be one that few may see: neither it nor what is said of it enters the log.
    """

    __tablename__ = "duplicate_answer"
    __subject__ = "project"
    __personal__ = frozenset({"other_id", "suspicions", "why"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    same: Mapped[bool]
    why: Mapped[str] = mapped_column(String(500))
    suspicions: Mapped[list[str]] = mapped_column(JSON)  # what was suspected when it was given
    answered_at: Mapped[datetime] = mapped_column(Instant)
    answered_by: Mapped[int] = mapped_column(Id)
    answered_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.project_id


# Two projects of one amount are suspected to be one; the contract's amount has an index already.
Index("ix_project_investment", Project.investment_fen)
