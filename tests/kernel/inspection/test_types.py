"""What a file is, by its content; what is not let in, and what its owner is told."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.inspection import refusal
from app.kernel.inspection.examine import EXTENSIONS, TYPES, examine
from app.kernel.inspection.refusal import REASONS, FileRefused
from tests.kernel.specimens import GOOD, look


@pytest.mark.parametrize("kind", GOOD)
def test_every_type_is_known_by_its_content(kind: str) -> None:
    for extension in ["", *TYPES[kind].extensions]:
        assert look(GOOD[kind], f"报告.{extension}" if extension else "报告") == TYPES[kind].label
    assert look(GOOD[kind], f"报告.{TYPES[kind].extensions[0].upper()}") == TYPES[kind].label


@pytest.mark.parametrize("kind", GOOD)
def test_a_name_that_says_something_else_is_refused(kind: str) -> None:
    for extension in EXTENSIONS - set(TYPES[kind].extensions):
        assert look(GOOD[kind], f"报告.{extension}") == "mismatch"
    for extension in ("exe", "html", "docm", "zip", "wps", "mp4"):
        assert look(GOOD[kind], f"报告.{kind}.{extension}") == "extension"


OTHERS = {
    "empty": ("empty", b""),
    "gzip": ("archive", b"\x1f\x8b\x08\0" + b"x" * 50),
    "rar": ("archive", b"Rar!\x1a\x07\1\0"),
    "7z": ("archive", b"7z\xbc\xaf\x27\x1c\0\4"),
    "tar": ("archive", b"a.txt".ljust(257, b"\0") + b"ustar\0" + b"\0" * 300),
    "program": ("program", b"MZ\x90\0".ljust(128, b"\0") + b"PE\0\0"),
    "program of another system": ("program", b"\x7fELF\2\1\1"),
    "script": ("program", b"#!/bin/sh\nrm -rf /\n"),
    "gif": ("picture", b"GIF89a\1\0\1\0\0"),
    "bmp": ("picture", b"BM\x3a\0\0\0\0"),
    "tiff": ("picture", b"II*\0\x08\0\0\0"),
    "webp": ("picture", b"RIFF\x24\0\0\0WEBPVP8 "),
    "heic": ("picture", b"\0\0\0\x18ftypheic\0\0\0\0"),
    "mp4": ("media", b"\0\0\0\x18ftypmp42\0\0\0\0"),
    "wav": ("media", b"RIFF\x24\0\0\0WAVEfmt "),
    "mp3": ("media", b"ID3\3\0\0\0"),
    "rtf": ("rtf", rb"{\rtf1\ansi hello}"),
    "html": ("markup", b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>"),
    "svg": ("markup", b"<svg onload='x'/>"),
    "xml": ("markup", b"<?xml version='1.0'?><a/>"),
    "utf-16": ("control", "项目".encode("utf-16")),
    "bytes": ("unknown", b"\0\1\2\3" * 10),
    "control characters": ("control", b"abc\x1b[31mred"),
    "form feed": ("control", b"a\x0cb"),
    "high control characters": ("control", b"a\x81\x30\x81\x30b\n"),
    "neither encoding": ("control", b"abc\xff\xff\n"),
    "cut in a character": ("control", "项目".encode()[:-1] + b"\xff"),
    "csv that calls": ("dde", "名称,值\n一,=cmd|' /C calc'!A0\n".encode()),
    "csv that calls, quoted": ("dde", b"a,\"@SUM | 'x'!1\"\n"),
}


@pytest.mark.parametrize(("reason", "content"), OTHERS.values(), ids=OTHERS)
def test_others(reason: str, content: bytes) -> None:
    assert look(content) == reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_in_both_encodings(encoding: str) -> None:
    text = "BMW 项目\t𠮷€，投资 -5 | +86！\r\n=1+1\n" * 30_000
    assert look(text.encode(encoding), "a.csv") == "纯文本"


def test_a_control_character_anywhere_is_found() -> None:
    assert look("项目\n".encode() * 100_000 + b"\0") == "control"


def test_every_reason_is_used_and_told_in_both_languages() -> None:
    kernel = "".join(path.read_text() for path in Path(refusal.__file__).parent.glob("*.py"))
    for reason, (chinese, english) in REASONS.items():
        assert re.search(rf'FileRefused\([^)]*"{reason}"', kernel), reason
        assert any("一" <= character <= "鿿" for character in chinese), reason
        assert english.isascii(), reason
        refused = FileRefused(reason, 1, 2)
        assert refused.status == 422
        assert refused.errors[0].code == reason
        assert "{" not in refused.said + refused.said_in_english


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_spoiled_files_are_judged_never_stumbled_over(kind: str, data: st.DataObject) -> None:
    content = bytearray(GOOD[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    with TemporaryDirectory() as folder:
        path = Path(folder) / "received"
        path.write_bytes(content)
        try:
            examine(path, "")
        except FileRefused as refused:
            assert refused.reason in REASONS
