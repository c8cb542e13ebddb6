"""What `gates` judges of one project, asked of all of them in the database: how much each lacks at its next gate.

The two must agree, and a test holds them to it. Lists ask here; moves and the page of a project ask `gates`.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.facts.agreements.models import Agreement
from app.facts.enterprises.models import Enterprise
from app.facts.evidence.models import Evidence
from app.facts.evidence.terms import EvidenceState
from app.facts.pipeline.gates.judging import COLUMNS, OF_THE_PROJECT
from app.facts.pipeline.gates.rules import (
    EvidenceRequirement,
    FieldRequirement,
    GateRule,
    PaperRequirement,
    Requirement,
    ReviewRequirement,
)
from app.facts.pipeline.gates.terms import GateField
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.projects.terms import STAGES, Kind, Stage
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.terms import Opinion, ReviewState

_newer = aliased(Evidence)


def next_gate(rule: GateRule, kind: Kind, here: Stage) -> Stage | None:
    """The stage that comes next for a project of this kind, those that may be skipped left out."""
    for stage in STAGES[here.order + 1 :]:
        if stage in rule.kinds[kind] and stage not in rule.may_skip:
            return stage
    return None


def lacking(rule: GateRule, today: date, at_least: int) -> ColumnElement[int]:
    """How many things a project lacks at its next gate, for gates that ask for at least so many; else zero."""
    alike: dict[tuple[Requirement, ...], list[ColumnElement[bool]]] = {}
    for kind in Kind:
        for here in STAGES:
            stage = next_gate(rule, kind, here)
            asked = () if stage is None else rule.asked(kind, stage, today) or ()
            if len(asked) >= at_least:
                alike.setdefault(asked, []).append(and_(Project.kind == kind, Project.stage == here))
    if not alike:
        return literal(0)
    return case(*((or_(*where), _lacks(asked, today)) for asked, where in alike.items()), else_=0)


def _lacks(asked: Iterable[Requirement], today: date) -> ColumnElement[int]:
    return sum((case((there(one, today), 0), else_=1) for one in asked), literal(0))


def there(asked: Requirement, today: date) -> ColumnElement[bool]:
    """Is what a gate asks for there today? A condition for any select that has `Project` among its tables."""
    match asked:
        case FieldRequirement():
            return _field(asked.field)
        case PaperRequirement():
            return _paper(asked)
        case ReviewRequirement():
            return _review(asked, today)
        case EvidenceRequirement():
            return _evidence(asked)


def _any(column: Any, words: Iterable[Any]) -> ColumnElement[bool]:
    return or_(*(column == word for word in words))


def _field(field: GateField) -> ColumnElement[bool]:
    if field is GateField.USCC:
        return (
            exists()
            .where(
                ProjectEnterprise.project_id == Project.id,
                _any(ProjectEnterprise.role, OF_THE_PROJECT),
                Enterprise.id == ProjectEnterprise.enterprise_id,
                Enterprise.uscc.is_not(None),
            )
            .correlate(Project)
        )
    column = getattr(Project, COLUMNS[field])
    filled: ColumnElement[bool] = column.is_not(None)
    return and_(filled, column != "") if column.type.python_type is str else filled


def _paper(asked: PaperRequirement) -> ColumnElement[bool]:
    conditions = [
        Agreement.project_id == Project.id, Agreement.voided_reason.is_(None), _any(Agreement.type, asked.any_of),
    ]  # fmt: skip
    if asked.number:
        conditions.append(and_(Agreement.number.is_not(None), Agreement.number != ""))
    if asked.amount:
        conditions.append(func.coalesce(Agreement.amount_fen, 0) != 0)
    return exists().where(*conditions).correlate(Project)


def _review(asked: ReviewRequirement, today: date) -> ColumnElement[bool]:
    contract = (
        select(Agreement.id)
        .where(Agreement.project_id == Project.id, Agreement.first_formal.is_(True), Agreement.voided_reason.is_(None))
        .correlate(Project)
        .scalar_subquery()
    )
    left = exists().where(
        ReviewCondition.review_id == Review.id, or_(ReviewCondition.met_on.is_(None), ReviewCondition.met_on > today)
    )
    newest = (
        select(case((or_(Review.opinion == Opinion.NOT_PASSED, left), 0), else_=1))
        .where(
            Review.project_id == Project.id,
            Review.kind == asked.review,
            Review.state == ReviewState.CONCLUDED,
            Review.concluded_on <= today,
            or_(Review.agreement_id.is_(None), Review.agreement_id == contract),
        )
        .order_by(Review.concluded_on.desc(), Review.id.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    return func.coalesce(newest, 0) == 1


def _evidence(asked: EvidenceRequirement) -> ColumnElement[bool]:
    good = [EvidenceState.VERIFIED] if asked.verified else [EvidenceState.VERIFIED, EvidenceState.SUBMITTED]
    return (
        exists()
        .where(
            Evidence.project_id == Project.id,
            _any(Evidence.kind, asked.any_of),
            _any(Evidence.state, good),
            ~exists().where(_newer.replaces_id == Evidence.id).correlate(Evidence),
        )
        .correlate(Project)
    )
