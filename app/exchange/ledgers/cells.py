"""One cell to one typed value: what it says, and what had to be assumed to read it.

A reader is made for a column and asked for each of its cells; it never raises. A refusal has no value; a warning
has the value that was read and names it.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, cast

from app.exchange.ledgers.columns import CellType
from app.exchange.ledgers.dates import EARLIEST, LATEST, read_date
from app.exchange.ledgers.findings import AMBIGUOUS, Level, Value
from app.exchange.ledgers.headings import Match
from app.exchange.ledgers.labels import LABELS, allowed, read_label, sector_of_kind
from app.kernel.codes import check_industry, check_project_code, check_uscc, find_region
from app.kernel.money import Amount, Unit, in_unit, parse_amount, round_decimal
from app.kernel.names import normalise, split_alternatives
from app.kernel.sheet_safety import ERROR_TEXTS, NOT_CALCULATED
from app.kernel.sheets import Cell


class Issue(NamedTuple):
    """What is to be told about a cell; the caller adds which cell it is."""

    level: Level
    code: str
    reason: str


class Parsed(NamedTuple):
    """`extra` are values of other fields that the cell tells besides (an alias in brackets, a second unit)."""

    value: Value | None = None
    issues: tuple[Issue, ...] = ()
    extra: dict[str, Value] | None = None


Parser = Callable[[Cell], Parsed]

NOTHING = Parsed()
_EMPTY = frozenset({"", "-", "--", "---", "/", "//", "\\", "无", "暂无", "没有", "n/a", "na", "null", "none", "·", "."})
_UNDECIDED = frozenset({"待定", "未定", "待确定", "不详", "未知", "待核实", "?", "??"})
_CLOSING = frozenset("）)]】〕")
_LONGEST_NOTHING = 6
_CODE = re.compile(r"\d{6}-\d{4}-\d{4,6}")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+")
# Names are listed with these between them; what stands in brackets is one name.
_BETWEEN_NAMES = re.compile(r"[、，,;；/\n]+(?![^（(]*[）)])")
_BETWEEN_ENTERPRISES = re.compile(r"[、;；\n]+(?![^（(]*[）)])")
_INNER_BLANK = re.compile(r"(?<![A-Za-z0-9.,&])\s+|\s+(?![A-Za-z0-9.,&])")
_TIDY = re.compile(r"[\u4e00-\u9fffA-Za-z0-9（）·\-]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# In brackets behind a project's name: who or where, not another name of it.
_WHO_OR_WHERE = re.compile(
    r".*(?:集团|公司|控股|股份|酒业|银行|合作社|园区|街道|镇|乡|村|区|县|市|省|领导|局|委|办)|.*、.*|.*(?:牵头|负责|领衔).*"
)
_DEGREES = re.compile(
    r"[东西南北经纬EWSN:]*(\d{1,3})[°度](?:(\d{1,2})[′'分])?(?:(\d{1,2}(?:\.\d+)?)(?:[″\"秒]|''|′′))?[EWSN]?"
)
_ABOUT = re.compile(r"^(?:大约|约|近|预计)|(?:左右|余|多|以上)$")
_QUANTITY = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(人|亩|公顷|平方米|m2|平米|个|名|年|万人|万平方米)?")
_MU_PER = {"亩": Decimal(1), "公顷": Decimal(15), "平方米": Decimal("0.0015"), "m2": Decimal("0.0015"),
           "平米": Decimal("0.0015"), "万平方米": Decimal(15)}  # fmt: skip
_DECIMALS = {"元": 2, "万元": 6, "亿元": 10}
_WHOLE_PROJECT = frozenset({"investment", "contract_amount", "framework_amount", AMBIGUOUS})
_SUSPICIOUSLY_MUCH = 10**13  # 1000亿元 in fen
_SUSPICIOUSLY_LITTLE = 10**7  # 10万元 in fen


def tidy(text: str) -> str:
    """A name as it is stored: half-width letters, no line breaks, no blanks but between Latin words, （）in Chinese."""
    if _TIDY.fullmatch(text) and _CHINESE.search(text):
        return text
    name = _tidied(text)
    while (again := _tidied(name)) != name:  # a lost blank may have let two characters join
        name = again
    return name


def _tidied(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text).replace("\u200b", "")
    name = _INNER_BLANK.sub("", " ".join(wide.split())).strip("、,;。 ")
    name = unicodedata.normalize("NFC", name)
    return name.replace("(", "（").replace(")", "）") if _CHINESE.search(name) else name


def text_of(value: Cell) -> str:
    """A cell as text: a whole float without its `.0`, a day as ISO."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    return str(value)


def is_empty(value: Cell) -> bool:
    """Whether a cell says nothing: blank, or a dash, 无, N/A."""
    return isinstance(value, str) and (value == "" or normalise(value) in _EMPTY)


class Reader(dict[Cell, Parsed]):
    """The parser of a column: `reader[cell]`. It keeps what it has read: columns repeat themselves."""

    def __init__(self, match: Match, heading: str, money_unit: str, today: date) -> None:
        """`money_unit` is the unit of a bare amount; `today` tells what lies in the future."""
        super().__init__()
        self._match = match
        self._parse = _parser(match, heading, money_unit, today)

    def __missing__(self, value: Cell) -> Parsed:
        parsed = self[value] = self._checked(value)
        return parsed

    def _checked(self, value: Cell) -> Parsed:
        if isinstance(value, str):
            if value[:1] == "#" and value in ERROR_TEXTS:
                reason = "公式没有计算结果，请在 Excel 中打开并保存后再导入" if value == NOT_CALCULATED else "公式出错"
                return refused("formula", reason)
            if len(value) <= _LONGEST_NOTHING or value[0].isspace() or value[-1].isspace():
                bare = normalise(value)
                if bare in _EMPTY:
                    return NOTHING
                if bare in _UNDECIDED and self._match.type not in ("text", "project_name", "progress"):
                    return Parsed(None, (Issue("info", "undecided", "读作未填"),))
        return self._parse(value)


def refused(code: str, reason: str) -> Parsed:
    return Parsed(None, (Issue("refused", code, reason),))


def _parser(match: Match, heading: str, money_unit: str, today: date) -> Parser:
    field = match.field
    match match.type:
        case "money":
            return lambda value: _money(value, field, match.unit or money_unit)
        case "date":
            return lambda value: _date(value, field, today)
        case "label":
            return lambda value: _label(value, field, heading)
        case "area":
            return lambda value: _area(value, match.unit or "亩")
        case "integer":
            return lambda value: _integer(value, field)
        case kind:
            return _SIMPLE[kind]


def _money(value: Cell, field: str, unit: str) -> Parsed:
    try:
        if unit in _DECIMALS:
            amount = _plain_amount(value, unit) or parse_amount(value, cast(Unit, unit), signed=field == "increment")
        else:  # 千元, 百万元: a bare number gets its unit written behind it
            text = text_of(value)
            bare = re.fullmatch(r"-?[\d,.\s]+", text)
            amount = parse_amount(text + unit if bare else text, "元", signed=field == "increment")
    except ValueError as error:
        return refused("amount", str(error))
    much = amount.fen >= _SUSPICIOUSLY_MUCH
    little = 0 < amount.fen < _SUSPICIOUSLY_LITTLE and field in _WHOLE_PROJECT
    if not (amount.approximate or much or little):
        return Parsed(amount.fen)
    issues = []
    said = f"{in_unit(amount.fen, '万元', 6, trim=True)}万元"
    if amount.approximate:
        issues.append(Issue("warning", "approximate", f"是约数，按 {said} 记入"))
    if much or little:
        reason = f"读作 {said}，{'超过1000亿元' if much else '不足10万元'}，请核对单位"
        issues.append(Issue("warning", "unit_doubtful", reason))
    return Parsed(amount.fen, tuple(issues))


def _plain_amount(value: Cell, unit: str) -> Amount | None:
    """An ordinary number by its decimal digits, which is what `parse_amount` does, ten times as fast."""
    if isinstance(value, float):
        whole, _, decimals = repr(value).partition(".")
        digits = _DECIMALS[unit]
        if len(whole) <= 8 and len(decimals) <= digits and whole.isdigit() and decimals.isdigit():
            return Amount(int(whole + decimals.ljust(digits, "0")), False, cast(Unit, unit))
    return None


def _date(value: Cell, field: str, today: date) -> Parsed:
    try:
        found = read_date(value)
    except ValueError as error:
        return refused("date", str(error))
    planned = field.startswith("planned_")
    issues = [Issue("warning", "partial_date", found.note)] if found.note else []
    if found.intended and not planned:
        issues.append(Issue("warning", "planned_date", f"是预计日期，不作为实际日期；按计划日期 {found.day} 记入"))
        return Parsed(None, tuple(issues), {f"planned_{field}": found.day})
    if found.day > today and not planned:
        issues.append(Issue("warning", "future_date", f"读作 {found.day}，晚于今天"))
    return Parsed(found.day, tuple(issues))


def _label(value: Cell, field: str, heading: str) -> Parsed:
    text = text_of(value)
    found = read_label(field, text)
    if found is None:
        other = {"stage": "status", "status": "stage"}.get(field)
        moved = read_label(other, text) if other else None
        if other and moved:
            word = "状态" if other == "status" else "阶段"
            reading = LABELS[other][moved.code]
            return Parsed(None, (Issue("warning", "read_elsewhere", f"读作{word}“{reading}”"),), {other: moved.code})
        return refused("label", f"不认识的{heading}，应为：{allowed(field)}")
    issues: tuple[Issue, ...] = ()
    if found.uncertain:
        issues = (Issue("warning", "uncertain_label", f"读作“{LABELS[field][found.code]}”，如不对请改写"),)
    sector = sector_of_kind(text) if field == "kind" else None
    return Parsed(found.code, issues, {"sector": sector} if sector else None)


def _quantity(value: Cell) -> tuple[Decimal, str, bool]:
    """Number, unit said, whether only about."""
    if isinstance(value, (int, float)):
        return Decimal(f"{value:.15g}"), "", False
    text = "".join(unicodedata.normalize("NFKC", text_of(value)).split())
    bare = _ABOUT.sub("", text)
    found = _QUANTITY.fullmatch(bare) or _QUANTITY.fullmatch(re.sub(r"[余多](?=\D*$)", "", bare))
    if not found:
        raise ValueError("不是一个确定的数")
    return Decimal(found[1].replace(",", "") + (found[2] or "")), found[3] or "", bare != text or found[0] != bare


def _integer(value: Cell, field: str) -> Parsed:
    try:
        number, unit, about = _quantity(value)
    except ValueError as error:
        return refused("number", str(error))
    if unit == "万人":
        number *= 10_000
    if number != number.to_integral_value() or number < 0 or number > 10_000_000:
        return refused("number", "应为不太大的非负整数")
    if field == "entry_year" and not EARLIEST <= number <= LATEST:
        return refused("number", "不是合理的年份")
    issues = (Issue("warning", "approximate", f"是约数，按 {int(number)} 记入"),) if about else ()
    return Parsed(int(number), issues)


def _area(value: Cell, unit: str) -> Parsed:
    try:
        number, said, about = _quantity(value)
    except ValueError as error:
        return refused("number", str(error))
    factor = _MU_PER.get(said or unit)
    if factor is None or not 0 <= number <= 100_000_000:
        return refused("number", "用地面积应为非负的亩数，且不应太大")
    area = round_decimal(number * factor, 2)
    issues = []
    if factor != 1:
        issues.append(Issue("info", "converted", f"折合 {area} 亩"))
    if about:
        issues.append(Issue("warning", "approximate", f"是约数，按 {area} 亩记入"))
    return Parsed(area, tuple(issues))


def _coordinate(value: Cell, name: str, least: int, most: int) -> Parsed:
    text = "".join(unicodedata.normalize("NFKC", text_of(value)).split()).upper()
    if found := _DEGREES.fullmatch(text):
        degrees = Decimal(found[1]) + Decimal(found[2] or 0) / 60 + Decimal(found[3] or 0) / 3600
    elif found := re.fullmatch(r"[EN东北经纬:]*(\d{1,3}(?:\.\d+)?)[°度EN]?", text):
        degrees = Decimal(found[1])
    else:
        return refused("coordinate", f"不是{name}")
    if not least <= degrees <= most:
        return refused("coordinate", f"{name}应在 {least} 至 {most} 度之间")
    return Parsed(round_decimal(degrees, 6))


def _project_name(value: Cell) -> Parsed:
    name = tidy(text_of(value))
    parts = split_alternatives(name) if name[-1:] in _CLOSING else [name]
    if len(parts) < 2 or _WHO_OR_WHERE.fullmatch(parts[1]):
        return Parsed(name)
    issue = Issue("warning", "alias_in_brackets", f"括号中的“{parts[1]}”读作别名")
    return Parsed(parts[0], (issue,), {"aliases": (parts[1],)})


def _listed(value: Cell, between: re.Pattern[str] = _BETWEEN_NAMES) -> tuple[str, ...]:
    raw = text_of(value)
    if _TIDY.fullmatch(raw):
        return (tidy(raw),)
    return tuple(dict.fromkeys(name for part in between.split(raw) if (name := tidy(part))))


def _unit(value: Cell) -> Parsed:
    names = _listed(value)
    if len(names) < 2:
        return Parsed(names[0] if names else None)
    reason = f"写了多个单位，“{names[0]}”读作责任单位，其余读作协同单位"
    return Parsed(names[0], (Issue("warning", "several_units", reason),), {"co_units": names[1:]})


def _enterprise(value: Cell) -> Parsed:
    names = _listed(value, _BETWEEN_ENTERPRISES)
    if len(names) < 2:
        return Parsed(names[0] if names else None)
    reason = f"写了多家企业，“{names[0]}”读作投资企业，其余读作参与企业"
    return Parsed(names[0], (Issue("warning", "several_enterprises", reason),), {"other_enterprises": names[1:]})


def _code(value: Cell) -> Parsed:
    text = re.sub("[‐‑‒–—―−－]", "-", tidy(text_of(value)))
    if _CODE.fullmatch(text):
        return Parsed(text)
    return Parsed(None, (Issue("warning", "foreign_code", "不是本系统的项目编号（如 500114-2020-0046），未采用"),))


def _number(value: Cell) -> Parsed:
    text = tidy(text_of(value))
    if (isinstance(value, float) and abs(value) >= 1e15) or _SCIENTIFIC.fullmatch(text.upper()):
        return refused("lost_digits", "编号被 Excel 改成了数字，末尾几位已丢失；请把该列设为文本后重新填写")
    return Parsed(text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text)


def _uscc(value: Cell) -> Parsed:
    if isinstance(value, float) or _SCIENTIFIC.fullmatch(text_of(value).upper()):
        return refused("lost_digits", "代码被 Excel 改成了数字，末尾几位已丢失；请把该列设为文本后重新填写")
    try:
        return Parsed(check_uscc(text_of(value)))
    except ValueError as error:
        return refused("uscc", str(error))


def _region(value: Cell) -> Parsed:
    text = tidy(text_of(value))
    code = find_region(text)
    if code is not None:
        return Parsed(code)
    return Parsed(
        None, (Issue("warning", "unknown_region", "不是行政区划名称，来源地代码留空"),), {"origin_text": text}
    )


def _industry(value: Cell) -> Parsed:
    text = tidy(text_of(value))
    found = re.match(r"[A-Za-z]?\d{0,4}", text)
    code = found[0] if found else ""
    if not code:
        return Parsed(None, (Issue("warning", "unknown_industry", "不是行业代码（如 C3042），行业代码留空"),))
    try:
        return Parsed(check_industry(code))
    except ValueError as error:
        return refused("industry", str(error))


def _national_code(value: Cell) -> Parsed:
    try:
        code, odd = check_project_code(text_of(value))
    except ValueError as error:
        return refused("national_code", str(error))
    return Parsed(code, tuple(Issue("warning", "odd_national_code", reason) for reason in odd))


def _text(value: Cell) -> Parsed:
    text = text_of(value)
    if text.isprintable():  # one line
        return Parsed(text.strip() or None)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Parsed("\n".join(line.strip() for line in lines).strip() or None)


def _progress(value: Cell) -> Parsed:
    stage = read_label("stage", text_of(value))
    if stage and not stage.uncertain:
        return Parsed(None, (), {"stage": stage.code})
    return _text(value)


_SIMPLE: dict[CellType, Parser] = {
    "code": _code,
    "project_name": _project_name,
    "aliases": lambda value: Parsed(_listed(value)),
    "number": _number,
    "name": lambda value: Parsed(tidy(text_of(value))),
    "names": lambda value: Parsed(_listed(value)),
    "unit": _unit,
    "enterprise": _enterprise,
    "text": _text,
    "progress": _progress,
    "uscc": _uscc,
    "region": _region,
    "industry": _industry,
    "national_code": _national_code,
    "longitude": lambda value: _coordinate(value, "经度", 73, 136),
    "latitude": lambda value: _coordinate(value, "纬度", 3, 54),
}
