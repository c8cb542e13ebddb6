"""What uploads are called: a name that is safe to show, to log, and to save a download under."""

import re
import unicodedata
from pathlib import PurePosixPath

NAMELESS = "未命名"
MAX_BYTES = 240  # file systems take 255; eighty Chinese characters

_SEPARATOR = re.compile(r"[/\\]")
_SPACES = re.compile(r"\s+")
_RESERVED = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def display_name(name: str) -> str:
    """The last part of a path without control and direction characters, in normal form, bounded.

    Directions are overridden to make `cod.exe` look like `exe.doc`, and zero-width characters to make two names look
    like one: they are dropped before anybody looks at the extension.
    """
    text = _SPACES.sub(" ", name)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text))  # what was dropped may have stood between
    text = _RESERVED.sub("_", _SEPARATOR.split(text)[-1]).strip(" .")
    if _DEVICE.match(text):
        text = f"_{text}"
    return _bounded(text) or NAMELESS


def extension_of(name: str) -> str:
    """`报告.PDF` → `pdf`; empty when there is none."""
    return PurePosixPath(name).suffix[1:].lower()


def _bounded(text: str) -> str:
    if len(text.encode()) <= MAX_BYTES:
        return text
    extension = PurePosixPath(text).suffix
    extension = extension if len(extension.encode()) <= 16 else ""
    stem = text.removesuffix(extension).encode()[: MAX_BYTES - len(extension.encode())]
    return stem.decode("utf-8", "ignore").rstrip(" .") + extension
