"""Large files in parts: announced, sent part by part, then named where a file is asked for."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from sqlalchemy import Connection

from app.facts.evidence.receiving import limit_of, store_of
from app.facts.evidence.schemas import UploadIn, UploadOut
from app.identity.auth.access import Read, reads, requires
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.db import Database, Db, database_of
from app.kernel.errors import Invalid, raises
from app.kernel.files import Store
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.replies import encode, saved
from app.kernel.routing import api
from app.kernel.uploads import MAX_PART, OffsetWrong, PartTooLarge, Standing, TooManyUploads, UploadGone

router = api("uploads")

Sender = Annotated[Actor, requires(Permission.EVIDENCE_ADD)]
Reader = Annotated[Read, reads(Permission.EVIDENCE_ADD)]
UploadId = Annotated[str, Path(description="上传编号", examples=["up_3f9c"], pattern="^[0-9A-Za-z_-]{1,64}$")]
Offset = Annotated[int, Query(description="本分片从第几个字节开始", ge=0, le=2**63 - 1, examples=[8388608])]
PART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"分片内容，至多 {MAX_PART // 1024 // 1024} MB",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def _part(request: Request) -> bytes:
    return await request.body()


def _told(upload: Standing) -> UploadOut:
    return UploadOut(**upload._asdict(), max_part=MAX_PART)


@router.post(
    "/uploads",
    summary="开始分片上传",
    status_code=201,
    response_model=UploadOut,
    responses=raises(Invalid, FileRefused, FileTooLarge, TooManyUploads),
)
def begin_upload(request: Request, body: UploadIn, db: Db, actor: Sender) -> Response:
    """Announce a file. Send its parts next, in order; then give the upload's number where the file belongs."""
    upload = uploads.begin(db, actor, body.name, body.size, limit=limit_of(request))
    return saved(db, _told(upload), status=201, location=f"/api/v1/uploads/{upload.id}")


@router.get("/uploads/{upload_id}", summary="分片上传的进度", response_model=UploadOut, responses=raises(UploadGone))
async def get_upload(request: Request, read: Reader, upload_id: UploadId) -> Response:
    """How much of one's own upload is there: after a broken connection go on at `received`."""
    upload = await read.fresh(_standing, database_of(request), store_of(request), upload_id)
    return _answer(upload)


def _standing(_connection: Connection, actor: Actor, database: Database, store: Store, upload_id: str) -> Standing:
    return uploads.standing(database, store, actor, upload_id)


@router.put(
    "/uploads/{upload_id}",
    summary="上传一个分片",
    response_model=UploadOut,
    responses=raises(UploadGone, OffsetWrong, PartTooLarge, Invalid),
    openapi_extra=PART,
)
def send_part(
    request: Request, upload_id: UploadId, offset: Offset, data: Annotated[bytes, Depends(_part)], actor: Sender
) -> Response:
    """Add a part as the raw body (`application/octet-stream`). The same part sent again changes nothing.

    At another place it is refused; `Upload-Offset` then says where to go on.
    """
    return _answer(uploads.append(database_of(request), store_of(request), actor, upload_id, offset, data))


@router.delete("/uploads/{upload_id}", summary="放弃分片上传", status_code=204, responses=raises(UploadGone))
def discard_upload(request: Request, upload_id: UploadId, db: Db, actor: Sender) -> Response:
    """Give an upload up; what was sent of it is removed."""
    uploads.discard(db, store_of(request), actor, upload_id)
    return saved(db, None, status=204)


def _answer(upload: Standing) -> Response:
    return Response(
        encode(_told(upload)), media_type="application/json", headers={"Upload-Offset": str(upload.received)}
    )
