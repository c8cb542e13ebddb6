"""Escalations, and the calendar, over HTTP."""

from typing import Annotated, Any

from fastapi import Path, Request, Response

from app.facts.task_forces import escalation_queries, feed, feed_tokens
from app.facts.task_forces.escalation_schemas import EscalationFilter, EscalationOut
from app.facts.task_forces.feed_schemas import CalendarQuery, CalendarTokenIn, CalendarTokenMade, CalendarTokenOut
from app.facts.task_forces.feed_schemas import CalendarTokens as Tokens
from app.facts.task_forces.feed_tokens import NoCalendarToken, TooManyTokens
from app.facts.task_forces.routes import Reader, whose
from app.identity.auth.access import Public, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.openapi import TOLD_ONCE
from app.kernel.paging import page_of
from app.kernel.replies import encode, saved
from app.kernel.routing import api

router = api("task_forces")

Owner = Annotated[Actor, requires(Permission.TASK_FORCE_READ)]
ADDRESS = "/api/v1/task-forces/calendar.ics"
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "日历", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}


@router.get(
    "/task-forces/calendar.ics",
    summary="专班日历订阅",
    response_class=Response,
    dependencies=[Public],
    responses=CONTENT | raises(NoCalendarToken, Invalid),
)
async def get_task_calendar(request: Request, q: Annotated[CalendarQuery, asked(CalendarQuery)]) -> Response:
    """Due dates of tasks and meetings of task forces at work, as iCalendar, for a calendar program to subscribe to.

    The address holds a token of `POST /me/calendar-tokens` instead of a session. It shows what its owner may see today,
    from half a year ago on; `mine=true` only of the own task forces. Identifiers of events never change.
    """
    district = request.app.state.settings.district
    found = await database_of(request).read(lambda connection: feed.feed(connection, q, district))
    # The address is a secret: nothing on the way may keep what it opens, nor pass it on.
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
    return Response(found, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/me/calendar-tokens", summary="我的日历令牌", response_model=Tokens)
async def list_calendar_tokens(read: Reader) -> Response:
    """The caller's own tokens. What they are is told only when they are made."""
    found = await read.fresh(feed_tokens.own)
    return Response(encode(found), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(
    "/me/calendar-tokens",
    summary="新增日历令牌",
    status_code=201,
    response_model=CalendarTokenMade,
    responses=raises(TooManyTokens, Invalid),
    openapi_extra=TOLD_ONCE,
)
def create_calendar_token(body: CalendarTokenIn, db: Db, actor: Owner) -> Response:
    """Make a token for a calendar program, which can send no header. Its address is told once.

    It opens the calendar of its owner for reading and nothing else, for a year at most, and ends with the account.
    """
    token, secret = feed_tokens.create(db, actor, body.name)
    response = saved(db, feed_tokens.out(token) | {"address": f"{ADDRESS}?token={secret}"}, status=201)
    # A secret is told once: its answer is not kept with an Idempotency-Key.
    db.info.pop("answer", None)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.delete(
    "/me/calendar-tokens/{token_id}",
    summary="吊销日历令牌",
    response_model=CalendarTokenOut,
    responses=raises(NoCalendarToken),
)
def revoke_calendar_token(
    token_id: Annotated[int, Path(description="日历令牌编号", ge=1, le=2**63 - 1, examples=[2])], db: Db, actor: Owner
) -> Response:
    """End one of the caller's own tokens at once."""
    return saved(db, feed_tokens.out(feed_tokens.revoke(db, actor, token_id)))


@router.get("/escalations", summary="督办记录", response_model=page_of(EscalationOut), responses=raises(Invalid))
async def list_escalations(read: Reader, q: Annotated[EscalationFilter, asked(EscalationFilter)]) -> Response:
    """Which task came to which level (交办, 催办, 督办), when, why, and who was told; the newest first.

    A daily job tells by a dated rule: each level once, none skipped. The lead unit, the leader and the bureau see all
    of what they may see.
    """
    return await read.answer(escalation_queries.page, q, await whose(read, q.mine))
