from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.facts.engagements.schemas import (
    DAYS,
    HALF,
    KIND,
    EngagementIn,
    EngagementWarning,
    MetOut,
    PersonOut,
)
from app.facts.engagements.terms import EngagementKind, Half, PressLevel
from app.facts.reports.terms import (
    DEADLINE_SOURCE_LABELS,
    REPORT_STATE_LABELS,
    STANDING_LABELS,
    WEEK_STATE_LABELS,
    DeadlineSource,
    ReportState,
    Standing,
    Step,
    WeekState,
)
from app.identity.units.models import Tier
from app.kernel.calendar import Moment
from app.kernel.text import Line, Paragraph

Key = Annotated[Line, StringConstraints(max_length=64)]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
ProjectCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z-]{1,20}$")]
Reason = Annotated[Paragraph, StringConstraints(min_length=2, max_length=300)]
Remarks = Annotated[Paragraph, StringConstraints(max_length=1000)]
Telling = Annotated[Paragraph, StringConstraints(max_length=4000)]


def _words(labels: Mapping[Any, str]) -> str:
    return "、".join(f"{word} {label}" for word, label in labels.items())


STATE = f"状态：{_words(REPORT_STATE_LABELS)}"
STANDING = f"报送情况：{_words(STANDING_LABELS)}"
WEEK_STATE = _words(WEEK_STATE_LABELS)
WITHHELD = "另涉及多少个不可见的项目"


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


# -- in ------------------------------------------------------------------------------------------------------------


class EnteredIn(EngagementIn):
    """An engagement that is entered with the report. The key stays the same when the report is sent again."""

    key: Key = Field(
        description="客户端自拟的标识，同一份周报内不重复；再次发送同一标识即同一活动，不会重复登记", examples=["a1"]
    )


class ProgressIn(Input):
    """How far one of the unit's projects has come this week."""

    project: ProjectCode = Field(description="项目编号，须为本单位负责或协同的项目", examples=["500114-2020-0046"])
    text: Telling = Field(description="本周进展", examples=["厂房主体封顶，设备已订购"])


class ProblemIn(Input):
    """Something that stands in the way."""

    text: Telling = Field(description="问题", examples=["用地指标尚未落实"])
    help: Remarks | None = Field(None, description="需要怎样的帮助", examples=["请区规划自然资源局协调"])
    project: ProjectCode | None = Field(None, description="所涉项目编号", examples=["500114-2020-0046"])


class ReportIn(Input):
    """A unit's whole week. What it does not name any more is taken out of the report."""

    zero: bool = Field(False, description="true 为零报告：本周确无工作可报，此时不得另填内容", examples=[False])
    note: Remarks | None = Field(None, description="其他说明", examples=["下周赴成都对接两家企业"])
    engagements: list[EnteredIn] = Field(
        default_factory=list,
        max_length=100,
        description="随本周报登记的对接活动，须与本周有交集；不再列出的即作废",
        examples=[[{"key": "a1", "kind": "incoming_visit", "title": "接待正泰集团来访", "starts_on": "2020-08-18"}]],
    )
    linked: list[Number] = Field(
        default_factory=list,
        max_length=200,
        description="已登记的对接活动的编号，本单位须参加；也可用来原样保留随本周报登记的活动",
        examples=[[17]],
    )
    progress: list[ProgressIn] = Field(
        default_factory=list,
        max_length=200,
        description="项目进展，一个项目一条",
        examples=[[{"project": "500114-2020-0046", "text": "厂房主体封顶"}]],
    )
    problems: list[ProblemIn] = Field(
        default_factory=list,
        max_length=50,
        description="需要帮助的问题",
        examples=[[{"text": "用地指标尚未落实", "help": "请协调"}]],
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        keys = [engagement.key for engagement in self.engagements]
        if len(set(keys)) < len(keys):
            raise PydanticCustomError("same_key", "engagements 中有相同的 key")
        projects = [line.project for line in self.progress]
        if len(set(projects)) < len(projects):
            raise PydanticCustomError("same_project", "progress 中同一项目有两条，请合为一条")
        if self.zero and (self.engagements or self.linked or self.progress or self.problems):
            raise PydanticCustomError("zero_with_content", "零报告不得另填活动、进展或问题")
        return self


class ReturnIn(Input):
    """Why a report goes back to the unit."""

    remarks: Remarks = Field(description="退回意见，通知该单位的联络员", examples=["外出拜访缺企业名称，请补充"])


class DeadlineIn(Input):
    """When a week closes instead of when the rule says."""

    at: Moment = Field(description="截止时间，带时区", examples=["2026-12-01T09:00:00+08:00"])
    reason: Reason = Field(description="理由，记入日志", examples=["区政府常务会提前至周二上午"])


class WeekReopenIn(Input):
    """Until when a frozen week takes reports again as its own."""

    until: Moment = Field(description="开放到何时，带时区", examples=["2026-12-02T18:00:00+08:00"])
    reason: Reason = Field(description="理由，记入日志", examples=["网络故障，三个乡镇未能按时报送"])


class WeekFilter(BaseModel):
    """Which units of a week are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standing: tuple[Standing, ...] | None = Field(None, description=f"{STANDING}；可多选", examples=[["missing"]])
    state: tuple[ReportState, ...] | None = Field(None, description=f"{STATE}；可多选", examples=[["submitted"]])
    tier: tuple[Tier, ...] | None = Field(None, description="单位类别，可多选", examples=[["key"]])
    help: bool | None = Field(None, description="true：只看有问题需要帮助的单位")


# -- out -----------------------------------------------------------------------------------------------------------


class WeekOut(BaseModel):
    """A week: when it closes and how it stands."""

    week: str = Field(description="周，ISO 周次", examples=["2026-W48"])
    label: str = Field(description="名称", examples=["2026年第48周"])
    starts_on: date = Field(description="星期一", examples=["2026-11-23"])
    ends_on: date = Field(description="星期日", examples=["2026-11-29"])
    state: WeekState = Field(description=WEEK_STATE, examples=["open"])
    deadline: datetime = Field(description="截止时间；恰在此时提交仍为按时", examples=["2026-11-30T04:00:00Z"])
    deadline_source: DeadlineSource = Field(
        description=f"截止时间的由来：{_words(DEADLINE_SOURCE_LABELS)}", examples=["rule"]
    )
    deadline_reason: str | None = Field(description="单独设定的理由", examples=[None])
    deadline_by: str | None = Field(description="设定人", examples=[None])
    calendar_known: bool = Field(description="false：截止日附近的放假安排尚未录入，截止时间可能变动", examples=[True])
    rule: str = Field(description="所依据的规则版本", examples=["weekly_reports/0"])
    reopened_until: datetime | None = Field(description="重新开放到何时", examples=[None])
    reopened_reason: str | None = Field(description="重新开放的理由", examples=[None])
    reopened_by: str | None = Field(description="重新开放人", examples=[None])
    valid_until: datetime | None = Field(
        description="到此时状态自行改变；null 不再改变", examples=["2026-11-30T04:00:00Z"]
    )


class Tally(BaseModel):
    """How many units stand how."""

    units: int = Field(description="须报送的单位数", examples=[35])
    early: int = Field(description="提前报送", examples=[4])
    on_time: int = Field(description="按时报送", examples=[28])
    late: int = Field(description="迟报", examples=[1])
    missing: int = Field(description="漏报", examples=[2])
    awaited: int = Field(description="待报", examples=[0])
    zero: int = Field(description="零报告", examples=[3])
    submitted: int = Field(description="已提交待接收", examples=[5])
    accepted: int = Field(description="已接收", examples=[27])
    returned: int = Field(description="已退回待重报", examples=[1])
    help: int = Field(description="有问题需要帮助的单位", examples=[6])


class WeekRow(WeekOut):
    """A week of the list."""

    tally: Tally = Field(description="报送情况；单位联络员只计本单位")


class WeekList(BaseModel):
    """The weeks in which reports are or were asked for."""

    items: list[WeekRow] = Field(description="由新到旧")


class TroubleOut(BaseModel):
    """A problem that needs help."""

    text: str = Field(description="问题", examples=["用地指标尚未落实"])
    help: str | None = Field(description="需要怎样的帮助", examples=["请区规划自然资源局协调"])
    project: str | None = Field(description="所涉项目编号", examples=["500114-2020-0046"])
    project_name: str | None = Field(description="所涉项目名称", examples=["光伏玻纤"])


class FiledRow(BaseModel):
    """One unit in one week."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="当周的单位名称", examples=["区经济信息委"])
    tier: Tier = Field(description="当周的单位类别", examples=["key"])
    expected: bool = Field(description="按规则是否须报送", examples=[True])
    standing: Standing = Field(description=STANDING, examples=["on_time"])
    state: ReportState | None = Field(description=f"{STATE}；null 未填", examples=["submitted"])
    zero: bool = Field(description="是否零报告", examples=[False])
    first_submitted_at: datetime | None = Field(description="首次提交", examples=["2026-11-27T08:10:00Z"])
    counts_in: str | None = Field(
        description="计入哪一周；逾期报送的，截止后才录入的内容计入该周；null 未提交", examples=["2026-W48"]
    )
    engagements: int = Field(description="活动数", examples=[6])
    progress: int = Field(description="项目进展条数", examples=[3])
    problems: list[TroubleOut] = Field(description="可见的需要帮助的问题")
    withheld: int = Field(description="另有多少个问题涉及不可见的项目", examples=[0])


class WeekDetail(WeekOut):
    """A week with every unit."""

    tally: Tally = Field(description="报送情况；不受筛选影响")
    items: list[FiledRow] = Field(description="各单位，按类别与名称排列")


class ToldEngagement(BaseModel):
    """An engagement of the report. What has a key can be sent back under it."""

    key: str | None = Field(description="随本周报登记时的标识；null 为另行登记的活动", examples=["a1"])
    id: int = Field(description="活动编号", examples=[17])
    kind: EngagementKind = Field(description=KIND, examples=["incoming_visit"])
    title: str = Field(description="主题", examples=["接待正泰集团来访"])
    starts_on: date = Field(description="开始日期", examples=["2020-08-18"])
    starts_half: Half = Field(description=HALF, examples=["am"])
    ends_on: date = Field(description="结束日期", examples=["2020-08-18"])
    ends_half: Half = Field(description=HALF, examples=["pm"])
    days: str = Field(description=DAYS, examples=["1"])
    region: str | None = Field(description="地区代码", examples=["330100"])
    place: str | None = Field(description="地点", examples=["正阳工业园区"])
    visitors: int | None = Field(description="来访或到会人数", examples=[6])
    said: str | None = Field(description="洽谈内容", examples=["就用地与厂房条件交换意见"])
    outcome: str | None = Field(description="成效", examples=["达成初步意向"])
    outlet: str | None = Field(description="媒体", examples=[None])
    level: PressLevel | None = Field(description="媒体级别", examples=[None])
    link: str | None = Field(description="网址", examples=[None])
    platform: str | None = Field(description="平台", examples=[None])
    participants: str | None = Field(description="对方及其他参加者", examples=["正泰集团投资部陈经理一行"])
    people: list[PersonOut] = Field(description="我方人员")
    units: list[str] = Field(description="共同参加的单位编码", examples=[["jxw"]])
    enterprises: list[MetOut] = Field(description="企业")
    projects: list[str] = Field(description="可见的涉及项目编号", examples=[["500114-2020-0046"]])
    withheld: int = Field(description=WITHHELD, examples=[0])
    joined_into: int | None = Field(description="已并入的活动", examples=[None])
    voided_reason: str | None = Field(description="作废原因", examples=[None])
    warnings: list[EngagementWarning] = Field(
        description="读取周报时给出的提示：可能重复，或文字中写有不公开项目的名称"
    )


class ProgressOut(BaseModel):
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["光伏玻纤"])
    text: str = Field(description="本周进展", examples=["厂房主体封顶，设备已订购"])


class ReachedOut(BaseModel):
    """A project that was signed or started in the week, as it is recorded."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["光伏玻纤"])
    on: date = Field(description="计入日期", examples=["2020-08-19"])
    amount: str | None = Field(description="首份正式合同金额（元）", examples=["50000000.00"])


class StepOut(BaseModel):
    step: Step = Field(description="submit 提交、accept 接收、return 退回", examples=["submit"])
    from_state: ReportState = Field(description="原状态", examples=["draft"])
    to_state: ReportState = Field(description="新状态", examples=["submitted"])
    at: datetime = Field(description="时间", examples=["2026-11-27T08:10:00Z"])
    by: str = Field(description="办理人", examples=["李工"])
    remarks: str | None = Field(description="意见", examples=[None])


class ReportOut(BaseModel):
    """A unit's week. `signings` and `starts` are read from the projects, not reported."""

    week: WeekOut = Field(description="周")
    unit: str = Field(description="单位编码", examples=["jxw"])
    unit_name: str = Field(description="当周的单位名称", examples=["区经济信息委"])
    state: ReportState = Field(description=STATE, examples=["submitted"])
    standing: Standing = Field(description=STANDING, examples=["early"])
    counts_in: str | None = Field(
        description="计入哪一周；逾期报送的，截止后才录入的内容计入该周；null 未提交", examples=["2026-W48"]
    )
    zero: bool = Field(description="是否零报告", examples=[False])
    note: str | None = Field(description="其他说明", examples=[None])
    engagements: list[ToldEngagement] = Field(description="对接活动，按日期排列")
    progress: list[ProgressOut] = Field(description="可见的项目进展")
    problems: list[TroubleOut] = Field(description="可见的需要帮助的问题")
    withheld: int = Field(description="另有多少条进展或问题涉及不可见的项目", examples=[0])
    signings: list[ReachedOut] = Field(description="本周签约的项目，取自项目台账")
    signings_withheld: int = Field(description="另有多少个不可见的签约项目", examples=[0])
    starts: list[ReachedOut] = Field(description="本周开工的项目，取自项目台账")
    starts_withheld: int = Field(description="另有多少个不可见的开工项目", examples=[0])
    first_submitted_at: datetime | None = Field(description="首次提交", examples=["2026-11-27T08:10:00Z"])
    submitted_at: datetime | None = Field(description="最近一次提交", examples=["2026-11-27T08:10:00Z"])
    steps: list[StepOut] = Field(description="经过，由旧到新")
    changed_at: datetime = Field(description="最近修改", examples=["2026-11-27T08:09:00Z"])
    changed_by: str = Field(description="修改人", examples=["李工"])
