"""Who sees a project, asked of its `sight` alone: the same rule as `queries.visible`, for readers of the log."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select

from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.kernel.access import Actor


def admits(actor: Actor, sight: Any) -> bool:
    """Does a sight, as `service.sight_from` makes it, let this actor see the project?"""
    if actor.kind == "system":
        return True
    if not sight:
        return False  # a project in the making
    if actor.kind == "user" and actor.id in sight["users"]:
        return True
    if sight["level"] == Confidentiality.OPEN:
        return True
    if sight["level"] == Confidentiality.SEALED:
        return False
    return actor.sees_all or actor.unit_id in sight["units"]


def newest(connection: Connection, ids: Collection[int]) -> Mapping[int, Any]:
    """The sights of these projects as they are now."""
    found = connection.execute(select(Project.id, Project.sight).where(Project.id.in_(ids)))
    return {row.id: row.sight for row in found}
