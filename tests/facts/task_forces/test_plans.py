"""Plans laid backwards: as a pure function whatever the template; as tasks that move with the day until they begin."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from app.facts.projects.terms import Kind
from app.facts.task_forces.plans import TASK_PLANS, PlanStep, TaskPlansRule, check, circle, laid
from app.kernel import calendar
from tests.clients import As, Work
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"
DAY = timedelta(days=1)


@st.composite
def templates(draw: st.DrawFn) -> tuple[PlanStep, ...]:
    """Steps in any order, each of which needs some of those before it in another order."""
    count = draw(st.integers(1, 12))
    steps = [
        PlanStep(
            name=f"步骤{place}",
            days=draw(st.integers(1, 60)),
            working=draw(st.booleans()),
            needs=tuple(f"步骤{one}" for one in draw(st.sets(st.integers(0, place - 1)))) if place else (),
        )
        for place in range(count)
    ]
    return tuple(draw(st.permutations(steps)))


@given(templates(), st.dates(date(2015, 1, 1), date(2026, 12, 31)), st.sets(st.dates(), max_size=5))
def test_whatever_the_template(steps: tuple[PlanStep, ...], target: date, holidays: set[date]) -> None:
    """All is done on the day, every step ends before what needs it begins, and has exactly its days."""

    def works(day: date) -> bool:
        return day.weekday() < 5 and day not in holidays

    days = laid(steps, target, works)
    assert days.keys() == {step.name for step in steps}
    needed = {name for step in steps for name in step.needs}
    for step in steps:
        first, last = days[step.name]
        assert last <= target
        every = [first + DAY * offset for offset in range((last - first).days + 1)]
        if step.working:
            assert sum(map(works, every)) == step.days
            assert works(first) and works(last)
        else:
            assert len(every) == step.days
        for name in step.needs:
            assert days[name][1] < first
        if step.name not in needed:  # as late as it may be
            assert not any(
                works(last + DAY * offset) or not step.working for offset in range(1, (target - last).days + 1)
            )


@given(templates(), st.dates(date(2015, 1, 1), date(2026, 12, 31)), st.integers(1, 400))
def test_a_later_day_makes_no_step_earlier(steps: tuple[PlanStep, ...], target: date, more: int) -> None:
    def works(day: date) -> bool:
        return day.weekday() < 5

    before, after = laid(steps, target, works), laid(steps, target + DAY * more, works)
    assert all(after[name][0] >= before[name][0] and after[name][1] >= before[name][1] for name in before)


@given(templates())
def test_a_template_without_circle_has_none(steps: tuple[PlanStep, ...]) -> None:
    assert circle(steps) is None
    assert check(TaskPlansRule(plans={Kind.LEASE: {"steps": steps}})) == []


def test_working_days_are_those_of_the_calendar() -> None:
    """National day 2020: 1 to 8 October are free, 27 September and 10 October are worked."""
    steps = (PlanStep(name="甲", days=3, working=True), PlanStep(name="乙", days=1, working=True, needs=("甲",)))
    days = laid(steps, date(2020, 10, 9), lambda day: calendar.is_working_day(day, {}))
    assert days == {"乙": (date(2020, 10, 9), date(2020, 10, 9)), "甲": (date(2020, 9, 28), date(2020, 9, 30))}


def test_the_shipped_templates_are_whole() -> None:
    assert set(TASK_PLANS.shipped.plans) == set(Kind)
    assert check(TASK_PLANS.shipped) == []


@pytest.mark.parametrize(
    ("steps", "field", "code"),
    [
        ([("甲", []), ("甲", [])], "1.name", "twice"),
        ([("甲", ["乙"])], "0.needs.0", "unknown_step"),
        ([("甲", ["丙"]), ("乙", ["甲"]), ("丙", ["乙"])], "0.needs", "cycle"),
        ([("甲", ["甲"])], "0.needs", "cycle"),
    ],
)
def test_a_wrong_template_is_not_saved(as_: As, steps: list[Any], field: str, code: str) -> None:
    body = {"plans": {"lease": {"steps": [{"name": name, "days": 5, "needs": needs} for name, needs in steps]}}}
    draft = {"body": body, "valid_from": "2030-01-01", "basis": "x"}
    refused = as_("officer").post(f"{API}/rules/task_plans/versions", json=draft)
    assert refused.status_code == 422
    error = refused.json()["errors"][0]
    assert (error["field"], error["code"]) == (f"body.plans.lease.steps.{field}", code)


# -- as tasks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel("2020-06-01T09:00:00+08:00", tick=False):
        yield


def test_a_plan_becomes_tasks_and_moves_with_the_day(as_: As, db: Work, clock: None) -> None:
    with db() as session:
        make_unit(session, "nyw")
        force = make_task_force(session, make_project(session, kind="lease"), members=("nyw",))
        place = f"{API}/task-forces/{force.id}"
        by_hand = make_task(session, force, due_on=date(2021, 1, 1)).id
    lead = as_("reporter", unit="jxw")
    body = {"target_on": "2020-12-31", "units": {"选定场所": "nyw"}}
    tried = lead.post(f"{place}/plan", json=body | {"dry_run": True})
    assert tried.status_code == 200, tried.text
    assert tried.json()["starts_on"] == "2020-10-02"  # 1, 60, 15, 15 days back from the last of December
    assert {item["action"] for item in tried.json()["items"]} == {"added"}
    assert [task["id"] for task in lead.get(place).json()["tasks"]] == [by_hand]
    made = lead.post(f"{place}/plan", json=body).json()
    assert [item | {"task": None} for item in made["items"]] == tried.json()["items"]
    tasks = {task["step"]: task for task in lead.get(place).json()["tasks"]}
    assert (tasks["选定场所"]["unit"], tasks["注册公司"]["unit"]) == ("nyw", "jxw")
    assert sorted(tasks["装修与设备进场"]["needs"]) == sorted(tasks[s]["id"] for s in ("签订租赁合同", "注册公司"))
    again = lead.post(f"{place}/plan", json=body).json()
    assert {item["action"] for item in again["items"]} == {"same"}
    assert lead.post(f"{API}/tasks/{tasks['选定场所']['id']}/start", json={"on": "2020-06-01"}).status_code == 200
    moved = lead.post(f"{place}/plan", json={"target_on": "2020-08-01"}).json()
    assert {item["step"]: item["action"] for item in moved["items"]} == {
        **dict.fromkeys(("签订租赁合同", "注册公司", "装修与设备进场", "开工运营"), "moved"), "选定场所": "kept",
    }  # fmt: skip
    assert (moved["starts_on"], moved["late_days"]) == ("2020-05-18", 14)
    assert lead.get(place).json()["target_on"] == "2020-08-01"
    with db() as session:
        assert_log_equals_tables(session.connection())


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"units": {"无此步骤": "jxw"}}, "units", "unknown_step"),
        ({"units": {"开工": "sww"}}, "units", "no_member"),
        ({"target_on": "1949-01-02"}, "target_on", "too_early"),
        ({"target_on": "2999-01-02"}, "target_on", "out_of_range"),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(
    as_: As, db: Work, clock: None, body: dict[str, Any], field: str, code: str
) -> None:
    with db() as session:
        make_unit(session, "sww")
        place = f"{API}/task-forces/{make_task_force(session, make_project(session)).id}"
    refused = as_("officer").post(f"{place}/plan", json={"target_on": "2020-12-31"} | body)
    assert refused.status_code == 422
    assert (refused.json()["errors"][0]["field"], refused.json()["errors"][0]["code"]) == (field, code)


def test_working_days_nobody_knows_and_kinds_without_template_are_told(as_: As, db: Work, clock: None) -> None:
    with db() as session:
        places = [
            f"{API}/task-forces/{make_task_force(session, make_project(session, kind=kind)).id}/plan"
            for kind in ("lease", "services")
        ]
    rule = {"plans": {"lease": {"steps": [{"name": "开工", "days": 5, "working": True}]}}}
    draft = {"body": rule, "valid_from": "2020-06-01", "basis": "x"}
    number = as_("officer").post(f"{API}/rules/task_plans/versions", json=draft).json()["number"]
    assert as_("reviewer").post(f"{API}/rules/task_plans/versions/{number}/activate").status_code == 200
    unknown = as_("officer").post(places[0], json={"target_on": "2099-12-31"})
    assert unknown.json()["errors"][0]["code"] == "calendar_unknown"
    none = as_("officer").post(places[1], json={"target_on": "2020-12-31"})
    assert (none.status_code, none.json()["code"]) == (409, "no_template")
    laid_ = as_("officer").post(places[0], json={"target_on": "2020-10-11"}).json()["items"]
    assert [(item["planned_start"], item["due_on"]) for item in laid_] == [("2020-09-28", "2020-10-10")]
