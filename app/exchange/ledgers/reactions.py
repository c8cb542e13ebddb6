"""What people are told of imports: who has not waited how it ended, who may confirm funds that some wait for him."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.exchange.ledgers.models import LedgerImport, State
from app.facts.funds import batches
from app.facts.funds.models import FundEntry
from app.identity.notices import recipients, texts
from app.kernel import calendar, notices
from app.kernel.access import Permission
from app.kernel.events import Entry
from app.kernel.money import display


def ended(db: Session, entry: Entry) -> None:
    """An import has ended and something was wrong with it; whoever waited for it has read so in the answer."""
    job = db.get_one(LedgerImport, entry.subject_id)
    fine = job.state is State.DONE and not job.refused
    if fine or job.waited is None or calendar.now() - job.at < timedelta(seconds=job.waited):
        return
    notices.tell(
        db, recipients.person(db, job.by), texts.IMPORT_ENDED, job, file=job.filename, outcome=job.message or ""
    )


def funds_brought(db: Session, entry: Entry) -> None:
    """An import brought money: it waits for a second person."""
    job = db.get_one(LedgerImport, entry.subject_id)
    count, fen = batches.waiting(db, job.id)
    if count:
        notices.tell(
            db, notices.others(db, recipients.who_may(db, Permission.FUND_RECOGNISE)), texts.FUNDS_WAIT, job,
            key=_key(job.id), file=job.filename, count=count, amount=display(fen, "万元", 6, trim=True),
        )  # fmt: skip


def funds_decided(db: Session, entry: Entry) -> None:
    """All of it was confirmed or sent back: the importer hears of it."""
    job = db.get_one(LedgerImport, entry.subject_id)
    _settle(db, job.id)
    decision = "已确认" if entry.reason is None else f"被退回：{entry.reason}"
    notices.tell(
        db, recipients.person(db, job.by), texts.FUNDS_DECIDED, job, key=f"{texts.FUNDS_DECIDED.code}:{job.id}",
        file=job.filename, count=entry.data["entries"], decision=decision,
    )  # fmt: skip


def fund_judged(db: Session, entry: Entry) -> None:
    """One entry was decided on by itself; with the last of an import nothing waits any more."""
    import_id = db.get_one(FundEntry, entry.data["entry"]).import_id
    if import_id is not None:
        _settle(db, import_id)


def _settle(db: Session, import_id: int) -> None:
    if not batches.waiting(db, import_id)[0]:
        notices.settle(db, _key(import_id))


def _key(import_id: int) -> str:
    return f"{texts.FUNDS_WAIT.code}:{import_id}"
