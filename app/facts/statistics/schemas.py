from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.statistics.terms import StatisticCode
from app.kernel.calendar import PeriodText
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Source = Annotated[Line, StringConstraints(max_length=200)]
Note = Annotated[Paragraph, StringConstraints(max_length=500)]

CODE = "fixed_asset_investment 全区固定资产投资（元）、municipal_rank 市级考核位次（位）"
VALUE = "准确值：金额为以元为单位、至多两位小数的字符串；位次为不小于 1 的整数，同样写作字符串"


class StatisticIn(BaseModel):
    """A figure as its source gives it."""

    model_config = ConfigDict(extra="forbid")

    value: str = Field(min_length=1, max_length=22, description=VALUE, examples=["5990000000.00"])
    source: Source = Field(description="出处：文件、公报或通报", examples=["区统计局 2020 年统计公报"])
    note: Note | None = Field(None, description="备注；更正时说明原因", examples=["按年报数更正快报数"])


class StatisticOut(BaseModel):
    """A figure that was typed in."""

    code: StatisticCode = Field(description=CODE, examples=["fixed_asset_investment"])
    label: str = Field(description="中文名称", examples=["全区固定资产投资"])
    period: str = Field(description="所属期间", examples=["2020"])
    value: str = Field(description=VALUE, examples=["5990000000.00"])
    unit: str = Field(description="单位", examples=["元"])
    source: str = Field(description="出处", examples=["区统计局 2020 年统计公报"])
    note: str | None = Field(description="备注", examples=[None])
    entered_by: str = Field(description="录入人", examples=["officer"])
    entered_at: datetime = Field(description="录入时间", examples=["2021-02-01T01:30:00Z"])


class StatisticFilter(PageQuery):
    """What the list can be asked for."""

    code: StatisticCode | None = Field(None, description=CODE, examples=["fixed_asset_investment"])
    period: PeriodText | None = Field(None, description="所属期间", examples=["2020"])
