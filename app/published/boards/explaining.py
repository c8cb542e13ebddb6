"""One sub-index of one unit, from the rows that were counted to the points they are worth."""

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import Any

import msgspec
from sqlalchemy import Connection

from app.figures.engine import Measure
from app.figures.indicators import Definitions
from app.figures.rows import rows
from app.figures.schemas import RowQuery
from app.figures.sources import SOURCES
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.money import split
from app.published.boards import words
from app.published.boards.content import head, quantity
from app.published.boards.rules import MEASURABLE, ActivityRule
from app.published.boards.schemas import BasisOut, PartExplained, RowWorth, TermExplained
from app.published.boards.scoring import ZERO, Part, TermValue

PAGE = 200
ONCE = {"engagement_enterprise": "enterprise", "engagement_project": "project"}
"""Kinds of rows of which several may tell of one thing, which counts once; and what names that thing."""


def explained(
    connection: Connection, actor: Actor, week: Period, on: Definitions, rule: ActivityRule, part: Part, unit: str
) -> PartExplained:
    """A sub-index of a unit; the rows that the actor may see, the others counted."""
    found = [_rows(connection, actor, week, on, term, unit) for term in part.terms]
    shares = [share * term.factor for term, of_term in zip(part.terms, found, strict=True) for share in of_term.shares]
    worth = iter(_worth(part, shares))
    terms = [
        _term(on, term, of_term, worth) for term, of_term in zip(part.terms, found, strict=True)
    ]  # fmt: skip
    basis = part.basis
    return PartExplained(
        **{**head(rule, part.code), "terms": terms},
        value=words.exact(part.measure),
        basis=BasisOut(
            target=_exact(basis.target), least=_exact(basis.least), most=_exact(basis.most), place=basis.place,
            of=basis.of,
        ),
        score=str(part.score),
        points=str(part.points),
        working=words.working(part, rule.parts[part.code].scoring),
    )  # fmt: skip


def _exact(number: Fraction | None) -> str | None:
    return None if number is None else words.exact(number)


class _Rows(msgspec.Struct):
    """The rows of one term that are shown, how much each counts, how many are not shown, and how much those count."""

    items: list[dict[str, Any]]
    counts: list[Fraction]
    withheld: int
    rest: Fraction

    @property
    def shares(self) -> list[Fraction]:
        return [*self.counts, self.rest]


def _rows(
    connection: Connection, actor: Actor, week: Period, on: Definitions, term: TermValue, unit: str
) -> _Rows:  # fmt: skip
    items: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        asked = RowQuery(
            indicator=term.indicator, period=week.text, filter=(f"unit:{unit}",), as_of=week.end, limit=PAGE,
            sort="date", after=after,
        )  # fmt: skip
        page = rows(connection, actor, asked)
        items += msgspec.json.decode(page["items"])
        after = page["next"]
        if after is None:
            break
    (measure,) = MEASURABLE[term.indicator].parts(on)
    assert isinstance(measure, Measure)
    counts = list(_counts(measure, items))
    return _Rows(items, counts, page["withheld"], term.count - sum(counts, ZERO))


def _counts(measure: Measure, items: list[dict[str, Any]]) -> Iterator[Fraction]:
    source, seen = SOURCES[measure.source], set()
    for item in items:
        if measure.what == "amount":
            yield quantity(item["amount"] or 0, source.unit)
        elif source.kind in ONCE:
            thing = item[ONCE[source.kind]]
            yield ZERO if thing in seen else Fraction(1)
            seen.add(thing)
        else:
            yield Fraction(1)


def _worth(part: Part, shares: list[Fraction]) -> list[str | None]:
    """The points of a sub-index shared among its rows by what each adds to the measure, none lost, none invented."""
    if part.measure <= 0 or any(share < 0 for share in shares):
        return [None] * len(shares)
    digits = -int(part.points.as_tuple().exponent)
    whole = lcm(*(share.denominator for share in shares))
    parts = split(int(part.points.scaleb(digits)), [int(share * whole) for share in shares])
    return [words.decimal(points, digits) for points in parts]


def _term(on: Definitions, term: TermValue, found: _Rows, worth: Iterator[str | None]) -> TermExplained:
    indicator = MEASURABLE[term.indicator]
    return TermExplained(
        indicator=term.indicator,
        label=indicator.label(on),
        unit="亿元" if indicator.unit == "元" else indicator.unit,
        count=words.exact(term.count),
        factor=words.exact(term.factor),
        value=words.exact(term.value),
        rows=[
            RowWorth(
                id=item["id"], date=item["date"], deferred_from=item["deferred_from"], title=item["name"],
                project=item["project"], engagement=item["engagement"], enterprise=item["enterprise_name"],
                count=words.exact(count), measure=words.exact(count * term.factor), points=next(worth),
            )
            for item, count in zip(found.items, found.counts, strict=True)
        ],
        withheld=found.withheld,
        withheld_points=next(worth),
    )  # fmt: skip
