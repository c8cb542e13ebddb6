"""The demo ledger adds up to the claims of the 2020 report: counted here by hand, without any of the application.

Amounts are whole fen, shares are compared as integers, so that no rounding of ours can hide a miss.
"""

import csv
import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from stdnum.cn import uscc

DEMO = Path(__file__).parents[2] / "app" / "demo"
YI = 10_000_000_000  # fen in 亿元
STAGES = {
    "线索": "接洽日期",
    "在谈": "首谈日期",
    "意向框架": "框架协议日期",
    "签约": "签约日期",
    "注册落地": "注册日期",
    "立项": "立项日期",
    "供地租赁": "供地日期",
    "开工": "开工日期",
    "竣工": "竣工日期",
    "投产": "投产日期",
    "达产": "达产日期",
}
LOADED_ON = dt.date(2020, 12, 31)  # the earliest day of loading for which the dates must be in order


def read(name: str) -> list[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fen(wan: str) -> int:
    exact = Decimal(wan) * 1_000_000
    assert exact == int(exact), wan
    return int(exact)


def day(text: str) -> dt.date:
    if text.startswith("T-"):
        return LOADED_ON - dt.timedelta(days=int(text.removeprefix("T-")))
    return dt.date.fromisoformat(text)


def per_mille(part: int, whole: int, mode: str = "half_up") -> int:
    """The share in tenths of a percent: 413 is 41.3 %."""
    return (2000 * part + whole) // (2 * whole) if mode == "half_up" else 1000 * part // whole


UNITS, PROJECTS, AGREEMENTS, FUNDS = read("units"), read("projects"), read("agreements"), read("funds")
BY_CODE = {row["项目编号"]: row for row in PROJECTS}
FORMAL = [row for row in AGREEMENTS if row["协议类型"] == "正式合同"]
REPORT = "名称来自公开报告，金额日期为演示虚构"


def signed(first: str, last: str) -> list[dict[str, str]]:
    """Projects whose first formal contract lies between two days, taken from the agreements, not the main sheet."""
    firsts: dict[str, dict[str, str]] = {}
    for row in sorted(FORMAL, key=lambda row: row["签订日期"]):
        firsts.setdefault(row["项目编号"], row)
    return [
        BY_CODE[code] | {"首份合同": row["合同金额(万元)"]}
        for code, row in firsts.items()
        if first <= row["签订日期"] <= last
    ]


def amount(rows: list[dict[str, str]]) -> int:
    return sum(fen(row["首份合同"]) for row in rows)


def large(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if fen(row["首份合同"]) >= YI]


def started_same_year(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row["开工日期"][:4] == row["签约日期"][:4]]


def arrived(year: str) -> int:
    return sum(fen(row["到位金额(万元)"]) for row in FUNDS if row["到位日期"].startswith(year))


def named(name: str) -> dict[str, str]:
    (found,) = [row for row in PROJECTS if name == row["项目名称"] or name in row["别名"].split("、")]
    return found


IN_2020, IN_2019 = signed("2020-01-01", "2020-12-31"), signed("2019-01-01", "2019-12-31")


# --- the claims ---------------------------------------------------------------------------------------------------


def test_database_holds_125_projects() -> None:
    still_open = [row for row in PROJECTS if row["阶段"] in {"线索", "在谈", "意向框架"}]
    assert (len(PROJECTS), len(IN_2020), len(IN_2019), len(still_open)) == (125, 46, 46, 33)
    assert all(row["接洽日期"] <= "2020-12-31" for row in PROJECTS), "in the database on the last day of 2020"


def test_signed_amount_and_large() -> None:
    assert amount(IN_2020) == 12032 * YI // 100
    assert (len(large(IN_2020)), len(large(IN_2019))) == (19, 12)
    assert amount(large(IN_2020)) >= 10829 * YI // 100
    assert amount(IN_2020) - amount(large(IN_2020)) <= 1203 * YI // 100
    assert amount(large(IN_2020)) * 10 >= amount(IN_2020) * 9
    assert per_mille(19, 46) == 413
    assert per_mille(len(large(IN_2020)) - len(large(IN_2019)), len(large(IN_2019))) == 583


def test_the_threshold_is_inclusive_and_decides_something() -> None:
    assert any(fen(row["首份合同"]) == YI for row in IN_2020)


def test_sectors() -> None:
    by_sector = {
        name: [row for row in IN_2020 if row["产业类别"] == name] for name in ("工业", "农业", "服务业", "建筑业")
    }
    assert [len(rows) for rows in by_sector.values()] == [20, 8, 18, 0]
    assert amount(by_sector["工业"]) == 7520 * YI // 100
    assert per_mille(amount(by_sector["工业"]), amount(IN_2020)) == 625
    assert per_mille(20, 46, "down") == 434
    assert per_mille(20, 46) == 435


def test_started_in_the_year_of_signing() -> None:
    this, last = len(started_same_year(IN_2020)), len(started_same_year(IN_2019))
    assert (this, last) == (24, 22)
    assert per_mille(this, len(IN_2020)) == 522
    assert per_mille(this - last, last) == 91  # 约 9 %


def test_funds() -> None:
    assert arrived("2020") == 19 * YI
    assert arrived("2019") > 0
    assert per_mille(arrived("2020"), amount(IN_2020)) == 158
    assert per_mille(arrived("2020") * 10, 599 * YI) == 317  # of 59.9亿 fixed-asset investment
    in_2020 = [row for row in FUNDS if row["到位日期"].startswith("2020")]
    assert {row["到位日期"][:7] for row in in_2020} == {f"2020-{month:02}" for month in range(1, 13)}
    assert {row["项目编号"][7:11] for row in in_2020} == {"2019", "2020"}, "new and earlier projects"
    assert {row["资金来源"] for row in in_2020} == {"市外", "市内区外", "区内", "境外"}


@pytest.mark.parametrize("last", ["2020-09-30", "2020-10-08"])
def test_quarter_and_campaign_agree(last: str) -> None:
    rows = signed("2020-07-01", last)
    assert (len(rows), amount(rows)) == (12, 2223 * YI // 100)
    window = [row["协议类型"] for row in AGREEMENTS if "2020-07-01" <= row["签订日期"] <= last]
    assert "补充协议" not in window
    assert "框架协议" in window, "a framework agreement inside the window shows that it moves nothing"


def test_no_supplement_raises_the_amount_of_2020() -> None:
    supplements = [row for row in AGREEMENTS if row["协议类型"] == "补充协议"]
    assert {row["签订日期"][:4] for row in supplements} == {"2019"}
    # One of them lifts a project over 1亿 in total; the first formal contract decides, so it is not a large one.
    assert any(
        fen(BY_CODE[row["项目编号"]]["合同金额(万元)"])
        < YI
        <= fen(BY_CODE[row["项目编号"]]["合同金额(万元)"]) + fen(row["增资金额(万元)"])
        for row in supplements
    )


# --- the names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sector", "is_large"),
    [
        ("烟厂异地技改", "工业", True),
        ("新希望生猪", "农业", True),
        ("海通茧丝绸", "农业", True),
        ("绿雅杏鲍菇", "农业", True),
        ("中新杏鲍菇", "农业", True),
        ("防眩光玻璃", "工业", True),
        ("硅锰合金", "工业", None),
        ("铝材纳米饰面加工", "工业", None),
        ("垃圾焚烧发电", "工业", None),
        ("蓝色经济体", "农业", None),
        ("智慧农贸市场", "服务业", None),
        ("养老服务中心", "服务业", None),
        ("乡村基", "服务业", None),
    ],
)
def test_named_signings(name: str, sector: str, is_large: bool | None) -> None:
    row = named(name)
    assert row["签约日期"].startswith("2020")
    assert row["产业类别"] == sector
    assert row["数据说明"] == REPORT
    if is_large is not None:
        assert (fen(row["合同金额(万元)"]) >= YI) is is_large


@pytest.mark.parametrize("name", ["海通茧丝绸", "新希望生猪"])
def test_signed_started_and_invested_in_one_year(name: str) -> None:
    row = named(name)
    assert row in [{k: v for k, v in r.items() if k != "首份合同"} for r in started_same_year(IN_2020)]
    assert any(f["项目编号"] == row["项目编号"] and f["到位日期"].startswith("2020") for f in FUNDS)


def test_signed_online() -> None:
    assert named("中新杏鲍菇")["招商渠道"] == named("海通茧丝绸")["招商渠道"] == "线上"
    assert named("海通茧丝绸")["签约日期"] <= "2020-03-31"  # 全市一季度云签约


@pytest.mark.parametrize(
    "name",
    [
        "低氘水生产",
        "华录集团大数据湖",
        "晶升玻璃",
        "CAR-T细胞治疗",
        "质子医院",
        "中农网供应链金融",
        "锂离子电池",
        "绣球庄园",
        "鲟鱼养殖",
        "烟草薄片（浙江中烟）",
        "过滤嘴棒",
        "包装印刷",
        "玻纤增强型改性材料加工（长沙争明新材料）",
        "玻纤网格布加工（浙江鸿金玻纤）",
        "鑫缘茧丝绸",
        "百益茧丝绸",
        "蛹虫草酒（河南蛹虫草）",
        "K12学校（天立教育）",
        "恒大中小学校托管（北大培文）",
        "口腔医院（尚欧医疗）",
        "峡谷景区二期（豪尔赛）",
        "濯水演艺（歌华中奥）",
        "温德姆绣球山庄（苗夫控股）",
        "正阳现代物流仓储中心（国维科技）",
        "宝能产地仓（宝能物流）",
        "桐坪隧道（重庆建工）",
        "站前广场",
        "铁路货场",
    ],
)
def test_named_talks_and_plans_are_open(name: str) -> None:
    assert named(name)["签约日期"] == ""
    assert named(name)["数据说明"] == REPORT


def test_revitalisation() -> None:
    rows = {row["项目名称"]: row for row in PROJECTS if row["项目类型"] == "盘活存量"}
    assert set(rows) == {"硅锰合金", "新东林食品三清方重组", "京宏源电解铝", "蓬江酒业销售", "三磊冷链股份制改造"}
    assert named("东方希望硅锰合金") is rows["硅锰合金"], "introduced and discussed, yet one project"


# --- the ledger in itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PROJECTS, ids=lambda row: row["项目编号"])
def test_stages_and_dates(row: dict[str, str]) -> None:
    order = list(STAGES)
    reached = [(order.index(stage), day(row[column])) for stage, column in STAGES.items() if row[column]]
    assert reached == sorted(reached, key=lambda step: (step[1], step[0])), "dates in the order of the stages"
    assert order[reached[-1][0]] == row["阶段"]
    assert reached[0][0] == 0
    assert reached[-1][1] <= LOADED_ON
    for column in ("注册日期", "立项日期", "开工日期", "到位资金(万元)"):
        assert not row[column] or row["签约日期"], column
    assert not row["立项日期"] or re.fullmatch(r"20(19|20)-500114-[0-9]{2}-03-[0-9]{6}", row["国家项目代码"])
    assert bool(row["签约日期"]) == ("T-" not in "".join(row.values()) and row["阶段"] != "线索")
    assert abs(float(row["经度"]) - 108.77) < 0.3
    assert abs(float(row["纬度"]) - 29.53) < 0.35


def test_names_and_numbers_are_unique() -> None:
    names = [name for row in PROJECTS for name in (row["项目名称"], *filter(None, row["别名"].split("、")))]
    assert len(names) == len(set(names))
    assert len(BY_CODE) == 125
    enterprises = [row["投资企业"] for row in PROJECTS if row["投资企业"]]
    assert len(enterprises) == len(set(enterprises)) == 123  # two ideas still look for their investor
    numbers = [row["合同编号"] for row in AGREEMENTS if row["合同编号"]]
    assert len(numbers) == len(set(numbers))


def test_uscc_are_well_formed_and_belong_to_nobody() -> None:
    numbers = [row["统一社会信用代码"] for row in PROJECTS if row["统一社会信用代码"]]
    assert len(numbers) == len(set(numbers)) >= 92
    assert all(uscc.is_valid(number) and number[8:12] == "DEM0" for number in numbers)
    for row in PROJECTS:
        assert not row["统一社会信用代码"] or "虚构" in row["投资企业"] or "演示主体" in row["投资企业"]


def test_everything_says_what_is_invented() -> None:
    assert {row["数据说明"] for row in PROJECTS} == {"虚构", REPORT}


def test_three_sheets_tell_one_story() -> None:
    for row in AGREEMENTS + FUNDS:
        assert BY_CODE[row["项目编号"]]["项目名称"] == row["项目名称"]
    for row in PROJECTS:
        contracts = [a for a in FORMAL if a["项目编号"] == row["项目编号"]]
        papers = [a for a in AGREEMENTS if a["项目编号"] == row["项目编号"] and a["协议类型"] == "框架协议"]
        entries = [f for f in FUNDS if f["项目编号"] == row["项目编号"]]
        assert [(a["合同编号"], a["签订日期"], a["合同金额(万元)"]) for a in contracts] == (
            [(row["合同编号"], row["签约日期"], row["合同金额(万元)"])] if row["签约日期"] else []
        )
        assert [(a["签订日期"], a["合同金额(万元)"]) for a in papers] == (
            [(row["框架协议日期"], row["框架协议金额(万元)"])] if row["框架协议日期"] else []
        )
        assert fen(row["到位资金(万元)"] or "0") == sum(fen(f["到位金额(万元)"]) for f in entries)
        assert row["到位日期"] == max((f["到位日期"] for f in entries), default="")
        assert all(f["到位日期"] >= row["签约日期"] and fen(f["到位金额(万元)"]) > 0 for f in entries)
        assert not entries or fen(row["到位资金(万元)"]) <= fen(row["合同金额(万元)"])


def test_thirty_five_units_and_dated_tiers() -> None:
    codes = {row["code"] for row in UNITS}
    assert len(codes) == 35
    assert len(UNITS) > 35, "some unit changes its tier"
    assert {row["tier"] for row in UNITS} == {"key", "assist", "support", "away"}
    names: dict[str, str] = {}
    for row in UNITS:
        for name in (row["name"], *row["short_names"].split("、")):
            assert names.setdefault(name, row["code"]) == row["code"], f"{name} means two units"
    used = {names[row["责任单位"]] for row in PROJECTS}
    assert used == codes, "every unit has a project"
    assert all(name in names for row in PROJECTS for name in filter(None, row["协同单位"].split("、")))


def test_confidentiality() -> None:
    internal = [row for row in PROJECTS if row["密级"] == "内部"]
    assert len(internal) == 2
    assert any(row["签约日期"].startswith("2020") for row in internal), "a figure with a withheld row"
    assert {row["密级"] for row in PROJECTS} == {"内部", "公开"}
