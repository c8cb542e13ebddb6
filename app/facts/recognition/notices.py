"""What people are told of entries: those who may recognise of what waits, the declarer of what came of it."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.evidence.models import Reliance
from app.facts.projects.models import Project
from app.facts.recognition import queries
from app.facts.recognition.ledger import E, Ledger
from app.facts.recognition.models import LedgerEntry
from app.facts.recognition.terms import EntryState
from app.identity.notices import recipients, texts
from app.kernel.access import SYSTEM
from app.kernel.events import Entry, Reaction
from app.kernel.notices import others, settle, tell

Told = Callable[[Session, Ledger[E], Entry], None]


def declared(db: Session, ledger: Ledger[E], event: Entry) -> None:
    """An entry waits for a second person."""
    entry = db.get_one(ledger.model, event.data["entry"])
    project = db.get_one(Project, entry.project_id)
    tell(
        db, others(db, recipients.who_may(db, ledger.recognise)), texts.ENTRY_WAITS, project,
        key=_waits(ledger, entry), project=project.name, entry=ledger.said(entry),
    )  # fmt: skip


def judged(db: Session, ledger: Ledger[E], event: Entry) -> None:
    """It waits no more, and whoever declared it hears what came of it."""
    entry = db.get_one(ledger.model, event.data["entry"])
    settle(db, _waits(ledger, entry))
    _answer(db, ledger, entry, "已认定" if entry.state is EntryState.RECOGNISED else f"被退回：{entry.reason}")


def taken_back(db: Session, ledger: Ledger[E], event: Entry) -> None:
    """Whoever declared an entry hears that it was taken back; a doubt about it is over."""
    entry = db.get_one(ledger.model, event.data["reverses"])
    settle(db, _doubted(ledger, entry))
    _answer(db, ledger, entry, f"被冲销：{event.reason}")


def papers_changed(db: Session, ledger: Ledger[E], event: Entry) -> None:
    """A paper was judged or replaced: are recognised entries that rest on it still proven?

    `evidence` is the paper that changed (the newer one relies on what the older did). Imported history is exempt.
    """
    resting = select(Reliance.entry_id).where(
        Reliance.book == ledger.book, Reliance.evidence_id == event.data["evidence"]
    )
    for number in db.scalars(resting.order_by(Reliance.entry_id)).all():
        _judge_again(db, ledger, db.get_one(ledger.model, number))


def papers_added(db: Session, ledger: Ledger[E], event: Entry) -> None:
    """Further papers may end a doubt."""
    _judge_again(db, ledger, db.get_one(ledger.model, event.data["entry"]))


def _judge_again(db: Session, ledger: Ledger[E], entry: E) -> None:
    if entry.state is not EntryState.RECOGNISED or entry.imported or queries.is_reversed(db, ledger, entry):
        return
    lacks = queries.standing(db, SYSTEM, ledger, entry).lacks
    if not lacks:
        settle(db, _doubted(ledger, entry))
        return
    project = db.get_one(Project, entry.project_id)
    tell(
        db, recipients.who_may(db, ledger.recognise), texts.ENTRY_DOUBTED, project, key=_doubted(ledger, entry),
        project=project.name, entry=ledger.said(entry), lacks="；".join(lack.message for lack in lacks),
    )  # fmt: skip


def _answer(db: Session, ledger: Ledger[E], entry: E, decision: str) -> None:
    project = db.get_one(Project, entry.project_id)
    tell(
        db, others(db, recipients.person(db, entry.entered_by)), texts.ENTRY_DECIDED, project,
        key=f"{texts.ENTRY_DECIDED.code}:{ledger.book}:{entry.id}", project=project.name, entry=ledger.said(entry),
        decision=decision,
    )  # fmt: skip


def _waits(ledger: Ledger[E], entry: LedgerEntry) -> str:
    return f"{texts.ENTRY_WAITS.code}:{ledger.book}:{entry.id}"


def _doubted(ledger: Ledger[E], entry: LedgerEntry) -> str:
    return f"{texts.ENTRY_DOUBTED.code}:{ledger.book}:{entry.id}"


def told_of(ledger: Ledger[E], **others: Reaction) -> dict[str, tuple[Reaction, ...]]:
    """Who listens to what of a ledger, by the kinds of its events; `others` listen to some of them too."""
    return {
        f"{ledger.verb}_{name}": (_with(ledger, told), *([others[name]] if name in others else []))
        for name, told in (
            ("declared", declared),
            ("recognised", judged),
            ("rejected", judged),
            ("reversed", taken_back),
            ("evidence_added", papers_added),
        )
    }


def watching(ledger: Ledger[E]) -> Reaction:
    """The reaction to what happens to papers."""
    return _with(ledger, papers_changed)


def _with(ledger: Ledger[E], told: Told[E]) -> Reaction:
    return lambda db, event: told(db, ledger, event)
