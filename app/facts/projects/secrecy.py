"""Who may see a project: its level, and sight granted beyond the rule of that level."""

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.facts.projects import service, units
from app.facts.projects.models import Project, ProjectGrant
from app.facts.projects.schemas import ConfidentialityIn
from app.facts.projects.terms import Confidentiality
from app.identity.auth.models import User
from app.kernel import preconditions
from app.kernel.access import Actor, Permission, permissions_of
from app.kernel.errors import Forbidden, Invalid
from app.kernel.events import record

NAMED = "named"
"""The source of grants given by name; others (a task force) manage their own under their own source."""


class OnlyReviewersSeal(Forbidden):
    code = "only_reviewers_seal"
    message = "密封与解除密封由审核人办理"
    english = "A reviewer seals and unseals."


def put(db: Session, actor: Actor, code: str, body: ConfidentialityIn, version: int) -> Project:
    """Set the level and exactly who is named; `version` is the row version that was read.

    Whoever seals is among those named, so that it can be undone.
    """
    project = service.open_for_change(db, actor, code)
    seals = Confidentiality.SEALED in (body.level, project.confidentiality)
    if seals and not actor.may(Permission.PROJECT_SEAL):
        raise OnlyReviewersSeal
    preconditions.expect(project.version, version)
    users = set(_readers(db, body.users))
    if body.level is Confidentiality.SEALED and actor.kind == "user":
        users.add(actor.id)
    project.confidentiality = body.level
    grant(db, project, NAMED, users, units.ids_of(db, body.units, "units").values())
    service.touch(db, project)
    record(db, "project.confidentiality_changed", project, reason=body.reason)
    return project


def grant(db: Session, project: Project, source: str, users: Iterable[int], of_units: Iterable[int]) -> None:
    """Let exactly these persons and units see the project on behalf of `source`; grants of other sources stay."""
    wanted = {(user, None) for user in users} | {(None, unit) for unit in of_units}
    known = {
        (given.user_id, given.unit_id): given
        for given in db.scalars(
            select(ProjectGrant).where(ProjectGrant.project_id == project.id, ProjectGrant.source == source)
        )
    }
    for place in known.keys() - wanted:
        db.delete(known[place])
    for user, unit in sorted(wanted - known.keys(), key=str):
        db.add(ProjectGrant(project_id=project.id, user_id=user, unit_id=unit, source=source))
    service.refresh_sight(db, project)
    for user, _ in known.keys() ^ wanted:
        if user is not None:
            _mark(db, user)


def _mark(db: Session, user_id: int) -> None:
    # Answers are kept for everyone of a view: whoever is named has a view of his own.
    user = db.get_one(User, user_id)
    user.named = bool(db.scalar(select(exists().where(ProjectGrant.user_id == user_id))))


def _readers(db: Session, logins: Iterable[str]) -> list[int]:
    """The numbers of people who may be named: active, and readers of projects at all."""
    wanted = list(dict.fromkeys(logins))
    known = {user.login: user for user in db.scalars(select(User).where(User.login.in_(wanted)))} if wanted else {}
    for login in wanted:
        user = known.get(login)
        if user is None or not user.active:
            raise Invalid.field("users", "unknown_user", f"没有登录名为 {login} 的在用人员")
        if Permission.PROJECT_READ not in permissions_of(user.held):
            raise Invalid.field("users", "no_reader", f"{login} 的角色不能查看项目")
    return [known[login].id for login in wanted]
