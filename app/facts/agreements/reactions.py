"""What agreements do when a closed period is opened again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the papers that came too late for the period count in it after all."""
    period = db.get_one(Period, entry.subject_id)
    late = (
        Agreement.deferred_to.is_not(None),
        Agreement.signed_on.between(period.starts_on, period.ends_on),
        Agreement.voided_reason.is_(None),
    )
    of_projects = select(Agreement.project_id).where(*late)
    held = db.scalars(select(Project).where(Project.id.in_(of_projects)).order_by(Project.id).with_for_update())
    by_id = {project.id: project for project in held}
    closed = hold(db)
    for paper in db.scalars(select(Agreement).where(*late).order_by(Agreement.id)):
        assert paper.deferred_to is not None
        again = closed.deferral_again(paper.signed_on, paper.deferred_to)
        if again != paper.deferred_to:
            project = by_id[paper.project_id]
            paper.deferred_to = again
            if paper.first_formal:
                project.signed_deferred_to = again
            projects.touch(db, project)
