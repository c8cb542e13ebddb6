"""From the measures of all units to each unit's index: pure, exact, and explained as far as it is computed.

What is printed is what is computed with. A sub-index' score is rounded once, its points (score × weight ÷ 100) once,
both as the rule says; everything after that adds up printed numbers, and so can whoever reads the board.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.identity.units.models import Tier
from app.kernel.money import divide
from app.published.boards.rules import ActivityRule, MinMax, RankPoints, ShareOfTarget, SubIndex

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """A unit and what was counted of it in the week; indicators that are not named are zero."""

    unit: str
    tier: Tier
    counts: Mapping[str, Fraction]
    late: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class TermValue:
    """What one term of a measure comes to: count × factor."""

    indicator: str
    count: Fraction
    factor: Fraction

    @property
    def value(self) -> Fraction:
        return self.count * self.factor


@dataclass(frozen=True, slots=True)
class Basis:
    """What a measure was held against: a target, the least and the most of those compared, or a place among them."""

    target: Fraction | None = None
    least: Fraction | None = None
    most: Fraction | None = None
    place: int | None = None
    of: int = 0
    """How many units were compared, this one among them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-index of one unit."""

    code: str
    terms: tuple[TermValue, ...]
    measure: Fraction
    basis: Basis
    score: Decimal
    weight: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Scored:
    """A unit's index. `due` is what the rule takes off, `penalty` what there was to take: the total stops at zero."""

    unit: str
    tier: Tier
    parts: tuple[Part, ...]
    subtotal: Decimal
    late: int
    missing: int
    due: Decimal
    penalty: Decimal
    total: Decimal
    rank: int


def score(rule: ActivityRule, units: Iterable[Measured]) -> dict[str, Scored]:
    """The index of every unit whose tier takes part, by unit. The order in which units come does not matter."""
    taking_part = [unit for unit in units if unit.tier in rule.tiers]
    parts: dict[str, list[Part]] = {unit.unit: [] for unit in taking_part}
    for code, sub_index in rule.parts.items():
        for code_of_unit, part in _scored(rule, code, sub_index, taking_part):
            parts[code_of_unit].append(part)
    totals = {unit.unit: _total(rule, unit, parts[unit.unit]) for unit in taking_part}
    found: dict[str, Scored] = {}
    for group in _groups(taking_part, "tier").values():
        places = Places([totals[unit.unit][-1] for unit in group], rule.ties)
        for unit in group:
            subtotal, due, penalty, total = totals[unit.unit]
            found[unit.unit] = Scored(
                unit.unit, unit.tier, tuple(parts[unit.unit]), subtotal, unit.late, unit.missing, due, penalty, total,
                places.of(total),
            )  # fmt: skip
    return found


def _total(rule: ActivityRule, unit: Measured, parts: Iterable[Part]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    one = Decimal(1).scaleb(-rule.digits)
    subtotal = sum((part.points for part in parts), Decimal(0)).quantize(one)
    due = (rule.late * unit.late + rule.missing * unit.missing).quantize(one)
    penalty = min(due, subtotal)
    return subtotal, due, penalty, subtotal - penalty


def _groups(units: Sequence[Measured], within: str) -> dict[Tier | None, list[Measured]]:
    found: dict[Tier | None, list[Measured]] = {}
    for unit in units:
        found.setdefault(unit.tier if within == "tier" else None, []).append(unit)
    return found


# -- one sub-index -------------------------------------------------------------------------------------------------


def _scored(
    rule: ActivityRule, code: str, sub_index: SubIndex, units: Sequence[Measured]
) -> Iterable[tuple[str, Part]]:
    factors = [(term.indicator, Fraction(term.factor)) for term in sub_index.terms]
    weight = Fraction(sub_index.weight)
    for group in _groups(units, rule.within).values():
        terms = {
            unit.unit: tuple(TermValue(name, unit.counts.get(name, ZERO), factor) for name, factor in factors)
            for unit in group
        }
        measures = {unit: sum((term.value for term in of_unit), ZERO) for unit, of_unit in terms.items()}
        against = _Compared(sub_index, rule.ties, list(measures.values()))
        for unit in group:
            measure = measures[unit.unit]
            normalised, basis = against.normalised(measure, unit.tier)
            printed = _rounded(normalised, rule)
            points = _rounded(Fraction(printed) * weight / 100, rule)
            yield unit.unit, Part(code, terms[unit.unit], measure, basis, printed, sub_index.weight, points)


class _Compared:
    """One sub-index among the units that are compared."""

    def __init__(self, sub_index: SubIndex, ties: str, measures: Collection[Fraction]) -> None:
        self.scoring = sub_index.scoring
        self.of = len(measures)
        self.least, self.most = min(measures), max(measures)
        self.places = Places(measures, ties)

    def normalised(self, measure: Fraction, tier: Tier) -> tuple[Fraction, Basis]:
        """The score of a measure before it is rounded, and what it was held against."""
        match self.scoring:
            case ShareOfTarget(target=usual, tier_targets=others, cap=cap):
                target = Fraction(others.get(tier, usual))
                return max(ZERO, min(measure * 100 / target, Fraction(cap))), Basis(target=target, of=self.of)
            case MinMax(equal=equal):
                spread = Basis(least=self.least, most=self.most, of=self.of)
                if self.most == self.least:
                    return Fraction(equal), spread
                return (measure - self.least) / (self.most - self.least) * 40 + 60, spread
            case RankPoints(points=points, nothing=nothing):
                place = self.places.of(measure)
                if nothing is not None and measure <= 0:
                    return Fraction(nothing), Basis(place=place, of=self.of)
                return Fraction(points[min(place, len(points)) - 1]), Basis(place=place, of=self.of)


class Places:
    """Places among values, the highest first: 1, 1, 3 (`competition`) or 1, 1, 2 (`dense`)."""

    def __init__(self, values: Iterable[Fraction | Decimal], ties: str) -> None:
        self.values = sorted(set(values) if ties == "dense" else values)

    def of(self, value: Fraction | Decimal) -> int:
        """The place of one of them."""
        return len(self.values) - bisect_right(self.values, value) + 1


def _rounded(value: Fraction, rule: ActivityRule) -> Decimal:
    whole = divide(value.numerator * 10**rule.digits, value.denominator, rule.rounding)
    return Decimal(whole).scaleb(-rule.digits)
