"""Leads over HTTP: registered by the unit that was told, or by the bureau; checked by the bureau."""

from typing import Annotated, Any

from fastapi import Form, Path, Request, Response

from app.facts.evidence.receiving import Attachment, FileSent, Sent, store_of
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.rewards.leads import exclusions, listing, papers, queries, service
from app.facts.rewards.leads.exclusions import NotDeclaredYet, SamePerson
from app.facts.rewards.leads.papers import SamePaper
from app.facts.rewards.leads.queries import NoLead, NoPaper
from app.facts.rewards.leads.schemas import (
    PAPER_KIND,
    DeclarationIn,
    ExclusionCheckIn,
    ExclusionList,
    HonourIn,
    HonourOut,
    LeadConfirmIn,
    LeadFilter,
    LeadIn,
    LeadLinkIn,
    LeadOut,
    LeadRow,
    LeadWithdrawIn,
    Remarks,
    RewardPaperOut,
)
from app.facts.rewards.leads.service import AlreadyConfirmed, AlreadyLinked, LeadWithdrawn
from app.facts.rewards.leads.terms import Exclusion, PaperKind
from app.facts.rewards.sights import NotYourUnit
from app.identity.auth.access import Read, reads, requires
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.files import FileMissing, Received
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete

router = api("rewards")

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
Filer = Annotated[Actor, requires(Permission.REWARD_FILE)]
Judge = Annotated[Actor, requires(Permission.REWARD_REVIEW)]
Number = Annotated[int, Path(description="线索编号", ge=1, le=2**63 - 1, examples=[12])]
PaperId = Annotated[int, Path(description="材料号", ge=1, le=2**63 - 1, examples=[5])]
Kind = Annotated[Exclusion, Path(description="排除情形", examples=["relative"])]

CHANGED = (NoLead, NotYourUnit, LeadWithdrawn, Invalid)
TAKEN_IN = (FileRefused, FileTooLarge, UploadGone, UploadIncomplete, SamePaper)
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "文件，作为附件下载；Range 可只取一段",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/rewards/leads", summary="线索列表", response_model=page_of(LeadRow), responses=raises(Invalid))
async def list_leads(read: Reader, q: Annotated[LeadFilter, asked(LeadFilter)]) -> Response:
    """Leads, the newest first. A reporter sees those of the own unit; of sealed projects, only who is named."""
    return await read.answer(listing.page, q)


@router.post(
    "/rewards/leads",
    summary="登记线索",
    status_code=201,
    response_model=LeadOut,
    responses=raises(NotYourUnit, NoProject, NotYours, Invalid),
)
def register_lead(body: LeadIn, db: Db, actor: Filer) -> Response:
    """Write down what somebody told of an investment, before or soon after the first contact with the investor.

    A lead that comes late by the rule is kept and says so (`late`). It is not corrected afterwards: who was first is
    proven by the log, where its registration has a number and a hash (`proof`, when it is read).
    """
    lead = service.register(db, actor, body)
    out = queries.out(db, actor, lead)
    return saved(db, out, status=201, location=f"/api/v1/rewards/leads/{lead.id}", row_version=lead.version)


@router.get("/rewards/leads/{lead_id}", summary="线索", response_model=LeadOut, responses=raises(NoLead))
async def get_lead(read: Reader, lead_id: Number) -> Response:
    """A lead with its providers, papers and honours, and where the log proves when it was registered."""
    return await read.answer(queries.detail, lead_id)


@router.post(
    "/rewards/leads/{lead_id}/link",
    summary="线索关联项目",
    response_model=LeadOut,
    responses=raises(*CHANGED, NoProject, NotYours, AlreadyLinked),
)
def link_lead(lead_id: Number, body: LeadLinkIn, db: Db, actor: Filer) -> Response:
    """Say which project a lead became. Of several leads of a project the one that was registered first is rewarded."""
    lead = service.link(db, actor, lead_id, body.project)
    return saved(db, queries.out(db, actor, lead), row_version=lead.version)


@router.post(
    "/rewards/leads/{lead_id}/confirm",
    summary="登记投资方确认",
    response_model=LeadOut,
    responses=raises(*CHANGED, AlreadyConfirmed),
)
def confirm_lead(lead_id: Number, body: LeadConfirmIn, db: Db, actor: Filer) -> Response:
    """Record that the investor confirms who brought it here, on the paper that says so."""
    lead = service.confirm(db, actor, lead_id, body)
    return saved(db, queries.out(db, actor, lead), row_version=lead.version)


@router.post(
    "/rewards/leads/{lead_id}/withdraw", summary="撤销线索", response_model=LeadOut, responses=raises(*CHANGED)
)
def withdraw_lead(lead_id: Number, body: LeadWithdrawIn, db: Db, actor: Filer) -> Response:
    """Say that a lead stands no more. It stays to be seen, with the reason."""
    lead = service.withdraw(db, actor, lead_id, body.reason)
    return saved(db, queries.out(db, actor, lead), row_version=lead.version)


# -- exclusions ----------------------------------------------------------------------------------------------------


@router.get(
    "/rewards/leads/{lead_id}/exclusions", summary="排除情形", response_model=ExclusionList, responses=raises(NoLead)
)
async def list_lead_exclusions(read: Reader, lead_id: Number) -> Response:
    """Every reason why a provider might not be rewarded: what he says, what an officer found, on which paper."""
    return await read.answer(queries.exclusions, lead_id)


@router.post(
    "/rewards/leads/{lead_id}/exclusions",
    summary="登记引资人承诺",
    response_model=ExclusionList,
    responses=raises(*CHANGED),
)
def declare_lead_exclusions(lead_id: Number, body: DeclarationIn, db: Db, actor: Filer) -> Response:
    """Take down what a provider says of every reason, all at once. An answer that changed is checked anew."""
    lead = exclusions.declare(db, actor, lead_id, body)
    return saved(db, queries.exclusions_out(db, lead.id), row_version=lead.version)


@router.post(
    "/rewards/leads/{lead_id}/exclusions/{kind}/check",
    summary="核查排除情形",
    response_model=ExclusionList,
    responses=raises(*CHANGED, NotDeclaredYet, SamePerson),
)
def check_lead_exclusion(lead_id: Number, kind: Kind, body: ExclusionCheckIn, db: Db, actor: Judge) -> Response:
    """Say what was found, on a paper. Never by whoever entered the declaration.

    A claim goes on only when every reason is clear for every provider. One that is found later freezes the claim.
    """
    lead = exclusions.check(db, actor, lead_id, kind, body)
    return saved(db, queries.exclusions_out(db, lead.id), row_version=lead.version)


# -- papers and honours --------------------------------------------------------------------------------------------


@router.post(
    "/rewards/leads/{lead_id}/papers",
    summary="上传线索与奖励材料",
    status_code=201,
    response_model=RewardPaperOut,
    responses=raises(NoLead, NotYourUnit, Invalid, *TAKEN_IN),
)
def add_lead_paper(
    request: Request,
    lead_id: Number,
    sent: FileSent,
    kind: Annotated[PaperKind, Form(description=PAPER_KIND, examples=["confirmation"])],
    db: Db,
    actor: Filer,
    note: Annotated[Remarks | None, Form(description="说明", examples=["盖章扫描件"])] = None,
) -> Response:
    """Add a paper of a lead or of its claim: in the form itself, or uploaded in parts before."""
    received = _taken_in(request, actor, lead_id, sent)
    lead, paper = papers.add(db, actor, lead_id, kind, received, note)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, queries.paper_out(db, paper), status=201, row_version=lead.version)


def _taken_in(request: Request, actor: Actor, number: int, sent: Sent) -> Received:
    with database_of(request).reading() as connection:
        papers.check_may_add(connection, actor, number)
    return sent.receive(request, actor)


@router.get(
    "/rewards/leads/{lead_id}/papers/{paper_id}/file",
    summary="下载线索与奖励材料",
    response_class=Response,
    responses=CONTENT | raises(NoPaper, FileMissing),
)
async def download_lead_paper(request: Request, read: Reader, lead_id: Number, paper_id: PaperId) -> Response:
    """The paper itself, as an attachment under its name."""
    found = await read.fresh(queries.file_of, lead_id, paper_id)
    return Attachment(store_of(request), found)


@router.post(
    "/rewards/leads/{lead_id}/honours",
    summary="登记荣誉",
    status_code=201,
    response_model=HonourOut,
    responses=raises(*CHANGED),
)
def give_lead_honour(lead_id: Number, body: HonourIn, db: Db, actor: Judge) -> Response:
    """Record an honour (荣誉) that a provider was given, beside money or without it."""
    lead, honour = papers.honour(db, actor, lead_id, body)
    return saved(db, queries.honour_out(db, honour), status=201, row_version=lead.version)
