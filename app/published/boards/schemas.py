from pydantic import BaseModel, Field

from app.published.named import NamedList, UnitName

POINTS = "分数，十进制字符串，小数位数按规则"


class RuleUsed(BaseModel):
    """The version of the rule that a board rests on."""

    version: str = Field(description="活跃指数规则的版本", examples=["activity/1"])
    title: str = Field(description="规则的名称", examples=["2026年活跃指数办法"])
    sample: bool = Field(
        description="是否为随软件提供的样例：市级权重未公布，样例只供试用，不作为依据", examples=[False]
    )
    how: list[str] = Field(
        description="写在表下的说明：分组、并列、扣分、舍入", examples=[["各单位在本类别内排名，同分同名次"]]
    )


class SubIndexHead(BaseModel):
    """One of the six columns: what is measured, how it becomes a score, and its weight."""

    code: str = Field(description="分项代码", examples=["outgoing"])
    label: str = Field(description="分项名称", examples=["外出拜访"])
    weight: str = Field(description="权重；六项合计 100", examples=["20"])
    measure: str = Field(description="计量", examples=["外出拜访次数×1＋外出天数×0.5"])
    method: str = Field(description="得分办法", examples=["功效系数法，本类别内比较，60至100分"])


class PartPoints(BaseModel):
    """One sub-index of one unit: points = score × weight ÷ 100."""

    code: str = Field(description="分项代码", examples=["outgoing"])
    measure: str = Field(description="计量值，准确值", examples=["3.5"])
    score: str = Field(description=f"分项得分（加权前）。{POINTS}", examples=["86.67"])
    points: str = Field(description=f"计入总分的分数（加权后）。{POINTS}", examples=["17.33"])


class UnitLine(BaseModel):
    """A unit's place on the board: the six parts add up to `subtotal`; less `penalty` it is `total`."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称（该周最后一天）", examples=["区经济信息委"])
    rank: int = Field(description="在本类别内的名次；同分同名次", examples=[1])
    parts: list[PartPoints] = Field(description="六个分项，次序与 sub_indices 相同")
    subtotal: str = Field(description=f"六项之和。{POINTS}", examples=["82.50"])
    late: int = Field(description="迟报周报份数", examples=[1])
    missing: int = Field(description="漏报周报份数", examples=[0])
    penalty: str = Field(description=f"扣分，至多扣到零。{POINTS}", examples=["1.00"])
    total: str = Field(description=f"活跃指数。{POINTS}", examples=["81.50"])


class TierBoard(BaseModel):
    """The units of one tier, by rank, those of one rank by name."""

    code: str = Field(description="类别代码", examples=["key"])
    label: str = Field(description="类别名称", examples=["重点责任"])
    units: list[UnitLine] = Field(description="参评单位，按名次")


class SummaryLine(BaseModel):
    """One figure of the whole district in the week."""

    indicator: str = Field(description="指标代码", examples=["signed_count"])
    label: str = Field(description="指标名称", examples=["签约项目数"])
    unit: str = Field(description="单位", examples=["个"])
    value: int | str = Field(description="个数为数字；金额为元、两位小数的字符串；天数为一位小数的字符串", examples=[2])
    text: str = Field(description="印刷写法", examples=["2"])


class BoardContent(BaseModel):
    """What the board of a week says. Only open projects are named in it."""

    period: str = Field(description="周", examples=["2026-W32"])
    label: str = Field(description="周的名称", examples=["2026年第32周"])
    starts_on: str = Field(description="星期一", examples=["2026-08-03"])
    ends_on: str = Field(description="星期日", examples=["2026-08-09"])
    rule: RuleUsed = Field(description="所依据的规则：该周星期一有效的版本")
    sub_indices: list[SubIndexHead] = Field(description="六个分项")
    tiers: list[TierBoard] = Field(description="参评的各类别，没有单位的类别不列")
    summary: list[SummaryLine] = Field(
        description="全区当周：签约、开工、外出拜访、外出天数、企业到访、来访人次、招商活动、新闻宣传"
    )
    late: list[UnitName] = Field(description="迟报周报的单位；该周截止后才有")
    missing: list[UnitName] = Field(description="漏报周报的单位；该周截止后才有")
    signed: NamedList = Field(description="当周新签约")
    started: NamedList = Field(description="当周开工")
