"""What tickets do when their project is seen by others, an enterprise is merged, or a closed period is opened again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.enterprises import merging
from app.facts.projects.models import Project
from app.facts.tickets.models import Ticket, TicketRound
from app.facts.tickets.service import refresh_sight
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry

MOVED = "tickets"
"""What the trace of a merge keeps of ours: the tickets that moved."""


def sight_changed(db: Session, entry: Entry) -> None:
    """Whoever sees a project differently sees its tickets so: the log tells them what leaves their sight."""
    tickets = _held(db, Ticket.project_id == entry.subject_id)
    if tickets:
        # A ledger writes past the session, whose project may be older.
        sight = db.execute(select(Project.sight).where(Project.id == entry.subject_id)).scalar_one()
        for ticket in tickets:
            refresh_sight(ticket, sight)


def enterprise_merged(db: Session, entry: Entry) -> None:
    """The kept enterprise asked for what the merged one asked for; which, is noted, so that it can be undone."""
    moved = _held(db, Ticket.enterprise_id == entry.data["merged_id"])
    for ticket in moved:
        ticket.enterprise_id = entry.data["kept_id"]
    merging.note(db, entry.data["merge_id"], MOVED, [ticket.id for ticket in moved])


def enterprise_unmerged(db: Session, entry: Entry) -> None:
    """Give the merged enterprise its tickets back."""
    numbers = merging.noted(db, entry.data["merge_id"], MOVED) or []
    for ticket in _held(db, Ticket.id.in_(numbers), Ticket.enterprise_id == entry.data["kept_id"]):
        ticket.enterprise_id = entry.data["merged_id"]


def period_reopened(db: Session, entry: Entry) -> None:
    """Let what came, or was solved, too late for the period count in it after all."""
    period = db.get_one(Period, entry.subject_id)
    closed = hold(db)
    for ticket in _held(
        db, Ticket.deferred_to.is_not(None), Ticket.received_on.between(period.starts_on, period.ends_on)
    ):
        assert ticket.deferred_to is not None
        ticket.deferred_to = closed.deferral_again(ticket.received_on, ticket.deferred_to)
    late = select(TicketRound.ticket_id).where(
        TicketRound.deferred_to.is_not(None), TicketRound.solved_on.between(period.starts_on, period.ends_on)
    )
    for ticket in _held(db, Ticket.id.in_(late)):
        for one in db.scalars(select(TicketRound).where(TicketRound.ticket_id == ticket.id).order_by(TicketRound.id)):
            if one.deferred_to is not None and one.solved_on is not None:
                one.deferred_to = closed.deferral_again(one.solved_on, one.deferred_to)


def _held(db: Session, *conditions: object) -> list[Ticket]:
    query = select(Ticket).where(*conditions).order_by(Ticket.id)  # type: ignore[arg-type]
    return list(db.scalars(query.with_for_update().execution_options(populate_existing=True)))
