from datetime import date

from pydantic import BaseModel, Field

from app.facts.rewards.claims.schemas import FUND, YEAR, FundCode, Year
from app.facts.rewards.leads.schemas import Number, ProjectCode
from app.kernel.money import YuanOut
from app.kernel.paging import PageQuery


class PaymentFilter(PageQuery):
    """Which payments are asked for."""

    paid_in: Year | None = Field(None, description="支付年份", examples=[2026])
    fund: FundCode | None = Field(None, description=FUND, examples=["district_reward"])
    year: Year | None = Field(None, description=YEAR, examples=[2026])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    provider: Number | None = Field(None, description="引资人编号", examples=[3])


class RegisterRow(BaseModel):
    """Money that was paid to a provider, or taken back (below zero)."""

    id: int = Field(description="支付记录号", examples=[7])
    claim: int = Field(description="申报编号", examples=[5])
    instalment: int | None = Field(description="期次；null 为追回", examples=[1])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产项目"])
    unit: str | None = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str | None = Field(description="责任单位", examples=["区经济信息委"])
    provider: int = Field(description="引资人编号", examples=[3])
    name: str = Field(description="引资人姓名或名称", examples=["张某"])
    kind: str = Field(description="person 个人、organisation 单位", examples=["person"])
    policy: str = Field(description="奖励政策编码", examples=["investment_slab"])
    policy_label: str = Field(description="奖励政策名称，按所适用的版本", examples=["固定资产投资累进奖励"])
    fund: str = Field(description=FUND, examples=["district_reward"])
    fund_label: str | None = Field(description="列支的资金名称；null 该年度没有预算", examples=["区级引资奖励资金"])
    year: int = Field(description=YEAR, examples=[2026])
    paid_on: date = Field(description="日期", examples=["2026-11-05"])
    tax: str = Field(description="税目", examples=["偶然所得"])
    gross: YuanOut = Field(description="奖励（元）；追回为负")
    taxable: YuanOut = Field(description="计税部分（元）")
    withheld: YuanOut = Field(description="代扣税款（元）")
    net: YuanOut = Field(description="实付（元）")
    by: str = Field(description="办理人", examples=["周会计"])
