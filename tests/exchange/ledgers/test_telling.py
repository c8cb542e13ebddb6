"""What an officer is told: everything at once, where it stands, and what to do."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import Kept
from tests.exchange.ledgers.conftest import xlsx
from tests.exchange.ledgers.importing import book, know_units, row, send, sheet, told

Fixture = Callable[..., Any]


@pytest.fixture
def officer(kept: Kept, db: Fixture, as_: Fixture) -> Any:
    kept(know_units, db)
    return as_("officer")


def test_all_that_is_wrong_with_a_row_is_told_at_once(officer: Any) -> None:
    result = send(officer, book(row(**{"责任单位": "区经信为", "合同金额(万元)": "若干", "产业链": "长" * 41})))
    assert result["state"] == "refused"
    assert {code for _, _, code in told(result)} == {"unit_unknown", "amount", "too_long"}
    unit = next(f for f in result["rows"][0]["findings"] if f["code"] == "unit_unknown")
    assert (unit["cell"], unit["value"]) == ("F2", "区经信为") and "区经济信息委" in unit["message"]
    assert told(result, "warning") == []


def test_a_row_refused_for_its_twin_names_it(officer: Any) -> None:
    result = send(officer, book(row(), 二=sheet(row(**{"合同金额(万元)": "若干"}))))
    first, second = result["rows"]
    (finding,) = [f for f in first["findings"] if f["level"] == "refused"]
    assert finding["code"] == "project_refused" and "“二”第2行" in finding["message"]
    assert [f["code"] for f in second["findings"] if f["level"] == "refused"] == ["amount"]


def test_a_credit_code_is_no_name_of_an_enterprise(officer: Any) -> None:
    result = send(officer, book(row(投资企业="91350100M000100Y43")), dry_run="true")
    assert result["state"] == "done" and result["counts"]["enterprises"]["created"] == 0
    assert ("B2", "91350100M000100Y43", "uscc_as_name") in told(result, "warning")
    two = {"投资企业": "91350100M000100Y43", "统一社会信用代码": "91330100MA27X0000B"}
    for wrong in ({"投资企业": "91350100M000100Y44"}, two):
        assert [(cell, code) for cell, _, code in told(send(officer, book(row(**wrong))))] == [("B2", "uscc_as_name")]


def test_a_file_without_rows_says_why(officer: Any) -> None:
    result = send(officer, xlsx({"说明": [["随便写写"]], "项目台账": sheet(row())[:1]}))
    assert result["rows"] == []
    assert result["message"].startswith("没有读到任何一行")
    assert "“说明”" in result["message"] and "“项目台账”" in result["message"]


def test_what_is_not_written_ends_checked(officer: Any) -> None:
    assert send(officer, book(row()), dry_run="true")["phase"] == "checking"
    assert send(officer, book(row(**{"合同金额(万元)": "若干"})))["phase"] == "checking"
    assert send(officer, book(row()))["phase"] == "writing"


def test_funds_without_a_day_say_what_to_do(officer: Any) -> None:
    result = send(officer, book(row(**{"到位资金(万元)": 100})))
    (message,) = [f["message"] for f in result["rows"][0]["findings"] if f["code"] == "funds_date_missing"]
    assert "加“到位日期”列" in message and "表头写明年份" in message
