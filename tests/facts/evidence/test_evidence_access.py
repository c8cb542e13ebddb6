"""Who may see, add and judge evidence: every route, every role, every level of confidentiality."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.evidence.routes import router
from app.facts.evidence.upload_routes import router as uploads
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
SENDERS = {Role.OFFICER, Role.REVIEWER, Role.REPORTER}
FORM = {"kind": "contract", "dated_on": "2020-08-18", "reason": "x"}

TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/projects/{code}/evidence"): STAFF,
    ("POST", "/projects/{code}/evidence"): SENDERS,
    ("GET", "/projects/{code}/evidence/{evidence_id}/file"): STAFF,
    ("POST", "/projects/{code}/evidence/{evidence_id}/verify"): {Role.REVIEWER},
    ("POST", "/projects/{code}/evidence/{evidence_id}/reject"): {Role.REVIEWER},
    ("POST", "/projects/{code}/evidence/{evidence_id}/replace"): SENDERS,
    ("POST", "/uploads"): SENDERS,
    ("GET", "/uploads/{upload_id}"): SENDERS,
    ("PUT", "/uploads/{upload_id}"): SENDERS,
    ("DELETE", "/uploads/{upload_id}"): SENDERS,
}
OF_PROJECTS = sorted(place for place in TABLE if place[1].startswith("/projects"))

Ask = Callable[[TestClient, tuple[str, str], str, int], Any]


def ask(client: TestClient, place: tuple[str, str], code: str, number: int) -> Any:
    """A request that would do what the route is for."""
    method, path = place
    filled = "/api/v1" + path.format(code=code, evidence_id=number, upload_id="up_none")
    if path.endswith(("/evidence", "/replace")) and method == "POST":
        return client.post(filled, data=FORM, files={"file": ("合同.txt", b"text of a contract")})
    if path.endswith("/reject"):
        return client.post(filled, json={"reason": "x"})
    if path == "/uploads":
        return client.post(filled, json={"name": "a.pdf", "size": 5})
    if method == "PUT":
        return client.put(filled, params={"offset": 0}, content=b"%PDF-")
    return client.request(method, filled)


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in (*router.routes, *uploads.routes)
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, db: Work, place: tuple[str, str]) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        numbers = [make_evidence(session, project, "contract").id for _ in Role]
    assert ask(as_(None), place, project.code, numbers[0]).status_code == 401
    let_in = set()
    for role, number in zip(Role, numbers, strict=True):
        if ask(as_(role.value, unit="jxw"), place, project.code, number).status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place]


def test_no_machine_opens_papers() -> None:
    assert {Permission.EVIDENCE_READ, Permission.EVIDENCE_ADD, Permission.EVIDENCE_VERIFY} & KEY_SCOPES == set()


@pytest.mark.parametrize(
    ("level", "who", "status"),
    [
        ("open", "leader", None), ("open", "reporter-own", None), ("open", "reporter-other", None),
        ("internal", "leader", None), ("internal", "officer", None), ("internal", "reporter-own", None),
        ("internal", "reporter-other", 404),
        ("sealed", "officer", 404), ("sealed", "reviewer", 404), ("sealed", "leader", 404),
        ("sealed", "reporter-own", 404), ("sealed", "named", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", OF_PROJECTS, ids=" ".join)
def test_evidence_is_seen_with_its_project(
    as_: As, db: Work, place: tuple[str, str], level: str, who: str, status: int | None
) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        number = make_evidence(session, project).id
        make_user(session, "reviewer", login="named")
    body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
    sealer = as_("reviewer", login="sealer")
    levelled = put_part(sealer, f"/api/v1/projects/{project.code}", "confidentiality", body)
    assert levelled.status_code == 200, levelled.text
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    roles = Role.REVIEWER if who == "named" else Role(role)
    answer = ask(client, place, project.code, number)
    if roles not in TABLE[place]:
        assert answer.status_code == 403  # the role is asked before the project
    elif status is not None:
        assert (answer.status_code, answer.json()["code"]) == (status, "not_found")
        assert project.name not in answer.text
    elif who == "reporter-other" and place[0] == "POST":
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    elif place[1].endswith("/file"):
        assert answer.json()["code"] == "file_missing"  # found, but this one lies in no store
    else:
        assert answer.status_code in (200, 201), answer.text


def test_a_reporter_adds_to_projects_of_the_own_unit_only(as_: As, db: Work) -> None:
    with db() as session:
        own = make_project(session, unit=make_unit(session, "jxw"))
        part = make_project(session, unit=make_unit(session, "nyw"), co_units=(make_unit(session, "jxw"),))
        foreign = make_project(session, unit=make_unit(session, "nyw"))
    reporter = as_("reporter", unit="jxw")
    place = ("POST", "/projects/{code}/evidence")
    answers = [ask(reporter, place, project.code, 0).status_code for project in (own, part, foreign)]
    assert answers == [201, 201, 403]


def test_papers_of_the_archive_may_still_come(as_: As, db: Work, app: FastAPI) -> None:
    with db() as session:
        project = make_project(session)
    as_("officer").post(f"/api/v1/projects/{project.code}/archive", json={"on": "2020-12-31", "reason": "x"})
    assert ask(as_("officer"), ("POST", "/projects/{code}/evidence"), project.code, 0).status_code == 201
