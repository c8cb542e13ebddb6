"""A workbook becomes a report."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.weekly import books, reading
from app.exchange.weekly.columns import ENGAGEMENTS
from app.exchange.weekly.reading import Book, Row
from app.facts.reports import queries, service
from app.facts.reports.models import Report
from app.identity.units.queries import resolve
from app.kernel.access import Actor
from app.kernel.errors import Invalid


def put(db: Session, actor: Actor, week: str, unit: str, book: Book, version: int | None) -> tuple[Report, bool]:
    """Make a unit's report say what the workbook says, by the same rules as a document; 422 names cells."""
    names = [name for row in book.rows.get(ENGAGEMENTS.part, []) for name in reading.units_named(row)]
    codes = {name: found.code for name, found in resolve(db, names).items()} if names else {}
    document = reading.document(book, week, unit, _there(db, actor, week, unit), codes)
    try:
        return service.put(db, actor, week, unit, document.checked(), version)
    except Invalid as problem:
        if problem.errors:
            raise document.refusal(problem.errors) from None
        raise


def _there(db: Session, actor: Actor, week: str, unit: str) -> dict[int, Row]:
    """The engagements that the report has by now, as rows of a workbook that were read."""
    report_id = db.scalars(select(Report.id).where(Report.week == week, Report.unit_code == unit)).one_or_none()
    if report_id is None:
        return {}
    names = books.unit_names(db)
    found: dict[int, Row] = {}
    for told in queries.engagements(db, actor, report_id):
        cells = books.cells_of(told, names)
        values: dict[str, Any] = {}
        for column in ENGAGEMENTS.columns:
            cell = cells[column.field]
            text = "、".join(cell) if isinstance(cell, list) else cell
            if text not in (None, ""):
                values[column.field] = reading.value(column, text)
        found[told["id"]] = Row(values, {}, {}, "")
    return found
