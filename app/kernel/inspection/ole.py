"""Look at the old office format (MS-CFB, a file system in a file): Word and Excel 97-2003.

Macros, embedded objects and controls show in the names of its folders and streams; Excel 4.0 macro sheets and
passwords only in the records of the workbook.
"""

import re
import struct
from dataclasses import dataclass, field
from mmap import mmap

from app.kernel.inspection.refusal import FileRefused

MAX_NAMES = 10_000
MAX_RECORDS = 500_000
_LAST_SECTOR = 0xFFFFFFFA
_NOTHING = 0xFFFFFFFF
_FOLDER, _STREAM, _ROOT = 1, 2, 5

_MACROS = frozenset({"macros", "vba", "_vba_project_cur", "_vba_project", "projectwm"})
_EMBEDDED = frozenset({"\1ole10native", "\3ocxname", "\3ocxdata", "ctls", "equation native", "\1ole10itemname"})
_EMBEDDED_FOLDER = re.compile(r"mbd[0-9a-f]+|lnk[0-9a-f]+|_[0-9]{9,}")
_DDE_FIELD = re.compile(rb"\x13\x00?(?: \x00?)*D\x00?D\x00?E\x00?(?:A\x00?U\x00?T\x00?O| )")
_WORD, _WORD_95 = 0xA5EC, frozenset({0xA5DC, 0xA697, 0xA698, 0xA699})
_BOF, _EOF, _FILEPASS, _BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x0085
_MACRO_SHEET, _MODULE_SHEET, _MACRO_SHEET_TYPE = 1, 6, 0x0040


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


@dataclass(slots=True)
class _Compound:
    data: mmap
    sector: int
    fat: tuple[int, ...]
    small_fat: tuple[int, ...] = ()
    entries: list[_Entry] = field(default_factory=list)
    cutoff: int = 4096


def kind_of_ole(data: mmap) -> str:
    """`doc` or `xls`, after it was checked."""
    try:
        compound = _open(data)
        everywhere = {entry.name for entry in compound.entries}
        top = {entry.name: entry for entry in _children(compound, compound.entries[0])}
        if "encryptedpackage" in everywhere:
            raise FileRefused("password")
        _check_names(compound, everywhere, top)
        if "worddocument" in top and not {"workbook", "book"} & top.keys():
            _check_word(compound, top["worddocument"])
            return "doc"
        books = [top[name] for name in ("workbook", "book") if name in top]
        if books and "worddocument" not in top:
            for book in books:
                _check_workbook(_content(compound, book))
            return "xls"
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise FileRefused("damaged") from error
    raise FileRefused("office" if "powerpoint document" in top or "workbook" in top else "unknown")


# -- the file system -------------------------------------------------------------------------------------------


def _open(data: mmap) -> _Compound:
    order, shift, small_shift = struct.unpack_from("<3H", data, 28)
    if order != 0xFFFE or shift not in (9, 12) or small_shift != 6:
        raise FileRefused("damaged")
    fats, directory = struct.unpack_from("<II", data, 44)
    cutoff, small_start, _, more, _ = struct.unpack_from("<5I", data, 56)
    sector = 1 << shift
    if fats > 4 + 4 * len(data) // sector // (sector // 4):
        raise FileRefused("damaged")
    places = [place for place in struct.unpack_from("<109I", data, 76) if place < _LAST_SECTOR]
    for _ in range(len(data) // sector):
        if more >= _LAST_SECTOR:
            break
        found = struct.unpack_from(f"<{sector // 4}I", data, (more + 1) * sector)
        places += [place for place in found[:-1] if place < _LAST_SECTOR]
        more = found[-1]
    table: list[int] = []
    for place in places[:fats]:
        table += struct.unpack_from(f"<{sector // 4}I", data, (place + 1) * sector)
    compound = _Compound(data, sector, tuple(table), cutoff=cutoff)
    # What lies beyond the table of sectors belongs to nobody.
    if len(data) > (len(table) + 1) * sector:
        raise FileRefused("trailing")
    raw = _sectors(compound, directory)
    if len(raw) > MAX_NAMES * 128:
        raise FileRefused("parts")
    compound.entries = [_entry(raw[at : at + 128], sector) for at in range(0, len(raw) - 127, 128)]
    if not compound.entries or compound.entries[0].kind != _ROOT:
        raise FileRefused("damaged")
    small = _sectors(compound, small_start)
    compound.small_fat = struct.unpack(f"<{len(small) // 4}I", small)
    return compound


def _entry(raw: bytes, sector: int) -> _Entry:
    (length,) = struct.unpack_from("<H", raw, 64)
    name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").casefold()
    left, right, child = struct.unpack_from("<3I", raw, 68)
    start, size, high = struct.unpack_from("<3I", raw, 116)
    return _Entry(name, raw[66], left, right, child, start, size if sector == 512 else size | high << 32)


def _chain(table: tuple[int, ...], start: int) -> list[int]:
    found: list[int] = []
    while start < _LAST_SECTOR:
        found.append(start)
        if len(found) > len(table):
            raise FileRefused("damaged")  # it runs in a circle
        start = table[start]
    return found


def _sectors(compound: _Compound, start: int) -> bytes:
    size = compound.sector
    return b"".join(compound.data[(at + 1) * size : (at + 2) * size] for at in _chain(compound.fat, start))


def _content(compound: _Compound, entry: _Entry) -> bytes:
    if entry.size > len(compound.data):
        raise FileRefused("damaged")
    if entry.size >= compound.cutoff:
        content = _sectors(compound, entry.start)
    else:
        within = _sectors(compound, compound.entries[0].start)
        content = b"".join(within[at * 64 : at * 64 + 64] for at in _chain(compound.small_fat, entry.start))
    if len(content) < entry.size:
        raise FileRefused("damaged")
    return content[: entry.size]


def _children(compound: _Compound, folder: _Entry) -> list[_Entry]:
    found: list[_Entry] = []
    seen: set[int] = set()
    waiting = [folder.child]
    while waiting:
        number = waiting.pop()
        if number == _NOTHING or number in seen:
            continue
        seen.add(number)
        entry = compound.entries[number]
        found.append(entry)
        waiting += [entry.left, entry.right]
    return found


# -- what is in it ---------------------------------------------------------------------------------------------


def _check_names(compound: _Compound, everywhere: set[str], top: dict[str, _Entry]) -> None:
    # All names, also of entries that no folder leads to: a repairing reader may find them.
    if everywhere & _MACROS:
        raise FileRefused("macros")
    pool = top.get("objectpool")
    if everywhere & _EMBEDDED or (pool is not None and _children(compound, pool)):
        raise FileRefused("embedded")
    if any(entry.kind == _FOLDER and _EMBEDDED_FOLDER.fullmatch(entry.name) for entry in compound.entries):
        raise FileRefused("embedded")


def _check_word(compound: _Compound, entry: _Entry) -> None:
    content = _content(compound, entry)
    magic, version = struct.unpack_from("<2H", content)
    (flags,) = struct.unpack_from("<H", content, 10)
    # Word 6 and 95 keep their macros where no name tells of them.
    if magic in _WORD_95 or (magic == _WORD and version < 0xC0):
        raise FileRefused("office")
    if magic != _WORD:
        raise FileRefused("damaged")
    if flags & 0x0100:
        raise FileRefused("password")
    if _DDE_FIELD.search(content):
        raise FileRefused("dde")


def _check_workbook(content: bytes) -> None:
    """Read the records up to the end of the workbook's own; the sheets follow it."""
    at = 0
    for _ in range(MAX_RECORDS):
        kind, length = struct.unpack_from("<2H", content, at)
        if at == 0 and kind != _BOF:
            raise FileRefused("damaged")
        if kind == _FILEPASS:
            raise FileRefused("password")
        if kind == _BOUNDSHEET:
            place, sheet = struct.unpack_from("<IxB", content, at + 4)
            _, _, _, actual = struct.unpack_from("<4H", content, place)
            if sheet in (_MACRO_SHEET, _MODULE_SHEET) or actual == _MACRO_SHEET_TYPE:
                raise FileRefused("macros")
        if kind == _EOF:
            return
        at += 4 + length
    raise FileRefused("damaged")
