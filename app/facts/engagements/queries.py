"""One engagement as it is seen: what its report says, and of a kept one what all its reports say together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementFile,
    EngagementJoin,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
    FollowUp,
)
from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.identity.units.models import Unit, UnitTerm
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.files import StoredFile
from app.kernel.regions import region_name
from app.kernel.replies import Answer

Reader = Connection | Session


class NoEngagement(NotFound):
    code = "no_engagement"
    message, english = "没有这次对接活动", "There is no such engagement."


class NoJoin(NotFound):
    code = "no_join"
    message, english = "没有这次合并", "There is no such join."


OWN = (
    "kind", "title", "starts_on", "starts_half", "ends_on", "ends_half", "region", "place", "visitors", "said",
    "outcome", "outlet", "level", "link", "platform", "participants",
)  # fmt: skip
"""What a report says by itself."""


def get(db: Session, number: int) -> Engagement:
    """The engagement of this number, voided or not; else 404."""
    found = db.get(Engagement, number)
    if found is None:
        raise NoEngagement
    return found


def trip_of(db: Session, engagement: Engagement) -> Engagement:
    """The engagement that counts: the one this report was joined into, or itself."""
    return engagement if engagement.joined_into_id is None else db.get_one(Engagement, engagement.joined_into_id)


def reports_of(db: Reader, number: int) -> list[int]:
    """The numbers of the reports that were joined into an engagement."""
    joined = select(Engagement.id).where(Engagement.joined_into_id == number).order_by(Engagement.id)
    return list(db.execute(joined).scalars())


def told_of(part: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Does a report of the trip say so: this one, or one that was joined with it? `part` is what hangs on reports.

    As a set that is made once: asked row by row it would cost a row of all parts each time.
    """
    report = aliased(Engagement)
    trips = (
        select(func.coalesce(report.joined_into_id, report.id))
        .join(part, part.engagement_id == report.id)
        .where(*conditions)
        .correlate(None)
    )
    return func.coalesce(Engagement.joined_into_id, Engagement.id).in_(trips)


def with_leader(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Was somebody of this office or name with them?"""
    return told_of(EngagementPerson, or_(EngagementPerson.office == text, EngagementPerson.name == text))


PRINCIPAL = told_of(EngagementPerson, EngagementPerson.principal.is_(True))
"""A principal leader was with them."""


def unit_name(unit_id: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[str]:
    """What a unit was called on a day; before its first name the one it has."""
    term = (
        select(UnitTerm.name)
        .where(UnitTerm.unit_id == unit_id, UnitTerm.valid_from <= day)
        .order_by(UnitTerm.valid_from.desc())
        .limit(1)
        .correlate(Engagement, Unit)
        .scalar_subquery()
    )
    return func.coalesce(term, Unit.name)


def detail(connection: Connection, actor: Actor, number: int) -> Answer:
    """One engagement, under its row version."""
    found = out(connection, actor, number)
    return Answer(found, row_version=found.pop("version"))


def saved_out(db: Session, actor: Actor, engagement: Engagement, warnings: Sequence[Any] = ()) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    found = out(db, actor, engagement.id) | {"warnings": list(warnings)}
    found.pop("version")
    return found


def out(db: Reader, actor: Actor, number: int) -> dict[str, Any]:
    """One engagement as `EngagementOut`, and its version; 404 when there is none."""
    row = db.execute(select(Engagement.__table__).where(Engagement.id == number)).one_or_none()
    if row is None:
        raise NoEngagement
    reports = db.execute(
        select(Engagement.id, Engagement.title, Unit.code.label("unit"))
        .join(Unit, Unit.id == Engagement.unit_id)
        .where(Engagement.joined_into_id == number)
        .order_by(Engagement.id)
    ).all()
    members = [number, *(report.id for report in reports)]
    units = _units(db, members, row)
    people = _people(db, members)
    touched, withheld = _projects(db, actor, members)
    return {
        "id": row.id,
        **{name: getattr(row, name) for name in OWN},
        "days": f"{row.half_days // 2}.5" if row.half_days % 2 else str(row.half_days // 2),
        "counts_on": row.deferred_to or row.starts_on,
        "region_name": None if row.region is None else region_name(row.region),
        "unit": units[0],
        "units": units,
        "people": people,
        "principal": any(person["principal"] for person in people),
        "enterprises": _enterprises(db, members),
        "projects": touched,
        "withheld": withheld,
        "files": _files(db, members),
        "reports": [{"id": report.id, "title": report.title, "unit": report.unit} for report in reports],
        "joined_into": row.joined_into_id,
        "follow_ups": db.execute(
            select(func.count()).select_from(FollowUp).where(FollowUp.engagement_id.in_(members))
        ).scalar_one(),
        "entered_at": instant_text(row.entered_at),
        "entered_by": row.entered_by_name,
        "voided_reason": row.voided_reason,
        "voided_by": row.voided_by_name,
        "warnings": [],
        "version": row.version,
    }


def _units(db: Reader, members: list[int], trip: Any) -> list[dict[str, Any]]:
    rows = db.execute(
        select(Unit.id, Unit.code, unit_name(Unit.__table__.c.id, Engagement.__table__.c.starts_on).label("name"))
        .select_from(EngagementUnit)
        .join(Unit, Unit.id == EngagementUnit.unit_id)
        .join(Engagement, Engagement.id == EngagementUnit.engagement_id)
        .where(EngagementUnit.engagement_id.in_(members))
        .order_by(Unit.id != trip.unit_id, EngagementUnit.id)
    )
    return list({row.id: {"code": row.code, "name": row.name} for row in reversed(rows.all())}.values())[::-1]


def _people(db: Reader, members: list[int]) -> list[dict[str, Any]]:
    rows = db.execute(
        select(EngagementPerson.name, EngagementPerson.office, Unit.code.label("unit"), EngagementPerson.principal)
        .outerjoin(Unit, Unit.id == EngagementPerson.unit_id)
        .where(EngagementPerson.engagement_id.in_(members))
        .order_by(EngagementPerson.engagement_id != members[0], EngagementPerson.id)
    )
    return list({(row.name, row.office, row.unit): dict(row._mapping) for row in rows}.values())


def _enterprises(db: Reader, members: list[int]) -> list[dict[str, Any]]:
    rows = db.execute(
        select(Enterprise.id, Enterprise.name)
        .join(EngagementEnterprise, EngagementEnterprise.enterprise_id == Enterprise.id)
        .where(EngagementEnterprise.engagement_id.in_(members))
        .order_by(EngagementEnterprise.engagement_id != members[0], EngagementEnterprise.id)
    )
    return list({row.id: {"id": row.id, "name": row.name} for row in rows}.values())


def _projects(db: Reader, actor: Actor, members: list[int]) -> tuple[list[dict[str, Any]], int]:
    """The projects the actor may see, and how many more there are."""
    linked = select(EngagementProject.project_id).where(EngagementProject.engagement_id.in_(members)).distinct()
    every = db.execute(select(func.count()).select_from(linked.subquery())).scalar_one()
    seen = db.execute(
        select(Project.code.label("project"), Project.name)
        .where(Project.id.in_(linked), projects.visible(actor))
        .order_by(Project.code)
    ).all()
    return [dict(row._mapping) for row in seen], every - len(seen)


def _files(db: Reader, members: list[int]) -> list[dict[str, Any]]:
    rows = db.execute(
        select(EngagementFile.__table__, StoredFile.size, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == EngagementFile.sha256)
        .where(EngagementFile.engagement_id.in_(members))
        .order_by(EngagementFile.id)
    )
    return [file_told(row) for row in rows]


def file_told(row: Any) -> dict[str, Any]:
    """A file as `FileOut`."""
    return {
        "id": row.id,
        "filename": row.filename,
        "size": row.size,
        "media_type": row.media_type,
        "sha256": row.sha256,
        "note": row.note,
        "uploaded_at": instant_text(row.uploaded_at),
        "uploaded_by": row.uploaded_by_name,
        "withdrawn_reason": row.withdrawn_reason,
    }


# -- joins ---------------------------------------------------------------------------------------------------------


def joins(connection: Connection, _actor: Actor, number: int) -> dict[str, Any]:
    """Every join that an engagement was part of; 404 when there is no such engagement."""
    if connection.execute(select(Engagement.id).where(Engagement.id == number)).one_or_none() is None:
        raise NoEngagement
    concerned = or_(EngagementJoin.kept_id == number, EngagementJoin.joined_id == number)
    rows = connection.execute(
        select(EngagementJoin.__table__).where(concerned).order_by(EngagementJoin.id.desc())
    )  # fmt: skip
    return {"items": [join_told(row) for row in rows]}


def join_told(row: Any) -> dict[str, Any]:
    """A join as `JoinOut`."""
    return {
        "id": row.id,
        "kept": row.kept_id,
        "joined": row.joined_id,
        "reason": row.reason,
        "at": instant_text(row.at),
        "by": row.by_name,
        "undone_at": None if row.undone_at is None else instant_text(row.undone_at),
        "undone_by": row.undone_by_name,
        "undone_reason": row.undone_reason,
    }
