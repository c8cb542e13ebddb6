from pydantic import BaseModel, Field

from app.facts.engagements.terms import FollowUpStanding
from app.published.named import NamedList, UnitName

NUMBER = "个数为数字；金额为元、两位小数的字符串；比率为十位小数的字符串；null 为没有"


class Compared(BaseModel):
    """An indicator in the month or in the year so far, beside the same stretch a year earlier."""

    value: int | str | None = Field(description=NUMBER, examples=[4])
    text: str | None = Field(description="印刷写法", examples=["4"])
    last_value: int | str | None = Field(description="上年同期的值", examples=[2])
    change: str | None = Field(description="同比的印刷写法；null 为不能比较", examples=["100.0%"])
    restated: bool = Field(description="该段数据在期末之后有过更正", examples=[False])
    last_restated: bool = Field(description="上年同期数据在期末之后有过更正", examples=[False])


class Line(BaseModel):
    """One indicator: the month and the year so far."""

    indicator: str = Field(description="指标代码", examples=["signed_count"])
    label: str = Field(description="指标名称", examples=["签约项目数"])
    unit: str = Field(description="单位", examples=["个"])
    version: str = Field(description="所用口径的版本", examples=["indicators/0"])
    month: Compared = Field(description="当月")
    year: Compared = Field(description="当年累计")


class UnitLine(BaseModel):
    """A responsible unit's month and year so far; units without anything have zeros."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称（当月末）", examples=["区经济信息委"])
    tier: str = Field(description="分组", examples=["key"])
    month: dict[str, int | str] = Field(description="指标 → 当月的值", examples=[{"signed_count": 1}])
    year: dict[str, int | str] = Field(description="指标 → 当年累计", examples=[{"signed_count": 3}])


class Touched(BaseModel):
    """A project that a trip was about."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["防眩光玻璃"])


class FollowUpLine(BaseModel):
    """What was agreed on a trip, as it stood on the last day."""

    id: int = Field(description="事项号", examples=[7])
    what: str = Field(description="事项；不列名的项目写作「有关项目」", examples=["报送用地方案"])
    unit: str = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str = Field(description="责任单位", examples=["区经济信息委"])
    due_on: str = Field(description="时限", examples=["2020-09-30"])
    state: FollowUpStanding = Field(
        description="open 待落实，overdue 已逾期，done 已落实，dropped 不再落实", examples=["open"]
    )
    days_overdue: int = Field(description="逾期天数：未落实的计至截止日，已落实的计至完成日", examples=[0])
    done_on: str | None = Field(description="完成日期", examples=[None])
    result: str | None = Field(description="落实情况", examples=[None])
    dropped_reason: str | None = Field(description="不再落实的原因", examples=[None])


class TripHead(BaseModel):
    """A trip led by a principal leader: when, where, who."""

    id: int = Field(description="对接活动号", examples=[12])
    title: str = Field(description="主题；不列名的项目写作「有关项目」", examples=["赴上海拜访玻纤企业"])
    starts_on: str = Field(description="首日", examples=["2020-08-18"])
    ends_on: str = Field(description="末日", examples=["2020-08-20"])
    days: str = Field(description="天数，半天为 0.5", examples=["2.5"])
    region: str | None = Field(description="目的地", examples=["上海市"])
    place: str | None = Field(description="地点", examples=["浦东新区"])
    leaders: list[str] = Field(description="主要领导，以职务称呼", examples=[["区委书记"]])


class Trip(TripHead):
    """A trip of the month with all it was about. One that several units reported is told once."""

    units: list[UnitName] = Field(description="参加单位")
    enterprises: list[str] = Field(description="会见的企业", examples=[["某某玻璃有限公司"]])
    projects: list[Touched] = Field(description="涉及的公开项目")
    withheld: int = Field(description="另涉及多少个不列名的项目（内部或密封）", examples=[0])
    follow_ups: list[FollowUpLine] = Field(description="对接落实事项，按时限")


class EarlierTrip(TripHead):
    """A trip of an earlier month of which something is still to come."""

    follow_ups: list[FollowUpLine] = Field(description="尚未落实的事项")


class FollowUpCount(BaseModel):
    """How many follow-ups stood how on the last day."""

    agreed: int = Field(description="共几项", examples=[3])
    done: int = Field(description="已落实", examples=[1])
    open: int = Field(description="待落实，未到期", examples=[1])
    overdue: int = Field(description="已逾期", examples=[1])
    dropped: int = Field(description="不再落实", examples=[0])


class LeaderTrips(BaseModel):
    """The principal leaders' trips and what came of them."""

    as_of: str = Field(description="落实情况截至哪一天", examples=["2020-08-31"])
    items: list[Trip] = Field(description="当月的外出招商，按日期")
    follow_ups: FollowUpCount = Field(description="当月各次外出的对接落实事项")
    earlier: list[EarlierTrip] = Field(description="以前月份外出、尚有事项未落实的")
    earlier_follow_ups: FollowUpCount = Field(description="以前月份尚未落实的事项")


class ReportWeekLine(BaseModel):
    """A week whose Thursday lies in the month: which units filed late, which not at all."""

    week: str = Field(description="周", examples=["2020-W34"])
    label: str = Field(description="周的名称", examples=["2020年第34周"])
    starts_on: str = Field(description="星期一", examples=["2020-08-17"])
    ends_on: str = Field(description="星期日", examples=["2020-08-23"])
    settled: bool = Field(description="是否已截止并计入迟报、漏报", examples=[True])
    late: list[UnitName] = Field(description="迟报的单位")
    missing: list[UnitName] = Field(description="漏报的单位")


class BulletinContent(BaseModel):
    """What the bulletin of a month says."""

    period: str = Field(description="月份", examples=["2020-08"])
    label: str = Field(description="月份名称", examples=["2020年8月"])
    year_to_date: str = Field(description="当年累计的期间", examples=["2020-01-01..2020-08-31"])
    leaders: LeaderTrips = Field(description="主要领导外出招商及对接落实")
    headline: list[Line] = Field(description="全区指标")
    units: list[UnitLine] = Field(description="各责任单位，按分组与名称")
    other_units: UnitLine | None = Field(description="不属于上列单位的项目合计；null 为没有")
    weeks: list[ReportWeekLine] = Field(description="各周迟报、漏报周报的单位")
    signed: NamedList = Field(description="当月新签约")
    started: NamedList = Field(description="当月开工")
