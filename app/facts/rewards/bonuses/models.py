from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.rewards.bonuses.terms import BonusState
from app.kernel.db import Base, Hundredths, Id, Instant, Word
from app.kernel.events import Logged


class UnitBonus(Logged, Base):
    """Points that a unit is given in the evaluation of a year for a project it brought. It is part of the project."""

    __tablename__ = "unit_bonus"
    __subject__ = "project"
    __table_args__ = (Index("ix_unit_bonus_year", "year", "unit_id", "state"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    year: Mapped[int]
    points: Mapped[int] = mapped_column(Hundredths)
    basis: Mapped[str] = mapped_column(String(300))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    state: Mapped[BonusState] = mapped_column(Word(BonusState, 12))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    judged_at: Mapped[datetime | None] = mapped_column(Instant)
    judged_by: Mapped[int | None] = mapped_column(Id)
    judged_by_name: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(300))  # of the refusal, or why it was revoked

    def subject_id(self) -> int:
        return self.project_id
