"""Statements compiled once and run on the driver; rows straight to JSON.

SQLAlchemy writes the SQL, in both dialects, once for each shape; the hot path then costs what the driver
costs. Values go out as the API spells them: money as yuan, dates as ISO, instants in UTC.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from psycopg import RawCursor
from psycopg.pq import Format
from sqlalchemy import JSON, Boolean, Connection, Dialect, Insert, Select, Update
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.kernel.db import Hundredths, Instant
from app.kernel.money import format_yuan
from app.kernel.nested import spelled_page

Converter = Callable[[Any], Any]
Query = Select[*tuple[Any, ...]] | Insert | Update


def converter(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """How a column's driver value becomes JSON where it is not null; None where it already is."""
    if isinstance(kind, Hundredths):
        return format_yuan
    if isinstance(kind, Instant):
        return None  # as SQLite keeps it; in UTC, as connections to PostgreSQL are set
    if isinstance(kind, TypeDecorator):
        return converter(kind.impl_instance, dialect)
    if dialect.name == "sqlite" and isinstance(kind, Boolean):
        return bool
    if dialect.name == "sqlite" and isinstance(kind, JSON):
        return lambda text: msgspec.Raw(text.encode())
    return None


class Compiled:
    """One statement in one dialect: its SQL, what prepares the bound values, what spells the columns."""

    def __init__(self, query: Query, dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self.sqlite = dialect.name == "sqlite"
        self.positions: Sequence[str] = compiled.positiontup or ()
        if not self.sqlite:
            self.sql, self.positions = _numbered(self.sql)
        self.defaults: dict[str, Any] = dict(compiled.params)
        self.binders: dict[str, Converter] = {}
        for bind, name in compiled.bind_names.items():  # `binds` also has anonymous ones under their raw keys
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                self.binders[name] = process
        columns = query.selected_columns if isinstance(query, Select) else ()
        found = [(i, converter(c.type, dialect)) for i, c in enumerate(columns)]
        self.converters = [(index, convert) for index, convert in found if convert is not None]

    def cursor(self, connection: Connection) -> Any:
        """A cursor of the driver: for PostgreSQL one that takes its own spelling and decodes binary, both cheaper."""
        driver: Any = connection.connection.dbapi_connection
        if self.sqlite:
            return driver.cursor()
        cursor = RawCursor(driver)
        cursor.format = Format.BINARY
        return cursor

    def given(self, values: Mapping[str, Any]) -> list[Any]:
        """The bound values as the driver takes them."""
        merged = {**self.defaults, **values}
        for name, process in self.binders.items():
            merged[name] = process(merged[name])
        return [merged[name] for name in self.positions]


def _numbered(sql: str) -> tuple[str, list[str]]:
    """SQL with PostgreSQL's own `$1` for `%(name)s`, which the driver would translate anew each time, and the names."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%\((\w+)\)s|%%", number, sql), names


class Statement:
    """One select, insert or update, compiled at its first use in each dialect."""

    def __init__(self, query: Query) -> None:
        self.query = query
        columns = query.selected_columns if isinstance(query, Select) else ()
        self.names = [str(column.key or column.name) for column in columns]
        self.dialects: dict[str, Compiled] = {}

    def _in(self, connection: Connection) -> Compiled:
        dialect = connection.dialect
        found = self.dialects.get(dialect.name)
        if found is None:
            found = self.dialects[dialect.name] = Compiled(self.query, dialect)
        return found

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it on the driver; raw rows, as the driver gives them."""
        compiled = self._in(connection)
        cursor = compiled.cursor(connection)
        try:
            cursor.execute(compiled.sql, compiled.given(values))
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def run(self, connection: Connection, lines: Sequence[Mapping[str, Any]]) -> None:
        """Run a write on the driver, once for each line of values, in the connection's transaction."""
        compiled = self._in(connection)
        cursor = compiled.cursor(connection)
        try:
            if len(lines) == 1:
                cursor.execute(compiled.sql, compiled.given(lines[0]))
            else:
                cursor.executemany(compiled.sql, [compiled.given(line) for line in lines])
        finally:
            cursor.close()

    def _columns(self, connection: Connection, rows: Iterable[Sequence[Any]], width: int | None) -> list[Sequence[Any]]:
        """The first `width` columns as the API spells them."""
        columns: list[Sequence[Any]] = []
        columns.extend(zip(*rows, strict=True))
        del columns[len(columns) if width is None else width :]
        for index, convert in self._in(connection).converters:
            if index < len(columns):
                columns[index] = [None if value is None else convert(value) for value in columns[index]]
        return columns

    def spelled(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """The rows' values as the API spells them."""
        return list(zip(*self._columns(connection, rows, None), strict=True))

    def lines(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
        """The rows as the API spells them, by the names of their columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.spelled(connection, rows)]


_page = msgspec.json.Decoder(list[tuple[msgspec.Raw, Any, Any]])


class Page(Statement):
    """A select whose last two columns are its sort key and its row number."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        super().__init__(query)
        whole = spelled_page(query)
        self.whole = None if whole is None else Statement(whole)
        self.record: Any = None

    def page(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
        """Run it: for each row what is good to be encoded, the sort key, the number."""
        if self.whole is not None and connection.dialect.name == "sqlite":
            return _page.decode(self.whole.rows(connection, values)[0][0])
        if self.record is None:
            # Structs are ten times cheaper to make than dictionaries.
            self.record = msgspec.defstruct("Record", self.names[:-2], gc=False)
        return self._keyed(connection, values, self.record)

    def lines_and_keys(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
        """The same with dictionaries."""
        names = self.names[:-2]
        return self._keyed(connection, values, lambda *row: dict(zip(names, row, strict=True)))

    def _keyed(
        self, connection: Connection, values: Mapping[str, Any], make: Callable[..., Any]
    ) -> list[tuple[Any, Any, Any]]:
        rows = self.rows(connection, values)
        columns = self._columns(connection, rows, len(self.names) - 2)
        return [(item, *row[-2:]) for item, row in zip(map(make, *columns), rows, strict=True)] if rows else []
