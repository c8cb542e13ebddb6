"""The chain of events as it lies in the database: its two tables, its hashes, and how it is read back.

How events come about and are written is told in `events`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Index, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, instant_text, text_key
from app.kernel.statements import Statement

GENESIS = "0" * 64
CHANGED = "changed"
"""What the log says of a personal field: that it changed. The chain cannot be erased, so values stay out."""


class Event(Base):
    """One thing that happened to one subject."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject_key_seq", "subject_key", "seq"),)  # the history of one thing

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(text_key(64), index=True)
    subject: Mapped[str] = mapped_column(text_key(32))
    subject_id: Mapped[int] = mapped_column(Id)
    subject_key: Mapped[str] = mapped_column(text_key(64))
    actor_id: Mapped[int] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(text_key(64))
    request_id: Mapped[str] = mapped_column(text_key(64))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(text_key(64))


class LogHead(Base):
    """The end of the chain: its row is the log's lock, its number the data version.

    `identity_seq` is the newest event about users, sessions, keys or units: a worker may trust an actor it
    remembers for as long as this stands still.
    """

    __tablename__ = "log_head"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Id)
    identity_seq: Mapped[int] = mapped_column(Id)
    hash: Mapped[str] = mapped_column(text_key(64))


HASHED = ("seq", "at", "kind", "subject", "subject_id", "subject_key", "actor_id", "actor", "request_id", "body")

canonical = msgspec.json.Encoder(order="sorted").encode
"""JSON with one spelling for one value, so that a hash can be taken of it."""


def hashed(columns: Mapping[str, Any]) -> list[Any]:
    """The values of an event that its hash covers."""
    return [instant_text(v) if isinstance(v, datetime) else v for v in (columns[name] for name in HASHED)]


def digest(before: str, values: Iterable[Any]) -> str:
    """The hash of one event, chained to the one before it."""
    return hashlib.sha256(before.encode() + canonical(list(values))).hexdigest()


_read_head = Statement(select(LogHead.seq, LogHead.identity_seq).where(LogHead.id == 1))


def head(connection: Connection) -> tuple[int, int]:
    """(data version, newest event about identity)."""
    row = _read_head.rows(connection, {})[0]
    return row[0], row[1]


def end(connection: Connection) -> tuple[int, str]:
    """The number and the hash of the newest event."""
    row = connection.execute(select(LogHead.seq, LogHead.hash).where(LogHead.id == 1)).one()
    return row.seq, row.hash


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found."""

    events: int
    broken_at: int | None
    reason: str | None

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def stored(connection: Connection, after: int = 0, batch: int = 5000) -> Iterator[Any]:
    """Every event after a number, in order, in batches that hold no transaction open."""
    table = Event.__table__
    while True:
        rows = connection.execute(select(table).where(table.c.seq > after).order_by(table.c.seq).limit(batch)).all()
        yield from rows
        if len(rows) < batch:
            return
        after = rows[-1].seq


def verify(connection: Connection, progress: Callable[[int], None] = lambda _: None) -> Verdict:
    """Walk the chain: no gap, every hash right, the head where the chain ends."""
    last = connection.execute(select(LogHead.seq, LogHead.hash)).one()
    before, expected = GENESIS, 1
    for row in stored(connection):
        if row.seq > last.seq:
            break  # written while we walk
        if row.seq != expected:
            return Verdict(expected - 1, expected, f"编号 {expected} 的记录缺失")
        if digest(before, hashed(row._mapping)) != row.hash:
            return Verdict(expected - 1, row.seq, f"编号 {row.seq} 的记录与其校验值不符")
        before, expected = row.hash, expected + 1
        if expected % 1000 == 0:
            progress(row.seq)
    if expected - 1 != last.seq or before != last.hash:
        return Verdict(expected - 1, expected, "日志末尾与链头不符，可能有记录被删除")
    return Verdict(expected - 1, None, None)


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(Event)).scalar_one()


def replay(connection: Connection) -> dict[str, dict[Any, dict[str, Any]]]:
    """The rows the log says there are: table → key → column → value. Personal fields hold `CHANGED`."""
    tables: dict[str, dict[Any, dict[str, Any]]] = {}
    for row in stored(connection):
        for table, key, op, fields in msgspec.json.decode(row.body)["rows"]:
            rows = tables.setdefault(table, {})
            key = tuple(key) if isinstance(key, list) else key
            if op == "delete":
                rows.pop(key, None)
            else:
                after = {name: CHANGED if change == CHANGED else change[1] for name, change in fields.items()}
                rows.setdefault(key, {}).update(after)
    return tables
