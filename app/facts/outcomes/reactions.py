"""What the ledger of outcomes does when a closed period is opened again."""

from sqlalchemy.orm import Session

from app.facts.outcomes.models import Outcome
from app.facts.projects.deferrals import bring_home
from app.kernel.events import Entry


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the entries that came too late for the period count in it after all."""
    bring_home(db, entry, Outcome, Outcome.happened_on)
