"""How tasks stand on a day: read in one statement whatever their number, judged by the pure function of `lights`."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces.lights import LIGHTS, Facts, Judged, LightRule, Override, natural, shown, worst
from app.facts.task_forces.models import Task, TaskForce, TaskReport
from app.facts.task_forces.schemas import Ordered
from app.facts.task_forces.terms import Light, rank_of
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import Invalid
from app.kernel.replies import Answer

STANDS = TaskForce.dissolved_on.is_(None)
Reader = Connection | Session


class Basis(NamedTuple):
    """The day that is looked at, and the rule in force on it."""

    day: date
    rule: LightRule
    version: str

    def said(self) -> dict[str, Any]:
        """As of when an answer is, by which rule, and until when."""
        until = instant_text(calendar.midnight_after(calendar.now()))
        return {"as_of": self.day, "valid_until": until, "rule": self.version}


def basis(db: Reader, as_of: date | None) -> Basis:
    day = as_of or calendar.today()
    ruling = rules.in_force(db, LIGHTS, day)
    return Basis(day, ruling.body, f"{LIGHTS.code}/{ruling.number}")


def answered(data: dict[str, Any], row_version: int | None = None) -> Answer:
    """An answer that is good until the day ends."""
    return Answer(data, row_version, calendar.midnight_after(calendar.now()))


@dataclass(frozen=True, slots=True)
class Standing:
    """A task, how it stands by itself, and how it is shown."""

    id: int
    task_force: int
    unit: int
    title: str
    facts: Facts
    natural: Judged
    shown: Judged
    override: Override | None
    overdue: int

    @property
    def place(self) -> tuple[int, str, int]:
        """Where it stands in lists: red ones first, then those due first."""
        return -rank_of(self.shown.light), self.facts.due_on.isoformat(), self.id


_ROWS = (
    select(
        Task.id, Task.task_force_id, Task.unit_id, Task.title, Task.planned_start, Task.due_on, Task.progress,
        Task.started_on, Task.done_on, Task.cancelled_on, Task.override_light, Task.override_from, Task.override_until,
        Task.override_reason, Task.override_by_name, TaskForce.dissolved_on,
    )
    .join(TaskForce, TaskForce.id == Task.task_force_id)
    .join(Project, Project.id == TaskForce.project_id)
    .order_by(Task.id)
)  # fmt: skip


def standings(db: Reader, actor: Actor, at: Basis, *conditions: ColumnElement[bool]) -> list[Standing]:
    """The tasks that the actor may see, as they stand; conditions may look at task, task force and project."""
    progress = _progress_by(db, at.day, *conditions) if at.day < calendar.today() else None
    return [
        _standing(row, at, row.progress if progress is None else progress.get(row.id, 0))
        for row in db.execute(_ROWS.where(projects.visible(actor), *conditions))
    ]


def _standing(row: Any, at: Basis, progress: int) -> Standing:
    facts = Facts(row.planned_start, row.due_on, progress, row.started_on, row.done_on, row.cancelled_on)
    if row.dissolved_on is not None and row.dissolved_on <= at.day:
        judged = Judged(None, ("专班已撤销",))
    else:
        judged = natural(facts, at.day, at.rule)
    override = None
    if row.override_light is not None:
        override = Override(
            row.override_light, row.override_from, row.override_until, row.override_reason, row.override_by_name
        )
    return Standing(
        row.id, row.task_force_id, row.unit_id, row.title, facts, judged, shown(judged, override, at.day), override,
        overdue_days(facts, at.day),
    )  # fmt: skip


def overdue_days(facts: Facts, day: date) -> int:
    """How many days it is or was late: until it was done; 0 for what is not late or was cancelled."""
    if facts.cancelled_on is not None and facts.cancelled_on <= day:
        return 0
    until = facts.done_on if facts.done_on is not None and facts.done_on <= day else day
    return max(0, (until - facts.due_on).days)


def is_overdue(task: Standing, day: date) -> bool:
    """Is it late and not done yet?"""
    done = task.facts.done_on is not None and task.facts.done_on <= day
    return task.overdue > 0 and not done and task.natural.light is not None


def _progress_by(db: Reader, day: date, *conditions: ColumnElement[bool]) -> dict[int, int]:
    rows = db.execute(
        select(TaskReport.task_id, TaskReport.percent)
        .join(Task, Task.id == TaskReport.task_id)
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(TaskReport.on <= day, *conditions)
        .order_by(TaskReport.on, TaskReport.id)
    )
    return {row.task_id: row.percent for row in rows}


# -- task forces ---------------------------------------------------------------------------------------------------


def summed(tasks: Iterable[Standing], day: date, *, dissolved: bool) -> dict[str, Any]:
    """The light of a task force with these tasks, and how many of each there are."""
    tasks = list(tasks)
    if dissolved:
        judged = by_itself = Judged(None, ("专班已撤销",))
    else:
        judged = worst((task.title, task.shown) for task in tasks)
        by_itself = worst((task.title, task.natural) for task in tasks)
    lights = Counter(task.shown.light for task in tasks)
    standing = [task for task in tasks if task.facts.cancelled_on is None or task.facts.cancelled_on > day]
    return {
        "light": judged.light,
        "why": list(judged.why),
        "natural": by_itself.light,
        "red": lights[Light.RED],
        "yellow": lights[Light.YELLOW],
        "green": lights[Light.GREEN],
        "done": sum(task.facts.done_on is not None and task.facts.done_on <= day for task in standing),
        "overdue": sum(is_overdue(task, day) for task in tasks),
        "tasks_count": len(standing),
    }


# -- pages in a fixed order ----------------------------------------------------------------------------------------

Place = tuple[int, str, int]


def paged(rows: Iterable[Any], place: Callable[[Any], Place], asked: Ordered) -> tuple[Sequence[Any], dict[str, Any]]:
    """The asked page of rows sorted by their place, and the `next` and `total` of the answer."""
    ordered = sorted(rows, key=place)
    after = None if asked.after is None else _opened(asked.after)
    following = ordered if after is None else [row for row in ordered if place(row) > after]
    page = following[: asked.limit]
    more = len(following) > asked.limit
    rest: dict[str, Any] = {"next": ".".join(map(str, place(page[-1]))) if more else None}
    return page, rest | ({"total": len(ordered)} if asked.count else {})


def _opened(cursor: str) -> Place:
    try:
        rank, day, number = cursor.split(".")
        return int(rank), date.fromisoformat(day).isoformat(), int(number)
    except ValueError:
        raise Invalid.field("after", "bad_cursor", "不是本列表给出的游标") from None
