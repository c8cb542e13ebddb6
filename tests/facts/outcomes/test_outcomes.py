"""The ledger of outcomes: what is declared for which period, what counts, and how far investment has come."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select

from app.facts.outcomes.models import Outcome
from app.facts.outcomes.terms import OutcomeKind
from app.kernel import chain
from tests.clients import As, Work
from tests.factories.evidence import make_evidence
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

DONE = {"kind": "fixed_asset_investment", "period": "2020-08", "amount": "12000000.00"}
API = "/api/v1"


def a_project(db: Work, *papers: str, **fields: Any) -> tuple[str, list[int]]:
    with db() as session:
        project = make_project(session, **fields)
        return project.code, [make_evidence(session, project, paper, "verified").id for paper in papers]


def test_an_outcome_is_declared_and_counts_once_it_is_recognised(as_: As, db: Work) -> None:
    code, (report,) = a_project(db, "statistics_report")
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{code}/outcomes"
    answer = officer.post(path, json=DONE | {"note": "土建", "evidence": [report]})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    paper = {
        "id": report, "kind": "statistics_report", "filename": "材料.txt", "dated_on": "2020-08-18",
        "state": "verified", "replaced_by": None,
    }  # fmt: skip
    assert body == {
        "id": body["id"], "kind": "fixed_asset_investment", "period": "2020-08", "happened_on": "2020-08-31",
        "deferred_to": None, "amount": "12000000.00", "persons": None, "state": "declared", "evidence": [paper],
        "lacking": [], "shared": [], "shared_reason": None, "reverses": None, "reversed_by": None, "follows": None,
        "followed_by": None, "reason": None, "note": "土建", "imported": False, "entered_at": body["entered_at"],
        "entered_by": body["entered_by"], "judged_at": None, "judged_by": None, "rule": None,
    }  # fmt: skip

    def total() -> tuple[str, str]:
        totals = officer.get(path).json()["totals"]
        assert [each["kind"] for each in totals] == [kind.value for kind in OutcomeKind]
        (found,) = (each for each in totals if each["kind"] == "fixed_asset_investment")
        return found["amount"], found["declared_amount"]

    assert total() == ("0.00", "12000000.00")
    recognised = reviewer.post(f"{path}/{body['id']}/recognise", json={})
    assert recognised.status_code == 200, recognised.text
    assert (recognised.json()["state"], recognised.json()["rule"]) == ("recognised", "outcome_evidence/0")
    assert total() == ("12000000.00", "0.00")
    reversal = reviewer.post(f"{path}/{body['id']}/reverse", json={"reason": "误登", "restate": True})
    assert reversal.status_code == 201, reversal.text
    assert (reversal.json()["amount"], reversal.json()["period"]) == ("-12000000.00", "2020-08")
    assert total() == ("0.00", "0.00")


def test_jobs_count_people(as_: As, db: Work) -> None:
    code, papers = a_project(db, "social_insurance", "social_insurance")
    path = f"{API}/projects/{code}/outcomes"
    for period, persons, paper in (("2020-08", 120, papers[0]), ("2020-09", -20, papers[1])):
        body = {"kind": "jobs", "period": period, "persons": persons, "evidence": [paper]}
        answer = as_("officer").post(path, json=body)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["persons"], answer.json()["amount"]) == (persons, None)
        assert as_("reviewer").post(f"{path}/{answer.json()['id']}/recognise", json={}).status_code == 200
    jobs = as_("officer").get(path).json()["totals"][-1]
    assert (jobs["kind"], jobs["label"], jobs["persons"], jobs["amount"]) == ("jobs", "新增用工", 100, None)
    asked = {"indicator": "jobs", "period": "2020"}
    (figure,) = as_("officer").get(f"{API}/figures", params=asked).json()["items"]
    assert (figure["value"], figure["unit"], figure["text"]) == (100, "人", "100")
    rows = as_("officer").get(f"{API}/figures/rows", params=asked | {"sort": "date"}).json()
    assert [row["amount"] for row in rows["items"]] == [120, -20]
    (share,) = as_("officer").get(f"{API}/figures", params=asked | {"share": "true"}).json()["items"]
    assert (share["numerator"], share["denominator"]) == (100, 100)


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        (DONE | {"amount": "0"}, "amount", None),
        (DONE | {"amount": "-1.00"}, "amount", None),
        ({"kind": "output", "period": "2020-08"}, "amount", "missing"),
        (DONE | {"amount": "1000000000000.00"}, "amount", "implausible"),
        (DONE | {"persons": 3}, "persons", "not_people"),
        ({"kind": "jobs", "period": "2020-08"}, "persons", "missing"),
        ({"kind": "jobs", "period": "2020-08", "persons": 0}, "persons", "missing"),
        ({"kind": "jobs", "period": "2020-08", "persons": 1.5}, "persons", None),
        ({"kind": "jobs", "period": "2020-08", "persons": 10_000_000}, "persons", None),
        ({"kind": "jobs", "period": "2020-08", "persons": 3, "amount": "1.00"}, "amount", "not_money"),
        (DONE | {"period": "2020"}, "period", "wrong_period"),
        (DONE | {"period": "2020-13"}, "period", "period"),
        (DONE | {"period": "2020-08-18"}, "period", "period"),
        (DONE | {"period": "2020-Q3"}, "period", None),
        (DONE | {"period": "1000-01"}, "period", "period"),
        (DONE | {"period": "2998-01"}, "period", None),
        ({"kind": "paid_in_capital", "period": "2020-08", "amount": "1.00"}, "period", "wrong_period"),
        ({"kind": "paid_in_capital", "period": "2020-02-30", "amount": "1.00"}, "period", "wrong_period"),
        ({"kind": "paid_in_capital", "period": "0999-02-03", "amount": "1.00"}, "period", "too_early"),
        ({"kind": "paid_in_capital", "period": "2999-02-03", "amount": "1.00"}, "period", "in_future"),
        (DONE | {"kind": "profit"}, "kind", None),
        (DONE | {"state": "recognised"}, "state", None),
        (DONE | {"evidence": [2**62]}, "evidence", "unknown_evidence"),
    ],
)
def test_what_is_refused(as_: As, db: Work, wrong: dict[str, Any], field: str, code: str | None) -> None:
    project, _ = a_project(db)
    answer = as_("officer").post(f"{API}/projects/{project}/outcomes", json=wrong)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert code is None or error["code"] == code
    assert as_("officer").get(f"{API}/projects/{project}/outcomes").json()["items"] == []


def test_a_period_is_declared_from_its_last_day_on(as_: As, db: Work) -> None:
    project, _ = a_project(db)
    officer = as_("officer")
    # The last day begins at 16:00 UTC of the day before.
    for at, status in (("2026-08-30T15:59:59Z", 422), ("2026-08-30T16:00:00Z", 201)):
        with time_machine.travel(at, tick=False):
            answer = officer.post(f"{API}/projects/{project}/outcomes", json=DONE | {"period": "2026-08"})
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("kind", "first", "second", "clash"),
    [
        ("tax", "2020-08", "2020-08", True),
        ("tax", "2020-08", "2020", True),
        ("tax", "2020", "2020-08", True),
        ("tax", "2020-08", "2020-09", False),
        ("tax", "2019", "2020", False),
        ("paid_in_capital", "2020-08-01", "2020-08-01", False),
    ],
)
def test_a_period_takes_one_entry_of_a_kind(as_: As, db: Work, kind: str, first: str, second: str, clash: bool) -> None:
    project, _ = a_project(db)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{project}/outcomes"
    body = {"kind": kind, "period": first, "amount": "1.00"}
    number = officer.post(path, json=body).json()["id"]
    assert officer.post(path, json=body | {"kind": "output"} if kind == "tax" else body).status_code == 201
    answer = officer.post(path, json=body | {"period": second})
    assert answer.status_code == (409 if clash else 201), answer.text
    if clash:
        assert answer.json()["code"] == "period_taken" and f"第 {number} 号" in answer.json()["message"]
        reviewer.post(f"{path}/{number}/reject", json={"reason": "x"})
        assert officer.post(path, json=body | {"period": second, "follows": number}).status_code == 201


def test_a_reversed_entry_makes_room(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        entry = make_outcome(session, project)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{project.code}/outcomes"
    assert officer.post(path, json=DONE).status_code == 409
    assert reviewer.post(f"{path}/{entry.id}/reverse", json={"reason": "x", "restate": True}).status_code == 201
    assert officer.post(path, json=DONE).status_code == 201


PAPERS = {
    "fixed_asset_investment": (["capital_verification"], "缺统计报表或发票", "invoice"),
    "paid_in_capital": (["invoice"], "缺验资报告或进账单", "bank_slip"),
    "output": (["social_insurance"], "缺统计报表或完税证明", "statistics_report"),
    "tax": (["statistics_report"], "缺完税证明", "tax_certificate"),
    "local_contribution": ([], "缺完税证明", "tax_certificate"),
    "jobs": (["statistics_report"], "缺社保缴纳证明", "social_insurance"),
}


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_what_the_rule_asks_for(as_: As, db: Work, kind: OutcomeKind) -> None:
    wrong, missing, right = PAPERS[kind]
    code, (paper, *others) = a_project(db, right, *wrong)
    path = f"{API}/projects/{code}/outcomes"
    quantity = {"persons": 5} if kind.counts_people else {"amount": "1.00"}
    period = "2020-08" if kind.periods else "2020-08-18"
    answer = as_("officer").post(path, json={"kind": kind, "period": period, "evidence": others} | quantity)
    number = answer.json()["id"]
    refused = as_("reviewer").post(f"{path}/{number}/recognise", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence_missing")
    assert [error["message"] for error in refused.json()["errors"]] == [missing]
    assert as_("officer").post(f"{path}/{number}/evidence", json={"evidence": [paper]}).status_code == 200
    assert as_("reviewer").post(f"{path}/{number}/recognise", json={}).status_code == 200
    asked = {"indicator": kind, "period": "2020-08"}
    (figure,) = as_("officer").get(f"{API}/figures", params=asked).json()["items"]
    assert figure["value"] == (5 if kind.counts_people else "1.00")


def test_one_file_proves_different_things_but_not_the_same_thing_twice(as_: As, db: Work) -> None:
    code, (report,) = a_project(db, "statistics_report")
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{code}/outcomes"
    numbers = [
        officer.post(path, json={"kind": kind, "period": period, "amount": "1.00", "evidence": [report]}).json()["id"]
        for kind, period in (("output", "2020-08"), ("fixed_asset_investment", "2020-08"), ("output", "2020-09"))
    ]
    listed = {line["id"]: line["shared"] for line in officer.get(path).json()["items"]}
    assert listed[numbers[1]] == []
    assert listed[numbers[0]] == [{"evidence": report, "project": code, "entry": numbers[2]}]
    assert reviewer.post(f"{path}/{numbers[1]}/recognise", json={}).status_code == 200
    assert reviewer.post(f"{path}/{numbers[2]}/recognise", json={}).json()["code"] == "evidence_shared"


def test_a_paper_rejected_afterwards_raises_a_doubt(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, name="光伏玻纤")
        paper = make_evidence(session, project, "tax_certificate", "verified", uploaded_by=99)
        make_outcome(session, project, "tax", 5_000_00, "2020", evidence=(paper,))
    reviewer = as_("reviewer")
    of = f"{API}/projects/{project.code}"
    assert reviewer.post(f"{of}/evidence/{paper.id}/reject", json={"reason": "伪造"}).status_code == 200
    (notice,) = reviewer.get(f"{API}/me/notices").json()["items"]
    assert notice["text"] == "项目「光伏玻纤」已认定的税收0.5万元（2020）材料不再齐全：缺完税证明"


# -- progress ------------------------------------------------------------------------------------------------------


def test_the_progress_of_investment_month_by_month(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, investment_fen=300_00)
        make_outcome(session, project, quantity=50_00, period="2020-06")
        make_outcome(session, project, quantity=70_00, period="2020-09")
        gone = make_outcome(session, project, quantity=30_00, period="2020-08")
        make_outcome(session, project, quantity=1_00, period="2020-10", state="declared")
        make_outcome(session, project, quantity=1_00, period="2020-11", state="rejected")
        make_outcome(session, project, "output", 900_00, "2020-07")
    reviewer = as_("reviewer")
    of = f"{API}/projects/{project.code}"
    body = {"reason": "虚报", "on": "2020-10-05"}
    assert reviewer.post(f"{of}/outcomes/{gone.id}/reverse", json=body).status_code == 201
    found = as_("leader").get(f"{of}/progress").json()
    months = [(m["month"], m["amount"], m["cumulative"], m["progress"]) for m in found["months"]]
    assert months == [
        ("2020-06", "50.00", "50.00", "0.1666666667"),
        ("2020-07", "0.00", "50.00", "0.1666666667"),
        ("2020-08", "30.00", "80.00", "0.2666666667"),
        ("2020-09", "70.00", "150.00", "0.5000000000"),
        ("2020-10", "-30.00", "120.00", "0.4000000000"),
    ]
    assert (found["months"][3]["numerator"], found["months"][3]["denominator"]) == ("150.00", "300.00")
    assert {name: found[name] for name in ("investment", "done", "progress", "text")} == {
        "investment": "300.00", "done": "120.00", "progress": "0.4000000000", "text": "40.0%",
    }  # fmt: skip


@pytest.mark.parametrize("investment", [None, 0])
def test_progress_without_a_plan_is_no_share(as_: As, db: Work, investment: int | None) -> None:
    with db() as session:
        project = make_project(session, investment_fen=investment)
        empty = make_project(session)
        make_outcome(session, project)
    found = as_("officer").get(f"{API}/projects/{project.code}/progress").json()
    assert (found["done"], found["progress"], found["text"]) == ("1000000.00", None, None)
    assert [month["progress"] for month in found["months"]] == [None]
    none = as_("officer").get(f"{API}/projects/{empty.code}/progress").json()
    assert (none["done"], none["months"]) == ("0.00", [])


# -- the rest ------------------------------------------------------------------------------------------------------


def test_recognised_at_once_by_several_it_counts_once(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        paper = make_evidence(session, project, "invoice", "verified")
        entry = make_outcome(session, project, state="declared", evidence=(paper,))
    people = [as_("reviewer", login=f"reviewer{number}") for number in range(4)]
    path = f"{API}/projects/{project.code}/outcomes/{entry.id}/recognise"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(path, json={}), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1


def test_a_closed_period_keeps_what_it_counts(as_: As, db: Work) -> None:
    code, (report,) = a_project(db, "invoice")
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{code}/outcomes"
    number = officer.post(path, json=DONE | {"evidence": [report]}).json()["id"]

    def done(period: str) -> Any:
        asked = {"indicator": "fixed_asset_investment", "period": period}
        return officer.get(f"{API}/figures", params=asked).json()["items"][0]["value"]

    reviewer.post(f"{API}/periods/2020-08/lock")
    assert reviewer.post(f"{path}/{number}/recognise", json={}).json()["deferred_to"] == "2020-09-01"
    assert (done("2020-08"), done("2020-09")) == ("0.00", "12000000.00")
    reviewer.post(f"{API}/periods/2020-08/reopen", json={"reason": "补录"})
    assert (done("2020-08"), done("2020-09")) == ("12000000.00", "0.00")
    reviewer.post(f"{API}/periods/2020-08/lock")
    refused = reviewer.post(f"{path}/{number}/reverse", json={"reason": "x", "restate": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "period_locked")


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code, (report,) = a_project(db, "invoice")
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"{API}/projects/{code}/outcomes"
    number = officer.post(path, json=DONE).json()["id"]
    officer.post(f"{path}/{number}/evidence", json={"evidence": [report]})
    reviewer.post(f"{path}/{number}/recognise", json={})
    reviewer.post(f"{path}/{number}/reverse", json={"reason": "虚报投资", "restate": True})
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [row for row in chain.stored(connection) if row.subject_key == code]
    assert [row.kind for row in told[1:]] == [
        "project.outcome_declared", "project.outcome_evidence_added", "project.outcome_recognised",
        "project.outcome_reversed",
    ]  # fmt: skip
    history = officer.get(f"{API}/projects/{code}/history").json()["items"]
    assert "虚报投资" in str(history) and "冲销实际成效" in str(history)
    corrections = officer.get(f"{API}/figures/restatements", params={"indicator": DONE["kind"], "period": "2020"})
    assert [item["reason"] for item in corrections.json()["items"]] == ["虚报投资"]
