"""The payment of subsidies (兑现) over HTTP: one address for each step."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.commitments import payable, payment_queries, payments
from app.facts.commitments.payment_schemas import (
    PayableOut,
    SubsidyApplyIn,
    SubsidyEndIn,
    SubsidyFilter,
    SubsidyOut,
    SubsidyPayIn,
    SubsidyStepIn,
    SubsidyTakeBackIn,
)
from app.facts.commitments.payments import MoreThanPromised, NoPayment, SamePayer, WrongPaymentState
from app.facts.commitments.queries import NoCommitment
from app.facts.commitments.routes import CommitmentId, Reader
from app.facts.commitments.schemas import AsOf
from app.facts.commitments.terms import PaymentState
from app.facts.projects.service import NotYours
from app.identity.auth.access import requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("commitments")

Applicant = Annotated[Actor, requires(Permission.SUBSIDY_APPLY)]
Checker = Annotated[Actor, requires(Permission.SUBSIDY_CHECK)]
Approver = Annotated[Actor, requires(Permission.SUBSIDY_APPROVE)]
Payer = Annotated[Actor, requires(Permission.SUBSIDY_PAY)]
PaymentId = Annotated[int, Path(description="兑现编号", ge=1, le=2**63 - 1, examples=[9])]

FOUND = (NoPayment, NoCommitment, NotYours, WrongPaymentState, Invalid)
ALLOWED = (*payable.REFUSALS, MoreThanPromised)


@router.get(
    "/commitment-payments",
    summary="政策兑现列表",
    response_model=page_of(SubsidyOut),
    responses=raises(Invalid),
)
async def list_commitment_payments(read: Reader, q: Annotated[SubsidyFilter, asked(SubsidyFilter)]) -> Response:
    """Payments of subsidies from their application on, of the projects that the caller may see; what was taken back is
    an entry of its own, below zero.
    """
    return await read.answer(payment_queries.page, q)


@router.get(
    "/commitments/{commitment_id}/payable",
    summary="条款能否兑现",
    response_model=PayableOut,
    responses=raises(NoCommitment, Invalid),
)
async def get_commitment_payable(
    read: Reader, commitment_id: CommitmentId, q: Annotated[AsOf, asked(AsOf)]
) -> Response:  # fmt: skip
    """Whether a subsidy can be paid on a day, what is left of it, and everything that forbids it."""
    return await read.answer(payment_queries.can_be_paid, commitment_id, q)


@router.post(
    "/commitments/{commitment_id}/payments",
    summary="申请兑现",
    status_code=201,
    response_model=SubsidyOut,
    responses=raises(NoCommitment, NotYours, Invalid, *ALLOWED),
)
def apply_for_commitment_payment(
    commitment_id: CommitmentId, body: SubsidyApplyIn, db: Db, actor: Applicant
) -> Response:  # fmt: skip
    """Ask for a subsidy or a part of it, to the fen and never more than is left.

    Refused when the clause is stopped, a review stands against it, no legal basis is valid today or its condition is
    not met.
    """
    project, payment = payments.apply(db, actor, commitment_id, body)
    return saved(db, payment_queries.out(db, payment), status=201, row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/check",
    summary="审核兑现申请",
    response_model=SubsidyOut,
    responses=raises(*FOUND, *payable.REFUSALS, SamePayer),
)
def check_commitment_payment(payment_id: PaymentId, body: SubsidyStepIn, db: Db, actor: Checker) -> Response:
    """Say that what is asked for is in order; never by who asked."""
    project, payment = payments.check(db, actor, payment_id, body.note)
    return saved(db, payment_queries.out(db, payment), row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/approve",
    summary="批准兑现",
    response_model=SubsidyOut,
    responses=raises(*FOUND, *ALLOWED, SamePayer),
)
def approve_commitment_payment(payment_id: PaymentId, body: SubsidyStepIn, db: Db, actor: Approver) -> Response:
    """Approve it, by a person who neither asked nor checked. Of several who approve at the same moment one does."""
    project, payment = payments.approve(db, actor, payment_id, body.note)
    return saved(db, payment_queries.out(db, payment), row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/pay",
    summary="登记拨付",
    response_model=SubsidyOut,
    responses=raises(*FOUND, *payable.REFUSALS, SamePayer),
)
def pay_commitment_payment(payment_id: PaymentId, body: SubsidyPayIn, db: Db, actor: Payer) -> Response:
    """Say on which day it was paid. The clause must allow it on that day and still today."""
    project, payment = payments.pay(db, actor, payment_id, body)
    return saved(db, payment_queries.out(db, payment), row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/refuse",
    summary="不予兑现",
    response_model=SubsidyOut,
    responses=raises(*FOUND),
)
def refuse_commitment_payment(payment_id: PaymentId, body: SubsidyEndIn, db: Db, actor: Checker) -> Response:
    """Refuse what was not paid yet, with a reason: its part of the subsidy can be asked for again."""
    project, payment = payments.end(db, actor, payment_id, PaymentState.REFUSED, body.reason)
    return saved(db, payment_queries.out(db, payment), row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/withdraw",
    summary="撤回兑现申请",
    response_model=SubsidyOut,
    responses=raises(*FOUND),
)
def withdraw_commitment_payment(payment_id: PaymentId, body: SubsidyEndIn, db: Db, actor: Applicant) -> Response:
    """Take an application back that was not paid yet, with a reason."""
    project, payment = payments.end(db, actor, payment_id, PaymentState.WITHDRAWN, body.reason)
    return saved(db, payment_queries.out(db, payment), row_version=project.version)


@router.post(
    "/commitment-payments/{payment_id}/take-back",
    summary="追回已拨付的补贴",
    status_code=201,
    response_model=SubsidyOut,
    responses=raises(*FOUND),
)
def take_back_commitment_payment(
    payment_id: PaymentId, body: SubsidyTakeBackIn, db: Db, actor: Approver
) -> Response:  # fmt: skip
    """Take back what was paid, or a part of it. It is an entry of its own, below zero; the payment stays as it was."""
    project, entry = payments.take_back(db, actor, payment_id, body)
    return saved(db, payment_queries.out(db, entry), status=201, row_version=project.version)
