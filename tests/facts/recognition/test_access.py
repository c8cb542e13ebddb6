"""Who may do what with an entry of funds, or an outcome: every role, route and state, whose project, how secret."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.funds.routes import router as funds
from app.facts.outcomes.routes import router as outcomes
from app.facts.recognition.terms import EntryState
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit, make_user
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
DECLARERS = {Role.OFFICER, Role.REVIEWER, Role.REPORTER}
RECOGNISERS = {Role.REVIEWER}

Place = tuple[str, str]
Made = tuple[str, int, int]
"""A project's code, the number of an entry, and that of a verified paper."""


@dataclass(frozen=True)
class Ledger:
    """One of the two: its routes, what they take, and how an entry and its reversal are made."""

    name: str
    router: APIRouter
    paper: str
    declared: dict[str, Any]
    make: Callable[..., Any]
    back: Callable[[Any], dict[str, Any]]
    writes: set[Permission]
    also_read: tuple[str, ...] = ()
    entry: str = field(init=False)
    table: dict[Place, set[Role]] = field(init=False)

    def __post_init__(self) -> None:
        of = f"/projects/{{code}}/{self.name}"
        entry = f"{of}/{{{self.name.removesuffix('s')}_id}}"
        object.__setattr__(self, "entry", entry)
        table = {
            ("GET", of): STAFF,
            ("POST", of): DECLARERS,
            ("POST", f"{entry}/evidence"): DECLARERS,
            ("POST", f"{entry}/recognise"): RECOGNISERS,
            ("POST", f"{entry}/reject"): RECOGNISERS,
            ("POST", f"{entry}/reverse"): RECOGNISERS,
        } | {("GET", path): STAFF for path in self.also_read}
        object.__setattr__(self, "table", table)

    def __str__(self) -> str:
        return self.name

    def ask(self, client: TestClient, place: Place, made: Made) -> Any:
        """A request that would do what the route is for."""
        (method, path), (code, number, paper) = place, made
        bodies = {
            self.name: self.declared | {"evidence": [paper]}, "evidence": {"evidence": [paper]}, "recognise": {},
            "reject": {"reason": "x"}, "reverse": {"reason": "x"},
        }  # fmt: skip
        filled = "/api/v1" + path.format(code=code, fund_id=number, outcome_id=number)
        return client.request(method, filled, json=bodies[path.rsplit("/", 1)[-1]] if method == "POST" else None)


LEDGERS = [
    Ledger(
        "funds", funds, "bank_slip",
        {"arrived_on": "2020-09-30", "amount": "1000000.00", "source": "outside_city", "kind": "equity"},
        make_fund, lambda entry: {"amount_fen": -entry.amount_fen},
        {Permission.FUND_DECLARE, Permission.FUND_RECOGNISE},
    ),
    Ledger(
        "outcomes", outcomes, "invoice", {"kind": "output", "period": "2019-12", "amount": "1000000.00"},
        make_outcome, lambda _entry: {"quantity": -100_000_000},
        {Permission.OUTCOME_DECLARE, Permission.OUTCOME_RECOGNISE}, ("/projects/{code}/progress",),
    ),
]  # fmt: skip


@pytest.fixture(params=LEDGERS, ids=str)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    found: Ledger = request.param
    return found


@pytest.fixture
def made(db: Work, ledger: Ledger) -> Callable[..., Made]:
    """`made(state, by)`: a project of the unit jxw, an entry in this state, and a verified paper."""

    def make(state: str, entered_by: int = 0) -> Made:
        gone = state == "reversed"
        with db() as session:
            project = make_project(session, unit=make_unit(session, "jxw"))
            paper = make_evidence(session, project, ledger.paper, "verified")
            how = {"state": "recognised" if gone else state, "entered_by": entered_by, "evidence": (paper,)}
            entry = ledger.make(session, project, **how)
            if gone:
                ledger.make(session, project, **ledger.back(entry), reverses_id=entry.id)
            return project.code, entry.id, paper.id

    return make


def state_for(path: str) -> str:
    return "recognised" if path.endswith("reverse") else "declared"


def test_the_table_is_whole(ledger: Ledger) -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in ledger.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(ledger.table) == found


def test_no_machine_writes(ledger: Ledger) -> None:
    assert ledger.writes & KEY_SCOPES == set()


def test_who_is_let_in(as_: As, made: Callable[..., Made], ledger: Ledger) -> None:
    for place, roles in ledger.table.items():
        assert ledger.ask(as_(None), place, made("declared")).status_code == 401
        let_in = set()
        for role in Role:
            answer = ledger.ask(as_(role.value, unit="jxw"), place, made(state_for(place[1])))
            assert answer.status_code in (200, 201, 403), answer.text
            if answer.status_code != 403:
                let_in.add(role)
        assert let_in == roles, place


def test_a_unit_declares_for_its_own_projects_only(as_: As, made: Callable[..., Made], ledger: Ledger) -> None:
    for place, roles in ledger.table.items():
        answer = ledger.ask(as_("reporter", unit="nyw"), place, made("declared"))
        if place[0] == "GET":
            assert answer.status_code == 200
        else:
            expected = "not_yours" if Role.REPORTER in roles else "forbidden"
            assert (answer.status_code, answer.json()["code"]) == (403, expected), place


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


def test_every_state_and_verb_is_in_the_table() -> None:
    assert set(STATES) == set(product([*EntryState, "reversed"], ("evidence", "recognise", "reject", "reverse")))


@pytest.mark.parametrize(("state", "verb"), sorted(STATES))
def test_every_role_tries_every_transition_in_every_state(
    as_: As, made: Callable[..., Made], ledger: Ledger, state: str, verb: str
) -> None:
    place, refusal = ("POST", f"{ledger.entry}/{verb}"), STATES[state, verb]
    for role in Role:
        answer = ledger.ask(as_(role.value, unit="jxw"), place, made(state))
        if role not in ledger.table[place]:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role
        elif refusal is not None:
            assert (answer.status_code, answer.json()["code"]) == (409, refusal), role
        else:
            assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("verb", ["recognise", "reject", "reverse"])
def test_who_declared_an_entry_does_not_decide_on_it(
    as_: As, db: Work, made: Callable[..., Made], ledger: Ledger, verb: str
) -> None:
    with db() as session:
        number = make_user(session, "reviewer", login="declarer").id
    asked, place = made(state_for(verb), number), ("POST", f"{ledger.entry}/{verb}")
    own = ledger.ask(as_("declarer"), place, asked)
    assert (own.status_code, own.json()["code"]) == (403, "same_person")
    assert ledger.ask(as_("reviewer"), place, asked).status_code in (200, 201)


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
def test_it_is_seen_with_its_project(
    as_: As, db: Work, made: Callable[..., Made], ledger: Ledger, level: str, who: str, status: int | None
) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
    body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    for place, roles in ledger.table.items():
        one = made(state_for(place[1]))
        sealed = put_part(as_("reviewer", login="sealer"), f"/api/v1/projects/{one[0]}", "confidentiality", body)
        assert sealed.status_code == 200, sealed.text
        answer = ledger.ask(client, place, one)
        if (Role.REVIEWER if who == "named" else Role(role)) not in roles:
            assert answer.status_code == 403  # the role is asked before the project
        elif status is not None:
            assert (answer.status_code, answer.json()["code"]) == (status, "not_found")
        elif who == "reporter-other" and place[0] == "POST":
            assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        else:
            assert answer.status_code in (200, 201), answer.text
