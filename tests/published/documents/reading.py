"""What a paper says, read back from the file."""

import io
import re
import zlib

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from app.kernel.documents import fonts


def has_chinese() -> bool:
    """Whether this machine has a font in which Chinese can be printed."""
    try:
        return bool(fonts.faces(fonts.installed(None)))
    except fonts.NoChineseFont:
        return False


def words(document: bytes) -> str:
    """All text of a .docx, heads of pages first."""
    found = docx.Document(io.BytesIO(document))
    heads = [paragraph.text for section in found.sections for paragraph in section.header.paragraphs]
    return "\n".join([*heads, *_body(found)])


def _body(document: Document) -> list[str]:
    told: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            told.append(block.text)
        elif isinstance(block, Table):
            told += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
    return [text for text in told if text.strip()]


def pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def text_of_pdf(pdf: bytes) -> str:
    """The text of a PDF as the maps of its fonts have it, without blanks and ends of lines."""
    found = re.findall(rb"(?:^|\n)(\d+) 0 obj\s(.*?)\sendobj", pdf, re.DOTALL)
    objects = {int(number): body for number, body in found}

    def meant(name: bytes, body: bytes) -> bytes:
        """What stands under a name: in its place, or in an object of its own."""
        elsewhere = re.search(rb"/" + name + rb"\s+(\d+) 0 R", body)
        return objects[int(elsewhere[1])] if elsewhere else body[body.index(b"/" + name) :]

    maps = {
        number: _map(_stream(objects[int(to[1])]))
        for number, body in objects.items()
        if (to := re.search(rb"/ToUnicode (\d+) 0 R", body))
    }
    told = []
    for body in objects.values():
        if re.search(rb"/Type\s*/Page\b(?!s)", body):
            fonts = meant(b"Font", meant(b"Resources", body)).split(b">>")[0]
            names = {name: maps[int(number)] for name, number in re.findall(rb"/(\w+) (\d+) 0 R", fonts)}
            told.append(_shown(_stream(meant(b"Contents", body)), names))
    return re.sub(r"\s", "", "".join(told))


def _stream(body: bytes) -> bytes:
    found = re.search(rb"stream\r?\n(.*?)\r?\nendstream", body, re.DOTALL)
    if found is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _map(cmap: bytes) -> dict[int, str]:
    """Numbers of glyphs and what they stand for."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, text in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = ord(bytes.fromhex(text.decode()).decode("utf-16-be"))
            found |= {glyph: chr(start + place) for place, glyph in enumerate(range(int(first, 16), int(last, 16) + 1))}
    return found


_ESCAPED = re.compile(rb"\\([nrtbf()\\]|[0-7]{1,3}|\r?\n)")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _unescaped(text: bytes) -> bytes:
    def of(found: re.Match[bytes]) -> bytes:
        word = found[1]
        if word.isdigit():
            return bytes([int(word, 8)])
        return _NAMED.get(word, b"" if word.endswith(b"\n") else word)

    return _ESCAPED.sub(of, text)


def _shown(content: bytes, names: dict[bytes, dict[int, str]]) -> str:
    told: list[str] = []
    font: dict[int, str] = {}
    pattern = rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\(((?:[^()\\]|\\.)*)\)"
    for name, digits, text in re.findall(pattern, content, re.DOTALL):
        if name:
            font = names.get(name, {})
            continue
        glyphs = bytes.fromhex(digits.decode()) if digits else _unescaped(text)
        told += [font.get(int.from_bytes(glyphs[at : at + 2], "big"), "") for at in range(0, len(glyphs), 2)]
    return "".join(told)
