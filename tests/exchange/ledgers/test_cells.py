import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.ledgers.cells import Parsed, Reader, tidy
from app.exchange.ledgers.columns import SHEETS
from app.exchange.ledgers.dates import end_of_month, read_date
from app.exchange.ledgers.headings import Match
from app.exchange.ledgers.labels import LABELS
from app.kernel.sheets import Cell

TODAY = dt.date(2026, 11, 24)
WAN = 1_000_000


def read(type_: str, value: Cell, *, field: str = "x", unit: str = "") -> Parsed:
    return Reader(Match(field, type_, unit), "某列", "万元", TODAY)[value]  # type: ignore[arg-type]


def code(parsed: Parsed) -> str | None:
    return parsed.issues[0].code if parsed.issues else None


# --- Dates ---


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2020.3.12", "2020-03-12"), ("2020/3/5", "2020-03-05"), ("2020-03-05", "2020-03-05"),
        ("2020年3月12日", "2020-03-12"), ("２０２０年３月１２日", "2020-03-12"), ("2020 年 3 月 12 日", "2020-03-12"),
        ("20200312", "2020-03-12"), (20200312.0, "2020-03-12"), (20200312, "2020-03-12"),
        ("2020-03-12 00:00:00", "2020-03-12"), ("2020/3/12 8:30", "2020-03-12"),
        (dt.date(2020, 3, 12), "2020-03-12"), (dt.datetime(2020, 3, 12, 13, 4), "2020-03-12"),
    ],
)  # fmt: skip
def test_whole_dates_need_no_word(value: Cell, day: str) -> None:
    assert read("date", value) == Parsed(dt.date.fromisoformat(day))


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2020年3月", "2020-03-31"), ("2020-03", "2020-03-31"), ("2020.3", "2020-03-31"), (2020.3, "2020-03-31"),
        (2020.12, "2020-12-31"), ("202003", "2020-03-31"), ("2020年2月", "2020-02-29"), ("2020年", "2020-12-31"),
        (2020.0, "2020-12-31"), ("2020年3月上旬", "2020-03-10"), ("2020年3月底", "2020-03-31"),
        ("2020年上半年", "2020-06-30"), ("2020年三季度", "2020-09-30"), (43902.0, "2020-03-12"),
        ("约2020年3月12日", "2020-03-12"), ("2020年3月12日（补签）", "2020-03-12"),
        ("2020年6月开工", "2020-06-30"),
    ],
)  # fmt: skip
def test_a_part_of_a_date_is_read_with_a_warning_that_names_the_day(value: Cell, day: str) -> None:
    parsed = read("date", value)
    assert parsed.value == dt.date.fromisoformat(day)
    assert [issue.level for issue in parsed.issues] == ["warning"] and day in parsed.issues[0].reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("3月", "缺少年份"), ("3月12日", "缺少年份"), ("3.12", "缺少年份"), ("三月", "缺少年份"), ("20年3月", "四位"),
        ("20.3.12", "四位"), ("2020.13.1", "没有这一天"), ("2020年2月30日", "没有这一天"), ("2020年13月", "月份"),
        (0.0, "1980"), (1.0, "1980"), (dt.date(1900, 1, 1), "不合理"), ("1900-01-01", "不合理"), ("很快", "识别"),
        (2020.1, "1月，也可能"), (0.5, "不是日期"), ("2020.3.12-2020.5.1", "识别"), (dt.time(3, 0), "不是日期"),
        ("#公式未计算", "公式"), ("#DIV/0!", "公式"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(value: Cell, reason: str) -> None:
    parsed = read("date", value)
    assert parsed.value is None
    assert parsed.issues[0].level == "refused" and reason in parsed.issues[0].reason


def test_plans_and_the_future() -> None:
    planned = read("date", "预计2027年3月", field="started_on")
    assert planned.value is None and planned.extra == {"planned_started_on": dt.date(2027, 3, 31)}
    assert "planned_date" in {issue.code for issue in planned.issues}
    assert code(read("date", dt.date(2027, 1, 1), field="started_on")) == "future_date"
    assert read("date", dt.date(2027, 1, 1), field="planned_started_on").issues == ()


@given(st.dates(dt.date(1980, 1, 1), dt.date(2100, 12, 31)))
def test_every_spelling_of_a_day_is_that_day(day: dt.date) -> None:
    y, m, d = day.year, day.month, day.day
    for text in (f"{y}-{m:02}-{d:02}", f"{y}.{m}.{d}", f"{y}/{m}/{d}", f"{y}年{m}月{d}日", f"{y}{m:02}{d:02}"):
        assert read_date(text) == (day, "", False)
    for text in (f"{y}年{m}月", f"{y}-{m:02}", f"{y}.{m:02}", f"{y}/{m}"):
        found = read_date(text)
        assert found.day == end_of_month(y, m) and found.note


@given(st.one_of(st.text(max_size=12), st.text("0123456789年月日./-约", max_size=12), st.floats(allow_nan=False)))
def test_no_cell_makes_a_reader_fail(value: str | float) -> None:
    for spec in SHEETS.values():
        for column in spec.columns:
            parsed = Reader(Match(column.field, column.type), column.heading, "万元", TODAY)[value]
            levels = {issue.level for issue in parsed.issues}
            assert not (parsed.value is not None and "refused" in levels)


# --- Amounts and quantities ---


@pytest.mark.parametrize(
    ("value", "unit", "fen"),
    [
        (12000.0, "万元", 12_000 * WAN), (1.2, "亿元", 12_000 * WAN), ("12,000", "", 12_000 * WAN),
        ("1.2亿元", "万元", 12_000 * WAN), ("5000万", "亿元", 5_000 * WAN), ("１２０００", "", 12_000 * WAN),
        (1200.35, "万元", 1_200_350_000), (0.1 + 0.2, "亿元", 3_000 * WAN), (50.0, "百万元", 5_000 * WAN),
        ("5万元", "千元", 5 * WAN), (0.0, "万元", 0),
    ],
)  # fmt: skip
def test_amounts(value: Cell, unit: str, fen: int) -> None:
    assert read("money", value, unit=unit) == Parsed(fen)


def test_approximate_and_doubtful_amounts_are_warned_of() -> None:
    about = read("money", "约5000")
    assert about.value == 5_000 * WAN
    assert about.issues[0].code == "approximate" and "5000万元" in about.issues[0].reason
    assert code(read("money", 12000.0, unit="亿元")) == "unit_doubtful"
    assert code(read("money", 1.2, field="contract_amount")) == "unit_doubtful"
    assert code(read("money", 1.2, field="tax")) is None


@pytest.mark.parametrize("value", ["一批设备", "5000-8000", "500万美元", -5.0, "1e3", 0.33333333333, "#REF!"])
def test_amounts_that_cannot_be_read_are_refused(value: Cell) -> None:
    parsed = read("money", value)
    assert parsed.value is None and parsed.issues[0].level == "refused"


@given(st.integers(0, 10**14), st.sampled_from(["元", "万元", "亿元"]))
def test_an_amount_written_by_a_spreadsheet_comes_back_to_the_fen(fen: int, unit: str) -> None:
    per = {"元": 100, "万元": WAN, "亿元": 10_000 * WAN}[unit]
    assert read("money", float(Decimal(fen) / per), unit=unit).value == fen
    assert read("money", format(Decimal(fen) / per, "f"), unit=unit).value == fen


@pytest.mark.parametrize("value", ["", " ", "-", "—", "/", "无", "\u3000", "N/A", "暂无"])
def test_a_dash_says_nothing(value: str) -> None:
    for type_ in ("money", "date", "name", "text", "uscc", "integer"):
        assert read(type_, value) == Parsed()


def test_undecided_is_told() -> None:
    assert read("money", "待定").value is None and code(read("money", "待定")) == "undecided"


def test_quantities() -> None:
    assert read("integer", "200人").value == 200
    assert read("integer", 200.0) == Parsed(200)
    assert read("integer", "约200").issues[0].code == "approximate"
    assert read("integer", "200-300").issues[0].level == "refused"
    assert read("integer", 1.5).issues[0].level == "refused"
    assert read("area", "120亩").value == Decimal("120.00")
    assert read("area", 2.0, unit="公顷").value == Decimal("30.00")
    assert read("area", 10000.0, unit="平方米").value == Decimal("15.00")


def test_coordinates() -> None:
    assert read("longitude", 108.7707).value == Decimal("108.770700")
    assert read("longitude", "东经108°46′12″").value == Decimal("108.770000")
    assert read("latitude", "29.53").value == Decimal("29.530000")
    assert read("latitude", 108.77).issues[0].level == "refused"


# --- Codes ---


def test_codes_that_became_numbers() -> None:
    assert read("number", 20200046.0) == Parsed("20200046")
    assert read("number", "20200046.0") == Parsed("20200046")
    assert read("number", "ＱＪ－２０２０－１").value == "QJ-2020-1"
    for lost in (5.00114e19, "5.00114E+19"):
        assert code(read("number", lost)) == "lost_digits"
        assert code(read("uscc", lost)) == "lost_digits"


def test_credit_codes_regions_industries() -> None:
    assert read("uscc", "11500114mb1912255l").value == "11500114MB1912255L"
    assert read("uscc", " 91350100M000100Y43\n").value == "91350100M000100Y43"
    wrong = read("uscc", "91350100M000100Y4Z")
    assert wrong.issues[0].level == "refused" and "应为 3" in wrong.issues[0].reason
    assert read("region", "浙江").value == "330000"
    assert read("region", 500114.0).value == "500114"
    assert read("region", "新加坡").extra == {"origin_text": "新加坡"}
    assert read("industry", "C3042").value == "C3042"
    assert read("industry", "C30非金属矿物制品业").value == "C30"
    assert code(read("industry", "食品加工")) == "unknown_industry"
    assert read("industry", "Z99").issues[0].level == "refused"
    assert read("national_code", "2020-500114-29-03-123456") == Parsed("2020-500114-29-03-123456")
    assert code(read("national_code", "2020-500115-29-03-123456")) == "odd_national_code"
    assert read("code", "500114-2020-0046") == Parsed("500114-2020-0046")
    assert code(read("code", "QJ-17")) == "foreign_code"


# --- Names ---


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("防眩光\n玻璃", "防眩光玻璃"), ("防眩光 玻璃", "防眩光玻璃"), ("  甲（集团）公司 ", "甲（集团）公司"),
        ("甲(集团)公司", "甲（集团）公司"), ("ＣＡＲ－Ｔ细胞治疗", "CAR-T细胞治疗"),
        ("BASF  China Co., Ltd", "BASF China Co., Ltd"), ("玻璃、", "玻璃"),
    ],
)  # fmt: skip
def test_names_are_tidied(raw: str, name: str) -> None:
    assert tidy(raw) == name
    assert tidy(name) == name


@given(st.text(max_size=30))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize(
    ("raw", "name", "aliases"),
    [
        ("中新杏鲍菇（绿雅杏鲍菇）", "中新杏鲍菇", ("绿雅杏鲍菇",)),
        ("海通茧丝绸(原名：海通丝业)", "海通茧丝绸", ("海通丝业",)),
        ("硅锰合金（二期）", "硅锰合金（二期）", ()),
        ("京宏源电解铝（博赛集团）", "京宏源电解铝（博赛集团）", ()),
        ("三磊冷链股份制改造（市供销集团、浙耀控股）", "三磊冷链股份制改造（市供销集团、浙耀控股）", ()),
    ],
)
def test_brackets_hold_another_name_or_not(raw: str, name: str, aliases: tuple[str, ...]) -> None:
    parsed = read("project_name", raw)
    assert parsed.value == name
    assert (parsed.extra or {}).get("aliases", ()) == aliases
    assert bool(parsed.issues) == bool(aliases)


def test_lists_of_names() -> None:
    assert read("names", "区发改委、区财政局,正阳街道\n税务局").value == ("区发改委", "区财政局", "正阳街道", "税务局")
    assert read("names", "甲公司（含乙、丙）").value == ("甲公司（含乙、丙）",)
    several = read("enterprise", "甲公司、乙公司")
    assert (several.value, several.extra) == ("甲公司", {"other_enterprises": ("乙公司",)})


# --- Labels ---


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("ownership", "民营", "private"), ("ownership", "民营企业", "private"),
        ("ownership", "中央企业", "central_soe"), ("ownership", "外商独资", "foreign"), ("ownership", "台资", "hmt"),
        ("stage", "已签约", "signed"), ("stage", "洽谈中", "talk"), ("stage", "在建", "started"),
        ("stage", "投 产", "production"), ("stage", "签约未开工", "signed"), ("sector", "现代服务业", "services"),
        ("kind", "工业（供地）", "industry_land"), ("channel", "云招商", "online"),
        ("agreement_type", "投资合同", "formal"), ("source", "市外资金", "outside_city"),
        ("confidentiality", "涉密", "sealed"), ("status", "停工", "paused"),
    ],
)  # fmt: skip
def test_words_for_labels(field: str, text: str, expected: str) -> None:
    assert read("label", text, field=field) == Parsed(expected)


def test_every_label_and_code_means_itself() -> None:
    for field, labels in LABELS.items():
        for name, label in labels.items():
            assert read("label", label, field=field).value == name
            assert read("label", name, field=field).value == name
            assert not read("label", label, field=field).issues


def test_uncertain_and_misplaced_words() -> None:
    state = read("label", "国企", field="ownership")
    assert state.value == "local_soe" and "地方国企" in state.issues[0].reason
    assert read("label", "已终止", field="stage").extra == {"status": "terminated"}
    assert read("label", "在建", field="status").extra == {"stage": "started"}
    assert read("label", "工业", field="kind").extra == {"sector": "industry"}
    assert read("label", "神秘", field="stage").issues[0].level == "refused"
    assert read("progress", "已开工", field="progress").extra == {"stage": "started"}
    assert read("progress", "厂房已封顶，设备安装中", field="progress").value == "厂房已封顶，设备安装中"
