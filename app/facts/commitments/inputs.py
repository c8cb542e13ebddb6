"""What is written of clauses."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.facts.commitments.schemas import (
    AMOUNT,
    AREA,
    BASIS,
    KIND,
    PERSONS,
    REPLACES,
    REVIEW,
    SURVIVES,
    UNIT,
    AnyDay,
    Basis,
    ClauseNumber,
    Count,
    Input,
    Note,
    Number,
    Papers,
    Reason,
    Text,
    UnitCode,
    words,
)
from app.facts.commitments.terms import (
    ANCHOR_LABELS,
    CONDITION_LABELS,
    REACHED_LABELS,
    SPAN_LABELS,
    Anchor,
    ClauseKind,
    Condition,
    Reached,
    Span,
)
from app.facts.projects.schemas import Mu
from app.facts.projects.terms import STAGE_LABELS, Stage
from app.kernel.calendar import PastDay
from app.kernel.money import Yuan


class ClauseCondition(Input):
    """What must have come about before the clause is asked for."""

    kind: Condition = Field(description="条件：" + words(CONDITION_LABELS), examples=["stage"])
    stage: Stage | None = Field(None, description="阶段：" + words(STAGE_LABELS), examples=["production"])
    clause: Number | None = Field(None, description="须先履行的条款编号，同一项目的", examples=[None])
    measure: Reached | None = Field(None, description="成效：" + words(REACHED_LABELS), examples=[None])
    amount: Yuan | None = Field(None, description="成效须达到的金额（元）", examples=[None])
    persons: Count | None = Field(None, description="新增用工须达到的人数", examples=[None])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        jobs = self.measure is Reached.JOBS
        wanted = {
            Condition.NONE: set(),
            Condition.STAGE: {"stage"},
            Condition.CLAUSE: {"clause"},
            Condition.MEASURE: {"measure", "persons" if jobs else "amount"},
        }[self.kind]
        given = {name for name in ("stage", "clause", "measure", "amount", "persons") if getattr(self, name)}
        if given != wanted:
            raise PydanticCustomError("does_not_fit", "条件的内容与其种类不符：阶段、条款、成效及数额各填其一")
        return self


class ClauseDue(Input):
    """Until when: a day, or so long after something else; neither where none was agreed."""

    on: AnyDay | None = Field(None, description="到期日，当日仍不为逾期", examples=["2021-12-31"])
    after: Anchor | None = Field(None, description="自何时起算：" + words(ANCHOR_LABELS), examples=[None])
    count: Annotated[int, Field(ge=0, le=1200)] | None = Field(None, description="几日或几个月", examples=[None])
    span: Span | None = Field(None, description="单位：" + words(SPAN_LABELS), examples=[None])
    clause: Number | None = Field(None, description="自哪一条款履行之日起算", examples=[None])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        relative = self.after is not None
        if relative and (self.on is not None or self.count is None or self.span is None):
            raise PydanticCustomError("does_not_fit", "起算的期限须填几日或几个月，且不填到期日")
        if not relative and (self.count is not None or self.span is not None):
            raise PydanticCustomError("does_not_fit", "未填自何时起算")
        if (self.after is Anchor.CLAUSE) != (self.clause is not None):
            raise PydanticCustomError("does_not_fit", "自另一条款履行起算须填该条款，其他不填")
        return self


class CommitmentIn(Input):
    """A clause of an agreement."""

    agreement: Number = Field(description="所属合同协议的记录号", examples=[12])
    number: ClauseNumber | None = Field(None, description="条款号", examples=["第五条第二款"])
    text: Text = Field(description="条款内容", examples=["项目投产后六个月内，兑现固定资产投资补贴二百万元"])
    kind: ClauseKind = Field(description=f"{KIND}；承诺方由种类得出", examples=["subsidy"])
    amount: Yuan | None = Field(None, description=AMOUNT, examples=["2000000.00"])
    persons: Count | None = Field(None, description=PERSONS, examples=[None])
    area: Mu | None = Field(None, description=AREA, examples=[None])
    condition: ClauseCondition | None = Field(None, description="条件；不填为无条件")
    due: ClauseDue | None = Field(None, description="期限；不填为未约定，条件成就即到期")
    unit: UnitCode | None = Field(None, description=f"{UNIT}；不填为项目的责任单位", examples=["czj"])
    basis: Basis | None = Field(None, description=BASIS, examples=["黔江府发〔2020〕8号"])
    basis_from: AnyDay | None = Field(None, description="依据自何日有效", examples=["2020-01-01"])
    basis_to: AnyDay | None = Field(None, description="依据有效至（含）；不填为长期", examples=["2025-12-31"])
    review: Number | None = Field(None, description=REVIEW, examples=[None])
    survives_end: bool = Field(False, description=SURVIVES, examples=[False])
    replaces: Number | None = Field(None, description=REPLACES, examples=[None])
    evidence: Papers = Field(default_factory=list, description="该项目的材料号，作为佐证", examples=[[]])
    note: Note | None = Field(None, description="备注", examples=[None])


class CommitmentPatch(Input):
    """What to correct of a clause; what is left out stays, null clears what may be empty."""

    number: ClauseNumber | None = Field(None, description="条款号", examples=["第五条第二款"])
    text: Text | None = Field(None, description="条款内容", examples=["兑现固定资产投资补贴二百万元"])
    amount: Yuan | None = Field(None, description=AMOUNT, examples=["2000000.00"])
    persons: Count | None = Field(None, description=PERSONS, examples=[None])
    area: Mu | None = Field(None, description=AREA, examples=[None])
    condition: ClauseCondition | None = Field(None, description="条件，整体替换；null 为无条件")
    due: ClauseDue | None = Field(None, description="期限，整体替换；null 为未约定")
    unit: UnitCode | None = Field(None, description=UNIT, examples=["czj"])
    basis: Basis | None = Field(None, description=BASIS, examples=["黔江府发〔2020〕8号"])
    basis_from: AnyDay | None = Field(None, description="依据自何日有效", examples=["2020-01-01"])
    basis_to: AnyDay | None = Field(None, description="依据有效至（含）", examples=["2025-12-31"])
    review: Number | None = Field(None, description=REVIEW, examples=[None])
    survives_end: bool | None = Field(None, description=SURVIVES, examples=[False])
    evidence: Papers | None = Field(None, description="全部佐证材料号，整体替换", examples=[[7]])
    note: Note | None = Field(None, description="备注", examples=[None])
    reason: Reason | None = Field(None, description="更正原因，记入历史", examples=["金额录入有误"])

    @field_validator("text", "survives_end", "evidence")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_forbidden", "不得为空")
        return value


class CommitmentVoidIn(Input):
    """Why a clause was recorded wrongly."""

    reason: Reason = Field(description="作废原因", examples=["与第 12 号条款重复登记"])


class SettingIn(Input):
    """That a clause is stopped or waived, and why."""

    since: PastDay | None = Field(None, description="自何日起；不填为今天", examples=["2026-11-01"])
    reason: Reason = Field(description="原因", examples=["公平竞争审查认定属于违规补贴，停止执行"])
    basis: Basis | None = Field(None, description="决定的文号", examples=["黔江府办纪〔2026〕31号"])
    review: Number | None = Field(None, description=REVIEW, examples=[None])


class ClauseResumeIn(Input):
    """That it holds again, and why."""

    on: PastDay | None = Field(None, description="自何日恢复；不填为今天", examples=["2026-11-20"])
    reason: Reason = Field(description="恢复的原因", examples=["整改后重新审查通过"])


class DeliveryIn(Input):
    """What was done of a clause that no other record tells of."""

    on: PastDay = Field(description="交付或完成的日期", examples=["2026-10-15"])
    area: Mu | None = Field(None, description="本次交付的面积（亩），用于供地", examples=[None])
    percent: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None, description="至该日共完成百分之几，用于厂房、配套、服务及其他", examples=[60]
    )
    note: Note | None = Field(None, description="说明", examples=["园区主干道路基完成"])
    evidence: Number | None = Field(None, description="该项目的材料号", examples=[7])


class DeliveryVoidIn(Input):
    """Why an entry was wrong."""

    reason: Reason = Field(description="作废原因", examples=["面积误录"])
