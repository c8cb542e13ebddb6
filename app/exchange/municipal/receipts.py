"""What the city says of records, applied to them: once, in any order, however often, and whether it came late.

Two things are never done: what the city holds is not taken back (`held_version` only grows), and a record counts as
held only in the version that is wanted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import bindparam, null, select, tuple_, update
from sqlalchemy.orm import Session

from app.exchange.municipal import rejections
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.circuit import Pace, Random, backoff
from app.exchange.municipal.models import Channel, Record, RecordState
from app.exchange.municipal.wire.contract import Operation, Receipt, RecordKind, Result
from app.kernel import bulk
from app.kernel.among import among, numbers
from app.kernel.db import Instant
from app.kernel.statements import Statement
from app.kernel.text import cleaned

ALONE = 3
"""From so many attempts on a record goes alone: it may be what its batch failed of."""
LARGEST = 2**53 - 2
"""The largest version that another can follow; a city that says it holds a later one is not believed."""

HELD_FROM_NOW = (Result.ACCEPTED, Result.DUPLICATE)
_chance = SystemRandom().random
_record = bulk.table_of(Record)
_looked_at = Statement(
    select(
        Record.id, Record.channel_id, Record.kind, Record.key, Record.op, Record.wanted_version, Record.held_version,
        Record.state, Record.attempts, Record.lease, Record.project_id,
    )
    .where(among(Record.id, "numbers"))
    .order_by(Record.id)
    .with_for_update()
)  # fmt: skip
_holds = Statement(
    update(Record)
    .where(Record.id == bindparam("record"))
    .values(
        held_version=Record.wanted_version, held_op=Record.op, held=null(), held_at=bindparam("at", type_=Instant),
        receipt_no=bindparam("number"), state=RecordState.HELD, attempts=0, package_id=null(), code=null(),
        field=null(), reason=null(), lease=bindparam("to_lease"), lease_until=null(),
    )
)  # fmt: skip
"""What nearly always is to be said: the version that is wanted is held, and nobody else is sending it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A record in the version that went out. `lease` is the batch by which it went; None where nobody holds one (files,
    receipts that come later). `op` and `content` are None where nobody remembers."""

    record_id: int
    kind: RecordKind
    key: str
    version: int
    op: Operation | None
    content: str | None
    lease: str | None = None


@dataclass(slots=True)
class Taken:
    """What came of a batch: numbers of records, and what was not believed, in words."""

    accepted: int = 0
    rejected: int = 0
    received: int = 0
    again: int = 0  # retry, stale
    missing: int = 0  # without a receipt
    lost: int = 0  # somebody else is sending it now: he will hear for himself
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """A record as it stands, in the driver's words. Each change is seen by the next: it may have several receipts."""

    id: int
    channel_id: int
    kind: str
    key: str
    op: str
    wanted_version: int
    held_version: int
    state: str
    attempts: int
    lease: str | None
    project_id: int | None


@dataclass(slots=True)
class _Batch:
    """Receipts being applied: what will be written into each record."""

    settings: Connection
    now: datetime
    random: float
    least_attempts: int
    taken: Taken = field(default_factory=Taken)
    held: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    rejected: list[rejections.Rejection] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    renumbered: list[int] = field(default_factory=list)  # rows that got a version of their own accord

    def later(self, attempts: int) -> datetime:
        return self.now + backoff(attempts, pace_of(self.settings), lambda: self.random)


def pace_of(settings: Connection) -> Pace:
    """How long this channel waits."""
    return Pace(settings.backoff_seconds, settings.longest_backoff_seconds, settings.failures_to_open)


def take(
    db: Session, channel: Channel, settings: Connection, sent: Sequence[Sent], receipts: Iterable[Receipt],
    now: datetime, random: Random = _chance,
) -> Taken:  # fmt: skip
    """Apply the receipts for what was sent. What was sent and has none counts as an attempt that failed.

    A receipt for something else, or for another version, is refused. Records that somebody else sends by now are left
    to him, but for the good news: what the city has accepted it holds.
    """
    batch = _Batch(settings, now, random(), 0)
    told = _sorted(sent, receipts, batch.taken)
    if any(found is not None and found.result is Result.STALE for _, found in told):
        _lock(db, channel)
    _apply(db, channel, batch, told)
    return batch.taken


def take_late(
    db: Session, channel: Channel, settings: Connection, receipts: Sequence[Receipt], now: datetime,
    random: Random = _chance,
) -> Taken:  # fmt: skip
    """Apply receipts that come by themselves, for whatever was sent some time ago. Locks the channel."""
    _lock(db, channel)
    asked = {(receipt.kind, receipt.key) for receipt in receipts}
    known = {
        (row.kind, row.key): row.id
        for row in db.execute(
            select(Record.id, Record.kind, Record.key).where(
                Record.channel_id == channel.id, tuple_(Record.kind, Record.key).in_(asked)
            )
        )
    }
    batch = _Batch(settings, now, random(), 0)
    told: list[tuple[Sent, Receipt | None]] = []
    for receipt in receipts:
        number = known.get((receipt.kind, receipt.key))
        if number is None:
            batch.taken.refused.append(f"未曾报送 {receipt.kind} {cleaned(receipt.key, 64)}")
        else:
            told.append((Sent(number, receipt.kind, receipt.key, receipt.version, None, None), receipt))
    _apply(db, channel, batch, told)
    return batch.taken


def failed(
    db: Session, channel: Channel, settings: Connection, sent: Sequence[Sent], now: datetime, *,
    alone: bool = False, random: Random = _chance,
) -> Taken:  # fmt: skip
    """No answer to use: each goes again, later. `alone` says that the city refused the batch as a whole."""
    batch = _Batch(settings, now, random(), ALONE if alone else 0)
    _apply(db, channel, batch, [(one, None) for one in sent])
    return batch.taken


def _sorted(sent: Sequence[Sent], receipts: Iterable[Receipt], taken: Taken) -> list[tuple[Sent, Receipt | None]]:
    """Each record that was sent with its receipt, if it has one that can be believed."""
    known = {(one.kind, one.key): one for one in sent}
    told: dict[Sent, Receipt | None] = dict.fromkeys(sent)
    for receipt in receipts:
        one = known.get((receipt.kind, receipt.key))
        if one is None:
            taken.refused.append(f"批次中没有 {receipt.kind} {cleaned(receipt.key, 64)}")
        elif receipt.version != one.version:
            taken.refused.append(f"{one.kind} {one.key} 报送第 {one.version} 版，回执为第 {receipt.version} 版")
        elif (before := told[one]) is None:
            told[one] = receipt
        elif before.result is not receipt.result:
            taken.refused.append(f"{one.kind} {one.key} 有两份不同的回执")
    return list(told.items())


def _lock(db: Session, channel: Channel) -> None:
    # Before any record, as whoever follows the log does: two that lock in another order wait for each other for ever.
    db.execute(select(Channel.id).where(Channel.id == channel.id).with_for_update(key_share=True))


def _apply(db: Session, channel: Channel, batch: _Batch, told: Sequence[tuple[Sent, Receipt | None]]) -> None:
    connection = db.connection()
    found = _looked_at.rows(connection, {"numbers": numbers({one.record_id for one, _ in told})})
    rows = {row[0]: _Row(*row) for row in found}
    for one, receipt in told:
        row = rows.get(one.record_id)
        if row is None or row.channel_id != channel.id:
            batch.taken.refused.append(f"没有记录 {one.kind} {one.key}")
        elif receipt is not None and receipt.result in HELD_FROM_NOW:
            _held(batch, row, one, receipt)
        elif row.lease != one.lease:
            batch.taken.lost += 1
        elif receipt is None:
            _missed(batch, row, one)
        elif receipt.result is Result.STALE:
            _stale(batch, row, one, receipt)
        elif row.wanted_version != one.version:
            _release(batch, row)
        elif row.state == RecordState.HELD:
            batch.taken.refused.append(f"{one.kind} {one.key} 第 {one.version} 版此前已接收")
            _release(batch, row)
        else:
            _waits(batch, row, one, receipt)
    if batch.held:
        _holds.run(connection, sorted(batch.held, key=lambda line: line["record"]))
    bulk.change(connection, _record, sorted(batch.changes.items()))
    _renumber(db, channel, batch)
    rejections.tell(db, channel, batch.settings.name, batch.rejected)
    rejections.settle(db, channel, batch.accepted)


_SEEN = frozenset(_Row.__slots__)
FREE: dict[str, Any] = {"lease": None, "lease_until": None}


def _change(batch: _Batch, row: _Row, **values: Any) -> None:
    batch.changes.setdefault(row.id, {}).update(values)
    for name in _SEEN & values.keys():
        setattr(row, name, values[name])


def _release(batch: _Batch, row: _Row) -> None:
    """It was overtaken while it went: what is wanted now waits already, or waited for this word."""
    batch.taken.again += 1
    if row.lease is not None:
        _change(batch, row, **FREE)
    if row.state == RecordState.SENT:
        _change(batch, row, state=RecordState.PENDING, attempts=0, next_try=batch.now, package_id=None)


def _missed(batch: _Batch, row: _Row, one: Sent) -> None:
    batch.taken.missing += 1
    if row.wanted_version != one.version or row.state not in (RecordState.PENDING, RecordState.SENT):
        _release(batch, row)
    else:
        attempts = max(row.attempts + 1, batch.least_attempts)
        _change(batch, row, state=RecordState.PENDING, attempts=attempts, next_try=batch.later(attempts), **FREE)


def _held(batch: _Batch, row: _Row, one: Sent, receipt: Receipt) -> None:
    """The city holds this version: true whoever has sent it, and whatever else is under way."""
    if one.version > row.wanted_version:
        # It knows more of us than we do: we were restored from a backup.
        _beyond(batch, row, one, one.version)
        return
    batch.taken.accepted += 1
    free = row.lease == one.lease
    if one.version == row.wanted_version and free and row.id not in batch.changes:
        row.state, row.held_version, row.attempts, row.lease = RecordState.HELD, one.version, 0, None
        number = cleaned(receipt.receipt_no, 64)
        batch.held.append({"record": row.id, "at": batch.now, "number": number, "to_lease": None})
        batch.accepted.append((row.kind, row.key))
        return
    if free and row.lease is not None:
        _change(batch, row, **FREE)
    if one.version == row.wanted_version:
        _change(
            batch, row, held_version=one.version, held_op=row.op, held=None, held_at=batch.now,
            receipt_no=cleaned(receipt.receipt_no, 64), state=RecordState.HELD, attempts=0, package_id=None, code=None,
            field=None, reason=None,
        )  # fmt: skip
        batch.accepted.append((row.kind, row.key))
        return
    if one.version > row.held_version:
        _change(
            batch, row, held_version=one.version, held_op=one.op, held=one.content, held_at=batch.now,
            receipt_no=cleaned(receipt.receipt_no, 64),
        )  # fmt: skip
    if row.state == RecordState.SENT and row.lease is None:
        _change(batch, row, state=RecordState.PENDING, attempts=0, next_try=batch.now, package_id=None)


def _stale(batch: _Batch, row: _Row, one: Sent, receipt: Receipt) -> None:
    """The city holds something else under this version, or a later one."""
    holds = receipt.held_version
    if holds is None or holds < one.version:
        batch.taken.refused.append(f"{one.kind} {one.key} 称第 {one.version} 版过旧，所持为第 {holds} 版")
        _missed(batch, row, one)
    elif holds > row.wanted_version or (holds == row.wanted_version == one.version and row.state != RecordState.HELD):
        _beyond(batch, row, one, holds)
    elif row.state in (RecordState.HELD, RecordState.REJECTED):
        _release(batch, row)
    else:
        batch.taken.again += 1
        _change(batch, row, state=RecordState.PENDING, next_try=batch.now, **FREE)


def _beyond(batch: _Batch, row: _Row, one: Sent, holds: int) -> None:
    """What is wanted goes again under a version after the one that the city holds."""
    if holds > LARGEST:
        batch.taken.refused.append(f"{one.kind} {one.key} 称持有第 {holds} 版")
        _missed(batch, row, one)
        return
    batch.taken.again += 1
    if row.id not in batch.renumbered:
        batch.renumbered.append(row.id)
    # What it holds there nobody here knows: neither the operation nor the content.
    _change(
        batch, row, wanted_version=holds + 1, held_version=holds, held_op=None, held=None,
        state=RecordState.PENDING, attempts=0, next_try=batch.now, code=None, field=None, reason=None,
        package_id=None, **FREE,
    )  # fmt: skip


def _waits(batch: _Batch, row: _Row, one: Sent, receipt: Receipt) -> None:
    """Rejected, received, or not now: of the version that is wanted."""
    if receipt.result is Result.REJECTED:
        batch.taken.rejected += 1
        told = rejections.Rejection(
            row.id, row.project_id, RecordKind(row.kind), row.key, one.version, cleaned(receipt.code, 64),
            cleaned(receipt.field, 64), cleaned(receipt.message, 500),
        )  # fmt: skip
        batch.rejected.append(told)
        _change(
            batch, row, state=RecordState.REJECTED, attempts=row.attempts + 1, code=told.code, field=told.field,
            reason=told.reason, package_id=None, **FREE,
        )  # fmt: skip
    elif row.state == RecordState.REJECTED:
        _release(batch, row)
    elif receipt.result is Result.RECEIVED:
        batch.taken.received += 1
        _change(
            batch, row, state=RecordState.SENT, receipt_no=cleaned(receipt.receipt_no, 64),
            next_try=batch.now + timedelta(hours=batch.settings.receipt_hours), **FREE,
        )  # fmt: skip
    else:
        batch.taken.again += 1
        attempts = row.attempts + 1
        _change(batch, row, state=RecordState.PENDING, attempts=attempts, next_try=batch.later(attempts), **FREE)


def _renumber(db: Session, channel: Channel, batch: _Batch) -> None:
    """New versions, and new places in the order of what changed: the channel's lock is held."""
    if not batch.renumbered:
        return
    position = db.execute(select(Channel.position).where(Channel.id == channel.id)).scalar_one()
    places = enumerate(batch.renumbered, position + 1)
    bulk.change(db.connection(), _record, [(number, {"position": place}) for place, number in places])
    moved = position + len(batch.renumbered)
    bulk.change(db.connection(), bulk.table_of(Channel), [(channel.id, {"position": moved})])
