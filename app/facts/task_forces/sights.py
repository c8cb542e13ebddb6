"""Who sees a task force: whoever sees its project."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select

from app.facts.projects.models import Project
from app.facts.task_forces.models import TaskForce


def newest(connection: Connection, ids: Collection[int]) -> Mapping[int, Any]:
    """The sights of these task forces' projects as they are now."""
    found = connection.execute(
        select(TaskForce.id, Project.sight)
        .join(Project, Project.id == TaskForce.project_id)
        .where(TaskForce.id.in_(ids))
    )
    return {row.id: row.sight for row in found}
