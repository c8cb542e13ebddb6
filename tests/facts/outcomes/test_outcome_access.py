"""Who may do what with an outcome: every role, every route, every state, whose project, and how secret."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.outcomes.routes import router
from app.facts.recognition.terms import EntryState
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit, make_user
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
DECLARERS = {Role.OFFICER, Role.REVIEWER, Role.REPORTER}
RECOGNISERS = {Role.REVIEWER}
ENTRY = "/projects/{code}/outcomes/{outcome_id}"

TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/projects/{code}/outcomes"): STAFF,
    ("GET", "/projects/{code}/progress"): STAFF,
    ("POST", "/projects/{code}/outcomes"): DECLARERS,
    ("POST", f"{ENTRY}/evidence"): DECLARERS,
    ("POST", f"{ENTRY}/recognise"): RECOGNISERS,
    ("POST", f"{ENTRY}/reject"): RECOGNISERS,
    ("POST", f"{ENTRY}/reverse"): RECOGNISERS,
}
VERBS = ("evidence", "recognise", "reject", "reverse")
DONE = {"kind": "output", "period": "2019-12", "amount": "1000000.00"}


def ask(client: TestClient, place: tuple[str, str], code: str, number: int, paper: int) -> Any:
    """A request that would do what the route is for."""
    method, path = place
    bodies = {
        "outcomes": DONE | {"evidence": [paper]}, "evidence": {"evidence": [paper]}, "recognise": {},
        "reject": {"reason": "x"}, "reverse": {"reason": "x"},
    }  # fmt: skip
    filled = "/api/v1" + path.format(code=code, outcome_id=number)
    return client.request(method, filled, json=bodies[path.rsplit("/", 1)[-1]] if method == "POST" else None)


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


def test_no_machine_writes_outcomes() -> None:
    assert {Permission.OUTCOME_DECLARE, Permission.OUTCOME_RECOGNISE} & KEY_SCOPES == set()


Made = Callable[..., tuple[str, int, int]]


@pytest.fixture
def made(db: Work) -> Made:
    """`made(state, by)`: a project of the unit jxw, an entry in this state, and a verified invoice."""

    def make(state: str, entered_by: int = 0, *, reversed_too: bool = False) -> tuple[str, int, int]:
        with db() as session:
            project = make_project(session, unit=make_unit(session, "jxw"))
            slip = make_evidence(session, project, "invoice", "verified")
            entry = make_outcome(session, project, state=state, entered_by=entered_by, evidence=(slip,))
            if reversed_too:
                make_outcome(session, project, quantity=-100_000_000, reverses_id=entry.id)
            return project.code, entry.id, slip.id

    return make


def state_for(path: str) -> str:
    return "recognised" if path.endswith("/reverse") else "declared"


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, made: Made, place: tuple[str, str]) -> None:
    assert ask(as_(None), place, *made("declared")).status_code == 401
    let_in = set()
    for role in Role:
        answer = ask(as_(role.value, unit="jxw"), place, *made(state_for(place[1])))
        assert answer.status_code in (200, 201, 403), answer.text
        if answer.status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place]


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_a_unit_declares_for_its_own_projects_only(as_: As, made: Made, place: tuple[str, str]) -> None:
    answer = ask(as_("reporter", unit="nyw"), place, *made("declared"))
    if place[0] == "GET":
        assert answer.status_code == 200
    else:
        expected = "not_yours" if Role.REPORTER in TABLE[place] else "forbidden"
        assert (answer.status_code, answer.json()["code"]) == (403, expected)


# What every transition meets in every state: 2xx, or the code of its refusal.
STATES: dict[tuple[str, str], str | None] = {
    ("declared", "evidence"): None,
    ("declared", "recognise"): None,
    ("declared", "reject"): None,
    ("declared", "reverse"): "not_recognised",
    ("recognised", "evidence"): None,
    ("recognised", "recognise"): "not_declared",
    ("recognised", "reject"): "not_declared",
    ("recognised", "reverse"): None,
    ("rejected", "evidence"): "needs_nothing",
    ("rejected", "recognise"): "not_declared",
    ("rejected", "reject"): "not_declared",
    ("rejected", "reverse"): "not_recognised",
    ("reversed", "evidence"): "needs_nothing",
    ("reversed", "recognise"): "not_declared",
    ("reversed", "reject"): "not_declared",
    ("reversed", "reverse"): "already_reversed",
}
WHO = sorted(role.value for role in Role)


def test_every_state_and_verb_is_in_the_table() -> None:
    assert set(STATES) == set(product([*EntryState, "reversed"], VERBS))


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize(("state", "verb"), sorted(STATES))
def test_every_role_tries_every_transition_in_every_state(
    as_: As, made: Made, role: str, state: str, verb: str
) -> None:
    gone = state == "reversed"
    asked = made("recognised" if gone else state, reversed_too=gone)
    place = ("POST", f"{ENTRY}/{verb}")
    answer = ask(as_(role, unit="jxw"), place, *asked)
    refusal = STATES[state, verb]
    if Role(role) not in TABLE[place]:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    elif refusal is not None:
        assert (answer.status_code, answer.json()["code"]) == (409, refusal)
    else:
        assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("verb", ["recognise", "reject", "reverse"])
def test_who_declared_an_entry_does_not_decide_on_it(as_: As, db: Work, made: Made, verb: str) -> None:
    with db() as session:
        number = make_user(session, "reviewer", login="declarer").id
    asked = made(state_for(verb if verb != "reverse" else "/reverse"), number)
    place = ("POST", f"{ENTRY}/{verb}")
    own = ask(as_("declarer"), place, *asked)
    assert (own.status_code, own.json()["code"]) == (403, "same_person")
    assert ask(as_("reviewer"), place, *asked).status_code in (200, 201)


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
@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_outcomes_are_seen_with_their_project(
    as_: As, db: Work, made: Made, place: tuple[str, str], level: str, who: str, status: int | None
) -> None:
    code, entry, slip = made(state_for(place[1]))
    with db() as session:
        make_user(session, "reviewer", login="named")
    body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
    sealed = put_part(as_("reviewer", login="sealer"), f"/api/v1/projects/{code}", "confidentiality", body)
    assert sealed.status_code == 200, sealed.text
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    answer = ask(client, place, code, entry, slip)
    if (Role.REVIEWER if who == "named" else Role(role)) not in TABLE[place]:
        assert answer.status_code == 403  # the role is asked before the project
    elif status is not None:
        assert (answer.status_code, answer.json()["code"]) == (status, "not_found")
    elif who == "reporter-other" and place[0] == "POST":
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    else:
        assert answer.status_code in (200, 201), answer.text
