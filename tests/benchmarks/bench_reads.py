"""Reading over HTTP, with authentication and permissions in the path, against bare ASGI with the same query."""

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from tests.benchmarks.lab import BARE, Lab, Place, Server
from tests.benchmarks.load import Script, numbered, rates, same
from tests.benchmarks.table import Table

PROJECTS = 100_000
LIST = "/api/v1/projects?sort=-code&limit=50"

pytestmark = pytest.mark.benchmark


def _yuan() -> Iterator[str]:
    """Amounts that leave the rows the same and the answer new: one fen, two fen, …"""
    return (f"{fen // 100}.{fen % 100:02}" for fen in itertools.count(1))


def _pages(place: Place, more: str = "") -> Callable[[int], Script]:
    return numbered(f"{LIST}{more}&amount_min={{}}", place.auth, numbers=_yuan())


def _one_by_one(before: str, *headers: str) -> Callable[[int], Script]:
    """Every project of the database in no order: none is asked for twice."""
    codes = [f"500114-{2015 + number % 12}-{number:06}" for number in range(1, PROJECTS + 1)]
    random.Random(1).shuffle(codes)
    return numbered(f"{before}{{}}", *headers, numbers=itertools.cycle(codes))


def _page_1000(ours: Server, place: Place) -> str:
    """Where page 1,000 begins, reached in pages of 150."""
    after = ""
    for _ in range(999 * 50 // 150):
        _, page = ours.ask(f"/api/v1/projects?sort=-code&limit=150&amount_min=0.01{after}", place.auth)
        after = f"&after={page['next']}"
    return after


def test_reading_on_postgres(lab: Lab, table: Table) -> None:
    place = lab.place("postgres18", PROJECTS)
    with lab.server(place) as ours, lab.server(place, BARE) as bare:
        headers, _ = ours.ask(LIST, place.auth)
        found = rates(
            {
                "list": ours.target(_pages(place)),
                "bare list": bare.target(numbered("/list?amount_min={}")),
                "page 1,000": ours.target(_pages(place, _page_1000(ours, place))),
                "kept": ours.target(same(LIST, place.auth)),
                "one": ours.target(_one_by_one("/api/v1/projects/", place.auth)),
                "bare one": bare.target(_one_by_one("/one/")),
                "304": ours.target(same(LIST, place.auth, f"If-None-Match: {headers['ETag']}"), status=304),
                "bare nothing": bare.target(same("/")),
            }
        )
    table.compare("PostgreSQL: list of 50, cold / bare", found["list"], found["bare list"], goal=0.5)
    table.compare("PostgreSQL: page 1,000, times page 1", found["page 1,000"], found["list"], goal=1.5, most=True)
    table.compare("PostgreSQL: unchanged list / bare list", found["kept"], found["bare list"], goal=2)
    table.compare("PostgreSQL: one project, cold / bare", found["one"], found["bare one"], goal=0.5)
    table.compare("PostgreSQL: 304 / bare nothing", found["304"], found["bare nothing"], goal=0.2)


def test_reading_on_sqlite(lab: Lab, table: Table) -> None:
    place = lab.place("sqlite", PROJECTS)
    with lab.server(place) as ours, lab.server(place, BARE) as bare:
        found = rates(
            {
                "list": ours.target(_pages(place)),
                "bare list": bare.target(numbered("/list?amount_min={}")),
                "kept": ours.target(same(LIST, place.auth)),
                "one": ours.target(_one_by_one("/api/v1/projects/", place.auth)),
                "bare one": bare.target(_one_by_one("/one/")),
            }
        )
    table.compare("SQLite: list of 50, cold / bare", found["list"], found["bare list"], goal=0.7)
    table.compare("SQLite: unchanged list / bare list", found["kept"], found["bare list"])
    table.compare("SQLite: one project, cold / bare", found["one"], found["bare one"])
