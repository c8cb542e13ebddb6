"""What hangs on a project: other names, enterprises, notes and problems."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.enterprises import service as enterprises
from app.facts.projects import service
from app.facts.projects.models import Project, ProjectAlias, ProjectEnterprise, ProjectNote
from app.facts.projects.schemas import ProjectEnterpriseIn
from app.facts.projects.terms import EnterpriseRole
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import record
from app.kernel.names import squash


class NoPart(NotFound):
    message = "该项目没有这条记录"
    english = "The project has no such record."


class SameAlias(Conflict):
    code = "same_alias"
    message = "项目已有这个名称或别名"
    english = "The project has this name already."


class SamePart(Conflict):
    code = "same_part"
    message = "该企业已以此角色列入项目"
    english = "The enterprise has this role in the project already."


class Solved(Conflict):
    code = "already_solved"
    message = "该问题已登记为解决"
    english = "The problem was solved before."


# -- other names ---------------------------------------------------------------------------------------------------


def add_alias(db: Session, actor: Actor, code: str, alias: str) -> Project:
    project = service.open_for_change(db, actor, code)
    name_also(db, project, alias)
    service.refresh_search(db, project)
    service.touch(db, project)
    return project


def name_also(db: Session, project: Project, alias: str) -> None:
    """Give an opened project another name; 409 when it has it. The caller refreshes the search."""
    plain = squash(alias)
    known = db.scalars(
        select(ProjectAlias.id).where(ProjectAlias.project_id == project.id, ProjectAlias.squashed == plain)
    ).first()
    if known is not None or plain == squash(project.name):
        raise SameAlias
    db.add(ProjectAlias(project_id=project.id, alias=alias, squashed=plain))
    db.flush()


def remove_alias(db: Session, actor: Actor, code: str, number: int) -> Project:
    project = service.open_for_change(db, actor, code)
    alias = db.get(ProjectAlias, number)
    if alias is None or alias.project_id != project.id:
        raise NoPart
    db.delete(alias)
    service.refresh_search(db, project)
    service.touch(db, project)
    return project


# -- enterprises ---------------------------------------------------------------------------------------------------


def add_enterprise(db: Session, actor: Actor, code: str, body: ProjectEnterpriseIn) -> Project:
    project = service.open_for_change(db, actor, code)
    take_part(db, project, body, "enterprise_id")
    service.refresh_search(db, project)
    service.touch(db, project)
    return project


def take_part(db: Session, project: Project, body: ProjectEnterpriseIn, field: str) -> None:
    """Give an enterprise a role in an opened project; the first investor is the main one. 422 on `field`.

    An investor that is there already may be named again to make it the main one.
    """
    enterprise = enterprises.linkable(db, body.enterprise_id, field)
    known = db.scalars(
        select(ProjectEnterprise).where(
            ProjectEnterprise.project_id == project.id,
            ProjectEnterprise.enterprise_id == enterprise.id,
            ProjectEnterprise.role == body.role.value,
        )
    ).first()
    if known is not None and (not body.main or project.enterprise_id == enterprise.id):
        raise SamePart
    if known is None:
        db.add(ProjectEnterprise(project_id=project.id, enterprise_id=enterprise.id, role=body.role.value))
    if body.main or (body.role is EnterpriseRole.INVESTOR and project.enterprise_id is None):
        project.enterprise_id = enterprise.id
    db.flush()


def remove_enterprise(db: Session, actor: Actor, code: str, number: int) -> Project:
    """End an enterprise's part; when it was the main investor, the one named next takes its place."""
    project = service.open_for_change(db, actor, code)
    part = db.get(ProjectEnterprise, number)
    if part is None or part.project_id != project.id:
        raise NoPart
    db.delete(part)
    db.flush()
    if part.role == EnterpriseRole.INVESTOR.value and part.enterprise_id == project.enterprise_id:
        project.enterprise_id = db.scalars(
            select(ProjectEnterprise.enterprise_id)
            .where(ProjectEnterprise.project_id == project.id, ProjectEnterprise.role == EnterpriseRole.INVESTOR.value)
            .order_by(ProjectEnterprise.id)
            .limit(1)
        ).first()
    service.refresh_search(db, project)
    service.touch(db, project)
    return project


# -- notes and problems --------------------------------------------------------------------------------------------


def remark(db: Session, actor: Actor, code: str, kind: str, text: str) -> Project:
    """Write a note (`note`) or a problem that somebody must solve (`problem`)."""
    project = service.open_for_change(db, actor, code)
    db.add(
        ProjectNote(
            project_id=project.id,
            kind=kind,
            text=text,
            at=calendar.now(),
            by=actor.id,
            by_name=name_of(db, actor),
        )
    )
    service.touch(db, project)
    record(db, "project.problem_raised" if kind == "problem" else "project.noted", project)
    return project


def solve(db: Session, actor: Actor, code: str, number: int, solved_on: date) -> Project:
    project = service.open_for_change(db, actor, code)
    problem = db.get(ProjectNote, number)
    if problem is None or problem.project_id != project.id or problem.kind != "problem":
        raise NoPart
    if problem.solved_on is not None:
        raise Solved
    if solved_on < calendar.day_of(problem.at):
        raise Invalid.field("solved_on", "order", "早于问题登记的日期")
    problem.solved_on = solved_on
    service.touch(db, project)
    record(db, "project.problem_solved", project, on=solved_on)
    return project
