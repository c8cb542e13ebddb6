"""Gates for tests: left open where a test is about something else, and what opens those that ship."""

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.pipeline.duplicates.rules import DUPLICATES
from app.facts.pipeline.gates.rules import GATES
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.projects.terms import EnterpriseRole, Kind, Stage
from app.facts.reviews.models import Review
from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel import calendar
from app.kernel.rules import RuleVersion
from tests.factories.enterprises import make_enterprise
from tests.factories.evidence import make_evidence

LONG_AGO = date(1990, 1, 1)


def rule(db: Session, code: str, body: dict[str, Any], valid_from: date = LONG_AGO) -> RuleVersion:
    """A version of a rule, in force from a day on."""
    number = db.scalar(select(func.max(RuleVersion.number)).where(RuleVersion.rule == code)) or 0
    version = RuleVersion(
        rule=code, number=number + 1, state="active", valid_from=valid_from, basis="测试", body=body, saved_by=1,
        saved_at=calendar.now(), activated_by=2, activated_at=calendar.now(),
    )  # fmt: skip
    db.add(version)
    db.flush()
    return version


def open_gates(db: Session, *, suspecting: bool = False) -> None:
    """Every kind has every stage and none asks for anything; unless `suspecting`, no likeness is asked about."""
    rule(db, GATES.code, {"kinds": {kind: {stage: [] for stage in Stage} for kind in Kind}})
    if not suspecting:
        rule(db, DUPLICATES.code, {"asks": [], "likeness": 100, "at_most": 1})


def make_review(
    db: Session, project: Project, kind: ReviewKind | str, opinion: Opinion | str = Opinion.PASSED,
    on: date = date(2020, 8, 1),
) -> Review:  # fmt: skip
    """A review of the project as a whole that was concluded on a day, by the house itself."""
    review = Review(
        project_id=project.id, kind=ReviewKind(kind), state=ReviewState.CONCLUDED, requested_on=on,
        requested_at=calendar.now(), requested_by=0, requested_by_name="x", opinion=Opinion(opinion), concluded_on=on,
    )  # fmt: skip
    db.add(review)
    db.flush()
    return review


def make_signable(db: Session, project: Project, enterprise: Enterprise | None = None) -> None:
    """Everything that the shipped gates ask up to `signed`, but for the contract itself and fair competition."""
    project.channel = project.channel or "direct"
    if project.enterprise_id is None:
        investor = enterprise or make_enterprise(db)
        project.enterprise_id = investor.id
        role = EnterpriseRole.INVESTOR.value
        db.add(ProjectEnterprise(project_id=project.id, enterprise_id=investor.id, role=role))
    make_evidence(db, project, "talk_record")
    make_evidence(db, project, "contract", "verified")
    for kind in (ReviewKind.DUE_DILIGENCE, ReviewKind.LEGAL):
        make_review(db, project, kind)
