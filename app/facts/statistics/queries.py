"""Typed-in figures as they are seen."""

from typing import Any

from sqlalchemy import Connection, bindparam, case, select
from sqlalchemy.orm import Session

from app.facts.statistics.models import Statistic
from app.facts.statistics.schemas import StatisticFilter, StatisticOut
from app.facts.statistics.terms import STATISTIC_LABELS, STATISTIC_UNITS, StatisticCode
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.money import parse_yuan
from app.kernel.paging import Listing, Where
from app.kernel.replies import Answer
from app.kernel.statements import Statement


class NoStatistic(NotFound):
    message = "该期间尚未录入这一数据"
    english = "Nobody has typed this figure in for that period."


_listing = Listing(
    name="statistics",
    asked=StatisticFilter,
    source=select(
        Statistic.code,
        case(STATISTIC_LABELS, value=Statistic.code).label("label"),
        Statistic.period,
        Statistic.value,
        case(STATISTIC_UNITS, value=Statistic.code).label("unit"),
        Statistic.source,
        Statistic.note,
        Statistic.entered_by_name.label("entered_by"),
        Statistic.entered_at,
    ),
    key=Statistic.id.expression,
    sorts={"period": Statistic.period.expression},
    filters={"code": Where(lambda v: Statistic.code == v), "period": Where(lambda v: Statistic.period == v)},
    default_sort="-period",
)


def page(connection: Connection, _actor: Actor, q: StatisticFilter) -> bytes:
    """The list."""
    return _listing.page(connection, q)


def one(connection: Connection, _actor: Actor, code: StatisticCode, period: str) -> Answer:
    """One figure under its row version; 404 when it was never typed in."""
    row = connection.execute(
        select(Statistic.__table__).where(Statistic.code == code, Statistic.period == period)
    ).one_or_none()
    if row is None:
        raise NoStatistic
    return Answer(_out(row), row_version=row.version)


def out(_db: Session, statistic: Statistic) -> StatisticOut:
    """The figure that was just written."""
    return _out(statistic)


def _out(row: Any) -> StatisticOut:
    code = StatisticCode(row.code)
    return StatisticOut(
        code=code,
        period=row.period,
        value=row.value,
        source=row.source,
        note=row.note,
        entered_by=row.entered_by_name,
        entered_at=row.entered_at,
        label=STATISTIC_LABELS[code],
        unit=STATISTIC_UNITS[code],
    )


_value = Statement(
    select(Statistic.value).where(Statistic.code == bindparam("code"), Statistic.period == bindparam("period"))
)


def value(connection: Connection, code: StatisticCode, period: str) -> int | None:
    """A figure as a number (money in fen); None when it was never typed in."""
    rows = _value.rows(connection, {"code": code, "period": period})
    if not rows:
        return None
    text: str = rows[0][0]
    return parse_yuan(text) if STATISTIC_UNITS[code] == "元" else int(text)
