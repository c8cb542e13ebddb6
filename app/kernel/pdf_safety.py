"""Look at a PDF for what acts by itself or carries other files, without a PDF library.

Names are looked for in the raw bytes, in every spelling (`/J#61vaScript`), and in object streams after inflating
them. `/JS` alone is not looked for: without `/JavaScript` or `/Rendition` nothing runs it, and three letters turn up
by chance in any picture. An object stream that cannot be read this way is refused, as is an encrypted file.

What this cannot see: what readers make of a file that is broken on purpose (two readers differ in what they repair),
and flaws of the readers themselves in fonts and pictures. It is a sieve, not a proof: serve PDFs as downloads.
"""

import re
import zlib
from mmap import mmap

from app.kernel.file_refusal import FileRefused

MAX_STREAMS = 500_000
MAX_INFLATED = 64 * 1024 * 1024  # one object stream
MAX_INFLATED_IN_ALL = 256 * 1024 * 1024
MAX_TRAILING = 1024
PIECE = 64 * 1024

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
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_OBJECT = re.compile(rb"\bobj\b")
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
    if _ENCRYPTED.search(data):
        raise FileRefused("password")
    if _ACTIVE.search(data):
        raise FileRefused("pdf_active")
    _check_object_streams(data)


def _check_object_streams(data: mmap) -> None:
    before = inflated = 0
    for number, stream in enumerate(_STREAM.finditer(data)):
        if number >= MAX_STREAMS:
            raise FileRefused("parts")
        # All since the last stream, not only the dictionary: where that begins, a string inside it may feign.
        if _OBJECT_STREAM.search(data, before, stream.start()):
            content = _inflate(data, stream.end())
            inflated += len(content)
            if inflated > MAX_INFLATED_IN_ALL:
                raise FileRefused("bomb")
            if _ACTIVE.search(content):
                raise FileRefused("pdf_active")
            _refuse_unreadable(data[before : stream.start()], content)
        before = stream.end()


def _inflate(data: mmap, at: int) -> bytes:
    """What is deflated at this place; as much of it as can be read, since readers repair the rest."""
    reader = zlib.decompressobj()
    pieces: list[bytes] = []
    size = 0
    try:
        while not reader.eof and at < len(data):
            pieces.append(reader.decompress(data[at : at + PIECE], MAX_INFLATED + 1 - size))
            size += len(pieces[-1])
            at += PIECE
            if size > MAX_INFLATED:
                raise FileRefused("bomb")
    except zlib.error:
        pass
    return b"".join(pieces)


def _refuse_unreadable(passage: bytes, content: bytes) -> None:
    """An object stream that is packed in another way than deflated once has not been looked into."""
    starts = [found.end() for found in _OBJECT.finditer(passage)]
    dictionary = passage[starts[-1] if starts else 0 :]
    if not _OBJECT_STREAM.search(dictionary):
        return  # another kind of stream after objects that have such names
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), dictionary)
    if _FILTERED.search(plain) and not (content and _only_deflated(plain)):
        raise FileRefused("pdf_opaque")


def _only_deflated(dictionary: bytes) -> bool:
    return len(_FILTERED.findall(dictionary)) == 1 and _FLATE_ONLY.search(dictionary) is not None
