"""A report out: a workbook with what is there, the unit's projects and drop-downs, to be filled in and sent back."""

from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.exchange.weekly.columns import COVER, ENGAGEMENTS, NO, PROBLEMS, PROGRESS, YES, SheetSpec
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.queries import visible
from app.facts.projects.terms import Status
from app.facts.reports import queries, weeks
from app.facts.reports.models import Report, ReportProgress
from app.facts.reports.queries import NoReport, sees
from app.facts.reports.weeks import Week
from app.identity.units.models import Unit
from app.identity.units.queries import NoUnit, UnitRef, ref
from app.kernel.access import Actor
from app.kernel.regions import region_name
from app.kernel.sheets import ColumnOut, SheetOut, Style, write_workbook

Reader = Connection | Session
_STYLES: dict[str, Style] = {"date": "date", "count": "integer"}


def workbook(connection: Connection, actor: Actor, week: str, unit: str) -> tuple[bytes, int | None]:
    """The workbook of a unit's week, and the row version of the report where there is one already."""
    held = weeks.load(connection).held(week)
    found = ref(connection, unit)
    if found is None:
        raise NoUnit
    if not sees(actor, found.id):
        raise NoReport
    row = connection.execute(
        select(Report.__table__).where(Report.week == held.period.text, Report.unit_id == found.id)
    ).one_or_none()
    told = [] if row is None else queries.engagements(connection, actor, row.id)
    names = unit_names(connection)
    sheets = [
        _sheet(COVER, [_cover(held, found, row)]),
        _sheet(ENGAGEMENTS, (line(ENGAGEMENTS, cells_of(one, names)) for one in told)),
        _sheet(PROGRESS, _progress(connection, actor, found.id, None if row is None else row.id)),
        _sheet(PROBLEMS, _problems(connection, actor, None if row is None else row.id)),
    ]
    book = BytesIO()
    write_workbook(book, sheets)
    return book.getvalue(), None if row is None else row.version


def unit_names(db: Reader) -> dict[str, str]:
    """What units are called today, by their codes."""
    return {row.code: row.name for row in db.execute(select(Unit.code, Unit.name))}


def _sheet(spec: SheetSpec, rows: Iterable[list[Any]]) -> SheetOut:
    columns = [
        ColumnOut(column.heading, column.width, _STYLES.get(column.kind, "text"), column.choices, column.hint)
        for column in spec.columns
    ]
    return SheetOut(spec.title, columns, rows, (spec.note,), spare_rows=200)


def line(spec: SheetSpec, values: dict[str, Any]) -> list[Any]:
    """Values by their fields as the cells of a row."""
    return [values.get(column.field) for column in spec.columns]


def _cover(week: Week, unit: UnitRef, row: Any) -> list[Any]:
    zero = row is not None and row.zero
    note = None if row is None else row.note
    values = {"week": week.period.text, "unit": unit.code, "unit_name": unit.name, "zero": YES if zero else NO}
    return line(COVER, values | {"note": note})


def cells_of(told: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """An engagement of a report (as `queries.engagements` tells it) as the values of its cells."""
    values: dict[str, Any] = {}
    for column in ENGAGEMENTS.columns:
        value = told.get(column.field)
        if column.words is not None and value is not None:
            value = column.words[value]
        if column.kind == "date" and isinstance(value, str):
            value = date.fromisoformat(value)
        values[column.field] = value
    return values | {
        "region": None if told["region"] is None else region_name(told["region"]),
        "enterprises": [met["name"] for met in told["enterprises"]],
        "people": [_person(person, names) for person in told["people"]],
        "units": [names[code] for code in told["units"]],
        "create": None,
    }


def _person(person: dict[str, Any], names: dict[str, str]) -> str:
    """`张三（区长）`, and of whom a unit is known `李工（科长；区商务委）`."""
    unit = "" if person["unit"] is None else f"；{names[person['unit']]}"
    inside = f"{person['office'] or ''}{unit}"
    return f"{person['name'] or ''}{f'（{inside}）' if inside else ''}"


def _progress(db: Reader, actor: Actor, unit_id: int, report_id: int | None) -> Iterator[list[Any]]:
    """What was written, and a line for each project that the unit has at work."""
    written = select(ReportProgress.project_id, ReportProgress.text).where(ReportProgress.report_id == (report_id or 0))
    texts = {row.project_id: row.text for row in db.execute(written)}
    own = select(ProjectUnit.project_id).where(ProjectUnit.unit_id == unit_id, ProjectUnit.valid_to.is_(None))
    at_work = Project.id.in_(own) & (Project.status == Status.ACTIVE) & Project.archived_on.is_(None)
    rows = db.execute(
        select(Project.id, Project.code, Project.name)
        .where(visible(actor), at_work | Project.id.in_(texts))
        .order_by(Project.code)
    )
    for row in rows:
        yield line(PROGRESS, {"project": row.code, "name": row.name, "text": texts.get(row.id)})


def _problems(db: Reader, actor: Actor, report_id: int | None) -> Iterator[list[Any]]:
    if report_id is None:
        return
    for problem in queries.problems(db, actor, Report.id == report_id).get(report_id, []):
        if problem is not None:
            yield line(PROBLEMS, problem)
