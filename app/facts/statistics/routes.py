from typing import Annotated

from fastapi import Depends, Header, Path, Response

from app.facts.statistics import queries, service
from app.facts.statistics.schemas import StatisticFilter, StatisticIn, StatisticOut
from app.facts.statistics.terms import StatisticCode
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.calendar import PeriodText
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.paging import page_of
from app.kernel.preconditions import if_match as version_in
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("statistics")

Reader = Annotated[Read, reads(Permission.FIGURE_READ)]
Editor = Annotated[Actor, requires(Permission.STATISTIC_EDIT)]
Code = Annotated[
    StatisticCode, Path(description="fixed_asset_investment 全区固定资产投资、municipal_rank 市级考核位次")
]
At = Annotated[PeriodText, Path(description="所属期间，例如 2020")]


async def replaced(
    if_match: Annotated[str | None, Header(description="更正时必填：读取该记录时答复的 ETag", max_length=100)] = None,
) -> int | None:
    """The row version that is to be replaced; None when the client knows of none."""
    return None if if_match is None else await version_in(if_match)


Replaced = Annotated[int | None, Depends(replaced)]


@router.get(
    "/statistics",
    summary="录入的统计数据",
    response_model=page_of(StatisticOut),
    responses=raises(Invalid),
)
async def list_statistics(read: Reader, q: Annotated[StatisticFilter, asked(StatisticFilter)]) -> Response:
    """Figures that come from outside and were typed in, the newest period first."""
    return await read.answer(queries.page, q)


@router.get(
    "/statistics/{code}/{period}",
    summary="一项录入的统计数据",
    response_model=StatisticOut,
    responses=raises(queries.NoStatistic, Invalid),
)
async def get_statistic(read: Reader, code: Code, period: At) -> Response:
    """One figure; its ETag is what a correction sends as If-Match."""
    return await read.answer(queries.one, code, period)


@router.put(
    "/statistics/{code}/{period}",
    summary="录入或更正统计数据",
    response_model=StatisticOut,
    responses={201: {"model": StatisticOut, "description": "新录入"}, **raises(Invalid, Stale, IfMatchMissing)},
)
def put_statistic(code: Code, period: At, body: StatisticIn, version: Replaced, db: Db, actor: Editor) -> Response:
    """Type a figure in (201), or correct the one that is there (200, needs If-Match). The log keeps what it was."""
    statistic, new = service.put(db, actor, code, period, body, version)
    return saved(db, queries.out(db, statistic), status=201 if new else 200, row_version=statistic.version)
