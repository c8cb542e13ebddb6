"""Which periods are closed, which days people work."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.identity.periods.models import CalendarDay, Period
from app.kernel import calendar
from app.kernel.errors import Conflict


class PeriodLocked(Conflict):
    code = "period_locked"
    message = "该期间已锁定，请先由审核人说明理由后重新开放"
    english = "This period is closed. A reviewer can re-open it with a reason."


def locked(connection: Connection | Session, day: date) -> str | None:
    """The locked period that contains a day (`2020-08`), the shortest where several do; None when all are open."""
    found = connection.execute(
        select(Period.text, Period.starts_on, Period.ends_on).where(
            Period.locked.is_(True), Period.starts_on <= day, Period.ends_on >= day
        )
    ).all()
    return min(found, key=lambda row: row.ends_on - row.starts_on).text if found else None


def expect_open(connection: Connection | Session, days: Iterable[date]) -> None:
    """Refuse a change of facts dated in a locked period."""
    for day in set(days):
        text = locked(connection, day)
        if text is not None:
            raise PeriodLocked(f"{day.isoformat()} 属于已锁定的期间 {text}，请先由审核人说明理由后重新开放")


def overrides(connection: Connection | Session) -> dict[date, bool]:
    """The bureau's own working-day table: day → whether people work. What it lacks, the packaged calendar knows."""
    return {row.day: row.working for row in connection.execute(select(CalendarDay.day, CalendarDay.working))}


def calendar_known_until(connection: Connection | Session, today: date) -> date:
    """The last day up to which every day from `today` on is known; earlier than `today` when not even that is."""
    known = overrides(connection)
    until = max(calendar.seed_known_until(), today - timedelta(days=1))
    while (following := until + timedelta(days=1)) in known:
        until = following
    return until if until >= today else calendar.seed_known_until()
