from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.calendar import FIRST_YEAR, LAST_YEAR, Day, PeriodText
from app.kernel.paging import PageQuery
from app.kernel.text import Line

AsOf = Annotated[Day, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
Filters = Annotated[tuple[Line, ...], Field(max_length=20)]

INDICATOR = "指标代码，见 GET /meta/indicators；占比写作 a/b，例如 large_count/signed_count，筛选条件只用于 a"
FILTER = "筛选，写作 维度:值；同一维度多个值为任一，不同维度须同时满足；维度与值见 GET /meta/dimensions，未填写作 none"
AS_OF = "截至日期，默认今天；此后发生的不计，未结束的期间算到这一天，同比取上年同样长的一段"


class FigureQuery(BaseModel):
    """What figures can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: tuple[Line, ...] = Field(min_length=1, max_length=20, description=INDICATOR, examples=[["signed_count"]])
    period: PeriodText = Field(description="期间", examples=["2020"])
    by: tuple[Line, ...] = Field((), max_length=3, description="细分维度，至多三个", examples=[["sector"]])
    filter: Filters = Field((), description=FILTER, examples=[["sector:industry"]])
    share: bool | None = Field(
        None,
        description="true：占比，筛选条件只用于分子；无筛选时为各部分占合计的比重。a/b 默认 true，其余默认 false",
    )
    compare: Literal["yoy"] | None = Field(None, description="yoy：与上年同期比较", examples=["yoy"])
    rounding: Literal["half_up", "down"] | None = Field(
        None, description="text 的舍入：half_up 四舍五入，down 截断；默认按指标口径", examples=["half_up"]
    )
    digits: int | None = Field(None, ge=0, le=6, description="text 的小数位数；默认按指标口径", examples=[1])
    as_of: AsOf | None = Field(None, description=AS_OF, examples=["2020-12-31"])


class RowQuery(PageQuery):
    """What the rows behind a figure can be asked."""

    indicator: Line = Field(description=INDICATOR, examples=["signed_count"])
    period: PeriodText = Field(description="期间", examples=["2020"])
    filter: Filters = Field((), description=FILTER, examples=[["sector:industry"]])
    part: Literal["numerator", "denominator"] = Field("numerator", description="比率的分子或分母")
    share: bool | None = Field(None, description="与 GET /figures 相同：true 时筛选条件不用于分母")
    as_of: AsOf | None = Field(None, description=AS_OF, examples=["2020-12-31"])


class RestatementQuery(PageQuery):
    """Which corrections of a period's figures are asked for."""

    indicator: Line = Field(description=INDICATOR, examples=["contract_amount"])
    period: PeriodText = Field(description="期间", examples=["2020"])


class OverviewQuery(BaseModel):
    """What the overview can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: PeriodText | None = Field(None, description="期间，默认今年", examples=["2020"])
    as_of: AsOf | None = Field(None, description=AS_OF, examples=["2020-12-31"])


class MapQuery(BaseModel):
    """What the map can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: PeriodText | None = Field(None, description="只要该期间签约的；不填为在库项目", examples=["2020"])
    filter: Filters = Field((), description=FILTER, examples=[["sector:industry"]])
    as_of: AsOf | None = Field(None, description=AS_OF, examples=["2020-12-31"])


class Reason(BaseModel):
    """Why something is missing, or what to beware of."""

    code: str = Field(description="稳定代码", examples=["zero_denominator"])
    message: str = Field(description="中文说明", examples=["分母为零，无法计算"])


NUMBER = "个数为数字；金额为元、两位小数的字符串；天数（含中位数）为一位小数的字符串，半天为 0.5"


class Comparison(BaseModel):
    """The same figure a year earlier, and the change."""

    period: str | None = Field(description="相比的期间", examples=["2019"])
    value: int | str | None = Field(description="上年同期的值", examples=[12])
    numerator: int | str | None = Field(description="上年同期的分子（比率）")
    denominator: int | str | None = Field(description="上年同期的分母（比率）")
    difference: int | str | None = Field(description="本期减上年同期，准确值", examples=[7])
    change: str | None = Field(description="增幅：(本期−上年同期)÷上年同期，十位小数", examples=["0.5833333333"])
    text: str | None = Field(description="增幅的印刷写法", examples=["58.3%"])
    percentage_points: str | None = Field(description="比率之差，百分点，十位小数", examples=["4.3478260870"])
    percentage_points_text: str | None = Field(description="比率之差的印刷写法", examples=["4.3个百分点"])
    version: str | None = Field(description="上年同期所用口径版本", examples=["indicators/0"])
    restated: bool = Field(
        description="上年同期的数据在期末之后有过更正，见 GET /figures/restatements", examples=[False]
    )
    flag: Reason | None = Field(description="两期口径不同时的提示；null 为同一口径")
    reason: Reason | None = Field(description="不能比较时的原因，例如上年同期为零")


class FigureItem(BaseModel):
    """One figure."""

    indicator: str = Field(description="指标代码", examples=["signed_count"])
    label: str = Field(description="指标名称", examples=["签约项目数"])
    period: str = Field(description="期间", examples=["2020"])
    dimensions: dict[str, str] = Field(
        description="细分维度 → 键；none 为未填，other 为其他（含不能单独显示的部分）",
        examples=[{"sector": "industry"}],
    )
    labels: dict[str, str] = Field(description="细分维度 → 名称", examples=[{"sector": "工业"}])
    value: int | str | None = Field(
        description=f"准确值。{NUMBER}；比率与平均分为十位小数的字符串；null 时见 reason", examples=[46]
    )
    text: str | None = Field(
        description="印刷写法：个数、亿元（印不出的小数额用万元）、%；按 rounding 与 digits 或指标口径舍入",
        examples=["46"],
    )
    unit: str = Field(description="单位：个、家、次、条、件、天、元、人、人次、比率、位、分", examples=["个"])
    numerator: int | str | None = Field(description=f"比率的分子。{NUMBER}", examples=[None])
    denominator: int | str | None = Field(description=f"比率的分母。{NUMBER}", examples=[None])
    version: str = Field(description="所用口径的版本", examples=["indicators/0"])
    restated: bool = Field(
        description="该期间的数据在期末之后有过更正（重述），见 GET /figures/restatements", examples=[False]
    )
    reason: Reason | None = Field(description="没有值的原因")
    compare: Comparison | None = Field(description="同比，仅在 compare=yoy 时给出")


class FiguresOut(BaseModel):
    """The figures asked for, in the order of the indicators."""

    items: list[FigureItem] = Field(description="各指标的各个部分")
    period: str = Field(description="期间", examples=["2020"])
    label: str = Field(description="期间名称", examples=["2020年"])
    as_of: date = Field(description="截至日期", examples=["2020-12-31"])
    locked: bool = Field(
        description="该期间是否已锁定：锁定后补记的事实保留发生日期，计入其后第一个未锁定的日期，重新开放后归位",
        examples=[False],
    )


class RestatementOut(BaseModel):
    """A correction, after a period was over, of what its figures had counted."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["防眩光玻璃"])
    source: str = Field(description="所更正的事实代码", examples=["contracts"])
    label: str = Field(description="所更正的事实", examples=["正式合同及增资"])
    day: date = Field(description="该事实更正前或更正后的计入日期", examples=["2020-08-18"])
    recorded_on: date = Field(description="更正日期", examples=["2021-02-03"])
    reason: str | None = Field(description="更正原因", examples=["录入时多一个零"])


class RestatementsOut(BaseModel):
    """Corrections of a period's figures that came after it was over."""

    items: list[RestatementOut] = Field(description="可见的更正，新的在前")
    next: str | None = Field(description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="可见的总数，仅在 count=true 时给出")
    withheld: int = Field(description="另有多少条更正不可见", examples=[0])
    indicator: str = Field(description="指标代码", examples=["contract_amount"])
    period: str = Field(description="期间", examples=["2020"])


class SourceOut(BaseModel):
    """Which kind of fact the rows are."""

    code: str = Field(description="事实代码", examples=["signings"])
    label: str = Field(description="事实名称", examples=["首份正式合同"])
    kind: str = Field(
        description="id 属于哪种记录：project、agreement、fund_entry、outcome、"
        "engagement、engagement_enterprise、engagement_project、ticket、ticket_round、ticket_rating",
        examples=["project"],
    )


class RowOut(BaseModel):
    """A row that a figure counts."""

    project: str | None = Field(description="项目编号；对接活动没有的为 null", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称，对接活动的主题，或企业与其诉求", examples=["防眩光玻璃"])
    date: str = Field(description="计入日期", examples=["2020-08-18"])
    deferred_from: str | None = Field(
        description="发生日期，仅在顺延计入时给出：它所在的期间在记录前已锁定", examples=[None]
    )
    amount: str | int | None = Field(
        description="金额，元；用工、企业到访为人数，外出拜访、诉求办结为天数，评价为分数", examples=["120000000.00"]
    )
    why: str | None = Field(description="冲销的原因；null 不是冲销", examples=[None])
    id: int = Field(description="记录号", examples=[46])
    sector: str | None = Field(description="项目的产业类别", examples=["industry"])
    stage: str | None = Field(description="项目的目前阶段", examples=["started"])
    status: str | None = Field(description="项目的目前状态", examples=["active"])
    engagement: int | None = Field(description="对接活动编号", examples=[None])
    ticket: int | None = Field(description="企业诉求编号", examples=[None])
    enterprise: int | None = Field(description="企业编号；同一企业有几次活动就有几行，指标只计一次", examples=[None])
    enterprise_name: str | None = Field(description="企业名称", examples=[None])


class RowsOut(BaseModel):
    """The rows behind a figure that the actor may see."""

    items: list[RowOut] = Field(description="本页的记录")
    next: str | None = Field(description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="可见的总数，仅在 count=true 时给出")
    withheld: int = Field(description="另有多少条计入但不可见", examples=[1])
    indicator: str = Field(description="指标代码", examples=["signed_count"])
    period: str = Field(description="期间", examples=["2020"])
    part: str = Field(description="分子或分母", examples=["numerator"])
    version: str = Field(description="所用口径的版本", examples=["indicators/0"])
    source: SourceOut = Field(description="记录是哪种事实")


class MonthOut(BaseModel):
    """A month of the period, and the sum from its beginning to the end of that month."""

    month: str = Field(description="月份", examples=["2020-08"])
    signed_count: int = Field(description="当月签约项目数", examples=[4])
    signed_total: int = Field(description="累计签约项目数", examples=[31])
    contract_amount: str = Field(description="当月合同引资，元", examples=["120000000.00"])
    contract_total: str = Field(description="累计合同引资，元", examples=["8200000000.00"])
    funds_arrived: str = Field(description="当月到位资金，元", examples=["30000000.00"])
    funds_total: str = Field(description="累计到位资金，元", examples=["1200000000.00"])


class RecentOut(BaseModel):
    """A recent signing."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["防眩光玻璃"])
    signed_on: date = Field(description="签约日期", examples=["2020-12-18"])
    amount: str = Field(description="首份正式合同金额，元", examples=["120000000.00"])
    sector: str = Field(description="产业类别", examples=["industry"])


class TopUnit(BaseModel):
    """A unit and what its projects signed in the period."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    label: str = Field(description="单位名称", examples=["区经济信息委"])
    signed_count: int = Field(description="签约项目数", examples=[9])
    contract_amount: str = Field(description="合同引资，元", examples=["3120000000.00"])


class OverviewOut(BaseModel):
    """What a landing page needs in one answer."""

    period: str = Field(description="期间", examples=["2020"])
    label: str = Field(description="期间名称", examples=["2020年"])
    as_of: date = Field(description="截至日期", examples=["2020-12-31"])
    locked: bool = Field(description="该期间是否已锁定", examples=[False])
    headline: list[FigureItem] = Field(description="主要指标，含同比")
    sectors: list[FigureItem] = Field(description="按产业类别：签约项目数与合同引资")
    stages: list[FigureItem] = Field(description="在库项目按目前阶段")
    units: list[TopUnit] = Field(description="合同引资最多的十个责任单位")
    months: list[MonthOut] = Field(description="逐月与累计")
    recent: list[RecentOut] = Field(description="期内最近的签约，仅列可见的")
    tracked: int = Field(description="期末在库项目数", examples=[125])


class IndicatorVersion(BaseModel):
    """A definition and the days on which it holds."""

    version: str = Field(description="口径版本", examples=["indicators/0"])
    valid_from: date | None = Field(description="生效日期；null 为自始", examples=[None])
    formula: str = Field(description="公式", examples=["首份正式合同在期内签订的项目数，一个项目只计一次"])
    digits: int | None = Field(description="印刷小数位数", examples=[1])
    rounding: str = Field(description="舍入方式", examples=["half_up"])


class IndicatorOut(BaseModel):
    """An indicator."""

    code: str = Field(description="指标代码", examples=["signed_count"])
    label: str = Field(description="指标名称", examples=["签约项目数"])
    unit: str = Field(description="单位：个、家、次、条、件、天、元、人、人次、比率、位、分", examples=["个"])
    formula: str = Field(description="现行公式", examples=["首份正式合同在期内签订的项目数，一个项目只计一次"])
    digits: int | None = Field(description="印刷小数位数：比率指 %，金额指亿元；null 为整数", examples=[None])
    rounding: str = Field(description="舍入方式", examples=["half_up"])
    stock: bool = Field(description="true 为期末存量，不能按时间细分", examples=[False])
    versions: list[IndicatorVersion] = Field(description="历次口径，由旧到新")


class IndicatorsOut(BaseModel):
    """Every indicator."""

    items: list[IndicatorOut] = Field(description="全部指标")


class DimensionValue(BaseModel):
    """A part of a dimension."""

    key: str = Field(description="键", examples=["industry"])
    label: str = Field(description="名称", examples=["工业"])


class DimensionOut(BaseModel):
    """A dimension."""

    code: str = Field(description="维度代码", examples=["sector"])
    label: str = Field(description="维度名称", examples=["产业类别"])
    time: bool = Field(description="是否时间维度", examples=[False])
    values: list[DimensionValue] | None = Field(description="全部的值；null 为不封闭（时间、产业链、园区等）")


class DimensionsOut(BaseModel):
    """Every dimension."""

    items: list[DimensionOut] = Field(description="全部维度")


class Geometry(BaseModel):
    """A place."""

    type: Literal["Point"] = Field("Point", description="GeoJSON 类型")
    coordinates: tuple[float, float] = Field(description="经度、纬度", examples=[(108.77, 29.53)])


class Feature(BaseModel):
    """A project on the map."""

    type: Literal["Feature"] = Field("Feature", description="GeoJSON 类型")
    id: str = Field(description="项目编号", examples=["500114-2020-0046"])
    geometry: Geometry = Field(description="位置")
    properties: dict[str, Any] = Field(
        description="code、name、stage、status、sector、chain、park、unit、signed_on、contract_amount"
    )


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946) with two members more."""

    type: Literal["FeatureCollection"] = Field("FeatureCollection", description="GeoJSON 类型")
    features: list[Feature] = Field(description="可见且有坐标的项目")
    withheld: int = Field(description="有坐标但不可见的项目数", examples=[1])
    unplaced: int = Field(description="可见但没有坐标的项目数", examples=[3])
