"""The rounds of a ticket: by when each must be solved, by the rule of the day on which it began."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.tickets.limits import TICKET_LIMITS, Due, TicketLimits, due_at, remind_at
from app.facts.tickets.models import Ticket, TicketRound
from app.identity.periods import queries as periods
from app.kernel import calendar, rules


def rule_of(db: Session, opened_at: datetime) -> tuple[TicketLimits, str]:
    """The limits in force on the day on which the clock began, and what that version is called."""
    found = rules.in_force(db, TICKET_LIMITS, calendar.day_of(opened_at))
    return found.body, f"{TICKET_LIMITS.code}/{found.number}"


def new_round(
    ticket: Ticket, due: Due, rule: TicketLimits, version: str, opened_at: datetime, reason: str | None = None
) -> TicketRound:
    """A time that it is to be solved, from now on or from when it came."""
    return TicketRound(
        ticket_id=ticket.id, number=ticket.round, opened_at=opened_at, opened_on=calendar.day_of(opened_at),
        reason=reason, limit=rule.of(ticket.category).text, rule=version, due_at=due.at,
        assumed_from=due.assumed_from, unit_id=ticket.owner_unit_id,
    )  # fmt: skip


def recount(db: Session, ticket: Ticket) -> bool:
    """Count the limit of an open ticket anew, by the rule of its round and today's table of working days. Any change?

    Whoever edits the table moves what is still to be solved; what was solved was judged, and stays so.
    """
    current = current_round(db, ticket)
    rule, version = rule_of(db, current.opened_at)
    due = due_at(rule, ticket.category, current.opened_at, periods.overrides(db))
    remind = remind_at(rule, ticket.category, current.opened_at, due.at)
    before = (current.due_at, current.assumed_from, ticket.remind_at, current.limit)
    if before == (due.at, due.assumed_from, remind, rule.of(ticket.category).text):
        return False
    current.due_at, current.assumed_from, current.rule = due.at, due.assumed_from, version
    current.limit = rule.of(ticket.category).text
    ticket.due_at, ticket.remind_at = due.at, remind
    return True


def current_round(db: Session, ticket: Ticket) -> TicketRound:
    """The round that is under way, or was the last."""
    return db.scalars(
        select(TicketRound)
        .where(TicketRound.ticket_id == ticket.id, TicketRound.number == ticket.round)
        .execution_options(populate_existing=True)
    ).one()
