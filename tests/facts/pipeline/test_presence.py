"""What the database says of all projects at once is what is said of each."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import AgreementType
from app.facts.evidence.terms import EvidenceKind
from app.facts.pipeline.gates import judging
from app.facts.pipeline.gates.judging import Facts
from app.facts.pipeline.gates.presence import lacking, next_gate
from app.facts.pipeline.gates.rules import GATES, GateRule
from app.facts.pipeline.gates.terms import GateField
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.projects.terms import STAGES, Kind, Stage
from app.facts.reviews.models import ReviewCondition
from app.facts.reviews.terms import ReviewKind
from tests.clients import Work
from tests.factories.agreements import make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.evidence import make_evidence
from tests.factories.gates import make_review
from tests.factories.projects import make_project

TODAY = date(2024, 9, 1)


def somewhere(session: Session, chance: random.Random, firms: list[Any]) -> None:
    """A project with some of what gates ask for."""
    some: dict[str, Any] = {
        "channel": "direct", "officer": "李工", "place": "", "national_code": "2020-500114-30-03-123456", "land_mu": 1,
    }  # fmt: skip
    stage = chance.choice(STAGES)
    project = make_project(
        session, kind=chance.choice(list(Kind)), stage=stage, enterprise=chance.choice([None, *firms]),
        **{name: value for name, value in some.items() if chance.random() < 0.6},
    )  # fmt: skip
    if chance.random() < 0.4:
        firm = chance.choice(firms)
        if firm.id != project.enterprise_id:
            role = chance.choice(["landed", "partner", "former"])
            session.add(ProjectEnterprise(project_id=project.id, enterprise_id=firm.id, role=role))
    contract = None
    for kind in (AgreementType.INTENT, AgreementType.FORMAL, AgreementType.FORMAL):
        if chance.random() < 0.5:
            number = f"QJ-{chance.random()}" if chance.random() < 0.6 else None
            made = make_agreement(session, project, kind, date(2024, chance.randint(1, 8), 1), number=number)
            contract = made if kind is AgreementType.FORMAL else contract
            if chance.random() < 0.2 and stage.order < Stage.SIGNED.order:
                made.voided_reason, made.first_formal = "x", False
    for kind in (ReviewKind.DUE_DILIGENCE, ReviewKind.LEGAL, ReviewKind.FAIR_COMPETITION, ReviewKind.LEGAL):
        if chance.random() < 0.6:
            opinion = chance.choice(["passed", "passed", "conditional", "not_passed"])
            review = make_review(session, project, kind, opinion, TODAY + timedelta(days=chance.randint(-3, 1)))
            if contract is not None and chance.random() < 0.4:
                review.agreement_id = contract.id
            if opinion == "conditional":
                met_on = chance.choice([None, TODAY, TODAY + timedelta(days=1)])
                session.add(ReviewCondition(project_id=project.id, review_id=review.id, text="x", met_on=met_on))
    for kind in EvidenceKind:
        if chance.random() < 0.5:
            state = chance.choice(["submitted", "verified", "verified", "rejected"])
            made = make_evidence(session, project, kind, state)
            if chance.random() < 0.2:
                make_evidence(session, project, kind, chance.choice(["submitted", "verified"]), replaces=made)


def _of_everything() -> GateRule:
    """A rule that asks each kind for every field, and for papers with number and amount, before every stage."""
    fields = [{"type": "field", "field": name} for name in GateField]
    paper = {"type": "paper", "any_of": ["formal"], "number": True, "amount": True}
    stages = {stage: [] if stage is Stage.LEAD else [*fields, paper] for stage in Stage}
    return GateRule.model_validate({"kinds": dict.fromkeys(Kind, stages), "may_skip": []})


@pytest.mark.parametrize("rule", [GATES.shipped, _of_everything()], ids=["shipped", "of everything"])
@pytest.mark.parametrize("seed", range(3))
def test_both_count_the_same(db: Work, seed: int, rule: GateRule) -> None:
    chance = random.Random(seed)
    with db() as session:
        firms = [make_enterprise(session), make_enterprise(session, uscc="91350100M000100Y43")]
        for _ in range(40):
            somewhere(session, chance, firms)
    with db() as session:
        counted = {row[0]: row[1] for row in session.execute(select(Project.id, lacking(rule, TODAY, 2)))}
        expected = {}
        for project in session.scalars(select(Project)):
            stage = next_gate(rule, project.kind, project.stage)
            asked = [] if stage is None else judging.judge(rule, Facts(session, project), stage, TODAY)
            expected[project.id] = len(judging.missing(asked)) if len(asked) >= 2 else 0
    assert counted == expected
    assert len(set(expected.values())) > 2


def test_the_next_gate_leaves_out_what_may_be_skipped_and_what_the_kind_has_not() -> None:
    shipped = GATES.shipped
    assert next_gate(shipped, Kind.INDUSTRY_LAND, Stage.TALK) is Stage.SIGNED
    assert next_gate(shipped, Kind.HEADQUARTERS, Stage.REGISTERED) is Stage.STARTED
    assert next_gate(shipped, Kind.LEASE, Stage.FULL_CAPACITY) is None
