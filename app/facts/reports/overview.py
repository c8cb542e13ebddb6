"""Weeks as the bureau sees them: who has filed, who is late, who is missing, who asks for help."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.orm import Session

from app.facts.reports import weeks
from app.facts.reports.models import Report, ReportEngagement, ReportProblem, ReportProgress, ReportWeek
from app.facts.reports.queries import counts_in, problems
from app.facts.reports.schemas import WeekFilter
from app.facts.reports.terms import ReportState, Standing
from app.facts.reports.weeks import Week
from app.identity.units.models import Tier, Unit, UnitTerm
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.db import instant_text
from app.kernel.replies import Answer

TIERS = list(Tier)
STATES = (ReportState.SUBMITTED, ReportState.ACCEPTED, ReportState.RETURNED)


def _count(kind: Any) -> Any:
    of_report = select(func.count()).select_from(kind).where(kind.report_id == Report.id)
    return of_report.correlate(Report).scalar_subquery()


def _own(actor: Actor) -> list[Any]:
    # Whoever sees one unit's reports only sees that unit only.
    return [] if actor.sees_all else [Unit.id == actor.unit_id]


def one(connection: Connection, actor: Actor, text: str, q: WeekFilter) -> Answer:
    """A week with every unit, in six statements whatever their number; it changes by itself at its deadline."""
    week = weeks.load(connection).held(text)
    end = week.period.end
    on_the_day = and_(
        UnitTerm.unit_id == Unit.id,
        UnitTerm.valid_from <= end,
        or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= end),
    )
    rows = connection.execute(
        select(
            Unit.code, Unit.pinyin, UnitTerm.name, UnitTerm.tier, Report.id, Report.week, Report.state, Report.zero,
            Report.first_submitted_at, Report.counts_in, _count(ReportEngagement).label("engagements"),
            _count(ReportProgress).label("progress"),
        )
        .select_from(Unit)
        .join(UnitTerm, on_the_day)
        .outerjoin(Report, and_(Report.unit_id == Unit.id, Report.week == week.period.text))
        .where(*_own(actor))
    ).all()  # fmt: skip
    helps = problems(connection, actor, Report.week == week.period.text)
    found = [_row(week, row, helps.get(row.id, [])) for row in sorted(rows, key=_place)]
    found = [row for row in found if row["expected"] or row["state"] is not None]
    shown = [row for row in found if _wanted(row, q)]
    data = week.told() | {"tally": tally(found), "items": shown}
    return Answer(data, valid_until=week.changes_at)


def _place(row: Any) -> tuple[Any, ...]:
    return TIERS.index(row.tier), row.pinyin, row.code


def _row(week: Week, row: Any, helps: list[dict[str, Any] | None]) -> dict[str, Any]:
    shown = [problem for problem in helps if problem is not None]
    first = row.first_submitted_at
    return {
        "unit": row.code,
        "name": row.name,
        "tier": row.tier.value,
        "expected": row.tier in week.tiers,
        "standing": week.standing(first).value,
        "state": None if row.state is None else row.state.value,
        "zero": bool(row.zero),
        "first_submitted_at": None if first is None else instant_text(first),
        "counts_in": None if row.id is None else counts_in(row),
        "engagements": row.engagements or 0,
        "progress": row.progress or 0,
        "problems": shown,
        "withheld": len(helps) - len(shown),
    }


def _wanted(row: dict[str, Any], q: WeekFilter) -> bool:
    asked = (("standing", q.standing), ("state", q.state), ("tier", q.tier))
    helps = bool(row["problems"] or row["withheld"])
    return all(words is None or row[name] in words for name, words in asked) and q.help in (None, helps)


def tally(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many units stand how. Who need not report and does not is in none of them."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts["units"] += row["expected"]
        if row["expected"] or row["first_submitted_at"] is not None:
            counts[row["standing"]] += 1
        counts["zero"] += row["zero"] and row["first_submitted_at"] is not None
        if row["state"] in STATES:
            counts[row["state"]] += 1
        counts["help"] += bool(row["problems"] or row["withheld"])
    names = ("units", *(word.value for word in Standing), "zero", *(word.value for word in STATES), "help")
    return {name: counts[name] for name in names}


def all_weeks(connection: Connection, actor: Actor) -> Answer:
    """Every week with its counts, newest first, in five statements whatever their number."""
    known = weeks.load(connection)
    terms = connection.execute(
        select(Unit.id, UnitTerm.tier, UnitTerm.valid_from, UnitTerm.valid_to)
        .join(Unit, Unit.id == UnitTerm.unit_id)
        .where(*_own(actor))
    )
    spans = [(unit_id, tier.value, first, last or date.max) for unit_id, tier, first, last in terms]
    helped = select(ReportProblem.report_id).where(ReportProblem.report_id == Report.id).limit(1)
    filed: dict[str, dict[int, Any]] = {}
    for row in connection.execute(
        select(
            Report.week, Report.unit_id, Report.state, Report.zero, Report.first_submitted_at,
            helped.correlate(Report).scalar_subquery().label("help"),
        )
        .join(Unit, Unit.id == Report.unit_id)
        .where(*_own(actor))
    ):  # fmt: skip
        filed.setdefault(row.week, {})[row.unit_id] = row
    every = known.all()
    items = [week.told() | {"tally": _brief(week, spans, filed.get(week.period.text, {}))} for week in reversed(every)]
    changes = [week.changes_at for week in every if week.changes_at is not None]
    return Answer({"items": items}, valid_until=min(changes, default=None))


def _brief(week: Week, terms: Iterable[tuple[int, str, date, date]], filed: dict[int, Any]) -> dict[str, int]:
    """The tally of a week; the many who have sent nothing are counted together."""
    end, tiers = week.period.end, week.tiers
    asked = {
        unit_id for unit_id, tier, valid_from, valid_to in terms if valid_from <= end <= valid_to and tier in tiers
    }
    found = tally(
        {
            "expected": unit_id in asked,
            "standing": week.standing(report.first_submitted_at).value,
            "state": report.state.value,
            "zero": report.zero,
            "first_submitted_at": report.first_submitted_at,
            "problems": report.help is not None,
            "withheld": 0,
        }
        for unit_id, report in filed.items()
    )
    silent = len(asked - filed.keys())
    found["units"] += silent
    found[week.standing(None).value] += silent
    return found


def week_out(db: Session, row: ReportWeek) -> dict[str, Any]:
    """A week that was just changed."""
    db.flush()
    return weeks.load(db).of(Period.parse(row.week)).told()
