"""Claims over HTTP: one address for each step, so that the contract says who may take it and what it needs."""

from typing import Annotated, Any

from fastapi import Path, Request, Response

from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.rewards.budgets.service import BudgetMissing, OverBudget
from app.facts.rewards.claims import listing, needs, objections, payments, printing, queries, service
from app.facts.rewards.claims.instalments import Overpaid
from app.facts.rewards.claims.queries import NoClaim
from app.facts.rewards.claims.schemas import (
    ClaimAcceptIn,
    ClaimApproveIn,
    ClaimCalculationsOut,
    ClaimClawBackIn,
    ClaimFilter,
    ClaimIn,
    ClaimOut,
    ClaimPayIn,
    ClaimPublishIn,
    ClaimReasonIn,
    ClaimRow,
    ClaimStepIn,
    ObjectionAnswerIn,
    ObjectionIn,
)
from app.facts.rewards.claims.steps import PaperUsed, PolicyGone, SamePerson, WrongState
from app.facts.rewards.leads.queries import NoLead
from app.facts.rewards.sights import NotYourUnit
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.documents.word import MEDIA_TYPE
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("rewards")

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
Filer = Annotated[Actor, requires(Permission.REWARD_FILE)]
Checker = Annotated[Actor, requires(Permission.REWARD_CHECK)]
Reviewer = Annotated[Actor, requires(Permission.REWARD_REVIEW)]
Approver = Annotated[Actor, requires(Permission.REWARD_APPROVE)]
Payer = Annotated[Actor, requires(Permission.REWARD_PAY)]
Number = Annotated[int, Path(description="申报编号", ge=1, le=2**63 - 1, examples=[5])]
ObjectionId = Annotated[int, Path(description="异议编号", ge=1, le=2**63 - 1, examples=[1])]
Instalment = Annotated[int, Path(description="期次", ge=1, le=12, examples=[1])]

LEAD = (needs.LeadGone, needs.NotFirst, needs.LeadLate)
STEP = (NoClaim, WrongState, SamePerson, Invalid)
ON_PAPER = (*STEP, PaperUsed)
WORTH = (PolicyGone, service.NothingToClaim)
BUDGET = (BudgetMissing, OverBudget)
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "公示（.docx）", "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/rewards/claims", summary="奖励申报列表", response_model=page_of(ClaimRow), responses=raises(Invalid))
async def list_claims(read: Reader, q: Annotated[ClaimFilter, asked(ClaimFilter)]) -> Response:
    """Claims, the newest first. A reporter sees those of the own unit; of sealed projects, only who is named."""
    return await read.answer(listing.page, q)


@router.post(
    "/rewards/claims",
    summary="申报奖励",
    status_code=201,
    response_model=ClaimOut,
    responses=raises(
        NoLead, NoProject, NotYours, NotYourUnit, service.NotLinked, *LEAD, needs.Excluded, needs.AlreadyRewarded,
        service.WindowClosed, PaperUsed, *WORTH, *BUDGET, Invalid,
    ),
)  # fmt: skip
def file_claim(body: ClaimIn, db: Db, actor: Filer) -> Response:
    """File a claim for the providers of a lead under one policy, shared by their own agreement.

    The version of the policy is that of the day which the policy itself names. What the facts of today give is kept
    with the claim, line by line. 409 `already_rewarded` names the claim that stands in the way.
    """
    claim = service.file(db, actor, body)
    out = queries.out(db, actor, claim)
    return saved(db, out, status=201, location=f"/api/v1/rewards/claims/{claim.id}", row_version=claim.version)


@router.get("/rewards/claims/{claim_id}", summary="奖励申报", response_model=ClaimOut, responses=raises(NoClaim))
async def get_claim(read: Reader, claim_id: Number) -> Response:
    """A claim with every step, objection, instalment and payment; `may` says what can be done with it now."""
    return await read.answer(queries.detail, claim_id)


@router.get(
    "/rewards/claims/{claim_id}/calculation",
    summary="奖励计算",
    response_model=ClaimCalculationsOut,
    responses=raises(NoClaim),
)
async def get_claim_calculation(read: Reader, claim_id: Number) -> Response:
    """What was kept at each step beside what the facts give today, line by line, and the difference.

    While they differ nobody is paid: whoever approves accepts the difference first.
    """
    return await read.answer(queries.calculations, claim_id)


@router.post(
    "/rewards/claims/{claim_id}/check",
    summary="单位审核",
    response_model=ClaimOut,
    responses=raises(*ON_PAPER, NotYourUnit, *LEAD, needs.NotConfirmed, needs.Excluded),
)
def check_claim(claim_id: Number, body: ClaimStepIn, db: Db, actor: Checker) -> Response:
    """The responsible unit has checked it: on its opinion, and the investor's confirmation. Not by who filed."""
    claim = service.check(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/review",
    summary="联审",
    response_model=ClaimOut,
    responses=raises(
        *ON_PAPER, *LEAD, needs.NotConfirmed, needs.NotClear, needs.Excluded, needs.AlreadyRewarded, *WORTH, *BUDGET
    ),
)
def review_claim(claim_id: Number, body: ClaimStepIn, db: Db, actor: Reviewer) -> Response:
    """The joint review has agreed, on its minutes; every exclusion is clear. The day's calculation is kept.

    It may be taken again while the notice runs, as it must when the facts give more than was shown: the notice begins
    anew.
    """
    claim = service.review(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/publish",
    summary="公示",
    response_model=ClaimOut,
    responses=raises(*STEP, *LEAD, needs.NotClear, needs.Excluded, service.CalendarMissing),
)
def publish_claim(claim_id: Number, body: ClaimPublishIn, db: Db, actor: Reviewer) -> Response:
    """Begin the public notice (公示): so many working days as the rule says, both ends told."""
    claim = service.publish(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.get(
    "/rewards/claims/{claim_id}/notice",
    summary="公示文件",
    response_class=Response,
    responses=DOCUMENT | raises(NoClaim, printing.NotPublished),
)
async def download_claim_notice(request: Request, read: Reader, claim_id: Number) -> Response:
    """The public notice as a Word document: who, for which project, how much, until when; no number of anybody."""
    document = await read.fresh(printing.notice, claim_id, request.app.state.settings.bureau_name)
    headers = {"Content-Disposition": f'attachment; filename="claim-{claim_id}.docx"', "Cache-Control": "no-store"}
    return Response(document, media_type=MEDIA_TYPE, headers=headers)


@router.post(
    "/rewards/claims/{claim_id}/objections",
    summary="登记异议",
    status_code=201,
    response_model=ClaimOut,
    responses=raises(*ON_PAPER, objections.OutsideNotice),
)
def add_claim_objection(claim_id: Number, body: ObjectionIn, db: Db, actor: Reviewer) -> Response:
    """Record an objection that was raised while the notice ran. It freezes the claim until it is answered."""
    claim = objections.raise_one(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), status=201, row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/objections/{objection_id}/answer",
    summary="答复异议",
    response_model=ClaimOut,
    responses=raises(*STEP, objections.NoObjection, objections.ObjectionAnswered),
)
def answer_claim_objection(
    claim_id: Number, objection_id: ObjectionId, body: ObjectionAnswerIn, db: Db, actor: Reviewer
) -> Response:
    """Answer an objection, as another person than the one who recorded it.

    Upheld, nothing is granted. Else the claim goes on where it was, once nothing else holds it.
    """
    claim = objections.answer(db, actor, claim_id, objection_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post("/rewards/claims/{claim_id}/freeze", summary="冻结申报", response_model=ClaimOut, responses=raises(*STEP))
def freeze_claim(claim_id: Number, body: ClaimReasonIn, db: Db, actor: Reviewer) -> Response:
    """Hold a claim for a reason of its own. An exclusion that is found does so by itself."""
    claim = service.freeze(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/release",
    summary="解除冻结",
    response_model=ClaimOut,
    responses=raises(*STEP, *LEAD, objections.StillObjected, needs.Excluded),
)
def release_claim(claim_id: Number, body: ClaimReasonIn, db: Db, actor: Approver) -> Response:
    """Let a held claim go on where it was: no objection may be open, and no exclusion stand."""
    claim = objections.release(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/approve",
    summary="批准奖励",
    response_model=ClaimOut,
    responses=raises(
        *ON_PAPER, *LEAD, needs.NotConfirmed, needs.NotClear, needs.Excluded, needs.NoticeNotOver,
        needs.AlreadyRewarded, *WORTH, *BUDGET, service.Changed, service.MoreThanShown,
    ),
)  # fmt: skip
def approve_claim(claim_id: Number, body: ClaimApproveIn, db: Db, actor: Approver) -> Response:
    """Grant a claim after its notice, on the paper that approves it, as somebody who took no other step of it.

    `gross` says what is granted and must be what the facts of today give (409 `changed`), and not more than
    was shown in public (409 `more_than_shown`: review and publish it again). A budget that cannot bear it refuses it.
    From now on its instalments wait for what the policy says.
    """
    claim = service.approve(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/accept",
    summary="重新核定",
    response_model=ClaimOut,
    responses=raises(
        *ON_PAPER, needs.NotClear, needs.Excluded, *WORTH, *BUDGET, service.Changed, service.MoreThanShown, Overpaid
    ),
)
def accept_claim_difference(claim_id: Number, body: ClaimAcceptIn, db: Db, actor: Approver) -> Response:
    """Grant what the facts give now in place of what was approved. What was paid stays, the rest differs.

    409 `more_than_shown` where it goes beyond the public notice: that is not granted, and what was approved is paid.
    """
    claim = service.accept(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/instalments/{number}/pay",
    summary="支付一期奖励",
    response_model=ClaimOut,
    responses=raises(
        *ON_PAPER, payments.NoInstalment, payments.AlreadyPaid, payments.NotDue, payments.EarlierUnpaid,
        payments.DifferenceNotAccepted, needs.NotClear, needs.Excluded, PolicyGone,
    ),
)  # fmt: skip
def pay_claim_instalment(claim_id: Number, number: Instalment, body: ClaimPayIn, db: Db, actor: Payer) -> Response:
    """Write down that an instalment was paid to every provider, with tax withheld, on the receipt. Once.

    409 `difference_not_accepted` while the facts give something else than what was approved, but not when they give
    more than was shown in public.
    """
    claim = payments.pay(db, actor, claim_id, number, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/claw-back",
    summary="追回奖励",
    response_model=ClaimOut,
    responses=raises(*ON_PAPER, payments.NothingToTakeBack, PolicyGone),
)
def claw_back_claim(claim_id: Number, body: ClaimClawBackIn, db: Db, actor: Approver) -> Response:
    """Take back everything, or what goes beyond the facts of today, by entries below zero. Nothing more is paid."""
    claim = payments.claw_back(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post("/rewards/claims/{claim_id}/refuse", summary="不予奖励", response_model=ClaimOut, responses=raises(*STEP))
def refuse_claim(claim_id: Number, body: ClaimReasonIn, db: Db, actor: Reviewer) -> Response:
    """Say that nothing is granted, and why. Not by who filed."""
    claim = service.refuse(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)


@router.post(
    "/rewards/claims/{claim_id}/withdraw",
    summary="撤回申报",
    response_model=ClaimOut,
    responses=raises(*STEP, NotYourUnit),
)
def withdraw_claim(claim_id: Number, body: ClaimReasonIn, db: Db, actor: Filer) -> Response:
    """Take a claim back before it is approved. Another may be filed afterwards."""
    claim = service.withdraw(db, actor, claim_id, body)
    return saved(db, queries.out(db, actor, claim), row_version=claim.version)
