"""What changes typed-in figures."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.facts.statistics.models import Statistic
from app.facts.statistics.schemas import StatisticIn
from app.facts.statistics.terms import STATISTIC_UNITS, StatisticCode
from app.kernel import calendar, preconditions
from app.kernel.access import Actor
from app.kernel.errors import IfMatchMissing, Invalid, Stale
from app.kernel.events import record
from app.kernel.money import format_yuan, parse_yuan


def put(
    db: Session, actor: Actor, code: StatisticCode, period: str, body: StatisticIn, if_match: int | None
) -> tuple[Statistic, bool]:
    """Type a figure in, or replace the one that is there; the answer tells whether it is new.

    Replacing needs the row version that was read: 428 without, 412 when somebody was faster.
    """
    value = _exact(code, body.value)
    statistic = db.scalars(
        select(Statistic).where(Statistic.code == code, Statistic.period == period).with_for_update()
    ).one_or_none()
    new = statistic is None
    if statistic is None:
        if if_match is not None:
            preconditions.expect(0, if_match)
        statistic = Statistic(code=code, period=period)
        db.add(statistic)
    elif if_match is None:
        raise IfMatchMissing
    else:
        preconditions.expect(statistic.version, if_match)
    statistic.value, statistic.source, statistic.note = value, body.source, body.note
    statistic.entered_by, statistic.entered_by_name, statistic.entered_at = actor.id, actor.name, calendar.now()
    try:
        db.flush()
    except IntegrityError:  # somebody typed the same figure in at the same moment
        raise Stale from None
    record(db, "statistic.entered" if new else "statistic.corrected", statistic, reason=body.note)
    return statistic, new


def _exact(code: StatisticCode, text: str) -> str:
    """The one spelling of a value."""
    if STATISTIC_UNITS[code] == "元":
        try:
            fen = parse_yuan(text)
        except ValueError as error:
            raise Invalid.field("value", "money", str(error)) from None
        if fen <= 0:
            raise Invalid.field("value", "not_positive", "金额须大于零")
        return format_yuan(fen)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000):
        raise Invalid.field("value", "rank", "位次应为 1 至 1000 的整数")
    return str(int(text))
