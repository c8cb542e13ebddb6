"""The list of engagements: what goes out, what may be filtered and sorted."""

from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
)
from app.facts.engagements.queries import PRINCIPAL, told_of, unit_name, with_leader
from app.facts.engagements.schemas import EngagementFilter
from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.db import Id
from app.kernel.errors import Invalid
from app.kernel.names import LIKE_ESCAPE, like
from app.kernel.paging import Listing, Sight, Where


def _unit(code: ColumnElement[Any]) -> ColumnElement[bool]:
    wanted = select(Unit.id).where(Unit.code == code).scalar_subquery()
    return told_of(EngagementUnit, EngagementUnit.unit_id == wanted)


def _called(pattern: ColumnElement[Any]) -> ColumnElement[bool]:
    named = select(Enterprise.id).where(Enterprise.search.like(pattern, escape=LIKE_ESCAPE))
    of_them = told_of(EngagementEnterprise, EngagementEnterprise.enterprise_id.in_(named))
    return or_(Engagement.search.like(pattern, escape=LIKE_ESCAPE), of_them)


ENGAGEMENTS = Listing(
    name="engagements",
    asked=EngagementFilter,
    source=select(
        Engagement.id,
        Engagement.kind,
        Engagement.title,
        Engagement.starts_on,
        Engagement.ends_on,
        Engagement.half_days,
        Engagement.place,
        Unit.code.label("unit"),
        unit_name(Unit.__table__.c.id, Engagement.__table__.c.starts_on).label("unit_name"),
        Engagement.visitors,
        Engagement.outlet,
        Engagement.level,
        Engagement.platform,
        Engagement.joined_into_id.label("joined_into"),
        Engagement.voided_reason,
        Engagement.changed_at,
    )
    .select_from(Engagement)
    .join(Unit, Unit.id == Engagement.unit_id),
    key=Engagement.__table__.c.id,
    sorts={"starts_on": Engagement.__table__.c.starts_on, "changed_at": Engagement.__table__.c.changed_at},
    filters={
        "q": Where(_called, like),
        "kind": Where(lambda value: Engagement.kind == value),
        "unit": Where(_unit),
        "enterprise": Where(lambda value: told_of(EngagementEnterprise, EngagementEnterprise.enterprise_id == value)),
        "leader": Where(with_leader),
        "from_": Where(lambda day: Engagement.ends_on >= day),
        "to": Where(lambda day: Engagement.starts_on <= day),
    },
    default_sort="-starts_on",
)


@cache
def _condition(joined: bool, voided: bool, principal: bool | None, project: bool) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        Engagement.joined_into_id.is_not(None) if joined else Engagement.joined_into_id.is_(None),
        Engagement.voided_at.is_not(None) if voided else Engagement.voided_at.is_(None),
    ]
    if principal is not None:
        conditions.append(PRINCIPAL if principal else ~PRINCIPAL)
    if project:
        of_project = EngagementProject.project_id == bindparam("of_project", type_=Id)
        conditions.append(told_of(EngagementProject, of_project))
    return and_(*conditions)


def page(connection: Connection, actor: Actor, asked: EngagementFilter) -> dict[str, Any]:
    """A page of engagements, with the units, leaders and enterprises of each."""
    values: dict[str, Any] = {}
    if asked.project is not None:
        # Looked up with the actor's own eyes: of a project that is not seen nothing may be told.
        project = connection.execute(
            select(Project.id).where(Project.code == asked.project, projects.visible(actor))
        ).scalar_one_or_none()
        if project is None:
            raise Invalid.field("project", "unknown_project", f"没有项目 {asked.project}，或您无权查看")
        values["of_project"] = project
    parts = (asked.joined, asked.voided, asked.principal, asked.project is not None)
    found = ENGAGEMENTS.found(connection, asked, Sight(repr(parts), _condition(*parts), values))
    _complete(connection, found["items"])
    return found


def _complete(connection: Connection, rows: list[dict[str, Any]]) -> None:
    numbers = [row["id"] for row in rows]
    trips = dict(zip(numbers, numbers, strict=True))
    joined = select(Engagement.id, Engagement.joined_into_id).where(Engagement.joined_into_id.in_(numbers))
    if numbers:
        trips.update((member, trip) for member, trip in connection.execute(joined).all())
    taking_part = select(EngagementUnit.engagement_id, Unit.code).join(Unit, Unit.id == EngagementUnit.unit_id)
    units = _gathered(connection, trips, taking_part, EngagementUnit)
    people = _gathered(
        connection, trips,
        select(EngagementPerson.engagement_id, EngagementPerson.office, EngagementPerson.principal),
        EngagementPerson,
    )  # fmt: skip
    met = _gathered(
        connection, trips,
        select(EngagementEnterprise.engagement_id, Enterprise.id, Enterprise.name).join(
            Enterprise, Enterprise.id == EngagementEnterprise.enterprise_id
        ),
        EngagementEnterprise,
    )  # fmt: skip
    for row in rows:
        half = row.pop("half_days")
        row["days"] = f"{half // 2}.5" if half % 2 else str(half // 2)
        codes = [code for (code,) in units[row["id"]]]
        row["units"] = list(dict.fromkeys([row["unit"], *codes]))
        row["leaders"] = list(dict.fromkeys(office for office, _ in people[row["id"]] if office))
        row["principal"] = any(principal for _, principal in people[row["id"]])
        row["enterprises"] = [{"id": key, "name": name} for key, name in dict.fromkeys(met[row["id"]])]


def _gathered(
    connection: Connection, trips: dict[int, int], query: Any, model: Any
) -> defaultdict[int, list[tuple[Any, ...]]]:
    """The parts of all reports of each trip, those of the kept report first."""
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    if trips:
        rows = connection.execute(query.where(model.engagement_id.in_(trips)).order_by(model.engagement_id, model.id))
        for report, *values in sorted(rows, key=lambda row: row[0] not in trips.values()):
            found[trips[report]].append(tuple(values))
    return found
