"""One sheet: its heading understood, its rows read one by one, its groups and totals checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.exchange.ledgers.cells import Issue, Reader, text_of, tidy
from app.exchange.ledgers.completion import Context, complete
from app.exchange.ledgers.findings import AMBIGUOUS, ColumnReading, Finding, RowReading, SheetReading, Value, shown
from app.exchange.ledgers.headers import Header, HeaderColumn, find_header, nonblank
from app.exchange.ledgers.headings import Match
from app.exchange.ledgers.labels import LABELS
from app.exchange.ledgers.marks import MAY_BE_MARK, Mark, read_mark
from app.exchange.ledgers.totals import Summed, check_totals
from app.kernel.sheets import CHOICES_SHEET, Cell, Sheet, cell_name, column_letter

_SUMMED = frozenset({"money", "integer", "area"})
_VAGUE = frozenset({"partial_date", "approximate"})
_MARK_WORDS = {
    "group": "分组", "subtotal": "小计", "total": "合计", "heading": "重复的表头", "footnote": "附注", "empty": "空行",
}  # fmt: skip
_IN_WORDS = {"sector": "产业类别", "stage": "阶段"}


@dataclass(slots=True)
class _Column:
    index: int
    heading: str
    name: str
    reader: Reader
    summed: Summed | None
    year: int | None


@dataclass(slots=True)
class _Plan:
    columns: list[_Column] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    as_of: date | None = None
    hot: list[tuple[int, Reader, str, _Column | None]] = field(default_factory=list)
    by_index: dict[int, _Column] = field(default_factory=dict)
    name_index: int | None = None


def read_sheet(sheet: Sheet, today: date) -> SheetReading:
    """Everything one sheet says."""
    if sheet.hidden and sheet.name == CHOICES_SHEET:  # the drop-downs of our own workbooks
        return SheetReading(sheet.name, "skipped")
    if sheet.hidden:
        return _skipped(sheet, "隐藏的工作表，未读取")
    if not any(True for row in sheet.rows for _ in nonblank(row)):
        return SheetReading(sheet.name, "skipped")
    header = find_header(sheet)
    if header is None:
        return _skipped(sheet, "没有找到表头（至少要有“项目名称”和另一列），整张表未读取")
    reading = SheetReading(
        sheet.name, header.kind, tuple(range(header.top + 1, header.bottom + 2)), header.money_unit,
        skipped={row + 1: "标题" for row in range(header.top) if any(True for _ in nonblank(sheet.rows[row]))},
    )  # fmt: skip
    plan = _plan(header, reading, today)
    rows = _spread_merged(sheet, header, plan, reading)
    _read_rows(Sheet(sheet.name, rows, sheet.merged), header, plan, reading, today)
    return reading


def _skipped(sheet: Sheet, reason: str) -> SheetReading:
    if not any(True for row in sheet.rows for _ in nonblank(row)):
        return SheetReading(sheet.name, "skipped")
    message = f"工作表“{sheet.name}”：{reason}"
    return SheetReading(
        sheet.name, "skipped", findings=[Finding("warning", "", None, sheet.name, "sheet_skipped", message)]
    )


# --- Columns ---


def _plan(header: Header, reading: SheetReading, today: date) -> _Plan:
    """Settle what each column means; say what is not understood, meant twice, or taken on trust."""
    plan = _Plan()
    unit = header.money_unit
    without_unit = [c for c in header.columns if c.match and c.match.type == "money" and not (c.match.unit or unit)]
    if without_unit:
        headings = "、".join(f"{column_letter(c.index)}列“{c.heading}”" for c in without_unit)
        _tell(reading, "warning", header, without_unit[0], "unit_missing", f"{headings}没有注明单位，读作万元")
    definite = {c.match.field for c in header.columns if c.match and not c.match.ambiguous}
    for column in header.columns:
        match = _settled(column, definite, header, reading)
        unit_said = ""
        if match and not match.ignored:
            name = AMBIGUOUS if match.ambiguous else match.field
            unit_said = (match.unit or unit or "万元") if match.type == "money" else match.unit
            if not _add(plan, column, match, name, unit_said, today):
                reason = f"与{plan.letters[name]}列同为“{column.heading}”一类，未采用"
                _tell(reading, "warning", header, column, "column_twice", reason)
                match = None
        known = match.field if match and not match.ignored else None
        reading.columns.append(ColumnReading(column_letter(column.index), column.heading, known, unit_said))
    plan.by_index = {column.index: column for column in plan.columns}
    plan.name_index = header.column("name")
    plan.hot = [(c.index, c.reader, c.name, c if c.summed else None) for c in plan.columns]
    return plan


def _settled(column: HeaderColumn, definite: set[str], header: Header, reading: SheetReading) -> Match | None:
    """The meaning of a column once those of the others are known."""
    match = column.match
    if match is None:
        _tell(reading, "warning", header, column, "column_unknown", "不认识的列，其内容未读取")
        return None
    if match.year == 0:
        if header.year is None:
            _tell(reading, "warning", header, column, "year_unknown", "标题里没有年份，不知“本年”是哪一年，未采用")
            return None
        _tell(reading, "info", header, column, "year_from_title", f"按标题读作 {header.year} 年的到位资金")
        return Match(match.field, match.type, match.unit, header.year)
    if match.ambiguous and "contract_amount" in definite:
        if "investment" in definite:
            _tell(reading, "warning", header, column, "column_twice", "本表另有合同金额和总投资，此列未采用")
            return None
        _tell(reading, "warning", header, column, "column_ambiguous", "本表另有合同金额，此列读作总投资")
        return Match("investment", match.type, match.unit)
    if match.ambiguous:
        reason = "已签约的行读作合同金额，意向框架的行读作框架协议金额，其余读作总投资"
        _tell(reading, "warning", header, column, "column_ambiguous", reason)
    return match


def _add(plan: _Plan, column: HeaderColumn, match: Match, name: str, unit: str, today: date) -> bool:
    if any(other.name == name and other.year == match.year for other in plan.columns):
        return False
    reader = Reader(match, column.heading, unit or "万元", today)
    summed = Summed(column.index, column.heading, name, unit, reader) if match.type in _SUMMED else None
    plan.columns.append(_Column(column.index, column.heading, name, reader, summed, match.year))
    plan.letters.setdefault(name, column_letter(column.index))
    plan.as_of = match.as_of or plan.as_of
    return True


def _tell(reading: SheetReading, level: str, header: Header, column: HeaderColumn, code: str, reason: str) -> None:
    cell = cell_name(header.bottom, column.index)
    known = column.match.field if column.match else None
    message = f"{cell}（表头“{column.heading}”）：{reason}"
    reading.findings.append(
        Finding("warning" if level == "warning" else "info", cell, known, column.heading, code, message)
    )


def _spread_merged(sheet: Sheet, header: Header, plan: _Plan, reading: SheetReading) -> list[list[Cell]]:
    """Give every row of a vertically merged cell its text; an amount stays with the first row, and is reported."""
    rows = sheet.rows
    by_index = plan.by_index
    for top, left, bottom, _ in sheet.merged:
        column = by_index.get(left)
        if bottom == top or top <= header.bottom or column is None or rows[top][left] == "":
            continue
        if column.summed:
            cell = cell_name(top, left)
            message = f"{cell}“{shown(rows[top][left])}”：第{top + 1}至{bottom + 1}行合并的数，只记在第{top + 1}行"
            reading.findings.append(Finding("warning", cell, column.name, shown(rows[top][left]), "merged", message))
            continue
        rows = list(map(list, rows)) if rows is sheet.rows else rows
        for row in range(top + 1, min(bottom, len(rows) - 1) + 1):
            if rows[row][left] == "":
                rows[row][left] = rows[top][left]
    return rows


# --- Rows ---


def _read_rows(sheet: Sheet, header: Header, plan: _Plan, reading: SheetReading, today: date) -> None:
    name_column = header.column("name")
    lead = next((c.index for c in header.columns if c.match and c.match.ignored), None)
    looked_at = [column for column in (name_column, lead) if column is not None]
    context = Context(header.kind, today, frozenset(plan.letters), header.year, plan.as_of, header.until)
    context.begin(f"{sheet.name} {' '.join(header.titles)}", header.reporting_unit)
    _tell_context(reading, context, header)
    marks: list[Mark] = []
    records: list[int] = []
    for number in range(header.bottom + 1, len(sheet.rows)):
        row = sheet.rows[number]
        name = row[name_column] if name_column is not None else ""
        if name == "" or any(isinstance(c := row[at], str) and c and MAY_BE_MARK.match(c) for at in looked_at):
            mark = read_mark(sheet, header, number, name_column)
            if mark is not None:
                _note_mark(mark, marks, reading, context)
                continue
        read = _read_row(sheet.name, number, row, plan)
        complete(read, context)
        reading.rows.append(read)
        records.append(number)
    summed = [column.summed for column in plan.columns if column.summed]
    check_totals(sheet, reading, marks, records, summed)


def _read_row(sheet_name: str, number: int, row: list[Cell], plan: _Plan) -> RowReading:
    read = RowReading(sheet_name, number + 1, plan.letters)
    values = read.values
    extras: list[tuple[str, Value]] = []
    # The hottest loop of an import: a quarter of a million cells in a ledger of 10,000 rows.
    for index, reader, name, column in plan.hot:
        raw = row[index]
        if raw == "":
            continue
        value, issues, extra = reader[raw]
        if column is not None:
            value = _summable(column, number, value, issues, values)
        if value is not None:
            values[name] = value
        if issues:
            _tell_cell(read, plan.by_index[index], raw, issues)
        if extra:
            extras.extend(extra.items())
    if extras and "code" in values and plan.name_index is not None and any(name == "aliases" for name, _ in extras):
        _unsplit(read, row[plan.name_index])
        extras = [(name, more) for name, more in extras if name != "aliases"]
    for name, more in extras:  # what a cell tells besides gives way to the field's own column
        present = values.get(name)
        if isinstance(present, tuple) and isinstance(more, tuple):
            values[name] = tuple(dict.fromkeys((*present, *more)))
        elif present is None:
            values[name] = more
    return read


def _unsplit(read: RowReading, raw: Cell) -> None:
    """A row with a project code comes from our own export: its name is the recorded one, brackets and all."""
    read.values["name"] = tidy(text_of(raw))
    read.findings = [finding for finding in read.findings if finding.code != "alias_in_brackets"]


def _summable(
    column: _Column, number: int, value: Value | None, issues: Iterable[Issue], values: dict[str, Value]
) -> Value | None:
    """Keep a number for the totals; an amount of one year joins those of other years."""
    if column.summed is None:
        return value
    if isinstance(value, (int, Decimal)):
        column.summed.values[number] = value
    elif any(issue.level == "refused" for issue in issues):
        column.summed.unread.add(number)
    if column.year is not None and isinstance(value, int):
        return {**_by_year(values.get(column.name)), column.year: value}
    return value


def _by_year(value: Value | None) -> dict[int, int]:
    return value if isinstance(value, dict) else {}


def _tell_cell(read: RowReading, column: _Column, raw: Cell, issues: Iterable[Issue]) -> None:
    cell = f"{column_letter(column.index)}{read.number}"
    value = shown(raw)
    for issue in issues:
        message = f"{cell}“{value}”（{column.heading}）：{issue.reason}"
        read.findings.append(Finding(issue.level, cell, column.name, value, issue.code, message))
        if issue.code in _VAGUE:
            read.vague.add(column.name)


def _note_mark(mark: Mark, marks: list[Mark], reading: SheetReading, context: Context) -> None:
    words = _MARK_WORDS
    if mark.kind != "empty" or mark.title:
        bare = mark.title in ("", words[mark.kind])
        reading.skipped[mark.row + 1] = words[mark.kind] if bare else f"{words[mark.kind]}：{mark.title}"
    marks.append(mark)
    if mark.kind == "group":
        found = context.enter(mark.title, mark.level)
        for name, code in found.items():
            cell = cell_name(mark.row, mark.column)
            message = f"{cell}“{mark.title}”：其下各行没有另写{_IN_WORDS[name]}的，读作“{LABELS[name][code]}”"
            reading.findings.append(Finding("info", cell, name, mark.title, "group_context", message))


def _tell_context(reading: SheetReading, context: Context, header: Header) -> None:
    if missing := context.readings_for_missing_columns():
        for code, message in missing:
            reading.findings.append(
                Finding("warning", "", None, reading.name, code, f"工作表“{reading.name}”：{message}")
            )
    for name, code in context.told().items():
        if header.column(name) is None:
            text = LABELS[name][code] if name in LABELS else code
            message = f"工作表“{reading.name}”的名称或标题：没有另写的行，{_IN_WORDS.get(name, '责任单位')}读作“{text}”"
            reading.findings.append(Finding("info", "", name, text, "title_context", message))
