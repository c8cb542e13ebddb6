"""Stated totals and counts against the rows they speak of."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.exchange.ledgers.cells import Reader, is_empty
from app.exchange.ledgers.findings import Finding, SheetReading, shown, spelled
from app.exchange.ledgers.marks import Mark
from app.kernel.money import FEN_PER
from app.kernel.sheets import Cell, Sheet, cell_name


@dataclass(slots=True)
class Summed:
    """A column that totals speak of: its values by row, and the rows whose value could not be read."""

    column: int
    heading: str
    name: str
    unit: str
    reader: Reader
    values: dict[int, int | Decimal] = field(default_factory=dict)
    unread: set[int] = field(default_factory=set)


def check_totals(sheet: Sheet, reading: SheetReading, marks: Sequence[Mark], records: Sequence[int],
                 columns: Sequence[Summed]) -> None:  # fmt: skip
    """Compare every total, subtotal and group row with its rows; what does not match is refused.

    Which rows a 合计 means differs between ledgers: all above it, those of its group, those since the last total, or,
    when it stands on top, those below. The scope that fits best is taken; if none fits, the first is reported.
    """
    for mark in marks:
        if mark.kind in ("group", "subtotal", "total"):
            best: list[Finding] | None = None
            for scope in _scopes(mark, marks, records):
                findings = _compare(sheet, mark, scope, columns)
                if best is None or _refusals(findings) < _refusals(best):
                    best = findings
                if not _refusals(best):
                    break
            reading.findings.extend(best or ())


def _refusals(findings: Sequence[Finding]) -> int:
    return sum(1 for finding in findings if finding.level == "refused")


def _scopes(mark: Mark, marks: Sequence[Mark], records: Sequence[int]) -> list[list[int]]:
    before = [other for other in marks if other.row < mark.row]
    after = [other for other in marks if other.row > mark.row]
    if mark.kind == "group":
        end = next((o.row for o in after if o.kind == "group" and o.level <= mark.level), None)
        return [_between(records, mark.row, end)]
    group = max((o.row for o in before if o.kind == "group"), default=-1)
    outer = max((o.row for o in before if o.kind == "group" and o.level == 1), default=-1)
    last = max((o.row for o in before if o.kind in ("subtotal", "total")), default=-1)
    everything = _between(records, -1, mark.row)
    near = [_between(records, max(group, last), mark.row), _between(records, group, mark.row),
            _between(records, outer, mark.row), _between(records, last, mark.row)]  # fmt: skip
    end = next((o.row for o in after if o.kind in ("subtotal", "total") or (o.kind == "group" and group >= 0)), None)
    below = [_between(records, mark.row, end)]
    if mark.kind == "total":
        scopes = [everything, *near, _between(records, mark.row, None), *below]
    else:
        scopes = [*near, *below, everything]
    return [scope for scope in scopes if scope] or [[]]


def _between(records: Sequence[int], start: int, end: int | None) -> list[int]:
    return list(records[bisect_right(records, start) : len(records) if end is None else bisect_left(records, end)])


def _compare(sheet: Sheet, mark: Mark, scope: Sequence[int], columns: Sequence[Summed]) -> list[Finding]:
    findings = []
    rows = f"第{scope[0] + 1}至{scope[-1] + 1}行" if scope else "其下没有行"
    if mark.count is not None and mark.count != len(scope):
        cell = cell_name(mark.row, mark.column)
        subject = f"{cell}“{shown(sheet.rows[mark.row][mark.column])}”"
        message = f"{subject}：写明 {mark.count} 个，但{rows}实有 {len(scope)} 个"
        findings.append(Finding("refused", cell, None, str(mark.count), "count_mismatch", message))
    for column in columns:
        stated: Cell = sheet.rows[mark.row][column.column] if column.column < len(sheet.rows[mark.row]) else ""
        if column.column == mark.column or is_empty(stated):
            continue
        findings.extend(_compare_cell(mark, scope, column, stated, rows))
    return findings


def _compare_cell(mark: Mark, scope: Sequence[int], column: Summed, stated: Cell, rows: str) -> list[Finding]:
    cell = cell_name(mark.row, column.column)
    parsed = column.reader[stated].value
    subject = f"{cell}“{shown(stated)}”（{mark.title}，{column.heading}）"
    if not isinstance(parsed, (int, Decimal)):
        return [Finding("warning", cell, column.name, shown(stated), "total_unread", f"{subject}：无法读取，未核对")]
    exact = sum((Decimal(column.values.get(row, 0)) for row in scope), Decimal(0))
    # Rows that cannot be read can only add: a total that is less than the others already is wrong all the same.
    if column.unread.intersection(scope) and exact <= parsed:
        return [Finding("warning", cell, column.name, shown(stated), "total_unchecked",
                        f"{subject}：{rows}中有无法读取的数，未核对")]  # fmt: skip
    off = abs(exact - Decimal(parsed))
    if not off:
        return []

    def said(number: Decimal) -> str:
        return spelled(column.name, int(number) if isinstance(parsed, int) else number)

    says = f"写明 {said(Decimal(parsed))}，{rows}合计 {said(exact)}"
    if off <= _rounding(stated, column.unit):
        return [Finding("warning", cell, column.name, shown(stated), "total_rounded",
                        f"{subject}：{says}，读作四舍五入后的合计")]  # fmt: skip
    return [Finding("refused", cell, column.name, shown(stated), "total_mismatch",
                    f"{subject}：{says}，相差 {said(off)}")]  # fmt: skip


def _rounding(stated: Cell, unit: str) -> int:
    """Half of the last digit a stated amount is written with, in fen; nothing for what is no plain amount."""
    per: dict[str, int] = dict(FEN_PER.items())
    text = f"{stated:.15g}" if isinstance(stated, float) else str(stated).replace(",", "")
    whole, _, decimals = text.partition(".")
    if unit not in per or not (whole + decimals).isdigit():
        return 0
    return int(per[unit] // 10 ** len(decimals) // 2)
