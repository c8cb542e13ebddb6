"""Levels that tasks reached, as they are seen."""

from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.task_forces.escalation_schemas import EscalationFilter
from app.facts.task_forces.meeting_queries import mine, mine_values
from app.facts.task_forces.models import Escalation, Task, TaskForce
from app.kernel.access import Actor
from app.kernel.paging import Listing, Sight, Where

ESCALATIONS = Listing(
    name="escalations",
    asked=EscalationFilter,
    source=select(
        Escalation.id,
        Escalation.task_force_id.label("task_force"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Escalation.task_id.label("task"),
        Task.title,
        Escalation.level,
        Escalation.round,
        Escalation.on,
        Escalation.at,
        Escalation.why,
        Escalation.rule,
        Escalation.told,
    )
    .select_from(Escalation)
    .join(Task, Task.id == Escalation.task_id)
    .join(TaskForce, TaskForce.id == Escalation.task_force_id)
    .join(Project, Project.id == TaskForce.project_id),
    key=Escalation.__table__.c.id,
    sorts={"at": Escalation.__table__.c.at},
    filters={
        "task_force": Where(lambda number: Escalation.task_force_id == number),
        "task": Where(lambda number: Escalation.task_id == number),
        "level": Where(lambda value: Escalation.level == value),
    },
    default_sort="-at",
)


def page(connection: Connection, actor: Actor, asked: EscalationFilter, _whose: int) -> dict[str, Any]:
    """A page of the levels that tasks reached, among the projects that the actor may see."""
    sight = projects.sight(actor)
    conditions = [] if sight.condition is None else [sight.condition]
    shape, values = sight.shape, dict(sight.values)
    if asked.mine:
        conditions.append(mine())
        shape, values = f"{shape} mine", values | mine_values(actor)
    found = ESCALATIONS.found(connection, asked, Sight(shape, and_(*conditions) if conditions else None, values))
    for row in found["items"]:
        told = row["told"]
        if isinstance(told, msgspec.Raw | str):  # as the driver gives it
            told = msgspec.json.decode(told)
        row["told"] = [{"role": one["as"], "name": one["name"]} for one in told]
    return found
