"""Large files in parts, so that a broken connection costs one part and not the file.

The parts grow together in one temporary file, under a lock of its own, outside of any transaction; the row says how
many bytes of it count. It is written after them, so what a crash leaves beyond is written over. At the end the file
goes the way of every other (`Store.receive`), which copies it: whoever is late with a part cannot change what was
hashed. Progress is not in the event log.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import BigInteger, String, delete, event, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Base, Database, Instant, text_key
from app.kernel.errors import Conflict, Invalid, NotFound, TooLarge, TooMany
from app.kernel.files import KEPT_FOR, Received, Store
from app.kernel.inspection.examine import check_name
from app.kernel.inspection.names import display_name
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.secrets import new_token

MAX_PART = 8 * 1024 * 1024
MAX_OPEN = 10
PIECE = 1024 * 1024


class Upload(Base):
    """A file that comes in parts: whose it is, how much of it is there."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(text_key(64), primary_key=True)
    owner: Mapped[str] = mapped_column(text_key(80), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Standing(NamedTuple):
    """Where an upload stands: the next part begins at byte `received` of `size`."""

    id: str
    name: str
    size: int
    received: int
    expires_at: datetime


class UploadGone(NotFound):
    code = "upload_gone"
    message = "没有这个上传，或已过期，请重新上传"
    english = "There is no such upload, or it has expired. Begin again."


class TooManyUploads(TooMany):
    code = "too_many_uploads"
    message = f"未完成的上传已有 {MAX_OPEN} 个，请先完成或放弃其中的"
    english = f"You have {MAX_OPEN} unfinished uploads. End some of them first."


class PartTooLarge(TooLarge):
    code = "part_too_large"
    message = f"每个分片至多 {MAX_PART // 1024 // 1024} MB"
    english = f"A part has at most {MAX_PART // 1024 // 1024} MB."


class OffsetWrong(Conflict):
    """The part does not follow what is there; the header `Upload-Offset` and `offset` say where to go on."""

    code = "offset_wrong"
    message = "分片位置与已收到的内容不符，请从 Upload-Offset 所示的位置继续"
    english = "The part does not follow what is there. Go on at Upload-Offset."

    def __init__(self, offset: int) -> None:
        super().__init__(headers={"Upload-Offset": str(offset)})
        self.offset = offset


class UploadIncomplete(OffsetWrong):
    code = "upload_incomplete"
    message = "文件尚未传完，请从 Upload-Offset 所示的位置继续"
    english = "The file is not complete. Go on at Upload-Offset."


def _owner(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


def begin(db: Session, actor: Actor, name: str, size: int, *, limit: int) -> Standing:
    """Announce a file of `size` bytes, at most `limit`; its type is judged by the name now and by its content later."""
    shown = display_name(name)
    check_name(shown)
    if size < 1:
        raise FileRefused("empty")
    if size > limit:
        raise FileTooLarge.beyond(limit)
    now = calendar.now()
    mine = Upload.owner == _owner(actor), Upload.expires_at > now
    if db.execute(select(func.count()).select_from(Upload).where(*mine)).scalar_one() >= MAX_OPEN:
        raise TooManyUploads
    upload = Upload(
        id=new_token("up"),
        owner=_owner(actor),
        name=shown,
        size=size,
        received=0,
        begun_at=now,
        expires_at=now + KEPT_FOR,
    )
    db.add(upload)
    db.flush()
    return Standing(upload.id, shown, size, 0, upload.expires_at)


def standing(database: Database, store: Store, actor: Actor, upload_id: str) -> Standing:
    """Where one's own upload stands; UploadGone when it is not there any more."""
    with database.reading() as connection:
        row = connection.execute(
            select(Upload.id, Upload.name, Upload.size, Upload.received, Upload.expires_at).where(
                Upload.id == upload_id, Upload.owner == _owner(actor), Upload.expires_at > calendar.now()
            )
        ).one_or_none()
    if row is None:
        raise UploadGone
    found = Standing(*row)
    # The file may have lost what the row counts, in a restored backup for example.
    return found._replace(received=min(found.received, _length(_part(store, upload_id))))


def append(database: Database, store: Store, actor: Actor, upload_id: str, offset: int, data: bytes) -> Standing:
    """Add a part at its place. Sent again it changes nothing; at another place, or another part, it is OffsetWrong."""
    if len(data) > MAX_PART:
        raise PartTooLarge
    standing(database, store, actor, upload_id)
    with _locked(_part(store, upload_id)) as file:
        upload = standing(database, store, actor, upload_id)
        end = offset + len(data)
        if end > upload.size:
            raise Invalid.field("offset", "beyond", "超出申报的文件大小")
        if end <= upload.received and _same(file, offset, data):
            return upload
        if offset != upload.received:
            raise OffsetWrong(upload.received)
        file.seek(offset)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        with database.unit_of_work() as db:
            expires_at = calendar.now() + KEPT_FOR
            changed = update(Upload).where(Upload.id == upload_id).values(received=end, expires_at=expires_at)
            if not db.execute(changed.returning(Upload.id)).all():
                raise UploadGone
    return upload._replace(received=end, expires_at=expires_at)


def finish(database: Database, store: Store, actor: Actor, upload_id: str) -> Received:
    """Check and store the whole file; slow, hence before the transaction that links it and then says `discard`.

    May be asked again with the same result. A file that is refused is given up.
    """
    upload = standing(database, store, actor, upload_id)
    if upload.received != upload.size:
        raise UploadIncomplete(upload.received)
    try:
        return store.receive(_pieces(_part(store, upload_id), upload.size), name=upload.name, limit=upload.size)
    except FileRefused:
        with database.unit_of_work() as db:
            discard(db, store, actor, upload_id)
        raise
    except FileNotFoundError:
        raise UploadGone from None


def discard(db: Session, store: Store, actor: Actor, upload_id: str) -> None:
    """Give an upload up, or end it; its temporary file goes when the transaction is done."""
    mine = delete(Upload).where(Upload.id == upload_id, Upload.owner == _owner(actor))
    if not db.execute(mine.returning(Upload.id)).all():
        raise UploadGone

    def remove(_db: Session) -> None:
        _part(store, upload_id).unlink(missing_ok=True)

    event.listen(db, "after_commit", remove, once=True)


def forget(db: Session) -> int:
    """Drop the rows of expired uploads; their files are swept with the other temporary ones. Returns how many."""
    return len(db.execute(delete(Upload).where(Upload.expires_at <= calendar.now()).returning(Upload.id)).all())


# -- the temporary file ----------------------------------------------------------------------------------------


def _part(store: Store, upload_id: str) -> Path:
    return store.incoming / f"{upload_id}.part"


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, made if need be, while nobody else writes to it: in this process or another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _same(file: BinaryIO, offset: int, data: bytes) -> bool:
    file.seek(offset)
    return file.read(len(data)) == data


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        left = size
        while left and (piece := file.read(min(left, PIECE))):
            left -= len(piece)
            yield piece
