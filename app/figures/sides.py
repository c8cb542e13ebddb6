"""One period of a question: its days, the rules that held, the cells that were counted, and which of them show."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.facts.statistics import queries as statistics
from app.figures.dimensions import DIMENSIONS, NONE, OTHER, Dimension, Names, Setting, Unknown, label_of
from app.figures.engine import Cell, Cells, Filter, Frame, Key, Measure, cells
from app.figures.indicators import Definitions, Indicator, Rulebook, Typed
from app.kernel.calendar import FIRST_YEAR, Period
from app.kernel.errors import Invalid
from app.kernel.paging import Sight

Filters = tuple[tuple[str, tuple[str, ...]], ...]
"""Dimension → keys of which any will do."""


@dataclass(frozen=True, slots=True)
class Side:
    """One period to count in. `typed_for` is the name under which figures from outside are looked up.

    `chosen` says the filters in words: `工业、服务业·区经济信息委`; `restated` names the sources, and windows of them,
    that were corrected after the period was over.
    """

    period: Period
    typed_for: str
    on: Definitions
    frame: Frame
    chosen: str = ""
    restated: frozenset[tuple[str, str]] = frozenset()

    def restates(self, indicator: Indicator) -> bool:
        """Whether something the indicator counts was corrected after the period was over."""
        parts = (part for part in indicator.parts(self.on) if not isinstance(part, Typed))
        return any((part.source, part.window) in self.restated for part in parts)

    @property
    def narrowed(self) -> bool:
        """Filtered by more than time."""
        return any(item.dimension.time is None for item in self.frame.filters)


@dataclass(slots=True)
class Counted:
    """An indicator's cells on one side: `whole` is the denominator of a rate, cell by cell or of all."""

    part: Cells
    whole: Cells | None = None
    typed: int | None = None

    @property
    def hidden(self) -> set[Key]:
        """Cells of which the actor may see nothing, in the part or in the whole."""
        every = [self.part] + ([self.whole] if self.whole is not None else [])
        return {key for group in every for key, cell in group.items() if cell.hidden}


def dimension(name: str, field: str) -> Dimension:
    """A declared dimension; 422 naming the known ones otherwise."""
    found = DIMENSIONS.get(name)
    if found is None:
        known = "、".join(DIMENSIONS)
        raise Invalid.field(field, "unknown_dimension", f"没有这一维度。可用的维度：{known}")
    return found


# -- the days --------------------------------------------------------------------------------------------------


def effective(period: Period, as_of: date) -> Period:
    """The period as far as it is known: a running one ends with `as_of`, so that a year ago is cut alike."""
    return Period.span(period.start, as_of) if period.start <= as_of < period.end else period


def a_year_before(period: Period) -> Period | None:
    """The period to compare with; None where the year before has none like it."""
    return period.previous_year() if period.start.year > FIRST_YEAR else None


def side(
    connection: Connection,
    period: Period,
    book: Rulebook,
    as_of: date,
    by: tuple[str, ...],
    filters: Filters,
    sight: Sight | None,
    *,
    typed_for: str | None = None,
    back: int = 0,
) -> Side:
    """One period under the rules of its last day. `back`: how many years before the one asked for."""
    day = min(period.end, as_of)
    on = book.on(day)
    scale = on.scale.body
    setting = Setting(scale, on.groups, day)
    dimensions = tuple(dimension(name, "by") for name in by)
    names: dict[str, Names] = {}
    for item in (*dimensions, *(dimension(name, "filter") for name, _ in filters)):
        if item.code not in names:
            names[item.code] = item.names(connection, setting)
    chosen = tuple(
        Filter(DIMENSIONS[name], tuple(raw for key in keys for raw in _raws(DIMENSIONS[name], names[name], key, back)))
        for name, keys in filters
    )
    parts = (*dimensions, *(item.dimension for item in chosen))
    frame = Frame(
        start=period.start,
        end=period.end,
        as_of=as_of,
        since=on.indicators.body.agreements_since,
        large_fen=scale.large_from,
        bands=scale.bands,
        by=dimensions,
        names=tuple(names[item.code] for item in dimensions),
        filters=chosen,
        sight=sight if any(item.time is None for item in parts) else None,
    )
    words = "·".join("、".join(_called(DIMENSIONS[name], names[name], key) for key in keys) for name, keys in filters)
    return Side(period, typed_for or period.text, on, frame, words)


def _called(item: Dimension, names: Names, key: str) -> str:
    return f"{item.label}{label_of(names, key)}" if key == NONE else label_of(names, key)


def _raws(item: Dimension, names: Names, key: str, back: int) -> tuple[Any, ...]:
    if key == NONE:
        return (None,)
    try:
        raws = names.raws(key)
    except Unknown as error:
        raise Invalid.field("filter", "unknown_value", f"{item.label}：{error}") from None
    if item.time is None or not back:
        return raws
    earlier = moved(key, -back)
    return names.raws(earlier) if earlier else ("",)  # a week 53 that the year before does not have


def moved(key: str, years: int) -> str | None:
    """The same part of another year: `2019-Q3` for `2020-Q3`."""
    text = f"{int(key[:4]) + years:04d}{key[4:]}"
    try:
        return Period.parse(text).text
    except ValueError:
        return None


# -- counting --------------------------------------------------------------------------------------------------


def count(connection: Connection, indicators: Iterable[Indicator], at: Side) -> dict[str, Counted]:
    """Each indicator's cells. What is counted alike is counted in one statement."""
    by_cell = replace(at.frame, filters=())
    of_all = replace(by_cell, by=(), names=(), sight=None)
    frames = {"part": at.frame, "cell": by_cell, "all": of_all}
    wanted: dict[str, list[Measure]] = {name: [] for name in frames}
    plans: list[tuple[Indicator, tuple[str, str]]] = []
    for indicator in indicators:
        whole = ("cell" if at.frame.filters else "all") if indicator.share else "part"
        bases = ("part", whole)
        plans.append((indicator, bases))
        for part, base in zip(indicator.parts(at.on), bases, strict=False):
            if isinstance(part, Measure):
                _check_stock(indicator, at)
                wanted[base].append(part)
            elif at.frame.by or at.frame.filters:
                _check_typed(indicator, at)
    done = {name: cells(connection, measures, frames[name]) for name, measures in wanted.items() if measures}
    found: dict[str, Counted] = {}
    for indicator, bases in plans:
        parts = indicator.parts(at.on)
        counted = Counted({})
        for place, (part, base) in enumerate(zip(parts, bases, strict=False)):
            if isinstance(part, Typed):
                counted.typed = statistics.value(connection, part.code, at.typed_for)
            elif place == 0:
                counted.part = done[base][part]
            else:
                counted.whole = done[base][part]
        found[indicator.code] = counted
    return found


def _check_stock(indicator: Indicator, at: Side) -> None:
    dimensions = (*at.frame.by, *(item.dimension for item in at.frame.filters))
    if indicator.stock and any(item.time is not None for item in dimensions):
        raise Invalid.field("by", "stock", f"{indicator.label(at.on)}是期末存量，不能按时间细分，请分别查询各期间")


def _check_typed(indicator: Indicator, at: Side) -> None:
    if not indicator.is_ratio:
        raise Invalid.field("by", "typed", f"{indicator.label(at.on)}为录入数据，不能细分或筛选")


def fold(group: Cells, hidden: set[Key], at: Side) -> Cells:
    """Put hidden cells into `other`; under a filter stretches of time are parts like any other."""
    if not hidden:
        return dict(group)
    found: Cells = {}
    for key, cell in group.items():
        if key in hidden:
            key = tuple(
                part if item.time is not None and not at.narrowed else OTHER
                for part, item in zip(key, at.frame.by, strict=True)
            )
        found.setdefault(key, Cell()).add(cell)
    return found
