"""What became of an exchange: kept for a month, and what it means for the channel's circuit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from app.exchange.municipal.channels import Connection
from app.exchange.municipal.circuit import Circuit
from app.exchange.municipal.models import Channel, Contact, Nonce
from app.exchange.municipal.receipts import Taken, pace_of
from app.exchange.municipal.wire import signatures
from app.identity.notices import recipients
from app.kernel import notices
from app.kernel.access import Permission
from app.kernel.db import Instant
from app.kernel.notices import declare
from app.kernel.statements import Statement
from app.kernel.text import cleaned

KEPT_FOR = timedelta(days=30)
SEEN_EVERY = timedelta(seconds=10)
"""While all goes well the channel's row is written no more often than this."""

UNKNOWN = declare(
    "municipal.unknown", "市级不认可密钥", "上报{channel}：市级不认可本区的密钥（{reason}），报送已暂停，请与市级核对",
    waits=True,
)  # fmt: skip
_chance = SystemRandom().random
_COLUMNS = (
    "channel_id", "what", "batch", "started_at", "ended_at", "outcome", "status", "code", "reason", "records",
    "accepted", "rejected",
)  # fmt: skip
_keep = Statement(insert(Contact).values({name: bindparam(name) for name in _COLUMNS}))
_is_well = Statement(
    select(Channel.id).where(
        Channel.id == bindparam("channel"),
        Channel.succeeded_at > bindparam("lately", type_=Instant),
        Channel.failures == 0,
        Channel.open_until.is_(None),
        Channel.probing_until.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How one exchange ended: done, failed (no answer to use) or refused (an answer that is not believed)."""

    outcome: str
    status: int | None = None
    code: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    unknown: bool = False  # the city does not know our key


def keep(
    db: Session, channel_id: int, what: str, batch: str, started: datetime, now: datetime, ended: Ended,
    records: int = 0, taken: Taken | None = None,
) -> None:  # fmt: skip
    """Write an exchange down; what was not believed of it is its reason."""
    taken = taken or Taken()
    outcome, code, reason = ended.outcome, ended.code, ended.reason
    if taken.refused and outcome == "done":
        outcome, code, reason = "refused", "foreign", "；".join(taken.refused)
    line = {
        "channel_id": channel_id, "what": what, "batch": batch, "started_at": started, "ended_at": now,
        "outcome": outcome, "status": ended.status, "code": code, "reason": cleaned(reason, 300), "records": records,
        "accepted": taken.accepted, "rejected": taken.rejected,
    }  # fmt: skip
    _keep.run(db.connection(), [line])


def count(db: Session, channel_id: int, settings: Connection, now: datetime, ended: Ended) -> None:
    """Close the channel's circuit after a contact that went well; count another, and open it where it is time to.

    Who does not know us is told of at once. While all goes well the row is hardly ever locked.
    """
    well = ended.outcome == "done"
    if well and _is_well.rows(db.connection(), {"channel": channel_id, "lately": now - SEEN_EVERY}):
        return
    query = select(Channel).where(Channel.id == channel_id).with_for_update(key_share=True)
    channel = db.scalars(query.execution_options(populate_existing=True)).one()
    if well:
        _write(db, channel, Circuit(), contacted_at=now, succeeded_at=now, failure=None)
        if channel.failures:
            notices.settle(db, _key(channel))
        return
    circuit = Circuit(channel.failures, channel.open_until, channel.probing_until).failed(
        now, pace_of(settings), _chance, asked=ended.retry_after, at_once=ended.unknown
    )
    _write(db, channel, circuit, contacted_at=now, failure=cleaned(ended.reason, 300))
    if ended.unknown:
        notices.tell(
            db, recipients.who_may(db, Permission.MUNICIPAL_SEND), UNKNOWN, channel, key=_key(channel), once=True,
            channel=settings.name, reason=ended.code,
        )  # fmt: skip


def forget(db: Session, now: datetime, clock_seconds: int) -> None:
    """Drop contacts that are long over, and nonces whose messages are too old to be believed."""
    db.execute(delete(Contact).where(Contact.started_at < now - KEPT_FOR))
    db.execute(delete(Nonce).where(Nonce.at < now - signatures.keep_nonces(clock_seconds)))


def _write(db: Session, channel: Channel, circuit: Circuit, **values: object) -> None:
    # Past the ORM: where a circuit stands is no event, and the row was read with its lock.
    db.execute(
        update(Channel)
        .where(Channel.id == channel.id)
        .values(
            failures=circuit.failures, open_until=circuit.open_until, probing_until=circuit.probing_until, **values
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _key(channel: Channel) -> str:
    return f"{UNKNOWN.code}:{channel.id}"
