"""What a leader asks for: my task forces, red first; who is late; what my unit has to do. In few statements, always."""

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import event
from starlette.testclient import TestClient

from app.facts.task_forces import queries, task_queries
from app.facts.task_forces.schemas import AsOf, TaskForceFilter
from app.facts.task_forces.task_schemas import TaskFilter
from app.kernel.access import SYSTEM
from tests.clients import As, Work
from tests.factories.identity import make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force

API = "/api/v1"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2021-03-01T09:00:00+08:00", tick=False):
        yield


PLANS = {
    "red": {"planned_start": date(2020, 9, 1), "due_on": date(2020, 11, 1)},
    "yellow": {"planned_start": date(2021, 2, 1), "due_on": date(2021, 12, 31)},
    "green": {"planned_start": date(2021, 3, 1), "due_on": date(2021, 6, 1)},
}


@pytest.fixture
def forces(db: Work) -> dict[str, int]:
    """Three of one leader, each with tasks that make it so, and one of somebody else; the projects of officer 李工."""
    with db() as session:
        leader = make_user(session, "leader", login="wang")
        make_user(session, "officer", login="li", name="李工")
        found = {}
        for name in ("green", "yellow", "red"):
            project = make_project(session, officer="李工" if name == "yellow" else None)
            force = make_task_force(session, project, leader=leader, members=("nyw",) if name == "red" else ())
            for light in ("green", name):
                make_task(session, force, unit="nyw" if light == "red" else "jxw", **PLANS[light])
            found[name] = force.id
        found["others"] = make_task_force(session, make_project(session), lead="wlw").id
        ended = make_task_force(session, make_project(session), leader=leader)
        ended.dissolved_on = ended.counts_until = date(2021, 1, 1)
        make_task(session, ended, **PLANS["red"])
        found["ended"] = ended.id
        return found


def listed(client: TestClient, **asked: Any) -> list[int]:
    answer = client.get(f"{API}/task-forces", params=asked)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["items"]]


def test_red_ones_come_first(as_: As, forces: dict[str, int]) -> None:
    mine = [forces[name] for name in ("red", "yellow", "green")]
    assert listed(as_("wang"), mine=True) == mine
    assert listed(as_("officer")) == [*mine, forces["others"]]
    assert listed(as_("li"), mine=True) == [forces["yellow"]]
    assert listed(as_("reporter", unit="nyw"), mine=True) == [forces["red"]]
    assert listed(as_("officer"), mine=True) == []
    assert listed(as_("officer"), light=["red", "yellow"]) == mine[:2]
    assert listed(as_("officer"), unit="wlw") == [forces["others"]]
    assert listed(as_("officer"), dissolved=True) == [forces["ended"]]
    first = as_("wang").get(f"{API}/task-forces", params={"mine": True}).json()["items"][0]
    assert (first["red"], first["green"], first["overdue"], first["tasks_count"]) == (1, 1, 1, 2)
    assert "逾期超过 3 个月" in first["why"][0]


def test_two_leaders_are_not_told_each_others(as_: As, forces: dict[str, int]) -> None:
    """They see the same, and kept answers are shared by those who do: not what is asked for oneself."""
    assert len(listed(as_("wang"), mine=True)) == 3
    assert listed(as_("leader", login="zhao"), mine=True) == []
    assert len(listed(as_("wang"), mine=True)) == 3


def test_pages_hold_everything_once_and_in_order(as_: As, forces: dict[str, int]) -> None:
    client = as_("officer")
    for path in ("task-forces", "tasks"):
        whole = client.get(f"{API}/{path}", params={"count": True}).json()
        assert whole["total"] == len(whole["items"]) > 3
        found: list[int] = []
        after: dict[str, str] = {}
        while True:
            page = client.get(f"{API}/{path}", params={"limit": 1, **after}).json()
            found += [row["id"] for row in page["items"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert found == [row["id"] for row in whole["items"]]
        ranks = {"red": 0, "yellow": 1, None: 3, "green": 2}
        order = [ranks[row["light"]] for row in whole["items"]]
        assert order == sorted(order)
        for odd in ("x", "1.2.3", "1.2020-01-01", "-1.2020-13-01.1"):
            refused = client.get(f"{API}/{path}", params={"after": odd})
            assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "bad_cursor")


def test_who_is_late_and_what_a_unit_has_to_do(as_: As, forces: dict[str, int]) -> None:
    late = as_("leader").get(f"{API}/tasks/overdue").json()
    assert [(row["unit"], row["overdue"], row["red"], row["longest_days"]) for row in late["items"]] == [
        ("nyw", 1, 1, 120)
    ]  # fmt: skip
    assert late["items"][0]["open"] == 1
    before = as_("leader").get(f"{API}/tasks/overdue", params={"as_of": "2020-11-01"}).json()
    assert (before["items"], before["total"]) == ([], 0)
    mine = as_("reporter", unit="nyw").get(f"{API}/tasks", params={"mine": True}).json()["items"]
    assert [(row["unit"], row["light"]) for row in mine] == [("nyw", "red")]
    assert as_("officer").get(f"{API}/tasks", params={"mine": True}).json()["items"] == []
    for asked, count in (
        ({"overdue": True}, 1), ({"overdue": False}, 5), ({"light": "yellow"}, 1), ({"unit": "jxw"}, 5),
        ({"state": "done"}, 0), ({"task_force": forces["ended"]}, 1), ({"task_force": 99999}, 0),
    ):  # fmt: skip
        found = as_("officer").get(f"{API}/tasks", params=asked).json()["items"]
        assert len(found) == count, asked


def test_the_number_of_statements_is_the_same_for_one_and_for_many(db: Work, app: Any) -> None:
    database = app.state.database
    counted: list[str] = []

    here = threading.get_ident()  # the stream reads too, when something was written

    def count(*args: Any) -> None:
        if threading.get_ident() == here:
            counted.append(args[2])

    event.listen(database.reader, "before_cursor_execute", count)
    asked = AsOf(as_of=date(2021, 2, 28))  # a day gone by: what was reported by then is read as well

    def statements() -> dict[str, int]:
        found = {}
        for name, ask in {
            "task forces": lambda c: queries.page(c, SYSTEM, TaskForceFilter(as_of=asked.as_of), 0),
            "tasks": lambda c: task_queries.page(c, SYSTEM, TaskFilter(as_of=asked.as_of), 0),
            "late": lambda c: task_queries.overdue(c, SYSTEM, asked),
            "one": lambda c: queries.detail(c, SYSTEM, 1, asked),
        }.items():
            counted.clear()
            with database.reading() as connection:
                ask(connection)
            found[name] = len(counted)
        return found

    def add(forces: int, tasks: int) -> None:
        with db() as session:
            for _ in range(forces):
                force = make_task_force(session, make_project(session))
                for _ in range(tasks):
                    make_task(session, force, reports=((date(2020, 10, 1), 5),))

    add(1, 1)
    few = statements()
    add(5, 6)
    assert statements() == few
    event.remove(database.reader, "before_cursor_execute", count)
    assert max(few.values()) <= 8
