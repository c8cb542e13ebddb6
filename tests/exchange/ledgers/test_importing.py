"""The way of a file through the application: demo, repetition, modes, refusals, formats, permissions."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.demo.loading import LEDGER, USERS
from app.exchange.ledgers import service
from app.exchange.ledgers.models import LedgerImport, LedgerImportRow, State
from app.facts.agreements.models import Agreement
from app.facts.funds.models import FundEntry
from app.facts.projects.models import CodeSerial, Project
from app.kernel import calendar
from tests.clients import Kept
from tests.exchange.ledgers.conftest import xls, xlsx
from tests.exchange.ledgers.importing import book, confirm, kinds, know_units, load_demo, row, send, sheet, told
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]


@pytest.fixture
def officer(kept: Kept, db: Fixture, as_: Fixture) -> Any:
    kept(know_units, db)
    return as_("officer")


@pytest.fixture
def demo(kept: Kept, app: Any) -> Path:
    """The demo district, loaded today; its ledger."""
    kept(load_demo, app)
    return Path(app.state.settings.data_dir) / LEDGER


def count(db: Fixture, model: Any) -> int:
    with db() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


def test_the_demo_comes_in_through_the_import_and_a_second_time_changes_nothing(
    demo: Path, db: Fixture, as_: Fixture, app: Any
) -> None:
    assert count(db, Project) == 264
    before = kinds(db, "project", "enterprise", "unit", "user")
    assert before.count("project.imported") == 264  # 125 of this ledger, 139 of later contracts
    result = send(as_("officer", login="officer"), demo.read_bytes())
    assert result["state"] == "done"
    assert result["counts"]["projects"] == {"created": 0, "changed": 0, "unchanged": 125, "refused": 0}
    assert (result["created"], result["changed"], result["refused"]) == (0, 0, 0)
    assert kinds(db, "project", "enterprise", "unit", "user") == before
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_the_demo_has_a_user_of_each_kind(demo: Path, client_of: Fixture) -> None:
    anyone = client_of(None)
    for login, _, role in USERS:
        answer = anyone.post("/api/v1/auth/login", json={"username": login, "password": "Demo-2020-pass"})
        assert answer.status_code == 200, login
        me = client_of(answer.json()["access_token"]).get("/api/v1/auth/me").json()
        assert me["roles"] == [role.value] and not me["must_change_password"]


def test_a_row_becomes_a_project_with_its_history(officer: Any, as_: Fixture, app: Any) -> None:
    result = send(officer, book(row(**{"阶段": "开工", "开工日期": "2020/6/1", "到位资金(万元)": 3000,
                                       "到位日期": "2020-09-30", "接洽日期": "2019.12.1"})))  # fmt: skip
    assert result["state"] == "done", told(result)
    code = result["rows"][0]["code"]
    assert code == "500114-2020-0001"
    assert officer.get(f"/api/v1/projects/{code}").json()["funds_arrived"] == "0.00"
    confirm(as_("reviewer"), result)
    project = officer.get(f"/api/v1/projects/{code}").json()
    assert project["contract_amount"] == "120000000.00" and project["funds_arrived"] == "30000000.00"
    assert (project["stage"], project["signed_on"], project["started_on"]) == ("started", "2020-03-12", "2020-06-01")
    assert project["imported"] and project["tracked_from"] == "2019-12-01"
    assert project["units"][0] == {"unit": "qjxw", "name": "区经济信息委", "role": "responsible",
                                   "valid_from": "2019-12-01", "valid_to": None}  # fmt: skip
    moves = officer.get(f"/api/v1/projects/{code}/moves").json()["items"]
    path = [(move["from"], move["to"], move["happened_on"]) for move in moves]
    assert path == [(None, "lead", "2019-12-01"), ("lead", "signed", "2020-03-12"), ("signed", "started", "2020-06-01")]
    assert all(move["imported"] for move in moves)
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
    again = send(officer, book(row(**{"阶段": "开工", "开工日期": "2020/6/1", "到位资金(万元)": 3000,
                                      "到位日期": "2020-09-30", "接洽日期": "2019.12.1"})))  # fmt: skip
    assert [r["outcome"] for r in again["rows"]] == ["unchanged"]


MISTAKES = [
    # what is wrong in the row, its cell, the value shown, the code, a word of the reason
    ({"责任单位": "区经信为"}, "F2", "区经信为", "unit_unknown", "区经济信息委"),
    ({"开工日期": "3月"}, "K2", "3月", "date", "年"),
    ({"统一社会信用代码": "91350100M000100Y4Z"}, "K2", "91350100M000100Y4Z", "uscc", "3"),
    ({"合同金额(万元)": "若干"}, "J2", "若干", "amount", "金额"),
    ({"合同金额(万元)": ""}, "H2", "2020-03-12", "amount_missing", "合同金额"),
    ({"签约日期": ""}, "J2", "12000万元", "signed_on_missing", "签约日期"),
    ({"签约日期": "", "合同金额(万元)": "", "阶段": "开工"}, "G2", "开工", "contract_missing", "正式合同"),
    ({"签约日期": dt.date(2099, 1, 1)}, "H2", "2099-01-01", "future", "晚于今天"),
    ({"阶段": "准备"}, "G2", "准备", "label", "在谈"),
    ({"到位资金(万元)": 100}, "K2", "100万元", "funds_date_missing", "到位日期"),
    ({"密级": "密封"}, "K2", "密封", "seal", "审核人"),
    ({"产业链": "长" * 41}, "K2", "长" * 41, "too_long", "40"),
    ({"行业代码": "C99999"}, "D2", "C99999", "industry", "行业"),
    ({"项目名称": ""}, None, None, "name_missing", "项目名称"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "cell", "value", "code", "word"), MISTAKES, ids=lambda each: str(each)[:20])
def test_what_is_refused_is_named_by_cell_value_and_reason(
    officer: Any, db: Fixture, wrong: dict[str, Any], cell: str | None, value: str | None, code: str, word: str
) -> None:
    before = kinds(db, "project", "enterprise")
    result = send(officer, book(row(**wrong), row(**{"项目名称": "好项目", "合同编号": "HT-2"})))
    assert result["state"] == "refused"
    assert (cell, value, code) in told(result)
    found = [f for r in result["rows"] for f in r["findings"] if f["code"] == code]
    assert word in found[0]["message"]
    assert count(db, Project) == 0 and kinds(db, "project", "enterprise") == before, "all or nothing"


def test_a_total_that_does_not_match_its_rows_is_refused(officer: Any, db: Fixture) -> None:
    rows = sheet(row(), row(**{"项目名称": "另一项目", "合同编号": "HT-2"}))
    total = ["合计" if name == "项目名称" else 99999 if name == "合同金额(万元)" else "" for name in rows[0]]
    result = send(officer, xlsx({"项目台账": [*rows, total]}))
    assert result["state"] == "refused"
    assert told(result) == [("J4", "99999", "total_mismatch")]
    assert count(db, Project) == 0


def test_totals_of_the_main_sheet_are_held_to_the_detail(officer: Any, db: Fixture) -> None:
    papers = [["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)", "增资金额(万元)"],
              ["玻纤制品项目", "正式合同", "HT-1", "2020-03-12", 12000, ""],
              ["玻纤制品项目", "补充协议", "HT-1-1", "2020-08-01", "", 3000]]  # fmt: skip
    funds = [["项目名称", "到位日期", "到位金额(万元)", "资金来源"], ["玻纤制品项目", "2020-05-01", 500, "市外"],
             ["玻纤制品项目", "2020-06-01", 700, "市外"]]  # fmt: skip
    wrong = row(**{"合同金额(万元)": 13000, "合同编号": "", "到位资金(万元)": 1300, "到位日期": "2020-06-01"})
    result = send(officer, book(wrong, 合同协议=papers, 到位资金=funds))
    refused = {f["code"]: f["message"] for r in result["rows"] for f in r["findings"] if f["level"] == "refused"}
    assert "15000万元" in refused["contract_total_mismatch"] and "13000万元" in refused["contract_total_mismatch"]
    assert "1200万元" in refused["funds_total_mismatch"] and "1300万元" in refused["funds_total_mismatch"]
    assert count(db, Project) == 0
    right = row(**{"合同金额(万元)": 15000, "合同编号": "", "到位资金(万元)": 1200, "到位日期": "2020-06-01"})
    result = send(officer, book(right, 合同协议=papers, 到位资金=funds))
    assert result["state"] == "done", told(result)
    project = officer.get(f"/api/v1/projects/{result['rows'][0]['code']}").json()
    assert (project["contract_amount"], project["first_formal_amount"]) == ("150000000.00", "120000000.00")
    assert count(db, Agreement) == 2 and count(db, FundEntry) == 2


def test_a_trial_tells_everything_and_writes_nothing(officer: Any, db: Fixture) -> None:
    before = kinds(db, "project", "enterprise")
    result = send(officer, book(row()), dry_run="true")
    assert result["state"] == "done" and result["mode"] == "dry_run"
    assert [r["outcome"] for r in result["rows"]] == ["created"] and result["rows"][0]["code"] is None
    assert count(db, Project) == 0 and count(db, CodeSerial) == 0
    assert kinds(db, "project", "enterprise") == before
    form = officer.post(
        "/api/v1/ledgers/imports", files={"file": ("a.xlsx", book(row()))}, data={"dry_run": "true"}
    )  # fmt: skip
    assert form.json()["mode"] == "dry_run"


def test_valid_rows_are_written_on_demand(officer: Any, db: Fixture, app: Any) -> None:
    good = row(**{"项目名称": "好项目", "合同编号": "HT-2"})
    funds = [["项目名称", "到位日期", "到位金额(万元)"], ["好项目", "2020-05-01", 500], ["好项目", "5月", 700],
             ["玻纤制品项目", "2020-05-01", 10]]  # fmt: skip
    result = send(officer, book(row(**{"责任单位": "没有的局"}), good, 到位资金=funds), valid_rows="true")
    assert result["state"] == "done"
    outcomes = [(r["sheet"], r["row"], r["outcome"]) for r in result["rows"]]
    assert outcomes == [("项目台账", 2, "refused"), ("项目台账", 3, "created"), ("到位资金", 2, "created"),
                        ("到位资金", 3, "refused"), ("到位资金", 4, "refused")]  # fmt: skip
    assert count(db, Project) == 1 and count(db, FundEntry) == 1
    shown = officer.get(f"/api/v1/ledgers/imports/{result['id']}", params={"only": "refused"}).json()
    assert [(r["sheet"], r["row"]) for r in shown["rows"]] == [("项目台账", 2), ("到位资金", 3), ("到位资金", 4)]
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


@pytest.mark.parametrize("form", ["xls", "csv", "csv_gbk"])
def test_old_workbooks_and_plain_text_are_read_too(officer: Any, form: str) -> None:
    rows = sheet(row(**{"签约日期": dt.date(2020, 3, 12)}))
    if form == "xls":
        result = send(officer, xls({"台账": rows}), "台账.xls")
    else:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        data = text.getvalue().encode("gb18030" if form == "csv_gbk" else "utf-8")
        result = send(officer, data, "台账.csv")
    assert result["state"] == "done", told(result)
    assert result["counts"]["projects"]["created"] == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [("台账.pdf", b"%PDF-1.7 ..."), ("台账.xlsx", b"<html></html>"), ("台账.xlsx", b""), ("台账", b"a,b,c")],
)
def test_what_is_no_ledger_is_refused_at_once(officer: Any, db: Fixture, name: str, data: bytes) -> None:
    answer = officer.post("/api/v1/ledgers/imports", files={"file": (name, data)})
    assert answer.status_code == 422
    assert count(db, LedgerImport) == 0


def test_characters_that_no_database_takes_are_dropped(officer: Any) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(sheet(row(**{"项目名称": "玻\x0b纤\x7f制品", "备注": "一行\x01\n两行\ufffe"})))
    result = send(officer, text.getvalue().encode(), "../台\x01账.csv")
    assert result["state"] == "done", told(result)
    assert "/" not in result["filename"] and result["filename"].isprintable()
    project = officer.get(f"/api/v1/projects/{result['rows'][0]['code']}").json()
    assert (project["name"], project["note"]) == ("玻纤制品", "一行\n两行")


def test_a_broken_workbook_fails_with_a_reason(officer: Any, db: Fixture) -> None:
    result = send(officer, book(row())[:-300])
    assert result["state"] == "failed" and "损坏" in result["message"]
    assert count(db, Project) == 0 and count(db, LedgerImportRow) == 0


def test_whoever_does_not_wait_asks_later(officer: Any) -> None:
    answer = officer.post("/api/v1/ledgers/imports", files={"file": ("a.xlsx", book(row()))}, params={"wait": 0})
    assert answer.status_code in (201, 202)
    where = answer.headers["Location"]
    deadline = 500
    while (found := officer.get(where).json())["state"] == "running" and deadline:
        deadline -= 1
    assert found["state"] == "done" and found["finished_at"]
    listed = officer.get("/api/v1/ledgers/imports", params={"state": "done"}).json()["items"]
    assert [item["id"] for item in listed] == [found["id"]]
    assert officer.get("/api/v1/ledgers/imports", params={"state": "failed"}).json()["items"] == []


def test_rows_come_in_pages(officer: Any) -> None:
    rows = [row(**{"项目名称": f"第{n}号项目", "合同编号": f"HT-{n}"}) for n in range(7)]
    number = send(officer, book(*rows))["id"]
    seen, after = [], 0
    while after is not None:
        page = officer.get(f"/api/v1/ledgers/imports/{number}", params={"limit": 3, "after": after}).json()
        seen += [r["row"] for r in page["rows"]]
        after = page["next"]
    assert seen == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("role", ["reporter", "leader", "auditor"])
def test_only_the_bureau_imports(db: Fixture, as_: Fixture, role: str) -> None:
    client = as_(role, unit="jxw") if role == "reporter" else as_(role)
    assert client.post("/api/v1/ledgers/imports", files={"file": ("a.xlsx", book(row()))}).status_code == 403
    assert client.get("/api/v1/ledgers/imports").status_code == 403
    assert as_(None).post("/api/v1/ledgers/imports", files={"file": ("a.xlsx", book(row()))}).status_code == 401


def test_an_import_that_was_killed_is_given_up(officer: Any, db: Fixture, app: Any) -> None:
    long_ago = calendar.now() - dt.timedelta(hours=1)
    with db() as session:
        session.add(LedgerImport(
            filename="a.xlsx", sha256="0" * 64, size=1, mode="all", state="running", by=1, by_name="officer",
            at=long_ago, beat_at=long_ago,
        ))  # fmt: skip
    service.give_up(app.state.database)
    with db() as session:
        job = session.scalars(select(LedgerImport)).one()
        assert job.state is State.FAILED and "重新导入" in (job.message or "")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
