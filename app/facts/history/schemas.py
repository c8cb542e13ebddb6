from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from app.kernel.paging import PageQuery

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class HistoryQuery(PageQuery):
    """A page of a project's history, newest first; `sort=seq` gives the oldest first."""


class HistoryChangeOut(BaseModel):
    """One field of one record that changed."""

    record: str = Field(description="记录种类", examples=["project"])
    record_label: str = Field(description="记录种类的中文名", examples=["项目"])
    record_id: int | None = Field(description="记录号", examples=[12])
    op: str = Field(description="insert 新增、update 修改、delete 删除", examples=["update"])
    field: str = Field(description="字段", examples=["officer"])
    label: str = Field(description="字段的中文名", examples=["项目负责人"])
    before: Any = Field(description="原值；个人信息只显示 changed", examples=["李工"])
    after: Any = Field(description="新值；个人信息只显示 changed", examples=["张工"])
    before_text: str | None = Field(description="原值的文字", examples=["李工"])
    after_text: str | None = Field(description="新值的文字", examples=["张工"])


class HistoryItemOut(BaseModel):
    """One thing that happened to the project."""

    seq: int = Field(description="事件编号", examples=[1234])
    at: AwareDatetime = Field(description="登记时间", examples=["2020-09-30T02:11:09.120034Z"])
    by: str = Field(description="登录名或密钥名称", examples=["officer"])
    by_name: str | None = Field(description="姓名", examples=["李工"])
    kind: str = Field(description="事件", examples=["project.changed"])
    label: str = Field(description="事件的中文名", examples=["修改项目"])
    reason: str | None = Field(description="原因", examples=["投资方要求"])
    changes: list[HistoryChangeOut] = Field(description="改了什么")


class HistoryOut(BaseModel):
    """A page of what happened to a project."""

    items: list[HistoryItemOut] = Field(description="本页的事件")
    next: str | None = Field(description="下一页的游标；null 为最后一页", examples=[None])
    total: int | None = Field(None, description="总数，仅在 count=true 时给出", examples=[17])
