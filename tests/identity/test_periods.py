from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.identity.periods import queries, service
from app.identity.periods.closures import PeriodLocked, closed
from app.identity.periods.schemas import PeriodRow
from app.kernel import calendar, events
from tests.clients import As, Work


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-10-08T09:00:00+08:00", tick=False) as traveller:
        yield traveller


def test_a_locked_period_holds_its_days(as_: As, db: Work) -> None:
    reviewer = as_("reviewer")
    locked = reviewer.post("/api/v1/periods/2020-08/lock")
    assert locked.status_code == 200 and locked.json()["locked_by"] == "reviewer"
    assert reviewer.post("/api/v1/periods/2020-Q3/lock").status_code == 200
    with db() as session:
        now = closed(session)
    assert now.name(date(2020, 7, 31)) == "2020-Q3"
    assert now.name(date(2020, 8, 1)) == now.name(date(2020, 8, 31)) == "2020-08"
    assert now.name(date(2020, 6, 30)) is now.deferral(date(2020, 6, 30)) is None
    assert now.deferral(date(2020, 8, 1)) == date(2020, 10, 1)
    with pytest.raises(PeriodLocked, match="2020-08"):
        now.check([None, date(2020, 6, 30), date(2020, 8, 31)])
    now.check([None, date(2020, 6, 30)])


def test_reopening_needs_a_reason_that_stays(as_: As, db: Work) -> None:
    reviewer = as_("reviewer")
    reviewer.post("/api/v1/periods/2020-08/lock")
    assert reviewer.post("/api/v1/periods/2020-08/lock").json()["code"] == "period_locked"
    assert reviewer.post("/api/v1/periods/2020-08/reopen", json={}).status_code == 422
    opened = reviewer.post("/api/v1/periods/2020-08/reopen", json={"reason": "补录资金"})
    assert opened.json()["locked"] is False and opened.json()["reason"] == "补录资金"
    assert reviewer.post("/api/v1/periods/2020-08/reopen", json={"reason": "再来"}).json()["code"] == "period_open"
    assert reviewer.post("/api/v1/periods/2020-08/lock").json()["locked"] is True
    with db() as session:
        said = session.execute(
            select(events.Event.kind, events.Event.actor)
            .where(events.Event.subject == "period")
            .order_by(events.Event.seq)
        ).all()
    assert [tuple(row) for row in said] == [
        ("period.locked", "reviewer"), ("period.reopened", "reviewer"), ("period.locked", "reviewer"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status"),
    [("2020-10", 409), ("2020", 409), ("2020-W41", 409), ("2020-13", 404), ("2020-W40", 200), ("2020-H1", 200),
     ("nonsense", 422), ("2020-10-07", 422)],
)  # fmt: skip
def test_only_a_period_that_is_over_can_be_locked(as_: As, text: str, status: int) -> None:
    assert as_("reviewer").post(f"/api/v1/periods/{text}/lock").status_code == status


def test_locked_periods_are_listed(as_: As) -> None:
    for text in ("2019-12", "2020-08", "2020-W01"):
        assert as_("reviewer").post(f"/api/v1/periods/{text}/lock").status_code == 200
    as_("reviewer").post("/api/v1/periods/2019-12/reopen", json={"reason": "更正"})

    def ask(**params: object) -> list[str]:
        items = as_("leader").get("/api/v1/periods", params=params).json()["items"]
        return [PeriodRow.model_validate(item).text for item in items]

    assert ask() == ["2020-08", "2020-W01", "2019-12"]
    assert ask(year=2020, sort="text") == ["2020-08", "2020-W01"]
    assert ask(locked=False) == ["2019-12"]


# -- working days ----------------------------------------------------------------------------------------------


def test_a_day_entered_outweighs_what_is_shipped(as_: As, db: Work) -> None:
    day = "/api/v1/calendar/2020-10-10"
    shipped = as_("leader").get(day).json()
    assert (shipped["working"], shipped["source"]) == (True, "shipped")  # a Saturday made up for
    entered = as_("officer").put(day, json={"working": False, "note": "区内放假"})
    assert entered.json() == {"day": "2020-10-10", "working": False, "source": "entered", "note": "区内放假"}
    assert as_("leader").get(day).json() == entered.json()
    with db() as session:
        assert queries.overrides(session) == {date(2020, 10, 10): False}
    again = as_("officer").put(day, json={"working": True, "note": "更正"})
    assert again.json()["working"] is True


def test_without_a_year_the_calendar_is_of_this_one(as_: As) -> None:
    told = as_("leader").get("/api/v1/calendar").json()
    assert (told["year"], told["items"][0]["day"]) == (calendar.today().year, f"{calendar.today().year}-01-01")
    assert told == as_("leader").get("/api/v1/calendar", params={"year": calendar.today().year}).json()


def test_a_year_beyond_the_shipped_calendar_is_entered_at_once(as_: As, db: Work) -> None:
    year = calendar.seed_known_until().year + 1
    unknown = as_("leader").get("/api/v1/calendar", params={"year": year}).json()
    assert {day["working"] for day in unknown["items"]} == {None}
    saturday = next(day for day in (date(year, 2, n) for n in range(1, 8)) if day.weekday() == 5)
    notice: dict[str, Any] = {
        "holidays": [f"{year}-01-01"], "workdays": [saturday.isoformat()], "note": "国办发明电",
    }  # fmt: skip
    answer = as_("officer").put(f"/api/v1/calendar/years/{year}", json=notice)
    assert answer.status_code == 200 and answer.json()["known_until"] == f"{year}-12-31"
    known = {day["day"]: day["working"] for day in answer.json()["items"]}
    assert known[f"{year}-01-01"] is False and known[saturday.isoformat()] is True
    assert all(
        known[day] == (date.fromisoformat(day).weekday() < 5) for day in list(known)[1:]
        if day != saturday.isoformat()
    )  # fmt: skip
    with db() as session:
        start = date(year, 1, 1)
        assert calendar.add_working_days(start, 5, queries.overrides(session)) > start
        assert service.set_year(session, year, {start}, {saturday}, "国办发明电") == 0


def test_a_year_within_the_shipped_calendar_keeps_differences_only(db: Work) -> None:
    first = date(2020, 1, 1)
    days = [first + timedelta(days=n) for n in range(366)]
    holidays = {day for day in days if not calendar.is_working_day(day, {}) and day.weekday() < 5}
    workdays = {day for day in days if calendar.is_working_day(day, {}) and day.weekday() >= 5}
    with db() as session:
        assert service.set_year(session, 2020, holidays, workdays, "照录") == 0
        assert service.set_year(session, 2020, holidays | {date(2020, 11, 2)}, workdays, "照录") == 1
        assert queries.overrides(session) == {date(2020, 11, 2): False}


@pytest.mark.parametrize(
    ("holidays", "workdays", "field"),
    [(["2021-01-01"], [], "holidays"), ([], ["2020-10-09"], "workdays"), (["2020-10-10"], ["2020-10-10"], "workdays")],
)
def test_a_notice_that_contradicts_itself_is_refused(
    as_: As, holidays: list[str], workdays: list[str], field: str
) -> None:
    notice = {"holidays": holidays, "workdays": workdays, "note": "国办发明电"}
    answer = as_("officer").put("/api/v1/calendar/years/2020", json=notice)
    assert answer.status_code == 422 and {error["field"] for error in answer.json()["errors"]} == {field}


def test_how_far_the_calendar_is_known(db: Work) -> None:
    seed = calendar.seed_known_until()
    with db() as session:
        assert queries.calendar_known_until(session, seed) == seed
        assert queries.calendar_known_until(session, seed + timedelta(days=2)) == seed
        for offset in (1, 2, 4):
            service.set_day(session, seed + timedelta(days=offset), True, "试")
        assert queries.calendar_known_until(session, seed) == seed + timedelta(days=2)
        assert queries.calendar_known_until(session, seed + timedelta(days=4)) == seed + timedelta(days=4)
