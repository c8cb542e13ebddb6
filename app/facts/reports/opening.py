"""Weeks open, close when they are told to, and are opened again."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.reports import weeks
from app.facts.reports.models import Report, ReportWeek
from app.facts.reports.terms import DeadlineSource, WeekState
from app.identity.auth.queries import name_of
from app.identity.periods import service as periods
from app.kernel import bulk, calendar
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record

LONGEST = timedelta(days=60)
"""For how long a week may be kept open after its end, or opened again."""


class WeekFrozen(Conflict):
    code = "week_frozen"
    message = "该周已截止，不能再改截止时间；确需补报的由审核人重新开放"
    english = "The week is closed. A reviewer can open it again."


class WeekStillOpen(Conflict):
    code = "week_open"
    message = "该周尚未截止，无须重新开放；可改截止时间"
    english = "The week is not closed yet. Move its deadline instead."


def opened(db: Session, period: Period) -> ReportWeek:
    """The row of a week, held until the commit; made when it is the first time that anything is known of it."""
    asked = select(ReportWeek).where(ReportWeek.week == period.text)
    there = db.scalars(asked).one_or_none()
    if there is None:
        bulk.alone(db.connection(), f"report week {period.text}")
        there = db.scalars(asked).one_or_none()
    if there is None:
        thursday = period.start + timedelta(days=3)
        there = ReportWeek(week=period.text, counts_on=thursday, ends_on=period.end)
        db.add(there)
        record(db, "report_week.opened", there)
    return there


def _held(db: Session, period: Period) -> ReportWeek:
    opened(db, period)
    return db.scalars(
        select(ReportWeek)
        .where(ReportWeek.week == period.text)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def set_deadline(db: Session, actor: Actor, text: str, at: datetime, reason: str) -> ReportWeek:
    """Let a week that is not closed yet close at another time; 422 for a time that lies behind or is not near it."""
    period = weeks.parse(text)
    row = _held(db, period)
    now = calendar.now()
    week = weeks.load(db).of(period)
    if week.state is not WeekState.OPEN:
        raise WeekFrozen
    if at <= now:
        raise Invalid.field("at", "past", "截止时间须在此刻之后")
    if at < calendar.midnight_of(period.start) or calendar.day_of(at) - period.end > LONGEST:
        raise Invalid.field("at", "far", f"截止时间须在该周开始之后、结束后 {LONGEST.days} 天之内")
    row.deadline_at, row.deadline_source, row.deadline_reason = at, DeadlineSource.BUREAU, reason
    row.deadline_by, row.deadline_by_name = actor.id, name_of(db, actor)
    row.reminded_at = None
    record(db, "report_week.deadline_set", row, reason=reason, deadline=at)
    db.flush()
    return row


def reopen(db: Session, actor: Actor, text: str, until: datetime, reason: str) -> ReportWeek:
    """Let a closed week take reports as its own again; what came late and counts in no closed week comes back.

    When the time is over it closes again.
    """
    # Not one in which nobody was asked for a report: all units would be missing in it, for good.
    period = weeks.load(db).held(text).period
    row = _held(db, period)
    now = calendar.now()
    known = weeks.load(db)
    week = known.of(period)
    if week.state is WeekState.OPEN:
        raise WeekStillOpen
    if until <= now:
        raise Invalid.field("until", "past", "须在此刻之后")
    if until - now > LONGEST:
        raise Invalid.field("until", "far", f"须在此后 {LONGEST.days} 天之内")
    row.deadline_at, row.deadline_source = week.closes, week.source
    row.reopened_until, row.reopened_at, row.reopened_reason = until, now, reason
    row.reopened_by, row.reopened_by_name = actor.id, name_of(db, actor)
    late = select(Report).where(Report.week == period.text, Report.counts_in.is_not(None))
    for report in db.scalars(late.order_by(Report.id).with_for_update()):
        assert report.counts_in is not None
        # What a closed week counts by now stays there.
        if known.of(Period.parse(report.counts_in)).state is not WeekState.FROZEN:
            report.counts_in = None
            record(db, "report.recounted", report)
    periods.open_reports(db, period, reason)
    record(db, "report_week.reopened", row, reason=reason, until=until)
    db.flush()
    return row
