"""The city's receipt file: the blank one to be filled in, and the filled one read, all or nothing."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from app.exchange.municipal import headings
from app.exchange.municipal.headings import KEY, KIND, VERSION
from app.exchange.municipal.packages.books import Item
from app.exchange.municipal.wire.contract import RECORD_KIND_LABELS, RESULT_LABELS, Receipt, RecordKind, Result
from app.kernel.errors import FieldError, Invalid
from app.kernel.sheets import Cell, ColumnOut, Sheet, SheetOut, cell_name, read_workbook, write_workbook
from app.kernel.text import cleaned

RESULT, RECEIPT_NO, CODE, FIELD, MESSAGE = "结果", "回执号", "退回代码", "字段", "原因"
NEEDED = (KIND, KEY, VERSION, RESULT)
LENGTHS = {RECEIPT_NO: 64, CODE: 64, FIELD: 64, MESSAGE: 500}
SAID = (Result.ACCEPTED, Result.REJECTED, Result.RETRY, Result.DUPLICATE, Result.RECEIVED)
"""What a file can say of a record; that the city holds something newer it says in a reconciliation."""
RESULTS: Mapping[str, Result] = {
    **{str(result): result for result in SAID},
    **{RESULT_LABELS[result]: result for result in SAID},
}
NOTE = "逐行填写“结果”；退回的须写明退回代码或原因。没有结果的行可删去，待有结果时另行提交"
_ROWS_OF_NOTES = 10


def template(items: Sequence[Item]) -> bytes:
    """A workbook with the records of a package, to be filled in by the city."""
    columns = [
        ColumnOut(KIND), ColumnOut(KEY, 24), ColumnOut(VERSION, 8),
        ColumnOut(RESULT, 12, choices=tuple(RESULT_LABELS[result] for result in SAID)), ColumnOut(RECEIPT_NO, 20),
        ColumnOut(CODE), ColumnOut(FIELD), ColumnOut(MESSAGE, 40),
    ]  # fmt: skip
    rows = [
        [RECORD_KIND_LABELS[item.kind], item.key, str(item.version), None, None, None, None, None] for item in items
    ]  # fmt: skip
    book = BytesIO()
    write_workbook(book, [SheetOut("回执", columns, rows, (NOTE,), spare_rows=0)])
    return book.getvalue()


def read(data: bytes, filename: str, items: Sequence[Item]) -> list[Receipt]:
    """The receipts of a file for the records of a package; 422 names every cell that is wrong."""
    try:
        sheets = read_workbook(data, filename)
    except ValueError as error:
        raise Invalid.field("file", "not_receipts", str(error)) from None
    errors: list[FieldError] = []
    found: dict[tuple[RecordKind, str], Receipt] = {}
    known = {(item.kind, item.key): item for item in items}
    headed = False
    for sheet in sheets:
        top = None if sheet.hidden else _top(sheet)
        if top is not None:
            headed = True
            _Reader(sheet, top, known, found, errors).read()
    if not headed:
        raise Invalid.field("file", "no_headings", f"没有表头：须有 {'、'.join(NEEDED)} 各列")
    if not errors and not found:
        raise Invalid.field("file", "empty", "没有一行回执")
    if errors:
        said = "；".join(f"{error.field}：{error.message}" for error in errors[:5])
        raise Invalid(said, errors=errors[:100])
    return list(found.values())


def _top(sheet: Sheet) -> int | None:
    for number, cells in enumerate(sheet.rows[:_ROWS_OF_NOTES]):
        if set(NEEDED) <= {headings.text_of(cell) for cell in cells}:
            return number
    return None


class _Reader:
    """One sheet being read: what it has told, and what is wrong with it."""

    def __init__(
        self, sheet: Sheet, top: int, known: Mapping[tuple[RecordKind, str], Item],
        found: dict[tuple[RecordKind, str], Receipt], errors: list[FieldError],
    ) -> None:  # fmt: skip
        self.sheet, self.top, self.known, self.found, self.errors = sheet, top, known, found, errors
        self.columns = {
            headings.text_of(cell): place for place, cell in reversed(list(enumerate(sheet.rows[top])))
        }  # fmt: skip

    def read(self) -> None:
        for row, cells in enumerate(self.sheet.rows[self.top + 1 :], self.top + 1):
            if any(headings.text_of(cell) for cell in cells):
                self._row(row, cells)

    def _wrong(self, row: int, heading: str, code: str, message: str) -> None:
        where = f"{self.sheet.name} {cell_name(row, self.columns.get(heading, 0))}"
        self.errors.append(FieldError(field=where, code=code, message=message))

    def _row(self, row: int, cells: Sequence[Cell]) -> None:
        before = len(self.errors)
        told: dict[str, str] = {name: headings.text_of(cells[place]) for name, place in self.columns.items()}
        item = self._item(row, told)
        result = RESULTS.get(told[RESULT])
        if result is None:
            said = f"“{told[RESULT][:20]}”：" if told[RESULT] else ""
            self._wrong(row, RESULT, "result", f"{said}应为 {'、'.join(RESULT_LABELS[one] for one in SAID)} 之一")
        if result is Result.REJECTED and not (told.get(CODE) or told.get(MESSAGE)):
            self._wrong(row, MESSAGE, "reason", "退回须写明退回代码或原因")
        more: dict[str, Any] = {}
        for heading, name in ((RECEIPT_NO, "receipt_no"), (CODE, "code"), (FIELD, "field"), (MESSAGE, "message")):
            text = told.get(heading, "")
            if len(text) > LENGTHS[heading]:
                self._wrong(row, heading, "too_long", f"过长，至多 {LENGTHS[heading]} 个字符")
            more[name] = cleaned(text, LENGTHS[heading]) if text else None
        if len(self.errors) == before and item is not None and result is not None:
            receipt = Receipt(kind=item.kind, key=item.key, version=item.version, result=result, **more)
            self.found[item.kind, item.key] = receipt

    def _item(self, row: int, told: Mapping[str, str]) -> Item | None:
        kind = headings.KINDS.get(told[KIND])
        if kind is None:
            names = "、".join(RECORD_KIND_LABELS.values())
            self._wrong(row, KIND, "kind", f"“{told[KIND][:20]}”：应为 {names} 之一")
            return None
        item = self.known.get((kind, told[KEY]))
        if item is None:
            self._wrong(row, KEY, "not_here", f"“{told[KEY][:40]}”：不在本包之中")
            return None
        if (kind, item.key) in self.found:
            self._wrong(row, KEY, "twice", f"“{item.key}”：已有一行")
        try:
            version = headings.version_of(told[VERSION])
        except ValueError as error:
            self._wrong(row, VERSION, "version", f"“{told[VERSION][:20]}”：{error}")
            return item
        if version != item.version:
            self._wrong(row, VERSION, "other_version", f"“{version}”：本包所报为第 {item.version} 版")
        return item
