"""Task forces and their tasks as figures count them: at work at the end of a period, done in it, late at its end.

What stands at the end of a period is counted by days that no closed period's end follows, so that what is closed does
not move (`counts_from`, `late_from` and their ends).
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, literal, null, or_, select

from app.facts.projects.models import Project
from app.facts.task_forces.models import DONE_COUNTS_ON, Task, TaskForce
from app.figures.facts import FROM_DAY, TO_DAY, Source
from app.identity.units.models import UnitTerm

_PROJECT: FromClause = Project.__table__
_FORCE: FromClause = TaskForce.__table__
_TASK: FromClause = Task.__table__
_OF_PROJECT = _FORCE.join(_PROJECT, Project.id == TaskForce.project_id)
_OF_FORCE = _TASK.join(_FORCE, TaskForce.id == Task.task_force_id).join(_PROJECT, Project.id == TaskForce.project_id)

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "project": Project.code.expression, "name": Project.name.expression, "sector": Project.sector.expression,
    "stage": Project.stage.expression, "status": Project.status.expression, "amount": null(),
}  # fmt: skip


def _tier(day: ColumnElement[Any]) -> ColumnElement[Any]:
    term = select(UnitTerm.tier).where(UnitTerm.unit_id == Task.unit_id)
    on_the_day = term.where(UnitTerm.valid_from <= day).order_by(UnitTerm.valid_from.desc())
    first = term.order_by(UnitTerm.valid_from)
    tables = (_TASK, _FORCE, _PROJECT)
    return func.coalesce(*(one.limit(1).correlate(*tables).scalar_subquery() for one in (on_the_day, first)))


def _tasks(
    code: str, label: str, happened: ColumnElement[Any], event: ColumnElement[Any], sort: ColumnElement[Any],
    *where: ColumnElement[bool],
) -> Source:  # fmt: skip
    """Tasks by the unit that does them; their rows name project and task."""
    return Source(
        code=code,
        label=label,
        kind="task",
        table=_OF_FORCE,
        tables=(_TASK, _FORCE, _PROJECT),
        row_id=Task.id.expression,
        happened=happened,
        event=event,
        amount=literal(0),
        where=where,
        sort=sort,
        unit="个",
        parts={"unit": Task.unit_id.expression, "tier": _tier(event)},
        columns=_COLUMNS | {"name": Project.name + literal("：") + Task.title},
    )


TASK_FORCE_SOURCES = (
    Source(
        code="task_forces",
        label="运行中的项目专班",
        kind="task_force",
        table=_OF_PROJECT,
        tables=(_FORCE, _PROJECT),
        row_id=TaskForce.id.expression,
        happened=TO_DAY,
        event=TO_DAY,
        amount=literal(0),
        where=(
            TaskForce.counts_from <= TO_DAY,
            or_(TaskForce.counts_until.is_(None), TaskForce.counts_until > TO_DAY),
        ),
        sort=TaskForce.counts_from.expression,
        unit="个",
        columns=_COLUMNS,
    ),
    _tasks(
        "tasks_done", "已完成的专班任务", Task.done_on.expression, DONE_COUNTS_ON, DONE_COUNTS_ON,
        DONE_COUNTS_ON >= FROM_DAY, DONE_COUNTS_ON <= TO_DAY,
    ),
    _tasks(
        "tasks_overdue", "逾期未完成的专班任务", TO_DAY, TO_DAY, Task.due_on.expression,
        Task.late_from <= TO_DAY, or_(Task.late_until.is_(None), Task.late_until > TO_DAY),
    ),
)  # fmt: skip

TASK_FORCE_FIGURES = {
    "task_forces": ("项目专班数", "期末仍在运行的项目专班数，责任单位为项目的责任单位", True),
    "tasks_done": ("专班任务完成数", "完成日期在期内的专班任务数，按负责的单位细分", False),
    "tasks_overdue": ("专班任务逾期数", "期末已过时限而未完成、未取消的专班任务数，按负责的单位细分", True),
}
"""What the indicators over these sources are called, what they say, and whether they are the state on the last day."""
