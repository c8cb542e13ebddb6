from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.calendar import Day, today
from app.kernel.paging import PageQuery
from app.kernel.text import Line

Reason = Annotated[Line, Field(min_length=2, max_length=200)]
Year = Annotated[int, Field(ge=1949, le=2199)]


class PeriodFilter(PageQuery):
    """What the list of periods can be asked."""

    locked: bool | None = Field(None, description="是否锁定", examples=[True])
    year: Year | None = Field(None, description="期间所属年份", examples=[2020])


class PeriodRow(BaseModel):
    """A period that has been closed, now or once."""

    text: str = Field(description="期间", examples=["2020-08"])
    starts_on: date = Field(description="第一天", examples=["2020-08-01"])
    ends_on: date = Field(description="最后一天", examples=["2020-08-31"])
    locked: bool = Field(description="是否锁定", examples=[True])
    locked_at: datetime | None = Field(description="最近一次锁定的时间", examples=["2020-09-03T02:00:00Z"])
    locked_by: str | None = Field(description="最近一次锁定者", examples=["reviewer"])
    reports_closed: bool = Field(
        description="该周的填报已截止：此后才录入的对接活动计入其后第一个未截止的周；其他数据不受影响", examples=[False]
    )
    reason: str | None = Field(description="最近一次重新开放的理由", examples=[None])


class ReopenIn(BaseModel):
    """Why a closed period is opened again."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="理由，记入日志", examples=["补录 8 月 30 日到账的资金"])


class DayOut(BaseModel):
    """One day: whether people work, and who says so."""

    day: date = Field(description="日期", examples=["2026-10-10"])
    working: bool | None = Field(description="是否工作日；null 为尚未公布", examples=[True])
    source: str | None = Field(
        description="entered 本单位录入，shipped 随软件提供；null 为尚未公布", examples=["entered"]
    )
    note: str | None = Field(description="依据", examples=["国办发明电〔2025〕7号"])


class DayIn(BaseModel):
    """What a notice says of a day."""

    model_config = ConfigDict(extra="forbid")

    working: bool = Field(description="是否工作日", examples=[True])
    note: Annotated[Line, Field(max_length=100)] = Field(description="依据", examples=["国办发明电〔2025〕7号"])


class YearIn(BaseModel):
    """The yearly notice: days off and make-up days; all other days follow the weekday."""

    model_config = ConfigDict(extra="forbid")

    holidays: Annotated[list[Day], Field(max_length=200)] = Field(
        description="放假的日子", examples=[["2027-01-01", "2027-02-06"]]
    )
    workdays: Annotated[list[Day], Field(max_length=50)] = Field(
        description="调休上班的周末", examples=[["2027-02-14"]]
    )
    note: Annotated[Line, Field(max_length=100)] = Field(description="依据", examples=["国办发明电〔2026〕8号"])


class CalendarFilter(BaseModel):
    """Which year of the calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: Year = Field(default_factory=lambda: today().year, description="年份，默认今年", examples=[2026])


class CalendarOut(BaseModel):
    """A year's days."""

    year: int = Field(description="年份", examples=[2026])
    known_until: date = Field(description="工作日历已知至", examples=["2026-12-31"])
    items: list[DayOut] = Field(description="该年的每一天")
