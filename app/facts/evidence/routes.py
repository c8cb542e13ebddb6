from typing import Annotated, Any

from fastapi import Form, Path, Request, Response

from app.facts.evidence import queries, schemas, service
from app.facts.evidence.queries import NoEvidence
from app.facts.evidence.receiving import Attachment, FileSent, Sent, store_of
from app.facts.evidence.schemas import EvidenceList, EvidenceOut, Note, Reason, RejectIn
from app.facts.evidence.service import Described
from app.facts.evidence.terms import EvidenceKind
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.projects.terms import Stage
from app.identity.auth.access import Read, reads, requires
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.calendar import PastDay
from app.kernel.db import Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.files import FileMissing, Received
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete

router = api("evidence")

Reader = Annotated[Read, reads(Permission.EVIDENCE_READ)]
Sender = Annotated[Actor, requires(Permission.EVIDENCE_ADD)]
Verifier = Annotated[Actor, requires(Permission.EVIDENCE_VERIFY)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
Number = Annotated[int, Path(description="材料号", ge=1, le=2**63 - 1, examples=[7])]
DatedOn = Annotated[PastDay, Form(description=schemas.DATED, examples=["2020-09-30"])]
NoteField = Annotated[Note | None, Form(description="说明", examples=["首期注册资本"])]

TAKEN_IN = (FileRefused, FileTooLarge, UploadGone, UploadIncomplete, service.SameEvidence)
JUDGED = (NoProject, NoEvidence, service.SamePerson, service.AlreadyRejected, service.AlreadyReplaced)
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "文件，作为附件下载；Range 可只取一段",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "与 If-None-Match 所持的相同"},
}


@router.get(
    "/projects/{code}/evidence", summary="项目的佐证材料", response_model=EvidenceList, responses=raises(NoProject)
)
async def list_evidence(read: Reader, code: Code) -> Response:
    """All evidence of a project in the order it came, rejected and replaced papers included."""
    return await read.answer(queries.of_project, code)


@router.post(
    "/projects/{code}/evidence",
    summary="上传佐证材料",
    status_code=201,
    response_model=EvidenceOut,
    responses=raises(NoProject, NotYours, Invalid, *TAKEN_IN),
)
def add_evidence(
    request: Request,
    code: Code,
    sent: FileSent,
    kind: Annotated[EvidenceKind, Form(description=schemas.KIND, examples=["bank_slip"])],
    dated_on: DatedOn,
    db: Db,
    actor: Sender,
    stage: Annotated[Stage | None, Form(description=schemas.STAGE, examples=["signed"])] = None,
    note: NoteField = None,
) -> Response:
    """Show a file as evidence: in the form itself, or uploaded in parts before.

    Its type is judged by its content, and what acts or hides is refused with the reason. It is `submitted` until
    another person has verified it. A file never changes; a better one replaces it.
    """
    received = _taken_in(request, actor, code, sent)
    project, evidence = service.add(db, actor, code, Described(kind, dated_on, stage, note), received)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, queries.out(db, evidence), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/evidence/{evidence_id}/replace",
    summary="替换佐证材料",
    status_code=201,
    response_model=EvidenceOut,
    responses=raises(NoProject, NotYours, NoEvidence, Invalid, service.AlreadyReplaced, *TAKEN_IN),
)
def replace_evidence(
    request: Request,
    code: Code,
    evidence_id: Number,
    sent: FileSent,
    reason: Annotated[Reason, Form(description="替换原因，记入历史", examples=["原件扫描不清"])],
    dated_on: DatedOn,
    db: Db,
    actor: Sender,
    note: NoteField = None,
) -> Response:
    """Put another file in the place of one, of the same kind and stage. Both stay visible, the old one counts no more.

    The new one has to be verified like any other.
    """
    received = _taken_in(request, actor, code, sent)
    project, evidence = service.replace(
        db, actor, code, evidence_id, received, reason=reason, dated_on=dated_on, note=note
    )
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, queries.out(db, evidence), status=201, row_version=project.version)


def _taken_in(request: Request, actor: Actor, code: str, sent: Sent) -> Received:
    with database_of(request).reading() as connection:
        service.check_may_add(connection, actor, code)
    return sent.receive(request, actor)


@router.get(
    "/projects/{code}/evidence/{evidence_id}/file",
    summary="下载佐证材料",
    response_class=Response,
    responses=CONTENT | raises(NoProject, NoEvidence, FileMissing),
)
async def download_evidence(request: Request, read: Reader, code: Code, evidence_id: Number) -> Response:
    """The file itself, as an attachment under its name. The ETag is the hash of its content, for good."""
    found = await read.fresh(queries.file_of, code, evidence_id)
    known = request.headers.get("if-none-match", "")
    attachment = Attachment(store_of(request), found)
    if f'"{found.sha256}"' in (part.strip().removeprefix("W/") for part in known.split(",")):
        kept = {name: attachment.headers[name] for name in ("etag", "cache-control", "vary")}
        return Response(status_code=304, headers=kept)
    return attachment


@router.post(
    "/projects/{code}/evidence/{evidence_id}/verify",
    summary="核验佐证材料",
    response_model=EvidenceOut,
    responses=raises(*JUDGED, service.AlreadyVerified),
)
def verify_evidence(code: Code, evidence_id: Number, db: Db, actor: Verifier) -> Response:
    """Confirm that a paper is genuine and proves what it should. Never by the person who uploaded it."""
    project, evidence = service.verify(db, actor, code, evidence_id)
    return saved(db, queries.out(db, evidence), row_version=project.version)


@router.post(
    "/projects/{code}/evidence/{evidence_id}/reject",
    summary="退回佐证材料",
    response_model=EvidenceOut,
    responses=raises(*JUDGED, Invalid),
)
def reject_evidence(code: Code, evidence_id: Number, body: RejectIn, db: Db, actor: Verifier) -> Response:
    """Refuse a paper with a reason, also one that was verified and turned out to be wrong. It stays visible."""
    project, evidence = service.reject(db, actor, code, evidence_id, body.reason)
    return saved(db, queries.out(db, evidence), row_version=project.version)
