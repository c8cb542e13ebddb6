"""A sandbox in a process of its own, and records that it should hold."""

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import func, select

from app.exchange.municipal import courier
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.mapping import digest_of
from app.exchange.municipal.models import Channel, Record, RecordState
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel import bulk, calendar
from app.kernel.db import Database
from tests.servers import ROOT, free_port

DISTRICT = "500114"
SECRET = base64.b64encode(b"only the tests know this secret.").decode()
PATIENCE = 30.0

SERVE = """
import base64, sys
from pathlib import Path
from app.exchange.municipal.sandbox.city import Settings
from app.exchange.municipal.sandbox.serving import run
from app.exchange.municipal.wire.signatures import Keys
secret, folder, port, check = sys.argv[1:]
keys = Keys("hmac-sha256", "tests", base64.b64decode(secret))
run(Settings(keys, Path(folder), check=check == "yes"), "127.0.0.1", int(port))
"""


class Sandbox:
    """The city: what it is told to do, what it holds, what it has seen."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx2.Client(base_url=self.url, trust_env=False, timeout=30)
        self.begun = 0

    def fail(self, **faults: Any) -> None:
        """Fail like this from now on; without any, no more."""
        assert self.http.put("/control", json=faults).status_code == 200

    def begin_anew(self) -> None:
        """Hold nothing, and tell no more of what was before."""
        assert self.http.post("/control/forget").status_code == 200
        self.begun = max((line["id"] for line in self.journal()), default=self.begun)

    def hold(self, *records: dict[str, Any]) -> None:
        assert self.http.put("/control/held", json=list(records)).status_code == 200

    def journal(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        while True:
            after = seen[-1]["id"] if seen else self.begun
            found = self.http.get("/control/journal", params={"after": after, "limit": 10_000}).json()
            if not found:
                return seen
            seen += found

    def held(self) -> dict[tuple[str, str], tuple[int, str]]:
        """What it should hold by what it has accepted, newest last: (version, digest)."""
        held = {}
        for line in self.journal():
            if line["result"] == "accepted":
                held[line["kind"], line["key"]] = line["version"], line["digest"]
        return held


@contextmanager
def sandbox(folder: Path, *, check: bool = True) -> Iterator[Sandbox]:
    """Run one until the end of the block."""
    port = free_port()
    command = [sys.executable, "-c", SERVE, SECRET, str(folder), str(port), "yes" if check else "no"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdin=subprocess.DEVNULL)
    found = Sandbox(port)
    try:
        wait_for(lambda: process.poll() is None and _answers(found), "the sandbox does not answer")
        yield found
    finally:
        found.http.close()
        process.kill()
        process.wait()


def _answers(city: Sandbox) -> bool:
    try:
        return city.http.get("/control").status_code == 200
    except httpx2.HTTPError:
        return False


def connection(city: Sandbox, **more: Any) -> Connection:
    """A channel to it, in a hurry."""
    quick = {
        "connect_seconds": 1, "answer_seconds": 2, "lease_seconds": 4, "backoff_seconds": 0.02,
        "longest_backoff_seconds": 0.2, "failures_to_open": 3, "batch": 20,
    }  # fmt: skip
    return Connection.model_validate({"address": city.url, "key_id": "tests", "secret": SECRET, **quick, **more})


def wait_for(done: Callable[[], bool], what: str, patience: float = PATIENCE, pause: float = 0.01) -> None:
    """Until it is so; AssertionError when it takes too long."""
    until = time.monotonic() + patience
    while not done():
        assert time.monotonic() < until, what
        time.sleep(pause)


@contextmanager
def carrying(database: Database, connections: dict[str, Connection], **more: Any) -> Iterator[threading.Event]:
    """A courier in this process while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=courier.run, args=(database, connections, DISTRICT, stop), kwargs=more)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def make_channel(database: Database, code: str = "city", **more: Any) -> int:
    """A channel that follows nothing: what it should hold is put there by `make_records`."""
    with database.unit_of_work() as db:
        channel = Channel(code=code, cursor=2**40, mapping="tests", **more)
        db.add(channel)
        db.flush()
        return channel.id


def make_records(database: Database, channel: int, count: int, *, first: int = 1, **more: Any) -> None:
    """So many records that wait, each a fund of another amount."""
    now = calendar.now()
    table = bulk.table_of(Record)
    empty = dict.fromkeys(bulk.names_of(table))
    with database.unit_of_work() as db:
        ids = bulk.next_ids(db.connection(), table, count)
        lines = []
        for number, row in zip(range(first, first + count), ids, strict=True):
            text = content(number)
            lines.append({
                **empty, "id": row, "channel_id": channel, "kind": RecordKind.FUND, "key": str(number),
                "op": Operation.PUT, "wanted_version": 1, "wanted": text, "digest": digest_of(text), "wanted_at": now,
                "position": number, "held_version": 0, "state": RecordState.PENDING, "attempts": 0, "next_try": now,
                **more,
            })  # fmt: skip
        bulk.insert(db.connection(), table, lines)


def content(number: int, amount: int = 1) -> str:
    """A fund's payload, canonical."""
    return (
        f'{{"amount":"{amount}.00","arrived_on":"2020-08-20","kind":"equity","number":"{number}",'
        '"project":"500114-2020-0001","reverses":null,"source":"outside_city"}'
    )


def states(database: Database) -> dict[str, int]:
    """How many records are in each state."""
    with database.reading() as connection:
        rows = connection.execute(select(Record.state, func.count()).group_by(Record.state)).all()
    return {str(state): many for state, many in rows}


def all_held(database: Database) -> bool:
    return set(states(database)) <= {"held"}


def due_now(database: Database) -> datetime:
    return calendar.now() - timedelta(seconds=1)
