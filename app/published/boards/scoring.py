"""From the measures of all units to each unit's index: pure, exact, and explained as far as it is computed.

What is printed is what is computed with. A sub-index' score is rounded once, its points (score × weight ÷ 100) once,
both as the rule says; everything after that adds up printed numbers, and so can whoever reads the board.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

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
        place = places([totals[unit.unit][-1] for unit in group], rule.ties)
        for unit in group:
            subtotal, due, penalty, total = totals[unit.unit]
            found[unit.unit] = Scored(
                unit.unit, unit.tier, tuple(parts[unit.unit]), subtotal, unit.late, unit.missing, due, penalty, total,
                place[total],
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
    """Each unit's part. Those of one tier with the same counts share one: of thousands of units few differ."""
    names = [term.indicator for term in sub_index.terms]
    for group in _groups(units, rule.within).values():
        counts = {unit.unit: tuple(unit.counts.get(name, ZERO) for name in names) for unit in group}
        terms = {key: _terms(sub_index, key) for key in set(counts.values())}
        measures = {key: sum((term.value for term in of_key), ZERO) for key, of_key in terms.items()}
        against = _Compared(sub_index, rule.ties, [measures[key] for key in counts.values()])
        made: dict[tuple[Tier, tuple[Fraction, ...]], Part] = {}
        for unit in group:
            key = counts[unit.unit]
            part = made.get((unit.tier, key))
            if part is None:
                score, basis = against.normalised(measures[key], unit.tier)
                printed = _rounded(score, rule)
                points = _rounded(Fraction(printed) * Fraction(sub_index.weight) / 100, rule)
                part = Part(code, terms[key], measures[key], basis, printed, sub_index.weight, points)
                made[unit.tier, key] = part
            yield unit.unit, part


def _terms(sub_index: SubIndex, counts: Iterable[Fraction]) -> tuple[TermValue, ...]:
    return tuple(
        TermValue(term.indicator, count, Fraction(term.factor))
        for term, count in zip(sub_index.terms, counts, strict=True)
    )


class _Compared:
    """One sub-index among the units that are compared."""

    def __init__(self, sub_index: SubIndex, ties: str, measures: Collection[Fraction]) -> None:
        self.scoring = sub_index.scoring
        self.of = len(measures)
        self.places = places(measures, ties)
        self.most, self.least = next(iter(self.places)), next(reversed(self.places))

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
                place = self.places[measure]
                if nothing is not None and measure <= 0:
                    return Fraction(nothing), Basis(place=place, of=self.of)
                return Fraction(points[min(place, len(points)) - 1]), Basis(place=place, of=self.of)


Value = TypeVar("Value", Fraction, Decimal)


def places(values: Iterable[Value], ties: str) -> dict[Value, int]:
    """The place of each value, the highest first: 1, 1, 3 (`competition`) or 1, 1, 2 (`dense`)."""
    times = Counter(values)
    found, next_place = {}, 1
    for value in sorted(times, reverse=True):
        found[value] = next_place
        next_place += 1 if ties == "dense" else times[value]
    return found


def _rounded(value: Fraction, rule: ActivityRule) -> Decimal:
    whole = divide(value.numerator * 10**rule.digits, value.denominator, rule.rounding)
    return Decimal(whole).scaleb(-rule.digits)
