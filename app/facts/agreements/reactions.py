"""What agreements do when a closed period is opened again."""

from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.projects.deferrals import bring_home
from app.facts.projects.models import Project
from app.kernel.events import Entry


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the papers that came too late for the period count in it after all; their projects are signed with them."""
    for paper in bring_home(db, entry, Agreement, Agreement.signed_on):
        if paper.first_formal:
            db.get_one(Project, paper.project_id).signed_deferred_to = paper.deferred_to
