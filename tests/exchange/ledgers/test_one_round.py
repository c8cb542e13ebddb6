"""Everything that is wrong with a file is told in the first round."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import Kept
from tests.exchange.ledgers.importing import book, know_units, row, send, told

Fixture = Callable[..., Any]
PAPERS = ["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)", "增资金额(万元)"]
FUNDS = ["项目名称", "到位日期", "到位金额(万元)", "资金来源", "备注"]


@pytest.fixture
def officer(kept: Kept, db: Fixture, as_: Fixture) -> Any:
    kept(know_units, db)
    return as_("officer")


def codes(result: Any, sheet: str, number: int) -> set[str]:
    """What is refused in a row, but for what only follows from another row."""
    rows = [r for r in result["rows"] if (r["sheet"], r["row"]) == (sheet, number)]
    return {f["code"] for r in rows for f in r["findings"] if f["level"] == "refused"} - {"project_refused"}


def test_a_refused_row_is_checked_to_the_end(officer: Any) -> None:
    wrong = row(**{"责任单位": "没有的局", "开工日期": "3月", "行业代码": "C99999", "合同金额(万元)": "",
                   "投资企业": "长" * 201, "框架协议日期": "2099-01-01", "投产日期": "2099-01-01", "阶段": "投产",
                   "产业链": "长" * 41, "到位资金(万元)": 100, "到位日期": "2099-01-01"})  # fmt: skip
    papers = [PAPERS, ["玻纤制品项目", "补充协议", "B-1", "2099-08-01", "", 3000],
              ["玻纤制品项目", "补充协议", "长" * 81, "2020-08-01", "", 3000],
              ["玻纤制品项目", "补充协议", "B-3", "2020-08-01", 500, ""]]  # fmt: skip
    funds = [
        FUNDS,
        ["玻纤制品项目", "2099-05-01", -500, "市外", "长" * 501],
        ["玻纤制品项目", "2020-05-01", 1, "天上", ""],
    ]
    result = send(officer, book(wrong, 合同协议=papers, 到位资金=funds))
    main = codes(result, "项目台账", 2)
    assert main >= {"unit_unknown", "date", "industry", "amount_missing", "future", "too_long"}, main
    assert len([code for _, _, code in told(result) if code == "too_long"]) >= 4
    cells = {cell for cell, _, code in told(result) if code == "future"}
    assert len(cells) >= 3, told(result)
    assert codes(result, "合同协议", 2) == {"future"}
    assert codes(result, "合同协议", 3) == {"too_long"}
    assert codes(result, "合同协议", 4) == {"agreement"}
    assert codes(result, "到位资金", 2) == {"future", "amount", "too_long"}
    assert codes(result, "到位资金", 3) == {"label"}


@pytest.mark.parametrize(
    ("wrong", "only"),
    [
        ({"签约日期": "3月"}, {"date"}),
        ({"合同金额(万元)": "若干"}, {"amount"}),
        ({"阶段": "准备", "签约日期": "", "合同金额(万元)": ""}, {"label"}),
        ({"到位资金(万元)": "若干", "到位日期": "2020-05-01"}, {"amount"}),
        ({"项目名称": ""}, {"name_missing"}),
    ],
)
def test_what_only_follows_from_a_mistake_is_not_told(officer: Any, wrong: dict[str, Any], only: set[str]) -> None:
    result = send(officer, book(row(**wrong)))
    assert codes(result, "项目台账", 2) == only
    assert [code for _, _, code in told(result, "warning")] == []


def test_a_row_without_a_name_is_checked_as_well(officer: Any) -> None:
    result = send(officer, book(row(**{"项目名称": "", "责任单位": "没有的局", "产业链": "长" * 41})))
    assert codes(result, "项目台账", 2) == {"name_missing", "unit_unknown", "too_long"}


def test_a_unit_that_nobody_knows_does_not_hide_a_missing_contract(officer: Any) -> None:
    result = send(officer, book(row(**{"责任单位": "没有的局", "签约日期": "", "合同金额(万元)": ""})))
    assert codes(result, "项目台账", 2) == {"unit_unknown", "contract_missing"}


def test_rows_of_papers_and_funds_are_checked_whatever_else_is_wrong(officer: Any) -> None:
    papers = [PAPERS, ["没有的项目", "正式合同", "A", "5月", 3000, ""], ["", "正式合同", "B", "2099-01-01", 3000, ""]]
    funds = [FUNDS, ["没有的项目", "5月", 100, "市外", ""]]
    result = send(officer, book(合同协议=papers, 到位资金=funds))
    assert codes(result, "合同协议", 2) == {"date", "project_unknown"}
    assert codes(result, "到位资金", 2) == {"date", "project_unknown"}
    assert codes(result, "合同协议", 3) >= {"name_missing"}


def test_a_refused_row_of_a_known_project_is_checked(officer: Any) -> None:
    code = send(officer, book(row()))["rows"][0]["code"]
    papers = [["项目编号", *PAPERS[1:]], [code, "正式合同", "长" * 81, "5月", 3000, ""]]
    result = send(officer, book(合同协议=papers))
    assert codes(result, "合同协议", 2) == {"date", "too_long"}
    assert result["rows"][0]["name"] == "玻纤制品项目"


def test_all_papers_are_told_that_do_not_fit(officer: Any) -> None:
    papers = [PAPERS, ["玻纤制品项目", "补充协议", "B-1", "2020-08-01", 500, ""],
              ["玻纤制品项目", "框架协议", "B-2", "2020-01-01", 500, 20]]  # fmt: skip
    result = send(officer, book(row(), 合同协议=papers))
    assert codes(result, "合同协议", 2) == {"agreement"} and codes(result, "合同协议", 3) == {"agreement"}
