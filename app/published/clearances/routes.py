"""Clearances over HTTP."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Response

from app.facts.projects.service import NotYours
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api
from app.published.clearances import queries, service
from app.published.clearances.queries import NoClearance, NoFinding
from app.published.clearances.schemas import (
    ClearanceDoneIn,
    ClearanceFilter,
    ClearanceFindingIn,
    ClearanceFindingOut,
    ClearanceIn,
    ClearanceOut,
    ClearanceReportIn,
    ClearanceReportOut,
    ClearanceRow,
    FindingFilter,
)
from app.published.issues.service import NothingChanged

router = api("clearances")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Officer = Annotated[Actor, requires(Permission.CLEARANCE_EDIT)]
Worker = Annotated[Actor, requires(Permission.COMMITMENT_DELIVER)]
Publisher = Annotated[Actor, requires(Permission.ISSUE_PUBLISH)]
ClearanceId = Annotated[int, Path(description="清理编号", ge=1, le=2**63 - 1, examples=[1])]
FindingId = Annotated[int, Path(description="认定编号", ge=1, le=2**63 - 1, examples=[77])]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "工作簿（.xlsx）", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/clearances", summary="履约清理列表", response_model=page_of(ClearanceRow), responses=raises(Invalid))
async def list_clearances(read: Reader, q: Annotated[ClearanceFilter, asked(ClearanceFilter)]) -> Response:
    """All clearances, the newest first."""
    return await read.answer(queries.page, q)


@router.post(
    "/clearances",
    summary="发起履约清理",
    status_code=201,
    response_model=ClearanceOut,
    responses=raises(Invalid, service.NothingToClear),
)
def begin_clearance(body: ClearanceIn, db: Db, actor: Officer) -> Response:
    """Go through all formal agreements signed since a day, archived projects included: each clause of theirs and of
    later supplements is written down as it stands today, with the finding that its state proposes.
    """
    clearance = service.begin(db, actor, body)
    out = queries.out(db, actor, clearance.id)
    return saved(db, out, status=201, location=f"/api/v1/clearances/{clearance.id}", row_version=clearance.version)


@router.get(
    "/clearances/{clearance_id}",
    summary="履约清理",
    response_model=ClearanceOut,
    responses=raises(NoClearance, Invalid),
)
async def get_clearance(read: Reader, clearance_id: ClearanceId) -> Response:
    """A clearance: how many clauses were found how, and how far each unit has come."""
    return await read.answer(queries.detail, clearance_id)


@router.get(
    "/clearances/{clearance_id}/findings",
    summary="清理的逐条认定",
    response_model=page_of(ClearanceFindingOut),
    responses=raises(NoClearance, Invalid),
)
async def list_clearance_findings(
    read: Reader, clearance_id: ClearanceId, q: Annotated[FindingFilter, asked(FindingFilter)]
) -> Response:
    """The findings of a clearance, clause by clause, of the projects that the caller may see."""
    return await read.answer(queries.findings, clearance_id, q)


@router.post(
    "/clearances/{clearance_id}/accept",
    summary="批量认定无须处理的条款",
    response_model=ClearanceOut,
    responses=raises(NoClearance, Invalid),
)
def accept_clearance_findings(clearance_id: ClearanceId, db: Db, actor: Officer) -> Response:
    """Confirm at once what was proposed and needs nothing further: kept, not due, stopped or waived."""
    service.accept(db, actor, clearance_id)
    return saved(db, queries.out(db, actor, clearance_id))


@router.post(
    "/clearances/{clearance_id}/findings/{finding_id}/confirm",
    summary="认定一条",
    response_model=ClearanceFindingOut,
    responses=raises(NoFinding, NotYours, Invalid),
)
def confirm_clearance_finding(
    clearance_id: ClearanceId, finding_id: FindingId, body: ClearanceFindingIn, db: Db, actor: Officer
) -> Response:
    """Say what was found of a clause; other than proposed with a reason, and with an action where one is needed."""
    return saved(db, queries.finding_out(db, service.confirm(db, actor, clearance_id, finding_id, body)))


@router.post(
    "/clearances/{clearance_id}/findings/{finding_id}/done",
    summary="登记办结",
    response_model=ClearanceFindingOut,
    responses=raises(NoFinding, NotYours, Invalid, service.NotConfirmed),
)
def finish_clearance_finding(
    clearance_id: ClearanceId, finding_id: FindingId, body: ClearanceDoneIn, db: Db, actor: Worker
) -> Response:
    """Say that what was to be done was done; also by the unit that had to."""
    return saved(db, queries.finding_out(db, service.done(db, actor, clearance_id, finding_id, body)))


@router.get(
    "/clearances/{clearance_id}/workbook",
    summary="清理台账（.xlsx）",
    response_class=Response,
    responses=WORKBOOK | raises(NoClearance, Invalid),
)
async def export_clearance(read: Reader, clearance_id: ClearanceId) -> Response:
    """All findings of the projects that the caller may see, as a spreadsheet."""
    title, book = await read.fresh(queries.workbook, clearance_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(title + '.xlsx', safe='')}",
        "Cache-Control": "no-store",
    }
    return Response(book.getvalue(), media_type=XLSX, headers=headers)


@router.post(
    "/clearances/{clearance_id}/report",
    summary="发布清理报告",
    status_code=201,
    response_model=ClearanceReportOut,
    responses=raises(NoClearance, NothingChanged, Invalid),
)
def publish_clearance_report(
    clearance_id: ClearanceId, body: ClearanceReportIn, db: Db, actor: Publisher
) -> Response:  # fmt: skip
    """Freeze the report as an issue of the series `clearance`: numbered, hashed, never changed. Published again it is
    a new edition, with a reason, that can be compared with the one before (`/issues/clearance/…`).
    """
    issue = service.publish(db, actor, clearance_id, body.reason)
    out = {
        "issue": issue.subject_key(),
        "title": issue.title,
        "content_hash": issue.content_hash,
        "edition": issue.edition,
    }
    return saved(db, out, status=201, location=f"/api/v1/issues/{issue.kind}/{issue.year}/{issue.number}")
