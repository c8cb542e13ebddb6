"""What the ledger of funds does when a closed period is opened again."""

from sqlalchemy.orm import Session

from app.facts.funds.models import FundEntry
from app.facts.projects.deferrals import bring_home
from app.kernel.events import Entry


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the entries that came too late for the period count in it after all."""
    bring_home(db, entry, FundEntry, FundEntry.arrived_on)
