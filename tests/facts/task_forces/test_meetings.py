"""Meetings: what was decided and set; a decision is done when its tasks are, or when somebody says so."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from pydantic import BaseModel

from app.facts.task_forces.escalation_schemas import EscalationOut
from app.facts.task_forces.jobs import escalate
from app.facts.task_forces.meeting_schemas import DecisionOut, MeetingList
from app.facts.task_forces.plan_schemas import PlanOut
from app.facts.task_forces.schemas import TaskForceOut, TaskForcePage, TaskToday
from app.facts.task_forces.task_schemas import OverdueOut, TaskPage, TaskReports
from tests.clients import As, Work
from tests.factories.identity import make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"
DAY = "2020-10-20"
TASK = {"title": "办理用地", "unit": "nyw", "planned_start": DAY, "due_on": "2020-12-31"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(f"{DAY}T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def place(db: Work) -> str:
    with db() as session:
        leader = make_user(session, "leader", login="wang")
        force = make_task_force(session, make_project(session), members=("nyw",), leader=leader)
        return f"{API}/task-forces/{force.id}"


def states(as_: As, **asked: Any) -> dict[str, str]:
    items = as_("wang").get(f"{API}/decisions", params=asked).json()["items"]
    return {item["text"]: item["state"] for item in items}


def test_a_meeting_sets_tasks_and_a_decision_is_done_with_them(as_: As, db: Work, place: str) -> None:
    lead = as_("reporter", unit="jxw")
    body = {
        "held_on": DAY, "starts_at": "09:30", "chair": "区委常委", "minutes": "一、听取进展\n二、研究用地",
        "decisions": [{"text": "甲", "tasks": [TASK, TASK | {"title": "办理用水"}]}, {"text": "乙"}],
    }  # fmt: skip
    made = lead.post(f"{place}/meetings", json=body)
    assert made.status_code == 201, made.text
    first, second = made.json()["decisions"]
    assert [task["title"] for task in first["tasks"]] == ["办理用地", "办理用水"]
    assert lead.get(made.headers["Location"]).json() == made.json()
    assert [task["decision"] for task in lead.get(place).json()["tasks"]] == [first["id"]] * 2
    assert states(as_) == {"甲": "open", "乙": "open"}
    one, two = (task["id"] for task in first["tasks"])
    owner = as_("reporter", unit="nyw")
    assert owner.post(f"{API}/tasks/{one}/done", json={"on": DAY, "result": "已办"}).status_code == 200
    assert states(as_, state="open", mine=True) == {"甲": "open", "乙": "open"}
    assert lead.post(f"{API}/tasks/{two}/cancel", json={"reason": "不办"}).status_code == 200
    assert states(as_) == {"甲": "done", "乙": "open"}
    assert states(as_, state="open") == {"乙": "open"}
    assert as_("leader", login="zhao").get(f"{API}/decisions", params={"mine": True}).json()["items"] == []
    said = {"on": DAY, "note": "已印发"}
    by_tasks = lead.post(f"{API}/decisions/{first['id']}/done", json=said)
    assert (by_tasks.status_code, by_tasks.json()["code"]) == (409, "decision_done")
    assert (
        lead.post(f"{API}/decisions/{first['id']}/reopen", json={"reason": "x"}).json()["code"] == "decision_not_marked"
    )
    early = lead.post(f"{API}/decisions/{second['id']}/done", json=said | {"on": "2020-10-19"})
    assert early.json()["errors"][0]["field"] == "on"
    assert lead.post(f"{API}/decisions/{second['id']}/done", json=said).json()["state"] == "done"
    assert states(as_, state="open") == {}
    assert lead.post(f"{API}/decisions/{second['id']}/reopen", json={"reason": "误登"}).json()["state"] == "open"
    more = lead.post(f"{API}/meetings/{made.json()['id']}/decisions", json={"text": "丙", "tasks": [TASK]})
    assert more.status_code == 201
    assert lead.post(f"{API}/tasks/{one}/reopen", json={"reason": "未通过"}).status_code == 200
    assert states(as_) == {"甲": "open", "乙": "open", "丙": "open"}
    by_hand = lead.post(f"{place}/tasks", json=TASK | {"decision": second["id"], "needs": [one]})
    assert by_hand.json()["decision"] == second["id"]
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_answers_are_what_their_schemas_say(as_: As, place: str, app: Any) -> None:
    """Every field that is told and no other, down to the last list."""
    lead = as_("reporter", unit="jxw")
    body = {"held_on": DAY, "chair": "区长", "decisions": [{"text": "甲", "tasks": [TASK]}]}
    assert lead.post(f"{place}/meetings", json=body).status_code == 201
    task = lead.get(place).json()["tasks"][0]["id"]
    shown = {"light": "red", "until": DAY, "reason": "要紧"}
    assert as_("officer").put(f"{API}/tasks/{task}/light", json=shown).status_code == 200
    file = {"file": ("纪要.txt", "会议纪要".encode(), "text/plain")}
    form = {"kind": "minutes", "dated_on": DAY}
    assert lead.post(f"{API}/tasks/{task}/evidence", data=form, files=file).status_code == 201
    assert lead.post(f"{API}/tasks/{task}/progress", json={"on": DAY, "percent": 1}).status_code == 200
    escalate(app.state.database)
    made: list[tuple[type[BaseModel], Any]] = [
        (TaskForceOut, lead.get(place).json()),
        (TaskForcePage, lead.get(f"{API}/task-forces?count=true").json()),
        (TaskToday, lead.get(f"{API}/tasks/{task}").json()),
        (TaskPage, lead.get(f"{API}/tasks?count=true").json()),
        (TaskReports, lead.get(f"{API}/tasks/{task}/reports").json()),
        (OverdueOut, lead.get(f"{API}/tasks/overdue?as_of=2021-01-02").json()),
        (MeetingList, lead.get(f"{place}/meetings").json()),
        (PlanOut, lead.post(f"{place}/plan", json={"target_on": "2021-12-31"}).json()),
        *((DecisionOut, one) for one in lead.get(f"{API}/decisions").json()["items"]),
        *((EscalationOut, one) for one in lead.get(f"{API}/escalations").json()["items"]),
    ]
    assert len(made) == 10
    for model, answer in made:
        assert model.model_validate(answer).model_dump(mode="json").keys() == answer.keys(), model
        assert _strange(model.model_json_schema(), answer) == [], model


def _strange(schema: dict[str, Any], answer: Any) -> list[str]:
    """The fields of an answer, at any depth, that its schema does not name."""
    defs = schema.get("$defs", {})

    def walk(part: dict[str, Any], value: Any) -> list[str]:
        if "$ref" in part:
            part = defs[part["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, list):
            return [found for one in value for found in walk(part.get("items", {}), one)]
        if not isinstance(value, dict):
            return []
        for choice in part.get("anyOf", []):
            if choice != {"type": "null"}:
                return walk(choice, value)
        known = part.get("properties", {})
        return [name for name in value if name not in known] + [
            found for name, one in value.items() if name in known for found in walk(known[name], one)
        ]

    return walk(schema, answer)


def test_a_meeting_to_come_is_changed_from_its_version(as_: As, place: str) -> None:
    lead = as_("reporter", unit="jxw")
    made = lead.post(f"{place}/meetings", json={"held_on": "2020-11-01", "chair": "区长"})
    where = made.headers["Location"]
    assert lead.patch(where, json={"minutes": "x"}).status_code == 428
    changed = lead.patch(where, json={"minutes": "纪要", "place": "三楼"}, headers={"If-Match": made.headers["ETag"]})
    assert (changed.json()["minutes"], changed.json()["held_on"]) == ("纪要", "2020-11-01")
    assert lead.patch(where, json={"minutes": "x"}, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    refused = lead.patch(where, json={"chair": None}, headers={"If-Match": changed.headers["ETag"]})
    assert refused.status_code == 422
    assert [one["place"] for one in lead.get(f"{place}/meetings").json()["items"]] == ["三楼"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts_at": "24:00"}, "starts_at"),
        ({"decisions": [{"text": "甲", "tasks": [TASK, TASK | {"unit": "wlw"}]}]}, "decisions.0.tasks.1.unit"),
        ({"decisions": [{"text": "甲", "tasks": [TASK | {"due_on": "2020-01-01"}]}]}, "decisions.0.tasks.0.due_on"),
        ({"decisions": [{"text": "甲", "tasks": [TASK | {"needs": [999]}]}]}, "decisions.0.tasks.0.needs.0"),
    ],
)
def test_what_is_wrong_with_a_meeting_is_named_and_nothing_is_kept(
    as_: As, place: str, body: dict[str, Any], field: str
) -> None:
    lead = as_("reporter", unit="jxw")
    refused = lead.post(f"{place}/meetings", json={"held_on": DAY, "chair": "区长"} | body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert lead.get(f"{place}/meetings").json()["items"] == []
