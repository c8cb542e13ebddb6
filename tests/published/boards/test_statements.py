"""How much a board asks of the database: as much for many units as for few."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI

from app.kernel.access import SYSTEM
from app.published.boards import queries
from app.published.boards.schemas import TrialIn
from tests.clients import Work
from tests.factories.engagements import make_engagement
from tests.published.boards.ruling import statements

BACKENDS = ("sqlite",)  # its driver tells of every statement, also of those that no library compiled
WEEK = "2020-W34"
ASKED: dict[str, Callable[[Any], Any]] = {
    "board": lambda connection: queries.draft(connection, SYSTEM, WEEK),
    "unit": lambda connection: queries.unit(connection, SYSTEM, WEEK, "u0"),
    "trial": lambda connection: queries.trial(connection, SYSTEM, WEEK, TrialIn(version=0)),
}


@pytest.mark.parametrize("what", ASKED)
def test_no_number_of_units_makes_more_statements(app: FastAPI, db: Work, what: str) -> None:
    counts = []
    for units in (range(5), range(5, 40)):
        with db() as session:
            for number in units:
                make_engagement(session, unit=f"u{number}", starts_on=date(2020, 8, 18))
        counts.append(statements(app.state.database, ASKED[what]))
    few, many = counts
    assert 20 < few == many < 80, counts
