"""Tasks in lists: red ones first, by unit, what a unit is late with; and one by itself."""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces import task_rows
from app.facts.task_forces.models import Task, TaskForce, TaskReport
from app.facts.task_forces.schemas import AsOf
from app.facts.task_forces.standing import (
    STANDS,
    Reader,
    Standing,
    answered,
    basis,
    is_overdue,
    paged,
    standings,
)
from app.facts.task_forces.task_schemas import TaskFilter
from app.facts.task_forces.terms import Light, TaskState
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.replies import Answer


class NoTask(NotFound):
    code = "no_task"
    message = "没有这项任务，或您无权查看"
    english = "There is no such task, or it is not yours to see."


def page(connection: Connection, actor: Actor, asked: TaskFilter, _whose: int) -> Answer:
    """A page of the tasks that the actor may see, of task forces at work; of one that was dissolved if it is named."""
    at = basis(connection, asked.as_of)
    conditions: list[ColumnElement[bool]] = []
    if asked.task_force is None:
        conditions.append(STANDS)
    else:
        conditions.append(TaskForce.id == asked.task_force)
    if asked.mine:
        conditions.append(false() if actor.unit_id is None else Task.unit_id == actor.unit_id)
    if asked.project is not None:
        conditions.append(Project.code == asked.project)
    if asked.unit:
        conditions.append(Task.unit_id.in_(select(Unit.id).where(Unit.code.in_(asked.unit))))
    if asked.state:
        conditions.append(Task.state.in_(asked.state))
    found = [
        task
        for task in standings(connection, actor, at, *conditions)
        if (not asked.light or task.shown.light in asked.light)
        and (asked.overdue is None or is_overdue(task, at.day) is asked.overdue)
    ]
    items, rest = paged(found, lambda task: task.place, asked)
    return answered({"items": task_rows.whole(connection, items, at)} | rest | at.said())


def overdue(connection: Connection, actor: Actor, asked: AsOf) -> Answer:
    """By unit what is late, among the tasks that the actor may see."""
    at = basis(connection, asked.as_of)
    late: dict[int, list[Standing]] = defaultdict(list)
    open_: dict[int, int] = defaultdict(int)
    closed = [state for state in TaskState if state.is_closed]
    waiting = () if asked.as_of is not None else (Task.state.not_in(closed),)
    for task in standings(connection, actor, at, STANDS, *waiting):
        done = task.facts.done_on is not None and task.facts.done_on <= at.day
        if task.natural.light is not None and not done:
            open_[task.unit] += 1
        if is_overdue(task, at.day):
            late[task.unit].append(task)
    units = {row.id: row for row in connection.execute(select(Unit.id, Unit.code, Unit.name))}
    items = [
        {
            "unit": units[unit].code,
            "unit_name": units[unit].name,
            "overdue": len(tasks),
            "red": sum(task.shown.light is Light.RED for task in tasks),
            "longest_days": max(task.overdue for task in tasks),
            "open": open_[unit],
        }
        for unit, tasks in late.items()
    ]
    items.sort(key=lambda row: (-row["overdue"], -row["longest_days"], row["unit"]))
    return answered({"items": items, "total": sum(row["overdue"] for row in items)} | at.said())


# -- one -----------------------------------------------------------------------------------------------------------


def detail(connection: Connection, actor: Actor, number: int, asked: AsOf) -> Answer:
    """One task, under the row version of its task force; 404 when its project is not the actor's to see."""
    version = _version(connection, actor, number)
    return answered(_one(connection, actor, number, asked), version)


def out(db: Session, actor: Actor, task: Task) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    return _one(db, actor, task.id, AsOf(as_of=None))


def reports(connection: Connection, actor: Actor, number: int) -> Answer:
    """What was reported of a task, the newest first."""
    version = _version(connection, actor, number)
    rows = connection.execute(
        select(TaskReport.on, TaskReport.percent, TaskReport.note, TaskReport.by_name.label("by"))
        .where(TaskReport.task_id == number)
        .order_by(TaskReport.on.desc(), TaskReport.id.desc())
    )
    return Answer({"items": [dict(row._mapping) for row in rows]}, version)


def _version(connection: Connection, actor: Actor, number: int) -> int:
    found = connection.execute(
        select(TaskForce.version)
        .join(Task, Task.task_force_id == TaskForce.id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(Task.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if found is None:
        raise NoTask
    return found


def _one(db: Reader, actor: Actor, number: int, asked: AsOf) -> dict[str, Any]:
    at = basis(db, asked.as_of)
    tasks = standings(db, actor, at, Task.id == number)
    if not tasks:
        raise NoTask
    return task_rows.whole(db, tasks, at)[0] | at.said()
