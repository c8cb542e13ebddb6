from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel.db import Base, Id, Instant, Word
from app.kernel.events import Logged


class Review(Logged, Base):
    """A question put to those who must be asked before a promise is made, and what they said.

    A conclusion is never changed: a wrong one is withdrawn, a newer one goes before it. Without `agreement_id` it is
    about the project as a whole.
    """

    __tablename__ = "review"
    __subject__ = "project"
    __table_args__ = (Index("ix_review_project", "project_id", "kind"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    kind: Mapped[ReviewKind] = mapped_column(Word(ReviewKind, 24))
    state: Mapped[ReviewState] = mapped_column(Word(ReviewState, 12))
    requested_on: Mapped[date] = mapped_column(Date)
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[int] = mapped_column(Id)
    requested_by_name: Mapped[str] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(String(500))
    opinion: Mapped[Opinion | None] = mapped_column(Word(Opinion, 12))
    concluded_on: Mapped[date | None] = mapped_column(Date)
    body: Mapped[str | None] = mapped_column(String(100))  # who reviewed: the office, firm or meeting
    person: Mapped[str | None] = mapped_column(String(60))  # who answers for it there
    summary: Mapped[str | None] = mapped_column(String(1000))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    concluded_at: Mapped[datetime | None] = mapped_column(Instant)
    concluded_by: Mapped[int | None] = mapped_column(Id)
    concluded_by_name: Mapped[str | None] = mapped_column(String(60))
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.project_id


class ReviewCondition(Logged, Base):
    """What must be done before a conditional opinion is as good as one without conditions."""

    __tablename__ = "review_condition"
    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    met_on: Mapped[date | None] = mapped_column(Date)
    met_note: Mapped[str | None] = mapped_column(String(300))
    judged_by: Mapped[int | None] = mapped_column(Id)
    judged_by_name: Mapped[str | None] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.project_id
