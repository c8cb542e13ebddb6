"""The ledger of funds: what enters, what is reversed, what it adds up to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.facts.funds import service
from app.facts.funds.models import FundEntry, FundState
from app.facts.funds.schemas import FundIn, ReverseIn
from app.facts.projects.models import Project
from app.kernel import calendar, chain, events
from app.kernel.access import SYSTEM
from app.kernel.errors import Problem
from tests.clients import As, Work
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

MONEY = {"arrived_on": "2020-09-30", "amount": "1000000.00", "source": "outside_city", "kind": "equity"}
DOLLARS = {
    "arrived_on": "2020-09-30", "currency": "USD", "foreign_amount": "1000000.01", "rate": "6.8101",
    "source": "foreign", "kind": "equity",
}  # fmt: skip


def a_project(db: Work, **fields: Any) -> str:
    with db() as session:
        return make_project(session, **fields).code


def funds_of(db: Work, code: str) -> int:
    with db() as session:
        return session.scalars(select(Project.funds_fen).where(Project.code == code)).one()


def test_money_enters_and_adds_up(as_: As, db: Work) -> None:
    code = a_project(db)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/funds"
    later = officer.post(path, json=MONEY | {"origin_region": "330000", "note": "首期"})
    assert later.status_code == 201
    body = later.json()
    assert body["entered_at"].endswith("Z")
    assert body == {
        "id": body["id"], "arrived_on": "2020-09-30", "deferred_to": None, "amount": "1000000.00",
        "source": "outside_city", "kind": "equity", "origin_region": "330000", "currency": "CNY", "foreign_amount": None,
        "rate": None, "rate_on": None, "state": "recognised", "reverses": None, "reversed_by": None, "reason": None, "note": "首期",
        "imported": False, "entered_at": body["entered_at"],
    }  # fmt: skip
    officer.post(path, json=MONEY | {"arrived_on": "2020-03-01", "amount": "0.01"})
    found = officer.get(path).json()
    assert [(line["arrived_on"], line["running_amount"]) for line in found["items"]] == [
        ("2020-03-01", "0.01"), ("2020-09-30", "1000000.01"),
    ]  # fmt: skip
    assert found["funds"] == "1000000.01"
    assert funds_of(db, code) == 100_000_001


def test_foreign_money_keeps_what_it_was(as_: As, db: Work) -> None:
    code = a_project(db)
    entry = as_("officer").post(f"/api/v1/projects/{code}/funds", json=DOLLARS).json()
    # 1000000.01 × 6.8101 = 6810100.068101 → half up
    assert entry["amount"] == "6810100.07"
    assert (entry["currency"], entry["foreign_amount"], entry["rate"], entry["rate_on"]) == (
        "USD", "1000000.01", "6.8101", "2020-09-30",
    )  # fmt: skip
    number = entry["id"]
    reversal = as_("officer").post(f"/api/v1/projects/{code}/funds/{number}/reverse", json={"reason": "退回"}).json()
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
    code = a_project(db)
    answer = as_("officer").post(f"/api/v1/projects/{code}/funds", json=wrong)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert funds_of(db, code) == 0


def test_money_that_went_back_counts_on_that_day(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        kept = make_fund(session, project, 300, date(2020, 3, 1))
        gone = make_fund(session, project, 500, date(2020, 9, 30))
    officer = as_("officer")
    path = f"/api/v1/projects/{project.code}/funds"
    body = {"reason": "投资方撤资", "on": "2020-12-01"}
    answer = officer.post(f"{path}/{gone.id}/reverse", json=body)
    assert answer.status_code == 201
    reversal = answer.json()
    assert (reversal["amount"], reversal["arrived_on"], reversal["reverses"]) == ("-5.00", "2020-12-01", gone.id)
    found = officer.get(path).json()
    assert [(line["id"], line["running_amount"], line["reversed_by"]) for line in found["items"]] == [
        (kept.id, "3.00", None), (gone.id, "8.00", reversal["id"]), (reversal["id"], "3.00", None),
    ]  # fmt: skip
    assert found["funds"] == "3.00"
    again = officer.post(f"{path}/{gone.id}/reverse", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")
    back = officer.post(f"{path}/{reversal['id']}/reverse", json=body)
    assert (back.status_code, back.json()["code"]) == (409, "is_reversal")
    assert funds_of(db, project.code) == 300


def test_money_that_never_came_restates_its_own_day(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        first, second = (make_fund(session, project, 500, date(2020, 9, 30)) for _ in range(2))
    officer = as_("officer")
    path = f"/api/v1/projects/{project.code}/funds"
    both = officer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "restate": True, "on": "2020-10-01"})
    assert both.status_code == 422
    early = officer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "on": "2020-09-29"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "on")
    assert officer.post(f"{path}/{first.id}/reverse", json={"reason": " "}).status_code == 422
    restated = officer.post(f"{path}/{first.id}/reverse", json={"reason": "重复", "restate": True})
    assert restated.json()["arrived_on"] == "2020-09-30"
    today = officer.post(f"{path}/{second.id}/reverse", json={"reason": "退回"})
    assert today.json()["arrived_on"] == calendar.today().isoformat()


def test_only_what_was_recognised_counts_and_can_be_reversed(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        declared = make_fund(session, project, 500, state="declared")
        make_fund(session, project, 700)
    path = f"/api/v1/projects/{project.code}/funds"
    found = as_("officer").get(path).json()
    assert [line["running_amount"] for line in found["items"]] == ["0.00", "7.00"]
    assert found["funds"] == "7.00"
    refused = as_("officer").post(f"{path}/{declared.id}/reverse", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_recognised")


def test_an_entry_of_another_project_is_not_found_here(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        entry = make_fund(session, other)
    for number in (entry.id, 2**63 - 1):
        answer = as_("officer").post(f"/api/v1/projects/{project.code}/funds/{number}/reverse", json={"reason": "x"})
        assert answer.status_code == 404


def test_reversed_at_once_by_two_it_is_reversed_once(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        entry = make_fund(session, project, 500)
    people = [as_("officer", login=f"officer{number}") for number in range(4)]
    path = f"/api/v1/projects/{project.code}/funds/{entry.id}/reverse"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(path, json={"reason": "重复登记"}), people))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_reversed"}
    assert funds_of(db, project.code) == 0
    with db() as session:
        assert session.scalar(select(func.count()).select_from(FundEntry)) == 2


# -- who may ------------------------------------------------------------------------------------------------------

READ = {"officer": 200, "reviewer": 200, "leader": 200, "reporter": 200}
NOBODY = dict.fromkeys(("system_admin", "security_admin", "auditor"), 403) | {None: 401}
EDIT = {"officer": 201, "reviewer": 201, "leader": 403, "reporter": 403}


@pytest.mark.parametrize(("who", "read", "edit"), [(w, (READ | NOBODY)[w], (EDIT | NOBODY)[w]) for w in READ | NOBODY])
def test_who_may(as_: As, db: Work, who: str | None, read: int, edit: int) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        entry = make_fund(session, project)
    client = as_(who, unit="jxw") if who == "reporter" else as_(who)
    path = f"/api/v1/projects/{project.code}/funds"
    assert client.get(path).status_code == read
    assert client.post(path, json=MONEY).status_code == edit
    assert client.post(f"{path}/{entry.id}/reverse", json={"reason": "x"}).status_code == edit


@pytest.mark.parametrize(
    ("level", "who", "status"),
    [
        ("open", "leader", 200), ("open", "reporter-own", 200), ("open", "reporter-other", 200),
        ("internal", "leader", 200), ("internal", "reporter-own", 200), ("internal", "reporter-other", 404),
        ("sealed", "officer", 404), ("sealed", "reviewer", 404), ("sealed", "leader", 404),
        ("sealed", "reporter-own", 404),
    ],
)  # fmt: skip
def test_funds_are_seen_with_their_project(as_: As, db: Work, level: str, who: str, status: int) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"), confidentiality=level)
        entry = make_fund(session, project)
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    path = f"/api/v1/projects/{project.code}/funds"
    assert client.get(path).status_code == status
    if role in ("officer", "reviewer"):
        assert client.post(path, json=MONEY).status_code == 404
        assert client.post(f"{path}/{entry.id}/reverse", json={"reason": "x"}).status_code == 404


# -- sums ---------------------------------------------------------------------------------------------------------

acts = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.integers(1, 10**9)),
        st.tuples(st.just("reverse"), st.integers(0, 9)),
    ),
    max_size=10,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts)
def test_the_total_is_the_sum_of_the_entries_and_a_reversal_takes_exactly_one(
    app: FastAPI, acts: list[tuple[str, int]]
) -> None:
    with app.state.database.unit_of_work() as db:
        events.act(db, SYSTEM)
        project = make_project(db)
        stand: dict[int, int] = {}
        for what, value in acts:
            entries = db.scalars(select(FundEntry).where(FundEntry.project_id == project.id)).all()
            before = project.funds_fen
            if what == "enter":
                yuan = Decimal(value) / 100
                body = FundIn.model_validate(MONEY | {"amount": yuan})
                entry = service.create(db, SYSTEM, project.code, body)[1]
                stand[entry.id] = value
                assert project.funds_fen == before + value
            elif entries:
                chosen = entries[value % len(entries)]
                try:
                    service.reverse(db, SYSTEM, project.code, chosen.id, ReverseIn(reason="误登"))
                except Problem:
                    assert chosen.id not in stand
                    assert project.funds_fen == before
                else:
                    assert project.funds_fen == before - stand.pop(chosen.id)
        entries = db.scalars(select(FundEntry).where(FundEntry.project_id == project.id)).all()
        assert project.funds_fen == sum(entry.amount_fen for entry in entries) == sum(stand.values())
        assert all(entry.state is FundState.RECOGNISED for entry in entries)


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code = a_project(db)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/funds"
    number = officer.post(path, json=DOLLARS).json()["id"]
    officer.post(f"{path}/{number}/reverse", json={"reason": "重复登记", "restate": True})
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [row for row in chain.stored(connection) if row.subject_key == code]
    assert [row.kind for row in told] == ["project.created", "project.fund_recorded", "project.fund_reversed"]
    assert "重复登记" in told[-1].body
    assert told[-1].actor == "officer"
