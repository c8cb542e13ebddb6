from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.commitments.terms import (
    Anchor,
    ClauseKind,
    Condition,
    Measure,
    Party,
    PaymentState,
    Reached,
    Setting,
    Span,
)
from app.facts.projects.terms import Stage
from app.kernel.db import Base, Fen, Hundredths, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Commitment(Logged, Base):
    """A clause of an agreement: what one side promised, on what condition, until when.

    Of `amount_fen` (for intensity: fen per 亩), `persons` and `area_mu` the one that its kind is counted in is given.
    A clause of a supplement may take the place of an older one (`replaces_id`). Its state is never stored. The days
    that figures ask for are kept beside it by `standing.refresh` (`due_by` … `late_until`): they follow from the facts,
    and where they lie in closed periods they count on the first open day.
    """

    __tablename__ = "commitment"
    __subject__ = "project"
    __unlogged__ = frozenset(
        {"due_by", "due_counts_on", "fulfilled_on", "fulfilled_counts_on", "closed_on", "late_from", "late_until"}
    )
    __table_args__ = (
        Index("ix_commitment_project", "project_id", "id"),
        Index("ix_commitment_unit", "unit_id", "project_id"),
        Index("ix_commitment_due", "due_counts_on"),
        Index("ix_commitment_fulfilled", "fulfilled_counts_on"),
        Index("ix_commitment_late", "late_from", "late_until"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    number: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(1000))
    party: Mapped[Party] = mapped_column(Word(Party, 12))
    kind: Mapped[ClauseKind] = mapped_column(Word(ClauseKind, 16))
    amount_fen: Mapped[int | None] = mapped_column(Fen)
    persons: Mapped[int | None]
    area_mu: Mapped[int | None] = mapped_column(Hundredths)
    condition: Mapped[Condition] = mapped_column(Word(Condition, 8), default=Condition.NONE)
    condition_stage: Mapped[Stage | None] = mapped_column(Word(Stage, 16))
    condition_clause_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"))
    condition_measure: Mapped[Reached | None] = mapped_column(Word(Reached, 24))
    condition_fen: Mapped[int | None] = mapped_column(Fen)
    condition_persons: Mapped[int | None]
    due_on: Mapped[date | None] = mapped_column(Date)
    due_after: Mapped[Anchor | None] = mapped_column(Word(Anchor, 12))
    due_count: Mapped[int | None]
    due_span: Mapped[Span | None] = mapped_column(Word(Span, 8))
    due_clause_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    basis: Mapped[str | None] = mapped_column(String(200))  # 文号
    basis_from: Mapped[date | None] = mapped_column(Date)
    basis_to: Mapped[date | None] = mapped_column(Date)  # last day
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    survives_end: Mapped[bool] = mapped_column(default=False)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(500))
    imported: Mapped[bool] = mapped_column(default=False)
    voided_reason: Mapped[str | None] = mapped_column(String(300))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))

    due_by: Mapped[date | None] = mapped_column(Date)
    due_counts_on: Mapped[date | None] = mapped_column(Date)
    fulfilled_on: Mapped[date | None] = mapped_column(Date)
    fulfilled_counts_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)  # stopped, waived, replaced or void since
    late_from: Mapped[date | None] = mapped_column(Date)
    late_until: Mapped[date | None] = mapped_column(Date)

    def subject_id(self) -> int:
        return self.project_id

    @property
    def promised(self) -> int | None:
        """How much was promised, in the measure of its kind."""
        match self.kind.measure:
            case Measure.MONEY | Measure.MONEY_PER_MU:
                return self.amount_fen
            case Measure.PERSONS:
                return self.persons
            case Measure.AREA:
                return self.area_mu
        return None


class _Part(Logged):
    """What hangs on a clause; `project_id` makes it part of what is told of the project."""

    __subject__ = "project"

    def subject_id(self) -> int:
        number: int = getattr(self, "project_id")  # noqa: B009 - each part maps its own
        return number


class CommitmentPaper(_Part, Base):
    """A paper of the project that shows the clause, or that it was kept."""

    __tablename__ = "commitment_paper"
    __table_args__ = (Index("ix_commitment_paper", "commitment_id", "evidence_id", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))


class CommitmentDelivery(_Part, Base):
    """What was done of a clause that no other fact tells of: 亩 handed over, or how far it has come in percent.

    Rows are added; a wrong one is voided and stays to be seen.
    """

    __tablename__ = "commitment_delivery"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    on: Mapped[date] = mapped_column(Date)
    area_mu: Mapped[int | None] = mapped_column(Hundredths)
    percent: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(String(500))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    voided_reason: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))


class CommitmentSetting(_Part, Base):
    """A clause that a person stopped or waived, with a reason, from a day until before another."""

    __tablename__ = "commitment_setting"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    state: Mapped[Setting] = mapped_column(Word(Setting, 8))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)  # the first day it holds no more
    reason: Mapped[str] = mapped_column(String(300))
    basis: Mapped[str | None] = mapped_column(String(200))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    ended_reason: Mapped[str | None] = mapped_column(String(300))
    ended_by: Mapped[int | None] = mapped_column(Id)
    ended_by_name: Mapped[str | None] = mapped_column(String(60))


class CommitmentPayment(_Part, Base):
    """A part of a subsidy from its application to its payment; what was taken back is an entry of its own, below zero.

    An entry that takes back names the payment (`takes_back_id`). It counts on `paid_on`, or on `deferred_to` where
    that day's period was closed when it was recorded.
    """

    __tablename__ = "commitment_payment"
    __table_args__ = (
        Index("ix_commitment_payment", "commitment_id", "state"),
        Index("ix_commitment_payment_project", "project_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    state: Mapped[PaymentState] = mapped_column(Word(PaymentState, 12))
    amount_fen: Mapped[int] = mapped_column(Fen)
    takes_back_id: Mapped[int | None] = mapped_column(ForeignKey("commitment_payment.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(500))
    applied_on: Mapped[date] = mapped_column(Date)
    applied_by: Mapped[int] = mapped_column(Id)
    applied_by_name: Mapped[str] = mapped_column(String(60))
    checked_on: Mapped[date | None] = mapped_column(Date)
    checked_by: Mapped[int | None] = mapped_column(Id)
    checked_by_name: Mapped[str | None] = mapped_column(String(60))
    check_note: Mapped[str | None] = mapped_column(String(500))
    approved_on: Mapped[date | None] = mapped_column(Date)
    approved_by: Mapped[int | None] = mapped_column(Id)
    approved_by_name: Mapped[str | None] = mapped_column(String(60))
    approval_note: Mapped[str | None] = mapped_column(String(500))
    paid_on: Mapped[date | None] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    paid_by: Mapped[int | None] = mapped_column(Id)
    paid_by_name: Mapped[str | None] = mapped_column(String(60))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    reason: Mapped[str | None] = mapped_column(String(300))  # of the refusal, or of taking back
    ended_by: Mapped[int | None] = mapped_column(Id)
    ended_by_name: Mapped[str | None] = mapped_column(String(60))
    rule: Mapped[str | None] = mapped_column(text_key(40))  # which version of the rule it was approved by


PAYMENT_COUNTS_ON = func.coalesce(CommitmentPayment.deferred_to, CommitmentPayment.paid_on)
"""The day on which figures count a payment; null while it is not paid."""

Index("ix_commitment_payment_counts", PAYMENT_COUNTS_ON)
