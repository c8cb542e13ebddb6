"""Whose project it is: units and their parts, dated."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, or_, select
from sqlalchemy.orm import Session

from app.facts.projects import service
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.schemas import ProjectUnitsIn
from app.facts.projects.terms import UnitRole
from app.identity.units.models import Unit
from app.kernel import preconditions
from app.kernel.access import Actor
from app.kernel.errors import Invalid
from app.kernel.events import record


def ids_of(db: Session, codes: Iterable[str], field: str) -> dict[str, int]:
    """The numbers of units by their codes, in the order given; 422 on `field` names the first unknown one."""
    wanted = list(dict.fromkeys(codes))
    rows = db.execute(select(Unit.code, Unit.id).where(Unit.code.in_(wanted))).all() if wanted else []
    known = {row.code: row.id for row in rows}
    for code in wanted:
        if code not in known:
            raise Invalid.field(field, "unknown_unit", f"没有编码为 {code} 的单位")
    return {code: known[code] for code in wanted}


def responsible_on(day: ColumnElement[Any], *tables: FromClause) -> ColumnElement[Any]:
    """The unit that was responsible on a day, for a select from `project` and these tables.

    Before the first that is known, the first; with none at all, today's.
    """
    responsible = select(ProjectUnit.unit_id).where(
        ProjectUnit.project_id == Project.id, ProjectUnit.role == UnitRole.RESPONSIBLE.value
    )
    on_the_day = responsible.where(
        ProjectUnit.valid_from <= day, or_(ProjectUnit.valid_to.is_(None), ProjectUnit.valid_to >= day)
    ).order_by(ProjectUnit.valid_from.desc(), ProjectUnit.id.desc())
    later = responsible.where(ProjectUnit.valid_from > day).order_by(ProjectUnit.valid_from, ProjectUnit.id)
    first, then = (part.limit(1).correlate(*tables).scalar_subquery() for part in (on_the_day, later))
    return func.coalesce(first, then, Project.unit_id)


def put(db: Session, actor: Actor, code: str, body: ProjectUnitsIn, version: int) -> Project:
    """Change who is responsible and who co-operates, from a day on; `version` is the row version that was read."""
    project = service.open_for_change(db, actor, code)
    preconditions.expect(project.version, version)
    responsible = None
    if body.responsible is not None:
        responsible = ids_of(db, [body.responsible], "responsible")[body.responsible]
    cooperating = None
    if body.cooperating is not None:
        cooperating = list(ids_of(db, body.cooperating, "cooperating").values())
    if assign(db, project, responsible, cooperating, body.valid_from):
        service.touch(db, project)
        service.refresh_sight(db, project)
        record(db, "project.units_changed", project, reason=body.reason, on=body.valid_from)
    return project


def assign(db: Session, project: Project, responsible: int | None, cooperating: list[int] | None, since: date) -> bool:
    """Close the parts that end and open those that begin on `since`; None leaves a role as it is. Any change?

    A new responsible unit on the day the present one began replaces it, as a correction. The caller refreshes sight.
    """
    current = list(
        db.scalars(select(ProjectUnit).where(ProjectUnit.project_id == project.id, ProjectUnit.valid_to.is_(None)))
    )
    before = {(part.role, part.unit_id) for part in current}
    at_work = {part.unit_id: part for part in current if part.role == UnitRole.COOPERATING.value}
    in_charge = next((part for part in current if part.role == UnitRole.RESPONSIBLE.value), None)
    if responsible is not None and (in_charge is None or in_charge.unit_id != responsible):
        if in_charge is not None and since < in_charge.valid_from:
            raise Invalid.field("valid_from", "order", f"早于现任责任单位的起始日期 {in_charge.valid_from}")
        if in_charge is not None and since == in_charge.valid_from:
            in_charge.unit_id = responsible
        else:
            if in_charge is not None:
                in_charge.valid_to = since - timedelta(days=1)
            _begin(db, project, responsible, UnitRole.RESPONSIBLE, since)
        project.unit_id = responsible
    if cooperating is not None and project.unit_id in cooperating:
        raise Invalid.field("cooperating", "responsible", "责任单位不必再列为协同单位")
    wanted = set(at_work) if cooperating is None else set(cooperating)
    wanted -= {project.unit_id}
    for unit_id in at_work.keys() - wanted:
        _end(db, at_work[unit_id], since)
    for unit_id in sorted(wanted - at_work.keys()):
        _begin(db, project, unit_id, UnitRole.COOPERATING, since)
    db.flush()
    after = db.execute(
        select(ProjectUnit.role, ProjectUnit.unit_id).where(
            ProjectUnit.project_id == project.id, ProjectUnit.valid_to.is_(None)
        )
    )
    return {tuple(part) for part in after} != before


def _begin(db: Session, project: Project, unit_id: int, role: UnitRole, since: date) -> None:
    db.add(ProjectUnit(project_id=project.id, unit_id=unit_id, role=role.value, valid_from=since))


def _end(db: Session, part: ProjectUnit, since: date) -> None:
    # A part that would end before it began never was.
    if part.valid_from >= since:
        db.delete(part)
    else:
        part.valid_to = since - timedelta(days=1)
