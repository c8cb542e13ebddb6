"""Due dates and meetings as an iCalendar feed (RFC 5545), for what a person may see."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import ColumnElement, Connection, select

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces import feed_tokens, queries
from app.facts.task_forces.feed_schemas import CalendarQuery
from app.facts.task_forces.models import Meeting, Task, TaskForce
from app.facts.task_forces.standing import STANDS, Standing, basis, standings
from app.facts.task_forces.terms import LIGHT_LABELS, TASK_STATE_LABELS, TaskState
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.calendar import SHANGHAI

BACK = timedelta(days=180)
"""How far back a calendar goes."""

LENGTH = timedelta(hours=1)
"""How long a meeting is shown."""


def feed(connection: Connection, asked: CalendarQuery, district: str) -> bytes:
    """The calendar of whoever's token it is: 404 for one that opens nothing."""
    actor = feed_tokens.bearer(connection, asked.token)
    made = Calendar()
    made.add("prodid", "-//Zhaoshang//task forces//ZH")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "慧招商·项目专班")
    made.add("x-wr-timezone", "Asia/Shanghai")
    made.add("x-published-ttl", "PT1H")
    conditions: list[ColumnElement[bool]] = [STANDS]
    if asked.mine:
        conditions.append(queries.mine(actor))
    at = basis(connection, None)
    judged = {task.id: task for task in standings(connection, actor, at, *conditions, Task.due_on >= at.day - BACK)}
    for row in _tasks(connection, actor, at.day, conditions):
        made.add_component(_task(row, judged[row.id], district))
    for row in _meetings(connection, actor, at.day, conditions):
        made.add_component(_meeting(row, district))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _tasks(connection: Connection, actor: Actor, day: date, conditions: list[ColumnElement[bool]]) -> Any:
    return connection.execute(
        select(
            Task.id, Task.title, Task.due_on, Task.state, Unit.name.label("unit"), Project.name.label("project"),
            TaskForce.changed_at,
        )
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .join(Unit, Unit.id == Task.unit_id)
        .where(projects.visible(actor), *conditions, Task.due_on >= day - BACK, Task.state != TaskState.CANCELLED)
        .order_by(Task.due_on, Task.id)
    )  # fmt: skip


def _meetings(connection: Connection, actor: Actor, day: date, conditions: list[ColumnElement[bool]]) -> Any:
    return connection.execute(
        select(
            Meeting.id,
            Meeting.held_on,
            Meeting.starts_at,
            Meeting.place,
            Meeting.chair,
            Project.name.label("project"),
            TaskForce.changed_at,
        )
        .join(TaskForce, TaskForce.id == Meeting.task_force_id)
        .join(Project, Project.id == TaskForce.project_id)
        .where(projects.visible(actor), *conditions, Meeting.held_on >= day - BACK)
        .order_by(Meeting.held_on, Meeting.id)
    )


def _task(row: Any, task: Standing, district: str) -> Event:
    light = task.shown.light
    mark = "已完成" if row.state is TaskState.DONE else LIGHT_LABELS[light] if light else ""
    event = _event("task", row.id, district, row.changed_at)
    event.add("summary", f"【{mark}】{row.project}：{row.title}")
    event.add("dtstart", row.due_on)
    event.add("transp", "TRANSPARENT")
    why = "；".join(task.shown.why)
    event.add("description", f"责任单位：{row.unit}\n状态：{TASK_STATE_LABELS[row.state]}\n{why}")
    return event


def _meeting(row: Any, district: str) -> Event:
    event = _event("meeting", row.id, district, row.changed_at)
    event.add("summary", f"{row.project}：专班调度会")
    if row.starts_at is None:
        event.add("dtstart", row.held_on)
    else:
        event.add("dtstart", datetime.combine(row.held_on, time.fromisoformat(row.starts_at), SHANGHAI))
        event.add("duration", LENGTH)
    if row.place is not None:
        event.add("location", row.place)
    event.add("description", f"主持人：{row.chair}")
    return event


def _event(kind: str, number: int, district: str, changed_at: datetime) -> Event:
    event = Event()
    # The same for good, and another one than that of any other district.
    event.add("uid", f"{kind}-{number}@{district}.zhaoshang")
    event.add("dtstamp", changed_at.astimezone(UTC).replace(microsecond=0))
    return event
