"""Who sees a project, and what is seen of it."""

from functools import cache
from typing import Any, overload

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, and_, bindparam, literal, or_, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project, ProjectGrant, ProjectUnit
from app.facts.projects.terms import Confidentiality
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.db import Id
from app.kernel.errors import NotFound
from app.kernel.paging import EVERYTHING, Sight


class NoProject(NotFound):
    message = "没有这个项目，或您无权查看"
    english = "There is no such project, or it is not yours to see."


# -- what is seen of it --------------------------------------------------------------------------------------------

ROW: tuple[Any, ...] = (
    Project.code,
    Project.name,
    Project.kind,
    Project.stage,
    Project.status,
    Project.confidentiality,
    Project.sector,
    Project.chain,
    Project.channel,
    Project.origin_region,
    Project.park,
    Unit.code.label("unit"),
    Unit.name.label("unit_name"),
    Project.officer,
    Project.leader,
    Project.enterprise_id,
    Enterprise.name.label("enterprise"),
    Enterprise.ownership,
    Project.investment_fen.label("investment"),
    Project.contract_fen.label("contract_amount"),
    Project.funds_fen.label("funds_arrived"),
    Project.signed_on,
    Project.started_on,
    Project.changed_at,
)
"""A project in a list, in the order of `ProjectRow`; everything of a record begins with it."""


def named(*columns: Any) -> Select[*tuple[Any, ...]]:
    """These columns of projects, with the names of their unit and main investor at hand."""
    return (
        select(*columns)
        .select_from(Project)
        .outerjoin(Unit, Unit.id == Project.unit_id)
        .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
    )


# -- sight: the one definition of who sees a project ---------------------------------------------------------------
#
# Open: everyone who may read projects. Internal: bureau and leaders, its own units (responsible or cooperating
# today), and whoever was granted sight. Sealed: only persons who were granted sight.


def _any(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    # Asked row by row: a page looks at fifty projects, while a unit may have thousands. Not as EXISTS: PostgreSQL
    # would gather those thousands first.
    return select(literal(1)).where(*conditions).limit(1).correlate(Project).scalar_subquery().is_not(None)


def _of_unit(unit: ColumnElement[int]) -> ColumnElement[bool]:
    # Parts of the past have an end; what has none holds today (parts never begin or end in the future).
    return or_(
        _any(ProjectUnit.project_id == Project.id, ProjectUnit.unit_id == unit, ProjectUnit.valid_to.is_(None)),
        _any(ProjectGrant.project_id == Project.id, ProjectGrant.unit_id == unit),
    )


def _condition(sees_all: bool, unit: ColumnElement[int] | None, user: ColumnElement[int] | None) -> ColumnElement[bool]:
    if sees_all:
        rule: ColumnElement[bool] = Project.confidentiality != Confidentiality.SEALED
    else:
        rule = Project.confidentiality == Confidentiality.OPEN
        if unit is not None:
            rule = or_(rule, and_(Project.confidentiality == Confidentiality.INTERNAL, _of_unit(unit)))
    if user is None:
        return rule
    return or_(rule, _any(ProjectGrant.project_id == Project.id, ProjectGrant.user_id == user))


def _parts(actor: Actor) -> tuple[bool, int | None, int | None]:
    # Numbers of keys are not numbers of users: only a person can be named.
    user = actor.id if actor.kind == "user" and actor.named else None
    return actor.sees_all, None if actor.sees_all else actor.unit_id, user


@cache
def _shape(sees_all: bool, *names: str) -> tuple[str, ColumnElement[bool]]:
    """The condition with open values, made once for each kind of actor, and what it is called."""
    unit, user = (bindparam(name, type_=Id) if name in names else None for name in ("sight_unit", "sight_user"))
    return " ".join(("all" if sees_all else "open", *names)), _condition(sees_all, unit, user)


def sight(actor: Actor) -> Sight:
    """What the actor may see, for lists over `Project` (statements are kept by its shape)."""
    if actor.kind == "system":
        return EVERYTHING
    sees_all, unit, user = _parts(actor)
    values = {name: value for name, value in (("sight_unit", unit), ("sight_user", user)) if value is not None}
    shape, condition = _shape(sees_all, *values)
    return Sight(shape, condition, values)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The same as a condition with its values, for any select that has `Project` among its tables."""
    if actor.kind == "system":
        return literal(True)
    sees_all, unit, user = _parts(actor)
    return _condition(
        sees_all, None if unit is None else literal(unit, Id), None if user is None else literal(user, Id)
    )


def ids_visible(actor: Actor) -> Select[int]:
    """The numbers of the projects the actor may see: `column.in_(ids_visible(actor))`."""
    return select(Project.id).where(visible(actor))


@overload
def get(db: Session, actor: Actor, code: str) -> Project: ...
@overload
def get(db: Connection, actor: Actor, code: str) -> Any: ...
def get(db: Session | Connection, actor: Actor, code: str) -> Any:
    """The project the actor may see under this code: the object of a session, or a row of a connection; else 404."""
    if isinstance(db, Session):
        project: Any = db.scalars(select(Project).where(Project.code == code, visible(actor))).one_or_none()
    else:
        project = db.execute(select(Project.__table__).where(Project.code == code, visible(actor))).one_or_none()
    if project is None:
        raise NoProject
    return project


def is_own(db: Session | Connection, actor: Actor, project_id: int) -> bool:
    """Has the actor's unit a part in the project today, responsible or cooperating?"""
    if actor.unit_id is None:
        return False
    part: ScalarSelect[int] = (
        select(ProjectUnit.id)
        .where(
            ProjectUnit.project_id == project_id,
            ProjectUnit.unit_id == actor.unit_id,
            ProjectUnit.valid_to.is_(None),
        )
        .limit(1)
        .scalar_subquery()
    )
    return db.execute(select(part)).scalar() is not None
