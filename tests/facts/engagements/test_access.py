"""Who may do what with an engagement: every role, every route, whose it is, and how secret its projects are."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.engagements.routes import router
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.engagements import make_engagement
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
EDITORS = {Role.OFFICER, Role.REVIEWER, Role.REPORTER}
JOINERS = {Role.OFFICER, Role.REVIEWER}
ONE = "/engagements/{engagement_id}"

TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/engagements"): STAFF,
    ("POST", "/engagements"): EDITORS,
    ("GET", ONE): STAFF,
    ("PATCH", ONE): EDITORS,
    ("POST", f"{ONE}/void"): EDITORS,
    ("GET", f"{ONE}/duplicates"): STAFF,
    ("GET", f"{ONE}/joins"): STAFF,
    ("POST", f"{ONE}/joins"): JOINERS,
    ("POST", "/engagements/joins/{join_id}/undo"): JOINERS,
    ("POST", f"{ONE}/files"): EDITORS,
    ("GET", f"{ONE}/files/{{file_id}}/file"): STAFF,
    ("POST", f"{ONE}/files/{{file_id}}/withdraw"): EDITORS,
}
OWN = {("POST", "/engagements"), ("PATCH", ONE), ("POST", f"{ONE}/void"), ("POST", f"{ONE}/files"),
       ("POST", f"{ONE}/files/{{file_id}}/withdraw")}  # fmt: skip
"""What a reporter does for the own unit only."""


def ask(client: TestClient, place: tuple[str, str], made: dict[str, int]) -> Any:
    """A request that would do what the route is for."""
    method, path = place
    filled = "/api/v1" + path.format(engagement_id=made["one"], join_id=made["join"], file_id=made["file"])
    if path.endswith("/files"):
        return client.post(filled, files={"file": ("照片说明.txt", b"more", "text/plain")})
    visit = {"kind": "outgoing_visit", "title": "拜访", "starts_on": "2020-08-18", "unit": "jxw"}
    bodies: dict[str, Any] = {"engagements": visit, "joins": {"other": made["other"]}, "undo": {}}
    body = bodies.get(path.rsplit("/", 1)[-1], {"title": "改"} if method == "PATCH" else {"reason": "误报"})
    headers = {"If-Match": f'"{made["version"]}-1"'} if method == "PATCH" else {}
    return client.request(method, filled, json=None if method == "GET" else body, headers=headers)


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


def test_no_machine_reads_or_writes_engagements() -> None:
    permissions = {Permission.ENGAGEMENT_READ, Permission.ENGAGEMENT_EDIT, Permission.ENGAGEMENT_JOIN}
    assert permissions & KEY_SCOPES == set()


Made = Callable[[], dict[str, int]]


@pytest.fixture
def made(as_: As, db: Work) -> Made:
    """An engagement of the unit jxw with a file, another to be joined, and a pair that is joined already."""

    def make() -> dict[str, int]:
        with db() as session:
            one, other, kept, joined = (make_engagement(session).id for _ in range(4))
        officer = as_("officer", login="maker")
        file = officer.post(f"/api/v1/engagements/{one}/files", files={"file": ("签到表.txt", b"x", "text/plain")})
        trace = officer.post(f"/api/v1/engagements/{kept}/joins", json={"other": joined})
        etag = officer.get(f"/api/v1/engagements/{one}").headers["ETag"]
        return {
            "one": one, "other": other, "join": trace.json()["id"], "file": file.json()["id"],
            "version": int(etag.strip('"').split("-")[0]),
        }  # fmt: skip

    return make


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, made: Made, place: tuple[str, str]) -> None:
    assert ask(as_(None), place, made()).status_code == 401
    let_in = set()
    for role in Role:
        answer = ask(as_(role.value, unit="jxw"), place, made())
        assert answer.status_code in (200, 201, 403), answer.text
        if answer.status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place]


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_a_reporter_works_for_the_own_unit_only(as_: As, made: Made, place: tuple[str, str]) -> None:
    answer = ask(as_("reporter", unit="nyw"), place, made())
    if place in OWN:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_units")
    else:
        assert answer.status_code == (200 if Role.REPORTER in TABLE[place] else 403)


def test_who_takes_part_reads_but_does_not_change(as_: As, db: Work) -> None:
    with db() as session:
        number = make_engagement(session, units=("nyw",)).id
    reporter = as_("reporter", unit="nyw")
    etag = reporter.get(f"/api/v1/engagements/{number}").headers["ETag"]
    refused = reporter.patch(f"/api/v1/engagements/{number}", json={"title": "改"}, headers={"If-Match": etag})
    assert refused.json()["code"] == "not_your_units"


# Who sees the link of an engagement to a project of each level.
SEEN = {
    ("open", "officer"), ("open", "leader"), ("open", "own"), ("open", "other"), ("open", "named"),
    ("internal", "officer"), ("internal", "leader"), ("internal", "own"), ("internal", "named"),
    ("sealed", "named"),
}  # fmt: skip


@pytest.mark.parametrize("who", ["officer", "leader", "own", "other", "named"])
@pytest.mark.parametrize("level", ["open", "internal", "sealed"])
def test_a_project_is_told_to_those_who_may_see_it(as_: As, db: Work, level: str, who: str) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        make_user(session, "reviewer", login="named")
        project = make_project(session, unit=unit, name="绝密项目")
        number = make_engagement(session, unit="nyw", projects=(project,)).id
        code = project.code
    secrecy = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
    if level != "open":
        put = put_part(as_("reviewer"), f"/api/v1/projects/{code}", "confidentiality", secrecy)
        assert put.status_code == 200, put.text
    client = {
        "officer": lambda: as_("officer"), "leader": lambda: as_("leader"), "named": lambda: as_("named"),
        "own": lambda: as_("reporter", unit="jxw"), "other": lambda: as_("reporter", unit="nyw"),
    }[who]()  # fmt: skip
    told = client.get(f"/api/v1/engagements/{number}")
    asked = client.get("/api/v1/engagements", params={"project": code})
    if (level, who) in SEEN:
        assert told.json()["projects"] == [{"project": code, "name": "绝密项目"}]
        assert told.json()["withheld"] == 0
        assert [row["id"] for row in asked.json()["items"]] == [number]
    else:
        assert (told.json()["projects"], told.json()["withheld"]) == ([], 1)
        assert code not in told.text
        assert asked.status_code == 422
        unknown = client.get("/api/v1/engagements", params={"project": "500114-2020-9999"})
        assert unknown.json()["errors"][0]["code"] == asked.json()["errors"][0]["code"]


def test_a_link_that_is_not_seen_is_not_replaced(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
        hidden, shown = make_project(session), make_project(session)
        number = make_engagement(session, projects=(hidden, shown)).id
        codes = hidden.code, shown.code
    secrecy = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    put_part(as_("reviewer"), f"/api/v1/projects/{codes[0]}", "confidentiality", secrecy)
    officer = as_("officer")
    etag = officer.get(f"/api/v1/engagements/{number}").headers["ETag"]
    changed = officer.patch(f"/api/v1/engagements/{number}", json={"projects": []}, headers={"If-Match": etag})
    assert (changed.json()["projects"], changed.json()["withheld"]) == ([], 1)
    assert [one["project"] for one in as_("named").get(f"/api/v1/engagements/{number}").json()["projects"]] == [
        codes[0]
    ]
    linked = officer.patch(
        f"/api/v1/engagements/{number}", json={"projects": [codes[0]]}, headers={"If-Match": changed.headers["ETag"]}
    )
    assert linked.json()["errors"][0]["code"] == "unknown_project"
