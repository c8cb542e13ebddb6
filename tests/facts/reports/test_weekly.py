"""The weeks as the bureau sees them: who has filed, who is late or missing; deadlines, freezing, opening again."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import event, select
from starlette.testclient import TestClient

from app.facts.reports.jobs import keep_weeks
from app.facts.reports.models import Report, ReportWeek
from app.facts.reports.rules import WEEKLY
from app.facts.reports.terms import ReportState
from app.identity.auth.models import User
from app.identity.periods.models import CalendarDay
from app.identity.units.models import Tier
from app.kernel.calendar import SHANGHAI
from app.kernel.notices import Notice
from app.kernel.rules import RuleVersion
from tests.clients import As, Work
from tests.factories.identity import make_unit, make_user
from tests.factories.reports import make_report, make_week

WEEK = "/api/v1/weekly/2026-W48"


pytestmark = pytest.mark.usefixtures("clock")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def run(app: FastAPI) -> Callable[[], None]:
    """What the worker does every minute."""
    return lambda: keep_weeks(app.state.database)


def standings(answer: Any) -> dict[str, str]:
    return {row["unit"]: row["standing"] for row in answer.json()["items"]}


# -- a week --------------------------------------------------------------------------------------------------------


def test_a_week_opens_by_itself_and_freezes_by_itself(as_: As, clock: time_machine.Traveller) -> None:
    officer, reporter = as_("officer"), as_("reporter", unit="jxw")
    before = officer.get(WEEK)
    assert before.json()["state"] == "open" and standings(before) == {"jxw": "awaited"}
    reporter.put(f"{WEEK}/reports/jxw", json={"zero": True})
    clock.move_to("2026-11-30T12:00:00+08:00")
    assert officer.get(f"{WEEK}/reports/jxw").json()["standing"] == "awaited"
    assert officer.get(WEEK).json()["state"] == "open"
    clock.move_to("2026-11-30T12:00:01+08:00")
    after = officer.get(WEEK)
    assert after.json()["state"] == "frozen" and standings(after) == {"jxw": "missing"}, "no job has run"
    assert after.headers["ETag"] != before.headers["ETag"]
    assert officer.get(f"{WEEK}/reports/jxw").json()["standing"] == "missing"
    late = reporter.post(f"{WEEK}/reports/jxw/submit").json()
    assert (late["standing"], late["counts_in"]) == ("late", "2026-W49")
    assert (
        officer.get(WEEK).json()["tally"] | {"units": 1, "late": 1, "missing": 0} == officer.get(WEEK).json()["tally"]
    )


def test_the_bureau_sees_who_has_filed_and_who_asks_for_help(as_: As, db: Work, clock: time_machine.Traveller) -> None:
    with db() as session:
        make_week(session)
        for code, tier in (("a", Tier.KEY), ("b", Tier.KEY), ("c", Tier.ASSIST), ("d", Tier.SUPPORT), ("e", Tier.AWAY)):
            make_unit(session, code, f"单位{code}", tier=tier)
        make_report(session, unit="a", state=ReportState.ACCEPTED, submitted=at("2026-11-27T10:00"), problems=("缺地",))
        make_report(session, unit="b", state=ReportState.SUBMITTED, submitted=at("2026-11-30T10:00"), zero=True)
        make_report(session, unit="c", state=ReportState.RETURNED, submitted=at("2026-11-30T13:00"))
        make_report(session, unit="d")
    clock.move_to("2026-12-01T10:00:00+08:00")
    officer = as_("officer")
    week = officer.get(WEEK).json()
    assert {row["unit"]: (row["standing"], row["state"]) for row in week["items"]} == {
        "a": ("early", "accepted"), "b": ("on_time", "submitted"), "c": ("late", "returned"), "d": ("missing", "draft"),
        "e": ("missing", None),
    }  # fmt: skip
    assert week["tally"] == {
        "units": 5, "early": 1, "on_time": 1, "late": 1, "missing": 2, "awaited": 0, "zero": 1, "submitted": 1,
        "accepted": 1, "returned": 1, "help": 1,
    }  # fmt: skip
    assert week["items"][0]["problems"][0]["text"] == "缺地"

    def asked(query: str) -> list[str]:
        return [row["unit"] for row in officer.get(f"{WEEK}?{query}").json()["items"]]

    assert asked("standing=missing&standing=late") == ["c", "d", "e"]
    assert asked("state=submitted") == ["b"] and asked("help=true") == ["a"] and asked("tier=away") == ["e"]
    assert officer.get(f"{WEEK}?color=red").status_code == 422
    listed = officer.get("/api/v1/weekly").json()["items"]
    assert [(row["week"], row["state"]) for row in listed] == [("2026-W49", "open"), ("2026-W48", "frozen")]
    assert listed[1]["tally"] == week["tally"]
    assert as_("leader").get(WEEK).json()["tally"] == week["tally"]


def test_a_reporter_sees_the_own_unit(as_: As, db: Work) -> None:
    with db() as session:
        make_report(session, unit="nyw", submitted=at("2026-11-26T09:00"))
    reporter = as_("reporter", unit="jxw")
    assert standings(reporter.get(WEEK)) == {"jxw": "awaited"}
    assert reporter.get("/api/v1/weekly").json()["items"][0]["tally"]["units"] == 1
    assert reporter.get(f"{WEEK}/reports/nyw").status_code == 404


def test_who_must_report_is_the_tier_of_that_week(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "old", valid_from=at("2026-11-30T00:00").date())
        make_unit(session, "jxw")
    assert standings(as_("officer").get(WEEK)) == {"jxw": "awaited"}


@pytest.mark.parametrize("path", ["", "/2026-W48", "/2026-W48?standing=missing"])
def test_as_many_statements_for_many_units_as_for_few(as_: As, db: Work, app: FastAPI, path: str) -> None:
    officer, told = as_("officer"), []
    event.listen(app.state.database.reader, "before_cursor_execute", lambda *found: told.append(found[2]))

    def statements() -> int:
        told.clear()
        assert officer.get(f"/api/v1/weekly{path}").status_code == 200
        return sum("pg_notify" not in statement for statement in told)  # what went before is told whenever it is told

    def units(first: int, last: int) -> None:
        with db() as session:
            for number in range(first, last):
                unit = make_unit(session, f"n{number}")
                make_report(session, unit=unit, submitted=at("2026-11-26T09:00"), problems=("x",))

    units(0, 2)
    few = statements()
    units(2, 60)
    assert 0 < few == statements() <= 8


# -- deadlines -----------------------------------------------------------------------------------------------------


def test_the_deadline_is_moved_with_a_reason(as_: As, clock: time_machine.Traveller) -> None:
    officer = as_("officer")
    moved = officer.put(f"{WEEK}/deadline", json={"at": "2026-12-01T09:00:00+08:00", "reason": "常务会改在周二"})
    assert moved.status_code == 200, moved.text
    told = moved.json()
    assert (told["deadline"], told["deadline_source"]) == ("2026-12-01T01:00:00.000000Z", "bureau")
    assert (told["deadline_reason"], told["state"]) == ("常务会改在周二", "open") and told["deadline_by"]
    body = {"at": "2026-12-01T10:00:00+08:00", "reason": "再改"}
    clock.move_to("2026-11-30T13:00:00+08:00")
    assert officer.get(WEEK).json()["state"] == "open"
    clock.move_to("2026-12-01T09:00:01+08:00")
    frozen = officer.put(f"{WEEK}/deadline", json=body)
    assert (frozen.status_code, frozen.json()["code"]) == (409, "week_frozen")


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("2026-11-26T09:00:00+08:00", "past"),
        ("2027-03-01T09:00:00+08:00", "far"),
        ("2026-12-01T09:00:00", "datetime_parsing"),
    ],
)
def test_impossible_deadlines(as_: As, when: str, code: str) -> None:
    refused = as_("officer").put(f"{WEEK}/deadline", json={"at": when, "reason": "会议"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["code"] == code


def test_a_day_off_that_is_entered_moves_the_deadline_and_not_one_that_is_past(
    as_: As, db: Work, run: Callable[[], None], clock: time_machine.Traveller
) -> None:
    officer = as_("officer")
    run()
    with db() as session:
        session.add(CalendarDay(day=at("2026-11-30T00:00").date(), working=False, note="停电"))
    assert officer.get(WEEK).json()["deadline"] == "2026-12-01T04:00:00.000000Z"
    clock.move_to("2026-12-01T12:01:00+08:00")
    run()
    with db() as session:
        session.scalars(select(CalendarDay)).one().working = True
    assert officer.get(WEEK).json()["deadline"] == "2026-12-01T04:00:00.000000Z", "a week that is over was moved"


# -- opening again -------------------------------------------------------------------------------------------------


def test_a_frozen_week_is_opened_again_by_a_reviewer_with_a_reason(as_: As, clock: time_machine.Traveller) -> None:
    reporter, reviewer = as_("reporter", unit="jxw"), as_("reviewer")
    other = as_("reporter", unit="nyw")
    body = {"until": "2026-12-02T18:00:00+08:00", "reason": "断网"}
    assert reviewer.post(f"{WEEK}/reopen", json=body).json()["code"] == "week_open"
    reporter.put(f"{WEEK}/reports/jxw", json={"zero": True})
    clock.move_to("2026-12-01T10:00:00+08:00")
    assert reporter.post(f"{WEEK}/reports/jxw/submit").json()["counts_in"] == "2026-W49"
    opened = reviewer.post(f"{WEEK}/reopen", json=body)
    assert opened.status_code == 200 and opened.json()["state"] == "reopened"
    assert opened.json()["valid_until"] == "2026-12-02T10:00:00.000000Z"
    back = reporter.get(f"{WEEK}/reports/jxw").json()
    assert (back["counts_in"], back["standing"]) == ("2026-W48", "late")
    other.put(f"{WEEK}/reports/nyw", json={"zero": True})
    assert other.post(f"{WEEK}/reports/nyw/submit").json()["counts_in"] == "2026-W48"
    clock.move_to("2026-12-02T18:00:01+08:00")
    assert reviewer.get(WEEK).json()["state"] == "frozen"
    assert as_("officer").post(f"{WEEK}/reopen", json=body).status_code == 403


def test_only_a_week_that_was_asked_for_is_opened_again_and_not_for_long(
    as_: As, clock: time_machine.Traveller
) -> None:
    """A slip of the finger would have all units missing in a week in which nobody was asked."""
    reviewer = as_("reviewer")
    as_("reporter", unit="jxw").put(f"{WEEK}/reports/jxw", json={"zero": True})
    clock.move_to("2026-12-01T10:00:00+08:00")
    body = {"until": "2026-12-02T18:00:00+08:00", "reason": "断网"}
    for week, code in (("2026-W40", "no_week"), ("2025-W48", "no_week"), ("2027-W01", "week_not_open")):
        assert reviewer.post(f"/api/v1/weekly/{week}/reopen", json=body).json()["code"] == code
        assert reviewer.get(f"/api/v1/weekly/{week}").json()["code"] == code
    late = reviewer.post(f"{WEEK}/reopen", json=body | {"until": "2027-12-02T18:00:00+08:00"})
    assert [(e["field"], e["code"]) for e in late.json()["errors"]] == [("until", "far")]
    assert reviewer.get(WEEK).json()["state"] == "frozen"


def test_what_a_closed_week_counts_stays_there(as_: As, clock: time_machine.Traveller) -> None:
    reporter, reviewer = as_("reporter", unit="jxw"), as_("reviewer")
    reporter.put(f"{WEEK}/reports/jxw", json={"zero": True})
    clock.move_to("2026-12-01T10:00:00+08:00")
    reporter.post(f"{WEEK}/reports/jxw/submit")
    clock.move_to("2026-12-08T10:00:00+08:00")
    reviewer.post(f"{WEEK}/reopen", json={"until": "2026-12-09T10:00:00+08:00", "reason": "补报"})
    assert reporter.get(f"{WEEK}/reports/jxw").json()["counts_in"] == "2026-W49"


def visit(key: str, day: str) -> dict[str, Any]:
    return {"key": key, "kind": "outgoing_visit", "title": f"拜访{key}公司", "starts_on": day}


def visits(client: TestClient) -> tuple[int, int]:
    """How many visits the week counts, and the one after."""
    found = [
        client.get("/api/v1/figures", params={"indicator": "outgoing_visits", "period": week}).json()["items"][0]
        for week in ("2026-W48", "2026-W49")
    ]
    return found[0]["value"], found[1]["value"]


def test_a_frozen_week_counts_what_it_counted(as_: As, run: Callable[[], None], clock: time_machine.Traveller) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    in_time, late = as_("reporter", unit="jxw"), as_("reporter", unit="nyw")
    told_in_time = in_time.put(f"{WEEK}/reports/jxw", json={"engagements": [visit("甲", "2026-11-24")]}).json()
    clock.move_to("2026-11-30T12:01:00+08:00")
    run()
    assert visits(officer) == (1, 0)
    put_late = late.put(f"{WEEK}/reports/nyw", json={"engagements": [visit("乙", "2026-11-25")]})
    assert put_late.status_code == 201 and visits(officer) == (1, 1), "what is told late counts in the next week"
    first = f"/api/v1/engagements/{told_in_time['engagements'][0]['id']}"
    version = {"If-Match": officer.get(first).headers["ETag"]}
    moved = officer.patch(first, json={"starts_on": "2026-11-23"}, headers=version)
    assert (moved.status_code, moved.json()["code"]) == (409, "period_locked") and "2026-W48" in moved.text
    assert officer.patch(first, json={"said": "谈妥"}, headers=version).status_code == 200
    body = {"until": "2026-12-02T18:00:00+08:00", "reason": "断网"}
    assert reviewer.post(f"{WEEK}/reopen", json=body).status_code == 200
    assert visits(officer) == (2, 0), "it has come home"
    run()
    version = {"If-Match": officer.get(first).headers["ETag"]}
    assert officer.patch(first, json={"starts_on": "2026-11-23"}, headers=version).status_code == 200
    clock.move_to("2026-12-02T18:01:00+08:00")
    run()
    one = {name: value for name, value in visit("丙", "2026-11-26").items() if name != "key"} | {"unit": "jxw"}
    assert officer.post("/api/v1/engagements", json=one).status_code == 201
    assert visits(officer) == (2, 1), "the time is over"


def test_where_late_reports_count_in_their_own_week_nothing_is_closed(
    as_: As, db: Work, run: Callable[[], None], clock: time_machine.Traveller
) -> None:
    with db() as session:
        body = WEEKLY.shipped.model_copy(update={"late_counts": "own_week"}).model_dump(mode="json")
        session.add(
            RuleVersion(
                rule=WEEKLY.code, number=1, state="active", valid_from=date(2026, 1, 1), basis="试", body=body,
                saved_by=0, saved_at=at("2026-01-01"), activated_by=0, activated_at=at("2026-01-01"),
            )
        )  # fmt: skip
        make_unit(session, "jxw")
    run()
    clock.move_to("2026-11-30T12:01:00+08:00")
    run()
    as_("reporter", unit="jxw").put(f"{WEEK}/reports/jxw", json={"engagements": [visit("甲", "2026-11-24")]})
    assert visits(as_("officer")) == (1, 0)


# -- the worker and what people are told ---------------------------------------------------------------------------


def told(db: Work, login: str) -> dict[str, tuple[str, bool]]:
    with db() as session:
        rows = session.execute(
            select(Notice.kind, Notice.text, Notice.done_at).join(User, User.id == Notice.user_id)
            .where(User.login == login)
        )  # fmt: skip
        return {kind: (text, done is not None) for kind, text, done in rows}


def test_the_worker_opens_reminds_and_settles_once(
    db: Work, as_: As, run: Callable[[], None], clock: time_machine.Traveller
) -> None:
    with db() as session:
        for unit in ("jxw", "nyw"):
            make_user(session, "reporter", login=f"r-{unit}", unit=unit)
        make_user(session, "officer", login="o")
    run()
    run()
    with db() as session:
        assert [row.week for row in session.scalars(select(ReportWeek))] == ["2026-W48"]
    assert told(db, "r-jxw") == {}
    clock.move_to("2026-11-29T12:00:00+08:00")
    as_("r-nyw").put(f"{WEEK}/reports/nyw", json={"zero": True})
    as_("r-nyw").post(f"{WEEK}/reports/nyw/submit")
    run()
    assert told(db, "r-jxw") == {"report.due": ("区经济信息委2026年第48周的周报请于 11月30日 12:00 前报送", False)}
    assert told(db, "r-nyw") == {}
    clock.move_to("2026-11-30T12:01:00+08:00")
    run()
    run()
    assert told(db, "r-jxw")["report.due"][1] is True
    assert told(db, "r-jxw")["report.missing"][1] is False
    assert "漏报：区经济信息委" in told(db, "o")["report_week.settled"][0]
    with db() as session:
        weeks = {row.week: row.settled_at for row in session.scalars(select(ReportWeek))}
    assert weeks["2026-W48"] is not None and weeks["2026-W49"] is None
    as_("r-jxw").put(f"{WEEK}/reports/jxw", json={"zero": True})
    as_("r-jxw").post(f"{WEEK}/reports/jxw/submit")
    assert told(db, "r-jxw")["report.missing"][1] is True


def test_officers_hear_what_waits_and_reporters_what_came_back(db: Work, as_: As) -> None:
    officer = as_("officer", login="o")
    reporter = as_("reporter", unit="jxw", login="r")
    reporter.put(f"{WEEK}/reports/jxw", json={"zero": True})
    reporter.post(f"{WEEK}/reports/jxw/submit")
    assert told(db, "o")["report.submitted"] == ("区经济信息委2026年第48周的周报待接收", False)
    officer.post(f"{WEEK}/reports/jxw/return", json={"remarks": "请补充"})
    assert told(db, "o")["report.submitted"][1] is True
    assert told(db, "r")["report.returned"] == ("区经济信息委2026年第48周的周报被退回：请补充", False)
    reporter.post(f"{WEEK}/reports/jxw/submit")
    assert told(db, "r")["report.returned"][1] is True and told(db, "o")["report.submitted"][1] is False
    officer.post(f"{WEEK}/reports/jxw/accept")
    assert told(db, "o")["report.submitted"][1] is True


def test_weeks_that_nobody_was_there_for_are_asked_for_and_years_are_not(
    db: Work, run: Callable[[], None], clock: time_machine.Traveller
) -> None:
    def weeks() -> list[str]:
        run()
        with db() as session:
            return sorted(row.week for row in session.scalars(select(ReportWeek)))

    assert weeks() == ["2026-W48"]
    clock.move_to("2026-12-15T10:00:00+08:00")
    assert weeks() == ["2026-W48", "2026-W49", "2026-W50", "2026-W51"]
    clock.move_to("2027-12-15T10:00:00+08:00")
    assert weeks()[4:] == ["2027-W50"]


def test_a_report_of_the_last_week_of_a_long_year(as_: As, db: Work, clock: time_machine.Traveller) -> None:
    clock.move_to("2027-01-02T10:00:00+08:00")
    reporter = as_("reporter", unit="jxw")
    visit = {"key": "a", "kind": "outgoing_visit", "title": "拜访", "starts_on": "2026-12-31", "ends_on": "2027-01-01"}
    made = reporter.put("/api/v1/weekly/2026-W53/reports/jxw", json={"engagements": [visit]})
    assert made.status_code == 201 and made.json()["week"]["starts_on"] == "2026-12-28"
    assert made.json()["week"]["calendar_known"] is False
    with db() as session:
        assert session.scalars(select(Report)).one().week == "2026-W53"


def test_the_rule_of_a_weeks_monday_holds_for_it(as_: As, db: Work, clock: time_machine.Traveller) -> None:
    body = WEEKLY.shipped.model_dump(mode="json") | {
        "weeks_after": 0, "weekday": 5, "time": "18:30", "tiers": ["key"], "late_counts": "own_week",
    }  # fmt: skip
    with db() as session:
        session.add(
            RuleVersion(
                rule=WEEKLY.code, number=1, state="active", valid_from=date(2026, 11, 23), basis="黔招商〔2026〕5号",
                body=body, saved_by=0, saved_at=at("2026-11-20T08:00"),
            )
        )  # fmt: skip
        for week in ("2026-W47", "2026-W48"):
            make_week(session, week)
        make_unit(session, "jxw", tier=Tier.KEY)
        make_unit(session, "away", tier=Tier.AWAY)
    officer, reporter = as_("officer"), as_("reporter", unit="jxw")
    before, after = (officer.get(f"/api/v1/weekly/2026-W{number}").json() for number in (47, 48))
    assert (before["deadline"], before["rule"]) == ("2026-11-23T04:00:00.000000Z", "weekly_reports/0")
    assert (after["deadline"], after["rule"]) == ("2026-11-27T10:30:00.000000Z", "weekly_reports/1")
    assert [row["unit"] for row in before["items"]] == ["jxw", "away"]
    assert [row["unit"] for row in after["items"]] == ["jxw"]
    clock.move_to("2026-11-28T09:00:00+08:00")
    reporter.put(f"{WEEK}/reports/jxw", json={"zero": True})
    late = reporter.post(f"{WEEK}/reports/jxw/submit").json()
    assert (late["standing"], late["counts_in"]) == ("late", "2026-W48")
