"""Two who approve or pay one claim at the same moment: it happens once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI
from sqlalchemy import func, select

from app.facts.rewards.claims.models import Claim, ClaimInstalment, ClaimStep, RewardPayment
from app.facts.rewards.claims.terms import Verb
from tests.clients import As, Work
from tests.facts.rewards.claiming import API, Place, a_place
from tests.replay import assert_log_equals_tables


def at_once(place: Place, claim: int, path: str, verb: str, role: str) -> list[tuple[int, str]]:
    """Several people send the same at the same moment; what each is answered, the one who was first leading."""
    people = [place.as_(role, login=f"{verb}-{number}") for number in range(4)]
    gate, body = threading.Barrier(len(people)), place.sent(verb)

    def send(client: Any) -> tuple[int, str]:
        gate.wait()
        answer = client.post(f"{API}/{claim}/{path}", json=body)
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(len(people)) as threads:
        return sorted(threads.map(send, people))


def test_approving_and_paying_happen_once(app: FastAPI, as_: As, db: Work) -> None:
    place = a_place(as_, db, budget=105_000)
    claim = place.until("publish")
    place.over(claim)
    answers = at_once(place, claim, "approve", "approve", "reviewer")
    assert answers == [(200, ""), *[(409, "wrong_state")] * 3]
    answers = at_once(place, claim, "instalments/1/pay", "pay", "officer")
    assert answers == [(200, ""), *[(409, "already_paid")] * 3]
    with db() as session:
        steps = select(func.count()).where(ClaimStep.claim_id == claim, ClaimStep.verb.in_([Verb.APPROVE, Verb.PAY]))
        assert session.scalar(steps) == 2
        assert session.scalar(select(func.count()).select_from(ClaimInstalment)) == 2
        assert session.scalar(select(func.sum(RewardPayment.gross_fen))) == 52_500_00
        assert session.get_one(Claim, claim).paid_fen == 52_500_00
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_one_budget_is_not_given_away_twice(as_: As, db: Work) -> None:
    """Two claims, a budget for one: of two approvals at the same moment one is refused."""
    first = a_place(as_, db, budget=105_000)
    second = a_place(as_, db, rules=False, budget=0)
    claims = [(first, first.until("publish")), (second, second.until("publish"))]
    for place, claim in claims:
        place.over(claim)
    gate, people = threading.Barrier(2), [as_("reviewer", login=f"approver-{number}") for number in range(2)]
    bodies = [place.sent("approve") for place, _ in claims]

    def approve(which: int) -> tuple[int, str]:
        claim, client = claims[which][1], people[which]
        gate.wait()
        answer = client.post(f"{API}/{claim}/approve", json=bodies[which])
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(approve, range(2))) == [(200, ""), (409, "over_budget")]
    standing = as_("officer").get("/api/v1/rewards/budgets/district_reward/2026").json()
    assert (standing["committed"], standing["left"], standing["asked"]) == ("105000.00", "0.00", "105000.00")
