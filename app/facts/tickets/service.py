"""What happens to a ticket: recorded, corrected, accepted, transferred, solved, closed, taken up anew, voided."""

from datetime import datetime
from typing import Any

from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from app.facts.enterprises import service as enterprises
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.projects.service import EDITS_ALL
from app.facts.projects.units import ids_of
from app.facts.tickets import sights
from app.facts.tickets.limits import due_at, remind_at
from app.facts.tickets.models import Ticket, TicketRating, TicketRound, TicketStepTaken, sight_of
from app.facts.tickets.queries import NoTicket
from app.facts.tickets.rounds import current_round, new_round, recount, rule_of
from app.facts.tickets.schemas import TicketAcceptIn, TicketIn, TicketPatch, TicketSolveIn, TicketTransferIn
from app.facts.tickets.sights import NotYourTicket, acts_for_all, check_own
from app.facts.tickets.terms import TicketState, TicketStep
from app.identity.auth.models import User
from app.identity.auth.queries import name_of
from app.identity.periods import queries as periods
from app.identity.periods.closures import Closed, hold
from app.kernel import calendar, preconditions
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record
from app.kernel.names import search_key

_CLAUSES = table("commitment", column("id"), column("project_id"))
"""Commitments stand beside tickets, and neither knows the other: a link needs no more than this of their table."""


class TicketEnded(Conflict):
    code = "ticket_ended"
    message = "该诉求已办结、关闭或作废"
    english = "This ticket is solved, closed or voided."


class TicketNotEnded(Conflict):
    code = "ticket_not_ended"
    message = "该诉求尚未办结"
    english = "This ticket has not been solved yet."


class TicketAccepted(Conflict):
    code = "ticket_accepted"
    message = "该诉求已有人受理；更换责任人请转办"
    english = "Somebody has accepted this ticket already. Transfer it to change its owner."


class TicketNotAccepted(Conflict):
    code = "ticket_not_accepted"
    message = "该诉求尚未受理"
    english = "Nobody has accepted this ticket yet."


class TicketClosed(Conflict):
    code = "ticket_closed"
    message = "该诉求已关闭"
    english = "This ticket is closed already."


class SameOwner(Conflict):
    code = "same_owner"
    message = "责任单位与责任人均未变化"
    english = "It is this unit's and this person's already."


# -- recording -----------------------------------------------------------------------------------------------------


def record_ticket(db: Session, actor: Actor, body: TicketIn) -> Ticket:
    """Write a request down. The unit of the first contact owns it, until it says why another one must."""
    unit_id = _first_unit(db, actor, body.unit)
    now = calendar.now()
    received = now if body.received_at is None else body.received_at
    if received > now:
        raise Invalid.field("received_at", "in_future", "不能晚于现在")
    owner = None if body.owner is None else _owner(db, body.owner, unit_id)
    closed = hold(db)
    enterprises.linkable(db, body.enterprise, "enterprise")
    project = _project(db, actor, body.project)
    rule, version = rule_of(db, received)
    due = due_at(rule, body.category, received, periods.overrides(db))
    received_on = calendar.day_of(received)
    recorded_unit = None if acts_for_all(actor) else actor.unit_id
    ticket = Ticket(
        category=body.category, text=body.text, enterprise_id=body.enterprise, channel=body.channel,
        project_id=None if project is None else project.id,
        commitment_id=_clause(db, body.commitment, project.id if project else None), contact_name=body.contact_name,
        contact_phone=body.contact_phone, received_at=received, received_on=received_on,
        deferred_to=closed.deferral(received_on), first_unit_id=unit_id, owner_unit_id=unit_id, round=1,
        state=TicketState.RECEIVED, due_at=due.at, remind_at=remind_at(rule, body.category, received, due.at),
        search=search_key(body.text), recorded_at=now, recorded_by=actor.id, recorded_by_name=name_of(db, actor),
        recorded_unit_id=recorded_unit, sight=sight_of([unit_id, recorded_unit], project.sight if project else None),
    )  # fmt: skip
    if owner is not None:
        ticket.state, ticket.owner_id, ticket.owner_name = TicketState.ACCEPTED, owner.id, owner.name
    db.add(ticket)
    db.flush()
    db.add(new_round(ticket, due, rule, version, received))
    step(db, actor, ticket, TicketStep.RECORDED, received)
    record(db, "ticket.recorded", ticket)
    return ticket


def _first_unit(db: Session, actor: Actor, code: str | None) -> int:
    if code is None:
        if actor.unit_id is None or acts_for_all(actor):
            raise Invalid.field("unit", "missing", "须填写首接（责任）单位")
        return actor.unit_id
    unit_id = ids_of(db, [code], "unit")[code]
    check_own(actor, unit_id)
    return unit_id


def _owner(db: Session, login: str, unit_id: int) -> User:
    user = db.scalars(select(User).where(User.login == login)).one_or_none()
    if user is None or not user.active:
        raise Invalid.field("owner", "unknown_user", f"没有登录名为 {login} 的在用人员")
    if user.unit_id != unit_id and user.held.isdisjoint(EDITS_ALL):
        raise Invalid.field("owner", "other_unit", "责任人须为责任单位或招商部门的人员")
    return user


def _project(db: Session, actor: Actor, code: str | None) -> Project | None:
    if code is None:
        return None
    found = db.scalars(
        select(Project)
        .where(Project.code == code, projects.visible(actor))
        .with_for_update(read=True, of=Project)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Invalid.field("project", "unknown_project", f"没有项目 {code}，或您无权查看")
    return found


def _clause(db: Session, number: int | None, project_id: int | None) -> int | None:
    """A clause of the project, whose promise is what is asked for; 422 on `commitment` for others."""
    if number is not None:
        known = select(_CLAUSES.c.id).where(_CLAUSES.c.id == number, _CLAUSES.c.project_id == project_id)
        if project_id is None or db.execute(known).one_or_none() is None:
            raise Invalid.field("commitment", "unknown_commitment", "不是所填项目的履约条款")
    return number


# -- correcting ----------------------------------------------------------------------------------------------------


def change(db: Session, actor: Actor, number: int, body: TicketPatch, version: int) -> Ticket:
    """Change what is sent of an open one, made from row version `version`. Another category is another limit."""
    project = None
    if body.project is not None:
        project = _project(db, actor, body.project)
    ticket, _ = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    preconditions.expect(ticket.version, version)
    if not ticket.state.is_open:
        raise TicketEnded
    given = body.model_dump(exclude_unset=True)
    if "project" in given:
        given.pop("project")
        ticket.project_id = None if project is None else project.id
        refresh_sight(ticket, project.sight if project else None)
    if {"project", "commitment"} & body.model_fields_set:
        asked = given.pop("commitment", ticket.commitment_id)
        ticket.commitment_id = _clause(db, asked, ticket.project_id)
    for name, value in given.items():
        setattr(ticket, name, value)
    if body.text is not None:
        ticket.search = search_key(body.text)
    if body.category is not None:
        recount(db, ticket)
    record(db, "ticket.changed", ticket)
    return ticket


def refresh_sight(ticket: Ticket, project: Any) -> None:
    """Bring who may see it up to date; `project` is the sight of its project."""
    sight = sight_of([ticket.owner_unit_id, ticket.recorded_unit_id], project)
    if ticket.sight != sight:
        ticket.sight = sight


# -- dealing with it -----------------------------------------------------------------------------------------------


def accept(db: Session, actor: Actor, number: int, body: TicketAcceptIn) -> Ticket:
    """Say who answers for it. Of two who do so at once, one does."""
    ticket, _ = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    _check_open(ticket)
    if ticket.state is TicketState.ACCEPTED:
        raise TicketAccepted
    if body.owner is None and actor.kind != "user":
        raise Invalid.field("owner", "missing", "须填写责任人")
    owner = _owner(db, body.owner or actor.name, ticket.owner_unit_id)
    at = _when(db, ticket, body.at)
    ticket.state, ticket.owner_id, ticket.owner_name = TicketState.ACCEPTED, owner.id, owner.name
    return _done(db, actor, ticket, TicketStep.ACCEPTED, at)


def transfer(db: Session, actor: Actor, number: int, body: TicketTransferIn) -> Ticket:
    """Give it to another unit, or to another person of the same, and say why. The clock runs on."""
    ticket, sight = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    _check_open(ticket)
    unit_id = ids_of(db, [body.unit], "unit")[body.unit]
    owner = None if body.owner is None else _owner(db, body.owner, unit_id)
    if unit_id == ticket.owner_unit_id and (owner is None or owner.id == ticket.owner_id):
        raise SameOwner
    at = _when(db, ticket, body.at)
    ticket.owner_unit_id = current_round(db, ticket).unit_id = unit_id
    ticket.state = TicketState.RECEIVED if owner is None else TicketState.ACCEPTED
    ticket.owner_id, ticket.owner_name = (None, None) if owner is None else (owner.id, owner.name)
    refresh_sight(ticket, sight)
    return _done(db, actor, ticket, TicketStep.TRANSFERRED, at, body.reason)


def solve(db: Session, actor: Actor, number: int, body: TicketSolveIn) -> Ticket:
    """Say what came of it. Whether it was in time is judged now, and stays so."""
    ticket, _, closed = _held(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    _check_open(ticket)
    if ticket.state is not TicketState.ACCEPTED:
        raise TicketNotAccepted
    recount(db, ticket)
    at = _when(db, ticket, body.at)
    current = current_round(db, ticket)
    current.solved_at, current.solved_on, current.result = at, calendar.day_of(at), body.result
    current.deferred_to = closed.deferral(current.solved_on)
    current.days, current.in_time = (current.solved_on - current.opened_on).days, at <= current.due_at
    ticket.state, ticket.solved_at = TicketState.SOLVED, at
    ticket.search = search_key(ticket.text, body.result)
    return _done(db, actor, ticket, TicketStep.SOLVED, at)


def close(db: Session, actor: Actor, number: int, note: str | None) -> Ticket:
    """Say that nothing more is to be done about one that was solved."""
    ticket, _ = opened(db, actor, number)
    check_own(actor, ticket.owner_unit_id)
    if ticket.state is TicketState.CLOSED:
        raise TicketClosed
    if ticket.state is not TicketState.SOLVED:
        raise TicketEnded if ticket.state is TicketState.VOIDED else TicketNotEnded
    ticket.state = TicketState.CLOSED
    return _done(db, actor, ticket, TicketStep.CLOSED, calendar.now(), note)


def reopen(db: Session, actor: Actor, number: int, reason: str) -> Ticket:
    """Take a solved one up anew: the same owner, a limit of its own that begins now. What was solved stays counted."""
    ticket, _ = opened(db, actor, number)
    if not _recorded_or_owned(actor, ticket):
        raise NotYourTicket
    if not ticket.state.is_answered:
        raise TicketEnded if ticket.state is TicketState.VOIDED else TicketNotEnded
    now = calendar.now()
    rule, version = rule_of(db, now)
    due = due_at(rule, ticket.category, now, periods.overrides(db))
    ticket.round += 1
    ticket.state, ticket.solved_at = TicketState.ACCEPTED, None
    ticket.due_at, ticket.remind_at = due.at, remind_at(rule, ticket.category, now, due.at)
    db.add(new_round(ticket, due, rule, version, now, reason))
    for link in db.scalars(
        select(TicketRating).where(
            TicketRating.ticket_id == ticket.id, TicketRating.rated_at.is_(None), TicketRating.revoked_at.is_(None)
        )
    ):
        link.revoked_at = now
    return _done(db, actor, ticket, TicketStep.REOPENED, now, reason)


def void(db: Session, actor: Actor, number: int, reason: str) -> Ticket:
    """Say that it should not have been recorded; by the bureau. It stays to be seen and counts no more."""
    ticket, _, closed = _held(db, actor, number)
    if not acts_for_all(actor):
        raise NotYourTicket
    if ticket.state is TicketState.VOIDED:
        raise TicketEnded
    rounds = db.scalars(select(TicketRound).where(TicketRound.ticket_id == ticket.id).order_by(TicketRound.id)).all()
    ratings = db.scalars(select(TicketRating).where(TicketRating.ticket_id == ticket.id).order_by(TicketRating.id))
    closed.check([ticket.counts_on, *(one.deferred_to or one.solved_on for one in rounds)])
    closed.check(one.opened_on for one in rounds if one.number > 1)
    for one in rounds:
        one.void = True
    for rating in ratings:
        closed.check([rating.rated_on])
        rating.void = True
    ticket.state, ticket.voided_on = TicketState.VOIDED, calendar.today()
    return _done(db, actor, ticket, TicketStep.VOIDED, calendar.now(), reason)


# ------------------------------------------------------------------------------------------------------------------


def _held(db: Session, actor: Actor, number: int) -> tuple[Ticket, Any, Closed]:
    """The same, after the periods: whoever opens one again locks what counts in it afterwards."""
    closed = hold(db)
    ticket, sight = opened(db, actor, number)
    return ticket, sight, closed


def opened(db: Session, actor: Actor, number: int) -> tuple[Ticket, Any]:
    """The ticket, locked until the commit, and the sight of its project, which is locked before it; 404 for others'."""
    visible = select(Ticket.id, Ticket.project_id).outerjoin(Project, Project.id == Ticket.project_id)
    place = db.execute(visible.where(Ticket.id == number, sights.visible(actor))).one_or_none()
    if place is None:
        raise NoTicket
    project = None
    if place.project_id is not None:
        project = db.scalars(
            select(Project)
            .where(Project.id == place.project_id)
            .with_for_update(read=True)
            .execution_options(populate_existing=True)
        ).one()
    ticket = db.scalars(
        select(Ticket).where(Ticket.id == number).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not sights.admits(actor, sight_of([ticket.owner_unit_id, ticket.recorded_unit_id], None)):
        raise NoTicket  # given to another unit meanwhile
    return ticket, None if project is None else project.sight


def _recorded_or_owned(actor: Actor, ticket: Ticket) -> bool:
    return acts_for_all(actor) or actor.unit_id in (ticket.owner_unit_id, ticket.recorded_unit_id)


def _check_open(ticket: Ticket) -> None:
    if not ticket.state.is_open:
        raise TicketEnded


def _when(db: Session, ticket: Ticket, at: datetime | None) -> datetime:
    """When something happened, if it is entered later: after what went before, and not in the future."""
    now = calendar.now()
    if at is None:
        return now
    if at > now:
        raise Invalid.field("at", "in_future", "不能晚于现在")
    last = db.execute(
        select(func.max(TicketStepTaken.happened_at)).where(TicketStepTaken.ticket_id == ticket.id)
    ).scalar_one()
    if at < last:
        raise Invalid.field("at", "order", f"早于上一步的时间 {last.astimezone(calendar.SHANGHAI):%Y-%m-%d %H:%M}")
    return at


def step(
    db: Session, actor: Actor, ticket: Ticket, taken: TicketStep, at: datetime, reason: str | None = None
) -> None:  # fmt: skip
    """Write down what somebody did."""
    db.add(
        TicketStepTaken(
            ticket_id=ticket.id, step=taken, happened_at=at, at=calendar.now(), by=actor.id, by_name=name_of(db, actor),
            unit_id=ticket.owner_unit_id, owner_name=ticket.owner_name, reason=reason,
        )
    )  # fmt: skip


def _done(
    db: Session, actor: Actor, ticket: Ticket, taken: TicketStep, at: datetime, reason: str | None = None
) -> Ticket:  # fmt: skip
    step(db, actor, ticket, taken, at, reason)
    record(db, f"ticket.{taken.value}", ticket, reason=reason, round=ticket.round)
    db.flush()
    return ticket
