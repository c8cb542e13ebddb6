from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.evidence.terms import Book, EvidenceKind, EvidenceState
from app.facts.projects.terms import Stage
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Evidence(Logged, Base):
    """A file that a project shows as proof. The file is named by the hash of its content and so never changes.

    A better one is a row of its own that `replaces` this one; both stay. Which entries of a ledger rest on it is a
    `Reliance`; a review holds the number of its paper itself.
    """

    __tablename__ = "evidence"
    __subject__ = "project"
    __table_args__ = (Index("ix_evidence_project", "project_id", "kind"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[EvidenceKind] = mapped_column(Word(EvidenceKind, 24))
    stage: Mapped[Stage | None] = mapped_column(Word(Stage, 16))
    dated_on: Mapped[date] = mapped_column(Date)  # the date on the paper
    sha256: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    note: Mapped[str | None] = mapped_column(String(500))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[int] = mapped_column(Id)
    uploaded_by_name: Mapped[str] = mapped_column(String(60))
    state: Mapped[EvidenceState] = mapped_column(Word(EvidenceState, 12))
    judged_at: Mapped[datetime | None] = mapped_column(Instant)
    judged_by: Mapped[int | None] = mapped_column(Id)
    judged_by_name: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(300))  # of the rejection
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"), unique=True)
    replaces_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.project_id


class Reliance(Logged, Base):
    """An entry of a ledger rests on a paper. It is never taken back: what replaces the paper is relied on as well."""

    __tablename__ = "reliance"
    __subject__ = "project"
    __table_args__ = (
        UniqueConstraint("book", "entry_id", "evidence_id"),
        Index("ix_reliance_project", "project_id", "book"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    book: Mapped[Book] = mapped_column(Word(Book, 12))
    entry_id: Mapped[int] = mapped_column(Id)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)

    def subject_id(self) -> int:
        return self.project_id
