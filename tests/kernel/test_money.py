from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.kernel import money
from app.kernel.money import Amount, SignedYuan, Yuan, YuanOut

FEN = st.integers(-money.MAX_FEN, money.MAX_FEN)
WAN, YI = 1_000_000, 10_000_000_000


@given(FEN)
def test_format_then_parse_gives_the_same_fen(fen: int) -> None:
    assert money.parse_yuan(money.format_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("2223000000.00", 222_300_000_000),
        ("0", 0),
        ("0.1", 10),
        ("-0.05", -5),
        ("-0", 0),
        (3, 300),
        (Decimal("1.500"), 150),
        (Decimal("1E+3"), 100_000),
        ("92233720368547758.07", 2**63 - 1),
    ],
)
def test_parse_yuan(value: str | int | Decimal, fen: int) -> None:
    assert money.parse_yuan(value) == fen


@pytest.mark.parametrize(
    "value",
    [
        "", " 1", "1\n", "1e3", "NaN", "Infinity", "+1", "1.", ".5", "01", "1.234", "1,000", "１", "٣",
        "92233720368547758.08", "99999999999999999999", 10**18, True, 1.5, None, b"1",
        Decimal("NaN"), Decimal("-Infinity"), Decimal("0.001"), Decimal("1E+999999"), Decimal("1E-999999"),
    ],
)  # fmt: skip
def test_parse_yuan_refuses(value: Any) -> None:
    with pytest.raises(ValueError, match="金额"):
        money.parse_yuan(value)


class Paper(BaseModel):
    amount: Yuan
    change: SignedYuan = 0


def test_yuan_field_reads_yuan_keeps_fen_writes_yuan() -> None:
    paper = Paper.model_validate({"amount": "12.3", "change": "-1"})
    assert (paper.amount, paper.change) == (1230, -100)
    assert paper.model_dump_json() == '{"amount":"12.30","change":"-1.00"}'


@pytest.mark.parametrize(("value", "message"), [("-1", "负"), (1.5, "浮点"), ("1e3", "两位小数"), (None, "浮点")])
def test_yuan_field_refuses_in_chinese(value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as refusal:
        Paper.model_validate({"amount": value})
    assert refusal.value.errors()[0]["type"].startswith("money")


def test_yuan_is_written_as_text() -> None:
    schema = Paper.model_json_schema(mode="serialization")["properties"]["amount"]
    assert (schema["type"], schema["pattern"]) == ("string", money.YUAN_PATTERN)
    assert schema["description"]
    assert schema["examples"] == ["2223000000.00"]


@pytest.mark.parametrize(
    "value", ["1", "1.50", "1e3", "-1", 0, 1000, -1, 1.5, True, None, money.MAX_FEN // 100, money.MAX_FEN // 100 + 1]
)
@pytest.mark.parametrize("field", ["amount", "change"])
def test_the_schema_takes_what_the_field_takes(field: str, value: Any) -> None:
    """Text, or a whole number of yuan."""
    schema = Paper.model_json_schema()["properties"][field]
    assert schema["description"]
    assert schema["examples"] == ["2223000000.00"]
    try:
        Paper.model_validate({"amount": "1", field: value})
    except ValidationError:
        assert not jsonschema_rs.is_valid(schema, value)
    else:
        assert jsonschema_rs.is_valid(schema, value)


def test_yuan_out_takes_fen() -> None:
    adapter: TypeAdapter[int] = TypeAdapter(YuanOut)
    assert adapter.dump_json(adapter.validate_python(1230)) == b'"12.30"'
    with pytest.raises(ValidationError):
        adapter.validate_python("12.30")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12,000", Amount(12_000 * WAN, False, "万元")),
        (12000, Amount(12_000 * WAN, False, "万元")),
        (12000.5, Amount(1_200_050 * WAN // 100, False, "万元")),
        (0.1 + 0.2, Amount(300_000, False, "万元")),
        (1358.0160000000001, Amount(1_358_016_000, False, "万元")),
        (Decimal("0.000001"), Amount(1, False, "万元")),
        ("1.2亿元", Amount(12 * YI // 10, False, "亿元")),
        ("1.2亿", Amount(12 * YI // 10, False, "亿元")),
        ("5000万", Amount(5000 * WAN, False, "万元")),
        ("约5000", Amount(5000 * WAN, True, "万元")),
        ("5000余万", Amount(5000 * WAN, True, "万元")),
        ("5000余万元", Amount(5000 * WAN, True, "万元")),
        ("5000万余元", Amount(5000 * WAN, True, "万元")),
        ("1亿多元", Amount(YI, True, "亿元")),
        ("1亿元左右", Amount(YI, True, "亿元")),
        ("超过1亿元", Amount(YI, True, "亿元")),
        (" １，２００．５　万元\n", Amount(120_050 * WAN // 100, False, "万元")),
        ("人民币约3000元", Amount(300_000, True, "元")),
        ("¥3,000.25元", Amount(300_025, False, "元")),
        ("5千万元", Amount(5000 * WAN, False, "万元")),
        ("1亿2000万元", Amount(12_000 * WAN, False, "亿元")),
        ("3元", Amount(300, False, "元")),
        ("0", Amount(0, False, "万元")),
    ],
)
def test_parse_amount(cell: object, expected: Amount) -> None:
    assert money.parse_amount(cell) == expected


def test_parse_amount_default_unit_and_sign() -> None:
    assert money.parse_amount("1.5", "亿元") == Amount(15 * YI // 10, False, "亿元")
    assert money.parse_amount("-3", signed=True).fen == -3 * WAN
    assert money.parse_amount(-3.0, signed=True).fen == -3 * WAN


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "空"), ("", "空"), ("　", "空"), ("待定", "不是数字"), ("1e3", "不是数字"), (True, "不是数字"),
        (float("nan"), "有效"), (float("inf"), "有效"), (1e300, "范围"), ("-5", "负"), (-5, "负"),
        ("5000-8000万", "范围"), ("1亿至2亿", "范围"), ("1亿~2亿", "范围"), ("100万美元", "外币"), ("$100", "外币"),
        ("0.0000001", "分"), (0.0000001, "分"), ("0.001元", "分"), ("1,2000", "不是数字"), ("12 3.4.5", "不是数字"),
        ("2000万1亿", "不是数字"), ("约", "不是数字"), ("9" * 40, "范围"), (10**400, "范围"), ("元", "不是数字"),
        ("五千万", "不是数字"),
    ],
)  # fmt: skip
def test_parse_amount_refuses_with_a_reason(cell: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        money.parse_amount(cell)


@given(st.integers(0, 10**14))
def test_a_cell_of_wan_yuan_reads_back_what_was_written(fen: int) -> None:
    written = money.in_unit(fen, "万元", digits=6)
    assert money.parse_amount(written).fen == fen
    assert money.parse_amount(f"{Decimal(written):,f}万元").fen == fen


@given(st.integers(0, 10**14))
def test_a_float_cell_is_exact(fen: int) -> None:
    assert money.parse_amount(fen / 100, "元").fen == fen


@given(st.text(max_size=20))
def test_parse_amount_reads_or_refuses_any_text(text: str) -> None:
    try:
        amount = money.parse_amount(text)
    except ValueError as refusal:
        assert str(refusal).startswith(("金额", "外币"))
    else:
        assert amount.fen >= 0


def test_display() -> None:
    assert money.display(222_300_000_000) == "22.23亿元"
    assert money.display(50_000_000_000_000, "亿元", trim=True) == "5000亿元"
    assert money.display(1_777 * YI // 10, trim=True) == "177.7亿元"
    assert money.in_unit(9_999_999_999, "亿元") == "1.00"
    assert money.in_unit(9_999_999_999, "亿元", rounding="down") == "0.99"
    assert money.display(-150, "元", digits=0) == "-2元"


@given(FEN, st.sampled_from(["元", "万元", "亿元"]), st.integers(0, 6), st.sampled_from(["half_up", "down"]))
def test_display_rounds_as_decimal_does(fen: int, unit: money.Unit, digits: int, rounding: money.Rounding) -> None:
    mode = ROUND_HALF_UP if rounding == "half_up" else ROUND_DOWN
    with localcontext(prec=60):
        expected = (Decimal(fen) / money.FEN_PER[unit]).quantize(Decimal(1).scaleb(-digits), rounding=mode)
    assert Decimal(money.in_unit(fen, unit, digits, rounding)) == expected


def test_published_percentages_of_2020() -> None:
    assert money.ratio_text(20, 46) == "0.4347826087"
    assert money.percent_text(20, 46, rounding="down") == "43.4"
    assert money.percent_text(24, 46) == "52.2"
    assert money.percent_text(-1, 8, digits=2) == "-12.50"
    assert money.percent_text(3, 2, digits=0) == "150"
    with pytest.raises(ZeroDivisionError):
        money.ratio_text(1, 0)


@given(FEN, FEN.filter(bool), st.sampled_from(["half_up", "down"]))
def test_ratios_round_as_decimal_does(numerator: int, denominator: int, rounding: money.Rounding) -> None:
    mode = ROUND_HALF_UP if rounding == "half_up" else ROUND_DOWN
    # Cut far behind the last digit first, so that Decimal's own division cannot round a near half up to a half.
    with localcontext(prec=120, rounding=ROUND_DOWN):
        exact = Decimal(numerator) / denominator
        assert Decimal(money.ratio_text(numerator, denominator)) == exact.quantize(
            Decimal("1E-10"), rounding=ROUND_HALF_UP
        )
        percent = (exact * 100).quantize(Decimal("0.1"), rounding=mode)
    assert Decimal(money.percent_text(numerator, denominator, rounding=rounding)) == percent


def test_round_decimal() -> None:
    assert str(money.round_decimal(Decimal("2.345"), 2)) == "2.35"
    assert str(money.round_decimal(Decimal("2.345"), 2, "down")) == "2.34"
    assert str(money.round_decimal(Decimal("3"), 2)) == "3.00"


def test_convert_rounds_half_up_once() -> None:
    assert money.convert(Decimal("1000000"), Decimal("6.5249")) == 652_490_000
    assert money.convert(Decimal("0.05"), Decimal("0.1")) == 1
    assert money.convert(Decimal("-0.05"), Decimal("0.1")) == -1
    for amount, rate in [("1", "0"), ("NaN", "1"), ("1", "Infinity"), ("1E+50", "1")]:
        with pytest.raises(ValueError, match=r"外币|金额"):
            money.convert(Decimal(amount), Decimal(rate))


@given(FEN, st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any))
def test_a_split_never_loses_a_fen(fen: int, weights: list[int]) -> None:
    parts = money.split(fen, weights)
    assert sum(parts) == fen
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - fen * weight) < sum(weights)


def test_split_gives_the_rest_to_the_largest_remainder() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(1001, [3, 7]) == [300, 701]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]
    with pytest.raises(ValueError, match="比例"):
        money.split(100, [0, 0])
    with pytest.raises(ValueError, match="比例"):
        money.split(100, [2, -1])
