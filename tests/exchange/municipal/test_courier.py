"""The courier against the sandbox, over a real socket: what every failure does to records, circuit and people."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, event, func, select, update

from app.exchange.municipal import contacts, gauges, jobs, leases, wanting
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.courier import Lane
from app.exchange.municipal.models import Channel, ChannelState, Contact, Nonce, Record, RecordState
from app.exchange.municipal.sending import Failed, Line
from app.kernel import calendar
from app.kernel.db import Database
from app.kernel.notices import Notice
from app.kernel.telemetry import Metrics
from tests.clients import As, Work
from tests.exchange.municipal.carrying import (
    DISTRICT,
    SECRET,
    Sandbox,
    carrying,
    connection,
    content,
    make_channel,
    make_records,
    sandbox,
    states,
    wait_for,
)
from tests.factories.identity import make_user

Lanes = Callable[[Connection], Lane]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox(tmp_path_factory.mktemp("city")) as found:
        yield found


@pytest.fixture
def city(running: Sandbox) -> Sandbox:
    running.fail()
    running.begin_anew()
    return running


@pytest.fixture
def database(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Database:
    # What is wanted is put there by these tests themselves.
    monkeypatch.setattr(wanting, "follow", lambda *_a, **_k: 0)
    found: Database = app.state.database
    return found


@pytest.fixture
def lane(database: Database) -> Iterator[Lanes]:
    """A lane that works when it is told to, in this thread."""
    made: list[Lane] = []

    def make(settings: Connection) -> Lane:
        made.append(Lane(database, "city", settings, DISTRICT, threading.Event()))
        return made[-1]

    yield make
    for one in made:
        one.line.close()


def last(database: Database) -> Contact:
    with database.unit_of_work() as db:
        return db.scalars(select(Contact).order_by(Contact.id.desc()).limit(1)).one()


def soon(database: Database) -> None:
    """What waits is due, and the circuit may be tried."""
    now = calendar.now()
    with database.unit_of_work() as db:
        db.execute(update(Record).where(Record.state.in_(leases.WAITING)).values(next_try=now))
        db.execute(update(Channel).where(Channel.open_until > now).values(open_until=now))


def channel_of(database: Database) -> Channel:
    with database.unit_of_work() as db:
        return db.scalars(select(Channel)).one()


LATER = {"backoff_seconds": 60, "longest_backoff_seconds": 60}
"""What fails is not due again before we say so."""
FAILURES: tuple[tuple[dict[str, Any], str, set[str], bool], ...] = (
    ({"down": 1}, "failed", {"cut"}, False),
    ({"error": 1}, "failed", {"http_500", "http_502", "http_503", "http_504"}, False),
    ({"busy": 1, "retry_after": 7}, "failed", {"http_429"}, False),
    ({"redirect": 1}, "failed", {"redirect"}, False),
    ({"slow": 1, "slow_seconds": 600, "seed": 3}, "failed", {"timeout"}, False),
    ({"lost": 1}, "failed", {"cut"}, True),
    ({"cut": 1}, "failed", {"cut"}, True),
    ({"bad_signature": 1}, "refused", {"signature", "digest", "missing"}, True),
    ({"old": 1}, "refused", {"clock"}, True),
    ({"oversize": 1}, "refused", {"oversize"}, True),
    ({"malformed": 1}, "refused", {"malformed"}, True),
)


def test_every_failure_is_told_apart_and_loses_nothing(database: Database, city: Sandbox, lane: Lanes) -> None:
    ours = make_channel(database)
    settings = connection(city, answer_seconds=0.5, failures_to_open=100, **LATER)
    one, first = lane(settings), 1
    for faults, outcome, codes, taken in FAILURES:
        make_records(database, ours, 3, first=first)
        keys, first = {str(first + n) for n in range(3)}, first + 3
        city.fail(**faults)
        seen = len(city.journal())
        one.drain()
        contact = last(database)
        assert (contact.outcome, contact.code in codes, contact.records) == (outcome, True, 3), (faults, contact.code)
        assert (len(city.journal()) > seen) is taken, faults
        with database.reading() as reading:
            rows = reading.execute(select(Record.state, Record.attempts, Record.lease).where(Record.key.in_(keys)))
            assert {tuple(row) for row in rows} == {("pending", 1, None)}, faults
        channel = channel_of(database)
        assert channel.failure and channel.failures == 1
        if "busy" in faults:
            assert channel.open_until is not None
            assert timedelta(seconds=5) < channel.open_until - calendar.now() < timedelta(seconds=8)
        city.fail()
        soon(database)
        one.drain()
        soon(database)  # after a probe, the rest
        one.drain()
        assert set(states(database)) == {"held"}, faults
        channel = channel_of(database)
        assert (channel.failures, channel.open_until, channel.failure) == (0, None, None)
    held = city.held()
    assert len(held) == first - 1 and {version for version, _ in held.values()} == {1}


def test_an_answer_of_before_is_not_believed(database: Database, city: Sandbox, lane: Lanes) -> None:
    one = lane(connection(city))
    make_records(database, make_channel(database), 1)
    one.drain()
    make_records(database, channel_of(database).id, 1, first=2)
    city.fail(replayed=1)
    one.drain()
    assert (last(database).outcome, last(database).code) == ("refused", "signature")
    assert states(database) == {"held": 1, "pending": 1}


def test_what_is_answered_twice_or_taken_twice_is_held_once(database: Database, city: Sandbox) -> None:
    ours = make_channel(database)
    for first, fault in ((1, "answer_twice"), (101, "twice")):
        make_records(database, ours, 30, first=first)
        city.fail(**{fault: 1})
        with carrying(database, {"city": connection(city)}, pause=0.05):
            wait_for(lambda: set(states(database)) == {"held"}, fault)
    assert len(city.held()) == 60


def test_a_record_that_is_rejected_waits_and_the_others_go(database: Database, city: Sandbox, db: Work) -> None:
    with db() as session:
        make_user(session, "officer")
    ours = make_channel(database)
    make_records(database, ours, 25)
    make_records(database, ours, 1, first=99, wanted=content(99, 13))
    make_records(database, ours, 1, first=100, wanted="[1]")  # no payload at all: the whole batch is refused for it
    city.fail(rules=[{"field": "amount", "value": "13.00", "code": "P-1", "message": "金额有误"}])
    with carrying(database, {"city": connection(city)}, pause=0.05):
        wait_for(lambda: states(database) == {"held": 25, "rejected": 2}, "not told apart")
    with db() as session:
        found = {r.key: (r.code, r.field) for r in session.scalars(select(Record).where(Record.state == "rejected"))}
        assert found == {"99": ("P-1", "amount"), "100": ("http_400", None)}
        assert session.execute(select(func.count()).select_from(Notice)).scalar_one() == 2


def test_receipts_that_come_later_are_awaited_and_then_asked_for_again(
    database: Database, city: Sandbox, lane: Lanes
) -> None:
    make_records(database, make_channel(database), 5)
    city.fail(later=1)
    one = lane(connection(city, receipt_hours=1))
    one.drain()
    assert states(database) == {"sent": 5}
    one.drain()
    assert len(city.journal()) == 5  # nothing went again
    city.fail()
    soon(database)
    one.drain()
    assert states(database) == {"held": 5}


def test_a_city_that_has_more_of_us_gets_a_later_version(database: Database, city: Sandbox, lane: Lanes) -> None:
    make_records(database, make_channel(database), 2)
    city.hold({"kind": "fund", "key": "1", "version": 9, "op": "put", "payload": {"number": "1"}})
    one = lane(connection(city))
    one.drain()
    assert states(database) == {"held": 2}
    assert {key: version for (_, key), (version, _) in city.held().items()} == {"1": 10, "2": 1}


def test_a_city_that_does_not_know_us_is_left_alone_and_people_are_told(
    database: Database, city: Sandbox, lane: Lanes, as_: As, db: Work
) -> None:
    officer = as_("officer")
    make_records(database, make_channel(database), 3)
    strange = connection(city, secret=SECRET[::-1].replace("=", "") + "=", longest_backoff_seconds=900)
    one = lane(strange)
    one.drain()
    channel = channel_of(database)
    assert channel.open_until and channel.open_until - calendar.now() > timedelta(seconds=890)
    [notice] = officer.get("/api/v1/me/notices").json()["items"]
    assert notice["kind"] == "municipal.unknown" and "http_401" in notice["text"]
    one.drain()
    with database.reading() as reading:
        assert reading.execute(select(func.count()).select_from(Contact)).scalar_one() == 1
    soon(database)
    lane(connection(city)).drain()
    with db() as session:
        assert session.scalars(select(Notice.done_at)).one() is not None


def test_an_open_circuit_lets_one_try_and_the_first_success_closes_it(
    database: Database, city: Sandbox, lane: Lanes
) -> None:
    make_records(database, make_channel(database), 50)
    city.fail(down=1)
    settings = connection(city, failures_to_open=2, longest_backoff_seconds=60, backoff_seconds=30, batch=10)
    one, other = lane(settings), lane(settings)
    one.drain()
    assert channel_of(database).failures == 2 and states(database) == {"pending": 50}
    one.drain()
    assert channel_of(database).failures == 2  # nothing was tried
    soon(database)
    one.drain()
    assert (channel_of(database).failures, last(database).records) == (3, 1)
    soon(database)
    with database.unit_of_work() as session:
        assert leases.probe(session, channel_of(database).id, calendar.now(), calendar.now() + timedelta(seconds=9))
    other.drain()  # somebody else is trying
    assert channel_of(database).failures == 3
    city.fail()
    with database.unit_of_work() as session:
        session.execute(update(Channel).values(probing_until=None))
    other.drain()
    assert states(database) == {"held": 50}


def test_a_paused_channel_sends_nothing_and_an_idle_one_writes_nothing(
    database: Database, city: Sandbox, lane: Lanes
) -> None:
    ours = make_channel(database, state=ChannelState.PAUSED)
    make_records(database, ours, 3)
    one = lane(connection(city))
    one.drain()
    assert states(database) == {"pending": 3}
    told: list[str] = []

    def hear(*found: Any) -> None:
        told.append(found[2])

    event.listen(database.reader, "before_cursor_execute", hear)
    event.listen(database.writer, "before_cursor_execute", hear)
    try:
        with carrying(database, {"city": connection(city)}, pause=0.01):
            wait_for(lambda: len(told) > 40, "it does not look")
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)
        event.remove(database.writer, "before_cursor_execute", hear)
    assert all(statement.lstrip().startswith("SELECT") for statement in told)
    assert not any("FOR UPDATE" in statement for statement in told)


def test_nothing_is_sent_when_the_lease_may_be_over(city: Sandbox) -> None:
    with closing(Line(connection(city))) as line:
        answer = line.exchange("GET", "/records", begin_by=time.monotonic() - 1)
        assert isinstance(answer, Failed) and answer.code == "late"


def test_bytes_that_drip_end_with_the_time_for_the_whole() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        done = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                while not done.wait(0.05):
                    try:
                        peer.sendall(b"a" if dripped else b"HTTP/1.1 200 OK\r\nX-")
                    except OSError:
                        return
                    dripped.append(1)

        dripped: list[int] = []
        thread = threading.Thread(target=drip)
        thread.start()
        settings = Connection.model_validate(
            {"address": address, "key_id": "tests", "secret": SECRET, "answer_seconds": 0.5, "lease_seconds": 9,
             "connect_seconds": 1}
        )  # fmt: skip
        with closing(Line(settings)) as line:
            started = time.monotonic()
            answer = line.exchange("GET", "/records")
            took = time.monotonic() - started
        done.set()
        thread.join(5)
    assert isinstance(answer, Failed) and answer.code == "timeout"
    assert len(dripped) > 3 and took < 3


def test_a_backlog_is_told_once_a_day_until_it_is_gone(database: Database, as_: As, city: Sandbox) -> None:
    officer = as_("officer")
    settings = connection(city, alarm_minutes=10)
    long_ago = calendar.now() - timedelta(minutes=11)
    make_records(database, make_channel(database), 2, wanted_at=long_ago)
    unread: Callable[[], list[Any]] = lambda: officer.get("/api/v1/me/notices").json()["items"]  # noqa: E731
    for _ in range(2):
        jobs.watch({"city": settings}, database)
    [notice] = unread()
    assert notice["text"] == "上报市级招商项目库有 2 条积压，最早的已等待 11 分钟"
    with database.unit_of_work() as db:
        db.execute(update(Record).values(state=RecordState.HELD))
    jobs.watch({"city": settings}, database)
    assert unread()[0]["done_at"] is not None
    assert channel_of(database).alarmed_at is None


def test_monitoring_reads_the_channels_and_old_contacts_are_forgotten(
    database: Database, city: Sandbox, lane: Lanes
) -> None:
    ours = make_channel(database)
    make_records(database, ours, 3, wanted_at=calendar.now() - timedelta(minutes=5))
    settings = connection(city)
    metrics = Metrics()
    gauges.install(metrics, database, {"city": settings})
    city.fail(down=1)
    one = lane(settings)
    one.drain()
    text = metrics.text().decode()
    assert 'zhaoshang_municipal_backlog{channel="city"} 3.0' in text
    assert 'zhaoshang_municipal_contacts{channel="city",outcome="failed"}' in text
    assert 'zhaoshang_municipal_circuit{channel="city"}' in text
    [age] = [line for line in text.splitlines() if line.startswith("zhaoshang_municipal_oldest_seconds{")]
    assert 299 < float(age.split()[1]) < 400
    with database.unit_of_work() as db:
        db.execute(delete(Contact))
        now = calendar.now()
        for days in (29, 31):
            contacts.keep(db, ours, "delivery", "b", now - timedelta(days=days), now, contacts.Ended("done"))
        db.add(Nonce(channel_id=ours, nonce="x", at=now - timedelta(hours=2)))
    jobs.forget({"city": settings}, database)
    with database.reading() as reading:
        assert reading.execute(select(func.count()).select_from(Contact)).scalar_one() == 1
        assert reading.execute(select(func.count()).select_from(Nonce)).scalar_one() == 0
