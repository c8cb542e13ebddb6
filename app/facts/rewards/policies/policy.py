"""One reward policy: what it may say. That it makes sense is told by `checks`, what it comes to by `calculation`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.enterprises.models import ListingCode
from app.facts.funds.models import FundSource
from app.facts.projects.terms import Stage
from app.facts.rewards.policies.terms import (
    Choosing,
    ClaimFrom,
    DueWhen,
    RewardBase,
    RoundDown,
    SizeBy,
    VersionBy,
)
from app.kernel.money import Yuan
from app.kernel.text import Line

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Rate = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$")]
Percent = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,4})?$")]
Label = Annotated[Line, Field(max_length=60)]

START = "下限（含），元；用地面积为亩。第一档从零起，起点计奖的累进从起点起，其后各档从上一档的上限起"
END = "上限（不含），单位同下限；最后一档不填"
RATE = "比例：以金额为基数的为千分比（5 即 5‰），以用地面积为基数的为每亩元数；精确的十进制数"
FROZEN = ConfigDict(extra="forbid", frozen=True)


class RateBand(BaseModel):
    """A stretch of the base with its rate."""

    model_config = FROZEN

    start: Yuan = Field(description=START, examples=["0.00"])
    end: Yuan | None = Field(None, description=END, examples=["10000000.00"])
    rate: Rate = Field(description=RATE, examples=["5"])


class AmountBand(BaseModel):
    """A stretch of the base with a fixed sum."""

    model_config = FROZEN

    start: Yuan = Field(description=START, examples=["0.00"])
    end: Yuan | None = Field(None, description=END, examples=["10000000.00"])
    amount: Yuan = Field(description="奖励金额（元）", examples=["50000.00"])


class Slab(BaseModel):
    """超额累进: each band's part of the base earns at that band's rate."""

    model_config = FROZEN

    shape: Literal["slab"] = Field(description="超额累进", examples=["slab"])
    bands: tuple[RateBand, ...] = Field(min_length=1, max_length=20, description="各档，从低到高，首尾相接")
    earns_from: Literal["zero", "floor"] = Field(
        "zero", description="zero：达到起点后从零算起；floor：只算超过起点的部分", examples=["zero"]
    )


class Whole(BaseModel):
    """全额: the whole base earns at the rate of the band it lies in. At an edge the reward may jump."""

    model_config = FROZEN

    shape: Literal["whole"] = Field(description="按基数所在档的比例全额计算", examples=["whole"])
    bands: tuple[RateBand, ...] = Field(min_length=1, max_length=20, description="各档，从低到高，首尾相接")


class Flat(BaseModel):
    """A fixed sum by the band the base lies in."""

    model_config = FROZEN

    shape: Literal["flat"] = Field(description="按基数所在档定额", examples=["flat"])
    bands: tuple[AmountBand, ...] = Field(min_length=1, max_length=20, description="各档，从低到高，首尾相接")


class Fixed(BaseModel):
    """One sum, whatever the base."""

    model_config = FROZEN

    shape: Literal["fixed"] = Field(description="定额", examples=["fixed"])
    amount: Yuan = Field(description="奖励金额（元）", examples=["50000.00"])


Shape = Annotated[Slab | Whole | Flat | Fixed, Field(discriminator="shape")]


class Option(BaseModel):
    """One way to compute a reward: a base, a floor and a shape. Alternatives are several of these, side by side."""

    model_config = FROZEN

    code: Code = Field(description="编码，在本政策内唯一", examples=["investment"])
    label: Label = Field(description="名称", examples=["按固定资产投资"])
    base: RewardBase = Field(description="计奖基数", examples=["fixed_asset_investment"])
    fund_sources: tuple[FundSource, ...] = Field(
        (), max_length=4, description="只计这些来源的到位资金；不填为全部", examples=[["outside_city", "foreign"]]
    )
    floor: Yuan | None = Field(None, description="起点（含），单位同基数；不足则不奖", examples=["30000000.00"])
    shape: Shape = Field(description="计算方式：slab 超额累进、whole 全额比例、flat 分档定额、fixed 定额")


class Multiplier(BaseModel):
    """A factor for projects of enterprises on one of these lists. Of several that apply the largest does."""

    model_config = FROZEN

    listings: tuple[ListingCode, ...] = Field(
        min_length=1, max_length=5, description="投资企业或其母公司在其中一个榜单上", examples=[["global_500"]]
    )
    factor: Rate = Field(description="倍数，大于 1、至多 10", examples=["1.5"])
    lifts_cap: bool = Field(
        False, description="true：单个项目的封顶也乘以该倍数；false：乘后仍受原封顶", examples=[False]
    )


class CapBand(BaseModel):
    """The cap for projects of a size."""

    model_config = FROZEN

    start: Yuan = Field(description="规模下限（含），元；第一档以下的项目不奖", examples=["100000000.00"])
    end: Yuan | None = Field(None, description="规模上限（不含），元；最后一档不填", examples=["1000000000.00"])
    cap: Yuan = Field(description="封顶（元）", examples=["1000000.00"])


class SizeCaps(BaseModel):
    """Caps by the size of the project."""

    model_config = FROZEN

    by: SizeBy = Field(
        description="规模：investment 计划总投资、contract 合同金额、base 计奖基数", examples=["investment"]
    )
    bands: tuple[CapBand, ...] = Field(min_length=1, max_length=20, description="各档，从低到高，首尾相接")


class Condition(BaseModel):
    """What an instalment waits for."""

    model_config = FROZEN

    when: DueWhen = Field(
        description="approval 审定后即付、completion 投资完成率达到、stage 项目到达阶段", examples=["completion"]
    )
    percent: Percent | None = Field(
        None, description="固定资产投资占计划总投资的百分比，只用于 completion", examples=["60"]
    )
    stage: Stage | None = Field(None, description="阶段，只用于 stage", examples=[None])


class Instalment(BaseModel):
    """A part of a reward and what it waits for."""

    model_config = FROZEN

    label: Label = Field(description="名称", examples=["首期"])
    percent: Percent = Field(description="占奖励的百分比；各期合计 100", examples=["50"])
    condition: Condition = Field(description="兑现条件")


class ClaimWindow(BaseModel):
    """How long a reward may be claimed."""

    model_config = FROZEN

    counts_from: ClaimFrom = Field(
        description="起算日：threshold 达到起点、signed 签约、started 开工、completed 竣工、production 投产",
        examples=["threshold"],
    )
    months: int = Field(ge=1, le=120, description="月数", examples=[12])


AT_ONCE = Instalment(label="一次性", percent="100", condition=Condition(when=DueWhen.APPROVAL))


class Policy(BaseModel):
    """One reward policy."""

    model_config = FROZEN

    code: Code = Field(description="编码，各版本间不变", examples=["investment_slab"])
    label: Label = Field(description="名称", examples=["固定资产投资累进奖励"])
    basis: Annotated[Line, Field(max_length=200)] = Field(
        description="依据（文号）", examples=["黔江府办发〔2026〕1号"]
    )
    options: tuple[Option, ...] = Field(min_length=1, max_length=5, description="计算方法；多于一个即为备选")
    choose: Choosing = Field(
        Choosing.HIGHER,
        description="备选的取法：higher 较高者、chosen 由申领人选择、first 排在最前且有基数者；从不相加",
        examples=["higher"],
    )
    multipliers: tuple[Multiplier, ...] = Field((), max_length=5, description="倍数；多个适用时取最大的一个")
    cap: Yuan | None = Field(None, description="单个项目封顶（元）", examples=["500000.00"])
    size_caps: SizeCaps | None = Field(None, description="按项目规模的封顶")
    cap_per_year: Yuan | None = Field(None, description="本政策一年的封顶（元），各项目合计", examples=[None])
    cap_per_fund: Yuan | None = Field(None, description="本政策在一个资金中的封顶（元），各项目合计", examples=[None])
    rounding: RoundDown = Field(RoundDown.YUAN, description="fen 舍去不足一分、yuan 舍去不足一元", examples=["yuan"])
    instalments: tuple[Instalment, ...] = Field(
        (AT_ONCE,), min_length=1, max_length=12, description="分期，合计 100%；不填为审定后一次付清"
    )
    claim_window: ClaimWindow | None = Field(None, description="申领期限；不填为不限")
    exclusive_with: tuple[Code, ...] = Field(
        (), max_length=20, description="同一项目不得同时享受的其他政策的编码（双向有效）", examples=[[]]
    )
    split_allowed: bool = Field(True, description="可由几名引资人按协议分配", examples=[True])
    version_by: VersionBy = Field(
        VersionBy.LEAD_REGISTERED,
        description="以哪一天有效的版本为准：lead_registered 线索登记之日、threshold_met 达到起点之日",
        examples=["lead_registered"],
    )

    def option(self, code: str) -> Option | None:
        """The alternative of that code."""
        return next((option for option in self.options if option.code == code), None)
