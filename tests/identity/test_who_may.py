"""Who may do what: every route of identity, asked by every role, by nobody and by a machine."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.domains import ROUTERS
from app.exchange import health
from app.identity.auth.account_routes import router as accounts
from app.identity.auth.routes import router as auth
from app.identity.notices.routes import router as notices
from app.identity.periods.routes import router as periods
from app.identity.rulebook.routes import router as rulebook
from app.identity.units.routes import router as units
from app.kernel import calendar
from app.kernel.access import KEY_SCOPES, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work
from tests.factories.identity import make_unit, make_user

EVERYBODY = set(Role)
STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
BUREAU = {Role.OFFICER, Role.REVIEWER}
SYSTEM, SECURITY, REVIEWER = {Role.SYSTEM_ADMIN}, {Role.SECURITY_ADMIN}, {Role.REVIEWER}

# Route → who is let in. A machine's key may read what is marked so.
TABLE: dict[tuple[str, str], tuple[set[Role], bool]] = {
    ("POST", "/auth/logout"): (EVERYBODY, False),
    ("GET", "/auth/me"): (EVERYBODY, False),
    ("POST", "/auth/password"): (EVERYBODY, False),
    ("GET", "/auth/sessions"): (EVERYBODY, False),
    ("DELETE", "/auth/sessions/{session_id}"): (EVERYBODY, False),
    ("GET", "/me/notices"): (EVERYBODY, False),
    ("GET", "/me/notices/count"): (EVERYBODY, False),
    ("POST", "/me/notices/read"): (EVERYBODY, False),
    ("GET", "/users"): (SYSTEM | SECURITY, False),
    ("GET", "/users/{login}"): (SYSTEM | SECURITY, False),
    ("POST", "/users"): (SYSTEM, False),
    ("PATCH", "/users/{login}"): (SYSTEM, False),
    ("POST", "/users/{login}/password-reset"): (SYSTEM, False),
    ("POST", "/users/{login}/unlock"): (SECURITY, False),
    ("PUT", "/users/{login}/roles"): (SECURITY, False),
    ("DELETE", "/users/{login}/sessions"): (SECURITY, False),
    ("GET", "/keys"): (SYSTEM | REVIEWER, False),
    ("POST", "/keys"): (SYSTEM | REVIEWER, False),
    ("DELETE", "/keys/{key_id}"): (SYSTEM | REVIEWER, False),
    ("GET", "/units"): (EVERYBODY, True),
    ("GET", "/units/{code}"): (EVERYBODY, True),
    ("POST", "/units"): (BUREAU | SYSTEM, False),
    ("PATCH", "/units/{code}"): (BUREAU | SYSTEM, False),
    ("GET", "/periods"): (EVERYBODY, True),
    ("POST", "/periods/{text}/lock"): ({Role.REVIEWER}, False),
    ("POST", "/periods/{text}/reopen"): ({Role.REVIEWER}, False),
    ("GET", "/calendar"): (EVERYBODY, True),
    ("PUT", "/calendar/years/{year}"): (BUREAU, False),
    ("GET", "/calendar/{day}"): (EVERYBODY, True),
    ("PUT", "/calendar/{day}"): (BUREAU, False),
    ("GET", "/rules"): (STAFF | SECURITY, False),
    ("GET", "/rules/{code}"): (STAFF | SECURITY, False),
    ("POST", "/rules/{code}/versions"): (BUREAU, False),
    ("POST", "/rules/{code}/versions/{number}/activate"): (STAFF | SECURITY, False),  # the kind decides then
    ("POST", "/rules/{code}/versions/{number}/withdraw"): (BUREAU, False),
}

PARTS = {
    "session_id": "1", "login": "target", "key_id": "1", "code": "jxw", "text": "2020-08", "year": "2020",
    "day": "2020-10-10", "number": "1",
}  # fmt: skip


def routes() -> set[tuple[str, str]]:
    found = [route for router in (auth, accounts, notices, units, periods, rulebook) for route in router.routes]
    return {
        (method, route.path.removeprefix(PREFIX))
        for route in found
        if isinstance(route, APIRoute)
        for method in route.methods
    }


def test_the_table_is_whole() -> None:
    assert set(TABLE) == routes() - {("POST", "/auth/login")}


@pytest.fixture
def ask(db: Work) -> Callable[[TestClient, tuple[str, str]], int]:
    with db() as session:
        make_unit(session, "jxw")
        make_user(session, "officer", login="target")

    def ask(client: TestClient, place: tuple[str, str]) -> int:
        method, path = place
        query = {"year": 2020} if path == "/calendar" else None
        body = {} if method in ("POST", "PUT", "PATCH") else None
        # Never let anything be changed: what is let in is refused for its body or its version.
        headers = {"If-Match": '"999-0"'}
        return client.request(
            method, "/api/v1" + path.format(**PARTS), params=query, json=body, headers=headers
        ).status_code

    return ask


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(ask: Callable[..., int], as_: As, place: tuple[str, str]) -> None:
    allowed, _ = TABLE[place]
    assert ask(as_(None), place) == 401
    let_in = set()
    for role in Role:
        if ask(as_(role.value, unit="jxw"), place) != 403:
            let_in.add(role)
    assert let_in == allowed


def test_a_machine_reads_what_it_was_given_and_nothing_else(
    ask: Callable[..., int], as_: As, client_of: Callable[..., TestClient]
) -> None:
    body = {
        "name": "全部", "scopes": sorted(KEY_SCOPES),
        "expires_on": (calendar.today() + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    machine = client_of(as_("reviewer").post("/api/v1/keys", json=body).json()["key"])
    let_in = {place for place in TABLE if ask(machine, place) != 403}
    assert let_in == {place for place, (_, by_machine) in TABLE.items() if by_machine}


def test_every_route_of_the_house_declares_a_permission() -> None:
    public = set()
    for route in (route for router in (*ROUTERS, health.router) for route in router.routes):
        assert isinstance(route, APIRoute)
        declared = [d.call.permission for d in route.dependant.dependencies if hasattr(d.call, "permission")]
        assert len(declared) == 1, f"{route.path} declares {declared}"
        if declared == [None]:
            public.add(route.path)
    assert public == {
        "/api/v1/auth/login", "/api/v1/task-forces/calendar.ics", "/healthz", "/readyz", "/metrics",
        "/api/v1/ticket-ratings/{token}",
        "/api/v1/issues/{kind}/{year}/{number}/verification",
    }  # fmt: skip
