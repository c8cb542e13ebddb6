"""Lights as a pure function: each case of the rule by hand, and what holds whatever the plan and the facts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.task_forces.lights import LIGHTS, Facts, LightRule, Override, expected, natural, shown, worst
from app.facts.task_forces.terms import Light, rank_of

RULE = LIGHTS.shipped
PLAN = {"planned_start": date(2026, 3, 10), "due_on": date(2026, 6, 17)}  # a hundred days
BEGUN = {"started_on": date(2026, 3, 10)}

CASES = {
    "before it begins": ({}, date(2026, 3, 9), "green"),
    "in the planned month, not begun, hardly behind": ({}, date(2026, 3, 19), "green"),
    "ten points behind": (BEGUN, date(2026, 3, 20), "yellow"),
    "nine points behind": (BEGUN | {"progress": 1}, date(2026, 3, 20), "green"),
    "after the planned month, not begun": ({"progress": 0}, date(2026, 4, 1), "yellow"),
    "thirty points behind": (BEGUN, date(2026, 4, 9), "yellow"),
    "thirty-one points behind": (BEGUN, date(2026, 4, 10), "red"),
    "on the due day, all but done": (BEGUN | {"progress": 99}, date(2026, 6, 17), "green"),
    "a day late, all but done": (BEGUN | {"progress": 99}, date(2026, 6, 18), "yellow"),
    "three months late to the day": (BEGUN | {"progress": 99}, date(2026, 9, 17), "yellow"),
    "over three months late": (BEGUN | {"progress": 99}, date(2026, 9, 18), "red"),
    "done late": (BEGUN | {"done_on": date(2026, 9, 1)}, date(2026, 12, 1), "green"),
    "done, looked at before": (BEGUN | {"done_on": date(2026, 9, 1)}, date(2026, 8, 31), "red"),
    "begun later than is looked at": ({"started_on": date(2026, 4, 5), "progress": 25}, date(2026, 4, 1), "yellow"),
    "cancelled": ({"cancelled_on": date(2026, 4, 1)}, date(2026, 12, 1), None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_shipped_rule_by_hand(case: str) -> None:
    facts, day, light = CASES[case]
    judged = natural(Facts(**PLAN, **facts), day, RULE)  # type: ignore[arg-type]
    assert judged.light == light, judged.why
    assert all(any("一" <= sign <= "鿿" for sign in why) for why in judged.why) and judged.why


def test_a_light_says_every_reason_there_is() -> None:
    judged = natural(Facts(**PLAN), date(2026, 12, 1), RULE)
    assert judged.light is Light.RED
    assert judged.why == (
        "计划 2026-03-10 启动，逾期 3 个月以上仍未启动",
        "应于 2026-06-17 完成，逾期超过 3 个月",
        "进度 0%，计划应达 100%，落后 100 个百分点",
    )


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
RULES = st.tuples(st.integers(1, 100), st.integers(0, 99), st.integers(1, 24)).map(
    lambda given: LightRule(
        yellow_points=given[0], red_points=min(100, given[0] + given[1]), red_months=given[2]
    )
)  # fmt: skip


@st.composite
def tasks(draw: st.DrawFn) -> Facts:
    start = draw(DAYS)
    return Facts(
        planned_start=start,
        due_on=start + timedelta(days=draw(st.integers(0, 900))),
        progress=draw(st.integers(0, 100)),
        started_on=draw(st.none() | DAYS),
        done_on=draw(st.none() | DAYS),
        cancelled_on=draw(st.none() | DAYS),
    )


@given(tasks(), RULES, DAYS, st.integers(0, 900))
def test_without_facts_a_light_never_gets_better(facts: Facts, rule: LightRule, day: date, more: int) -> None:
    """Between two days on which nothing happened: neither begun, done nor cancelled."""
    later = day + timedelta(days=more)
    happened = (facts.started_on, facts.done_on, facts.cancelled_on)
    if any(on is not None and day < on <= later for on in happened):
        return
    assert rank_of(natural(facts, later, rule).light) >= rank_of(natural(facts, day, rule).light)


@given(tasks(), RULES, DAYS, st.integers(0, 100))
def test_more_progress_is_never_worse(facts: Facts, rule: LightRule, day: date, percent: int) -> None:
    further = Facts(
        facts.planned_start, facts.due_on, max(percent, facts.progress), facts.started_on, facts.done_on,
        facts.cancelled_on,
    )  # fmt: skip
    assert rank_of(natural(further, day, rule).light) <= rank_of(natural(facts, day, rule).light)


@given(tasks(), DAYS)
def test_what_is_expected_grows_from_nothing_to_all(facts: Facts, day: date) -> None:
    assert expected(facts, facts.planned_start) == 0
    assert expected(facts, facts.due_on + timedelta(days=1)) == 100
    assert 0 <= expected(facts, day) <= expected(facts, day + timedelta(days=1)) <= 100


def test_a_light_set_by_hand_holds_until_its_day_and_not_for_what_is_cancelled() -> None:
    day = date(2026, 4, 10)
    judged = natural(Facts(**PLAN, **BEGUN), day, RULE)
    by_hand = Override(Light.GREEN, day, day + timedelta(days=5), "已批", "李工")
    assert shown(judged, by_hand, day).light is Light.GREEN
    assert "李工" in shown(judged, by_hand, day).why[0]
    assert shown(judged, by_hand, day + timedelta(days=6)) == judged
    assert shown(judged, by_hand, day - timedelta(days=1)) == judged
    cancelled = natural(Facts(**PLAN, cancelled_on=day), day, RULE)
    assert shown(cancelled, by_hand, day).light is None


def test_a_task_force_is_as_its_worst_task_and_says_which() -> None:
    day = date(2026, 4, 10)
    red = natural(Facts(**PLAN, **BEGUN), day, RULE)
    green = natural(Facts(**PLAN, **BEGUN, progress=90), day, RULE)
    none = natural(Facts(**PLAN, cancelled_on=day), day, RULE)
    assert worst([("甲", green), ("乙", red), ("丙", none)]).why == (f"乙：{red.why[0]}",)
    assert worst([("甲", green), ("丙", none)]).light is Light.GREEN
    assert worst([("丙", none)]).light is None


def test_a_rule_whose_red_comes_before_its_yellow_is_refused() -> None:
    with pytest.raises(ValueError, match="红灯"):
        LightRule(yellow_points=20, red_points=10, red_months=3)
