"""Weekly reports for tests, put straight into the database."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.facts.reports.models import Report, ReportProblem, ReportWeek
from app.facts.reports.terms import ReportState
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.calendar import Period
from tests.factories.identity import make_unit


def make_week(db: Session, week: str = "2026-W48", **fields: Any) -> ReportWeek:
    """A week that was opened; `fields` are columns."""
    period = Period.parse(week)
    row = ReportWeek(week=week, counts_on=period.start + timedelta(days=3), ends_on=period.end, **fields)
    db.add(row)
    db.flush()
    return row


def make_report(
    db: Session,
    week: str = "2026-W48",
    unit: Unit | str = "jxw",
    *,
    state: ReportState = ReportState.DRAFT,
    submitted: datetime | None = None,
    problems: tuple[str, ...] = (),
    **fields: Any,
) -> Report:
    """A report of a unit, first submitted at that time."""
    belongs = make_unit(db, unit) if isinstance(unit, str) else unit
    report = Report(
        week=week, week_on=Period.parse(week).start, unit_id=belongs.id, unit_code=belongs.code, state=state,
        sent="", first_submitted_at=submitted, submitted_at=submitted, changed_at=calendar.now(), changed_by=0,
        changed_by_name="用户", **({"zero": False} | fields),
    )  # fmt: skip
    db.add(report)
    db.flush()
    db.add_all(ReportProblem(report_id=report.id, text=text) for text in problems)
    db.flush()
    return report
