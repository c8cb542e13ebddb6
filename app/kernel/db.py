"""One database: its engines, its column types and the only place that commits.

A request that writes gets one session (`Db`). It is committed once, after the answer has been
serialised and before it is sent; whatever is raised on the way rolls everything back.
"""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from enum import StrEnum
from queue import LifoQueue
from time import perf_counter, thread_time
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    NullPool,
    QueuePool,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from app.kernel.pace import Pace

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = BigInteger().with_variant(Integer, "sqlite")
"""Row numbers: SQLite counts only plain INTEGER primary keys by itself."""


class Hundredths(TypeDecorator[int]):
    """A number with two decimals, kept as an integer of hundredths; printed as `"12.50"`."""

    impl = BigInteger
    cache_ok = True


class Fen(Hundredths):
    """Money: an integer number of fen, printed as yuan."""

    cache_ok = True


def text_key(length: int) -> String:
    """Text that is compared and sorted by its bytes, the same on both databases."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python; `timestamptz` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return instant_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC)  # type: ignore[no-any-return]


def instant_text(value: datetime) -> str:
    """The one spelling of an instant: UTC, microseconds, `Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Word(TypeDecorator[StrEnum]):
    """A word of a closed list: text in the database, a `StrEnum` in Python."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int = 16) -> None:
        self.words = words
        self.length = length
        super().__init__(length)

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(text_key(self.length))

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


Hook = Callable[[Session], None]
Found = TypeVar("Found")


class Database:
    """The engines of one database and what happens at its commit.

    `writer` runs transactions, `reader` single statements without one; `idle` holds connections that read.
    `before_commit` is the order of a write (reactions, log); `after_commit` wakes whoever waits for news;
    `after_failure` may raise what tells better than the failure itself.
    """

    def __init__(self, url: str, *, pool: int = 8, overflow: int = 8) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.writer = self._engine(poolclass=QueuePool, pool_size=pool, max_overflow=overflow, pool_timeout=60)
        self.reader = self._engine(
            poolclass=NullPool, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, skip_autocommit_rollback=True
        )
        if self.is_sqlite:
            _one_writer_at_a_time(self.writer)
        self.idle: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(pool + overflow):
            self.idle.put(None)
        self.before_commit: list[Hook] = []
        self.after_commit: list[Callable[[int], None]] = []
        self.after_failure: list[Hook] = []
        self.commits = anyio.CapacityLimiter(16)
        self.pace = Pace()
        # One read at a time on the event loop: it never waits there for a connection, as there are more than readers.
        self.here = threading.Lock()
        self.readers = ThreadPoolExecutor(min(pool, 4) if self.is_sqlite else pool, "reader")

    def _engine(self, **options: Any) -> Engine:
        connect: dict[str, Any] = {}
        if self.is_sqlite:
            connect = {"check_same_thread": False, "timeout": 30}
        # What is bound may be somebody's: a failure that reaches the logs tells its statement only.
        engine = create_engine(self.url, connect_args=connect, hide_parameters=True, **options)
        event.listen(engine, "connect", _sqlite_settings if self.is_sqlite else _postgres_settings)
        return engine

    def session(self) -> Session:
        return Session(self.writer, expire_on_commit=False, info={"database": self})

    def finish(self, db: Session) -> None:
        """Run the order of a write and commit. The only commit in the house."""
        for hook in self.before_commit:
            hook(db)
        db.commit()
        db.close()
        sequence = db.info.get("sequence")
        if sequence is not None:
            for wake in self.after_commit:
                wake(sequence)

    def abandon(self, db: Session) -> None:
        """Roll back, give the connection back, and look what else there is to say."""
        db.rollback()
        db.close()
        for hook in self.after_failure:
            hook(db)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A write outside of a request's own: commands, jobs, what must survive a refusal."""
        db = self.session()
        try:
            yield db
            self.finish(db)
        except BaseException:
            self.abandon(db)
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads; each statement sees the newest committed state.

        It is kept open, ready as it is: taking one from the engine's pool costs as much as a short query.
        """
        connection = self.idle.get(timeout=60)
        try:
            if connection is None:
                connection = self.reader.connect()
            yield connection
        except (DBAPIError, self.reader.dialect.loaded_dbapi.Error):
            # It may be the connection that has broken: the next one who reads gets a new one.
            if connection is not None:
                connection.invalidate()
                connection.close()
                connection = None
            raise
        finally:
            self.idle.put(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see one and the same committed state, however long they take."""
        with self.reader.connect() as connection:
            begin = "BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            connection.exec_driver_sql(begin)
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    async def read(self, work: Callable[[Connection], Found], kind: Hashable = None) -> Found:
        """Run what reads in a thread, with a connection: half the way there and back of the framework's own threads.

        `kind` names reads that take about as long as each other: swift ones of SQLite run here and now.
        """
        if kind is not None and self.is_sqlite and self.pace.is_swift(kind) and self.here.acquire(blocking=False):
            started = perf_counter()
            try:
                return self._read(work)
            finally:
                self.here.release()
                self.pace.ran_on_loop(kind, perf_counter() - started)
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self.readers, context.run, self._paced, work, kind)

    def _paced(self, work: Callable[[Connection], Found], kind: Hashable) -> Found:
        if kind is None:
            return self._read(work)
        used = thread_time()
        try:
            return self._read(work)
        finally:
            self.pace.ran_in_thread(kind, thread_time() - used)

    def _read(self, work: Callable[[Connection], Found]) -> Found:
        with self.reading() as connection:
            return work(connection)

    def close(self) -> None:
        self.readers.shutdown()
        while not self.idle.empty():
            connection = self.idle.get()
            if connection is not None:
                connection.close()
        self.writer.dispose()
        self.reader.dispose()


def _sqlite_settings(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by `_begin_immediate`, not by the driver.
    connection.isolation_level = None
    for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    # For each connection: what all of them hold must fit a small machine.
    connection.execute("PRAGMA cache_size = -2000")


def _postgres_settings(connection: Any, _record: Any) -> None:
    # Instants come as they go out.
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _one_writer_at_a_time(engine: Engine) -> None:
    # SQLite's own waiting is a lottery: many threads polling for one lock starve each other until one
    # runs into the time limit. Inside a process writers therefore queue, and only processes compete.
    queue = threading.Lock()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.info.get("first_in_queue"):
            queue.acquire()
            connection.info["first_in_queue"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # Not at the engine's `commit`: that is told before the commit is done, and one that fails is not the end.
    @event.listens_for(engine, "checkin")
    def end(_connection: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        if record.info.pop("first_in_queue", False):
            queue.release()


def database_of(request: Request) -> Database:
    """The database of the application that serves this request."""
    database: Database = request.app.state.database
    return database


async def get_db(request: Request) -> AsyncIterator[Session]:
    """The session of a request that writes; commits when the answer stands, before it leaves."""
    database = database_of(request)
    db = database.session()

    async def end(how: Hook) -> None:
        # Ending has its own threads, since those of the endpoints may all be waiting for the lock that this
        # session holds; and it is shielded, since a client that leaves must not leave the lock behind.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(how, db, limiter=database.commits)

    try:
        yield db
        await end(database.finish)
    except BaseException:
        await end(database.abandon)
        raise


Db = Annotated[Session, Depends(get_db, scope="function")]
