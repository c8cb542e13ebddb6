"""Who may do what with a task force: every role and every route; whose unit it is; how secret its project is."""

from datetime import date
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.task_forces import feed_routes, meeting_routes, routes, task_routes
from app.facts.task_forces.terms import Light, TaskState
from app.kernel import calendar
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_meeting, make_task, make_task_force

API = "/api/v1"
STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
BUREAU = {Role.OFFICER, Role.REVIEWER}
WORKERS = BUREAU | {Role.REPORTER}
JUDGES = BUREAU | {Role.LEADER}
FORCE, TASK, MEETING = "/task-forces/{force}", "/tasks/{task}", "/meetings/{meeting}"

DAY = "2020-10-01"
NEW_TASK = {"title": "办理用地", "unit": "jxw", "planned_start": DAY, "due_on": "2020-12-31"}
FORMED = {"leader_office": "区长", "lead_unit": "jxw", "formed_on": DAY}

# method, path → who is let in, who of the reporters may (the lead unit's, the owner's, another member's), what is sent
TABLE: dict[tuple[str, str], tuple[set[Role], set[str], Any]] = {
    ("GET", "/task-forces"): (STAFF, {"lead", "owner", "member"}, None),
    ("POST", "/projects/{free}/task-force"): (BUREAU, set(), FORMED),
    ("GET", FORCE): (STAFF, {"lead", "owner", "member"}, None),
    ("PATCH", FORCE): (BUREAU, set(), {"goal": "年内开工"}),
    ("PUT", f"{FORCE}/members"): (BUREAU, set(), {"members": [{"unit": "nyw"}, {"unit": "sww"}]}),
    ("POST", f"{FORCE}/dissolve"): (BUREAU, set(), {"on": DAY, "reason": "已投产"}),
    ("POST", f"{FORCE}/tasks"): (WORKERS, {"lead"}, NEW_TASK),
    ("GET", "/tasks"): (STAFF, {"lead", "owner", "member"}, None),
    ("GET", "/tasks/overdue"): (STAFF, {"lead", "owner", "member"}, None),
    ("GET", TASK): (STAFF, {"lead", "owner", "member"}, None),
    ("GET", f"{TASK}/reports"): (STAFF, {"lead", "owner", "member"}, None),
    ("PATCH", TASK): (WORKERS, {"lead"}, {"title": "改"}),
    ("POST", f"{TASK}/start"): (WORKERS, {"lead", "owner"}, {"on": DAY}),
    ("POST", f"{TASK}/progress"): (WORKERS, {"lead", "owner"}, {"on": DAY, "percent": 10}),
    ("POST", f"{TASK}/done"): (WORKERS, {"lead", "owner"}, {"on": DAY, "result": "已办"}),
    ("POST", f"{TASK}/cancel"): (WORKERS, {"lead"}, {"reason": "不办"}),
    ("POST", "/tasks/{closed}/reopen"): (WORKERS, {"lead"}, {"reason": "重办"}),
    ("PUT", f"{TASK}/evidence"): (WORKERS, {"lead", "owner"}, {"evidence": []}),
    ("POST", f"{TASK}/evidence"): (WORKERS, {"lead", "owner"}, None),
    ("PUT", f"{TASK}/light"): (JUDGES, set(), {"light": "green", "until": "TODAY", "reason": "已批"}),
    ("DELETE", "/tasks/{lit}/light"): (JUDGES, set(), None),
    ("POST", f"{FORCE}/plan"): (WORKERS, {"lead"}, {"target_on": "2021-12-31"}),
    ("GET", f"{FORCE}/meetings"): (STAFF, {"lead", "owner", "member"}, None),
    ("POST", f"{FORCE}/meetings"): (WORKERS, {"lead"}, {"held_on": DAY, "chair": "区长"}),
    ("GET", MEETING): (STAFF, {"lead", "owner", "member"}, None),
    ("PATCH", MEETING): (WORKERS, {"lead"}, {"minutes": "纪要"}),
    ("POST", f"{MEETING}/decisions"): (WORKERS, {"lead"}, {"text": "加快"}),
    ("GET", "/decisions"): (STAFF, {"lead", "owner", "member"}, None),
    ("POST", "/decisions/{decision}/done"): (WORKERS, {"lead"}, {"on": DAY, "note": "已办"}),
    ("GET", "/escalations"): (STAFF, {"lead", "owner", "member"}, None),
    ("GET", "/me/calendar-tokens"): (STAFF, {"lead", "owner", "member"}, None),
    ("POST", "/me/calendar-tokens"): (STAFF, {"lead", "owner", "member"}, {"name": "手机日历"}),
    ("DELETE", "/me/calendar-tokens/{token}"): (STAFF, set(), None),
    ("POST", "/decisions/{marked}/reopen"): (WORKERS, {"lead"}, {"reason": "误登"}),
}
NAMES = {"{task_force_id}": "{force}", "{task_id}": "{task}", "{code}": "{free}", "{meeting_id}": "{meeting}"}
REPORTERS = {"lead": "jxw", "owner": "nyw", "member": "sww"}


def test_the_table_is_whole() -> None:
    found = set()
    for router in (routes.router, task_routes.router, meeting_routes.router, feed_routes.router):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = route.path.removeprefix(PREFIX)
            for name, ours in NAMES.items():
                path = path.replace(name, ours)
            path = path.replace("{task}/reopen", "{closed}/reopen").replace("{decision_id}/reopen", "{marked}/reopen")
            path = path.replace("{decision_id}", "{decision}")
            path = path.replace("{token_id}", "{token}")
            found |= {(m, path.replace("{task}", "{lit}") if m == "DELETE" else path) for m in route.methods}
    assert set(TABLE) == found - {("GET", "/task-forces/calendar.ics")}  # opened by its own token


def test_no_machine_reads_or_writes_task_forces() -> None:
    permissions = {p for p in Permission if p.value.startswith("task")}
    assert len(permissions) == 4
    assert permissions & KEY_SCOPES == set()


@pytest.fixture
def made(db: Work) -> dict[str, Any]:
    """A task force of jxw with nyw, whose task it is, and sww; led by the user `leader`."""
    with db() as session:
        leader = make_user(session, "leader", login="leader", unit="jxw")
        force = make_task_force(session, make_project(session), members=("nyw", "sww"), leader=leader)
        task, closed, lit = (make_task(session, force, unit="nyw") for _ in range(3))
        closed.state, closed.cancelled_on, closed.cancelled_reason = TaskState.CANCELLED, closed.due_on, "x"
        lit.override_light, lit.override_by_name, lit.override_reason = Light.GREEN, "用户", "x"
        lit.override_from = lit.override_until = lit.due_on
        free = make_project(session)
        meeting, decision, marked = make_meeting(session, force, "甲", "乙")
        marked.done_on = date(2020, 10, 1)
        session.flush()
        return {
            "force": force.id, "task": task.id, "closed": closed.id, "lit": lit.id, "free": free.code,
            "meeting": meeting.id, "decision": decision.id, "marked": marked.id,
            "token": 99999,  # each has his own only
        }  # fmt: skip


def ask(client: TestClient, place: tuple[str, str], made: dict[str, Any], version: str) -> Any:
    """A request that would do what the route is for."""
    method, path = place
    filled = API + path.format(**made)
    if place == ("POST", f"{TASK}/evidence"):
        file = {"file": ("纪要.txt", "会议纪要".encode(), "text/plain")}
        return client.post(filled, data={"kind": "minutes", "dated_on": DAY}, files=file)
    body = TABLE[place][2]
    if body is not None and body.get("until") == "TODAY":
        body = body | {"until": calendar.today().isoformat()}
    return client.request(method, filled, json=body, headers={"If-Match": version})


def version_of(as_: As, made: dict[str, Any]) -> str:
    return str(as_("officer", login="reads").get(f"{API}/task-forces/{made['force']}").headers["ETag"])


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, made: dict[str, Any], place: tuple[str, str]) -> None:
    """Those whom the table lets in do it, one after the other refused as the state then is, never with 403."""
    version = version_of(as_, made)
    assert ask(as_(None), place, made, version).status_code == 401
    let_in = set()
    for role in Role:
        client = as_("leader") if role is Role.LEADER else as_(role.value, unit="jxw")
        answer = ask(client, place, made, version)
        assert answer.status_code in (200, 201, 403, 404, 409, 412), answer.text
        if answer.status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place][0]


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_which_units_may(as_: As, made: dict[str, Any], place: tuple[str, str]) -> None:
    """Only refused ones are tried together: what one of them did would change what the next may do."""
    if "{token}" in place[1]:
        return
    for part, unit in REPORTERS.items():
        if part in TABLE[place][1]:
            continue
        answer = ask(as_("reporter", unit=unit), place, made, version_of(as_, made))
        code = answer.json()["code"]
        assert answer.status_code == 403, f"{part}: {answer.text}"
        assert code in ("forbidden", "not_lead_unit", "not_your_task")
    for part in sorted(TABLE[place][1], reverse=True)[:1]:
        answer = ask(as_("reporter", unit=REPORTERS[part]), place, made, version_of(as_, made))
        assert answer.status_code in (200, 201), f"{part}: {answer.text}"


def test_a_leader_sets_lights_of_the_own_task_forces_only(as_: As, made: dict[str, Any]) -> None:
    body = {"light": "green", "until": calendar.today().isoformat(), "reason": "已批"}
    refused = as_("leader", login="another").put(f"{API}/tasks/{made['task']}/light", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_task_force")


# -- sight ---------------------------------------------------------------------------------------------------------

# Who sees the task force of a project of each level: members see an internal one, a sealed one only who is named.
SEEN = {
    "open": {"officer", "leader", "member", "other", "named"},
    "internal": {"officer", "leader", "member", "named"},
    "sealed": {"named"},
}
PATHS = (
    "/projects/{code}", "/task-forces/{force}", "/tasks/{task}", "/tasks/{task}/reports",
    "/task-forces/{force}/history", "/task-forces/{force}/meetings", "/meetings/{meeting}",
)  # fmt: skip


@pytest.mark.parametrize("level", SEEN)
def test_who_sees_it(as_: As, db: Work, level: str) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
        project = make_project(session, unit=make_unit(session, "wlw"), name="机密项目")
        force = make_task_force(session, project, members=("nyw",))
        made = {"code": project.code, "force": force.id, "task": make_task(session, force, title="机密任务").id}
        made["meeting"] = make_meeting(session, force, "机密决定")[0].id
    if level != "open":
        body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
        assert put_part(as_("reviewer"), f"{API}/projects/{made['code']}", "confidentiality", body).status_code == 200
    clients = {
        "officer": as_("officer"), "leader": as_("leader"), "member": as_("reporter", unit="nyw"),
        "other": as_("reporter", unit="sww"), "named": as_("named"),
    }  # fmt: skip
    for who, client in clients.items():
        seen = who in SEEN[level]
        for path in PATHS:
            assert client.get(API + path.format(**made)).status_code == (200 if seen else 404), f"{who} {path}"
        for path in ("/task-forces", "/tasks", "/decisions", f"/task-forces?project={made['code']}"):
            items = client.get(API + path).json()["items"]
            assert len(items) == seen, f"{who} {path}"
        late = client.get(f"{API}/tasks/overdue", params={"as_of": "2030-01-01"}).json()
        assert late["total"] == seen, who


def test_members_see_an_internal_project_while_they_take_part(as_: As, db: Work) -> None:
    with db() as session:
        for code in ("jxw", "nyw", "sww"):
            make_unit(session, code)
        code = make_project(session, confidentiality="internal", stage="talk").code
    officer, member = as_("officer"), as_("reporter", unit="nyw")
    assert member.get(f"{API}/projects/{code}").status_code == 404
    made = officer.post(f"{API}/projects/{code}/task-force", json=FORMED | {"members": [{"unit": "nyw"}]})
    assert made.status_code == 201, made.text
    place = f"{API}/task-forces/{made.json()['id']}"
    assert member.get(f"{API}/projects/{code}").status_code == 200
    assert as_("reporter", unit="jxw").get(place).status_code == 200
    gone = officer.put(
        f"{place}/members", json={"members": [{"unit": "sww"}]}, headers={"If-Match": made.headers["ETag"]}
    )
    assert [row["unit"] for row in gone.json()["members"]] == ["jxw", "sww"]
    assert member.get(f"{API}/projects/{code}").status_code == 404
    assert member.get(place).status_code == 404
    other = as_("reporter", unit="sww")
    assert other.get(f"{API}/projects/{code}").status_code == 200
    assert officer.post(f"{place}/dissolve", json={"on": DAY, "reason": "已投产"}).status_code == 200
    assert other.get(f"{API}/projects/{code}").status_code == 404
    labels = [row["label"] for row in officer.get(f"{API}/projects/{code}/history").json()["items"]]
    assert labels[:3] == ["撤销专班", "调整专班成员单位", "组建专班"]


def test_a_member_works_on_an_internal_project_with_a_paper(as_: As, db: Work) -> None:
    """It may neither change the project nor add evidence to it, but show what came of its own task."""
    with db() as session:
        project = make_project(session, confidentiality="internal")
        force = make_task_force(session, project, members=("nyw",))
        task, code = make_task(session, force, unit="nyw").id, project.code
        foreign = make_evidence(session, make_project(session)).id
        mine = make_evidence(session, project).id
        rejected = make_evidence(session, project, state="rejected").id
    member = as_("reporter", unit="nyw")
    file = {"file": ("纪要.txt", "会议纪要".encode(), "text/plain")}
    form = {"kind": "minutes", "dated_on": DAY}
    assert member.post(f"{API}/projects/{code}/evidence", data=form, files=file).json()["code"] == "not_yours"
    shown = member.post(f"{API}/tasks/{task}/evidence", data=form, files=file)
    assert shown.status_code == 201, shown.text
    paper = shown.json()["evidence"][0]
    assert (paper["kind"], paper["state"]) == ("minutes", "submitted")
    assert member.get(f"{API}/projects/{code}/evidence/{paper['id']}/file").content == "会议纪要".encode()
    done = member.post(
        f"{API}/tasks/{task}/done", json={"on": DAY, "result": "取得批复", "evidence": [mine, paper["id"]]}
    )
    assert [one["id"] for one in done.json()["evidence"]] == sorted([mine, paper["id"]])
    for number, code_ in ((foreign, "unknown_evidence"), (rejected, "rejected_evidence"), (99999, "unknown_evidence")):
        refused = member.put(f"{API}/tasks/{task}/evidence", json={"evidence": [number]})
        assert (refused.json()["errors"][0]["field"], refused.json()["errors"][0]["code"]) == ("evidence.0", code_)
