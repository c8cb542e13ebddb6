"""What the enterprise says of a solution: through a link that opens this one thing, once, and shows nothing else."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.tickets.limits import TICKET_LIMITS
from app.facts.tickets.models import Ticket, TicketRating, TicketRound
from app.facts.tickets.rounds import current_round
from app.facts.tickets.schemas import TicketRatingIn
from app.facts.tickets.service import TicketEnded, TicketNotEnded, opened, step
from app.facts.tickets.sights import check_own
from app.facts.tickets.terms import TICKET_CATEGORY_LABELS, TicketState, TicketStep
from app.identity.auth.queries import name_of
from app.kernel import calendar, events, rules
from app.kernel.access import Actor
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import record
from app.kernel.secrets import new_token, token_hash

PREFIX = "zt"
ENTERPRISE = Actor(0, "评价链接", "link", frozenset(), frozenset())
"""Whoever holds a link: the log knows no more of it."""

Reader = Connection | Session


class NoRatingLink(NotFound):
    code = "no_rating_link"
    message = "评价链接无效、已使用或已过期"
    english = "This link is wrong, used or expired."


class AlreadyRated(Conflict):
    code = "already_rated"
    message = "企业已评价本次办理"
    english = "The enterprise has rated this solution already."


def make_link(db: Session, actor: Actor, number: int) -> tuple[TicketRating, str]:
    """A link for the solution that stands, and the secret that is told only now. An earlier unused one ends."""
    ticket, _ = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    if not ticket.state.is_answered:
        raise TicketEnded if ticket.state is TicketState.VOIDED else TicketNotEnded
    now = calendar.now()
    earlier = select(TicketRating).where(TicketRating.ticket_id == number, TicketRating.round == ticket.round)
    for link in db.scalars(earlier.with_for_update().execution_options(populate_existing=True)):
        if link.rated_at is not None:
            raise AlreadyRated
        link.revoked_at = link.revoked_at or now
    days = rules.in_force(db, TICKET_LIMITS, calendar.today()).body.rating_days
    secret = new_token(PREFIX)
    made = TicketRating(
        ticket_id=number, round=ticket.round, unit_id=current_round(db, ticket).unit_id,
        token_hash=token_hash(secret), made_at=now, made_by=actor.id, made_by_name=name_of(db, actor),
        expires_at=now + timedelta(days=days),
    )  # fmt: skip
    db.add(made)
    db.flush()
    record(db, "ticket.rating_asked", ticket, rating=made.id)
    return made, secret


def _good(db: Reader, secret: str) -> Any:
    """The link of that secret with what it shows; 404 alike for one that is wrong, used, ended or expired."""
    row = db.execute(
        select(
            TicketRating.id, Ticket.id.label("ticket"), Ticket.category, Ticket.received_on, TicketRound.result
        )
        .join(Ticket, Ticket.id == TicketRating.ticket_id)
        .join(TicketRound, (TicketRound.ticket_id == Ticket.id) & (TicketRound.number == TicketRating.round))
        .where(
            TicketRating.token_hash == token_hash(secret),
            TicketRating.rated_at.is_(None),
            TicketRating.revoked_at.is_(None),
            TicketRating.expires_at > calendar.now(),
            TicketRating.round == Ticket.round,
            TicketRating.void.is_(False),
            TicketRound.result.is_not(None),
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NoRatingLink
    return row


def shown(connection: Connection, secret: str) -> dict[str, Any]:
    """What whoever holds the link sees: number, category, day and result."""
    row = _good(connection, secret)
    return {
        "ticket": row.ticket,
        "category": row.category.value,
        "category_label": TICKET_CATEGORY_LABELS[row.category],
        "received_on": row.received_on,
        "result": row.result,
    }


def rate(db: Session, secret: str, body: TicketRatingIn) -> Ticket:
    """Take down what the enterprise says. The link opens nothing from then on; of two at once, one counts."""
    events.act(db, ENTERPRISE)
    number = _good(db, secret).ticket
    ticket = db.scalars(
        select(Ticket).where(Ticket.id == number).with_for_update().execution_options(populate_existing=True)
    ).one()
    rating = db.scalars(
        select(TicketRating)
        .where(TicketRating.id == _good(db, secret).id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    now = calendar.now()
    rating.rated_at, rating.rated_on, rating.score, rating.remark = now, calendar.day_of(now), body.score, body.remark
    step(db, ENTERPRISE, ticket, TicketStep.RATED, now)
    record(db, "ticket.rated", ticket, rating=rating.id, score=body.score)
    return ticket
