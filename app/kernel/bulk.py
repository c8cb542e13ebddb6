"""Thousands of rows at once, past the ORM, by the fastest way each driver has.

The caller tells the log (`events.record_rows`): nothing here does. Rows name every column of their table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import msgspec
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Table,
    TypeDecorator,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from app.kernel.db import Base, Instant, Word, instant_text

Line = Mapping[str, Any]


def table_of(model: type[Base]) -> Table:
    """The table of a model, typed as what it is."""
    return cast(Table, model.__table__)


def names_of(table: Table) -> list[str]:
    """The names of its columns, as plain text (SQLAlchemy's are of a kind that cannot be encoded)."""
    return [plain_text(column.name) for column in table.columns]


def plain_text(name: str) -> str:
    """The same name as an ordinary `str`."""
    return str.__str__(name)


def next_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """So many row numbers of one's own; on SQLite good until the end of the transaction that writes."""
    if not count:
        return ()
    if connection.dialect.name == "sqlite":
        last = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence(f'"{table.name}"', "id")
    series = func.generate_series(1, count).table_valued("one")
    return connection.execute(select(func.nextval(sequence)).select_from(series)).scalars().all()


def insert(connection: Connection, table: Table, lines: Sequence[Line]) -> None:
    """Insert rows that name every column, the key too."""
    if not lines:
        return
    sqlite = connection.dialect.name == "sqlite"
    columns = [_spelled(made, lines, sqlite) for made in table.columns]
    rows = list(zip(*columns, strict=True))
    names = ", ".join(f'"{made.name}"' for made in table.columns)
    cursor = connection.connection.cursor()
    try:
        if sqlite:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)
        else:
            copying: Any = cursor  # psycopg's own cursor
            with copying.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
    finally:
        cursor.close()


def change(connection: Connection, table: Table, changes: Iterable[tuple[int, Line]]) -> None:
    """Set columns of rows by their number; those that set the same columns go in one statement."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for key, values in changes:
        names = tuple(sorted(values))
        alike.setdefault(names, []).append({"row_number": key, **{f"to_{name}": values[name] for name in names}})
    for names, lines in alike.items():
        setting = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in names}
        connection.execute(update(table).where(table.c.id == bindparam("row_number")).values(setting), lines)


def remove(connection: Connection, table: Table, keys: Sequence[int]) -> None:
    """Delete rows by their numbers."""
    if keys:
        lines = [{"row_number": key} for key in keys]
        connection.execute(table.delete().where(table.c.id == bindparam("row_number")), lines)


def alone(connection: Connection, name: str) -> None:
    """Let only one transaction of this name run at a time, until its end. SQLite's writers are alone anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def hold(connection: Connection, table: Table, keys: Iterable[int], *, share: bool = False) -> dict[int, Any]:
    """Lock rows until the end of the transaction, always in the order of their numbers; number → row.

    `share` keeps them only from being deleted or merged away under us.
    """
    held: dict[int, Any] = {}
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), 500):
        query = select(table).where(table.c.id.in_(wanted[start : start + 500])).order_by(table.c.id)
        held.update((row.id, row) for row in connection.execute(query.with_for_update(read=share, key_share=share)))
    return held


def _spelled(made: Column[Any], lines: Sequence[Line], sqlite: bool) -> list[Any]:
    """The values of one column as the driver takes them."""
    name = made.name
    values = [line[name] for line in lines]
    spell = _speller(made.type, sqlite)
    return values if spell is None else [None if value is None else spell(value) for value in values]


def _speller(kind: TypeEngine[Any], sqlite: bool) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant):
        return lru_cache(maxsize=64)(instant_text) if sqlite else None  # most rows have the same
    if isinstance(kind, Word):
        return str
    if isinstance(kind, TypeDecorator):
        return _speller(kind.impl_instance, sqlite)
    if isinstance(kind, JSON):
        return lambda value: msgspec.json.encode(value).decode()
    if isinstance(kind, Boolean) and sqlite:
        return int
    if isinstance(kind, Date) and sqlite:
        return lambda value: value.isoformat()
    return None
