from typing import Annotated, Any

from fastapi import File, Response, UploadFile

from app.exchange.weekly import books, reading, service
from app.facts.engagements.service import Voided
from app.facts.enterprises.service import UsccTaken
from app.facts.reports import queries
from app.facts.reports.queries import NoReport
from app.facts.reports.routes import Editor, Reader, UnitCode, Week
from app.facts.reports.schemas import ReportOut
from app.facts.reports.service import NotYourUnit, ReportFiled
from app.facts.reports.weeks import NoWeek, WeekNotOpen
from app.identity.periods.closures import PeriodLocked
from app.identity.units.queries import NoUnit
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, TooLarge, raises
from app.kernel.preconditions import IfMatchGiven
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("reports")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "工作簿（.xlsx）", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}
CREATED: dict[int | str, dict[str, Any]] = {201: {"model": ReportOut, "description": "新建了这份周报"}}
PLACE = "/weekly/{week}/reports/{unit}/sheet"


@router.get(
    PLACE,
    summary="下载周报填报表",
    response_class=Response,
    responses=WORKBOOK | raises(NoWeek, WeekNotOpen, NoUnit, NoReport),
)
async def get_report_sheet(read: Reader, week: Week, unit: UnitCode) -> Response:
    """The report as a workbook: what is there by now, the unit's projects, drop-downs and explanations.

    Fill it in and send it back to the same address, with the `ETag` as `If-Match` where the answer has one.
    """
    data, version = await read.fresh(books.workbook, week, unit)
    headers = {"Content-Disposition": f'attachment; filename="weekly-{week}-{unit}.xlsx"', "Cache-Control": "no-store"}
    if version is not None:
        headers["ETag"] = f'"{version}-0"'
    return Response(data, media_type=XLSX, headers=headers)


@router.put(
    PLACE,
    summary="以表格填报周报",
    response_model=ReportOut,
    responses=CREATED
    | raises(
        NoWeek, WeekNotOpen, NoUnit, NotYourUnit, ReportFiled, Voided, PeriodLocked, UsccTaken, Invalid, TooLarge,
        Stale, IfMatchMissing,
    ),
)  # fmt: skip
def put_report_sheet(
    week: Week,
    unit: UnitCode,
    version: IfMatchGiven,
    file: Annotated[UploadFile, File(description="填好的周报填报表：.xlsx 或 .xls")],
    db: Db,
    actor: Editor,
) -> Response:
    """Send a unit's whole week as one workbook, by the same rules as the document.

    The same file again changes nothing. A row that comes back as it was downloaded is kept as it is; a row that is
    gone leaves the report. What is wrong is named by cell, value and reason: first all that cannot be read, then all
    that lies ahead, then all that does not fit the week, the unit or what is recorded.
    """
    book = reading.read(file.file.read(), file.filename or "")
    report, new = service.put(db, actor, week, unit, book, version)
    place = f"/api/v1/weekly/{report.week}/reports/{report.unit_code}" if new else None
    return saved(
        db, queries.out(db, actor, report), status=201 if new else 200, location=place, row_version=report.version
    )  # fmt: skip
