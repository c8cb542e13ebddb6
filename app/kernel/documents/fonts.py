"""Which of the machine's fonts Chinese is printed in. Nothing warns of a missing one, hence it is looked for first."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from typst import Fonts

from app.kernel.errors import Problem

# Official documents (GB/T 9704) ask for these faces; behind them what comes nearest of what is free.
_SERIF = ("Source Han Serif SC", "Source Han Serif CN", "Noto Serif CJK SC", "Noto Serif SC")
_SANS = ("Source Han Sans SC", "Source Han Sans CN", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei")
FACES: Mapping[str, tuple[str, ...]] = {
    "title": (
        "FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "STZhongsong", *_SERIF, "FandolSong", "SimSun",
    ),
    "body": (
        "FangSong_GB2312", "仿宋_GB2312", "FangSong", "STFangsong", "FandolFang R", "FandolFang", *_SERIF,
        "FandolSong", "SimSun", "AR PL UMing CN",
    ),
    "first": ("SimHei", "STHeiti", "FandolHei", *_SANS),
    "second": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "STKaiti", "FandolKai", "AR PL UKai CN", *_SERIF),
    "page": ("SimSun", "STSong", "FandolSong", *_SERIF),
}  # fmt: skip
"""The faces of a document, by what they are for: title 小标宋, body 仿宋, headings 黑体 and 楷体, page numbers 宋体."""


class NoChineseFont(Problem):
    """The machine has no font in which Chinese can be printed."""

    status, title, code = 503, "Service Unavailable", "no_chinese_font"
    message = (
        "服务器没有可用的中文字体，不能生成 PDF；请管理员安装字体（例如 fonts-noto-cjk），"
        "或用 FONT_DIR 指定字体目录后重启。Word 文档不受影响"
    )
    english = (
        "The server has no Chinese font to make a PDF with. Install one (for example fonts-noto-cjk) or set FONT_DIR,"
        " and restart. Word documents do not need it."
    )


@cache
def installed(folder: Path | None, system: bool = True) -> Fonts:
    """The fonts of the machine, and those below a folder; read once for the life of the process."""
    return Fonts(include_system_fonts=system, include_embedded_fonts=False, font_paths=[folder] if folder else [])


def faces(fonts: Fonts) -> dict[str, str]:
    """A font for each face, the best there is; NoChineseFont where there is none at all."""
    present = {family.casefold(): family for family in fonts.families()}
    found = {
        face: next((present[name.casefold()] for name in names if name.casefold() in present), None)
        for face, names in FACES.items()
    }
    fallback = found["body"] or next((name for name in found.values() if name), None)
    if fallback is None:
        raise NoChineseFont
    return {face: name or fallback for face, name in found.items()}
