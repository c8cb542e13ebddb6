from typing import Annotated, Any

from fastapi import File, Path, Request, Response, UploadFile

from app.exchange.municipal.packages import answers, queries, service
from app.exchange.municipal.packages.queries import NoPackage, PackageWithheld
from app.exchange.municipal.packages.schemas import AnsweredOut, PackageFilter, PackageIn, PackageOut
from app.exchange.municipal.queries import ChannelPaused, NoChannel
from app.exchange.municipal.routes import ChannelCode, Reader, Sender, answered, connections_of
from app.exchange.municipal.schemas import ReasonIn
from app.facts.evidence.receiving import Attachment, store_of
from app.kernel.access import Actor
from app.kernel.asking import asked
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, TooLarge, raises
from app.kernel.files import FileMissing
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("municipal")

Number = Annotated[
    str, Path(description="包号", pattern=r"^[A-Za-z0-9_]{1,24}-[0-9]{8}-[0-9]{2,4}$", examples=["city-20201124-01"])
]  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _binary(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": what, "content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/municipal/packages", summary="报送包", response_model=page_of(PackageOut), responses=raises(Invalid))
async def list_municipal_packages(read: Reader, q: Annotated[PackageFilter, asked(PackageFilter)]) -> Response:
    """Packages of files, the newest first."""
    return answered(await read.fresh(queries.page, q))


@router.post(
    "/municipal/channels/{code}/packages",
    summary="制作报送包",
    status_code=201,
    response_model=PackageOut,
    responses=raises(NoChannel, service.NotByFile, service.NothingPending, service.Moved, ChannelPaused, Invalid),
)
def make_municipal_package(request: Request, code: ChannelCode, body: PackageIn, db: Db, actor: Sender) -> Response:
    """Put all that waits into files for the city: one for each kind of record, and `manifest.json` with counts, totals
    and SHA-256 of each. The records then wait for the city's receipt file."""
    state = request.app.state
    ready = service.prepare(
        database_of(request), store_of(request), connections_of(request), code, body.form, state.settings.district
    )  # fmt: skip
    package = service.keep(db, actor, ready)
    return _package(db, actor, package.number, 201)


def _package(db: Db, actor: Actor, number: str, status: int = 200) -> Response:
    place = f"/api/v1/municipal/packages/{number}" if status == 201 else None
    return saved(db, PackageOut.model_validate(queries.one(db, actor, number)), status=status, location=place)


@router.get(
    "/municipal/packages/{number}",
    summary="一个报送包",
    response_model=PackageOut,
    responses=raises(NoPackage, Invalid),
)
async def get_municipal_package(read: Reader, number: Number) -> Response:
    """A package: what it holds, and how many of its records still wait for a receipt."""
    return answered(PackageOut.model_validate(await read.fresh(queries.one, number)))


@router.get(
    "/municipal/packages/{number}/file",
    summary="下载报送包",
    response_class=Response,
    responses=_binary(queries.ZIP, "报送包（.zip）") | raises(NoPackage, PackageWithheld, FileMissing, Invalid),
)
async def download_municipal_package(request: Request, read: Reader, number: Number) -> Response:
    """The archive, for those who may see all projects in it."""
    return Attachment(store_of(request), await read.fresh(queries.file_of, number))


@router.get(
    "/municipal/packages/{number}/receipts",
    summary="下载回执模板",
    response_class=Response,
    responses=_binary(XLSX, "回执模板（.xlsx）") | raises(NoPackage, PackageWithheld, Invalid),
)
async def get_municipal_receipt_sheet(read: Reader, number: Number) -> Response:
    """The receipt file with the records of the package, to be filled in by the city."""
    book = await read.fresh(queries.blank, number)
    name = f'attachment; filename="{number}-receipts.xlsx"'
    return Response(book, media_type=XLSX, headers={"Content-Disposition": name, "Cache-Control": "no-store"})


@router.post(
    "/municipal/packages/{number}/receipts",
    summary="提交回执文件",
    response_model=AnsweredOut,
    responses=raises(NoPackage, PackageWithheld, service.NotOpen, Invalid, TooLarge),
)
def take_municipal_receipt_sheet(
    request: Request,
    number: Number,
    file: Annotated[UploadFile, File(description="市级的回执文件：.xlsx、.xls 或 .csv，列名同模板")],
    db: Db,
    actor: Sender,
) -> Response:
    """Read the city's receipt file, all or nothing: what is wrong is named by cell. Records without a row wait on."""
    with database_of(request).reading() as connection:
        items = queries.items(connection, actor, number)
    told = answers.read(file.file.read(), file.filename or "", items)
    return saved(db, AnsweredOut(**service.answer(db, connections_of(request), number, items, told)))


@router.post(
    "/municipal/packages/{number}/void",
    summary="作废报送包",
    response_model=PackageOut,
    responses=raises(NoPackage, service.NotOpen, Invalid),
)
def void_municipal_package(number: Number, body: ReasonIn, db: Db, actor: Sender) -> Response:
    """Declare a package void, with a reason: what waited in it is pending again, and goes with the next."""
    service.void(db, number, body.reason)
    return _package(db, actor, number)
