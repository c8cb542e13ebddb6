from datetime import date

from sqlalchemy import Date, Index, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.outcomes.terms import OutcomeKind
from app.facts.recognition.models import LedgerEntry
from app.kernel.db import Base, Fen, Word, text_key


class Outcome(LedgerEntry, Base):
    """A line of the ledger of outcomes: what came about in a period (a month, a year) or on a day.

    It happened on the last day of its period; a reversal on the day it was taken back. Either `amount_fen` or
    `persons` is given, by kind; persons are those that joined, net, so that lines add up like money.
    """

    __tablename__ = "outcome"
    __table_args__ = (Index("ix_outcome_project", "project_id", "kind", "happened_on"),)

    kind: Mapped[OutcomeKind] = mapped_column(Word(OutcomeKind, 24))
    period: Mapped[str] = mapped_column(text_key(10))
    starts_on: Mapped[date] = mapped_column(Date)
    happened_on: Mapped[date] = mapped_column(Date)
    amount_fen: Mapped[int | None] = mapped_column(Fen)
    persons: Mapped[int | None] = mapped_column(Integer)

    @property
    def day(self) -> date:
        return self.happened_on


COUNTS_ON = func.coalesce(Outcome.deferred_to, Outcome.happened_on)
"""The day on which figures count an entry."""

Index("ix_outcome_counts", Outcome.kind, Outcome.state, COUNTS_ON)
