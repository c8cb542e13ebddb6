"""Reviews over the API: asked for by one, concluded by another, with conditions and a paper; what they say on a day."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.facts.projects.models import Project
from app.facts.reviews import queries
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.queries import Concluded
from app.facts.reviews.terms import (
    OPINION_LABELS,
    REVIEW_KIND_LABELS,
    REVIEW_STATE_LABELS,
    Opinion,
    ReviewKind,
    ReviewState,
)
from app.kernel import calendar, chain
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.evidence import make_evidence
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

ASKED = {"kind": "legal", "requested_on": "2020-08-01"}
PASSED = {"opinion": "passed", "concluded_on": "2020-08-10", "body": "区司法局"}
CONDITIONAL = PASSED | {"opinion": "conditional", "conditions": ["明确违约责任", "补充环评承诺"]}


def a_project(db: Work, **fields: Any) -> str:
    with db() as session:
        return make_project(session, **fields).code


def ask(client: TestClient, code: str, **body: Any) -> Response:
    return client.post(f"/api/v1/projects/{code}/reviews", json=ASKED | body)


def conclude(client: TestClient, code: str, number: int, body: dict[str, Any] = PASSED) -> Response:
    return client.post(f"/api/v1/projects/{code}/reviews/{number}/conclude", json=body)


def withdraw(client: TestClient, code: str, number: int) -> Response:
    return client.post(f"/api/v1/projects/{code}/reviews/{number}/withdraw", json={"reason": "草案有重大修改"})


def meet(client: TestClient, code: str, number: int, condition: int, **body: Any) -> Response:
    path = f"/api/v1/projects/{code}/reviews/{number}/conditions/{condition}"
    return client.put(path, json={"met_on": "2020-08-15"} | body)


def concluded(db: Work, code: str, on: date, agreement: int | None = None) -> dict[ReviewKind, Concluded]:
    with db() as session:
        project_id = session.scalars(select(Project.id).where(Project.code == code)).one()
        return queries.concluded(session, project_id, on, agreement)


# -- the way of a review ------------------------------------------------------------------------------------------


def test_a_review_is_asked_for_and_concluded_by_another(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        agreement = make_agreement(session, project)
        paper = make_evidence(session, project, "legal_opinion")
    code = project.code
    asked = ask(as_("officer"), code, agreement=agreement.id, note="第三稿")
    assert asked.status_code == 201, asked.text
    body = asked.json()
    assert body == {
        "id": body["id"], "kind": "legal", "state": "requested", "agreement": agreement.id,
        "requested_on": "2020-08-01", "requested_at": body["requested_at"], "requested_by": body["requested_by"],
        "note": "第三稿", "opinion": None, "concluded_on": None, "body": None, "person": None, "summary": None,
        "conditions": [], "open_conditions": 0, "evidence": None, "concluded_at": None, "concluded_by": None,
        "withdrawn_reason": None,
    }  # fmt: skip
    said = PASSED | {"person": "陈科长", "summary": "可以签订", "evidence": paper.id}
    answer = conclude(as_("reviewer"), code, body["id"], said)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {name: found[name] for name in said} == said
    assert (found["state"], found["requested_by"]) == ("concluded", body["requested_by"])
    assert found["concluded_by"] and found["concluded_at"].endswith("Z")
    assert as_("leader").get(f"/api/v1/projects/{code}/reviews").json() == {"items": [found]}


def test_the_day_of_asking_is_today_unless_told(as_: As, db: Work) -> None:
    code = a_project(db)
    answer = as_("officer").post(f"/api/v1/projects/{code}/reviews", json={"kind": "due_diligence"})
    assert answer.json()["requested_on"] == calendar.today().isoformat()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "astrology"}, "kind"), ({"requested_on": "2999-01-01"}, "requested_on"),
        ({"agreement": 0}, "agreement"),
        ({"agreement": 2**63 - 1}, "agreement"), ({"note": "x" * 501}, "note"), ({"opinion": "passed"}, "opinion"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused(as_: As, db: Work, body: dict[str, Any], field: str) -> None:
    code = a_project(db)
    answer = ask(as_("officer"), code, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_an_agreement_must_be_the_projects_and_stand(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        foreign = make_agreement(session, other)
        voided = make_agreement(session, project, "intent")
        voided.voided_reason = "误登"
    answers = [ask(as_("officer"), project.code, agreement=number) for number in (foreign.id, voided.id)]
    assert [answer.json()["errors"][0]["code"] for answer in answers] == ["unknown_agreement", "voided"]


def test_one_of_a_kind_is_under_way_at_a_time(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        agreement = make_agreement(session, project)
    officer, code = as_("officer"), project.code
    first = ask(officer, code).json()["id"]
    again = ask(officer, code)
    assert (again.status_code, again.json()["code"]) == (409, "already_requested")
    assert ask(officer, code, kind="due_diligence").status_code == 201
    assert ask(officer, code, agreement=agreement.id).status_code == 201
    assert ask(officer, code, agreement=agreement.id).status_code == 409
    conclude(as_("reviewer"), code, first)
    assert ask(officer, code).status_code == 201


def test_asked_by_three_at_once_it_is_asked_once(as_: As, db: Work) -> None:
    code = a_project(db)
    people = [as_("officer", login=f"officer{i}") for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda client: ask(client, code).status_code, people))
    assert sorted(answers) == [201, 409, 409]


# -- conclusions --------------------------------------------------------------------------------------------------


def test_who_asks_does_not_conclude(as_: As, db: Work) -> None:
    code = a_project(db)
    number = ask(as_("reviewer"), code).json()["id"]
    answer = conclude(as_("reviewer"), code, number)
    assert (answer.status_code, answer.json()["code"]) == (403, "same_person")
    second = as_("reviewer", login="second")
    done = conclude(second, code, number, CONDITIONAL).json()
    # Nor does the one who asked say that conditions are met, or take the conclusion back.
    condition = done["conditions"][0]["id"]
    assert meet(as_("reviewer"), code, number, condition).json()["code"] == "same_person"
    assert withdraw(as_("reviewer"), code, number).json()["code"] == "same_person"
    assert meet(second, code, number, condition).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (PASSED | {"opinion": "maybe"}, "opinion"),
        (PASSED | {"concluded_on": "2020-07-31"}, "concluded_on"),
        (PASSED | {"concluded_on": "2999-01-01"}, "concluded_on"),
        (PASSED | {"body": " "}, "body"),
        (PASSED | {"conditions": ["x"]}, "conditions"),
        (PASSED | {"opinion": "not_passed", "conditions": ["x"]}, "conditions"),
        (CONDITIONAL | {"conditions": []}, "conditions"),
        (CONDITIONAL | {"conditions": [" "]}, "conditions.0"),
        (CONDITIONAL | {"conditions": ["x"] * 51}, "conditions"),
        (PASSED | {"evidence": 2**63 - 1}, "evidence"),
        ({name: value for name, value in PASSED.items() if name != "body"}, "body"),
    ],
)
def test_what_is_concluded_wrongly_is_refused(as_: As, db: Work, body: dict[str, Any], field: str) -> None:
    code = a_project(db)
    number = ask(as_("officer"), code).json()["id"]
    answer = conclude(as_("reviewer"), code, number, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    with db() as session:
        assert session.scalars(select(Review.state)).one() is ReviewState.REQUESTED


def test_the_paper_must_be_worth_something(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        rejected = make_evidence(session, project, state="rejected")
        foreign = make_evidence(session, other)
    number = ask(as_("officer"), project.code).json()["id"]
    for paper, why in ((rejected, "rejected_evidence"), (foreign, "unknown_evidence")):
        answer = conclude(as_("reviewer"), project.code, number, PASSED | {"evidence": paper.id})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, why)


STATES = {
    # state → verb → code of the refusal, or the state that it leads to
    "requested": {"conclude": "concluded", "withdraw": "withdrawn", "meet": "not_concluded"},
    "concluded": {"conclude": "not_requested", "withdraw": "withdrawn", "meet": "concluded"},
    "withdrawn": {"conclude": "not_requested", "withdraw": "already_withdrawn", "meet": "not_concluded"},
}


@pytest.mark.parametrize(("state", "verb"), [(state, verb) for state in STATES for verb in STATES[state]])
def test_every_verb_from_every_state(as_: As, db: Work, state: str, verb: str) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    number = ask(as_("officer"), code).json()["id"]
    with db() as session:
        review = session.get_one(Review, number)
        review.state = ReviewState(state)
        condition = ReviewCondition(project_id=review.project_id, review_id=number, text="x")
        session.add(condition)
        session.flush()
        if state == "concluded":
            review.concluded_on, review.opinion = date(2020, 8, 10), Opinion.CONDITIONAL
        part = condition.id
    verbs = {
        "conclude": lambda: conclude(reviewer, code, number), "withdraw": lambda: withdraw(reviewer, code, number),
        "meet": lambda: meet(reviewer, code, number, part),
    }  # fmt: skip
    answer = verbs[verb]()
    expected = STATES[state][verb]
    if answer.status_code == 200:
        assert answer.json()["state"] == expected
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, expected)


def test_concluded_by_two_at_once_it_is_concluded_once(as_: As, db: Work) -> None:
    code = a_project(db)
    number = ask(as_("officer"), code).json()["id"]
    people = [as_("reviewer", login=f"reviewer{i}") for i in range(4)]
    opinions = [PASSED, PASSED | {"opinion": "not_passed"}, PASSED, CONDITIONAL]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: conclude(people[i], code, number, opinions[i]), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert as_("leader").get(f"/api/v1/projects/{code}/reviews").json()["items"] == [winner]
    with db() as session:
        assert session.scalar(select(func.count()).select_from(ReviewCondition)) == len(winner["conditions"])


# -- conditions ---------------------------------------------------------------------------------------------------


def test_conditions_are_met_one_by_one_and_may_turn_out_not_to_be(as_: As, db: Work) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    number = ask(as_("officer"), code).json()["id"]
    done = conclude(reviewer, code, number, CONDITIONAL).json()
    assert [condition["text"] for condition in done["conditions"]] == CONDITIONAL["conditions"]
    assert done["open_conditions"] == 2
    first, second = (condition["id"] for condition in done["conditions"])

    met = meet(reviewer, code, number, first, note="第十二条已修改").json()
    assert met["open_conditions"] == 1
    assert met["conditions"][0] == {
        "id": first, "text": "明确违约责任", "met_on": "2020-08-15", "note": "第十二条已修改",
        "judged_by": met["conditions"][0]["judged_by"],
    }  # fmt: skip
    again = meet(reviewer, code, number, first)
    assert (again.status_code, again.json()["code"]) == (409, "same_condition")
    early = meet(reviewer, code, number, second, met_on="2020-08-09")
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "met_on")
    silent = meet(reviewer, code, number, first, met_on=None)
    assert (silent.status_code, silent.json()["errors"][0]["field"]) == (422, "note")
    back = meet(reviewer, code, number, first, met_on=None, note="修改稿未获同意")
    assert (back.json()["open_conditions"], back.json()["conditions"][0]["met_on"]) == (2, None)


def test_a_condition_belongs_to_its_review(as_: As, db: Work) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    numbers = [ask(as_("officer"), code, kind=kind).json()["id"] for kind in ("legal", "due_diligence")]
    done = [conclude(reviewer, code, number, CONDITIONAL).json() for number in numbers]
    assert meet(reviewer, code, numbers[0], done[1]["conditions"][0]["id"]).status_code == 404
    assert meet(reviewer, code, numbers[0], 2**63 - 1).status_code == 404


# -- what they say on a day ---------------------------------------------------------------------------------------


def test_the_newest_conclusion_goes_before_older_ones(as_: As, db: Work) -> None:
    code = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")

    def said(body: dict[str, Any], on: str) -> int:
        number = int(ask(officer, code).json()["id"])
        assert conclude(reviewer, code, number, body | {"concluded_on": on}).status_code == 200
        return number

    refused = said(PASSED | {"opinion": "not_passed"}, "2020-08-05")
    passed = said(PASSED, "2020-08-20")
    assert concluded(db, code, date(2020, 8, 4)) == {}
    on_the_day = concluded(db, code, date(2020, 8, 5))[ReviewKind.LEGAL]
    assert (on_the_day.review_id, on_the_day.opinion, on_the_day.clear) == (refused, Opinion.NOT_PASSED, False)
    later = concluded(db, code, date(2020, 8, 20))[ReviewKind.LEGAL]
    assert later == (passed, Opinion.PASSED, date(2020, 8, 20), 0, None)
    assert later.clear
    withdraw(reviewer, code, passed)
    assert concluded(db, code, date(2020, 8, 20))[ReviewKind.LEGAL].review_id == refused


def test_open_conditions_stand_in_the_way_until_the_day_they_are_met(as_: As, db: Work) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    number = ask(as_("officer"), code).json()["id"]
    done = conclude(reviewer, code, number, CONDITIONAL).json()
    for condition, day in zip(done["conditions"], ("2020-08-15", "2020-08-18"), strict=True):
        meet(reviewer, code, number, condition["id"], met_on=day)
    days = {day: concluded(db, code, date(2020, 8, day))[ReviewKind.LEGAL] for day in (10, 15, 17, 18)}
    assert {day: found.open_conditions for day, found in days.items()} == {10: 2, 15: 1, 17: 1, 18: 0}
    assert {day: found.clear for day, found in days.items()} == {10: False, 15: False, 17: False, 18: True}


def test_a_conclusion_about_an_agreement_counts_for_it_alone(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        one, other = make_agreement(session, project), make_agreement(session, project, "framework")
    number = ask(as_("officer"), project.code, agreement=one.id).json()["id"]
    conclude(as_("reviewer"), project.code, number)
    day = date(2020, 8, 31)
    assert concluded(db, project.code, day) == concluded(db, project.code, day, other.id) == {}
    assert concluded(db, project.code, day, one.id)[ReviewKind.LEGAL].review_id == number
    general = ask(as_("officer"), project.code).json()["id"]
    conclude(as_("reviewer"), project.code, general, PASSED | {"concluded_on": "2020-08-05"})
    assert concluded(db, project.code, day, other.id)[ReviewKind.LEGAL].review_id == general
    assert concluded(db, project.code, day, one.id)[ReviewKind.LEGAL].review_id == number


def test_what_is_under_way(as_: As, db: Work) -> None:
    code = a_project(db)
    legal = ask(as_("officer"), code).json()["id"]
    ask(as_("officer"), code, kind="fair_competition")
    conclude(as_("reviewer"), code, legal)
    with db() as session:
        project_id = session.scalars(select(Project.id).where(Project.code == code)).one()
        assert queries.requested(session.connection(), project_id) == {ReviewKind.FAIR_COMPETITION}


def test_every_word_has_a_label() -> None:
    assert (list(REVIEW_KIND_LABELS), list(REVIEW_STATE_LABELS), list(OPINION_LABELS)) == (
        list(ReviewKind), list(ReviewState), list(Opinion),
    )  # fmt: skip


# -- the log ------------------------------------------------------------------------------------------------------


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code = a_project(db)
    reviewer = as_("reviewer")
    number = ask(as_("officer"), code).json()["id"]
    condition = conclude(reviewer, code, number, CONDITIONAL).json()["conditions"][0]["id"]
    meet(reviewer, code, number, condition)
    meet(reviewer, code, number, condition, met_on=None, note="有误")
    withdraw(reviewer, code, number)
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [(row.kind, json.loads(row.body)["data"]) for row in chain.stored(connection) if row.subject_key == code]
    assert {data["review"] for _, data in told[1:]} == {number}
    assert [kind for kind, _ in told] == [
        "project.created", "project.review_requested", "project.review_concluded", "project.review_condition_met",
        "project.review_condition_reopened", "project.review_withdrawn",
    ]  # fmt: skip
    history = as_("leader").get(f"/api/v1/projects/{code}/history").json()["items"]
    assert [item["label"] for item in history[:5]] == [
        "撤回审查", "审查条件改为未落实", "审查条件已落实", "登记审查结论", "送审",
    ]  # fmt: skip
    changes = [change for item in history for change in item["changes"]]
    assert all(change["label"] != change["field"] for change in changes)
    assert [change["after_text"] for change in changes if change["field"] == "opinion"] == ["有条件通过"]
