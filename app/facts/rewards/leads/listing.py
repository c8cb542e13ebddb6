"""The list of leads."""

from typing import Any

from sqlalchemy import Connection, exists, select

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.leads.models import Lead, LeadProviding
from app.facts.rewards.leads.queries import providers_of
from app.facts.rewards.leads.schemas import LeadFilter
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.paging import Listing, Where

LEADS = Listing(
    name="leads",
    asked=LeadFilter,
    source=select(
        Lead.id,
        Lead.investor,
        Lead.received_on,
        Lead.registered_at,
        Lead.late,
        Unit.code.label("unit"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Lead.confirmed_on,
        Lead.withdrawn_at,
    )
    .select_from(Lead)
    .outerjoin(Unit, Unit.id == Lead.unit_id)
    .outerjoin(Project, Project.id == Lead.project_id),
    key=Lead.__table__.c.id,
    sorts={"id": Lead.__table__.c.id, "received_on": Lead.__table__.c.received_on},
    filters={
        "project": Where(lambda value: Project.code == value),
        "unit": Where(lambda value: Unit.code == value),
        "provider": Where(
            lambda value: exists().where(LeadProviding.lead_id == Lead.id, LeadProviding.provider_id == value)
        ),
        "late": Where(lambda value: Lead.late == value),
        "linked": Where(lambda value: Lead.project_id.is_not(None) == value),
        "withdrawn": Where(lambda value: Lead.withdrawn_at.is_not(None) == value),
    },
    default_sort="-id",
)


def page(connection: Connection, actor: Actor, asked: LeadFilter) -> dict[str, Any]:
    """A page of the leads the actor may see, with who gave each."""
    found = LEADS.found(connection, asked, sights.sight(actor, Lead))
    given = providers_of(connection, [row["id"] for row in found["items"]])
    for row in found["items"]:
        row["providers"] = given[row["id"]]
    return found
