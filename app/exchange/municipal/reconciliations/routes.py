from typing import Annotated

from fastapi import File, Form, Path, Request, Response, UploadFile

from app.exchange.municipal.queries import NoChannel
from app.exchange.municipal.reconciliations import queries, service
from app.exchange.municipal.reconciliations.queries import NoReconciliation
from app.exchange.municipal.reconciliations.reading import CityFailed
from app.exchange.municipal.reconciliations.schemas import (
    DifferencePage,
    DifferenceQuery,
    PutRightOut,
    ReconciliationFilter,
    ReconciliationIn,
    ReconciliationOut,
)
from app.exchange.municipal.routes import Reader, Sender, answered, connections_of
from app.exchange.municipal.schemas import Code, ReasonIn
from app.exchange.municipal.wire.contract import RecordKind
from app.kernel.access import Actor
from app.kernel.asking import asked
from app.kernel.calendar import Moment
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, TooLarge, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("municipal")

Number = Annotated[int, Path(description="对账号", ge=1, le=2**63 - 1, examples=[3])]
PLACE = "/municipal/reconciliations"


@router.get(PLACE, summary="对账记录", response_model=page_of(ReconciliationOut), responses=raises(Invalid))
async def list_municipal_reconciliations(
    read: Reader, q: Annotated[ReconciliationFilter, asked(ReconciliationFilter)]
) -> Response:
    """Reconciliations, the newest first."""
    return answered(await read.fresh(queries.page, q))


@router.post(
    PLACE,
    summary="与市级对账",
    status_code=201,
    response_model=ReconciliationOut,
    responses=raises(NoChannel, service.NothingToAsk, CityFailed, Invalid, TooLarge),
)
def reconcile_with_city(request: Request, body: ReconciliationIn, db: Db, actor: Sender) -> Response:
    """Compare what the city holds with what it should hold. `source: "ask"` asks the city itself, page by page;
    `held` takes a list. What is on its way, and what the city has refused, is no difference."""
    return _stored(db, actor, service.gather(database_of(request), connections_of(request), body))


@router.post(
    f"{PLACE}/file",
    summary="以文件对账",
    status_code=201,
    response_model=ReconciliationOut,
    responses=raises(NoChannel, Invalid, TooLarge),
)
def reconcile_with_file(
    request: Request,
    channel: Annotated[Code, Form(description="通道代码", examples=["city"])],
    file: Annotated[UploadFile, File(description="市级持有记录的清单：.xlsx、.xls 或 .csv；须有“类型”“编号”两列")],
    db: Db,
    actor: Sender,
    kinds: Annotated[
        tuple[RecordKind, ...], Form(description="文件含哪几类；不填为全部", examples=[["project"]])
    ] = tuple(RecordKind),
    as_of: Annotated[
        Moment | None, Form(description="文件的时点；此后有变动的记录不算差异", examples=["2020-11-24T10:00:00+08:00"])
    ] = None,
) -> Response:
    """The same with a file. Beside 类型 and 编号 it may have 版本, 操作, 摘要 and columns of content, named as in
    packages or by the city's names; what it does not have is not compared."""
    data = file.file.read()
    found = service.from_file(
        database_of(request), connections_of(request), channel, data, file.filename or "", kinds, as_of
    )  # fmt: skip
    return _stored(db, actor, found)


def _stored(db: Db, actor: Actor, result: service.Result) -> Response:
    kept = service.store(db, actor, result)
    return saved(db, service.told(db, actor, kept), status=201, location=f"/api/v1{PLACE}/{kept.id}")


@router.get(
    f"{PLACE}/{{number}}",
    summary="一次对账",
    response_model=ReconciliationOut,
    responses=raises(NoReconciliation, Invalid),
)
async def get_municipal_reconciliation(read: Reader, number: Number) -> Response:
    """How many records differed, and how."""
    return answered(await read.fresh(queries.one, number))


@router.get(
    f"{PLACE}/{{number}}/differences",
    summary="对账的差异",
    response_model=DifferencePage,
    responses=raises(NoReconciliation, Invalid),
)
async def list_municipal_differences(
    read: Reader, number: Number, q: Annotated[DifferenceQuery, asked(DifferenceQuery)]
) -> Response:
    """The records that differed, by kind and number, with the fields that do."""
    return answered(await read.fresh(queries.differences, number, q))


@router.post(
    f"{PLACE}/{{number}}/resend",
    summary="按差异重报",
    response_model=PutRightOut,
    responses=raises(NoReconciliation, service.AlreadyResent, Invalid),
)
def resend_municipal_differences(number: Number, body: ReasonIn, db: Db, _actor: Sender) -> Response:
    """Send again exactly what differed, each under a version later than both sides have; what only the city holds it
    is told to drop."""
    return saved(db, service.put_right(db, number, body.reason))
