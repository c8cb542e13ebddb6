"""Money that a ledger brings counts once a second person has confirmed the import."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project
from app.kernel import chain
from app.kernel.access import Role
from tests.clients import As, Kept, put_part
from tests.exchange.ledgers.importing import book, confirm, kinds, know_units, row, send, told
from tests.factories.identity import make_user
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]
API = "/api/v1"
FUNDS = [
    ["项目名称", "到位日期", "到位金额(万元)", "资金来源", "资金性质"],
    ["玻纤制品项目", "2020-06-30", 1000, "市外", "股权"],
    ["玻纤制品项目", "2020-09-30", 500, "市外", "股权"],
    ["丝绸项目", "2020-09-30", 200, "市外", "设备"],
]
SILK = {"项目名称": "丝绸项目", "投资企业": "南充丝绸有限公司", "合同编号": "HT-2", "合同金额(万元)": 3000}
LEDGER = book(row(), row(**SILK), 到位资金=FUNDS)


@pytest.fixture
def officer(kept: Kept, db: Fixture, as_: As) -> Any:
    kept(know_units, db)
    return as_("officer")


@pytest.fixture
def brought(officer: Any, as_: As) -> Any:
    """An import of two projects with three entries; two reviewers are there."""
    as_("reviewer"), as_("reviewer", login="second")
    result = send(officer, LEDGER)
    assert result["state"] == "done", told(result)
    return result


def funds(client: Any, name: str = "玻纤制品项目") -> Any:
    (found,) = client.get(f"{API}/projects", params={"q": name}).json()["items"]
    return client.get(f"{API}/projects/{found['code']}/funds").json()


def listed(client: Any, **asked: Any) -> Any:
    return client.get(f"{API}/ledgers/imports", params=asked).json()["items"]


def heard(client: Any) -> list[tuple[str, bool]]:
    items = client.get(f"{API}/me/notices", params={"sort": "told_at"}).json()["items"]
    return [(n["text"], n["waits"] and n["done_at"] is None) for n in items if n["kind"].startswith("ledger_import.f")]


def arrived(client: Any, period: str = "2020") -> Any:
    asked = {"indicator": "funds_arrived", "period": period}
    return client.get(f"{API}/figures", params=asked).json()["items"][0]["value"]


def test_it_waits_is_confirmed_by_another_and_counts(
    officer: Any, brought: Any, as_: As, db: Fixture, app: FastAPI
) -> None:
    reviewer = as_("reviewer")
    assert "带入到位资金 3 笔、共 1700万元" in brought["message"]
    waiting = {
        "declared": 3, "declared_amount": "17000000.00", "recognised": 0, "recognised_amount": "0.00", "rejected": 0,
        "rejected_amount": "0.00",
    }  # fmt: skip
    assert brought["funds"] == waiting
    assert [item["funds"] for item in listed(officer, waits="true")] == [waiting]
    assert heard(reviewer) == [("台账「台账.xlsx」带入到位资金 3 笔、共 1700万元，待确认后计入", True)]
    assert arrived(officer) == "0.00"
    found = funds(officer)
    assert (found["funds"], found["declared"]) == ("0.00", "15000000.00")
    assert [lack["message"] for lack in found["items"][0]["lacking"]] == ["缺验资报告或进账单"]

    done = confirm(reviewer, brought)
    assert done == {"entries": 3, "amount": "17000000.00", "projects": 2, "withheld": 0}
    assert arrived(officer) == "17000000.00"
    found = funds(officer)
    assert (found["funds"], found["declared"]) == ("15000000.00", "0.00")
    assert {line["judged_by"] for line in found["items"]} == {found["items"][0]["judged_by"]} != {None}
    assert all(line["rule"] is None and line["imported"] for line in found["items"])
    assert listed(officer, waits="true") == []
    assert listed(officer)[0]["funds"] == waiting | {
        "declared": 0, "declared_amount": "0.00", "recognised": 3, "recognised_amount": "17000000.00",
    }  # fmt: skip
    assert [open_ for _, open_ in heard(reviewer)] == [False]
    assert heard(officer) == [("台账「台账.xlsx」带入的到位资金 3 笔已确认", False)]
    again = reviewer.post(f"{API}/ledgers/imports/{brought['id']}/confirm")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_waits")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        events = [event for event in chain.stored(connection) if event.kind == "project.funds_confirmed"]
    assert len(events) == 2 and all(event.actor == "reviewer" for event in events)
    with db() as session:
        for project in session.scalars(select(Project)):
            entries = session.scalars(select(FundEntry.amount_fen).where(FundEntry.project_id == project.id))
            assert project.funds_fen == sum(entries)


def test_confirmed_at_once_by_several_it_counts_once(brought: Any, as_: As, officer: Any) -> None:
    people = [as_("reviewer", login=f"reviewer{number}") for number in range(4)]
    path = f"{API}/ledgers/imports/{brought['id']}/confirm"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(path), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert arrived(officer) == "17000000.00"


@pytest.mark.parametrize("verb", ["confirm", "reject-funds"])
def test_who_may(brought: Any, as_: As, officer: Any, db: Fixture, verb: str) -> None:
    body = {"json": {"reason": "x"}} if verb == "reject-funds" else {}
    path = f"{API}/ledgers/imports/{brought['id']}/{verb}"
    assert as_(None).post(path, **body).status_code == 401
    refused = {role: as_(role.value, unit="qjxw").post(path, **body) for role in Role if role is not Role.REVIEWER}
    assert {role: answer.status_code for role, answer in refused.items()} == dict.fromkeys(refused, 403)
    own = send(as_("reviewer", login="importer"), book(row(**{"项目名称": "新的项目", "合同编号": "HT-9"}), 到位资金=[
        FUNDS[0], ["新的项目", "2020-06-30", 10, "市外", "股权"]]))  # fmt: skip
    answer = as_("reviewer", login="importer").post(f"{API}/ledgers/imports/{own['id']}/{verb}", **body)
    assert (answer.status_code, answer.json()["code"]) == (403, "same_person")
    assert as_("reviewer").post(path, **body).status_code == 200
    assert as_("reviewer").post(f"{API}/ledgers/imports/999999/{verb}", **body).status_code == 404


def test_what_is_sent_back_does_not_count_and_does_not_come_again(officer: Any, brought: Any, as_: As) -> None:
    reviewer = as_("reviewer")
    path = f"{API}/ledgers/imports/{brought['id']}/reject-funds"
    assert reviewer.post(path, json={"reason": " "}).status_code == 422
    answer = reviewer.post(path, json={"reason": "未附单据"})
    assert (answer.status_code, answer.json()["entries"]) == (200, 3)
    assert arrived(officer) == "0.00"
    assert {(line["state"], line["reason"]) for line in funds(officer)["items"]} == {("rejected", "未附单据")}
    assert heard(officer) == [("台账「台账.xlsx」带入的到位资金 3 笔被退回：未附单据", False)]
    again = send(officer, LEDGER)
    assert {r["outcome"] for r in again["rows"]} == {"unchanged"}
    assert again["funds"]["declared"] == 0 and len(funds(officer)["items"]) == 2


def test_entries_may_be_decided_on_one_by_one(officer: Any, brought: Any, as_: As) -> None:
    reviewer, second = as_("reviewer"), as_("reviewer", login="second")
    first, other = funds(officer)["items"]
    project = officer.get(f"{API}/projects", params={"q": "玻纤制品项目"}).json()["items"][0]["code"]
    path = f"{API}/projects/{project}/funds"
    assert reviewer.post(f"{path}/{first['id']}/recognise", json={}).status_code == 200
    assert reviewer.post(f"{path}/{other['id']}/reject", json={"reason": "x"}).status_code == 200
    assert [open_ for _, open_ in heard(second)] == [True]
    assert listed(officer)[0]["funds"] == {
        "declared": 1, "declared_amount": "2000000.00", "recognised": 1, "recognised_amount": "10000000.00",
        "rejected": 1, "rejected_amount": "5000000.00",
    }  # fmt: skip
    (last,) = funds(officer, "丝绸项目")["items"]
    silk = officer.get(f"{API}/projects", params={"q": "丝绸项目"}).json()["items"][0]["code"]
    assert second.post(f"{API}/projects/{silk}/funds/{last['id']}/recognise", json={}).status_code == 200
    assert [open_ for _, open_ in heard(second)] == [False]
    assert arrived(officer) == "12000000.00"
    assert second.post(f"{API}/ledgers/imports/{brought['id']}/confirm").status_code == 409


def test_money_of_a_closed_period_counts_after_it(officer: Any, brought: Any, as_: As) -> None:
    reviewer = as_("reviewer")
    assert reviewer.post(f"{API}/periods/2020-09/lock").status_code == 200
    confirm(reviewer, brought)
    assert (arrived(officer, "2020-06"), arrived(officer, "2020-09"), arrived(officer, "2020-10")) == (
        "10000000.00", "0.00", "7000000.00",
    )  # fmt: skip
    assert reviewer.post(f"{API}/periods/2020-09/reopen", json={"reason": "补录"}).status_code == 200
    assert (arrived(officer, "2020-09"), arrived(officer, "2020-10")) == ("7000000.00", "0.00")


def test_money_of_projects_one_does_not_see_waits_on(officer: Any, brought: Any, as_: As, db: Fixture) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
    silk = officer.get(f"{API}/projects", params={"q": "丝绸项目"}).json()["items"][0]["code"]
    body = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    sealed = put_part(as_("reviewer", login="sealer"), f"{API}/projects/{silk}", "confidentiality", body)
    assert sealed.status_code == 200, sealed.text
    reviewer, named = as_("reviewer"), as_("named")
    done = confirm(reviewer, brought)
    assert done == {"entries": 2, "amount": "15000000.00", "projects": 1, "withheld": 1}
    assert silk not in reviewer.get(f"{API}/ledgers/imports/{brought['id']}").text
    again = reviewer.post(f"{API}/ledgers/imports/{brought['id']}/confirm")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_waits")
    assert [open_ for _, open_ in heard(reviewer)] == [True]
    assert confirm(named, brought)["entries"] == 1
    assert arrived(officer) == "17000000.00"


def test_what_waits_is_not_brought_again(officer: Any, brought: Any, as_: As, db: Fixture) -> None:
    events = kinds(db, "project")
    for data in (LEDGER, officer.get(f"{API}/ledgers/export").content):
        again = send(officer, data)
        assert {r["outcome"] for r in again["rows"]} == {"unchanged"}, told(again, "warning")
        assert again["funds"]["declared"] == 0
    assert kinds(db, "project") == events
    # A total says only what is beyond it, counted and waiting alike.
    for total, day in ((1500, "2020-10-31"), (1800, "2020-11-30"), (1800, "2020-12-31")):
        send(officer, book(row(**{"到位资金(万元)": total, "到位日期": day})))
    found = funds(officer)
    assert [(line["amount"], line["state"]) for line in found["items"]] == [
        ("10000000.00", "declared"), ("5000000.00", "declared"), ("3000000.00", "declared"),
    ]  # fmt: skip
    for item in listed(officer, waits="true"):
        confirm(as_("reviewer"), item)
    assert funds(officer)["funds"] == "18000000.00"
    again = send(officer, officer.get(f"{API}/ledgers/export").content)
    assert {r["outcome"] for r in again["rows"]} == {"unchanged"}


def test_a_trial_brings_nothing_to_confirm(officer: Any, as_: As) -> None:
    tried = send(officer, LEDGER, dry_run="true")
    assert tried["funds"]["declared"] == 0 and heard(as_("reviewer")) == []
    answer = as_("reviewer").post(f"{API}/ledgers/imports/{tried['id']}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_waits")
