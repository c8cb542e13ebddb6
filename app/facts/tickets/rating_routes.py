"""Rating over HTTP, by whoever holds a link: no login, and nothing but the one thing that it opens."""

from typing import Annotated

from fastapi import Path, Request, Response

from app.facts.tickets import ratings
from app.facts.tickets.ratings import NoRatingLink
from app.facts.tickets.schemas import RatedTicketOut, TicketRatingIn, TicketThanksOut
from app.identity.auth.access import Public
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, TooMany, raises
from app.kernel.replies import encode, saved
from app.kernel.routing import api

router = api("tickets")

Token = Annotated[str, Path(description="评价链接中的令牌", pattern="^[0-9A-Za-z_-]{1,100}$", examples=["zt_9Jx2"])]
# The address is a secret: nothing on the way may keep what it opens, nor pass it on.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def _admit(request: Request) -> None:
    request.app.state.throttle.admit(request.client.host if request.client else "")


@router.get(
    "/ticket-ratings/{token}",
    summary="企业评价：查看办理结果",
    response_model=RatedTicketOut,
    dependencies=[Public],
    responses=raises(NoRatingLink, TooMany, Invalid),
)
async def get_rated_ticket(request: Request, token: Token) -> Response:
    """What is to be rated: number, category, day and result, nothing else. Without logging in.

    A link that is wrong, used, ended or expired is 404 alike; whoever asks too often waits (429).
    """
    _admit(request)
    found = await database_of(request).read(lambda connection: ratings.shown(connection, token))
    return Response(encode(found), media_type="application/json", headers=HEADERS)


@router.post(
    "/ticket-ratings/{token}",
    summary="企业评价：提交",
    response_model=TicketThanksOut,
    dependencies=[Public],
    responses=raises(NoRatingLink, TooMany, Invalid),
)
def rate_ticket(request: Request, token: Token, body: TicketRatingIn, db: Db) -> Response:
    """Rate it, from 1 to 5, with a remark or without. Once: the link opens nothing from then on."""
    _admit(request)
    ratings.rate(db, token, body)
    response = saved(db, {"message": "评价已收到，谢谢"})
    response.headers.update(HEADERS)
    return response
