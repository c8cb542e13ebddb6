import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.rewards.claims.terms import CLAIM_STATE_LABELS, VERB_LABELS, ClaimState, Verb
from app.facts.rewards.leads.schemas import Number, ProjectCode, Remarks, RewardPaperOut, Said, UnitCode
from app.kernel.calendar import Day, PastDay
from app.kernel.money import Yuan, YuanOut
from app.kernel.paging import PageQuery

PERCENT = r"^(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?)$"


def _percent(text: str) -> str:
    if re.fullmatch(PERCENT, text) is None:
        raise PydanticCustomError("not_a_percent", "应为 0–100 的百分数，至多四位小数，如 33.3333")
    return text


Percent = Annotated[str, AfterValidator(_percent), Field(json_schema_extra={"pattern": PERCENT})]
PolicyCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
FundCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Year = Annotated[int, Field(ge=2000, le=2199)]

STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in CLAIM_STATE_LABELS.items())
VERB = "办理：" + "、".join(f"{word.value} {label}" for word, label in VERB_LABELS.items())
PAPER = "材料号，须是该线索下{}，未用于其他步骤"
GROSS = "核定的奖励总额（元），须与按当前事实计算的一致：批准的就是所见到的"
FUND = "列支的资金（编码）"
YEAR = "列支的年度"


class ShareIn(BaseModel):
    """A provider's part."""

    model_config = ConfigDict(extra="forbid")

    provider: Number = Field(description="引资人编号", examples=[3])
    percent: Percent = Field(description="分配比例，百分数，至多四位小数；合计须为 100", examples=["60"])


def _whole(shares: tuple[ShareIn, ...]) -> tuple[ShareIn, ...]:
    if len({share.provider for share in shares}) < len(shares):
        raise PydanticCustomError("twice", "同一引资人只列一次")
    if any(Decimal(share.percent) == 0 for share in shares):
        raise PydanticCustomError("not_above_zero", "分配比例须大于零")
    if sum(Decimal(share.percent) for share in shares) != 100:
        raise PydanticCustomError("not_whole", "分配比例合计须为 100")
    return shares


EXAMPLE: Any = {
    "lead": 12, "policy": "investment_slab", "fund": "district_reward", "paper": 8,
    "shares": [{"provider": 3, "percent": "60"}, {"provider": 4, "percent": "40"}],
}  # fmt: skip


class ClaimIn(BaseModel):
    """A claim of a lead's providers under one policy."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    lead: Number = Field(description="线索编号，须已关联项目且为该项目最先登记的线索", examples=[12])
    policy: PolicyCode = Field(description="奖励政策编码", examples=["investment_slab"])
    choice: PolicyCode | None = Field(None, description="政策由申领人选择备选时，所选的备选编码", examples=[None])
    met_on: PastDay | None = Field(
        None, description="达到起点的日期；政策按此日定版本或起算期限的必填，须与事实相符", examples=["2026-09-30"]
    )
    fund: FundCode = Field(description=FUND, examples=["district_reward"])
    year: Year | None = Field(None, description=f"{YEAR}；不填为今年", examples=[2026])
    shares: Annotated[tuple[ShareIn, ...], Field(min_length=1, max_length=20), AfterValidator(_whole)] = Field(
        description="各引资人按其自行约定的分配，须恰为该线索的引资人",
        examples=[[{"provider": 3, "percent": "60"}, {"provider": 4, "percent": "40"}]],
    )
    paper: Number = Field(description=PAPER.format("的奖励申报书"), examples=[8])
    remarks: Remarks | None = Field(None, description="说明", examples=[None])


class ClaimStepIn(BaseModel):
    """A step that rests on a paper."""

    model_config = ConfigDict(extra="forbid")

    paper: Number = Field(description=PAPER.format("与这一步相应的材料"), examples=[9])
    remarks: Remarks | None = Field(None, description="意见", examples=["情况属实，同意申报"])


class ClaimReasonIn(BaseModel):
    """A step that needs a reason."""

    model_config = ConfigDict(extra="forbid")

    remarks: Remarks = Field(description="理由", examples=["经核查不符合申报条件"])


class ClaimPublishIn(BaseModel):
    """When the public notice begins."""

    model_config = ConfigDict(extra="forbid")

    starts_on: Day | None = Field(None, description="公示开始日期，今天起三十天内；不填为今天", examples=["2026-10-12"])


class ClaimApproveIn(ClaimStepIn):
    """That a claim is granted, and how much."""

    gross: Yuan = Field(description=GROSS, examples=["95000.00"])


class ClaimAcceptIn(ClaimApproveIn):
    """That what the facts give now is granted in place of what was approved."""

    remarks: Remarks = Field(description="理由", examples=["到位资金冲销后重新核定"])


class ClaimClawBackIn(BaseModel):
    """Why, and how much, money is taken back."""

    model_config = ConfigDict(extra="forbid")

    everything: bool = Field(
        description="true 全部追回（虚假申报）；false 只追回超出按当前事实应得的部分", examples=[True]
    )
    happened_on: PastDay = Field(description="追回日期", examples=["2026-12-01"])
    paper: Number = Field(description=PAPER.format("的追回依据"), examples=[11])
    remarks: Remarks = Field(description="理由", examples=["经审计，申报材料不实"])


class ObjectionIn(BaseModel):
    """What somebody says against a claim."""

    model_config = ConfigDict(extra="forbid")

    raised_on: PastDay = Field(description="提出日期，须在公示期内", examples=["2026-10-14"])
    raised_by: Said | None = Field(None, description="提出人；匿名不填", examples=[None])
    remarks: Remarks = Field(description="异议内容", examples=["项目由他人引荐"])
    paper: Number = Field(description=PAPER.format("的异议材料"), examples=[10])


class ObjectionAnswerIn(BaseModel):
    """What comes of an objection."""

    model_config = ConfigDict(extra="forbid")

    upheld: bool = Field(description="true 异议成立（不予奖励），false 不成立", examples=[False])
    remarks: Remarks = Field(description="答复", examples=["经核实，线索登记在先，异议不成立"])


class ClaimPayIn(BaseModel):
    """That an instalment was paid to every provider."""

    model_config = ConfigDict(extra="forbid")

    paid_on: PastDay = Field(description="支付日期", examples=["2026-11-05"])
    paper: Number = Field(description=PAPER.format("的支付凭证"), examples=[12])


# -- what is told --------------------------------------------------------------------------------------------------


class LineOut(BaseModel):
    """One line of a calculation."""

    kind: str = Field(
        description="base、floor、band、amount、alternative、multiplier、size、cap、rounding", examples=["band"]
    )
    text: str = Field(description="说明", examples=["1000万元以下按 5‰：50000元"])
    amount: YuanOut = Field(description="使累计增减（元）")
    sum: YuanOut = Field(description="至本行累计（元）")


class InstalmentPlanOut(BaseModel):
    """A part of what a calculation gives."""

    label: str = Field(description="名称", examples=["首期"])
    condition: str = Field(description="兑现条件", examples=["投资完成率达到 60%"])
    amount: YuanOut = Field(description="金额（元）")


class ShareOut(BaseModel):
    """What one provider gets."""

    provider: int = Field(description="引资人编号", examples=[3])
    percent: str = Field(description="分配比例，百分数", examples=["60"])
    tax: str = Field(description="税目", examples=["偶然所得"])
    gross: YuanOut = Field(description="奖励（元）")
    taxable: YuanOut = Field(description="计税部分（元）")
    withheld: YuanOut = Field(description="代扣税款（元）")
    net: YuanOut = Field(description="实付（元）")


class CalculationOut(BaseModel):
    """What a claim comes to, line by line."""

    as_of: date = Field(description="按哪一天的事实计算", examples=["2026-10-10"])
    rule: str = Field(description="政策版本", examples=["reward_policies/1"])
    tax_rule: str = Field(description="税目所依据的规则版本", examples=["reward_procedure/0"])
    policy: str = Field(description="政策编码", examples=["investment_slab"])
    label: str = Field(description="政策名称", examples=["固定资产投资累进奖励"])
    basis: str = Field(description="政策依据", examples=["示例"])
    option: str = Field(description="采用的计算方法", examples=["investment"])
    base: str = Field(description="计奖基数", examples=["fixed_asset_investment"])
    quantity: str = Field(description="基数：元，用地面积为亩", examples=["50000000.00"])
    lines: list[LineOut] = Field(description="逐行说明，各行增减之和即奖励总额")
    gross: YuanOut = Field(description="奖励总额（元）")
    taxable: YuanOut = Field(description="计税部分（元）")
    withheld: YuanOut = Field(description="代扣税款（元）")
    net: YuanOut = Field(description="实付（元）")
    instalments: list[InstalmentPlanOut] = Field(description="分期，合计为奖励总额")
    shares: list[ShareOut] = Field(description="各引资人所得，合计为奖励总额")


class KeptCalculationOut(CalculationOut):
    """The same as it was kept with a step."""

    verb: Verb = Field(description=f"哪一步时计算。{VERB}", examples=["approve"])
    at: datetime = Field(description="计算时间", examples=["2026-10-10T02:00:00Z"])
    by: str = Field(description="办理人", examples=["王审核"])


class ClaimCalculationsOut(BaseModel):
    """What was kept beside what the facts give now."""

    kept: list[KeptCalculationOut] = Field(description="各步所存的计算，由旧到新")
    current: CalculationOut | None = Field(description="按今天的事实计算；null 该政策已不适用")
    difference: YuanOut = Field(description="当前总额减最近一次所存的总额（元）")
    differs: bool = Field(
        description="是否不同（总额或税款）：不同则支付前须重新核定；高于公示金额的不予核定，已批准的照付",
        examples=[False],
    )


class ClaimStepOut(BaseModel):
    """One thing that was done."""

    verb: Verb = Field(description=VERB, examples=["check"])
    from_state: ClaimState | None = Field(description="原状态", examples=["filed"])
    to_state: ClaimState = Field(description="新状态", examples=["checked"])
    at: datetime = Field(description="时间", examples=["2026-10-10T02:00:00Z"])
    by: str = Field(description="办理人", examples=["李工"])
    paper: int | None = Field(description="材料号", examples=[9])
    remarks: str | None = Field(description="意见或理由", examples=["情况属实"])


class ObjectionOut(BaseModel):
    """An objection and what came of it."""

    id: int = Field(description="异议编号", examples=[1])
    raised_on: date = Field(description="提出日期", examples=["2026-10-14"])
    raised_by: str | None = Field(description="提出人", examples=[None])
    text: str = Field(description="异议内容", examples=["项目由他人引荐"])
    paper: int = Field(description="材料号", examples=[10])
    entered_by: str = Field(description="登记人", examples=["李工"])
    upheld: bool | None = Field(description="是否成立；null 未答复", examples=[None])
    answer: str | None = Field(description="答复", examples=[None])
    answered_at: datetime | None = Field(description="答复时间", examples=[None])
    answered_by: str | None = Field(description="答复人", examples=[None])


class InstalmentOut(BaseModel):
    """A part of an approved claim."""

    number: int = Field(description="期次", examples=[1])
    label: str = Field(description="名称", examples=["首期"])
    condition: str = Field(description="兑现条件", examples=["投资完成率达到 60%"])
    amount: YuanOut = Field(description="金额（元）")
    due_on: date | None = Field(description="到期（条件成就）日期；null 未到期", examples=["2026-11-01"])
    paid_on: date | None = Field(description="支付日期；null 未付", examples=["2026-11-05"])


class PaymentOut(BaseModel):
    """Money that was paid to a provider, or taken back (below zero)."""

    id: int = Field(description="支付记录号", examples=[7])
    instalment: int | None = Field(description="期次；null 为追回", examples=[1])
    provider: int = Field(description="引资人编号", examples=[3])
    name: str = Field(description="引资人姓名或名称", examples=["张某"])
    paid_on: date = Field(description="日期", examples=["2026-11-05"])
    tax: str = Field(description="税目", examples=["偶然所得"])
    gross: YuanOut = Field(description="奖励（元）；追回为负")
    taxable: YuanOut = Field(description="计税部分（元）")
    withheld: YuanOut = Field(description="代扣税款（元）")
    net: YuanOut = Field(description="实付（元）")
    paper: int = Field(description="材料号", examples=[12])
    by: str = Field(description="办理人", examples=["周会计"])


class ClaimWarning(BaseModel):
    """What one should look at."""

    code: str = Field(
        description="稳定代码：over_budget、no_budget、differs、more_than_shown、excluded", examples=["over_budget"]
    )
    message: str = Field(description="说明", examples=["超出该资金本年度预算余额 20000 元"])


class ClaimOut(BaseModel):
    """A claim as it stands."""

    id: int = Field(description="申报编号", examples=[5])
    lead: int = Field(description="线索编号", examples=[12])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产项目"])
    unit: str | None = Field(description="责任单位编码", examples=["jxw"])
    policy: str = Field(description="奖励政策编码", examples=["investment_slab"])
    choice: str | None = Field(description="所选的备选", examples=[None])
    met_on: date | None = Field(description="达到起点的日期", examples=["2026-09-30"])
    fund: str = Field(description=FUND, examples=["district_reward"])
    year: int = Field(description=YEAR, examples=[2026])
    state: ClaimState = Field(description=STATE, examples=["noticed"])
    frozen_from: ClaimState | None = Field(description="冻结前的状态", examples=[None])
    held_reason: str | None = Field(description="因异议以外的原因冻结的理由", examples=[None])
    notice_from: date | None = Field(description="公示开始日期", examples=["2026-10-12"])
    notice_to: date | None = Field(description="公示结束日期（含）", examples=["2026-10-19"])
    gross: YuanOut = Field(description="最近一次所存计算的奖励总额（元）")
    current_gross: YuanOut = Field(description="事实最近一次变化后的奖励总额（元）；与前者不同的，支付前须重新核定")
    paid: YuanOut = Field(description="已付总额（元），追回的已减去")
    filed_on: date = Field(description="申报日期", examples=["2026-10-10"])
    shares: list[ShareOut] = Field(description="最近一次所存计算中各引资人所得")
    steps: list[ClaimStepOut] = Field(description="已办各步，由旧到新")
    objections: list[ObjectionOut] = Field(description="异议")
    instalments: list[InstalmentOut] = Field(description="分期；批准后才有")
    payments: list[PaymentOut] = Field(description="支付与追回")
    papers: list[RewardPaperOut] = Field(description="线索下的全部材料")
    may: list[Verb] = Field(description="当前状态下您的权限可办的事项（是否同一人等另行判断）", examples=[["approve"]])
    warnings: list[ClaimWarning] = Field(description="提示")


class ClaimRow(BaseModel):
    """A claim in a list."""

    id: int = Field(description="申报编号", examples=[5])
    lead: int = Field(description="线索编号", examples=[12])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产项目"])
    unit: str | None = Field(description="责任单位编码", examples=["jxw"])
    policy: str = Field(description="奖励政策编码", examples=["investment_slab"])
    fund: str = Field(description=FUND, examples=["district_reward"])
    year: int = Field(description=YEAR, examples=[2026])
    state: ClaimState = Field(description=STATE, examples=["noticed"])
    notice_to: date | None = Field(description="公示结束日期（含）", examples=["2026-10-19"])
    gross: YuanOut = Field(description="奖励总额（元）")
    current_gross: YuanOut = Field(description="事实最近一次变化后的奖励总额（元）")
    paid: YuanOut = Field(description="已付总额（元）")
    filed_on: date = Field(description="申报日期", examples=["2026-10-10"])


class ClaimFilter(PageQuery):
    """What of the claims is asked for."""

    state: tuple[ClaimState, ...] = Field((), description=STATE, max_length=10, examples=["noticed"])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    unit: UnitCode | None = Field(None, description="责任单位编码", examples=["jxw"])
    provider: Number | None = Field(None, description="引资人编号", examples=[3])
    policy: PolicyCode | None = Field(None, description="奖励政策编码", examples=["investment_slab"])
    fund: FundCode | None = Field(None, description=FUND, examples=["district_reward"])
    year: Year | None = Field(None, description=YEAR, examples=[2026])
    differs: bool | None = Field(None, description="只看当前总额与所存总额不同或相同的", examples=[True])
