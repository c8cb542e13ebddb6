"""Events of the log as messages of the stream: read in batches, spelled once for all who may see them."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from app.kernel.chain import CHANGED, Event
from app.kernel.db import Base, Hundredths
from app.kernel.money import format_yuan
from app.kernel.statements import Statement

LARGEST = 64 * 1024
"""Bytes of one message; beyond, the changes are left out and it says so."""

# Derived from other columns, or nobody's business: what search compares, who was granted sight.
LEFT_OUT = frozenset({"search", "pinyin", "squashed", "sight"})

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_after = Statement(
    select(
        Event.seq, Event.at, Event.kind, Event.subject, Event.subject_id, Event.subject_key, Event.actor,
        Event.request_id, Event.body,
    )
    .where(Event.seq > bindparam("after", type_=Event.seq.type))
    .order_by(Event.seq)
    .limit(bindparam("batch"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """One event: what decides who gets it, and the bytes that go out. `removed` is for who loses sight by it."""

    seq: int
    kind: str
    subject: str
    subject_id: int
    key: str
    sight: Any
    sight_before: Any
    shown: bytes
    removed: bytes


def read(connection: Connection, after: int, batch: int) -> list[Message]:
    """The events that follow a number, in order, at most `batch`."""
    rows = _after.rows(connection, {"after": after, "batch": batch})
    return [_message(row) for row in _after.spelled(connection, rows)]


def _message(row: tuple[Any, ...]) -> Message:
    seq, at, kind, subject, subject_id, key, actor, request_id, text = row
    body = _decode(text)
    what = {"seq": seq, "at": at, "kind": kind, "subject": {"type": subject, "key": key}}
    said = what | {
        "actor": actor,
        "request_id": request_id or None,
        "reason": body["reason"],
        "changes": [changes(*change) for change in body["rows"]],
        "data": body["data"],
    }
    shown = sse(kind, said, seq)
    if len(shown) > LARGEST:
        shown = sse(kind, said | {"changes": [], "data": {}, "abridged": True}, seq)
    before = body.get("sight_before")
    removed = b"" if before is None else sse("removed", what | {"kind": "removed"}, seq)
    return Message(seq, kind, subject, subject_id, key, body["sight"], before, shown, removed)


def changes(table: str, row: Any, op: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A changed row as the API spells it: money in yuan and without `_fen`, personal fields as "changed"."""
    return {
        "table": table,
        "row": row,
        "op": op,
        "fields": dict(_spelled(table, name, change) for name, change in fields.items() if name not in LEFT_OUT),
    }


def _spelled(table: str, name: str, change: Any) -> tuple[str, Any]:
    public = name.removesuffix("_fen")
    if change == CHANGED:
        return public, CHANGED
    before, after = change
    if _in_hundredths(table, name):
        before, after = (None if value is None else format_yuan(value) for value in (before, after))
    return public, {"before": before, "after": after}


def _in_hundredths(table: str, name: str) -> bool:
    # The log is older than the code: it may tell of tables and columns that are no more.
    found = Base.metadata.tables.get(table)
    if found is None or name not in found.columns:
        return name.endswith("_fen")
    return isinstance(found.columns[name].type, Hundredths)


def sse(event: str, data: Any, number: int | None = None) -> bytes:
    """One server-sent event; JSON holds no line breaks."""
    numbered = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (numbered, event.encode(), _encode(data))
