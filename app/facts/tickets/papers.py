"""The files of tickets: what the enterprise shows, and what shows what came of it. A wrong one is withdrawn."""

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.tickets import queries, sights
from app.facts.tickets.models import Ticket, TicketFile
from app.facts.tickets.service import TicketEnded, opened
from app.facts.tickets.sights import check_own
from app.facts.tickets.terms import FilePurpose, TicketState
from app.identity.auth.queries import name_of
from app.kernel import calendar, files
from app.kernel.access import Actor
from app.kernel.errors import Conflict
from app.kernel.events import record
from app.kernel.files import Received


class SameTicketFile(Conflict):
    code = "same_ticket_file"
    message, english = "该诉求已有这份材料", "The ticket has this very file already."


class TicketFileWithdrawn(Conflict):
    code = "ticket_file_withdrawn"
    message, english = "这份材料已撤下", "This file was withdrawn."


def check_may_add(connection: Connection, actor: Actor, number: int) -> None:
    """Refuse before a file is taken in what would be refused afterwards."""
    unit_id = connection.execute(
        select(Ticket.owner_unit_id)
        .outerjoin(Project, Project.id == Ticket.project_id)
        .where(Ticket.id == number, sights.visible(actor))
    ).scalar_one_or_none()
    if unit_id is None:
        raise queries.NoTicket
    check_own(actor, unit_id)


def add(
    db: Session, actor: Actor, number: int, purpose: FilePurpose, file: Received, note: str | None
) -> tuple[Ticket, TicketFile]:
    """Link a received file to a ticket that was not voided."""
    ticket = _changeable(db, actor, number)
    same = select(TicketFile.id).where(
        TicketFile.ticket_id == number,
        TicketFile.sha256 == file.sha256,
        TicketFile.purpose == purpose,
        TicketFile.withdrawn_at.is_(None),
    )
    if db.scalars(same).first() is not None:
        raise SameTicketFile
    files.keep(db, actor, file)
    paper = TicketFile(
        ticket_id=number, purpose=purpose, sha256=file.sha256, filename=file.name, note=note,
        uploaded_at=calendar.now(), uploaded_by=actor.id, uploaded_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(paper)
    db.flush()
    record(db, "ticket.file_added", ticket, file=paper.id)
    return ticket, paper


def withdraw(db: Session, actor: Actor, number: int, file_id: int, reason: str) -> tuple[Ticket, TicketFile]:
    """Say that a file does not belong here. It stays to be seen, with the reason."""
    ticket = _changeable(db, actor, number)
    paper = db.get(TicketFile, file_id)
    if paper is None or paper.ticket_id != number:
        raise queries.NoTicketFile
    if paper.withdrawn_at is not None:
        raise TicketFileWithdrawn
    paper.withdrawn_at, paper.withdrawn_by_name, paper.withdrawn_reason = calendar.now(), name_of(db, actor), reason
    record(db, "ticket.file_withdrawn", ticket, reason=reason, file=paper.id)
    return ticket, paper


def _changeable(db: Session, actor: Actor, number: int) -> Ticket:
    ticket, _ = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    if ticket.state is TicketState.VOIDED:
        raise TicketEnded
    return ticket
