from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.tickets.terms import FilePurpose, TicketCategory, TicketChannel, TicketLevel, TicketState, TicketStep
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Ticket(Logged, Base):
    """An enterprise's request, from the first contact to the end. A wrong one is voided and stays.

    Who sees it is told by `sight`: its owner's and its recorder's unit, and the sight of its project if it has one.
    Figures count it as received by the unit of the first contact, on `received_on` or on `deferred_to`.
    """

    __tablename__ = "ticket"
    __subject__ = "ticket"
    __personal__ = frozenset({"contact_name", "contact_phone"})
    __table_args__ = (
        Index("ix_ticket_received", "received_at", "id"),
        Index("ix_ticket_due", "due_at", "id"),
        Index("ix_ticket_state", "state", "due_at"),
        Index("ix_ticket_owner_unit", "owner_unit_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    category: Mapped[TicketCategory] = mapped_column(Word(TicketCategory))
    text: Mapped[str] = mapped_column(Text)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    commitment_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"), index=True)  # a broken promise
    channel: Mapped[TicketChannel] = mapped_column(Word(TicketChannel))
    contact_name: Mapped[str | None] = mapped_column(String(60))
    contact_phone: Mapped[str | None] = mapped_column(String(30))
    received_at: Mapped[datetime] = mapped_column(Instant)
    received_on: Mapped[date] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    first_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    owner_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    owner_name: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[TicketState] = mapped_column(Word(TicketState))
    round: Mapped[int] = mapped_column(default=1)
    # Of the present round, so that lists need no other table.
    due_at: Mapped[datetime] = mapped_column(Instant)
    remind_at: Mapped[datetime] = mapped_column(Instant)
    solved_at: Mapped[datetime | None] = mapped_column(Instant)
    search: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(Id)
    recorded_by_name: Mapped[str] = mapped_column(String(60))
    recorded_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)  # None: the bureau
    voided_on: Mapped[date | None] = mapped_column(Date)
    sight: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return self.sight

    @property
    def counts_on(self) -> date:
        """The day on which figures count that it was received."""
        return self.deferred_to or self.received_on


RECEIVED_COUNTS_ON = func.coalesce(Ticket.deferred_to, Ticket.received_on)
"""The day on which figures count a ticket."""

Index("ix_ticket_counts", RECEIVED_COUNTS_ON)


def sight_of(units: Iterable[int | None], project: Any) -> dict[str, Any]:
    """The value of a sight: the units whose ticket it is, and the sight of its project (None without one)."""
    return {"units": sorted({unit for unit in units if unit is not None}), "project": project}


class TicketRound(Logged, Base):
    """One time that a ticket was to be solved: the first from its receipt, another from each time it was taken up anew.

    A transfer keeps the round, and so the clock. Once solved, it stays as it is: figures count each solution by the
    unit that owned the ticket then, on `solved_on` or on `deferred_to`.
    """

    __tablename__ = "ticket_round"
    __subject__ = "ticket"
    __table_args__ = (UniqueConstraint("ticket_id", "number"), Index("ix_ticket_round_open", "solved_at", "due_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    number: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(500))  # why it was taken up anew
    limit: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(text_key(40))
    due_at: Mapped[datetime] = mapped_column(Instant)
    assumed_from: Mapped[date | None] = mapped_column(Date)  # no calendar was there from this day on
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    solved_at: Mapped[datetime | None] = mapped_column(Instant)
    solved_on: Mapped[date | None] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    days: Mapped[int | None]  # from the day it was opened to the day it was solved
    in_time: Mapped[bool | None]
    result: Mapped[str | None] = mapped_column(Text)
    void: Mapped[bool] = mapped_column(default=False)  # of a ticket that was voided: figures count it not

    def subject_id(self) -> int:
        return self.ticket_id


SOLVED_COUNTS_ON = func.coalesce(TicketRound.deferred_to, TicketRound.solved_on)
"""The day on which figures count a solution; null while there is none."""

Index("ix_ticket_round_counts", SOLVED_COUNTS_ON)


class TicketStepTaken(Logged, Base):
    """What somebody did with a ticket, when. Rows are only added."""

    __tablename__ = "ticket_step"
    __subject__ = "ticket"
    __table_args__ = (Index("ix_ticket_step_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    step: Mapped[TicketStep] = mapped_column(Word(TicketStep))
    happened_at: Mapped[datetime] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # whose it is from then on
    owner_name: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(500))

    def subject_id(self) -> int:
        return self.ticket_id


class TicketFile(Logged, Base):
    """A file of the request or of what came of it. A wrong one is withdrawn and stays."""

    __tablename__ = "ticket_file"
    __subject__ = "ticket"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    purpose: Mapped[FilePurpose] = mapped_column(Word(FilePurpose, 12))
    sha256: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    note: Mapped[str | None] = mapped_column(String(500))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[int] = mapped_column(Id)
    uploaded_by_name: Mapped[str] = mapped_column(String(60))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(60))
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.ticket_id


class TicketEscalation(Logged, Base):
    """A level that a ticket reached: when, and who was told. Rows are only added, one for each level and round."""

    __tablename__ = "ticket_escalation"
    __subject__ = "ticket"
    __table_args__ = (UniqueConstraint("ticket_id", "round", "level"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    level: Mapped[TicketLevel] = mapped_column(Word(TicketLevel, 12))
    reached_at: Mapped[datetime] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant)
    rule: Mapped[str] = mapped_column(text_key(40))
    told: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # [{"as": "owner", "user": 7, "name": "李工"}]

    def subject_id(self) -> int:
        return self.ticket_id


class TicketRating(Logged, Base):
    """A link by which the enterprise rates one solution, once; only the hash of its token is kept. And what it said."""

    __tablename__ = "ticket_rating"
    __subject__ = "ticket"
    __personal__ = frozenset({"token_hash"})
    __table_args__ = (Index("ix_ticket_rating_ticket", "ticket_id", "id"), Index("ix_ticket_rating_on", "rated_on"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))  # that solved it
    token_hash: Mapped[str] = mapped_column(text_key(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[int] = mapped_column(Id)
    made_by_name: Mapped[str] = mapped_column(String(60))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    rated_at: Mapped[datetime | None] = mapped_column(Instant)
    rated_on: Mapped[date | None] = mapped_column(Date)
    score: Mapped[int | None]
    remark: Mapped[str | None] = mapped_column(String(500))
    void: Mapped[bool] = mapped_column(default=False)

    def subject_id(self) -> int:
        return self.ticket_id
