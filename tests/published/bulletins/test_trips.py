"""The principal leaders' trips in the bulletin: each told once, with what was agreed and how it stood then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from app.facts.engagements.models import EngagementJoin
from app.facts.engagements.terms import FollowUpState
from app.facts.reports.terms import ReportState
from app.kernel import calendar
from tests.clients import As, Work
from tests.factories.engagements import make_engagement, make_follow_up
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.reports import make_report, make_week

API = "/api/v1"
SECRETARY, MAYOR = (("书记", "区委书记"),), (("区长", "区委副书记、区长"),)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def august(as_: As, db: Work) -> dict[str, Any]:
    """One trip that two units reported and joined, one that no principal leader led, one of May with things left."""
    with db() as session:
        jxw, nyw = (make_unit(session, code) for code in ("jxw", "nyw"))
        glass, wool = (make_enterprise(session, name=name) for name in ("玻璃公司", "羊毛公司"))
        shown = make_project(session, name="防眩光玻璃", unit=jxw)
        hidden = make_project(session, name="北斗基地", unit=jxw, confidentiality="sealed")
        kept = make_engagement(
            session,
            unit=jxw,
            people=SECRETARY,
            enterprises=(glass,),
            projects=(shown, hidden),
            title="赴上海对接北斗基地",
            starts_on=date(2020, 8, 18),
            ends_on=date(2020, 8, 20),
            ends_half="am",
            region="310000",
            place="浦东新区",
        )
        other = make_engagement(
            session, unit=nyw, people=(*MAYOR, ("局长", None)), enterprises=(wool, glass), starts_on=date(2020, 8, 18)
        )
        other.joined_into_id = kept.id
        session.add(EngagementJoin(kept_id=kept.id, joined_id=other.id, at=calendar.now(), by=0, by_name="用户"))
        make_engagement(session, unit=jxw, people=(("主任", "区招商局局长"),), starts_on=date(2020, 8, 25))
        done: dict[str, Any] = {"state": FollowUpState.DONE}
        make_follow_up(session, kept, what="报送北斗基地用地方案", due_on=date(2020, 8, 30))
        make_follow_up(session, kept, what="回访", due_on=date(2020, 8, 31))
        make_follow_up(
            session, other, what="寄样品", unit=nyw, due_on=date(2020, 8, 25), done_on=date(2020, 8, 28), **done
        )
        # Done, and dropped, after the month had ended: open when it did.
        make_follow_up(session, kept, what="出政策", due_on=date(2020, 9, 30), done_on=date(2020, 9, 2), **done)
        dropped = {"state": FollowUpState.DROPPED, "dropped_reason": "投资方另选他处"}
        make_follow_up(
            session,
            other,
            what="看地",
            unit=nyw,
            due_on=date(2020, 9, 1),
            closed_at=datetime(2020, 8, 31, 16, 0, tzinfo=UTC),
            **dropped,
        )
        make_follow_up(
            session,
            other,
            what="拟合同",
            unit=nyw,
            due_on=date(2020, 9, 1),
            closed_at=datetime(2020, 8, 31, 15, 59, tzinfo=UTC),
            **dropped,
        )
        may = make_engagement(session, unit=jxw, people=MAYOR, starts_on=date(2020, 5, 6), title="五月之行")
        make_follow_up(session, may, what="签框架", due_on=date(2020, 6, 30))
        make_follow_up(session, may, what="已办", due_on=date(2020, 6, 30), done_on=date(2020, 6, 1), **done)
        settled = make_engagement(session, unit=jxw, people=MAYOR, starts_on=date(2020, 4, 6))
        make_follow_up(session, settled, due_on=date(2020, 6, 30), done_on=date(2020, 8, 31), **done)
    found: dict[str, Any] = as_("leader").get(f"{API}/bulletins/2020-08").json()
    return found


def test_a_joined_trip_is_told_once_with_what_all_its_reports_say(august: dict[str, Any]) -> None:
    leaders = august["leaders"]
    assert leaders["as_of"] == "2020-08-31"
    (trip,) = leaders["items"]
    assert (trip["starts_on"], trip["ends_on"], trip["days"]) == ("2020-08-18", "2020-08-20", "2.5")
    assert (trip["region"], trip["place"]) == ("上海市", "浦东新区")
    assert trip["leaders"] == ["区委书记", "区委副书记、区长"]
    assert [unit["unit"] for unit in trip["units"]] == ["jxw", "nyw"]
    assert trip["enterprises"] == ["玻璃公司", "羊毛公司"]
    lines = {line["indicator"]: line for line in august["headline"]}
    assert lines["leader_trips"]["month"]["value"] == 1


def test_follow_ups_stand_as_they_did_when_the_month_ended(august: dict[str, Any]) -> None:
    (trip,) = august["leaders"]["items"]
    assert {line["what"]: (line["state"], line["days_overdue"]) for line in trip["follow_ups"]} == {
        "寄样品": ("done", 3),
        "报送有关项目用地方案": ("overdue", 1),
        "回访": ("open", 0),
        "看地": ("open", 0),
        "拟合同": ("dropped", 0),
        "出政策": ("open", 0),
    }
    assert august["leaders"]["follow_ups"] == {"agreed": 6, "done": 1, "open": 3, "overdue": 1, "dropped": 1}
    assert all(line["done_on"] is None for line in trip["follow_ups"] if line["state"] != "done")


def test_what_is_left_of_earlier_trips_is_told(august: dict[str, Any]) -> None:
    (trip,) = august["leaders"]["earlier"]
    assert (trip["title"], [line["what"] for line in trip["follow_ups"]]) == ("五月之行", ["签框架"])
    assert trip["follow_ups"][0]["days_overdue"] == 62
    assert august["leaders"]["earlier_follow_ups"]["overdue"] == 1


def test_a_project_that_is_not_open_is_counted_and_its_name_stands_nowhere(august: dict[str, Any]) -> None:
    (trip,) = august["leaders"]["items"]
    assert [project["name"] for project in trip["projects"]] == ["防眩光玻璃"]
    assert (trip["withheld"], trip["title"]) == (1, "赴上海对接有关项目")
    assert "北斗基地" not in str(august)


def test_days_out_and_visits_by_unit_are_the_figures_own(as_: As, august: dict[str, Any]) -> None:
    units = {line["unit"]: line for line in august["units"]}
    asked = "days_out", "outgoing_visits", "incoming_visits"
    for stretch, period in (("month", "2020-08"), ("year", august["year_to_date"])):
        figures = as_("leader").get(
            f"{API}/figures", params={"indicator": asked, "period": period, "by": "unit", "as_of": "2020-08-31"}
        )
        told = {(item["dimensions"]["unit"], item["indicator"]): item["value"] for item in figures.json()["items"]}
        for unit, line in units.items():
            for indicator in asked:
                assert line[stretch][indicator] == told.get((unit, indicator), "0.0" if indicator == "days_out" else 0)
    assert (units["jxw"]["month"]["days_out"], units["jxw"]["year"]["days_out"]) == ("3.5", "5.5")
    assert units["nyw"]["month"]["days_out"] == "2.5"


def test_units_that_filed_late_or_not_are_named_week_by_week(as_: As, db: Work) -> None:
    due = datetime(2020, 8, 10, 4, 0, tzinfo=UTC)
    with db() as session:
        for code in ("jxw", "nyw", "swj"):
            make_unit(session, code)
        make_week(session, "2020-W32", deadline_at=due, settled_at=due, tiers=",key,assist,support,away,")
        make_report(session, "2020-W32", "jxw", state=ReportState.SUBMITTED, submitted=due)
        make_report(session, "2020-W32", "nyw", state=ReportState.SUBMITTED, submitted=due.replace(hour=5))
    content = as_("leader").get(f"{API}/bulletins/2020-08").json()
    weeks = {week["week"]: week for week in content["weeks"]}
    assert list(weeks) == ["2020-W32", "2020-W33", "2020-W34", "2020-W35"]
    week = weeks["2020-W32"]
    assert (week["settled"], weeks["2020-W33"]["settled"]) == (True, False)
    assert [unit["unit"] for unit in week["late"]] == ["nyw"]
    assert "swj" in [unit["unit"] for unit in week["missing"]]
    units = {line["unit"]: line["month"] for line in content["units"]}
    assert (units["nyw"]["late_reports"], units["swj"]["missing_reports"]) == (1, 1)
    assert (units["jxw"]["late_reports"], units["jxw"]["missing_reports"]) == (0, 0)
