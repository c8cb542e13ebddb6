"""Backup and restore: one archive of every table and file, the same for both databases.

For the administrator; also the way from SQLite to PostgreSQL. The copy is one moment's: writers go on
meanwhile. A restore asks for an empty database and proves the log before it is believed.
"""

import base64
import gzip
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Date, LargeBinary, Table, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.kernel import chain, schema
from app.kernel.db import Base, Database, Instant, instant_text
from app.kernel.errors import Conflict, Invalid

FORMAT = 1
BATCH = 2_000
Progress = Callable[[str, int, int], None]


class NotEmpty(Conflict):
    code = "not_empty"
    message = "目标数据库已有数据；恢复只写入空库"
    english = "The database is not empty."


class OtherSchema(Conflict):
    code = "other_schema"
    message = "备份出自另一版本的数据结构；请用该版本恢复后再升级"
    english = "The backup has another schema version."


class BrokenBackup(Invalid):
    code = "broken_backup"
    message = "备份文件损坏或不完整"
    english = "The backup is damaged."


def _quiet(_table: str, _done: int, _total: int) -> None:
    pass


# -- out -------------------------------------------------------------------------------------------------------


@contextmanager
def _moment(database: Database) -> Iterator[Connection]:
    """A connection that sees one moment of the database, without holding writers up."""
    if database.is_sqlite:
        with database.reader.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")
        return
    with database.writer.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def _out(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def save(database: Database, data_dir: Path, target: Path, progress: Progress = _quiet) -> dict[str, Any]:
    """Write the archive; returns its manifest. The target appears only when it is whole."""
    partial = target.with_name(target.name + ".partial")
    with tempfile.TemporaryDirectory(dir=target.parent or None) as folder, _moment(database) as connection:
        present = schema.present(connection)
        head = connection.execute(select(chain.LogHead)).one()
        log = {"seq": head.seq, "hash": head.hash}
        manifest: dict[str, Any] = {"format": FORMAT, "migration": present, "log": log, "tables": {}, "files": 0}
        with tarfile.open(partial, "w:gz", compresslevel=5) as archive:
            for table in Base.metadata.sorted_tables:
                path = Path(folder) / "table"
                manifest["tables"][table.name] = _dump(connection, table, path, progress)
                archive.add(path, f"tables/{table.name}.jsonl")
            files = data_dir / "files"
            for stored in sorted(files.rglob("*")) if files.is_dir() else ():
                if stored.is_file():
                    archive.add(stored, f"files/{stored.relative_to(files).as_posix()}")
                    manifest["files"] += 1
            told = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
            entry = tarfile.TarInfo("manifest.json")
            entry.size = len(told)
            archive.addfile(entry, io.BytesIO(told))
    partial.replace(target)
    return manifest


def _dump(connection: Connection, table: Table, path: Path, progress: Progress) -> int:
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    done = 0
    with path.open("wb") as out:
        rows = connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key.columns))
        for batch in rows.partitions(BATCH):
            for row in batch:
                out.write(msgspec.json.encode([_out(value) for value in row]) + b"\n")
            done += len(batch)
            progress(table.name, done, total)
    return done


# -- in --------------------------------------------------------------------------------------------------------


def load(database: Database, data_dir: Path, source: Path, progress: Progress = _quiet) -> dict[str, Any]:
    """Fill an empty database from an archive, all or nothing; returns the manifest once the log is proved."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = _unpack(source, Path(folder))
        schema.upgrade(database.url.render_as_string(hide_password=False))
        if manifest.get("format") != FORMAT or manifest.get("migration") != schema.wanted():
            raise OtherSchema
        with database.unit_of_work() as db:
            if db.execute(select(func.count()).select_from(chain.Event)).scalar_one():
                raise NotEmpty
            for table in reversed(Base.metadata.sorted_tables):
                db.execute(delete(table))  # what the migrations filled in comes back with the archive
            for table in Base.metadata.sorted_tables:
                _fill(db, table, Path(folder) / "tables" / f"{table.name}.jsonl", manifest["tables"], progress)
            if not database.is_sqlite:
                _set_sequences(db)
            verdict = chain.verify(db.connection())
            if not verdict.intact or verdict.events != manifest["log"]["seq"]:
                raise BrokenBackup(verdict.reason or BrokenBackup.message)
            if (Path(folder) / "files").is_dir():
                shutil.copytree(Path(folder) / "files", data_dir / "files", dirs_exist_ok=True)
    return manifest


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, FileNotFoundError, ValueError):
        raise BrokenBackup from None
    return manifest


def _in(table: Table) -> list[Callable[[Any], Any]]:
    def same(value: Any) -> Any:
        return value

    found: list[Callable[[Any], Any]] = []
    for column in table.columns:
        if isinstance(column.type, Instant):
            found.append(lambda value: None if value is None else datetime.fromisoformat(value))
        elif isinstance(column.type, Date):
            found.append(lambda value: None if value is None else date.fromisoformat(value))
        elif isinstance(column.type, LargeBinary):
            found.append(lambda value: None if value is None else base64.b64decode(value))
        else:
            found.append(same)
    return found


def _fill(db: Session, table: Table, path: Path, counts: dict[str, int], progress: Progress) -> None:
    names = [column.name for column in table.columns]
    convert = _in(table)
    # Rows that point at rows of their own table are told so after all of them are there.
    own = [c.name for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
    later: list[dict[str, Any]] = []
    total, done = counts[table.name], 0
    with path.open("rb") as lines:
        batch: list[dict[str, Any]] = []
        for line in lines:
            values = msgspec.json.decode(line)
            row = {name: turn(value) for name, turn, value in zip(names, convert, values, strict=True)}
            pointing = {name: row[name] for name in own if row[name] is not None}
            if pointing:
                later.append({"row": row["id"], **pointing})
                row.update(dict.fromkeys(pointing))
            batch.append(row)
            if len(batch) == BATCH:
                db.execute(insert(table), batch)
                done += len(batch)
                progress(table.name, done, total)
                batch = []
        if batch:
            db.execute(insert(table), batch)
            done += len(batch)
            progress(table.name, done, total)
    if done != total:
        raise BrokenBackup(f"备份中的表 {table.name} 应有 {total} 行，实有 {done} 行")
    for pointing in later:
        row_id = pointing.pop("row")
        db.execute(update(table).where(table.c.id == row_id).values(pointing))


def _set_sequences(db: Session) -> None:
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = db.execute(select(func.max(column))).scalar_one()
        if highest is not None:
            db.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, :column), :value)"),
                {"name": f'"{table.name}"', "column": column.name, "value": highest},
            )
