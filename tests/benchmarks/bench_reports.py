"""Weekly reports: how long thirty-five reporters wait who file at once, and the bureau for its view of them all."""

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from app.domains import REACTIONS
from app.facts.reports import overview
from app.facts.reports.schemas import WeekFilter
from app.facts.reports.terms import ReportState
from app.kernel import calendar, events
from app.kernel.access import SYSTEM
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.replies import encode
from app.kernel.schema import upgrade as build
from tests.benchmarks.lab import Lab, Place
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.factories.identity import make_unit
from tests.factories.reports import make_report, make_week
from tests.facts.reports.filing import UNITS, file_all, fill

pytestmark = pytest.mark.benchmark


def test_everybody_files_at_once(backend: str, lab: Lab, table: Table) -> None:
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    url = databases.new()
    database = Database(url)
    events.install(database, REACTIONS)
    people = fill(database, begun=True)
    database.close()
    with lab.server(Place(url, "")) as server:
        started = perf_counter()
        filed = file_all(server.live, people)
        took = perf_counter() - started
    assert filed.wrong == []
    table.add(
        f"{backend}: {UNITS} reporters at once, {len(filed.took)} requests",
        f"p50 {filed.percentile(0.5):,.0f} ms, p99 {filed.percentile(0.99):,.0f} ms",
        f"all in {took:.1f} s",
    )


@pytest.mark.parametrize("units", [35, 3000])
def test_a_week_and_a_year_of_weeks(backend: str, lab: Lab, table: Table, units: int) -> None:
    """Made anew each time: what is kept is answered at once."""
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    events.install(database, REACTIONS)
    this = Period.of(calendar.today(), "week")
    weeks = [Period.of(this.start - timedelta(days=7 * number), "week").text for number in range(52)]
    with database.unit_of_work() as db:
        everyone = [make_unit(db, f"u{number}", f"第{number}单位") for number in range(units)]
        for week in weeks:
            make_week(db, week)
            for unit in everyone[:UNITS] if week != this.text else everyone:
                filed = ReportState.SUBMITTED
                make_report(db, week, unit, state=filed, submitted=calendar.now(), problems=("缺地",))
    with database.reading() as connection:
        week_ms = _milliseconds(lambda: overview.one(connection, SYSTEM, this.text, WeekFilter()).data)
        year_ms = _milliseconds(lambda: overview.all_weeks(connection, SYSTEM).data)
    database.close()
    table.add(f"{backend}: a week of {units} units", f"{week_ms:,.1f} ms", "")
    table.add(f"{backend}: 52 weeks of {units} units", f"{year_ms:,.1f} ms", "")


def _milliseconds(answer: Callable[[], Any]) -> float:
    took = []
    for _ in range(9):
        started = perf_counter()
        encode(answer())
        took.append(perf_counter() - started)
    return sorted(took)[4] * 1000
