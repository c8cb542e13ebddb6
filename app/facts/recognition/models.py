from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.facts.recognition.terms import EntryState
from app.kernel.db import Id, Instant, Word, text_key
from app.kernel.events import Logged


class LedgerEntry(Logged):
    """What every entry of a ledger holds beside the fact itself. What was recognised is never changed.

    A wrong entry is reversed by another (`reverses_id`); a rejected one may be declared anew by another
    (`follows_id`). It counts on its own day, or on `deferred_to` where that day's period was closed when it was
    recognised. `entered_by` declared it, `judged_by` recognised or rejected it.
    """

    __subject__ = "project"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    deferred_to: Mapped[date | None] = mapped_column(Date)
    state: Mapped[EntryState] = mapped_column(Word(EntryState, 12))
    reason: Mapped[str | None] = mapped_column(String(300))  # of the rejection, or of the reversal
    note: Mapped[str | None] = mapped_column(String(500))
    imported: Mapped[bool] = mapped_column(default=False)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str | None] = mapped_column(String(60))
    judged_at: Mapped[datetime | None] = mapped_column(Instant)
    judged_by: Mapped[int | None] = mapped_column(Id)
    judged_by_name: Mapped[str | None] = mapped_column(String(60))
    shared_reason: Mapped[str | None] = mapped_column(String(300))  # why its evidence also proves another entry
    rule: Mapped[str | None] = mapped_column(text_key(40))  # which version of the rule it was recognised by

    @declared_attr
    @classmethod
    def reverses_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey(f"{cls.__tablename__}.id"), unique=True)

    @declared_attr
    @classmethod
    def follows_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey(f"{cls.__tablename__}.id"), unique=True)

    @property
    def day(self) -> date:
        """When it happened."""
        raise NotImplementedError

    def subject_id(self) -> int:
        return self.project_id
