"""Is a gate open: what the rule asks of a project on a day, and what of it is there.

Evidence and the record are judged as they are now, since papers are handed in after the event; a review must have
been concluded by the day of the event. Stages that a move passes over are judged on the day of the move.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.agreements import counting
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.enterprises.models import Enterprise
from app.facts.evidence import queries as evidence
from app.facts.pipeline.gates.rules import (
    EvidenceRequirement,
    FieldRequirement,
    GateRule,
    PaperRequirement,
    Requirement,
    ReviewRequirement,
    either,
)
from app.facts.pipeline.gates.terms import GateField, Lack
from app.facts.projects.models import ProjectEnterprise
from app.facts.projects.terms import KIND_LABELS, STAGE_LABELS, EnterpriseRole, Kind, Stage
from app.facts.reviews import queries as reviews
from app.facts.reviews.terms import Opinion, ReviewKind

COLUMNS = {
    GateField.CHANNEL: "channel",
    GateField.OFFICER: "officer",
    GateField.UNIT: "unit_id",
    GateField.PLACE: "place",
    GateField.PARK: "park",
    GateField.INDUSTRY: "industry",
    GateField.ORIGIN_REGION: "origin_region",
    GateField.INVESTMENT: "investment_fen",
    GateField.LAND_MU: "land_mu",
    GateField.JOBS: "jobs",
    GateField.OUTPUT: "output_fen",
    GateField.TAX: "tax_fen",
    GateField.NATIONAL_CODE: "national_code",
    GateField.ENTERPRISE: "enterprise_id",
}
"""Fields that are columns of the project; the rest is looked for."""

FROM_PAPERS = {Stage.FRAMEWORK: counting.PRELIMINARY, Stage.SIGNED: frozenset({AgreementType.FORMAL})}
"""Stages that are reached by the first paper of these types: it gives their date, and no rule can do without it."""

OF_THE_PROJECT = (EnterpriseRole.INVESTOR.value, EnterpriseRole.LANDED.value)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a gate asks for. `lack` is None where it is there; else `message` says so and `how` what to do."""

    stage: Stage
    code: str
    type: str
    label: str
    asked_from: date | None
    lack: Lack | None = None
    message: str | None = None
    how: str | None = None

    @property
    def place(self) -> str:
        """What it is called beside those of other stages."""
        return f"{self.stage}.{self.code}"


@dataclass
class Facts:
    """What there is of a project, read as it is needed; `project` is its object or its row."""

    db: Session | Connection
    project: Any
    reviewed: dict[date, dict[ReviewKind, reviews.Concluded]] = field(default_factory=dict)

    @cached_property
    def has_uscc(self) -> bool:
        found = (
            select(ProjectEnterprise.id)
            .join(Enterprise, Enterprise.id == ProjectEnterprise.enterprise_id)
            .where(
                ProjectEnterprise.project_id == self.project.id,
                ProjectEnterprise.role.in_(OF_THE_PROJECT),
                Enterprise.uscc.is_not(None),
            )
            .limit(1)
        )
        return self.db.execute(found).first() is not None

    @cached_property
    def papers(self) -> list[Any]:
        """The agreements that stand: `type`, `number`, `amount_fen`, `id`, `first_formal`."""
        return list(
            self.db.execute(
                select(
                    Agreement.id, Agreement.type, Agreement.number, Agreement.amount_fen, Agreement.first_formal
                ).where(Agreement.project_id == self.project.id, Agreement.voided_reason.is_(None))
            )
        )  # fmt: skip

    @cached_property
    def evidence(self) -> evidence.Present:
        return evidence.present(self.db, self.project.id)

    @cached_property
    def under_review(self) -> frozenset[ReviewKind]:
        return reviews.requested(self.db, self.project.id)

    def concluded(self, on: date) -> dict[ReviewKind, reviews.Concluded]:
        """What the reviews of the project and of its first contract said by that day."""
        found = self.reviewed.get(on)
        if found is None:
            contract = next((paper.id for paper in self.papers if paper.first_formal), None)
            found = self.reviewed[on] = reviews.concluded(self.db, self.project.id, on, contract)
        return found


# -- judging -------------------------------------------------------------------------------------------------------


def judge(rule: GateRule, facts: Facts, stage: Stage, on: date) -> list[Item]:
    """Everything that the gate into a stage asks of the project on a day, there or not."""
    kind = Kind(facts.project.kind)
    asked = rule.asked(kind, stage, on)
    if asked is None:
        said = f"{KIND_LABELS[kind]}项目没有{STAGE_LABELS[stage]}阶段"
        return [
            Item(
                stage, "stage", "stage", STAGE_LABELS[stage], None, Lack.NOT_OF_KIND, said,
                "如类型有误请更正项目类型，如确有此阶段请申请例外",
            )
        ]  # fmt: skip
    return [_judged(facts, stage, one, on) for one in asked]


def papers_needed(facts: Facts, stage: Stage, asked: Iterable[Item]) -> list[Item]:
    """The paper by which a stage is reached, where the rule does not ask for one by itself."""
    if stage not in FROM_PAPERS or any(item.type == "paper" for item in asked):
        return []
    types = tuple(kind for kind in AgreementType if kind in FROM_PAPERS[stage])
    return [_judged(facts, stage, PaperRequirement(type="paper", any_of=types), date.max)]


def missing(items: Iterable[Item]) -> list[Item]:
    """Those that are not there."""
    return [item for item in items if item.lack is not None]


def _judged(facts: Facts, stage: Stage, asked: Requirement, on: date) -> Item:
    found: tuple[Lack, str, str] | None
    match asked:
        case FieldRequirement():
            found = _of_field(facts, asked)
        case PaperRequirement():
            found = _of_paper(facts, asked)
        case ReviewRequirement():
            found = _of_review(facts, asked, on)
        case EvidenceRequirement():
            found = _of_evidence(facts, asked)
    item = Item(stage, asked.code, asked.type, asked.label, asked.asked_from)
    if found is None:
        return item
    return Item(stage, asked.code, asked.type, asked.label, asked.asked_from, *found)


def _of_field(facts: Facts, asked: FieldRequirement) -> tuple[Lack, str, str] | None:
    if asked.field is GateField.USCC:
        if facts.has_uscc:
            return None
        how = "在企业信息中填写投资方的统一社会信用代码，或登记有代码的落地企业"
        return Lack.MISSING, "投资方和落地企业都没有统一社会信用代码", how
    if getattr(facts.project, COLUMNS[asked.field]) not in (None, ""):
        return None
    if asked.field is GateField.ENTERPRISE:
        return Lack.MISSING, "没有登记投资企业", "登记项目的投资方"
    return Lack.MISSING, f"没有填写{asked.label}", f"在项目信息中填写{asked.label}"


def _of_paper(facts: Facts, asked: PaperRequirement) -> tuple[Lack, str, str] | None:
    there = [paper for paper in facts.papers if paper.type in asked.any_of]
    wanted = [word for word, needed in (("合同编号", asked.number), ("金额", asked.amount)) if needed]
    with_them = f"（含{'、'.join(wanted)}）" if wanted else ""
    if not there:
        return Lack.MISSING, f"没有登记{asked.label}", f"登记{asked.label}{with_them}"
    lacking = min((_lacking(paper, asked) for paper in there), key=len)
    if not lacking:
        return None
    return Lack.INCOMPLETE, f"{asked.label}没有{'、'.join(lacking)}", f"更正{asked.label}，补填{'、'.join(lacking)}"


def _lacking(paper: Any, asked: PaperRequirement) -> list[str]:
    lacking = []
    if asked.number and not paper.number:
        lacking.append("合同编号")
    if asked.amount and not paper.amount_fen:
        lacking.append("金额")
    return lacking


def _of_review(facts: Facts, asked: ReviewRequirement, on: date) -> tuple[Lack, str, str] | None:
    said = facts.concluded(on).get(asked.review)
    if said is not None and said.clear:
        return None
    if said is not None and said.opinion is Opinion.NOT_PASSED:
        return (
            Lack.NOT_PASSED,
            f"{asked.label}未通过（{said.concluded_on.isoformat()}）",
            "解决意见所指的问题后重新送审",
        )
    if said is not None:
        left = f"{asked.label}为有条件通过，至 {on.isoformat()} 尚有 {said.open_conditions} 项条件未落实"
        return Lack.CONDITIONS_OPEN, left, "落实条件并由审核人确认"
    if facts.concluded(date.max).get(asked.review) is not None:
        return Lack.TOO_LATE, f"{asked.label}至 {on.isoformat()} 尚无结论", "核对发生日期与结论日期"
    if asked.review in facts.under_review:
        return Lack.UNDER_WAY, f"{asked.label}已送审，尚无结论", "登记审查结论"
    return Lack.NOT_REQUESTED, f"没有做{asked.label}", f"就{asked.label}送审并登记结论"


def _of_evidence(facts: Facts, asked: EvidenceRequirement) -> tuple[Lack, str, str] | None:
    wanted = set(asked.any_of)
    if wanted & facts.evidence.verified:
        return None
    waiting = wanted & facts.evidence.waiting
    if waiting:
        if not asked.verified:
            return None
        label = either([EvidenceRequirement(type="evidence", any_of=(kind,)).label for kind in sorted(waiting)])
        return Lack.NOT_VERIFIED, f"{label}待核验", "请另一人核验"
    then = "，并由另一人核验" if asked.verified else ""
    return Lack.MISSING, f"没有{asked.label}", f"上传{asked.label}{then}"
