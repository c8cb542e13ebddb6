"""What the sandbox keeps, in a SQLite file of its own: the records it holds and all that it was ever sent, in order."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.exchange.municipal.wire.refusals import Refused

FILE = "municipal-sandbox.db"

_SCHEMA = """
create table if not exists held (
    kind text not null, key text not null, version integer not null, op text not null, digest text not null,
    payload text, at text not null, primary key (kind, key)
) without rowid;
create index if not exists held_at on held (kind, at);
create table if not exists journal (
    id integer primary key autoincrement, at text not null, batch text not null, kind text not null, key text not null,
    version integer not null, op text not null, digest text not null, result text not null, code text
);
create table if not exists nonce (nonce text primary key, at text not null) without rowid;
create table if not exists refused (
    id integer primary key autoincrement, at text not null, code text not null, message text not null
);
create table if not exists later (
    id integer primary key autoincrement, due text not null, batch text not null, delivery text not null
);
"""


class Store:
    """The file, open; one writer at a time. Committed is what `writing` has left: a kill loses nothing of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a select says."""
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def refuse(self, refusal: Refused, now: datetime) -> None:
        """Keep that a message was not believed."""
        with self.writing() as db:
            db.execute(
                "insert into refused (at, code, message) values (?, ?, ?)", (told(now), refusal.code, str(refusal))
            )


def use_nonce(db: sqlite3.Connection, nonce: str, now: datetime, keep: timedelta) -> None:
    """Take a nonce, or Refused when it was taken before."""
    db.execute("delete from nonce where at < ?", (told(now - keep),))
    try:
        db.execute("insert into nonce (nonce, at) values (?, ?)", (nonce, told(now)))
    except sqlite3.IntegrityError:
        raise Refused("replayed") from None


def forget(db: sqlite3.Connection, kind: str | None = None, keys: Sequence[str] = ()) -> int:
    """Lose what is held: all, of one kind, or some keys of it. How many records it was; the journal stays."""
    statement, values = "delete from held", list[str]()
    if kind is not None:
        statement, values = f"{statement} where kind = ?", [kind]
        if keys:
            statement, values = f"{statement} and key in ({', '.join('?' * len(keys))})", [*values, *keys]
    return db.execute(statement, values).rowcount


def told(at: datetime) -> str:
    """An instant as it is kept; sorts as the instants do."""
    return at.isoformat(timespec="microseconds")
