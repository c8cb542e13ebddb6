"""Periods that were closed or re-opened; which days people work."""

from datetime import date, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.identity.auth.models import User
from app.identity.periods.models import CalendarDay, Period
from app.identity.periods.schemas import CalendarFilter, CalendarOut, DayOut, PeriodFilter, PeriodRow
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.paging import Listing, Where

_DAY = timedelta(days=1)
_period = (
    select(
        Period.text, Period.starts_on, Period.ends_on, Period.locked, Period.locked_at,
        User.login.label("locked_by"), Period.reports_closed, Period.reason,
    )
    .select_from(Period)
    .outerjoin(User, User.id == Period.locked_by)
)  # fmt: skip

periods = Listing(
    name="periods",
    asked=PeriodFilter,
    source=_period,
    key=Period.__table__.c.id,
    sorts={"starts_on": Period.__table__.c.starts_on, "text": Period.__table__.c.text},
    filters={
        "locked": Where(lambda locked: Period.locked == locked),
        "year": Where(lambda year: Period.text.like(year), lambda year: f"{year:04d}%"),
    },
    default_sort="-starts_on",
)


def page(connection: Connection, _actor: Actor, q: PeriodFilter) -> bytes:
    """A page of the periods that have been closed, now or once."""
    return periods.page(connection, q)


def out(db: Session, period: Period) -> PeriodRow:
    """A period that has just been locked or re-opened."""
    db.flush()
    return PeriodRow.model_validate(db.execute(_period.where(Period.id == period.id)).one()._mapping)


# -- working days ----------------------------------------------------------------------------------------------


def overrides(connection: Connection | Session) -> dict[date, bool]:
    """The bureau's own working-day table: day → whether people work. What it lacks, the packaged calendar knows."""
    return {row.day: row.working for row in connection.execute(select(CalendarDay.day, CalendarDay.working))}


def calendar_known_until(connection: Connection | Session, today: date) -> date:
    """The last day up to which every day from `today` on is known; earlier than `today` when not even that is."""
    known = overrides(connection)
    until = max(calendar.seed_known_until(), today - _DAY)
    while (following := until + _DAY) in known:
        until = following
    return until if until >= today else calendar.seed_known_until()


def _days(connection: Connection | Session, first: date, last: date) -> list[DayOut]:
    rows = connection.execute(
        select(CalendarDay.day, CalendarDay.working, CalendarDay.note).where(CalendarDay.day.between(first, last))
    )
    entered = {row.day: row for row in rows}
    found, day = [], first
    while day <= last:
        own = entered.get(day)
        if own is not None:
            found.append(DayOut(day=day, working=own.working, source="entered", note=own.note))
        else:
            try:
                found.append(DayOut(day=day, working=calendar.is_working_day(day, {}), source="shipped", note=None))
            except calendar.CalendarUnknown:
                found.append(DayOut(day=day, working=None, source=None, note=None))
        day += _DAY
    return found


def day(connection: Connection | Session, _actor: Actor, asked: date) -> DayOut:
    """One day."""
    return _days(connection, asked, asked)[0]


def year(connection: Connection | Session, _actor: Actor, q: CalendarFilter) -> CalendarOut:
    """Every day of a year."""
    return CalendarOut(
        year=q.year,
        known_until=calendar_known_until(connection, calendar.today()),
        items=_days(connection, date(q.year, 1, 1), date(q.year, 12, 31)),
    )
