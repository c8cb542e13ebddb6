"""Text that people type: normal form, no control characters, bounded."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError


def _line(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise PydanticCustomError("control_character", "不得含换行或控制字符")
    return text


def _paragraph(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        raise PydanticCustomError("control_character", "不得含控制字符")
    return text


Line = Annotated[str, AfterValidator(_line), StringConstraints(min_length=1, max_length=200)]
"""One line: a name, a title, a number."""

Paragraph = Annotated[str, AfterValidator(_paragraph), StringConstraints(min_length=1, max_length=20_000)]
"""Text with line breaks: a note, a reason."""


def cleaned(text: str | None, longest: int) -> str | None:
    """What another system says, fit to be kept and shown: no control characters, cut off; None for nothing."""
    if text is None:
        return None
    if text.isascii() and text.isprintable():
        return text[:longest].strip() or None
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") else c for c in text[: 4 * longest])
    return unicodedata.normalize("NFC", " ".join(kept.split()))[:longest].strip() or None
