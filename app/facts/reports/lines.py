"""What a report says, written from the document: engagements, project progress, problems. Found first, then written."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.facts.engagements import service as engagements
from app.facts.engagements.models import Engagement, EngagementProject, EngagementUnit
from app.facts.engagements.schemas import EngagementIn, EngagementPatch
from app.facts.enterprises import queries as enterprises
from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries as projects
from app.facts.projects.models import Project, ProjectGrant, ProjectUnit
from app.facts.reports.models import Report, ReportEngagement, ReportProblem, ReportProgress
from app.facts.reports.queries import digest
from app.facts.reports.schemas import EnteredIn, ReportIn
from app.identity.periods.closures import hold
from app.kernel import bulk
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import FieldError, Invalid

VOIDED = "已从周报中删除"


def write(db: Session, actor: Actor, report: Report, week: Period, body: ReportIn) -> None:
    """Make the report say what the document says, and no more. Every wrong field is named at once."""
    named = _lock(db, actor, report, body)
    errors = _check_projects(db, report, body, named)
    errors += _enter(db, actor, report, week, body)
    if errors:
        said = "；".join(f"{error.field}：{error.message}" for error in errors[:5])
        raise Invalid(said, errors=errors)
    _put_progress(db, actor, report, body, named)
    _put_problems(db, actor, report, body, named)
    db.flush()


# -- projects ------------------------------------------------------------------------------------------------------


def _lock(db: Session, actor: Actor, report: Report, body: ReportIn) -> dict[str, Project]:
    """The projects that the document names. Held until the commit are, in this order, enterprises, projects, periods.

    Engagements come last, one after the other: whoever changes one, or merges enterprises, locks in the same order.
    """
    met = [met for engagement in body.engagements for met in engagement.enterprises]
    known = {one.id or enterprises.find(db, name=one.name, uscc=one.uscc) for one in met}
    bulk.hold(db.connection(), bulk.table_of(Enterprise), (number for number in known if number), share=True)
    projects_held = _lock_projects(db, actor, report, body)
    hold(db)
    return projects_held


def _lock_projects(db: Session, actor: Actor, report: Report, body: ReportIn) -> dict[str, Project]:
    codes = {code for engagement in body.engagements for code in engagement.projects}
    codes |= {line.project for line in body.progress}
    codes |= {problem.project for problem in body.problems if problem.project is not None}
    linked = select(EngagementProject.project_id).join(
        ReportEngagement, ReportEngagement.engagement_id == EngagementProject.engagement_id
    )
    told_of = Project.id.in_(linked.where(ReportEngagement.report_id == report.id))
    found = db.scalars(
        select(Project)
        .where(or_(Project.code.in_(codes), told_of), projects.visible(actor))
        .order_by(Project.id)
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    )
    return {project.code: project for project in found}


def _check_projects(db: Session, report: Report, body: ReportIn, named: dict[str, Project]) -> list[FieldError]:
    own = _own(db, report.unit_id, (project.id for project in named.values()))
    wanted = [(f"progress.{index}.project", line.project) for index, line in enumerate(body.progress)]
    wanted += [
        (f"problems.{index}.project", problem.project)
        for index, problem in enumerate(body.problems)
        if problem.project is not None
    ]
    errors = []
    for field, code in wanted:
        if code not in named:
            message = f"没有项目 {code}，或您无权查看"
            errors.append(FieldError(field=field, code="unknown_project", message=message))
        elif named[code].id not in own:
            message = f"项目 {code} 不由该单位负责或协同"
            errors.append(FieldError(field=field, code="not_its_project", message=message))
    return errors


def _own(db: Session, unit_id: int, numbers: Iterable[int]) -> set[int]:
    """Which of these projects the unit has a part in, responsible, cooperating or in the task force."""
    wanted = list(numbers)
    part = select(ProjectUnit.project_id).where(ProjectUnit.unit_id == unit_id, ProjectUnit.valid_to.is_(None))
    grant = select(ProjectGrant.project_id).where(ProjectGrant.unit_id == unit_id)
    return set(db.scalars(select(Project.id).where(Project.id.in_(wanted), or_(
        Project.id.in_(part), Project.id.in_(grant)
    ))))  # fmt: skip


def _put_progress(
    db: Session, actor: Actor, report: Report, body: ReportIn, named: dict[str, Project]
) -> None:  # fmt: skip
    """Lines about projects that the actor may not see stay as they are: somebody else of the unit wrote them."""
    there = {
        line.project_id: line
        for line in db.scalars(
            select(ReportProgress)
            .where(ReportProgress.report_id == report.id, ReportProgress.project_id.in_(projects.ids_visible(actor)))
            .order_by(ReportProgress.id)
        )
    }
    wanted = {named[line.project].id: line.text for line in body.progress}
    for number, line in there.items():
        if number not in wanted:
            db.delete(line)
    for number, text in wanted.items():
        if number in there:
            there[number].text = text
        else:
            db.add(ReportProgress(report_id=report.id, project_id=number, text=text))


def _put_problems(
    db: Session, actor: Actor, report: Report, body: ReportIn, named: dict[str, Project]
) -> None:  # fmt: skip
    seen = or_(ReportProblem.project_id.is_(None), ReportProblem.project_id.in_(projects.ids_visible(actor)))
    there = list(
        db.scalars(select(ReportProblem).where(ReportProblem.report_id == report.id, seen).order_by(ReportProblem.id))
    )
    wanted = [
        (None if problem.project is None else named[problem.project].id, problem.text, problem.help)
        for problem in body.problems
    ]
    if [(row.project_id, row.text, row.help) for row in there] == wanted:
        return
    for row in there:
        db.delete(row)
    db.flush()
    for project_id, text, help_ in wanted:
        db.add(ReportProblem(report_id=report.id, project_id=project_id, text=text, help=help_))
        db.flush()  # they are listed in the order in which they were written


# -- engagements ---------------------------------------------------------------------------------------------------


def _enter(db: Session, actor: Actor, report: Report, week: Period, body: ReportIn) -> list[FieldError]:
    links = list(
        db.scalars(
            select(ReportEngagement).where(ReportEngagement.report_id == report.id).order_by(ReportEngagement.id)
        )
    )
    by_key = {link.client_key: link for link in links if link.client_key is not None}
    by_number = {link.engagement_id: link for link in links}
    kept: set[int] = set()
    errors: list[FieldError] = []
    for index, entered in enumerate(body.engagements):
        place = f"engagements.{index}"
        if wrong := _outside(week, entered, place):
            errors.append(wrong)
            continue
        if entered.unit is not None and entered.unit != report.unit_code:
            errors.append(FieldError(field=f"{place}.unit", code="other_unit", message="只能填报本单位的活动"))
            continue
        try:
            link = _put_entered(db, actor, report, by_key.get(entered.key), entered)
        except Invalid as problem:
            errors += [error.model_copy(update={"field": f"{place}.{error.field}"}) for error in problem.errors]
        else:
            kept.add(link.engagement_id)
    for index, number in enumerate(dict.fromkeys(body.linked)):
        if number in by_number or number in kept:
            kept.add(number)
        elif wrong := _unlinkable(db, report, week, number, f"linked.{index}"):
            errors.append(wrong)
        else:
            db.add(ReportEngagement(report_id=report.id, engagement_id=number))
            kept.add(number)
    if not errors:
        _take_out(db, actor, report, [link for link in links if link.engagement_id not in kept])
    return errors


def _outside(week: Period, entered: EnteredIn, place: str) -> FieldError | None:
    ends_on = entered.ends_on or entered.starts_on
    if entered.starts_on <= week.end and ends_on >= week.start:
        return None
    message = f"不在本周（{week.start.isoformat()} 至 {week.end.isoformat()}）之内"
    return FieldError(field=f"{place}.starts_on", code="outside_week", message=message)


def _put_entered(
    db: Session, actor: Actor, report: Report, link: ReportEngagement | None, entered: EnteredIn
) -> ReportEngagement:
    mark = digest(entered)
    facts = entered.model_dump(exclude={"key", "unit"})
    if link is None:
        made = engagements.report(db, actor, EngagementIn.model_validate(facts | {"unit": report.unit_code}))
        link = ReportEngagement(report_id=report.id, engagement_id=made.id, client_key=entered.key, sent=mark)
        db.add(link)
        db.flush()
    elif link.sent != mark:
        engagement = db.get_one(Engagement, link.engagement_id)
        facts["ends_on"] = entered.ends_on or entered.starts_on
        engagements.change(db, actor, engagement.id, EngagementPatch.model_validate(facts), engagement.version)
        link.sent = mark
    return link


def _unlinkable(db: Session, report: Report, week: Period, number: int, field: str) -> FieldError | None:
    found: Any = db.execute(
        select(Engagement.starts_on, Engagement.ends_on, Engagement.voided_at, EngagementUnit.id.label("part"))
        .outerjoin(
            EngagementUnit,
            (EngagementUnit.engagement_id == Engagement.id) & (EngagementUnit.unit_id == report.unit_id),
        )
        .where(Engagement.id == number)
    ).one_or_none()
    if found is None:
        return FieldError(field=field, code="no_engagement", message=f"没有编号为 {number} 的对接活动")
    if found.part is None:
        return FieldError(field=field, code="not_its_engagement", message=f"该单位未参加编号为 {number} 的活动")
    if found.voided_at is not None:
        return FieldError(field=field, code="voided", message=f"编号为 {number} 的活动已作废")
    if found.starts_on > week.end or found.ends_on < week.start:
        return FieldError(field=field, code="outside_week", message=f"编号为 {number} 的活动不在本周之内")
    return None


def _take_out(db: Session, actor: Actor, report: Report, gone: list[ReportEngagement]) -> None:
    """What the document names no more leaves the report; what was entered through it is voided with that.

    Not what was joined with another unit's report by then: the trip took place.
    """
    for link in gone:
        entered_here = link.client_key is not None
        db.delete(link)
        db.flush()
        if not entered_here:
            continue
        engagement = db.get_one(Engagement, link.engagement_id)
        elsewhere = select(ReportEngagement.id).where(ReportEngagement.engagement_id == engagement.id).limit(1)
        stays = engagement.voided_at is not None or engagement.unit_id != report.unit_id
        if stays or db.scalars(elsewhere).first() is not None:
            continue
        try:
            engagements.void(db, actor, engagement.id, VOIDED)
        except engagements.PartOfAJoin:
            continue
