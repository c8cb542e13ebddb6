from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.projects.terms import Stage
from app.kernel.db import Base, Id, Instant, Word
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
