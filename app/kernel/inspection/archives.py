"""Look at a zip container before anybody unpacks it: every entry is read once, against limits.

A reader that trusts the directory at the end and one that reads from the front must see the same files: entries lie
one after another from the first byte, none twice, nothing around them.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from app.kernel.inspection.refusal import FileRefused

MAX_ENTRIES = 5_000
MAX_UNCOMPRESSED = 400 * 1024 * 1024
MAX_RATIO = 200
SMALL = 10 * 1024 * 1024  # below this a ratio says nothing: an empty sheet packs a thousand to one
MAX_PART = 64 * 1024 * 1024  # what is read whole
MAX_COMMENT = 1024
PIECE = 256 * 1024

_ENCRYPTION = 0x1 | 0x40 | 0x2000
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(?:^|/)\.\.?(?:/|$)|//")
_ARCHIVES = frozenset({
    "zip", "rar", "7z", "gz", "tgz", "bz2", "xz", "tar", "cab", "iso", "jar", "apk", "arj", "lzh", "z", "zst",
})  # fmt: skip
_PROGRAMS = frozenset({
    "exe", "dll", "com", "scr", "msi", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "lnk", "sh",
    "py", "jar", "class", "reg", "cpl", "inf", "pif", "chm", "sct", "url",
})  # fmt: skip
_DOCTYPE = re.compile(b"|".join((b"<!(?:DOCTYPE|ENTITY)", b"<\0!\0D\0O\0C\0T\0Y\0P\0E", b"<\0!\0E\0N\0T\0I\0T\0Y")))


def looks_like_archive(head: bytes) -> bool:
    """Whether these first bytes (512 are enough) are those of a container of files."""
    magics = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08",
              b"BZh", b"\xfd7zXZ\0", b"MSCF", b"\x28\xb5\x2f\xfd")  # fmt: skip
    return head.startswith(magics) or head[257:262] == b"ustar"


def looks_like_program(head: bytes) -> bool:
    """The same for what a machine runs."""
    if head.startswith((b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!/")):
        return True
    return head.startswith(b"MZ") and (b"PE\0\0" in head or b"This program" in head)


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """The archive, after its directory was checked; what zipfile finds wrong later on is a damaged file, too."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_directory(archive, file)
            yield archive
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise FileRefused("damaged") from error


def _check_directory(archive: zipfile.ZipFile, file: BinaryIO) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise FileRefused("parts")
    if any(entry.flag_bits & _ENCRYPTION for entry in entries):
        raise FileRefused("password")
    names = {entry.filename.rstrip("/").casefold() for entry in entries}
    if len(names) != len(entries) or any(_is_bad(entry) for entry in entries):
        raise FileRefused("paths")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise FileRefused("damaged")
    if sum(entry.file_size for entry in entries) > MAX_UNCOMPRESSED or any(_is_bomb(entry) for entry in entries):
        raise FileRefused("bomb")
    for entry in entries:
        extension = entry.filename.rpartition(".")[2].lower()
        if extension in _ARCHIVES or extension in _PROGRAMS:
            raise FileRefused("nested")
    _check_layout(archive, entries, file)


def _is_bad(entry: zipfile.ZipInfo) -> bool:
    # `orig_filename` still has what zipfile cuts off at a NUL.
    name, mode = entry.orig_filename, entry.external_attr >> 16
    linked = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    return not name or len(name) > 250 or linked or _BAD_NAME.search(name) is not None


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > SMALL and entry.file_size > MAX_RATIO * entry.compress_size


def _check_layout(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], file: BinaryIO) -> None:
    at = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        file.seek(entry.header_offset)
        magic, _, flags, _, _, _, _, _, _, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        # Between two entries there is at most the trailer of one that was written as a stream.
        if magic != b"PK\x03\x04" or not at <= entry.header_offset <= at + (24 if at else 0):
            raise FileRefused("trailing")
        if flags & _ENCRYPTION:
            raise FileRefused("password")
        at = entry.header_offset + _LOCAL.size + name + extra + entry.compress_size
    if not at <= archive.start_dir <= at + 24:
        raise FileRefused("trailing")
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - MAX_COMMENT))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise FileRefused("trailing")
    end = place + _END.size + _END.unpack_from(tail, place)[-1]
    if end > len(tail) or tail[end:].strip(b"\0\r\n"):  # mail programs leave a line break
        raise FileRefused("trailing")


def check_entries(archive: zipfile.ZipFile, containers: Collection[str] = ()) -> None:
    """Unpack everything once: checksums, what is inside by its first bytes, no DTD in any XML.

    `containers` are the entries that may be archives themselves; the caller looks into them.
    """
    for entry in archive.infolist():
        xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
        before = b""
        with archive.open(entry) as content:
            while piece := content.read(PIECE):
                if not before:
                    _check_head(piece[:1024], entry.filename in containers)
                # A declaration may lie across two pieces.
                if xml and _DOCTYPE.search(before[-32:] + piece):
                    raise FileRefused("doctype")
                before = piece


def _check_head(head: bytes, may_contain: bool) -> None:
    if looks_like_program(head) or (looks_like_archive(head) and not may_contain):
        raise FileRefused("nested")
    if head.startswith((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")):
        raise FileRefused("embedded")


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One entry whole."""
    entry = archive.getinfo(name)
    if entry.file_size > MAX_PART:
        raise FileRefused("bomb")
    return archive.read(entry)
