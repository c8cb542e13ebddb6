from typing import Annotated

from fastapi import Path, Request, Response
from sqlalchemy import Connection

from app.facts.evidence.receiving import store_of
from app.facts.reports.weeks import NoWeek
from app.identity.auth.access import Read, reads
from app.identity.units.schemas import CODE_PATTERN
from app.kernel.access import Actor, Permission
from app.kernel.errors import Invalid, raises
from app.kernel.files import Store
from app.kernel.routing import api
from app.published.boards import queries
from app.published.boards.content import content
from app.published.boards.schemas import BoardOut, TrialIn, TrialOut, UnitExplanation
from app.published.boards.series import WEEKLY_BOARD
from app.published.documents import queries as documents
from app.published.documents.papers import Office, Printable
from app.published.documents.routes import NOT_MADE, PAPER, AsFormat, office_of, printed

router = api("boards")

Reader = Annotated[Read, reads(Permission.ISSUE_READ)]
Author = Annotated[Read, reads(Permission.RULE_SAVE)]
Week = Annotated[str, Path(description="周，ISO 周次", pattern="^[0-9]{4}-W[0-9]{2}$", examples=["2026-W32"])]
Unit = Annotated[str, Path(description="单位编码", pattern=CODE_PATTERN, examples=["jxw"])]


@router.get("/boards/{week}", summary="周展示草稿", response_model=BoardOut, responses=raises(NoWeek, Invalid))
async def get_board_draft(read: Reader, week: Week) -> Response:
    """The board of a week as of now: units ranked within their tier by the activity index; `POST /issues` freezes it.

    Every count is the figures' own; units, names and tiers are those of the week's last day, the rule is that of its
    Monday. Only open projects are named. It says whether the week is frozen, and who filed late or not at all.
    """
    return await read.answer(queries.draft, week)


@router.get(
    "/boards/{week}/units/{unit}",
    summary="一个单位的得分从何而来",
    response_model=UnitExplanation,
    responses=raises(NoWeek, queries.NotOnBoard, Invalid),
)
async def explain_unit_score(read: Reader, week: Week, unit: Unit) -> Response:
    """Where a unit's points come from: measures, what they were held against, weights, down to every row counted.

    Rows that you may not see are only counted. The points of the rows add up to those of their sub-index, these and
    the penalty to the total, as printed.
    """
    return await read.answer(queries.unit, week, unit)


@router.post(
    "/boards/{week}/trials",
    summary="试算另一版规则",
    response_model=TrialOut,
    responses=raises(NoWeek, Invalid),
)
async def try_activity_rule(read: Author, week: Week, body: TrialIn) -> TrialOut:
    """See a week under another rule before that takes effect: a version, drafts too, or a body nobody has saved.

    Both boards beside each other, and for each unit its rank and total under both. Nothing is written.
    """
    found: TrialOut = await read.fresh(queries.trial, week, body)
    return found


@router.get(
    "/boards/{week}/document",
    summary="周展示草稿的 Word 或 PDF",
    response_class=Response,
    responses=PAPER | raises(NoWeek, *NOT_MADE, Invalid),
)
async def get_board_draft_document(request: Request, read: Reader, week: Week, form: AsFormat) -> Response:
    """The draft on paper, marked as such on every page: to be read through before it is published."""
    office, store = office_of(request), store_of(request)
    return await printed(request, await read.fresh(paper, office, store, week), form)


def paper(connection: Connection, _actor: Actor, office: Office, store: Store, week: str) -> Printable:
    """What the board of a week would say now, to be printed."""
    period = queries.week_of(week)
    return documents.draft(connection, office, store, WEEKLY_BOARD.code, period, content(connection, period))
