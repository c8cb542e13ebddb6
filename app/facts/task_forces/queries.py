"""Task forces as they are seen: in lists red ones first, and one whole."""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces import task_rows
from app.facts.task_forces.models import Member, TaskForce
from app.facts.task_forces.schemas import AsOf, TaskForceFilter
from app.facts.task_forces.standing import (
    STANDS,
    Place,
    Reader,
    Standing,
    answered,
    basis,
    paged,
    standings,
    summed,
)
from app.facts.task_forces.terms import Light, rank_of
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.replies import Answer


class NoTaskForce(NotFound):
    code = "no_task_force"
    message = "没有这个专班，或您无权查看"
    english = "There is no such task force, or it is not yours to see."


_ROWS = (
    select(
        TaskForce.id,
        Project.code.label("project"),
        Project.name.label("project_name"),
        Project.stage,
        TaskForce.leader_office,
        TaskForce.leader_name,
        User.login.label("leader"),
        Unit.code.label("lead_unit"),
        Unit.name.label("lead_unit_name"),
        TaskForce.goal,
        TaskForce.target_on,
        TaskForce.formed_on,
        TaskForce.dissolved_on,
        TaskForce.dissolved_reason,
        TaskForce.entered_by_name.label("entered_by"),
        TaskForce.version,
    )
    .join(Project, Project.id == TaskForce.project_id)
    .join(Unit, Unit.id == TaskForce.lead_unit_id)
    .outerjoin(User, User.id == TaskForce.leader_id)
    .order_by(TaskForce.id)
)


def mine(actor: Actor) -> ColumnElement[bool]:
    """The task forces that a person leads, that his unit is in, or of whose projects he is the officer."""
    conditions: list[ColumnElement[bool]] = []
    if actor.kind == "user":
        name = select(User.name).where(User.id == actor.id).scalar_subquery()
        conditions += [TaskForce.leader_id == actor.id, Project.officer == name]
    if actor.unit_id is not None:
        conditions.append(_has_unit(Member.unit_id == actor.unit_id))
    return or_(*conditions)


def _has_unit(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(Member.id).where(Member.task_force_id == TaskForce.id, condition).correlate(TaskForce))


def page(connection: Connection, actor: Actor, asked: TaskForceFilter, _whose: int) -> Answer:
    """A page of the task forces that the actor may see, red ones first, those with the nearest target before others."""
    at = basis(connection, asked.as_of)
    conditions: list[ColumnElement[bool]] = [~STANDS if asked.dissolved else STANDS]
    if asked.mine:
        conditions.append(mine(actor))
    if asked.project is not None:
        conditions.append(Project.code == asked.project)
    if asked.unit:
        conditions.append(_has_unit(Member.unit_id.in_(select(Unit.id).where(Unit.code.in_(asked.unit)))))
    if asked.leader_office is not None:
        conditions.append(TaskForce.leader_office == asked.leader_office)
    tasks: dict[int, list[Standing]] = defaultdict(list)
    for task in standings(connection, actor, at, *conditions):
        tasks[task.task_force].append(task)
    rows = [
        _row(row, tasks[row.id], at.day)
        for row in connection.execute(_ROWS.where(projects.visible(actor), *conditions))
    ]
    wanted = [row for row in rows if not asked.light or row["light"] in asked.light]
    items, rest = paged(wanted, _place, asked)
    return answered({"items": list(items)} | rest | at.said())


def _row(row: Any, tasks: list[Standing], day: Any) -> dict[str, Any]:
    found = {name: value for name, value in row._mapping.items() if name not in ("version", "entered_by")}
    dissolved = row.dissolved_on is not None and row.dissolved_on <= day
    return found | summed(tasks, day, dissolved=dissolved)


def _place(row: dict[str, Any]) -> Place:
    light: Light | None = row["light"]
    target = row["target_on"]
    return -rank_of(light), "9999-12-31" if target is None else target.isoformat(), row["id"]


# -- one -----------------------------------------------------------------------------------------------------------


def detail(connection: Connection, actor: Actor, number: int, asked: AsOf) -> Answer:
    """One task force whole; 404 when its project is not the actor's to see."""
    found, version = _whole(connection, actor, number, asked)
    return answered(found, version)


def out(db: Session, actor: Actor, force: TaskForce) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    return _whole(db, actor, force.id, AsOf(as_of=None))[0]


def _whole(db: Reader, actor: Actor, number: int, asked: AsOf) -> tuple[dict[str, Any], int]:
    row = db.execute(_ROWS.where(TaskForce.id == number, projects.visible(actor))).one_or_none()
    if row is None:
        raise NoTaskForce
    at = basis(db, asked.as_of)
    tasks = standings(db, actor, at, TaskForce.id == number)
    found = _row(row, tasks, at.day) | {"entered_by": row.entered_by}
    ordered = sorted(tasks, key=lambda task: (task.shown.light is None, task.facts.planned_start, task.id))
    members = _members(db, number)
    return found | {"members": members, "tasks": task_rows.whole(db, ordered, at)} | at.said(), row.version


def _members(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(
            Unit.code.label("unit"),
            Unit.name.label("unit_name"),
            (Member.unit_id == TaskForce.lead_unit_id).label("lead"),
            Member.contact,
            Member.deputy,
            Member.duties,
        )
        .join(Unit, Unit.id == Member.unit_id)
        .join(TaskForce, TaskForce.id == Member.task_force_id)
        .where(Member.task_force_id == number)
        .order_by((Member.unit_id == TaskForce.lead_unit_id).desc(), Member.id)
    )
    return [dict(row._mapping) | {"lead": bool(row.lead)} for row in rows]
