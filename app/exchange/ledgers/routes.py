import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Annotated, Any, BinaryIO

import anyio.to_thread
from fastapi import File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from app.exchange.ledgers import books, confirming, queries, service
from app.exchange.ledgers.models import Mode, State
from app.exchange.ledgers.queries import NoImport
from app.exchange.ledgers.schemas import (
    DecidedOut,
    ImportFilter,
    ImportOut,
    ImportResultOut,
    RejectFundsIn,
    RowsQuery,
)
from app.facts.funds.batches import Decided
from app.facts.projects import listing
from app.facts.projects.listing import ProjectFilter
from app.identity.auth.access import Read, reads, requires
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Database, Db, database_of
from app.kernel.errors import Invalid, TooLarge, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.sheets import recognise

router = api("ledgers")

Importer = Annotated[Actor, requires(Permission.LEDGER_IMPORT)]
Imports = Annotated[Read, reads(Permission.LEDGER_IMPORT)]
Recogniser = Annotated[Actor, requires(Permission.FUND_RECOGNISE)]
Exporter = Annotated[Read, reads(Permission.LEDGER_EXPORT)]
Number = Annotated[int, Path(description="导入编号", ge=1, le=2**63 - 1, examples=[3])]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "工作簿（.xlsx）", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}

# One at a time: parsing keeps a processor busy, and two would only take turns. The others wait in line.
_line = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-import")


# -- in ------------------------------------------------------------------------------------------------------------


@router.post(
    "/ledgers/imports",
    summary="导入台账",
    status_code=201,
    response_model=ImportResultOut,
    responses={
        202: {"model": ImportResultOut, "description": "仍在进行：稍后按 Location 查询"},
        **raises(Invalid, TooLarge),
    },
)
async def import_ledger(
    request: Request,
    actor: Importer,
    file: Annotated[UploadFile, File(description="台账：.xlsx、.xls 或 .csv")],
    dry_run: Annotated[bool, Query(description="true 为试运行：读取并核对，不写入")] = False,
    valid_rows: Annotated[bool, Query(description="true 为只写入没有问题的行；默认有一行被拒绝则都不写入")] = False,
    wait: Annotated[int, Query(ge=0, le=60, description="至多等待几秒；到时未完成则答复 202")] = 30,
    dry_run_field: Annotated[bool, Form(alias="dry_run", description="同 dry_run，可写在表单中")] = False,
    valid_rows_field: Annotated[bool, Form(alias="valid_rows", description="同 valid_rows，可写在表单中")] = False,
) -> Response:
    """Read a ledger, check it and write what it says. The answer tells how every sheet and row was understood.

    201 when the import has ended, whatever its end: `state` is `done`, `refused` (something in the file stands in the
    way; nothing was written) or `failed` (the file cannot be read; nothing was written). With refusals the answer
    shows the refused rows, else the first rows; page through all of them at the address in `Location`. Importing the
    same file again changes nothing.
    """
    data = await file.read()
    filename = file.filename or ""
    try:
        recognise(data, filename)
    except ValueError as error:
        raise Invalid.field("file", "not_a_ledger", str(error)) from None
    trial, partial = dry_run or dry_run_field, valid_rows or valid_rows_field
    mode = Mode.DRY_RUN if trial else Mode.VALID_ROWS if partial else Mode.ALL
    database = database_of(request)
    district = request.app.state.settings.district
    task = await anyio.to_thread.run_sync(service.begin, database, actor, data, filename, mode, district, wait)
    # The thread tells the log which request it works for.
    work: Future[None] = _line.submit(copy_context().run, service.run, database, task)
    await asyncio.wait([asyncio.wrap_future(work)], timeout=wait)
    state, body = await anyio.to_thread.run_sync(_outcome, database, actor, task.number)
    headers = {"Location": f"/api/v1/ledgers/imports/{task.number}"}
    status = 202 if state is State.RUNNING else 201
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _outcome(database: Database, actor: Actor, number: int) -> tuple[State, bytes]:
    with database.reading() as connection:
        state = queries.state_of(connection, number)
        body = queries.one(connection, actor, number, RowsQuery(only="refused" if state is State.REFUSED else None))
    return state, body


@router.get("/ledgers/imports", summary="导入记录", response_model=page_of(ImportOut), responses=raises(Invalid))
async def list_ledger_imports(read: Imports, q: Annotated[ImportFilter, asked(ImportFilter)]) -> Response:
    """Imports, the newest first."""
    return Response(await read.fresh(queries.page, q), media_type="application/json")


@router.get(
    "/ledgers/imports/{number}",
    summary="导入结果",
    response_model=ImportResultOut,
    responses=raises(NoImport, Invalid),
)
async def get_ledger_import(read: Imports, number: Number, q: Annotated[RowsQuery, asked(RowsQuery)]) -> Response:
    """How far an import is or how it ended: what was understood, and what came of each row, in pages."""
    return Response(await read.fresh(queries.one, number, q), media_type="application/json")


@router.post(
    "/ledgers/imports/{number}/confirm",
    summary="确认导入的到位资金",
    response_model=DecidedOut,
    responses=raises(NoImport, confirming.SamePerson, confirming.NothingWaits),
)
def confirm_import_funds(number: Number, db: Db, actor: Recogniser) -> Response:
    """Let all money that an import brought count, except what was decided on already. Never by the importer.

    The evidence rule does not hold for it; what each entry lacks is listed with it. Money of closed periods counts on
    the first open day after them. Entries of projects that the caller may not see wait on (`withheld`).
    """
    return saved(db, _decided(confirming.confirm(db, actor, number)))


@router.post(
    "/ledgers/imports/{number}/reject-funds",
    summary="退回导入的到位资金",
    response_model=DecidedOut,
    responses=raises(NoImport, confirming.SamePerson, confirming.NothingWaits, Invalid),
)
def reject_import_funds(number: Number, body: RejectFundsIn, db: Db, actor: Recogniser) -> Response:
    """Send all money that an import brought back with a reason, except what was decided on already.

    What else the import wrote stays. Never by the importer. Importing the same rows again does not bring it back.
    """
    return saved(db, _decided(confirming.reject_funds(db, actor, number, body.reason)))


def _decided(found: Decided) -> DecidedOut:
    return DecidedOut(
        entries=found.entries, amount=found.amount_fen, projects=found.projects, withheld=found.withheld
    )  # fmt: skip


# -- out -----------------------------------------------------------------------------------------------------------


@router.get("/ledgers/export", summary="导出台账", response_class=Response, responses=WORKBOOK | raises(Invalid))
async def export_ledger(
    request: Request, read: Exporter, q: Annotated[ProjectFilter, asked(ProjectFilter)]
) -> Response:  # fmt: skip
    """The ledger of what the caller may see, filtered and sorted like the list of projects (pages aside).

    Three sheets with the columns that the import reads: importing the file again changes nothing.
    """
    book = await read.fresh(_export, q, request.app.state.settings.district_name)
    return _download(book, f"ledger-{calendar.today():%Y%m%d}.xlsx")


@router.get("/ledgers/template", summary="空白台账", response_class=Response, responses=WORKBOOK)
async def get_ledger_template(request: Request, read: Exporter) -> Response:
    """A blank ledger with drop-downs and explanations."""
    book = await read.fresh(_template, request.app.state.settings.district_name)
    return _download(book, "ledger-template.xlsx")


def _export(connection: Connection, actor: Actor, q: ProjectFilter, district: str) -> BinaryIO:
    return _filled(lambda book: books.export(connection, book, listing.codes(connection, actor, q), district))


def _template(connection: Connection, _actor: Actor, district: str) -> BinaryIO:
    return _filled(lambda book: books.template(connection, book, district))


def _filled(fill: Callable[[BinaryIO], object]) -> BinaryIO:
    book = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has been sent
    try:
        fill(book)
    except BaseException:
        book.close()
        raise
    book.seek(0)
    return book


def _download(book: BinaryIO, filename: str) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            while piece := await anyio.to_thread.run_sync(book.read, 256 * 1024):
                yield piece
        finally:
            book.close()

    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces(), media_type=XLSX, headers=headers)
