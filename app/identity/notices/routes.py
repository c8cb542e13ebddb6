from typing import Annotated, Any

from fastapi import Response

from app.identity.auth.access import CsrfMissing, Read, reads, requires
from app.identity.notices import queries, service
from app.identity.notices.schemas import NoticeCounts, NoticeFilter, NoticePage, ReadIn
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Forbidden, Invalid, Unauthenticated, raises
from app.kernel.replies import encode, saved
from app.kernel.routing import api

router = api("notices")

Mine = Annotated[Read, reads(Permission.SELF)]


@router.get(
    "/me/notices", response_model=NoticePage, responses=raises(Unauthenticated, Forbidden, Invalid), summary="我的通知"
)
async def list_my_notices(read: Mine, q: Annotated[NoticeFilter, asked(NoticeFilter)]) -> Response:
    """What waits for the caller, what came back, what is overdue; told last first (`sort=told_at`: first).

    One matter is one notice: when it is raised again it moves to the front and is unread again. The live stream tells
    its recipient of every new one (`notice.told`) and of what has been done (`notice.settled`); read marks are silent.
    """
    return _fresh(await read.fresh(queries.page, q))


@router.get(
    "/me/notices/count",
    response_model=NoticeCounts,
    responses=raises(Unauthenticated, Forbidden),
    summary="我的通知数",
)
async def count_my_notices(read: Mine) -> Response:
    """How many of the caller's notices are unread, open, overdue."""
    return _fresh(await read.fresh(queries.counts))


@router.post(
    "/me/notices/read",
    response_model=NoticeCounts,
    responses=raises(Unauthenticated, CsrfMissing, Forbidden, Invalid),
    summary="标为已读",
)
def mark_notices_read(body: ReadIn, db: Db, actor: Annotated[Actor, requires(Permission.SELF)]) -> Response:
    """Mark some of the caller's notices, or all that were told until a moment, as read. Others' are not touched."""
    service.read(db, actor, body)
    return saved(db, queries.counts(db, actor))


def _fresh(found: Any) -> Response:
    return Response(encode(found), media_type="application/json", headers={"Cache-Control": "no-store"})
