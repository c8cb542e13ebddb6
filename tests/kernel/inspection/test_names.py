"""Names of uploads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.inspection.names import MAX_BYTES, NAMELESS, display_name, extension_of


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("验资报告.pdf", "验资报告.pdf"),
        ("C:\\Users\\wang\\桌面\\报告.docx", "报告.docx"),
        ("../../etc/passwd", "passwd"),
        ("报告.pdf\u202efdp.exe", "报告.pdffdp.exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ("a\0b\r\n c\x7f.txt", "ab c.txt"),
        ("  报  告 .txt. . ", "报 告 .txt"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("con.txt", "_con.txt"),
        ("..", NAMELESS),
        ("", NAMELESS),
        ("目录/", NAMELESS),
        ("e\u0301.txt", "é.txt"),
        ("0 \u200b 0.txt", "0 0.txt"),
        ("e\u200b\u0301.txt", "é.txt"),
    ],
)
def test_names_become_safe(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_long_names_keep_their_extension() -> None:
    shown = display_name("招" * 300 + ".pdf")
    assert shown == "招" * 78 + ".pdf"
    assert len(display_name("a." + "x" * 500).encode()) == MAX_BYTES


@given(st.text(max_size=400))
def test_any_name_is_bounded_and_stays_as_it_is(name: str) -> None:
    shown = display_name(name)
    assert 0 < len(shown.encode()) <= MAX_BYTES
    assert not set(shown) & set('/\\<>:"|?*\0\n\r\t\u202e\u2066')
    assert display_name(shown) == shown


def test_extensions() -> None:
    assert [extension_of(name) for name in ("a.PDF", "a.tar.gz", "a", ".bashrc", "a.")] == ["pdf", "gz", "", "", ""]
