from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.exchange.municipal.models import RecordState
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
Code = Annotated[Line, StringConstraints(max_length=32)]

KIND = "project 项目、fund 到位资金、week 每周情况"
STATE = "pending 待报送、sent 待回执、held 市级已接收、rejected 被退回"
OP = "put 报送、delete 从市级删除"
CIRCUIT = "closed 正常、open 连续失败而暂停报送、half_open 试探中"
MODE = "push 推送、pull 由市级来取、file 以文件报送；null 为本机设置中没有此通道"
WITHHELD = "true：所属项目您无权查看，不告知编号与内容"


class ReasonIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="原因，记入日志", examples=["市级系统升级，通知暂停报送"])


class ChannelResendIn(ReasonIn):
    """Which records of a channel go again, and why."""

    which: Literal["rejected", "all"] = Field(
        "rejected", description="rejected 被退回的（版本不变）、all 全部（已接收的以新版本重报）", examples=["rejected"]
    )
    kind: RecordKind | None = Field(None, description=f"只重报这一类：{KIND}", examples=["project"])


class RecordCounts(BaseModel):
    """Records of one kind by their state."""

    kind: RecordKind = Field(description=KIND, examples=["project"])
    pending: int = Field(description="待报送", examples=[3])
    sent: int = Field(description="待回执", examples=[0])
    held: int = Field(description="市级已接收", examples=[118])
    rejected: int = Field(description="被退回", examples=[1])


class CircuitOut(BaseModel):
    """Whether the channel sends, or keeps away from a city that does not answer."""

    state: Literal["closed", "open", "half_open"] = Field(description=CIRCUIT, examples=["closed"])
    failures: int = Field(description="连续失败的次数", examples=[0])
    open_until: datetime | None = Field(description="此前不报送", examples=[None])


class BacklogOut(BaseModel):
    """What waits to be sent."""

    records: int = Field(description="待报送的记录数", examples=[3])
    since: datetime | None = Field(description="最早一条自何时起等待", examples=["2020-11-24T02:00:00.000000Z"])
    seconds: int | None = Field(description="最早一条已等待多少秒", examples=[42])


class RateOut(BaseModel):
    """What the city has accepted lately."""

    last_hour: int = Field(description="近一小时接收的条数", examples=[12])
    last_day: int = Field(description="近 24 小时接收的条数", examples=[96])


class ChannelOut(BaseModel):
    """How a channel stands. Credentials are never told."""

    code: str = Field(description="通道代码", examples=["city"])
    name: str | None = Field(description="名称", examples=["市级招商项目库"])
    mode: Literal["push", "pull", "file"] | None = Field(description=MODE, examples=["push"])
    host: str | None = Field(description="市级接口的主机", examples=["city.example:8443"])
    state: str = Field(description="active 报送、paused 已暂停", examples=["active"])
    state_reason: str | None = Field(description="暂停的原因", examples=[None])
    circuit: CircuitOut = Field(description="断路器")
    records: list[RecordCounts] = Field(description="各类记录的状态")
    backlog: BacklogOut = Field(description="积压")
    rejected: int = Field(description="被退回、等待更正的记录数", examples=[1])
    rate: RateOut = Field(description="接收速度")
    contacted_at: datetime | None = Field(description="最近一次往来", examples=["2020-11-24T02:00:00.000000Z"])
    succeeded_at: datetime | None = Field(description="最近一次成功的往来", examples=["2020-11-24T02:00:00.000000Z"])
    failure: str | None = Field(description="最近一次失败的原因；成功之后为空", examples=[None])
    behind: int = Field(description="尚未读过的日志条数；新增通道在首次全量完成之前为全部", examples=[0])
    position: int = Field(description="应报内容变动的最新序号", examples=[122])


class ChannelList(BaseModel):
    """Every channel that the machine has settings for, or that has records."""

    items: list[ChannelOut] = Field(description="各通道")


class ResentOut(BaseModel):
    """How many records go again."""

    records: int = Field(description="重报的记录数", examples=[1])


# -- records -------------------------------------------------------------------------------------------------------


class RecordFilter(PageQuery):
    """What the list of records can be asked."""

    channel: Code | None = Field(None, description="通道代码", examples=["city"])
    state: RecordState | None = Field(None, description=STATE, examples=["rejected"])
    kind: RecordKind | None = Field(None, description=KIND, examples=["project"])
    project: Line | None = Field(None, description="项目编号：该项目及其到位资金", examples=["500114-2020-0001"])
    code: Line | None = Field(None, description="市级的退回代码", examples=["amount_missing"])


class RecordRow(BaseModel):
    """A record: what the city should hold, what it holds, what stands between the two."""

    id: int = Field(description="记录号", examples=[17])
    channel: str = Field(description="通道代码", examples=["city"])
    kind: RecordKind = Field(description=KIND, examples=["project"])
    key: str | None = Field(description="编号：项目编号、资金编号或周", examples=["500114-2020-0001"])
    project: str | None = Field(description="所属项目的编号", examples=["500114-2020-0001"])
    withheld: bool = Field(description=WITHHELD, examples=[False])
    op: Operation = Field(description=OP, examples=["put"])
    state: RecordState = Field(description=STATE, examples=["rejected"])
    wanted_version: int = Field(description="应持有的版本", examples=[4])
    wanted_at: datetime = Field(description="该版本自何时起应报", examples=["2020-11-24T02:00:00.000000Z"])
    held_version: int = Field(description="市级持有的版本；0 为没有", examples=[3])
    held_at: datetime | None = Field(description="市级接收的时间", examples=["2020-11-20T02:00:00.000000Z"])
    receipt_no: str | None = Field(description="回执号", examples=["HZ20201120-0003"])
    code: str | None = Field(description="退回代码", examples=["amount_missing"])
    field: str | None = Field(description="市级指出的有误字段", examples=["contract_amount"])
    reason: str | None = Field(description="退回原因", examples=["合同金额不得为零"])
    attempts: int = Field(description="该版本已报送的次数", examples=[1])
    next_try: datetime | None = Field(
        description="待报送的下次报送时间；被退回、已接收的为空", examples=["2020-11-24T02:05:00.000000Z"]
    )
    position: int = Field(description="应报内容变动的序号", examples=[122])


class FieldDifference(BaseModel):
    """A field that differs."""

    field: str = Field(description="字段（市级名称）", examples=["contract_amount"])
    ours: Any = Field(description="本区应报的值", examples=["2223000000.00"])
    theirs: Any = Field(description="市级持有的值", examples=["2220000000.00"])


class RecordOut(RecordRow):
    """A record with its content."""

    wanted: dict[str, Any] | None = Field(
        description="应报的内容，按通道的字段与代码；删除、或您无权查看时为空", examples=[{"code": "500114-2020-0001"}]
    )
    held_op: Operation | None = Field(description=f"市级最后接收的操作：{OP}；null 为不知", examples=["put"])
    held: dict[str, Any] | None = Field(
        description="市级持有的内容；没有、不知、或您无权查看时为空", examples=[{"code": "500114-2020-0001"}]
    )
    differences: list[FieldDifference] = Field(description="应报与已持有不同的字段")
    package: str | None = Field(description="所在的报送包", examples=[None])


class ProjectReported(BaseModel):
    """What the city should hold and holds of a project and its funds, by channel."""

    items: list[RecordOut] = Field(description="该项目及其到位资金的上报记录")


# -- contacts ------------------------------------------------------------------------------------------------------

WHAT = "delivery 报送、held 对账取数、receipts 市级送来的回执、pull 市级来取"
OUTCOME = "done 成功、failed 没有可用的答复、refused 不予采信"


class ContactFilter(PageQuery):
    """What the list of contacts can be asked."""

    channel: Code | None = Field(None, description="通道代码", examples=["city"])
    what: Literal["delivery", "held", "receipts", "pull"] | None = Field(None, description=WHAT, examples=["delivery"])
    outcome: Literal["done", "failed", "refused"] | None = Field(None, description=OUTCOME, examples=["refused"])


class ContactRow(BaseModel):
    """One exchange with the city, or one message from it, and how it ended."""

    id: int = Field(description="往来号", examples=[31])
    channel: str = Field(description="通道代码", examples=["city"])
    what: str = Field(description=WHAT, examples=["delivery"])
    batch: str = Field(description="批次号", examples=["5f0c6f0e9d3b4a1c"])
    started_at: datetime = Field(description="开始", examples=["2020-11-24T02:00:00.000000Z"])
    ended_at: datetime = Field(description="结束", examples=["2020-11-24T02:00:01.000000Z"])
    outcome: str = Field(description=OUTCOME, examples=["done"])
    status: int | None = Field(description="HTTP 状态", examples=[200])
    code: str | None = Field(description="失败或拒绝的代码", examples=[None])
    reason: str | None = Field(description="原因", examples=[None])
    records: int = Field(description="涉及的记录数", examples=[100])
    accepted: int = Field(description="其中接收", examples=[99])
    rejected: int = Field(description="其中退回", examples=[1])
