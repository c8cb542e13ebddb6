from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.exchange.municipal.schemas import Code
from app.kernel.money import YuanOut
from app.kernel.paging import PageQuery

STATE = "open 待回执、answered 回执已齐、void 已作废"
FORM = "xlsx、csv"


class PackageIn(BaseModel):
    """How the files of a package are made."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["xlsx", "csv"] = Field("xlsx", description=f"文件格式：{FORM}", examples=["xlsx"])


class PackageFilter(PageQuery):
    """What the list of packages can be asked."""

    channel: Code | None = Field(None, description="通道代码", examples=["city"])
    state: Literal["open", "answered", "void"] | None = Field(None, description=STATE, examples=["open"])


class PackageOut(BaseModel):
    """A package: what was put in, and whether its receipts came."""

    number: str = Field(description="包号", examples=["city-20201124-01"])
    channel: str = Field(description="通道代码", examples=["city"])
    state: str = Field(description=STATE, examples=["open"])
    form: str = Field(description=FORM, examples=["xlsx"])
    records: int = Field(description="记录数", examples=[125])
    total: YuanOut = Field(
        description="金额合计：项目合同金额、到位金额与每周签约金额之和，元", examples=["2223000000.00"]
    )
    digest: str = Field(description="文件的 SHA-256", examples=["9f86d081884c7d659a2feaa0c55ad015"])
    manifest: dict[str, Any] = Field(
        description="包内清单 manifest.json：每个文件的类别、条数、金额与 SHA-256",
        examples=[{"package": "city-20201124-01", "records": 125, "files": []}],
    )
    made_at: datetime = Field(description="制作时间", examples=["2020-11-24T02:00:00.000000Z"])
    made_by: str = Field(description="制作人", examples=["王小明"])
    waiting: int = Field(description="仍待回执的记录数", examples=[3])
    answered_at: datetime | None = Field(description="回执到齐的时间", examples=[None])
    reason: str | None = Field(description="作废的原因", examples=[None])


class AnsweredOut(BaseModel):
    """What came of a receipt file."""

    accepted: int = Field(description="已接收", examples=[120])
    rejected: int = Field(description="退回", examples=[2])
    again: int = Field(description="将再次报送", examples=[0])
    waiting: int = Field(description="仍待回执", examples=[3])
