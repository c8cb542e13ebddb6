"""What the officer does with a channel: pause and resume it, and send records again."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal import queries
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.models import Channel, ChannelState, Record, RecordState
from app.exchange.municipal.queries import NoChannel, NoRecord
from app.exchange.municipal.schemas import ChannelResendIn
from app.kernel import bulk, calendar, events
from app.kernel.errors import Conflict


class AlreadyPaused(Conflict):
    code = "already_paused"
    message = "该通道已经暂停"
    english = "The channel is paused already."


class NotPaused(Conflict):
    code = "not_paused"
    message = "该通道没有暂停"
    english = "The channel is not paused."


class InPackage(Conflict):
    code = "in_package"
    message = "该记录在报送包中等待回执；须重报时，请先作废该包"
    english = "The record waits in a package for its receipt. Void the package first."


def locked(db: Session, connections: Connections, code: str) -> Channel:
    """The channel under this code with its lock; made when it has settings and no row yet. 404 otherwise."""
    channel = db.scalars(select(Channel).where(Channel.code == code).with_for_update()).one_or_none()
    if channel is None:
        queries.settings_of(connections, code)
        channel = Channel(code=code)
        db.add(channel)
        db.flush()
    return channel


def pause(db: Session, connections: Connections, code: str, reason: str) -> Channel:
    """Send nothing more until it is resumed; what the city should hold is followed all the same."""
    channel = locked(db, connections, code)
    if channel.state is ChannelState.PAUSED:
        raise AlreadyPaused
    channel.state, channel.state_reason = ChannelState.PAUSED, reason
    events.record(db, "municipal_channel.paused", channel, reason=reason)
    return channel


def resume(db: Session, connections: Connections, code: str, reason: str) -> Channel:
    """Send again, at once and with a closed circuit."""
    channel = locked(db, connections, code)
    if channel.state is not ChannelState.PAUSED:
        raise NotPaused
    channel.state, channel.state_reason = ChannelState.ACTIVE, None
    channel.failures, channel.open_until, channel.probing_until = 0, None, None
    events.record(db, "municipal_channel.resumed", channel, reason=reason)
    return channel


# -- again ---------------------------------------------------------------------------------------------------------


def resend(db: Session, record_id: int, reason: str) -> None:
    """Let one record go again now: one that is held under a new version, another as it is."""
    found = db.execute(
        select(Channel.code, Record.package_id, Record.state)
        .join(Channel, Channel.id == Record.channel_id)
        .where(Record.id == record_id)
    ).one_or_none()
    if found is None:
        raise NoRecord
    channel = locked(db, {}, found.code)
    row = db.execute(select(Record.state, Record.package_id).where(Record.id == record_id)).one()
    if row.state is RecordState.SENT and row.package_id is not None:
        raise InPackage
    again(db, channel, [record_id])
    events.record(db, "municipal_channel.resent", channel, reason=reason, record=record_id, records=1)


def resend_many(db: Session, code: str, body: ChannelResendIn) -> int:
    """Let the rejected records of a channel go again now, or all of them; returns how many."""
    if db.execute(select(Channel.id).where(Channel.code == code)).one_or_none() is None:
        raise NoChannel
    channel = locked(db, {}, code)
    chosen = select(Record.id).where(Record.channel_id == channel.id, Record.package_id.is_(None))
    if body.which == "rejected":
        chosen = chosen.where(Record.state == RecordState.REJECTED)
    if body.kind is not None:
        chosen = chosen.where(Record.kind == body.kind)
    many = again(db, channel, db.execute(chosen.order_by(Record.id)).scalars().all())
    events.record(
        db, "municipal_channel.resent", channel, reason=body.reason, which=body.which,
        of=None if body.kind is None else body.kind.value, records=many,
    )  # fmt: skip
    return many


def again(db: Session, channel: Channel, ids: Collection[int], above: Mapping[int, int] | None = None) -> int:
    """Make records pending now; the channel's lock is held. Returns how many.

    One that is held gets a new version, and so does one that `above` names: later than the version given there. Others
    keep theirs. Each takes a new place in the order of what changed, so that whoever fetches comes to it.
    """
    now, beyond, table = calendar.now(), above or {}, bulk.table_of(Record)
    changes: list[tuple[int, dict[str, Any]]] = []
    position = channel.position
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), 500):
        query = select(
            Record.id, Record.state, Record.op, Record.wanted_version, Record.wanted, Record.held_version
        ).where(Record.id.in_(wanted[start : start + 500]), Record.channel_id == channel.id)
        for row in db.execute(query.order_by(Record.id).with_for_update()):
            position += 1
            changes.append((row.id, _pending(now) | {"position": position} | _version(row, beyond.get(row.id), now)))
    bulk.change(db.connection(), table, changes)
    channel.position = position
    db.flush()
    return len(changes)


def _pending(now: datetime) -> dict[str, Any]:
    return {
        "state": RecordState.PENDING, "attempts": 0, "next_try": now, "code": None, "field": None, "reason": None,
        "package_id": None,
    }  # fmt: skip


def _version(row: Any, above: int | None, now: datetime) -> dict[str, Any]:
    if row.state is not RecordState.HELD and above is None:
        return {}
    kept: dict[str, Any] = {}
    if row.held_version == row.wanted_version:
        # So far the two were the same, and only one of them was kept.
        kept = {"held": row.wanted, "held_op": row.op}
    return kept | {"wanted_version": max(row.wanted_version, above or 0) + 1, "wanted_at": now}


def release(db: Session, ids: Iterable[int]) -> None:
    """Records of a package that is void are pending again, in their versions."""
    now = calendar.now()
    bulk.change(db.connection(), bulk.table_of(Record), [(number, _pending(now)) for number in ids])
