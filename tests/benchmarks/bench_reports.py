"""Thirty-five reporters filing within the same seconds: how long each waits for the answer."""

from time import perf_counter

import pytest

from app.domains import REACTIONS
from app.kernel import events
from app.kernel.db import Database
from app.kernel.schema import upgrade as build
from tests.benchmarks.lab import Lab, Place
from tests.benchmarks.table import Table
from tests.databases import Databases
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
