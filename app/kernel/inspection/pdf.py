"""Look at a PDF for what acts by itself or carries other files, without a PDF library.

Names are looked for in the raw bytes, in every spelling (`/J#61vaScript`), and in object streams after inflating
them. `/JS` alone is not looked for: without `/JavaScript` or `/Rendition` nothing runs it, and three letters turn up
by chance in any picture. An object stream that cannot be read this way is refused, as is an encrypted file.
Attachments must be data (`pdf_attached`).

What this cannot see: what readers make of a file that is broken on purpose (two readers differ in what they repair),
and flaws of the readers themselves in fonts and pictures. It is a sieve, not a proof: serve PDFs as downloads.
"""

import re
from mmap import mmap

from app.kernel.inspection.pdf_attached import EMBEDDED, Attached
from app.kernel.inspection.pdf_words import found, has, inflate, is_filtered, only_deflated, plain, spelled
from app.kernel.inspection.refusal import FileRefused

MAX_STREAMS = 500_000
MAX_OBJECT_STREAMS = 20_000  # each holds a hundred objects or more
MAX_INFLATED_IN_ALL = 256 * 1024 * 1024
MAX_TRAILING = 1024
MAX_DICTIONARY = 64 * 1024

_ACTIVE = spelled(
    "JavaScript", "Launch", "RichMedia", "Rendition", "SubmitForm", "ImportData", "GoToE", "XFA", "OnInstantiate",
)  # fmt: skip
_ENCRYPTED = spelled("Encrypt")
_OBJECT_STREAM = spelled("ObjStm", "First")
_TYPE = spelled("ObjStm")
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")


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
    if has(_ENCRYPTED, data, *whole):
        raise FileRefused("password")
    if has(_ACTIVE, data, *whole):
        raise FileRefused("pdf_active")
    attached = Attached()
    inside = attached.read(data)
    _check_streams(data, attached)
    attached.check(data, inside)


def _check_streams(data: mmap, attached: Attached) -> None:
    before = inflated = candidates = 0
    for number, stream in enumerate(found(_STREAM, data, 0, len(data))):
        if has(EMBEDDED, data, before, stream.start()):
            attached.places.add(stream.end())
        # All since the last stream, not only the dictionary: where that begins, a string inside it may feign.
        if has(_OBJECT_STREAM, data, before, stream.start()):
            candidates += 1
            content = inflate(data, stream.end())
            inflated += len(content)
            if inflated > MAX_INFLATED_IN_ALL:
                raise FileRefused("bomb")
            if has(_ACTIVE, content, 0, len(content)):
                raise FileRefused("pdf_active")
            attached.read_names(content, attached.read(content))
            _refuse_unreadable(data[max(before, stream.start() - MAX_DICTIONARY) : stream.start()], content)
        if number > MAX_STREAMS or candidates > MAX_OBJECT_STREAMS:
            raise FileRefused("parts")
        before = stream.end()


def _refuse_unreadable(passage: bytes, content: bytes) -> None:
    """An object stream that is packed in another way than deflated once has not been looked into."""
    # Its type can only be its own, and so is all from the object that has it. `/First` is also in outlines.
    typed = _TYPE.search(passage)
    dictionary = passage[max(passage.rfind(b"obj", 0, typed.start() if typed else len(passage)), 0) :]
    if not _OBJECT_STREAM.search(dictionary):
        return
    spelled_plainly = plain(dictionary)
    if is_filtered(spelled_plainly) and not (content and only_deflated(spelled_plainly)):
        raise FileRefused("pdf_opaque")
