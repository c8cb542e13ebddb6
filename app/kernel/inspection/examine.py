"""What a file is, by its content; its name may only agree. Everything that is not recognised is refused.

The formats have files of their own: `pdf`, `images`, `office` (zip containers), `ole` (old Word and Excel). Plain text
is looked at here.
"""

import codecs
import re
import zipfile
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from app.kernel.inspection.archives import looks_like_archive, looks_like_program
from app.kernel.inspection.images import check_jpeg, check_png
from app.kernel.inspection.names import extension_of
from app.kernel.inspection.office import kind_of
from app.kernel.inspection.ole import kind_of_ole
from app.kernel.inspection.pdf import check_pdf
from app.kernel.inspection.refusal import FileRefused

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class FileType:
    """A type that is let in; the first extension is the usual one."""

    label: str
    media_type: str
    extensions: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "pdf": FileType("PDF", "application/pdf", ("pdf",)),
    "ofd": FileType("OFD", "application/ofd", ("ofd",)),
    "jpeg": FileType("JPEG 图片", "image/jpeg", ("jpg", "jpeg")),
    "png": FileType("PNG 图片", "image/png", ("png",)),
    "docx": FileType("Word 文档", f"{_OFFICE}.wordprocessingml.document", ("docx",)),
    "xlsx": FileType("Excel 工作簿", f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",)),
    "pptx": FileType("PowerPoint 演示文稿", f"{_OFFICE}.presentationml.presentation", ("pptx",)),
    "doc": FileType("Word 97-2003 文档", "application/msword", ("doc",)),
    "xls": FileType("Excel 97-2003 工作簿", "application/vnd.ms-excel", ("xls",)),
    "text": FileType("纯文本", "text/plain", ("txt", "csv")),
}
EXTENSIONS = frozenset(extension for kind in TYPES.values() for extension in kind.extensions)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS", b"\0\0\0\x0cJXL ")
_MEDIA = (b"\x1aE\xdf\xa3", b"ID3", b"OggS", b"fLaC", b"FLV", b"#!AMR", b"RIFF", b"0&\xb2u\x8ef\xcf\x11", b"\0\0\1\xba")
_STILL = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"heim", b"heis"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[A-Za-z!?]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIGH_CONTROL = re.compile(r"[\x80-\x9f]")
_DDE_CELL = re.compile(r"[\n\r,;\t\"'][=+\-@]\s*[A-Za-z]\w{0,30}\s*\|\s*'")


def check_name(name: str) -> None:
    """Refuse by its name what will be refused by its content, before it is sent. No extension is no reason."""
    extension = extension_of(name)
    if extension and extension not in EXTENSIONS:
        raise FileRefused("extension", extension[:20])


def examine(path: Path, name: str) -> FileType:
    """Look into a file that nobody changes meanwhile; FileRefused says why it is not let in."""
    check_name(name)
    with path.open("rb") as file:
        found = TYPES[_kind(file)]
    extension = extension_of(name)
    if extension and extension not in found.extensions:
        raise FileRefused("mismatch", found.label, extension)
    return found


def _kind(file: BinaryIO) -> str:
    head = file.read(1024)
    if not head:
        raise FileRefused("empty")
    if head.startswith(b"PK\x03\x04"):
        return kind_of(file)
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        if head.startswith(_OLE):
            return kind_of_ole(data)
        kind = _checked(head, data)
    if kind is None:
        _refuse_known(head)
        _check_text(file)
        return "text"
    # The end of a file that is something else at its beginning may be a directory of an archive.
    if zipfile.is_zipfile(file):
        raise FileRefused("trailing")
    return kind


def _checked(head: bytes, data: mmap) -> str | None:
    if head.startswith(b"%PDF-"):
        check_pdf(data)
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        check_jpeg(data)
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        check_png(data)
        return "png"
    return None


def _refuse_known(head: bytes) -> None:
    """Say of common files that are not let in what they are."""
    if looks_like_archive(head):
        raise FileRefused("archive")
    if head[4:8] == b"ftyp":
        raise FileRefused("picture" if head[8:12] in _STILL else "media")
    if b"\0" in head:  # the shortest of these marks are also beginnings of words
        if head.startswith(_PICTURES) or head[8:12] == b"WEBP":
            raise FileRefused("picture")
        if head.startswith(_MEDIA):
            raise FileRefused("media")
    if looks_like_program(head) or head.startswith(b"#!"):
        raise FileRefused("program")
    if head.startswith(b"{\\rtf"):
        raise FileRefused("rtf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("control")
    if _MARKUP.match(head):
        raise FileRefused("markup")
    if b"%PDF-" in head:
        raise FileRefused("trailing")


def _check_text(file: BinaryIO) -> None:
    """Refuse what is neither UTF-8 nor GB18030, or holds what nobody types."""
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        try:
            if _is_text(file, encoding):
                return
        except UnicodeDecodeError:
            continue
    raise FileRefused("unknown" if _has_nul(file) else "control")


def _is_text(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    before = "\n"
    while piece := file.read(PIECE):
        text = decoder.decode(piece)
        if _CONTROL.search(text) or _HIGH_CONTROL.search(text):
            return False
        # A cell may lie across two pieces.
        if _DDE_CELL.search(before + text):
            raise FileRefused("dde")
        before = text[-128:]
    decoder.decode(b"", final=True)
    return True


def _has_nul(file: BinaryIO) -> bool:
    file.seek(0)
    return b"\0" in file.read(PIECE)
