"""How a figure is written: exact for machines, rounded for people, and compared with a year earlier."""

from dataclasses import dataclass
from typing import Any

from app.kernel.money import Rounding, display, format_yuan, percent_text, ratio_text

_REASONS = {
    "zero_denominator": "分母为零，无法计算",
    "negative_denominator": "分母为负，比率没有意义",
    "missing_statistic": "尚未录入该期间的统计数据",
    "withheld": "筛选出的项目均在您的查看范围之外",
    "no_comparison": "上年同期为零，没有可比基数",
    "negative_base": "上年同期为负，没有可比基数",
    "no_period": "上年没有对应的期间",
    "no_value": "本期没有数值，无法比较",
    "no_rows": "期内没有记录，没有中位数",
}
MEAN = "分"
"""The unit of a mean of marks: a fraction, but none of a whole."""

_FLAGS = {"definition_changed": "两期的统计口径不同，不宜直接比较"}


def reason(code: str) -> dict[str, str]:
    """Why there is no value, for machines and for people."""
    return {"code": code, "message": _REASONS[code]}


def flag(code: str) -> dict[str, str]:
    """What one should know before believing a comparison."""
    return {"code": code, "message": _FLAGS[code]}


@dataclass(frozen=True, slots=True)
class Style:
    """How people want it: rounding mode and digits of rates (%) and of money (亿元)."""

    rounding: Rounding
    ratio_digits: int
    money_digits: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One value: a number of `unit` (fen where it is money), or a fraction; `missing` says why there is none."""

    unit: str  # of the value, or of numerator and denominator
    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    missing: str | None = None

    @property
    def is_ratio(self) -> bool:
        return self.value is None and self.denominator is not None


def ratio(unit: str, numerator: int, denominator: int | None) -> Figure:
    """A fraction, or why it is none."""
    missing = None
    if denominator is None:
        missing = "missing_statistic"
    elif denominator <= 0:
        missing = "zero_denominator" if denominator == 0 else "negative_denominator"
    return Figure(unit, None, numerator, denominator, missing)


def plain(number: int | None, unit: str) -> Any:
    """A number as the API has it: counts as numbers, money as yuan, half days as days."""
    if number is None:
        return None
    if unit == "天":
        return f"{'-' if number < 0 else ''}{abs(number) // 2}.{'5' if number % 2 else '0'}"
    return format_yuan(number) if unit == "元" else number


def value_of(figure: Figure) -> Any:
    """The exact value: a number, yuan, or a ratio of ten digits; None with a reason."""
    if figure.missing is not None:
        return None
    if figure.is_ratio:
        return ratio_text(_int(figure.numerator), _int(figure.denominator))
    return plain(figure.value, figure.unit)


def text_of(figure: Figure, style: Style) -> str | None:
    """What one prints."""
    if figure.missing is not None:
        return None
    if figure.is_ratio and figure.unit == MEAN:
        numerator, denominator = _int(figure.numerator), _int(figure.denominator)
        return percent_text(numerator, 100 * denominator, style.ratio_digits, style.rounding)
    if figure.is_ratio:
        return _percent(_int(figure.numerator), _int(figure.denominator), style)
    if figure.unit == "元":
        fen = _int(figure.value)
        # A small sum, as rewards are, must not read as nothing.
        in_hundred_millions = display(fen, "亿元", style.money_digits, style.rounding)
        lost = fen != 0 and not any(digit in in_hundred_millions for digit in "123456789")
        return display(fen, "万元", style.money_digits, style.rounding) if lost else in_hundred_millions
    if figure.unit == "天":
        return str(plain(figure.value, figure.unit)).removesuffix(".0")
    return str(figure.value)


def compared(this: Figure, last: Figure, style: Style) -> dict[str, Any]:
    """Change against last year: `change` is the growth as a ratio, for rates also the difference in 百分点."""
    found: dict[str, Any] = {
        "value": value_of(last),
        "numerator": plain(last.numerator, last.unit),
        "denominator": plain(last.denominator, last.unit),
        "difference": None,
        "change": None,
        "text": None,
        "percentage_points": None,
        "percentage_points_text": None,
        "reason": None,
    }
    if last.missing is not None or this.missing is not None:
        found["reason"] = reason(last.missing or "no_value")
        return found
    if this.is_ratio:
        # a/b against c/d, as one fraction: (ad − cb) / bd is the difference, (ad − cb) / cb the growth.
        a, b, c, d = (_int(n) for n in (this.numerator, this.denominator, last.numerator, last.denominator))
        gain, base = a * d - c * b, c * b
        found["difference"] = ratio_text(gain, b * d)
        if this.unit != MEAN:
            found |= _points(gain, b * d, style)
    else:
        gain, base = _int(this.value) - _int(last.value), _int(last.value)
        found["difference"] = plain(gain, this.unit)
    if this.unit == "位" and not this.is_ratio:
        return found  # ranks rise and fall by places
    if base <= 0:
        found["reason"] = reason("no_comparison" if base == 0 else "negative_base")
        return found
    found["change"] = ratio_text(gain, base)
    found["text"] = _percent(gain, base, style)
    return found


def _points(gain: int, of: int, style: Style) -> dict[str, str]:
    text = f"{percent_text(gain, of, style.ratio_digits, style.rounding)}个百分点"
    return {"percentage_points": ratio_text(gain * 100, of), "percentage_points_text": text}


def _percent(numerator: int, denominator: int, style: Style) -> str:
    return f"{percent_text(numerator, denominator, style.ratio_digits, style.rounding)}%"


def _int(number: int | None) -> int:
    assert number is not None
    return number
