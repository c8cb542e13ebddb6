"""What changes a project's record."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries
from app.facts.projects.models import Project, ProjectAlias, ProjectEnterprise, ProjectGrant, ProjectUnit
from app.kernel import calendar
from app.kernel.access import Actor, Permission, Role
from app.kernel.errors import Conflict, Forbidden
from app.kernel.names import pinyin, search_key, squash


class NotYours(Forbidden):
    code = "not_yours"
    message = "这不是本单位的项目，只能查看"
    english = "This is another unit's project: you may only look."


class Archived(Conflict):
    code = "archived"
    message = "项目已归档，须先取消归档"
    english = "The project is archived. Take it out of the archive first."


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
    all_are_his = actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)
    if not all_are_his and not queries.is_own(db, actor, project.id):
        raise NotYours
    if project.archived_on is not None and not even_archived:
        raise Archived
    return project


# -- what is derived, kept beside the record -----------------------------------------------------------------------


def touch(_db: Session, project: Project) -> None:
    """Something about the project changed just now."""
    project.changed_at = calendar.now()


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
    project.squashed = squash(project.name)
    project.pinyin = pinyin(project.name)
    project.search = search_key(project.name, *aliases, *enterprises)


def refresh_sight(db: Session, project: Project) -> None:
    """Bring `project.sight` up to date: after a change of confidentiality, units or grants.

    `units` and `users` see it beyond the rule of its level; the event log judges by it who may read an event.
    """
    db.flush()
    project.sight = sight_of(db, project)


def sight_of(db: Session, project: Project) -> dict[str, Any]:
    parts = db.scalars(
        select(ProjectUnit.unit_id).where(ProjectUnit.project_id == project.id, ProjectUnit.valid_to.is_(None))
    )
    grants = db.execute(
        select(ProjectGrant.unit_id, ProjectGrant.user_id).where(ProjectGrant.project_id == project.id)
    ).all()
    units = {*parts, *(grant.unit_id for grant in grants if grant.unit_id is not None)}
    users = {grant.user_id for grant in grants if grant.user_id is not None}
    return {"level": project.confidentiality.value, "units": sorted(units), "users": sorted(users)}
