"""What people are told of tickets: that one is theirs, that it is late, what came of it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.tickets.models import Ticket, TicketRating, TicketRound
from app.facts.tickets.terms import TICKET_CATEGORY_LABELS, TICKET_LEVELS, TicketLevel, TicketState
from app.identity.notices import recipients, texts
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.events import Entry
from app.kernel.notices import NoticeKind, others, settle, tell

KINDS: dict[TicketLevel, NoticeKind] = {
    TicketLevel.DUE_SOON: texts.TICKET_DUE_SOON,
    TicketLevel.OVERDUE: texts.TICKET_OVERDUE,
    TicketLevel.URGED: texts.TICKET_URGED,
    TicketLevel.SUPERVISED: texts.TICKET_SUPERVISED,
}


def level_key(level: TicketLevel, ticket: Ticket, count: int) -> str:
    """The matter of a level: one for each round."""
    return f"{KINDS[level].code}:{ticket.id}:{count}"


def words(db: Session, ticket: Ticket) -> dict[str, Any]:
    """What the texts say of a ticket: whose it is, about what, by when."""
    due = ticket.due_at.astimezone(calendar.SHANGHAI)
    return {
        "enterprise": db.get_one(Enterprise, ticket.enterprise_id).name,
        "category": TICKET_CATEGORY_LABELS[ticket.category],
        "unit": db.get_one(Unit, ticket.owner_unit_id).name,
        "by": f"{due:%Y-%m-%d %H:%M}",
    }


def assumption(db: Session, ticket: Ticket) -> str:
    """What is to be said of a limit that was counted without a calendar; else nothing."""
    assumed = db.scalars(
        select(TicketRound.assumed_from).where(
            TicketRound.ticket_id == ticket.id, TicketRound.number == ticket.round
        )
    ).one()  # fmt: skip
    return "" if assumed is None else f"（{assumed.isoformat()} 起的工作日历尚未录入，暂按周一至周五计）"


def given(db: Session, entry: Entry) -> None:
    """A unit has a ticket that nobody has accepted yet; or a person has one."""
    ticket = db.get_one(Ticket, entry.subject_id)
    _settle_given(db, ticket)
    if not ticket.state.is_open:
        return
    told = {**words(db, ticket), "assumed": assumption(db, ticket)}
    if ticket.state is TicketState.RECEIVED:
        people, kind = recipients.reporters_of(db, ticket.owner_unit_id), texts.TICKET_WAITS
    else:
        people, kind = owner_of(db, ticket), texts.TICKET_YOURS
    due = calendar.day_of(ticket.due_at)
    tell(db, others(db, people), kind, ticket, key=f"{kind.code}:{ticket.id}", due=due, **told)


def solved(db: Session, entry: Entry) -> None:
    """What was told of it before is done, and whoever recorded it hears what came of it."""
    ticket = db.get_one(Ticket, entry.subject_id)
    _settle_all(db, ticket)
    result = db.scalars(
        select(TicketRound.result).where(TicketRound.ticket_id == ticket.id, TicketRound.number == ticket.round)
    ).one()
    people = recipients.person(db, ticket.recorded_by)
    tell(db, others(db, people), texts.TICKET_SOLVED, ticket, result=(result or "")[:200], **words(db, ticket))


def voided(db: Session, entry: Entry) -> None:
    """Nothing is to be done about it."""
    _settle_all(db, db.get_one(Ticket, entry.subject_id))


def rated(db: Session, entry: Entry) -> None:
    """The owner hears what the enterprise says, and of a bad word the recorder as well."""
    ticket = db.get_one(Ticket, entry.subject_id)
    rating = db.get_one(TicketRating, entry.data["rating"])
    people = owner_of(db, ticket) + recipients.person(db, ticket.recorded_by)
    tell(db, people, texts.TICKET_RATED, ticket, score=rating.score, **words(db, ticket))


def owner_of(db: Session, ticket: Ticket) -> list[Actor]:
    """The person who answers for it."""
    return [] if ticket.owner_id is None else recipients.person(db, ticket.owner_id)


def _settle_given(db: Session, ticket: Ticket) -> None:
    for kind in (texts.TICKET_WAITS, texts.TICKET_YOURS):
        settle(db, f"{kind.code}:{ticket.id}")


def _settle_all(db: Session, ticket: Ticket) -> None:
    _settle_given(db, ticket)
    for count in range(1, ticket.round + 1):
        for level in TICKET_LEVELS:
            settle(db, level_key(level, ticket, count))
