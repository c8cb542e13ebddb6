import re
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Request, Response

from app.exchange.municipal.city import queries, service
from app.exchange.municipal.city.queries import CursorAhead
from app.exchange.municipal.city.schemas import PulledPage, PullQuery, TakenOut
from app.exchange.municipal.queries import ChannelPaused, NoChannel, settings_of
from app.exchange.municipal.routes import ChannelCode, connections_of
from app.exchange.municipal.wire import messages, signatures
from app.exchange.municipal.wire.contract import Receipts, RecordKind
from app.identity.auth.access import Read, entered, reads, requires
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.replies import encode
from app.kernel.routing import api

router = api("municipal")

Puller = Annotated[Read, reads(Permission.MUNICIPAL_PULL)]
Answerer = Annotated[Actor, requires(Permission.MUNICIPAL_ANSWER)]
Asked = Annotated[PullQuery, asked(PullQuery)]

_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
_SIGNED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            name: {"schema": {"type": "string"}, "description": "signed=true 时给出"} for name in signatures.HEADERS
        }
    }
}
_REFUSED = raises(NoChannel, CursorAhead, ChannelPaused, Invalid)


# -- fetching ------------------------------------------------------------------------------------------------------


@router.get("/municipal/projects", summary="市级取项目", response_model=PulledPage, responses=_SIGNED | _REFUSED)
async def pull_municipal_projects(request: Request, read: Puller, q: Asked) -> Response:
    """Projects that have changed since a cursor, in the order of their changes.

    A project that is reported no more comes as a tombstone. Give `next` as `after` the next time: nothing is left out,
    whatever is written meanwhile. Asking with a cursor says that all before it has arrived. With `signed=true` the
    answer is signed and names the request's `X-Zs-Nonce`, if it has one.
    """
    return await _pull(request, read, RecordKind.PROJECT, q)


@router.get("/municipal/funds", summary="市级取到位资金", response_model=PulledPage, responses=_SIGNED | _REFUSED)
async def pull_municipal_funds(request: Request, read: Puller, q: Asked) -> Response:
    """Recognised funds that have changed since a cursor. As with projects, with a cursor of its own."""
    return await _pull(request, read, RecordKind.FUND, q)


@router.get("/municipal/weeks", summary="市级取每周情况", response_model=PulledPage, responses=_SIGNED | _REFUSED)
async def pull_municipal_weeks(request: Request, read: Puller, q: Asked) -> Response:
    """Weeks whose intake has changed since a cursor. As with projects, with a cursor of its own."""
    return await _pull(request, read, RecordKind.WEEK, q)


async def _pull(request: Request, read: Read, kind: RecordKind, q: PullQuery) -> Response:
    code, settings = queries.chosen(connections_of(request), q.channel)
    nonce = request.headers.get(signatures.NONCE, "")
    if nonce and not _NONCE.fullmatch(nonce):
        raise Invalid.field(signatures.NONCE, "nonce", "应为 16 至 64 个字母、数字、_ 或 -")
    found = await read.fresh(queries.page, code, kind, q)
    actor, _ = await entered(request, Permission.MUNICIPAL_PULL)
    many = len(found["items"])
    await anyio.to_thread.run_sync(
        partial(service.fetched, database_of(request), actor, code, settings, kind, q.after, many)
    )
    body, headers = encode(found), {"Cache-Control": "no-store"}
    if not (q.signed or settings.keys.sealing):
        return Response(body, media_type="application/json", headers=headers)
    written = messages.write_response(settings.keys, nonce, 200, body, calendar.now())
    return Response(written.body, headers=headers | written.headers)


# -- receipts that come later --------------------------------------------------------------------------------------


def _inlined(schema: Any, names: dict[str, Any]) -> Any:
    """A schema without references."""
    if isinstance(schema, list):
        return [_inlined(part, names) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(names[schema["$ref"].rsplit("/", 1)[1]], names)
    return {name: _inlined(part, names) for name, part in schema.items() if name != "$defs"}


_whole = Receipts.model_json_schema()
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inlined(_whole, _whole["$defs"])}},
    },
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "schema": {"type": "string", "maxLength": 300},
            "description": "签名报头，见 openapi/municipal.json",
        }
        for name in signatures.HEADERS
    ],
}


async def raw(request: Request) -> bytes:
    """The body as it came: what is signed are its bytes."""
    return await request.body()


@router.post(
    "/municipal/channels/{code}/receipts",
    summary="市级送来回执",
    response_model=TakenOut,
    responses=raises(NoChannel, service.NotBelieved, service.MessageTooLarge, Invalid),
    openapi_extra=_BODY,
)
def take_municipal_receipts(
    request: Request, code: ChannelCode, body: Annotated[bytes, Depends(raw)], db: Db, _actor: Answerer
) -> Response:  # fmt: skip
    """Receipts for records that were answered `received`, signed by the channel's suite as a request is, sealed where
    the channel seals. A wrong signature, an old timestamp, a nonce that was used, a message that is too large or
    malformed is refused and written down. The answer is signed.
    """
    settings = settings_of(connections_of(request), code)
    told, nonce = service.believe(database_of(request), code, settings, _target(request), request.headers, body)
    found = encode(service.take(db, code, settings, told))
    written = messages.write_response(settings.keys, nonce, 200, found, calendar.now())
    return Response(written.body, headers={"Cache-Control": "no-store", **written.headers})


def _target(request: Request) -> str:
    """Path and query as they came over the wire."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
