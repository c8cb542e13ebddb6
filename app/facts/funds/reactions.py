"""What the ledger of funds does when a closed period is opened again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.funds.models import FundEntry
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the entries that came too late for the period count in it after all."""
    period = db.get_one(Period, entry.subject_id)
    late = (FundEntry.deferred_to.is_not(None), FundEntry.arrived_on.between(period.starts_on, period.ends_on))
    of_projects = select(FundEntry.project_id).where(*late)
    held = db.scalars(select(Project).where(Project.id.in_(of_projects)).order_by(Project.id).with_for_update())
    by_id = {project.id: project for project in held}
    closed = hold(db)
    for fund in db.scalars(select(FundEntry).where(*late).order_by(FundEntry.id)):
        assert fund.deferred_to is not None
        again = closed.deferral_again(fund.arrived_on, fund.deferred_to)
        if again != fund.deferred_to:
            fund.deferred_to = again
            projects.touch(db, by_id[fund.project_id])
