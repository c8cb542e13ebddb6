"""What happens to a task: given, changed, begun, reported on, done, cancelled, taken up again; lights set by hand."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.evidence import queries as papers
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.projects.units import ids_of
from app.facts.task_forces.models import Decision, Member, Task, TaskForce, TaskNeed, TaskPaper, TaskReport
from app.facts.task_forces.service import check_arranges, check_works, opened, touch
from app.facts.task_forces.task_queries import NoTask
from app.facts.task_forces.task_schemas import (
    LightIn,
    NewTaskIn,
    StartIn,
    TaskDoneIn,
    TaskIn,
    TaskPatch,
    TaskProgressIn,
)
from app.facts.task_forces.terms import TaskState
from app.identity.auth.queries import name_of
from app.identity.periods.closures import Closed, hold
from app.kernel import calendar, preconditions
from app.kernel.access import Actor, Role
from app.kernel.calendar import months_after
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.events import record

_DAY = timedelta(days=1)


class TaskClosed(Conflict):
    code = "task_closed"
    message = "该任务已完成或已取消，须先恢复"
    english = "This task is closed. Take it up again first."


class TaskNotClosed(Conflict):
    code = "task_not_closed"
    message, english = "该任务尚未结束", "This task is not closed."


class TaskStarted(Conflict):
    code = "task_started"
    message, english = "该任务已启动", "This task has begun already."


class NeedsFirst(Conflict):
    code = "needs_first"
    message = "前置任务尚未完成"
    english = "Tasks that this one depends on are not done."


class NoOverride(Conflict):
    code = "no_override"
    message, english = "该任务的灯色未经人工调整", "The light of this task was not set by hand."


class NotYourTaskForce(Forbidden):
    code = "not_your_task_force"
    message = "区领导只调整本人牵头的专班的灯色"
    english = "A leader sets the lights of the task forces that he leads."


# -- given and changed ---------------------------------------------------------------------------------------------


def add(db: Session, actor: Actor, number: int, body: TaskIn) -> tuple[TaskForce, Task]:
    """Give a member unit something to do."""
    force = opened(db, actor, number)
    check_arranges(actor, force)
    if body.decision is not None:
        decision = db.get(Decision, body.decision)
        if decision is None or decision.task_force_id != force.id:
            raise Invalid.field("decision", "unknown_decision", "本专班没有这项决定")
    return force, added(db, actor, force, body, decision_id=body.decision)


def added(
    db: Session, actor: Actor, force: TaskForce, body: NewTaskIn,
    *, decision_id: int | None = None, step: str | None = None, at: str = "",
) -> Task:  # fmt: skip
    """The same in a task force that was opened; `at` is where in the request the task stands."""
    _check_order(body.planned_start, body.due_on, f"{at}due_on")
    task = Task(
        task_force_id=force.id, title=body.title, detail=body.detail,
        unit_id=_member(db, force, body.unit, f"{at}unit"), planned_start=body.planned_start, due_on=body.due_on,
        step=step, decision_id=decision_id, state=TaskState.OPEN, entered_at=calendar.now(), entered_by=actor.id,
        late_from=hold(db).stands_from(body.due_on + _DAY), entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(task)
    db.flush()
    put_needs(db, force, task, body.needs, f"{at}needs")
    touch(force)
    record(db, "task_force.task_added", force, task=task.id)
    return task


def change(db: Session, actor: Actor, number: int, body: TaskPatch, version: int) -> tuple[TaskForce, Task]:
    """Change what is sent of a task that is not closed; `version` is the row version of its task force.

    409 `period_locked` when a closed period counts it as overdue, by its unit and its day.
    """
    force, task = opened_task(db, actor, number)
    check_arranges(actor, force)
    _check_not_closed(task)
    preconditions.expect(force.version, version)
    given: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"needs", "reason"})
    if body.unit is not None:
        given["unit_id"] = _member(db, force, given.pop("unit"), "unit")
    start, due = body.planned_start or task.planned_start, body.due_on or task.due_on
    _check_order(start, due, "due_on" if body.due_on else "planned_start")
    replan(hold(db), task, start, due, given.pop("unit_id", task.unit_id))
    for name, value in given.items():
        setattr(task, name, value)
    if body.needs is not None:
        put_needs(db, force, task, body.needs, "needs")
    touch(force)
    record(db, "task_force.task_changed", force, reason=body.reason, task=task.id)
    return force, task


def replan(closed: Closed, task: Task, start: date, due: date, unit_id: int) -> None:
    """Give a task other days or another unit. Put off or given to another, its escalation begins again."""
    if (due, unit_id) != (task.due_on, task.unit_id) and task.late_from <= calendar.today():
        closed.check_standing(task.late_from)
    if due > task.due_on or unit_id != task.unit_id:
        task.round += 1
    if due != task.due_on:
        task.late_from = closed.stands_from(due + _DAY)
    task.planned_start, task.due_on, task.unit_id = start, due, unit_id


def _check_order(start: date, due: date, field: str) -> None:
    if due < start:
        raise Invalid.field(field, "order", "完成时限早于计划启动日期")


def _member(db: Session, force: TaskForce, code: str, field: str) -> int:
    unit_id = ids_of(db, [code], field)[code]
    known = select(Member.id).where(Member.task_force_id == force.id, Member.unit_id == unit_id)
    if db.scalars(known).first() is None:
        raise Invalid.field(field, "no_member", f"{code} 不是专班的成员单位")
    return unit_id


def put_needs(db: Session, force: TaskForce, task: Task, needs: Iterable[int], field: str) -> None:
    """Say which tasks must be done before this one: of the same task force, and no circle."""
    wanted = list(dict.fromkeys(needs))
    titles: dict[int, str] = {
        row.id: row.title
        for row in db.execute(select(Task.id, Task.title).where(Task.task_force_id == force.id))
    }  # fmt: skip
    links = list(db.scalars(select(TaskNeed).where(TaskNeed.task_force_id == force.id).order_by(TaskNeed.id)))
    graph: dict[int, list[int]] = {}
    for link in links:
        if link.task_id != task.id:
            graph.setdefault(link.task_id, []).append(link.needs_id)
    for place, needed in enumerate(wanted):
        if needed not in titles:
            raise Invalid.field(f"{field}.{place}", "unknown_task", "本专班没有这项任务")
        if leads_to(graph, needed, task.id):
            raise Invalid.field(f"{field}.{place}", "cycle", f"与「{titles[needed]}」互为前置，形成循环")
    known = {link.needs_id: link for link in links if link.task_id == task.id}
    for needed in known.keys() - set(wanted):
        db.delete(known[needed])
    db.add_all(
        TaskNeed(task_force_id=force.id, task_id=task.id, needs_id=needed) for needed in wanted if needed not in known
    )
    db.flush()


def leads_to(graph: dict[int, list[int]], start: int, goal: int) -> bool:
    """Does one come to `goal` from `start`, be it in no step at all?"""
    waiting, seen = [start], set()
    while waiting:
        one = waiting.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            waiting += graph.get(one, [])
    return False


# -- worked on -----------------------------------------------------------------------------------------------------


def start(db: Session, actor: Actor, number: int, body: StartIn) -> tuple[TaskForce, Task]:
    """Say that work on it has begun."""
    force, task = opened_task(db, actor, number)
    check_works(actor, force.lead_unit_id, task.unit_id)
    _check_not_closed(task)
    if task.state is TaskState.STARTED:
        raise TaskStarted
    task.state, task.started_on = TaskState.STARTED, body.on
    return told(db, force, task, "started")


def report(db: Session, actor: Actor, number: int, body: TaskProgressIn) -> tuple[TaskForce, Task]:
    """Say how far it has come."""
    force, task = opened_task(db, actor, number)
    check_works(actor, force.lead_unit_id, task.unit_id)
    _check_not_closed(task)
    if task.progress_on is not None and body.on < task.progress_on:
        raise Invalid.field("on", "order", f"早于上次报进度的日期 {task.progress_on}")
    if task.started_on is not None and body.on < task.started_on:
        raise Invalid.field("on", "order", f"早于启动日期 {task.started_on}")
    if body.percent < task.progress and body.note is None:
        raise Invalid.field("note", "missing", f"比上次的 {task.progress}% 低，须说明原因")
    db.add(
        TaskReport(
            task_force_id=force.id, task_id=task.id, on=body.on, percent=body.percent, note=body.note,
            at=calendar.now(), by=actor.id, by_name=name_of(db, actor),
        )
    )  # fmt: skip
    task.progress, task.progress_on = body.percent, body.on
    if task.state is TaskState.OPEN:
        task.state, task.started_on = TaskState.STARTED, body.on
    return told(db, force, task, "reported")


def done(db: Session, actor: Actor, number: int, body: TaskDoneIn) -> tuple[TaskForce, Task]:
    """Say that it was done, with what result, shown by which papers of the project."""
    force, task = opened_task(db, actor, number)
    check_works(actor, force.lead_unit_id, task.unit_id)
    _check_not_closed(task)
    begun = max((day for day in (task.started_on, task.progress_on) if day is not None), default=None)
    if begun is not None and body.on < begun:
        raise Invalid.field("on", "order", f"早于启动或最近一次报进度的日期 {begun}")
    waiting = db.execute(
        select(Task.title)
        .join(TaskNeed, TaskNeed.needs_id == Task.id)
        .where(TaskNeed.task_id == task.id, Task.state.in_([TaskState.OPEN, TaskState.STARTED]))
        .order_by(Task.id)
    ).all()
    if waiting:
        said = "、".join(f"「{row.title}」" for row in waiting[:5])
        raise NeedsFirst(f"前置任务尚未完成：{said}", NeedsFirst.english)
    closed = hold(db)
    task.state, task.done_on, task.result = TaskState.DONE, body.on, body.result
    task.deferred_to, task.late_until = closed.deferral(body.on), closed.stands_from(body.on)
    task.started_on = task.started_on or body.on
    add_papers(db, force, task, body.evidence)
    return told(db, force, task, "done")


def cancel(db: Session, actor: Actor, number: int, reason: str) -> tuple[TaskForce, Task]:
    """Say that it need not be done any more."""
    force, task = opened_task(db, actor, number)
    check_arranges(actor, force)
    _check_not_closed(task)
    today = calendar.today()
    task.state, task.cancelled_on, task.cancelled_reason = TaskState.CANCELLED, today, reason
    task.late_until = hold(db).stands_from(today)
    return told(db, force, task, "cancelled", reason=reason)


def reopen(db: Session, actor: Actor, number: int, reason: str) -> tuple[TaskForce, Task]:
    """Take a closed one up again. 409 `period_locked` when a closed period counts that it was done."""
    force, task = opened_task(db, actor, number)
    check_arranges(actor, force)
    if not task.state.is_closed:
        raise TaskNotClosed
    closed = hold(db)
    closed.check([task.deferred_to or task.done_on])
    if task.late_until is not None:
        closed.check_standing(max(task.late_from, task.late_until))
    begun = task.progress_on is not None or (task.started_on is not None and task.started_on != task.done_on)
    task.state = TaskState.STARTED if begun else TaskState.OPEN
    task.started_on = task.started_on if begun else None
    task.done_on = task.deferred_to = task.late_until = task.result = None
    task.cancelled_on = task.cancelled_reason = None
    task.round += 1
    return told(db, force, task, "reopened", reason=reason)


def put_papers(db: Session, actor: Actor, number: int, evidence: Sequence[int]) -> tuple[TaskForce, Task]:
    """Say exactly which papers of the project show what came of it."""
    force, task = opened_task(db, actor, number)
    check_works(actor, force.lead_unit_id, task.unit_id)
    known = {paper.evidence_id: paper for paper in db.scalars(_papers_of(task))}
    for gone in known.keys() - set(evidence):
        db.delete(known[gone])
    db.flush()
    add_papers(db, force, task, evidence)
    return told(db, force, task, "papers_changed")


def add_papers(db: Session, force: TaskForce, task: Task, evidence: Iterable[int]) -> None:
    """Let papers of the project show what came of it; 422 on `evidence` for others."""
    known = {paper.evidence_id for paper in db.scalars(_papers_of(task))}
    for place, number in enumerate(evidence):
        if number not in known:
            paper = papers.usable(db, force.project_id, number, f"evidence.{place}")
            db.add(TaskPaper(task_force_id=force.id, task_id=task.id, evidence_id=paper.id))
            known.add(number)


def _papers_of(task: Task) -> Any:
    return select(TaskPaper).where(TaskPaper.task_id == task.id).order_by(TaskPaper.id)


# -- its light -----------------------------------------------------------------------------------------------------


def set_light(db: Session, actor: Actor, number: int, body: LightIn) -> tuple[TaskForce, Task]:
    """Set its light by hand until a day; the natural one shows beside it."""
    force, task = opened_task(db, actor, number)
    _check_sets_lights(actor, force)
    _check_not_closed(task)
    today = calendar.today()
    if not today <= body.until <= months_after(today, 12):
        raise Invalid.field("until", "range", "有效期不早于今天，至多一年")
    task.override_light, task.override_from, task.override_until = body.light, today, body.until
    task.override_reason, task.override_by, task.override_by_name = body.reason, actor.id, name_of(db, actor)
    return told(db, force, task, "light_set", reason=body.reason)


def clear_light(db: Session, actor: Actor, number: int) -> tuple[TaskForce, Task]:
    """Let its light be the natural one again."""
    force, task = opened_task(db, actor, number)
    _check_sets_lights(actor, force)
    if task.override_light is None:
        raise NoOverride
    task.override_light = task.override_from = task.override_until = task.override_reason = None
    task.override_by = task.override_by_name = None
    return told(db, force, task, "light_cleared")


def _check_sets_lights(actor: Actor, force: TaskForce) -> None:
    leads = Role.LEADER in actor.roles and actor.roles.isdisjoint({Role.OFFICER, Role.REVIEWER})
    if leads and not (actor.kind == "user" and force.leader_id == actor.id):
        raise NotYourTaskForce


# ------------------------------------------------------------------------------------------------------------------


def opened_task(db: Session, actor: Actor, number: int) -> tuple[TaskForce, Task]:
    """A task with its task force locked, for an actor who sees it."""
    place = place_of(db, actor, number)
    force = opened(db, actor, place)
    return force, db.get_one(Task, number, populate_existing=True)


def place_of(db: Connection | Session, actor: Actor, number: int) -> int:
    """The number of the task force of a task that the actor may see; else 404."""
    found = db.execute(
        select(Task.task_force_id)
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(Task.id == number, projects.visible(actor))
    ).scalar_one_or_none()
    if found is None:
        raise NoTask
    return found


def _check_not_closed(task: Task) -> None:
    if task.state.is_closed:
        raise TaskClosed


def told(
    db: Session, force: TaskForce, task: Task, verb: str, *, reason: str | None = None
) -> tuple[TaskForce, Task]:  # fmt: skip
    """Write down what happened to a task."""
    touch(force)
    record(db, f"task_force.task_{verb}", force, reason=reason, task=task.id)
    db.flush()
    return force, task
