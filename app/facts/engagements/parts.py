"""What hangs on an engagement: units, people, enterprises, projects. Found first, then written."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
)
from app.facts.engagements.rules import EngagementRule
from app.facts.engagements.schemas import EngagementIn, EngagementPatch, MetIn, PersonIn
from app.facts.enterprises import queries as enterprise_queries
from app.facts.enterprises import service as enterprises
from app.facts.enterprises.models import Enterprise
from app.facts.enterprises.schemas import EnterpriseIn
from app.facts.projects import queries as project_queries
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.units import ids_of
from app.kernel.access import Actor
from app.kernel.errors import Invalid
from app.kernel.events import record
from app.kernel.names import search_key


@dataclass(frozen=True, slots=True)
class Found:
    """What a body names, looked up; None where it does not speak of it."""

    units: list[int] | None
    people: list[tuple[PersonIn, int | None]] | None
    enterprises: list[Enterprise] | None
    projects: list[Project] | None


def find(
    db: Session, actor: Actor, body: EngagementIn | EngagementPatch, unit_id: int, number: int | None = None
) -> Found:
    """Look up what is named, before anything is written: enterprises are kept from being merged, projects locked.

    Before the engagement `number` is, and its present projects too: whoever merges enterprises locks in this order.
    """
    said = body.model_fields_set if isinstance(body, EngagementPatch) else set(EngagementIn.model_fields)
    people = None
    if "people" in said:
        codes = ids_of(db, [person.unit for person in body.people if person.unit is not None], "people")
        people = [(person, None if person.unit is None else codes[person.unit]) for person in body.people]
    return Found(
        units=[unit_id, *ids_of(db, body.units, "units").values()] if "units" in said else None,
        people=people,
        enterprises=_met(db, body.enterprises) if "enterprises" in said else None,
        projects=_touched(db, actor, body.projects, number) if "projects" in said else None,
    )


def _met(db: Session, wanted: list[MetIn]) -> list[Enterprise]:
    numbers: dict[int, str] = {}
    new: dict[str, MetIn] = {}
    for index, met in enumerate(wanted):
        field = f"enterprises.{index}"
        if met.id is not None:
            numbers.setdefault(met.id, f"{field}.id")
            continue
        assert met.name is not None
        known = enterprise_queries.find(db, name=met.name, uscc=met.uscc)
        if known is not None:
            numbers.setdefault(known, f"{field}.name")
        elif met.create:
            new.setdefault(met.name, met)
        else:
            # Others may not edit enterprises, but whoever met one may say so.
            raise Invalid.field(
                f"{field}.name",
                "unknown_enterprise",
                f"没有登记过企业「{met.name}」；确认无误请加 create: true 一并登记",
            )
    held = [enterprises.linkable(db, number, numbers[number]) for number in sorted(numbers)]
    made = [
        enterprises.create(db, EnterpriseIn(name=met.name or "", uscc=met.uscc, ownership=met.ownership))
        for met in new.values()
    ]
    return [*held, *made]


def _touched(db: Session, actor: Actor, codes: list[str], number: int | None) -> list[Project]:
    linked = select(EngagementProject.project_id).where(EngagementProject.engagement_id == number)
    found = db.scalars(
        select(Project)
        .where(or_(Project.code.in_(codes), Project.id.in_(linked)), project_queries.visible(actor))
        .order_by(Project.id)
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).all()
    known = {project.code for project in found}
    for index, code in enumerate(codes):
        if code not in known:
            raise Invalid.field(f"projects.{index}", "unknown_project", f"没有项目 {code}，或您无权查看")
    return [project for project in found if project.code in codes]


# -- writing -------------------------------------------------------------------------------------------------------


def put(db: Session, actor: Actor, engagement: Engagement, found: Found, rule: EngagementRule) -> None:
    """Write what was found. Links to projects that the actor may not see stay as they are."""
    if found.units is not None:
        _keep(db, engagement, EngagementUnit, "unit_id", dict.fromkeys(found.units))
    if found.enterprises is not None:
        numbers = dict.fromkeys(enterprise.id for enterprise in found.enterprises)
        _keep(db, engagement, EngagementEnterprise, "enterprise_id", numbers)
    if found.people is not None:
        _put_people(db, engagement, found.people)
    judge(db, engagement, rule)
    if found.projects is not None:
        _put_projects(db, actor, engagement, found.projects)
    db.flush()


def _keep(db: Session, engagement: Engagement, model: Any, column: str, wanted: dict[int, None]) -> None:
    there = {
        getattr(row, column): row
        for row in db.scalars(select(model).where(model.engagement_id == engagement.id).order_by(model.id))
    }
    for number, row in there.items():
        if number not in wanted:
            db.delete(row)
    for number in wanted:
        if number not in there:
            db.add(model(engagement_id=engagement.id, **{column: number}))


def _people(db: Session, engagement: Engagement) -> list[EngagementPerson]:
    of_it = select(EngagementPerson).where(EngagementPerson.engagement_id == engagement.id)
    return list(db.scalars(of_it.order_by(EngagementPerson.id)))


def _put_people(db: Session, engagement: Engagement, wanted: list[tuple[PersonIn, int | None]]) -> None:
    lines = list(dict.fromkeys((person.name, person.office, unit_id) for person, unit_id in wanted))
    there = _people(db, engagement)
    if [(row.name, row.office, row.unit_id) for row in there] == lines:
        return
    for row in there:
        db.delete(row)
    db.flush()
    for name, office, unit_id in lines:
        db.add(
            EngagementPerson(engagement_id=engagement.id, name=name, office=office, unit_id=unit_id, principal=False)
        )
        db.flush()  # they are listed in the order in which they were named


def judge(db: Session, engagement: Engagement, rule: EngagementRule) -> None:
    """Say of each person whether the office is that of a principal leader."""
    for row in _people(db, engagement):
        principal = rule.is_principal(row.office)
        if row.principal != principal:
            row.principal = principal


def _put_projects(db: Session, actor: Actor, engagement: Engagement, wanted: list[Project]) -> None:
    rows = db.execute(
        select(EngagementProject, Project)
        .join(Project, Project.id == EngagementProject.project_id)
        .where(EngagementProject.engagement_id == engagement.id, project_queries.visible(actor))
        .order_by(Project.id)
    ).all()
    there = {link.project_id: (link, project) for link, project in rows}
    numbers = {project.id for project in wanted}
    for number, (link, project) in there.items():
        if number not in numbers:
            db.delete(link)
            projects.touch(db, project)
            record(db, "project.engagement_unlinked", project, engagement=engagement.id)
    for project in wanted:
        if project.id not in there:
            db.add(EngagementProject(engagement_id=engagement.id, project_id=project.id))
            projects.touch(db, project)
            record(db, "project.engagement_linked", project, engagement=engagement.id)


def refresh_search(db: Session, engagement: Engagement) -> None:
    """Bring what lists search by up to date. Names of enterprises are looked up, those of projects never."""
    people = [text for row in _people(db, engagement) for text in (row.office, row.name)]
    engagement.search = search_key(
        engagement.title, engagement.place, engagement.outlet, engagement.platform, engagement.participants, *people
    )
