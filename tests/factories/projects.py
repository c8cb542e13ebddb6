"""Projects for tests."""

from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects import service
from app.facts.projects.models import Project, ProjectAlias, ProjectEnterprise, ProjectUnit
from app.facts.projects.terms import Confidentiality, EnterpriseRole, Kind, Sector, Stage, Status, UnitRole
from app.identity.units.models import Unit
from app.kernel import calendar

_numbers = count(1)
WORDS = {"kind": Kind, "stage": Stage, "status": Status, "confidentiality": Confidentiality, "sector": Sector}


def _unlike(number: int) -> str:
    """Four characters that make the names of no two projects alike."""
    return "".join(chr(0x4E00 + byte * 73 + number % 7) for byte in sha256(str(number).encode()).digest()[:4])


def make_project(
    db: Session,
    *,
    unit: Unit | int | None = None,
    co_units: tuple[Unit | int, ...] = (),
    enterprise: Enterprise | int | None = None,
    aliases: tuple[str, ...] = (),
    **fields: Any,
) -> Project:
    """A project as it is after its creation; `fields` are columns (words may be given as text)."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"500114-2020-{number:04d}",
        "name": f"{_unlike(number)}测试项目{number}",
        "kind": Kind.INDUSTRY_LAND,
        "stage": Stage.TALK,
        "status": Status.ACTIVE,
        "confidentiality": Confidentiality.OPEN,
        "sector": Sector.INDUSTRY,
        "tracked_from": date(2020, 1, 1),
        "changed_at": calendar.now(),
        "squashed": "",
        "pinyin": "",
        "search": "",
        "sight": {},
    } | {name: WORDS[name](value) if name in WORDS else value for name, value in fields.items()}
    unit_id = unit.id if isinstance(unit, Unit) else unit
    enterprise_id = enterprise.id if isinstance(enterprise, Enterprise) else enterprise
    project = Project(unit_id=unit_id, enterprise_id=enterprise_id, **values)
    db.add(project)
    db.flush()
    since = project.tracked_from
    if unit_id is not None:
        db.add(ProjectUnit(project_id=project.id, unit_id=unit_id, role=UnitRole.RESPONSIBLE.value, valid_from=since))
    for other in co_units:
        other_id = other.id if isinstance(other, Unit) else other
        role = UnitRole.COOPERATING.value
        db.add(ProjectUnit(project_id=project.id, unit_id=other_id, role=role, valid_from=since))
    if enterprise_id is not None:
        role = EnterpriseRole.INVESTOR.value
        db.add(ProjectEnterprise(project_id=project.id, enterprise_id=enterprise_id, role=role))
    for alias in aliases:
        db.add(ProjectAlias(project_id=project.id, alias=alias, squashed=service.squash(alias)))
    service.refresh_search(db, project)
    service.refresh_sight(db, project)
    return project
