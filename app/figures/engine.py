"""Counting: measures of facts, broken down, one statement for each source, compiled once for each shape.

Every sum is exact: fen are added as whole numbers by the database, and only Python sees the result.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, literal, or_, select

from app.figures.dimensions import NONE, Dimension, Names, column_of
from app.figures.sources import CONDITIONS, SOURCES, Source
from app.kernel.paging import Sight
from app.kernel.statements import Statement

Window = Literal["within", "until", "since"]
BEGINNING = date(1900, 1, 1)
"""Before every fact."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted, added up or taken the middle of: of which source, in which days, under which further conditions.

    `within` the period, `until` its end from the beginning, or `since` the rule's day until its end.
    """

    source: str
    what: Literal["count", "amount", "median"] = "count"
    only: tuple[str, ...] = ()
    window: Window = "within"


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows whose value in a dimension is one of these; None stands for no value."""

    dimension: Dimension
    raws: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The days, the thresholds, what to break down by and filter by, and whose eyes tell hidden cells."""

    start: date
    end: date
    as_of: date
    since: date
    large_fen: int
    bands: tuple[int, ...]
    by: tuple[Dimension, ...] = ()
    names: tuple[Names, ...] = ()
    filters: tuple[Filter, ...] = ()
    sight: Sight | None = None


@dataclass(slots=True)
class Cell:
    """A measure's value, of how many rows, and how many of them the actor may see.

    Of a median `spread` tells how many rows have each amount, and `value` is twice the median, so that it is exact.
    """

    value: int = 0
    rows: int = 0
    seen: int = 0
    spread: dict[int, int] | None = None

    @property
    def hidden(self) -> bool:
        """Made up only of what the actor may not see."""
        return self.rows > 0 and self.seen == 0

    def add(self, other: "Cell") -> None:
        self.rows += other.rows
        self.seen += other.seen
        if other.spread is None:
            self.value += other.value
        else:
            mine = self.spread or {}
            self.spread = {amount: mine.get(amount, 0) + other.spread.get(amount, 0) for amount in mine | other.spread}
            self.value = twice_the_median(self.spread)


def twice_the_median(spread: Mapping[int, int]) -> int:
    """Of amounts with the number of rows that have them, at least one: the middle one twice, or the middle two."""
    last = sum(spread.values()) - 1
    middles = {last // 2, (last + 1) // 2}
    found, place = 0, 0
    for amount in sorted(spread):
        found += amount * len([middle for middle in middles if place <= middle < place + spread[amount]])
        place += spread[amount]
    return found if len(middles) == 2 else 2 * found


Cells = dict[Key, Cell]


@dataclass(slots=True)
class _Kept:
    """Statements by shape, bounded: somebody may try every combination."""

    statements: dict[Any, Statement] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept = _Kept()


def cells(connection: Connection, measures: Iterable[Measure], frame: Frame) -> dict[Measure, Cells]:
    """The cells of each measure. Measures of one source and window share a statement."""
    together: dict[tuple[str, Window, tuple[str, ...], bool], list[Measure]] = defaultdict(list)
    for measure in dict.fromkeys(measures):
        # What is counted once however many rows tell of it is picked before it is counted.
        median = measure.what == "median"
        apart = measure.only if median or SOURCES[measure.source].entity is not None else ()
        together[measure.source, measure.window, apart, median].append(measure)
    found: dict[Measure, Cells] = {}
    for (source, window, _, median), group in together.items():
        statement = _statement(source, tuple(group), frame)
        spell = _spread if median else _spelled
        found.update(spell(group, frame, statement.rows(connection, values_of(window, frame))))
    return found


def values_of(window: Window, frame: Frame) -> dict[str, Any]:
    """What the statements of a frame bind."""
    start = {"within": frame.start, "until": BEGINNING, "since": frame.since}[window]
    values: dict[str, Any] = {
        "from_day": start, "to_day": frame.end, "as_of": frame.as_of, "large_fen": frame.large_fen,
    }  # fmt: skip
    values.update((f"band_{index}", bound) for index, bound in enumerate(frame.bands))
    values.update(filter_values(frame.filters))
    values.update(frame.sight.values if frame.sight else {})
    return values


def _spelled(group: list[Measure], frame: Frame, rows: list[tuple[Any, ...]]) -> Mapping[Measure, Cells]:
    """Raw rows to cells; values that share a key are added up."""
    width = len(frame.by)
    step = 3 if frame.sight else 2
    found: dict[Measure, Cells] = {measure: {} for measure in group}
    for row in rows:
        key = tuple(
            NONE if raw is None or raw == "" else names.key(raw)
            for raw, names in zip(row[:width], frame.names, strict=True)
        )
        for index, measure in enumerate(group):
            at = width + index * step
            # PostgreSQL adds 64-bit numbers up to a Decimal; no rows add up to nothing.
            value, count = int(row[at] or 0), int(row[at + 1] or 0)
            if count:
                seen = int(row[at + 2] or 0) if frame.sight else count
                found[measure].setdefault(key, Cell()).add(Cell(value, count, seen))
    return found


def _spread(group: list[Measure], frame: Frame, rows: list[tuple[Any, ...]]) -> Mapping[Measure, Cells]:
    """The same of a median: a row for each key and amount."""
    width = len(frame.by)
    found: Cells = {}
    for row in rows:
        key = tuple(
            NONE if raw is None or raw == "" else names.key(raw)
            for raw, names in zip(row[:width], frame.names, strict=True)
        )
        amount, count = int(row[width] or 0), int(row[width + 1])
        seen = int(row[width + 2] or 0) if frame.sight else count
        found.setdefault(key, Cell()).add(Cell(0, count, seen, {amount: count}))
    return dict.fromkeys(group, found)


def filter_values(filters: Iterable[Filter]) -> dict[str, Any]:
    """What `filter_conditions` binds."""
    return {
        f"f_{place}_{index}": raw
        for place, item in enumerate(filters)
        for index, raw in enumerate(item.raws)
        if raw is not None
    }


def filter_shape(filters: Iterable[Filter]) -> tuple[Any, ...]:
    """What tells two sets of filters apart but for their values."""
    return tuple((item.dimension.code, tuple(raw is None for raw in item.raws)) for item in filters)


def filter_conditions(filters: Iterable[Filter], source: Source, bands: int) -> list[ColumnElement[bool]]:
    """One condition for each dimension: any of its values will do."""
    conditions = []
    for place, item in enumerate(filters):
        column = column_of(item.dimension, source, bands, "filter")
        conditions.append(
            or_(
                *(
                    column.is_(None) if raw is None else column == bindparam(f"f_{place}_{index}", type_=column.type)
                    for index, raw in enumerate(item.raws)
                )
            )
        )
    return conditions


def measure_condition(only: tuple[str, ...]) -> ColumnElement[bool]:
    """What a row must be to be counted, beyond lying in the days asked for."""
    return and_(*(CONDITIONS[name] for name in only))


def _statement(source: str, measures: tuple[Measure, ...], frame: Frame) -> Statement:
    shape = (
        source,
        tuple((measure.what, measure.only) for measure in measures),
        tuple(dimension.code for dimension in frame.by),
        filter_shape(frame.filters),
        frame.sight.shape if frame.sight else None,
        len(frame.bands),
    )
    found = _kept.statements.get(shape)
    if found is None:
        found = _build(SOURCES[source], measures, frame)
        with _kept.lock:
            if len(_kept.statements) > 1000:
                _kept.statements.clear()
            _kept.statements[shape] = found
    return found


def _build(source: Source, measures: tuple[Measure, ...], frame: Frame) -> Statement:
    """Rows with their keys and flags inside, sums outside: grouping by a name works alike on both databases."""
    bands = len(frame.bands)
    keys = [column_of(item, source, bands, "by").label(f"k{index}") for index, item in enumerate(frame.by)]
    if measures[0].what == "median":
        return _build_spread(source, measures, frame, keys)
    if source.entity is not None:
        return _build_distinct(source, measures, frame, keys)
    flags = {only: f"c{index}" for index, only in enumerate(sorted({m.only for m in measures if m.only}))}
    inner = select(
        *keys,
        source.amount.label("amount"),
        *(case((measure_condition(only), 1), else_=0).label(name) for only, name in flags.items()),
        *_seen(source, frame.sight),
    ).select_from(source.table if _asks_the_project(measures, frame) else source.least)
    rows = inner.where(*source.where, *filter_conditions(frame.filters, source, bands)).subquery("counted")

    columns: list[ColumnElement[Any]] = []
    for measure in measures:
        flag = rows.c[flags[measure.only]] if measure.only else None
        count = func.count() if flag is None else func.sum(flag)
        if measure.what == "count":
            columns.append(count)
        else:
            columns.append(func.sum(rows.c.amount if flag is None else case((flag == 1, rows.c.amount), else_=0)))
        columns.append(count)
        if frame.sight:
            columns.append(func.sum(rows.c.seen if flag is None else rows.c.seen * flag))
    grouping = [rows.c[key.name] for key in keys]
    labelled = [column.label(f"v{index}") for index, column in enumerate(columns)]
    return Statement(select(*grouping, *labelled).select_from(rows).group_by(*grouping))


def _build_spread(
    source: Source, measures: tuple[Measure, ...], frame: Frame, keys: list[Any]
) -> Statement:  # fmt: skip
    """How many rows have each amount, in each part; the measures have one condition together."""
    assert source.entity is None, "what is counted once however many rows tell of it has no median"
    rows = (
        select(*keys, source.amount.label("amount"), *_seen(source, frame.sight))
        .select_from(source.table if _asks_the_project(measures, frame) else source.least)
        .where(*source.where, *filter_conditions(frame.filters, source, len(frame.bands)))
        .where(*([measure_condition(measures[0].only)] if measures[0].only else []))
        .subquery("counted")
    )
    grouping = [*(rows.c[key.name] for key in keys), rows.c.amount]
    seen = [func.sum(rows.c.seen).label("v1")] if frame.sight else []
    return Statement(select(*grouping, func.count().label("v0"), *seen).select_from(rows).group_by(*grouping))


def _build_distinct(
    source: Source, measures: tuple[Measure, ...], frame: Frame, keys: list[Any]
) -> Statement:  # fmt: skip
    """Each thing once in each part, whatever number of rows tells of it; the measures have one condition together."""
    assert source.entity is not None
    only = measures[0].only
    rows = (
        select(*keys, source.entity.label("entity"), source.amount.label("amount"), *_seen(source, frame.sight))
        .select_from(source.table if _asks_the_project(measures, frame) else source.least)
        .where(*source.where, *filter_conditions(frame.filters, source, len(frame.bands)))
        .where(*([measure_condition(only)] if only else []))
        .distinct()
        .subquery("counted")
    )
    columns: list[ColumnElement[Any]] = []
    for measure in measures:
        columns.append(func.count() if measure.what == "count" else func.sum(rows.c.amount))
        columns.append(func.count())
        if frame.sight:
            columns.append(func.sum(rows.c.seen))
    grouping = [rows.c[key.name] for key in keys]
    labelled = [column.label(f"v{index}") for index, column in enumerate(columns)]
    return Statement(select(*grouping, *labelled).select_from(rows).group_by(*grouping))


def _asks_the_project(measures: tuple[Measure, ...], frame: Frame) -> bool:
    """Whether a paper or a payment must be read beside its project: not for sums over stretches of time."""
    dimensions = (*frame.by, *(item.dimension for item in frame.filters))
    return bool(
        frame.sight or any(measure.only for measure in measures) or any(item.time is None for item in dimensions)
    )


def _seen(source: Source, sight: Sight | None) -> list[ColumnElement[Any]]:
    if sight is None:
        return []
    condition = source.shown(sight)
    return [(literal(1) if condition is None else case((condition, 1), else_=0)).label("seen")]
