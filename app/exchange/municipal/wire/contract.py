"""The contract we ask of the city's side, version 1; published as `openapi/municipal.json`.

A record is known by `kind` and `key` and has a version that only grows. The city keeps the newest version it was given:
what it holds already it answers as `duplicate`, what is older as `stale`. A channel may rename fields and codes (see
`rules`): the envelope stays, the payload is then what that city wants.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = "1"
MOST_RECORDS = 500
"""Records of one batch."""


class RecordKind(StrEnum):
    PROJECT = "project"
    FUND = "fund"
    WEEK = "week"


RECORD_KIND_LABELS = {RecordKind.PROJECT: "项目", RecordKind.FUND: "到位资金", RecordKind.WEEK: "每周情况"}


class Operation(StrEnum):
    PUT = "put"
    DELETE = "delete"


class Result(StrEnum):
    """What the city says of one record."""

    ACCEPTED = "accepted"  # held from now on
    DUPLICATE = "duplicate"  # this version was held already
    STALE = "stale"  # another or a newer version is held: see held_version
    REJECTED = "rejected"  # refused by a rule; sending the same again changes nothing
    RECEIVED = "received"  # taken in, the receipt follows later
    RETRY = "retry"  # not now


RESULT_LABELS = {
    Result.ACCEPTED: "已接收",
    Result.DUPLICATE: "已有该版本",
    Result.STALE: "市级版本更新",
    Result.REJECTED: "退回",
    Result.RECEIVED: "待回执",
    Result.RETRY: "稍后再报",
}


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Money = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,16})\.[0-9]{2}$", examples=["2223000000.00"])]
Key = Annotated[str, Field(min_length=1, max_length=64, examples=["500114-2020-0001"])]


class ProjectPayload(Payload):
    """A project, whole life cycle. Codes are ours unless the channel maps them."""

    code: str = Field(description="项目编号", examples=["500114-2020-0001"])
    name: str = Field(description="项目名称", examples=["玻纤新材料生产基地"])
    kind: str = Field(description="项目类型", examples=["industry_land"])
    stage: str = Field(description="所处阶段", examples=["started"])
    status: str = Field(description="状态：推进、暂缓、终止、退出", examples=["active"])
    sector: str = Field(description="产业类别", examples=["industry"])
    industry: str | None = Field(description="国民经济行业代码（GB/T 4754-2017）", examples=["C3061"])
    chain: str | None = Field(description="产业链", examples=["玻纤材料"])
    district: str = Field(description="区县行政区划代码（GB/T 2260）", examples=["500114"])
    origin_region: str | None = Field(description="投资来源地行政区划代码", examples=["330000"])
    park: str | None = Field(description="园区", examples=["正阳工业园区"])
    place: str | None = Field(description="建设地点", examples=["正阳街道"])
    unit: str | None = Field(description="责任单位", examples=["区经济信息委"])
    enterprise: str | None = Field(description="投资企业", examples=["某某玻纤集团"])
    uscc: str | None = Field(description="投资企业统一社会信用代码", examples=["91500000MA5U00000X"])
    ownership: str | None = Field(description="投资企业性质", examples=["central_soe"])
    national_code: str | None = Field(description="国家项目代码", examples=["2020-500114-30-03-000001"])
    investment: Money | None = Field(description="计划总投资，元")
    framework_on: date | None = Field(description="框架协议日期", examples=["2020-03-01"])
    signed_on: date | None = Field(description="签约日期", examples=["2020-03-12"])
    contract_amount: Money = Field(description="合同金额（含补充协议增资），元")
    registered_on: date | None = Field(description="注册日期", examples=["2020-04-01"])
    approved_on: date | None = Field(description="立项日期", examples=["2020-04-20"])
    land_on: date | None = Field(description="供地或租赁日期", examples=["2020-05-08"])
    started_on: date | None = Field(description="开工日期", examples=["2020-06-01"])
    started_amount: Money | None = Field(description="已开工项目的合同金额，元；未开工为空")
    completed_on: date | None = Field(description="竣工日期", examples=["2021-06-01"])
    production_on: date | None = Field(description="投产日期", examples=["2021-08-01"])
    full_capacity_on: date | None = Field(description="达产日期", examples=["2022-08-01"])
    funds: Money = Field(description="累计到位资金（已认定），元")
    land_mu: str | None = Field(description="用地面积，亩", examples=["120.50"])
    jobs: int | None = Field(description="承诺用工，人", examples=[300])


class FundPayload(Payload):
    """A recognised entry of the funds ledger. A reversal is an entry of its own with a negative amount."""

    number: str = Field(description="资金编号", examples=["17"])
    project: str = Field(description="项目编号", examples=["500114-2020-0001"])
    arrived_on: date = Field(description="到位日期", examples=["2020-08-20"])
    amount: Money = Field(description="到位金额，元；冲销为负")
    source: str = Field(description="资金来源", examples=["outside_city"])
    kind: str = Field(description="资金性质", examples=["equity"])
    reverses: str | None = Field(description="所冲销的资金编号", examples=["12"])


class UnitWeek(Payload):
    """One unit's part of a week. A joint trip counts for each unit: units do not add up to the district."""

    unit: str = Field(description="责任单位", examples=["区经济信息委"])
    signed: int = Field(description="签约项目数", examples=[1])
    started: int = Field(description="开工项目数", examples=[0])
    outgoing_visits: int = Field(description="外出拜访次数", examples=[2])
    incoming_visits: int = Field(description="企业到访次数", examples=[3])
    visitors: int = Field(description="来访人次", examples=[14])
    events: int = Field(description="招商活动场次", examples=[1])
    press_items: int = Field(description="新闻宣传条数", examples=[2])


class WeekPayload(Payload):
    """The weekly intake of the whole district (ISO week, Monday to Sunday), and of each unit that did something."""

    week: str = Field(description="周", examples=["2020-W34"])
    district: str = Field(description="区县行政区划代码", examples=["500114"])
    starts_on: date = Field(description="周一", examples=["2020-08-17"])
    ends_on: date = Field(description="周日", examples=["2020-08-23"])
    signed: int = Field(description="签约项目数", examples=[3])
    signed_amount: Money = Field(description="签约金额，元")
    started: int = Field(description="开工项目数", examples=[1])
    started_amount: Money = Field(description="开工项目的合同金额，元")
    outgoing_visits: int = Field(description="外出拜访次数", examples=[12])
    incoming_visits: int = Field(description="企业到访次数", examples=[9])
    visitors: int = Field(description="来访人次", examples=[46])
    events: int = Field(description="招商活动场次", examples=[2])
    press_items: int = Field(description="新闻宣传条数", examples=[7])
    units: tuple[UnitWeek, ...] = Field(description="各责任单位情况")


PAYLOADS: dict[RecordKind, type[Payload]] = {
    RecordKind.PROJECT: ProjectPayload,
    RecordKind.FUND: FundPayload,
    RecordKind.WEEK: WeekPayload,
}


class Delivery(BaseModel):
    """One record in one version. `payload` is null for a record that the city is to drop."""

    model_config = ConfigDict(extra="forbid")

    kind: RecordKind
    key: Key
    version: int = Field(ge=1, le=2**53, description="版本号，只增不减", examples=[3])
    idempotency_key: str = Field(max_length=128, description="kind/key/version，重复送达时相同")
    op: Operation
    payload: dict[str, Any] | None = Field(description="op 为 delete 时为空")


class Batch(BaseModel):
    """What we send: `POST {address}/records`."""

    model_config = ConfigDict(extra="forbid")

    batch: str = Field(max_length=64, description="批次号", examples=["5f0c…"])
    district: str = Field(pattern=r"^\d{6}$", examples=["500114"])
    payload_version: str = Field(max_length=20, examples=[VERSION])
    records: list[Delivery] = Field(min_length=1, max_length=MOST_RECORDS)


class Receipt(BaseModel):
    """What the city says of one record. Unknown fields are let pass: a city may say more."""

    kind: RecordKind
    key: Key
    version: int = Field(ge=0, le=2**53, description="所答复的版本")
    result: Result
    held_version: int | None = Field(None, ge=0, le=2**53, description="市级现持有的版本")
    receipt_no: str | None = Field(None, max_length=64, description="回执号")
    code: str | None = Field(None, max_length=64, description="退回代码")
    field: str | None = Field(None, max_length=64, description="有误字段")
    message: str | None = Field(None, max_length=500, description="退回原因")


class Receipts(BaseModel):
    """The answer to a batch, or a message of its own when receipts come later."""

    batch: str = Field(max_length=64)
    receipts: list[Receipt] = Field(max_length=MOST_RECORDS)


class HeldRecord(BaseModel):
    """One record as the city holds it: `GET {address}/records`. A dropped one is held as its tombstone."""

    kind: RecordKind
    key: Key
    version: int = Field(ge=0, le=2**53)
    op: Operation = Operation.PUT
    digest: str | None = Field(None, max_length=64, description="载荷规范 JSON 的 SHA-256（十六进制）")
    payload: dict[str, Any] | None = None


class HeldPage(BaseModel):
    """A page of what the city holds, by kind and key; `next` goes into `after`."""

    items: list[HeldRecord] = Field(max_length=1000)
    next: str | None = Field(None, max_length=200)


def idempotency_key(kind: str, key: str, version: int) -> str:
    """By which the city knows a delivery again."""
    return f"{kind}/{key}/{version}"


SignatureSuite = Literal["hmac-sha256", "hmac-sm3", "sm2"]
BodyCipher = Literal["none", "sm4-gcm"]
