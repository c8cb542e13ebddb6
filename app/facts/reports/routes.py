"""Weekly reports over HTTP. A unit files its own; the bureau looks, accepts, returns, and says when a week closes."""

from typing import Annotated, Any

from fastapi import Path, Query, Response

from app.facts.engagements.service import Voided
from app.facts.enterprises.service import UsccTaken
from app.facts.reports import opening, overview, queries, service
from app.facts.reports.opening import WeekFrozen, WeekStillOpen
from app.facts.reports.queries import NoReport
from app.facts.reports.schemas import (
    DeadlineIn,
    ReportIn,
    ReportOut,
    ReturnIn,
    WeekDetail,
    WeekFilter,
    WeekList,
    WeekOut,
    WeekReopenIn,
)
from app.facts.reports.service import EmptyReport, NotYourUnit, ReportFiled, SamePerson, WrongState
from app.facts.reports.weeks import NoWeek, WeekNotOpen
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.identity.units.queries import NoUnit
from app.identity.units.schemas import CODE_PATTERN
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatchGiven
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("reports")

Reader = Annotated[Read, reads(Permission.REPORT_READ)]
Editor = Annotated[Actor, requires(Permission.REPORT_EDIT)]
Judge = Annotated[Actor, requires(Permission.REPORT_JUDGE)]
Reopener = Annotated[Actor, requires(Permission.PERIOD_EDIT)]
Week = Annotated[str, Path(description="周，ISO 周次", pattern="^[0-9]{4}-W[0-9]{2}$", examples=["2026-W48"])]
CREATED: dict[int | str, dict[str, Any]] = {201: {"model": ReportOut, "description": "新建了这份周报"}}
UnitCode = Annotated[str, Path(description="单位编码", pattern=CODE_PATTERN, examples=["jxw"])]


# -- weeks ---------------------------------------------------------------------------------------------------------


@router.get("/weekly", summary="各周报送情况", response_model=WeekList)
async def list_weeks(read: Reader) -> Response:
    """Every week in which reports are or were asked for, the newest first, with its deadline and how many have filed.

    A reporter's counts are those of the own unit. A week opens by itself on its Monday.
    """
    return await read.answer(overview.all_weeks)


@router.get(
    "/weekly/{week}", summary="一周的报送情况", response_model=WeekDetail, responses=raises(NoWeek, WeekNotOpen)
)
async def get_week(read: Reader, week: Week, q: Annotated[WeekFilter, Query()]) -> Response:
    """A week with every unit: who has filed and when, who is late or missing, what waits for acceptance, who asks for
    help.

    Early, late and missing follow from the deadline and the clock; the answer changes by itself at `valid_until`. A
    reporter sees the own unit.
    """
    return await read.answer(overview.one, week, q)


@router.put(
    "/weekly/{week}/deadline",
    summary="设定一周的截止时间",
    response_model=WeekOut,
    responses=raises(NoWeek, WeekFrozen, Invalid),
)
def set_week_deadline(week: Week, body: DeadlineIn, db: Db, actor: Judge) -> Response:
    """Let a week that is not closed yet close at another time than the rule says: the meeting was moved."""
    row = opening.set_deadline(db, actor, week, body.at, body.reason)
    return saved(db, overview.week_out(db, row), row_version=row.version)


@router.post(
    "/weekly/{week}/reopen",
    summary="重新开放已截止的一周",
    response_model=WeekOut,
    responses=raises(NoWeek, WeekNotOpen, WeekStillOpen, Invalid),
)
def reopen_week(week: Week, body: WeekReopenIn, db: Db, actor: Reopener) -> Response:
    """Let a closed week take reports as its own again until a time. They stay late; what counted in a later week that
    is not closed yet comes back.
    """
    row = opening.reopen(db, actor, week, body.until, body.reason)
    return saved(db, overview.week_out(db, row), row_version=row.version)


# -- one report ----------------------------------------------------------------------------------------------------


@router.get(
    "/weekly/{week}/reports/{unit}",
    summary="一个单位的周报",
    response_model=ReportOut,
    responses=raises(NoWeek, WeekNotOpen, NoReport),
)
async def get_report(read: Reader, week: Week, unit: UnitCode) -> Response:
    """A unit's week: what it reports, and the signings and starts that the projects tell of by themselves.

    A reporter reads those of the own unit; projects that the caller may not see are counted in `withheld`.
    Each engagement's `warnings` name what may be the same trip, told by another unit or twice.
    """
    return await read.answer(queries.detail, week, unit)


@router.put(
    "/weekly/{week}/reports/{unit}",
    summary="填报周报",
    response_model=ReportOut,
    responses=CREATED
    | raises(
        NoWeek, WeekNotOpen, NoUnit, NotYourUnit, ReportFiled, Voided, PeriodLocked, UsccTaken, Invalid, Stale,
        IfMatchMissing,
    ),
)  # fmt: skip
def put_report(
    week: Week, unit: UnitCode, body: ReportIn, version: IfMatchGiven, db: Db, actor: Editor
) -> Response:  # fmt: skip
    """Send a unit's whole week as one document, engagements included. It is a draft until it is submitted.

    Sending the same document again changes nothing, whether or not the first answer arrived: engagements are known by
    their `key`. The first document needs no `If-Match`; another one needs that of the reading it was made from (428
    without, 412 when a colleague was faster). Engagements, progress and problems that are not named any more leave
    the report; engagements that were entered through it are voided. Wrong fields are named together: first those that
    cannot be read or lie ahead, then those that do not fit the week, the unit or what is recorded.
    """
    report, new = service.put(db, actor, week, unit, body, version)
    out = queries.out(db, actor, report)
    place = f"/api/v1/weekly/{report.week}/reports/{report.unit_code}"
    return saved(
        db, out, status=201 if new else 200, location=place if new else None, row_version=report.version
    )  # fmt: skip


STEPPED = (NoWeek, WeekNotOpen, NoReport, WrongState)


@router.post(
    "/weekly/{week}/reports/{unit}/submit",
    summary="提交周报",
    response_model=ReportOut,
    responses=raises(*STEPPED, NotYourUnit, EmptyReport),
)
def submit_report(week: Week, unit: UnitCode, db: Db, actor: Editor) -> Response:
    """Hand a report in. After the deadline it is kept and marked late, and counts as the rule says (`counts_in`)."""
    report = service.submit(db, actor, week, unit)
    return saved(db, queries.out(db, actor, report), row_version=report.version)


@router.post(
    "/weekly/{week}/reports/{unit}/accept",
    summary="接收周报",
    response_model=ReportOut,
    responses=raises(*STEPPED, SamePerson, Stale),
)
def accept_report(week: Week, unit: UnitCode, version: IfMatchGiven, db: Db, actor: Judge) -> Response:
    """Take a submitted report as it is. With `If-Match` only as it was read. Never by whoever submitted it."""
    report = service.accept(db, actor, week, unit, version)
    return saved(db, queries.out(db, actor, report), row_version=report.version)


@router.post(
    "/weekly/{week}/reports/{unit}/return",
    summary="退回周报",
    response_model=ReportOut,
    responses=raises(*STEPPED, Invalid, Stale),
)
def return_report(
    week: Week, unit: UnitCode, body: ReturnIn, version: IfMatchGiven, db: Db, actor: Judge
) -> Response:  # fmt: skip
    """Send a submitted or accepted report back with remarks; the unit changes it and submits again.

    It stays as timely as it first was.
    """
    report = service.send_back(db, actor, week, unit, body.remarks, version)
    return saved(db, queries.out(db, actor, report), row_version=report.version)
