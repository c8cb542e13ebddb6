"""What changes a lead: registering it, linking it to a project, the investor's confirmation, withdrawing it."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.rewards.leads import queries
from app.facts.rewards.leads.models import Lead, LeadProviding
from app.facts.rewards.leads.schemas import LeadConfirmIn, LeadIn
from app.facts.rewards.leads.terms import PaperKind
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.rules import PROCEDURE
from app.facts.rewards.sights import NotYourUnit, acts_for_all, check_own
from app.identity.auth.queries import name_of
from app.identity.units import queries as units
from app.kernel import calendar, rules
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record


class AlreadyLinked(Conflict):
    code = "already_linked"
    message = "这条线索已关联项目"
    english = "The lead has been linked to a project before."


class LeadWithdrawn(Conflict):
    code = "lead_withdrawn"
    message = "这条线索已撤销"
    english = "The lead was withdrawn."


class AlreadyConfirmed(Conflict):
    code = "already_confirmed"
    message = "投资方的确认已登记"
    english = "The investor's confirmation has been recorded before."


def open_for_change(db: Session, actor: Actor, number: int) -> Lead:
    """The lead, locked until the commit: 404, 403 when it is another unit's, 409 when it was withdrawn."""
    lead = queries.get(db, actor, number, lock=True)
    check_own(actor, lead.unit_id, project_unit(db, lead.project_id))
    if lead.withdrawn_at is not None:
        raise LeadWithdrawn
    return lead


def project_unit(db: Session, project_id: int | None) -> int | None:
    """The unit that is responsible for the project a lead became."""
    project = None if project_id is None else db.get(Project, project_id)
    return None if project is None else project.unit_id


def register(db: Session, actor: Actor, body: LeadIn) -> Lead:
    """Write down what somebody told. Whether that is late is judged once, by the rule of the day."""
    unit_id = _unit(db, actor, body.unit)
    for number in body.providers:
        _check_provider(db, actor, number)
    project = None if body.project is None else _project(db, actor, body.project)
    contact = body.first_contact_on or first_contact(project)
    ruling = rules.in_force(db, PROCEDURE, calendar.today())
    lead = Lead(
        information=body.information, investor=body.investor, received_on=body.received_on, first_contact_on=contact,
        late=is_late(contact, calendar.today(), ruling.body.register_within_days),
        rule=f"{PROCEDURE.code}/{ruling.number}", unit_id=unit_id, registered_on=calendar.today(),
        registered_at=calendar.now(), registered_by=actor.id, registered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(lead)
    db.flush()
    db.add_all(LeadProviding(lead_id=lead.id, provider_id=number) for number in body.providers)
    if project is not None:
        _link(db, actor, lead, project)
    record(db, "lead.registered", lead, late=lead.late)
    return lead


def first_contact(project: Project | None) -> date | None:
    """When the bureau first spoke with a project's investor, as far as its record says."""
    days = [] if project is None else [day for day in (project.lead_on, project.talk_on) if day is not None]
    return min(days, default=None)


def is_late(contact: date | None, registered: date, within_days: int) -> bool:
    """Was a lead registered too long after the first contact? Where there was none yet, it never is."""
    return contact is not None and registered > contact + timedelta(days=within_days)


def link(db: Session, actor: Actor, number: int, code: str) -> Lead:
    """Say which project a lead became. Where the first contact was not known, the project tells of it."""
    project = _project(db, actor, code)  # locked first, as everybody does
    lead = open_for_change(db, actor, number)
    if lead.project_id is not None:
        raise AlreadyLinked
    _link(db, actor, lead, project)
    if lead.first_contact_on is None:
        lead.first_contact_on = first_contact(project)
        rule = rules.in_force(db, PROCEDURE, lead.registered_on).body
        lead.late = is_late(lead.first_contact_on, lead.registered_on, rule.register_within_days)
    record(db, "lead.linked", lead, late=lead.late)
    return lead


def _link(db: Session, actor: Actor, lead: Lead, project: Project) -> None:
    lead.project_id = project.id
    lead.linked_at, lead.linked_by, lead.linked_by_name = calendar.now(), actor.id, name_of(db, actor)


def confirm(db: Session, actor: Actor, number: int, body: LeadConfirmIn) -> Lead:
    """Record that the investor confirms who brought it here, with the paper that says so."""
    lead = open_for_change(db, actor, number)
    if lead.confirmed_on is not None:
        raise AlreadyConfirmed
    if body.confirmed_on < lead.received_on:
        said = f"确认日期不能早于线索收到日期 {lead.received_on.isoformat()}"
        raise Invalid.field("confirmed_on", "order", said)
    paper = queries.paper_of(db, lead.id, body.paper)
    if paper.kind is not PaperKind.CONFIRMATION:
        raise Invalid.field("paper", "wrong_paper", "须是投资方确认书")
    lead.confirmed_on, lead.confirmed_by, lead.confirmation_id = body.confirmed_on, body.confirmed_by, paper.id
    lead.confirmed_at, lead.confirmed_entered_by = calendar.now(), actor.id
    lead.confirmed_entered_by_name = name_of(db, actor)
    record(db, "lead.confirmed", lead, paper=paper.id)
    return lead


def withdraw(db: Session, actor: Actor, number: int, reason: str) -> Lead:
    """Say that a lead stands no more; it stays to be seen. Its claim, if any, is withdrawn or refused by itself."""
    lead = open_for_change(db, actor, number)
    lead.withdrawn_at, lead.withdrawn_by, lead.withdrawn_by_name = calendar.now(), actor.id, name_of(db, actor)
    lead.withdrawn_reason = reason
    record(db, "lead.withdrawn", lead)
    return lead


def _unit(db: Session, actor: Actor, code: str | None) -> int | None:
    if code is None:
        return None if acts_for_all(actor) else _own_unit(actor)
    unit = units.ref(db, code)
    if unit is None:
        raise Invalid.field("unit", "unknown_unit", f"没有编码为 {code} 的单位")
    check_own(actor, unit.id)
    return unit.id


def _own_unit(actor: Actor) -> int:
    if actor.unit_id is None:
        raise NotYourUnit
    return actor.unit_id


def _check_provider(db: Session, actor: Actor, number: int) -> None:
    found = db.execute(select(LeadProvider.unit_id).where(LeadProvider.id == number)).one_or_none()
    if found is None or not (actor.sees_all or found.unit_id == actor.unit_id):
        raise Invalid.field("providers", "unknown_provider", f"没有编号为 {number} 的引资人，或您无权查看")


def _project(db: Session, actor: Actor, code: str) -> Project:
    return projects.open_for_change(db, actor, code, Permission.REWARD_FILE, even_archived=True)
