"""What is said of clauses, in and out."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.agreements.models import AgreementType
from app.facts.commitments.terms import (
    CLAUSE_KIND_LABELS,
    CLAUSE_STATE_LABELS,
    CONDITION_LABELS,
    MEASURE_LABELS,
    PARTY_LABELS,
    SETTING_LABELS,
    Anchor,
    ClauseKind,
    ClauseState,
    Condition,
    Measure,
    Party,
    Reached,
    Setting,
    Span,
)
from app.facts.projects.terms import Stage
from app.kernel.calendar import FIRST_YEAR, LAST_YEAR, Day
from app.kernel.money import YuanOut
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
UnitCode = Annotated[Line, StringConstraints(max_length=20)]
ProjectCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z-]{1,20}$")]
ClauseNumber = Annotated[Line, StringConstraints(max_length=40)]
Basis = Annotated[Line, StringConstraints(max_length=200)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Text = Annotated[Paragraph, StringConstraints(max_length=1000)]
Papers = Annotated[list[Number], Field(max_length=50)]


def _plannable(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("out_of_range", "年份应在 1949 至 2199 之间")
    return day


AnyDay = Annotated[Day, AfterValidator(_plannable)]
"""A day in a request that may lie ahead."""


def words(labels: Any) -> str:
    """The words of a closed list with their labels, for descriptions."""
    return "、".join(f"{word.value} {label}" for word, label in labels.items())


PARTY = "承诺方：" + words(PARTY_LABELS)
KIND = "种类：" + words(CLAUSE_KIND_LABELS)
STATE = "状态：" + words(CLAUSE_STATE_LABELS)
MEASURE = "以何计量：" + words(MEASURE_LABELS)
AS_OF = "按哪一天判断，不填为今天；以现有记录中当日及以前的事实为准"
AMOUNT = "承诺金额（元）；投资强度为每亩多少元"
PERSONS = "承诺人数，用于用工"
AREA = "承诺面积（亩），用于供地"
BASIS = "政策依据（文号）"
REVIEW = "所据审查的编号（见审查）"
SURVIVES = "项目终止或退出后是否仍须履行（清算条款）"
REPLACES = "替代的条款编号：补充协议的条款自签订之日起取代它"
UNIT = "责任单位编码：由谁兑现，或由谁督促企业履行"


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


# -- what is asked -------------------------------------------------------------------------------------------------


class AsOf(BaseModel):
    """The day to look at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: AnyDay | None = Field(None, description=AS_OF, examples=["2026-11-24"])


class CommitmentFilter(AsOf):
    """What the list of clauses can be asked."""

    limit: int = Field(50, ge=1, le=200, description="每页条数，至多 200", examples=[50])
    after: str | None = Field(None, description="上一页答复中的 next；不填为第一页", max_length=60)
    count: bool = Field(False, description="true 时答复含 total（总数）")
    mine: bool = Field(False, description="true：只列我单位负责的条款", examples=[False])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    agreement: Number | None = Field(None, description="合同协议的记录号", examples=[12])
    enterprise: Number | None = Field(None, description="企业编号", examples=[5])
    unit: tuple[UnitCode, ...] | None = Field(None, description="责任单位编码，可多选", examples=[["czj"]])
    party: Party | None = Field(None, description=PARTY, examples=["district"])
    kind: tuple[ClauseKind, ...] | None = Field(None, description=f"{KIND}；可多选", examples=[["subsidy"]])
    state: tuple[ClauseState, ...] | None = Field(
        None, description=f"{STATE}；可多选；不填则不列作废与已被替代的", examples=[["overdue"]]
    )
    overdue_from: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="只列逾期满多少天而未履行的", examples=[90]
    )
    due_until: AnyDay | None = Field(None, description="只列在该日及以前到期的", examples=["2026-12-31"])


class BreachFilter(AsOf):
    """Whose breaches, and how long."""

    party: Party | None = Field(None, description=PARTY, examples=["enterprise"])
    overdue_from: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="只计逾期满多少天的", examples=[90]
    )


# -- what is told --------------------------------------------------------------------------------------------------


class Told(BaseModel):
    as_of: date = Field(description="状态所据日期", examples=["2026-11-24"])
    valid_until: datetime = Field(description="此刻起状态可能自行变化", examples=["2026-11-24T16:00:00Z"])


class ClauseConditionOut(BaseModel):
    """What must have come about before."""

    kind: Condition = Field(description="条件：" + words(CONDITION_LABELS), examples=["stage"])
    stage: Stage | None = Field(description="阶段", examples=["production"])
    clause: int | None = Field(description="须先履行的条款编号", examples=[None])
    measure: Reached | None = Field(description="成效", examples=[None])
    amount: YuanOut | None = Field(description="须达到的金额（元）")
    persons: int | None = Field(description="须达到的人数", examples=[None])
    met_on: date | None = Field(description="条件于何日成就；null 尚未成就", examples=["2021-06-30"])


class ClauseDueOut(BaseModel):
    """Until when."""

    on: date | None = Field(description="约定的到期日", examples=[None])
    after: Anchor | None = Field(description="自何时起算", examples=["production"])
    count: int | None = Field(description="几日或几个月", examples=[6])
    span: Span | None = Field(description="单位", examples=["months"])
    clause: int | None = Field(description="自哪一条款履行之日起算", examples=[None])
    day: date | None = Field(description="到期日；null 为尚不能确定或未约定", examples=["2021-12-30"])


class PromiseOut(BaseModel):
    """A quantity, in the measure of the clause; the others are null."""

    amount: YuanOut | None = Field(description="金额（元）；投资强度为每亩")
    persons: int | None = Field(description="人数", examples=[None])
    area: str | None = Field(description="面积（亩）", examples=[None])
    percent: int | None = Field(description="完成百分比", examples=[None])
    text: str = Field(description="文字", examples=["200万元"])


class CommitmentRow(BaseModel):
    """A clause as it stands on the day that is looked at."""

    id: int = Field(description="条款编号", examples=[31])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["杏鲍菇工厂化种植"])
    enterprise: int | None = Field(description="项目现在的投资企业编号；企业变更后条款随之转移", examples=[5])
    enterprise_name: str | None = Field(description="投资企业", examples=["某某农业有限公司"])
    agreement: int = Field(description="所属合同协议的记录号", examples=[12])
    agreement_type: AgreementType = Field(description="协议类型", examples=["formal"])
    agreement_number: str | None = Field(description="合同编号", examples=["QJZS-2020-012"])
    signed_on: date = Field(description="协议签订日期", examples=["2020-08-18"])
    number: str | None = Field(description="条款号", examples=["第五条第二款"])
    text: str = Field(description="条款内容", examples=["项目投产后六个月内，兑现固定资产投资补贴二百万元"])
    party: Party = Field(description=PARTY, examples=["district"])
    kind: ClauseKind = Field(description=KIND, examples=["subsidy"])
    measure: Measure = Field(description=MEASURE, examples=["money"])
    promised: PromiseOut = Field(description="承诺的数额")
    achieved: PromiseOut = Field(description="至所据日期已履行的数额")
    condition: ClauseConditionOut = Field(description="条件")
    due: ClauseDueOut = Field(description="期限")
    unit: str | None = Field(description=UNIT, examples=["czj"])
    unit_name: str | None = Field(description="责任单位", examples=["区财政局"])
    basis: str | None = Field(description=BASIS, examples=["黔江府发〔2020〕8号"])
    basis_from: date | None = Field(description="依据自何日有效", examples=["2020-01-01"])
    basis_to: date | None = Field(description="依据有效至（含）", examples=["2025-12-31"])
    review: int | None = Field(description=REVIEW, examples=[None])
    survives_end: bool = Field(description=SURVIVES, examples=[False])
    replaces: int | None = Field(description=REPLACES, examples=[None])
    note: str | None = Field(description="备注", examples=[None])
    imported: bool = Field(description="是否随历史资料补录", examples=[False])
    state: ClauseState = Field(description=STATE, examples=["overdue"])
    why: list[str] = Field(description="缘由", examples=[["应于 2021-12-30 履行，已逾期 120 天"]])
    fulfilled_on: date | None = Field(description="履行完毕的日期", examples=[None])
    days_overdue: int = Field(description="逾期天数；已履行的按履行日期计，未逾期为 0", examples=[120])
    entered_by: str = Field(description="登记人", examples=["王芳"])


class CommitmentList(Told):
    """The clauses of a project by agreement, those that hold no more included."""

    items: list[CommitmentRow] = Field(description="按协议签订日期排列")


class CommitmentPage(Told):
    """A page of clauses, the longest overdue first, then those due first."""

    items: list[CommitmentRow] = Field(description="本页的条款")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")


class ClauseSettingOut(BaseModel):
    """That a clause was stopped or waived."""

    id: int = Field(description="记录号", examples=[2])
    state: Setting = Field(description="、".join(SETTING_LABELS.values()), examples=["stopped"])
    since: date = Field(description="自", examples=["2026-11-01"])
    until: date | None = Field(description="恢复之日；null 仍然有效", examples=[None])
    reason: str = Field(description="原因", examples=["公平竞争审查认定属于违规补贴"])
    basis: str | None = Field(description="决定的文号", examples=[None])
    review: int | None = Field(description=REVIEW, examples=[None])
    by: str = Field(description="办理人", examples=["演示·审核人"])
    ended_reason: str | None = Field(description="恢复的原因", examples=[None])
    ended_by: str | None = Field(description="恢复的办理人", examples=[None])


class DeliveryOut(BaseModel):
    """What was done of a clause."""

    id: int = Field(description="记录号", examples=[4])
    on: date = Field(description="日期", examples=["2026-10-15"])
    area: str | None = Field(description="本次交付的面积（亩）", examples=[None])
    percent: int | None = Field(description="至该日共完成百分之几", examples=[60])
    note: str | None = Field(description="说明", examples=["园区主干道路基完成"])
    evidence: int | None = Field(description="材料号", examples=[7])
    voided_reason: str | None = Field(description="作废原因；null 有效", examples=[None])
    by: str = Field(description="登记人", examples=["演示·单位联络员"])


class CommitmentOut(CommitmentRow, Told):
    """A clause whole."""

    replaced_by: int | None = Field(description="取代它的条款编号", examples=[None])
    voided_reason: str | None = Field(description="作废原因；null 有效", examples=[None])
    evidence: list[int] = Field(description="佐证材料号", examples=[[7]])
    settings: list[ClauseSettingOut] = Field(description="停止执行与豁免的记录，先后排列，恢复后仍列出")
    deliveries: list[DeliveryOut] = Field(description="交付记录，先后排列，作废的仍列出")


class BreachRow(BaseModel):
    """Who is late with how much."""

    overdue: int = Field(description="逾期未履行的条款数", examples=[3])
    over_90: int = Field(description="其中逾期超过 90 天的", examples=[2])
    over_365: int = Field(description="其中逾期超过 365 天的", examples=[1])
    longest_days: int = Field(description="逾期最久的天数", examples=[400])
    by_enterprise: int = Field(description="其中企业承诺", examples=[2])
    by_district: int = Field(description="其中政府承诺", examples=[1])
    subsidies_due: YuanOut = Field(description="其中逾期未拨付的补贴（元）")
    projects: int = Field(description="涉及的项目数", examples=[2])


class EnterpriseBreach(BreachRow):
    """The breaches around an enterprise: by it, and towards it."""

    enterprise: int | None = Field(description="企业编号；null 为项目未登记投资企业", examples=[5])
    enterprise_name: str | None = Field(description="企业", examples=["某某农业有限公司"])


class UnitBreach(BreachRow):
    """The breaches that a unit answers for."""

    unit: str | None = Field(description="责任单位编码；null 为未指定", examples=["czj"])
    unit_name: str | None = Field(description="责任单位", examples=["区财政局"])


class EnterpriseBreaches(Told):
    """By enterprise, the most breaches first."""

    items: list[EnterpriseBreach] = Field(description="有逾期条款的企业，逾期多的在先")
    total: int = Field(description="逾期未履行的条款数", examples=[12])


class UnitBreaches(Told):
    """By unit, the most breaches first."""

    items: list[UnitBreach] = Field(description="有逾期条款的责任单位，逾期多的在先")
    total: int = Field(description="逾期未履行的条款数", examples=[12])
