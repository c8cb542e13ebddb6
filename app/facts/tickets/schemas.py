"""Tickets as they are sent and shown."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from app.facts.enterprises.schemas import Phone
from app.facts.tickets.terms import (
    FILE_PURPOSE_LABELS,
    TICKET_CATEGORY_LABELS,
    TICKET_CHANNEL_LABELS,
    TICKET_LEVEL_LABELS,
    TICKET_PLACE_LABELS,
    TICKET_STATE_LABELS,
    TICKET_STEP_LABELS,
    FilePurpose,
    TicketCategory,
    TicketChannel,
    TicketLevel,
    TicketPlace,
    TicketState,
    TicketStep,
)
from app.kernel.calendar import Moment
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Short = Annotated[Line, StringConstraints(max_length=60)]
Reason = Annotated[Paragraph, StringConstraints(max_length=500)]
Text = Annotated[Paragraph, StringConstraints(max_length=4000)]
UnitCode = Annotated[Line, StringConstraints(max_length=40)]
Login = Annotated[Line, StringConstraints(max_length=64)]
ProjectCode = Annotated[Line, StringConstraints(max_length=20)]


def _words(labels: Any) -> str:
    return "、".join(f"{word.value} {label}" for word, label in labels.items())


CATEGORY = "类别：" + _words(TICKET_CATEGORY_LABELS)
CHANNEL = "渠道：" + _words(TICKET_CHANNEL_LABELS)
STATE = "状态：" + _words(TICKET_STATE_LABELS)
PLACE = "时限情况：" + _words(TICKET_PLACE_LABELS)
LEVEL = "级别：" + _words(TICKET_LEVEL_LABELS)
STEP = "步骤：" + _words(TICKET_STEP_LABELS)
PURPOSE = "用途：" + _words(FILE_PURPOSE_LABELS)
PHONE = "联系电话；无权查看者所见中间数字为 *"
COMMITMENT = "所涉履约条款的编号，须为所填项目的条款：如约定的道路未修通，既是诉求也是未兑现的承诺"
HAPPENED = "发生时间，补录时填写，不晚于现在；默认现在"


class Input(BaseModel):
    """What is sent."""

    model_config = ConfigDict(extra="forbid")


class TicketIn(Input):
    """An enterprise's request as it came."""

    category: TicketCategory = Field(description=CATEGORY, examples=["fire"])
    text: Text = Field(description="诉求内容", examples=["二期厂房消防验收资料应如何准备，请派人指导"])
    enterprise: Number = Field(description="企业编号", examples=[12])
    project: ProjectCode | None = Field(None, description="项目编号，可不填", examples=["500114-2020-0026"])
    commitment: Number | None = Field(None, description=COMMITMENT, examples=[8])
    contact_name: Short | None = Field(None, description="联系人", examples=["王经理"])
    contact_phone: Phone | None = Field(None, description="联系电话", examples=["13812341234"])
    channel: TicketChannel = Field(description=CHANNEL, examples=["phone"])
    received_at: Moment | None = Field(
        None, description="首次接到的时间，时限由此起算；不晚于现在，默认现在", examples=["2026-11-23T10:30:00+08:00"]
    )
    unit: UnitCode | None = Field(
        None, description="首接（责任）单位编码；单位联络员默认本单位，且只能是本单位", examples=["jxw"]
    )
    owner: Login | None = Field(
        None, description="责任人的登录名：该单位的在用人员，或招商部门人员；填写即视为已受理", examples=["wang"]
    )


class TicketPatch(Input):
    """What changes of a ticket that is open; null clears what may be empty."""

    category: TicketCategory | None = Field(
        None, description=f"{CATEGORY}；变更后时限按新类别自起算时间重算", examples=["fire"]
    )
    text: Text | None = Field(None, description="诉求内容", examples=["二期厂房消防验收资料应如何准备"])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0026"])
    commitment: Number | None = Field(None, description=COMMITMENT, examples=[8])
    contact_name: Short | None = Field(None, description="联系人", examples=["王经理"])
    contact_phone: Phone | None = Field(None, description="联系电话", examples=["13812341234"])
    channel: TicketChannel | None = Field(None, description=CHANNEL, examples=["phone"])

    @field_validator("category", "text", "channel")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_forbidden", "不得为空")
        return value


class TicketAcceptIn(Input):
    """Who answers for it from now on."""

    owner: Login | None = Field(None, description="责任人的登录名；默认本人", examples=["wang"])
    at: Moment | None = Field(None, description=HAPPENED, examples=["2026-11-23T11:00:00+08:00"])


class TicketTransferIn(Input):
    """Whose it is from now on, and why. The clock runs on."""

    unit: UnitCode = Field(description="转往的责任单位编码", examples=["nyw"])
    owner: Login | None = Field(None, description="责任人的登录名；不填则待新单位受理", examples=[None])
    reason: Reason = Field(description="转办原因", examples=["水土保持方案由区水利局审批"])
    at: Moment | None = Field(None, description=HAPPENED, examples=["2026-11-23T15:00:00+08:00"])


class TicketSolveIn(Input):
    """What came of it."""

    result: Text = Field(
        description="办理结果；企业评价时可见，不要写入他人个人信息", examples=["已派员现场指导，验收资料清单已交企业"]
    )
    at: Moment | None = Field(None, description=HAPPENED, examples=["2026-11-25T16:20:00+08:00"])


class TicketCloseIn(Input):
    """What is to be said at the end."""

    note: Reason | None = Field(None, description="说明", examples=["企业确认已解决"])


class TicketReopenIn(Input):
    """Why it is taken up anew."""

    reason: Reason = Field(description="重新办理的原因", examples=["企业反映问题再次出现"])


class TicketVoidIn(Input):
    """Why it should not have been recorded."""

    reason: Reason = Field(description="作废原因", examples=["与 17 号重复登记"])


class TicketFileWithdrawIn(Input):
    """Why a file does not belong here."""

    reason: Annotated[Paragraph, StringConstraints(max_length=300)] = Field(
        description="撤下的原因", examples=["传错文件"]
    )


class TicketFilter(PageQuery):
    """What the list of tickets can be asked."""

    q: Line | None = Field(None, description="诉求、结果或企业名称中的文字", examples=["消防"])
    state: tuple[TicketState, ...] | None = Field(
        None, description=f"{STATE}；可多选；默认除作废外的全部", examples=[["accepted"]]
    )
    category: tuple[TicketCategory, ...] | None = Field(None, description=f"{CATEGORY}；可多选", examples=[["fire"]])
    unit: tuple[UnitCode, ...] | None = Field(None, description="责任单位编码，可多选", examples=[["jxw"]])
    enterprise: Number | None = Field(None, description="企业编号", examples=[12])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0026"])
    commitment: Number | None = Field(None, description="所涉履约条款的编号", examples=[8])
    overdue: bool | None = Field(None, description="true：已逾期未办结的；false：其他的")
    mine: bool = Field(False, description="true：本人为责任人，或本人登记的")
    due_before: Moment | None = Field(
        None, description="未办结且时限早于此刻的", examples=["2026-11-30T00:00:00+08:00"]
    )
    received_from: Moment | None = Field(None, description="接到时间不早于", examples=["2026-11-01T00:00:00+08:00"])
    received_before: Moment | None = Field(None, description="接到时间早于", examples=["2026-12-01T00:00:00+08:00"])


class TicketRow(BaseModel):
    """A ticket in the list."""

    id: int = Field(description="诉求编号", examples=[17])
    category: TicketCategory = Field(description=CATEGORY, examples=["fire"])
    text: str = Field(description="诉求内容", examples=["二期厂房消防验收资料应如何准备，请派人指导"])
    enterprise: int = Field(description="企业编号", examples=[12])
    enterprise_name: str = Field(description="企业名称", examples=["衡生药用胶囊"])
    project: str | None = Field(description="项目编号", examples=["500114-2020-0026"])
    project_name: str | None = Field(description="项目名称", examples=["防眩光玻璃"])
    commitment: int | None = Field(description="所涉履约条款的编号", examples=[None])
    channel: TicketChannel = Field(description=CHANNEL, examples=["phone"])
    received_at: datetime = Field(description="首次接到的时间", examples=["2026-11-23T02:30:00.000000Z"])
    unit: str = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str = Field(description="责任单位", examples=["区经济信息委"])
    owner: str | None = Field(description="责任人；null 为待受理", examples=["王工"])
    state: TicketState = Field(description=STATE, examples=["accepted"])
    place: TicketPlace | None = Field(description=f"{PLACE}；作废的为 null", examples=["in_time"])
    round: int = Field(description="第几次办理；重新办理一次加一", examples=[1])
    due_at: datetime = Field(description="本次办理的时限", examples=["2026-11-26T10:00:00.000000Z"])
    solved_at: datetime | None = Field(description="本次办结时间", examples=[None])


class TicketFileOut(BaseModel):
    """A file of a ticket."""

    id: int = Field(description="材料号", examples=[5])
    purpose: FilePurpose = Field(description=PURPOSE, examples=["request"])
    filename: str = Field(description="文件名", examples=["现场照片.jpg"])
    size: int = Field(description="字节数", examples=[183520])
    media_type: str = Field(description="文件类型，按内容判定", examples=["image/jpeg"])
    sha256: str = Field(description="文件内容的 SHA-256", examples=["9f86d081884c7d65"])
    note: str | None = Field(description="说明", examples=["消防通道现状"])
    uploaded_at: datetime = Field(description="上传时间", examples=["2026-11-23T02:40:00.000000Z"])
    uploaded_by: str = Field(description="上传人", examples=["李工"])
    withdrawn_reason: str | None = Field(description="撤下的原因；null 未撤下", examples=[None])


class TicketRoundOut(BaseModel):
    """One time that it was to be solved."""

    number: int = Field(description="第几次", examples=[1])
    opened_at: datetime = Field(description="起算时间", examples=["2026-11-23T02:30:00.000000Z"])
    reason: str | None = Field(description="重新办理的原因；首次为 null", examples=[None])
    limit: str = Field(description="时限", examples=["3个工作日"])
    rule: str = Field(description="所据规则的版本", examples=["ticket_limits/0"])
    due_at: datetime = Field(description="到期时间", examples=["2026-11-26T10:00:00.000000Z"])
    assumed_from: date | None = Field(
        description="工作日历自这一天起尚未维护，暂按周一至周五计，录入放假安排后自动重算；null 为全部已知",
        examples=[None],
    )
    unit: str = Field(description="责任单位编码；办结后为办结时的单位", examples=["jxw"])
    solved_at: datetime | None = Field(description="办结时间", examples=["2026-11-25T08:20:00.000000Z"])
    days: int | None = Field(description="自起算之日至办结之日的自然日数", examples=[2])
    in_time: bool | None = Field(description="是否按时办结", examples=[True])
    result: str | None = Field(description="办理结果", examples=["已派员现场指导"])


class TicketStepOut(BaseModel):
    """What somebody did with it."""

    step: TicketStep = Field(description=STEP, examples=["transferred"])
    happened_at: datetime = Field(description="发生时间", examples=["2026-11-23T07:00:00.000000Z"])
    at: datetime = Field(description="录入时间", examples=["2026-11-23T07:00:00.000000Z"])
    by: str = Field(description="操作人", examples=["李工"])
    unit: str | None = Field(description="此后的责任单位编码", examples=["nyw"])
    owner: str | None = Field(description="此后的责任人", examples=[None])
    reason: str | None = Field(description="原因或说明", examples=["水土保持方案由区水利局审批"])


class TicketToldPerson(BaseModel):
    """Somebody who was told."""

    role: str = Field(description="以何身份：owner、unit、recorder、bureau、leader", examples=["owner"])
    name: str = Field(description="姓名", examples=["李工"])


class TicketEscalationOut(BaseModel):
    """A level that it reached."""

    round: int = Field(description="第几次办理", examples=[1])
    level: TicketLevel = Field(description=LEVEL, examples=["overdue"])
    reached_at: datetime = Field(description="达到该级别的时间", examples=["2026-11-26T10:00:00.000000Z"])
    at: datetime = Field(description="告知时间", examples=["2026-11-26T10:05:00.000000Z"])
    rule: str = Field(description="所据规则的版本", examples=["ticket_limits/0"])
    told: list[TicketToldPerson] = Field(description="告知的人")


class TicketRatingOut(BaseModel):
    """A link for rating, and what the enterprise said."""

    id: int = Field(description="评价编号", examples=[3])
    round: int = Field(description="评价的是第几次办理", examples=[1])
    made_at: datetime = Field(description="生成链接的时间", examples=["2026-11-25T08:30:00.000000Z"])
    made_by: str = Field(description="生成链接的人", examples=["李工"])
    expires_at: datetime = Field(description="链接失效时间", examples=["2026-12-25T08:30:00.000000Z"])
    revoked_at: datetime | None = Field(description="链接被取代或收回的时间", examples=[None])
    rated_at: datetime | None = Field(description="评价时间；null 未评价", examples=["2026-11-26T01:00:00.000000Z"])
    score: int | None = Field(description="评分，1 至 5", examples=[5])
    remark: str | None = Field(description="企业的意见", examples=["很及时"])


class TicketWarning(BaseModel):
    """What one should know of it."""

    code: str = Field(description="稳定代码", examples=["calendar_assumed"])
    message: str = Field(description="中文说明", examples=["2027 年的放假安排尚未录入，时限暂按周一至周五计"])


class TicketOut(TicketRow):
    """A ticket with everything that hangs on it."""

    contact_name: str | None = Field(description="联系人", examples=["王经理"])
    contact_phone: str | None = Field(description=PHONE, examples=["138****1234"])
    first_unit: str = Field(description="首接单位编码", examples=["jxw"])
    counts_on: date = Field(description="接到之日；所在期间已锁定时为顺延计入之日", examples=["2026-11-23"])
    recorded_at: datetime = Field(description="登记时间", examples=["2026-11-23T02:35:00.000000Z"])
    recorded_by: str = Field(description="登记人", examples=["李工"])
    rounds: list[TicketRoundOut] = Field(description="历次办理")
    steps: list[TicketStepOut] = Field(description="办理经过，由旧到新")
    files: list[TicketFileOut] = Field(description="材料，含已撤下的")
    escalations: list[TicketEscalationOut] = Field(description="提醒与督办记录")
    ratings: list[TicketRatingOut] = Field(description="评价链接与评价")
    warnings: list[TicketWarning] = Field(
        description="须留意之处：calendar_assumed 工作日历不全、unit_blind 责任单位看不到所关联的项目"
    )
    as_of: datetime = Field(description="截至时间", examples=["2026-11-23T02:35:00.000000Z"])


# -- rating by the enterprise --------------------------------------------------------------------------------------


class TicketRatingLinkOut(BaseModel):
    """The link, told once."""

    id: int = Field(description="评价编号", examples=[3])
    address: str = Field(
        description="评价地址，只在此时告知，一次有效；交给企业联系人", examples=["/api/v1/ticket-ratings/zt_…"]
    )
    expires_at: datetime = Field(description="失效时间", examples=["2026-12-25T08:30:00.000000Z"])


class RatedTicketOut(BaseModel):
    """What a link shows of a ticket, and nothing else."""

    ticket: int = Field(description="诉求编号", examples=[17])
    category: TicketCategory = Field(description=CATEGORY, examples=["fire"])
    category_label: str = Field(description="类别名称", examples=["消防"])
    received_on: date = Field(description="接到日期", examples=["2026-11-23"])
    result: str = Field(description="办理结果", examples=["已派员现场指导，验收资料清单已交企业"])


class TicketRatingIn(Input):
    """What the enterprise says of it."""

    score: Literal[1, 2, 3, 4, 5] = Field(description="评分：1 很不满意 至 5 很满意", examples=[5])
    remark: Reason | None = Field(None, description="意见", examples=["很及时"])


class TicketThanksOut(BaseModel):
    """That it was taken down."""

    message: str = Field(description="答谢", examples=["评价已收到，谢谢"])
