"""Who sees leads and claims: the bureau and leaders all, a reporter what the own unit took or whose project is its;
of a project that one does not see, nobody. The same rule as a condition of lists, and for what the log says of sight.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, literal, or_, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects import sights as project_sights
from app.facts.projects.models import Project
from app.facts.projects.service import EDITS_ALL
from app.facts.rewards.leads.models import sight_of
from app.kernel.access import Actor
from app.kernel.db import Id
from app.kernel.errors import Forbidden
from app.kernel.paging import Sight


class NotYourUnit(Forbidden):
    code = "not_your_unit"
    message = "单位联络员只能办理本单位的线索与奖励申报"
    english = "A reporter deals with the leads and claims of the own unit only."


def acts_for_all(actor: Actor) -> bool:
    """The bureau acts for every unit."""
    return actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)


def check_own(actor: Actor, *unit_ids: int | None) -> None:
    """403 `not_your_unit` unless the actor may act for one of these units."""
    if not acts_for_all(actor) and (actor.unit_id is None or actor.unit_id not in unit_ids):
        raise NotYourUnit


def admits(actor: Actor, sight: Any) -> bool:
    """Does a sight, as the log keeps it, let this actor see the lead or claim?"""
    if actor.kind == "system":
        return True
    if not sight or not (actor.sees_all or actor.unit_id in sight["units"]):
        return False
    return sight["project"] is None or project_sights.admits(actor, sight["project"])


def newest_of(model: Any) -> Callable[[Connection, Collection[int]], Mapping[int, Any]]:
    """What gives the present sights of these leads or claims."""

    def newest(connection: Connection, ids: Collection[int]) -> Mapping[int, Any]:
        found = connection.execute(
            select(model.id, model.unit_id, Project.unit_id.label("of_project"), Project.sight)
            .outerjoin(Project, Project.id == model.project_id)
            .where(model.id.in_(ids))
        )
        return {row.id: sight_of([row.unit_id, row.of_project], row.sight) for row in found}

    return newest


def visible(actor: Actor, model: Any) -> ColumnElement[bool]:
    """The same as a condition with its values, for a select of `model` with `Project` joined (perhaps to none)."""
    seen = or_(model.project_id.is_(None), projects.visible(actor))
    return seen if actor.sees_all else and_(seen, _of_unit(model, literal(actor.unit_id, Id)))


def _of_unit(model: Any, unit: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(model.unit_id == unit, Project.unit_id == unit)


def sight(actor: Actor, model: Any) -> Sight:
    """The same for lists (statements are kept by its shape)."""
    of_projects = projects.sight(actor)
    seen = literal(True) if of_projects.condition is None else of_projects.condition
    seen = or_(model.project_id.is_(None), seen)
    if actor.sees_all:
        return Sight(f"{of_projects.shape} rewards", seen, of_projects.values)
    own = _of_unit(model, bindparam("own_unit", type_=Id))
    values = {**of_projects.values, "own_unit": actor.unit_id}
    return Sight(f"{of_projects.shape} rewards of a unit", and_(seen, own), values)


def get(db: Session, actor: Actor, model: Any, number: int, *, lock: bool = False) -> Any | None:
    """The lead or claim of this number that the actor may see, locked until the commit with `lock`; else None."""
    query = (
        select(model)
        .outerjoin(Project, Project.id == model.project_id)
        .where(model.id == number, visible(actor, model))
        .execution_options(populate_existing=True)
    )
    return db.scalars(query.with_for_update(of=model) if lock else query).one_or_none()
