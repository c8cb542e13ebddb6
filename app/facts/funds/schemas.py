from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.funds.models import FundKind, FundSource, FundState
from app.kernel.calendar import PastDay
from app.kernel.codes import RegionCode
from app.kernel.money import Yuan, YuanOut
from app.kernel.text import Paragraph


def _above_zero(text: str) -> str:
    if Decimal(text) == 0:
        raise PydanticCustomError("not_above_zero", "须大于零")
    return text


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ForeignAmount = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"), AfterValidator(_above_zero)
]
Rate = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,10})?$"), AfterValidator(_above_zero)]
Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]

SOURCE = "资金来源：outside_city 市外、outside_district 市内区外、local 区内、foreign 境外"
KIND = "资金性质：equity 股权、loan 贷款、equipment 设备、land 土地、other 其他"
REGION = "资金来源地，GB/T 2260 六位代码"
CURRENCY = "币种（ISO 4217）"
FOREIGN = "外币金额（该币种的单位），原样保存"
RATE = "一单位外币折合人民币元的汇率，原样保存"

EXAMPLE: Any = {"arrived_on": "2020-09-30", "amount": "30000000.00", "source": "outside_city", "kind": "equity"}


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
    note: Note | None = Field(None, description="备注", examples=["首期注册资本"])


class ReverseIn(BaseModel):
    """Why an entry is taken back, and when that counts."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="冲销原因", examples=["同一笔进账单重复登记"])
    on: PastDay | None = Field(
        None, description="冲销日期（资金退回之日）；不填为今天。不早于原到位日期", examples=["2020-12-01"]
    )
    restate: bool = Field(
        False, description="true：原记录本身有误，冲销计入原到位日期，所属期间的数据随之重述", examples=[False]
    )


class FundOut(BaseModel):
    """A line of the ledger."""

    id: int = Field(description="记录号", examples=[31])
    arrived_on: date = Field(description="到位日期（冲销行为冲销计入的日期）", examples=["2020-09-30"])
    deferred_to: date | None = Field(
        description="顺延计入的日期：到位日期所在期间在认定前已锁定；null 为按到位日期计入", examples=[None]
    )
    amount: YuanOut = Field(description="金额（元），冲销为负")
    source: FundSource = Field(description=SOURCE, examples=["outside_city"])
    kind: FundKind = Field(description=KIND, examples=["equity"])
    origin_region: str | None = Field(description=REGION, examples=["330000"])
    currency: str = Field(description=CURRENCY, examples=["USD"])
    foreign_amount: str | None = Field(description=FOREIGN, examples=["1000000.00"])
    rate: str | None = Field(description=RATE, examples=["6.8101"])
    rate_on: date | None = Field(description="汇率日期", examples=["2020-09-30"])
    state: FundState = Field(description="状态：只有 recognised 已认定计入", examples=["recognised"])
    reverses: int | None = Field(description="冲销的是哪一行；null 不是冲销", examples=[None])
    reversed_by: int | None = Field(description="被哪一行冲销；null 未被冲销", examples=[None])
    reason: str | None = Field(description="冲销原因", examples=[None])
    note: str | None = Field(description="备注", examples=["首期注册资本"])
    imported: bool = Field(description="是否由台账导入", examples=[False])
    entered_at: datetime = Field(description="登记时间", examples=["2020-10-08T01:20:00Z"])


class FundLine(FundOut):
    """A line of the ledger with what had arrived up to it."""

    running_amount: YuanOut = Field(description="至本行累计到位（元），按到位日期")


class FundList(BaseModel):
    """The project's whole ledger by date, and its balance."""

    items: list[FundLine] = Field(description="按到位日期排列")
    funds: YuanOut = Field(description="累计到位资金（元）：已认定各行之和")
