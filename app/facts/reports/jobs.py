from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.reports import notices, weeks
from app.facts.reports.models import Report, ReportWeek
from app.facts.reports.opening import opened
from app.facts.reports.terms import WeekState
from app.facts.reports.weeks import Week, Weeks
from app.identity.periods import service as periods
from app.identity.periods.closures import closed
from app.identity.units.models import Unit
from app.identity.units.queries import terms
from app.kernel import calendar
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.events import record

GAP = timedelta(weeks=8)
"""For how long nobody may have been there, this job included, for the weeks between to be asked for all the same."""
_WEEK = timedelta(days=7)


def keep_weeks(database: Database) -> None:
    """Every minute: open the week that has begun, remind of one that closes soon, settle and freeze one that is over.

    A week is settled when its deadline has passed: who was late or missing stands. It is frozen besides, unless late
    reports count in their own week; one that was opened again is frozen anew when that time is over.
    """
    with database.reading() as connection:
        known = weeks.load(connection)
        shut = {name for _, _, name in closed(connection, reported=True).periods}
    new = _to_open(known)
    reminded = [week for week in known.all() if _is_to_remind(week)]
    passed = [
        week for week in known.all() if week.row is not None and (_is_to_settle(week) or _is_to_freeze(week, shut))
    ]
    if new:
        with database.unit_of_work() as db:
            for period in new:
                opened(db, period)
    # Each week in a transaction of its own: one that fails keeps no other from being settled.
    for week in reminded:
        with database.unit_of_work() as db:
            _remind(db, week.period)
    for week in passed:
        with database.unit_of_work() as db:
            _settle(db, week.period)


def _to_open(known: Weeks) -> list[Period]:
    begun = [start for text in known.rows if (start := Period.parse(text).start) <= known.current.start]
    first = known.current.start
    if begun and first - max(begun) <= GAP:
        first = max(begun) + _WEEK
    count = (known.current.start - first) // _WEEK + 1
    every = [Period.of(first + number * _WEEK, "week") for number in range(count)]
    return [period for period in every if period.text not in known.rows]


def _is_to_remind(week: Week) -> bool:
    hours = week.rule.remind_hours
    open_still = week.row is not None and week.state is WeekState.OPEN and week.row.reminded_at is None
    return open_still and hours > 0 and week.now >= week.closes - timedelta(hours=hours)


def _is_to_settle(week: Week) -> bool:
    return week.state is not WeekState.OPEN and week.row.settled_at is None


def _is_to_freeze(week: Week, shut: Collection[str]) -> bool:
    return week.state is WeekState.FROZEN and week.rule.late_counts == "next_week" and week.period.text not in shut


def _locked(db: Session, period: Period) -> tuple[ReportWeek, Week]:
    row = db.scalars(select(ReportWeek).where(ReportWeek.week == period.text).with_for_update()).one()
    return row, weeks.load(db).of(period)


def _remind(db: Session, period: Period) -> None:
    row, week = _locked(db, period)
    if _is_to_remind(week):
        row.reminded_at = week.now
        notices.due(db, week, _missing(db, week))
        record(db, "report_week.reminded", row)


def _settle(db: Session, period: Period) -> None:
    row, week = _locked(db, period)
    if _is_to_freeze(week, ()):
        periods.close_reports(db, period)
    if not _is_to_settle(week):
        return
    row.deadline_at, row.deadline_source, row.settled_at = week.closes, week.source, calendar.now()
    row.tiers = f",{','.join(week.rule.tiers)},"
    missing = _missing(db, week)
    record(db, "report_week.settled", row, missing=[code for _, code, _ in missing])
    notices.settled(db, row, week, missing)


def _missing(db: Session, week: Week) -> list[tuple[int, str, str]]:
    """Number, code and name of each unit that must report and has not submitted."""
    term = terms(week.period.end).subquery()
    filed = select(Report.unit_id).where(Report.week == week.period.text, Report.first_submitted_at.is_not(None))
    rows = db.execute(
        select(Unit.id, Unit.code, term.c.name)
        .join(term, term.c.unit_id == Unit.id)
        .where(term.c.tier.in_(week.rule.tiers), Unit.id.not_in(filed))
        .order_by(Unit.id)
    )
    return [tuple(row) for row in rows]
