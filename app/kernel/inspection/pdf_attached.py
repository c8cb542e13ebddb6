"""What a PDF carries with it: an electronic invoice brings its own data as XML, and nothing else may come along.

An attachment is let in when its name and its bytes both say that it is XML or plain text: readers save and open it
under its name. Whatever leads to one in a way that is not followed here is refused, and so is one that was not found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap

from app.kernel.inspection.names import display_name, extension_of
from app.kernel.inspection.pdf_words import (
    Content,
    after_blanks,
    found,
    inflate,
    is_filtered,
    only_deflated,
    plain,
    spelled,
    string_at,
    text_of,
)
from app.kernel.inspection.refusal import FileRefused

EXTENSIONS = frozenset({"xml", "xbrl", "txt", "json"})
MAX_SIZE = 10 * 1024 * 1024
MAX_FILES = 20
MAX_DICTIONARY = 4096

EMBEDDED = spelled("EmbeddedFile")
_CARRIED = spelled("EF")
_RELATED = spelled("RF")
_NAME = spelled("F", "UF", "DOS", "Mac", "Unix")
_FILES = re.compile(rb"<<\s*((?:/(?:F|UF|DOS|Mac|Unix)\s+\d{1,10}\s+\d{1,5}\s+R\s*){1,5})>>")
_REFERENCE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+R(?![A-Za-z])")
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})\s*(?=[/>])")
_END = re.compile(rb"(?:\r\n|\n|\r)?endstream")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ACTIVE_MARKUP = re.compile(
    r"<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet|<(?:\w{1,20}:)?(?:script|html|svg|iframe|object|embed)[\s>/]"
    r"|www\.w3\.org/(?:1999/xhtml|2000/svg|1999/XSL)|javascript:|hta:",
    re.IGNORECASE,
)
_OTHERS = ("%PDF-", "%!PS", "{\\rtf", "#!", "MZ")  # files that may be written in letters alone


@dataclass
class Attached:
    """What was seen of attachments in all that was read of one file."""

    objects: set[tuple[bytes, bytes]] = field(default_factory=set)
    places: set[int] = field(default_factory=set)  # where the content of streams begins that say they are attached
    hidden: bool = False  # something leads to a file in a way that is not followed here
    named: bool = False
    misnamed: str | None = None  # why a name is not that of data; without a file it may be anything

    def read(self, content: Content) -> list[range]:
        """Take note of what leads to files; where that stands."""
        inside: list[range] = []
        for mark in found(_CARRIED, content, 0, len(content)):
            at = after_blanks(content, mark.end())
            passage = bytes(content[at : at + 400])
            files = _FILES.match(plain(passage))
            if files is not None:
                self.objects.update((one[1].lstrip(b"0"), one[2].lstrip(b"0")) for one in _REFERENCE.finditer(files[1]))
                inside.append(range(at, at + passage.find(b">>")))
            elif passage.startswith(b"<<") or _REFERENCE.match(passage):
                self.hidden = True
        return inside

    def read_names(self, content: Content, inside: list[range]) -> None:
        """Take note of how files are called: all of them must be data."""
        for mark in found(_RELATED, content, 0, len(content)):
            at = after_blanks(content, mark.end())
            if content[at : at + 2] == b"<<" or _REFERENCE.match(content, at):
                self.misnamed = "pdf_opaque"
        for mark in found(_NAME, content, 0, len(content)):
            at = after_blanks(content, mark.end())
            first = content[at : at + 1]
            if first == b"(" or (first == b"<" and content[at : at + 2] != b"<<"):
                good = _is_name_of_data(string_at(content, at))
                self.named = self.named or good
                self.misnamed = self.misnamed or (None if good else "pdf_attached")
            elif _REFERENCE.match(content, at) and not any(mark.start() in place for place in inside):
                self.misnamed = "pdf_opaque"

    def check(self, data: mmap, inside: list[range]) -> None:
        """Refuse the file unless it carries nothing, or nothing but data. `inside` is what `read` said of it."""
        if not (self.objects or self.places or self.hidden):
            return
        self.read_names(data, inside)
        if self.misnamed is not None:
            raise FileRefused(self.misnamed)
        if self.hidden or not self.named:
            raise FileRefused("pdf_opaque")
        streams = dict(stream for number in self.objects for stream in _streams(data, *number))
        if not self.places <= streams.keys():
            raise FileRefused("pdf_opaque")
        if len(streams) > MAX_FILES:
            raise FileRefused("pdf_attached")
        for at, dictionary in streams.items():
            _check_data(_content(data, at, dictionary))


def _is_name_of_data(string: bytes | None) -> bool:
    text = "" if string is None else text_of(string)
    # What comes after a NUL or a colon is no extension to some systems.
    return re.search(r"[\x00-\x1f:]", text) is None and extension_of(display_name(text)) in EXTENSIONS


def _streams(data: mmap, number: bytes, generation: bytes) -> Iterator[tuple[int, bytes]]:
    """Each stream of that number: where its content begins, and its dictionary.

    A later one replaces an earlier one, and readers differ in what they repair: all of them must do.
    """
    blank = rb"(?:[\x00\s]|%[^\r\n]*[\r\n])+"
    begun = re.compile(rb"(?<![0-9])0*" + number + blank + rb"0*" + generation + blank + rb"obj(?![a-z])")
    any_found = False
    for match in found(begun, data, 0, len(data)):
        stream = _STREAM.search(data, match.end(), min(match.end() + MAX_DICTIONARY, len(data)))
        end = data.find(b"endobj", match.end())
        if stream is None or -1 < end < stream.start():
            raise FileRefused("pdf_opaque")
        any_found = True
        yield stream.end(), plain(data[match.end() : stream.start()])
    if not any_found:
        raise FileRefused("pdf_opaque")


def _content(data: mmap, at: int, dictionary: bytes) -> bytes:
    """What the stream holds whose content begins here."""
    if is_filtered(dictionary):
        content = inflate(data, at, MAX_SIZE)
        if not content or not only_deflated(dictionary):
            raise FileRefused("pdf_opaque")
        return content
    lengths = _LENGTH.findall(dictionary)
    # Whoever believes the length and whoever looks for the end must see the same.
    if len(lengths) != 1 or dictionary.count(b"/Length") != 1 or not _END.match(data, at + int(lengths[0])):
        raise FileRefused("pdf_opaque")
    content = data[at : at + min(int(lengths[0]), MAX_SIZE + 1)]
    if len(content) > MAX_SIZE or b"endstream" in content:
        raise FileRefused("pdf_attached")
    return content


def _check_data(content: bytes) -> None:
    text = _decoded(content)
    if text is None or _CONTROL.search(text) or _ACTIVE_MARKUP.search(text):
        raise FileRefused("pdf_attached")
    if text.strip().startswith(_OTHERS) or not text.strip():
        raise FileRefused("pdf_attached")


def _decoded(content: bytes) -> str | None:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
