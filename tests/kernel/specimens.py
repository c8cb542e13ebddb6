"""Small real files of every type that is let in, and the means to spoil them."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
import xlwt

from app.kernel.inspection.examine import examine
from app.kernel.inspection.refusal import FileRefused

Tree = Mapping[str, "bytes | Tree"]


def look(content: bytes, name: str = "") -> str:
    """Examine content under a name; the label of its type, or the reason why it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "received"
        path.write_bytes(content)
        try:
            return examine(path, name).label
        except FileRefused as refused:
            return refused.reason


# -- PDF and pictures ------------------------------------------------------------------------------------------


def pdf(*objects: bytes, head: bytes = b"%PDF-1.7\n", tail: bytes = b"") -> bytes:
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, content) for number, content in enumerate(objects, 10))
    return (
        head
        + b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
        + body
        + b"trailer\n<</Root 1 0 R/Size 20>>\nstartxref\n0\n%%EOF\n"
        + tail
    )


def stream(dictionary: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (dictionary, len(content), content)


def object_stream(content: bytes, more: bytes = b"/Filter/FlateDecode", pack: Any = zlib.compress) -> bytes:
    return stream(b"/Type/ObjStm/N 1/First 4" + more, pack(b"20 0 " + content))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 4, height: int = 3, *chunks: bytes, tail: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = zlib.compress((b"\0" + b"\x80" * 12) * 3)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"") + tail


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(width: int = 4, height: int = 3, scans: int = 1, tail: bytes = b"") -> bytes:
    size = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + size + scan * scans + b"\xff\xd9" + tail


# -- zip containers --------------------------------------------------------------------------------------------


def packed(parts: Mapping[str, bytes | str], change: Callable[[zipfile.ZipFile], None] = lambda _: None) -> bytes:
    """A zip; `change` may falsify what its directory says."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        change(archive)
    return target.getvalue()


def entries(*names: str) -> dict[str, bytes | str]:
    return dict.fromkeys(names, "x")


SMALL_ZIP = packed({"a.js": "alert(1)"})
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = {
    "docx": ("word/document.xml", "wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation.main+xml"),
}


def relations(*found: tuple[str, str, bool]) -> str:
    """Kind, target, external."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if external else ''}/>"
        for number, (kind, target, external) in enumerate(found)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def office(
    kind: str = "docx",
    parts: Mapping[str, bytes | str] = {},
    types: str = "",
    main: str | None = None,
    change: Callable[[zipfile.ZipFile], None] = lambda _: None,
) -> bytes:
    """A package as an office program makes it, with further parts or with other ones in their place."""
    place, usual = _MAIN[kind]
    given = main or f"application/vnd.openxmlformats-officedocument.{usual}"
    content_types = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{place}" ContentType="{given}"/>{types}</Types>'
    )
    whole = {
        "[Content_Types].xml": content_types,
        "_rels/.rels": relations(("officeDocument", place, False)),
        place: "<document>正文</document>",
    }
    return packed({**whole, **parts}, change)


def workbook(chart: bool = False) -> bytes:
    """What xlsxwriter makes of a ledger with a link."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet("台账")
    page.write_column(0, 0, [1, 2, 3])
    page.write_url(0, 1, "https://example.org/", string="网站")
    if chart:
        drawn = book.add_chart({"type": "column"})
        drawn.add_series({"values": "=台账!$A$1:$A$3"})
        page.insert_chart("D2", drawn)
    book.close()
    return target.getvalue()


def ofd(**parts: bytes) -> bytes:
    root = '<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" DocType="OFD"/>'
    return packed({"OFD.xml": root, "Doc_0/Document.xml": "<d/>", **parts})


# -- MS-CFB ----------------------------------------------------------------------------------------------------

END, FREE = 0xFFFFFFFE, 0xFFFFFFFF


def compound(tree: Tree) -> bytes:
    """A file system in a file: names to content or to a further tree; short streams go into the small one."""
    sectors: list[bytes] = []
    fat: list[int] = []
    small, small_fat = b"", []
    rows: list[list[Any]] = [["Root Entry", 5, FREE, FREE, FREE, END, 0]]

    def lay(content: bytes) -> int:
        if not content:
            return END
        first, count = len(sectors), -(-len(content) // 512)
        sectors.extend(content[at * 512 : at * 512 + 512].ljust(512, b"\0") for at in range(count))
        fat.extend([*range(first + 1, first + count), END])
        return first

    def add(parent: int, children: Tree) -> None:
        nonlocal small
        before = parent
        for name, content in children.items():
            number = len(rows)
            rows[before][4 if before == parent else 3] = number
            before = number
            if not isinstance(content, bytes):
                rows.append([name, 1, FREE, FREE, FREE, 0, 0])
                add(number, content)
            elif len(content) >= 4096:
                rows.append([name, 2, FREE, FREE, FREE, lay(content), len(content)])
            else:
                first, count = len(small) // 64, -(-len(content) // 64)
                rows.append([name, 2, FREE, FREE, FREE, first if count else END, len(content)])
                small += content.ljust(count * 64, b"\0")
                small_fat.extend([*range(first + 1, first + count), END] if count else [])

    add(0, tree)
    rows[0][5:] = [lay(small), len(small)]
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBIII16xI16xIII", len(name) * 2 + 2, kind, 1, left, right, child, 0, start, size, 0)
        for name, kind, left, right, child, start, size in rows
    )
    root = lay(directory.ljust(-(-len(directory) // 512) * 512, b"\0"))
    small_root = lay(struct.pack(f"<{len(small_fat)}I", *small_fat).ljust(512, b"\xff")) if small_fat else END
    assert len(fat) < 128, "one sector of the table is enough for specimens"
    place = len(sectors)
    sectors.append(struct.pack("<128I", *fat, 0xFFFFFFFD, *[FREE] * (127 - len(fat))))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack(
        "<16x5H6x4I5I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, root, 0, 4096, small_root, 1 if small_fat else 0, END, 0
    )
    return (header + struct.pack("<I", place)).ljust(512, b"\xff") + b"".join(sectors)


def word_stream(magic: int = 0xA5EC, version: int = 0xC1, flags: int = 0, text: bytes = b"") -> bytes:
    return struct.pack("<2H6xH", magic, version, flags).ljust(512, b"\0") + text.ljust(4096, b"\0")


def old_word(more: Tree | None = None, **stream: Any) -> bytes:
    return compound(
        {"WordDocument": word_stream(**stream), "1Table": b"t" * 100, "\1CompObj": b"c" * 80, **(more or {})}
    )


def old_workbook() -> bytes:
    """What xlwt makes."""
    book = xlwt.Workbook()
    book.add_sheet("台账").write(0, 0, "项目")
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def book_stream(*records: bytes, sheet: int = 0, actual: int = 0x10) -> bytes:
    """The records of a workbook of one sheet, which may be called something else than it is."""
    start, end = record(0x809, struct.pack("<HH12x", 0x600, 5)), record(0x0A, b"")
    before = start + b"".join(records)
    place = len(before) + 4 + 9 + len(end)
    bound = record(0x85, struct.pack("<IBBBBc", place, 0, sheet, 1, 0, b"A"))
    return before + bound + end + record(0x809, struct.pack("<HH12x", 0x600, actual)) + end


GOOD = {
    "pdf": pdf(stream(b"/Filter/FlateDecode", zlib.compress(b"BT (hi) Tj ET")), object_stream(b"<</Type/Font>>")),
    "ofd": ofd(),
    "jpeg": jpeg(),
    "png": png(4, 3, chunk(b"tEXt", b"Title\0hi")),
    "docx": office("docx", {"word/_rels/document.xml.rels": relations(("hyperlink", "https://example.org", True))}),
    "xlsx": workbook(chart=True),
    "pptx": office("pptx"),
    "doc": old_word({"ObjectPool": {}}),
    "xls": old_workbook(),
    "text": "项目编号,项目名称\r\n1,一期\r\n".encode("gb18030"),
}
