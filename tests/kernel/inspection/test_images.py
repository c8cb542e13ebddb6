"""Pictures that grow, that are broken, or that are something else as well."""

import struct
import zlib

import pytest

from tests.kernel.specimens import SMALL_ZIP, chunk, jpeg, look, png, segment

IMAGES = {
    "png too wide": ("pixels", png(40_000, 1)),
    "png too many": ("pixels", png(20_000, 20_000)),
    "png of nothing": ("damaged", png(0, 5)),
    "png cut off": ("damaged", png()[:-12]),
    "png with a wrong checksum": ("damaged", png().replace(b"\x08\x02\0\0\0", b"\x08\x06\0\0\0")),
    "png without a header": ("damaged", b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + chunk(b"IEND", b"")),
    "png with two headers": ("damaged", png(4, 3, chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)))),
    "png with a bomb in a remark": ("bomb", png(4, 3, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 9_000_000)))),
    "png with a bomb in another": (
        "bomb", png(4, 3, chunk(b"iTXt", b"a\0\1\0zh\0\0" + zlib.compress(b"a" * 9_000_000)))
    ),
    "png and more": ("trailing", png(tail=b"x" * 5000)),
    "png and an archive": ("trailing", png(tail=SMALL_ZIP)),
    "png around an archive": ("trailing", png(4, 3, chunk(b"zIPx", SMALL_ZIP[:-2] + b"\x49\0"))),
    "jpeg too large": ("pixels", jpeg(30_000, 30_000)),
    "jpeg of nothing": ("damaged", jpeg(0, 5)),
    "jpeg cut off": ("damaged", jpeg()[:-2]),
    "jpeg cut in its head": ("damaged", jpeg()[:12]),
    "jpeg without a size": ("damaged", b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xDA, b"\1") + b"\xff\xd9"),
    "jpeg of endless passes": ("damaged", jpeg(scans=101)),
    "jpeg and more": ("trailing", jpeg(tail=b"x" * 5000)),
    "jpeg and a larger one": ("pixels", jpeg(tail=jpeg(30_000, 30_000))),
    "jpeg and an archive": ("trailing", jpeg(tail=SMALL_ZIP)),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), IMAGES.values(), ids=IMAGES)
def test_hostile_pictures(reason: str, content: bytes) -> None:
    assert look(content) == reason


def test_what_cameras_leave_is_let_in() -> None:
    assert look(jpeg(9933, 14043, scans=10, tail=b"\0" * 700 + jpeg(640, 480) + b"SEFT" * 20)) == "JPEG 图片"
    assert look(png(4, 3, chunk(b"iCCP", b"broken\0\0profile"), tail=b"\n")) == "PNG 图片"
