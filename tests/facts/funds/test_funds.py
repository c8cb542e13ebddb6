"""The ledger of funds: what enters, what counts, what is reversed, what it adds up to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.facts.funds import service
from app.facts.funds.ledger import FUNDS
from app.facts.funds.models import FundEntry
from app.facts.funds.schemas import FundIn
from app.facts.projects.models import Project
from app.facts.recognition import service as entries_service
from app.facts.recognition.schemas import EntryRejectIn, RecogniseIn, ReverseIn
from app.facts.recognition.terms import EntryState
from app.kernel import calendar, chain, events
from app.kernel.access import SYSTEM
from app.kernel.errors import Problem
from tests.clients import As, Work
from tests.factories.evidence import make_evidence
from tests.factories.funds import make_fund
from tests.factories.identity import actor_of, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

MONEY = {"arrived_on": "2020-09-30", "amount": "1000000.00", "source": "outside_city", "kind": "equity"}
DOLLARS = {
    "arrived_on": "2020-09-30", "currency": "USD", "foreign_amount": "1000000.01", "rate": "6.8101",
    "source": "foreign", "kind": "equity",
}  # fmt: skip


def a_project(db: Work, **fields: Any) -> tuple[str, int]:
    """Its code, and the number of a verified bank slip."""
    with db() as session:
        project = make_project(session, **fields)
        return project.code, make_evidence(session, project, "bank_slip", "verified").id


def funds_of(db: Work, code: str) -> int:
    with db() as session:
        return session.scalars(select(Project.funds_fen).where(Project.code == code)).one()


def test_money_is_declared_and_counts_once_it_is_recognised(as_: As, db: Work) -> None:
    code, slip = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{code}/funds"
    answer = officer.post(path, json=MONEY | {"origin_region": "330000", "note": "首期", "evidence": [slip]})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["entered_at"].endswith("Z")
    assert body == {
        "id": body["id"], "arrived_on": "2020-09-30", "deferred_to": None, "amount": "1000000.00",
        "source": "outside_city", "kind": "equity", "origin_region": "330000", "currency": "CNY",
        "foreign_amount": None, "rate": None, "rate_on": None, "split": False, "state": "declared",
        "evidence": [
            {"id": slip, "kind": "bank_slip", "filename": "材料.txt", "dated_on": "2020-08-18", "state": "verified",
             "replaced_by": None}
        ],
        "lacking": [], "shared": [], "shared_reason": None, "reverses": None, "reversed_by": None, "follows": None,
        "followed_by": None, "reason": None, "note": "首期", "imported": False, "entered_at": body["entered_at"],
        "entered_by": body["entered_by"], "judged_at": None, "judged_by": None, "rule": None,
    }  # fmt: skip
    waiting = officer.get(path).json()
    assert (waiting["funds"], waiting["declared"]) == ("0.00", "1000000.00")
    assert [line["running_amount"] for line in waiting["items"]] == ["0.00"]
    assert funds_of(db, code) == 0

    recognised = reviewer.post(f"{path}/{body['id']}/recognise", json={})
    assert recognised.status_code == 200, recognised.text
    told = recognised.json()
    assert (told["state"], told["rule"], told["deferred_to"]) == ("recognised", "fund_evidence/0", None)
    assert told["judged_at"] is not None and told["judged_by"] != told["entered_by"]
    with db() as session:
        earlier = make_fund(session, session.scalars(select(Project)).one(), 1, date(2020, 3, 1))
    found = officer.get(path).json()
    assert [(line["id"], line["running_amount"]) for line in found["items"]] == [
        (earlier.id, "0.01"), (body["id"], "1000000.01"),
    ]  # fmt: skip
    assert (found["funds"], found["declared"]) == ("1000000.01", "0.00")
    assert funds_of(db, code) == 100_000_001


def test_rejected_money_is_declared_anew_and_keeps_its_history(as_: As, db: Work) -> None:
    code, slip = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{code}/funds"
    first = officer.post(path, json=MONEY | {"evidence": [slip]}).json()["id"]
    assert officer.post(path, json=MONEY | {"follows": first}).json()["errors"][0]["code"] == "not_rejected"
    assert reviewer.post(f"{path}/{first}/reject", json={"reason": " "}).status_code == 422
    rejected = reviewer.post(f"{path}/{first}/reject", json={"reason": "户名不符"})
    assert (rejected.status_code, rejected.json()["state"], rejected.json()["reason"]) == (200, "rejected", "户名不符")
    for verb in ("recognise", "reject", "evidence", "reverse"):
        body = {"reason": "x"} if verb in ("reject", "reverse") else {"evidence": [slip]} if verb == "evidence" else {}
        again = reviewer.post(f"{path}/{first}/{verb}", json=body)
        assert again.status_code == 409, (verb, again.text)
    anew = officer.post(path, json=MONEY | {"amount": "2.00", "evidence": [slip], "follows": first})
    assert anew.status_code == 201 and anew.json()["shared"] == []
    twice = officer.post(path, json=MONEY | {"follows": first})
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (422, "already_followed")
    assert reviewer.post(f"{path}/{anew.json()['id']}/recognise", json={}).status_code == 200
    items = {line["id"]: line for line in officer.get(path).json()["items"]}
    assert items[first]["state"] == "rejected" and items[first]["reason"] == "户名不符"
    assert (items[first]["followed_by"], items[anew.json()["id"]]["follows"]) == (anew.json()["id"], first)
    assert funds_of(db, code) == 200


def test_an_entry_does_not_follow_one_of_another_project(as_: As, db: Work) -> None:
    code, _ = a_project(db)
    with db() as session:
        other = make_fund(session, make_project(session), state="rejected")
    for number in (other.id, 2**62):
        answer = as_("officer").post(f"/api/v1/projects/{code}/funds", json=MONEY | {"follows": number})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_entry")


def test_foreign_money_keeps_what_it_was(as_: As, db: Work) -> None:
    code, slip = a_project(db)
    path = f"/api/v1/projects/{code}/funds"
    entry = as_("officer").post(path, json=DOLLARS | {"evidence": [slip]}).json()
    # 1000000.01 × 6.8101 = 6810100.068101 → half up
    assert entry["amount"] == "6810100.07"
    assert (entry["currency"], entry["foreign_amount"], entry["rate"], entry["rate_on"]) == (
        "USD", "1000000.01", "6.8101", "2020-09-30",
    )  # fmt: skip
    number = entry["id"]
    reviewer = as_("reviewer")
    assert reviewer.post(f"{path}/{number}/recognise", json={}).status_code == 200
    reversal = reviewer.post(f"{path}/{number}/reverse", json={"reason": "退回"}).json()
    assert (reversal["amount"], reversal["foreign_amount"], reversal["rate"]) == (
        "-6810100.07",
        "-1000000.01",
        "6.8101",
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (MONEY | {"amount": "0"}, "amount"),
        (MONEY | {"amount": "-1"}, "amount"),
        (MONEY | {"amount": 1.5}, "amount"),
        (MONEY | {"amount": "1000000000000.00"}, "amount"),
        ({k: v for k, v in MONEY.items() if k != "amount"}, "amount"),
        (MONEY | {"arrived_on": "2999-01-01"}, "arrived_on"),
        (MONEY | {"source": "moon"}, "source"),
        (MONEY | {"kind": "cash"}, "kind"),
        (MONEY | {"origin_region": "999999"}, "origin_region"),
        (MONEY | {"rate": "6.8"}, "rate"),
        (MONEY | {"rate_on": "2020-09-30"}, "rate_on"),
        (MONEY | {"foreign_amount": "1"}, "foreign_amount"),
        (MONEY | {"state": "recognised"}, "state"),
        (MONEY | {"evidence": [2**62]}, "evidence"),
        (MONEY | {"evidence": [1, 1]}, "evidence"),
        (MONEY | {"evidence": list(range(1, 22))}, "evidence"),
        (DOLLARS | {"amount": "1.00"}, "amount"),
        (DOLLARS | {"rate": None}, "rate"),
        (DOLLARS | {"rate": "0"}, "rate"),
        (DOLLARS | {"rate": "1e3"}, "rate"),
        (DOLLARS | {"foreign_amount": None}, "foreign_amount"),
        (DOLLARS | {"foreign_amount": "0.0001"}, "foreign_amount"),
        (DOLLARS | {"foreign_amount": "999999999999999", "rate": "999999"}, "foreign_amount"),
        (DOLLARS | {"currency": "usd"}, "currency"),
        (DOLLARS | {"rate_on": "2020-10-01"}, "rate_on"),
    ],
)
def test_what_is_refused(as_: As, db: Work, wrong: dict[str, Any], field: str) -> None:
    code, _ = a_project(db)
    answer = as_("officer").post(f"/api/v1/projects/{code}/funds", json=wrong)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert as_("officer").get(f"/api/v1/projects/{code}/funds").json()["items"] == []


def test_money_that_went_back_counts_on_that_day(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        kept = make_fund(session, project, 300, date(2020, 3, 1))
        gone = make_fund(session, project, 500, date(2020, 9, 30))
    reviewer = as_("reviewer")
    path = f"/api/v1/projects/{project.code}/funds"
    body = {"reason": "投资方撤资", "on": "2020-12-01"}
    answer = reviewer.post(f"{path}/{gone.id}/reverse", json=body)
    assert answer.status_code == 201
    reversal = answer.json()
    assert (reversal["amount"], reversal["arrived_on"], reversal["reverses"]) == ("-5.00", "2020-12-01", gone.id)
    found = reviewer.get(path).json()
    assert [(line["id"], line["running_amount"], line["reversed_by"]) for line in found["items"]] == [
        (kept.id, "3.00", None), (gone.id, "8.00", reversal["id"]), (reversal["id"], "3.00", None),
    ]  # fmt: skip
    assert found["funds"] == "3.00"
    again = reviewer.post(f"{path}/{gone.id}/reverse", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")
    back = reviewer.post(f"{path}/{reversal['id']}/reverse", json=body)
    assert (back.status_code, back.json()["code"]) == (409, "is_reversal")
    assert funds_of(db, project.code) == 300


def test_money_that_never_came_restates_its_own_day(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        first, second = (make_fund(session, project, 500, date(2020, 9, 30)) for _ in range(2))
    reviewer = as_("reviewer")
    path = f"/api/v1/projects/{project.code}/funds"
    both = reviewer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "restate": True, "on": "2020-10-01"})
    assert both.status_code == 422
    early = reviewer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "on": "2020-09-29"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "on")
    assert reviewer.post(f"{path}/{first.id}/reverse", json={"reason": " "}).status_code == 422
    restated = reviewer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "restate": True})
    assert restated.json()["arrived_on"] == "2020-09-30"
    today = reviewer.post(f"{path}/{second.id}/reverse", json={"reason": "退回"})
    assert today.json()["arrived_on"] == calendar.today().isoformat()


def test_only_what_was_recognised_counts_and_can_be_reversed(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        declared = make_fund(session, project, 500, state="declared")
        make_fund(session, project, 700)
    path = f"/api/v1/projects/{project.code}/funds"
    found = as_("officer").get(path).json()
    assert [line["running_amount"] for line in found["items"]] == ["0.00", "7.00"]
    assert (found["funds"], found["declared"]) == ("7.00", "5.00")
    refused = as_("reviewer").post(f"{path}/{declared.id}/reverse", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_recognised")


def test_an_entry_of_another_project_is_not_found_here(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        entry = make_fund(session, other, state="declared")
    for number in (entry.id, 2**63 - 1):
        for verb in ("recognise", "reject", "reverse", "evidence"):
            body = {"evidence": [1]} if verb == "evidence" else {} if verb == "recognise" else {"reason": "x"}
            answer = as_("reviewer").post(f"/api/v1/projects/{project.code}/funds/{number}/{verb}", json=body)
            assert answer.status_code == 404, verb


@pytest.mark.parametrize(
    ("verb", "again", "left"), [("recognise", "not_declared", 500), ("reverse", "already_reversed", 0)]
)
def test_decided_at_once_by_several_it_is_decided_once(as_: As, db: Work, verb: str, again: str, left: int) -> None:
    with db() as session:
        project = make_project(session)
        slip = make_evidence(session, project, "bank_slip", "verified")
        state = "declared" if verb == "recognise" else "recognised"
        entry = make_fund(session, project, 500, state=state, evidence=(slip,))
        assert project.funds_fen == 500 - left
    people = [as_("reviewer", login=f"reviewer{number}") for number in range(4)]
    path = f"/api/v1/projects/{project.code}/funds/{entry.id}/{verb}"
    body = {} if verb == "recognise" else {"reason": "重复登记"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(path, json=body), people))
    done = 200 if verb == "recognise" else 201
    assert sorted(answer.status_code for answer in answers) == [done, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {again}
    assert funds_of(db, project.code) == left
    with db() as session:
        assert session.scalar(select(func.count()).select_from(FundEntry)) == (1 if verb == "recognise" else 2)


# -- sums ---------------------------------------------------------------------------------------------------------

acts = st.lists(
    st.one_of(
        st.tuples(st.just("declare"), st.integers(1, 10**9)),
        st.tuples(st.sampled_from(["recognise", "reject", "reverse"]), st.integers(0, 9)),
    ),
    max_size=12,
)


def act_on(db: Session, people: tuple[Any, Any], code: str, slip: int, what: str, value: int) -> int | None:
    """Do one thing; the entry that was touched, None where it was refused."""
    declarer, judge = people
    if what == "declare":
        body = FundIn.model_validate(MONEY | {"amount": Decimal(value) / 100, "evidence": [slip]})
        return service.declare(db, declarer, code, body)[1].id
    entries = db.scalars(select(FundEntry).order_by(FundEntry.id)).all()
    if not entries:
        return None
    number = entries[value % len(entries)].id
    try:
        if what == "recognise":
            service.recognise(db, judge, code, number, RecogniseIn(shared_reason="同一单据含多笔"))
        elif what == "reject":
            entries_service.reject(db, judge, FUNDS, code, number, EntryRejectIn(reason="不符"))
        else:
            service.reverse(db, judge, code, number, ReverseIn(reason="误登"))
    except Problem:
        return None
    return number


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts)
def test_the_total_is_the_sum_of_what_was_recognised_and_a_reversal_takes_exactly_one(
    app: FastAPI, acts: list[tuple[str, int]]
) -> None:
    work = app.state.database.unit_of_work()
    with pytest.raises(ZeroDivisionError), work as db:
        events.act(db, SYSTEM)
        people = actor_of(make_user(db, "officer")), actor_of(make_user(db, "reviewer"))
        project = make_project(db)
        slip = make_evidence(db, project, "bank_slip", "verified").id
        waiting: dict[int, int] = {}
        stand: dict[int, int] = {}
        for what, value in acts:
            before = project.funds_fen
            number = act_on(db, people, project.code, slip, what, value)
            if number is None:
                assert project.funds_fen == before
            elif what == "declare":
                waiting[number] = value
                assert project.funds_fen == before
            elif what == "recognise":
                stand[number] = waiting.pop(number)
                assert project.funds_fen == before + stand[number]
            elif what == "reject":
                waiting.pop(number)
                assert project.funds_fen == before
            else:
                assert project.funds_fen == before - stand.pop(number)
        entries = db.scalars(select(FundEntry).where(FundEntry.project_id == project.id)).all()
        counted = [entry for entry in entries if entry.state is EntryState.RECOGNISED]
        assert project.funds_fen == sum(entry.amount_fen for entry in counted) == sum(stand.values())
        assert {e.id for e in entries if e.state is EntryState.DECLARED} == set(waiting)
        raise ZeroDivisionError  # leave nothing for the next example


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code, slip = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{code}/funds"
    number = officer.post(path, json=DOLLARS).json()["id"]
    officer.post(f"{path}/{number}/evidence", json={"evidence": [slip]})
    other = officer.post(path, json=MONEY).json()["id"]
    reviewer.post(f"{path}/{other}/reject", json={"reason": "没有单据"})
    reviewer.post(f"{path}/{number}/recognise", json={})
    reviewer.post(f"{path}/{number}/reverse", json={"reason": "重复登记", "restate": True})
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [row for row in chain.stored(connection) if row.subject_key == code]
    assert [row.kind for row in told] == [
        "project.created", "project.fund_declared", "project.fund_evidence_added", "project.fund_declared",
        "project.fund_rejected", "project.fund_recognised", "project.fund_reversed",
    ]  # fmt: skip
    assert "重复登记" in told[-1].body and "没有单据" in told[4].body
    assert [row.actor for row in told[1:]] == ["officer"] * 3 + ["reviewer"] * 3


def test_a_closed_period_keeps_what_it_counts_when_money_is_recognised_late(as_: As, db: Work) -> None:
    code, slip = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{code}/funds"
    number = officer.post(path, json=MONEY | {"evidence": [slip]}).json()["id"]

    def arrived(period: str) -> Any:
        asked = {"indicator": "funds_arrived", "period": period, "as_of": "2021-01-01"}
        return officer.get("/api/v1/figures", params=asked).json()["items"][0]["value"]

    # It was declared while the month was open; what decides is when it was recognised.
    assert reviewer.post("/api/v1/periods/2020-09/lock").status_code == 200
    recognised = reviewer.post(f"{path}/{number}/recognise", json={})
    assert (recognised.status_code, recognised.json()["deferred_to"]) == (200, "2020-10-01")
    assert (arrived("2020-09"), arrived("2020-10")) == ("0.00", "1000000.00")
    waiting = officer.post(path, json=MONEY).json()
    assert waiting["deferred_to"] is None
    assert reviewer.post("/api/v1/periods/2020-09/reopen", json={"reason": "补录"}).status_code == 200
    assert (arrived("2020-09"), arrived("2020-10")) == ("1000000.00", "0.00")
    assert funds_of(db, code) == 100_000_000
