"""Databases for the tests, on every backend: migrated once, cloned for each worker, reset for each test.

The schema is built once per run in a template. A worker clones it once and keeps its engines open; before
a test the clone gets the template's content back, which costs milliseconds: SQLite copies the pages,
PostgreSQL empties the tables and refills those the migrations have filled (copies lie in schema `seed`).
A test that changes the schema, or wants several databases, takes databases of its own (`Databases.new`).
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
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

    def close(self) -> None:
        """Remove everything this worker has made; at its end."""
        if self.refill is not None:
            self.refill.connection.close()
        if self.cloned:
            self.made.append(self._name(f"{self.worker}-main"))
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


class _Refill:
    """A kept connection that gives one database the template's content back."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")
        # Somebody left a transaction open: say so instead of waiting.
        self.connection.execute("SET lock_timeout = '5s'")
        self.statement = _refill_statement(self.connection)

    def run(self) -> None:
        self.connection.execute(self.statement)


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", [schema]
    ).fetchall()
    return [row[0] for row in rows]


def _keep_seeds(url: str) -> None:
    """Put aside what the migrations have filled in, and where the sequences stood."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA seed")
        for table in _tables(connection, "public"):
            of = sql.Identifier("public", table)
            filled = connection.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(of)).fetchone()
            if filled == (True,):
                copy = sql.Identifier("seed", table)
                connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(copy, of))


def _refill_statement(connection: psycopg.Connection) -> str:
    """One block that empties every table, refills the seeded ones and sets the sequences back."""
    seeded = set(_tables(connection, "seed"))
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
            copy = sql.Identifier("seed", table).as_string(connection)
            lines.append(f"INSERT INTO {of} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {copy};")
    sequences = connection.execute(
        "SELECT quote_literal(quote_ident(schemaname) || '.' || quote_ident(sequencename)),"
        " coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences WHERE schemaname = 'public'"
    ).fetchall()
    lines += [f"PERFORM setval({name}, {value}, {str(called).lower()});" for name, value, called in sequences]
    return "DO $$ BEGIN\n" + "\n".join(lines) + "\nEND $$"
