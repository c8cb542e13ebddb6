"""Ledgers that speak of periods which are closed."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.exchange.ledgers import service
from app.exchange.ledgers.models import Mode, State
from app.facts.agreements.models import Agreement
from app.facts.funds.models import FundEntry
from app.facts.projects import service as projects
from app.facts.projects.models import Project, Restatement
from app.facts.projects.terms import Stage
from app.identity.periods.closures import hold
from app.kernel.access import SYSTEM
from tests.clients import Kept
from tests.exchange.ledgers.importing import book, confirm, kinds, know_units, row, send, told
from tests.exchange.ledgers.test_at_once import ended
from tests.factories.gates import open_gates
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]
FULL = {
    "阶段": "竣工", "接洽日期": "2019-12-01", "开工日期": "2020-06-01", "竣工日期": "2021-05-01",
    "到位资金(万元)": 1000, "到位日期": "2020-06-30", "框架协议日期": "2020-01-05", "框架协议金额(万元)": 9000,
}  # fmt: skip
DEFERRALS = ("signed_deferred_to", "started_deferred_to", "completed_deferred_to", "production_deferred_to")


@pytest.fixture
def officer(kept: Kept, db: Fixture, as_: Fixture) -> Any:
    kept(know_units, db)
    return as_("officer")


@pytest.fixture
def close(as_: Fixture) -> Callable[[str], None]:
    def shut(period: str) -> None:
        answer = as_("reviewer").post(f"/api/v1/periods/{period}/lock")
        assert answer.status_code == 200, answer.text

    return shut


@pytest.fixture
def reopen(as_: Fixture) -> Callable[[str], None]:
    def again(period: str) -> None:
        answer = as_("reviewer").post(f"/api/v1/periods/{period}/reopen", json={"reason": "补报"})
        assert answer.status_code == 200, answer.text

    return again


def deferred(db: Fixture) -> tuple[list[str | None], list[str | None], list[str | None]]:
    """Where the papers, the funds and the stages of the one project there is count, beside their own days."""

    def spelled(values: Any) -> list[str | None]:
        return [None if value is None else value.isoformat() for value in values]

    with db() as session:
        project = session.scalars(select(Project)).one()
        papers = session.scalars(select(Agreement.deferred_to).order_by(Agreement.signed_on))
        funds = session.scalars(select(FundEntry.deferred_to).order_by(FundEntry.id))
        return spelled(papers), spelled(funds), spelled(getattr(project, name) for name in DEFERRALS)


def signed(client: Any, period: str = "2020") -> Any:
    answer = client.get("/api/v1/figures", params={"indicator": ["signed_count", "contract_amount"], "period": period})
    return [item["value"] for item in answer.json()["items"]]


def test_what_comes_late_counts_in_the_next_open_period(
    officer: Any, as_: Fixture, close: Fixture, reopen: Fixture, db: Fixture, app: Any
) -> None:
    close("2020")
    before = signed(officer)
    result = send(officer, book(row(**FULL)))
    assert result["state"] == "done", told(result)
    next_year = "2021-01-01"
    assert deferred(db)[1] == [None]  # it does not count yet
    confirm(as_("reviewer"), result)
    assert deferred(db) == ([next_year] * 2, [next_year], [next_year, next_year, None, None])
    assert signed(officer) == before and signed(officer, "2021")[0] == 1
    project = officer.get(f"/api/v1/projects/{result['rows'][0]['code']}").json()
    assert (project["signed_on"], project["started_on"], project["tracked_from"]) == (
        "2020-03-12", "2020-06-01", next_year)  # fmt: skip
    assert project["units"][0]["valid_from"] == "2019-12-01"
    said = {f["cell"]: f["message"] for f in result["rows"][0]["findings"] if f["code"] == "deferred"}
    assert len(said) == 3 and all(next_year in message for message in said.values()), said
    events = kinds(db, "project")
    again = send(officer, book(row(**FULL)))
    assert [r["outcome"] for r in again["rows"]] == ["unchanged"] and kinds(db, "project") == events
    reopen("2020")
    assert deferred(db) == ([None] * 2, [None], [None] * 4) and signed(officer)[0] == 1
    assert [r["outcome"] for r in send(officer, book(row(**FULL)))["rows"]] == ["unchanged"]
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_a_file_defers_what_the_services_defer(officer: Any, as_: Fixture, close: Fixture, db: Fixture) -> None:
    with db() as session:
        open_gates(session)
    for period in ("2020-03", "2020-Q2", "2021-05"):
        close(period)
    confirm(as_("reviewer"), send(officer, book(row(**FULL))))
    by_file = deferred(db)
    with db() as session:
        code = session.scalars(select(Project.code)).one()
    new = {"name": "手录项目", "kind": "services", "lead_on": "2019-12-01"}
    made = officer.post("/api/v1/projects", json=new).json()["code"]
    for body in (
        {"type": "framework", "signed_on": "2020-01-05", "amount": "90000000.00"},
        {"type": "formal", "signed_on": "2020-03-12", "amount": "120000000.00"},
    ):
        answer = officer.post(f"/api/v1/projects/{made}/agreements", json=body)
        assert answer.status_code == 201, answer.text
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == made)).one()
        for stage, day in ((Stage.STARTED, dt.date(2020, 6, 1)), (Stage.COMPLETED, dt.date(2021, 5, 1))):
            projects.set_reached(session, project, stage, day, hold(session), None)
    with db() as session:
        file, hand = (session.scalars(select(Project).where(Project.code == one)).one() for one in (code, made))
        assert [getattr(file, name) for name in DEFERRALS] == [getattr(hand, name) for name in DEFERRALS]
        papers = select(Agreement.deferred_to).order_by(Agreement.signed_on)
        by_hand = session.scalars(papers.where(Agreement.project_id == hand.id)).all()
        assert session.scalars(papers.where(Agreement.project_id == file.id)).all() == by_hand
    assert by_file == ([None, "2020-07-01"], ["2020-07-01"], ["2020-07-01", "2020-07-01", "2021-06-01", None])


CHANGES = [
    ({"合同金额(万元)": 13000}, "合同金额(万元)"),
    ({"签约日期": "2020-03-20"}, "签约日期"),
    ({"签约日期": "2021-03-20"}, "签约日期"),
    ({"开工日期": "2020-06-20"}, "开工日期"),
    ({"开工日期": "2021-02-01"}, "开工日期"),
    ({"框架协议金额(万元)": 8000}, "框架协议金额(万元)"),
]


@pytest.mark.parametrize(("change", "heading"), CHANGES, ids=lambda each: str(each)[:16])
def test_what_a_closed_period_counts_stays(
    officer: Any, close: Fixture, reopen: Fixture, db: Fixture, change: dict[str, Any], heading: str
) -> None:
    send(officer, book(row(**FULL)))
    close("2020")
    before = (kinds(db, "project"), deferred(db), signed(officer))
    result = send(officer, book(row(**FULL | change), row(**{"项目名称": "另一项目", "合同编号": "HT-2"})))
    assert result["state"] == "refused"
    (finding,) = [f for f in result["rows"][0]["findings"] if f["level"] == "refused"]
    column = next(c["column"] for c in result["sheets"][0]["columns"] if c["heading"] == heading)
    assert (finding["code"], finding["cell"]) == ("period_locked", f"{column}2")
    assert "2020" in finding["message"] and "重新开放" in finding["message"]
    assert (kinds(db, "project"), deferred(db), signed(officer)) == before
    reopen("2020")
    assert send(officer, book(row(**FULL | change)))["state"] == "done"


def test_rows_beside_a_locked_one_are_written_on_demand(officer: Any, close: Fixture, db: Fixture) -> None:
    send(officer, book(row(**FULL)))
    close("2020")
    rows = [row(**FULL | {"合同金额(万元)": 13000}), row(**{"项目名称": "另一项目", "合同编号": "HT-2"})]
    result = send(officer, book(*rows), valid_rows="true")
    assert [r["outcome"] for r in result["rows"]] == ["refused", "created"]


def test_what_figures_do_not_count_may_change(officer: Any, close: Fixture, db: Fixture) -> None:
    send(officer, book(row(**FULL)))
    close("2020")
    changed = {"合同编号": "HT-1新", "接洽日期": "2019-11-01", "备注": "新备注", "注册日期": "2020-04-01"}
    result = send(officer, book(row(**FULL | changed)))
    assert result["state"] == "done" and result["changed"] == 1, told(result)
    assert deferred(db)[0] == [None, None]


PAPERS = ["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)", "增资金额(万元)"]


def test_an_earlier_contract_may_not_take_the_place_of_a_counted_one(officer: Any, close: Fixture) -> None:
    send(officer, book(row(**FULL)))
    close("2020")
    earlier = [PAPERS, ["玻纤制品项目", "正式合同", "HT-0", "2019-12-05", 500, ""]]
    result = send(officer, book(合同协议=earlier))
    assert [(cell, code) for cell, _, code in told(result)] == [("D2", "period_locked")]
    more = [PAPERS, ["玻纤制品项目", "补充协议", "HT-1-1", "2020-08-01", "", 500]]
    assert send(officer, book(合同协议=more))["state"] == "done"
    assert signed(officer)[1] == "120000000.00" and signed(officer, "2021")[1] == "5000000.00"


def test_what_a_file_corrects_is_restated(officer: Any, db: Fixture, app: Any) -> None:
    send(officer, book(row(**FULL)))
    send(officer, book(row(**FULL | {"合同金额(万元)": 13000, "开工日期": "2020-06-20"})))
    with db() as session:
        kept = session.execute(
            select(Restatement.source, Restatement.day, Restatement.reason).order_by("source", "day")
        )
        assert [(source, day.isoformat()) for source, day, reason in kept if "台账" in (reason or "")] == [
            ("contracts", "2020-03-12"), ("formals", "2020-03-12"), ("signings", "2020-03-12"),
            ("starts", "2020-06-01"), ("starts", "2020-06-20")]  # fmt: skip
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_a_start_that_comes_late_counts_later(officer: Any, close: Fixture, db: Fixture) -> None:
    send(officer, book(row()))
    close("2020")
    result = send(officer, book(row(**{"阶段": "开工", "开工日期": "2020-06-01"})))
    assert result["state"] == "done", told(result)
    assert deferred(db)[2] == [None, "2021-01-01", None, None]


@pytest.mark.parametrize("way", ["lock", "reopen"])
def test_a_period_closed_or_opened_between_plan_and_write(
    app: Any, officer: Any, close: Fixture, reopen: Fixture, db: Fixture, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "reopen":
        close("2020")
    whole, left = service._plan, [1]

    def planned(*args: Any) -> Any:
        made = whole(*args)
        if left[0]:
            left[0] = 0
            (close if way == "lock" else reopen)("2020")
        return made

    monkeypatch.setattr(service, "_plan", planned)
    task = service.begin(app.state.database, SYSTEM, book(row(**FULL)), "台账.xlsx", Mode.ALL, "500114")
    service.run(app.state.database, task)
    assert ended(db, task.number)[0] is State.DONE
    counts = "2021-01-01" if way == "lock" else None
    assert deferred(db) == ([counts] * 2, [None], [counts, counts, None, None])
