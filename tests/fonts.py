"""Whether this machine can print Chinese: somebody's who only tries things may lack fonts, CI must not."""

import os

import pytest

from app.kernel.documents import fonts


def _has_chinese() -> bool:
    try:
        return bool(fonts.faces(fonts.installed(None)))
    except fonts.NoChineseFont:
        return False


needs_font = pytest.mark.skipif(not os.environ.get("CI") and not _has_chinese(), reason="no Chinese font")
