from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.facts.reports.terms import WeekState
from app.published.named import NamedList, UnitName

POINTS = "分数，十进制字符串，小数位数按规则"


class RuleUsed(BaseModel):
    """The version of the rule that a board rests on."""

    version: str = Field(description="活跃指数规则的版本；activity/trial 为未保存的试算", examples=["activity/1"])
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


class BoardLine(BaseModel):
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
    units: list[BoardLine] = Field(description="参评单位，按名次")


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


# -- as of now -----------------------------------------------------------------------------------------------------


class BoardOut(BoardContent):
    """The board of a week as of now; `POST /issues` freezes it."""

    state: WeekState | None = Field(
        description="该周周报：open 尚未截止，frozen 已截止，reopened 截止后重新开放；null 为该周不要求周报",
        examples=["frozen"],
    )
    deadline: datetime | None = Field(description="周报截止时间；null 同上", examples=["2026-08-10T04:00:00Z"])
    settled: bool = Field(description="迟报、漏报是否已确定；确定之前不能发布", examples=[True])


# -- where a unit's points come from -------------------------------------------------------------------------------


class RowWorth(BaseModel):
    """One row that was counted, and what it is worth."""

    id: int = Field(description="记录号：项目、协议、资金或活动的", examples=[12])
    date: str = Field(description="计入日期", examples=["2026-08-04"])
    deferred_from: str | None = Field(description="发生在已封账期间、顺延计入的，其实际日期", examples=[None])
    title: str | None = Field(description="活动标题或项目名称", examples=["赴杭州拜访企业"])
    project: str | None = Field(description="项目编号", examples=[None])
    engagement: int | None = Field(description="活动编号", examples=[7])
    enterprise: str | None = Field(description="企业名称，按企业计数时", examples=[None])
    count: str = Field(description="计入的数量；同一企业、项目再次出现的为 0", examples=["1"])
    measure: str = Field(description="计量中的份额：数量 × 系数", examples=["1"])
    points: str | None = Field(
        description=f"在该项分数中的份额，按计量分摊。计量不大于零或有冲销时不分摊，为 null。{POINTS}",
        examples=["5.78"],
    )


class TermExplained(BaseModel):
    """One term of a measure, and its rows: those the reader may see, the others counted."""

    indicator: str = Field(description="指标代码", examples=["outgoing_visits"])
    label: str = Field(description="指标名称", examples=["外出拜访次数"])
    unit: str = Field(description="数量的单位；金额为亿元", examples=["次"])
    count: str = Field(description="数量，与 GET /figures 按单位所给的相同", examples=["2"])
    factor: str = Field(description="系数", examples=["1"])
    value: str = Field(description="数量 × 系数", examples=["2"])
    rows: list[RowWorth] = Field(description="计入的各行")
    withheld: int = Field(description="另有多少行计入而您无权查看", examples=[0])
    withheld_points: str | None = Field(description=f"这些行在该项分数中的份额。{POINTS}", examples=["0.00"])


class BasisOut(BaseModel):
    """What a measure was held against; null where the method does not ask for it."""

    target: str | None = Field(description="目标", examples=[None])
    least: str | None = Field(description="所比较单位中的最小值", examples=["0"])
    most: str | None = Field(description="所比较单位中的最大值", examples=["4"])
    place: int | None = Field(description="名次", examples=[None])
    of: int = Field(description="与多少个单位比较（含本单位）", examples=[12])


class PartExplained(SubIndexHead):
    """One sub-index of the unit from its rows to its points."""

    terms: list[TermExplained] = Field(description="计量的各项")
    value: str = Field(description="计量值：各项之和", examples=["3.5"])
    basis: BasisOut = Field(description="对照")
    score: str = Field(description=f"分项得分，已舍入。{POINTS}", examples=["86.67"])
    points: str = Field(description=f"得分 × 权重 ÷ 100，已舍入。{POINTS}", examples=["17.33"])
    working: list[str] = Field(description="算式", examples=[["(3.5−0)÷(4−0)×40＋60＝95.00", "95.00×20÷100＝19.00"]])


class UnitExplanation(BaseModel):
    """Where a unit's points come from, down to the row. Whatever is printed adds up as printed."""

    period: str = Field(description="周", examples=["2026-W32"])
    label: str = Field(description="周的名称", examples=["2026年第32周"])
    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称（该周最后一天）", examples=["区经济信息委"])
    tier: str = Field(description="类别代码", examples=["key"])
    tier_label: str = Field(description="类别名称", examples=["重点责任"])
    rank: int = Field(description="在本类别内的名次", examples=[1])
    of: int = Field(description="本类别参评单位数", examples=[12])
    rule: RuleUsed = Field(description="所依据的规则")
    parts: list[PartExplained] = Field(description="六个分项")
    subtotal: str = Field(description=f"六项之和。{POINTS}", examples=["82.50"])
    late: int = Field(description="迟报周报份数", examples=[1])
    missing: int = Field(description="漏报周报份数", examples=[0])
    due: str = Field(description=f"应扣分。{POINTS}", examples=["1.00"])
    penalty: str = Field(description=f"实扣分：至多扣到零。{POINTS}", examples=["1.00"])
    total: str = Field(description=f"活跃指数。{POINTS}", examples=["81.50"])


# -- trying another rule -------------------------------------------------------------------------------------------


class TrialIn(BaseModel):
    """The rule to try: a version by its number, drafts too, or a body that nobody has saved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int | None = Field(
        None, ge=0, le=2**31 - 1, description="规则版本号（草稿亦可；0 为随软件提供的样例）", examples=[2]
    )
    body: dict[str, Any] | None = Field(
        None, description="规则内容，结构见 GET /rules/activity；与 version 只填一个", examples=[None]
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.version is None) == (self.body is None):
            raise PydanticCustomError("one_of", "version 与 body 须且只能填一个")
        return self


class TrialPlace(BaseModel):
    """A unit's place on one of two boards."""

    rank: int = Field(description="名次", examples=[3])
    total: str = Field(description=f"活跃指数。{POINTS}", examples=["81.50"])


class TrialUnit(BaseModel):
    """A unit under the rule of the week, and under the one that is tried."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称（该周最后一天）", examples=["区经济信息委"])
    tier: str = Field(description="类别代码", examples=["key"])
    before: TrialPlace | None = Field(description="现行规则之下；null 为不参评")
    after: TrialPlace | None = Field(description="试算规则之下；null 为不参评")
    rank_change: int | None = Field(description="名次上升几位，下降为负；null 为不能比较", examples=[2])
    total_change: str | None = Field(description="分数的变化；null 为不能比较", examples=["-1.25"])


class TrialOut(BaseModel):
    """Two boards of one week beside each other. Nothing was saved."""

    units: list[TrialUnit] = Field(description="各单位前后对照，按类别与现行名次")
    before: BoardContent = Field(description="该周现行规则的周展示")
    after: BoardContent = Field(description="试算规则的周展示")
