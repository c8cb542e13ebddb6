from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, OutcomeKind
from app.facts.recognition.schemas import FOLLOWS, PAPERS, EntryNumber, EntryOut, Note, Papers
from app.kernel.money import Yuan, YuanOut

MOST = 1_000_000
KIND = "成效种类：" + "、".join(f"{kind.value} {label}" for kind, label in OUTCOME_KIND_LABELS.items())
PERIOD = "期间：固定资产投资为月（2020-08），实缴资本为到账日（2020-09-30），其余为月或年（2020）；须已结束"
PERSONS = "人数，只用于新增用工：期内净增，减少以负数登记"
AMOUNT = "金额（元），大于零；新增用工不填"

PeriodOrDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$")]
Persons = Annotated[int, Field(ge=-MOST, le=MOST, strict=True)]

EXAMPLE: Any = {"kind": "fixed_asset_investment", "period": "2020-08", "amount": "12000000.00", "evidence": [7]}


class OutcomeIn(BaseModel):
    """What came about in a period."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    kind: OutcomeKind = Field(description=KIND, examples=["fixed_asset_investment"])
    period: PeriodOrDay = Field(description=PERIOD, examples=["2020-08"])
    amount: Yuan | None = Field(None, description=AMOUNT, examples=["12000000.00"])
    persons: Persons | None = Field(None, description=PERSONS, examples=[None])
    note: Note | None = Field(None, description="备注", examples=["土建工程款"])
    evidence: Papers = Field((), description=PAPERS, examples=[[7]])
    follows: EntryNumber | None = Field(None, description=FOLLOWS, examples=[None])


class OutcomeOut(EntryOut):
    """A line of the ledger."""

    id: int = Field(description="记录号", examples=[12])
    kind: OutcomeKind = Field(description=KIND, examples=["fixed_asset_investment"])
    period: str = Field(description="期间", examples=["2020-08"])
    happened_on: date = Field(description="期间最后一天；冲销行为冲销计入的日期", examples=["2020-08-31"])
    amount: YuanOut | None = Field(description="金额（元），冲销为负；新增用工为 null", examples=["12000000.00"])
    persons: int | None = Field(description="人数，冲销为负；其余种类为 null", examples=[None])


class OutcomeTotal(BaseModel):
    """What a kind adds up to."""

    kind: OutcomeKind = Field(description=KIND, examples=["fixed_asset_investment"])
    label: str = Field(description="名称", examples=["固定资产投资"])
    amount: YuanOut | None = Field(description="已认定各行之和（元）", examples=["48000000.00"])
    persons: int | None = Field(description="已认定各行之和（人）", examples=[None])
    declared_amount: YuanOut | None = Field(description="已申报尚未认定（元），不计入", examples=["0.00"])
    declared_persons: int | None = Field(description="已申报尚未认定（人），不计入", examples=[None])


class OutcomeList(BaseModel):
    """The project's whole ledger of outcomes and what it adds up to."""

    items: list[OutcomeOut] = Field(description="按日期排列")
    totals: list[OutcomeTotal] = Field(description="各种成效的合计，没有记录的种类为零")


RATIO = "累计投资 ÷ 计划总投资，十位小数；未填总投资或总投资为零时为 null"


class ProgressMonth(BaseModel):
    """The investment of a month, and how far it had come by its end."""

    month: str = Field(description="月份", examples=["2020-08"])
    amount: YuanOut = Field(description="当月完成固定资产投资（元）；当月有冲销时为差额")
    cumulative: YuanOut = Field(description="累计完成（元）")
    progress: str | None = Field(description=RATIO, examples=["0.4347826087"])
    numerator: YuanOut = Field(description="累计完成（元）")
    denominator: YuanOut | None = Field(description="计划总投资（元）")


class InvestmentProgressOut(BaseModel):
    """A project's investment against what was planned, month by month."""

    investment: YuanOut | None = Field(description="计划总投资（元）；null 未填写", examples=["110400000.00"])
    done: YuanOut = Field(description="累计完成固定资产投资（元），只计已认定的")
    progress: str | None = Field(description=RATIO, examples=["0.4347826087"])
    text: str | None = Field(description="印刷写法", examples=["43.5%"])
    months: list[ProgressMonth] = Field(description="自有记录的第一个月至最后一个月，逐月；中间没有记录的月份为零")
