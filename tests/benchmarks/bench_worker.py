"""What a worker weighs after load, and how soon it answers."""

import statistics
import subprocess
import sys
from time import perf_counter

import pytest

from tests.benchmarks.bench_reads import LIST, PROJECTS
from tests.benchmarks.lab import Lab
from tests.benchmarks.load import numbered, rates, same
from tests.benchmarks.table import Table

pytestmark = pytest.mark.benchmark


def _libraries() -> float:
    """Seconds until Python has imported the two libraries that everything stands on."""
    started = perf_counter()
    subprocess.run([sys.executable, "-c", "import fastapi, sqlalchemy.orm"], check=True)
    return perf_counter() - started


def test_start_and_weight(backend: str, lab: Lab, table: Table) -> None:
    place = lab.place(backend, PROJECTS)
    starts, imports = [], []
    for _ in range(5):
        imports.append(_libraries())
        started = perf_counter()
        with lab.server(place) as server:
            server.ask(LIST, place.auth)
            starts.append(perf_counter() - started)
    start, libraries = statistics.median(starts), statistics.median(imports)
    table.add(f"{backend}: start to first answer / import of the libraries", f"{start:.2f} s", f"{libraries:.2f} s",
              start / libraries)  # fmt: skip
    with lab.server(place) as server:
        rates(
            {
                "new": server.target(numbered(f"{LIST}&amount_min={{}}", place.auth)),
                "kept": server.target(same(LIST, place.auth)),
                "figures": server.target(same("/api/v1/overview?period=2020", place.auth)),
            },
            rounds=3, seconds=3, connections=32,
        )  # fmt: skip
        weight = server.megabytes()
    table.add(
        f"{backend}: MB of a worker after load / 150", f"{weight:.0f} MB", "150 MB", weight / 150, goal=1, most=True
    )
