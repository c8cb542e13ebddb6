"""The two routes of the contract, and their published description."""

import re
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.datastructures import QueryParams
from starlette.responses import Response

from app.exchange.municipal.sandbox import intake
from app.exchange.municipal.sandbox.city import City, Unfit, answer
from app.exchange.municipal.sandbox.faults import Fate
from app.exchange.municipal.wire import bodies, signatures
from app.exchange.municipal.wire.contract import PAYLOADS, VERSION, Batch, HeldPage, Receipts, RecordKind
from app.exchange.municipal.wire.messages import Read
from app.kernel import calendar

MOST_HELD = 1000
"""Records of one page."""

DESCRIPTION = f"""区县向市级报送招商项目的接口约定，第 {VERSION} 版。市级一方实现 `POST /records` 与 `GET /records`，\
根地址由市级提供。

**版本。** 每条记录由 `kind` 与 `key` 确定，`version` 只增不减。市级保留收到的最新版本：\
未持有或版本更高的记为 `accepted`；同一版本、\
同一内容再次送达的记为 `duplicate`；其余记为 `stale` 并在 `held_version` 中说明现持有的版本。\
`op` 为 `delete` 的记录以删除标记保留其版本。每条记录各有回执；被退回（`rejected`）的写明代码、字段与原因。

**签名。** 请求与答复都签名。待签文本为下列各行，以换行符连接，末尾不换行：

- 请求：`zs1`、方法、路径及查询串（与线上一致）、时间、随机数、报文摘要
- 答复：`zs1`、状态码、请求的随机数、时间、随机数、报文摘要

`X-Zs-Suite` 为 `hmac-sha256`、`hmac-sm3` 或 `sm2`，由双方事先约定，与约定不同的一律拒绝。摘要为报文的 SHA-256\
（`hmac-sha256`）或 SM3（其余），十六进制小写；签名为 base64，SM2 签名为 r、s 各 32 字节，\
用户标识为 `1234567812345678`。\
时间与本机相差超过约定（一般 300 秒）的、随机数用过的，一律拒绝。签名不符的请求答复 401，答复不必签名；\
429 与 5xx 表示稍后再报，答复不必签名；400、413、422 表示整批有误。

**加密。** 双方约定 SM4-GCM 时，报文为随机数（12 字节）、密文、标签（16 字节）相连，\
`Content-Type` 为 `{bodies.SEALED}`；\
附加数据为请求的方法与路径及查询串，或答复的状态码与请求的随机数，两者以换行符连接。摘要与签名按加密后的报文计算，空报文不加密。

**摘要。** `HeldRecord.digest` 为载荷规范 JSON（键按码位排序、无空白、UTF-8）的 SHA-256。

载荷的字段与代码以下列各模型为准；双方约定字段映射、代码映射的，信封不变，载荷从其约定。
"""


class Problem(BaseModel):
    """Why a request was not taken."""

    code: str = Field(description="代码", examples=["signature"])
    message: str = Field(description="原因", examples=["签名不符"])


_MEANINGS = {
    signatures.KEY: ("密钥编号", {"type": "string", "maxLength": 64}),
    signatures.SUITE: ("签名算法", {"type": "string", "enum": ["hmac-sha256", "hmac-sm3", "sm2"]}),
    signatures.TIMESTAMP: ("时间，Unix 秒", {"type": "string", "pattern": "^[1-9][0-9]{0,11}$"}),
    signatures.NONCE: ("随机数", {"type": "string", "pattern": "^[0-9A-Za-z_-]{16,64}$"}),
    signatures.DIGEST: ("报文摘要", {"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    signatures.SIGNATURE: ("签名，base64", {"type": "string", "maxLength": 200}),
}
_SENT: list[dict[str, Any]] = [
    {"name": name, "in": "header", "required": True, "description": text, "schema": schema}
    for name, (text, schema) in _MEANINGS.items()
]
_ANSWERED = {name: {"description": text, "schema": schema} for name, (text, schema) in _MEANINGS.items()}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "整批不合约定"},
    401: {"model": Problem, "description": "签名不符、时间不符或随机数用过"},
    413: {"model": Problem, "description": "报文过大"},
    429: {"model": Problem, "description": "稍后再报，见 Retry-After"},
}


def _body(model: str) -> dict[str, Any]:
    sealed = {"schema": {"type": "string", "format": "binary"}}
    json = {"schema": {"$ref": f"#/components/schemas/{model}"}}
    return {"required": True, "content": {"application/json": json, bodies.SEALED: sealed}}


router = APIRouter(tags=["records"])


@router.post(
    "/records",
    operation_id="deliver_records",
    summary="报送一批记录",
    response_model=Receipts,
    responses={200: {"description": "每条记录的回执", "headers": _ANSWERED}, **_REFUSALS},
    openapi_extra={"parameters": _SENT, "requestBody": _body("Batch")},
)
async def deliver_records(request: Request) -> Response:
    """Take in a batch; a receipt for each record, in the same order."""
    return await answer(request, _deliver)


@router.get(
    "/records",
    operation_id="list_held_records",
    summary="查询市级持有的记录",
    response_model=HeldPage,
    responses={200: {"description": "一页记录，按 kind、key 排列", "headers": _ANSWERED}, **_REFUSALS},
    openapi_extra={
        "parameters": [
            {
                "name": "after", "in": "query", "description": "上一页的 next",
                "schema": {"type": "string", "maxLength": 200},
            },
            {
                "name": "limit", "in": "query", "description": "至多多少条",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST_HELD, "default": 500},
            },
            *_SENT,
        ]
    },
)  # fmt: skip
async def list_held_records(request: Request) -> Response:
    """What is held, tombstones among it, by kind and key."""

    def work(city: City, _read: Read, _fate: Fate) -> HeldPage:
        after, limit = _asked(request.query_params)
        kind, _, key = after.partition("/")
        return intake.page(city.store.rows(intake.PAGE, (kind, key, limit + 1)), limit)

    return await answer(request, work)


def _deliver(city: City, read: Read, fate: Fate) -> Receipts:
    try:
        batch = Batch.model_validate_json(read.body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Unfit(400, "malformed", f"报文不合约定：{where or '全文'}") from None
    with city.store.writing() as db:
        taken = intake.take(db, batch, fate, city.mood.faults, city.settings.check, calendar.now())
    return Receipts(batch=batch.batch, receipts=taken)


def _asked(query: QueryParams) -> tuple[str, int]:
    after, limit = query.get("after", ""), query.get("limit", "500")
    if not re.fullmatch(r"[0-9]{1,4}", limit, re.ASCII) or not 1 <= int(limit) <= MOST_HELD or len(after) > 200:
        raise Unfit(400, "malformed", f"limit 应为 1 至 {MOST_HELD}，after 至多 200 个字符")
    return after, int(limit)


def describe() -> dict[str, Any]:
    """The contract as OpenAPI 3.1: the routes of the city's side, and the receipts that it may send later."""
    side = FastAPI()
    side.include_router(router)

    @side.webhooks.post(
        "receipts",
        tags=["receipts"],
        operation_id="send_receipts",
        summary="补发回执",
        status_code=200,
        openapi_extra={"parameters": _SENT, "requestBody": _body("Receipts"), "security": [{"key": []}]},
    )
    def send_receipts() -> None:
        """To the district, for records that were answered `received`: signed by the city as a request is, and with a
        machine key that the district gave the city."""

    found = get_openapi(
        title="招商项目市级报送接口",
        version=VERSION,
        description=DESCRIPTION,
        routes=side.routes,
        webhooks=side.webhooks.routes,
        tags=[{"name": "records", "description": "市级一方"}, {"name": "receipts", "description": "区县一方"}],
    )
    models = [(PAYLOADS[kind], "validation") for kind in RecordKind]
    _, payloads = models_json_schema([(Batch, "validation"), *models], ref_template="#/components/schemas/{model}")  # type: ignore[list-item]
    found["components"]["schemas"] = dict(sorted((found["components"]["schemas"] | payloads["$defs"]).items()))
    found["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "区县发给市级的机器密钥"}
    }
    return found
