"""The second person of an import: the money that a ledger brought counts once somebody else has confirmed it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.ledgers.models import LedgerImport, State
from app.exchange.ledgers.queries import NoImport
from app.facts.funds import batches
from app.facts.funds.batches import Decided
from app.kernel import events
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Forbidden


class SamePerson(Forbidden):
    code = "same_person"
    message = "导入人不得确认或退回自己导入的资金，须由另一人办理"
    english = "Who imported a ledger may not decide on the funds it brought."


class NothingWaits(Conflict):
    code = "nothing_waits"
    message = "这次导入没有待确认的到位资金"
    english = "The import brought no funds that wait to be confirmed."


def confirm(db: Session, actor: Actor, number: int) -> Decided:
    """Let all money that an import brought and nobody has decided on yet count; what the actor may not see waits on."""
    job = _to_decide(db, actor, number)
    decided = batches.recognise(db, actor, number)
    _end(db, job, "ledger_import.funds_confirmed", decided)
    return decided


def reject_funds(db: Session, actor: Actor, number: int, reason: str) -> Decided:
    """Send all money that an import brought and nobody has decided on yet back; its projects stay."""
    job = _to_decide(db, actor, number)
    decided = batches.reject(db, actor, number, reason)
    _end(db, job, "ledger_import.funds_rejected", decided, reason)
    return decided


def _to_decide(db: Session, actor: Actor, number: int) -> LedgerImport:
    # Of two who decide at once, the second waits here and then finds nothing left.
    job = db.scalars(select(LedgerImport).where(LedgerImport.id == number).with_for_update()).one_or_none()
    if job is None:
        raise NoImport
    if job.state is not State.DONE or not batches.waiting(db, number)[0]:
        raise NothingWaits
    if job.by == actor.id:
        raise SamePerson
    return job


def _end(db: Session, job: LedgerImport, verb: str, decided: Decided, reason: str | None = None) -> None:
    if not decided.entries:
        raise NothingWaits  # none that the actor may see
    events.record(
        db, verb, job, reason=reason, entries=decided.entries, amount_fen=decided.amount_fen, withheld=decided.withheld
    )  # fmt: skip
