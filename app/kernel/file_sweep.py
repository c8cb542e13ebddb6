"""Stored files that nothing links: what a transaction that was rolled back, or somebody who never came back, left.

They are swept a week after they were last received. Whoever sends one again meanwhile makes it new, and a transaction
that is about to link one has received it within the week; so what is old and has no link has nobody who means it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, delete, exists, select

from app.kernel import calendar
from app.kernel.db import Base, Database
from app.kernel.files import ASIDE, Store, StoredFile

log = structlog.get_logger()

GRACE = timedelta(days=7)
ALWAYS = 50
"""So many files may go at once in any case; beyond, no more than half of all: a store beside another database, an
empty one for example, is not swept clean."""


def sweep_unlinked(store: Store, database: Database) -> int:
    """Forget rows that nothing links, then remove files without a row; returns how many files."""
    until = calendar.now() - GRACE
    _put_back(store)
    with database.unit_of_work() as db:
        idle = StoredFile.first_received_at < until, ~_is_linked()
        # Locked, then asked again: whoever was about to link one has done so, or finds none.
        locked = db.scalars(select(StoredFile.sha256).where(*idle).limit(1000).with_for_update(skip_locked=True)).all()
        db.execute(delete(StoredFile).where(StoredFile.sha256.in_(locked), *idle))
    stored = list(_files(store))
    old = [path for path in stored if _is_old(path, until)]
    known: set[str] = set()
    with database.reading() as connection:
        for start in range(0, len(old), 500):
            names = [path.name for path in old[start : start + 500]]
            known.update(connection.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(names))))
    gone = [path for path in old if path.name not in known]
    if len(gone) > max(ALWAYS, len(stored) // 2):
        log.error("unlinked_files_too_many", unlinked=len(gone), stored=len(stored))
        return 0
    return sum(_remove(store, path, until) for path in gone)


def _is_linked() -> ColumnElement[bool]:
    """Whether any row of any domain links a stored file."""
    linked: ColumnElement[bool] = exists().where(StoredFile.sha256.is_(None))
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is StoredFile.__table__.c.sha256:
                linked = linked | exists().where(key.parent == StoredFile.sha256)
    return linked


def _files(store: Store) -> Iterator[Path]:
    for path in (store.folder / "files").glob("??/??/*"):
        if path.is_file():
            yield path


def _is_old(path: Path, until: datetime) -> bool:
    try:
        return path.stat().st_mtime < until.timestamp()
    except FileNotFoundError:
        return False


def _remove(store: Store, path: Path, until: datetime) -> bool:
    # Out of the way first, then looked at again: whoever received it until then has made it new, and whoever
    # comes later stores his own.
    aside = store.incoming / f"{path.name}{ASIDE}"
    store.incoming.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    if not _is_old(aside, until):
        store.publish(aside, path.name)
        aside.unlink(missing_ok=True)
        return False
    aside.unlink()
    log.info("unlinked_file_removed", sha256=path.name)
    return True


def _put_back(store: Store) -> None:
    """What a crash has left out of the way goes back: it may have been made new."""
    for aside in store.incoming.glob(f"*{ASIDE}"):
        store.publish(aside, aside.name.removesuffix(ASIDE))
        aside.unlink(missing_ok=True)
