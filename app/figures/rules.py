"""What the words of the figures mean, as far as places and years differ about it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.facts.projects.terms import Sector
from app.kernel import rules
from app.kernel.errors import FieldError


class IndicatorRules(BaseModel):
    """How indicators are computed and printed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    funds_rate: Literal["same_period", "cumulative"] = Field(
        "same_period", description="资金到位率：same_period 同期到位÷同期合同；cumulative 累计到位÷累计合同"
    )
    start_rate: Literal["same_year", "started_in_period", "surviving"] = Field(
        "same_year",
        description="落地开工率：same_year 当年签约当年开工÷签约；started_in_period 期内开工÷期内签约；"
        "surviving 当年签约当年开工÷签约，均不含已终止或退出的项目",
    )
    production_rate: Literal["signed", "started"] = Field("signed", description="投产率的分母：期内签约或期内开工")
    full_capacity_rate: Literal["signed", "started"] = Field("signed", description="达产率的分母：期内签约或期内开工")
    terminated_stay: bool = Field(True, description="已终止或退出的项目是否仍计入其签约当期")
    sector_groups: dict[Sector, Sector] = Field(
        default_factory=dict,
        description="统计时并入另一产业的产业，例如 {construction: services}",
        examples=[{"construction": "services"}],
    )
    joint_trips: Literal["each_unit", "reporting_unit"] = Field(
        "each_unit",
        description="几个单位共同参加的对接活动按单位细分时：each_unit 各单位都计一次，"
        "reporting_unit 只计保留的填报单位；全区合计都只计一次",
    )
    agreements_since: date = Field(date(2015, 1, 1), description="合同履约统计的起始日", examples=["2015-01-01"])
    ratio_digits: int = Field(1, ge=0, le=6, description="比率（%）的小数位数")
    money_digits: int = Field(2, ge=0, le=6, description="金额（亿元）的小数位数")
    rounding: Literal["half_up", "down"] = Field("half_up", description="half_up 四舍五入，down 直接截断")


def _no_chains(body: IndicatorRules) -> list[FieldError]:
    if set(body.sector_groups).isdisjoint(body.sector_groups.values()):
        return []
    message = "被并入的产业不得再接收其他产业"
    return [FieldError(field="body.sector_groups", code="chain", message=message)]


INDICATORS = rules.declare(
    rules.RuleKind("indicators", "指标口径", IndicatorRules, shipped=IndicatorRules(), check=_no_chains)
)
