from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.exchange.municipal.schemas import KIND, OP, Code
from app.exchange.municipal.wire.contract import Operation, RecordKind


class PullQuery(BaseModel):
    """What the city fetches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Code | None = Field(None, description="通道代码；只有一个 pull 通道时可不填", examples=["city"])
    after: int = Field(
        0,
        ge=0,
        le=2**63 - 1,
        description="上次答复中的 next；0 为从头读取。带此值即表示此前的记录均已收妥",
        examples=[0],
    )
    limit: int = Field(100, ge=1, le=500, description="至多多少条", examples=[100])
    signed: bool = Field(False, description="true：答复带 X-Zs-* 签名报头；通道约定加密时总是如此", examples=[False])


class PulledRecord(BaseModel):
    """A record as the city should hold it."""

    kind: RecordKind = Field(description=KIND, examples=["project"])
    key: str | None = Field(
        description="编号；null 为所属项目您无权查看（机器密钥不会遇到）", examples=["500114-2020-0001"]
    )
    version: int = Field(description="版本，只增不减", examples=[3])
    op: Operation = Field(description=OP, examples=["put"])
    position: int = Field(description="变动序号，本页由小到大", examples=[122])
    payload: dict[str, Any] | None = Field(
        description="内容，按通道的字段与代码；删除时为空", examples=[{"code": "500114-2020-0001"}]
    )


class PulledPage(BaseModel):
    """Records that have changed since the cursor, in the order of their changes."""

    items: list[PulledRecord] = Field(description="有变动的记录")
    next: int = Field(description="下次的 after；总是给出", examples=[122])
    more: bool = Field(description="true：后面还有，可立即再取", examples=[False])


class TakenOut(BaseModel):
    """What came of the receipts."""

    accepted: int = Field(description="已接收", examples=[98])
    rejected: int = Field(description="退回", examples=[1])
    received: int = Field(description="仍待回执", examples=[0])
    again: int = Field(description="将再次报送", examples=[1])
    refused: list[str] = Field(description="不予采信的，及其原因", examples=[["未曾报送 fund 99"]])
