"""Tasks with all that is told of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.facts.evidence.models import Evidence
from app.facts.projects.models import Project
from app.facts.task_forces.lights import Judged
from app.facts.task_forces.models import Escalation, Task, TaskForce, TaskNeed, TaskPaper
from app.facts.task_forces.standing import Basis, Reader, Standing
from app.facts.task_forces.terms import TaskState
from app.identity.units.models import Unit

_ROWS = (
    select(
        Task.id,
        Task.task_force_id.label("task_force"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Task.title,
        Task.detail,
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        Task.planned_start,
        Task.due_on,
        Task.state,
        Task.progress,
        Task.progress_on,
        Task.started_on,
        Task.done_on,
        Task.result,
        Task.cancelled_on,
        Task.cancelled_reason,
        Task.decision_id.label("decision"),
        Task.step,
        Task.entered_by_name.label("entered_by"),
    )
    .join(TaskForce, TaskForce.id == Task.task_force_id)
    .join(Project, Project.id == TaskForce.project_id)
    .join(Unit, Unit.id == Task.unit_id)
)


def whole(db: Reader, tasks: Sequence[Standing], at: Basis) -> list[dict[str, Any]]:
    """These tasks as `TaskOut`, in their order. The actor may see them: they have been asked for so."""
    numbers = [task.id for task in tasks]
    if not numbers:
        return []
    rows = {row.id: dict(row._mapping) for row in db.execute(_ROWS.where(Task.id.in_(numbers)))}
    needs: dict[int, list[int]] = defaultdict(list)
    for need in db.execute(
        select(TaskNeed.task_id, TaskNeed.needs_id).where(TaskNeed.task_id.in_(numbers)).order_by(TaskNeed.needs_id)
    ):
        needs[need.task_id].append(need.needs_id)
    papers: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for paper in db.execute(
        select(TaskPaper.task_id, Evidence.id, Evidence.kind, Evidence.filename, Evidence.state)
        .join(Evidence, Evidence.id == TaskPaper.evidence_id)
        .where(TaskPaper.task_id.in_(numbers))
        .order_by(Evidence.id)
    ):
        papers[paper.task_id].append(
            {"id": paper.id, "kind": paper.kind, "filename": paper.filename, "state": paper.state}
        )
    levels = {
        row.task_id: row.level
        for row in db.execute(
            select(Escalation.task_id, Escalation.level)
            .join(Task, (Task.id == Escalation.task_id) & (Task.round == Escalation.round))
            .where(Escalation.task_id.in_(numbers))
            .order_by(Escalation.id)
        )
    }
    return [
        _told(rows[task.id], task, at)
        | {"needs": needs[task.id], "evidence": papers[task.id], "level": levels.get(task.id)}
        for task in tasks
    ]


def _told(row: dict[str, Any], task: Standing, at: Basis) -> dict[str, Any]:
    if row["state"] is TaskState.DONE:
        row["progress"] = 100
    override = None
    if task.override is not None:
        override = {
            "light": task.override.light, "since": task.override.since, "until": task.override.until,
            "reason": task.override.reason, "by": task.override.by, "holds": task.override.holds(at.day),
        }  # fmt: skip
    return row | {
        **judged(task.shown),
        "days_overdue": task.overdue,
        "natural": judged(task.natural),
        "override": override,
    }


def judged(one: Judged) -> dict[str, Any]:
    """A light as `JudgedOut`."""
    return {"light": one.light, "why": list(one.why)}
