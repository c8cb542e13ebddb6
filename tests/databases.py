"""Databases for the tests, on every backend: migrated once, cloned for each worker, reset for each test.

The schema is built once per run in a template. A worker clones it once and keeps its engines open; before
a test the clone gets the template's content back, which costs milliseconds: SQLite copies the pages,
PostgreSQL empties the tables and refills those the migrations have filled (copies lie in schema `seed`).
A test that changes the schema, or wants several databases, takes databases of its own (`Databases.new`).
What many tests begin with is kept likewise (`Databases.filled`) and given back to each of them.
"""

import os
import sqlite3
from collections.abc import Callable, Hashable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests import postgres

Build = Callable[[str], None]
"""Brings the empty database behind a URL to the newest schema."""

GIVEN = "TEST_DATABASE_URL"


def backends() -> list[str]:
    """What to test on: `TEST_BACKENDS`, by default SQLite and the PostgreSQL of the wheel.

    With `TEST_DATABASE_URL` the server behind it takes the place of every PostgreSQL. Its user must be a
    superuser: emptying tables goes past their constraints and triggers.
    """
    asked = os.environ.get("TEST_BACKENDS", "sqlite,postgres18").split(",")
    if GIVEN not in os.environ:
        return asked
    return [name for name in asked if name == "sqlite"] + ["postgres"]


def newest_only(module: object, test: str) -> bool:
    """Is this test of a module left out on an older PostgreSQL? `NEWEST_ONLY` is True, or names the tests."""
    said = getattr(module, "NEWEST_ONLY", ())
    return said is True or (said is not False and test in said)


@dataclass
class Databases:
    """The databases of one backend as one worker of a test run sees them."""

    backend: str
    folder: Path
    worker: str
    build: Build
    purpose: str = "template"
    made: list[str] = field(default_factory=list)
    cloned: bool = False
    refill: "_Refill | None" = None
    kept: dict[Hashable, tuple[str, Any]] = field(default_factory=dict)

    @property
    def is_sqlite(self) -> bool:
        return self.backend == "sqlite"

    @property
    def server(self) -> str:
        """The address of PostgreSQL's own database `postgres`, from which others are created."""
        if self.backend == "postgres":
            return os.environ[GIVEN]
        return postgres.shared(self.folder, self.backend).url("postgres")

    def address(self, name: str) -> str:
        if self.is_sqlite:
            return f"sqlite:///{self.folder / name}.sqlite3"
        if self.backend == "postgres":
            given = os.environ[GIVEN]
            base, _, query = given.partition("?")
            return base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
        return postgres.shared(self.folder, self.backend).url(name)

    def _name(self, what: str) -> str:
        # A given server is shared with strangers: our names begin with the name of the run's folder.
        return f"{self.folder.name}-{what}".replace("-", "_").lower()

    def template(self) -> str:
        """The name of the migrated template, built by whoever comes first."""
        name = self._name(self.purpose)
        done = self.folder / f"{self.backend}.{self.purpose}"
        with postgres.locked(self.folder / f"{self.backend}.{self.purpose}.lock"):
            if not done.exists():
                self._create(name, like=None)
                self.build(self.address(name))
                if self.is_sqlite:
                    _settle(self._file(name))
                else:
                    _keep_seeds(self.address(name))
                done.touch()
        return name

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def _create(self, name: str, like: str | None) -> None:
        if self.is_sqlite:
            if like is not None:
                self._file(name).write_bytes(self._file(like).read_bytes())
            return
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(like or "template0")
        )
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(statement)

    def new(self, *, empty: bool = False) -> str:
        """The URL of one more database, gone with `drop`: migrated, or `empty` without any table."""
        name = self._name(f"{self.worker}-{uuid4().hex[:8]}")
        self._create(name, like=None if empty else self.template())
        self.made.append(name)
        return self.address(name)

    def drop(self) -> None:
        """Remove the databases that `new` has made, whoever is still connected."""
        for name in self.made:
            if self.is_sqlite:
                for path in self.folder.glob(f"{name}.sqlite3*"):
                    path.unlink()
            else:
                with psycopg.connect(self.server, autocommit=True) as admin:
                    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self.made.clear()

    def clean(self) -> str:
        """The URL of this worker's database, with the content of the template."""
        template = self.template()
        name = self._name(f"{self.worker}-main")
        url = self.address(name)
        if not self.cloned:
            self._create(name, like=template)
            self.cloned = True
            # Read from the fresh clone: later its sequences stand elsewhere.
            self.refill = None if self.is_sqlite else _Refill(url)
        elif self.refill is None:
            _copy_pages(self._file(template), self._file(name))
        else:
            self.refill.run()
        return url

    def filled(self, what: Hashable, fill: Callable[[], Any]) -> Any:
        """Give this worker's clean database what `fill` puts into it, and tell what `fill` told.

        It is called the first time only; what the database then held comes back for whoever asks for the same.
        """
        if what in self.kept:
            name, told = self.kept[what]
            if self.refill is None:
                _copy_pages(self._file(name), self._file(self._name(f"{self.worker}-main")))
            else:
                self.refill.run(name)
            return told
        told = fill()
        name = self._name(f"{self.worker}-kept-{len(self.kept)}")
        if self.refill is None:
            _copy_pages(self._file(self._name(f"{self.worker}-main")), self._file(name))
        else:
            self.refill.keep(name)
        self.kept[what] = name, told
        return told

    def close(self) -> None:
        """Remove everything this worker has made; at its end."""
        if self.refill is not None:
            self.refill.connection.close()
        if self.cloned:
            self.made.append(self._name(f"{self.worker}-main"))
        if self.is_sqlite:
            self.made += [name for name, _ in self.kept.values()]
        self.drop()


def drop_templates(folder: Path) -> None:
    """Remove the template from a given server at the run's end (our own servers are thrown away whole)."""
    if GIVEN in os.environ and (folder / "postgres.template").exists():
        name = f"{folder.name}-template".replace("-", "_").lower()
        with psycopg.connect(os.environ[GIVEN], autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


# SQLite


def _settle(file: Path) -> None:
    """Fold the write-ahead log into the file, so that the file alone is the database."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_pages(source: Path, target: Path) -> None:
    """Make one database the copy of another under the feet of those who have it open."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target, timeout=5, isolation_level=None)) as new,
    ):
        # `backup` waits for ever for a writer who never ends; this does not.
        new.execute("BEGIN IMMEDIATE")
        new.execute("ROLLBACK")
        new.execute("PRAGMA synchronous = OFF")
        old.backup(new)


# PostgreSQL

SEED = "seed"
"""The schema with what the migrations have filled in."""


class _Refill:
    """A kept connection that gives one database the template's content back."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")
        # Somebody left a transaction open: say so instead of waiting.
        self.connection.execute("SET lock_timeout = '5s'")
        self.statements = {SEED: _refill_statement(self.connection, SEED)}

    def run(self, what: str = SEED) -> None:
        self.connection.execute(self.statements[what])

    def keep(self, what: str) -> None:
        _put_aside(self.connection, what)
        self.statements[what] = _refill_statement(self.connection, what)


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", [schema]
    ).fetchall()
    return [row[0] for row in rows]


def _keep_seeds(url: str) -> None:
    """Put aside what the migrations have filled in."""
    with psycopg.connect(url, autocommit=True) as connection:
        _put_aside(connection, SEED)


def _put_aside(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in _tables(connection, "public"):
        of = sql.Identifier("public", table)
        filled = connection.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(of)).fetchone()
        if filled == (True,):
            copy = sql.Identifier(schema, table)
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(copy, of))


def _refill_statement(connection: psycopg.Connection, schema: str) -> str:
    """One block that empties every table, refills those kept in a schema and sets the sequences to where they stand."""
    seeded = set(_tables(connection, schema))
    lines = []
    for table in _tables(connection, "public"):
        of = sql.Identifier("public", table).as_string(connection)
        lines.append(f"IF EXISTS (SELECT 1 FROM {of}) THEN DELETE FROM {of}; END IF;")
        if table in seeded:
            rows = connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
                [table],
            ).fetchall()
            columns = ", ".join(sql.Identifier(row[0]).as_string(connection) for row in rows)
            copy = sql.Identifier(schema, table).as_string(connection)
            lines.append(f"INSERT INTO {of} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {copy};")
    sequences = connection.execute(
        "SELECT quote_literal(quote_ident(schemaname) || '.' || quote_ident(sequencename)),"
        " coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences WHERE schemaname = 'public'"
    ).fetchall()
    lines += [f"PERFORM setval({name}, {value}, {str(called).lower()});" for name, value, called in sequences]
    return "DO $$ BEGIN\n" + "\n".join(lines) + "\nEND $$"
