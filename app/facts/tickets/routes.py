"""Tickets over HTTP. A reporter deals with those of the own unit, the bureau with all."""

from typing import Annotated, Any

from fastapi import Form, Path, Request, Response

from app.facts.evidence.receiving import Attachment, FileSent, Sent, store_of
from app.facts.tickets import papers, queries, ratings, service
from app.facts.tickets.papers import SameTicketFile, TicketFileWithdrawn
from app.facts.tickets.queries import NoTicket, NoTicketFile
from app.facts.tickets.ratings import AlreadyRated
from app.facts.tickets.schemas import (
    PURPOSE,
    Reason,
    TicketAcceptIn,
    TicketCloseIn,
    TicketFileOut,
    TicketFileWithdrawIn,
    TicketFilter,
    TicketIn,
    TicketOut,
    TicketPatch,
    TicketRatingLinkOut,
    TicketReopenIn,
    TicketRow,
    TicketSolveIn,
    TicketTransferIn,
    TicketVoidIn,
)
from app.facts.tickets.service import (
    SameOwner,
    TicketAccepted,
    TicketClosed,
    TicketEnded,
    TicketNotAccepted,
    TicketNotEnded,
)
from app.facts.tickets.sights import NotYourTicket
from app.facts.tickets.terms import FilePurpose
from app.identity.auth.access import Read, entered, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.files import FileMissing, Received
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.openapi import TOLD_ONCE
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete

router = api("tickets")

Reader = Annotated[Read, reads(Permission.TICKET_READ)]
Clerk = Annotated[Actor, requires(Permission.TICKET_EDIT)]
TicketId = Annotated[int, Path(description="诉求编号", ge=1, le=2**63 - 1, examples=[17])]
FileId = Annotated[int, Path(description="材料号", ge=1, le=2**63 - 1, examples=[5])]

WORKED = (NoTicket, NotYourTicket, TicketEnded, Invalid)
TAKEN_IN = (FileRefused, FileTooLarge, UploadGone, UploadIncomplete, SameTicketFile)
RATING_ADDRESS = "/api/v1/ticket-ratings"
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "文件，作为附件下载；Range 可只取一段",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def whose(read: Read, mine: bool) -> int:
    """Whose answer it is: one that is asked for oneself is not kept for others who see the same."""
    return (await entered(read.request, read.permission))[0].id if mine else 0


@router.get("/tickets", summary="企业诉求列表", response_model=page_of(TicketRow), responses=raises(Invalid))
async def list_tickets(read: Reader, q: Annotated[TicketFilter, asked(TicketFilter)]) -> Response:
    """Requests of enterprises (店小二), the newest first; `mine=true`: those that the caller answers for or recorded.

    A reporter sees those that the own unit owns or recorded; one that names a project is seen by who sees the project.
    """
    return await read.answer(queries.page, q, await whose(read, q.mine))


@router.post(
    "/tickets",
    summary="登记企业诉求",
    status_code=201,
    response_model=TicketOut,
    responses=raises(NotYourTicket, Invalid),
)
def record_ticket(body: TicketIn, db: Db, actor: Clerk) -> Response:
    """Write down what an enterprise asks for. The unit that was asked first owns it to the end, or transfers it.

    The limit is that of the category by the rule `ticket_limits`, counted from `received_at` on working days only.
    """
    ticket = service.record_ticket(db, actor, body)
    out = queries.out(db, actor, ticket)
    return saved(db, out, status=201, location=f"/api/v1/tickets/{ticket.id}", row_version=ticket.version)


@router.get("/tickets/{ticket_id}", summary="企业诉求", response_model=TicketOut, responses=raises(NoTicket))
async def get_ticket(read: Reader, ticket_id: TicketId) -> Response:
    """A ticket with its rounds, steps, files, reminders and ratings. The telephone number is masked as contacts' are.

    `warnings` say when the working-day table does not reach as far as the limit, or the owner cannot see the project.
    """
    return await read.answer(queries.detail, ticket_id)


@router.patch(
    "/tickets/{ticket_id}",
    summary="更正企业诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, Stale, IfMatchMissing),
)
def update_ticket(ticket_id: TicketId, body: TicketPatch, if_match: IfMatch, db: Db, actor: Clerk) -> Response:
    """Change what is sent of a ticket that is not solved. Needs `If-Match`. Another category counts its own limit."""
    ticket = service.change(db, actor, ticket_id, body, if_match)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/accept",
    summary="受理诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, TicketAccepted),
)
def accept_ticket(ticket_id: TicketId, body: TicketAcceptIn, db: Db, actor: Clerk) -> Response:
    """Say who answers for it from now on; the caller unless somebody is named. Of two at once, the first does."""
    ticket = service.accept(db, actor, ticket_id, body)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/transfer",
    summary="转办诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, SameOwner),
)
def transfer_ticket(ticket_id: TicketId, body: TicketTransferIn, db: Db, actor: Clerk) -> Response:
    """Give it to another unit, or to another person of the same, with a reason. The clock runs on."""
    ticket = service.transfer(db, actor, ticket_id, body)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/solve",
    summary="办结诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, TicketNotAccepted),
)
def solve_ticket(ticket_id: TicketId, body: TicketSolveIn, db: Db, actor: Clerk) -> Response:
    """Say what came of it. Up to the very instant of the limit it is in time; that judgement stays.

    Files that show it are added as `result` by `POST /tickets/{ticket_id}/files`.
    """
    ticket = service.solve(db, actor, ticket_id, body)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/close",
    summary="关闭诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, TicketNotEnded, TicketClosed),
)
def close_ticket(ticket_id: TicketId, body: TicketCloseIn, db: Db, actor: Clerk) -> Response:
    """Say that nothing more is to be done about one that was solved."""
    ticket = service.close(db, actor, ticket_id, body.note)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/reopen",
    summary="重新办理诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, TicketNotEnded),
)
def reopen_ticket(ticket_id: TicketId, body: TicketReopenIn, db: Db, actor: Clerk) -> Response:
    """Take up anew what was solved or closed, with a reason; also by the unit that recorded it.

    The same owner has a limit of its own that begins now. What was solved before stays counted as it was, and the
    taking up is counted as well.
    """
    ticket = service.reopen(db, actor, ticket_id, body.reason)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


@router.post(
    "/tickets/{ticket_id}/void",
    summary="作废诉求",
    response_model=TicketOut,
    responses=raises(*WORKED, PeriodLocked),
)
def void_ticket(ticket_id: TicketId, body: TicketVoidIn, db: Db, actor: Clerk) -> Response:
    """Say that it should not have been recorded; by the bureau. It stays to be seen and counts no more."""
    ticket = service.void(db, actor, ticket_id, body.reason)
    return saved(db, queries.out(db, actor, ticket), row_version=ticket.version)


# -- files ---------------------------------------------------------------------------------------------------------


@router.post(
    "/tickets/{ticket_id}/files",
    summary="上传诉求材料",
    status_code=201,
    response_model=TicketFileOut,
    responses=raises(*WORKED, *TAKEN_IN),
)
def add_ticket_file(
    request: Request,
    ticket_id: TicketId,
    sent: FileSent,
    purpose: Annotated[FilePurpose, Form(description=PURPOSE, examples=["request"])],
    db: Db,
    actor: Clerk,
    note: Annotated[Reason | None, Form(description="说明", examples=["消防通道现状"])] = None,
) -> Response:
    """Add a file of the request, or one that shows what came of it: in the form itself, or uploaded in parts before."""
    received = _taken_in(request, actor, ticket_id, sent)
    ticket, paper = papers.add(db, actor, ticket_id, purpose, received, note)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, queries.files_of(db, ticket.id, paper.id)[0], status=201, row_version=ticket.version)


def _taken_in(request: Request, actor: Actor, number: int, sent: Sent) -> Received:
    with database_of(request).reading() as connection:
        papers.check_may_add(connection, actor, number)
    return sent.receive(request, actor)


@router.get(
    "/tickets/{ticket_id}/files/{file_id}/file",
    summary="下载诉求材料",
    response_class=Response,
    responses=CONTENT | raises(NoTicketFile, FileMissing),
)
async def download_ticket_file(request: Request, read: Reader, ticket_id: TicketId, file_id: FileId) -> Response:
    """The file itself, as an attachment under its name."""
    found = await read.fresh(queries.file_of, ticket_id, file_id)
    return Attachment(store_of(request), found)


@router.post(
    "/tickets/{ticket_id}/files/{file_id}/withdraw",
    summary="撤下诉求材料",
    response_model=TicketFileOut,
    responses=raises(*WORKED, NoTicketFile, TicketFileWithdrawn),
)
def withdraw_ticket_file(
    ticket_id: TicketId, file_id: FileId, body: TicketFileWithdrawIn, db: Db, actor: Clerk
) -> Response:  # fmt: skip
    """Say that a file does not belong here, with a reason. It stays to be seen."""
    ticket, paper = papers.withdraw(db, actor, ticket_id, file_id, body.reason)
    db.flush()
    return saved(db, queries.files_of(db, ticket.id, paper.id)[0], row_version=ticket.version)


# -- rating --------------------------------------------------------------------------------------------------------


@router.post(
    "/tickets/{ticket_id}/rating-links",
    summary="生成评价链接",
    status_code=201,
    response_model=TicketRatingLinkOut,
    responses=raises(*WORKED, TicketNotEnded, AlreadyRated),
    openapi_extra=TOLD_ONCE,
)
def make_rating_link(ticket_id: TicketId, db: Db, actor: Clerk) -> Response:
    """Make the link by which the enterprise rates what came of it, once, without logging in. It is told only now.

    An earlier link that was not used ends; so does this one when the ticket is taken up anew.
    """
    made, secret = ratings.make_link(db, actor, ticket_id)
    out = {"id": made.id, "address": f"{RATING_ADDRESS}/{secret}", "expires_at": made.expires_at}
    response = saved(db, out, status=201)
    # A secret is told once: its answer is not kept with an Idempotency-Key.
    db.info.pop("answer", None)
    response.headers["Cache-Control"] = "no-store"
    return response
