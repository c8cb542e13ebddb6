from typing import Annotated

from fastapi import Path, Query, Request, Response

from app.identity.auth.access import Public, Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api
from app.published.issues import queries, service
from app.published.issues.kinds import NoSeries, NotSettled
from app.published.issues.schemas import (
    DifferencesOut,
    IssueFilter,
    IssueIn,
    IssueOut,
    IssueRow,
    VerificationOut,
)

router = api("issues")

Reader = Annotated[Read, reads(Permission.ISSUE_READ)]
Publisher = Annotated[Actor, requires(Permission.ISSUE_PUBLISH)]
Kind = Annotated[str, Path(description="期刊种类", pattern="^[a-z_]{1,24}$", examples=["monthly_bulletin"])]
Year = Annotated[int, Path(description="年份", ge=1949, le=2199, examples=[2020])]
Number = Annotated[int, Path(description="期号", ge=1, le=9999, examples=[8])]
Edition = Annotated[int | None, Query(description="版次；不填为最新一版", ge=1, le=9999, examples=[1])]


@router.get("/issues", summary="已发布的期刊", response_model=page_of(IssueRow), responses=raises(Invalid))
async def list_issues(read: Reader, q: Annotated[IssueFilter, asked(IssueFilter)]) -> Response:
    """Every edition of everything that was published, the newest first."""
    return await read.answer(queries.page, q)


@router.post(
    "/issues",
    summary="发布一期，或发布更正版",
    status_code=201,
    response_model=IssueOut,
    responses=raises(NoSeries, Invalid, service.NotOver, NotSettled, service.NothingChanged),
)
def publish_issue(body: IssueIn, db: Db, actor: Publisher) -> Response:
    """Freeze what a series says of a period that is over: content, rule versions, position in the log, hash.

    Published again, with a reason, it becomes the next edition; the earlier ones stay as they are.
    """
    issue = service.publish(db, actor, body)
    return saved(db, queries.out(db, issue), status=201)


@router.get(
    "/issues/{kind}/{year}/{number}",
    summary="一期的内容",
    response_model=IssueOut,
    responses=raises(queries.NoIssue, Invalid),
)
async def get_issue(read: Reader, kind: Kind, year: Year, number: Number, edition: Edition = None) -> Response:
    """An edition as it was frozen; the newest unless `edition` asks for another."""
    return await read.answer(queries.one, kind, year, number, edition)


@router.get(
    "/issues/{kind}/{year}/{number}/verification",
    summary="验证一期是否原样",
    response_model=VerificationOut,
    responses=raises(queries.NoIssue, Invalid),
    dependencies=[Public],
)
async def verify_issue(
    request: Request, kind: Kind, year: Year, number: Number, edition: Edition = None
) -> VerificationOut:
    """Hash what is kept, and compare it and the log's position with what was published.

    Whoever holds the paper may ask, without logging in: the answer has hashes, nothing of the content.
    """
    return await database_of(request).read(
        lambda connection: queries.verification(connection, kind, year, number, edition)
    )


@router.get(
    "/issues/{kind}/{year}/{number}/differences",
    summary="两版的不同之处",
    response_model=DifferencesOut,
    responses=raises(queries.NoIssue, Invalid),
)
async def compare_editions(
    read: Reader, kind: Kind, year: Year, number: Number, before: Edition = None, after: Edition = None
) -> Response:
    """Where two editions differ, value by value: the newest and the one before it unless others are asked for."""
    return await read.answer(queries.compared, kind, year, number, before, after)
