"""Groups, totals, and what a row implies or lacks."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.ledgers.columns import PROJECTS
from app.exchange.ledgers.findings import Finding, Reading
from app.exchange.ledgers.reading import read
from app.kernel.sheets import Sheet

Read = Callable[..., Reading]
Found = Callable[..., list[Finding]]
HEAD = ["序号", "项目名称", "责任单位", "合同金额(万元)", "签约日期"]
DAY = "2020-03-12"


def rows(*amounts: Any) -> list[list[Any]]:
    return [[n, f"项目{amount}号", "区经信委", amount, DAY] for n, amount in enumerate(amounts, start=1)]


ONE, TWO = rows(100), rows(200)


@pytest.mark.parametrize(
    "table",
    [
        [*rows(100, 200), ["合计", "", "", 300]],
        [["合计", "2个", "", 300], *rows(100, 200)],
        [["", "合 计（2个）", "", 300], *rows(100, 200)],
        [["总计", 2.0, "", 300], *rows(100, 200)],
        [["一、工业（1个）", "", "", 100], *ONE, ["二、农业（1个）", "", "", 200], *TWO, ["合计", "", "", 300]],
        [["一", "工业项目", "", 100], *ONE, ["", "小计", "", 100], ["二", "农业项目"], *TWO, ["", "小计", "", 200]],
        [["一、工业"], ["（一）材料（1个）"], *ONE, ["（二）食品（1个）"], *TWO, ["", "小计", "", 200],
         ["合计", "", "", 300]],
        [["一、工业"], *ONE, ["合计", "", "", 100], ["二、农业"], *TWO, ["合计", "", "", 200]],
        [*rows(100, 200), ["工业小计", "", "", 300]],
        [*rows(0.1, 0.2), ["合计", "", "", 0.1 + 0.2]],
    ],
)  # fmt: skip
def test_totals_that_match(reading_of: Read, table: list[list[Any]]) -> None:
    reading = reading_of([HEAD, *table])
    assert [f.message for _, _, f in reading.findings() if f.level == "refused"] == []
    assert len(reading.projects) == 2


@pytest.mark.parametrize(
    ("table", "cell", "code"),
    [
        ([*rows(100, 200), ["合计", "", "", 301]], "D4", "total_mismatch"),
        ([*rows(100, 200), ["合计", "3个", "", 300]], "A4", "count_mismatch"),
        ([["合计", "", "", 299], *rows(100, 200)], "D2", "total_mismatch"),
        ([["一、工业（2个）"], *rows(100)], "A2", "count_mismatch"),
        ([["一、工业（1个）", "", "", 150], *rows(100)], "D2", "total_mismatch"),
        ([["一、工业"], *rows(100), ["", "小计", "", 110]], "D4", "total_mismatch"),
        ([*rows("abc", 200), ["合计", "", "", 100]], "D4", "total_mismatch"),
    ],
)
def test_totals_that_do_not(reading_of: Read, found: Found, table: list[list[Any]], cell: str, code: str) -> None:
    reading = reading_of([HEAD, *table])
    (finding,) = found(reading, code)
    assert (finding.level, finding.cell) == ("refused", cell)
    assert reading.sheets[0].refused


def test_rounded_and_unreadable_totals_are_warnings(reading_of: Read, found: Found) -> None:
    rounded = reading_of([["项目名称", "合同金额(亿元)"], ["甲", 22.2312], ["乙", 1], ["合计", 23.23]])
    assert found(rounded, "total_rounded") and not rounded.refused
    unread = reading_of([HEAD, *rows("abc", 200), ["合计", "", "", 300]])
    assert [f.code for f in unread.sheets[0].findings] == ["stage_from_dates", "total_unchecked"]


def test_a_project_is_not_taken_for_a_mark(reading_of: Read) -> None:
    names = ["一品轩食品", "三磊冷链", "合计算力中心", "十个亿工程", "说明书印刷", "第一医院", "审计大楼"]
    reading = reading_of([HEAD, *([n, name, "区经信委", 100, DAY] for n, name in enumerate(names, 1))])
    assert [project.values["name"] for project in reading.projects] == names


def test_groups_and_titles_tell_the_stage(reading_of: Read) -> None:
    head = ["项目名称", "投资企业"]
    groups = [head, ["一、在谈项目（1个）"], ["甲", "丙"], ["二、已签约未开工项目"], ["乙", "丁"]]
    reading = reading_of({"汇总": groups, "开工项目": [head, ["戊", "己"]]})
    assert [p.values["stage"] for p in reading.projects] == ["talk", "signed", "started"]


def test_the_stage_follows_from_dates_when_it_is_not_written(reading_of: Read, found: Found) -> None:
    reading = reading_of([["项目名称", "签约日期", "开工日期"], ["甲", DAY, ""], ["乙", DAY, "2020-06-01"]])
    assert [p.values["stage"] for p in reading.projects] == ["signed", "started"]
    assert [f.level for f in found(reading, "stage_from_dates")] == ["warning"]
    head = ["项目名称", "阶段", "签约日期", "开工日期"]
    reading = reading_of([head, ["甲", "签约", DAY, "2020-06-01"], ["乙", "开工", DAY, ""]])
    assert [p.values["stage"] for p in reading.projects] == ["signed", "started"]
    assert found(reading, "stage_behind_dates") and found(reading, "stage_without_date")


def test_dates_out_of_order(reading_of: Read, found: Found) -> None:
    reading = reading_of([["项目名称", "签约日期", "开工日期"], ["甲", DAY, "2019-06-01"]])
    assert [(f.level, f.cell) for f in found(reading, "dates_out_of_order")] == [("warning", "C2")]


def test_funds_need_a_day(reading_of: Read, found: Found) -> None:
    plain = [["项目名称", "责任单位", "累计到位资金(万元)"], ["甲", "区经信委", 500]]
    assert [f.cell for f in found(reading_of(plain), "funds_date_missing")] == ["C2"]
    titled = reading_of([["2020年台账"], *plain])
    assert titled.projects[0].values["funds_on"] == dt.date(2020, 12, 31)
    assert found(titled, "funds_date_from_title")
    assert reading_of([["2026年台账"], *plain]).refused
    as_of = reading_of([["项目名称", "责任单位", "截至2020年11月到位资金(万元)"], ["甲", "区经信委", 500]])
    assert as_of.projects[0].values["funds_on"] == dt.date(2020, 11, 30) and not as_of.refused


FUNDS = [["项目名称", "责任单位", "累计到位资金(万元)"], ["甲", "区经信委", 500]]


@pytest.mark.parametrize(
    ("titles", "notes", "day", "words"),
    [
        (["2022年1—6月招商引资台账"], [], "2022-06-30", "2022年1—6月"),
        (["黔江区2022年上半年台账"], [], "2022-06-30", "上半年"),
        (["2022年前三季度台账"], [], "2022-09-30", "前三季度"),
        (["2022年台账", "填报日期：2022年7月5日"], [], "2022-07-05", "7月5日"),
        (["2022年1-6月台账", "填报日期：2022年7月5日"], [], "2022-06-30", "1-6月"),
        (["2022年台账"], ["注：数据截至2022年6月30日"], "2022-06-30", "截至2022年6月30日"),
        (["2022年台账"], ["截止2022年6月底"], "2022-06-30", "截止2022年6月底"),
        (["2022年1-9月台账"], ["截至2022年9月25日。"], "2022-09-25", "截至"),
        (["2022年台账（截至2022年8月15日）"], [], "2022-08-15", "截至"),
        (["2022年台账"], [], "2022-12-31", "标题年份"),
    ],
)
def test_funds_are_dated_by_the_period_that_is_named(
    reading_of: Read, found: Found, titles: list[str], notes: list[str], day: str, words: str
) -> None:
    reading = reading_of([*([title] for title in titles), *FUNDS, *([note] for note in notes)])
    assert len(reading.projects) == 1, reading.sheets[0].skipped
    assert reading.projects[0].values["funds_on"] == dt.date.fromisoformat(day)
    (finding,) = found(reading, "funds_date_from_title")
    assert day in finding.message and words in finding.message and finding.level == "warning"


def test_a_period_to_come_dates_nothing(reading_of: Read, found: Found) -> None:
    reading = reading_of([["2026年1—12月台账"], *FUNDS])
    assert found(reading, "funds_date_missing") and "funds_on" not in reading.projects[0].values


def test_a_record_that_speaks_of_a_day_is_no_note(reading_of: Read) -> None:
    rows = [[*FUNDS[0], "备注"], [*FUNDS[1], "截至2022年6月30日到位"]]
    reading = reading_of([["2022年台账"], *rows])
    assert reading.projects[0].values["funds_on"] == dt.date(2022, 12, 31)


def test_this_years_funds_end_with_the_period(reading_of: Read) -> None:
    table = [["项目名称", "责任单位", "本年到位资金（万元）"], ["甲", "区经信委", 500]]
    values = reading_of([["2022年1—6月台账"], *table]).projects[0].values
    assert values["funds_by_year"] == {2022: 500_000_000} and values["funds_until"] == dt.date(2022, 6, 30)


def test_headings_of_stage_and_enterprise(reading_of: Read) -> None:
    values = reading_of([["项目名称", "实施主体", "洽谈阶段"], ["甲", "杭州玻纤有限公司", "在谈"]]).projects[0].values
    assert (values["enterprise"], values["stage"]) == ("杭州玻纤有限公司", "talk")


def test_agreements_and_entries_need_their_day_and_amount(reading_of: Read, found: Found) -> None:
    reading = reading_of(
        {
            "合同协议": [["项目名称", "合同编号", "签订日期", "合同金额(万元)"], ["甲", "H-1", "", 500]],
            "到位资金": [["项目名称", "到位日期", "到位金额(万元)"], ["甲", "", 5], ["甲", DAY, ""]],
        }
    )
    assert [r.values["agreement_type"] for r in reading.rows("agreements")] == ["formal"]
    assert [f.level for f in found(reading, "agreement_type_missing")] == ["warning"]
    for code in ("signed_on_missing", "arrived_on_missing", "amount_missing"):
        assert [f.level for f in found(reading, code)] == ["refused"]


def test_formulas_nobody_calculated_are_refused(found: Found) -> None:
    sheet = Sheet("台账", [["项目名称", "合同金额(万元)", "签约日期"], ["甲", "#公式未计算", DAY]])
    reading = read([sheet], dt.date(2026, 11, 24))
    assert [(f.level, f.cell) for f in found(reading, "formula")] == [("refused", "B2")]


def test_a_hidden_sheet_is_left_and_said_so() -> None:
    reading = read([Sheet("旧", [["项目名称", "责任单位"], ["甲", "乙"]], hidden=True)], dt.date(2026, 11, 24))
    assert reading.sheets[0].kind == "skipped" and "隐藏" in reading.sheets[0].findings[0].message


CELLS = st.one_of(
    st.sampled_from(["", "合计", "小计", "一、工业（2个）", "项目名称", "单位：万元", "约5000", "3月", "无", "#REF!"]),
    st.floats(-1e9, 1e12), st.dates(), st.text(max_size=6),
)  # fmt: skip
TITLES = st.sampled_from([*(column.title for column in PROJECTS.columns), "投资额", "2020年到位资金", "联系方式", ""])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(TITLES, min_size=1, max_size=8), st.lists(st.lists(CELLS, min_size=8, max_size=8), max_size=12), st.data()
)
def test_no_sheet_makes_the_reader_fail(titles: list[str], body: list[list[Any]], data: st.DataObject) -> None:
    width = len(titles)
    above = data.draw(st.integers(0, 3))
    table = [row[:width] for row in [*body[:above], titles, *body[above:]]]
    reading = read([Sheet("台账", [list(row) for row in table], [(0, 0, 1, 1)])], dt.date(2026, 11, 24))
    kept = sum(len(sheet.rows) + len(sheet.skipped) for sheet in reading.sheets)
    assert kept <= len(table)
    assert sum(len(project.rows) for project in reading.projects) <= len(table)
