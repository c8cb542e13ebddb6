"""A report's workbook read: cells to the one document that the API takes, and wrong fields back to their cells."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from app.exchange.ledgers.cells import is_empty, text_of, tidy
from app.exchange.ledgers.dates import read_date
from app.exchange.weekly.columns import COVER, ENGAGEMENTS, NO, PROBLEMS, PROGRESS, SHEETS, YES, Column, SheetSpec
from app.facts.reports.schemas import ReportIn
from app.kernel.codes import find_region
from app.kernel.errors import FieldError, Invalid, field_errors
from app.kernel.sheet_safety import ERROR_TEXTS
from app.kernel.sheets import Cell, Sheet, cell_name, read_workbook

_BETWEEN = re.compile(r"[、，,;；\n]+(?![^（(]*[）)])")
_PERSON = re.compile(r"(?P<name>[^（(]*)(?:[（(](?P<office>[^）)；;]*)(?:[；;](?P<unit>[^）)]*))?[）)])?")
_LONGEST_SHOWN = 40
_ROWS_OF_NOTES = 20


@dataclass(slots=True)
class Row:
    """What one row says: values by their fields, and where each stands."""

    values: dict[str, Any]
    cells: dict[str, str]
    shown: dict[str, str]
    place: str  # its first cell


@dataclass(slots=True)
class Book:
    """A workbook as it was read: rows by the part of the document that they are, and what is wrong."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


def read(data: bytes, filename: str) -> Book:
    """Every sheet that is one of ours; 422 for a file that is none."""
    try:
        sheets = {sheet.name.strip(): sheet for sheet in read_workbook(data, filename)}
    except ValueError as error:
        raise Invalid.field("file", "not_a_workbook", str(error)) from None
    book = Book()
    known = [(spec, sheets[spec.title]) for spec in SHEETS if spec.title in sheets]
    if not known:
        names = "、".join(spec.title for spec in SHEETS)
        raise Invalid.field("file", "not_a_report", f"没有找到周报的工作表（{names}），请用系统下载的表填写")
    for spec, sheet in known:
        book.rows[spec.part] = list(_rows(book, spec, sheet))
    return book


def _rows(book: Book, spec: SheetSpec, sheet: Sheet) -> Iterator[Row]:
    headings = {column.heading: column for column in spec.columns}
    top, found = _heading_row(sheet, headings)
    if not found:
        message = f"没有找到表头，应有：{'、'.join(headings)}"
        book.errors.append(FieldError(field=f"{spec.title}!A1", code="no_headings", message=message))
        return
    for number, cells in enumerate(sheet.rows[top + 1 :], top + 1):
        if all(is_empty(cell) for cell in cells):
            continue
        row = Row({}, {}, {}, f"{spec.title}!{cell_name(number, 0)}")
        for place, cell in enumerate(cells):
            where = f"{spec.title}!{cell_name(number, place)}"
            column = found.get(place)
            if column is None:
                if not is_empty(cell):
                    heading = text_of(sheet.rows[top][place]) if place < len(sheet.rows[top]) else ""
                    _wrong(book, where, cell, "unknown_column", f"不认识的列“{heading[:_LONGEST_SHOWN]}”")
                continue
            row.cells[column.field], row.shown[column.field] = where, _shown(cell)
            if is_empty(cell):
                continue
            try:
                row.values[column.field] = value(column, cell)
            except ValueError as error:
                _wrong(book, where, cell, column.kind, str(error))
        yield row


def _heading_row(sheet: Sheet, headings: dict[str, Column]) -> tuple[int, dict[int, Column]]:
    """Where the headings stand, below the notes, and which column each is; none when there are none."""
    for top, cells in enumerate(sheet.rows[:_ROWS_OF_NOTES]):
        found = {place: headings[name] for place, cell in enumerate(cells) if (name := tidy(text_of(cell))) in headings}
        if len(found) >= 2:
            return top, found
    return 0, {}


def _shown(cell: Cell) -> str:
    text = text_of(cell)
    return f"{text[:_LONGEST_SHOWN]}…" if len(text) > _LONGEST_SHOWN else text


def _wrong(book: Book, where: str, cell: Cell, code: str, reason: str) -> None:
    book.errors.append(FieldError(field=where, code=code, message=f"“{_shown(cell)}”：{reason}"))


# -- one cell ------------------------------------------------------------------------------------------------------


def value(column: Column, cell: Cell) -> Any:
    """What a cell says; ValueError with a Chinese reason when that is nothing the column may hold."""
    if isinstance(cell, str) and cell in ERROR_TEXTS:
        raise ValueError("公式没有结果，请改填文字或数字")
    match column.kind:
        case "date":
            found = read_date(cell)
            if found.note or found.intended:
                raise ValueError("日期须写到日，例如 2026-11-24")
            return found.day
        case "count" | "number":
            text = tidy(text_of(cell))
            if not re.fullmatch("[0-9]{1,9}人?", text):
                raise ValueError("应为整数")
            return int(text.removesuffix("人"))
        case "word":
            return _word(column, tidy(text_of(cell)))
        case "flag":
            text = tidy(text_of(cell))
            if text not in (YES, NO):
                raise ValueError(f"应为{YES}或{NO}")
            return text == YES
        case "names":
            return _names(cell)
        case "people":
            return [_person(name) for name in _names(cell)]
        case "region":
            code = find_region(tidy(text_of(cell)))
            if code is None:
                raise ValueError("不是行政区划名称，请写省、市或区县")
            return code
        case "line":
            return tidy(text_of(cell))
        case _:
            return text_of(cell).replace("\r\n", "\n").strip()


def _word(column: Column, text: str) -> str:
    assert column.words is not None
    for word, label in column.words.items():
        if text in (word, label):
            return word
    raise ValueError(f"不在可选值之中：{'、'.join(column.words.values())}")


def units_named(row: Row) -> Iterator[str]:
    """The names by which a row of engagements tells of units: those that took part, those of people."""
    yield from row.values.get("units", [])
    yield from (person["unit"] for person in row.values.get("people", []) if person["unit"])


def _names(cell: Cell) -> list[str]:
    return list(dict.fromkeys(name for part in _BETWEEN.split(text_of(cell)) if (name := tidy(part))))


def _person(text: str) -> dict[str, str | None]:
    found = _PERSON.fullmatch(text)
    if found is None:
        raise ValueError("人员写作：张三、张三（区长）、（区委书记）或李工（科长；区商务委）")
    return {name: (said or "").strip() or None for name, said in found.groupdict().items()}


# -- the document --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Document:
    """The document that a workbook holds, and which row each entry of its lists comes from."""

    body: dict[str, Any]
    origins: dict[str, list[Row]]

    def checked(self) -> ReportIn:
        """The document as the API takes it; 422 names cells."""
        try:
            return ReportIn.model_validate(self.body)
        except ValidationError as error:
            raise self.refusal(field_errors(error.errors())) from None

    def refusal(self, errors: Iterable[FieldError]) -> Invalid:
        """Wrong fields of the document as wrong cells of the workbook."""
        return refused([self._cell(error) for error in errors])

    def _cell(self, error: FieldError) -> FieldError:
        part, _, rest = error.field.partition(".")
        place, _, name = rest.partition(".")
        rows = self.origins.get(part, [])
        if not place.isdigit() or int(place) >= len(rows):
            return error.model_copy(update={"field": SHEETS[0].title if part in ("zero", "note", "") else part})
        row = rows[int(place)]
        column = name.split(".")[0]
        where, shown = row.cells.get(column, row.place), row.shown.get(column, "")
        message = error.message.replace("加 create: true", "在“新企业”列选“是”，")
        return error.model_copy(update={"field": where, "message": f"“{shown}”：{message}"})


def refused(errors: list[FieldError]) -> Invalid:
    """One refusal for all cells that are wrong."""
    said = "；".join(f"{error.field} {error.message}" for error in errors[:5])
    return Invalid(said, errors=errors)


def document(book: Book, week: str, unit: str, there: Mapping[int, Row], units: Mapping[str, str]) -> Document:
    """The document of a workbook; 422 names all cells that are wrong.

    `there` are the rows of the engagements that the report has by now, as they would be written: one that comes back
    as it was is kept as it is. `units` gives the code of each name.
    """
    cover = next(iter(book.rows.get(COVER.part, [])), None)
    if cover is None:
        book.errors.append(FieldError(field=COVER.title, code="missing", message="缺“周报”表，请用系统下载的表填写"))
        raise refused(book.errors)
    for name, asked, label in (("week", week, "周"), ("unit", unit, "单位")):
        said = cover.values.get(name)
        if said != asked:
            where = cover.cells.get(name, cover.place)
            message = f"“{said or ''}”：与所报的{label} {asked} 不符"
            book.errors.append(FieldError(field=where, code=f"other_{name}", message=message))
    body: dict[str, Any] = {"zero": cover.values.get("zero", False), "note": cover.values.get("note")}
    entered, kept, origins = _engagements(book, there, units)
    progress = [row for row in book.rows.get(PROGRESS.part, []) if "text" in row.values]
    problems = book.rows.get(PROBLEMS.part, [])
    body |= {
        "engagements": entered,
        "linked": kept,
        "progress": [_only(row, "project", "text") for row in progress],
        "problems": [_only(row, "text", "help", "project") for row in problems],
    }
    if book.errors:
        raise refused(book.errors)
    return Document(body, origins | {"progress": progress, "problems": problems})


def _only(row: Row, *names: str) -> dict[str, Any]:
    return {name: row.values[name] for name in names if name in row.values}


def _engagements(
    book: Book, there: Mapping[int, Row], units: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[int], dict[str, list[Row]]]:
    entered: list[dict[str, Any]] = []
    kept: list[int] = []
    origins: dict[str, list[Row]] = {"engagements": [], "linked": []}
    keys: set[str] = set()
    for row in book.rows.get(ENGAGEMENTS.part, []):
        values = dict(row.values)
        number, key = values.pop("id", None), values.pop("key", None)
        if number is not None and key is None and number not in there:
            # Recorded elsewhere: named by its number alone.
            kept.append(number)
            origins["linked"].append(row)
            continue
        if number in there and _same(row, there[number]):
            kept.append(number)
            origins["linked"].append(row)
            continue
        if number in there and key is None:
            message = "该活动不是随本周报登记的，请在对接活动中修改；此处只保留活动编号即可"
            book.errors.append(FieldError(field=row.cells.get("id", row.place), code="not_here", message=message))
            continue
        key = key or _key(values)
        while key in keys:
            key = f"{key}+"
        keys.add(key)
        entered.append(_entered(book, row, values, units) | {"key": key})
        origins["engagements"].append(row)
    return entered, kept, origins


def _same(row: Row, other: Row) -> bool:
    names = [column.field for column in ENGAGEMENTS.columns if column.field not in ("create", "key", "id")]
    return all(row.values.get(name) == other.values.get(name) for name in names)


def _key(values: Mapping[str, Any]) -> str:
    """What a new row is known by: sent again, with other words perhaps, it is the same engagement."""
    said = "\n".join(str(values.get(name)) for name in ("kind", "title", "starts_on"))
    return f"xlsx-{sha256(said.encode()).hexdigest()[:24]}"


def _entered(book: Book, row: Row, values: dict[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    def code_of(name: str, column: str) -> str | None:
        if name not in units:
            message = f"“{name}”：没有这个单位"
            book.errors.append(FieldError(field=row.cells[column], code="unknown_unit", message=message))
        return units.get(name)

    create = values.pop("create", False)
    codes = [code_of(name, "units") for name in values.pop("units", [])]
    for person in values.get("people", []):
        person["unit"] = person["unit"] and code_of(person["unit"], "people")
    met = [{"name": name, "create": create} for name in values.pop("enterprises", [])]
    return values | {"units": codes, "enterprises": met}
