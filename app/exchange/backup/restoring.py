"""Filling an empty database from an archive.

The schema must be the same, and the log is proved before it is believed. A backup knows of no later logout, so
the sessions that were open in it are ended, with events; which accounts and keys still stand is for the
administrator to look at.
"""

import base64
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy import (
    Column,
    Date,
    LargeBinary,
    Table,
    bindparam,
    delete,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from app.exchange.backup import archive
from app.exchange.backup.archive import BrokenBackup, Progress, quiet
from app.exchange.backup.manifest import BATCH, FORMAT, End, Held, Manifest, OtherSchema, Version
from app.identity.auth import logins
from app.identity.auth.models import ApiKey
from app.kernel import bulk, calendar, chain, events, schema
from app.kernel.access import SYSTEM
from app.kernel.db import Base, Database, Instant, Word
from app.kernel.errors import Conflict
from app.kernel.events import Logged
from app.kernel.files import READ_ONLY, Store


class NotEmpty(Conflict):
    code = "not_empty"
    message = "目标数据库已有数据；恢复只写入空库"
    english = "The database is not empty."


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done."""

    manifest: Manifest
    files: int
    sessions_ended: int
    keys: list[str]  # names of those that open something now


def load(database: Database, data_dir: Path, source: Path, progress: Progress = quiet) -> Restored:
    """Fill an empty database from an archive, all or nothing.

    The log must be part of the database's commits (`events.install`): ending sessions is written into it.
    """
    _refuse_occupied(database)
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as name:
        folder = Path(name)
        manifest = _understood(archive.unpack(source, folder, progress))
        schema.upgrade(database.url.render_as_string(hide_password=False))
        try:
            with database.unit_of_work() as db:
                ended = _restore(db, folder, manifest, progress)
                # Last, for a file that no row mentions harms nobody, but a row without its file does.
                files = _place(folder / "files", Store(data_dir))
        except OperationalError:
            raise
        except (StatementError, ValueError) as failure:
            # A wrong row inside of an intact container: a conversion or the database refuses it.
            raise BrokenBackup from failure
    with database.reading() as connection:
        keys = connection.scalars(
            select(ApiKey.name)
            .where(ApiKey.revoked_at.is_(None), ApiKey.expires_at > calendar.now())
            .order_by(ApiKey.name)
        ).all()
    return Restored(manifest, files, ended, list(keys))


def _refuse_occupied(database: Database) -> None:
    file = database.url.database
    if database.is_sqlite and not (file and Path(file).exists()):
        return  # looking would make it
    with database.reading() as connection:
        there = set(inspect(connection).get_table_names())
        facts = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Logged)]
        models: list[Any] = [chain.Event, *facts]
        for model in models:
            if model.__tablename__ in there and connection.execute(select(literal(1)).select_from(model)).first():
                raise NotEmpty


def _understood(told: bytes) -> Manifest:
    try:
        version = msgspec.json.decode(told, type=Version)
        if version.format != FORMAT or version.migration != schema.wanted():
            raise OtherSchema
        manifest = msgspec.json.decode(told, type=Manifest)
    except msgspec.ValidationError:
        raise BrokenBackup from None
    wanted = {table.name: set(table.columns.keys()) for table in Base.metadata.sorted_tables}
    if {name: set(held.columns) for name, held in manifest.tables.items()} != wanted:
        raise OtherSchema
    return manifest


def _restore(db: Session, folder: Path, manifest: Manifest, progress: Progress) -> int:
    """Fill all tables, prove the log, end sessions; how many."""
    # Whoever writes needs the head of the log: from here on nobody else does, and a second restore finds
    # what the first has brought.
    db.execute(select(chain.LogHead.seq).with_for_update())
    if db.execute(select(chain.Event.seq).limit(1)).first():
        raise NotEmpty
    for table in reversed(Base.metadata.sorted_tables):
        db.execute(delete(table))  # what the migrations filled in comes back with the archive
    for table in Base.metadata.sorted_tables:
        held = manifest.tables[table.name]
        path = folder / "tables" / f"{table.name}.jsonl"
        _fill(db, table, path, held, progress)
        _set_last_id(db, table, held.last_id)
    total = manifest.log.seq
    verdict = chain.verify(db.connection(), lambda seen: progress("核对日志", seen, total))
    end = db.execute(select(chain.LogHead.seq, chain.LogHead.hash)).one_or_none()
    if not verdict.intact:
        raise BrokenBackup(f"备份中的事件日志已损坏：{verdict.reason}")
    if end is None or End(*end) != manifest.log:
        raise BrokenBackup("备份中的事件日志与其清单不符")
    events.act(db, SYSTEM)
    return logins.end_everybodys_sessions(db, f"从 {manifest.created_at} 的备份恢复")


def _in(column: Column[Any]) -> Callable[[Any], Any] | None:
    """How a column's values come back from JSON, where they are not the same there."""
    if isinstance(column.type, Instant):
        return datetime.fromisoformat
    if isinstance(column.type, Date):
        return date.fromisoformat
    if isinstance(column.type, LargeBinary):
        return base64.b64decode
    if isinstance(column.type, Word):
        return column.type.words
    return None


def _rows(path: Path, table: Table, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    convert = {name: turn for name in names if (turn := _in(table.columns[name]))}
    with path.open("rb") as lines:
        for line in lines:
            row = dict(zip(names, msgspec.json.decode(line), strict=True))
            for name, turn in convert.items():
                if row[name] is not None:
                    row[name] = turn(row[name])
            yield row


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _fill(db: Session, table: Table, path: Path, held: Held, progress: Progress) -> None:
    # Rows that point at rows of their own table are told so after all of them are there.
    own = [c.name for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
    done = 0
    for batch in _batches({**row, **dict.fromkeys(own)} for row in _rows(path, table, held.columns)):
        try:
            bulk.insert(db.connection(), table, batch)
        except (sqlite3.OperationalError, psycopg.OperationalError):
            raise
        except (sqlite3.Error, psycopg.Error) as failure:
            raise BrokenBackup(f"备份中的表 {table.name} 有写不进数据库的行") from failure
        done += len(batch)
        progress(table.name, done, held.rows)
    if done != held.rows:
        raise BrokenBackup(f"备份中的表 {table.name} 应有 {held.rows} 行，实有 {done} 行")
    for name in own:
        point = update(table).where(table.c.id == bindparam("row")).values({name: bindparam("points_at")})
        pointing = (row for row in _rows(path, table, held.columns) if row[name] is not None)
        for batch in _batches({"row": row["id"], "points_at": row[name]} for row in pointing):
            db.connection().execute(point, batch)


def _set_last_id(db: Session, table: Table, last: int | None) -> None:
    column = table.autoincrement_column
    if column is None or not last:
        return
    connection = db.connection()
    if connection.dialect.name != "sqlite":
        connection.execute(
            text("SELECT setval(CAST(pg_get_serial_sequence(:name, :column) AS regclass), :last)"),
            {"name": f'"{table.name}"', "column": column.name, "last": last},
        )
    elif table.dialect_options["sqlite"]["autoincrement"]:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), {"name": table.name, "last": last}
        )


def _place(unpacked: Path, store: Store) -> int:
    """Move the files into the store; how many there are."""
    files = sorted(unpacked.iterdir()) if unpacked.is_dir() else []
    for file in files:
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != file.name:
                raise BrokenBackup(f"备份中的文件 {file.name} 与其名称不符")
            os.fsync(content.fileno())
        file.chmod(READ_ONLY)
        store.publish(file, file.name)
    return len(files)
