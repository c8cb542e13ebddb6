"""PDF from a template of the house, in the fonts that are there. Values are handed over as data, never as markup."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from typst import Compiler, Fonts, TypstError

from app.kernel.documents.fonts import NoChineseFont, faces
from app.kernel.replies import encode

MEDIA_TYPE = "application/pdf"
STANDARD: Final = "a-2u"
"""PDF/A for the archive; it also refuses what no font can show, which would otherwise be printed as empty boxes."""
_UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_CODE = re.compile(r"\\u\{([0-9a-f]+)\}")


class GlyphMissing(NoChineseFont):
    """A character that none of the fonts has, a rare one in a name for example."""

    code = "glyph_missing"
    message = "服务器的字体缺少文中的字，不能生成 PDF；请管理员补充字体后重启。Word 文档不受影响"
    english = "The server's fonts lack a character of the text, so there is no PDF. Word documents do not need them."


def render(template: Path, root: Path, values: Mapping[str, Any], fonts: Fonts, at: datetime) -> bytes:
    """The same bytes for the same values, fonts and instant. Templates read `data` and `faces` from their inputs."""
    inputs = {"data": encode(values).decode(), "faces": encode(faces(fonts)).decode()}
    compiler = Compiler(template, root=root, font_paths=fonts, sys_inputs=inputs)
    try:
        document = compiler.compile(format="pdf", pdf_standards=STANDARD, timestamp=int(at.timestamp()))
    except TypstError as error:
        if unshown := _UNSHOWN.search(error.message):
            character = _CODE.sub(lambda code: chr(int(code[1], 16)), unshown[1])
            raise GlyphMissing(f"服务器的字体没有「{character}」字，不能生成 PDF；请管理员补充字体后重启") from error
        raise
    assert isinstance(document, bytes)
    return document
