"""The courier: takes to the city what it should hold and does not, beside whatever else the process does.

One thread follows the log and looks who has something to send; for each channel two lanes take turns, so that one
writes down what was answered while the other's batch is under way. Any number of processes may do so at once: who
sends a record is said by its lease. Nothing is sent inside of a transaction, and dying at any point loses nothing.
"""

import threading
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from app.exchange.municipal import contacts, leases, receipts, wanting
from app.exchange.municipal.channels import Connection, Connections
from app.exchange.municipal.circuit import Circuit, Passage
from app.exchange.municipal.contacts import Ended
from app.exchange.municipal.models import Channel, ChannelState
from app.exchange.municipal.receipts import Sent, Taken
from app.exchange.municipal.rules import REPORTED
from app.exchange.municipal.sending import BatchRefused, Delivered, Distrusted, Failed, Line
from app.exchange.municipal.wire.contract import Receipt, Result
from app.kernel import calendar, chain, rules
from app.kernel.db import Database

log = structlog.get_logger()

LANES = 2
"""Deliveries under way at once on a channel, in one process."""
PAUSE = 1.0
"""Seconds between two looks, where nobody wakes us."""
GATHER = 0.05
"""Seconds that are waited for more, once the log has grown."""
LOOK_AGAIN = 30.0
"""Seconds after which the log is followed though it has not grown: a day or a week may have ended, a rule begun."""

Outcome = Delivered | Failed | Distrusted | BatchRefused
_channel = select(Channel).where(Channel.code == bindparam("code"))


def run(
    database: Database, connections: Connections, district: str, stop: threading.Event, *, pause: float = PAUSE
) -> None:
    """Keep the city up to date until told to stop; `district` is our code there."""
    if not connections:
        return
    wake = threading.Event()

    def woken(_sequence: int) -> None:
        wake.set()

    database.after_commit.append(woken)
    lanes = {
        code: [Lane(database, code, settings, district, stop) for _ in range(LANES)]
        for code, settings in connections.items()
        if settings.mode == "push"
    }
    for pair in lanes.values():
        for lane, other in zip(pair, [*pair[1:], None], strict=True):
            lane.next = other
            lane.thread.start()
    followed, at = -1, monotonic()
    try:
        while not stop.is_set():
            wake.clear()
            try:
                followed, at = _follow(database, connections, district, followed, at)
            except Exception as failure:  # what is known already goes all the same
                log.error("following_failed", exc_info=failure)
            try:
                _look(database, lanes)
            except Exception as failure:  # the database may be away for a while
                log.error("courier_failed", exc_info=failure)
            if wake.wait(pause):
                # Who writes much is followed in one go, not once for each commit.
                stop.wait(min(pause, GATHER))
    finally:
        database.after_commit.remove(woken)
        for pair in lanes.values():
            for lane in pair:
                lane.wake.set()
        for pair in lanes.values():
            for lane in pair:
                lane.thread.join()


def _follow(database: Database, connections: Connections, district: str, followed: int, at: float) -> tuple[int, float]:
    """Follow the log if it has grown or if it is time to; gives the number and the moment to which it was followed."""
    with database.reading() as connection:
        head, _ = chain.head(connection)
    if head == followed and monotonic() - at < LOOK_AGAIN:
        return followed, at
    wanting.follow(database, connections, district=district)
    return head, monotonic()


def _look(database: Database, lanes: Mapping[str, list["Lane"]]) -> None:
    if not lanes:
        return
    now = calendar.now()
    with database.reading() as connection:
        found = leases.look(connection, lanes, now)
    for channel in found:
        if channel.due and channel.circuit.passage(now) is not Passage.OPEN:
            lanes[channel.code][0].wake.set()


class Lane:
    """One thread that delivers batches of a channel, over a connection of its own, while there are any."""

    def __init__(
        self, database: Database, code: str, settings: Connection, district: str, stop: threading.Event
    ) -> None:
        self.database = database
        self.code = code
        self.settings = settings
        self.district = district
        self.stop = stop
        self.wake = threading.Event()
        self.next: Lane | None = None
        self.line = Line(settings)
        self.thread = threading.Thread(target=self._work, name=f"courier-{code}", daemon=True)

    def _work(self) -> None:
        while True:
            self.wake.wait()
            if self.stop.is_set():
                break
            self.wake.clear()
            try:
                self.drain()
            except Exception as failure:  # leases run out, and then it goes again
                log.error("delivery_failed", channel=self.code, exc_info=failure)
        self.line.close()

    def drain(self) -> None:
        """Deliver until nothing is due, the circuit is open, or it is time to stop."""
        with self.database.reading() as connection:
            version = rules.in_force(connection, REPORTED, calendar.today()).body.of(self.code).payload_version
        while not self.stop.is_set():
            begin_by = monotonic() + self.settings.lease_seconds - self.settings.answer_seconds
            batch = uuid4().hex
            channel, sent = self._claim(batch)
            if channel is None or not sent:
                return
            if self.next is not None and len(sent) == self.settings.batch:
                self.next.wake.set()
            started = calendar.now()
            outcome = self.line.deliver(batch, self.district, version, sent, begin_by)
            over = calendar.now()  # while the leases are still held
            taken = self._settle(channel, sent, outcome)
            ended = _ended(outcome)
            with self.database.unit_of_work() as db:
                contacts.keep(db, channel.id, "delivery", batch, started, over, ended, len(sent), taken)
                contacts.count(db, channel.id, self.settings, calendar.now(), ended)
            if ended.outcome != "done":
                log.warning("delivery_failed", channel=self.code, code=ended.code, records=len(sent))

    def _claim(self, batch: str) -> tuple[Channel | None, list[Sent]]:
        now = calendar.now()
        until = now + timedelta(seconds=self.settings.lease_seconds)
        with self.database.unit_of_work() as db:
            channel = db.scalars(_channel, {"code": self.code}).one_or_none()
            if channel is None or channel.state is not ChannelState.ACTIVE:
                return None, []
            passage = Circuit(channel.failures, channel.open_until, channel.probing_until).passage(now)
            if passage is Passage.CLOSED:
                return channel, leases.claim(db, channel.id, batch, self.settings.batch, now, until)
            # Half open: the first to say so tries a single record.
            if passage is Passage.OPEN or not leases.probe(db, channel.id, now, until):
                return channel, []
            sent = leases.claim(db, channel.id, batch, 1, now, until)
            if not sent:
                db.rollback()
            return channel, sent

    def _settle(self, channel: Channel, sent: list[Sent], outcome: Outcome) -> Taken:
        try:
            return self._written(channel, sent, outcome)
        except DBAPIError as failure:
            # What the city has said is worth a second try; after that the lease runs out and it is asked again.
            log.warning("receipts_again", channel=self.code, error=type(failure).__name__)
            return self._written(channel, sent, outcome)

    def _written(self, channel: Channel, sent: list[Sent], outcome: Outcome) -> Taken:
        with self.database.unit_of_work() as db:
            now = calendar.now()
            if isinstance(outcome, Delivered):
                return receipts.take(db, channel, self.settings, sent, outcome.receipts, now)
            if isinstance(outcome, BatchRefused):
                if len(sent) == 1 and outcome.signed:
                    refused = _rejection(sent[0], outcome)
                    return receipts.take(db, channel, self.settings, sent, [refused], now)
                return receipts.failed(db, channel, self.settings, sent, now, alone=True)
            return receipts.failed(db, channel, self.settings, sent, now)


def _rejection(one: Sent, outcome: BatchRefused) -> Receipt:
    """A batch of one that is refused says of its record that it is rejected."""
    return Receipt(
        kind=one.kind, key=one.key, version=one.version, result=Result.REJECTED, code=outcome.code,
        message=outcome.reason,
    )  # fmt: skip


def _ended(outcome: Outcome) -> Ended:
    if isinstance(outcome, Delivered):
        return Ended("done", outcome.status)
    if isinstance(outcome, Failed):
        return Ended(
            "failed", outcome.status, outcome.code, outcome.reason, outcome.retry_after, outcome.unknown_to_the_city
        )
    return Ended(
        "failed" if isinstance(outcome, BatchRefused) else "refused", outcome.status, outcome.code, outcome.reason
    )
