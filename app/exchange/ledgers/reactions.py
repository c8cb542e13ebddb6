"""What an importer is told who has not waited for the end of his import."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.exchange.ledgers.models import LedgerImport, State
from app.identity.notices import recipients, texts
from app.kernel import calendar, notices
from app.kernel.events import Entry


def ended(db: Session, entry: Entry) -> None:
    """An import has ended and something was wrong with it; whoever waited for it has read so in the answer."""
    job = db.get_one(LedgerImport, entry.subject_id)
    fine = job.state is State.DONE and not job.refused
    if fine or job.waited is None or calendar.now() - job.at < timedelta(seconds=job.waited):
        return
    notices.tell(
        db, recipients.person(db, job.by), texts.IMPORT_ENDED, job, file=job.filename, outcome=job.message or ""
    )
