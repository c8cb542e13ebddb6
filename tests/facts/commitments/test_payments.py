"""兑现: application, check, approval by a second person, payment in parts; what forbids it; what is taken back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select

from app.facts.agreements.models import Agreement
from app.facts.commitments.models import Commitment, CommitmentPayment
from app.facts.commitments.terms import PaymentState
from app.facts.projects.models import Project
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel import calendar
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_commitment
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

API = "/api/v1"
TODAY = date(2021, 6, 30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2021-06-30T09:00:00+08:00", tick=False):
        yield


def a_subsidy(db: Work, signed_on: date = date(2020, 3, 1), **fields: Any) -> int:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        paper = make_agreement(session, project, signed_on=signed_on)
        return make_commitment(session, paper, "subsidy", 1_000_000_00, due_on=date(2021, 5, 31), **fields).id


def apply(as_: As, number: int, amount: str = "1000000.00") -> Any:
    return as_("reporter", unit="jxw").post(f"{API}/commitments/{number}/payments", json={"amount": amount})


def step(client: Any, payment: int, verb: str, **body: Any) -> Any:
    return client.post(f"{API}/commitment-payments/{payment}/{verb}", json=body)


def until_approved(as_: As, number: int, amount: str) -> int:
    payment: int = apply(as_, number, amount).json()["id"]
    assert step(as_("officer", login="checker"), payment, "check").status_code == 200
    assert step(as_("reviewer", login="approver"), payment, "approve").status_code == 200
    return payment


def test_a_subsidy_is_paid_in_parts_and_taken_back(as_: As, db: Work, app: FastAPI) -> None:
    number = a_subsidy(db)
    payer, approver = as_("officer", login="payer"), as_("reviewer", login="approver")
    first = until_approved(as_, number, "600000.01")
    assert step(payer, first, "pay", paid_on="2021-06-29").status_code == 422  # before it was approved
    assert step(payer, first, "pay", paid_on="2021-06-30").json()["state"] == "paid"
    where = f"{API}/commitments/{number}"
    found = payer.get(where).json()
    assert (found["state"], found["achieved"]["amount"]) == ("overdue", "600000.01")
    assert apply(as_, number, "400000.00").json()["code"] == "more_than_promised"
    second = until_approved(as_, number, "399999.99")
    assert step(payer, second, "pay", paid_on="2021-06-30").status_code == 200
    assert payer.get(where).json()["state"] == "fulfilled"
    assert apply(as_, number, "0.01").json()["code"] == "more_than_promised"
    back = {"on": "2021-06-30", "reason": "投资冲销"}
    assert step(approver, first, "take-back", amount="600000.02", **back).status_code == 422
    taken = step(approver, first, "take-back", amount="600000.00", **back)
    assert (taken.status_code, taken.json()["amount"], taken.json()["takes_back"]) == (201, "-600000.00", first)
    assert step(approver, first, "take-back", amount="0.02", **back).status_code == 422
    assert step(approver, taken.json()["id"], "take-back", amount="1.00", **back).json()["code"] == "wrong_state"
    assert payer.get(where).json()["state"] == "overdue"
    standing = payer.get(f"{where}/payable").json()
    assert (standing["payable"], standing["paid"], standing["left"]) == (True, "400000.00", "600000.00")
    figure = payer.get(f"{API}/figures?indicator=subsidies_paid&period=2021-06").json()
    assert figure["items"][0]["value"] == "400000.00"
    with db() as session:
        assert session.get_one(Commitment, number).fulfilled_on is None
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_each_step_by_another_person(as_: As, db: Work) -> None:
    number = a_subsidy(db)
    reviewer, other = as_("reviewer", login="one"), as_("reviewer", login="two")
    payment = reviewer.post(f"{API}/commitments/{number}/payments", json={"amount": "1.00"}).json()["id"]
    assert step(reviewer, payment, "check").json()["code"] == "same_person"
    assert step(reviewer, payment, "approve").json()["code"] == "wrong_state"
    assert step(other, payment, "check").status_code == 200
    for person in (reviewer, other):
        assert (person and step(person, payment, "approve").json()["code"]) == "same_person"
    third = as_("reviewer", login="three")
    assert step(third, payment, "approve").json()["rule"] == "commitments/0"
    assert step(third, payment, "pay", paid_on="2021-06-30").json()["code"] == "same_person"
    assert step(other, payment, "refuse", reason="暂缓").json()["state"] == "refused"
    assert step(other, payment, "pay", paid_on="2021-06-30").json()["code"] == "wrong_state"
    assert apply(as_, number).status_code == 201  # what was refused can be asked for again


def _review(db: Work, number: int, kind: ReviewKind, opinion: Opinion, *, condition: bool = False) -> None:
    with db() as session:
        project = session.get_one(Commitment, number).project_id
        review = Review(
            project_id=project, kind=kind, state=ReviewState.CONCLUDED, requested_on=date(2021, 1, 1),
            requested_at=calendar.now(), requested_by=0, requested_by_name="用户", opinion=opinion,
            concluded_on=date(2021, 6, 1),
        )  # fmt: skip
        session.add(review)
        session.flush()
        if condition:
            session.add(ReviewCondition(project_id=project, review_id=review.id, text="补充说明"))


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"basis": None}, "no_valid_basis", "没有政策依据"),
        ({"basis_from": date(2021, 7, 1)}, "no_valid_basis", "尚未生效"),
        ({"basis_to": date(2021, 6, 29)}, "no_valid_basis", "失效"),
        ({"basis_to": TODAY}, None, ""),
        ({"condition": "stage", "condition_stage": "production"}, "condition_not_met", "投产"),
        ({"voided_reason": "误录"}, "commitment_stopped", "误录"),
    ],
)
def test_what_cannot_be_paid_says_why(
    as_: As, db: Work, fields: dict[str, Any], code: str | None, said: str
) -> None:  # fmt: skip
    number = a_subsidy(db, **fields)
    answer = apply(as_, number)
    standing = as_("officer").get(f"{API}/commitments/{number}/payable").json()
    if code is None:
        assert (answer.status_code, standing["obstacles"]) == (201, [])
        return
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert said in answer.json()["message"]
    assert code in [one["code"] for one in standing["obstacles"]] and standing["payable"] is False


@pytest.mark.parametrize(
    ("kind", "opinion", "condition", "code"),
    [
        (ReviewKind.FAIR_COMPETITION, Opinion.NOT_PASSED, False, "stopped_by_review"),
        (ReviewKind.LEGAL, Opinion.CONDITIONAL, True, "stopped_by_review"),
        (ReviewKind.FAIR_COMPETITION, Opinion.PASSED, False, None),
        (ReviewKind.DUE_DILIGENCE, Opinion.NOT_PASSED, False, None),
    ],
)
def test_a_review_stops_a_payment(
    as_: As, db: Work, kind: ReviewKind, opinion: Opinion, condition: bool, code: str | None
) -> None:
    number = a_subsidy(db)
    _review(db, number, kind, opinion, condition=condition)
    answer = apply(as_, number)
    assert answer.json().get("code") == code
    assert answer.status_code == (409 if code else 201)


def test_new_contracts_need_a_fair_competition_review(as_: As, db: Work) -> None:
    with time_machine.travel("2025-06-30T09:00:00+08:00", tick=False):
        number = a_subsidy(db, date(2024, 8, 1))
        before = a_subsidy(db, date(2024, 7, 31))
        assert "公平竞争审查" in apply(as_, number).json()["message"]
        assert apply(as_, before).status_code == 201
        _review(db, number, ReviewKind.FAIR_COMPETITION, Opinion.PASSED)
        assert apply(as_, number).status_code == 201


def test_a_clause_that_is_stopped_after_its_approval_is_not_paid(as_: As, db: Work) -> None:
    number = a_subsidy(db)
    payment = until_approved(as_, number, "1000000.00")
    officer, payer = as_("officer"), as_("officer", login="payer")
    assert officer.post(f"{API}/commitments/{number}/stop", json={"reason": "审查认定违规"}).status_code == 200
    refused = step(payer, payment, "pay", paid_on="2021-06-30")
    assert (refused.status_code, refused.json()["code"]) == (409, "commitment_stopped")
    assert "审查认定违规" in refused.json()["message"]
    assert officer.post(f"{API}/commitments/{number}/void", json={"reason": "x"}).json()["code"] == "has_payments"


def test_concurrent_approvals_and_payments_happen_once(app: FastAPI, as_: As, db: Work) -> None:
    number = a_subsidy(db)
    payment = apply(as_, number).json()["id"]
    assert step(as_("officer", login="checker"), payment, "check").status_code == 200

    def at_once(role: str, verb: str, **body: Any) -> list[tuple[int, str]]:
        people = [as_(role, login=f"{verb}-{one}") for one in range(4)]
        gate = threading.Barrier(len(people))

        def send(client: Any) -> tuple[int, str]:
            gate.wait()
            answer = step(client, payment, verb, **body)
            return answer.status_code, answer.json().get("code", "")

        with ThreadPoolExecutor(len(people)) as threads:
            return sorted(threads.map(send, people))

    assert at_once("reviewer", "approve") == [(200, ""), *[(409, "wrong_state")] * 3]
    assert at_once("officer", "pay", paid_on="2021-06-30") == [(200, ""), *[(409, "wrong_state")] * 3]
    with db() as session:
        paid = select(func.sum(CommitmentPayment.amount_fen)).where(CommitmentPayment.state == PaymentState.PAID)
        assert session.scalar(paid) == 1_000_000_00


def test_several_who_ask_at_once_get_no_more_than_was_promised(as_: As, db: Work) -> None:
    number = a_subsidy(db)
    people = [as_("officer", login=f"applicant-{one}") for one in range(4)]
    gate = threading.Barrier(len(people))

    def send(client: Any) -> int:
        gate.wait()
        status: int = client.post(f"{API}/commitments/{number}/payments", json={"amount": "400000.00"}).status_code
        return status

    with ThreadPoolExecutor(len(people)) as threads:
        assert sorted(threads.map(send, people)) == [201, 201, 409, 409]


def test_a_supplement_carries_what_was_paid(as_: As, db: Work) -> None:
    number = a_subsidy(db)
    payment = until_approved(as_, number, "600000.00")
    assert step(as_("officer", login="payer"), payment, "pay", paid_on="2021-06-30").status_code == 200
    with db() as session:
        old = session.get_one(Commitment, number)
        project = session.get_one(Project, old.project_id)
        paper: Agreement = make_agreement(session, project, "supplement", date(2021, 6, 30), increment_fen=0)
        newer = make_commitment(session, paper, "subsidy", 700_000_00, replaces_id=number).id
    assert apply(as_, number, "1.00").json()["code"] == "commitment_stopped"
    assert as_("officer").get(f"{API}/commitments/{newer}").json()["achieved"]["amount"] == "600000.00"
    assert apply(as_, newer, "100000.01").json()["code"] == "more_than_promised"
    assert apply(as_, newer, "100000.00").status_code == 201


def test_one_promise_is_paid_once_whichever_of_its_clauses_falls_away(as_: As, db: Work) -> None:
    number = a_subsidy(db)
    with db() as session:
        old = session.get_one(Commitment, number)
        project = session.get_one(Project, old.project_id)
        paper: Agreement = make_agreement(session, project, "supplement", date(2021, 6, 30), increment_fen=0)
        newer = make_commitment(session, paper, "subsidy", 1_000_000_00, replaces_id=number).id
        last = make_commitment(session, paper, "subsidy", 1_000_000_00, replaces_id=newer).id
    payment = until_approved(as_, last, "1000000.00")
    assert step(as_("officer", login="payer"), payment, "pay", paid_on="2021-06-30").status_code == 200
    voided = as_("officer").post(f"{API}/commitments/{newer}/void", json={"reason": "误登"})
    assert (voided.status_code, voided.json()["code"]) == (409, "has_successor")
    with db() as session:  # as when their agreement is voided
        for clause in (newer, last):
            session.get_one(Commitment, clause).voided_reason = "补充协议作废"
    assert apply(as_, number, "1.00").json()["code"] == "more_than_promised"


@pytest.mark.parametrize("named", [True, False])
def test_a_review_that_was_not_passed_is_no_basis(as_: As, db: Work, named: bool) -> None:
    number = a_subsidy(db)
    _review(db, number, ReviewKind.DUE_DILIGENCE if named else ReviewKind.LEGAL, Opinion.NOT_PASSED)
    with db() as session:
        clause = session.get_one(Commitment, number)
        review = session.scalars(select(Review)).one()
        if named:  # the clause rests on it
            clause.review_id = review.id
        else:  # it is about the agreement whose clause a supplement replaces
            review.agreement_id = clause.agreement_id
            project = session.get_one(Project, clause.project_id)
            paper: Agreement = make_agreement(session, project, "supplement", date(2021, 6, 30), increment_fen=0)
            number = make_commitment(session, paper, "subsidy", 1_000_000_00, replaces_id=number).id
    assert apply(as_, number).json()["code"] == "stopped_by_review"
