"""Weekly reports as figures count them: those that came late, and those that a unit owed and did not send.

A week belongs to the year and month of its Thursday, as ISO weeks do. It is counted once its deadline has passed.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, and_, func, literal, null, or_, select, type_coerce

from app.facts.reports.models import Report, ReportWeek
from app.figures.facts import FROM_DAY, TO_DAY, Source
from app.identity.units.models import Unit, UnitTerm

_REPORT: FromClause = Report.__table__
_WEEK: FromClause = ReportWeek.__table__
_UNIT: FromClause = Unit.__table__
_TERM: FromClause = UnitTerm.__table__

_SETTLED = (ReportWeek.settled_at.is_not(None), ReportWeek.counts_on >= FROM_DAY, ReportWeek.counts_on <= TO_DAY)
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "project": null(), "name": Unit.name + " " + ReportWeek.week, "sector": null(), "stage": null(), "status": null(),
    "amount": null(),
}  # fmt: skip
_ON_THE_DAY = and_(
    UnitTerm.unit_id == Unit.id,
    UnitTerm.valid_from <= ReportWeek.ends_on,
    or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= ReportWeek.ends_on),
)


def _source(
    code: str, label: str, table: FromClause, tables: tuple[FromClause, ...], row_id: ColumnElement[int],
    tier: ColumnElement[Any], *conditions: ColumnElement[bool],
) -> Source:  # fmt: skip
    return Source(
        code=code,
        label=label,
        kind="report",
        table=table,
        tables=tables,
        row_id=row_id,
        happened=ReportWeek.counts_on.expression,
        event=ReportWeek.counts_on.expression,
        amount=literal(0),
        where=(*_SETTLED, *conditions),
        sort=ReportWeek.counts_on.expression,
        unit="份",
        parts={"unit": Unit.id.expression, "tier": tier},
        narrow=table,
        columns=_COLUMNS,
    )


_tier = (
    select(UnitTerm.tier)
    .where(UnitTerm.unit_id == Unit.id, UnitTerm.valid_from <= ReportWeek.ends_on)
    .order_by(UnitTerm.valid_from.desc())
    .limit(1)
    .correlate(_UNIT, _WEEK)
    .scalar_subquery()
)
_late = _REPORT.join(_WEEK, ReportWeek.week == Report.week).join(_UNIT, Unit.id == Report.unit_id)
_owed = _WEEK.join(_UNIT, literal(True)).join(_TERM, _ON_THE_DAY)
_filed = select(Report.unit_id).where(
    Report.week == ReportWeek.week, Report.unit_id == Unit.id, Report.first_submitted_at.is_not(None)
)
_asked = ReportWeek.tiers.like(literal("%,") + type_coerce(UnitTerm.tier, String) + literal(",%"))

REPORT_SOURCES = (
    _source(
        "late_reports", "迟报的周报", _late, (_REPORT, _WEEK, _UNIT), Report.id.expression, _tier,
        Report.first_submitted_at > ReportWeek.deadline_at,
    ),
    _source(
        "missing_reports", "漏报的周报", _owed, (_WEEK, _UNIT, _TERM),
        # No row tells of what is not there: a number of its own for each week and unit.
        ReportWeek.id * 1_000_000 + Unit.id, UnitTerm.tier.expression, _asked,
        func.coalesce(_filed.limit(1).correlate(_WEEK, _UNIT).scalar_subquery(), 0) == 0,
    ),
)  # fmt: skip

REPORT_FIGURES = {
    "late_reports": (
        "迟报周报",
        "首次提交晚于截止时间的周报份数，已退回重报的以首次提交为准；周按其星期四所在的年、月归属",
    ),
    "missing_reports": (
        "漏报周报",
        "已截止的各周中须报送而从未提交周报的单位次数，补报后转为迟报；周按其星期四所在的年、月归属",
    ),
}
"""What the indicators over these sources are called, and what they say."""
