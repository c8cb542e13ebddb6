"""Closing and re-opening periods; keeping the working-day table."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.periods.closures import PeriodLocked
from app.identity.periods.models import CalendarDay, Period
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Invalid, NotFound
from app.kernel.events import record


class NoPeriod(NotFound):
    message = "没有这个期间：可用年 2020、半年 2020-H1、季度 2020-Q3、月 2020-08、周 2020-W32"
    english = "There is no such period."


class PeriodNotOver(Conflict):
    code = "period_not_over"
    message = "期间尚未结束，不能锁定"
    english = "This period is not over yet."


class AlreadyLocked(PeriodLocked):
    message = "该期间已经锁定"
    english = "This period is closed already."


class NotLocked(Conflict):
    code = "period_open"
    message = "该期间没有锁定"
    english = "This period is not closed."


def _parsed(text: str) -> calendar.Period:
    try:
        found = calendar.Period.parse(text)
    except ValueError:
        raise NoPeriod from None
    if found.kind == "span":
        raise NoPeriod
    return found


def _row(db: Session, text: str) -> Period | None:
    return db.scalars(select(Period).where(Period.text == text).with_for_update()).one_or_none()


def _made(db: Session, asked: calendar.Period) -> Period:
    period = _row(db, asked.text)
    if period is None:
        period = Period(text=asked.text, starts_on=asked.start, ends_on=asked.end, locked=False, reports_closed=False)
        db.add(period)
        db.flush()
    return period


def lock(db: Session, actor: Actor, text: str) -> Period:
    """Close a period that is over: what is dated in it changes no more."""
    asked = _parsed(text)
    if asked.end >= calendar.today():
        raise PeriodNotOver
    period = _made(db, asked)
    if period.locked:
        raise AlreadyLocked
    period.locked, period.locked_at, period.locked_by = True, calendar.now(), actor.id
    record(db, "period.locked", period)
    return period


def reopen(db: Session, text: str, reason: str) -> Period:
    """Open a closed period again; the reason stays in the log."""
    period = _row(db, _parsed(text).text)
    if period is None or not period.locked:
        raise NotLocked
    period.locked, period.reason = False, reason
    record(db, "period.reopened", period, reason=reason)
    return period


def close_reports(db: Session, week: calendar.Period) -> None:
    """Let what units report of this week from now on count in the first open one after it."""
    period = _made(db, week)
    if not period.reports_closed:
        period.reports_closed = True
        record(db, "period.reports_closed", period)


def open_reports(db: Session, week: calendar.Period, reason: str) -> None:
    """Let it count in the week itself again, what came late included; the reason stays in the log."""
    period = _row(db, week.text)
    if period is not None and period.reports_closed:
        period.reports_closed, period.reason = False, reason
        record(db, "period.reports_opened", period, reason=reason)


def set_day(db: Session, day: date, working: bool, note: str) -> CalendarDay:
    """Say of one day whether people work."""
    row = db.scalars(select(CalendarDay).where(CalendarDay.day == day).with_for_update()).one_or_none()
    if row is None:
        row = CalendarDay(day=day, working=working, note=note)
        db.add(row)
    row.working, row.note = working, note
    db.flush()
    return row


def set_year(db: Session, year: int, holidays: Collection[date], workdays: Collection[date], note: str) -> int:
    """Enter the notice of a year: every day of it is known from now on. Returns how many days changed."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    problems = [
        FieldError(field=field, code=code, message=f"{day.isoformat()} {said}")
        for field, days, code, said, wrong in (
            ("holidays", holidays, "other_year", "不在该年", lambda day: not first <= day <= last),
            ("workdays", workdays, "other_year", "不在该年", lambda day: not first <= day <= last),
            ("workdays", workdays, "both", "同时列为放假", lambda day: day in holidays),
            ("workdays", workdays, "weekday", "本就是工作日，不是调休的周末", lambda day: day.weekday() < 5),
        )
        for day in sorted(set(days))
        if wrong(day)
    ]
    if problems:
        raise Invalid("放假安排有误：" + "；".join(problem.message for problem in problems[:5]), errors=problems)
    entered = {row.day: row for row in db.scalars(select(CalendarDay).where(CalendarDay.day.between(first, last)))}
    changed = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        working = day in workdays or (day.weekday() < 5 and day not in holidays)
        row = entered.get(day)
        if row is None and _shipped(day) == working:
            continue
        if row is not None and row.working == working:
            continue
        changed += 1
        if row is None:
            db.add(CalendarDay(day=day, working=working, note=note))
        else:
            row.working, row.note = working, note
    db.flush()
    return changed


def _shipped(day: date) -> bool | None:
    try:
        return calendar.is_working_day(day, {})
    except calendar.CalendarUnknown:
        return None
