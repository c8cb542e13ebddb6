"""How figures are written: exact values, printed texts, comparisons."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.figures.spelling import Figure, Style, compared, ratio, text_of, value_of

counts = st.integers(0, 10**6)
modes = st.sampled_from(["half_up", "down"])
MODES = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN}


@pytest.mark.parametrize(
    ("numerator", "denominator", "mode", "text"),
    [
        (19, 46, "half_up", "41.3%"),
        (20, 46, "down", "43.4%"),
        (20, 46, "half_up", "43.5%"),
        (24, 46, "half_up", "52.2%"),
        (19_00000000_00, 120_32000000_00, "half_up", "15.8%"),
        (75_20000000_00, 120_32000000_00, "half_up", "62.5%"),
    ],
)
def test_the_rates_of_the_report(numerator: int, denominator: int, mode: Literal["half_up", "down"], text: str) -> None:
    assert text_of(ratio("个", numerator, denominator), Style(mode, 1, 2)) == text


@given(numerator=counts, denominator=st.integers(1, 10**6), digits=st.integers(0, 6), mode=modes)
def test_texts_are_the_decimal_rounding(numerator: int, denominator: int, digits: int, mode: str) -> None:
    style = Style(mode, digits, digits)  # type: ignore[arg-type]
    exact = Decimal(numerator * 100) / Decimal(denominator)
    step = Decimal(1).scaleb(-digits)
    if mode == "half_up":  # the quotient above is itself rounded, to 28 digits: leave alone what lies on the edge
        edge = Fraction(numerator * 100, denominator) * 10**digits * 2
        assume(edge.denominator != 1 or Fraction(exact) == Fraction(numerator * 100, denominator))
    assert text_of(ratio("个", numerator, denominator), style) == f"{exact.quantize(step, MODES[mode])}%"
    money = (Decimal(numerator) / Decimal(10**10)).quantize(step, MODES[mode])
    if numerator == 0 or money != 0:
        assert text_of(Figure("元", numerator), style) == f"{money:f}亿元"
    else:  # it would read as nothing
        small = (Decimal(numerator) / Decimal(10**6)).quantize(step, MODES[mode])
        assert text_of(Figure("元", numerator), style) == f"{small:f}万元"
    assert value_of(Figure("个", numerator)) == numerator
    assert text_of(Figure("个", numerator), style) == str(numerator)


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "0.00亿元"),
        (30572839, "30.57万元"),
        (-5250000, "-5.25万元"),
        (50_0000_00 - 1, "50.00万元"),
        (50_0000_00, "0.01亿元"),
        (22_23000000_00, "22.23亿元"),
    ],
)
def test_a_small_sum_does_not_read_as_nothing(fen: int, text: str) -> None:
    assert text_of(Figure("元", fen), Style("half_up", 1, 2)) == text


@given(this=counts, last=st.integers(1, 10**6))
def test_growth(this: int, last: int) -> None:
    found = compared(Figure("个", this), Figure("个", last), Style("half_up", 1, 2))
    assert found["difference"] == this - last
    assert abs(Fraction(found["change"]) - Fraction(this - last, last)) <= Fraction(1, 2 * 10**10)
    assert found["percentage_points"] is None


@given(a=counts, b=st.integers(1, 10**6), c=st.integers(1, 10**6), d=st.integers(1, 10**6))
def test_growth_of_a_rate_and_percentage_points(a: int, b: int, c: int, d: int) -> None:
    found = compared(ratio("个", a, b), ratio("个", c, d), Style("half_up", 1, 2))
    half = Fraction(1, 2 * 10**10)
    assert abs(Fraction(found["percentage_points"]) - 100 * (Fraction(a, b) - Fraction(c, d))) <= half
    assert abs(Fraction(found["change"]) - (Fraction(a, b) / Fraction(c, d) - 1)) <= half


@pytest.mark.parametrize(
    ("this", "last", "code"),
    [
        (Figure("个", 3), Figure("个", 0), "no_comparison"),
        (Figure("元", 3), Figure("元", -1), "negative_base"),
        (ratio("个", 1, 2), ratio("个", 0, 2), "no_comparison"),
        (ratio("个", 1, 2), ratio("个", 0, 0), "zero_denominator"),
        (ratio("个", 1, 0), ratio("个", 1, 2), "no_value"),
        (ratio("元", 1, None), ratio("元", 1, 2), "no_value"),
        (ratio("元", 1, 2), ratio("元", 1, -2), "negative_denominator"),
    ],
)
def test_there_is_not_always_a_comparison(this: Figure, last: Figure, code: str) -> None:
    found = compared(this, last, Style("half_up", 1, 2))
    assert (found["change"], found["text"], found["reason"]["code"]) == (None, None, code)
