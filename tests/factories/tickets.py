"""Tickets for tests, recorded as the bureau does."""

from typing import Any

from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project
from app.facts.tickets import service
from app.facts.tickets.models import Ticket
from app.facts.tickets.schemas import TicketAcceptIn, TicketIn, TicketSolveIn
from app.identity.units.models import Unit
from app.kernel.access import SYSTEM
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user


def make_ticket(
    db: Session,
    *,
    unit: Unit | str = "jxw",
    enterprise: Enterprise | None = None,
    project: Project | None = None,
    owner: str | None = None,
    result: str | None = None,
    solved_at: Any = None,
    **fields: Any,
) -> Ticket:
    """A ticket of a unit: received; with an owner (a login) accepted, with a result solved."""
    owned_by = make_unit(db, unit) if isinstance(unit, str) else unit
    asked = enterprise or make_enterprise(db)
    body = {"category": "fire", "text": "请指导消防验收", "channel": "phone"} | fields
    body |= {"enterprise": asked.id, "unit": owned_by.code, "project": None if project is None else project.code}
    ticket = service.record_ticket(db, SYSTEM, TicketIn.model_validate(body))
    if owner is None and result is not None:
        owner = make_user(db, "officer").login
    if owner is not None:
        at = None if solved_at is None else ticket.received_at
        service.accept(db, SYSTEM, ticket.id, TicketAcceptIn(owner=owner, at=at))
    if result is not None:
        service.solve(db, SYSTEM, ticket.id, TicketSolveIn(result=result, at=solved_at))
    return ticket
