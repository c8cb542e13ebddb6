"""Municipal reporting: how fast 10,000 changed records reach the city, beside a bare loop that only posts."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time

import httpx2
import msgspec
import pytest
from sqlalchemy import delete

from app.exchange.municipal import wanting
from app.exchange.municipal.models import Contact, Record
from app.exchange.municipal.wire import messages
from app.exchange.municipal.wire.contract import idempotency_key
from app.kernel import calendar, events
from app.kernel.db import Database
from app.kernel.schema import upgrade as build
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.exchange.municipal.carrying import (
    DISTRICT,
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

pytestmark = pytest.mark.benchmark

RECORDS = 10_000
BATCH = 100
ROUNDS = 3


def bare(city: Sandbox, first: int) -> float:
    """Seconds in which the sandbox takes the same batches from a loop that signs and posts, and reads no receipt."""
    keys = connection(city).keys
    bodies = []
    for start in range(first, first + RECORDS, BATCH):
        records = [
            {
                "kind": "fund", "key": str(n), "version": 1, "op": "put", "payload": msgspec.Raw(content(n).encode()),
                "idempotency_key": idempotency_key("fund", str(n), 1),
            }
            for n in range(start, start + BATCH)
        ]  # fmt: skip
        body = {"batch": f"bare{start}", "district": DISTRICT, "payload_version": "1", "records": records}
        bodies.append(msgspec.json.encode(body))
    with httpx2.Client(trust_env=False, timeout=60) as client:
        started = perf_counter()
        for body in bodies:
            written = messages.write_request(keys, "POST", "/records", body, calendar.now())
            answer = client.post(f"{city.url}/records", content=written.body, headers=written.headers)
            assert answer.status_code == 200
        return perf_counter() - started


def drained(database: Database, city: Sandbox, channel: int, first: int) -> tuple[float, float]:
    """Seconds until all are held, and those of them in which this process worked."""
    with database.unit_of_work() as db:
        db.execute(delete(Record))
        db.execute(delete(Contact))
    make_records(database, channel, RECORDS, first=first)
    settings = connection(city, batch=BATCH, answer_seconds=30, lease_seconds=90)
    started, used = perf_counter(), process_time()
    with carrying(database, {"city": settings}):
        wait_for(lambda: not states(database).get("pending") and states(database)["held"] == RECORDS, "slow", 120, 0.05)
        return perf_counter() - started, process_time() - used


@contextmanager
def followed_by_nobody() -> Iterator[None]:
    """What is wanted is put there by this benchmark itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wanting, "follow", lambda *_a, **_k: 0)
        yield


def test_ten_thousand_records_drain(backend: str, lab: Lab, table: Table) -> None:
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    events.install(database, {})
    channel = make_channel(database)
    loops, ours, worked = [], [], []
    with sandbox(lab.folder / f"city-{backend}") as city, followed_by_nobody():
        bare(city, 1)  # both sides are warm then
        for turn in range(1, ROUNDS + 1):
            loops.append(bare(city, 2 * turn * RECORDS))
            took, used = drained(database, city, channel, (2 * turn + 1) * RECORDS)
            ours.append(took)
            worked.append(used)
        assert len(city.held()) == (2 * ROUNDS + 1) * RECORDS
    database.close()
    rate, reference = RECORDS / statistics.median(ours), RECORDS / statistics.median(loops)
    ratio = statistics.median(loop / took for loop, took in zip(loops, ours, strict=True))
    table.add(
        f"{backend}: {RECORDS:,} records to the city", f"{rate:,.0f}/s, {statistics.median(worked):.1f} s of work",
        f"bare loop {reference:,.0f}/s", ratio, goal=0.5,
    )  # fmt: skip
