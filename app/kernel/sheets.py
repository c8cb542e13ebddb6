"""Spreadsheets in and out, without any idea of what they mean.

In: .xlsx and .xls through calamine, .csv through the standard library; limits first, errors in Chinese.
Out: a styled workbook, row by row, so that its size is not bounded by memory.
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from app.kernel.sheet_safety import MAX_BYTES, MAX_CELLS, MAX_SHEETS, check_size, column_number, inspect_xlsx

Cell = str | int | float | dt.date | dt.datetime | dt.time | dt.timedelta

_FORMULA_START = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")
_ESCAPED_START = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")
# Control characters but tab and line breaks, and halves of pairs: no database takes them, nobody means them.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CELL_NAME = re.compile(r"([A-Z]+)(\d+)")


@dataclass(slots=True)
class Sheet:
    """One sheet: `rows[r][c]`, counted from A1, the empty cell is `""`.

    `merged` holds (first row, first column, last row, last column), counted from 0; only the first cell of a merged
    block holds its value.
    """

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: bool = False


def column_letter(column: int) -> str:
    """0 → `A`, 26 → `AA`."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """(11, 2) → `C12`: what Excel calls the cell; row and column count from 0."""
    return f"{column_letter(column)}{row + 1}"


def neutralise(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: a leading `= + - @`, tab or line break gets a `'` before it.

    A text that already looks neutralised gets one more, so that `restore` always returns exactly what went in.
    """
    return "'" + text if _FORMULA_START.match(text) else text


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return text[1:] if _ESCAPED_START.match(text) else text


# --- in -----------------------------------------------------------------------------------------------------------


def read_workbook(source: bytes | Path | str, filename: str = "") -> list[Sheet]:
    """Every worksheet of an .xlsx, .xls or .csv file; what kind it is, its content decides.

    Dates are `date` or `datetime`, numbers `float`, logical values the text TRUE or FALSE. A formula that has no
    calculated value and a formula error come as texts of `sheet_safety.ERROR_TEXTS`. ValueError, in Chinese, says why
    a file is refused.
    """
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise ValueError(_too_big())
        data = source
    else:
        path = Path(source)
        filename = filename or path.name
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(_too_big())
        data = path.read_bytes()
    kind = recognise(data, filename)
    if kind == "xlsx":
        return _through_calamine(data, inspect_xlsx(data))
    if kind == "xls":
        return _through_calamine(data, {})
    return [Sheet(PurePath(filename).stem or "CSV", _csv_rows(data))]


def recognise(data: bytes, filename: str = "") -> Literal["xlsx", "xls", "csv"]:
    """What kind of file this is, by its first bytes; a name is asked only of plain text. ValueError for no ledger."""
    if not data.strip(b"\0\r\n\t "):
        raise ValueError("文件是空的")
    if data.startswith(b"PK"):
        return "xlsx"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if PurePath(filename).suffix.lower() in {".csv", ".txt", ".tsv"}:
        return "csv"
    if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<", data):
        raise ValueError("这是改了扩展名的网页或 XML 文件，请在 Excel 中打开后另存为 .xlsx")
    raise ValueError("无法识别的文件：只接受 .xlsx、.xls、.csv")


def _too_big() -> str:
    return f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请拆分后再导入"


def _through_calamine(data: bytes, unreadable: dict[int, dict[str, str]]) -> list[Sheet]:
    try:
        return _calamine_sheets(data, unreadable)
    except PasswordError as error:
        raise ValueError("文件有打开密码，请去掉密码后再导入") from error
    except CalamineError as error:
        raise ValueError("文件已损坏或不是 Excel 工作簿，请在 Excel 中打开后另存为 .xlsx") from error
    except BaseException as error:
        # A panic of the native parser is no Exception; a broken upload must not look like a crash of the server.
        if type(error).__name__ == "PanicException":
            raise ValueError("文件已损坏，无法读取；请在 Excel 中打开后另存为 .xlsx") from error
        raise


def _calamine_sheets(data: bytes, unreadable: dict[int, dict[str, str]]) -> list[Sheet]:
    sheets: list[Sheet] = []
    cells = 0
    with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
        if len(workbook.sheets_metadata) > MAX_SHEETS:
            raise ValueError(f"工作表超过 {MAX_SHEETS} 张，请拆分后再导入")
        for index, meta in enumerate(workbook.sheets_metadata):
            if meta.typ != SheetTypeEnum.WorkSheet:
                continue
            found = workbook.get_sheet_by_index(index)
            height, width = (found.end[0] + 1, found.end[1] + 1) if found.end else (0, 0)
            check_size(height, width)
            cells += height * width
            if cells > MAX_CELLS:
                raise ValueError("工作簿的单元格太多，请拆分后再导入")
            rows: list[list[Any]] = found.to_python(skip_empty_area=False) if height else []
            for name, text in unreadable.get(index, {}).items():
                _place(rows, name, text)
            merged = [(top, left, bottom, right) for (top, left), (bottom, right) in found.merged_cell_ranges or ()]
            sheets.append(Sheet(meta.name, _cells(rows), merged, meta.visible != SheetVisibleEnum.Visible))
    return sheets


def _place(rows: list[list[Any]], name: str, text: str) -> None:
    match = _CELL_NAME.fullmatch(name)
    if match is None:
        return
    row, column = int(match[2]) - 1, column_number(match[1]) - 1
    if row < len(rows) and column < len(rows[row]):
        rows[row][column] = text


def _csv_rows(data: bytes) -> list[list[Cell]]:
    text = _decoded(data)
    first_lines = text[:4000].split("\n", 5)[:5]
    delimiter = max(",\t;", key=lambda mark: sum(line.count(mark) for line in first_lines))
    rows: list[list[Any]] = []
    width = 0
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            width = max(width, len(row))
            check_size(len(rows), width)
    except csv.Error as error:
        raise ValueError(f"CSV 第 {len(rows) + 1} 行无法读取：{error}") from error
    for row in rows:
        row.extend([""] * (width - len(row)))
    return _cells(rows)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("CSV 的编码无法识别：请用 UTF-8 或 GB18030（GBK）保存")


def _cells(rows: list[list[Any]]) -> list[list[Cell]]:
    for row in rows:
        for column, value in enumerate(row):
            if type(value) is str:
                if not value.isprintable():
                    value = row[column] = _UNWRITABLE.sub("", value)
                if value[:1] == "'":
                    row[column] = restore(value)
            elif value is True or value is False:
                row[column] = "TRUE" if value else "FALSE"
    return rows


# --- out ----------------------------------------------------------------------------------------------------------

Style = Literal["text", "date", "money", "integer", "decimal"]


@dataclass(frozen=True, slots=True)
class ColumnOut:
    """A column to write. `money` takes fen and shows 万元; `choices` become a drop-down, `hint` a tip."""

    heading: str
    width: float = 14
    style: Style = "text"
    choices: Sequence[str] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SheetOut:
    """A sheet to write: notes, then the heading row, then the rows, which are taken one at a time.

    `frozen` columns stay where they are when one scrolls to the right, and are printed on every page.
    """

    title: str
    columns: Sequence[ColumnOut]
    rows: Iterable[Sequence[Any]] = ()
    notes: Sequence[str] = ()
    frozen: int = 0
    spare_rows: int = 300  # rows below the data that get the drop-downs and formats too


CHOICES_SHEET = "选项"
_FORBIDDEN_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
_WAN = 1_000_000  # fen in 万元


def write_workbook(target: Path | BinaryIO, sheets: Iterable[SheetOut]) -> int:
    """Write the sheets, holding one row at a time; returns how many rows there were.

    Values: text (neutralised), `date` as a real date, `int` fen in a money column as an exact number of 万元, `int` and
    `Decimal`, sequences joined with 、, None as an empty cell.
    """
    book = xlsxwriter.Workbook(
        str(target) if isinstance(target, Path) else target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    formats = _Formats(book)
    choices: list[tuple[Any, int, int, int, Sequence[str], str]] = []
    total = 0
    for sheet in sheets:
        page = book.add_worksheet(_FORBIDDEN_IN_TITLE.sub("", sheet.title)[:31])
        header = len(sheet.notes)
        for column, out in enumerate(sheet.columns):
            page.set_column(column, column, out.width, formats.column(out.style))
        last = len(sheet.columns) - 1
        for number, note in enumerate(sheet.notes):
            page.set_row(number, 18 * (note.count("\n") + 1))
            if last > 0:
                page.merge_range(number, 0, number, last, neutralise(note), formats.note)
            else:
                page.write_string(number, 0, neutralise(note), formats.note)
        page.set_row(header, 32)
        for column, out in enumerate(sheet.columns):
            page.write_string(header, column, out.heading, formats.header)
        page.freeze_panes(header + 1, sheet.frozen)
        page.set_landscape()
        page.set_paper(8)  # A3
        page.repeat_rows(header)
        if sheet.frozen:
            page.repeat_columns(0, sheet.frozen - 1)
        writers = [_writer(page, formats, column, out.style) for column, out in enumerate(sheet.columns)]
        row = header
        for values in sheet.rows:
            row += 1
            for writer, value in zip(writers, values, strict=True):
                if value is not None:
                    writer(row, value)
        total += row - header
        page.autofilter(header, 0, max(row, header + 1), last)
        for column, out in enumerate(sheet.columns):
            if out.choices:
                choices.append((page, header + 1, row + sheet.spare_rows, column, out.choices, out.heading))
            if out.hint:
                page.data_validation(
                    header, column, header, column,
                    {"validate": "any", "input_title": out.heading[:32], "input_message": out.hint[:255]},
                )  # fmt: skip
    _drop_downs(book, choices)
    book.close()
    return total


def _drop_downs(book: Any, choices: list[tuple[Any, int, int, int, Sequence[str], str]]) -> None:
    """A list written into the rule itself may not pass 255 characters, so the lists stand on a hidden sheet."""
    if not choices:
        return
    page = book.add_worksheet(CHOICES_SHEET)
    page.hide()
    lists = list({tuple(values): None for *_, values, _ in choices})
    for row in range(max(map(len, lists))):  # row by row: constant memory cannot go back
        for column, options in enumerate(lists):
            if row < len(options):
                page.write_string(row, column, neutralise(options[row]))
    for target, first, last, column, values, heading in choices:
        letter = column_letter(lists.index(tuple(values)))
        target.data_validation(
            first, column, last, column,
            {
                "validate": "list",
                "source": f"={CHOICES_SHEET}!${letter}$1:${letter}${len(values)}",
                "error_type": "warning",
                "error_title": heading[:32],
                "error_message": "不在下拉选项之中，导入时可能无法识别",
            },
        )  # fmt: skip


class _Formats:
    """The few looks a workbook has; a format per number of decimals, so that a number shows all it has and no more."""

    def __init__(self, book: Any) -> None:
        body = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        self._book, self._body = book, body
        self.header = book.add_format({
            "font_name": "微软雅黑", "font_size": 10, "bold": True, "bg_color": "#DCE6F1", "border": 1,
            "border_color": "#A6A6A6", "text_wrap": True, "align": "center", "valign": "vcenter",
        })  # fmt: skip
        self.note = book.add_format({
            "font_name": "微软雅黑", "font_size": 9, "font_color": "#595959", "text_wrap": True, "valign": "vcenter",
        })  # fmt: skip
        self.text = book.add_format({**body, "num_format": "@"})
        self.date = book.add_format({**body, "num_format": "yyyy-mm-dd", "align": "center"})
        self._numbers: dict[int, Any] = {}

    def number(self, decimals: int) -> Any:
        if decimals not in self._numbers:
            pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._numbers[decimals] = self._book.add_format({**self._body, "num_format": pattern})
        return self._numbers[decimals]

    def column(self, style: Style) -> Any:
        """What an empty cell looks like when somebody types into it: a code typed into a text cell stays a text."""
        if style == "date":
            return self.date
        return self.text if style == "text" else None


def _writer(page: Any, formats: _Formats, column: int, style: Style) -> Callable[[int, Any], object]:
    def write_text(row: int, value: Any) -> object:
        text = "、".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
        return page.write_string(row, column, neutralise(text), formats.text)

    def write_date(row: int, value: Any) -> object:
        if not isinstance(value, dt.date) or value.year < 1901:
            return write_text(row, value)
        plain = value.date() if isinstance(value, dt.datetime) else value
        return page.write_datetime(row, column, plain, formats.date)

    def write_number(row: int, value: Any) -> object:
        exact = Decimal(value)
        if len(exact.as_tuple().digits) > 15:  # more than a spreadsheet's number can hold
            return write_text(row, format(exact, "f"))
        return page.write_number(row, column, float(exact), formats.number(_decimals(exact)))

    def write_money(row: int, value: Any) -> object:
        return write_number(row, Decimal(value) / _WAN)

    writers = {"text": write_text, "date": write_date, "money": write_money}
    return writers.get(style, write_number)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
