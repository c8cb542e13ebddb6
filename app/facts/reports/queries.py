"""One report as it is seen: what the unit says, and what is read from engagements and projects."""

import hashlib
from collections import defaultdict
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.engagements import cautions
from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
)
from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries as projects
from app.facts.projects.models import Project, counts_on
from app.facts.projects.terms import Stage
from app.facts.projects.units import responsible_on
from app.facts.reports import weeks
from app.facts.reports.models import Report, ReportEngagement, ReportProblem, ReportProgress, ReportStep
from app.facts.reports.weeks import Week
from app.identity.units.models import Unit, UnitTerm
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.replies import Answer

Reader = Connection | Session


class NoReport(NotFound):
    code = "no_report"
    message = "该单位本周还没有填报，或您无权查看"
    english = "This unit has no report for that week, or it is not yours to see."


def sees(actor: Actor, unit_id: int) -> bool:
    """May the actor read this unit's reports? The bureau and leaders all, others those of their own unit."""
    return actor.sees_all or (actor.unit_id is not None and actor.unit_id == unit_id)


def admits(actor: Actor, sight: Any) -> bool:
    """The same of what the log says of who may see a report."""
    return isinstance(sight, dict) and sees(actor, sight["unit"])


def digest(value: BaseModel) -> str:
    """What tells two documents apart."""
    return hashlib.sha256(value.model_dump_json().encode()).hexdigest()


def detail(connection: Connection, actor: Actor, week: str, unit: str) -> Answer:
    """A unit's report of a week, under its row version; it changes by itself when the week does."""
    held = weeks.load(connection).held(week)
    row = connection.execute(
        select(Report.__table__).where(Report.week == held.period.text, Report.unit_code == unit)
    ).one_or_none()
    if row is None or not sees(actor, row.unit_id):
        raise NoReport
    told = _told(connection, actor, held, row)
    # Looking for them takes its time: not while whoever files holds up the others.
    _warn(connection, actor, told["engagements"])
    return Answer(told, row_version=row.version, valid_until=held.changes_at)


def out(db: Session, actor: Actor, report: Report) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    row = db.execute(select(Report.__table__).where(Report.id == report.id)).one()
    return _told(db, actor, weeks.load(db).of(Period.parse(report.week)), row)


def _told(db: Reader, actor: Actor, week: Week, row: Any) -> dict[str, Any]:
    name = db.execute(
        select(func.coalesce(_term_name(week), Unit.name)).where(Unit.id == row.unit_id)
    ).scalar_one()  # fmt: skip
    progress, hidden_progress = _progress(db, actor, row.id)
    problems, hidden_problems = _problems(db, actor, row.id)
    signings, hidden_signings = reached(db, actor, week.period, row.unit_id, Stage.SIGNED)
    starts, hidden_starts = reached(db, actor, week.period, row.unit_id, Stage.STARTED)
    first = row.first_submitted_at
    return {
        "week": week.told(),
        "unit": row.unit_code,
        "unit_name": name,
        "state": row.state.value,
        "standing": week.standing(first).value,
        "counts_in": counts_in(row),
        "zero": row.zero,
        "note": row.note,
        "engagements": [one | {"warnings": []} for one in engagements(db, actor, row.id)],
        "progress": progress,
        "problems": problems,
        "withheld": hidden_progress + hidden_problems,
        "signings": signings,
        "signings_withheld": hidden_signings,
        "starts": starts,
        "starts_withheld": hidden_starts,
        "first_submitted_at": None if first is None else instant_text(first),
        "submitted_at": None if row.submitted_at is None else instant_text(row.submitted_at),
        "steps": _steps(db, row.id),
        "changed_at": instant_text(row.changed_at),
        "changed_by": row.changed_by_name,
    }


def counts_in(row: Any) -> str | None:
    """The week that a report counts in; None for one that was never submitted."""
    return None if row.first_submitted_at is None else row.counts_in or row.week


def _term_name(week: Week) -> Any:
    return (
        select(UnitTerm.name)
        .where(UnitTerm.unit_id == Unit.id, UnitTerm.valid_from <= week.period.end)
        .order_by(UnitTerm.valid_from.desc())
        .limit(1)
        .correlate(Unit)
        .scalar_subquery()
    )


# -- what the unit says --------------------------------------------------------------------------------------------


def _progress(db: Reader, actor: Actor, report_id: int) -> tuple[list[dict[str, Any]], int]:
    every = select(func.count()).select_from(ReportProgress).where(ReportProgress.report_id == report_id)
    rows = db.execute(
        select(Project.code.label("project"), Project.name, ReportProgress.text)
        .join(Project, Project.id == ReportProgress.project_id)
        .where(ReportProgress.report_id == report_id, projects.visible(actor))
        .order_by(Project.code)
    ).all()
    return [dict(row._mapping) for row in rows], db.execute(every).scalar_one() - len(rows)


def _problems(db: Reader, actor: Actor, report_id: int) -> tuple[list[dict[str, Any]], int]:
    found = problems(db, actor, ReportProblem.report_id == report_id).get(report_id, [])
    shown = [problem for problem in found if problem is not None]
    return shown, len(found) - len(shown)


def problems(db: Reader, actor: Actor, *which: Any) -> dict[int, list[dict[str, Any] | None]]:
    """The problems of reports, by report, in one statement; None stands for one that the actor may not see."""
    rows = db.execute(
        select(
            ReportProblem.report_id, ReportProblem.text, ReportProblem.help, Project.code, Project.name,
            (ReportProblem.project_id.is_(None) | projects.visible(actor)).label("shown"),
        )
        .select_from(ReportProblem)
        .join(Report, Report.id == ReportProblem.report_id)
        .outerjoin(Project, Project.id == ReportProblem.project_id)
        .where(*which)
        .order_by(ReportProblem.report_id, ReportProblem.id)
    )  # fmt: skip
    found: dict[int, list[dict[str, Any] | None]] = defaultdict(list)
    for row in rows:
        told = {"text": row.text, "help": row.help, "project": row.code, "project_name": row.name}
        found[row.report_id].append(told if row.shown else None)
    return found


def _steps(db: Reader, report_id: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(
            ReportStep.step, ReportStep.from_state, ReportStep.to_state, ReportStep.at, ReportStep.by_name,
            ReportStep.remarks,
        )
        .where(ReportStep.report_id == report_id)
        .order_by(ReportStep.id)
    )  # fmt: skip
    return [
        {
            "step": row.step.value, "from_state": row.from_state.value, "to_state": row.to_state.value,
            "at": instant_text(row.at), "by": row.by_name, "remarks": row.remarks,
        }
        for row in rows
    ]  # fmt: skip


# -- its engagements -----------------------------------------------------------------------------------------------

_PLAIN = (
    "title", "starts_on", "ends_on", "region", "place", "visitors", "said", "outcome", "outlet", "link", "platform",
    "participants", "voided_reason",
)  # fmt: skip


def engagements(db: Reader, actor: Actor, report_id: int) -> list[dict[str, Any]]:
    """The engagements of a report with all that can be sent back, in six statements whatever their number."""
    rows = db.execute(
        select(ReportEngagement.client_key, Engagement.__table__)
        .join(Engagement, Engagement.id == ReportEngagement.engagement_id)
        .where(ReportEngagement.report_id == report_id)
        .order_by(Engagement.starts_on, Engagement.id)
    ).all()
    if not rows:
        return []
    of_report = select(ReportEngagement.engagement_id).where(ReportEngagement.report_id == report_id)
    people, units, met, touched, linked = _parts(db, actor, of_report)
    return [
        {
            "key": row.client_key,
            "id": row.id,
            "kind": row.kind.value,
            **{name: getattr(row, name) for name in _PLAIN},
            "starts_half": row.starts_half.value,
            "ends_half": row.ends_half.value,
            "level": None if row.level is None else row.level.value,
            "days": f"{row.half_days // 2}.5" if row.half_days % 2 else str(row.half_days // 2),
            "people": people[row.id],
            "units": [code for number, code in units[row.id] if number != row.unit_id],
            "enterprises": met[row.id],
            "projects": touched[row.id],
            "withheld": linked.get(row.id, 0) - len(touched[row.id]),
            "joined_into": row.joined_into_id,
        }
        for row in rows
    ]


def _warn(db: Reader, actor: Actor, told: list[dict[str, Any]]) -> None:
    """Say what one should look at again of those that stand for themselves."""
    standing = [one["id"] for one in told if one["joined_into"] is None and one["voided_reason"] is None]
    found = cautions.of(db, actor, standing)
    for one in told:
        one["warnings"] = found.get(one["id"], [])


def _parts(db: Reader, actor: Actor, numbers: Any) -> tuple[Any, ...]:
    people: dict[int, list[Any]] = defaultdict(list)
    for row in db.execute(
        select(
            EngagementPerson.engagement_id, EngagementPerson.name, EngagementPerson.office,
            Unit.code.label("unit"), EngagementPerson.principal,
        )
        .outerjoin(Unit, Unit.id == EngagementPerson.unit_id)
        .where(EngagementPerson.engagement_id.in_(numbers))
        .order_by(EngagementPerson.id)
    ):  # fmt: skip
        number, *rest = row
        people[number].append(dict(zip(("name", "office", "unit", "principal"), rest, strict=True)))
    units: dict[int, list[Any]] = defaultdict(list)
    for number, unit_id, code in db.execute(
        select(EngagementUnit.engagement_id, Unit.id, Unit.code)
        .join(Unit, Unit.id == EngagementUnit.unit_id)
        .where(EngagementUnit.engagement_id.in_(numbers))
        .order_by(EngagementUnit.id)
    ):
        units[number].append((unit_id, code))
    met: dict[int, list[Any]] = defaultdict(list)
    for number, enterprise, name in db.execute(
        select(EngagementEnterprise.engagement_id, Enterprise.id, Enterprise.name)
        .join(Enterprise, Enterprise.id == EngagementEnterprise.enterprise_id)
        .where(EngagementEnterprise.engagement_id.in_(numbers))
        .order_by(EngagementEnterprise.id)
    ):
        met[number].append({"id": enterprise, "name": name})
    touched: dict[int, list[str]] = defaultdict(list)
    linked: dict[int, int] = defaultdict(int)
    for number, code, shown in db.execute(
        select(EngagementProject.engagement_id, Project.code, projects.visible(actor))
        .join(Project, Project.id == EngagementProject.project_id)
        .where(EngagementProject.engagement_id.in_(numbers))
        .order_by(Project.code)
    ):
        linked[number] += 1
        if shown:
            touched[number].append(code)
    return people, units, met, touched, linked


# -- what is read from projects ------------------------------------------------------------------------------------


def reached(
    db: Reader, actor: Actor, period: Period, unit_id: int, stage: Stage
) -> tuple[list[dict[str, Any]], int]:  # fmt: skip
    """The projects of a unit that figures count in a week as having reached a stage, and how many more there are."""
    day = counts_on(stage)
    happened = getattr(Project, stage.column)
    rows = db.execute(
        select(Project.code, Project.name, day.label("on"), Project.first_formal_fen, projects.visible(actor))
        .where(
            day >= period.start,
            day <= period.end,
            responsible_on(happened, Project.__table__) == unit_id,
        )
        .order_by(day, Project.code)
    ).all()
    shown = [
        {"project": code, "name": name, "on": on, "amount": None if fen is None else format_yuan(fen)}
        for code, name, on, fen, seen in rows
        if seen
    ]
    return shown, len(rows) - len(shown)
