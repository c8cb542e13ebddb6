"""The board of a week on a database: counted by hand, explained to the row, published, tried under another rule."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from app.facts.projects.models import Project, ProjectGrant
from app.facts.projects.service import refresh_sight
from app.facts.reports.jobs import keep_weeks
from app.facts.reports.terms import ReportState
from app.identity.units.models import Tier, UnitTerm
from app.kernel import rules
from app.kernel.access import Actor, Role, permissions_of
from app.kernel.calendar import SHANGHAI
from app.published.boards.rules import ACTIVITY
from tests.clients import As, Kept, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.reports import make_report, make_week
from tests.published.boards.ruling import body
from tests.replay import assert_log_equals_tables

API = "/api/v1"
WEEK = "2026-W32"  # 3 to 9 August
OF = f"{API}/boards/{WEEK}"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-08-12T09:00:00+08:00", tick=False) as traveller:
        yield traveller


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def week(kept: Kept, db: Work) -> None:
    kept(three_units_and_one, db)


def three_units_and_one(db: Work) -> None:
    """Three units of one tier and one of another; what they did from 3 to 9 August and a day before and after.

    jxw: a signing, sealed, on the Sunday; a visit of 1.5 days; a joint visit of a day; its report a second late.
    nyw: took part in the joint visit; two press items; no report.
    sww: two enterprises came. wlw (support): one event. What happened on 2 and 10 August counts for nobody.
    """
    with db() as session:
        jxw, nyw, sww = (make_unit(session, code) for code in ("jxw", "nyw", "sww"))
        wlw = make_unit(session, "wlw", tier=Tier.SUPPORT)
        closes = at("2026-08-10T12:00")
        make_week(session, WEEK, deadline_at=closes, settled_at=closes, tiers=",key,support,")
        sealed = make_project(session, name="密件项目", unit=jxw, stage="signed", confidentiality="sealed")
        make_agreement(session, sealed, signed_on=date(2026, 8, 9), amount_fen=2 * YI)
        early = make_project(session, name="早一天", unit=nyw, stage="signed")
        make_agreement(session, early, signed_on=date(2026, 8, 2))
        make_engagement(
            session, unit=jxw, title="赴杭州", starts_on=date(2026, 8, 3), ends_on=date(2026, 8, 4), ends_half="am"
        )
        make_engagement(session, unit=jxw, units=(nyw,), title="联合赴深圳", starts_on=date(2026, 8, 5))
        make_engagement(session, unit=nyw, title="晚一天", starts_on=date(2026, 8, 10))
        for number in range(2):
            make_engagement(session, unit=nyw, kind="press", title=f"报道{number}", starts_on=date(2026, 8, 6))
            make_engagement(session, unit=sww, kind="incoming_visit", visitors=4, starts_on=date(2026, 8, 7))
        make_engagement(session, unit=wlw, kind="event", title="推介会", starts_on=date(2026, 8, 8))
        filed = ReportState.SUBMITTED
        make_report(session, WEEK, jxw, state=filed, submitted=at("2026-08-10T12:00:01"))
        for unit in (sww, wlw):
            make_report(session, WEEK, unit, state=filed, submitted=at("2026-08-07T10:00"))


@pytest.fixture
def board(as_: As, week: None) -> dict[str, Any]:
    answer = as_("leader").get(OF)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lines(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["unit"]: line for tier in board["tiers"] for line in tier["units"]}


# Under the sample: 签约 25 and 开工 20 (target 1, at most 100), 外出 20 and 到访 15 (60 to 100, all equal: 60),
# 活动 10 (target 1), 宣传 10 (100, 90, 80 … by place, nothing: 0); a late report costs 1, a missing one 2.
BY_HAND = {
    # 签约 1 → 100 × 25 %; 外出 2 visits + 2.5 days × 0.5 = 3.25, the most → 100 × 20 %; 到访 0, the least → 60 × 15 %;
    # late: 25 + 0 + 20 + 9 + 0 + 0 = 54, less 1
    "jxw": (("25.00", "0.00", "20.00", "9.00", "0.00", "0.00"), "54.00", 1, 0, "1.00", "53.00", 1),
    # 外出 1 visit + 1 day × 0.5 = 1.5 of 0 … 3.25: 60 + 40 × 1.5 ÷ 3.25 = 78.4615… → 78.46 × 20 % = 15.692 → 15.69;
    # 到访 60 × 15 %; 宣传 2, the first of three → 100 × 10 %; missing: 0 + 0 + 15.69 + 9 + 0 + 10 = 34.69, less 2
    "nyw": (("0.00", "0.00", "15.69", "9.00", "0.00", "10.00"), "34.69", 0, 1, "2.00", "32.69", 2),
    # 外出 0, the least → 60 × 20 %; 到访 2, the most → 100 × 15 %: 12 + 15 = 27
    "sww": (("0.00", "0.00", "12.00", "15.00", "0.00", "0.00"), "27.00", 0, 0, "0.00", "27.00", 3),
    # alone in its tier: 外出 and 到访 all equal → 60 × 20 % and 60 × 15 %; 活动 1 → 100 × 10 %: 12 + 9 + 10 = 31
    "wlw": (("0.00", "0.00", "12.00", "9.00", "10.00", "0.00"), "31.00", 0, 0, "0.00", "31.00", 1),
}


def told(line: dict[str, Any]) -> tuple[Any, ...]:
    points = tuple(part["points"] for part in line["parts"])
    return points, *(line[name] for name in ("subtotal", "late", "missing", "penalty", "total", "rank"))


def test_a_week_counted_by_hand(board: dict[str, Any]) -> None:
    assert {unit: told(line) for unit, line in lines(board).items()} == BY_HAND
    assert [(tier["code"], [line["unit"] for line in tier["units"]]) for tier in board["tiers"]] == [
        ("key", ["jxw", "nyw", "sww"]), ("support", ["wlw"]),
    ]  # fmt: skip
    assert (board["state"], board["settled"]) == ("frozen", True)
    assert [unit["unit"] for unit in board["late"]] == ["jxw"]
    assert [unit["unit"] for unit in board["missing"]] == ["nyw"]
    assert (board["rule"]["version"], board["rule"]["sample"]) == ("activity/0", True)
    # The joint visit is one trip of the district: 2 visits of 2.5 days, though the units have 3 of 3.5.
    assert {line["indicator"]: line["value"] for line in board["summary"]} == {
        "signed_count": 1, "contract_amount": "200000000.00", "started_count": 0, "outgoing_visits": 2,
        "days_out": "2.5", "incoming_visits": 2, "visitors": 8, "events_held": 1, "press_items": 2,
    }  # fmt: skip


@pytest.mark.parametrize("who", ["officer", "leader", "reporter", "reviewer"])
def test_only_open_projects_are_named(as_: As, week: None, who: str) -> None:
    answer = as_(who).get(OF)
    assert (answer.json()["signed"], "密件" in answer.text) == ({"items": [], "withheld": 1}, False)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_a_board_and_try_a_rule(as_: As, week: None, role: Role) -> None:
    asking = as_(role.value)
    reads = role in (Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER)
    for path in (OF, f"{OF}/units/jxw"):
        assert asking.get(path).status_code == (200 if reads else 403), path
    tries = role in (Role.OFFICER, Role.REVIEWER)
    assert asking.post(f"{OF}/trials", json={"version": 0}).status_code == (200 if tries else 403)


# -- explained -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", BY_HAND)
def test_an_explanation_adds_up_to_the_board(as_: As, board: dict[str, Any], unit: str) -> None:
    found = as_("leader").get(f"{OF}/units/{unit}").json()
    line = lines(board)[unit]
    assert [part["points"] for part in found["parts"]] == [part["points"] for part in line["parts"]]
    for name in ("rank", "subtotal", "late", "missing", "penalty", "total"):
        assert found[name] == line[name]
    for part in found["parts"]:
        assert sum(Decimal(term["value"]) for term in part["terms"]) == Decimal(part["value"])
        worth = [row["points"] for term in part["terms"] for row in term["rows"]]
        worth += [term["withheld_points"] for term in part["terms"]]
        if Decimal(part["value"]) > 0:
            assert sum(map(Decimal, worth)) == Decimal(part["points"])
        else:
            assert set(worth) == {None}
        for term in part["terms"]:
            if not term["withheld"]:
                assert sum(Decimal(row["count"]) for row in term["rows"]) == Decimal(term["count"])


def test_each_row_is_told_with_what_it_is_worth(as_: As, week: None) -> None:
    found = as_("leader").get(f"{OF}/units/jxw").json()
    parts = {part["code"]: part for part in found["parts"]}
    # 20 points for 3.25: two visits 1 each, 1.5 days × 0.5 = 0.75 and 1 day × 0.5 = 0.5; 20 ÷ 3.25 = 6.1538…:
    # 6.15 + 6.15 + 4.62 + 3.08 (cut 6.15, 6.15, 4.61, 3.07; two hundredths are left, for the largest remainders)
    rows = [
        (row["title"], row["date"], row["count"], row["measure"], row["points"])
        for term in parts["outgoing"]["terms"]
        for row in term["rows"]
    ]
    assert rows == [
        ("赴杭州", "2026-08-03", "1", "1", "6.15"), ("联合赴深圳", "2026-08-05", "1", "1", "6.15"),
        ("赴杭州", "2026-08-03", "1.5", "0.75", "4.62"), ("联合赴深圳", "2026-08-05", "1", "0.5", "3.08"),
    ]  # fmt: skip
    assert parts["outgoing"]["basis"] == {"target": None, "least": "0", "most": "3.25", "place": None, "of": 3}
    assert parts["outgoing"]["working"] == ["(3.25−0)÷(3.25−0)×40＋60，得100.00", "100.00×20÷100＝20.00"]
    assert parts["press"]["working"] == ["计量为0，不按名次，得0.00", "0.00×10÷100＝0.00"]
    # The sealed signing is counted, and not told.
    (signed,) = parts["signing"]["terms"]
    assert (signed["count"], signed["rows"], signed["withheld"], signed["withheld_points"]) == ("1", [], 1, "25.00")


@pytest.mark.parametrize("who", ["leader", "officer", "reporter of its unit", "named"])
def test_a_sealed_row_is_told_only_to_whom_it_names(as_: As, db: Work, week: None, who: str) -> None:
    with db() as session:
        sealed = session.query(Project).filter_by(name="密件项目").one()
        user = make_user(session, Role.OFFICER, login="named", named=True)
        session.add(ProjectGrant(project_id=sealed.id, user_id=user.id, source="named"))
        refresh_sight(session, sealed)
    asking = as_("reporter", unit="jxw") if who == "reporter of its unit" else as_(who)
    (term,) = asking.get(f"{OF}/units/jxw").json()["parts"][0]["terms"]
    told = ([row["title"] for row in term["rows"]], term["withheld"], term["withheld_points"])
    assert told == ((["密件项目"], 0, "0.00") if who == "named" else ([], 1, "25.00"))


def test_an_enterprise_counts_once_however_many_rows_tell_of_it(as_: As, db: Work) -> None:
    activate(db, body(outgoing={
        "terms": [{"indicator": "enterprises_visited", "factor": 1}],
        "scoring": {"method": "target", "target": "2", "cap": "100"},
    }))  # fmt: skip
    with db() as session:
        firm = make_enterprise(session, name="甲公司")
        for day in (13, 14):  # to come, in the running week
            make_engagement(session, enterprises=(firm,), starts_on=date(2026, 8, day))
    found = as_("leader").get(f"{API}/boards/2026-W33/units/jxw").json()["parts"][2]
    # 1 of 2: 50; 50 × 20 % = 10
    rows = [(row["date"], row["enterprise"], row["count"], row["points"]) for row in found["terms"][0]["rows"]]
    assert (found["value"], rows) == (
        "1", [("2026-08-13", "甲公司", "1", "10.00"), ("2026-08-14", "甲公司", "0", "0.00")],
    )  # fmt: skip


def test_money_is_measured_in_yi(as_: As, week: None, db: Work) -> None:
    activate(db, body(signing={
        "terms": [{"indicator": "contract_amount", "factor": "0.5"}],
        "scoring": {"method": "target", "target": "4", "cap": "100"},
    }))  # fmt: skip
    found = as_("leader").get(f"{OF}/units/jxw").json()["parts"][0]
    # 2亿 × 0.5 = 1 of 4: 25; 25 × 25 % = 6.25
    assert (found["value"], found["score"], found["points"]) == ("1", "25.00", "6.25")
    assert (found["terms"][0]["count"], found["terms"][0]["unit"], found["measure"]) == (
        "2", "亿元", "合同引资（亿元）×0.5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("2026-W32/units/nobody", 404),
        ("2026-W54", 404),
        ("2026-W33", 200),  # this week
        ("2026-W34", 422),  # to come
        ("2026-32", 422),
        ("2025-W53", 404),  # 2025 has 52
    ],
)
def test_weeks_and_units_that_there_are(as_: As, week: None, path: str, status: int) -> None:
    assert as_("leader").get(f"{API}/boards/{path}").status_code == status


def test_a_week_across_new_year(as_: As, db: Work) -> None:
    """2020-W53 is 28 December 2020 to 3 January 2021: one week, of 2020, units as on its last day."""
    with db() as session:
        jxw = make_unit(session, "jxw")
        term = session.query(UnitTerm).filter_by(unit_id=jxw.id).one()
        term.valid_to = date(2020, 12, 31)
        session.add(UnitTerm(unit_id=jxw.id, name="新名字", tier=Tier.SUPPORT, valid_from=date(2021, 1, 1)))
        for day in (date(2020, 12, 27), date(2020, 12, 28), date(2021, 1, 3), date(2021, 1, 4)):
            make_engagement(session, unit=jxw, kind="event", starts_on=day)
    board = as_("leader").get(f"{API}/boards/2020-W53").json()
    assert (board["starts_on"], board["ends_on"], board["state"]) == ("2020-12-28", "2021-01-03", None)
    (tier,) = board["tiers"]
    (line,) = tier["units"]
    assert (tier["code"], line["name"], line["parts"][4]["measure"]) == ("support", "新名字", "2")
    made = as_("reviewer").post(f"{API}/issues", json={"kind": "weekly_board", "period": "2020-W53"}).json()
    assert (made["year"], made["title"]) == (2020, "招商引资活跃指数周展示（2020年第1期）")


# -- published -----------------------------------------------------------------------------------------------------


def publish(as_: As, **more: Any) -> Any:
    return as_("reviewer").post(f"{API}/issues", json={"kind": "weekly_board", "period": WEEK} | more)


def test_a_published_board_is_frozen_verified_and_corrected_by_an_edition(
    as_: As, board: dict[str, Any], db: Work
) -> None:
    first = publish(as_)
    assert first.status_code == 201, first.text
    issue = first.json()
    apart = {"state", "deadline", "settled"}
    assert issue["content"] == {name: value for name, value in board.items() if name not in apart}
    assert issue["rules"] == {"indicators": 0, "scale": 0, "activity": 0, "weekly_reports": 0}
    of = f"{API}/issues/weekly_board/2026/1"
    assert as_("reporter").get(f"{of}/verification").json()["genuine"] is True
    with db() as session:
        make_engagement(session, unit="sww", kind="event", title="漏报的活动", starts_on=date(2026, 8, 4))
    assert as_("leader").get(of).json()["content"] == issue["content"]
    second = publish(as_, reason="漏计一场活动").json()
    assert (second["number"], second["edition"]) == (1, 2)
    changes = {
        item["path"]: (item["before"], item["after"]) for item in as_("leader").get(f"{of}/differences").json()["items"]
    }
    at = "tiers.key.units.sww"
    assert changes[f"{at}.parts.events.points"] == ("0.00", "10.00")
    assert changes[f"{at}.total"] == ("27.00", "37.00")
    assert changes[f"{at}.rank"] == (3, 2)
    assert changes["tiers.key.units.nyw.rank"] == (2, 3)
    assert changes["summary.events_held.value"] == (1, 2)
    assert as_("leader").get(of, params={"edition": 1}).json()["content"] == issue["content"]
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_a_week_whose_reports_are_awaited_is_not_published(
    app: FastAPI, as_: As, db: Work, clock: time_machine.Traveller
) -> None:
    with db() as session:
        make_unit(session, "jxw")
        make_week(session, WEEK)
    clock.move_to("2026-08-10T11:50:00+08:00")
    refused = publish(as_)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_settled")
    board = as_("leader").get(OF).json()
    assert (board["state"], board["settled"], board["deadline"]) == ("open", False, "2026-08-10T04:00:00Z")
    clock.move_to("2026-08-10T12:00:01+08:00")
    assert as_("leader").get(OF).json()["state"] == "frozen", "it froze without anybody writing"
    assert publish(as_).status_code == 409, "nobody has settled yet who is late"
    keep_weeks(app.state.database)
    body = {"until": "2026-08-10T12:20:00+08:00", "reason": "断网"}
    assert as_("reviewer").post(f"/api/v1/weekly/{WEEK}/reopen", json=body).status_code == 200
    assert publish(as_).json()["code"] == "not_settled", "it takes reports again"
    clock.move_to("2026-08-10T12:20:01+08:00")
    assert [unit["unit"] for unit in publish(as_).json()["content"]["missing"]] == ["jxw"]


# -- under another rule --------------------------------------------------------------------------------------------

DRAFTER, JUDGE = (
    Actor(number, role.value, "user", frozenset({role}), permissions_of(frozenset({role})))
    for number, role in ((901, Role.OFFICER), (902, Role.REVIEWER))
)


def draft(db: Work, content: dict[str, Any], since: date = date(2026, 8, 3)) -> int:
    with db(DRAFTER) as session:
        version = rules.save(session, DRAFTER, ACTIVITY, content, since, None, "会议纪要〔2026〕8号")
        session.flush()
        return version.number


def activate(db: Work, content: dict[str, Any], since: date = date(2026, 8, 3)) -> None:
    number = draft(db, content, since)
    with db(JUDGE) as session:
        version = session.query(rules.RuleVersion).filter_by(rule=ACTIVITY.code, number=number).one()
        rules.activate(session, JUDGE, version)


def test_the_rule_of_the_monday_holds(as_: As, week: None, db: Work) -> None:
    activate(db, body(title="星期一起"), date(2026, 8, 3))
    activate(db, body(title="星期二起", missing="9"), date(2026, 8, 4))
    assert as_("leader").get(OF).json()["rule"]["title"] == "星期一起"
    assert as_("leader").get(f"{API}/boards/2026-W33").json()["rule"]["title"] == "星期二起"
    assert publish(as_).json()["rules"]["activity"] == 1
    assert as_("leader").get(f"{API}/boards/2026-W31").json()["rule"]["sample"] is True


def test_a_draft_is_tried_on_a_past_week_and_nothing_is_written(as_: As, board: dict[str, Any], db: Work) -> None:
    changed = body(signing={"weight": "0"}, events={"weight": "35"}, tiers=["key"], missing="0")
    number = draft(db, changed)
    found = as_("officer").post(f"{OF}/trials", json={"version": number})
    assert found.status_code == 200, found.text
    trial = found.json()
    units = {unit["unit"]: unit for unit in trial["units"]}
    # jxw loses its 25 for the signing: 28; nyw has its 2 back: 34.69; sww as before: 27; wlw takes no part.
    assert units["jxw"] == {
        "unit": "jxw", "name": "区经济信息委", "tier": "key", "before": {"rank": 1, "total": "53.00"},
        "after": {"rank": 2, "total": "28.00"}, "rank_change": -1, "total_change": "-25",
    }  # fmt: skip
    assert (units["nyw"]["after"], units["nyw"]["rank_change"]) == ({"rank": 1, "total": "34.69"}, 1)
    assert (units["wlw"]["after"], units["wlw"]["rank_change"]) == (None, None)
    assert trial["before"]["tiers"] == board["tiers"]
    assert trial["after"]["rule"]["version"] == f"activity/{number}"
    assert as_("officer").post(f"{OF}/trials", json={"body": changed}).json()["units"] == trial["units"]
    assert as_("leader").get(OF).json() == board


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "body"),
        ({"version": 0, "body": {}}, "body"),
        ({"version": 9}, "version"),
        ({"body": {}}, "body.title"),
        ({"body": body(press={"weight": "11"})}, "body"),
        ({"body": body(press={"scoring": {"method": "target", "target": "0", "cap": "100"}})},
         "body.press.scoring.target.target"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused_with_its_field(
    as_: As, week: None, sent: dict[str, Any], field: str
) -> None:  # fmt: skip
    answer = as_("officer").post(f"{OF}/trials", json=sent)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
