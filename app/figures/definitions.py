"""What an indicator is: its words, what it counts, and the rules that it rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from app.facts.projects.rules import SCALE, ScaleRule
from app.facts.statistics.terms import StatisticCode
from app.figures.engine import Measure
from app.figures.rules import INDICATORS, IndicatorRules
from app.figures.spelling import MEAN
from app.kernel import rules
from app.kernel.money import display
from app.kernel.rules import InForce


@dataclass(frozen=True, slots=True)
class Definitions:
    """The rules that say what the indicators mean on one day."""

    indicators: InForce[IndicatorRules]
    scale: InForce[ScaleRule]

    @property
    def groups(self) -> Mapping[str, str]:
        return {word.value: into.value for word, into in self.indicators.body.sector_groups.items()}

    @property
    def large(self) -> str:
        """The threshold in words."""
        return display(self.scale.body.large_from, trim=True)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every version of the rules that indicators rest on, read once for an answer."""

    indicators: tuple[InForce[IndicatorRules], ...]
    scale: tuple[InForce[ScaleRule], ...]

    def on(self, day: date) -> Definitions:
        """What was in force on a day."""
        return Definitions(rules.ruling(self.indicators, day), rules.ruling(self.scale, day))

    @property
    def turns(self) -> list[date]:
        """The days from which something else held than on the day before."""
        versions: tuple[InForce[Any], ...] = (*self.indicators, *self.scale)
        days = {version.valid_from for version in versions if version.valid_from}
        days |= {version.until + timedelta(days=1) for version in versions if version.until}
        return sorted(days)


def rulebook(connection: Connection) -> Rulebook:
    """The rules as they stand in the database."""
    return Rulebook(tuple(rules.versions(connection, INDICATORS)), tuple(rules.versions(connection, SCALE)))


@dataclass(frozen=True, slots=True)
class Typed:
    """A figure that comes from outside and is typed in for a period."""

    code: StatisticCode


Part = Measure | Typed


@dataclass(frozen=True, slots=True)
class Indicator:
    """`parts` gives what is counted, or numerator and denominator of a rate.

    `wording` is the label before it is filled in: `{large}` stands for the threshold, `{of}` for what is filtered by.

    `depends` names the rules its meaning rests on: where their values differ, two figures are not the same thing.
    `implied` is the dimension it is broken down by when neither `by` nor a filter names it.
    """

    code: str
    wording: str
    unit: str  # 个, 家, 次, 条, 件, 天, 元, 人, 人次, 比率, 位, 分
    formula: Callable[[Definitions], str]
    parts: Callable[[Definitions], tuple[Part, ...]]
    depends: tuple[str, ...] = ()
    implied: str | None = None
    stock: bool = False  # the state on the last day: it has no event dates to break down by
    median: bool = False  # the middle of the amounts, in half days: parts of it do not add up
    share: bool = False  # filters apply to the numerator only, unless asked otherwise

    @property
    def is_ratio(self) -> bool:
        return self.unit in ("比率", MEAN)

    def label(self, on: Definitions, of: str = "") -> str:
        """What it is called under the rules of a day; `of` names the filter of a share's numerator."""
        text = self.wording.format(large=on.large, of=of)
        return f"{text}（分子限于{of}）" if of and "{of}" not in self.wording else text

    def meaning(self, on: Definitions, further: tuple[str, ...] = ()) -> tuple[object, ...]:
        """What may not differ between two figures that are compared."""
        return tuple(_value(on, name) for name in dict.fromkeys((*self.depends, *further)))

    def version(self, on: Definitions) -> str:
        """Which versions of which rules it is computed with: `indicators/0+scale/0`."""
        text = f"{INDICATORS.code}/{on.indicators.number}"
        scaled = any(name.startswith("scale.") for name in self.depends)
        return f"{text}+{SCALE.code}/{on.scale.number}" if scaled else text


def _value(on: Definitions, name: str) -> object:
    rule, _, field = name.rpartition(".")
    value = getattr(on.scale.body if rule == "scale" else on.indicators.body, field)
    return tuple(sorted(value.items())) if isinstance(value, dict) else value
