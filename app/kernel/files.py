"""Files, each stored once under the hash of its content, for good.

A file is received into a temporary one on the same file system while it is hashed, checked, brought to the disk, and
then given its name in one step. A crash leaves only temporary files (see `sweep`); a transaction that is rolled back
afterwards leaves a file that no row mentions, which harms nobody, is there if it is sent again, and goes in time (see
`file_sweep`). Domains link files by `StoredFile`, and let them be downloaded under their own permissions.
"""

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import BigInteger
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Base, Instant, text_key
from app.kernel.errors import NotFound
from app.kernel.inspection.examine import check_name, examine
from app.kernel.inspection.names import display_name, extension_of
from app.kernel.inspection.refusal import FileTooLarge

log = structlog.get_logger()

KEPT_FOR = timedelta(days=1)
"""How long a temporary file may lie untouched."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
READ_ONLY = 0o440
ASIDE = ".unlinked"
"""What a stored file is called while it is decided whether it goes."""


class StoredFile(Base):
    """A file that some row links by `ForeignKey("stored_file.sha256")`.

    Not in the event log by itself: the row that links it is, with the hash.
    """

    __tablename__ = "stored_file"

    sha256: Mapped[str] = mapped_column(text_key(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(text_key(100))
    first_received_at: Mapped[datetime] = mapped_column(Instant)
    first_received_by: Mapped[str] = mapped_column(text_key(80))


class FileMissing(NotFound):
    code = "file_missing"
    message = "文件不存在"
    english = "There is no such file."


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is in the store: `name` is safe to show, `size` in bytes."""

    sha256: str
    size: int
    media_type: str
    extension: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Store:
    """The files below `folder`: `files/ab/cd/<sha256>`, and `incoming/` for what is still on its way."""

    folder: Path

    @property
    def incoming(self) -> Path:
        return self.folder / "incoming"

    def receive(self, chunks: Iterable[bytes], *, name: str, limit: int) -> Received:
        """Take in a file of at most `limit` bytes. FileTooLarge or FileRefused; then nothing is kept."""
        shown = display_name(name)
        check_name(shown)
        self.incoming.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, place = tempfile.mkstemp(dir=self.incoming, suffix=".receiving")
        temporary = Path(place)
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FileTooLarge.beyond(limit)
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                found = examine(temporary, shown)
                os.fchmod(out.fileno(), READ_ONLY)
                os.fsync(out.fileno())
            path = self.publish(temporary, digest.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)
        extension = extension_of(shown)
        if not extension:
            extension = found.extensions[0]
            shown = display_name(f"{shown}.{extension}")
        return Received(digest.hexdigest(), size, found.media_type, extension, shown, path)

    def publish(self, temporary: Path, sha256: str) -> Path:
        """Give a whole, checked, durable file of this file system its name; where it lies now."""
        final = self._place(sha256)
        final.parent.mkdir(parents=True, exist_ok=True)
        while not self._place_at(temporary, final):
            pass
        for folder in (final.parent, final.parent.parent, final.parent.parent.parent, self.folder):
            _bring_to_disk(folder)
        return final

    def _place_at(self, temporary: Path, final: Path) -> bool:
        """Give the file its name, or find that it is there; False when what was there has just been swept."""
        try:
            # Unlike a rename, this never replaces what is there.
            final.hardlink_to(temporary)
        except FileExistsError:
            try:
                os.utime(final)  # it was received just now: whoever sweeps looks at this last
                if not self.verify(final.name):
                    log.error("stored_file_was_damaged", sha256=final.name)
                    temporary.replace(final)
            except (FileNotFoundError, FileMissing):
                return False
            except PermissionError:  # another user's, from before
                temporary.replace(final)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            temporary.replace(final)  # by what has the same content, if by anything
        return True

    def _place(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise FileMissing
        return self.folder / "files" / sha256[:2] / sha256[2:4] / sha256

    def path(self, sha256: str) -> Path:
        """Where a file lies; FileMissing when it does not."""
        place = self._place(sha256)
        if not place.is_file():
            raise FileMissing
        return place

    def open(self, sha256: str) -> BinaryIO:
        """A file for reading; the caller closes it."""
        return self.path(sha256).open("rb")

    def verify(self, sha256: str) -> bool:
        """Whether a file's content is still what its name says."""
        with self.path(sha256).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == sha256


def _bring_to_disk(folder: Path) -> None:
    # A new name is durable when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, now: datetime) -> int:
    """Remove what a crash, or somebody who never came back, has left half received; returns how many files."""
    removed = 0
    incoming = Store(folder).incoming
    for path in incoming.iterdir() if incoming.is_dir() else ():
        try:
            if path.suffix != ASIDE and path.stat().st_mtime < (now - KEPT_FOR).timestamp():
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # its upload has just ended
    return removed


def keep(db: Session, actor: Actor, received: Received) -> None:
    """Have a row for a received file, so that others can link it; the first who sent it stays its sender.

    Until the commit the row is locked, so that nobody sweeps it before it is linked.
    """
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    db.execute(
        insert(StoredFile)
        .values(
            sha256=received.sha256,
            size=received.size,
            media_type=received.media_type,
            first_received_at=calendar.now(),
            first_received_by=f"{actor.kind}:{actor.id}",
        )
        .on_conflict_do_update(index_elements=[StoredFile.sha256], set_={"size": received.size})
    )
