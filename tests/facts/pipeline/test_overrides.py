"""Passing a closed gate on the word of two people: who may ask and decide, how long it holds, where it is seen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from app.facts.pipeline.gates.routes import router
from app.facts.pipeline.gates.terms import OverrideState
from app.facts.pipeline.models import GateOverride
from app.facts.projects.models import Project
from app.kernel import calendar
from app.kernel.access import Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.evidence import make_evidence
from tests.factories.gates import make_signable, open_gates
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

DAY = "2024-09-12"
ASKING = {"happened_on": DAY, "reason": "市级集中签约，审查意见一周内补齐"}
SIGNING = {"to": "signed", "happened_on": DAY}


def ready(db: Work, **fields: Any) -> str:
    """A project that lacks nothing for its signing but the fair-competition review."""
    with db() as session:
        project = make_project(session, stage="talk", **fields)
        make_signable(session, project)
        make_agreement(session, project, number="QJ-7", signed_on=date.fromisoformat(DAY))
        return project.code


def ask(client: TestClient, code: str, stage: str = "signed", **change: Any) -> Any:
    return client.post(f"/api/v1/projects/{code}/gates/{stage}/overrides", json=ASKING | change)


def decide(client: TestClient, code: str, number: int, verb: str, stage: str = "signed") -> Any:
    body = {"reason": "不宜签约"} if verb == "refuse" else {"note": "限九月底前补齐"}
    return client.post(f"/api/v1/projects/{code}/gates/{stage}/overrides/{number}/{verb}", json=body)


def move(client: TestClient, code: str, **change: Any) -> Any:
    return client.post(f"/api/v1/projects/{code}/moves", json=SIGNING | change)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


# -- the whole way ------------------------------------------------------------------------------------------------


def test_asked_by_one_approved_by_another_used_once_and_seen_for_ever(as_: As, db: Work, app: FastAPI) -> None:
    with db() as session:
        make_user(session, "officer", login="lisi", name="李四")
        make_user(session, "reviewer", login="wang", name="王主任")
    code = ready(db)
    lisi, wang = as_("lisi"), as_("wang")
    assert code_of(move(lisi, code)) == (409, "gate_closed")
    asked = ask(lisi, code)
    assert asked.status_code == 201, asked.text
    number = asked.json()["id"]
    lacking = [{"stage": "signed", "code": "review.fair_competition", "message": "没有做公平竞争审查"}]
    assert asked.json()["missing"] == lacking
    assert (asked.json()["state"], asked.json()["rule"], asked.json()["requested_by"]) == (
        "requested",
        "gates/0",
        "李四",
    )
    assert code_of(move(lisi, code)) == (409, "gate_closed"), "asking opens nothing"
    approved = decide(wang, code, number, "approve")
    assert approved.status_code == 200, approved.text
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("approved", "王主任")
    moved = move(lisi, code)
    assert moved.status_code == 201, moved.text
    told = moved.json()["override"]
    assert (told["requested_by"], told["decided_by"], told["reason"], told["decision"], told["missing"]) == (
        "李四", "王主任", ASKING["reason"], "限九月底前补齐", lacking,
    )  # fmt: skip
    assert told["move"] == moved.json()["id"]
    leader = as_("leader")
    assert leader.get(f"/api/v1/projects/{code}/moves").json()["items"][-1]["override"] == told
    gates = leader.get(f"/api/v1/projects/{code}/gates").json()
    signed = next(one for one in gates["stages"] if one["stage"] == "signed")
    assert signed["overrides"] == [told]
    assert (signed["missing"], gates["gaps"]) == (1, 1)
    history = leader.get(f"/api/v1/projects/{code}/history").json()["items"]
    assert [item["label"] for item in history[:3]] == ["阶段变更", "批准例外", "申请例外"]
    assert (history[1]["by_name"], history[1]["reason"]) == ("王主任", "限九月底前补齐")
    assert (history[2]["by_name"], history[2]["reason"]) == ("李四", ASKING["reason"])
    missing = next(change for change in history[2]["changes"] if change["field"] == "missing")
    assert missing["after_text"] == "没有做公平竞争审查"
    # Once: going back and forward again asks for another one.
    back = {"to": "talk", "happened_on": "2024-10-01", "reason": "合同解除"}
    assert lisi.post(f"/api/v1/projects/{code}/moves", json=back).status_code == 201
    assert code_of(move(lisi, code)) == (409, "gate_closed")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_it_covers_what_was_missing_then_and_nothing_else(as_: As, db: Work) -> None:
    code = ready(db)
    number = ask(as_("officer"), code).json()["id"]
    assert decide(as_("reviewer"), code, number, "approve").status_code == 200
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        project.enterprise_id = None
    refused = move(as_("officer"), code)
    assert code_of(refused) == (409, "gate_closed")
    assert "新缺" in refused.json()["message"]
    assert {error["field"] for error in refused.json()["errors"]} == {
        "signed.field.enterprise", "signed.review.fair_competition",
    }  # fmt: skip
    again = ask(as_("officer"), code)
    assert again.status_code == 201
    assert len(again.json()["missing"]) == 2
    assert decide(as_("reviewer"), code, again.json()["id"], "approve").status_code == 200
    assert move(as_("officer"), code).json()["override"]["id"] == again.json()["id"]


def test_it_is_for_one_day_only(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="signed")
        make_agreement(session, project)
    officer, path = as_("officer"), f"/api/v1/projects/{project.code}/moves"
    number = ask(officer, project.code, "started", happened_on="2020-10-01").json()["id"]
    assert decide(as_("reviewer"), project.code, number, "approve", "started").status_code == 200
    other = officer.post(path, json={"to": "started", "happened_on": "2020-10-02"})
    assert code_of(other) == (409, "gate_closed")
    assert officer.post(path, json={"to": "started", "happened_on": "2020-10-01"}).status_code == 201


def test_what_is_passed_over_is_covered_too(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="signed")
        make_agreement(session, project)
    asked = ask(as_("officer"), project.code, "started", happened_on="2020-10-01").json()
    assert {one["stage"] for one in asked["missing"]} == {"registered", "approved", "land", "started"}


def test_a_refused_one_opens_nothing_and_another_may_be_asked_for(as_: As, db: Work) -> None:
    code = ready(db)
    number = ask(as_("officer"), code).json()["id"]
    refused = decide(as_("reviewer"), code, number, "refuse")
    assert (refused.json()["state"], refused.json()["decision"]) == ("refused", "不宜签约")
    assert code_of(move(as_("officer"), code)) == (409, "gate_closed")
    assert ask(as_("officer"), code).status_code == 201
    with db() as session:
        states = session.scalars(select(GateOverride.state).order_by(GateOverride.id)).all()
    assert states == [OverrideState.REFUSED, OverrideState.REQUESTED]


def test_a_request_that_became_pointless_lapses(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="land")
    officer, reviewer = as_("officer"), as_("reviewer")
    number = ask(officer, project.code, "started", happened_on="2020-10-01").json()["id"]
    assert waiting(reviewer) == 1
    with db() as session:
        make_evidence(session, session.get_one(Project, project.id), "start_order", "verified")
    body = {"to": "started", "happened_on": "2020-10-01"}
    assert officer.post(f"/api/v1/projects/{project.code}/moves", json=body).json()["override"] is None
    assert code_of(decide(as_("reviewer"), project.code, number, "approve", "started")) == (409, "override_decided")
    gates = officer.get(f"/api/v1/projects/{project.code}/gates").json()["stages"]
    started = next(one for one in gates if one["stage"] == "started")
    assert [one["state"] for one in started["overrides"]] == ["lapsed"]
    assert waiting(as_("reviewer")) == 0


def waiting(client: TestClient) -> int:
    found = client.get("/api/v1/me/notices", params={"open": "true"}).json()["items"]
    return sum(notice["kind"] == "gate.override_requested" for notice in found)


# -- what is not possible -----------------------------------------------------------------------------------------


def test_nobody_decides_his_own(as_: As, db: Work) -> None:
    code = ready(db)
    asked = ask(as_("reviewer"), code)
    assert asked.status_code == 201
    for verb in ("approve", "refuse"):
        assert code_of(decide(as_("reviewer"), code, asked.json()["id"], verb)) == (403, "same_person")
    assert decide(as_("reviewer", login="another"), code, asked.json()["id"], "approve").status_code == 200


STATES = [OverrideState.APPROVED, OverrideState.REFUSED, OverrideState.LAPSED]


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize("state", STATES)
def test_what_is_decided_stays_so(as_: As, db: Work, state: OverrideState, verb: str) -> None:
    code = ready(db)
    number = ask(as_("officer"), code).json()["id"]
    with db() as session:
        session.get_one(GateOverride, number).state = state
    assert code_of(decide(as_("reviewer"), code, number, verb)) == (409, "override_decided")
    with db() as session:
        assert session.get_one(GateOverride, number).state is state


def test_two_who_decide_at_once_decide_once(as_: As, db: Work) -> None:
    code = ready(db)
    number = ask(as_("officer"), code).json()["id"]
    people = [as_("reviewer", login=f"reviewer{place}") for place in range(4)]
    verbs = ["approve", "refuse", "approve", "refuse"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda pair: decide(pair[0], code, number, pair[1]), zip(people, verbs, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    gates = as_("officer").get(f"/api/v1/projects/{code}/gates").json()["stages"]
    assert next(one for one in gates if one["stage"] == "signed")["overrides"] == [won]


def test_an_approval_lets_only_one_of_two_moves_pass(as_: As, db: Work) -> None:
    code = ready(db)
    number = ask(as_("officer"), code).json()["id"]
    decide(as_("reviewer"), code, number, "approve")
    people = [as_("officer", login=f"officer{place}") for place in range(3)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda client: move(client, code), people))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


def test_what_cannot_be_asked_for(as_: As, db: Work) -> None:
    officer = as_("officer")
    code = ready(db)
    assert code_of(ask(officer, code, "talk")) == (409, "not_ahead")
    assert code_of(ask(officer, code, "lead")) == (409, "not_ahead")
    assert code_of(ask(officer, code, "framework")) == (409, "paper_missing")
    assert code_of(ask(officer, code, happened_on="2024-07-31")) == (409, "gate_open")
    assert ask(officer, code, happened_on="2999-01-01").status_code == 422
    assert ask(officer, code, reason=" ").status_code == 422
    assert ask(officer, code, "moon").status_code == 422
    assert ask(officer, code).status_code == 201
    assert code_of(ask(officer, code)) == (409, "override_pending")
    number = ask(officer, code, happened_on="2024-09-13").json()["id"]
    assert decide(as_("reviewer"), code, number, "approve").status_code == 200
    assert code_of(ask(officer, code, happened_on="2024-09-13")) == (409, "override_stands")
    with db() as session:
        bare = make_project(session, stage="talk").code
        ended = make_project(session, stage="talk", status="terminated").code
        archived = make_project(session, stage="talk", archived_on=date(2021, 1, 1)).code
    # No rule and no second person can do without the contract.
    assert code_of(ask(officer, bare, "started")) == (409, "contract_missing")
    assert code_of(ask(officer, ended)) == (409, "project_ended")
    assert code_of(ask(officer, archived)) == (409, "archived")


def test_a_contract_recorded_by_itself_passes_the_gate_of_signing(as_: As, db: Work) -> None:
    """It would sign the project for all figures: evidence, reviews and the second person are asked for as of a move."""
    officer = as_("officer")
    with db() as session:
        code = make_project(session, stage="talk").code
    of = f"/api/v1/projects/{code}"
    contract = {"type": "formal", "signed_on": "2020-08-18", "amount": "120000000.00", "number": "QJ-1"}
    refused = officer.post(f"{of}/agreements", json=contract)
    assert code_of(refused) == (409, "gate_closed") and refused.json()["errors"]
    assert officer.get(f"{of}/agreements").json()["items"] == []
    number = ask(officer, code, happened_on="2020-08-18").json()["id"]
    assert decide(as_("reviewer"), code, number, "approve").status_code == 200
    assert officer.post(f"{of}/agreements", json=contract).status_code == 201
    # The exception is for this day: the date cannot slip to another one, and the move that follows uses it up.
    paper = officer.get(f"{of}/agreements").json()["items"][0]["id"]
    match = {"If-Match": officer.get(of).headers["ETag"]}
    moved = officer.patch(f"{of}/agreements/{paper}", json={"signed_on": "2020-08-01"}, headers=match)
    assert code_of(moved) == (409, "gate_closed")
    assert officer.post(f"{of}/moves", json={"to": "signed", "happened_on": "2020-08-18"}).status_code == 201


def test_an_open_gate_needs_no_override(as_: As, db: Work) -> None:
    code = ready(db)
    with db() as session:
        open_gates(session)
    assert code_of(ask(as_("officer"), code)) == (409, "gate_open")


def test_one_of_another_project_or_stage_is_not_found_here(as_: As, db: Work) -> None:
    code, other = ready(db), ready(db)
    number = ask(as_("officer"), code).json()["id"]
    assert decide(as_("reviewer"), other, number, "approve").status_code == 404
    assert decide(as_("reviewer"), code, number, "approve", "started").status_code == 404
    assert decide(as_("reviewer"), code, number + 1, "refuse").status_code == 404


# -- who may ------------------------------------------------------------------------------------------------------

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
ONE = "/projects/{code}/gates/{stage}/overrides"
TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/projects/{code}/gates"): STAFF,
    ("POST", ONE): {Role.OFFICER, Role.REVIEWER},
    ("POST", f"{ONE}/{{override_id}}/approve"): {Role.REVIEWER},
    ("POST", f"{ONE}/{{override_id}}/refuse"): {Role.REVIEWER},
}
BODIES: dict[str, Any] = {"overrides": ASKING, "approve": {}, "refuse": {"reason": "x"}}


def send(client: TestClient, place: tuple[str, str], code: str, number: int) -> Any:
    method, path = place
    filled = PREFIX + path.format(code=code, stage="signed", override_id=number)
    body = None if method == "GET" else BODIES[path.rsplit("/", 1)[1]]
    return client.request(method, filled, json=body)


def requested(db: Work, code: str) -> int:
    """A request by the house itself."""
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        override = GateOverride(
            project_id=project.id, stage="signed", happened_on=date(2024, 9, 11), state=OverrideState.REQUESTED,
            reason="x", missing=[], rule="gates/0", requested_at=calendar.now(), requested_by=0, requested_by_name="x",
        )  # fmt: skip
        session.add(override)
        session.flush()
        return override.id


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, db: Work, place: tuple[str, str]) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
    projects = {role: ready(db, unit=unit) for role in Role}
    let_in = set()
    for role, code in projects.items():
        number = requested(db, code)
        assert send(as_(None), place, code, number).status_code == 401
        answer = send(as_(role.value, unit="jxw"), place, code, number)
        assert answer.status_code in (200, 201, 403), answer.text
        if answer.status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place]


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_a_sealed_project_s_gates_are_those_of_named_people(as_: As, db: Work, place: tuple[str, str]) -> None:
    code = ready(db, confidentiality="sealed", name="密封的玻纤项目")
    number = requested(db, code)
    for role in Role:
        answer = send(as_(role.value), place, code, number)
        assert answer.status_code == (404 if role in TABLE[place] else 403)
        assert "玻纤" not in answer.text


# -- notices ------------------------------------------------------------------------------------------------------


def test_those_who_may_decide_are_told_and_whoever_asked_hears_the_answer(as_: As, db: Work) -> None:
    code = ready(db, name="光伏玻纤")
    officer, first, second = as_("officer"), as_("reviewer"), as_("reviewer", login="second")

    def told(client: TestClient) -> list[tuple[str, str, bool]]:
        items = client.get("/api/v1/me/notices").json()["items"]
        return [(one["kind"], one["text"], one["done_at"] is not None) for one in items if "gate." in one["kind"]]

    number = ask(officer, code).json()["id"]
    waits = f"项目「光伏玻纤」申请不经关口变更为签约（{DAY}），待审批；理由：{ASKING['reason']}"
    assert told(first) == told(second) == [("gate.override_requested", waits, False)]
    assert told(officer) == told(as_("leader")) == []
    assert decide(first, code, number, "approve").status_code == 200
    assert told(first) == told(second) == [("gate.override_requested", waits, True)]
    answer = f"项目「光伏玻纤」变更为签约（{DAY}）的例外申请已获批准，可以变更阶段：限九月底前补齐"
    assert told(officer) == [("gate.override_decided", answer, False)]
    other = ask(second, code, happened_on="2024-09-13").json()["id"]
    assert [done for *_, done in told(second)] == [True], "who asks is not told to decide"
    decide(first, code, other, "refuse")
    assert "未获批准：不宜签约" in told(second)[0][1]
