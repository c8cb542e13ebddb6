"""What the city holds, as it tells it: page by page when it is asked, in a list, in a file."""

from collections.abc import Iterable, Mapping
from contextlib import closing

from pydantic import ValidationError

from app.exchange.municipal import headings
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.receipts import LARGEST
from app.exchange.municipal.reconciliations.compare import Theirs
from app.exchange.municipal.reconciliations.schemas import HeldIn
from app.exchange.municipal.rules import Report
from app.exchange.municipal.sending import Answered, Line
from app.exchange.municipal.wire.contract import HeldPage, HeldRecord, Operation, RecordKind
from app.kernel.errors import FieldError, Invalid, Problem
from app.kernel.sheets import Sheet, cell_name, read_workbook
from app.kernel.text import cleaned

MOST = 1_000_000
"""Records of one reconciliation."""
_ROWS_OF_NOTES = 10


class CityFailed(Problem):
    """The city did not tell what it holds; `outcome` and `reason` say why."""

    status, title, code = 502, "Bad Gateway", "city_failed"
    message = "没有从市级取得其持有的记录"
    english = "The municipal system did not tell what it holds."

    def __init__(self, said: str, outcome: str = "failed", why: str | None = None, http: int | None = None) -> None:
        super().__init__(f"没有从市级取得其持有的记录：{said}")
        self.outcome, self.why, self.reason, self.http = outcome, why, said, http


# -- asked ---------------------------------------------------------------------------------------------------------


def ask(settings: Connection) -> list[HeldRecord]:
    """All that the city holds, page by page over the signed line of the courier; CityFailed when it does not tell."""
    found: list[HeldRecord] = []
    after: str | None = None
    with closing(Line(settings)) as line:
        while True:
            query = {"limit": "500"} if after is None else {"limit": "500", "after": after}
            answer = line.exchange("GET", "/records", query=query)
            if not isinstance(answer, Answered):
                outcome = "refused" if type(answer).__name__ == "Distrusted" else "failed"
                raise CityFailed(answer.reason, outcome, answer.code, answer.status)
            page = _page(answer.body)
            found.extend(page.items)
            if page.next is None:
                return found
            if page.next == after or not page.items or len(found) > MOST:
                raise CityFailed("翻页没有尽头", "refused", "malformed", answer.status)
            after = page.next


def _page(body: bytes) -> HeldPage:
    try:
        return HeldPage.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise CityFailed(f"答复不合约定：{cleaned(where, 100) or '全文'}", "refused", "malformed", 200) from None


def listed(held: Iterable[HeldRecord | HeldIn]) -> list[Theirs]:
    """Records of a list; 422 for keys that nobody types."""
    found = []
    for number, one in enumerate(held):
        if cleaned(one.key, 64) != one.key:
            raise Invalid.field(f"held.{number}.key", "control_character", "不得含控制字符或首尾空格")
        if one.version > LARGEST:
            raise Invalid.field(f"held.{number}.version", "too_large", "版本号过大")
        found.append(Theirs(one.kind, one.key, one.version, one.op, one.digest, one.payload))
    return found


# -- a file --------------------------------------------------------------------------------------------------------


def read(data: bytes, filename: str, report: Report) -> list[Theirs]:
    """Records of an .xlsx, .xls or .csv file; 422 names every cell that is wrong."""
    try:
        sheets = read_workbook(data, filename)
    except ValueError as error:
        raise Invalid.field("file", "not_a_list", str(error)) from None
    errors: list[FieldError] = []
    found: list[Theirs] = []
    headed = False
    for sheet in sheets:
        top = None if sheet.hidden else _top(sheet)
        if top is not None:
            headed = True
            found.extend(_records(sheet, top, report, errors))
    if not headed:
        raise Invalid.field("file", "no_headings", f"没有表头：须有“{headings.KIND}”与“{headings.KEY}”两列")
    if errors:
        said = "；".join(f"{error.field}：{error.message}" for error in errors[:5])
        raise Invalid(said, errors=errors[:100])
    return found


def _top(sheet: Sheet) -> int | None:
    for number, cells in enumerate(sheet.rows[:_ROWS_OF_NOTES]):
        texts = [headings.text_of(cell) for cell in cells]
        if headings.KIND in texts and headings.KEY in texts:
            return number
    return None


def _records(sheet: Sheet, top: int, report: Report, errors: list[FieldError]) -> Iterable[Theirs]:
    names = {headings.text_of(cell): column for column, cell in reversed(list(enumerate(sheet.rows[top])))}
    columns = {kind: _content(kind, report, names) for kind in RecordKind}

    def wrong(row: int, column: int, code: str, message: str) -> None:
        where = f"{sheet.name} {cell_name(row, column)}"
        errors.append(FieldError(field=where, code=code, message=message))

    for row, cells in enumerate(sheet.rows[top + 1 :], top + 1):
        if not any(headings.text_of(cell) for cell in cells):
            continue
        kind_text = headings.text_of(cells[names[headings.KIND]])
        key = headings.text_of(cells[names[headings.KEY]])
        kind = headings.KINDS.get(kind_text)
        if kind is None:
            wrong(row, names[headings.KIND], "kind", f"“{kind_text[:20]}”：应为 {'、'.join(headings.KINDS)} 之一")
        if not 1 <= len(key) <= 64:
            wrong(row, names[headings.KEY], "key", "须填写编号，至多 64 个字符")
        version, op = None, Operation.PUT
        if (column := names.get(headings.VERSION)) is not None and headings.text_of(cells[column]):
            try:
                version = headings.version_of(cells[column])
            except ValueError as error:
                wrong(row, column, "version", f"“{headings.text_of(cells[column])[:20]}”：{error}")
        if (column := names.get(headings.OPERATION)) is not None and (said := headings.text_of(cells[column])):
            if said in headings.OPERATIONS:
                op = headings.OPERATIONS[said]
            else:
                wrong(row, column, "op", f"“{said[:20]}”：应为报送或删除")
        digest = None
        if (column := names.get(headings.DIGEST)) is not None:
            digest = headings.text_of(cells[column]) or None
        if kind is not None:
            content = {name: headings.text_of(cells[place]) for name, place in columns[kind].items()}
            yield Theirs(kind, key, version, op, digest, None, content or None)


def _content(kind: RecordKind, report: Report, names: Mapping[str, int]) -> dict[str, int]:
    """The city's name of each field that has a column in the file, and which; lists within a cell are not compared."""
    found: dict[str, int] = {}
    for theirs, heading in headings.outgoing(report, kind).items():
        for name in (heading, theirs):
            if name in names and name not in (headings.KIND, headings.KEY) and heading != "各单位":
                found[theirs] = names[name]
                break
    return found
