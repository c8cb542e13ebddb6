from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, Word
from app.kernel.events import Logged
from app.published.clearances.terms import ClauseVerdict


class Clearance(Logged, Base):
    """One going through of all formal agreements signed since a day, as they stood on the day it was begun."""

    __tablename__ = "clearance"
    __subject__ = "clearance"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    since: Mapped[date] = mapped_column(Date)
    on: Mapped[date] = mapped_column(Date)  # the day of the snapshot
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # only projects of this unit
    agreements: Mapped[int]
    without_clauses: Mapped[int]
    clauses: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(500))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))  # the newest edition of its report
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id


class ClearanceFinding(Logged, Base):
    """A clause as it stood, what its state proposes, what was found, and what is done about it.

    It belongs to the project that it speaks of: whoever does not see that is told nothing of it.
    """

    __tablename__ = "clearance_finding"
    __subject__ = "project"
    __table_args__ = (
        Index("ix_clearance_finding", "clearance_id", "id"),
        Index("ix_clearance_finding_unit", "clearance_id", "owner_unit_id"),
        Index("ix_clearance_finding_project", "project_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    clearance_id: Mapped[int] = mapped_column(ForeignKey("clearance.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    proposed: Mapped[ClauseVerdict] = mapped_column(Word(ClauseVerdict, 24))
    finding: Mapped[ClauseVerdict] = mapped_column(
        Word(ClauseVerdict, 24)
    )  # the proposed one until somebody says otherwise
    reason: Mapped[str | None] = mapped_column(String(300))
    action: Mapped[str | None] = mapped_column(String(500))
    owner_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    deadline: Mapped[date | None] = mapped_column(Date)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[int | None] = mapped_column(Id)
    confirmed_by_name: Mapped[str | None] = mapped_column(String(60))
    done_on: Mapped[date | None] = mapped_column(Date)
    done_note: Mapped[str | None] = mapped_column(String(500))
    done_by: Mapped[int | None] = mapped_column(Id)
    done_by_name: Mapped[str | None] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.project_id
