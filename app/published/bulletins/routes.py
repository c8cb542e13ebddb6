from typing import Annotated

from fastapi import Path, Request, Response
from sqlalchemy import Connection

from app.facts.evidence.receiving import store_of
from app.identity.auth.access import Read, reads
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.calendar import Period
from app.kernel.errors import Invalid, raises
from app.kernel.files import Store
from app.kernel.routing import api
from app.published.bulletins.content import MONTHLY, content
from app.published.bulletins.schemas import BulletinContent
from app.published.documents import queries as documents
from app.published.documents.papers import Office, Printable
from app.published.documents.routes import NOT_MADE, PAPER, AsFormat, office_of, printed

router = api("bulletins")

Reader = Annotated[Read, reads(Permission.ISSUE_READ)]
MONTH = "^(19[5-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(description="月份", pattern=MONTH, examples=["2020-08"])]


def draft(connection: Connection, _actor: Actor, month: str) -> BulletinContent:
    """What the bulletin of a month would say now."""
    return content(connection, _begun(month))


def paper(connection: Connection, actor: Actor, office: Office, store: Store, month: str) -> Printable:
    """The same, to be printed."""
    found = draft(connection, actor, month)
    return documents.draft(connection, office, store, MONTHLY.code, _begun(month), found)


def _begun(month: str) -> Period:
    period = Period.parse(month)
    if period.start > calendar.today():
        raise Invalid.field("month", "ahead", "月份还没有开始")
    return period


@router.get("/bulletins/{month}", summary="月通报草稿", response_model=BulletinContent, responses=raises(Invalid))
async def get_bulletin_draft(read: Reader, month: Month) -> Response:
    """What the bulletin of a month says as of now; `POST /issues` freezes it.

    Month and year so far, beside the year before, by unit with zeros; only open projects are named, the others counted.
    """
    return await read.answer(draft, month)


@router.get(
    "/bulletins/{month}/document",
    summary="月通报草稿的 Word 或 PDF",
    response_class=Response,
    responses=PAPER | raises(*NOT_MADE, Invalid),
)
async def get_bulletin_draft_document(request: Request, read: Reader, month: Month, form: AsFormat) -> Response:
    """The draft on paper, marked as such on every page: to be read through before it is published."""
    office, store = office_of(request), store_of(request)
    return await printed(request, await read.fresh(paper, office, store, month), form)
