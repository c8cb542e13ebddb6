"""Who sees a ticket: the bureau and leaders all, a reporter those that the own unit owns or recorded; of a project that
one does not see, nobody. The same rule as a condition of lists, and for what the log says of sight.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, literal, or_, select

from app.facts.projects import queries as projects
from app.facts.projects import sights as project_sights
from app.facts.projects.models import Project
from app.facts.projects.service import EDITS_ALL
from app.facts.tickets.models import Ticket, sight_of
from app.kernel.access import Actor
from app.kernel.db import Id
from app.kernel.errors import Forbidden
from app.kernel.paging import Sight


class NotYourTicket(Forbidden):
    code = "not_your_ticket"
    message = "单位联络员只能登记和办理本单位负责的诉求"
    english = "A reporter records and deals with the tickets of the own unit only."


def acts_for_all(actor: Actor) -> bool:
    """The bureau acts for every unit."""
    return actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)


def check_own(actor: Actor, unit_id: int) -> None:
    """403 `not_your_ticket` unless the actor may act for the unit that owns a ticket."""
    if not acts_for_all(actor) and (actor.unit_id is None or actor.unit_id != unit_id):
        raise NotYourTicket


def admits(actor: Actor, sight: Any) -> bool:
    """Does a sight, as the log keeps it, let this actor see the ticket?"""
    if actor.kind == "system":
        return True
    if not sight or not (actor.sees_all or (actor.unit_id is not None and actor.unit_id in sight["units"])):
        return False
    return sight["project"] is None or project_sights.admits(actor, sight["project"])


def newest(connection: Connection, ids: Collection[int]) -> Mapping[int, Any]:
    """The sights of these tickets as they are now."""
    found = connection.execute(
        select(Ticket.id, Ticket.owner_unit_id, Ticket.recorded_unit_id, Project.sight)
        .outerjoin(Project, Project.id == Ticket.project_id)
        .where(Ticket.id.in_(ids))
    )
    return {row.id: sight_of([row.owner_unit_id, row.recorded_unit_id], row.sight) for row in found}


def _of_unit(unit: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(Ticket.owner_unit_id == unit, Ticket.recorded_unit_id == unit)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The same as a condition with its values, for a select of tickets with `Project` joined (perhaps to none)."""
    seen = or_(Ticket.project_id.is_(None), projects.visible(actor))
    if actor.sees_all:
        return seen
    return false() if actor.unit_id is None else and_(seen, _of_unit(literal(actor.unit_id, Id)))


def sight(actor: Actor) -> Sight:
    """The same for lists (statements are kept by its shape)."""
    of_projects = projects.sight(actor)
    seen = literal(True) if of_projects.condition is None else of_projects.condition
    seen = or_(Ticket.project_id.is_(None), seen)
    if actor.sees_all:
        return Sight(f"{of_projects.shape} tickets", seen, of_projects.values)
    if actor.unit_id is None:
        return Sight("no tickets", false())
    values = {**of_projects.values, "own_unit": actor.unit_id}
    own = _of_unit(bindparam("own_unit", type_=Id))
    return Sight(f"{of_projects.shape} tickets of a unit", and_(seen, own), values)


def among(of_projects: Sight) -> ColumnElement[bool]:
    """The same of a sight of projects, whose values it shares: for figures, which know no other."""
    seen = or_(Ticket.project_id.is_(None), literal(True) if of_projects.condition is None else of_projects.condition)
    if of_projects.shape.split(" ", 1)[0] == "all":
        return seen
    if "sight_unit" not in of_projects.values:
        return false()
    return and_(seen, _of_unit(bindparam("sight_unit", type_=Id)))
