"""Look at a PDF for what acts by itself or carries other files, without a PDF library.

Names are looked for in the raw bytes, in every spelling (`/J#61vaScript`), and in object streams after inflating
them. `/JS` alone is not looked for: without `/JavaScript` or `/Rendition` nothing runs it, and three letters turn up
by chance in any picture. An object stream that cannot be read this way is refused, as is an encrypted file.

What this cannot see: what readers make of a file that is broken on purpose (two readers differ in what they repair),
and flaws of the readers themselves in fonts and pictures. It is a sieve, not a proof: serve PDFs as downloads.
"""

import re
import zlib
from collections.abc import Iterator
from mmap import mmap

from app.kernel.inspection.refusal import FileRefused

MAX_STREAMS = 500_000
MAX_OBJECT_STREAMS = 20_000  # each holds a hundred objects or more
MAX_INFLATED = 64 * 1024 * 1024  # one object stream
MAX_INFLATED_IN_ALL = 256 * 1024 * 1024
MAX_TRAILING = 1024
MAX_DICTIONARY = 64 * 1024
PIECE = 64 * 1024
WINDOW = 256 * 1024
REACH = 64  # the longest name in its longest spelling is shorter

Content = bytes | mmap

_END_OF_NAME = rb"(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"


def _spelled(*names: str) -> re.Pattern[bytes]:
    """Names of PDF in all their spellings: each character may be written as `#` and its number."""

    def character(code: int) -> bytes:
        number = b"".join(
            b"[%c%c]" % (digit, digit - 32) if digit > 57 else b"%c" % digit for digit in f"{code:02x}".encode()
        )
        return b"(?:%c|#%s)" % (code, number)

    found = b"|".join(b"".join(map(character, name.encode())) for name in names)
    return re.compile(rb"/(?:" + found + rb")" + _END_OF_NAME)


_ACTIVE = _spelled(
    "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "Rendition", "SubmitForm", "ImportData",
    "GoToE", "XFA", "OnInstantiate",
)  # fmt: skip
_ENCRYPTED = _spelled("Encrypt")
_OBJECT_STREAM = _spelled("ObjStm", "First")
_TYPE = _spelled("ObjStm")
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_FLATE_ONLY = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])\s*(?=[/>])")
_FILTERED = re.compile(rb"/(?:Filter|F|DecodeParms|DP)(?![A-Za-z])")


def check_pdf(data: mmap) -> None:
    """Refuse what is incomplete, encrypted, active, or more than a PDF."""
    if not re.match(rb"%PDF-[12]\.\d", data[:16]):
        raise FileRefused("damaged")
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise FileRefused("damaged")
    if len(data[end + 5 :].strip(b"\0\t\n\x0c\r ")) > MAX_TRAILING:
        raise FileRefused("trailing")
    whole = 0, len(data)
    if _has(_ENCRYPTED, data, *whole):
        raise FileRefused("password")
    if _has(_ACTIVE, data, *whole):
        raise FileRefused("pdf_active")
    _check_object_streams(data)


def _found(pattern: re.Pattern[bytes], data: Content, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Matches, window by window: no other thread runs while an expression is searched for."""
    for at in range(start, end, WINDOW):
        stop = min(at + WINDOW, end)
        for match in pattern.finditer(data, at, min(stop + REACH, end)):
            if match.start() < stop:
                yield match


def _has(pattern: re.Pattern[bytes], data: Content, start: int, end: int) -> bool:
    return any(True for _ in _found(pattern, data, start, end))


def _check_object_streams(data: mmap) -> None:
    before = inflated = candidates = 0
    for number, stream in enumerate(_found(_STREAM, data, 0, len(data))):
        # All since the last stream, not only the dictionary: where that begins, a string inside it may feign.
        if _has(_OBJECT_STREAM, data, before, stream.start()):
            candidates += 1
            content = _inflate(data, stream.end())
            inflated += len(content)
            if inflated > MAX_INFLATED_IN_ALL:
                raise FileRefused("bomb")
            if _has(_ACTIVE, content, 0, len(content)):
                raise FileRefused("pdf_active")
            _refuse_unreadable(data[max(before, stream.start() - MAX_DICTIONARY) : stream.start()], content)
        if number > MAX_STREAMS or candidates > MAX_OBJECT_STREAMS:
            raise FileRefused("parts")
        before = stream.end()


def _inflate(data: mmap, at: int) -> bytes:
    """What is deflated at this place; as much of it as can be read, since readers repair the rest."""
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 0x0F != 8 or int.from_bytes(head, "big") % 31:
        return b""
    reader = zlib.decompressobj()
    pieces: list[bytes] = []
    size, step = 0, 1024
    try:
        while not reader.eof and at < len(data):
            pieces.append(reader.decompress(data[at : at + step], MAX_INFLATED + 1 - size))
            size += len(pieces[-1])
            at += step
            step = PIECE
            if size > MAX_INFLATED:
                raise FileRefused("bomb")
    except zlib.error:
        pass
    return b"".join(pieces)


def _refuse_unreadable(passage: bytes, content: bytes) -> None:
    """An object stream that is packed in another way than deflated once has not been looked into."""
    # Its type can only be its own, and so is all from the object that has it. `/First` is also in outlines.
    typed = _TYPE.search(passage)
    dictionary = passage[max(passage.rfind(b"obj", 0, typed.start() if typed else len(passage)), 0) :]
    if not _OBJECT_STREAM.search(dictionary):
        return
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), dictionary)
    if _FILTERED.search(plain) and not (content and _only_deflated(plain)):
        raise FileRefused("pdf_opaque")


def _only_deflated(dictionary: bytes) -> bool:
    return len(_FILTERED.findall(dictionary)) == 1 and _FLATE_ONLY.search(dictionary) is not None
