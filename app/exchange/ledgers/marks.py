"""Rows that are no records: groups, totals, repeated headings, footnotes, numbered empty rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.exchange.ledgers.headers import Header, nonblank
from app.exchange.ledgers.headings import plain
from app.kernel.sheets import Cell, Sheet

_NUMERAL = r"[一二三四五六七八九十]{1,3}"
# A row that may be a mark starts like one; everything else is a record and is not looked at twice.
MAY_BE_MARK = re.compile(
    rf"\s*(?:[（(]?{_NUMERAL}[）)、.．\s]|{_NUMERAL}$|[ⅠⅡⅢⅣ]|第{_NUMERAL}|注|备\s*注|说\s*明|填|制\s*表|审|统计|单位负责|附|联系|截[至止])"
    r"|.*(?:[合小总共]\s*计|总\s*数)|.*\d\s*个|\s*(?:序\s*号|.{0,8}名\s*称)"
)
_GROUP = re.compile(
    rf"(?:(?P<inner>\({_NUMERAL}\))|(?:第?(?P<outer>{_NUMERAL})(?:[、.．:]|类|部分|$)))[、.．:]?(?P<title>.*)"
)
_COUNT = re.compile(r"\(?(?:共|计|合计)?(\d+)个?(?:项目)?\)?")
_COUNT_IN_TITLE = re.compile(r"[(:,]?(?:共|计|合计)?(\d+)个(?:项目)?\)?")
_TOTAL = re.compile(
    r"(?P<of>.{0,14}?)(?P<word>小计|合计|总计|共计|总数|累计)[:：]?(?:\(?(?:共|计)?(?P<count>\d+)个?(?:项目)?\)?)?"
)
_FOOTNOTE = re.compile(
    r"(?:注|备注|说明|填报人|填表人|填报单位|填报时间|填报日期|制表人?|审核人?|统计人?|单位负责人|联系人|联系电话|附)[:：]"
    r"|[(]?截[至止]到?20\d\d"
)
_WHOLE = frozenset({"", "全区", "全部", "全年", "全县", "全市", "本表", "项目"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A row that is no record. `row` counts from 0; `level` 1 for 一、 and 2 for （一）; `count` what it announces."""

    kind: Literal["group", "subtotal", "total", "heading", "footnote", "empty"]
    row: int
    title: str = ""
    level: int = 1
    count: int | None = None
    column: int = 0


def read_mark(sheet: Sheet, header: Header, row: int, name_column: int | None) -> Mark | None:
    """What a row is if it is no record. Called for rows that have no name or begin like a mark."""
    cells = [(column, value) for column, value in nonblank(sheet.rows[row])]
    if not cells:
        return Mark("empty", row)
    texts = [(column, plain(value)) for column, value in cells if isinstance(value, str)]
    if len(cells) == 1 and name_column != cells[0][0] and (not texts or texts[0][1].isdigit()):
        return Mark("empty", row, "只有序号")
    if not texts:
        return None
    if _repeats_heading(header, texts):
        return Mark("heading", row, "重复的表头")
    words = [(column, text) for column, text in texts if not re.fullmatch(r"[-—/\d.,]*", text)]
    first = words[0][1] if words else ""
    if _FOOTNOTE.match(first):
        return Mark("footnote", row, first)
    return _total(row, cells, words, name_column) or _group(sheet, row, words, cells, name_column)


def _repeats_heading(header: Header, texts: Sequence[tuple[int, str]]) -> bool:
    headings = {column.index: column.heading for column in header.columns}
    same = sum(1 for column, text in texts if text in (headings.get(column), *headings.get(column, "").split("·")))
    return same >= 2 and same == len(texts)


def _total(
    row: int, cells: Sequence[tuple[int, Cell]], words: Sequence[tuple[int, str]], name_column: int | None
) -> Mark | None:
    if not words:
        return None
    column, text = words[0]
    found = _TOTAL.fullmatch(text)
    rest = [word for _, word in words[1:]]
    if not found or (found["of"] and any(not _COUNT.fullmatch(word) and not _is_amount(word) for word in rest)):
        return None
    count = int(found["count"]) if found["count"] else next((int(m[1]) for w in rest if (m := _counted(w))), None)
    if count is None and name_column is not None and name_column != column:
        number = next((v for c, v in cells if c == name_column and isinstance(v, float) and v.is_integer()), None)
        count = int(number) if number is not None else None
    part = found["word"] == "小计" or found["of"] not in _WHOLE
    return Mark("subtotal" if part else "total", row, text, 1, count, column)


def _group(
    sheet: Sheet,
    row: int,
    words: Sequence[tuple[int, str]],
    cells: Sequence[tuple[int, Cell]],
    name_column: int | None,
) -> Mark | None:
    if not words:
        return None
    column, text = words[0]
    rest = list(words[1:])
    numeral = re.fullmatch(rf"\(?{_NUMERAL}\)?[、.．]?", text)
    if numeral and rest:  # 一 in the 序号 column, the title beside it
        column, title = rest.pop(0)
        text = text.rstrip("、.．") + ("、" if "(" not in text else "") + title
    found = _GROUP.fullmatch(text)
    others = [word for _, word in rest if not _COUNT.fullmatch(word) and not _is_amount(word)]
    if others:
        return None
    counted = _COUNT_IN_TITLE.search(text)
    alone = len(cells) == 1 and (column != name_column or _is_merged(sheet, row, column))
    announced = bool(counted) and column == words[0][0] and len(words) == 1
    if not (found or alone or announced):
        return None
    title = found["title"] if found else text
    count = int(counted[1]) if counted else next((int(m[1]) for w in rest if (m := _counted(w[1]))), None)
    title = _COUNT_IN_TITLE.sub("", title).strip("():、")
    return Mark("group", row, title or text, 2 if found and found["inner"] else 1, count, column)


def _counted(word: str) -> re.Match[str] | None:
    return _COUNT.fullmatch(word) if "个" in word else None


def _is_amount(word: str) -> bool:
    return bool(re.fullmatch(r"约?[\d,.]+(?:亿|万|千)*元?|[\d,.]+(?:亩|人|%)?", word))


def _is_merged(sheet: Sheet, row: int, column: int) -> bool:
    return any(
        top == row and left <= column <= right and right > left for top, left, _, right in sheet.merged if top == row
    )
