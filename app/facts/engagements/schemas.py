from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.facts.engagements.terms import (
    ENGAGEMENT_KIND_LABELS,
    LIKENESS_LABELS,
    EngagementKind,
    Half,
    Likeness,
    PressLevel,
)
from app.facts.enterprises.models import Ownership
from app.kernel.calendar import Day, PastDay
from app.kernel.codes import RegionCode, Uscc
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
UnitCode = Annotated[Line, StringConstraints(max_length=20)]
ProjectCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z-]{1,20}$")]
Short = Annotated[Line, StringConstraints(max_length=60)]
Named = Annotated[Line, StringConstraints(max_length=100)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Participants = Annotated[Paragraph, StringConstraints(max_length=1000)]
Link = Annotated[Line, StringConstraints(max_length=500, pattern=r"^https?://[^\s<>\"']+$")]
Visitors = Annotated[int, Field(ge=0, le=1_000_000)]

KIND = "种类：" + "、".join(f"{kind.value} {label}" for kind, label in ENGAGEMENT_KIND_LABELS.items())
HALF = "am 上午、pm 下午"
DAYS = "天数，半天为 0.5"
WITHHELD = "另涉及多少个不可见的项目"


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _not_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null_forbidden", "不得为空")
    return value


class PersonIn(Input):
    """One of our own people who took part; a leader may be named by office alone."""

    name: Short | None = Field(None, description="姓名；区领导可只填职务", examples=["李工"])
    office: Short | None = Field(None, description="职务；区领导须填", examples=["区委书记"])
    unit: UnitCode | None = Field(None, description="所在单位编码", examples=["jxw"])

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.name is None and self.office is None:
            raise PydanticCustomError("nobody", "姓名与职务至少填一项")
        return self


class MetIn(Input):
    """An enterprise that was met: by its number, or by a name that is known; a new one is entered when asked to."""

    id: Number | None = Field(None, description="企业编号", examples=[12])
    name: Line | None = Field(None, description="企业名称或别名", examples=["正泰集团股份有限公司"])
    uscc: Uscc | None = Field(None, description="统一社会信用代码", examples=[None])
    create: bool = Field(False, description="true：没有登记过的企业按 name、uscc、ownership 登记", examples=[False])
    ownership: Ownership = Field(Ownership.OTHER, description="企业性质，仅在登记时用", examples=["private"])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.id is None) == (self.name is None):
            raise PydanticCustomError("one_of_two", "id 与 name 须填且只填一项")
        return self


class Facts(Input):
    """What may be said of an engagement, whatever its kind."""

    starts_half: Half = Field(Half.AM, description=f"自上午或下午起：{HALF}", examples=["am"])
    ends_half: Half = Field(Half.PM, description=f"至上午或下午止：{HALF}", examples=["pm"])
    region: RegionCode | None = Field(None, description="所到地区，行政区划代码", examples=["330100"])
    place: Line | None = Field(None, description="地点", examples=["杭州市滨江区"])
    visitors: Visitors | None = Field(None, description="来访或到会人数", examples=[6])
    said: Paragraph | None = Field(None, description="洽谈内容", examples=["就光伏组件项目用地与厂房条件交换意见"])
    outcome: Paragraph | None = Field(None, description="成效", examples=["对方拟于月内来区考察"])
    outlet: Named | None = Field(None, description="媒体，仅新闻宣传", examples=[None])
    level: PressLevel | None = Field(
        None,
        description="媒体级别，仅新闻宣传：national 国家级、municipal 市级、district 区级、other 其他",
        examples=[None],
    )
    link: Link | None = Field(None, description="网址，仅新闻宣传", examples=[None])
    platform: Named | None = Field(None, description="平台，仅视频洽谈与云签约", examples=[None])
    participants: Participants | None = Field(
        None, description="对方及其他参加者", examples=["正泰集团投资部陈经理一行"]
    )
    people: list[PersonIn] = Field(
        default_factory=list, max_length=100, description="我方人员", examples=[[{"office": "区委书记"}]]
    )
    units: list[UnitCode] = Field(
        default_factory=list, max_length=60, description="共同参加的单位编码，不含填报单位", examples=[["jxw"]]
    )
    enterprises: list[MetIn] = Field(
        default_factory=list, max_length=300, description="拜访、接待或对接的企业", examples=[[{"id": 12}]]
    )
    projects: list[ProjectCode] = Field(
        default_factory=list, max_length=60, description="涉及的项目编号", examples=[["500114-2020-0046"]]
    )


class EngagementIn(Facts):
    """An engagement to be reported."""

    kind: EngagementKind = Field(description=KIND, examples=["outgoing_visit"])
    title: Line = Field(description="主题；新闻宣传为标题", examples=["赴杭州拜访正泰集团"])
    starts_on: PastDay = Field(description="开始日期；新闻宣传为刊发日期", examples=["2020-08-18"])
    ends_on: PastDay | None = Field(None, description="结束日期，默认同开始日期", examples=["2020-08-19"])
    unit: UnitCode | None = Field(None, description="填报单位编码；单位联络员可不填，即本单位", examples=["zsj"])


class EngagementPatch(Facts):
    """What changes; null clears, and a list replaces the one that is there."""

    kind: EngagementKind | None = Field(None, description=KIND, examples=["outgoing_visit"])
    title: Line | None = Field(None, description="主题", examples=["赴杭州拜访正泰集团"])
    starts_on: PastDay | None = Field(None, description="开始日期", examples=["2020-08-18"])
    ends_on: PastDay | None = Field(None, description="结束日期", examples=["2020-08-19"])

    _stay = field_validator("kind", "title", "starts_on", "ends_on")(_not_null)


class EngagementVoidIn(Input):
    """Why an engagement should not have been reported."""

    reason: Reason = Field(description="作废原因，记入历史", examples=["误报，当日未成行"])


class JoinIn(Input):
    """Which report tells of the same trip."""

    other: Number = Field(description="并入本活动的另一份填报的编号", examples=[18])
    reason: Reason | None = Field(None, description="说明", examples=["同一行程，两家单位分别填报"])


class UnjoinIn(Input):
    """Why a join is taken back."""

    reason: Reason | None = Field(None, description="原因", examples=["并非同一行程"])


class FileWithdrawIn(Input):
    """Why a file is withdrawn."""

    reason: Reason = Field(description="撤下原因", examples=["传错照片"])


class EngagementFilter(PageQuery):
    """What the list of engagements can be asked."""

    q: Line | None = Field(
        None, description="主题、地点、媒体、人员或企业名称的一部分，汉字、拼音或首字母", examples=["正泰"]
    )
    kind: tuple[EngagementKind, ...] | None = Field(None, description=f"{KIND}；可多选")
    unit: tuple[UnitCode, ...] | None = Field(None, description="参加单位编码（含填报单位），可多选")
    enterprise: Number | None = Field(None, description="企业编号", examples=[12])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    leader: Short | None = Field(None, description="人员的职务或姓名", examples=["区委书记"])
    principal: bool | None = Field(None, description="true：有主要领导参加的；false：没有的")
    from_: Day | None = Field(None, alias="from", description="与此日起有交集", examples=["2020-07-01"])
    to: Day | None = Field(None, description="与此日止有交集", examples=["2020-10-08"])
    joined: bool = Field(False, description="true：只看已并入其他填报的；默认不列")
    voided: bool = Field(False, description="true：只看已作废的；默认不列")


# -- out -----------------------------------------------------------------------------------------------------------


class UnitRef(BaseModel):
    """A unit as it was called on the day."""

    code: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="当日的单位名称", examples=["区经济信息委"])


class PersonOut(BaseModel):
    name: str | None = Field(description="姓名", examples=["李工"])
    office: str | None = Field(description="职务", examples=["区委书记"])
    unit: str | None = Field(description="所在单位编码", examples=["jxw"])
    principal: bool = Field(description="是否主要领导，按当日规则", examples=[True])


class MetOut(BaseModel):
    id: int = Field(description="企业编号", examples=[12])
    name: str = Field(description="企业名称", examples=["正泰集团股份有限公司"])


class TouchedOut(BaseModel):
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["光伏玻纤"])


class FileOut(BaseModel):
    id: int = Field(description="材料号", examples=[5])
    filename: str = Field(description="文件名", examples=["现场照片.jpg"])
    size: int = Field(description="字节数", examples=[183520])
    media_type: str = Field(description="文件类型，按内容判定", examples=["image/jpeg"])
    sha256: str = Field(description="文件内容的 SHA-256", examples=["9f86d081884c7d65"])
    note: str | None = Field(description="说明", examples=["座谈现场"])
    uploaded_at: datetime = Field(description="上传时间", examples=["2020-08-20T01:20:00Z"])
    uploaded_by: str = Field(description="上传人", examples=["李工"])
    withdrawn_reason: str | None = Field(description="撤下原因；null 未撤下", examples=[None])


class ReportRef(BaseModel):
    """Another report of the same trip."""

    id: int = Field(description="编号", examples=[18])
    title: str = Field(description="主题", examples=["陪同赴杭州拜访"])
    unit: str = Field(description="填报单位编码", examples=["jxw"])


class EngagementWarning(BaseModel):
    """What one should look at again."""

    code: str = Field(description="稳定代码", examples=["likely_duplicate"])
    message: str = Field(description="说明", examples=["可能与编号 18 的活动重复：日期相同、企业相同"])
    engagement: int | None = Field(None, description="相关活动的编号", examples=[18])


class EngagementOut(BaseModel):
    """One report, and of a kept one what all its reports say together."""

    id: int = Field(description="编号", examples=[17])
    kind: EngagementKind = Field(description=KIND, examples=["outgoing_visit"])
    title: str = Field(description="主题", examples=["赴杭州拜访正泰集团"])
    starts_on: date = Field(description="开始日期", examples=["2020-08-18"])
    starts_half: Half = Field(description=HALF, examples=["am"])
    ends_on: date = Field(description="结束日期", examples=["2020-08-19"])
    ends_half: Half = Field(description=HALF, examples=["am"])
    days: str = Field(description=DAYS, examples=["1.5"])
    counts_on: date = Field(
        description="计入统计的日期：开始日期，或其所在期间锁定后的第一个开放日", examples=["2020-08-18"]
    )
    region: str | None = Field(description="地区代码", examples=["330100"])
    region_name: str | None = Field(description="地区", examples=["浙江省杭州市"])
    place: str | None = Field(description="地点", examples=["杭州市滨江区"])
    unit: UnitRef = Field(description="填报单位")
    units: list[UnitRef] = Field(description="参加单位，填报单位在先；含并入的填报")
    people: list[PersonOut] = Field(description="我方人员；含并入的填报")
    principal: bool = Field(description="是否有主要领导参加", examples=[True])
    visitors: int | None = Field(description="来访或到会人数", examples=[6])
    enterprises: list[MetOut] = Field(description="企业；含并入的填报")
    projects: list[TouchedOut] = Field(description="可见的涉及项目；含并入的填报")
    withheld: int = Field(description=WITHHELD, examples=[0])
    said: str | None = Field(description="洽谈内容", examples=["就用地与厂房条件交换意见"])
    outcome: str | None = Field(description="成效", examples=["对方拟于月内来区考察"])
    outlet: str | None = Field(description="媒体", examples=[None])
    level: PressLevel | None = Field(description="媒体级别", examples=[None])
    link: str | None = Field(description="网址", examples=[None])
    platform: str | None = Field(description="平台", examples=[None])
    participants: str | None = Field(description="对方及其他参加者", examples=["正泰集团投资部陈经理一行"])
    files: list[FileOut] = Field(description="佐证材料")
    reports: list[ReportRef] = Field(description="并入本活动的其他填报，各保留其内容")
    joined_into: int | None = Field(description="并入了哪一活动；null 未并入", examples=[None])
    follow_ups: int = Field(description="对接落实事项数", examples=[2])
    entered_at: datetime = Field(description="填报时间", examples=["2020-08-20T01:20:00Z"])
    entered_by: str = Field(description="填报人", examples=["李工"])
    voided_reason: str | None = Field(description="作废原因；null 未作废", examples=[None])
    voided_by: str | None = Field(description="作废人", examples=[None])
    warnings: list[EngagementWarning] = Field(default_factory=list, description="填报或修改时的提示，例如可能重复")


class EngagementRow(BaseModel):
    """An engagement in a list."""

    id: int = Field(description="编号", examples=[17])
    kind: EngagementKind = Field(description=KIND, examples=["outgoing_visit"])
    title: str = Field(description="主题", examples=["赴杭州拜访正泰集团"])
    starts_on: date = Field(description="开始日期", examples=["2020-08-18"])
    ends_on: date = Field(description="结束日期", examples=["2020-08-19"])
    days: str = Field(description=DAYS, examples=["1.5"])
    place: str | None = Field(description="地点", examples=["杭州市滨江区"])
    unit: str = Field(description="填报单位编码", examples=["zsj"])
    unit_name: str = Field(description="填报单位当日的名称", examples=["区招商投资促进局"])
    units: list[str] = Field(description="参加单位编码；含并入的填报", examples=[["zsj", "jxw"]])
    leaders: list[str] = Field(description="按职务填写的人员", examples=[["区委书记"]])
    principal: bool = Field(description="是否有主要领导参加", examples=[True])
    enterprises: list[MetOut] = Field(description="企业；含并入的填报")
    visitors: int | None = Field(description="来访或到会人数", examples=[6])
    outlet: str | None = Field(description="媒体", examples=[None])
    level: PressLevel | None = Field(description="媒体级别", examples=[None])
    platform: str | None = Field(description="平台", examples=[None])
    joined_into: int | None = Field(description="并入了哪一活动", examples=[None])
    voided_reason: str | None = Field(description="作废原因", examples=[None])
    changed_at: datetime = Field(description="最近修改", examples=["2020-08-20T01:20:00Z"])


class LikelyOut(BaseModel):
    """An engagement that may be the same."""

    id: int = Field(description="编号", examples=[18])
    title: str = Field(description="主题", examples=["陪同赴杭州拜访"])
    kind: EngagementKind = Field(description=KIND, examples=["outgoing_visit"])
    starts_on: date = Field(description="开始日期", examples=["2020-08-18"])
    ends_on: date = Field(description="结束日期", examples=["2020-08-19"])
    place: str | None = Field(description="地点", examples=["杭州"])
    unit: str = Field(description="填报单位编码", examples=["jxw"])
    score: int = Field(description="相似分，0 至 100", examples=[85])
    reasons: list[Likeness] = Field(
        description="、".join(f"{word.value} {label}" for word, label in LIKENESS_LABELS.items()),
        examples=[["same_dates", "same_enterprise"]],
    )


class LikelyList(BaseModel):
    """Possible duplicates, the likeliest first."""

    items: list[LikelyOut] = Field(description="可能是同一活动的其他填报")


class JoinOut(BaseModel):
    """The trace of a join."""

    id: int = Field(description="合并的编号，撤销时用", examples=[3])
    kept: int = Field(description="保留的活动", examples=[17])
    joined: int = Field(description="并入的填报", examples=[18])
    reason: str | None = Field(description="说明", examples=["同一行程"])
    at: datetime = Field(description="合并时间", examples=["2020-08-21T01:20:00Z"])
    by: str = Field(description="合并人", examples=["王芳"])
    undone_at: datetime | None = Field(description="撤销时间；null 未撤销", examples=[None])
    undone_by: str | None = Field(description="撤销人", examples=[None])
    undone_reason: str | None = Field(description="撤销原因", examples=[None])


class JoinList(BaseModel):
    """Every join an engagement was part of, undone ones too."""

    items: list[JoinOut] = Field(description="由新到旧")
