"""A figure before and after a reversal differs by exactly the entry, and its rows say why."""

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.facts.funds import service
from app.facts.funds.models import FundEntry
from app.facts.recognition.schemas import ReverseIn
from app.figures.engine import Measure, cells
from app.figures.indicators import rulebook
from app.figures.sides import side
from app.kernel import events
from app.kernel.access import SYSTEM
from app.kernel.calendar import Period
from tests.clients import As, Work
from tests.factories.funds import make_fund
from tests.factories.identity import actor_of, make_user
from tests.factories.projects import make_project

AS_OF = date(2021, 6, 30)
days = st.dates(date(2020, 1, 1), date(2020, 12, 31))
entries = st.lists(st.tuples(days, st.integers(1, 10**13), st.integers(0, 2)), min_size=1, max_size=6)
backs = st.one_of(st.none(), st.integers(0, 400))


def arrived(db: Session, period: Period, by: str) -> dict[str, int]:
    """到位资金 by month or sector, in fen, as the figures have it."""
    connection = db.connection()
    at = side(connection, period, rulebook(connection), AS_OF, (by,), (), None)
    measure = Measure("funds", "amount")
    return {key[0]: cell.value for key, cell in cells(connection, [measure], at.frame)[measure].items()}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(entries, st.integers(0, 5), backs)
def test_it_differs_by_exactly_the_entry(
    app: FastAPI, entries: list[tuple[date, int, int]], chosen: int, back: int | None
) -> None:
    period = Period.span(date(2020, 1, 1), AS_OF)
    with pytest.raises(ZeroDivisionError), app.state.database.unit_of_work() as db:
        events.act(db, SYSTEM)
        judge = actor_of(make_user(db, "reviewer"))
        projects = [make_project(db, sector=sector) for sector in ("industry", "services", "agriculture")]
        made = [make_fund(db, projects[which], fen, day) for day, fen, which in entries]
        entry = made[chosen % len(made)]
        project = next(each for each in projects if each.id == entry.project_id)
        db.flush()
        before = {by: arrived(db, period, by) for by in ("month", "sector")}
        body = ReverseIn(reason="误登", restate=True)
        day = entry.arrived_on
        if back is not None:
            day = min(date.fromordinal(day.toordinal() + back), AS_OF)
            body = ReverseIn(reason="退资", on=day)
        total = project.funds_fen
        reversal = service.reverse(db, judge, project.code, entry.id, body)[1]
        after = {by: arrived(db, period, by) for by in ("month", "sector")}
        place = {"month": day.isoformat()[:7], "sector": str(project.sector)}
        for by in ("month", "sector"):
            keys = before[by].keys() | after[by].keys()
            change = {key: after[by].get(key, 0) - before[by].get(key, 0) for key in keys}
            assert {key: value for key, value in change.items() if value} == {place[by]: -entry.amount_fen}
        assert project.funds_fen == total - entry.amount_fen
        assert db.get_one(FundEntry, reversal.id).amount_fen == -entry.amount_fen
        raise ZeroDivisionError  # leave nothing for the next example


def test_the_rows_say_why(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        entry = make_fund(session, project, 500, date(2020, 9, 30))
        make_fund(session, project, 200, date(2020, 9, 1), state="declared")
        make_fund(session, project, 300, date(2020, 9, 2), state="rejected")
    asked_of = {"indicator": "funds_arrived", "period": "2020"}
    asked = asked_of | {"as_of": "2021-01-01"}

    def figure() -> Any:
        (found,) = as_("leader").get("/api/v1/figures", params=asked).json()["items"]
        return found["value"]

    def rows() -> list[tuple[str, str | None, int]]:
        found = as_("leader").get("/api/v1/figures/rows", params=asked | {"sort": "date"}).json()["items"]
        return [(row["amount"], row["why"], row["id"]) for row in found]

    assert (figure(), rows()) == ("5.00", [("5.00", None, entry.id)])
    body = {"reason": "进账单户名与投资企业不符", "restate": True}
    answer = as_("reviewer").post(f"/api/v1/projects/{project.code}/funds/{entry.id}/reverse", json=body)
    assert answer.status_code == 201
    reversal = answer.json()["id"]
    assert figure() == "0.00"
    (found,) = as_("leader").get("/api/v1/figures/restatements", params=asked_of).json()["items"]
    assert (found["source"], found["day"], found["reason"]) == ("funds", "2020-09-30", "进账单户名与投资企业不符")
    assert rows() == [("5.00", None, entry.id), ("-5.00", "进账单户名与投资企业不符", reversal)]
