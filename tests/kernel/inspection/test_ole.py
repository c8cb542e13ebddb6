"""Old office files: macros, objects, passwords, and file systems that lie."""

import struct

import pytest

from tests.kernel.specimens import book_stream, compound, look, old_word, record, word_stream


def replaced(content: bytes, at: int, form: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(form, changed, at, value)
    return bytes(changed)


def directory_of(content: bytes) -> int:
    (first,) = struct.unpack_from("<I", content, 48)
    return int((first + 1) * 512)


OLD = {
    "Word macros": ("macros", old_word({"Macros": {"VBA": {"dir": b"x"}}})),
    "Excel macros": ("macros", compound({"Workbook": book_stream(), "_VBA_PROJECT_CUR": {"VBA": {"dir": b"x"}}})),
    "macros deep inside": ("macros", old_word({"a": {"b": {"_VBA_PROJECT": b"x"}}})),
    "Excel 4.0 macros": ("macros", compound({"Workbook": book_stream(sheet=1)})),
    "Excel 4.0 macros called a sheet": ("macros", compound({"Workbook": book_stream(actual=0x40)})),
    "Excel 4.0 macros in an older book": (
        "macros", compound({"Workbook": book_stream(), "Book": book_stream(sheet=1, actual=0x40)})
    ),
    "a module sheet": ("macros", compound({"Book": book_stream(sheet=6)})),
    "an object in Word": ("embedded", old_word({"ObjectPool": {"_1234567890": {"\1Ole": b"x"}}})),
    "an object in Excel": ("embedded", compound({"Workbook": book_stream(), "MBD0435D8BE": {"Package": b"x"}})),
    "a program as an object": ("embedded", old_word({"a": {"\1Ole10Native": b"MZ"}})),
    "an equation": ("embedded", old_word({"a": {"Equation Native": b"x"}})),
    "a control": ("embedded", compound({"Workbook": book_stream(), "Ctls": b"x"})),
    "an encrypted package": ("password", compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"})),
    "an encrypted workbook": ("password", compound({"Workbook": book_stream(record(0x2F, b"\1\0" * 10))})),
    "an encrypted document": ("password", old_word(flags=0x0100)),
    "Word 95": ("office", old_word(magic=0xA5DC, version=0x68)),
    "Word 95 calling itself newer": ("office", old_word(version=0x68)),
    "no Word at all": ("damaged", old_word(magic=0)),
    "DDE in a field": ("dde", old_word(text=b"\x13 DDEAUTO c:\\\\cmd.exe \x14")),
    "DDE in a wide field": ("dde", old_word(text="\x13 DDE cmd".encode("utf-16-le"))),
    "slides": ("office", compound({"PowerPoint Document": b"x"})),
    "an installer": ("unknown", compound({"\u4840\u3b3f": b"x"})),
    "both Word and Excel": ("office", old_word({"Workbook": book_stream()})),
    "a workbook without an end": ("damaged", compound({"Workbook": record(0x809, b"\0" * 16)})),
    "a workbook of something else": ("damaged", compound({"Workbook": b"x" * 100})),
    "something behind": ("trailing", old_word() + b"x" * 70_000),
    "cut off": ("damaged", old_word()[:1000]),
    "only a head": ("damaged", old_word()[:40]),
    "a table in a circle": ("damaged", replaced(old_word(), len(old_word()) - 512, "<I", 0)),
    "a table too large": ("damaged", replaced(old_word(), 44, "<I", 90_000)),
    "sectors of an odd size": ("damaged", replaced(old_word(), 30, "<H", 31)),
    "a stream beyond the file": ("damaged", replaced(old_word(), directory_of(old_word()) + 128 + 120, "<I", 2**31)),
    "no root": ("damaged", replaced(old_word(), directory_of(old_word()) + 66, "<B", 2)),
    "names in a circle": ("Word 97-2003 文档", replaced(old_word(), directory_of(old_word()) + 128 + 68, "<I", 1)),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), OLD.values(), ids=OLD)
def test_hostile_old_office_files(reason: str, content: bytes) -> None:
    assert look(content) == reason


def test_a_short_stream_is_read_from_the_small_sectors() -> None:
    short = compound({"1Table": b"t" * 200, "WordDocument": word_stream()[:600]})
    assert look(short) == "Word 97-2003 文档"
    assert look(compound({"1Table": b"t" * 200, "WordDocument": word_stream(flags=0x100)[:600]})) == "password"
