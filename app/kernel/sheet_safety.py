"""Look at an .xlsx before the parser does.

The parser allocates the whole rectangle between the first and the last cell, so a file of two cells can ask for
hundreds of gigabytes and take the process down; and it returns an empty text for a formula that was never
calculated or that ended in an error. Both are found here in the raw XML, which costs a few milliseconds a megabyte.
"""

import re
import zipfile
from io import BytesIO
from typing import IO

MAX_BYTES = 50 * 1024 * 1024
MAX_UNCOMPRESSED = 400 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_ROWS = 49_999
MAX_COLUMNS = 128
MAX_SHEETS = 60
MAX_CELLS = 6_000_000

NOT_CALCULATED = "#公式未计算"
ERROR_TEXTS = frozenset({
    NOT_CALCULATED, "#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
})  # fmt: skip

# A cell that holds something (an empty formatted one closes at once, "/>") beyond column DX or row 49,999.
_FAR_CELL = re.compile(
    rb'<c r="(?:[A-Za-z]{3,}\d+|(?:[E-Ze-z][A-Za-z]|[Dd][YZyz])\d+|[A-Za-z]{1,2}(?:[5-9]\d{4}|\d{6,}))"[^>]*(?<!/)>'
)
_ANY_CELL = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]*)(\d+)[\"']")
_BARE_FORMULA = re.compile(
    rb'<c r="([A-Z]+\d+)"(?![^>]*\bt="str")[^>]*>\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_ERROR_CELL = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*\bt="e"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?\s*<v>([^<]*)</v>')
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\bid=[\"']([^\"']+)[\"']", re.IGNORECASE)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"(\w+)\s*=\s*[\"']([^\"']*)[\"']")


def inspect_xlsx(data: bytes) -> dict[int, dict[str, str]]:
    """Refuse what is too big or no workbook; return the unreadable cells: sheet index → cell name → error text."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _inspect(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ValueError("文件已损坏或被加密，无法解压；请在 Excel 中打开后另存为 .xlsx") from error


def check_size(rows: int, columns: int) -> None:
    """Refuse a sheet that no ledger needs."""
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise ValueError(f"工作表超过 {MAX_ROWS} 行或 {MAX_COLUMNS} 列，请删除多余的行列后再导入")


def _inspect(archive: zipfile.ZipFile) -> dict[int, dict[str, str]]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if "xl/workbook.bin" in names:
        raise ValueError("不支持 .xlsb，请在 Excel 中另存为 .xlsx")
    if "xl/workbook.xml" not in names:
        raise ValueError("这不是 Excel 工作簿（.xlsx），请在 Excel 中另存为 .xlsx")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNCOMPRESSED:
        raise ValueError(f"文件解压后超过 {MAX_UNCOMPRESSED // 1024 // 1024} MB，已拒绝读取")
    unreadable: dict[str, dict[str, str]] = {}
    for entry in entries:
        if not entry.filename.endswith((".xml", ".rels")):
            continue
        with archive.open(entry) as stream:
            # The declared size may lie; the reader stops there and the checksum then fails.
            content = _drain(stream)
        if entry.filename.startswith("xl/worksheets/"):
            _check_extent(content)
            found = _unreadable_cells(content)
            if found:
                unreadable[entry.filename] = found
    return _by_sheet_index(archive, unreadable) if unreadable else {}


def _drain(stream: IO[bytes]) -> bytes:
    content = stream.read(MAX_UNCOMPRESSED + 1)
    if len(content) > MAX_UNCOMPRESSED:
        raise ValueError(f"文件解压后超过 {MAX_UNCOMPRESSED // 1024 // 1024} MB，已拒绝读取")
    return content


def _check_extent(xml: bytes) -> None:
    usual = xml.count(b"<c ") == xml.count(b'<c r="') and b"<c>" not in xml and b":c " not in xml
    if usual:
        if _FAR_CELL.search(xml):
            check_size(MAX_ROWS + 1, 0)
        return
    row = column = 0
    for kind, attributes in _ANY_CELL.findall(xml):
        reference = _REFERENCE.search(attributes)
        if kind == b"row":
            row, column = int(reference[2]) if reference else row + 1, 0
            continue
        column = column_number(reference[1].decode()) if reference else column + 1
        if not attributes.endswith(b"/"):
            check_size(int(reference[2]) if reference else row, column)


def _unreadable_cells(xml: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    if b"<f" in xml:
        found |= {name.decode(): NOT_CALCULATED for name in _BARE_FORMULA.findall(xml)}
    if b't="e"' in xml:
        found |= {name.decode(): text.decode("utf-8", "replace") for name, text in _ERROR_CELL.findall(xml)}
    return found


def _by_sheet_index(archive: zipfile.ZipFile, unreadable: dict[str, dict[str, str]]) -> dict[int, dict[str, str]]:
    targets: dict[str, str] = {}
    for found in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        attributes = {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(found)}
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    identifiers = [found.decode() for found in _SHEET.findall(archive.read("xl/workbook.xml"))]
    paths = [targets.get(identifier, "") for identifier in identifiers]
    return {index: unreadable[path] for index, path in enumerate(paths) if path in unreadable}


def column_number(letters: str) -> int:
    """`A` → 1, `AA` → 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
