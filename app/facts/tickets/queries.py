"""Tickets as they are seen: lists, and one with everything that hangs on it."""

from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, literal, null, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from app.facts.enterprises.models import Enterprise
from app.facts.enterprises.queries import phone_for
from app.facts.evidence.queries import Download
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.facts.tickets import sights
from app.facts.tickets.models import (
    Ticket,
    TicketEscalation,
    TicketFile,
    TicketRating,
    TicketRound,
    TicketStepTaken,
)
from app.facts.tickets.schemas import TicketFilter
from app.facts.tickets.terms import TicketPlace, TicketState
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Id, Instant, Word, instant_text
from app.kernel.errors import NotFound
from app.kernel.files import StoredFile
from app.kernel.names import LIKE_ESCAPE, like
from app.kernel.paging import Listing, Sight, Where
from app.kernel.replies import Answer

Reader = Connection | Session

NOW = bindparam("now", type_=Instant)
_OPEN = or_(Ticket.state == TicketState.RECEIVED, Ticket.state == TicketState.ACCEPTED)
_OVERDUE = and_(_OPEN, Ticket.due_at < NOW)
_PLACE: ColumnElement[Any] = type_coerce(
    case(
        (Ticket.state == TicketState.VOIDED, null()),
        (and_(Ticket.solved_at.is_not(None), Ticket.solved_at <= Ticket.due_at), TicketPlace.SOLVED_IN_TIME.value),
        (Ticket.solved_at.is_not(None), TicketPlace.SOLVED_LATE.value),
        (Ticket.due_at < NOW, TicketPlace.OVERDUE.value),
        (Ticket.remind_at <= NOW, TicketPlace.DUE_SOON.value),
        else_=TicketPlace.IN_TIME.value,
    ),
    Word(TicketPlace),
)


class NoTicket(NotFound):
    code = "no_ticket"
    message = "没有这件诉求，或您无权查看"
    english = "There is no such ticket, or it is not yours to see."


class NoTicketFile(NotFound):
    code = "no_ticket_file"
    message = "没有这份材料，或您无权查看"
    english = "The ticket has no such file, or it is not yours to see."


def _called(pattern: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(Ticket.search.like(pattern, escape=LIKE_ESCAPE), Enterprise.search.like(pattern, escape=LIKE_ESCAPE))


TICKETS = Listing(
    name="tickets",
    asked=TicketFilter,
    source=select(
        Ticket.id,
        Ticket.category,
        Ticket.text,
        Ticket.enterprise_id.label("enterprise"),
        Enterprise.name.label("enterprise_name"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Ticket.commitment_id.label("commitment"),
        Ticket.channel,
        Ticket.received_at,
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        Ticket.owner_name.label("owner"),
        Ticket.state,
        _PLACE.label("place"),
        Ticket.round,
        Ticket.due_at,
        Ticket.solved_at,
    )
    .select_from(Ticket)
    .join(Enterprise, Enterprise.id == Ticket.enterprise_id)
    .join(Unit, Unit.id == Ticket.owner_unit_id)
    .outerjoin(Project, Project.id == Ticket.project_id),
    key=Ticket.__table__.c.id,
    sorts={"received_at": Ticket.__table__.c.received_at, "due_at": Ticket.__table__.c.due_at},
    filters={
        "q": Where(_called, like),
        "state": Where(lambda value: Ticket.state == value),
        "category": Where(lambda value: Ticket.category == value),
        "unit": Where(lambda code: Unit.code == code),
        "enterprise": Where(lambda number: Ticket.enterprise_id == number),
        "project": Where(lambda code: Project.code == code),
        "commitment": Where(lambda number: Ticket.commitment_id == number),
        "due_before": Where(lambda at: and_(_OPEN, Ticket.due_at < at)),
        "received_from": Where(lambda at: Ticket.received_at >= at),
        "received_before": Where(lambda at: Ticket.received_at < at),
    },
    default_sort="-received_at",
)


@cache
def _further(any_state: bool, overdue: bool | None, mine: bool, one: bool) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [literal(True)]
    if not any_state:
        conditions.append(Ticket.state != TicketState.VOIDED)
    if overdue is not None:
        conditions.append(_OVERDUE if overdue else ~_OVERDUE)
    if mine:
        me = bindparam("me", type_=Id)
        conditions.append(or_(Ticket.owner_id == me, Ticket.recorded_by == me))
    if one:
        conditions.append(Ticket.id == bindparam("one", type_=Id))
    return and_(*conditions)


def _found(
    connection: Connection, actor: Actor, asked: TicketFilter, now: datetime, *, one: int | None = None
) -> dict[str, Any]:
    sight = sights.sight(actor)
    mine = asked.mine and actor.kind == "user"
    parts = (one is not None or asked.state is not None, asked.overdue, mine, one is not None)
    values = {**sight.values, "now": now}
    values |= {"me": actor.id} if mine else {}
    values |= {"one": one} if one is not None else {}
    condition = _further(*parts)
    if asked.mine and not mine:
        condition = and_(condition, literal(False))
    seen = condition if sight.condition is None else and_(sight.condition, condition)
    return TICKETS.found(connection, asked, Sight(f"{sight.shape} {parts} {asked.mine}", seen, values))


def page(connection: Connection, actor: Actor, asked: TicketFilter, _whose: int) -> Answer:
    """A page of the tickets that the actor may see; it changes by itself when one comes due."""
    now = calendar.now()
    found = _found(connection, actor, asked, now)
    due, soon = (
        func.min(case((column > now, column))) for column in (Ticket.due_at, Ticket.remind_at)
    )  # fmt: skip
    turns = connection.execute(select(due, soon).where(_OPEN)).one()
    return Answer(found, valid_until=min((_aware(turn) for turn in turns if turn is not None), default=None))


def _aware(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


# -- one -----------------------------------------------------------------------------------------------------------


def detail(connection: Connection, actor: Actor, number: int) -> Answer:
    """One ticket, under its row version."""
    told, turn = _told(connection, actor, number)
    return Answer(told, row_version=told.pop("version"), valid_until=turn)


def out(db: Session, actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """The same of one that is being changed. Whoever gave it away is shown it once more."""
    db.flush()
    told, _ = _told(db.connection(), actor, ticket.id, sight_of_row=False)
    told.pop("version")
    return told


def _told(
    connection: Connection, actor: Actor, number: int, *, sight_of_row: bool = True
) -> tuple[dict[str, Any], datetime | None]:
    now = calendar.now()
    first = aliased(Unit)
    row = connection.execute(
        select(
            Ticket.__table__, Enterprise.name.label("enterprise_name"), Project.code.label("project"),
            Project.name.label("project_name"), Project.sight.label("project_sight"), Project.confidentiality,
            Unit.code.label("unit"), Unit.name.label("unit_name"), first.code.label("first_unit"),
        )
        .select_from(Ticket)
        .join(Enterprise, Enterprise.id == Ticket.enterprise_id)
        .join(Unit, Unit.id == Ticket.owner_unit_id)
        .join(first, first.id == Ticket.first_unit_id)
        .outerjoin(Project, Project.id == Ticket.project_id)
        .where(Ticket.id == number, *([sights.visible(actor)] if sight_of_row else []))
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NoTicket
    rounds = _rounds(connection, number)
    place = place_of(row, now)
    told = {
        "id": row.id,
        "category": row.category.value,
        "text": row.text,
        "enterprise": row.enterprise_id,
        "enterprise_name": row.enterprise_name,
        "project": row.project,
        "project_name": row.project_name,
        "commitment": row.commitment_id,
        "channel": row.channel.value,
        "received_at": instant_text(row.received_at),
        "unit": row.unit,
        "unit_name": row.unit_name,
        "owner": row.owner_name,
        "state": row.state.value,
        "place": None if place is None else place.value,
        "round": row.round,
        "due_at": instant_text(row.due_at),
        "solved_at": _at(row.solved_at),
        "contact_name": row.contact_name,
        "contact_phone": phone_for(actor, row.contact_phone),
        "first_unit": row.first_unit,
        "counts_on": row.deferred_to or row.received_on,
        "recorded_at": instant_text(row.recorded_at),
        "recorded_by": row.recorded_by_name,
        "rounds": rounds,
        "steps": _steps(connection, number),
        "files": files_of(connection, number),
        "escalations": _escalations(connection, number),
        "ratings": _ratings(connection, number),
        "warnings": _warnings(row, rounds[-1]),
        "as_of": instant_text(now),
        "version": row.version,
    }
    turns = [turn for turn in (row.remind_at, row.due_at) if turn > now and row.state.is_open]
    return told, min(turns, default=None)


def place_of(row: Any, now: datetime) -> TicketPlace | None:
    """Where a ticket stands by the clock at an instant: the same as the list says."""
    if row.state is TicketState.VOIDED:
        return None
    if row.solved_at is not None:
        return TicketPlace.SOLVED_IN_TIME if row.solved_at <= row.due_at else TicketPlace.SOLVED_LATE
    if row.due_at < now:
        return TicketPlace.OVERDUE
    return TicketPlace.DUE_SOON if row.remind_at <= now else TicketPlace.IN_TIME


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def _warnings(row: Any, current: dict[str, Any]) -> list[dict[str, str]]:
    found = []
    assumed = current["assumed_from"]
    if assumed is not None and row.state.is_open:
        message = f"{assumed.isoformat()} 起的工作日历尚未录入，时限暂按周一至周五计，录入后自动重算"
        found.append({"code": "calendar_assumed", "message": message})
    blind = row.project_sight is not None and row.confidentiality is not Confidentiality.OPEN
    if blind and row.owner_unit_id not in row.project_sight["units"]:
        message = "责任单位的联络员看不到所关联的项目，因而也看不到本件：请先让该单位参与项目，或去掉项目关联"
        found.append({"code": "unit_blind", "message": message})
    return found


def _rounds(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(TicketRound.__table__, Unit.code.label("unit"))
        .join(Unit, Unit.id == TicketRound.unit_id)
        .where(TicketRound.ticket_id == number)
        .order_by(TicketRound.number)
    )
    return [
        {
            "number": row.number, "opened_at": instant_text(row.opened_at), "reason": row.reason, "limit": row.limit,
            "rule": row.rule, "due_at": instant_text(row.due_at), "assumed_from": row.assumed_from, "unit": row.unit,
            "solved_at": _at(row.solved_at), "days": row.days, "in_time": row.in_time, "result": row.result,
        }
        for row in rows
    ]  # fmt: skip


def _steps(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(TicketStepTaken.__table__, Unit.code.label("unit"))
        .outerjoin(Unit, Unit.id == TicketStepTaken.unit_id)
        .where(TicketStepTaken.ticket_id == number)
        .order_by(TicketStepTaken.id)
    )
    return [
        {
            "step": row.step.value, "happened_at": instant_text(row.happened_at), "at": instant_text(row.at),
            "by": row.by_name, "unit": row.unit, "owner": row.owner_name, "reason": row.reason,
        }
        for row in rows
    ]  # fmt: skip


def _escalations(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(TicketEscalation.__table__)
        .where(TicketEscalation.ticket_id == number)
        .order_by(TicketEscalation.id)
    )  # fmt: skip
    found = []
    for row in rows:
        told = msgspec.json.decode(row.told) if isinstance(row.told, str) else row.told
        found.append(
            {
                "round": row.round, "level": row.level.value, "reached_at": instant_text(row.reached_at),
                "at": instant_text(row.at), "rule": row.rule,
                "told": [{"role": one["as"], "name": one["name"]} for one in told],
            }
        )  # fmt: skip
    return found


def _ratings(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(select(TicketRating.__table__).where(TicketRating.ticket_id == number).order_by(TicketRating.id))
    return [
        {
            "id": row.id, "round": row.round, "made_at": instant_text(row.made_at), "made_by": row.made_by_name,
            "expires_at": instant_text(row.expires_at), "revoked_at": _at(row.revoked_at),
            "rated_at": _at(row.rated_at), "score": row.score, "remark": row.remark,
        }
        for row in rows
    ]  # fmt: skip


# -- files ---------------------------------------------------------------------------------------------------------


def files_of(db: Reader, number: int, file_id: int | None = None) -> list[dict[str, Any]]:
    """The files of a ticket, or one of them, as `TicketFileOut`."""
    rows = db.execute(
        select(TicketFile.__table__, StoredFile.size, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == TicketFile.sha256)
        .where(TicketFile.ticket_id == number, *([TicketFile.id == file_id] if file_id is not None else []))
        .order_by(TicketFile.id)
    )
    return [
        {
            "id": row.id, "purpose": row.purpose.value, "filename": row.filename, "size": row.size,
            "media_type": row.media_type, "sha256": row.sha256, "note": row.note,
            "uploaded_at": instant_text(row.uploaded_at), "uploaded_by": row.uploaded_by_name,
            "withdrawn_reason": row.withdrawn_reason,
        }
        for row in rows
    ]  # fmt: skip


def file_of(connection: Connection, actor: Actor, number: int, file_id: int) -> Download:
    """What is sent when somebody opens a file; else 404."""
    row = connection.execute(
        select(TicketFile.sha256, TicketFile.filename, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == TicketFile.sha256)
        .join(Ticket, Ticket.id == TicketFile.ticket_id)
        .outerjoin(Project, Project.id == Ticket.project_id)
        .where(TicketFile.id == file_id, Ticket.id == number, sights.visible(actor))
    ).one_or_none()
    if row is None:
        raise NoTicketFile
    return Download(*row)
