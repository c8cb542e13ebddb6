"""交办 → 催办 → 督办: which level is due, as a pure function; told once, to whom, and visible to the next level."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from app.facts.task_forces import escalations, jobs
from app.facts.task_forces.escalation import ESCALATION, EscalationRule, check, due
from app.facts.task_forces.terms import LEVELS, Level, Light
from tests.clients import As, Work, put_part
from tests.factories.identity import make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"
RULE = ESCALATION.shipped
START = date(2020, 9, 1)
A, U, S = Level.ASSIGNED, Level.URGED, Level.SUPERVISED
G, Y, R = Light.GREEN, Light.YELLOW, Light.RED

# light, the level before and how many days ago, days since the planned start → the level that is due
CASES: list[tuple[Light | None, tuple[Level, int] | None, int, Level | None]] = [
    (G, None, -1, None), (G, None, 0, A), (R, None, 100, A), (R, None, -1, None),
    (G, (A, 50), 50, None), (Y, (A, 2), 50, None), (Y, (A, 3), 50, U), (R, (A, 3), 50, U), (None, (A, 9), 50, None),
    (Y, (U, 90), 90, None), (R, (U, 6), 90, None), (R, (U, 7), 90, S), (R, (S, 300), 400, None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_shipped_rule_by_hand(case: Any) -> None:
    light, before, since, level = case
    day = START + timedelta(days=since)
    last = None if before is None else (before[0], day - timedelta(days=before[1]))
    found = due(RULE, light, START, last, day)
    assert (None if found is None else found.level) == level


@given(st.lists(st.sampled_from([G, Y, R]), max_size=60))
def test_levels_come_in_order_each_once_whatever_the_lights(lights: list[Light]) -> None:
    told: list[tuple[Level, date]] = []
    for offset, light in enumerate(lights):
        day = START + timedelta(days=offset)
        for _ in range(2):  # the job runs twice a day
            found = due(RULE, light, START, told[-1] if told else None, day)
            if found is not None:
                told.append((found.level, day))
    assert [level for level, _ in told] == LEVELS[: len(told)]
    for (_, before), (level, after) in pairwise(told):
        assert (after - before).days >= next(one.wait_days for one in RULE.levels if one.level is level)


@pytest.mark.parametrize(
    ("levels", "field"),
    [
        ([("urged", "yellow"), ("assigned", "red")], "body.levels.1.level"),
        ([("urged", "yellow"), ("urged", "red")], "body.levels.1.level"),
        ([("urged", "red"), ("supervised", "yellow")], "body.levels.1.when"),
    ],
)
def test_a_rule_out_of_order_is_refused(levels: list[tuple[str, str]], field: str) -> None:
    body = [{"level": level, "when": when, "tells": ["owner"]} for level, when in levels]
    assert [error.field for error in check(EscalationRule.model_validate({"levels": body}))] == [field]
    assert check(RULE) == []


# -- told ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel("2020-09-01T08:20:00+08:00", tick=False) as traveller:
        yield traveller


def run(app: Any) -> None:
    jobs.escalate(app.state.database)


def listed(as_: As, who: str, **asked: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    items = as_(who).get(f"{API}/escalations", params={"sort": "at", **asked}).json()["items"]
    return [(item["level"], [(one["role"], one["name"]) for one in item["told"]]) for item in items]


def waiting(as_: As, who: str) -> list[str]:
    items = as_(who).get(f"{API}/me/notices", params={"sort": "told_at"}).json()["items"]
    return [item["kind"] for item in items if item["done_at"] is None and item["kind"].startswith("task.")]


@pytest.fixture
def people(db: Work) -> None:
    with db() as session:
        make_user(session, "leader", login="wang", name="王区长")
        make_user(session, "reporter", login="owner", name="农委联络员", unit="nyw")
        make_user(session, "reporter", login="lead", name="经信联络员", unit="jxw")
        make_user(session, "officer", login="li", name="李工")
        make_user(session, "reviewer", login="judge", name="审核人")


def test_a_task_that_nobody_moves_is_told_of_level_by_level(
    as_: As, db: Work, app: Any, clock: Any, people: None
) -> None:
    with db() as session:
        force = make_task_force(
            session, make_project(session, officer="李工", name="专班项目"), members=("nyw",),
        )  # fmt: skip
        place = f"{API}/tasks/{make_task(session, force, unit='nyw', title='办理用地', due_on=date(2020, 9, 30)).id}"
        whole = f"{API}/task-forces/{force.id}"
    etag = as_("officer").get(whole).headers["ETag"]
    assert as_("officer").patch(whole, json={"leader": "wang"}, headers={"If-Match": etag}).status_code == 200
    assigned = ("assigned", [("owner", "农委联络员")])
    urged = ("urged", [("owner", "农委联络员"), ("lead", "经信联络员")])
    supervised = ("supervised", [*urged[1], ("leader", "王区长"), ("bureau", "李工")])
    expected: list[Any] = []
    levels = {
        "2020-09-01": [assigned], "2020-09-02": [assigned], "2020-09-04": [assigned, urged], "2020-09-10": None,
        "2020-09-11": [assigned, urged, supervised], "2020-12-31": [assigned, urged, supervised],
    }  # fmt: skip
    for day, now in levels.items():
        clock.move_to(f"{day}T08:20:00+08:00")
        run(app)
        run(app)
        expected = expected if now is None else now
        clock.move_to("2020-09-01T09:00:00+08:00")  # sessions do not live as long as this story
        assert listed(as_, "li") == expected, day
    assert waiting(as_, "owner") == ["task.assigned", "task.urged", "task.supervised"]
    assert waiting(as_, "wang") == ["task.supervised"]
    assert waiting(as_, "judge") == []
    assert as_("li").get(place).json()["level"] == "supervised"
    assert listed(as_, "wang", mine=True, level="supervised") == [supervised]
    assert listed(as_, "judge", mine=True) == []
    done = as_("owner").post(f"{place}/done", json={"on": "2020-09-01", "result": "已办"})
    assert done.status_code == 200
    assert waiting(as_, "owner") == waiting(as_, "wang") == []
    history = as_("li").get(f"{whole}/history", params={"limit": 200}).json()["items"]
    assert sum(item["label"] == "逐级督办" for item in history) == 3
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_given_anew_it_begins_anew(as_: As, db: Work, app: Any, clock: Any, people: None) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session), members=("nyw",))
        place = f"{API}/tasks/{make_task(session, force, unit='nyw').id}"
    run(app)
    officer = as_("officer")
    for change, rounds in (
        ({"title": "改"}, 1), ({"due_on": "2021-03-31"}, 2), ({"due_on": "2021-03-01"}, 2), ({"unit": "jxw"}, 3),
    ):  # fmt: skip
        etag = officer.get(place).headers["ETag"]
        assert officer.patch(place, json=change, headers={"If-Match": etag}).status_code == 200
        run(app)
        assert len(listed(as_, "li")) == rounds, change
    assert waiting(as_, "owner") == []
    assert waiting(as_, "lead") == ["task.assigned"]
    assert officer.post(f"{place}/cancel", json={"reason": "不办"}).status_code == 200
    run(app)
    assert len(listed(as_, "li")) == 3
    assert waiting(as_, "lead") == []


@pytest.mark.parametrize(("lead", "told"), [("jxw", ("lead", "经信联络员")), ("sww", ("bureau", "李工"))])
def test_where_nobody_answers_for_a_unit_the_next_one_hears_of_it(
    as_: As, db: Work, app: Any, clock: Any, people: None, lead: str, told: tuple[str, str]
) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session, officer="李工"), lead=lead, members=("kjj",))
        make_task(session, force, unit="kjj")
    run(app)
    assert listed(as_, "li") == [("assigned", [told])]


@pytest.mark.parametrize("project", [{"status": "paused"}, {"archived_on": date(2020, 8, 1)}, {"dissolved": True}])
def test_what_stands_still_is_not_told_of(
    as_: As, db: Work, app: Any, clock: Any, people: None, project: dict[str, Any]
) -> None:
    dissolved = "dissolved" in project
    with db() as session:
        force = make_task_force(session, make_project(session, **({} if dissolved else project)))
        make_task(session, force)
        if dissolved:
            force.dissolved_on = force.counts_until = date(2020, 8, 1)
    run(app)
    assert listed(as_, "li") == []


def test_of_a_sealed_project_nobody_is_told_who_is_not_named(
    as_: As, db: Work, app: Any, clock: Any, people: None
) -> None:
    with db() as session:
        project = make_project(session, name="密封项目")
        force = make_task_force(session, project, members=("nyw",))
        make_task(session, force, unit="nyw", title="密封任务")
        code = project.code
    seal = {"level": "sealed", "users": ["judge"], "units": [], "reason": "x"}
    assert put_part(as_("judge"), f"{API}/projects/{code}", "confidentiality", seal).status_code == 200
    run(app)
    assert listed(as_, "judge") == [("assigned", [("bureau", "审核人")])]
    assert listed(as_, "li") == []
    assert waiting(as_, "owner") == []


def test_to_look_for_what_is_due_takes_as_many_statements_for_one_as_for_many(db: Work, app: Any, clock: Any) -> None:
    database = app.state.database
    counted: list[str] = []

    here = threading.get_ident()  # the stream reads too, when something was written

    def count(*args: Any) -> None:
        if threading.get_ident() == here:
            counted.append(args[2])

    def statements(forces: int) -> tuple[int, int]:
        with db() as session:
            for _ in range(forces):
                force = make_task_force(session, make_project(session))
                for _ in range(forces):
                    make_task(session, force)
        counted.clear()
        with database.reading() as connection:
            return len(escalations.forces_due(connection, START)), len(counted)

    event.listen(database.reader, "before_cursor_execute", count)
    (few, first), (many, second) = statements(1), statements(5)
    event.remove(database.reader, "before_cursor_execute", count)
    assert (few, many) == (1, 6)
    assert first == second <= 4
