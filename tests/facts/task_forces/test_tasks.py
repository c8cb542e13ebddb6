"""What may become of a task force and of a task: every step from every state, and what is refused."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.facts.projects.models import ProjectGrant
from app.facts.projects.terms import STAGES, Stage
from app.facts.task_forces.terms import TaskState
from tests.clients import As, Work
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"
FORMED = {"leader_office": "区长", "lead_unit": "jxw", "formed_on": "2020-10-01"}
TODAY = "2020-10-20"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T09:00:00+08:00", tick=False):
        yield


# -- forming -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.LEAD, Stage.TALK, STAGES[-1]])
def test_a_project_gets_one_from_talk_on(as_: As, db: Work, stage: Stage) -> None:
    with db() as session:
        make_unit(session, "jxw")
        code = make_project(session, stage=stage).code
    officer = as_("officer")
    answer = officer.post(f"{API}/projects/{code}/task-force", json=FORMED)
    if stage is Stage.LEAD:
        assert (answer.status_code, answer.json()["code"]) == (409, "too_early")
        assert "线索" in answer.json()["message"]
        return
    assert answer.status_code == 201
    assert [row["lead"] for row in answer.json()["members"]] == [True]
    again = officer.post(f"{API}/projects/{code}/task-force", json=FORMED)
    assert (again.status_code, again.json()["code"]) == (409, "has_task_force")
    place = answer.headers["Location"]
    assert officer.post(f"{place}/dissolve", json={"on": "2020-09-30", "reason": "x"}).status_code == 422
    assert officer.post(f"{place}/dissolve", json={"on": TODAY, "reason": "已投产"}).status_code == 200
    assert officer.get(place).json()["why"] == ["专班已撤销"]
    assert officer.post(f"{API}/projects/{code}/task-force", json=FORMED).status_code == 201


@pytest.mark.parametrize(
    ("project", "code"),
    [({"ended_on": date(2020, 9, 1)}, "has_ended"), ({"archived_on": date(2020, 9, 1)}, "archived")],
)
def test_what_has_ended_gets_none(as_: As, db: Work, project: dict[str, Any], code: str) -> None:
    with db() as session:
        make_unit(session, "jxw")
        place = make_project(session, **project).code
    answer = as_("officer").post(f"{API}/projects/{place}/task-force", json=FORMED)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"leader": "nobody"}, "leader", "unknown_user"),
        ({"leader": "officer"}, "leader", "no_leader"),
        ({"lead_unit": "xxx"}, "lead_unit", "unknown_unit"),
        ({"members": [{"unit": "xxx"}]}, "members", "unknown_unit"),
        ({"members": [{"unit": "nyw"}, {"unit": "nyw"}]}, "members.1.unit", "twice"),
        ({"formed_on": "2020-10-21"}, "formed_on", "in_future"),
        ({"target_on": "2999-01-01"}, "target_on", "out_of_range"),
        ({"target_on": "2020-09-30"}, "target_on", "order"),
    ],
)
def test_what_is_wrong_with_one_is_named(as_: As, db: Work, body: dict[str, Any], field: str, code: str) -> None:
    with db() as session:
        make_unit(session, "jxw")
        make_unit(session, "nyw")
        place = make_project(session).code
    answer = as_("officer").post(f"{API}/projects/{place}/task-force", json=FORMED | body)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (field, code)


def test_a_change_is_made_from_the_present_version(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, "leader", login="wang")
        make_unit(session, "sww")
        place = f"{API}/task-forces/{make_task_force(session, make_project(session)).id}"
    officer = as_("officer")
    etag = officer.get(place).headers["ETag"]
    assert officer.patch(place, json={"goal": "x"}).status_code == 428
    wrong = officer.patch(place, json={"target_on": "1950-01-01"}, headers={"If-Match": etag})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "order")
    changed = officer.patch(place, json={"leader": "wang", "lead_unit": "sww"}, headers={"If-Match": etag})
    assert (changed.json()["leader"], changed.json()["lead_unit"]) == ("wang", "sww")
    assert [row["unit"] for row in changed.json()["members"]] == ["sww", "jxw"]
    assert officer.patch(place, json={"goal": "x"}, headers={"If-Match": etag}).status_code == 412
    fresh = officer.patch(place, json={"leader": None}, headers={"If-Match": changed.headers["ETag"]})
    assert fresh.json()["leader"] is None
    assert (
        officer.patch(place, json={"lead_unit": None}, headers={"If-Match": fresh.headers["ETag"]}).status_code == 422
    )


def test_a_unit_with_work_to_do_cannot_leave(as_: As, db: Work) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session), members=("nyw",))
        task, place = make_task(session, force, unit="nyw").id, f"{API}/task-forces/{force.id}"
        number = force.id
    officer = as_("officer")
    leave = {"json": {"members": []}, "headers": {"If-Match": officer.get(place).headers["ETag"]}}
    refused = officer.put(f"{place}/members", **leave)
    assert (refused.status_code, refused.json()["code"]) == (409, "member_has_tasks")
    assert officer.post(f"{API}/tasks/{task}/cancel", json={"reason": "不办"}).status_code == 200
    leave["headers"] = {"If-Match": officer.get(place).headers["ETag"]}
    assert officer.put(f"{place}/members", **leave).status_code == 200
    with db() as session:
        grants = select(ProjectGrant.id).where(ProjectGrant.source == f"task_force:{number}")
        assert len(session.scalars(grants).all()) == 1  # that of the lead unit
        assert_log_equals_tables(session.connection())


# -- a task --------------------------------------------------------------------------------------------------------

STEPS: dict[str, Any] = {
    "start": {"on": TODAY},
    "progress": {"on": TODAY, "percent": 40},
    "done": {"on": TODAY, "result": "已办"},
    "cancel": {"reason": "不办"},
    "reopen": {"reason": "重办"},
    "light": {"light": "green", "until": TODAY, "reason": "已批"},
    "patch": {"title": "改"},
}
# state before → step → state after, or the code of the refusal
TRANSITIONS: dict[str, dict[str, str]] = {
    "open": {
        "start": "started", "progress": "started", "done": "done", "cancel": "cancelled", "reopen": "task_not_closed",
        "light": "open", "patch": "open",
    },
    "started": {
        "start": "task_started", "progress": "started", "done": "done", "cancel": "cancelled",
        "reopen": "task_not_closed", "light": "started", "patch": "started",
    },
    "done": {**dict.fromkeys(STEPS, "task_closed"), "reopen": "open"},
    "cancelled": {**dict.fromkeys(STEPS, "task_closed"), "reopen": "open"},
    "dissolved": dict.fromkeys(STEPS, "dissolved"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "step"), [(state, step) for state in TRANSITIONS for step in STEPS])
def test_every_step_from_every_state(as_: As, db: Work, before: str, step: str) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session))
        state = TaskState.OPEN if before == "dissolved" else TaskState(before)
        dates: dict[str, Any] = {
            "started": {"started_on": date(2020, 10, 1)},
            "done": {"done_on": date(2020, 10, 1), "started_on": date(2020, 10, 1)},
            "cancelled": {"cancelled_on": date(2020, 10, 1), "cancelled_reason": "x"},
        }.get(before, {})
        place = f"{API}/tasks/{make_task(session, force, state=state, **dates).id}"
        if before == "dissolved":
            force.dissolved_on, force.counts_until = date(2020, 10, 1), date(2020, 10, 1)
    officer = as_("officer")
    etag = officer.get(place).headers["ETag"]
    if step == "patch":
        answer = officer.patch(place, json=STEPS[step], headers={"If-Match": etag})
    else:
        answer = officer.request("PUT" if step == "light" else "POST", f"{place}/{step}", json=STEPS[step])
    after = TRANSITIONS[before][step]
    if answer.status_code == 409:
        assert answer.json()["code"] == after
        assert officer.get(place).headers["ETag"] == etag
    else:
        assert (answer.status_code, answer.json()["state"]) == (200, after), answer.text
        assert int(answer.headers["ETag"].strip('"').split("-")[0]) == int(etag.strip('"').split("-")[0]) + 1


def test_what_depends_on_another_is_done_after_it_and_in_no_circle(as_: As, db: Work) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session))
        other = make_task(session, make_task_force(session, make_project(session))).id
        first, second, third = (make_task(session, force).id for _ in range(3))
    officer = as_("officer")

    def needs(task: int, *others: int) -> Any:
        etag = officer.get(f"{API}/tasks/{task}").headers["ETag"]
        return officer.patch(f"{API}/tasks/{task}", json={"needs": list(others)}, headers={"If-Match": etag})

    assert needs(second, first).json()["needs"] == [first]
    assert needs(third, second, first).json()["needs"] == [first, second]
    for task, others, wrong in ((first, (third,), "needs.0"), (second, (first, second), "needs.1")):
        refused = needs(task, *others)
        assert refused.status_code == 422
        assert (refused.json()["errors"][0]["field"], refused.json()["errors"][0]["code"]) == (wrong, "cycle")
    assert needs(first, other).json()["errors"][0]["code"] == "unknown_task"
    done = {"on": TODAY, "result": "已办"}
    refused = officer.post(f"{API}/tasks/{second}/done", json=done)
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_first")
    assert officer.post(f"{API}/tasks/{first}/done", json=done).status_code == 200
    assert officer.post(f"{API}/tasks/{second}/done", json=done).status_code == 200
    assert needs(third).json()["needs"] == []
    with db() as session:
        assert_log_equals_tables(session.connection())


@pytest.mark.parametrize(
    ("step", "body", "field", "code"),
    [
        ("progress", {"on": TODAY, "percent": 101}, "percent", "less_than_equal"),
        ("progress", {"on": "2020-10-09", "percent": 60}, "on", "order"),
        ("progress", {"on": TODAY, "percent": 30}, "note", "missing"),
        ("progress", {"on": "2020-10-21", "percent": 60}, "on", "in_future"),
        ("done", {"on": "2020-10-09", "result": "x"}, "on", "order"),
        ("light", {"light": "green", "until": "2020-10-19", "reason": "x"}, "until", "range"),
        ("light", {"light": "green", "until": "2021-10-21", "reason": "x"}, "until", "range"),
        ("patch", {"due_on": "2020-08-01"}, "due_on", "order"),
        ("patch", {"unit": "sww"}, "unit", "no_member"),
        ("patch", {"title": None}, "title", "null_forbidden"),
    ],
)
def test_what_is_wrong_with_a_step_is_named(
    as_: As, db: Work, step: str, body: dict[str, Any], field: str, code: str
) -> None:
    with db() as session:
        make_unit(session, "sww")
        force = make_task_force(session, make_project(session))
        place = f"{API}/tasks/{make_task(session, force, reports=((date(2020, 10, 10), 40),)).id}"
    officer = as_("officer")
    if step == "patch":
        answer = officer.patch(place, json=body, headers={"If-Match": officer.get(place).headers["ETag"]})
    else:
        answer = officer.request("PUT" if step == "light" else "POST", f"{place}/{step}", json=body)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (field, code)


def test_reopened_it_has_come_as_far_as_was_last_reported(as_: As, db: Work) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session))
        place = f"{API}/tasks/{make_task(session, force, reports=((date(2020, 10, 1), 20),)).id}"
    officer = as_("officer")
    assert officer.post(f"{place}/progress", json={"on": "2020-10-10", "percent": 70}).json()["progress"] == 70
    assert officer.post(f"{place}/done", json={"on": TODAY, "result": "已办"}).json()["progress"] == 100
    back = officer.post(f"{place}/reopen", json={"reason": "批复附条件"}).json()
    assert (back["state"], back["progress"], back["started_on"], back["result"]) == ("started", 70, "2020-10-01", None)
    told = officer.get(f"{place}/reports").json()["items"]
    assert [(row["on"], row["percent"]) for row in told] == [("2020-10-10", 70), ("2020-10-01", 20)]


# -- lights over time ----------------------------------------------------------------------------------------------


def test_a_light_changes_by_itself_at_midnight_and_by_hand_until_its_day(as_: As, db: Work) -> None:
    """Made once, looked at on several days: the same address, nobody writes."""
    with db() as session:
        force = make_task_force(session, make_project(session))
        task = make_task(
            session, force, due_on=date(2020, 10, 20), reports=((date(2020, 9, 1), 50), (date(2020, 10, 18), 99))
        )
        place, whole = f"{API}/tasks/{task.id}", f"{API}/task-forces/{force.id}"
    officer = as_("officer")
    now = officer.get(place)
    assert (now.json()["light"], now.json()["valid_until"]) == ("green", "2020-10-20T16:00:00.000000Z")
    assert officer.get(place, params={"as_of": "2020-10-10"}).json()["light"] == "yellow"  # 50 of 78
    assert officer.get(place, headers={"If-None-Match": now.headers["ETag"]}).status_code == 304
    with time_machine.travel("2020-10-21T00:00:01+08:00", tick=False):
        officer = as_("officer", login="night")
        late = officer.get(place, headers={"If-None-Match": now.headers["ETag"]})
        assert (late.status_code, late.json()["light"], late.json()["days_overdue"]) == (200, "yellow", 1)
        by_hand = officer.put(f"{place}/light", json={"light": "red", "until": "2020-10-22", "reason": "要紧"})
        assert (by_hand.json()["light"], by_hand.json()["natural"]["light"]) == ("red", "yellow")
        row = officer.get(whole).json()
        assert (row["light"], row["natural"], row["red"], row["overdue"]) == ("red", "yellow", 1, 1)
    with time_machine.travel("2020-10-23T00:00:01+08:00", tick=False):
        officer = as_("officer", login="later")
        expired = officer.get(place).json()
        assert (expired["light"], expired["override"]["holds"]) == ("yellow", False)
        assert officer.delete(f"{place}/light").json()["override"] is None
        assert officer.delete(f"{place}/light").json()["code"] == "no_override"


def test_the_rule_in_force_on_the_day_holds(as_: As, db: Work) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session))
        place = f"{API}/tasks/{make_task(session, force, planned_start=date(2020, 10, 16)).id}"
    officer = as_("officer")
    strict = {"yellow_points": 1, "red_points": 2, "red_months": 1}
    draft = {"body": strict, "valid_from": "2020-10-20", "basis": "督查办文件"}
    made = officer.post(f"{API}/rules/lights/versions", json=draft)
    assert made.status_code == 201, made.text
    number = made.json()["number"]
    assert officer.get(place).json()["light"] == "green"
    assert as_("reviewer").post(f"{API}/rules/lights/versions/{number}/activate").status_code == 200
    told = officer.get(place).json()
    assert (told["light"], told["rule"]) == ("red", "lights/1")
    assert officer.get(place, params={"as_of": "2020-10-19"}).json()["rule"] == "lights/0"
