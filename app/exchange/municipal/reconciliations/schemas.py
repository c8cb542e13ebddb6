from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.exchange.municipal.receipts import LARGEST
from app.exchange.municipal.reconciliations.compare import What
from app.exchange.municipal.schemas import KIND as KIND_TEXT
from app.exchange.municipal.schemas import OP, WITHHELD, Code, FieldDifference
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel.calendar import Moment
from app.kernel.paging import PageQuery
from app.kernel.text import Line

SOURCE = "asked 向市级索取、list 所给清单、file 文件"
WHAT = (
    "missing_there 市级缺少、missing_here 市级多出而本区不报、different 内容不同、older 市级版本较旧、"
    "newer_there 市级版本较新（本区曾由备份恢复）"
)
LISTED = 5_000


class HeldIn(BaseModel):
    """One record as the city holds it."""

    model_config = ConfigDict(extra="forbid")

    kind: RecordKind = Field(description=KIND_TEXT, examples=["project"])
    key: Line = Field(max_length=64, description="编号：项目编号、资金编号或周", examples=["500114-2020-0001"])
    version: int = Field(ge=0, le=LARGEST, description="市级持有的版本", examples=[3])
    op: Operation = Field(Operation.PUT, description=f"{OP}；删除的可不列", examples=["put"])
    digest: str | None = Field(
        None,
        pattern=r"^[0-9A-Fa-f]{64}$",
        description="载荷规范 JSON 的 SHA-256（十六进制）",
        examples=["9f86d081" * 8],
    )
    payload: dict[str, Any] | None = Field(
        None,
        description="市级持有的内容；与摘要给一即可，给内容才能看到不同的字段",
        examples=[{"code": "500114-2020-0001"}],
    )


class ReconciliationIn(BaseModel):
    """Where to learn what the city holds: from the city itself, or from a list of its records."""

    model_config = ConfigDict(extra="forbid")

    channel: Code = Field(description="通道代码", examples=["city"])
    source: Literal["ask"] | None = Field(None, description="ask：向市级索取其持有的全部记录", examples=["ask"])
    held: list[HeldIn] | None = Field(
        None, max_length=LISTED, description=f"市级给出的清单，至多 {LISTED} 条；更多时以文件提交", examples=[None]
    )
    kinds: tuple[RecordKind, ...] = Field(
        tuple(RecordKind), min_length=1, max_length=3, description=f"清单含哪几类：{KIND_TEXT}；其余不比对",
        examples=[["project", "fund", "week"]],
    )  # fmt: skip
    as_of: Moment | None = Field(
        None, description="清单的时点；此后有变动的记录不算差异。不填为现在", examples=["2020-11-24T10:00:00+08:00"]
    )

    @model_validator(mode="after")
    def _one_source(self) -> "ReconciliationIn":
        if (self.source is None) == (self.held is None):
            raise ValueError("source 与 held 须给且只给一个")
        return self


class ReconciliationFilter(PageQuery):
    """What the list of reconciliations can be asked."""

    channel: Code | None = Field(None, description="通道代码", examples=["city"])


class ReconciliationOut(BaseModel):
    """What the city said it holds, against what it should hold, at one moment."""

    id: int = Field(description="对账号", examples=[3])
    channel: str = Field(description="通道代码", examples=["city"])
    source: str = Field(description=SOURCE, examples=["asked"])
    made_at: datetime = Field(description="对账时间", examples=["2020-11-24T02:00:00.000000Z"])
    made_by: str = Field(description="对账人", examples=["王小明"])
    compared: int = Field(description="比对的记录数", examples=[125])
    missing_there: int = Field(description="市级缺少", examples=[1])
    missing_here: int = Field(description="市级多出", examples=[0])
    different: int = Field(description="内容不同", examples=[2])
    older: int = Field(description="市级版本较旧", examples=[0])
    newer_there: int = Field(description="市级版本较新", examples=[0])
    in_flight: int = Field(description="正在报送，不算差异", examples=[4])
    rejected: int = Field(description="已被退回、等待更正，不算差异", examples=[1])
    truncated: bool = Field(description="true：差异过多，只留下前一部分；重报后请再次对账", examples=[False])
    resent_at: datetime | None = Field(description="何时据此重报", examples=[None])


class DifferenceQuery(BaseModel):
    """Which differences to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: What | None = Field(None, description=WHAT, examples=["different"])
    limit: int = Field(100, ge=1, le=1000, description="每页条数，至多 1000", examples=[100])
    after: int = Field(0, ge=0, le=2**31 - 1, description="上一页答复中的 next；不填为第一页", examples=[100])


class DifferenceRow(BaseModel):
    """A record in which the two differ."""

    what: What = Field(description=WHAT, examples=["different"])
    kind: RecordKind = Field(description=KIND_TEXT, examples=["project"])
    key: str | None = Field(description="编号", examples=["500114-2020-0001"])
    withheld: bool = Field(description=WITHHELD, examples=[False])
    record: int | None = Field(description="本区的记录号；null 为本区没有", examples=[17])
    ours: int | None = Field(description="本区应报的版本", examples=[4])
    theirs: int | None = Field(description="市级持有的版本", examples=[4])
    fields: list[FieldDifference] = Field(description="不同的字段；只比对摘要时为空")


class DifferencePage(BaseModel):
    """A page of differences, by kind and key."""

    items: list[DifferenceRow] = Field(description="本页的差异")
    next: int | None = Field(description="下一页的游标；null 为最后一页", examples=[None])
    total: int = Field(description="留存的差异总数", examples=[3])


class PutRightOut(BaseModel):
    """How many records go again, and how many have changed meanwhile and go by themselves."""

    resent: int = Field(description="重报的记录数", examples=[3])
    removed: int = Field(description="其中通知市级删除的", examples=[0])
    skipped: int = Field(description="此间已变动、无须重报的", examples=[0])


Stored = dict[str, Any]
