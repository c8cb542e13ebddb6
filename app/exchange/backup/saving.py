"""Writing an archive. The copy is one moment's: writers go on meanwhile."""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select, text

from app.exchange.backup import archive
from app.exchange.backup.archive import Packing, Progress, quiet
from app.exchange.backup.manifest import BATCH, FORMAT, End, Held, Manifest
from app.kernel import calendar, chain, schema
from app.kernel.db import Base, Database, instant_text
from app.kernel.errors import Conflict
from app.kernel.files import FileMissing, Store, StoredFile


class SchemaBehind(Conflict):
    code = "schema_behind"
    message = "数据库结构与程序版本不一致；请先执行 zhaoshang migrate"
    english = "The database has another schema version than the code."


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


def save(database: Database, data_dir: Path, target: Path, progress: Progress = quiet) -> Manifest:
    """Write the archive, which must not exist yet; returns what it says of itself."""
    with archive.packing(target) as pack, _moment(database) as connection:
        present = schema.present(connection)
        if present != schema.wanted():
            raise SchemaBehind
        end = connection.execute(select(chain.LogHead.seq, chain.LogHead.hash)).one()
        tables = {}
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            path = Path(folder) / "table"
            for table in Base.metadata.sorted_tables:
                tables[table.name] = _dump(connection, table, path, progress)
                archive.add(pack, f"tables/{table.name}.jsonl", path)
        missing = _add_files(pack, connection, Store(data_dir), progress)
        manifest = Manifest(
            format=FORMAT,
            migration=present,
            created_at=instant_text(calendar.now()),
            database=connection.dialect.name,
            log=End(end.seq, end.hash),
            tables=tables,
            missing_files=missing,
        )
        archive.seal(pack, msgspec.to_builtins(manifest))
    return manifest


def _add_files(pack: Packing, connection: Connection, store: Store, progress: Progress) -> list[str]:
    """The files that rows of this moment speak of; returns those that cannot be had."""
    wanted = connection.scalars(select(StoredFile.sha256).order_by(StoredFile.sha256)).all()
    missing = []
    for done, sha256 in enumerate(wanted, 1):
        try:
            whole = store.verify(sha256)
        except FileMissing:
            whole = False
        if whole:
            archive.add(pack, f"files/{sha256}", store.path(sha256))
        else:
            missing.append(sha256)
        progress("文件", done, len(wanted))
    return missing


def _out(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _dump(connection: Connection, table: Table, path: Path, progress: Progress) -> Held:
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    done = 0
    rows = select(table).order_by(*table.primary_key.columns)
    with path.open("wb") as out, connection.execute(rows, execution_options={"yield_per": BATCH}) as found:
        for batch in found.partitions():
            out.writelines(msgspec.json.encode([_out(value) for value in row]) + b"\n" for row in batch)
            done += len(batch)
            progress(table.name, done, total)
    return Held(table.columns.keys(), done, _last_id(connection, table))


def _last_id(connection: Connection, table: Table) -> int | None:
    """The newest number given to a row, also if that row is gone: the log still speaks of it."""
    column = table.autoincrement_column
    if column is None:
        return None
    highest: int = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
    if connection.dialect.name == "sqlite":
        given = connection.execute(_sqlite_number, {"name": table.name}).scalar() if _numbered(connection) else None
    else:
        given = connection.execute(_sequence_number, {"name": f'"{table.name}"', "column": column.name}).scalar()
    return max(highest, given or 0)


_sqlite_number = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_sequence_number = text("SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:name, :column) AS regclass))")


def _numbered(connection: Connection) -> bool:
    """Whether any table of this SQLite database gives its numbers only once."""
    found = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"))
    return found.scalar() is not None
