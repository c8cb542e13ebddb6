"""Who may ask for reviews, conclude and see them: every route, every role, every level of confidentiality."""

from datetime import date
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.routes import router
from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel import calendar
from app.kernel.access import Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
BUREAU = {Role.OFFICER, Role.REVIEWER}
ONE = "/projects/{code}/reviews/{review_id}"
BODIES: dict[str, Any] = {
    "reviews": {"kind": "due_diligence"},
    "conclude": {"opinion": "passed", "concluded_on": "2020-08-10", "body": "区司法局"},
    "withdraw": {"reason": "x"},
    "{condition_id}": {"met_on": "2020-08-15"},
}
# Route → who is let in, and the state in which the review must be for it.
TABLE: dict[tuple[str, str], tuple[set[Role], ReviewState]] = {
    ("GET", "/projects/{code}/reviews"): (STAFF, ReviewState.REQUESTED),
    ("POST", "/projects/{code}/reviews"): (BUREAU, ReviewState.REQUESTED),
    ("POST", f"{ONE}/conclude"): ({Role.REVIEWER}, ReviewState.REQUESTED),
    ("POST", f"{ONE}/withdraw"): (BUREAU, ReviewState.REQUESTED),
    ("PUT", f"{ONE}/conditions/{{condition_id}}"): ({Role.REVIEWER}, ReviewState.CONCLUDED),
}


def make(session: Any, project_id: int, state: ReviewState) -> tuple[int, int]:
    """A review by the house itself, and a condition of it."""
    done = state is ReviewState.CONCLUDED
    review = Review(
        project_id=project_id, kind=ReviewKind.LEGAL, state=state, requested_on=date(2020, 8, 1),
        requested_at=calendar.now(), requested_by=0, requested_by_name="x",
        opinion=Opinion.CONDITIONAL if done else None,
    )  # fmt: skip
    session.add(review)
    session.flush()
    condition = ReviewCondition(project_id=project_id, review_id=review.id, text="x")
    session.add(condition)
    session.flush()
    return review.id, condition.id


def ask(client: TestClient, place: tuple[str, str], code: str, numbers: tuple[int, int]) -> Any:
    method, path = place
    filled = "/api/v1" + path.format(code=code, review_id=numbers[0], condition_id=numbers[1])
    body = None if method == "GET" else BODIES[path.rsplit("/", 1)[1]]
    return client.request(method, filled, json=body)


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
    allowed, state = TABLE[place]
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        numbers = [make(session, project.id, state) for _ in Role]
    assert ask(as_(None), place, project.code, numbers[0]).status_code == 401
    let_in = set()
    for role, number in zip(Role, numbers, strict=True):
        if ask(as_(role.value, unit="jxw"), place, project.code, number).status_code != 403:
            let_in.add(role)
    assert let_in == allowed


def test_an_officer_takes_back_requests_but_no_conclusions(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        asked = make(session, project.id, ReviewState.REQUESTED)
        done = make(session, project.id, ReviewState.CONCLUDED)
    place = ("POST", f"{ONE}/withdraw")
    assert ask(as_("officer"), place, project.code, asked).status_code == 200
    refused = ask(as_("officer"), place, project.code, done)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert ask(as_("reviewer"), place, project.code, done).status_code == 200


@pytest.mark.parametrize(
    ("level", "who", "seen"),
    [
        ("open", "leader", True), ("open", "reporter-own", True), ("open", "reporter-other", True),
        ("internal", "leader", True), ("internal", "officer", True), ("internal", "reporter-own", True),
        ("internal", "reporter-other", False),
        ("sealed", "officer", False), ("sealed", "reviewer", False), ("sealed", "leader", False),
        ("sealed", "reporter-own", False), ("sealed", "named", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_reviews_are_seen_with_their_project(
    as_: As, db: Work, place: tuple[str, str], level: str, who: str, seen: bool
) -> None:
    allowed, state = TABLE[place]
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        numbers = make(session, project.id, state)
        make_user(session, "reviewer", login="named")
    body = {"level": level, "users": ["named"] if level == "sealed" else [], "units": [], "reason": "x"}
    sealer = as_("reviewer", login="sealer")
    levelled = put_part(sealer, f"/api/v1/projects/{project.code}", "confidentiality", body)
    assert levelled.status_code == 200, levelled.text
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    answer = ask(client, place, project.code, numbers)
    if (Role.REVIEWER if who == "named" else Role(role)) not in allowed:
        assert answer.status_code == 403
    elif not seen:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert project.name not in answer.text
    else:
        assert answer.status_code in (200, 201), answer.text


def test_a_review_of_another_project_is_not_found_here(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        places = [(place, make(session, other.id, state)) for place, (_, state) in TABLE.items() if ONE in place[1]]
    for place, numbers in places:
        assert ask(as_("reviewer"), place, project.code, numbers).status_code == 404
