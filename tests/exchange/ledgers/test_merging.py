import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from app.exchange.ledgers.findings import Finding, Reading

HEAD = ["项目名称", "投资企业", "合同金额(万元)", "签约日期", "合同编号", "阶段", "备注"]
GLASS = ["玻璃", "甲公司", 12000, "2020-03-12", "H-1", "签约", "一"]

Read = Callable[..., Reading]
Found = Callable[..., list[Finding]]


def two(reading_of: Read, first: list[Any], second: list[Any], head: list[str] | None = None) -> Reading:
    head = head or HEAD
    return reading_of({"一": [head, first], "二": [head, second]})


def test_one_project_on_two_sheets(reading_of: Read, found: Found) -> None:
    reading = two(reading_of, GLASS, ["玻 璃", "", "1.2亿元", "", "", "", ""])
    (project,) = reading.projects
    assert len(project.rows) == 2 and not project.refused
    assert [f.cell for f in found(reading, "same_project")] == ["A2"]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [(1, "乙公司", "甲公司"), (2, 13000, "12000万元"), (3, "2020-04-01", "2020-03-12"), (4, "H-2", "H-1")],
)
def test_a_contradiction_is_refused_and_names_both(
    reading_of: Read, found: Found, column: int, value: Any, said: str
) -> None:
    second = list(GLASS)
    second[column] = value
    reading = two(reading_of, GLASS, second)
    (conflict,) = found(reading, "conflict")
    assert conflict.level == "refused"
    assert said in conflict.message and "“一”" in conflict.message
    assert reading.projects[0].refused


def test_the_later_stage_and_all_notes_are_kept(reading_of: Read, found: Found) -> None:
    reading = two(reading_of, ["玻璃", "", "", "", "", "签约", "一"], ["玻璃", "", "", "", "", "开工", "二"])
    (project,) = reading.projects
    assert (project.values["stage"], project.values["note"]) == ("started", "一\n二")
    assert [f.level for f in found(reading, "stage_differs")] == ["warning"]


@pytest.mark.parametrize("swap", [False, True])
def test_an_exact_day_or_amount_goes_before_a_rough_one(reading_of: Read, found: Found, swap: bool) -> None:
    pair = (["玻璃", "", "约12000", "2020年3月"], ["玻璃", "", 12100, "2020-03-12"])
    reading = two(reading_of, *(reversed(pair) if swap else pair))
    (project,) = reading.projects
    assert (project.values["contract_amount"], project.values["signed_on"]) == (12_100_000_000, dt.date(2020, 3, 12))
    assert not project.refused
    reading = two(reading_of, ["玻璃", "", "", "2020年3月"], ["玻璃", "", "", "2020-04-12"])
    assert found(reading, "conflict")


def test_two_names_of_one_project(reading_of: Read, found: Found) -> None:
    head = ["项目编号", "项目名称", "别名", "合同编号", "投资企业"]
    rows = [
        ["", "中新杏鲍菇（绿雅杏鲍菇）", "", "H-1", "甲"],
        ["500114-2020-0001", "中新杏鲍菇", "", "", "甲"],
        ["", "绿雅杏鲍菇", "", "", "甲"],
        ["500114-2020-0001", "杏鲍菇产业园一号", "", "", "甲"],
        ["", "蘑菇工厂", "", "H-1", "甲"],
    ]
    reading = reading_of([head, *rows])
    (project,) = reading.projects
    assert project.values["name"] == "中新杏鲍菇"
    assert project.values["aliases"] == ("绿雅杏鲍菇", "杏鲍菇产业园一号", "蘑菇工厂")
    assert [f.level for f in found(reading, "second_name")] == ["warning"] * 3


def test_a_recorded_name_keeps_its_brackets(reading_of: Read, found: Found) -> None:
    reading = reading_of([["项目编号", "项目名称"], ["500114-2020-0001", "中新杏鲍菇（绿雅杏鲍菇）"]])
    assert reading.projects[0].values["name"] == "中新杏鲍菇（绿雅杏鲍菇）"
    assert "aliases" not in reading.projects[0].values and not found(reading, "alias_in_brackets")


def test_a_row_that_joins_two_projects(reading_of: Read) -> None:
    head = ["项目名称", "别名", "投资企业", "开工日期"]
    reading = reading_of([head, ["甲项", "", "丙公司", ""], ["乙项", "", "", "2020-06-01"], ["甲项", "乙项", "", ""]])
    (project,) = reading.projects
    assert project.values["started_on"] == dt.date(2020, 6, 1) and project.values["enterprise"] == "丙公司"
    assert len(project.rows) == 3


def test_one_contract_number_of_two_investors_is_not_one_project(reading_of: Read, found: Found) -> None:
    reading = two(reading_of, GLASS, ["生猪", "乙公司", 500, "2020-05-12", "H-1", "", ""])
    assert len(reading.projects) == 2
    assert found(reading, "contract_no_twice")


def test_probably_the_same_is_only_a_warning(reading_of: Read, found: Found) -> None:
    reading = two(reading_of, GLASS, ["镜片", "甲公司", 12000, "2020-03-12", "H-9", "", ""])
    assert len(reading.projects) == 2
    assert [f.level for f in found(reading, "maybe_same_project")] == ["warning"]


def test_cumulative_funds_of_two_days_are_not_a_contradiction(reading_of: Read, found: Found) -> None:
    head = ["项目名称", "到位资金(万元)", "到位日期"]
    reading = two(reading_of, ["玻璃", 500, "2020-06-30"], ["玻璃", 800, "2020-12-31"], head)
    assert reading.projects[0].values["funds"] == 800_000_000
    assert found(reading, "funds_of_two_days") and not found(reading, "conflict")
    assert found(two(reading_of, ["玻璃", 500, "2020-06-30"], ["玻璃", 800, "2020-06-30"], head), "conflict")


def test_details_against_the_main_sheet(reading_of: Read, found: Found) -> None:
    main = ["项目名称", "合同编号", "签约日期", "合同金额(万元)", "到位资金(万元)", "到位日期"]
    papers = ["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)"]
    funds = ["项目名称", "到位日期", "到位金额(万元)", "资金来源"]

    def build(amount: int, second: int) -> Reading:
        return reading_of(
            {
                "项目台账": [main, ["玻璃", "H-1", "2020-03-12", 12000, 800, "2020-12-31"]],
                "合同协议": [papers, ["玻璃", "正式合同", "H-1", "2020-03-12", amount]],
                "到位资金": [funds, ["玻璃", "2020-06-30", 300, "市外"], ["玻璃", "2020-12-31", second, "市外"]],
            }
        )

    good = build(12000, 500)
    assert not good.refused
    assert [f.cell for f in found(build(13000, 500), "conflict")] == ["E2"]
    # Entries that are in the database already count too, so the sum of the funds is judged there.
    assert not build(12000, 600).refused
    assert [f.level for f in found(build(12000, 500), "row_twice")] == []


def test_the_same_entry_twice_is_asked_about(reading_of: Read, found: Found) -> None:
    entry = ["玻璃", "2020-06-30", 300, "市外"]
    reading = reading_of({"到位资金": [["项目名称", "到位日期", "到位金额(万元)", "资金来源"], entry, entry]})
    assert [f.level for f in found(reading, "row_twice")] == ["warning"]


def test_a_project_row_may_be_merged_over_several_rows(reading_of: Read, found: Found) -> None:
    head = ["项目名称", "责任单位", "到位日期", "到位金额(万元)", "资金来源"]
    rows = [head, ["玻璃", "", "2020-06-30", 300, "市外"], ["", "", "2020-12-31", 500, "市外"]]
    reading = reading_of({"到位资金": rows}, {"到位资金": [(1, 0, 2, 0)]})
    assert [row.values["name"] for row in reading.rows("funds")] == ["玻璃", "玻璃"]
    rows = [["项目名称", "合同金额(万元)", "签约日期"], ["甲", 900, "2020-06-30"], ["乙", "", "2020-06-30"]]
    reading = reading_of(rows, {"台账": [(1, 1, 2, 1)]})
    assert [p.values.get("contract_amount") for p in reading.projects] == [900_000_000, None]
    assert [f.cell for f in found(reading, "merged")] == ["B2"]


def test_two_codes_are_two_projects_and_a_name_alone_is_neither(reading_of: Read, found: Found) -> None:
    head = ["项目编号", "项目名称", "责任单位"]
    rows = [["500114-2020-0001", "玻璃", "甲"], ["500114-2020-0002", "玻璃", "乙"], ["", "玻璃", "甲"]]
    reading = reading_of({"一": [head, *rows]})
    assert [project.values.get("code") for project in reading.projects[:2]] == ["500114-2020-0001", "500114-2020-0002"]
    assert not any(project.refused for project in reading.projects[:2])
    assert [f.cell for f in found(reading, "name_ambiguous")] == ["B4"]
