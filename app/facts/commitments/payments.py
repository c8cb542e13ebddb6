"""The way of a subsidy: application, check, approval by a second person, payment; and what is taken back.

Everybody locks the project first: two that approve or pay at the same moment come one after the other.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.facts.commitments import payable
from app.facts.commitments.models import Commitment, CommitmentPayment
from app.facts.commitments.payment_schemas import SubsidyApplyIn, SubsidyPayIn, SubsidyTakeBackIn
from app.facts.commitments.rules import COMMITMENTS
from app.facts.commitments.service import claimed_fen, opened, told
from app.facts.commitments.terms import PAYMENT_STATE_LABELS, PaymentState
from app.facts.evidence import queries as evidence
from app.facts.projects.models import Project
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import calendar, rules
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.money import display


class NoPayment(NotFound):
    code = "no_payment"
    message = "没有这笔兑现，或您无权查看"
    english = "There is no such payment, or it is not yours to see."


class WrongPaymentState(Conflict):
    code = "wrong_state"
    message = "这笔兑现当前的状态不允许此操作"
    english = "The state of the payment does not allow this."


class SamePayer(Forbidden):
    code = "same_person"
    message = "申请、审核、批准须由不同的人办理，批准人不办理拨付"
    english = "Whoever took another step of this payment may not take this one."


class MoreThanPromised(Conflict):
    code = "more_than_promised"
    message = "超出承诺的金额"
    english = "It is more than was promised."


def find(
    db: Session, actor: Actor, number: int, permission: Permission, **how: Any
) -> tuple[Project, CommitmentPayment]:
    """A payment with its project locked; 404 when the project is not seen."""
    clause_id = db.execute(
        select(CommitmentPayment.commitment_id).where(CommitmentPayment.id == number)
    ).scalar_one_or_none()  # fmt: skip
    if clause_id is None:
        raise NoPayment
    project, _ = opened(db, actor, clause_id, permission, **how)
    return project, db.get_one(CommitmentPayment, number, populate_existing=True)


def apply(db: Session, actor: Actor, number: int, body: SubsidyApplyIn) -> tuple[Project, CommitmentPayment]:
    """Ask for a part of a subsidy; by the bureau, the project's units or the unit that answers for the clause."""
    project, clause = opened(db, actor, number, Permission.SUBSIDY_APPLY, as_unit=True)
    today = calendar.today()
    payable.check(db, clause, rules.in_force(db, COMMITMENTS, today).body, today)
    if not body.amount:
        raise Invalid.field("amount", "missing", "须填写大于零的金额")
    promised, claimed = clause.promised or 0, claimed_fen(db, clause)
    if claimed + body.amount > promised:
        left = display(max(0, promised - claimed), "元", 2, trim=True)
        raise MoreThanPromised(f"超出承诺的金额：尚可申请 {left}")
    payment = CommitmentPayment(
        project_id=project.id, commitment_id=clause.id, state=PaymentState.APPLIED, amount_fen=body.amount,
        note=body.note, applied_on=today, applied_by=actor.id, applied_by_name=name_of(db, actor),
        evidence_id=_paper(db, project, body.evidence),
    )  # fmt: skip
    db.add(payment)
    db.flush()
    told(db, project, clause, "payment_applied", payment=payment.id, amount=payment.amount_fen)
    return project, payment


def check(db: Session, actor: Actor, number: int, note: str | None) -> tuple[Project, CommitmentPayment]:
    """Say that what is asked for is in order; never by who asked."""
    project, payment, clause = _step(
        db, actor, number, Permission.SUBSIDY_CHECK, (PaymentState.APPLIED,), ("applied_by",)
    )
    payment.state = PaymentState.CHECKED
    payment.checked_on, payment.checked_by = calendar.today(), actor.id
    payment.checked_by_name, payment.check_note = name_of(db, actor), note
    told(db, project, clause, "payment_checked", payment=payment.id)
    return project, payment


def approve(db: Session, actor: Actor, number: int, note: str | None) -> tuple[Project, CommitmentPayment]:
    """Approve it; by another person than those who asked and checked."""
    project, payment, clause = _step(
        db, actor, number, Permission.SUBSIDY_APPROVE, (PaymentState.CHECKED,), ("applied_by", "checked_by")
    )
    if claimed_fen(db, clause) > (clause.promised or 0):
        raise MoreThanPromised
    payment.state = PaymentState.APPROVED
    payment.approved_on, payment.approved_by = calendar.today(), actor.id
    payment.approved_by_name, payment.approval_note = name_of(db, actor), note
    payment.rule = f"{COMMITMENTS.code}/{rules.in_force(db, COMMITMENTS, calendar.today()).number}"
    told(db, project, clause, "payment_approved", payment=payment.id)
    return project, payment


def pay(db: Session, actor: Actor, number: int, body: SubsidyPayIn) -> tuple[Project, CommitmentPayment]:
    """Say that it was paid. The clause must allow it on that day and still today."""
    project, payment, clause = _step(
        db, actor, number, Permission.SUBSIDY_PAY, (PaymentState.APPROVED,), ("approved_by",), body.paid_on
    )
    if payment.approved_on is not None and body.paid_on < payment.approved_on:
        raise Invalid.field("paid_on", "order", f"早于批准日期 {payment.approved_on.isoformat()}")
    payment.state = PaymentState.PAID
    payment.paid_on, payment.paid_by, payment.paid_by_name = body.paid_on, actor.id, name_of(db, actor)
    payment.deferred_to = hold(db).deferral(body.paid_on)
    if body.evidence is not None:
        payment.evidence_id = _paper(db, project, body.evidence)
    told(db, project, clause, "payment_paid", payment=payment.id, amount=payment.amount_fen, on=body.paid_on)
    return project, payment


_ENDS = {PaymentState.REFUSED: "payment_refused", PaymentState.WITHDRAWN: "payment_withdrawn"}
_UNPAID = (PaymentState.APPLIED, PaymentState.CHECKED, PaymentState.APPROVED)


def end(
    db: Session, actor: Actor, number: int, state: PaymentState, reason: str
) -> tuple[Project, CommitmentPayment]:  # fmt: skip
    """Refuse it, or take the application back: what was not paid is not paid any more."""
    permission = Permission.SUBSIDY_CHECK if state is PaymentState.REFUSED else Permission.SUBSIDY_APPLY
    project, payment = find(db, actor, number, permission, as_unit=True)
    _expect(payment, _UNPAID)
    payment.state, payment.reason = state, reason
    payment.ended_by, payment.ended_by_name = actor.id, name_of(db, actor)
    told(db, project, db.get_one(Commitment, payment.commitment_id), _ENDS[state], reason, payment=payment.id)
    return project, payment


def take_back(db: Session, actor: Actor, number: int, body: SubsidyTakeBackIn) -> tuple[Project, CommitmentPayment]:
    """Take back what was paid, or a part of it; an entry of its own, below zero."""
    project, payment = find(db, actor, number, Permission.SUBSIDY_APPROVE)
    _expect(payment, (PaymentState.PAID,))
    if payment.takes_back_id is not None or payment.paid_on is None:
        raise WrongPaymentState("追回的记录不能再追回")
    if body.on < payment.paid_on:
        raise Invalid.field("on", "order", f"早于拨付日期 {payment.paid_on.isoformat()}")
    back = select(func.coalesce(func.sum(CommitmentPayment.amount_fen), 0)).where(
        CommitmentPayment.takes_back_id == payment.id
    )
    left = payment.amount_fen + int(db.execute(back).scalar_one())
    if not 0 < body.amount <= left:
        raise Invalid.field("amount", "out_of_range", f"应大于零，且不多于该笔余额 {display(left, '元', 2, trim=True)}")
    today, name = calendar.today(), name_of(db, actor)
    entry = CommitmentPayment(
        project_id=project.id, commitment_id=payment.commitment_id, state=PaymentState.PAID, amount_fen=-body.amount,
        takes_back_id=payment.id, applied_on=today, applied_by=actor.id, applied_by_name=name, paid_on=body.on,
        deferred_to=hold(db).deferral(body.on), paid_by=actor.id, paid_by_name=name, reason=body.reason,
        evidence_id=_paper(db, project, body.evidence),
    )  # fmt: skip
    db.add(entry)
    db.flush()
    clause = db.get_one(Commitment, payment.commitment_id)
    told(db, project, clause, "payment_taken_back", body.reason, payment=entry.id, amount=entry.amount_fen, on=body.on)
    return project, entry


def _step(
    db: Session, actor: Actor, number: int, permission: Permission, states: Iterable[PaymentState],
    apart: tuple[str, ...], *days: date,
) -> tuple[Project, CommitmentPayment, Commitment]:  # fmt: skip
    project, payment = find(db, actor, number, permission)
    _expect(payment, states)
    if any(getattr(payment, column) == actor.id for column in apart):
        raise SamePayer
    clause = db.get_one(Commitment, payment.commitment_id)
    today = calendar.today()
    payable.check(db, clause, rules.in_force(db, COMMITMENTS, today).body, *{*days, today})
    return project, payment, clause


def _expect(payment: CommitmentPayment, states: Iterable[PaymentState]) -> None:
    if payment.state not in states:
        raise WrongPaymentState(f"这笔兑现{PAYMENT_STATE_LABELS[payment.state]}，不能如此办理")


def _paper(db: Session, project: Project, number: int | None) -> int | None:
    return None if number is None else evidence.usable(db, project.id, number, "evidence").id
