"""Task forces at work, tasks done and tasks late, by unit, opened to their rows; what is closed does not move."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from app.facts.task_forces.models import Task
from app.facts.task_forces.terms import TaskState
from tests.clients import As, Work, put_part
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force

API = "/api/v1"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False):
        yield


def value(as_: As, indicator: str, period: str) -> str:
    answer = as_("leader").get(f"{API}/figures", params={"indicator": indicator, "period": period})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["items"][0]["value"])


def by_unit(as_: As, indicator: str, period: str, who: str = "leader") -> dict[str, str]:
    asked = {"indicator": indicator, "period": period, "by": "unit"}
    items = as_(who).get(f"{API}/figures", params=asked).json()["items"]
    return {item["dimensions"]["unit"]: str(item["value"]) for item in items if item["value"]}


def rows(as_: As, indicator: str, period: str, who: str = "leader", **more: Any) -> Any:
    asked = {"indicator": indicator, "period": period, **more}
    answer = as_(who).get(f"{API}/figures/rows", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def tasks(db: Work) -> dict[str, int]:
    """One force with a task that nyw did in time, one that jxw did late, one of nyw that is late still."""
    with db() as session:
        make_user(session, "reviewer", login="named")
        project = make_project(session, name="甲项目", unit=make_unit(session, "jxw"))
        force = make_task_force(session, project, members=("nyw",), formed_on=date(2020, 7, 1))
        closed: dict[str, Any] = {"state": "done", "result": "已办"}
        return {
            "force": force.id,
            "early": make_task(
                session, force, unit="nyw", due_on=date(2020, 9, 20), done_on=date(2020, 9, 10), **closed
            ).id,
            "late": make_task(session, force, due_on=date(2020, 9, 15), done_on=date(2020, 10, 2), **closed).id,
            "open": make_task(session, force, unit="nyw", due_on=date(2020, 9, 15), title="办理用地").id,
        }


def test_they_are_counted_by_the_unit_that_does_them(as_: As, tasks: dict[str, int]) -> None:
    assert [value(as_, "tasks_done", period) for period in ("2020-08", "2020-09", "2020-10", "2020")] == [
        "0", "1", "1", "2",
    ]  # fmt: skip
    assert [value(as_, "tasks_overdue", period) for period in ("2020-08", "2020-09", "2020-10")] == ["0", "2", "1"]
    assert [value(as_, "task_forces", period) for period in ("2020-06", "2020-09")] == ["0", "1"]
    assert by_unit(as_, "tasks_overdue", "2020-09") == {"jxw": "1", "nyw": "1"}
    assert by_unit(as_, "tasks_done", "2020-Q3") == {"nyw": "1"}
    assert by_unit(as_, "task_forces", "2020-09") == {"jxw": "1"}
    opened = rows(as_, "tasks_overdue", "2020-10")
    assert [(row["id"], row["name"], row["date"]) for row in opened["items"]] == [
        (tasks["open"], "甲项目：办理用地", "2020-09-15")
    ]  # fmt: skip
    assert [row["id"] for row in rows(as_, "tasks_done", "2020", filter="unit:jxw")["items"]] == [tasks["late"]]
    assert [row["id"] for row in rows(as_, "task_forces", "2020-09")["items"]] == [tasks["force"]]
    by_month = {"indicator": "tasks_overdue", "period": "2020", "by": "month"}
    assert as_("leader").get(f"{API}/figures", params=by_month).status_code == 422


def test_of_a_sealed_project_all_is_counted_and_withheld(as_: As, tasks: dict[str, int]) -> None:
    place = as_("leader").get(f"{API}/task-forces/{tasks['force']}").json()["project"]
    seal = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    assert put_part(as_("reviewer"), f"{API}/projects/{place}", "confidentiality", seal).status_code == 200
    for indicator, count in (("tasks_overdue", 2), ("tasks_done", 1), ("task_forces", 1)):
        assert value(as_, indicator, "2020-09") == str(count)
        hidden, seen = rows(as_, indicator, "2020-09"), rows(as_, indicator, "2020-09", "named")
        assert (hidden["items"], hidden["withheld"]) == ([], count)
        assert (len(seen["items"]), seen["withheld"]) == (count, 0)


def test_what_is_closed_does_not_move(as_: As, tasks: dict[str, int]) -> None:
    """September is closed: what is said afterwards counts afterwards, and what it counts is not taken back."""
    officer, reviewer = as_("officer"), as_("reviewer")
    before = {code: value(as_, code, "2020-09") for code in ("task_forces", "tasks_done", "tasks_overdue")}
    assert reviewer.post(f"{API}/periods/2020-09/lock").status_code == 200

    def closed() -> bool:
        return all(value(as_, code, "2020-09") == count for code, count in before.items())

    done = officer.post(f"{API}/tasks/{tasks['open']}/done", json={"on": "2020-09-28", "result": "已办"})
    assert done.status_code == 200
    assert closed() and value(as_, "tasks_done", "2020-10") == "2"
    assert rows(as_, "tasks_done", "2020-10")["items"][-1]["deferred_from"] == "2020-09-28"
    late = {"title": "补办", "unit": "nyw", "planned_start": "2020-08-01", "due_on": "2020-08-31"}
    made = officer.post(f"{API}/task-forces/{tasks['force']}/tasks", json=late)
    assert made.status_code == 201 and closed()
    assert value(as_, "tasks_overdue", "2020-10") == "1"
    refused = officer.post(f"{API}/tasks/{tasks['early']}/reopen", json={"reason": "重办"})
    assert (refused.status_code, refused.json()["code"]) == (409, "period_locked")
    assert officer.post(f"{API}/tasks/{tasks['open']}/reopen", json={"reason": "重办"}).status_code == 200
    assert closed()
    etag = officer.get(f"{API}/tasks/{tasks['open']}").headers["ETag"]
    put_off = officer.patch(f"{API}/tasks/{tasks['open']}", json={"due_on": "2020-12-31"}, headers={"If-Match": etag})
    assert (put_off.status_code, put_off.json()["code"]) == (409, "period_locked")
    gone = {"on": "2020-09-05", "reason": "已投产"}
    assert officer.post(f"{API}/task-forces/{tasks['force']}/dissolve", json=gone).status_code == 200
    assert closed() and value(as_, "tasks_overdue", "2020-10") == value(as_, "task_forces", "2020-10") == "0"
    assert reviewer.post(f"{API}/periods/2020-09/reopen", json={"reason": "补录"}).status_code == 200


def test_what_was_not_late_at_a_closed_end_does_not_become_so(as_: As, db: Work, tasks: dict[str, int]) -> None:
    """Cancelled in September, which is closed: taken up again it would have been late at its end."""
    with db() as session:
        task = session.get_one(Task, tasks["open"])
        task.state, task.cancelled_on, task.late_until = TaskState.CANCELLED, date(2020, 9, 18), date(2020, 9, 18)
    reviewer, place = as_("reviewer"), f"{API}/tasks/{tasks['open']}/reopen"
    assert reviewer.post(f"{API}/periods/2020-09/lock").status_code == 200
    refused = as_("officer").post(place, json={"reason": "重办"})
    assert (refused.status_code, refused.json()["code"]) == (409, "period_locked")
    assert reviewer.post(f"{API}/periods/2020-09/reopen", json={"reason": "补录"}).status_code == 200
    assert as_("officer").post(place, json={"reason": "重办"}).status_code == 200
    assert value(as_, "tasks_overdue", "2020-09") == "2"
