from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.calendar import Moment
from app.kernel.paging import PageQuery

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}\.[a-z_]{1,20}$")]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class NoticeFilter(PageQuery):
    """What the list of one's own notices can be asked."""

    unread: bool | None = Field(None, description="true 为未读，false 为已读")
    open: bool | None = Field(None, description="true 为待办（有事待办且尚未办结），false 为其余")
    overdue: bool | None = Field(None, description="true 为逾期的待办，false 为其余")
    kind: tuple[Kind, ...] = Field((), max_length=20, description="种类，可多选", examples=[["rule.draft"]])


class NoticeSubject(BaseModel):
    """What a notice is about."""

    type: str = Field(description="对象类型", examples=["project"])
    key: str = Field(description="对象编号，即其接口地址中的编号", examples=["500114-2020-0046"])


class NoticeOut(BaseModel):
    """One matter told to the caller."""

    id: int = Field(description="通知编号", examples=[12])
    kind: str = Field(description="种类", examples=["project.moved"])
    label: str = Field(description="种类名称", examples=["阶段变更"])
    text: str | None = Field(
        description="内容；所涉对象您现已无权查看时为 null", examples=["项目「光伏玻纤」由在谈变更为签约"]
    )
    subject: NoticeSubject | None = Field(description="所涉对象；没有，或您现已无权查看时为 null")
    withheld: bool = Field(description="所涉对象您现已无权查看")
    told_at: datetime = Field(description="最近一次通知的时间", examples=["2020-10-08T01:30:00Z"])
    created_at: datetime = Field(description="首次通知的时间", examples=["2020-10-01T01:30:00Z"])
    read_at: datetime | None = Field(description="何时读过；null 为未读")
    waits: bool = Field(description="是否有事待办")
    due_on: date | None = Field(description="最迟何时办", examples=["2020-10-31"])
    done_at: datetime | None = Field(description="所待之事何时办结；null 为尚未")
    overdue: bool = Field(description="待办且已过期限")


class NoticeCounts(BaseModel):
    """How many of one's own notices wait to be read or acted upon."""

    unread: int = Field(description="未读", examples=[3])
    open: int = Field(description="待办", examples=[2])
    overdue: int = Field(description="待办中已逾期", examples=[1])


class NoticePage(BaseModel):
    """A page of one's own notices, those told last first."""

    items: list[NoticeOut] = Field(description="本页的记录")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")
    counts: NoticeCounts = Field(description="全部通知（不论筛选）的未读与待办数")


class ReadIn(BaseModel):
    """Which notices were read: these, or all that were told until a moment."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Number] | None = Field(None, max_length=500, description="通知编号", examples=[[12, 15]])
    up_to: Moment | None = Field(
        None, description="此时（含）及以前通知的全部，取列表首条的 told_at", examples=["2020-10-08T01:30:00Z"]
    )

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.ids is None) == (self.up_to is None):
            raise PydanticCustomError("one_of", "ids 与 up_to 须填且只填一个")
        return self
