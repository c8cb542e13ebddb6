"""Figures as the API gives them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.facts.projects.queries import sight as sight_of
from app.figures.dimensions import DIMENSIONS, Setting
from app.figures.indicators import INDICATORS_BY_CODE, Definitions, Indicator, find, rulebook
from app.figures.questions import Question, answer
from app.figures.schemas import FigureQuery
from app.figures.sides import Filters
from app.identity.periods.models import Period as Lock
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import Invalid
from app.kernel.paging import EVERYTHING, Sight
from app.kernel.statements import Statement

_locks = Statement(
    select(Lock.id)
    .where(Lock.locked.is_(True), Lock.starts_on <= bindparam("first"), Lock.ends_on >= bindparam("last"))
    .limit(1)
)


def locked(connection: Connection, period: Period) -> bool:
    """Whether every day of a period lies in one that was closed."""
    return bool(_locks.rows(connection, {"first": period.start, "last": period.end}))


def eyes(actor: Actor) -> Sight | None:
    """What the actor may see of projects; None for the house itself, which sees all."""
    sight = sight_of(actor)
    return None if sight is EVERYTHING else sight


def parsed(filters: Iterable[str]) -> Filters:
    """`dimension:value` to the values of each dimension."""
    found: dict[str, list[str]] = {}
    for text in filters:
        name, colon, value = text.partition(":")
        if not colon or not value:
            raise Invalid.field("filter", "shape", "筛选写作 维度:值，例如 sector:industry")
        if value not in found.setdefault(name, []):
            found[name].append(value)
    return tuple((name, tuple(values)) for name, values in found.items())


def frame_of(connection: Connection, text: str, as_of: date | None) -> tuple[Period, date, dict[str, Any]]:
    """The period and the day asked for, and how an answer names them."""
    period, day = Period.parse(text), as_of or calendar.today()
    said = {"period": period.text, "label": period.label, "as_of": day, "locked": locked(connection, period)}
    return period, day, said


def figures(connection: Connection, actor: Actor, q: FigureQuery) -> dict[str, Any]:
    """Indicators of a period, broken down, filtered and compared as asked."""
    if len(set(q.by)) < len(q.by):
        raise Invalid.field("by", "twice", "细分维度不得重复")
    period, day, said = frame_of(connection, q.period, q.as_of)
    question = Question(
        book=rulebook(connection),
        indicators=tuple(find(code) for code in dict.fromkeys(q.indicator)),
        period=period,
        as_of=day,
        by=q.by,
        filters=parsed(q.filter),
        share=q.share,
        yoy=q.compare == "yoy",
        rounding=q.rounding,
        digits=q.digits,
    )
    return {"items": answer(connection, question, eyes(actor)), **said}


# -- what there is ---------------------------------------------------------------------------------------------


def indicators(connection: Connection, _actor: Actor) -> dict[str, Any]:
    """Every indicator with its definitions, past, present and to come."""
    book = rulebook(connection)
    now = book.on(calendar.today())
    every = [(None, book.on(date.min)), *((day, book.on(day)) for day in book.turns)]
    return {"items": [_indicator(indicator, now, every) for indicator in INDICATORS_BY_CODE.values()]}


def _indicator(
    indicator: Indicator, now: Definitions, every: Sequence[tuple[date | None, Definitions]]
) -> dict[str, Any]:
    versions: list[dict[str, Any]] = []
    for begins, on in every:
        version = indicator.version(on)
        if not versions or versions[-1]["version"] != version:
            versions.append({"version": version, "valid_from": begins, **_printed(indicator, on)})
    return {
        "code": indicator.code,
        "label": indicator.label(now),
        "unit": indicator.unit,
        "stock": indicator.stock,
        **_printed(indicator, now),
        "versions": versions,
    }


def _printed(indicator: Indicator, on: Definitions) -> dict[str, Any]:
    body = on.indicators.body
    digits = {"比率": body.ratio_digits, "元": body.money_digits}.get(indicator.unit)
    return {"formula": indicator.formula(on), "digits": digits, "rounding": body.rounding}


def dimensions(connection: Connection, _actor: Actor) -> dict[str, Any]:
    """Every dimension, with its values where they are a closed list."""
    today = calendar.today()
    on = rulebook(connection).on(today)
    setting = Setting(on.scale.body, on.groups, today)
    items = []
    for dimension in DIMENSIONS.values():
        names = dimension.names(connection, setting)
        closed = names.all()
        items.append(
            {
                "code": dimension.code,
                "label": dimension.label,
                "time": dimension.time is not None,
                "values": None if closed is None else [{"key": key, "label": label} for key, label in closed],
            }
        )
    return {"items": items}
