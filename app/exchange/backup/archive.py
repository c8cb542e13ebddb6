"""The container of a backup: a compressed tar whose last entry, the manifest, has a checksum of every other.

Checksums find damage and careless edits. Whoever can write the archive can write them as well: the events
inside are proved by their own chain, whose newest hash `zhaoshang backup` prints.
"""

import gzip
import hashlib
import io
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from app.kernel.errors import Conflict, Invalid

MANIFEST = "manifest.json"
PIECE = 1 << 20
Progress = Callable[[str, int, int], None]
"""Told what is being worked on, how much of it is done, and how much there is."""

# Names of our own making only: nothing that leads out of the folder, on any system.
NAMES = re.compile(r"manifest\.json|tables/[a-z_]+\.jsonl|files/[0-9a-f]{64}")


class TargetExists(Conflict):
    code = "target_exists"
    message = "备份文件已存在，请另取名称"
    english = "There is a file of this name."


class BrokenBackup(Invalid):
    code = "broken_backup"
    message = "备份文件损坏或不完整，未恢复任何内容"
    english = "The backup is damaged: nothing was restored."


@dataclass(slots=True)
class Packing:
    """An archive that is being written."""

    tar: tarfile.TarFile
    digests: dict[str, str] = field(default_factory=dict)


class _Sealed(msgspec.Struct):
    entries: dict[str, str]


def quiet(_label: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


@contextmanager
def packing(target: Path) -> Iterator[Packing]:
    """A new archive, readable for its owner only. The target appears when it is whole, or not at all."""
    if target.exists():
        raise TargetExists
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as out:
        partial = Path(out.name)
        try:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=5) as tar:
                yield Packing(tar)
            out.flush()
            os.fsync(out.fileno())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def add(pack: Packing, name: str, path: Path) -> None:
    """Put a file into the archive."""
    with path.open("rb") as content:
        pack.digests[name] = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size = os.fstat(content.fileno()).st_size
        pack.tar.addfile(entry, content)


def seal(pack: Packing, manifest: dict[str, Any]) -> None:
    """Write the manifest, with the checksums of all that was added."""
    told = msgspec.json.format(msgspec.json.encode({**manifest, "entries": pack.digests}), indent=1)
    entry = tarfile.TarInfo(MANIFEST)
    entry.size = len(told)
    pack.tar.addfile(entry, io.BytesIO(told))


def unpack(source: Path, folder: Path, progress: Progress) -> bytes:
    """Lay the entries out in a folder and hold each to its checksum; returns the manifest."""
    digests: dict[str, str] = {}
    size = source.stat().st_size
    try:
        with (
            source.open("rb") as raw,
            gzip.GzipFile(fileobj=raw) as stream,
            tarfile.open(fileobj=stream, mode="r:") as tar,
        ):
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not NAMES.fullmatch(member.name) or member.name in digests:
                    raise BrokenBackup(f"备份文件中有不该有的条目：{member.name[:100]!r}")
                digests[member.name] = _lay(content, folder / member.name, lambda: progress("解压", raw.tell(), size))
            while stream.read(PIECE):
                pass  # at its very end the checksum of the whole is looked at
        manifest = (folder / MANIFEST).read_bytes()
        wanted = msgspec.json.decode(manifest, type=_Sealed).entries
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, FileNotFoundError, ValueError):
        raise BrokenBackup from None
    del digests[MANIFEST]
    for name in sorted(wanted.keys() | digests.keys()):
        if wanted.get(name) != digests.get(name):
            raise BrokenBackup(f"备份文件中的 {name} 与其校验值不符，未恢复任何内容")
    return manifest


def _lay(content: IO[bytes], path: Path, tell: Callable[[], None]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as out:
        while piece := content.read(PIECE):
            digest.update(piece)
            out.write(piece)
            tell()
    return digest.hexdigest()
