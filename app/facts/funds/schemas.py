from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.funds.models import FundKind, FundSource
from app.facts.recognition.schemas import FOLLOWS, PAPERS, EntryNumber, EntryOut, Note, Papers
from app.kernel.calendar import PastDay
from app.kernel.codes import RegionCode
from app.kernel.money import Yuan, YuanOut


def _above_zero(text: str) -> str:
    if Decimal(text) == 0:
        raise PydanticCustomError("not_above_zero", "须大于零")
    return text


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ForeignAmount = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"), AfterValidator(_above_zero)
]
Rate = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,10})?$"), AfterValidator(_above_zero)]

SOURCE = "资金来源：outside_city 市外、outside_district 市内区外、local 区内、foreign 境外"
KIND = "资金性质：equity 股权、loan 贷款、equipment 设备、land 土地、other 其他"
REGION = "资金来源地，GB/T 2260 六位代码"
CURRENCY = "币种（ISO 4217）"
FOREIGN = "外币金额（该币种的单位），原样保存"
SPLIT = "资金由多个区县共享，金额为本区所占部分；按规则另需分割证明"
RATE = "一单位外币折合人民币元的汇率，原样保存"

EXAMPLE: Any = {
    "arrived_on": "2020-09-30", "amount": "30000000.00", "source": "outside_city", "kind": "equity",
    "evidence": [7],
}  # fmt: skip


class FundIn(BaseModel):
    """Money that arrived: in yuan by `amount`, or in a foreign currency by `foreign_amount` and `rate`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    arrived_on: PastDay = Field(description="到位日期，不晚于今天", examples=["2020-09-30"])
    amount: Yuan | None = Field(None, description="到位金额（元），大于零；外币资金不填，由系统折算")
    source: FundSource = Field(description=SOURCE, examples=["outside_city"])
    kind: FundKind = Field(description=KIND, examples=["equity"])
    origin_region: RegionCode | None = Field(None, description=REGION, examples=["330000"])
    currency: Currency = Field("CNY", description=CURRENCY, examples=["CNY"])
    foreign_amount: ForeignAmount | None = Field(None, description=FOREIGN, examples=["1000000.00"])
    rate: Rate | None = Field(None, description=RATE, examples=["6.8101"])
    rate_on: PastDay | None = Field(
        None, description="汇率日期，不晚于到位日期；不填为到位日期", examples=["2020-09-30"]
    )
    split: bool = Field(False, description=SPLIT, examples=[False])
    note: Note | None = Field(None, description="备注", examples=["首期注册资本"])
    evidence: Papers = Field((), description=PAPERS, examples=[[7]])
    follows: EntryNumber | None = Field(None, description=FOLLOWS, examples=[None])


class FundOut(EntryOut):
    """A line of the ledger."""

    id: int = Field(description="记录号", examples=[31])
    arrived_on: date = Field(description="到位日期（冲销行为冲销计入的日期）", examples=["2020-09-30"])
    amount: YuanOut = Field(description="金额（元），冲销为负")
    source: FundSource = Field(description=SOURCE, examples=["outside_city"])
    kind: FundKind = Field(description=KIND, examples=["equity"])
    origin_region: str | None = Field(description=REGION, examples=["330000"])
    currency: str = Field(description=CURRENCY, examples=["USD"])
    foreign_amount: str | None = Field(description=FOREIGN, examples=["1000000.00"])
    rate: str | None = Field(description=RATE, examples=["6.8101"])
    rate_on: date | None = Field(description="汇率日期", examples=["2020-09-30"])
    split: bool = Field(description=SPLIT, examples=[False])


class FundLine(FundOut):
    """A line of the ledger with what had arrived up to it."""

    running_amount: YuanOut = Field(description="至本行累计到位（元），按到位日期")


class FundList(BaseModel):
    """The project's whole ledger by date, its balance, and what waits to be recognised."""

    items: list[FundLine] = Field(description="按到位日期排列")
    funds: YuanOut = Field(description="累计到位资金（元）：已认定各行之和")
    declared: YuanOut = Field(description="已申报尚未认定的资金（元），不计入累计到位资金")
