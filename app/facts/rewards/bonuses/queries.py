"""Bonus points as they are seen: those of projects that one may see; and what counts for a unit in a year."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.rewards.bonuses.models import UnitBonus
from app.facts.rewards.bonuses.schemas import BonusFilter
from app.facts.rewards.bonuses.terms import BonusState
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.paging import Listing, Where


class NoBonus(NotFound):
    code = "no_bonus"
    message = "该项目没有这项加分"
    english = "The project has no such bonus."


_source = (
    select(
        UnitBonus.id,
        Project.code.label("project"),
        Project.name.label("project_name"),
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        UnitBonus.year,
        UnitBonus.points,
        UnitBonus.basis,
        UnitBonus.evidence_id.label("evidence"),
        UnitBonus.state,
        UnitBonus.reason,
        UnitBonus.entered_at,
        UnitBonus.entered_by_name.label("entered_by"),
        UnitBonus.judged_at,
        UnitBonus.judged_by_name.label("judged_by"),
    )
    .select_from(UnitBonus)
    .join(Project, Project.id == UnitBonus.project_id)
    .join(Unit, Unit.id == UnitBonus.unit_id)
)

BONUSES = Listing(
    name="unit_bonuses",
    asked=BonusFilter,
    source=_source,
    key=UnitBonus.__table__.c.id,
    sorts={"id": UnitBonus.__table__.c.id, "points": UnitBonus.__table__.c.points},
    filters={
        "unit": Where(lambda value: Unit.code == value),
        "year": Where(lambda value: UnitBonus.year == value),
        "state": Where(lambda value: UnitBonus.state == value),
        "project": Where(lambda value: Project.code == value),
    },
    default_sort="-id",
)


def page(connection: Connection, actor: Actor, asked: BonusFilter) -> bytes:
    """A page of the points given for projects the actor may see."""
    return BONUSES.page(connection, asked, projects.sight(actor))


def out(db: Session, bonus: UnitBonus) -> dict[str, Any]:
    """One that is being changed."""
    db.flush()
    row = db.execute(_source.where(UnitBonus.id == bonus.id)).one()
    told = dict(row._mapping) | {"points": format_yuan(row.points), "entered_at": instant_text(row.entered_at)}
    return told | {"judged_at": None if row.judged_at is None else instant_text(row.judged_at)}


def get(db: Session, project_id: int, number: int) -> UnitBonus:
    """The points with this number among those of the project; else 404."""
    found = db.get(UnitBonus, number, populate_existing=True)
    if found is None or found.project_id != project_id:
        raise NoBonus
    return found


def points_of(db: Connection | Session, year: int) -> Mapping[int, int]:
    """What counts for each unit in the evaluation of a year, in hundredths of a point, by the units' numbers."""
    rows = db.execute(
        select(UnitBonus.unit_id, func.sum(UnitBonus.points))
        .where(UnitBonus.year == year, UnitBonus.state == BonusState.APPROVED)
        .group_by(UnitBonus.unit_id)
    )
    return {unit: int(points) for unit, points in rows}
