from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.pipeline.gates.terms import Lack, OverrideState, StageState
from app.facts.projects.terms import Kind, Stage
from app.kernel.calendar import PastDay
from app.kernel.text import Paragraph

Reason = Annotated[Paragraph, StringConstraints(max_length=500)]

STATE = "状态：requested 待审批、approved 已批准、refused 未批准、lapsed 已失效（项目已经由关口到达该阶段）"
HAPPENED = "拟登记的发生日期，不晚于今天；签约与意向框架须为其文本的签订日期"
LACK = (
    "缺的是什么：missing 没有、incomplete 不完整、not_verified 待核验、not_requested 未送审、under_way 审查中、"
    "too_late 结论晚于发生日期、conditions_open 条件未落实、not_passed 未通过、not_of_kind 该类型没有此阶段"
)


class GateQuery(BaseModel):
    """On which day one would move."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: PastDay | None = Field(
        None, description="按这一天的规则与审查结论看前面的关口；不填为今天", examples=["2024-07-31"]
    )


class OverrideIn(BaseModel):
    """Why a project should pass a closed gate."""

    model_config = ConfigDict(extra="forbid")

    happened_on: PastDay = Field(description=HAPPENED, examples=["2024-09-12"])
    reason: Reason = Field(
        description="理由；将与所缺事项一并永久留存", examples=["市级集中签约，公平竞争审查意见一周内补齐"]
    )


class ApproveIn(BaseModel):
    """A second person's yes."""

    model_config = ConfigDict(extra="forbid")

    note: Reason | None = Field(None, description="审批意见", examples=["同意，限九月底前补齐"])


class RefuseIn(BaseModel):
    """A second person's no."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="不批准的理由", examples=["合法性审查未通过，不宜签约"])


class MissingOut(BaseModel):
    """Something that a gate lacked when an override was asked for."""

    stage: Stage = Field(description="要求它的阶段", examples=["signed"])
    code: str = Field(description="要求的代码", examples=["review.fair_competition"])
    message: str = Field(description="缺什么", examples=["没有做公平竞争审查"])


class OverrideOut(BaseModel):
    """A request to pass a closed gate: who asked, why, what was missing, who decided, and which move used it."""

    id: int = Field(description="例外号", examples=[4])
    stage: Stage = Field(description="要进入的阶段", examples=["signed"])
    happened_on: date = Field(description="发生日期", examples=["2024-09-12"])
    state: OverrideState = Field(description=STATE, examples=["approved"])
    reason: str = Field(description="申请理由", examples=["市级集中签约，审查意见一周内补齐"])
    missing: list[MissingOut] = Field(description="申请时缺的事项；批准只及于这些")
    rule: str = Field(description="所据规则版本", examples=["gates/0"])
    requested_at: datetime = Field(description="申请时间", examples=["2024-09-11T02:11:00Z"])
    requested_by: str = Field(description="申请人", examples=["李四"])
    decided_at: datetime | None = Field(description="审批时间", examples=["2024-09-11T06:30:00Z"])
    decided_by: str | None = Field(description="审批人", examples=["王主任"])
    decision: str | None = Field(description="审批意见", examples=["同意，限九月底前补齐"])
    move: int | None = Field(description="用了这项例外的阶段变更记录号", examples=[87])


class GateItemOut(BaseModel):
    """One thing that a gate asks for."""

    code: str = Field(description="代码，一个阶段内不重复", examples=["review.fair_competition"])
    type: Literal["field", "paper", "review", "evidence", "stage"] = Field(
        description="field 项目信息、paper 合同协议、review 审查、evidence 佐证材料、stage 阶段本身",
        examples=["review"],
    )
    label: str = Field(description="名称", examples=["公平竞争审查"])
    asked_from: date | None = Field(description="自何日起要求", examples=["2024-08-01"])
    present: bool = Field(description="是否具备", examples=[False])
    lack: Lack | None = Field(description=LACK, examples=["not_requested"])
    message: str | None = Field(description="缺什么", examples=["没有做公平竞争审查"])
    how: str | None = Field(description="怎么补", examples=["就公平竞争审查送审并登记结论"])


class GateOut(BaseModel):
    """The gate into one stage."""

    stage: Stage = Field(description="阶段", examples=["signed"])
    label: str = Field(description="阶段名称", examples=["签约"])
    state: StageState = Field(
        description="reached 已到达、passed_over 已越过、current 现处、ahead 未到、skipped 该类型项目没有此阶段",
        examples=["ahead"],
    )
    happened_on: date | None = Field(description="实际到达日期", examples=[None])
    may_skip: bool = Field(description="可以不经过：越过时不要求", examples=[False])
    open: bool = Field(
        description="要求是否齐备。未到的阶段：现在直接变更到此能否通过，途中越过的阶段也算在内", examples=[False]
    )
    imported: bool = Field(description="台账导入时带来的阶段：不经关口，缺的只作提示", examples=[False])
    judged_on: date = Field(description="按哪一天判断", examples=["2024-09-12"])
    rule: str = Field(description="所据规则版本", examples=["gates/0"])
    required: list[GateItemOut] = Field(description="要求的事项")
    missing: int = Field(description="本阶段缺几项", examples=[1])
    waits_for: list[Stage] = Field(description="未到的阶段：途中还有哪些阶段的要求未齐", examples=[["registered"]])
    overrides: list[OverrideOut] = Field(description="进入本阶段的例外申请，依申请先后")


class GatesOut(BaseModel):
    """Every gate of a project's life, in order."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    kind: Kind = Field(description="项目类型", examples=["industry_land"])
    stage: Stage = Field(description="现处阶段", examples=["talk"])
    imported: bool = Field(description="是否有台账导入的历史", examples=[False])
    gaps: int = Field(description="已到达或已越过的阶段共缺几项（导入的历史只作提示）", examples=[0])
    as_of: date = Field(description="前面的关口按哪一天判断", examples=["2024-09-12"])
    rule: str = Field(description="那一天的规则版本", examples=["gates/0"])
    stages: list[GateOut] = Field(description="依阶段先后")
