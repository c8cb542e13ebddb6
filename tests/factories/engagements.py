"""Engagements for tests, as they are after they were reported."""

from datetime import date
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.facts.engagements import parts
from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
    FollowUp,
)
from app.facts.engagements.rules import ENGAGEMENTS, half_days
from app.facts.engagements.terms import EngagementKind, FollowUpState, Half, PressLevel
from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from tests.factories.identity import make_unit

_numbers = count(1)
WORDS = {"kind": EngagementKind, "starts_half": Half, "ends_half": Half, "level": PressLevel}


def make_engagement(
    db: Session,
    *,
    unit: Unit | str = "jxw",
    units: tuple[Unit | str, ...] = (),
    people: tuple[tuple[str | None, str | None], ...] = (),
    enterprises: tuple[Enterprise, ...] = (),
    projects: tuple[Project, ...] = (),
    **fields: Any,
) -> Engagement:
    """A visit of one day unless told otherwise; `people` are (name, office), `fields` columns."""
    values: dict[str, Any] = {
        "kind": "outgoing_visit", "title": f"活动{next(_numbers)}", "starts_on": date(2020, 8, 18), "starts_half": "am",
        "ends_half": "pm",
    } | fields  # fmt: skip
    values.setdefault("ends_on", values["starts_on"])
    values = {name: WORDS[name](value) if name in WORDS else value for name, value in values.items()}
    days = half_days(values["starts_on"], values["starts_half"], values["ends_on"], values["ends_half"])
    everyone = [make_unit(db, one) if isinstance(one, str) else one for one in (unit, *units)]
    now = calendar.now()
    engagement = Engagement(
        unit_id=everyone[0].id, half_days=days, search="", entered_at=now, changed_at=now, entered_by=0,
        entered_by_name="用户", **values,
    )  # fmt: skip
    db.add(engagement)
    db.flush()
    db.add_all(EngagementUnit(engagement_id=engagement.id, unit_id=one.id) for one in everyone)
    db.add_all(
        EngagementPerson(engagement_id=engagement.id, name=name, office=office, principal=False)
        for name, office in people
    )
    db.add_all(EngagementEnterprise(engagement_id=engagement.id, enterprise_id=one.id) for one in enterprises)
    db.add_all(EngagementProject(engagement_id=engagement.id, project_id=one.id) for one in projects)
    parts.judge(db, engagement, rules.in_force(db, ENGAGEMENTS, engagement.starts_on).body)
    parts.refresh_search(db, engagement)
    db.flush()
    return engagement


def make_follow_up(
    db: Session, engagement: Engagement, *, unit: Unit | str = "jxw", due_on: date = date(2020, 9, 30), **fields: Any
) -> FollowUp:
    """Something that must come of an engagement: open, unless told otherwise."""
    responsible = make_unit(db, unit) if isinstance(unit, str) else unit
    follow_up = FollowUp(
        engagement_id=engagement.id, unit_id=responsible.id, due_on=due_on, entered_at=calendar.now(), entered_by=0,
        entered_by_name="用户", **({"what": "报送用地方案", "state": FollowUpState.OPEN} | fields),
    )  # fmt: skip
    db.add(follow_up)
    db.flush()
    return follow_up
