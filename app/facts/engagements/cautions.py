"""What whoever enters an engagement should look at again."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.engagements import duplicates
from app.facts.engagements.models import Engagement, EngagementProject
from app.facts.engagements.queries import Reader
from app.facts.projects import queries as projects
from app.facts.projects.models import Project, ProjectAlias
from app.facts.projects.terms import CONFIDENTIALITY_LABELS, Confidentiality
from app.kernel.access import Actor

_TOLD = ("title", "place", "said", "outcome", "participants")
"""What everybody reads who reads engagements, whatever projects they touch."""


def of(db: Reader, actor: Actor, numbers: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Warnings by engagement: one that may be the same trip, the name of a project that is not open."""
    if not numbers:
        return {}
    if isinstance(db, Session):
        db.flush()
    found: dict[int, list[dict[str, Any]]] = defaultdict(list, duplicates.warnings(db, numbers))
    for number, warning in _names(db, actor, numbers):
        found[number].append(warning)
    return found


def _names(db: Reader, actor: Actor, numbers: Collection[int]) -> list[tuple[int, dict[str, Any]]]:
    """Where the words give away a project that is linked; told only to whom may see it."""
    touched = db.execute(
        select(EngagementProject.engagement_id, Project.id, Project.code, Project.name, Project.confidentiality)
        .join(Project, Project.id == EngagementProject.project_id)
        .where(
            EngagementProject.engagement_id.in_(numbers),
            Project.confidentiality != Confidentiality.OPEN,
            projects.visible(actor),
        )
        .order_by(EngagementProject.engagement_id, Project.code)
    ).all()
    if not touched:
        return []
    words: dict[int, set[str]] = {row.id: {row.code, row.name} for row in touched}
    for project, alias in db.execute(
        select(ProjectAlias.project_id, ProjectAlias.alias).where(ProjectAlias.project_id.in_(words))
    ):
        words[project].add(alias)
    columns = [getattr(Engagement, name) for name in _TOLD]
    texts = {
        number: "\n".join(text for text in said if text)
        for number, *said in db.execute(select(Engagement.id, *columns).where(Engagement.id.in_(numbers)))
    }
    return [
        (row.engagement_id, _warning(row.code, CONFIDENTIALITY_LABELS[row.confidentiality]))
        for row in touched
        if any(word in texts[row.engagement_id] for word in words[row.id])
    ]


def _warning(code: str, level: str) -> dict[str, Any]:
    message = f"文字中写有{level}项目 {code} 的名称：能看到活动的人都会看到这些文字，请改写"
    return {"code": "names_project", "message": message, "engagement": None}
