from typing import Annotated

from fastapi import Header, Request, Response

from app.exchange.feed import queries
from app.exchange.feed.schemas import LogFilter, LogPage, LogVerification, StreamQuery
from app.exchange.feed.streams import StreamResponse, opening
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Forbidden, Invalid, TooMany, Unauthenticated, raises
from app.kernel.routing import api

router = api("feed")

EXAMPLE = (
    "id: 1024\nevent: project.moved\n"
    'data: {"seq":1024,"at":"2020-10-08T01:30:00.000000Z","kind":"project.moved",'
    '"subject":{"type":"project","key":"500114-2020-0046"},"actor":"officer","request_id":"5f0c6f0e9d3b4a1c",'
    '"reason":"合同已签","changes":[{"table":"project","row":46,"op":"update",'
    '"fields":{"stage":{"before":"framework","after":"signed"}}}],"data":{}}\n\n'
)


@router.get(
    "/stream",
    summary="实时变更",
    status_code=200,
    response_class=StreamResponse,
    responses=raises(Unauthenticated, Forbidden, Invalid)
    | {200: {"description": "事件流", "content": {"text/event-stream": {"example": EXAMPLE}}}},
)
async def stream(
    request: Request,
    read: Annotated[Read, reads(Permission.STREAM_READ)],
    q: Annotated[StreamQuery, asked(StreamQuery)],
    last_event_id: Annotated[
        str, Header(description="上次收到的编号，从其后补发", pattern=r"^[0-9]{0,18}$", examples=["1024"])
    ] = "",
) -> Response:
    """Every change the actor may see, live, as server-sent events.

    `id` is the event's number, `event` its kind, `data` what happened: `changes` holds each field's `before` and
    `after`, personal fields say only "changed". Without a number the stream starts now; with one, everything after
    it is sent first, without hole or repetition, as far as the actor may see it today.

    Besides the kinds of events there are: `removed` (the subject can no longer be seen: forget it), `reset` (what you
    hold may be wrong: read it anew), `overflow` (you were too slow: reconnect with the last number), `bye` (the stream
    ends: its life is over, the server stops, or the session has ended). Lines beginning with `:` are signs of life.
    """
    response: Response = await read.fresh(opening, request, q, last_event_id)
    return response


@router.get("/log", response_model=LogPage, responses=raises(Unauthenticated, Forbidden, Invalid), summary="事件日志")
async def list_log(
    read: Annotated[Read, reads(Permission.LOG_READ)], q: Annotated[LogFilter, asked(LogFilter)]
) -> Response:
    """The event log for auditors, newest first (`sort=seq`: oldest first): who, when, what kind, which fields."""
    return await read.answer(queries.log_page, q)


@router.get(
    "/log/verification",
    summary="核对日志",
    response_model=LogVerification,
    responses=raises(Unauthenticated, Forbidden, TooMany, queries.WalkTooLong),
)
async def verify_log(read: Annotated[Read, reads(Permission.LOG_READ)]) -> LogVerification:
    """Walk the whole chain of hashes and say whether it is intact, or at which number it breaks."""
    found: LogVerification = await read.fresh(queries.verification)
    return found
