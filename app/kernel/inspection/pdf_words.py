"""How a PDF is read without a library: names in every spelling, strings, and what was deflated."""

import re
import zlib
from collections.abc import Iterator
from mmap import mmap

from app.kernel.inspection.refusal import FileRefused

MAX_INFLATED = 64 * 1024 * 1024  # one stream
PIECE = 64 * 1024
WINDOW = 256 * 1024
REACH = 64  # the longest name in its longest spelling is shorter

Content = bytes | mmap

_END_OF_NAME = rb"(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_FLATE_ONLY = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])\s*(?=[/>])")
_FILTERED = re.compile(rb"/(?:Filter|F|DecodeParms|DP)(?![A-Za-z])")
_BETWEEN = re.compile(rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*[\r\n])*")
_IN_STRING = re.compile(rb"\\([0-7]{1,3}|\r\n|[^0-7])|([()])", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\n": b"", b"\r": b""}


def spelled(*names: str) -> re.Pattern[bytes]:
    """Names of PDF in all their spellings: each character may be written as `#` and its number."""

    def character(code: int) -> bytes:
        number = b"".join(
            b"[%c%c]" % (digit, digit - 32) if digit > 57 else b"%c" % digit for digit in f"{code:02x}".encode()
        )
        return b"(?:%c|#%s)" % (code, number)

    found = b"|".join(b"".join(map(character, name.encode())) for name in names)
    return re.compile(rb"/(?:" + found + rb")" + _END_OF_NAME)


def found(pattern: re.Pattern[bytes], data: Content, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Matches, window by window: no other thread runs while an expression is searched for."""
    for at in range(start, end, WINDOW):
        stop = min(at + WINDOW, end)
        for match in pattern.finditer(data, at, min(stop + REACH, end)):
            if match.start() < stop:
                yield match


def has(pattern: re.Pattern[bytes], data: Content, start: int, end: int) -> bool:
    return any(True for _ in found(pattern, data, start, end))


def plain(dictionary: bytes) -> bytes:
    """A passage with its names spelled plainly."""
    return _ESCAPED.sub(lambda number: bytes([int(number[1], 16)]), dictionary)


def is_filtered(dictionary: bytes) -> bool:
    """Whether a plainly spelled dictionary says that its stream is packed."""
    return _FILTERED.search(dictionary) is not None


def only_deflated(dictionary: bytes) -> bool:
    """Whether it says that its stream is deflated once, and nothing else."""
    return len(_FILTERED.findall(dictionary)) == 1 and _FLATE_ONLY.search(dictionary) is not None


def inflate(data: mmap, at: int, limit: int = MAX_INFLATED) -> bytes:
    """What is deflated at this place; as much of it as can be read, since readers repair the rest."""
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 0x0F != 8 or int.from_bytes(head, "big") % 31:
        return b""
    reader = zlib.decompressobj()
    pieces: list[bytes] = []
    size, step = 0, 1024
    try:
        while not reader.eof and at < len(data):
            pieces.append(reader.decompress(data[at : at + step], limit + 1 - size))
            size += len(pieces[-1])
            at += step
            step = PIECE
            if size > limit:
                raise FileRefused("bomb")
    except zlib.error:
        pass
    return b"".join(pieces)


def after_blanks(data: Content, at: int) -> int:
    """Where something stands again, blanks and comments passed over."""
    blanks = _BETWEEN.match(data, at)
    return at if blanks is None else blanks.end()


def string_at(data: Content, at: int, limit: int = 2000) -> bytes | None:
    """The string that begins here, `(…)` or `<…>`; None when it does not end within the limit."""
    passage = bytes(data[at : at + limit])
    if passage.startswith(b"("):
        return _literal(passage)
    digits, closed, _ = passage[1:].partition(b">")
    digits = re.sub(rb"[\x00\t\n\x0c\r ]", b"", digits)
    if not closed or not re.fullmatch(rb"[0-9A-Fa-f]*", digits):
        return None
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _literal(passage: bytes) -> bytes | None:
    pieces, depth, at = [], 1, 1
    for sign in _IN_STRING.finditer(passage, 1):
        pieces.append(passage[at : sign.start()])
        at = sign.end()
        escaped, bracket = sign[1], sign[2]
        if bracket is not None:
            depth += 1 if bracket == b"(" else -1
            if depth == 0:
                return b"".join(pieces)
            pieces.append(bracket)
        elif escaped.isdigit():
            pieces.append(bytes([int(escaped, 8) & 0xFF]))
        else:
            pieces.append(_LETTERS.get(escaped, escaped))
    return None


def text_of(string: bytes) -> str:
    """A string as people read it: UTF-16 or UTF-8 by its mark, otherwise by bytes."""
    if string.startswith(b"\xfe\xff"):
        return string[2:].decode("utf-16-be", "replace")
    if string.startswith(b"\xef\xbb\xbf"):
        return string[3:].decode("utf-8", "replace")
    return string.decode("latin-1")
