from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel.calendar import PastDay
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Body = Annotated[Line, StringConstraints(max_length=100)]
Person = Annotated[Line, StringConstraints(max_length=60)]
Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Summary = Annotated[Paragraph, StringConstraints(max_length=1000)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]

KIND = (
    "种类：due_diligence 尽职调查、legal 合法性审查、fair_competition 公平竞争审查（2024-08-01 起）、"
    "collective_decision 集体决策"
)
STATE = "状态：requested 审查中、concluded 已有结论、withdrawn 已撤回"
OPINION = "结论：passed 通过、conditional 有条件通过、not_passed 未通过"
AGREEMENT = "所审查的合同协议的记录号；null 为整个项目"
EVIDENCE = "结论文件的材料号（见佐证材料），不得已退回或已替换"
BODY = "审查机构：部门、律师事务所或会议"


class ReviewIn(BaseModel):
    """A review that is asked for."""

    model_config = ConfigDict(extra="forbid")

    kind: ReviewKind = Field(description=KIND, examples=["legal"])
    agreement: Number | None = Field(None, description=AGREEMENT, examples=[12])
    requested_on: PastDay | None = Field(None, description="送审日期；不填为今天", examples=["2020-08-01"])
    note: Note | None = Field(None, description="送审说明", examples=["补充协议草案第三稿"])


class ConcludeIn(BaseModel):
    """What the reviewers said."""

    model_config = ConfigDict(extra="forbid")

    opinion: Opinion = Field(description=OPINION, examples=["conditional"])
    concluded_on: PastDay = Field(description="结论日期，不早于送审日期，不晚于今天", examples=["2020-08-10"])
    body: Body = Field(description=BODY, examples=["区司法局"])
    person: Person | None = Field(None, description="审查机构的经办或负责人", examples=["陈科长"])
    summary: Summary | None = Field(None, description="意见摘要", examples=["建议明确违约责任后签订"])
    conditions: list[Note] = Field(
        default_factory=list,
        description="条件，逐条；有条件通过时必填，其他结论不填",
        max_length=50,
        examples=[["违约责任条款须明确至具体金额"]],
    )
    evidence: Number | None = Field(None, description=EVIDENCE, examples=[7])


class WithdrawIn(BaseModel):
    """Why a review is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="撤回原因", examples=["合同草案有重大修改，重新送审"])


class ConditionIn(BaseModel):
    """Whether a condition is met."""

    model_config = ConfigDict(extra="forbid")

    met_on: PastDay | None = Field(description="落实日期；null 为尚未落实", examples=["2020-08-15"])
    note: Reason | None = Field(None, description="落实情况；改回未落实时必填原因", examples=["合同第十二条已修改"])


class ConditionOut(BaseModel):
    """A condition and whether it is met."""

    id: int = Field(description="条件号", examples=[3])
    text: str = Field(description="条件", examples=["违约责任条款须明确至具体金额"])
    met_on: date | None = Field(description="落实日期；null 为尚未落实", examples=["2020-08-15"])
    note: str | None = Field(description="落实情况", examples=["合同第十二条已修改"])
    judged_by: str | None = Field(description="确认人", examples=["王审核"])


class ReviewOut(BaseModel):
    """A review from its request to its conclusion."""

    id: int = Field(description="审查号", examples=[5])
    kind: ReviewKind = Field(description=KIND, examples=["legal"])
    state: ReviewState = Field(description=STATE, examples=["concluded"])
    agreement: int | None = Field(description=AGREEMENT, examples=[12])
    requested_on: date = Field(description="送审日期", examples=["2020-08-01"])
    requested_at: datetime = Field(description="登记送审的时间", examples=["2020-08-01T02:00:00Z"])
    requested_by: str = Field(description="送审人", examples=["李工"])
    note: str | None = Field(description="送审说明", examples=["补充协议草案第三稿"])
    opinion: Opinion | None = Field(description=OPINION, examples=["conditional"])
    concluded_on: date | None = Field(description="结论日期", examples=["2020-08-10"])
    body: str | None = Field(description=BODY, examples=["区司法局"])
    person: str | None = Field(description="审查机构的经办或负责人", examples=["陈科长"])
    summary: str | None = Field(description="意见摘要", examples=["建议明确违约责任后签订"])
    conditions: list[ConditionOut] = Field(description="条件")
    open_conditions: int = Field(description="尚未落实的条件数", examples=[1])
    evidence: int | None = Field(description="结论文件的材料号", examples=[7])
    concluded_at: datetime | None = Field(description="登记结论的时间", examples=["2020-08-10T08:00:00Z"])
    concluded_by: str | None = Field(description="登记结论的审核人", examples=["王审核"])
    withdrawn_reason: str | None = Field(description="撤回原因", examples=[None])


class ReviewList(BaseModel):
    """All reviews of a project, withdrawn ones included."""

    items: list[ReviewOut] = Field(description="按送审登记的先后排列")
