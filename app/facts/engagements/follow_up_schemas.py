from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from app.facts.engagements.schemas import KIND, Input, Number, Reason, Short, UnitCode
from app.facts.engagements.terms import FOLLOW_UP_LABELS, EngagementKind, FollowUpStanding
from app.kernel.calendar import Day, PastDay
from app.kernel.paging import PageQuery
from app.kernel.text import Paragraph

Text = Annotated[Paragraph, StringConstraints(max_length=1000)]
STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in FOLLOW_UP_LABELS.items())


class FollowUpIn(Input):
    """What must come of an engagement."""

    what: Text = Field(description="落实事项", examples=["报送用地与厂房方案"])
    unit: UnitCode = Field(description="责任单位编码", examples=["jxw"])
    person: Short | None = Field(None, description="责任人", examples=["李工"])
    due_on: Day = Field(description="完成时限，当日仍不为逾期", examples=["2020-09-30"])


class FollowUpPatch(Input):
    """What changes of an open follow-up; null clears the person."""

    what: Text | None = Field(None, description="落实事项", examples=["报送用地与厂房方案"])
    unit: UnitCode | None = Field(None, description="责任单位编码", examples=["jxw"])
    person: Short | None = Field(None, description="责任人", examples=["李工"])
    due_on: Day | None = Field(None, description="完成时限", examples=["2020-10-31"])

    @field_validator("what", "unit", "due_on")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_forbidden", "不得为空")
        return value


class DoneIn(Input):
    """What came of it."""

    on: PastDay = Field(description="完成日期", examples=["2020-09-28"])
    result: Text = Field(description="落实结果", examples=["已报送两处地块方案，企业选定正阳园区"])
    file: Number | None = Field(None, description="该对接活动的材料号，作为佐证", examples=[5])


class DropIn(Input):
    """Why nothing more is to come of it."""

    reason: Reason = Field(description="不再落实的原因", examples=["企业调整投资计划"])


class ResumeIn(Input):
    """Why it is open again."""

    reason: Reason = Field(description="恢复的原因", examples=["企业重启该项目"])


class FollowUpFilter(PageQuery):
    """What the list of follow-ups can be asked."""

    state: tuple[FollowUpStanding, ...] | None = Field(None, description=f"{STATE}；可多选", examples=[["overdue"]])
    unit: tuple[UnitCode, ...] | None = Field(None, description="责任单位编码，可多选", examples=[["jxw"]])
    person: Short | None = Field(None, description="责任人", examples=["李工"])
    leader: Short | None = Field(None, description="参加该活动的人员的职务或姓名", examples=["区委书记"])
    principal: bool | None = Field(None, description="true：主要领导参加的活动的；false：其他的")
    engagement: Number | None = Field(None, description="对接活动编号，含并入的填报", examples=[17])
    due_from: Day | None = Field(None, description="时限自（含）", examples=["2020-07-01"])
    due_to: Day | None = Field(None, description="时限至（含）", examples=["2020-09-30"])


class FollowUpOut(BaseModel):
    """A follow-up as it stands today."""

    id: int = Field(description="编号", examples=[9])
    engagement: int = Field(description="对接活动编号", examples=[17])
    title: str = Field(description="对接活动的主题", examples=["赴杭州拜访正泰集团"])
    kind: EngagementKind = Field(description=KIND, examples=["outgoing_visit"])
    starts_on: date = Field(description="活动开始日期", examples=["2020-08-18"])
    leaders: list[str] = Field(description="按职务填写的参加人员", examples=[["区委书记"]])
    what: str = Field(description="落实事项", examples=["报送用地与厂房方案"])
    unit: str = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str = Field(description="责任单位", examples=["区经济信息委"])
    person: str | None = Field(description="责任人", examples=["李工"])
    due_on: date = Field(description="完成时限", examples=["2020-09-30"])
    state: FollowUpStanding = Field(description=STATE, examples=["overdue"])
    days_overdue: int = Field(description="已逾期天数；未逾期为 0，已落实的按完成日期计", examples=[8])
    done_on: date | None = Field(description="完成日期", examples=[None])
    result: str | None = Field(description="落实结果", examples=[None])
    file: int | None = Field(description="佐证的材料号", examples=[None])
    dropped_reason: str | None = Field(description="不再落实的原因", examples=[None])
    entered_by: str = Field(description="登记人", examples=["王芳"])
    closed_by: str | None = Field(description="登记结果的人", examples=[None])


class Told(BaseModel):
    as_of: date = Field(description="状态所据日期（今天）", examples=["2020-10-08"])
    valid_until: datetime = Field(description="此刻起状态可能自行变化（逾期）", examples=["2020-10-08T16:00:00Z"])


class FollowUpToday(FollowUpOut, Told):
    """One follow-up, and until when its state is what it says."""


class FollowUpPage(Told):
    """A page of follow-ups, and until when their states are what they say."""

    items: list[FollowUpOut] = Field(description="本页的事项")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")


class FollowUpsOfEngagement(Told):
    """What must come of one engagement."""

    items: list[FollowUpOut] = Field(description="全部事项，时限早的在先")
