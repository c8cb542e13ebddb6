"""Who may do what with weekly reports: every role, every route, and whose they are."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.reports.routes import router
from app.facts.reports.terms import ReportState
from app.kernel.access import KEY_SCOPES, Actor, Permission, Role, permissions_of
from app.kernel.routing import PREFIX
from app.kernel.subjects import SUBJECTS
from tests.clients import As, Work
from tests.factories.identity import make_unit
from tests.factories.reports import make_report, make_week

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
EDITORS = {Role.OFFICER, Role.REVIEWER, Role.REPORTER}
BUREAU = {Role.OFFICER, Role.REVIEWER}
ONE = "/weekly/{week}/reports/{unit}"

TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/weekly"): STAFF,
    ("GET", "/weekly/{week}"): STAFF,
    ("PUT", "/weekly/{week}/deadline"): BUREAU,
    ("POST", "/weekly/{week}/reopen"): {Role.REVIEWER},
    ("GET", ONE): STAFF,
    ("PUT", ONE): EDITORS,
    ("POST", f"{ONE}/submit"): EDITORS,
    ("POST", f"{ONE}/accept"): BUREAU,
    ("POST", f"{ONE}/return"): BUREAU,
}
STATES = {"submit": ReportState.DRAFT, "accept": ReportState.SUBMITTED, "return": ReportState.SUBMITTED}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2026-12-01T10:00:00+08:00", tick=False):
        yield


def ask(client: TestClient, db: Work, place: tuple[str, str], unit: str = "jxw") -> Any:
    """A request that would do what the route is for."""
    method, path = place
    week = "2026-W49" if path.endswith("deadline") else "2026-W48"
    with db() as session:
        make_week(session, week)
        make_unit(session, unit)
        if path.startswith(ONE) and method != "PUT":
            state = STATES.get(path.rsplit("/", 1)[-1], ReportState.DRAFT)
            make_report(session, week, unit, state=state, zero=True)
    later = "2026-12-08T10:00:00+08:00"
    bodies = {
        "deadline": {"at": later, "reason": "会议"}, "reopen": {"until": later, "reason": "断网"},
        "return": {"remarks": "请补充"}, "{unit}": {"zero": True},
    }  # fmt: skip
    body = bodies.get(path.rsplit("/", 1)[-1]) if method != "GET" else None
    return client.request(method, PREFIX + path.format(week=week, unit=unit), json=body)


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


@pytest.mark.parametrize("place", TABLE, ids=" ".join)
@pytest.mark.parametrize("role", Role)
def test_every_role_and_every_route(as_: As, db: Work, place: tuple[str, str], role: Role) -> None:
    client = as_(role.value, unit="jxw")
    answer = ask(client, db, place)
    if role in TABLE[place]:
        assert answer.status_code in (200, 201), answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("place", [place for place in TABLE if place[1].startswith(ONE)], ids=" ".join)
def test_a_reporter_neither_reads_nor_writes_for_another_unit(as_: As, db: Work, place: tuple[str, str]) -> None:
    answer = ask(as_("reporter", unit="jxw"), db, place, unit="nyw")
    hidden = (404, "no_report") if Role.REPORTER in TABLE[place] else (403, "forbidden")
    expected = (403, "not_your_unit") if place == ("PUT", ONE) else hidden
    assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize(
    ("roles", "unit", "seen"),
    [({Role.REPORTER}, 7, True), ({Role.REPORTER}, 8, False), ({Role.REPORTER}, None, False), ({Role.LEADER}, 8, True)],
)
def test_who_is_told_of_a_report_live(roles: set[Role], unit: int | None, seen: bool) -> None:
    actor = Actor(1, "x", "user", frozenset(roles), permissions_of(frozenset(roles)), unit)
    assert SUBJECTS["report"].shown(actor, {"unit": 7}) is seen


def test_no_machine_files_reports() -> None:
    assert {Permission.REPORT_READ, Permission.REPORT_EDIT, Permission.REPORT_JUDGE} & KEY_SCOPES == set()
