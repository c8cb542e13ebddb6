from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads.models import seen_by
from app.kernel.db import Base, Fen, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Claim(Logged, Base):
    """What the providers of a lead claim under one policy, and how far that has come.

    `gross_fen` is what the newest kept calculation gives, `now_fen` what the facts gave when they last changed,
    `paid_fen` what was paid less what was taken back. A frozen one knows where it was frozen (`frozen_from`) and, where
    that was not for an objection, that it is held. It is charged to the budget of `fund` and `year`.
    """

    __tablename__ = "claim"
    __subject__ = "claim"
    __personal__ = frozenset({"held_reason"})
    __table_args__ = (Index("ix_claim_budget", "fund", "year", "state"), Index("ix_claim_policy", "policy", "state"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    policy: Mapped[str] = mapped_column(text_key(40))
    choice: Mapped[str | None] = mapped_column(text_key(40))
    met_on: Mapped[date | None] = mapped_column(Date)
    fund: Mapped[str] = mapped_column(text_key(40))
    year: Mapped[int]
    state: Mapped[ClaimState] = mapped_column(Word(ClaimState, 12))
    frozen_from: Mapped[ClaimState | None] = mapped_column(Word(ClaimState, 12))
    held_reason: Mapped[str | None] = mapped_column(String(500))
    notice_from: Mapped[date | None] = mapped_column(Date)
    notice_to: Mapped[date | None] = mapped_column(Date, index=True)
    gross_fen: Mapped[int] = mapped_column(Fen)
    now_fen: Mapped[int] = mapped_column(Fen)
    paid_fen: Mapped[int] = mapped_column(Fen, default=0)
    filed_on: Mapped[date] = mapped_column(Date)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return seen_by(self)


class _Part(Logged):
    """What hangs on a claim."""

    __subject__ = "claim"

    def subject_id(self) -> int:
        number: int = getattr(self, "claim_id")  # noqa: B009 - each part maps its own
        return number


class ClaimShare(_Part, Base):
    """A provider's part of a claim, in percent, by the providers' own agreement."""

    __tablename__ = "claim_share"
    __table_args__ = (UniqueConstraint("claim_id", "provider_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("lead_provider.id"), index=True)
    percent: Mapped[str] = mapped_column(text_key(12))


class ClaimStep(_Part, Base):
    """One thing that was done with a claim: what, by whom, when, on which paper. Rows are only added."""

    __tablename__ = "claim_step"
    __personal__ = frozenset({"remarks"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    verb: Mapped[Verb] = mapped_column(Word(Verb, 12))
    from_state: Mapped[ClaimState | None] = mapped_column(Word(ClaimState, 12))
    to_state: Mapped[ClaimState] = mapped_column(Word(ClaimState, 12))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("reward_paper.id"))
    remarks: Mapped[str | None] = mapped_column(String(500))


class ClaimCalculation(_Part, Base):
    """What a claim came to when it was filed, reviewed, approved or accepted anew: kept as it was, line by line."""

    __tablename__ = "claim_calculation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    verb: Mapped[Verb] = mapped_column(Word(Verb, 12))
    as_of: Mapped[date] = mapped_column(Date)
    rule: Mapped[str] = mapped_column(text_key(40))
    tax_rule: Mapped[str] = mapped_column(text_key(40))
    gross_fen: Mapped[int] = mapped_column(Fen)
    taxable_fen: Mapped[int] = mapped_column(Fen)
    withheld_fen: Mapped[int] = mapped_column(Fen)
    net_fen: Mapped[int] = mapped_column(Fen)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))


class ClaimObjection(_Part, Base):
    """What somebody says against a claim during the public notice, and what was answered."""

    __tablename__ = "claim_objection"
    __personal__ = frozenset({"raised_by", "text", "answer"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    raised_on: Mapped[date] = mapped_column(Date)
    raised_by: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(500))
    paper_id: Mapped[int] = mapped_column(ForeignKey("reward_paper.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))
    upheld: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(String(500))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[int | None] = mapped_column(Id)
    answered_by_name: Mapped[str | None] = mapped_column(String(60))


class ClaimInstalment(_Part, Base):
    """A part of an approved claim, what it waits for, and since when it is due."""

    __tablename__ = "claim_instalment"
    __table_args__ = (UniqueConstraint("claim_id", "number"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"))
    number: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    condition: Mapped[dict[str, Any]] = mapped_column(JSON)
    amount_fen: Mapped[int] = mapped_column(Fen)
    due_on: Mapped[date | None] = mapped_column(Date)
    paid_on: Mapped[date | None] = mapped_column(Date)


class RewardPayment(_Part, Base):
    """Money that one provider was paid for one instalment; what was taken back is an entry of its own, below zero.

    Entries are never changed. An instalment is paid to a provider once.
    """

    __tablename__ = "reward_payment"
    __personal__ = frozenset({"reason"})
    __table_args__ = (UniqueConstraint("instalment_id", "provider_id"), Index("ix_reward_payment_day", "paid_on", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    instalment_id: Mapped[int | None] = mapped_column(ForeignKey("claim_instalment.id"))  # None: taken back
    provider_id: Mapped[int] = mapped_column(ForeignKey("lead_provider.id"), index=True)
    paid_on: Mapped[date] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    gross_fen: Mapped[int] = mapped_column(Fen)
    taxable_fen: Mapped[int] = mapped_column(Fen)
    withheld_fen: Mapped[int] = mapped_column(Fen)
    net_fen: Mapped[int] = mapped_column(Fen)
    tax: Mapped[str] = mapped_column(String(60))
    paper_id: Mapped[int] = mapped_column(ForeignKey("reward_paper.id"))
    reason: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))


PAYMENT_COUNTS_ON = func.coalesce(RewardPayment.deferred_to, RewardPayment.paid_on)
"""The day on which figures count a payment."""

Index("ix_reward_payment_counts", PAYMENT_COUNTS_ON)
