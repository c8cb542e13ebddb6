"""Find a ledger's heading among titles and unit lines: one row, or two or three merged ones."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.exchange.ledgers.columns import SheetKind
from app.exchange.ledgers.dates import Until, as_of, period_of
from app.exchange.ledgers.headings import Match, match_heading, plain, unit_of
from app.kernel.sheets import Cell, Sheet

_SEARCHED_ROWS = 40
_KINDS: tuple[SheetKind, ...] = ("projects", "agreements", "funds")
_UNIT_LINE = re.compile(r"(?:单位|金额|计量)[:：]?(?:人民币)?[:：,、(]*(亿元|千万元|百万元|万元|千元|元)")
_YEAR = re.compile(r"(20\d\d)年")
_YEAR_IN_NAME = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_REPORTING_UNIT = re.compile(r"(?:填报|报送|上报|责任)单位(?:\(盖章\))?[:：](.{2,30}?)(?:\(盖章\))?$")


@dataclass(slots=True)
class HeaderColumn:
    """A column below the heading: its index from 0, all of its heading, and what that means."""

    index: int
    heading: str
    match: Match | None


@dataclass(slots=True)
class Header:
    """What stands above the data. Rows count from 0. `titles` are the texts above the heading; `until` is the last day
    of what the sheet tells, where a title, the sheet's name or a note below says so."""

    kind: SheetKind
    top: int
    bottom: int
    columns: list[HeaderColumn]
    titles: list[str] = field(default_factory=list)
    money_unit: str | None = None
    year: int | None = None
    until: Until | None = None
    reporting_unit: str | None = None

    def column(self, name: str) -> int | None:
        return next((c.index for c in self.columns if c.match and c.match.field == name), None)


class _Grid:
    """Texts by position, where every cell of a merged block has the block's text."""

    def __init__(self, sheet: Sheet) -> None:
        self.rows = sheet.rows
        self.width = max(map(len, sheet.rows[:_SEARCHED_ROWS]), default=0)
        self.merged: dict[tuple[int, int], tuple[int, int]] = {}
        self.has_merges = bool(sheet.merged)
        for top, left, bottom, right in sheet.merged:
            if top > _SEARCHED_ROWS:
                continue
            for row in range(top, min(bottom, _SEARCHED_ROWS + 3) + 1):
                for column in range(left, min(right, self.width) + 1):
                    self.merged[row, column] = (top, left)

    def text(self, row: int, column: int) -> str:
        row, column = self.merged.get((row, column), (row, column))
        line = self.rows[row] if row < len(self.rows) else ()
        return plain(line[column]) if column < len(line) else ""

    def path(self, top: int, bottom: int, column: int) -> tuple[str, ...]:
        """The headings above each other in a column, each once."""
        texts = [self.text(row, column) for row in range(top, bottom + 1)]
        if bottom > top and not texts[0] and any(texts) and not self.has_merges:
            # A CSV has no merged cells: a group's name stands over its first column only.
            left = next((self.text(top, c) for c in range(column - 1, -1, -1) if self.text(top, c)), "")
            texts[0] = left
        return tuple(dict.fromkeys(text for text in texts if text))


def find_header(sheet: Sheet) -> Header | None:
    """The heading of a sheet, None when there is none in its first 40 rows."""
    grid = _Grid(sheet)
    for row in range(min(_SEARCHED_ROWS, len(sheet.rows))):
        if any(_holds(_fields(grid, kind, row, row)) for kind in _KINDS):
            return _around(sheet, grid, row)
    return None


def _fields(grid: _Grid, kind: SheetKind, top: int, bottom: int) -> set[str]:
    found = set()
    for column in range(grid.width):
        path = grid.path(top, bottom, column)
        if path and len(path[-1]) <= 40:
            match = match_heading(kind, *path)
            if match and not match.ignored:
                found.add(match.field if match.year is None else f"{match.field}:{match.year}")
    return found


def _holds(fields: set[str]) -> bool:
    """Whether these are the fields of a heading: a project's name and something besides, or any three."""
    return len(fields) >= 3 or (len(fields) == 2 and bool(fields & {"name", "code"}))


def _around(sheet: Sheet, grid: _Grid, row: int) -> Header:
    """The best heading that contains this row: most columns understood, then fewest rows."""
    blocks = [(row, row), (row - 1, row), (row, row + 1), (row - 1, row + 1), (row, row + 2)]
    titles_of = {top: _texts_above(sheet, grid, top) for top in (row - 1, row)}
    ranked = []
    for top, bottom in blocks:
        if top < 0 or bottom >= len(sheet.rows):
            continue
        hints = plain(sheet.name) + "".join(titles_of[top])
        for kind in _KINDS:
            fields = _fields(grid, kind, top, bottom)
            if _eligible(kind, fields, hints):
                ranked.append((len(fields), top - bottom, -_KINDS.index(kind) if kind == "projects" else 1, top, kind))
    _, span, _, top, kind = max(ranked, key=lambda found: found[:3])
    bottom = top - span
    columns = [
        HeaderColumn(column, "·".join(path), match_heading(kind, *path))
        for column in range(grid.width)
        if (path := grid.path(top, bottom, column))
    ]
    header = Header(kind, top, bottom, columns, titles_of[top])
    header.bottom = _below(sheet, header)
    _read_titles(sheet, header)
    return header


def _eligible(kind: SheetKind, fields: set[str], hints: str) -> bool:
    if kind == "agreements":
        return bool(fields & {"agreement_type", "increment"}) or ("signed_on" in fields and "合同协议" in hints)
    if kind == "funds":
        own = bool(fields & {"source", "fund_kind"}) or bool(re.search(r"到位|到资|资金明细", hints))
        return {"arrived_on", "amount"} <= fields and own
    return True


def _texts_above(sheet: Sheet, grid: _Grid, top: int) -> list[str]:
    return [
        text
        for row in range(max(top, 0))
        for column, value in enumerate(sheet.rows[row])
        if value != "" and isinstance(value, str) and (text := grid.text(row, column))
    ]


def _below(sheet: Sheet, header: Header) -> int:
    """Take in a row of units (万元) or of column numbers (1 2 3 …) under the heading."""
    bottom = header.bottom
    while bottom + 1 < len(sheet.rows):
        cells = [(c, plain(v)) for c, v in enumerate(sheet.rows[bottom + 1]) if v != ""]
        if cells and all(unit_of(text) for _, text in cells):
            by_index = {column.index: column for column in header.columns}
            for index, text in cells:
                column = by_index.get(index)
                if column:
                    column.match = match_heading(header.kind, *column.heading.split("·"), text) or column.match
        elif not (len(cells) >= 3 and _counts_up([text for _, text in cells])):
            return bottom
        bottom += 1
    return bottom


def _counts_up(texts: Sequence[str]) -> bool:
    numbers = [re.sub(r"[()]|\.0$", "", text) for text in texts]
    return numbers == [str(n) for n in range(1, len(numbers) + 1)]


def _read_titles(sheet: Sheet, header: Header) -> None:
    for text in header.titles:
        if (unit := _UNIT_LINE.search(text)) and header.money_unit is None:
            header.money_unit = unit[1]
        if (reporting := _REPORTING_UNIT.search(text)) and not unit_of(reporting[1]):
            header.reporting_unit = reporting[1]
    years = {int(year) for text in header.titles for year in _YEAR.findall(text)}
    years = years or {int(year) for year in _YEAR_IN_NAME.findall(plain(sheet.name))}
    if len(years) == 1:
        (header.year,) = years
    header.until = _as_of(sheet, header) or _period(sheet, header)


_LAST_ROWS = 15
"""How many rows at the end of a sheet may be notes."""


def _as_of(sheet: Sheet, header: Header) -> Until | None:
    """The day up to which everything is told, by a note below or a title."""
    notes = []
    for row in sheet.rows[max(header.bottom + 1, len(sheet.rows) - _LAST_ROWS) :]:
        cells = [value for _, value in nonblank(row)]
        if len(cells) <= 2:  # a record has more to say
            notes += [plain(value) for value in cells if isinstance(value, str)]
    found = [until for text in (*notes, *header.titles) if (until := as_of(text))]
    return found[0] if len({until.day for until in found}) == 1 else None


def _period(sheet: Sheet, header: Header) -> Until | None:
    """The end of the year's part that the titles or the sheet's name tell of."""
    for text in ("；".join(header.titles), plain(sheet.name)):
        if (until := period_of(text)) is not None:
            return until if header.year in (None, until.day.year) else None
    return None


def nonblank(row: Sequence[Cell]) -> Iterator[tuple[int, Cell]]:
    """The cells of a row that hold something."""
    for column, value in enumerate(row):
        if value != "" and not (isinstance(value, str) and not value.strip()):
            yield column, value
