"""What must be so before a step is taken: each need on its own, where it decides; and who is told what comes next."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.facts.projects.models import Project
from app.facts.projects.service import refresh_sight
from app.facts.projects.terms import Confidentiality
from app.facts.rewards.claims.calculations import asked_of, current
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.notices import remind_of_notices
from app.facts.rewards.leads.models import Lead, LeadExclusion
from app.facts.rewards.leads.terms import Verdict
from app.facts.rewards.rules import PROCEDURE
from app.kernel import calendar
from app.kernel.rules import RuleVersion
from tests.clients import As, Work
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project
from tests.factories.rewards import TWO_INSTALMENTS, make_claim, make_lead, make_policies
from tests.facts.rewards.claiming import API, WAN, Place, a_place

Change = Callable[[Session, Place], None]


def _lead(session: Session, place: Place) -> Lead:
    return session.get_one(Lead, place.lead)


def withdrawn(session: Session, place: Place) -> None:
    _lead(session, place).withdrawn_at = calendar.now()


def late(session: Session, place: Place) -> None:
    _lead(session, place).late = True


def unconfirmed(session: Session, place: Place) -> None:
    _lead(session, place).confirmed_on = None


def one_pending(session: Session, place: Place) -> None:
    session.scalars(select(LeadExclusion)).all()[3].verdict = Verdict.PENDING


def one_excluded(session: Session, place: Place) -> None:
    session.scalars(select(LeadExclusion)).all()[3].verdict = Verdict.EXCLUDED


def nothing_invested(session: Session, place: Place) -> None:
    project = session.get_one(Project, place.project_id)
    make_outcome(session, project, quantity=-6_500 * WAN, period="2020-09")


STEPS = ["file", "check", "review", "publish", "approve"]
TABLE: list[tuple[Change, str, list[str]]] = [
    (withdrawn, "lead_gone", STEPS),
    (late, "lead_late", STEPS),
    (one_excluded, "excluded", STEPS),
    (unconfirmed, "not_confirmed", ["check", "review", "approve"]),
    (one_pending, "not_clear", ["review", "publish", "approve"]),
    (nothing_invested, "nothing_to_claim", ["file", "review", "approve"]),
]


@pytest.mark.parametrize("verb", STEPS)
@pytest.mark.parametrize(("change", "code", "asked"), TABLE, ids=[code for _, code, _ in TABLE])
def test_needs(as_: As, db: Work, change: Change, code: str, asked: list[str], verb: str) -> None:
    place = a_place(as_, db)
    claim = 0 if verb == "file" else place.until(STEPS[STEPS.index(verb) - 1])
    if verb == "approve":
        place.over(claim)
    with db() as session:
        change(session, place)
    answer = place.file() if verb == "file" else place.take(claim, verb)
    if verb in asked:
        assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    else:
        assert answer.status_code in (200, 201), answer.text


def test_only_the_first_lead_is_rewarded(as_: As, db: Work) -> None:
    place = a_place(as_, db)
    with db() as session:
        first = place.lead
        project = session.get_one(Project, place.project_id)
        place.lead = make_lead(session, project=project, clear=True, confirmed_on=date(2020, 2, 1)).id
    giver = as_("officer").get(f"/api/v1/rewards/leads/{place.lead}").json()["providers"][0]["id"]
    body = place.body | {"shares": [{"provider": giver, "percent": "100"}]}
    answer = as_("officer").post(API, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_first")
    assert f"第 {first} 号" in answer.json()["message"]


WINDOW = {"counts_from": "signed", "months": 3}
POLICIES: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({"claim_window": WINDOW}, {}, 409, "window_closed"),
    ({"claim_window": WINDOW | {"counts_from": "started"}}, {}, 409, "window_closed"),
    ({"claim_window": WINDOW | {"months": 120}}, {}, 201, ""),
    ({"claim_window": WINDOW | {"counts_from": "threshold", "months": 120}}, {}, 422, "met_on"),
    ({"claim_window": WINDOW | {"counts_from": "threshold", "months": 120}}, {"met_on": "2020-09-01"}, 201, ""),
    ({"version_by": "threshold_met"}, {"met_on": "2020-08-30"}, 422, "met_on"),
    ({"version_by": "threshold_met"}, {"met_on": "2020-08-31"}, 201, ""),
    ({"split_allowed": False}, {}, 422, "shares"),
    ({"choose": "chosen"}, {}, 422, "choice"),
    ({"choose": "chosen"}, {"choice": "investment"}, 201, ""),
    ({"choose": "chosen"}, {"choice": "another"}, 422, "choice"),
]


@pytest.mark.parametrize(("policy", "body", "status", "said"), POLICIES)
def test_what_a_policy_asks_of_a_claim(
    as_: As, db: Work, policy: dict[str, Any], body: dict[str, Any], status: int, said: str
) -> None:
    place = a_place(as_, db, TWO_INSTALMENTS | policy, signed_on=date(2020, 8, 1))
    answer = place.file(**body)
    assert answer.status_code == status, answer.text
    if status != 201:
        problem = answer.json()
        assert said in (problem["code"], *(error["field"] for error in problem["errors"]))


@pytest.mark.parametrize(("budget", "code"), [(0, "budget_missing"), (104_999, "over_budget"), (105_000, "")])
def test_a_rule_may_refuse_what_the_budget_cannot_bear_from_the_start(
    as_: As, db: Work, budget: int, code: str
) -> None:
    place = a_place(as_, db, budget=budget)
    with db() as session:
        body = PROCEDURE.shipped.model_dump(mode="json") | {"over_budget": "refuse"}
        session.add(
            RuleVersion(
                rule=PROCEDURE.code, number=1, state="active", valid_from=date(2020, 1, 1), basis="示例", body=body,
                saved_by=0, saved_at=calendar.now(),
            )
        )  # fmt: skip
    answer = place.file()
    assert (answer.status_code, answer.json().get("code", "")) == ((409, code) if code else (201, ""))


def test_budgets_are_set_from_what_was_read(as_: As, db: Work) -> None:
    place = a_place(as_, db)
    place.until("approve")
    path, reviewer = "/api/v1/rewards/budgets/district_reward/2026", as_("reviewer")
    said = {"label": "示例资金", "amount": "200000.00", "basis": "追加"}
    assert reviewer.put(path, json=said).status_code == 428
    tag = reviewer.get(path).headers["ETag"]
    assert reviewer.put(path, json=said | {"amount": "104999.99"}, headers={"If-Match": tag}).status_code == 409
    changed = reviewer.put(path, json=said, headers={"If-Match": tag}).json()
    assert (changed["committed"], changed["left"]) == ("105000.00", "95000.00")
    assert reviewer.put(path, json=said, headers={"If-Match": tag}).status_code == 412
    assert reviewer.put("/api/v1/rewards/budgets/other/2027", json=said).status_code == 200
    listed = as_("leader").get("/api/v1/rewards/budgets").json()["items"]
    assert [(row["fund"], row["year"]) for row in listed] == [("other", 2027), ("district_reward", 2026)]


def test_many_claims_are_computed_in_as_many_statements_as_one(db: Work) -> None:
    told: list[str] = []
    with db() as session:
        make_policies(session, TWO_INSTALMENTS)
        numbers = []
        for wan in range(1, 21):
            project = make_project(session)
            make_outcome(session, project, quantity=wan * 100 * WAN)
            numbers.append(make_claim(session, make_lead(session, project=project)).id)
        session.flush()
        event.listen(session.connection(), "before_cursor_execute", lambda *found: told.append(found[2]))
        assert len(current(session, asked_of(session, numbers[:1]), date(2021, 1, 1))) == 1
        once = len(told)
        found = current(session, asked_of(session, numbers), date(2021, 1, 1))
        assert once == len(told) - once
        # 5‰ to 1000万, 1‰ above it.
        assert [one.totals[0] // 100 for one in found if one is not None] == [
            5_000 * wan if wan <= 10 else 50_000 + 1_000 * (wan - 10) for wan in range(1, 21)
        ]


# -- notices -------------------------------------------------------------------------------------------------------


def told(client: TestClient) -> list[tuple[str, str, bool]]:
    """The kinds and texts of somebody's notices, the oldest first, and whether each is still open."""
    items = client.get("/api/v1/me/notices", params={"sort": "told_at"}).json()["items"]
    return [(n["kind"], n["text"].partition("待")[2], n["waits"] and n["done_at"] is None) for n in items]


def test_whoever_comes_next_is_told(as_: As, db: Work) -> None:
    place = a_place(as_, db)
    people = {verb: place.who(verb) for verb in ("file", "check", "review", "approve", "pay")}
    claim = place.until("file")
    assert told(people["check"]) == [("claim.waits", "单位审核", True)]
    assert told(people["file"]) == told(people["approve"]) == []
    place.take(claim, "check")
    assert told(people["check"]) == [("claim.waits", "单位审核", False)]
    assert told(people["review"]) == [("claim.waits", "联审", True)]
    place.take(claim, "review")
    place.take(claim, "publish")
    place.over(claim)
    with db() as session:
        assert remind_of_notices(session) == 1
    assert told(people["approve"]) == [("claim.waits", "批准（公示期已满）", True)]
    place.take(claim, "approve")
    assert told(people["pay"])[-1] == ("claim.waits", "支付到期的奖励", True)
    assert [kind for kind, _, _ in told(people["file"])] == ["claim.decided"]
    place.invest(-1_000, "2020-09")
    assert told(people["approve"])[-1][0] == "claim.differs"
    assert told(people["approve"])[-1][2] is True
    place.invest(1_000, "2020-10")
    assert told(people["approve"])[-1][2] is False
    place.invest(-1_000, "2020-11")
    assert told(people["approve"])[-1][2] is True
    place.invest(2_000, "2020-12")  # more than was shown in public: nobody can accept it
    assert told(people["approve"])[-1][2] is False


def test_of_a_sealed_project_nobody_is_told(as_: As, db: Work) -> None:
    place = a_place(as_, db)
    claim = place.until("check")
    before = len(told(place.who("review")))
    with db() as session:
        project = session.get_one(Project, place.project_id)
        project.confidentiality = Confidentiality.SEALED
        refresh_sight(session, project)
        session.get_one(Claim, claim).now_fen = 1
    place.invest(-1_000, "2020-09")
    for person in ("check", "review", "approve", "pay"):
        assert [kind for kind, _, _ in told(place.who(person))] in ([], ["claim.waits"])
        texts = [n["text"] for n in place.who(person).get("/api/v1/me/notices").json()["items"]]
        assert not any(place.project in str(text) for text in texts)
    assert len(told(place.who("review"))) <= before
