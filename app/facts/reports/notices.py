"""What people are told of weekly reports: a unit's reporters what is due, missing or returned; officers what waits."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.reports.models import Report, ReportWeek
from app.facts.reports.weeks import Week
from app.identity.notices import recipients, texts
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Role
from app.kernel.calendar import Period
from app.kernel.events import Entry
from app.kernel.notices import NoticeKind, others, settle, tell

UNITS_NAMED = 20
"""How many missing units a notice names."""


def submitted(db: Session, entry: Entry) -> None:
    """The unit has done its part; an officer has to look."""
    report = db.get_one(Report, entry.subject_id)
    for kind in (texts.REPORT_DUE, texts.REPORT_MISSING, texts.REPORT_RETURNED):
        settle(db, _key(kind, report.week, report.unit_code))
    tell(
        db, others(db, recipients.with_role(db, Role.OFFICER)), texts.REPORT_WAITS, report,
        key=_key(texts.REPORT_WAITS, report.week, report.unit_code), unit=_name(db, report.unit_id),
        week=_label(report.week),
    )  # fmt: skip


def accepted(db: Session, entry: Entry) -> None:
    """It waits no more."""
    report = db.get_one(Report, entry.subject_id)
    settle(db, _key(texts.REPORT_WAITS, report.week, report.unit_code))


def returned(db: Session, entry: Entry) -> None:
    """The unit's reporters have to correct it."""
    accepted(db, entry)
    report = db.get_one(Report, entry.subject_id)
    tell(
        db, others(db, recipients.reporters_of(db, report.unit_id)), texts.REPORT_RETURNED, report,
        key=_key(texts.REPORT_RETURNED, report.week, report.unit_code), unit=_name(db, report.unit_id),
        week=_label(report.week), remarks=entry.reason,
    )  # fmt: skip


def due(db: Session, week: Week, units: Iterable[tuple[int, str, str]]) -> None:
    """Units (number, code, name) that have not filed yet, some time before the deadline."""
    _tell_units(db, texts.REPORT_DUE, week, units)


def settled(db: Session, row: ReportWeek, week: Week, missing: list[tuple[int, str, str]]) -> None:
    """The deadline has passed: units that are missing are told so, and officers which these are."""
    for _, code, _ in missing:
        settle(db, _key(texts.REPORT_DUE, week.period.text, code))
    _tell_units(db, texts.REPORT_MISSING, week, missing)
    named = "、".join(name for _, _, name in missing[:UNITS_NAMED])
    more = f"等 {len(missing)} 个单位" if len(missing) > UNITS_NAMED else ""
    tell(
        db, recipients.with_role(db, Role.OFFICER), texts.WEEK_SETTLED, row, week=week.period.label,
        outcome=f"漏报：{named}{more}" if missing else "没有漏报",
    )  # fmt: skip


def _tell_units(db: Session, kind: NoticeKind, week: Week, units: Iterable[tuple[int, str, str]]) -> None:
    for number, code, name in units:
        tell(
            db, recipients.reporters_of(db, number), kind, None, key=_key(kind, week.period.text, code),
            due=calendar.day_of(week.closes), once=True, unit=name, week=week.period.label, deadline=_at(week.closes),
        )  # fmt: skip


def _key(kind: NoticeKind, week: str, unit: str) -> str:
    return f"{kind.code}:{week}:{unit}"


def _label(week: str) -> str:
    return Period.parse(week).label


def _at(instant: datetime) -> str:
    local = instant.astimezone(calendar.SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _name(db: Session, unit_id: int) -> str:
    return db.execute(select(Unit.name).where(Unit.id == unit_id)).scalar_one()
