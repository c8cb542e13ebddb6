"""Task forces for tests, as they are after they were formed."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.facts.projects import secrecy
from app.facts.projects.models import Project
from app.facts.task_forces.models import Decision, Meeting, Member, Task, TaskForce, TaskReport
from app.facts.task_forces.terms import TaskState
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel import calendar
from tests.factories.identity import make_unit

_numbers = count(1)


def make_task_force(
    db: Session,
    project: Project,
    *,
    lead: Unit | str = "jxw",
    members: tuple[Unit | str, ...] = (),
    leader: User | None = None,
    **fields: Any,
) -> TaskForce:
    """A task force whose members see the project."""
    units = [make_unit(db, one) if isinstance(one, str) else one for one in (lead, *members)]
    now = calendar.now()
    values: dict[str, Any] = {"leader_office": "区委常委", "formed_on": date(2020, 9, 1)} | fields
    force = TaskForce(
        project_id=project.id, leader_id=leader.id if leader else None, lead_unit_id=units[0].id,
        counts_from=values["formed_on"], entered_at=now, entered_by=0, entered_by_name="用户", sight={}, changed_at=now,
        **values,
    )  # fmt: skip
    db.add(force)
    db.flush()
    db.add_all(Member(task_force_id=force.id, unit_id=unit.id) for unit in units)
    secrecy.grant(db, project, f"task_force:{force.id}", (), [unit.id for unit in units])
    force.sight = project.sight
    db.flush()
    return force


def make_task(
    db: Session,
    force: TaskForce,
    *,
    unit: Unit | str = "jxw",
    planned_start: date = date(2020, 9, 1),
    due_on: date = date(2020, 12, 31),
    reports: tuple[tuple[date, int], ...] = (),
    **fields: Any,
) -> Task:
    """A task that is open unless told otherwise; `reports` are (day, percent)."""
    owner = make_unit(db, unit) if isinstance(unit, str) else unit
    now = calendar.now()
    values: dict[str, Any] = {"title": f"任务{next(_numbers)}", "state": TaskState.OPEN} | fields
    if reports:
        values = {"progress_on": reports[-1][0], "progress": reports[-1][1], "started_on": reports[0][0]} | values
        values["state"] = TaskState(fields.get("state", TaskState.STARTED))
    done = values.get("done_on")
    task = Task(
        task_force_id=force.id, unit_id=owner.id, planned_start=planned_start, due_on=due_on, entered_at=now,
        entered_by=0, entered_by_name="用户", late_from=due_on + timedelta(days=1), late_until=done, **values,
    )  # fmt: skip
    db.add(task)
    db.flush()
    db.add_all(
        TaskReport(task_force_id=force.id, task_id=task.id, on=on, percent=percent, at=now, by=0, by_name="用户")
        for on, percent in reports
    )
    db.flush()
    return task


def make_meeting(db: Session, force: TaskForce, *decisions: str, held_on: date = date(2020, 10, 1)) -> tuple[Any, ...]:
    """A meeting of the task force and its decisions."""
    meeting = Meeting(
        task_force_id=force.id, held_on=held_on, chair="区委常委", entered_at=calendar.now(), entered_by=0,
        entered_by_name="用户",
    )  # fmt: skip
    db.add(meeting)
    db.flush()
    decided = [Decision(task_force_id=force.id, meeting_id=meeting.id, text=text) for text in decisions]
    db.add_all(decided)
    db.flush()
    return (meeting, *decided)
