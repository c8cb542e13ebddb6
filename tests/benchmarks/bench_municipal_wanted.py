"""What the city should hold of 10,000 projects: rendered, loaded, followed, and looked at while nothing happens."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from app import domains
from app.exchange.municipal import payloads, weeks
from app.exchange.municipal.channels import Connection as Settings
from app.exchange.municipal.mapping import digest_of, speller, text_of
from app.exchange.municipal.rules import Report
from app.exchange.municipal.wanting import follow
from app.exchange.municipal.wire.contract import RecordKind
from app.facts.projects.models import Project
from app.kernel import events
from app.kernel.among import numbers
from app.kernel.db import Database
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table

pytestmark = pytest.mark.benchmark

PROJECTS = 10_000
CITY = {"city": Settings(mode="file")}
DISTRICT = "500114"


def test_ten_thousand_projects(backend: str, lab: Lab, table: Table) -> None:
    url = lab.place(backend, PROJECTS).url
    database = Database(url)
    events.install(database, domains.REACTIONS)
    with database.reading() as connection:
        ids = [row.id for row in connection.execute(select(Project.id))]
        rendered = _rendered(connection, ids)
        rendering = _milliseconds(lambda: _rendered(connection, ids))
        bare = _milliseconds(lambda: _bare(connection, ids))
        due = weeks.due(connection, Report())
        weekly = _milliseconds(lambda: weeks.of_weeks(connection, due, DISTRICT))
    table.add(
        f"{backend}: {rendered:,} records of {PROJECTS:,} projects rendered / selected and encoded",
        f"{rendering:.0f} ms", f"{bare:.0f} ms", bare / rendering, goal=0.25,
    )  # fmt: skip
    table.add(f"{backend}: {len(due)} weeks rendered", f"{weekly:.0f} ms", "")
    started = perf_counter()
    made = follow(database, CITY, district=DISTRICT)
    loading = perf_counter() - started
    assert made == rendered + len(due)
    with database.unit_of_work() as db:
        for project in db.scalars(select(Project)):
            project.park = "换了园区"
    started = perf_counter()
    changed = follow(database, CITY, district=DISTRICT)
    following = perf_counter() - started
    # Of the others the city is not told.
    assert PROJECTS / 2 < changed <= PROJECTS
    idle = _milliseconds(lambda: follow(database, CITY, district=DISTRICT))
    database.close()
    table.add(
        f"{backend}: {made:,} records loaded; {changed:,} of {PROJECTS:,} events",
        f"{made / loading:,.0f}/s", f"{changed / following:,.0f}/s",
    )  # fmt: skip
    table.add(f"{backend}: a look where nothing has happened", f"{idle:.1f} ms", "")


def _rendered(connection: Connection, ids: list[int]) -> int:
    report = Report()
    spell = {kind: speller(report, kind) for kind in RecordKind}
    return len(
        [
            digest_of(text_of(spell[kind](payload)))
            for kind, _, _, payload in payloads.of_projects(connection, report, ids, DISTRICT)
        ]
    )


def _bare(connection: Connection, ids: list[int]) -> bytes:
    """The same statements' rows, encoded as they come."""
    chosen = {"projects": numbers(ids)}
    found: list[Any] = [*payloads._PROJECTS.rows(connection, chosen), *payloads._FUNDS.rows(connection, chosen)]
    return msgspec.json.encode(found)


def _milliseconds(work: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(5):
        started = perf_counter()
        work()
        best = min(best, perf_counter() - started)
    return best * 1000
