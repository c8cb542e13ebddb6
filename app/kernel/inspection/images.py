"""Look at a JPEG or PNG without decoding it: is it whole, how large would it become, does anything hang on to it."""

import re
import struct
import zlib
from mmap import mmap

from app.kernel.inspection.refusal import FileRefused

MAX_SIDE = 32_000
MAX_PIXELS = 150_000_000  # an A0 plan at 300 dpi has 140 million
MAX_TRAILING = 4096  # cameras leave a few hundred bytes of their own
MAX_SEGMENTS = 20_000
MAX_SCANS = 100  # each scan of a progressive JPEG costs a pass over the whole picture
MAX_PICTURES = 16
MAX_CHUNKS = 200_000
MAX_TEXT = 8 * 1024 * 1024

_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FILL = re.compile(rb"\xff*")
_PADDING = re.compile(rb"\x00*")
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def check_jpeg(data: mmap) -> None:
    """Refuse what is no whole JPEG, decodes to too much, or carries something behind its end."""
    try:
        at = 0
        for _ in range(MAX_PICTURES):
            at = _one_jpeg(data, at)
            # Cameras put further pictures of the same kind behind the first (previews, depth, brightness).
            padding = _PADDING.match(data, at)
            following = padding.end() if padding else at
            if data[following : following + 3] != b"\xff\xd8\xff":
                break
            at = following
    except (IndexError, struct.error) as error:
        raise FileRefused("damaged") from error
    if len(data) - at > MAX_TRAILING:
        raise FileRefused("trailing")


def _one_jpeg(data: mmap, start: int) -> int:
    """Walk the segments of one picture; returns where it ends."""
    at = start + 2
    measured, scans = False, 0
    for _ in range(MAX_SEGMENTS):
        if data[at] != 0xFF:
            break
        filled = _FILL.match(data, at)
        at = filled.end() - 1 if filled else at
        marker = data[at + 1]
        if marker == 0xD9:
            if not (measured and scans):
                break
            return at + 2
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2:
            break
        if marker in _SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            _measure(width, height)
            measured = True
        at += 2 + length
        if marker == 0xDA:
            scans += 1
            after = _AFTER_SCAN.search(data, at)
            if after is None or scans > MAX_SCANS:
                break
            at = after.start()
    raise FileRefused("damaged")


def check_png(data: mmap) -> None:
    """The same for PNG; its texts and profiles are compressed and must not be bombs either."""
    try:
        at, named = 8, b""
        for number in range(MAX_CHUNKS):
            length, named = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + 8 + length]
            (sum_there,) = struct.unpack_from(">I", data, at + 8 + length)
            if len(body) != length or zlib.crc32(body, zlib.crc32(named)) != sum_there:
                raise FileRefused("damaged")
            if (number == 0) != (named == b"IHDR"):
                raise FileRefused("damaged")
            if named == b"IHDR":
                _png_header(body)
            elif named in (b"zTXt", b"iTXt", b"iCCP"):
                _compressed_text(named, body)
            at += 12 + length
            if named == b"IEND":
                break
    except struct.error as error:
        raise FileRefused("damaged") from error
    if named != b"IEND":
        raise FileRefused("damaged")
    if len(data) - at > MAX_TRAILING:
        raise FileRefused("trailing")


def _png_header(body: bytes) -> None:
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise FileRefused("damaged")
    _measure(width, height)


def _compressed_text(named: bytes, body: bytes) -> None:
    rest = body.partition(b"\0")[2]
    if named == b"iTXt":  # compressed or not, method, language, translated keyword
        if rest[:1] != b"\1":
            return
        rest = b"\0" + rest[2:].split(b"\0", 2)[-1]
    try:
        if len(zlib.decompressobj().decompress(rest[1:], MAX_TEXT + 1)) > MAX_TEXT:
            raise FileRefused("bomb")
    except zlib.error:
        return  # a broken remark harms nobody


def _measure(width: int, height: int) -> None:
    if not width or not height:
        raise FileRefused("damaged")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise FileRefused("pixels", width, height)
