"""What a heading means: our own, a synonym, with a unit in brackets, with a year in it, or of two merged rows."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from app.exchange.ledgers import synonyms
from app.exchange.ledgers.columns import AGREEMENTS, FUNDS, IMPORT_ONLY, PROJECTS, CellType, Column, SheetKind
from app.exchange.ledgers.dates import end_of_month


@dataclass(frozen=True, slots=True)
class Match:
    """What a heading was understood to mean.

    `year`: the amount is of that year only (0 for 本年); `as_of`: cumulative up to that day; `ambiguous`: 投资额 and
    its like, the contract or the whole investment; `ignored`: known and without meaning (序号).
    """

    field: str
    type: CellType
    unit: str = ""
    year: int | None = None
    as_of: date | None = None
    ambiguous: bool = False
    ignored: bool = False


_YEAR_FUNDS = re.compile(
    r"(?:其中)?[:,]?(?:(?P<year>\d{4})年度?(?:全年)?|(?P<this>本年度?|当年|今年|年内|本年累计))(?:累计|实际|新增)*"
    r"(?:到位资金额?|到位金额|资金到位额?|到位额|到资额?|到位)"
)
_YEAR_BELOW = re.compile(r"(到位资金|资金到位|到位金额|到位)(?:其中)?[:,]?(\d{4}年度?|本年度?|当年|今年)")
_FUNDS_AS_OF = re.compile(
    r"(?:截[至止]|到)(?P<year>\d{4})年(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日|底|末)?|底|末)?(?:累计|实际)*"
    r"(?:到位资金额?|到位金额|资金到位额?|到位额|到资额?|到位)"
)
_PLANNED = re.compile(r"(?:计划|拟定|拟|预计|预期|目标)(?P<rest>.+?(?:日期|时间))")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_UNIT = re.compile(
    r"(?:(?:金额|计量|货币)?单位)?[:：]?(?:人民币)?[:：,，、]?"
    r"(?P<unit>亿元|千万元|百万元|万元|千元|元|亿|万|亩|公顷|平方米|㎡|m2|人|个|%|°|度)"
)
_UNIT_AT_END = re.compile(r"[:,/]?(?P<unit>亿元|万元|亩)$")
_MONEY_UNITS = {"亿": "亿元", "万": "万元", "m2": "平方米", "㎡": "平方米"}
_DECORATION = re.compile(r"[*★※#☆]|^\d+[.、]|^其中[:,]?")


def plain(text: object) -> str:
    """A heading or label without blanks, line breaks, full-width letters and invisible characters."""
    return "".join(c for c in unicodedata.normalize("NFKC", str(text)) if not c.isspace() and ord(c) != 0x200B)


def _table(columns: Iterable[Column], *blocks: str) -> dict[str, Column]:
    fields = {column.field: column for column in columns}
    table = {plain(column.heading): column for column in fields.values()}
    for block in blocks:
        for field, word in synonyms.entries(block):
            table.setdefault(plain(word), fields[field])
    return table


_TABLES: dict[SheetKind, dict[str, Column]] = {
    "projects": _table((*PROJECTS.columns, *IMPORT_ONLY), synonyms.PROJECT_HEADINGS),
    "agreements": _table(AGREEMENTS.columns, synonyms.AGREEMENT_HEADINGS),
    "funds": _table(FUNDS.columns, synonyms.FUNDS_HEADINGS),
}
_AMBIGUOUS = {plain(word) for _, word in synonyms.entries(synonyms.AMBIGUOUS_AMOUNTS)}
_IGNORED = {plain(word) for word in synonyms.IGNORED_HEADINGS.split()}


def unit_of(text: str) -> str | None:
    """`万元` of `单位：万元`, `(亿元)`, `金额单位:万元` …; None when the text is no unit."""
    found = _UNIT.fullmatch(plain(text).strip("()"))
    return _MONEY_UNITS.get(found["unit"], found["unit"]) if found else None


@lru_cache(maxsize=8192)
def match_heading(kind: SheetKind, *path: str) -> Match | None:
    """What a heading means in such a sheet; `path` is the heading, or the group above it and the heading below."""
    unit = ""
    words: list[str] = []
    for text in path:
        word, found = _without_unit(text)
        unit = found or unit
        if word and word not in words:
            words.append(word)
    for outermost in range(len(words)):  # the outer groups of a header may be no more than a caption
        for candidate in _candidates(words[outermost:]):
            match = _match(kind, candidate)
            if match is not None:
                return replace(match, unit=unit)
    return None


def _without_unit(text: str) -> tuple[str, str]:
    word = _DECORATION.sub("", plain(text))
    unit = unit_of(word)
    if unit:
        return "", unit
    for inner in _BRACKETS.findall(word):
        if found := unit_of(inner):
            return word.replace(f"({inner})", "").rstrip(":"), found
    if (at_end := _UNIT_AT_END.search(word)) and at_end.start() >= 2:
        return word[: at_end.start()], at_end["unit"]
    return word.rstrip(":"), ""


def _candidates(words: list[str]) -> Iterator[str]:
    if not words:
        return
    group, leaf = "".join(words[:-1]), words[-1]
    bare = _BRACKETS.sub("", leaf)
    if group:
        yield group + leaf
        yield leaf + group
        if re.search(r"日期|时间|节点", group):
            yield bare + "日期"
        if re.search(r"金额|资金|投资", group):
            yield bare + "金额"
    yield leaf
    if bare != leaf and bare:
        yield bare


def _match(kind: SheetKind, word: str) -> Match | None:
    if word in _IGNORED:
        return Match(word, "text", ignored=True)
    column = _TABLES[kind].get(word)
    if column is not None:
        return Match(column.field, column.type)
    if kind != "projects":
        return None
    if word in _AMBIGUOUS:
        return Match("contract_amount", "money", ambiguous=True)
    return _funds_of_a_time(word) or _planned(word)


def _funds_of_a_time(word: str) -> Match | None:
    below = _YEAR_BELOW.fullmatch(word)
    if found := _YEAR_FUNDS.fullmatch(below[2] + below[1] if below else word):
        return Match("funds_by_year", "money", year=int(found["year"] or 0))
    found = _FUNDS_AS_OF.fullmatch(word)
    if not found or not 1 <= int(found["month"] or 12) <= 12:
        return None
    last = end_of_month(int(found["year"]), int(found["month"] or 12))
    day = int(found["day"] or last.day)
    return Match("funds", "money", as_of=last.replace(day=day)) if 1 <= day <= last.day else None


def _planned(word: str) -> Match | None:
    found = _PLANNED.fullmatch(word)
    column = _TABLES["projects"].get(found["rest"]) if found else None
    if column is None or column.type != "date":
        return None
    return Match(f"planned_{column.field}", "date")
