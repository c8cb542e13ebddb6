"""Facts that came too late for a closed period, once it is opened again."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.facts.projects import service
from app.facts.projects.models import Project
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry


def bring_home(db: Session, entry: Entry, model: type[Any], day: InstrumentedAttribute[Any]) -> list[Any]:
    """Let rows of `model` that lie in the period that `entry` tells of count in it after all; those that moved.

    `model` has `project_id` and `deferred_to`, `day` is its event date. Their projects are locked and touched.
    """
    period = db.get_one(Period, entry.subject_id)
    late = (model.deferred_to.is_not(None), day.between(period.starts_on, period.ends_on))
    of_projects = select(model.project_id).where(*late)
    held = db.scalars(select(Project).where(Project.id.in_(of_projects)).order_by(Project.id).with_for_update())
    projects = {project.id: project for project in held}
    closed = hold(db)
    moved = []
    for row in db.scalars(select(model).where(*late).order_by(model.id)):
        again = closed.deferral_again(getattr(row, day.key), row.deferred_to)
        if again != row.deferred_to:
            row.deferred_to = again
            service.touch(db, projects[row.project_id])
            moved.append(row)
    return moved
