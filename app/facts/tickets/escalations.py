"""Tickets that nobody solves are told of, level by level, to more and higher people; each level once a round."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session

from app.facts.tickets.limits import TICKET_LIMITS, LevelRule, TicketLimits, due_at, levels
from app.facts.tickets.models import Ticket, TicketEscalation, TicketRound
from app.facts.tickets.notices import KINDS, assumption, level_key, owner_of, words
from app.facts.tickets.rounds import current_round, recount
from app.facts.tickets.terms import TICKET_TOLD_LABELS, TicketLevel, TicketState, TicketTold
from app.identity.notices import recipients
from app.identity.periods import queries as periods
from app.kernel import calendar, notices, rules
from app.kernel.access import Actor, Role
from app.kernel.events import record
from app.kernel.subjects import SUBJECTS

_OPEN = or_(Ticket.state == TicketState.RECEIVED, Ticket.state == TicketState.ACCEPTED)


def moves(connection: Connection, now: datetime) -> list[int]:
    """The open tickets of which something may be due to be told, or whose limit may have moved with the calendar."""
    overrides = periods.overrides(connection)
    known = {
        (row.ticket_id, row.round, row.level)
        for row in connection.execute(
            select(TicketEscalation.ticket_id, TicketEscalation.round, TicketEscalation.level)
            .join(Ticket, Ticket.id == TicketEscalation.ticket_id)
            .where(_OPEN)
        )
    }
    rule: TicketLimits = rules.in_force(connection, TICKET_LIMITS, calendar.day_of(now)).body
    versions = rules.versions(connection, TICKET_LIMITS)
    found = []
    rows = connection.execute(
        select(Ticket.id, Ticket.round, Ticket.category, Ticket.due_at, TicketRound.opened_at, TicketRound.assumed_from)
        .join(TicketRound, (TicketRound.ticket_id == Ticket.id) & (TicketRound.number == Ticket.round))
        .where(_OPEN)
        .order_by(Ticket.id)
    ).all()
    for row in rows:
        held: TicketLimits = rules.ruling(versions, calendar.day_of(row.opened_at)).body
        counted = due_at(held, row.category, row.opened_at, overrides)
        due = counted.at
        reached = levels(rule, row.category, row.opened_at, due, overrides)
        if (due, counted.assumed_from) != (row.due_at, row.assumed_from) or any(
            _is_reached(level, at, now, due) and (row.id, row.round, level.level) not in known for level, at in reached
        ):
            found.append(row.id)
    return found


def escalate(db: Session, number: int, now: datetime) -> int:
    """Count the limit of one ticket anew, write down the levels that it has reached, and tell of them. How many?

    Asked again it does nothing: the ticket is locked, and each level is there once.
    """
    ticket = db.scalars(
        select(Ticket).where(Ticket.id == number, _OPEN).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if ticket is None:
        return 0
    if recount(db, ticket):
        record(db, "ticket.recounted", ticket)
    found = rules.in_force(db, TICKET_LIMITS, calendar.day_of(now))
    current = current_round(db, ticket)
    there = set(
        db.scalars(
            select(TicketEscalation.level).where(
                TicketEscalation.ticket_id == ticket.id, TicketEscalation.round == ticket.round
            )
        )
    )
    told = 0
    for level, at in levels(
        found.body, ticket.category, current.opened_at, current.due_at, periods.overrides(db)
    ):  # fmt: skip
        if _is_reached(level, at, now, current.due_at) and level.level not in there:
            _tell(db, ticket, level, at, f"{TICKET_LIMITS.code}/{found.number}")
            told += 1
    return told


def _is_reached(level: LevelRule, at: datetime, now: datetime, due: datetime) -> bool:
    # What is solved at the last instant is in time: it is late only afterwards, and then no longer due soon.
    return at <= now <= due if level.level is TicketLevel.DUE_SOON else at < now


def _tell(db: Session, ticket: Ticket, level: LevelRule, reached_at: datetime, rule: str) -> None:
    people = _people(db, ticket, level.tells)
    names = recipients.names(db, [person for _, person in people])
    told = [
        {
            "as": told_as.value, "user": person.id, "name": names[person.id],
            "message": f"{TICKET_TOLD_LABELS[told_as]} {names[person.id]}",
        }
        for told_as, person in people
    ]  # fmt: skip
    db.add(
        TicketEscalation(
            ticket_id=ticket.id, round=ticket.round, level=level.level, reached_at=reached_at, at=calendar.now(),
            rule=rule, told=told,
        )
    )  # fmt: skip
    record(db, "ticket.escalated", ticket, level=level.level, round=ticket.round)
    notices.tell(
        db, [person for _, person in people], KINDS[level.level], ticket,
        key=level_key(level.level, ticket, ticket.round), due=calendar.day_of(ticket.due_at), once=True,
        assumed=assumption(db, ticket), **words(db, ticket),
    )  # fmt: skip


def _people(db: Session, ticket: Ticket, tells: Iterable[TicketTold]) -> list[tuple[TicketTold, Actor]]:
    """Who hears of it, each person once: only those who may see the ticket. Where that is nobody, the bureau."""
    found: dict[int, tuple[TicketTold, Actor]] = {}
    for asked in (tells, (TicketTold.BUREAU,)):
        for told in asked:
            for person in _of(db, ticket, told):
                if SUBJECTS[Ticket.__tablename__].shown(person, ticket.sight):
                    found.setdefault(person.id, (told, person))
        if found:
            break
    return list(found.values())


def _of(db: Session, ticket: Ticket, told: TicketTold) -> list[Actor]:
    match told:
        case TicketTold.OWNER:
            return owner_of(db, ticket)
        case TicketTold.UNIT:
            return recipients.reporters_of(db, ticket.owner_unit_id)
        case TicketTold.RECORDER:
            return recipients.person(db, ticket.recorded_by)
        case TicketTold.BUREAU:
            return recipients.with_role(db, Role.REVIEWER)
        case TicketTold.LEADER:
            return recipients.with_role(db, Role.LEADER)
