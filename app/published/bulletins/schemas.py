from pydantic import BaseModel, Field

from app.published.named import NamedList

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


class BulletinContent(BaseModel):
    """What the bulletin of a month says."""

    period: str = Field(description="月份", examples=["2020-08"])
    label: str = Field(description="月份名称", examples=["2020年8月"])
    year_to_date: str = Field(description="当年累计的期间", examples=["2020-01-01..2020-08-31"])
    headline: list[Line] = Field(description="全区指标")
    units: list[UnitLine] = Field(description="各责任单位，按分组与名称")
    other_units: UnitLine | None = Field(description="不属于上列单位的项目合计；null 为没有")
    signed: NamedList = Field(description="当月新签约")
    started: NamedList = Field(description="当月开工")
