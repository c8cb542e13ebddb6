"""What can be asked of the stream and of the log, and how the log answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.calendar import Moment
from app.kernel.paging import PageQuery

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}\.([a-z0-9_]*\*|[a-z0-9_]+)$", max_length=64)]
SubjectName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}:[^\s:][^\x00-\x1f]{0,63}$")]


class StreamQuery(BaseModel):
    """Which changes a stream is to tell of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: tuple[Kind, ...] = Field(
        (),
        max_length=20,
        description="只要这些种类：`project.*`、`project.fund_*` 为一类，`project.moved` 为一种",
        examples=[["project.*"]],
    )
    subject: tuple[SubjectName, ...] = Field(
        (), max_length=50, description="只要这些对象，写作 类型:编号", examples=[["project:500114-2020-0046"]]
    )
    last_event_id: int | None = Field(
        None, ge=0, le=2**63 - 1, description="从此号之后补发；同 Last-Event-ID 请求头，请求头优先"
    )


class LogFilter(PageQuery):
    """Which events an auditor looks at."""

    actor: str | None = Field(None, max_length=64, description="操作人登录名，或 system", examples=["officer"])
    kind: str | None = Field(
        None,
        max_length=64,
        pattern=r"^[a-z0-9_]+(\.[a-z0-9_]*)?$",
        description="种类或其开头，如 `project` 或 `project.moved`",
        examples=["project"],
    )
    subject: str | None = Field(None, max_length=32, description="对象类型", examples=["project"])
    key: str | None = Field(None, max_length=64, description="对象编号", examples=["500114-2020-0046"])
    request_id: str | None = Field(None, max_length=64, description="请求编号")
    since: Moment | None = Field(None, alias="from", description="不早于此时（含）")
    until: Moment | None = Field(None, alias="to", description="早于此时（不含）")


class LogSubject(BaseModel):
    """What an event happened to."""

    type: str = Field(description="对象类型", examples=["project"])
    id: int = Field(description="内部行号", examples=[46])
    key: str = Field(description="对象编号", examples=["500114-2020-0046"])


class LogChange(BaseModel):
    """A row that was written: which fields, never their values."""

    table: str = Field(description="表", examples=["project"])
    op: str = Field(description="insert 新增、update 修改、delete 删除", examples=["update"])
    fields: list[str] = Field(description="涉及的字段", examples=[["stage", "signed_on"]])


class LogRow(BaseModel):
    """One event as an auditor sees it: who, when, what kind, which fields."""

    seq: int = Field(description="编号，连续无缺", examples=[1024])
    at: datetime = Field(description="时间（UTC）", examples=["2020-10-08T01:30:00.000000Z"])
    kind: str = Field(description="种类", examples=["project.moved"])
    subject: LogSubject = Field(description="对象")
    actor_id: int = Field(description="操作人编号，0 为系统", examples=[7])
    actor: str = Field(description="操作人登录名", examples=["officer"])
    request_id: str | None = Field(description="请求编号", examples=["5f0c6f0e9d3b4a1c"])
    changes: list[LogChange] = Field(description="涉及的行与字段")
    data: list[str] = Field(description="随事件记下的项目（仅名称）", examples=[["to"]])
    reasoned: bool = Field(description="是否写明了原因", examples=[True])
    hash: str = Field(description="校验值，与上一条相连", examples=["9f86d081884c7d65…"])


class LogPage(BaseModel):
    """A page of the log."""

    items: list[LogRow] = Field(description="本页的记录")
    next: str | None = Field(description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")


class LogVerification(BaseModel):
    """What a walk along the chain found."""

    intact: bool = Field(description="编号连续、校验值逐条相符、末尾与链头一致")
    events: int = Field(description="核对无误的条数", examples=[1024])
    broken_at: int | None = Field(description="首个不符的编号", examples=[None])
    reason: str | None = Field(description="不符之处", examples=[None])
    head: int = Field(description="最新编号", examples=[1024])
    head_hash: str = Field(description="链头校验值，可另行留存以备比对")
