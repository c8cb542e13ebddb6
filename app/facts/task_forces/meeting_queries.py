"""Meetings, and decisions that are done or not."""

from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces.meeting_schemas import DecisionFilter
from app.facts.task_forces.models import Decision, Meeting, Member, Task, TaskForce
from app.facts.task_forces.queries import NoTaskForce
from app.facts.task_forces.standing import STANDS, Reader
from app.facts.task_forces.terms import DecisionState, TaskState
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.db import Id, Word
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Sight, Where
from app.kernel.replies import Answer


class NoMeeting(NotFound):
    code = "no_meeting"
    message = "没有这次调度会，或您无权查看"
    english = "There is no such meeting, or it is not yours to see."


class NoDecision(NotFound):
    code = "no_decision"
    message = "没有这项决定，或您无权查看"
    english = "There is no such decision, or it is not yours to see."


def _has_task(*states: TaskState) -> ColumnElement[bool]:
    return exists(
        select(Task.id).where(Task.decision_id == Decision.id, or_(*(Task.state == s for s in states)))
    ).correlate(Decision)  # fmt: skip


DONE = or_(
    Decision.done_on.is_not(None),
    and_(_has_task(TaskState.DONE), ~_has_task(TaskState.OPEN, TaskState.STARTED)),
)
"""Was a decision carried out: by its tasks, of which cancelled ones do not matter, or by somebody's word?"""

_STATE = type_coerce(case((DONE, DecisionState.DONE.value), else_=DecisionState.OPEN.value), Word(DecisionState))
_COLUMNS = (
    select(
        Decision.id,
        Decision.task_force_id.label("task_force"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Decision.meeting_id.label("meeting"),
        Meeting.held_on,
        Decision.text,
        _STATE.label("state"),
        Decision.done_on,
        Decision.done_note,
        Decision.done_by_name.label("done_by"),
    )
    .select_from(Decision)
    .join(Meeting, Meeting.id == Decision.meeting_id)
    .join(TaskForce, TaskForce.id == Decision.task_force_id)
    .join(Project, Project.id == TaskForce.project_id)
)

DECISIONS = Listing(
    name="decisions",
    asked=DecisionFilter,
    source=_COLUMNS,
    key=Decision.__table__.c.id,
    sorts={"held_on": Meeting.__table__.c.held_on},
    filters={
        "task_force": Where(lambda number: Decision.task_force_id == number),
        "state": Where(lambda value: value == _STATE, lambda word: word.value),
    },
    default_sort="held_on",
)


@cache
def mine() -> ColumnElement[bool]:
    """As `queries.mine`, with open values."""
    me, unit = bindparam("me", type_=Id), bindparam("my_unit", type_=Id)
    name = select(User.name).where(User.id == me).scalar_subquery()
    of_unit = select(Member.id).where(Member.task_force_id == TaskForce.id, Member.unit_id == unit)
    return or_(TaskForce.leader_id == me, Project.officer == name, exists(of_unit.correlate(TaskForce)))


def mine_values(actor: Actor) -> dict[str, int]:
    """What `mine` binds."""
    return {"me": actor.id if actor.kind == "user" else 0, "my_unit": actor.unit_id or 0}


def decisions(connection: Connection, actor: Actor, asked: DecisionFilter, _whose: int) -> dict[str, Any]:
    """A page of decisions of task forces at work, the oldest first; of one that was dissolved if it is named."""
    sight = projects.sight(actor)
    shape, conditions, values = sight.shape, [], dict(sight.values)
    if sight.condition is not None:
        conditions.append(sight.condition)
    if asked.task_force is None:
        conditions.append(STANDS)
        shape += " standing"
    if asked.mine:
        conditions.append(mine())
        shape += " mine"
        values |= mine_values(actor)
    found = DECISIONS.found(connection, asked, Sight(shape, and_(*conditions) if conditions else None, values))
    _add_tasks(connection, found["items"])
    return found


def meetings(connection: Connection, actor: Actor, number: int) -> Answer:
    """The meetings of a task force, the newest first, under its row version."""
    version = connection.execute(
        select(TaskForce.version)
        .join(Project, Project.id == TaskForce.project_id)
        .where(TaskForce.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if version is None:
        raise NoTaskForce
    return Answer({"items": _meetings(connection, Meeting.task_force_id == number)}, version)


def meeting(connection: Connection, actor: Actor, number: int) -> Answer:
    """One meeting; 404 when its project is not the actor's to see."""
    version = connection.execute(
        select(TaskForce.version)
        .join(Meeting, Meeting.task_force_id == TaskForce.id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(Meeting.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if version is None:
        raise NoMeeting
    return Answer(_meetings(connection, Meeting.id == number)[0], version)


def meeting_out(db: Session, one: Meeting) -> dict[str, Any]:
    """One that is being changed."""
    db.flush()
    return _meetings(db, Meeting.id == one.id)[0]


def decision_out(db: Session, one: Decision) -> dict[str, Any]:
    """The same of a decision."""
    db.flush()
    return _decisions(db, Decision.id == one.id)[0]


def _meetings(db: Reader, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = db.execute(
        select(
            Meeting.id, Meeting.task_force_id.label("task_force"), Meeting.held_on, Meeting.starts_at, Meeting.place,
            Meeting.chair, Meeting.attendees, Meeting.minutes, Meeting.entered_by_name.label("entered_by"),
        )
        .where(condition)
        .order_by(Meeting.held_on.desc(), Meeting.id.desc())
    )  # fmt: skip
    found = [dict(row._mapping) for row in rows]
    decided: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in _decisions(db, condition):
        decided[one["meeting"]].append(one)
    return [row | {"decisions": decided[row["id"]]} for row in found]


def _decisions(db: Reader, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    found = [dict(row._mapping) for row in db.execute(_COLUMNS.where(condition).order_by(Decision.id))]
    _add_tasks(db, found)
    return found


def _add_tasks(db: Reader, rows: list[dict[str, Any]]) -> None:
    tasks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if rows:
        for row in db.execute(
            select(
                Task.decision_id, Task.id, Task.title, Unit.code.label("unit"), Unit.name.label("unit_name"),
                Task.due_on, Task.state,
            )
            .join(Unit, Unit.id == Task.unit_id)
            .where(Task.decision_id.in_([row["id"] for row in rows]))
            .order_by(Task.id)
        ):  # fmt: skip
            one = dict(row._mapping)
            tasks[one.pop("decision_id")].append(one)
    for decision in rows:
        decision["tasks"] = tasks[decision["id"]]
