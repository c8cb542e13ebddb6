from typing import Annotated

from fastapi import Path, Response

from app.facts.funds import queries, service
from app.facts.funds.schemas import FundIn, FundList, FundOut, ReverseIn
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("funds")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Editor = Annotated[Actor, requires(Permission.FUND_EDIT)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
FundId = Annotated[int, Path(description="资金记录号", ge=1, le=2**63 - 1, examples=[31])]


@router.get("/projects/{code}/funds", summary="项目的到位资金", response_model=FundList, responses=raises(NoProject))
async def list_funds(read: Reader, code: Code) -> Response:
    """The project's ledger of arrived funds by date, with a running total; reversals are lines of their own."""
    return await read.answer(queries.of_project, code)


@router.post(
    "/projects/{code}/funds",
    summary="登记到位资金",
    status_code=201,
    response_model=FundOut,
    responses=raises(NoProject, NotYours, Invalid),
)
def create_fund(code: Code, body: FundIn, db: Db, actor: Editor) -> Response:
    """Enter money that arrived, in yuan or in a foreign currency with its rate; both are kept.

    An entry is never changed afterwards: reverse a wrong one and enter the right one.
    """
    project, entry = service.create(db, actor, code, body)
    return saved(db, queries.out(db, entry), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/funds/{fund_id}/reverse",
    summary="冲销到位资金",
    status_code=201,
    response_model=FundOut,
    responses=raises(
        NoProject, NotYours, Invalid, queries.NoFund, service.AlreadyReversed, service.IsReversal,
        service.NotRecognised, PeriodLocked,
    ),
)  # fmt: skip
def reverse_fund(code: Code, fund_id: FundId, body: ReverseIn, db: Db, actor: Editor) -> Response:
    """Take an entry back by a new one with the opposite amount, once.

    By default it counts on the day the money went back (`on`, or today). With `restate` it counts on the
    original's own date: the entry was never true, and its period is restated.
    """
    project, reversal = service.reverse(db, actor, code, fund_id, body)
    return saved(db, queries.out(db, reversal), status=201, row_version=project.version)
