"""Which records are due, and who sends them: a lease for each, so that a record never goes twice at the same time.

A worker that dies leaves its leases to run out; the same versions then go again, with the same idempotency keys.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from app.exchange.municipal.circuit import Circuit
from app.exchange.municipal.models import Channel, ChannelState, Record, RecordState
from app.exchange.municipal.receipts import ALONE, Sent
from app.exchange.municipal.records import may_go
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel.among import among, numbers
from app.kernel.db import Instant
from app.kernel.statements import Statement

WAITING = (RecordState.PENDING, RecordState.SENT)
"""What goes when its time has come: what was never sent, and what was sent and has had no receipt for too long."""

_now = bindparam("now", type_=Instant)
_free = or_(Record.lease_until.is_(None), Record.lease_until <= _now)
_due = Statement(
    select(Record.id, Record.kind, Record.key, Record.wanted_version, Record.op, Record.wanted, Record.attempts)
    .where(
        Record.channel_id == bindparam("channel"), Record.state == bindparam("state"), Record.next_try <= _now, _free,
        may_go(),
    )
    .order_by(Record.next_try, Record.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)  # fmt: skip
_lease = Statement(
    update(Record)
    .where(among(Record.id, "records"))
    .values(lease=bindparam("to_lease"), lease_until=bindparam("until", type_=Instant))
)


@dataclass(frozen=True, slots=True)
class Due:
    """A channel as a worker sees it."""

    id: int
    code: str
    circuit: Circuit
    due: bool  # something waits to be sent now


def look(connection: Connection, codes: Collection[str], now: datetime) -> list[Due]:
    """The active channels of these codes: all there is to read while nothing happens."""
    free = or_(Record.lease_until.is_(None), Record.lease_until <= now)
    waits = [
        exists().where(Record.channel_id == Channel.id, Record.state == state, Record.next_try <= now, free, may_go())
        for state in WAITING
    ]
    rows = connection.execute(
        select(
            Channel.id, Channel.code, Channel.failures, Channel.open_until, Channel.probing_until,
            or_(*waits).label("due"),
        ).where(Channel.code.in_(codes), Channel.state == ChannelState.ACTIVE)
    )  # fmt: skip
    return [
        Due(row.id, row.code, Circuit(row.failures, row.open_until, row.probing_until), bool(row.due)) for row in rows
    ]


def claim(db: Session, channel_id: int, batch: str, most: int, now: datetime, until: datetime) -> list[Sent]:
    """Lease the records that are due the longest, at most so many, and give what is to be sent.

    One that has failed several times goes alone, and so does the rest without it.
    """
    connection, rows = db.connection(), list[Any]()
    for state in WAITING:
        if len(rows) < most:
            asked = {"channel": channel_id, "state": state, "now": now, "most": most - len(rows)}
            rows += _due.rows(connection, asked)
    alone = bool(rows) and rows[0][-1] >= ALONE
    rows = rows[:1] if alone else [row for row in rows if row[-1] < ALONE]
    if rows:
        _lease.run(connection, [{"records": numbers(row[0] for row in rows), "to_lease": batch, "until": until}])
    return [
        Sent(number, RecordKind(kind), key, version, Operation(op), content, batch)
        for number, kind, key, version, op, content, _ in rows
    ]


def probe(db: Session, channel_id: int, now: datetime, until: datetime) -> bool:
    """Be the one who tries whether the city is there again; False when somebody else is."""
    taken = db.execute(
        update(Channel)
        .where(
            Channel.id == channel_id,
            Channel.open_until <= now,
            or_(Channel.probing_until.is_(None), Channel.probing_until <= now),
        )
        .values(probing_until=until)
        .returning(Channel.id)
    ).all()
    return bool(taken)
