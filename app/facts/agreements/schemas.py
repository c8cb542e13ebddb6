from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.agreements.models import AgreementType
from app.kernel.calendar import PastDay
from app.kernel.money import SignedYuan, Yuan, YuanOut
from app.kernel.text import Line, Paragraph

Number = Annotated[Line, StringConstraints(max_length=80)]
Parties = Annotated[Paragraph, StringConstraints(max_length=500)]
Note = Annotated[Paragraph, StringConstraints(max_length=2000)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]

TYPE = "类型：intent 意向书、framework 框架协议、strategic 战略协议、formal 正式合同、supplement 补充协议"
NUMBER = "合同编号；同一项目内不得重复"
AMOUNT = "文本载明的金额（元）；正式合同必填且大于零"
INCREMENT = "补充协议的增资金额（元），减资为负；只计这一部分"
PARTIES = "签约主体"

EXAMPLE: Any = {"type": "formal", "signed_on": "2020-08-18", "amount": "120000000.00", "number": "QJZS-2020-012"}


class AgreementIn(BaseModel):
    """A paper that was signed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    type: AgreementType = Field(description=TYPE, examples=["formal"])
    number: Number | None = Field(None, description=NUMBER, examples=["QJZS-2020-012"])
    signed_on: PastDay = Field(description="签订日期，不晚于今天", examples=["2020-08-18"])
    amount: Yuan | None = Field(None, description=AMOUNT, examples=["120000000.00"])
    increment: SignedYuan | None = Field(None, description=INCREMENT, examples=["30000000.00"])
    parties: Parties | None = Field(None, description=PARTIES, examples=["区政府、某某有限公司"])
    note: Note | None = Field(None, description="备注", examples=["含二期用地意向"])


class AgreementPatch(BaseModel):
    """What to correct of a paper; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    type: AgreementType | None = Field(None, description=TYPE, examples=["formal"])
    number: Number | None = Field(None, description=NUMBER + "；null 清除", examples=["QJZS-2020-012"])
    signed_on: PastDay | None = Field(None, description="签订日期，不晚于今天", examples=["2020-08-18"])
    amount: Yuan | None = Field(None, description=AMOUNT + "；null 清除", examples=["120000000.00"])
    increment: SignedYuan | None = Field(None, description=INCREMENT + "；null 清除", examples=["30000000.00"])
    parties: Parties | None = Field(None, description=PARTIES + "；null 清除", examples=["区政府、某某有限公司"])
    note: Note | None = Field(None, description="备注；null 清除", examples=["含二期用地意向"])
    reason: Reason | None = Field(None, description="更正原因，记入历史", examples=["录入时多一个零"])


class VoidIn(BaseModel):
    """Why a paper was recorded wrongly."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="作废原因：这份文本为何不应登记", examples=["与 012 号合同重复登记"])


class AgreementOut(BaseModel):
    """A paper and what it counts."""

    id: int = Field(description="记录号", examples=[12])
    type: AgreementType = Field(description=TYPE, examples=["formal"])
    number: str | None = Field(description=NUMBER, examples=["QJZS-2020-012"])
    signed_on: date = Field(description="签订日期", examples=["2020-08-18"])
    deferred_to: date | None = Field(
        description="顺延计入的日期：签订日期所在期间在登记前已锁定；null 为按签订日期计入", examples=[None]
    )
    amount: YuanOut | None = Field(description=AMOUNT)
    increment: YuanOut | None = Field(description=INCREMENT)
    counted_amount: YuanOut = Field(description="计入合同引资的金额（元）")
    first_formal: bool = Field(description="是否首份正式合同：项目自此计为签约", examples=[True])
    parties: str | None = Field(description=PARTIES, examples=["区政府、某某有限公司"])
    note: str | None = Field(description="备注", examples=["含二期用地意向"])
    imported: bool = Field(description="是否由台账导入", examples=[False])
    voided_reason: str | None = Field(description="作废原因；null 表示有效", examples=[None])


class AgreementList(BaseModel):
    """All papers of a project, by date, voided ones included, and what those that stand add up to."""

    items: list[AgreementOut] = Field(description="按签订日期排列")
    signed_on: date | None = Field(description="首份正式合同的日期", examples=["2020-08-18"])
    contract_amount: YuanOut = Field(description="合同引资合计（元）：正式合同金额与增资之和")
    framework_amount: YuanOut = Field(description="框架协议金额合计（元），另行统计")
