"""The overview at three sizes, cold and unchanged, beside what it costs to count the projects at all."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.benchmarks.lab import BARE, Lab
from tests.benchmarks.load import middle, numbered, rates, ratio, same
from tests.benchmarks.table import Table

OVERVIEW = "/api/v1/overview?period=2020"

pytestmark = pytest.mark.benchmark


def _days() -> Iterator[date]:
    """Days after the year has ended: the figures stay the same, the answer is new."""
    return (date(2021, 1, 1) + timedelta(days=number) for number in itertools.count())


@pytest.mark.parametrize("projects", [125, 10_000, 100_000])
def test_overview(backend: str, projects: int, lab: Lab, table: Table) -> None:
    place = lab.place(backend, projects)
    with lab.server(place) as ours, lab.server(place, BARE) as bare:
        found = rates(
            {
                "cold": ours.target(numbered(f"{OVERVIEW}&as_of={{}}", place.auth, numbers=_days())),
                "unchanged": ours.target(same(OVERVIEW, place.auth)),
                "count": bare.target(same("/count")),
            },
            connections=1,
            rounds=3,
        )
    for name in ("cold", "unchanged"):
        table.add(
            f"{backend}: overview of {projects:,}, {name}; in ms / count(*)",
            f"{1000 / middle(found[name]):.2f} ms",
            f"{1000 / middle(found['count']):.2f} ms",
            1 / ratio(found[name], found["count"]),
        )
