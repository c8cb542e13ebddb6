"""What people are told of task forces: that they are in one, what their unit is to do, and how far that has come."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.task_forces.models import Member, Task, TaskForce
from app.facts.task_forces.terms import LEVELS, Level
from app.identity.notices import recipients, texts
from app.kernel.events import Entry
from app.kernel.notices import NoticeKind, others, settle, tell

KINDS: dict[Level, NoticeKind] = {
    Level.ASSIGNED: texts.TASK_ASSIGNED,
    Level.URGED: texts.TASK_URGED,
    Level.SUPERVISED: texts.TASK_SUPERVISED,
}


def key(level: Level, task_id: int, count: int) -> str:
    """The matter of a level: one for each time that the task was given."""
    return f"{KINDS[level].code}:{task_id}:{count}"


def formed(db: Session, entry: Entry) -> None:
    """The leader and the member units hear that there is a task force."""
    force = db.get_one(TaskForce, entry.subject_id)
    project = db.get_one(Project, force.project_id)
    units = db.scalars(select(Member.unit_id).where(Member.task_force_id == force.id)).all()
    people = recipients.reporters_of(db, *units)
    if force.leader_id is not None:
        people += recipients.person(db, force.leader_id)
    tell(
        db, others(db, people), texts.TASK_FORCE_FORMED, force, project=project.name, leader=force.leader_office
    )  # fmt: skip


def task_settled(db: Session, entry: Entry) -> None:
    """It waits no more, or waits anew: what was told of it before is done."""
    _settle(db, db.get_one(Task, entry.data["task"]))


def all_settled(db: Session, entry: Entry) -> None:
    """The same of every task, when they move together or there is no task force any more."""
    for task in db.scalars(select(Task).where(Task.task_force_id == entry.subject_id).order_by(Task.id)):
        _settle(db, task, dissolved=entry.kind == "task_force.dissolved")


def _settle(db: Session, task: Task, *, dissolved: bool = False) -> None:
    over = dissolved or task.state.is_closed
    for count in range(1, task.round + over):
        for level in LEVELS:
            settle(db, key(level, task.id, count))
