"""The log as auditors see it: who, when, what kind and which fields; values stay where they are."""

import threading
from time import monotonic
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select, type_coerce

from app.exchange.feed.schemas import LogFilter, LogVerification
from app.kernel import chain
from app.kernel.access import Actor
from app.kernel.chain import Event, LogHead
from app.kernel.db import Instant
from app.kernel.errors import Problem, TooMany
from app.kernel.paging import Listing, Where

_walking = threading.Lock()
_decode = msgspec.json.Decoder().decode

LONGEST_WALK = 60.0
"""Seconds a request may spend on the chain; a log that takes longer is verified at the machine."""


class WalkTooLong(Problem):
    status, title, code = 503, "Service Unavailable", "log_too_long"
    message = "日志过长，请在服务器上运行 zhaoshang log verify"
    english = "The log is too long for one request. Run `zhaoshang log verify` at the machine."


def _kind(asked: str) -> str:
    # `project` means the kinds of that word, not those of `project_x`.
    return asked if "." in asked else f"{asked}."


LOG = Listing(
    name="log",
    asked=LogFilter,
    source=select(
        Event.seq, Event.at, Event.kind, Event.subject, Event.subject_id, Event.subject_key, Event.actor_id,
        Event.actor, Event.request_id, Event.body, Event.hash,
    ),
    key=Event.__table__.c.seq,
    sorts={"seq": Event.__table__.c.seq},
    filters={
        "actor": Where(lambda value: Event.actor == value),
        # Kinds are written in letters that all sort before the tilde.
        "kind": Where(lambda value: and_(Event.kind >= value, Event.kind < value.concat("~")), _kind),
        "subject": Where(lambda value: Event.subject == value),
        "key": Where(lambda value: Event.subject_key == value),
        "request_id": Where(lambda value: Event.request_id == value),
        "since": Where(lambda value: Event.at >= type_coerce(value, Instant())),
        "until": Where(lambda value: Event.at < type_coerce(value, Instant())),
    },
    default_sort="-seq",
)  # fmt: skip


def log_page(connection: Connection, _actor: Actor, query: LogFilter) -> dict[str, Any]:
    """A page of the log without values."""
    found = LOG.found(connection, query)
    found["items"] = [_without_values(row) for row in found["items"]]
    return found


def _without_values(row: dict[str, Any]) -> dict[str, Any]:
    body = _decode(row["body"])
    return {
        "seq": row["seq"],
        "at": row["at"],
        "kind": row["kind"],
        "subject": {"type": row["subject"], "id": row["subject_id"], "key": row["subject_key"]},
        "actor_id": row["actor_id"],
        "actor": row["actor"],
        "request_id": row["request_id"] or None,
        "changes": [{"table": table, "op": op, "fields": list(fields)} for table, _, op, fields in body["rows"]],
        "data": list(body["data"]),
        "reasoned": bool(body["reason"]),
        "hash": row["hash"],
    }


def verification(connection: Connection, _actor: Actor) -> LogVerification:
    """Walk the whole chain now, in batches that hold no transaction open; one walk at a time in a process."""
    if not _walking.acquire(blocking=False):
        raise TooMany
    try:
        return _walk(connection)
    finally:
        _walking.release()


def _walk(connection: Connection) -> LogVerification:
    until = monotonic() + LONGEST_WALK

    def in_time(_seen: int) -> None:
        if monotonic() > until:
            raise WalkTooLong

    head = connection.execute(select(LogHead.seq, LogHead.hash)).one()
    verdict = chain.verify(connection, in_time)
    return LogVerification(
        intact=verdict.intact,
        events=verdict.events,
        broken_at=verdict.broken_at,
        reason=verdict.reason,
        head=head.seq,
        head_hash=head.hash,
    )
