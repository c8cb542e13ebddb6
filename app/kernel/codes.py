"""Codes published by the state: checked, written one way, refused with a reason in Chinese.

Unified social credit code (GB 32100-2015), resident identity number (GB 11643), national project code (GB/T
40058-2021), region (GB/T 2260, see ``regions``) and industry class (GB/T 4754-2017). Every ``check_*`` takes text as
typed and returns the normal spelling, or raises ValueError.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, cast

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from stdnum import luhn
from stdnum.cn import ric, uscc

from app.kernel import calendar
from app.kernel.regions import check_region, find_region, region_name

__all__ = [
    "IndustryClass",
    "NationalProjectCode",
    "RegionCode",
    "Uscc",
    "account_number",
    "check_industry",
    "check_project_code",
    "check_region",
    "check_resident",
    "check_uscc",
    "find_region",
    "industry_section",
    "looks_like_card",
    "plain",
    "region_name",
]


def _typed(text: str) -> str:
    """Full-width to half-width, upper case, no blanks or invisible characters; every dash a hyphen."""
    if text.isascii() and text.isalnum():
        return text.upper()
    wide = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return re.sub("[‐‑‒–—―−]", "-", plain)


def plain(text: str) -> str:
    """A number of any paper as it is compared: upper case, half-width, without blanks and hyphens."""
    return _typed(text).replace("-", "")


# --- GB 32100-2015 ---

_USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_uscc(text: str) -> str:
    """A unified social credit code: 18 of 31 characters (no I, O, S, V, Z), the last one a check character.

    When only the check character is wrong, whatever stands there, the message says which one was expected.
    """
    code = _typed(text)
    if len(code) != 18:
        raise ValueError(f"统一社会信用代码应为 18 位，现为 {len(code)} 位")
    for place, character in enumerate(code[:17], start=1):
        if character not in _USCC_DIGITS:
            raise ValueError(f"统一社会信用代码第 {place} 位有误：只能用数字和大写字母，且不含 I、O、S、V、Z")
        # The packaged check wants digits in places 1 and 2 as well; rural collectives (N…) have letters there.
        if 3 <= place <= 8 and not character.isdigit():
            raise ValueError(f"统一社会信用代码第 {place} 位有误：第 3 至 8 位是行政区划代码，应为数字")
    expected = uscc.calc_check_digit(code[:17])
    if code[17] != expected:
        raise ValueError(f"统一社会信用代码校验不通过：按前 17 位，最后一位应为 {expected}")
    return code


# --- GB 11643 ---


def check_resident(text: str) -> str:
    """A resident's identity number: 18 characters with a real day of birth and the right check character.

    It is personal: no reason repeats any of it, nor says which check character was expected.
    """
    number = plain(text)
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        raise ValueError("居民身份证号应为 18 位：17 位数字，最后一位为数字或 X")
    try:
        born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        raise ValueError("居民身份证号中的出生日期不存在") from None
    if born.year < 1900 or born > calendar.today():
        raise ValueError("居民身份证号中的出生日期不合理")
    if ric.calc_check_digit(number) != number[17]:
        raise ValueError("居民身份证号校验不通过，请核对")
    return number


# --- Bank accounts: no standard that all of them follow ---


def account_number(text: str) -> str:
    """An account as banks write it: 6 to 34 digits, letters for some. Blanks and hyphens between are left out."""
    number = plain(text)
    if not re.fullmatch(r"[0-9A-Z]{6,34}", number):
        raise ValueError("银行账号应为 6 至 34 位数字或字母")
    return number


def looks_like_card(number: str) -> bool:
    """Whether a checked account passes Luhn's check, as the numbers of cards do; those of companies need not."""
    return number.isdigit() and bool(luhn.is_valid(number))


# --- GB/T 40058-2021 ---


def check_project_code(text: str, district: str = "500114") -> tuple[str, list[str]]:
    """A national fixed-asset project code, ``YYYY-RRRRRR-II-TT-NNNNNN``, and what looks odd about it.

    Only the shape can make it wrong. A year or region that is not plausible is a warning (Chinese): projects move,
    and approval may lie with another region than ``district``.
    """
    code = _typed(text)
    if re.fullmatch(r"[0-9A-Z]{20}", code):  # typed without its hyphens
        code = f"{code[:4]}-{code[4:10]}-{code[10:12]}-{code[12:14]}-{code[14:]}"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{6}-[0-9A-Z]{2}-[0-9]{2}-[0-9]{6}", code):
        raise ValueError("国家项目代码应为 24 位，形如 2020-500114-29-03-123456")
    warnings = []
    if not 2000 <= int(code[:4]) <= 2199:
        warnings.append("国家项目代码的年份不像是真实年份")
    region = code[5:11]
    if region != district:
        try:
            warnings.append(f"国家项目代码的地区是{region_name(region)}，不是本区")
        except ValueError:
            warnings.append("国家项目代码的地区不是本区，也不在行政区划代码表中")
    return code, warnings


# --- GB/T 4754-2017 ---

_SECTIONS: tuple[tuple[str, str, range], ...] = (
    ("A", "农、林、牧、渔业", range(1, 6)),
    ("B", "采矿业", range(6, 13)),
    ("C", "制造业", range(13, 44)),
    ("D", "电力、热力、燃气及水生产和供应业", range(44, 47)),
    ("E", "建筑业", range(47, 51)),
    ("F", "批发和零售业", range(51, 53)),
    ("G", "交通运输、仓储和邮政业", range(53, 61)),
    ("H", "住宿和餐饮业", range(61, 63)),
    ("I", "信息传输、软件和信息技术服务业", range(63, 66)),
    ("J", "金融业", range(66, 70)),
    ("K", "房地产业", range(70, 71)),
    ("L", "租赁和商务服务业", range(71, 73)),
    ("M", "科学研究和技术服务业", range(73, 76)),
    ("N", "水利、环境和公共设施管理业", range(76, 80)),
    ("O", "居民服务、修理和其他服务业", range(80, 83)),
    ("P", "教育", range(83, 84)),
    ("Q", "卫生和社会工作", range(84, 86)),
    ("R", "文化、体育和娱乐业", range(86, 91)),
    ("S", "公共管理、社会保障和社会组织", range(91, 97)),
    ("T", "国际组织", range(97, 98)),
)
_SECTION_OF = {f"{division:02d}": letter for letter, _, divisions in _SECTIONS for division in divisions}
_SECTION_NAMES = {letter: name for letter, name, _ in _SECTIONS}


def check_industry(text: str) -> str:
    """An industry class: a section's letter, alone or with 2 to 4 digits (``C3042``); bare digits get their letter."""
    code = _typed(text)
    found = re.fullmatch(r"([A-Z]?)([0-9]{2,4})?", code)
    if not found or not code:
        raise ValueError("行业代码应为门类字母，或字母加 2 至 4 位数字，例如 C3042")
    letter, digits = found[1], found[2]
    if digits is None:
        if letter not in _SECTION_NAMES:
            raise ValueError("行业门类应为 A 至 T 的字母")
        return letter
    section = _SECTION_OF.get(digits[:2])
    if section is None:
        raise ValueError(f"行业大类 {digits[:2]} 不存在")
    if letter not in ("", section):
        raise ValueError(f"行业大类 {digits[:2]} 属于门类 {section}，与字母不符")
    return section + digits


def industry_section(code: str) -> str:
    """The Chinese name of a checked industry code's section: ``"C3042"`` is 制造业."""
    return _SECTION_NAMES[code[0]]


# --- Fields ---


def _field(check: Callable[[str], str], kind: str) -> AfterValidator:
    def checked(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise PydanticCustomError(cast(Any, kind), cast(Any, str(error))) from None

    return AfterValidator(checked)


def _schema(description: str, *examples: str) -> WithJsonSchema:
    # No pattern: full-width digits, blanks and missing hyphens are accepted and put right.
    return WithJsonSchema({"type": "string", "description": description, "examples": list(examples)})


Uscc = Annotated[
    str, _field(check_uscc, "uscc"), _schema("统一社会信用代码（GB 32100-2015），18 位", "11500114MB1912255L")
]
RegionCode = Annotated[
    str, _field(check_region, "region"), _schema("行政区划代码（GB/T 2260），6 位数字", "500114", "330000")
]
IndustryClass = Annotated[
    str,
    _field(check_industry, "industry"),
    _schema("国民经济行业代码（GB/T 4754-2017），门类字母加 0 或 2 至 4 位数字", "C3042", "A"),
]
NationalProjectCode = Annotated[
    str,
    _field(lambda text: check_project_code(text)[0], "national_code"),
    _schema("国家项目代码（GB/T 40058-2021），24 位，只查格式", "2020-500114-29-03-123456"),
]
