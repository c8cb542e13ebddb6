"""Corrections of what figures had counted on a day gone by: each is kept, so that every figure of a period that was
over by then can say so, and why."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from app.facts.projects.models import Project, Restatement
from app.facts.projects.terms import Stage
from app.kernel import calendar

OF_STAGE = {
    Stage.SIGNED: "signings",
    Stage.STARTED: "starts",
    Stage.COMPLETED: "completions",
    Stage.PRODUCTION: "productions",
    Stage.FULL_CAPACITY: "full_capacities",
}
"""Under which source figures count that a stage was reached (figures name their sources so)."""


def note(db: Session, project: Project, source: str, days: Iterable[date | None], reason: str | None) -> None:
    """Keep that what figures count of a source on these days is not what it was; days to come restate nothing."""
    today = calendar.today()
    for day in sorted({day for day in days if day is not None and day < today}):
        db.add(Restatement(project_id=project.id, source=source, day=day, recorded_on=today, reason=reason))
