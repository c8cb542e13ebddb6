"""Writing over HTTP: one project with its event, and many writers in many processes on one SQLite file."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

import pytest
import uvloop

from tests.benchmarks.lab import CORE, Lab, Place
from tests.benchmarks.load import Rate, Script, rates, request, run_round
from tests.benchmarks.table import Table

PROJECTS = 10_000

pytestmark = pytest.mark.benchmark


def _changes(before: str, place: Place, versions: dict[str, int], first: int) -> Callable[[int], Script]:
    """Each connection changes a project of its own, again and again, always from the version it has last seen."""

    def script(connection: int) -> Script:
        number = first + connection
        code = f"500114-{2015 + number % 12}-{number:06}"
        while True:
            version = versions.setdefault(code, 1)
            headers = (place.auth, f'If-Match: "{version}-0"')
            body = f'{{"note": "第{version}次核实"}}'.encode()
            yield request(f"{before}{code}", headers, "PATCH", body)
            versions[code] += 1

    return script


def test_changing_a_project(backend: str, lab: Lab, table: Table) -> None:
    place = lab.place(backend, PROJECTS)
    versions: dict[str, int] = {}
    with lab.server(place) as ours, lab.server(place, CORE) as core:
        found = rates(
            {
                "ours": ours.target(_changes("/api/v1/projects/", place, versions, 100)),
                "core": core.target(_changes("/projects/", place, versions, 200)),
            },
            connections=8,
        )
    table.compare(f"{backend}: change of a project with its event / Core", found["ours"], found["core"], goal=0.7)


def test_many_writers_on_one_sqlite_file(lab: Lab, table: Table) -> None:
    """Four processes with 32 writers each; an answer that is not 200 ends the run."""
    place = lab.place("sqlite", PROJECTS)
    with ExitStack() as stack:
        targets = [
            stack.enter_context(lab.server(place)).target(
                _changes("/api/v1/projects/", place, {}, 1_000 + 100 * number)
            )
            for number in range(4)
        ]

        async def at_once() -> list[Rate]:
            return await asyncio.gather(*(run_round(target, 10, 32) for target in targets))

        found = uvloop.run(at_once())
    total = sum(rate.wall for rate in found)
    table.add("SQLite: 4 processes x 32 writers", f"{total:,.0f}/s", "none refused", 1.0, goal=1)
