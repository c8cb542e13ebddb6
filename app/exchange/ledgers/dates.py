"""Dates as people type them into ledgers. A part of a date is never silently completed."""

import calendar
import datetime as dt
import re
import unicodedata
from typing import NamedTuple

from app.kernel.sheets import Cell

EARLIEST, LATEST = 1980, 2100
_SERIAL_EPOCH = dt.date(1899, 12, 30)
_MONTH_PARTS = {"上旬": 10, "初": 10, "中旬": 20, "中": 20}
_YEAR_PARTS = {
    "上半年": (6, 30), "一季度": (3, 31), "1季度": (3, 31), "二季度": (6, 30), "2季度": (6, 30),
    "三季度": (9, 30), "3季度": (9, 30),
}  # fmt: skip

_TIME = re.compile(r"[\sT]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*$")
_INTENDED = re.compile(r"^(?:预计|计划|拟定?|力争|争取|预期|目标)(?:于|在)?")
_ABOUT = re.compile(r"^(?:大约|约|暂定)|(?:左右|前后|前|之前|以后)$")
_DAY = re.compile(r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})[日号]?")
_MONTH = re.compile(r"(\d{4})[年.\-/](\d{1,2})(?:月份?)?(上旬|中旬|下旬|月?初|月?底|月?末|中)?")
_YEAR = re.compile(r"(\d{4})(?:年度?)?(上半年|下半年|初|底|末|第?[一二三四1-4]季度)?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_NO_YEAR = re.compile(
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})(?:月份?|[./\-])(?:.{1,3}[日号]?)?(?:上旬|中旬|下旬|初|底|末)?"
)
_SHORT_YEAR = re.compile(r"['’]?\d{2}(?:年|[./\-]\d{1,2}[./\-])(?:\d{1,2})?(?:月?份?)?(?:\d{1,2}日?)?")


# --- Periods in titles and notes ---

_TO = "[-—–―~至到]+"
_DIGIT = dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2}
_NUMBER = r"(?:\d{1,2}|十?[一二两三四五六七八九十])"
_OF_YEAR = r"(?P<year>20\d\d)年度?"
_SPANS: tuple[tuple[re.Pattern[str], int], ...] = (  # how much a period named so has of months for each of its parts
    (re.compile(rf"{_OF_YEAR}{_NUMBER}月?{_TO}(?P<last>{_NUMBER})月"), 1),
    (re.compile(rf"{_OF_YEAR}(?:前|第?{_NUMBER}季?度?{_TO}|第)?(?P<last>[一二两三四1-4])个?季度"), 3),
    (re.compile(rf"{_OF_YEAR}(?P<last>上|下)半年"), 6),
)
_ONE_MONTH = re.compile(rf"{_OF_YEAR}(?P<last>{_NUMBER})月(?!{_NUMBER}[日号])")
_ONE_DAY = re.compile(r"(20\d\d)年(\d{1,2})月(\d{1,2})[日号]")
_AS_OF = re.compile(r"截[至止]到?(?P<day>20\d\d(?:年[底末]|[年.\-/]\d{1,2}(?:[月.\-/]\d{1,2}[日号]?|月?[底末]?)))")


class Until(NamedTuple):
    """The last day of what a text speaks of, and the words that say so."""

    day: dt.date
    words: str


def as_of(text: str) -> Until | None:
    """`截至2022年6月30日`, or the end of `截至2022年6月`; None when the text says no such day, or several."""
    found = {Until(day, match[0]) for match in _AS_OF.finditer(text) if (day := _day_or_none(match["day"]))}
    return found.pop() if len({until.day for until in found}) == 1 else None


def period_of(text: str) -> Until | None:
    """The end of the period that a title names: `2022年1—6月`, `2022年上半年`, `2022年前三季度`, `2022年6月`, a day.

    The widest kind that is named is taken; None when that names several, or when none is named.
    """
    spans = [(match, each) for pattern, each in _SPANS for match in pattern.finditer(text)]
    for kind in (spans, [(match, 1) for match in _ONE_MONTH.finditer(text)]):
        ends = {Until(day, match[0]) for match, each in kind if (day := _end_of_part(match, each))}
        if ends:
            return ends.pop() if len({until.day for until in ends}) == 1 else None
    days = {Until(day, match[0]) for match in _ONE_DAY.finditer(text) if (day := _day_or_none(match[0]))}
    return days.pop() if len({until.day for until in days}) == 1 else None


def _end_of_part(match: re.Match[str], months: int) -> dt.date | None:
    last = match["last"]
    if last in "上下":
        number = 1 if last == "上" else 2
    elif last.isdigit():
        number = int(last)
    else:
        number = sum(_DIGIT[character] for character in last)
    month = number * months
    return end_of_month(int(match["year"]), month) if 1 <= month <= 12 else None


def _day_or_none(text: str) -> dt.date | None:
    try:
        return _parse(text).day
    except ValueError:
        return None


# --- Cells ---


class DateReading(NamedTuple):
    """`note` says in Chinese what had to be assumed, empty when nothing; `intended`: the cell speaks of a plan."""

    day: dt.date
    note: str = ""
    intended: bool = False


def end_of_month(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def read_date(value: Cell) -> DateReading:
    """A cell to a day; ValueError with a Chinese reason when it says none.

    Only a month or a year: its last day, and `note` says so.
    """
    if isinstance(value, dt.datetime):
        return DateReading(_plausible(value.year, value.month, value.day))
    if isinstance(value, dt.date):
        return DateReading(_plausible(value.year, value.month, value.day))
    if isinstance(value, (dt.time, dt.timedelta)):
        raise ValueError("不是日期")
    if isinstance(value, (int, float)):
        return _from_number(float(value))
    return _from_text(value)


def _plausible(year: int, month: int, day: int) -> dt.date:
    if not EARLIEST <= year <= LATEST:
        raise ValueError(f"年份 {year} 不合理，应在 {EARLIEST} 至 {LATEST} 之间")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError("没有这一天") from None


def _of_month(year: int, month: int, part: str = "") -> DateReading:
    if not 1 <= month <= 12:
        raise ValueError("月份不在 1 至 12 之间")
    _plausible(year, month, 1)
    day = end_of_month(year, month)
    part = part.removeprefix("月")
    if part in _MONTH_PARTS:
        day = day.replace(day=_MONTH_PARTS[part])
        return DateReading(day, f"只写到{part}，读作 {day}")
    return DateReading(day, f"只写到月份，读作当月最后一天 {day}")


def _of_year(year: int, part: str = "") -> DateReading:
    month, last = _YEAR_PARTS.get(part.removeprefix("第"), (12, 31))
    day = _plausible(year, month, last)
    return DateReading(day, f"只写到{part or '年份'}，读作最后一天 {day}")


def _from_number(number: float) -> DateReading:
    text = f"{number:.15g}"
    if "." in text:
        year, month = text.split(".")
        if len(year) == 4 and len(month) == 2:
            return _of_month(int(year), int(month))
        if len(year) == 4 and month == "1":
            raise ValueError(f"{text} 可能是 {year}年1月，也可能是 {year}年10月，请写成 {year}-01 或 {year}-10")
        if len(year) == 4 and len(month) == 1:
            return _of_month(int(year), int(month))
        raise ValueError("不是日期")
    if len(text) in (6, 8):
        return _from_text(text)
    if EARLIEST <= number <= LATEST:
        return _of_year(int(number))
    if 29_221 <= number <= 73_415:  # 1980-01-01 to 2100-12-31 as Excel counts days
        day = _SERIAL_EPOCH + dt.timedelta(days=int(number))
        return DateReading(day, f"单元格未设为日期格式，按 Excel 日期序号读作 {day}")
    if 0 <= number < 29_221:
        raise ValueError("日期早于 1980 年（多为空白单元格或公式的结果），请填写真实日期或留空")
    raise ValueError("不是日期")


def _from_text(raw: str) -> DateReading:
    wide = _TIME.sub("", unicodedata.normalize("NFKC", raw).strip())
    text = "".join(wide.split())
    intended = bool(_INTENDED.match(text))
    text = _INTENDED.sub("", text)
    about = bool(_ABOUT.search(text))
    text = _ABOUT.sub("", text) if about else text
    found = _parse(text)
    note = found.note
    if about:
        note = note or f"不是确切日期，读作 {found.day}"
    return DateReading(found.day, note, intended)


def _parse(text: str) -> DateReading:
    if match := _DAY.fullmatch(text):
        return DateReading(_plausible(int(match[1]), int(match[2]), int(match[3])))
    if match := _DIGITS.fullmatch(text):
        if match[3]:
            return DateReading(_plausible(int(match[1]), int(match[2]), int(match[3])))
        return _of_month(int(match[1]), int(match[2]))
    if match := _MONTH.fullmatch(text):
        return _of_month(int(match[1]), int(match[2]), match[3] or "")
    if match := _YEAR.fullmatch(text):
        return _of_year(int(match[1]), match[2] or "")
    if match := re.fullmatch(rf"({_DAY.pattern})\D{{1,12}}", text):
        day = _plausible(int(match[2]), int(match[3]), int(match[4]))
        return DateReading(day, f"日期后的文字未采用，读作 {day}")
    if match := re.fullmatch(r"(\d{4})年(\d{1,2})月\D{1,12}", text):
        return _of_month(int(match[1]), int(match[2]))
    if _NO_YEAR.fullmatch(text):
        raise ValueError("缺少年份")
    if _SHORT_YEAR.fullmatch(text):
        raise ValueError("年份应写四位")
    raise ValueError("不是可以识别的日期")
