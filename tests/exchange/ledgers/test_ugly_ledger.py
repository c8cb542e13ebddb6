"""One workbook with everything that real ledgers do to a reader, as .xlsx and as .xls."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from app.exchange.ledgers.findings import Finding, Reading, RowReading

WAN = 1_000_000  # fen
YI = 10_000 * WAN

MAIN: list[list[Any]] = [
    ["黔江区2020年招商引资签约项目台账"],
    ["填报单位：区招商投资促进局", *[""] * 9, "单位：万元"],
    ["序号", "项目名称", "投资主体", "企业\n性质", "牵头单位", "合同金额", "到位资金", "", "签约时间", "进展阶段",
     "合同编号", "信用代码", "", "联系方式"],
    ["", "", "", "", "", "", "累计", "2020年", "", "", "", "", "", ""],
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "", 13],
    ["一、工业项目（3个）", "", "", "", "", 317000],
    [1, "防眩光\n玻璃", "重庆晶 升有限公司", "民企", "区经信委", "12,000", 800, 500, dt.date(2020, 3, 12), "已开工",
     20200046, "91500114MA5UQXQK0X", "", "见群"],
    [2, "硅锰合金（硅锰新合金）", "乙公司", "国企", "区经信委、正阳街道", "约5000", "", "", "2020.3.12", "已签约",
     "H-2"],
    [3, "烟厂异地技改", "丙公司", "央企", "区烟草局", "30亿元", "", "", "2020年3月", "签约", 3.0],
    ["", "小计", "3个", "", "", 317000, 800, 500],
    ["二、农业项目（2个）"],
    ["序号", "项目名称", "投资主体", "企业\n性质", "牵头单位", "合同金额"],
    [4, "海通茧丝绸", "丁公司", "港资", "区农业农村委", "1.2亿元", "—", "", "2020/3/5", "洽谈中"],
    [5, "新希望生猪（一期）", "新希望", "民营", "区农业农村委", "5000万", "", "", "2020-03", "在建"],
    ["", "小计", "", "", "", 17000],
    [6],
    ["合计", "5个", "", "", "", 334000, 800],
    ["注：以上数据截至2020年12月底"],
]  # fmt: skip
MAIN_MERGED = [(0, 0, 0, 13), (2, 6, 2, 7), *((2, c, 3, c) for c in (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 13)), (5, 0, 5, 4)]
OTHER: list[list[Any]] = [
    ["2020年重点项目"],
    ["投资额（亿元）", "项目名称", "项目业主", "行业类别", "产业类别", "用地面积", "开工时间", "竣工时间"],
    [1.2, "防眩光玻璃", "重庆晶升有限公司", "C3042", "工业", "约120亩", "2020年6月1日", ""],
    [12.5, "垃圾焚烧发电", "戊公司", "D44", "工业", 45.5, "2020.8", ""],
    ["", "硅锰新合金", "乙公司", "", "", "", 20200909, ""],
]
PAPERS: list[list[Any]] = [
    ["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)", "增资金额(万元)", "签约主体"],
    ["海通茧丝绸", "正式合同", "N-1", dt.date(2020, 5, 1), 12000, "", "黔江区人民政府、丁公司"],
    ["海通茧丝绸", "补充协议", "N-1-1", dt.date(2021, 5, 1), "", 3000, ""],
]
MONEY: list[list[Any]] = [
    ["单位：万元"],
    ["项目名称", "到位时间", "到位金额", "资金来源", "资金性质"],
    ["防眩光玻璃", dt.date(2020, 6, 30), 300, "市外", "股权"],
    ["防眩光玻璃", "2020-12-31", 500, "市外资金", "设备"],
]
WORKBOOK = {"签约项目": MAIN, "重点项目": OTHER, "合同协议": PAPERS, "到位资金明细": MONEY}
MERGED = {"签约项目": MAIN_MERGED}


@pytest.fixture(params=["xlsx", "xls"])
def ledger(request: pytest.FixtureRequest, reading_of: Callable[..., Reading]) -> Reading:
    return reading_of(WORKBOOK, MERGED, old=request.param == "xls")


def row(reading: Reading, sheet: str, number: int) -> RowReading:
    (found,) = [r for s in reading.sheets if s.name == sheet for r in s.rows if r.number == number]
    return found


def test_every_sheet_is_understood(ledger: Reading) -> None:
    assert [sheet.kind for sheet in ledger.sheets] == ["projects", "projects", "agreements", "funds"]
    main = ledger.sheets[0]
    assert main.header_rows == (3, 4, 5)
    assert main.money_unit == "万元"
    fields = {column.letter: (column.field, column.unit) for column in main.columns}
    assert fields["A"] == (None, "")
    assert fields["B"] == ("name", "")
    assert fields["C"] == ("enterprise", "")
    assert fields["E"] == ("unit", "")
    assert fields["F"] == ("contract_amount", "万元")
    assert fields["G"] == ("funds", "万元")
    assert fields["H"] == ("funds_by_year", "万元")
    assert fields["I"] == ("signed_on", "")
    assert fields["N"] == (None, "")
    assert [r.number for r in main.rows] == [7, 8, 9, 13, 14]
    assert set(main.skipped) == {1, 2, 6, 10, 11, 12, 15, 16, 17, 18}


def test_nothing_but_the_wrong_credit_code_is_refused(ledger: Reading) -> None:
    refusals = [finding for _, _, finding in ledger.findings() if finding.level == "refused"]
    assert [(f.cell, f.code) for f in refusals] == [("L7", "uscc")]
    assert "91500114MA5UQXQK0X" in refusals[0].message and "最后一位应为" in refusals[0].message


def test_amounts_dates_and_words_are_typed(ledger: Reading) -> None:
    glass = row(ledger, "签约项目", 7).values
    assert glass["name"] == "防眩光玻璃"
    assert glass["enterprise"] == "重庆晶升有限公司"
    assert glass["contract_amount"] == 12_000 * WAN
    assert glass["funds"] == 800 * WAN and glass["funds_by_year"] == {2020: 500 * WAN}
    assert (glass["signed_on"], glass["stage"], glass["contract_no"]) == (dt.date(2020, 3, 12), "started", "20200046")
    silicon = row(ledger, "签约项目", 8).values
    assert (silicon["name"], silicon["aliases"]) == ("硅锰合金", ("硅锰新合金",))
    assert (silicon["ownership"], silicon["unit"], silicon["co_units"]) == ("local_soe", "区经信委", ("正阳街道",))
    assert (silicon["contract_amount"], silicon["signed_on"]) == (5_000 * WAN, dt.date(2020, 3, 12))
    tobacco = row(ledger, "签约项目", 9).values
    assert (tobacco["contract_amount"], tobacco["signed_on"]) == (30 * YI, dt.date(2020, 3, 31))
    assert (tobacco["ownership"], tobacco["contract_no"]) == ("central_soe", "3")
    silk = row(ledger, "签约项目", 13).values
    assert (silk["contract_amount"], silk["signed_on"]) == (12_000 * WAN, dt.date(2020, 3, 5))
    assert (silk["ownership"], silk["stage"]) == ("hmt", "talk") and "funds" not in silk
    pigs = row(ledger, "签约项目", 14).values
    assert (pigs["name"], pigs["contract_amount"]) == ("新希望生猪（一期）", 5_000 * WAN)
    assert (pigs["signed_on"], pigs["stage"]) == (dt.date(2020, 3, 31), "started")


def test_groups_tell_the_sector(ledger: Reading, found: Callable[..., list[Finding]]) -> None:
    main = ledger.sheets[0]
    assert [r.values["sector"] for r in main.rows] == ["industry"] * 3 + ["agriculture"] * 2
    assert all("sector" in r.inferred for r in main.rows)
    assert [f.cell for f in found(ledger, "group_context")] == ["A6", "A11"]


def test_what_was_assumed_is_a_warning_that_names_the_reading(ledger: Reading) -> None:
    told = {(f.cell, f.code): f for _, _, f in ledger.findings() if f.level == "warning"}
    assert "按 5000万元 记入" in told["F8", "approximate"].message
    assert "地方国企" in told["D8", "uncertain_label"].message
    assert "2020-03-31" in told["I9", "partial_date"].message
    assert "硅锰新合金" in told["B8", "alias_in_brackets"].message
    assert "区经信委" in told["E8", "several_units"].message
    assert "联系方式" in told["N5", "column_unknown"].message
    assert "合同金额" in told["A2", "column_ambiguous"].message
    assert ("N7", "column_unknown") not in told


def test_a_project_on_two_sheets_and_under_two_names_is_one(ledger: Reading) -> None:
    names = [project.values["name"] for project in ledger.projects]
    assert names == ["防眩光玻璃", "硅锰合金", "烟厂异地技改", "海通茧丝绸", "新希望生猪（一期）", "垃圾焚烧发电"]
    glass, silicon, *_, waste = ledger.projects
    assert [(r.sheet, r.number) for r in glass.rows] == [("签约项目", 7), ("重点项目", 3)]
    assert (glass.values["industry"], glass.values["land_mu"]) == ("C3042", Decimal("120.00"))
    assert glass.values["started_on"] == dt.date(2020, 6, 1)
    assert silicon.values["started_on"] == dt.date(2020, 9, 9)
    assert waste.values["contract_amount"] == 125 * YI // 10


def test_papers_and_funds_find_their_project(ledger: Reading) -> None:
    papers, funds = list(ledger.rows("agreements")), list(ledger.rows("funds"))
    assert [ledger.owners[r.sheet, r.number].values["name"] for r in papers] == ["海通茧丝绸"] * 2
    assert papers[0].values["parties"] == ("黔江区人民政府", "丁公司")
    assert papers[1].values["increment"] == 3_000 * WAN
    assert [r.values["amount"] for r in funds] == [300 * WAN, 500 * WAN]
    assert [(r.values["source"], r.values["fund_kind"]) for r in funds] == [
        ("outside_city", "equity"),
        ("outside_city", "equipment"),
    ]
    assert {ledger.owners[r.sheet, r.number].values["name"] for r in funds} == {"防眩光玻璃"}


@pytest.mark.parametrize(
    ("at", "value", "cell", "code", "words"),
    [
        ((6, 5), "一大笔", "F7", "amount", "金额不是数字"),
        ((6, 8), "3月", "I7", "date", "缺少年份"),
        ((6, 3), "很好", "D7", "label", "央企、地方国企"),
        ((9, 5), 317001, "F10", "total_mismatch", "317000万元"),
        ((16, 5), 333000, "F17", "total_mismatch", "相差 1000万元"),
        ((5, 0), "一、工业项目（4个）", "A6", "count_mismatch", "实有 3 个"),
        ((5, 5), 300000, "F6", "total_mismatch", "317000万元"),
        ((6, 1), "", "", "name_missing", "第7行：没有项目名称"),
    ],
)
def test_each_mistake_is_refused_with_cell_value_and_reason(
    reading_of: Callable[..., Reading], at: tuple[int, int], value: Any, cell: str, code: str, words: str
) -> None:
    rows = [list(r) for r in MAIN]
    rows[at[0]][at[1]] = value
    rows[6][11] = ""
    reading = reading_of({**WORKBOOK, "签约项目": rows}, MERGED)
    refusals = [f for _, _, f in reading.findings() if f.level == "refused"]
    assert (cell, code) in {(f.cell, f.code) for f in refusals}
    (refusal,) = [f for f in refusals if f.code == code and f.cell == cell]
    assert words in refusal.message
    assert str(value) in refusal.message
    assert reading.refused
