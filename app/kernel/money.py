"""Exact money: whole fen inside, decimal yuan at the edge, 亿元 and 万元 on paper. No float ever takes part in a sum.

An amount of money is an ``int`` of fen and its name ends in ``_fen``. Text becomes fen in two places only:
``parse_yuan`` (strict, for the API) and ``parse_amount`` (lenient, for the cells of a ledger).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

Unit = Literal["元", "万元", "亿元"]
Rounding = Literal["half_up", "down"]

FEN_PER: dict[Unit, int] = {"元": 100, "万元": 1_000_000, "亿元": 10_000_000_000}
MAX_FEN = 2**63 - 1
"""Largest amount a 64-bit column holds: about 922 万亿元."""
PLAUSIBLE_FEN = 10**14
"""1万亿元. No contract or payment of a district reaches it: a larger amount was typed in the wrong unit, and sums of
plausible ones stay within 64 bits."""

YUAN_PATTERN = r"^(0|[1-9][0-9]{0,16})(\.[0-9]{1,2})?$"
SIGNED_YUAN_PATTERN = r"^-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,2})?$"

_SIGNED_YUAN = re.compile(SIGNED_YUAN_PATTERN)
_MODES = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN}
# Wide enough that no sum, product or rounding of two amounts is ever cut by the context.
_EXACT = Context(prec=400)


# --- The API: strict ---


def parse_yuan(value: str | int | Decimal) -> int:
    """Yuan as text, whole number or Decimal, to fen.

    Text must be a plain decimal with at most two digits after the point: no exponent, sign only ``-``, no blanks.
    Raises ValueError (Chinese) for anything else, for parts of a fen and beyond 64 bits.
    """
    if isinstance(value, str):
        if not _SIGNED_YUAN.match(value) or value.endswith("\n"):
            raise ValueError("金额应为以元为单位的十进制数，最多两位小数，例如 2223000000.00")
        return _bounded(_whole_fen(Decimal(value), 100))
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError('金额请以字符串传递，不能用浮点数，例如 "2223000000.00"')
    if isinstance(value, int):
        return _bounded(value * 100)
    return _bounded(_whole_fen(value, 100))


def format_yuan(fen: int) -> str:
    """Fen to yuan with exactly two digits: ``"2223000000.00"``."""
    if fen < 100:
        return f"0.{fen:02d}" if fen >= 0 else f"-{format_yuan(-fen)}"
    digits = str(fen)
    return f"{digits[:-2]}.{digits[-2:]}"


def _bounded(fen: int) -> int:
    if abs(fen) > MAX_FEN:
        raise ValueError("金额超出可记录的范围")
    return fen


def _whole_fen(number: Decimal, fen_per_one: int) -> int:
    """A finite decimal in a unit of so many fen, to fen; parts of a fen are an error, never rounded away."""
    if not number.is_finite():
        raise ValueError("金额不是有效的数字")
    if abs(number.adjusted()) > 30:  # keeps 1E+999999 from being written out
        if number != 0:
            raise ValueError("金额超出可记录的范围")
        return 0
    fen = _EXACT.multiply(number, Decimal(fen_per_one))
    whole = fen.to_integral_value(rounding=ROUND_DOWN)
    if whole != fen:
        raise ValueError("金额只能精确到分")
    return int(whole)


def _signed_input(value: Any) -> int:
    try:
        return parse_yuan(value)
    except ValueError as error:
        raise PydanticCustomError("money", cast(Any, str(error))) from None


def _input(value: Any) -> int:
    fen = _signed_input(value)
    if fen < 0:
        raise PydanticCustomError("money_negative", "金额不能为负数")
    return fen


def _output(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("money", "金额在内部必须是以分为单位的整数")
    return value


def _schema(pattern: str, description: str) -> WithJsonSchema:
    """What is written, always text."""
    return WithJsonSchema(
        {"type": "string", "pattern": pattern, "description": description, "examples": ["2223000000.00"]}
    )


def _input_schema(pattern: str, description: str, least: int) -> WithJsonSchema:
    """What is taken: text, or a whole number of yuan."""
    kinds = [{"type": "string", "pattern": pattern}, {"type": "integer", "minimum": least, "maximum": MAX_FEN // 100}]
    schema = {"anyOf": kinds, "description": description, "examples": ["2223000000.00"]}
    return WithJsonSchema(schema, mode="validation")


_AS_TEXT = PlainSerializer(format_yuan, return_type=str)

Yuan = Annotated[
    int,
    BeforeValidator(_input),
    _AS_TEXT,
    _schema(YUAN_PATTERN, "金额，单位元，十进制字符串，两位小数"),
    _input_schema(YUAN_PATTERN, "金额，单位元，十进制字符串（最多两位小数）或整数，不为负", 0),
]
"""Input: yuan (decimal string, or whole number) not below zero; the attribute holds **fen**; written as yuan text.

Python code that fills such a field gives yuan too. A model filled from fen columns uses ``YuanOut``.
"""
SignedYuan = Annotated[
    int,
    BeforeValidator(_signed_input),
    _AS_TEXT,
    _schema(SIGNED_YUAN_PATTERN, "金额，单位元，十进制字符串，两位小数，可为负"),
    _input_schema(SIGNED_YUAN_PATTERN, "金额，单位元，十进制字符串（最多两位小数）或整数，可为负", -(MAX_FEN // 100)),
]
"""As ``Yuan``, negative amounts allowed (corrections, differences)."""
YuanOut = Annotated[
    int, BeforeValidator(_output), _AS_TEXT, _schema(SIGNED_YUAN_PATTERN, "金额，单位元，十进制字符串，两位小数")
]
"""Output only: filled with int **fen**, written as yuan text."""


# --- Ledgers: what people write in cells ---


@dataclass(frozen=True, slots=True)
class Amount:
    """What a cell said: ``fen``, whether it was only about that much (约, 余, 左右 …), and the unit it was said in."""

    fen: int
    approximate: bool
    unit: Unit


_FOREIGN = re.compile(
    r"[美欧日港澳韩加卢]元|新台币|台币|港币|澳币|英镑|卢布|法郎|\$|€|£|usd|eur|hkd|jpy|gbp", re.IGNORECASE
)
_BEFORE = re.compile(r"^(?:人民币|rmb|cny|¥|大约|约合|约为|约|将近|接近|近|超过|超|逾)", re.IGNORECASE)
_CURRENCY_WORDS = ("人民币", "rmb", "cny", "¥")
_AFTER = re.compile(r"(左右|上下|以上|余|多|\(人民币\)|人民币|rmb|cny)$", re.IGNORECASE)
_RANGE = re.compile(r"[0-9万亿元](?:[-~—–至到])[0-9]")
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_CELL = re.compile(rf"(?P<number>{_NUMBER})(?P<about>余|多)?(?P<scale>亿|千万|百万|万|千)?(?P<about2>余|多)?")
_SCALES = {"亿": 100_000_000, "千万": 10_000_000, "百万": 1_000_000, "万": 10_000, "千": 1_000, None: 1}


def parse_amount(value: object, default_unit: Unit = "万元", *, signed: bool = False) -> Amount:
    """The content of a ledger cell to an amount.

    Takes numbers as a spreadsheet gives them (int, float, Decimal) and text such as ``12,000``, ``1.2亿元``,
    ``约5000``, ``5000余万``, ``1亿2000万元``, full-width digits and blanks included. A bare number is in
    ``default_unit``. Negative amounts need ``signed=True``. Raises ValueError with a Chinese reason: empty, not a
    number, a range, a foreign currency, parts of a fen, out of range.
    """
    if isinstance(value, str):
        amount = _parse_cell(value, default_unit)
    elif isinstance(value, float):
        amount = Amount(_float_fen(value, FEN_PER[default_unit]), False, default_unit)
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) > MAX_FEN:
            raise ValueError("金额超出可记录的范围")
        amount = Amount(_whole_fen(Decimal(value), FEN_PER[default_unit]), False, default_unit)
    else:
        raise ValueError("金额为空" if value is None else "金额不是数字")
    _bounded(amount.fen)
    if amount.fen < 0 and not signed:
        raise ValueError("金额不能为负数")
    return amount


def _float_fen(value: float, fen_per_one: int) -> int:
    """A spreadsheet's float by its shortest decimal form.

    A formula leaves noise behind the 15 digits that Excel keeps and shows (0.1+0.2 is 0.30000000000000004); where
    that noise alone goes below one fen, the 15 digits a person sees in the cell are what the cell says.
    """
    number = Decimal(repr(value))
    try:
        return _whole_fen(number, fen_per_one)
    except ValueError:
        if not number.is_finite() or len(number.as_tuple().digits) <= 15:
            raise
    return _whole_fen(Decimal(f"{value:.15g}"), fen_per_one)


def _parse_cell(raw: str, default_unit: Unit) -> Amount:
    text = "".join(c for c in unicodedata.normalize("NFKC", raw) if not c.isspace() and unicodedata.category(c) != "Cf")
    if not text:
        raise ValueError("金额为空")
    if _FOREIGN.search(text):
        raise ValueError("外币金额请折算为人民币后填写")
    approximate = False
    while found := _BEFORE.match(text):
        approximate = approximate or found.group().lower() not in _CURRENCY_WORDS
        text = text[found.end() :]
    while found := _AFTER.search(text):
        approximate = approximate or found.group(1) in ("左右", "上下", "以上", "余", "多")
        text = text[: found.start()]
    negative = text.startswith(("-", "−"))
    text = text[1:] if negative else text
    if _RANGE.search(text):
        raise ValueError("金额是一个范围，请填写一个确定的数")
    explicit = text.endswith("元")
    text = text.removesuffix("元")
    if found := re.search(r"(?<=[万亿])[余多]$", text):  # 5000万余元
        approximate, text = True, text[: found.start()]

    parts: list[tuple[Decimal, str | None]] = []
    position = 0
    while position < len(text):
        part = _CELL.match(text, position)
        if part is None:
            raise ValueError("金额不是数字")
        approximate = approximate or bool(part["about"] or part["about2"])
        parts.append((Decimal(part["number"].replace(",", "")), part["scale"]))
        position = part.end()
    scales = [_SCALES[scale] for _, scale in parts]
    if not parts or any(left <= right for left, right in pairwise(scales)):
        raise ValueError("金额不是数字")

    if len(parts) == 1 and parts[0][1] is None and not explicit:
        unit, fen = default_unit, _whole_fen(parts[0][0], FEN_PER[default_unit])
    else:
        unit = "亿元" if scales[0] >= _SCALES["亿"] else "万元" if scales[0] >= _SCALES["万"] else "元"
        fen = sum(_whole_fen(number, _SCALES[scale] * 100) for number, scale in parts)
    return Amount(-fen if negative else fen, approximate, unit)


# --- Rounding is for display only ---


def divide(numerator: int, denominator: int, rounding: Rounding = "half_up") -> int:
    """The whole quotient of two integers; ``half_up`` rounds a half away from zero, ``down`` cuts towards zero."""
    negative = (numerator < 0) != (denominator < 0)
    whole, rest = divmod(abs(numerator), abs(denominator))
    if rounding == "half_up" and rest * 2 >= abs(denominator):
        whole += 1
    return -whole if negative else whole


def _shifted(whole: int, digits: int) -> str:
    """An integer of ``10**-digits`` written as a decimal."""
    sign = "-" if whole < 0 else ""
    if digits == 0:
        return f"{sign}{abs(whole)}"
    left, right = divmod(abs(whole), 10**digits)
    return f"{sign}{left}.{right:0{digits}d}"


def in_unit(
    fen: int, unit: Unit = "亿元", digits: int = 2, rounding: Rounding = "half_up", *, trim: bool = False
) -> str:
    """Fen as a number of ``unit`` without the unit's name: ``"22.23"``. ``trim`` drops zeros at the end: ``"100"``."""
    text = _shifted(divide(fen * 10**digits, FEN_PER[unit], rounding), digits)
    return text.rstrip("0").rstrip(".") if trim and "." in text else text


def display(
    fen: int, unit: Unit = "亿元", digits: int = 2, rounding: Rounding = "half_up", *, trim: bool = False
) -> str:
    """Fen as people read it: ``"22.23亿元"``. Not for machines: digits are lost."""
    return in_unit(fen, unit, digits, rounding, trim=trim) + unit


def ratio_text(numerator: int, denominator: int) -> str:
    """The fraction with ten digits, half up: ``"0.4347826087"``. A zero denominator raises ZeroDivisionError."""
    return _shifted(divide(numerator * 10**10, denominator), 10)


def percent_text(numerator: int, denominator: int, digits: int = 1, rounding: Rounding = "half_up") -> str:
    """The fraction in percent without the sign: ``"43.5"``, or cut with ``rounding="down"``: ``"43.4"``."""
    return _shifted(divide(numerator * 10 ** (digits + 2), denominator, rounding), digits)


def round_decimal(value: Decimal, digits: int, rounding: Rounding = "half_up") -> Decimal:
    """``value`` with exactly ``digits`` after the point."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=_MODES[rounding], context=_EXACT)


def convert(amount: Decimal, rate: Decimal) -> int:
    """Foreign money at ``rate`` yuan for one of its units, to fen.

    Half up, as banks settle a single conversion; the amount and the rate are kept beside the result, so that it can
    be computed again.
    """
    if not amount.is_finite() or not rate.is_finite() or rate <= 0:
        raise ValueError("外币金额和汇率必须是有效的数字，汇率必须大于零")
    fen = _EXACT.multiply(_EXACT.multiply(amount, rate), Decimal(100))
    if fen and fen.adjusted() > 30:
        raise ValueError("金额超出可记录的范围")
    return _bounded(int(fen.to_integral_value(rounding=ROUND_HALF_UP)))


def split(fen: int, weights: Sequence[int]) -> list[int]:
    """Share ``fen`` by whole weights without losing or inventing one: the parts add up to ``fen``.

    Each part is cut; the fen left over go one each to the largest remainders, the earlier part first on a tie.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("分配比例不能为负，且合计必须大于零")
    sign = -1 if fen < 0 else 1
    shares = [divmod(abs(fen) * weight, total) for weight in weights]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: -shares[i][1])
    for i in by_remainder[: abs(fen) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
