"""Tasks laid backwards from a day by the template of the project's kind."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.projects.terms import KIND_LABELS
from app.facts.task_forces import tasks
from app.facts.task_forces.models import Member, Task, TaskForce, TaskNeed
from app.facts.task_forces.plan_schemas import PlanIn
from app.facts.task_forces.plans import TASK_PLANS, Days, PlanStep, laid
from app.facts.task_forces.service import check_arranges, opened, touch
from app.facts.task_forces.task_schemas import NewTaskIn
from app.facts.task_forces.terms import TaskState
from app.identity.periods.closures import hold
from app.identity.periods.queries import overrides
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record


class NoTemplate(Conflict):
    code = "no_template"
    message = "现行规则没有这类项目的工期模板"
    english = "The rule in force has no template for this kind of project."


def lay(db: Session, actor: Actor, number: int, body: PlanIn) -> tuple[TaskForce, dict[str, Any]]:
    """Give every step its days and make tasks of those that are none yet.

    Laid again, tasks that have not begun move; those that have keep their days. With `dry_run` nothing is written.
    """
    force = opened(db, actor, number)
    check_arranges(actor, force)
    today = calendar.today()
    ruling = rules.in_force(db, TASK_PLANS, today)
    kind = db.execute(select(Project.kind).where(Project.id == force.project_id)).scalar_one()
    template = ruling.body.plans.get(kind)
    if template is None:
        raise NoTemplate(f"现行规则没有{KIND_LABELS[kind]}项目的工期模板", NoTemplate.english)
    own = overrides(db)
    try:
        days = laid(template.steps, body.target_on, lambda day: calendar.is_working_day(day, own))
    except calendar.CalendarUnknown as unknown:
        raise Invalid.field("target_on", "calendar_unknown", str(unknown)) from None
    units = _units(db, force, template.steps, body)
    known = _known(db, force)
    if min(start for start, _ in days.values()).year < calendar.FIRST_YEAR:
        raise Invalid.field("target_on", "too_early", f"最早一步将早于 {calendar.FIRST_YEAR} 年")
    items = [
        _item(step, days[step.name], units[step.name], known.get(step.name), given=step.name in body.units)
        for step in template.steps
    ]
    if not body.dry_run:
        _write(db, actor, force, items)
        force.target_on = body.target_on
        touch(force)
        record(db, "task_force.planned", force, target=body.target_on, rule=f"{TASK_PLANS.code}/{ruling.number}")
        db.flush()
    items.sort(key=lambda item: (item["planned_start"], item["due_on"]))
    starts_on: date = min(item["planned_start"] for item in items)
    return force, {
        "dry_run": body.dry_run,
        "target_on": body.target_on,
        "starts_on": starts_on,
        "late_days": max(0, (today - starts_on).days),
        "rule": f"{TASK_PLANS.code}/{ruling.number}",
        "items": items,
    }


def _known(db: Session, force: TaskForce) -> dict[str, Any]:
    """By step the task that was laid from it."""
    rows = db.execute(
        select(Task.id, Task.step, Task.state, Task.planned_start, Task.due_on, Unit.code.label("unit"))
        .join(Unit, Unit.id == Task.unit_id)
        .where(Task.task_force_id == force.id, Task.step.is_not(None), Task.state != TaskState.CANCELLED)
        .order_by(Task.id)
    )
    return {row.step: row for row in rows}


def _units(db: Session, force: TaskForce, steps: tuple[PlanStep, ...], body: PlanIn) -> dict[str, str]:
    """By step who does it: as asked, as the template says where that is a member, else the lead unit."""
    names = {step.name for step in steps}
    for name in body.units:
        if name not in names:
            raise Invalid.field("units", "unknown_step", f"模板没有步骤「{name}」")
    members = {
        row.code: row.id
        for row in db.execute(
            select(Unit.code, Unit.id).join(Member, Member.unit_id == Unit.id).where(Member.task_force_id == force.id)
        )
    }
    for unit in body.units.values():
        if unit not in members:
            raise Invalid.field("units", "no_member", f"{unit} 不是专班的成员单位")
    lead = next(code for code, number in members.items() if number == force.lead_unit_id)
    return {
        step.name: body.units.get(step.name) or (step.unit if step.unit in members else None) or lead for step in steps
    }


def _item(step: PlanStep, days: Days, unit: str, known: Any, *, given: bool) -> dict[str, Any]:
    start, due = days
    if known is not None and not given:
        unit = known.unit
    action = "added"
    if known is not None and known.state is not TaskState.OPEN:
        start, due, unit, action = known.planned_start, known.due_on, known.unit, "kept"
    elif known is not None:
        action = "same" if (known.planned_start, known.due_on, known.unit) == (start, due, unit) else "moved"
    return {
        "step": step.name, "unit": unit, "planned_start": start, "due_on": due, "needs": list(step.needs),
        "task": None if known is None else known.id, "action": action,
    }  # fmt: skip


def _write(db: Session, actor: Actor, force: TaskForce, items: list[dict[str, Any]]) -> None:
    closed = hold(db)
    for item in items:
        start, due = item["planned_start"], item["due_on"]
        if item["action"] == "added":
            new = NewTaskIn(title=item["step"], unit=item["unit"], planned_start=start, due_on=due)
            item["task"] = tasks.added(db, actor, force, new, step=item["step"]).id
        elif item["action"] == "moved":
            task = db.get_one(Task, item["task"])
            unit_id = db.execute(select(Unit.id).where(Unit.code == item["unit"])).scalar_one()
            tasks.replan(closed, task, start, due, unit_id)
    numbers = {item["step"]: item["task"] for item in items}
    for item in items:
        if item["action"] in ("added", "moved"):
            task = db.get_one(Task, item["task"])
            own = db.scalars(select(TaskNeed.needs_id).where(TaskNeed.task_id == task.id))
            wanted = [*own, *(numbers[needed] for needed in item["needs"])]
            tasks.put_needs(db, force, task, wanted, "target_on")
