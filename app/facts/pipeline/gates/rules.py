"""What the gates ask for, by kind of project and stage."""

from collections import Counter
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.facts.agreements.models import AGREEMENT_TYPE_LABELS, AgreementType
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EvidenceKind
from app.facts.pipeline.gates.samples import GATES_OF_ALL_KINDS
from app.facts.pipeline.gates.terms import GATE_FIELD_LABELS, GateField
from app.facts.projects.terms import KIND_LABELS, STAGE_LABELS, Kind, Stage
from app.facts.reviews.terms import REVIEW_KIND_LABELS, ReviewKind
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare


def either(words: list[str]) -> str:
    """`甲、乙或丙`."""
    return words[0] if len(words) == 1 else f"{'、'.join(words[:-1])}或{words[-1]}"


class _Requirement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    asked_from: date | None = Field(
        None, description="只对发生在这一天及以后的变更要求；不填则一直要求", examples=["2024-08-01"]
    )

    @property
    def code(self) -> str:
        """What a program calls it; within one stage of one kind no two are called alike."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """What people call it."""
        raise NotImplementedError


class FieldRequirement(_Requirement):
    """Something that must be filled in on the project's record."""

    type: Literal["field"] = Field(description="项目信息", examples=["field"])
    field: GateField = Field(
        description="必填的项目信息；uscc 为投资方或落地企业的统一社会信用代码", examples=["national_code"]
    )

    @property
    def code(self) -> str:
        return f"field.{self.field}"

    @property
    def label(self) -> str:
        return GATE_FIELD_LABELS[self.field]


class PaperRequirement(_Requirement):
    """An agreement that must be on record, of one of these types."""

    type: Literal["paper"] = Field(description="合同协议", examples=["paper"])
    any_of: tuple[AgreementType, ...] = Field(min_length=1, max_length=5, description="任一类型", examples=[["formal"]])
    number: bool = Field(False, description="须有合同编号")
    amount: bool = Field(False, description="须有金额")

    @property
    def code(self) -> str:
        return f"paper.{'+'.join(self.any_of)}"

    @property
    def label(self) -> str:
        return either([AGREEMENT_TYPE_LABELS[kind] for kind in self.any_of])


class ReviewRequirement(_Requirement):
    """A review that must have passed, its conditions met, by the day of the move."""

    type: Literal["review"] = Field(description="审查", examples=["review"])
    review: ReviewKind = Field(description="须已通过的审查", examples=["legal"])

    @property
    def code(self) -> str:
        return f"review.{self.review}"

    @property
    def label(self) -> str:
        return REVIEW_KIND_LABELS[self.review]


class EvidenceRequirement(_Requirement):
    """A paper of one of these kinds, neither rejected nor replaced."""

    type: Literal["evidence"] = Field(description="佐证材料", examples=["evidence"])
    any_of: tuple[EvidenceKind, ...] = Field(
        min_length=1, max_length=10, description="任一种类", examples=[["construction_permit", "start_order"]]
    )
    verified: bool = Field(True, description="须经另一人核验；false 为提交即可")

    @property
    def code(self) -> str:
        return f"evidence.{'+'.join(self.any_of)}"

    @property
    def label(self) -> str:
        return either([EVIDENCE_KIND_LABELS[kind] for kind in self.any_of])


Requirement = Annotated[
    FieldRequirement | PaperRequirement | ReviewRequirement | EvidenceRequirement, Field(discriminator="type")
]


class GateRule(BaseModel):
    """Kind × stage → what is asked before a project of that kind goes there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: dict[Kind, dict[Stage, tuple[Requirement, ...]]] = Field(
        description="各项目类型经过的阶段，以及进入每一阶段所要求的；未列的阶段该类型没有",
        examples=[{"lease": {"land": [{"type": "evidence", "any_of": ["lease_contract"]}]}}],
    )
    may_skip: tuple[Stage, ...] = Field(
        (Stage.FRAMEWORK,), description="任何项目都可以不经过的阶段：越过时不要求", examples=[["framework"]]
    )

    def asked(self, kind: Kind, stage: Stage, on: date) -> tuple[Requirement, ...] | None:
        """What the gate into a stage asks of a project of this kind on a day; None: the kind has no such stage."""
        found = self.kinds[kind].get(stage)
        if found is None:
            return None
        return tuple(one for one in found if one.asked_from is None or one.asked_from <= on)

    def gates(self, kind: Kind, here: Stage, to: Stage) -> list[Stage]:
        """The stages whose gates a move goes through: where it ends, and what it passes over, unless that may be."""
        between = [stage for stage in Stage if here.order < stage.order < to.order]
        return [stage for stage in between if stage in self.kinds[kind] and stage not in self.may_skip] + [to]


NEEDED = (Stage.LEAD, Stage.TALK, Stage.SIGNED)
"""Stages that every project has."""


def _check_gates(rule: GateRule) -> list[FieldError]:
    wrong = []

    def say(field: str, code: str, message: str) -> None:
        wrong.append(FieldError(field=f"body.{field}", code=code, message=message))

    for kind in Kind:
        stages = rule.kinds.get(kind)
        if stages is None:
            say("kinds", "missing", f"缺少{KIND_LABELS[kind]}")
            continue
        for stage in NEEDED:
            if stage not in stages:
                say(f"kinds.{kind}", "missing", f"每类项目都有{STAGE_LABELS[stage]}阶段")
        for stage, asked in stages.items():
            place = f"kinds.{kind}.{stage}"
            if stage is Stage.LEAD and asked:
                say(place, "lead", "线索是项目的起点，进入时不作要求")
            if any(count > 1 for count in Counter(one.code for one in asked).values()):
                say(place, "twice", "同一要求重复列出")
    if set(rule.may_skip) & set(NEEDED):
        say("may_skip", "needed", "签约及其前的在谈不得越过而不作要求")
    return wrong


GATES = declare(
    RuleKind(
        "gates",
        "阶段关口",
        GateRule,
        shipped=GateRule.model_validate({"kinds": GATES_OF_ALL_KINDS}),
        check=_check_gates,
    )
)
