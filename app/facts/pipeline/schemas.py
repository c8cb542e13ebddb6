from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.agreements.models import AgreementType
from app.facts.agreements.schemas import AMOUNT, PARTIES, Number, Parties
from app.facts.agreements.schemas import Note as AgreementNote
from app.facts.pipeline.duplicates.schemas import DuplicateAnswerIn
from app.facts.pipeline.gates.schemas import OverrideOut
from app.facts.projects.terms import Stage
from app.kernel.calendar import PastDay
from app.kernel.money import Yuan
from app.kernel.text import Paragraph

Reason = Annotated[Paragraph, StringConstraints(max_length=500)]

STAGE = (
    "阶段：lead 线索、talk 在谈、framework 意向框架、signed 签约、registered 注册落地、approved 立项、land 供地租赁、"
    "started 开工、completed 竣工、production 投产、full_capacity 达产"
)


class PaperIn(BaseModel):
    """The agreement by which a stage is reached, recorded with the move."""

    model_config = ConfigDict(extra="forbid")

    type: AgreementType | None = Field(
        None,
        description="类型；不填时：到 signed 为 formal，到 framework 为 framework",
        examples=["formal"],
    )
    number: Number | None = Field(None, description="合同编号；同一项目内不得重复", examples=["QJZS-2020-012"])
    signed_on: PastDay | None = Field(
        None, description="签订日期；不填为 happened_on，填则须与之相同", examples=["2020-08-18"]
    )
    amount: Yuan | None = Field(None, description=AMOUNT, examples=["120000000.00"])
    parties: Parties | None = Field(None, description=PARTIES, examples=["区政府、某某有限公司"])
    note: AgreementNote | None = Field(None, description="备注", examples=["含二期用地意向"])


EXAMPLE: Any = {
    "to": "signed",
    "happened_on": "2020-08-18",
    "agreement": {"type": "formal", "number": "QJZS-2020-012", "amount": "120000000.00"},
}


class MoveIn(BaseModel):
    """Where a project goes, when that happened, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    to: Stage = Field(description=STAGE, examples=["signed"])
    happened_on: PastDay = Field(
        description="发生日期，不晚于今天；到 signed 须为首份正式合同的日期，到 framework 须为首份意向或框架协议的日期",
        examples=["2020-08-18"],
    )
    reason: Reason | None = Field(None, description="原因；退回时必填", examples=["合作方资金未落实，退回洽谈"])
    agreement: PaperIn | None = Field(None, description="随签约或意向框架一并登记的合同协议；已登记过的不必再填")
    duplicate_answers: list[DuplicateAnswerIn] = Field(
        default_factory=list,
        max_length=200,
        description="签约时对疑似重复项目的逐一答复（见 GET …/duplicates）；其中有同一项目的不能签约",
    )


class MoveOut(BaseModel):
    """One move of a project: what happened, when it was recorded, by whom, why."""

    model_config = ConfigDict(populate_by_name=True)

    id: int = Field(description="记录号", examples=[87])
    from_: Stage | None = Field(alias="from", description=STAGE, examples=["talk"])
    to: Stage = Field(description=STAGE, examples=["signed"])
    happened_on: date = Field(description="发生日期（登记时所述；此后的更正见项目历史）", examples=["2020-08-18"])
    reason: str | None = Field(description="原因", examples=[None])
    imported: bool = Field(description="是否由台账导入（历史，未经关口）", examples=[False])
    entered_at: datetime = Field(description="登记时间", examples=["2020-08-19T02:11:00Z"])
    entered_by: str = Field(description="登记人", examples=["李四"])
    override: OverrideOut | None = Field(description="关口未开而经例外通过时：谁申请、谁批准、缺什么；否则为 null")


class MoveList(BaseModel):
    """All moves of a project in the order they were recorded."""

    items: list[MoveOut] = Field(description="按登记先后排列")
    stage: Stage = Field(description="现处阶段", examples=["signed"])


class StagePatch(BaseModel):
    """The right date of a stage that was reached."""

    model_config = ConfigDict(extra="forbid")

    happened_on: PastDay | None = Field(
        description="实际发生日期，不晚于今天；null 表示该阶段其实没有经过", examples=["2020-08-20"]
    )
    reason: Reason = Field(description="更正原因", examples=["开工令日期为 8 月 20 日"])


class StageOut(BaseModel):
    """When a stage was really reached."""

    stage: Stage = Field(description=STAGE, examples=["started"])
    happened_on: date | None = Field(description="实际发生日期", examples=["2020-08-20"])
