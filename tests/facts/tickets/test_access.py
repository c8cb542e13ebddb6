"""Who sees which ticket, who may do what with it, and what the live stream tells of it."""

from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from app.domains import FEED
from app.exchange.feed.messages import read
from app.exchange.feed.subjects import fate, present
from app.facts.history.routes import tickets as history
from app.facts.tickets import routes
from app.identity.auth.models import User
from app.kernel.access import KEY_SCOPES, Permission
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import actor_of, make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.tickets import make_ticket
from tests.replay import assert_log_equals_tables

API = "/api/v1"

# Of a ticket of jxw that a reporter of nyw recorded: who sees it, by how secret its project is.
SEEN = {
    None: {"officer", "leader", "named", "owner", "recorder"},
    "open": {"officer", "leader", "named", "owner", "recorder"},
    "internal": {"officer", "leader", "named", "owner"},  # nyw has no part in the project
    "sealed": {"named"},
}


@pytest.mark.parametrize("level", SEEN)
def test_who_sees_it(as_: As, db: Work, level: str | None) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named", named=True)
        units = {code: make_unit(session, code) for code in ("jxw", "nyw", "sww", "wlw")}
        project = None
        if level is not None:
            project = make_project(session, unit=units["jxw"], co_units=(units["sww"],), confidentiality="internal")
        ticket = make_ticket(session, project=project)
        ticket.recorded_unit_id = units["nyw"].id
        number, code = ticket.id, None if project is None else project.code
    if level is not None and level != "internal":
        body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
        answer = put_part(as_("reviewer"), f"{API}/projects/{code}", "confidentiality", body)
        assert answer.status_code == 200, answer.text
    clients = {
        "officer": as_("officer"), "leader": as_("leader"), "named": as_("named"), "owner": as_("reporter", unit="jxw"),
        "recorder": as_("reporter", unit="nyw"), "member": as_("reporter", unit="sww"),
        "other": as_("reporter", unit="wlw"),
    }  # fmt: skip
    assert {who for who, client in clients.items() if client.get(f"{API}/tickets/{number}").status_code == 200} == SEEN[
        level
    ]
    listed = {who for who, client in clients.items() if client.get(f"{API}/tickets").json()["items"]}
    assert listed == SEEN[level]
    for who, client in clients.items():
        status = client.get(f"{API}/tickets/{number}/history").status_code
        assert status == (200 if who in SEEN[level] else 404), who
        seen = client.post(f"{API}/tickets/{number}/void", json={"reason": "x"} if who != "officer" else {})
        if who not in SEEN[level]:
            assert seen.status_code in (403, 404, 422), who


BUREAU, READ = {"officer", "reviewer"}, {"officer", "reviewer", "leader", "owner", "recorder"}
WORK = BUREAU | {"owner"}
FILE = {"files": {"file": ("a.txt", b"abc", "text/plain")}, "data": {"purpose": "result"}}

# method, path → how far the ticket has come, who may, what is sent. Who sees it and may not is told 403, others 404.
TABLE: dict[tuple[str, str], tuple[str, set[str], dict[str, Any]]] = {
    ("GET", "/tickets/{ticket_id}"): ("received", READ, {}),
    ("PATCH", "/tickets/{ticket_id}"): ("received", WORK, {"json": {"text": "改"}}),
    ("POST", "/tickets/{ticket_id}/accept"): ("received", WORK, {"json": {}}),
    ("POST", "/tickets/{ticket_id}/transfer"): ("received", WORK, {"json": {"unit": "wlw", "reason": "x"}}),
    ("POST", "/tickets/{ticket_id}/solve"): ("accepted", WORK, {"json": {"result": "x"}}),
    ("POST", "/tickets/{ticket_id}/close"): ("solved", WORK, {"json": {}}),
    ("POST", "/tickets/{ticket_id}/reopen"): ("solved", WORK | {"recorder"}, {"json": {"reason": "x"}}),
    ("POST", "/tickets/{ticket_id}/void"): ("received", BUREAU, {"json": {"reason": "x"}}),
    ("POST", "/tickets/{ticket_id}/files"): ("received", WORK, FILE),
    ("GET", "/tickets/{ticket_id}/files/{file_id}/file"): ("received", READ, {}),
    ("POST", "/tickets/{ticket_id}/files/{file_id}/withdraw"): ("received", WORK, {"json": {"reason": "x"}}),
    ("POST", "/tickets/{ticket_id}/rating-links"): ("solved", WORK, {}),
    ("GET", "/tickets/{ticket_id}/history"): ("received", READ, {}),
}
ELSEWHERE = {("GET", "/tickets"), ("POST", "/tickets")}  # below, and above in who sees it


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for router in (routes.router, history)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert found == set(TABLE) | ELSEWHERE
    assert {p for p in Permission if p.value.startswith("ticket.")} & KEY_SCOPES == set()


def test_every_route_asks_who_is_there(as_: As, db: Work) -> None:
    with db() as session:
        recorded_by = make_unit(session, "nyw").id
        for unit in ("jxw", "wlw", "sww"):
            make_unit(session, unit)
    clients = {
        role: as_(role) for role in ("officer", "reviewer", "leader", "system_admin", "security_admin", "auditor")
    }
    clients |= {
        name: as_("reporter", unit=unit) for name, unit in (("owner", "jxw"), ("recorder", "nyw"), ("other", "sww"))
    }
    clients["nobody"] = as_(None)
    for (method, path), (state, may, sent) in TABLE.items():
        for who, client in clients.items():
            with db() as session:
                more = {"owner": "officer"} if state != "received" else {}
                ticket = make_ticket(session, result="已办" if state == "solved" else None, **more)
                ticket.recorded_unit_id = recorded_by
                number = ticket.id
            at = path.replace("{ticket_id}", str(number))
            if "{file_id}" in at:
                file = as_("officer").post(f"{API}/tickets/{number}/files", **FILE).json()["id"]
                at = at.replace("{file_id}", str(file))
            headers = {"If-Match": as_("officer").get(f"{API}/tickets/{number}").headers["ETag"]}
            status = client.request(method, API + at, headers=headers, **sent).status_code
            wanted = {"nobody": 401, "other": 404}.get(who, 200 if who in may else 403)
            assert (200 if status == 201 else status) == wanted, f"{who}: {method} {path}: {status}"


def test_who_may_do_what(as_: As, db: Work) -> None:
    """A unit deals with its own; the bureau with all; leaders read."""
    with db() as session:
        for code in ("jxw", "nyw"):
            make_unit(session, code)
        firm = make_enterprise(session).id
        make_user(session, "reporter", login="other", unit="nyw")
        make_user(session, "reporter", login="idle", unit="jxw").active = False
    own, leader = as_("reporter", unit="jxw"), as_("leader")
    body = {"category": "power", "text": "增容", "enterprise": firm, "channel": "visit"}
    made = own.post(f"{API}/tickets", json=body)
    assert (made.status_code, made.json()["unit"], made.json()["first_unit"]) == (201, "jxw", "jxw"), made.text
    of = f"{API}/tickets/{made.json()['id']}"
    refused: list[tuple[Any, str, str, dict[str, Any], str]] = [
        (own, "post", f"{API}/tickets", body | {"unit": "nyw"}, "not_your_ticket"),
        (as_("officer"), "post", f"{API}/tickets", body, "invalid"),  # the bureau says whose it is
        (as_("officer"), "post", f"{API}/tickets", body | {"unit": "jxw", "project": "500114-2020-9999"}, "invalid"),
        (leader, "post", f"{API}/tickets", body | {"unit": "jxw"}, "forbidden"),
        (leader, "post", f"{of}/accept", {}, "forbidden"),
        (as_("other"), "post", f"{of}/accept", {}, "no_ticket"),
        (own, "post", f"{of}/accept", {"owner": "other"}, "invalid"),
        (own, "post", f"{of}/accept", {"owner": "idle"}, "invalid"),
        (own, "post", f"{of}/reopen", {"reason": "x"}, "ticket_not_ended"),
        (own, "post", f"{of}/close", {}, "ticket_not_ended"),
        (own, "post", f"{of}/void", {"reason": "x"}, "not_your_ticket"),
    ]
    for client, method, path, sent, code in refused:
        answer = client.request(method, path, json=sent)
        assert answer.json().get("code") == code, f"{path} {sent}: {answer.text}"
    # The unit that recorded it goes on seeing it, and may take it up again, but deals with it no more.
    assert own.post(f"{of}/transfer", json={"unit": "nyw", "reason": "x"}).status_code == 200
    assert own.get(of).status_code == 200
    assert own.post(f"{of}/accept", json={}).json()["code"] == "not_your_ticket"
    assert as_("other").post(f"{of}/accept", json={}).status_code == 200
    assert as_("other").post(f"{of}/solve", json={"result": "已增容"}).status_code == 200
    assert own.post(f"{of}/reopen", json={"reason": "又停电"}).json()["state"] == "accepted"


def fates(db: Work, login: str, *, now: bool) -> list[tuple[str, bool | None]]:
    with db() as session:
        actor = actor_of(session.scalars(select(User).where(User.login == login)).one())
        messages = [message for message in read(session.connection(), 0, 1000) if message.subject == "ticket"]
        today = present(FEED, session.connection(), messages) if now else None
        return [(message.kind, fate(FEED, actor, message, today)) for message in messages]


def test_who_loses_sight_is_told_that_it_is_gone(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
        for login, unit in (("first", "jxw"), ("second", "nyw")):
            make_user(session, "reporter", login=login, unit=unit)
        project = make_project(session, confidentiality="open")
        number, code = make_ticket(session, project=project).id, project.code
    of = f"{API}/tickets/{number}"
    assert as_("first").post(f"{of}/transfer", json={"unit": "nyw", "reason": "x"}).status_code == 200
    assert fates(db, "first", now=False)[-1] == ("ticket.transferred", False)
    assert fates(db, "second", now=False)[-1] == ("ticket.transferred", True)
    seal = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    assert put_part(as_("reviewer"), f"{API}/projects/{code}", "confidentiality", seal).status_code == 200
    assert fates(db, "second", now=False)[-1] == ("ticket.changed", False)
    assert {shown for _, shown in fates(db, "second", now=True)} <= {None, False}
    assert {shown for _, shown in fates(db, "named", now=True)} == {True}
    assert as_("officer").get(of).status_code == 404 and as_("named").get(of).status_code == 200
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_a_merged_enterprises_tickets_go_with_it_and_come_back(as_: As, db: Work) -> None:
    with db() as session:
        kept, merged = make_enterprise(session, name="甲公司"), make_enterprise(session, name="乙公司")
        number = make_ticket(session, enterprise=merged).id
        kept_id, merged_id = kept.id, merged.id
    officer = as_("officer")
    done = officer.post(f"{API}/enterprises/{merged_id}/merge", json={"into": kept_id, "reason": "同一企业"})
    assert done.status_code in (200, 201), done.text
    assert officer.get(f"{API}/tickets/{number}").json()["enterprise_name"] == "甲公司"
    merge = done.json()["id"]
    undone = officer.post(f"{API}/enterprises/merges/{merge}/undo", json={"reason": "并非同一企业"})
    assert undone.status_code in (200, 201), undone.text
    assert officer.get(f"{API}/tickets/{number}").json()["enterprise_name"] == "乙公司"


def test_the_telephone_is_for_those_who_must_call(as_: As, db: Work) -> None:
    with db() as session:
        number = make_ticket(session, contact_name="王经理", contact_phone="13812341234").id
    of = f"{API}/tickets/{number}"
    shown = {"officer": "13812341234", "reviewer": "13812341234", "leader": "138****1234"}
    for role, phone in shown.items():
        assert as_(role).get(of).json()["contact_phone"] == phone
    assert as_("reporter", unit="jxw").get(of).json()["contact_phone"] == "138****1234"
    assert "13812341234" not in as_("auditor").get(f"{API}/log").text
