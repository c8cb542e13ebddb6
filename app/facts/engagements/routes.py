"""Engagements over HTTP. Writing needs a unit of one's own or the bureau; joining is the bureau's."""

from typing import Annotated, Any

from fastapi import Form, Path, Request, Response

from app.facts.engagements import cautions, duplicates, joining, listing, papers, queries, service
from app.facts.engagements.joining import AlreadyJoined, HasReports, JoinUndone
from app.facts.engagements.papers import FileWithdrawn, NoFile, SameFile
from app.facts.engagements.queries import NoEngagement, NoJoin
from app.facts.engagements.schemas import (
    EngagementFilter,
    EngagementIn,
    EngagementOut,
    EngagementPatch,
    EngagementRow,
    EngagementVoidIn,
    FileOut,
    FileWithdrawIn,
    JoinIn,
    JoinList,
    JoinOut,
    LikelyList,
    Note,
    UnjoinIn,
)
from app.facts.engagements.service import NotYourUnits, PartOfAJoin, Voided
from app.facts.enterprises.service import UsccTaken
from app.facts.evidence.receiving import Attachment, FileSent, Sent, store_of
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.files import FileMissing, Received
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete

router = api("engagements")

Reader = Annotated[Read, reads(Permission.ENGAGEMENT_READ)]
Editor = Annotated[Actor, requires(Permission.ENGAGEMENT_EDIT)]
Joiner = Annotated[Actor, requires(Permission.ENGAGEMENT_JOIN)]
Number = Annotated[int, Path(description="对接活动编号", ge=1, le=2**63 - 1, examples=[17])]
FileId = Annotated[int, Path(description="材料号", ge=1, le=2**63 - 1, examples=[5])]
JoinId = Annotated[int, Path(description="合并的编号", ge=1, le=2**63 - 1, examples=[3])]

TAKEN_IN = (FileRefused, FileTooLarge, UploadGone, UploadIncomplete, SameFile)
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "文件，作为附件下载；Range 可只取一段",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/engagements", summary="对接活动列表", response_model=page_of(EngagementRow), responses=raises(Invalid)
)  # fmt: skip
async def list_engagements(read: Reader, q: Annotated[EngagementFilter, asked(EngagementFilter)]) -> Response:
    """Engagements, newest first: by kind, unit, enterprise, project, days, leader, words.

    Reports that were joined into another and voided ones are left out unless asked for.
    """
    return await read.answer(listing.page, q)


@router.post(
    "/engagements",
    summary="填报对接活动",
    status_code=201,
    response_model=EngagementOut,
    responses=raises(NotYourUnits, UsccTaken, Invalid),
)
def report_engagement(body: EngagementIn, db: Db, actor: Editor) -> Response:
    """Report a visit, an event, a promotion, an article or a talk online. A reporter does so for the own unit.

    Days are counted in half days. `warnings` name engagements that may be the same trip told by somebody else; the
    bureau joins them. They also say when the words give away a project that is not open. An enterprise that is not
    known is refused with the offer to enter it (`create`).
    """
    made = service.report(db, actor, body)
    out = queries.saved_out(db, actor, made, cautions.of(db, actor, [made.id])[made.id])
    return saved(db, out, status=201, location=f"/api/v1/engagements/{made.id}", row_version=made.version)


@router.get(
    "/engagements/{engagement_id}", summary="对接活动", response_model=EngagementOut, responses=raises(NoEngagement)
)
async def get_engagement(read: Reader, engagement_id: Number) -> Response:
    """One engagement with everything that hangs on it; of a kept one, what all its reports say.

    Projects that the caller may not see are left out and counted in `withheld`.
    """
    return await read.answer(queries.detail, engagement_id)


@router.patch(
    "/engagements/{engagement_id}",
    summary="更正对接活动",
    response_model=EngagementOut,
    responses=raises(
        NoEngagement, NotYourUnits, Voided, PeriodLocked, UsccTaken, Invalid, Stale, IfMatchMissing
    ),
)  # fmt: skip
def update_engagement(
    engagement_id: Number, body: EngagementPatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Change what is sent; null clears, a list replaces the one that is there. Needs `If-Match`.

    Links to projects that the caller may not see stay. What a closed period counts is changed after re-opening it.
    """
    changed = service.change(db, actor, engagement_id, body, if_match)
    out = queries.saved_out(db, actor, changed, cautions.of(db, actor, [changed.id])[changed.id])
    return saved(db, out, row_version=changed.version)


@router.post(
    "/engagements/{engagement_id}/void",
    summary="作废对接活动",
    response_model=EngagementOut,
    responses=raises(NoEngagement, NotYourUnits, Voided, PartOfAJoin, PeriodLocked, Invalid),
)
def void_engagement(engagement_id: Number, body: EngagementVoidIn, db: Db, actor: Editor) -> Response:
    """Say that it should not have been reported. It stays to be seen with the reason, and counts no more."""
    voided = service.void(db, actor, engagement_id, body.reason)
    return saved(db, queries.saved_out(db, actor, voided), row_version=voided.version)


# -- one trip, several reports -------------------------------------------------------------------------------------


@router.get(
    "/engagements/{engagement_id}/duplicates",
    summary="可能重复的填报",
    response_model=LikelyList,
    responses=raises(NoEngagement),
)
async def list_engagement_duplicates(read: Reader, engagement_id: Number) -> Response:
    """Engagements that may be the same: the same kind and days, and place, enterprise, people or title alike."""
    return await read.answer(duplicates.of_engagement, engagement_id)


@router.get(
    "/engagements/{engagement_id}/joins", summary="合并记录", response_model=JoinList, responses=raises(NoEngagement)
)
async def list_engagement_joins(read: Reader, engagement_id: Number) -> Response:
    """Every join this engagement was part of: who, when, which, why; undone ones too."""
    return await read.answer(queries.joins, engagement_id)


@router.post(
    "/engagements/{engagement_id}/joins",
    summary="合并填报",
    status_code=201,
    response_model=JoinOut,
    responses=raises(NoEngagement, Voided, AlreadyJoined, HasReports, PeriodLocked, Invalid),
)
def join_engagement(engagement_id: Number, body: JoinIn, db: Db, actor: Joiner) -> Response:
    """Join another report of the same trip into this one. It counts for each unit fully and for the district once.

    The joined report stays as it was written and points here. The answer's `id` is what undoing asks for.
    """
    trace = joining.join(db, actor, engagement_id, body)
    return saved(db, queries.join_told(trace), status=201)


@router.post(
    "/engagements/joins/{join_id}/undo",
    summary="撤销合并",
    response_model=JoinOut,
    responses=raises(NoJoin, JoinUndone, PeriodLocked, Invalid),
)
def undo_engagement_join(join_id: JoinId, body: UnjoinIn, db: Db, actor: Joiner) -> Response:
    """Let both reports stand for themselves again. The trace stays."""
    return saved(db, queries.join_told(joining.undo(db, actor, join_id, body.reason)))


# -- files ---------------------------------------------------------------------------------------------------------


@router.post(
    "/engagements/{engagement_id}/files",
    summary="上传对接活动材料",
    status_code=201,
    response_model=FileOut,
    responses=raises(NoEngagement, NotYourUnits, Voided, Invalid, *TAKEN_IN),
)
def add_engagement_file(
    request: Request,
    engagement_id: Number,
    sent: FileSent,
    db: Db,
    actor: Editor,
    note: Annotated[Note | None, Form(description="说明", examples=["座谈现场"])] = None,
) -> Response:
    """Show a file: a photo, a sign-in sheet, a clipping. In the form itself, or uploaded in parts before."""
    received = _taken_in(request, actor, engagement_id, sent)
    engagement, paper = papers.add(db, actor, engagement_id, received, note)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, papers.out(db, paper), status=201, row_version=engagement.version)


def _taken_in(request: Request, actor: Actor, number: int, sent: Sent) -> Received:
    with database_of(request).reading() as connection:
        papers.check_may_add(connection, actor, number)
    return sent.receive(request, actor)


@router.get(
    "/engagements/{engagement_id}/files/{file_id}/file",
    summary="下载对接活动材料",
    response_class=Response,
    responses=CONTENT | raises(NoFile, FileMissing),
)
async def download_engagement_file(
    request: Request, read: Reader, engagement_id: Number, file_id: FileId
) -> Response:  # fmt: skip
    """The file itself, as an attachment under its name."""
    found = await read.fresh(papers.file_of, engagement_id, file_id)
    return Attachment(store_of(request), found)


@router.post(
    "/engagements/{engagement_id}/files/{file_id}/withdraw",
    summary="撤下对接活动材料",
    response_model=FileOut,
    responses=raises(NoEngagement, NotYourUnits, Voided, NoFile, FileWithdrawn, Invalid),
)
def withdraw_engagement_file(
    engagement_id: Number, file_id: FileId, body: FileWithdrawIn, db: Db, actor: Editor
) -> Response:  # fmt: skip
    """Say that a file does not belong here, with a reason. It stays to be seen."""
    engagement, paper = papers.withdraw(db, actor, engagement_id, file_id, body.reason)
    out = papers.out(db, paper)
    return saved(db, out, row_version=engagement.version)
