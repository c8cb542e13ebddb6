from typing import Annotated

from fastapi import Path, Response
from sqlalchemy import Connection

from app.identity.auth.access import Read, reads
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.calendar import Period
from app.kernel.errors import Invalid, raises
from app.kernel.routing import api
from app.published.bulletins.content import content
from app.published.bulletins.schemas import BulletinContent

router = api("bulletins")

Reader = Annotated[Read, reads(Permission.ISSUE_READ)]
MONTH = "^(19[5-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(description="月份", pattern=MONTH, examples=["2020-08"])]


def draft(connection: Connection, _actor: Actor, month: str) -> BulletinContent:
    """What the bulletin of a month would say now."""
    period = Period.parse(month)
    if period.start > calendar.today():
        raise Invalid.field("month", "ahead", "月份还没有开始")
    return content(connection, period)


@router.get("/bulletins/{month}", summary="月通报草稿", response_model=BulletinContent, responses=raises(Invalid))
async def get_bulletin_draft(read: Reader, month: Month) -> Response:
    """What the bulletin of a month says as of now; `POST /issues` freezes it.

    Month and year so far, beside the year before, by unit with zeros; only open projects are named, the others counted.
    """
    return await read.answer(draft, month)
