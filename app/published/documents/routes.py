from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import Path, Query, Request, Response

from app.facts.evidence.receiving import FileSent, store_of
from app.identity.auth.access import Read, reads, requires
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.documents.fonts import NoChineseFont
from app.kernel.documents.pdf import GlyphMissing
from app.kernel.documents.word import TemplateWrong
from app.kernel.errors import Invalid, raises
from app.kernel.files import FileMissing
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete
from app.published.documents import papers, queries, service
from app.published.documents.papers import MEDIA_TYPES, Office, Printable
from app.published.documents.queries import NoPaper, NoTemplate, NotPrintable
from app.published.documents.schemas import Format, TemplateOut, TemplatesOut
from app.published.issues.kinds import NoSeries
from app.published.issues.queries import NoIssue

router = api("documents")

Reader = Annotated[Read, reads(Permission.ISSUE_READ)]
Publisher = Annotated[Actor, requires(Permission.ISSUE_PUBLISH)]
Kind = Annotated[str, Path(description="期刊种类", pattern="^[a-z_]{1,24}$", examples=["monthly_bulletin"])]
Year = Annotated[int, Path(description="年份", ge=1949, le=2199, examples=[2020])]
Number = Annotated[int, Path(description="期号", ge=1, le=9999, examples=[8])]
Edition = Annotated[int | None, Query(description="版次；不填为最新一版", ge=1, le=9999, examples=[1])]
TemplateNumber = Annotated[
    int | None, Query(description="模板序号；不填为现用的，0 为随软件提供的", ge=0, le=9999, examples=[0])
]
AsFormat = Annotated[Format, Query(alias="format", description="docx 为 Word，pdf 为 PDF", examples=["docx"])]

_FILE = {"schema": {"type": "string", "format": "binary"}}
PAPER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The paper", "content": dict.fromkeys(MEDIA_TYPES.values(), _FILE)}
}
TEMPLATE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The template", "content": {MEDIA_TYPES[Format.DOCX]: _FILE}}
}
NOT_MADE = (NoSeries, NoPaper, NoChineseFont, GlyphMissing, FileMissing)
"""Why a paper may not be had."""


def office_of(request: Request) -> Office:
    """Who prints, by the settings of the application."""
    settings = request.app.state.settings
    return Office(settings.district_name, settings.bureau_name, settings.font_dir)


async def printed(request: Request, wanted: Printable, form: Format) -> Response:
    """The paper as a file to be kept under its name."""
    body = await anyio.to_thread.run_sync(partial(papers.rendered, office_of(request), wanted, form))
    return attachment(body, f"{wanted.name}.{form}", MEDIA_TYPES[form])


def attachment(body: bytes, name: str, media_type: str) -> Response:
    """A file under a name that may be Chinese."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=media_type, headers=headers)


@router.get(
    "/issues/{kind}/{year}/{number}/document",
    summary="一期的 Word 或 PDF",
    response_class=Response,
    responses=PAPER | raises(NoIssue, NotPrintable, *NOT_MADE, Invalid),
)
async def get_issue_document(
    request: Request, read: Reader, kind: Kind, year: Year, number: Number, form: AsFormat, edition: Edition = None
) -> Response:  # fmt: skip
    """An edition to be circulated on paper, made from its frozen content with the template of its day.

    It names its number, edition and date, and what to verify it by. Asked again it is the same, byte for byte.
    """
    office, store = office_of(request), store_of(request)
    return await printed(request, await read.fresh(queries.issue, office, store, kind, year, number, edition), form)


@router.get(
    "/issues/kinds/{kind}/templates",
    summary="Word 模板各版与可用内容",
    response_model=TemplatesOut,
    responses=raises(NoSeries, NoPaper, Invalid),
)
async def list_document_templates(read: Reader, kind: Kind) -> Response:
    """All templates that a series has had, and everything that a template can print, with examples."""
    return await read.answer(queries.templates, kind)


@router.get(
    "/issues/kinds/{kind}/template",
    summary="下载 Word 模板",
    response_class=Response,
    responses=TEMPLATE | raises(NoSeries, NoPaper, NoTemplate, FileMissing, Invalid),
)
async def get_document_template(
    request: Request, read: Reader, kind: Kind, number: TemplateNumber = None
) -> Response:  # fmt: skip
    """The template in use, to be changed in Word: fonts, wording, order, as long as it names what there is."""
    name, body = await read.fresh(queries.template_file, store_of(request), kind, number)
    return attachment(body, name, MEDIA_TYPES[Format.DOCX])


@router.put(
    "/issues/kinds/{kind}/template",
    summary="更换 Word 模板",
    response_model=TemplateOut,
    responses=raises(
        NoSeries, NoPaper, TemplateWrong, FileRefused, FileTooLarge, UploadGone, UploadIncomplete, Invalid
    ),
)
def replace_document_template(request: Request, kind: Kind, sent: FileSent, db: Db, actor: Publisher) -> Response:
    """Use another .docx for all that is published from now on; earlier editions keep theirs, every template is kept.

    It is filled in with a sample at once: one that names what there is not, or does not render, is refused with all
    reasons. Between braces it may print, loop and ask whether something is there.
    """
    queries.paper_of(kind)
    received = sent.receive(request, actor)
    service.check(kind, received)
    template = service.replace(db, actor, kind, received)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, template)
