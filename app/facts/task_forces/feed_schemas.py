from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.task_forces.schemas import Input, Short

Token = Annotated[str, StringConstraints(pattern="^zc_[0-9A-Za-z_-]{20,100}$")]


class CalendarTokenIn(Input):
    """Which program will read the calendar."""

    name: Short = Field(description="用在哪里", examples=["手机日历"])


class CalendarTokenOut(BaseModel):
    """What lets a calendar program read one's dates."""

    id: int = Field(description="编号", examples=[2])
    name: str = Field(description="用在哪里", examples=["手机日历"])
    created_at: datetime = Field(description="建立时间", examples=["2026-11-24T01:20:00Z"])
    expires_at: datetime = Field(description="有效至", examples=["2027-11-24T01:20:00Z"])
    revoked_at: datetime | None = Field(description="吊销时间；null 未吊销", examples=[None])


class CalendarTokenMade(CalendarTokenOut):
    """The same, with the address that is told only now."""

    address: str = Field(
        description="订阅地址（只显示这一次）：接在本系统的网址之后，填入日历程序",
        examples=["/api/v1/task-forces/calendar.ics?token=zc_9Jx2"],
    )


class CalendarTokens(BaseModel):
    """One's own tokens."""

    items: list[CalendarTokenOut] = Field(description="本人的日历令牌，新的在先")


class CalendarQuery(BaseModel):
    """Whose calendar, and how much of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Token = Field(description="日历令牌", examples=["zc_9Jx2kq0vT6mLr8YwB3nH5sA7"])
    mine: bool = Field(False, description="true：只列我的专班的", examples=[True])
