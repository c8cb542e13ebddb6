"""Tasks that nobody moves are told of, level by level, to more and higher people; each level once."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.projects.terms import Status
from app.facts.task_forces.escalation import ESCALATION, EscalationRule, LevelRule, due
from app.facts.task_forces.models import Escalation, Task, TaskForce
from app.facts.task_forces.notices import KINDS, key
from app.facts.task_forces.standing import STANDS, Reader, Standing, basis, standings
from app.facts.task_forces.terms import TOLD_LABELS, Level, TaskState, Told, When
from app.identity.auth.models import User
from app.identity.notices import recipients
from app.identity.units.models import Unit
from app.kernel import calendar, notices, rules
from app.kernel.access import SYSTEM, Actor, Role
from app.kernel.events import record
from app.kernel.subjects import SUBJECTS

_AT_WORK = (
    STANDS,
    Project.status == Status.ACTIVE,
    Project.archived_on.is_(None),
    Task.state.in_([TaskState.OPEN, TaskState.STARTED]),
)


def forces_due(connection: Connection, day: date) -> list[int]:
    """The task forces that have a task whose next level has been reached, in a few statements whatever their number."""
    return sorted({task.task_force for task, _, _ in _due(connection, day)})


def escalate(db: Session, number: int, day: date) -> int:
    """Write down the levels that the tasks of one task force have reached, and tell of them. How many?

    Asked again on the same day it does nothing: the task force is locked, and each level is there once.
    """
    force = db.scalars(
        select(TaskForce)
        .where(TaskForce.id == number, STANDS)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if force is None:
        return 0
    project = db.get_one(Project, force.project_id, populate_existing=True)
    force.sight = project.sight
    version = rules.in_force(db, ESCALATION, day).number
    found = _due(db, day, TaskForce.id == number)
    for standing, level, count in found:
        _tell(db, force, project, standing, level, count, day, f"{ESCALATION.code}/{version}")
    return len(found)


def _due(db: Reader, day: date, *conditions: Any) -> list[tuple[Standing, LevelRule, int]]:
    rule: EscalationRule = rules.in_force(db, ESCALATION, day).body
    wanted = (*_AT_WORK, *conditions)
    tasks = standings(db, SYSTEM, basis(db, day), *wanted)
    rounds = dict(
        db.execute(
            select(Task.id, Task.round)
            .join(TaskForce, TaskForce.id == Task.task_force_id)
            .join(Project, Project.id == TaskForce.project_id)
            .where(*wanted)
        ).all()
    )
    before: dict[int, tuple[Level, date]] = {}
    for row in db.execute(
        select(Escalation.task_id, Escalation.level, Escalation.on)
        .join(Task, (Task.id == Escalation.task_id) & (Task.round == Escalation.round))
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(*wanted)
        .order_by(Escalation.id)
    ):
        before[row.task_id] = (row.level, row.on)
    found = []
    for task in tasks:
        level = due(rule, task.shown.light, task.facts.planned_start, before.get(task.id), day)
        if level is not None:
            found.append((task, level, rounds[task.id]))
    return found


def _tell(
    db: Session, force: TaskForce, project: Project, task: Standing, level: LevelRule, count: int, day: date, rule: str
) -> None:
    unit = db.get_one(Unit, task.unit)
    plan = f"计划 {task.facts.planned_start} 启动、{task.facts.due_on} 完成"
    why = plan if level.when is When.START else "；".join(task.shown.why)
    people = _people(db, force, project, task.unit, level.tells)
    names = dict(db.execute(select(User.id, User.name).where(User.id.in_([p.id for _, p in people]))).all())
    told = [
        {
            "as": told_as.value, "user": person.id, "name": names[person.id],
            "message": f"{TOLD_LABELS[told_as]} {names[person.id]}",
        }
        for told_as, person in people
    ]  # fmt: skip
    db.add(
        Escalation(
            task_force_id=force.id, task_id=task.id, round=count, level=level.level, on=day, at=calendar.now(),
            why=why[:500], rule=rule, told=told,
        )
    )  # fmt: skip
    record(db, "task_force.task_escalated", force, task=task.id, level=level.level)
    notices.tell(
        db, [person for _, person in people], KINDS[level.level], force, key=key(level.level, task.id, count),
        due=task.facts.due_on, once=True, project=project.name, task=task.title, unit=unit.name, why=why,
    )  # fmt: skip


def _people(
    db: Session, force: TaskForce, project: Project, unit_id: int, tells: Iterable[Told]
) -> list[tuple[Told, Actor]]:
    """Who hears of it, each person once: only those who may see the project.

    Where that is nobody, as with a unit that has no reporter, the lead unit hears of it, or else the bureau.
    """
    found: dict[int, tuple[Told, Actor]] = {}
    for asked in (tells, (Told.LEAD,), (Told.BUREAU,)):
        for told in asked:
            for person in _of(db, force, project, unit_id, told):
                if SUBJECTS[TaskForce.__tablename__].shown(person, force.sight):
                    found.setdefault(person.id, (told, person))
        if found:
            break
    return list(found.values())


def _of(db: Session, force: TaskForce, project: Project, unit_id: int, told: Told) -> list[Actor]:
    match told:
        case Told.OWNER:
            return recipients.reporters_of(db, unit_id)
        case Told.LEAD:
            return recipients.reporters_of(db, force.lead_unit_id)
        case Told.LEADER:
            return [] if force.leader_id is None else recipients.person(db, force.leader_id)
        case Told.BUREAU:
            return recipients.called(db, project.officer) or recipients.with_role(db, Role.REVIEWER)
