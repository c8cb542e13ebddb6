"""The activity index as a pure function: by hand for a few units, and by its laws for any."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.units.models import Tier
from app.published.boards.rules import LABELS, SAMPLE, ActivityRule
from app.published.boards.scoring import Measured, Scored, score
from tests.published.boards.ruling import body

MEASURED = SAMPLE.indicators


def rule(**changes: Any) -> ActivityRule:
    return ActivityRule.model_validate(body(**changes))


def unit(code: str, tier: Tier = Tier.KEY, late: int = 0, missing: int = 0, **counts: int | str) -> Measured:
    return Measured(code, tier, {name: Fraction(value) for name, value in counts.items()}, late, missing)


def part(found: Scored, code: str) -> Any:
    return next(part for part in found.parts if part.code == code)


# -- by hand -------------------------------------------------------------------------------------------------------


def points_of(outcome: dict[str, Scored], code: str) -> dict[str, str]:
    return {unit: str(part(found, code).points) for unit, found in outcome.items()}


def test_share_of_target_is_capped_and_a_tier_may_have_its_own() -> None:
    scoring = {"method": "target", "target": "2", "tier_targets": {"support": "1"}, "cap": "150"}
    asked = rule(signing={"weight": "25", "scoring": scoring})
    found = score(asked, [
        unit("none"),                                   # 0 ÷ 2 = 0
        unit("half", signed_count=1),                   # 1 ÷ 2 = 50; × 25 ÷ 100 = 12.50
        unit("more", signed_count=4),                   # 4 ÷ 2 = 200, at most 150; × 25 ÷ 100 = 37.50
        unit("other", Tier.SUPPORT, signed_count=1),    # 1 ÷ 1 = 100; × 25 ÷ 100 = 25.00
        unit("reversed", signed_count=-1),              # below nothing is nothing
    ])  # fmt: skip
    assert points_of(found, "signing") == {
        "none": "0.00", "half": "12.50", "more": "37.50", "other": "25.00", "reversed": "0.00",
    }  # fmt: skip


def test_min_max_within_a_tier_or_across_all() -> None:
    # x = visits × 1 + days × 0.5: a 0, b 1 + 0.5 × 1 = 1.5, c 3 + 0.5 × 0 = 3; d of another tier 6
    units = [
        unit("a"), unit("b", outgoing_visits=1, days_out=1), unit("c", outgoing_visits=3),
        unit("d", Tier.SUPPORT, outgoing_visits=6),
    ]  # fmt: skip
    within = points_of(score(rule(), units), "outgoing")
    # key: 0 … 3: a 60, b 1.5 ÷ 3 × 40 + 60 = 80, c 100; d alone: all the same, 60. Times the weight 20 ÷ 100.
    assert within == {"a": "12.00", "b": "16.00", "c": "20.00", "d": "12.00"}
    across = points_of(score(rule(within="all"), units), "outgoing")
    # 0 … 6: a 60, b 1.5 ÷ 6 × 40 + 60 = 70, c 3 ÷ 6 × 40 + 60 = 80, d 100
    assert across == {"a": "12.00", "b": "14.00", "c": "16.00", "d": "20.00"}


@pytest.mark.parametrize(
    ("ties", "points"),
    [
        # 5, 3, 3, 2, 0, 0: places 1, 2, 2, 4, 5, 5; the list has four, what is beyond gets its last
        ("competition", {"a": "10.00", "b": "9.00", "c": "9.00", "d": "7.00", "e": "7.00", "f": "7.00"}),
        # places 1, 2, 2, 3, 4, 4
        ("dense", {"a": "10.00", "b": "9.00", "c": "9.00", "d": "8.00", "e": "7.00", "f": "7.00"}),
    ],
)
def test_rank_points(ties: str, points: dict[str, str]) -> None:
    units = [unit(code, press_items=items) for code, items in zip("abcdef", (5, 3, 3, 2, 0, 0), strict=True)]
    scoring = {"method": "rank", "points": ["100", "90", "80", "70"]}
    assert points_of(score(rule(ties=ties, press={"scoring": scoring}), units), "press") == points
    nothing = points_of(score(rule(ties=ties, press={"scoring": scoring | {"nothing": "5"}}), units), "press")
    assert nothing == points | {"e": "0.50", "f": "0.50"}


def test_late_and_missing_reports_take_off_no_more_than_there_is() -> None:
    # Nothing done: 12 + 9 for 外出 and 到访 (60 × 20 % and 60 × 15 %), the others nothing: 21
    found = score(rule(late="1.5", missing="7"), [unit("a", late=1, missing=2), unit("b", missing=4), unit("c")])
    told = {code: (str(one.due), str(one.penalty), str(one.total), one.rank) for code, one in found.items()}
    assert told == {
        "a": ("15.50", "15.50", "5.50", 2), "b": ("28.00", "21.00", "0.00", 3), "c": ("0.00", "0.00", "21.00", 1),
    }  # fmt: skip


@pytest.mark.parametrize(("rounding", "score_of", "points"), [("half_up", "73.3", "14.7"), ("down", "73.3", "14.6")])
def test_each_printed_number_is_rounded_once_and_computed_on_with(rounding: str, score_of: str, points: str) -> None:
    # 1 of 0 … 3: 1 ÷ 3 × 40 + 60 = 73.33…, printed 73.3; 73.3 × 20 ÷ 100 = 14.66
    units = [unit("a"), unit("b", incoming_visits=1), unit("c", incoming_visits=3)]
    asked = rule(rounding=rounding, digits=1, incoming={"weight": "20"}, outgoing={"weight": "15"})
    found = part(score(asked, units)["b"], "incoming")
    assert (str(found.score), str(found.points)) == (score_of, points)


def test_who_does_not_take_part_is_not_compared_with() -> None:
    units = [unit("a"), unit("b", outgoing_visits=1), unit("c", Tier.AWAY, outgoing_visits=9)]
    found = score(rule(tiers=["key"], within="all"), units)
    assert set(found) == {"a", "b"}
    assert part(found["b"], "outgoing").score == 100


# -- laws ----------------------------------------------------------------------------------------------------------

numbers = st.decimals(0, 200, places=2)
targets = st.builds(
    lambda target, other, cap: {"method": "target", "target": target, "tier_targets": {"key": other}, "cap": cap},
    *(st.decimals("0.01", 100, places=2) for _ in range(2)),
    st.decimals(1, 300, places=1),
)
spreads = st.builds(lambda equal: {"method": "min_max", "equal": equal}, st.decimals(60, 100, places=1))


@st.composite
def ranks(draw: Callable[..., Any]) -> dict[str, Any]:
    points = sorted(draw(st.lists(numbers, min_size=1, max_size=6)), reverse=True)
    nothing = draw(st.none() | st.decimals(0, points[-1], places=2))
    return {"method": "rank", "points": points, "nothing": nothing}


@st.composite
def rules_(draw: Callable[..., Any]) -> ActivityRule:
    cuts = sorted(draw(st.lists(st.integers(0, 1000), min_size=5, max_size=5)))
    weights = [Decimal(b - a) / 10 for a, b in zip([0, *cuts], [*cuts, 1000], strict=True)]
    changes: dict[str, Any] = {
        code: {"weight": weight, "scoring": draw(targets | spreads | ranks())}
        for code, weight in zip(LABELS, weights, strict=True)
    }
    return rule(
        **changes, within=draw(st.sampled_from(["tier", "all"])), ties=draw(st.sampled_from(["competition", "dense"])),
        digits=draw(st.integers(0, 4)), rounding=draw(st.sampled_from(["half_up", "down"])),
        late=draw(st.integers(0, 3)), missing=draw(st.integers(0, 9)),
        tiers=draw(st.lists(st.sampled_from([tier.value for tier in Tier]), min_size=1, unique=True)),
    )  # fmt: skip


counts = st.dictionaries(st.sampled_from(MEASURED), st.integers(0, 6).map(lambda half: Fraction(half, 2)))
measured = st.builds(
    lambda tier, found, late, missing: (tier, found, late, missing),
    st.sampled_from(Tier), counts, st.integers(0, 2), st.integers(0, 2),
)  # fmt: skip
districts = st.lists(measured, min_size=1, max_size=8).map(
    lambda rows: [Measured(f"u{number}", *row) for number, row in enumerate(rows)]
)


@given(asked=rules_(), units=districts, seed=st.integers(0, 1000))
def test_the_order_of_units_does_not_matter(asked: ActivityRule, units: list[Measured], seed: int) -> None:
    shuffled = list(units)
    random.Random(seed).shuffle(shuffled)
    assert score(asked, units) == score(asked, shuffled)


@given(asked=rules_(), units=districts)
def test_whatever_is_printed_adds_up_and_stays_within_bounds(asked: ActivityRule, units: list[Measured]) -> None:
    for one in score(asked, units).values():
        assert sum(Decimal(str(part.points)) for part in one.parts) == one.subtotal
        assert one.subtotal - one.penalty == one.total >= 0
        assert one.penalty == min(one.due, one.subtotal)
        for found in one.parts:
            low, high = bounds(asked, found.code, one.tier)
            assert low <= found.score <= high
            assert 0 <= found.points <= found.score * found.weight / 100 + Decimal("0.5")
            assert -found.points.as_tuple().exponent == asked.digits == -one.total.as_tuple().exponent


def bounds(asked: ActivityRule, code: str, tier: Tier) -> tuple[Decimal, Decimal]:
    scoring = asked.parts[code].scoring
    half = Decimal("0.5")  # as far as rounding to whole points may go
    match scoring.method:
        case "target":
            return Decimal(0), scoring.cap + half
        case "min_max":
            return Decimal(60), Decimal(100)
        case _:
            return Decimal(0), scoring.points[0] + half


@given(asked=rules_(), units=districts)
def test_equal_totals_share_a_rank_and_others_do_not(asked: ActivityRule, units: list[Measured]) -> None:
    found = score(asked, units)
    for one in found.values():
        tier = [other.total for other in found.values() if other.tier is one.tier]
        above = [total for total in tier if total > one.total]
        assert one.rank == 1 + len(set(above) if asked.ties == "dense" else above)


@given(asked=rules_(), units=districts, which=st.integers(0, 7), what=st.sampled_from(MEASURED), more=st.integers(1, 8))
def test_who_does_more_never_loses_by_it(
    asked: ActivityRule, units: list[Measured], which: int, what: str, more: int
) -> None:
    old = units[which % len(units)]
    counts = {**old.counts, what: old.counts.get(what, Fraction(0)) + Fraction(more, 2)}
    new = Measured(old.unit, old.tier, counts, old.late, old.missing)
    others = [unit for unit in units if unit is not old]
    before, after = score(asked, units).get(old.unit), score(asked, [*others, new]).get(old.unit)
    if before is None or after is None:
        assert before is after
        return
    for was, becomes in zip(before.parts, after.parts, strict=True):
        assert becomes.score >= was.score and becomes.points >= was.points
        if was.basis.place is not None and becomes.basis.place is not None:
            assert becomes.basis.place <= was.basis.place
    assert after.total >= before.total


@given(asked=rules_(), units=districts)
def test_equal_measures_get_equal_scores(asked: ActivityRule, units: list[Measured]) -> None:
    seen: dict[Any, Decimal] = {}
    for one in score(asked, units).values():
        for found in one.parts:
            # Targets differ by tier; so do those who are compared, unless all are.
            assert seen.setdefault((found.code, one.tier, found.measure), found.score) == found.score
