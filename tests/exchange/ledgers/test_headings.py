import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from app.exchange.ledgers.columns import SHEETS
from app.exchange.ledgers.findings import Finding, Reading
from app.exchange.ledgers.headings import match_heading, unit_of
from app.exchange.ledgers.reading import read
from app.kernel.sheets import read_workbook


def test_every_printed_heading_means_its_own_column() -> None:
    for kind, spec in SHEETS.items():
        for column in spec.columns:
            match = match_heading(kind, column.title)
            assert match is not None
            assert (match.field, match.type, match.unit) == (column.field, column.type, column.unit)
            assert not match.ambiguous


@pytest.mark.parametrize(
    ("path", "field", "unit"),
    [
        (("合同金额(万元)",), "contract_amount", "万元"), (("签约金额（单位：亿元）",), "contract_amount", "亿元"),
        (("引资额",), "contract_amount", ""), (("投资额（亿元）",), "contract_amount", "亿元"),
        (("总投资\n（亿元）",), "investment", "亿元"), (("项目\n名称*",), "name", ""), (("２.项目名称",), "name", ""),
        (("项目业主",), "enterprise", ""), (("牵头单位",), "unit", ""), (("签订时间",), "signed_on", ""),
        (("实际开工时间",), "started_on", ""), (("计划开工时间",), "planned_started_on", ""),
        (("进展阶段",), "stage", ""), (("其中：到位资金",), "funds", ""),
        (("项目进展",), "progress", ""), (("累计到位资金",), "funds", ""),
        (("2020年到位资金（万元）",), "funds_by_year", "万元"), (("截至2020年12月到位资金",), "funds", ""),
        (("到位资金(万元)", "累计"), "funds", "万元"), (("到位资金", "2020年"), "funds_by_year", ""),
        (("时间节点", "开工"), "started_on", ""), (("基本情况", "项目名称"), "name", ""),
        (("责任分工", "牵头单位"), "unit", ""), (("合同金额万元",), "contract_amount", "万元"),
    ],
)  # fmt: skip
def test_headings_of_real_ledgers(path: tuple[str, ...], field: str, unit: str) -> None:
    match = match_heading("projects", *path)
    assert match is not None and (match.field, match.unit) == (field, unit)


def test_what_is_no_column_of_ours() -> None:
    assert match_heading("projects", "联系方式") is None
    serial = match_heading("projects", "序号")
    assert serial and serial.ignored
    as_of = match_heading("projects", "截至2020年11月到位资金")
    assert as_of and as_of.as_of == dt.date(2020, 11, 30)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("单位：万元", "万元"), ("（亿元）", "亿元"), ("金额单位:元", "元"), ("责任单位", None), ("万元户", None)],
)
def test_units(text: str, unit: str | None) -> None:
    assert unit_of(text) == unit


ROW = ["玻璃", "区经信委", 1.2, "2020-03-12"]


def only(reading: Reading) -> dict[str, Any]:
    (row,) = [row for sheet in reading.sheets for row in sheet.rows]
    return row.values


@pytest.mark.parametrize(
    ("above", "heading"),
    [
        ([["单位：亿元"]], "合同金额"),
        ([["2020年台账", "", "", "（单位：亿元）"]], "合同金额"),
        ([["2020年台账"], ["金额单位：人民币亿元"]], "合同金额"),
        ([], "合同金额（亿元）"),
        ([[], [], ["台账"], []], "合同金额/亿元"),
    ],
)
def test_the_unit_stands_in_many_places(
    reading_of: Callable[..., Reading], above: list[list[str]], heading: str
) -> None:
    values = only(reading_of([*above, ["项目名称", "责任单位", heading, "签约时间"], ROW]))
    assert values["contract_amount"] == 12_000_000_000


def test_no_unit_anywhere_is_read_as_wan_and_said(
    reading_of: Callable[..., Reading], found: Callable[..., list[Finding]]
) -> None:
    reading = reading_of([["项目名称", "责任单位", "合同金额", "签约时间"], ["玻璃", "区经信委", 12000, "2020-03-12"]])
    assert only(reading)["contract_amount"] == 12_000_000_000
    assert [(f.level, f.cell) for f in found(reading, "unit_missing")] == [("warning", "C1")]


def test_a_row_of_units_under_the_heading(reading_of: Callable[..., Reading]) -> None:
    heading = [["项目名称", "合同金额", "用地面积", "签约时间"], ["", "亿元", "亩", ""]]
    reading = reading_of([*heading, ["玻璃", 1.2, 5, "2020-03-12"]])
    assert reading.sheets[0].header_rows == (1, 2)
    assert only(reading)["contract_amount"] == 12_000_000_000


def test_three_rows_of_heading_and_groups_only_above(reading_of: Callable[..., Reading]) -> None:
    reading = reading_of(
        [
            ["基本情况", "", "资金情况（亿元）", "", "", "时间节点", ""],
            ["项目名称", "责任单位", "合同金额", "到位资金", "", "签约", "开工"],
            ["", "", "", "累计", "2020年", "", ""],
            ["玻璃", "区经信委", 1.2, 0.5, 0.3, "2020-03-12", "2020-06-01"],
        ],
        {"台账": [(0, 0, 0, 1), (0, 2, 0, 4), (0, 5, 0, 6), *((1, c, 2, c) for c in (0, 1, 2, 5, 6)), (1, 3, 1, 4)]},
    )
    assert reading.sheets[0].header_rows == (1, 2, 3)
    values = only(reading)
    assert (values["contract_amount"], values["funds"]) == (12_000_000_000, 5_000_000_000)
    assert values["funds_by_year"] == {2020: 3_000_000_000}
    assert (values["signed_on"], values["started_on"]) == (dt.date(2020, 3, 12), dt.date(2020, 6, 1))


def test_a_csv_has_no_merged_cells() -> None:
    text = "项目名称,责任单位,到位资金（万元）,,签约时间\n,,累计,2020年,\n玻璃,区经信委,800,500,2020-03-12\n"
    reading = read(read_workbook(text.encode("gb18030"), "台账.csv"), dt.date(2026, 11, 24))
    values = only(reading)
    assert (values["funds"], values["funds_by_year"]) == (800_000_000, {2020: 500_000_000})


def test_which_sheet_is_what(reading_of: Callable[..., Reading]) -> None:
    reading = reading_of(
        {
            "a": [["项目名称", "协议类型", "签订日期", "合同金额(万元)"], ["玻璃", "正式合同", "2020-03-12", 12000]],
            "到位": [["项目名称", "到位日期", "到位金额(万元)"], ["玻璃", "2020-03-12", 500]],
            "b": [["项目名称", "到位日期", "到位资金(万元)", "阶段"], ["玻璃", "2020-03-12", 500, "开工"]],
            "说明": [["填表说明"], ["请如实填写"]],
            "空": [],
        }
    )
    kinds = {sheet.name: sheet.kind for sheet in reading.sheets}
    assert kinds == {"a": "agreements", "到位": "funds", "b": "projects", "说明": "skipped", "空": "skipped"}
    assert [f.code for f in reading.sheets[3].findings] == ["sheet_skipped"]
    assert reading.sheets[4].findings == []


def test_an_amount_of_some_kind_is_what_the_row_makes_it(reading_of: Callable[..., Reading]) -> None:
    reading = reading_of(
        [
            ["项目名称", "投资额（万元）", "阶段", "签约时间"],
            ["甲", 1000, "签约", "2020-03-12"],
            ["乙", 2000, "意向框架", ""],
            ["丙", 3000, "在谈", ""],
        ]
    )
    a, b, c = [project.values for project in reading.projects]
    assert a["contract_amount"] == 1_000_000_000 and "investment" not in a
    assert b["framework_amount"] == 2_000_000_000
    assert c["investment"] == 3_000_000_000


def test_two_columns_of_one_meaning(reading_of: Callable[..., Reading], found: Callable[..., list[Finding]]) -> None:
    reading = reading_of(
        [
            ["项目名称", "合同金额(万元)", "投资额(万元)", "签约时间", "签订日期"],
            ["甲", 1000, 3000, "2020-03-12", "2020-03-13"],
        ]
    )
    values = only(reading)
    assert (values["contract_amount"], values["investment"]) == (1_000_000_000, 3_000_000_000)
    assert values["signed_on"] == dt.date(2020, 3, 12)
    assert [f.cell for f in found(reading, "column_twice")] == ["E1"]


def test_this_year_is_the_titles_year_or_nothing(
    reading_of: Callable[..., Reading], found: Callable[..., list[Finding]]
) -> None:
    table = [["项目名称", "责任单位", "本年到位资金（万元）"], ["玻璃", "区经信委", 500]]
    assert only(reading_of([["2020年台账"], *table]))["funds_by_year"] == {2020: 500_000_000}
    reading = reading_of([["台账"], *table])
    assert "funds_by_year" not in only(reading)
    assert found(reading, "year_unknown")
