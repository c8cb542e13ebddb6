"""Weeks as payloads: the figures' own counts, as the weekly boards publish them.

A figure counts everything for everyone, sealed projects too, and so does what is published of a week: the board's
summary, its units, the number of projects it does not name. The city is told the same numbers and no name. A city that
adds up the projects it holds may therefore find fewer than a week says, as a reader of the board does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import RecordKind
from app.facts.reports.models import ReportWeek
from app.figures.engine import Measure, cells
from app.figures.indicators import INDICATORS_BY_CODE, Definitions, Rulebook, rulebook
from app.figures.sides import side
from app.identity.units.models import Unit
from app.identity.units.queries import terms
from app.kernel import calendar
from app.kernel.calendar import Period
from app.kernel.money import format_yuan

COUNTS = {
    "signed": "signed_count", "started": "started_count", "outgoing_visits": "outgoing_visits",
    "incoming_visits": "incoming_visits", "visitors": "visitors", "events": "events_held", "press_items": "press_items",
}  # fmt: skip
"""Field of a payload → indicator."""
_STARTED_AMOUNT = Measure("starts", "amount")  # as boards and bulletins print it beside each start


def due(connection: Connection, report: Report) -> list[Period]:
    """The weeks the city should hold now, oldest first.

    `closed`: those whose deadline has passed. One in which nobody was asked for reports is over when it has ended and
    a later one was opened (or none ever was).
    """
    if RecordKind.WEEK not in report.kinds:
        return []
    this = Period.of(calendar.today(), "week")
    first = Period.parse(report.weeks_from)
    if first.start > this.start:
        return []
    every = _from_to(first, this)
    if report.weeks == "current":
        return every
    settled = {row.week: row.settled_at is not None for row in connection.execute(_held)}
    newest = max(settled, default=this.text)
    return [week for week in every if settled.get(week.text, week.text < newest)]


@lru_cache(maxsize=8)
def _from_to(first: Period, last: Period) -> list[Period]:
    return Period.span(first.start, last.end).parts("week")


_held = select(ReportWeek.week, ReportWeek.settled_at)


def of_weeks(connection: Connection, weeks: Iterable[Period], district: str) -> dict[str, dict[str, Any]]:
    """Payloads by the names of the weeks: a number of statements that no number of weeks changes.

    Each week is counted under the rules of its last day; each stretch under other rules costs the statements anew.
    """
    wanted = sorted(weeks, key=lambda week: week.start)
    if not wanted:
        return {}
    book = rulebook(connection)
    found: dict[str, dict[str, Any]] = {}
    names = _names(connection)
    for _, stretch in groupby(wanted, key=lambda week: _ruled(book, week)):
        together = list(stretch)
        of_district = _counted(connection, book, together, "week")
        of_units = _counted(connection, book, together, "week", "unit")
        by_week: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
        for (week, unit), values in of_units.items():
            by_week[week][unit] = values
        for period in together:
            found[period.text] = _payload(
                period, district, of_district.get((period.text,), {}), by_week[period.text], names
            )
    return found


def _ruled(book: Rulebook, week: Period) -> tuple[int, int]:
    on = book.on(week.end)
    return on.indicators.number, on.scale.number


def _counted(
    connection: Connection, book: Rulebook, weeks: Sequence[Period], *by: str
) -> dict[tuple[str, ...], dict[str, int]]:
    """Field → value for each week, or for each unit in each week; amounts in fen, those of units not asked for."""
    period = Period.span(weeks[0].start, weeks[-1].end)
    at = side(connection, period, book, period.end, by, (), None)
    measures = {field: _measure(code, at.on) for field, code in COUNTS.items()}
    if len(by) == 1:
        measures |= {"signed_amount": _measure("contract_amount", at.on), "started_amount": _STARTED_AMOUNT}
    counted = cells(connection, measures.values(), at.frame)
    found: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for field, measure in measures.items():
        for key, cell in counted[measure].items():
            found[key][field] = cell.value
    return found


def _measure(code: str, on: Definitions) -> Measure:
    (measure,) = INDICATORS_BY_CODE[code].parts(on)
    assert isinstance(measure, Measure)
    return measure


Names = Mapping[str, tuple[str, list[tuple[date, str]]]]
"""Code of a unit → its name of today, and what it was called from which day on."""


def _names(connection: Connection) -> Names:
    term = terms().subquery()
    rows = connection.execute(
        select(Unit.code, Unit.name, term.c.valid_from, term.c.name.label("then"))
        .outerjoin(term, term.c.unit_id == Unit.id)
        .order_by(Unit.code, term.c.valid_from)
    )
    found: dict[str, tuple[str, list[tuple[date, str]]]] = {}
    for row in rows:
        terms_of = found.setdefault(row.code, (row.name, []))[1]
        if row.valid_from is not None:
            terms_of.append((row.valid_from, row.then))
    return found


def _called(names: Names, code: str, day: date) -> str:
    today, then = names[code]
    return next((name for start, name in reversed(then) if start <= day), today)


def _payload(
    week: Period, district: str, values: Mapping[str, int], units: Mapping[str, Mapping[str, int]], names: Names
) -> dict[str, Any]:
    return {
        "week": week.text,
        "district": district,
        "starts_on": week.start.isoformat(),
        "ends_on": week.end.isoformat(),
        **{field: values.get(field, 0) for field in COUNTS},
        "signed_amount": format_yuan(values.get("signed_amount", 0)),
        "started_amount": format_yuan(values.get("started_amount", 0)),
        # What has no responsible unit counts for the district alone.
        "units": [
            {"unit": _called(names, code, week.end), **{field: units[code].get(field, 0) for field in COUNTS}}
            for code in sorted(units)
            if code in names and any(units[code].values())
        ],
    }
