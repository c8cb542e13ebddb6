"""What changes a project: opening it, what is kept beside the record, the record itself."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries, restatements
from app.facts.projects.models import (
    COUNTED_STAGES,
    Project,
    ProjectAlias,
    ProjectEnterprise,
    ProjectGrant,
    ProjectPlan,
    ProjectUnit,
)
from app.facts.projects.rules import SECTOR, sector_of, sector_without_industry
from app.facts.projects.schemas import ArchiveIn, Fields, ProjectPatch, ProjectStatusIn
from app.facts.projects.terms import Confidentiality, Stage, Status
from app.identity.periods.closures import Closed, hold
from app.kernel import calendar, preconditions, rules
from app.kernel.access import Actor, Permission, Role
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.events import record
from app.kernel.names import pinyin, search_key, squash


class NotYours(Forbidden):
    code = "not_yours"
    message = "这不是本单位的项目，只能查看"
    english = "This is another unit's project: you may only look."


class Archived(Conflict):
    code = "archived"
    message = "项目已归档，须先取消归档"
    english = "The project is archived. Take it out of the archive first."


class SameStatus(Conflict):
    code = "same_status"
    message = "项目已处于该状态"
    english = "The project has this status already."


class HasEnded(Conflict):
    code = "has_ended"
    message = "项目已终止或退出，须先恢复推进"
    english = "The project has ended. Resume it first."


class NotArchived(Conflict):
    code = "not_archived"
    message = "项目未归档"
    english = "The project is not in the archive."


EDITS_ALL = frozenset({Role.OFFICER, Role.REVIEWER})


def open_for_change(
    db: Session,
    actor: Actor,
    code: str,
    permission: Permission = Permission.PROJECT_EDIT,
    *,
    even_archived: bool = False,
) -> Project:
    """The project, locked until the commit, for an actor who may change it.

    404 when it is not seen, 403 `not_yours` when it is another unit's, 409 when it is archived.
    """
    if not actor.may(permission):
        raise Forbidden
    project = db.scalars(
        select(Project)
        .where(Project.code == code, queries.visible(actor))
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if project is None:
        raise queries.NoProject
    check_own(db, actor, project.id)
    if project.archived_on is not None and not even_archived:
        raise Archived
    return project


def check_own(db: Session | Connection, actor: Actor, project_id: int) -> None:
    """403 `not_yours` unless the project is the actor's to change: bureau staff change all, a unit its own."""
    all_are_his = actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)
    if not all_are_his and not queries.is_own(db, actor, project_id):
        raise NotYours


# -- what is derived, kept beside the record -----------------------------------------------------------------------


def touch(_db: Session, project: Project) -> None:
    """Something about the project changed just now."""
    project.changed_at = calendar.now()


def set_reached(
    db: Session, project: Project, stage: Stage, day: date | None, closed: Closed, reason: str | None
) -> None:
    """Set when a stage was reached, or that it was not; figures count it on the first open day from then on.

    409 `period_locked` when a closed period counts the date that would go.
    """
    if stage not in COUNTED_STAGES:
        setattr(project, stage.column, day)
        return
    before: date | None = getattr(project, stage.column)
    if before == day:
        return
    counted_on = getattr(project, f"{stage}_deferred_to") or before
    closed.check([counted_on])
    deferral = None if day is None else closed.deferral(day)
    setattr(project, stage.column, day)
    setattr(project, f"{stage}_deferred_to", deferral)
    if counted_on is not None:
        restatements.note(db, project, restatements.OF_STAGE[stage], (counted_on, deferral or day), reason)


def refresh_search(db: Session, project: Project) -> None:
    """Bring what lists search and sort names by up to date: after a change of name, aliases or enterprises."""
    db.flush()
    aliases = db.scalars(select(ProjectAlias.alias).where(ProjectAlias.project_id == project.id).order_by("alias"))
    enterprises = db.scalars(
        select(Enterprise.name)
        .join(ProjectEnterprise, ProjectEnterprise.enterprise_id == Enterprise.id)
        .where(ProjectEnterprise.project_id == project.id)
        .order_by(Enterprise.id)
    )
    for column, value in search_columns(project.name, aliases, enterprises, project.code).items():
        setattr(project, column, value)


def search_columns(name: str, aliases: Iterable[str], enterprises: Iterable[str], code: str) -> dict[str, str]:
    """The columns that lists search and sort names by."""
    return {
        "squashed": squash(name)[:200],
        "pinyin": pinyin(name)[:600],
        "search": search_key(name, *aliases, *enterprises, code),
    }


def refresh_sight(db: Session, project: Project) -> None:
    """Bring `project.sight` up to date: after a change of confidentiality, units or grants.

    `units` and `users` see it beyond the rule of its level; the event log judges by it who may read an event.
    """
    db.flush()
    parts = db.scalars(
        select(ProjectUnit.unit_id).where(ProjectUnit.project_id == project.id, ProjectUnit.valid_to.is_(None))
    )
    grants = db.execute(
        select(ProjectGrant.unit_id, ProjectGrant.user_id).where(ProjectGrant.project_id == project.id)
    ).all()
    units = {*parts, *(grant.unit_id for grant in grants if grant.unit_id is not None)}
    users = {grant.user_id for grant in grants if grant.user_id is not None}
    project.sight = sight_from(project.confidentiality, units, users)


def sight_from(level: Confidentiality, units: Iterable[int], users: Iterable[int]) -> dict[str, Any]:
    """The value of `project.sight`."""
    return {"level": level.value, "units": sorted(units), "users": sorted(users)}


# -- correcting the record -----------------------------------------------------------------------------------------

COLUMNS = {"investment": "investment_fen", "output": "output_fen", "tax": "tax_fen"}
"""Fields of the API whose columns have another name."""

BY_ITSELF = frozenset({"plans", "sector", "sector_reason"})


def change(db: Session, actor: Actor, code: str, body: ProjectPatch, version: int) -> Project:
    """Correct what is written about a project; `version` is the row version the correction was made from."""
    project = open_for_change(db, actor, code)
    preconditions.expect(project.version, version)
    if body.name is not None:
        project.name = body.name
    if body.kind is not None:
        project.kind = body.kind
    renamed = db.is_modified(project)
    if write_fields(db, project, body) or renamed:
        touch(db, project)
    if body.name is not None:
        refresh_search(db, project)
    return project


def fill(project: Project, body: Fields) -> None:
    """Copy the given fields that stand for themselves."""
    for name in body.model_fields_set & Fields.model_fields.keys() - BY_ITSELF:
        setattr(project, COLUMNS.get(name, name), getattr(body, name))


def write_fields(db: Session, project: Project, body: Fields) -> bool:
    """Take over the given fields; did any of them differ?"""
    fill(project, body)
    if body.model_fields_set & {"industry", "kind", "sector", "sector_reason"}:
        settle_sector(db, project, body)
    changed = db.is_modified(project)
    return plan_stages(db, project, body.plans) or changed


def settle_sector(db: Session, project: Project, body: Fields) -> None:
    """By the rule in force today, or by hand with a reason."""
    rule = rules.in_force(db, SECTOR, calendar.today()).body
    ruled = sector_of(project.industry, rule) if project.industry else sector_without_industry(project.kind, rule)
    if body.sector not in (None, ruled):
        reason = body.sector_reason or project.sector_reason
        if reason is None:
            raise Invalid.field("sector_reason", "missing", "产业类别与规则所得不同，须说明理由")
        project.sector, project.sector_reason = body.sector, reason
    elif "sector" in body.model_fields_set or project.sector_reason is None:
        if body.sector_reason is not None and body.sector is None:
            raise Invalid.field("sector_reason", "unused", "产业类别按规则得出，不需理由")
        project.sector, project.sector_reason = ruled, None
    elif "sector_reason" in body.model_fields_set:
        if body.sector_reason is None:
            raise Invalid.field("sector_reason", "missing", "手工指定的产业类别须有理由")
        project.sector_reason = body.sector_reason


def plan_stages(db: Session, project: Project, plans: Mapping[Stage, date | None]) -> bool:
    if not plans:
        return False
    known = {plan.stage: plan for plan in db.scalars(select(ProjectPlan).where(ProjectPlan.project_id == project.id))}
    changed = False
    for stage, planned_on in plans.items():
        plan = known.get(stage)
        if plan is None and planned_on is not None:
            db.add(ProjectPlan(project_id=project.id, stage=stage, planned_on=planned_on))
        elif plan is not None and planned_on is None:
            db.delete(plan)
        elif plan is not None and planned_on is not None and plan.planned_on != planned_on:
            plan.planned_on = planned_on
        else:
            continue
        changed = True
    return changed


# -- status and archive --------------------------------------------------------------------------------------------

VERBS = {
    Status.PAUSED: "project.paused",
    Status.TERMINATED: "project.terminated",
    Status.WITHDRAWN: "project.withdrawn",
    Status.ACTIVE: "project.resumed",
}


def set_status(db: Session, actor: Actor, code: str, body: ProjectStatusIn) -> Project:
    """Pause, end or resume a project. One that has ended must be resumed before anything else."""
    project = open_for_change(db, actor, code)
    if project.status is body.status:
        raise SameStatus
    if project.ended_on is not None and body.status is not Status.ACTIVE:
        raise HasEnded
    project.status = body.status
    project.paused_on = body.on if body.status is Status.PAUSED else None
    project.ended_on = body.on if body.status in (Status.TERMINATED, Status.WITHDRAWN) else None
    touch(db, project)
    record(db, VERBS[body.status], project, reason=body.reason, on=body.on)
    return project


def archive(db: Session, actor: Actor, code: str, body: ArchiveIn) -> Project:
    """Take a project out of live tracking."""
    project = open_for_change(db, actor, code)
    if body.on < project.tracked_from:
        raise Invalid.field("on", "order", f"早于入库日期 {project.tracked_from}")
    hold(db).check_standing(body.on)
    project.archived_on = body.on
    touch(db, project)
    record(db, "project.archived", project, reason=body.reason, on=body.on)
    return project


def unarchive(db: Session, actor: Actor, code: str, body: ArchiveIn) -> Project:
    """Bring a project back into live tracking."""
    project = open_for_change(db, actor, code, even_archived=True)
    if project.archived_on is None:
        raise NotArchived
    hold(db).check_standing(project.archived_on)
    project.archived_on = None
    touch(db, project)
    record(db, "project.unarchived", project, reason=body.reason, on=body.on)
    return project
