"""What policies come to: four published ones by hand, and what holds for any of them."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.enterprises.models import ListingCode
from app.facts.funds.models import FundSource
from app.facts.rewards.policies.calculation import Bases, Calculation, calculate, split
from app.facts.rewards.policies.checks import problems
from app.facts.rewards.policies.policy import Policy
from app.facts.rewards.policies.samples import SAMPLES

WAN, YI = 1_000_000, 10_000_000_000  # fen
FROM_ZERO, FROM_FLOOR, BY_SIZE, OUTSIDE = SAMPLES.policies


def invested(fen: int, **more: Any) -> Bases:
    return Bases(fixed_asset_investment_fen=fen, **more)


def texts(calculation: Calculation, kind: str) -> list[str]:
    return [line.text for line in calculation.lines if line.kind == kind]


def test_the_samples_are_sound() -> None:
    assert problems(SAMPLES.policies, "policies") == []


# -- the four published policies, by hand ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fen", "wanted"),
    [
        (0, 0),
        (800 * WAN, 4 * WAN),  # 800万 × 5‰ = 4万
        (1000 * WAN, 5 * WAN),  # 1000万 × 5‰ = 5万
        (5000 * WAN, 9 * WAN),  # 5万 + 4000万 × 1‰ = 5万 + 4万
        (1 * YI, 14 * WAN),  # 5万 + 9000万 × 1‰ = 5万 + 9万
        (23 * YI // 10, 205_000_00),  # 14万 + 1.3亿 × 0.5‰ = 14万 + 6.5万 = 20.5万
        (82 * YI // 10, 50 * WAN),  # 14万 + 7.2亿 × 0.5‰ = 14万 + 36万 = 50万, just the cap
        (20 * YI, 50 * WAN),  # 14万 + 19亿 × 0.5‰ = 109万, capped
        (1234_5678, 617_00),  # 123,456.78元 × 5‰ = 617.2839元, cut to the yuan
    ],
)
def test_slab_from_zero(fen: int, wanted: int) -> None:
    assert calculate(FROM_ZERO, invested(fen)).gross_fen == wanted


@pytest.mark.parametrize(
    ("fen", "wanted"),
    [
        (3000 * WAN - 1, 0),  # a fen below the floor
        (3000 * WAN, 0),  # at the floor nothing lies above it yet
        (5000 * WAN, 5 * WAN),  # 2000万 × 2.5‰
        (8000 * WAN, 11 * WAN),  # 5万 + 3000万 × 2‰
        (1 * YI, 15 * WAN),  # 5万 + 5000万 × 2‰ = 5万 + 10万
        (5 * YI, 75 * WAN),  # 15万 + 4亿 × 1.5‰ = 15万 + 60万
        (7 * YI, 95 * WAN),  # 75万 + 2亿 × 1‰
        (100 * YI, 1000 * WAN),  # 75万 + 95亿 × 1‰ = 1025万, capped
    ],
)
def test_slab_from_the_floor(fen: int, wanted: int) -> None:
    assert calculate(FROM_FLOOR, invested(fen)).gross_fen == wanted


@pytest.mark.parametrize(
    ("investment", "done", "funds", "listed", "wanted"),
    [
        (9999 * WAN, 5000 * WAN, 0, False, 0),  # below 1亿 the policy has no band
        (1 * YI, 5000 * WAN, 0, False, 30 * WAN),  # 5000万 × 6‰
        (1 * YI, 5000 * WAN, 0, True, 45 * WAN),  # 30万 × 1.5
        (5 * YI, 2 * YI, 3 * YI, False, 100 * WAN),  # 2亿 × 6‰ = 120万, cap 100万; funds are not looked at
        (5 * YI, 1 * YI, 0, True, 90 * WAN),  # 60万 × 1.5, below the cap of 100万
        (5 * YI, 15 * YI // 10, 0, True, 100 * WAN),  # 90万 × 1.5 = 135万, cap 100万
        (5 * YI, 0, 3 * YI, False, 30 * WAN),  # no investment: 3亿 × 1‰
        (10 * YI, 8 * YI, 0, False, 200 * WAN),  # 480万, cap 200万 from 10亿 on
        (30 * YI, 8 * YI, 0, False, 300 * WAN),  # 480万, cap 300万 from 30亿 on
        (50 * YI, 8 * YI, 0, False, 480 * WAN),  # 8亿 × 6‰, below the cap of 500万
        (50 * YI, 8 * YI, 0, True, 500 * WAN),  # 480万 × 1.5 = 720万, cap 500万
    ],
)
def test_by_size(investment: int, done: int, funds: int, listed: bool, wanted: int) -> None:
    listings = frozenset({ListingCode.PRIVATE_500, ListingCode.LISTED} if listed else {ListingCode.LISTED})
    bases = invested(done, funds_fen={FundSource.LOCAL: funds}, investment_fen=investment, listings=listings)
    assert calculate(BY_SIZE, bases).gross_fen == wanted
    assert calculate(BY_SIZE, replace(bases, investment_fen=None), band_fen=investment).gross_fen == wanted


@pytest.mark.parametrize(
    ("outside", "local", "wanted"),
    [
        (4999 * WAN, 5 * YI, 0),  # what is local does not reach the floor
        (5000 * WAN, 0, 25_000_00),  # 5000万 × 0.5‰ = 2.5万, the whole of it
        (6000 * WAN, 1 * YI, 3 * WAN),  # 6000万 × 0.5‰
        (30 * YI, 0, 150 * WAN),  # 150万, just the cap
        (40 * YI, 0, 150 * WAN),  # 200万, capped
    ],
)
def test_outside_funds(outside: int, local: int, wanted: int) -> None:
    half = outside // 2
    funds = {FundSource.OUTSIDE_CITY: half, FundSource.FOREIGN: outside - half, FundSource.LOCAL: local}
    assert calculate(OUTSIDE, Bases(funds_fen=funds)).gross_fen == wanted


def test_every_step_is_told() -> None:
    found = calculate(FROM_ZERO, invested(20 * YI))
    assert [(line.kind, line.text, line.fen) for line in found.lines] == [
        ("base", "计奖基数：固定资产投资 200000万元", 0),
        ("band", "1000万元以下的部分：1000万元 × 5‰ = 50000元", 5 * WAN),
        ("band", "1000万元至10000万元的部分：9000万元 × 1‰ = 90000元", 9 * WAN),
        ("band", "10000万元以上的部分：190000万元 × 0.5‰ = 950000元", 95 * WAN),
        ("cap", "单个项目封顶 500000元：调减 590000元", -59 * WAN),
    ]
    listings = frozenset({ListingCode.GLOBAL_500})
    found = calculate(BY_SIZE, Bases(funds_fen={FundSource.FOREIGN: 2 * YI}, investment_fen=3 * YI, listings=listings))
    assert [(line.kind, line.text, line.fen) for line in found.lines] == [
        ("base", "计奖基数：到位资金 20000万元", 0),
        ("band", "全部按全额：20000万元 × 1‰ = 200000元", 20 * WAN),
        ("multiplier", "属世界500强：× 1.5", 10 * WAN),
        (
            "alternative",
            "备选比较（取排在最前且有基数者）：按固定资产投资 0元；无固定资产投资的，按到位资金 300000元。"
            "采用“无固定资产投资的，按到位资金”",
            0,
        ),
    ]
    assert texts(calculate(FROM_FLOOR, invested(2500 * WAN)), "floor") == ["未达起点 3000万元，不予奖励"]
    assert texts(calculate(BY_SIZE, invested(YI)), "size") == ["计划总投资未填写，不予奖励"]


# -- what else a policy may say ----------------------------------------------------------------------------------------


def policy(*options: dict[str, Any], **more: Any) -> Policy:
    made = Policy.model_validate({"code": "p", "label": "试", "basis": "试", "options": options, **more})
    assert problems([made], "policies") == []
    return made


def option(shape: dict[str, Any], code: str = "one", **more: Any) -> dict[str, Any]:
    return {"code": code, "label": code, "base": "fixed_asset_investment", "shape": shape, **more}


def rates(shape: str, *bands: tuple[int, str], **more: Any) -> dict[str, Any]:
    """Bands by where they start, in fen, and their rate."""
    edges = [f"{start // 100}.{start % 100:02d}" for start, _ in bands]
    told = [
        {"start": start, "end": end, "rate": rate}
        for start, end, (_, rate) in zip(edges, [*edges[1:], None], bands, strict=True)
    ]
    return {"shape": shape, "bands": told, **more}


def test_flat_and_fixed_sums() -> None:
    bands = [{"start": "0", "end": "100", "amount": "0"}, {"start": "100", "amount": "7.50"}]
    flat = policy(option({"shape": "flat", "bands": bands}), rounding="fen")
    assert [calculate(flat, invested(fen)).gross_fen for fen in (1, 9_999, 10_000)] == [0, 0, 750]
    fixed = policy(option({"shape": "fixed", "amount": "88"}, floor="100"))
    assert [calculate(fixed, invested(fen)).gross_fen for fen in (9_999, 10_000)] == [0, 8_800]


def test_land_earns_by_the_mu() -> None:
    # 100亩 × 500元 + 20.50亩 × 300元 = 50000元 + 6150元
    by_mu = policy(option(rates("slab", (0, "500"), (10_000, "300")), base="land_area"))
    found = calculate(by_mu, Bases(land_area=120_50))
    assert found.gross_fen == 56_150_00
    assert texts(found, "band")[1] == "100亩以上的部分：20.5亩 × 300元/亩 = 6150元"


def test_the_higher_alternative_or_the_chosen_one() -> None:
    two = (
        option(rates("whole", (0, "2")), "by_investment"),
        option(rates("whole", (0, "5")), "by_capital", base="paid_in_capital"),
    )
    bases = invested(1000 * WAN, paid_in_capital_fen=500 * WAN)  # 2万 against 2.5万
    higher = calculate(policy(*two), bases)
    assert (higher.option, higher.gross_fen) == ("by_capital", 25_000_00)
    assert calculate(policy(*two), bases, choice="by_investment").gross_fen == 25_000_00  # nothing to choose
    chosen = policy(*two, choose="chosen")
    assert calculate(chosen, bases, choice="by_investment").gross_fen == 2 * WAN
    assert calculate(chosen, bases).gross_fen == 25_000_00
    with pytest.raises(ValueError, match="没有这种计算方法"):
        calculate(chosen, bases, choice="other")


def test_caps_of_a_year_and_of_a_fund_count_what_was_granted() -> None:
    capped = policy(option(rates("whole", (0, "10"))), cap_per_year="10000", cap_per_fund="15000")
    bases = invested(100 * WAN)  # 1万
    assert calculate(capped, bases).gross_fen == 1 * WAN
    assert calculate(capped, bases, granted_in_year_fen=4_000_00).gross_fen == 6_000_00
    assert calculate(capped, bases, granted_in_year_fen=4_000_00, granted_from_fund_fen=12_000_00).gross_fen == 3_000_00
    assert calculate(capped, bases, granted_in_year_fen=2 * WAN).gross_fen == 0


def test_a_multiplier_may_lift_the_cap() -> None:
    bases = invested(1000 * WAN, listings=frozenset(ListingCode))  # 10万; × 2 rather than × 1.5
    many = [{"listings": ["listed"], "factor": "1.5"}, {"listings": ["leader"], "factor": "2", "lifts_cap": True}]
    lifted = policy(option(rates("whole", (0, "10"))), cap="60000", multipliers=many)
    assert calculate(lifted, bases).gross_fen == 12 * WAN
    many[1]["lifts_cap"] = False
    assert (
        calculate(policy(option(rates("whole", (0, "10"))), cap="60000", multipliers=many), bases).gross_fen == 6 * WAN
    )


# -- what holds for any policy -----------------------------------------------------------------------------------------

quantities = st.integers(0, 10**14)
permilles = st.decimals("0.000001", "1000", places=6).map(lambda rate: f"{rate.normalize():f}")


@st.composite
def banded(draw: st.DrawFn) -> list[tuple[int, str]]:
    edges = draw(st.lists(st.integers(1, 10**12), max_size=5, unique=True).map(sorted))
    return [(edge, draw(permilles)) for edge in (0, *edges)]


@given(bands=banded(), one=quantities, other=quantities)
def test_more_of_the_base_never_earns_less_in_a_slab(bands: list[tuple[int, str]], one: int, other: int) -> None:
    slab = policy(option(rates("slab", *bands)), rounding="fen")
    less, more = sorted((one, other))
    assert calculate(slab, invested(less)).gross_fen <= calculate(slab, invested(more)).gross_fen


@given(bands=banded(), at=st.integers(0, 5))
def test_a_slab_goes_on_at_its_edges(bands: list[tuple[int, str]], at: int) -> None:
    slab = policy(option(rates("slab", *bands)), rounding="fen")
    edge = bands[min(at, len(bands) - 1)][0]
    around = [calculate(slab, invested(fen)).gross_fen for fen in (max(0, edge - 1), edge, edge + 1)]
    # At most a thousandth a thousand times: one fen of the base moves the reward by no more than one fen.
    assert all(0 <= high - low <= 1 for low, high in pairwise(around))


def test_a_whole_amount_rate_may_jump() -> None:
    """And falls, where a higher band has a lower rate: that is what such a policy says. A slab never does."""
    whole = policy(option(rates("whole", (0, "5"), (1000 * WAN, "1"))))
    assert calculate(whole, invested(1000 * WAN - 1)).gross_fen == 49_999_00
    assert calculate(whole, invested(1000 * WAN)).gross_fen == 1 * WAN


@given(rate=permilles, one=quantities, other=quantities)
def test_within_a_band_a_whole_amount_rate_is_monotone(rate: str, one: int, other: int) -> None:
    whole, (less, more) = policy(option(rates("whole", (0, rate)))), sorted((one, other))
    assert calculate(whole, invested(less)).gross_fen <= calculate(whole, invested(more)).gross_fen


listed = st.sets(st.sampled_from(ListingCode)).map(frozenset)


@given(bands=banded(), done=quantities, size=quantities, listings=listed, shape=st.sampled_from(["slab", "whole"]))
def test_no_cap_is_passed_and_the_lines_add_up(
    bands: list[tuple[int, str]], done: int, size: int, listings: frozenset[ListingCode], shape: str
) -> None:
    capped = policy(
        option(rates(shape, *bands)), cap="123456.78", cap_per_year="100000",
        multipliers=[{"listings": ["listed"], "factor": "1.333333"}],
        size_caps={"by": "contract", "bands": [
            {"start": "1", "end": "1000000", "cap": "777.77"}, {"start": "1000000", "cap": "99999.99"},
        ]},
        instalments=[{"label": part, "percent": part, "condition": {"when": "approval"}}
                     for part in ("33.33", "33.33", "33.34")],
    )  # fmt: skip
    found = calculate(capped, invested(done, contract_fen=size, listings=listings))
    limit = 777_77 if size < 100_000_000 else 99_999_99
    assert 0 <= found.gross_fen <= limit - limit % 100
    assert sum(line.fen for line in found.lines) == found.gross_fen == found.lines[-1].sum_fen
    assert sum(part.fen for part in found.instalments) == found.gross_fen
    assert all(isinstance(line.fen, int) for line in found.lines)


@given(
    total=st.integers(0, 10**14),
    weights=st.lists(st.integers(1, 10_000_000), min_size=1, max_size=8),
)
def test_a_split_loses_nothing_and_is_exact_to_the_fen(total: int, weights: list[int]) -> None:
    # Shares in percent with four places that add up to exactly 100: what is missing goes to the first.
    parts = [Decimal(weight * 1_000_000 // sum(weights)).scaleb(-4) for weight in weights]
    parts[0] += 100 - sum(parts)
    shares = {number: part for number, part in enumerate(parts, start=7) if part > 0}
    found = split(total, shares)
    assert sum(found.values()) == total
    assert list(found) == list(shares)
    for number, share in shares.items():
        assert abs(found[number] - Decimal(total) * share / 100) < 1


@pytest.mark.parametrize("shares", [{}, {1: "99.99"}, {1: "50", 2: "50.01"}, {1: "100", 2: "0"}, {1: "101", 2: "-1"}])
def test_shares_that_are_no_whole_are_refused(shares: dict[int, str]) -> None:
    with pytest.raises(ValueError, match="分配比例"):
        split(100, {number: Decimal(share) for number, share in shares.items()})
