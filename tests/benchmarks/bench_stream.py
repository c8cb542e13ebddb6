"""Commit → thousands of open streams: what is lost, how late it comes, what a stream costs.

    python -m tests.benchmarks.bench_stream [--backends sqlite,postgres18] [--streams 1000,5000]

One server process as it is run in life (authentication, permissions, visibility and masking in the path), one
process that holds all clients, and this one, which changes a project through the API. How late an event is runs
from its own `at`, taken before its commit, to the moment a client has it; server and clients share the machine.
"""

import argparse
import asyncio
import multiprocessing
import os
import re
import resource
import statistics
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, sleep, time
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
import uvloop

from app.kernel import events
from app.kernel.access import SYSTEM, Role
from app.kernel.db import Database
from app.kernel.schema import upgrade as build
from tests import postgres
from tests.databases import Databases, drop_templates
from tests.factories.identity import make_session, make_unit, make_user
from tests.factories.projects import make_project
from tests.servers import LiveServer, serve

SESSIONS = 50
PACED, BURST, WRITERS = 20, 200, 8
EVENT = re.compile(rb'data: \{"seq":(\d+),"at":"([^"]+)"')
TICK = os.sysconf("SC_CLK_TCK")


# -- the clients, in a process of their own ----------------------------------------------------------------------------


@dataclass
class Tally:
    """What all clients together have got."""

    ended: int = 0
    late: list[float] = field(default_factory=list)
    at: dict[bytes, float] = field(default_factory=dict)
    out_of_order: int = 0
    got: int = 0


class Client(asyncio.Protocol):
    def __init__(self, tally: Tally, request: bytes, open_: asyncio.Event) -> None:
        self.tally, self.request, self.open = tally, request, open_
        self.last, self.rest = 0, b""

    def connection_made(self, transport: Any) -> None:
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now, tally = time(), self.tally
        data = self.rest + data
        whole = data.rfind(b"\n\n") + 2
        if whole < 2:
            self.rest = data
            return
        self.rest = data[whole:]
        self.open.set()
        for number, at in EVENT.findall(data, 0, whole):
            if number not in tally.at:
                tally.at[number] = datetime.fromisoformat(at.decode()).timestamp()
            seq = int(number)
            if self.last and seq != self.last + 1:
                tally.out_of_order += 1
            self.last = seq
            tally.got += 1
            tally.late.append(now - tally.at[number])

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.ended += 1
        self.open.set()


def hold_clients(line: Connection, port: int, tokens: list[str], count: int) -> None:
    """Open the streams, then answer each question on the line with what has come since the last one."""

    async def run() -> None:
        loop, tally = asyncio.get_running_loop(), Tally()
        gate = asyncio.Semaphore(50)

        async def open_one(token: str) -> None:
            request = f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            async with gate:
                begun = asyncio.Event()
                await loop.create_connection(lambda: Client(tally, request, begun), "127.0.0.1", port)
                await begun.wait()

        await asyncio.gather(*(open_one(tokens[index % len(tokens)]) for index in range(count)))
        line.send("open")
        while True:
            wanted = await loop.run_in_executor(None, line.recv)
            if wanted is None:
                return
            deadline = perf_counter() + 60
            while tally.got < wanted and perf_counter() < deadline:
                await asyncio.sleep(0.005)
            line.send((tally.got, tally.out_of_order, tally.ended, tally.late))
            tally.got, tally.late = 0, []

    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    uvloop.run(run())


# -- the server --------------------------------------------------------------------------------------------------------


def memory(server: LiveServer) -> int:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu(server: LiveServer) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@dataclass
class Writer:
    """Changes one project through the API, from several threads if asked."""

    server: LiveServer
    token: str
    codes: list[str]

    def change(self, http: httpx.Client, code: str, note: str) -> None:
        etag = http.get(f"/api/v1/projects/{code}").headers["etag"]
        answer = http.patch(f"/api/v1/projects/{code}", json={"note": note}, headers={"If-Match": etag})
        answer.raise_for_status()

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.server.base_url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            trust_env=False,
        )

    def paced(self, count: int, pause: float) -> None:
        with self.client() as http:
            for number in range(count):
                self.change(http, self.codes[0], f"第{number}次")
                sleep(pause)

    def burst(self, count: int) -> None:
        def write(code: str) -> None:
            with self.client() as http:
                for number in range(count // WRITERS):
                    self.change(http, code, f"忙时第{number}次")

        threads = [threading.Thread(target=write, args=[code]) for code in self.codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def seed(url: str) -> tuple[list[str], list[str]]:
    """Tokens of officers and reporters, and the codes of some projects."""
    database = Database(url)
    events.install(database, {})
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        unit = make_unit(db, "jxw")
        tokens = [
            make_session(db, make_user(db, Role.REPORTER if number % 2 else Role.OFFICER, unit=unit))
            for number in range(SESSIONS)
        ]
        codes = [make_project(db, unit=unit).code for _ in range(WRITERS)]
    database.close()
    return tokens, codes


# -- the run -----------------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """One line of the table; times in milliseconds."""

    backend: str
    streams: int
    lost: int
    p50: float
    p99: float
    worst: float
    burst_events: int
    burst_lost: int
    burst_p99: float
    kilobytes: float
    microseconds: float  # of the server's processor for each delivered event
    opened_a_second: float


def measure(backend: str, url: str, streams: int, folder: Path) -> Measured:
    tokens, codes = seed(url)
    server = serve(url, folder / "server.log", {"WORKER_INSIDE": "false", "LOG_LEVEL": "warning"})
    writer = Writer(server, tokens[0], codes)
    writer.paced(5, 0)  # warm
    before = memory(server)
    here, there = multiprocessing.get_context("spawn").Pipe()
    port = urlsplit(server.base_url).port
    clients = multiprocessing.get_context("spawn").Process(
        target=hold_clients, args=(there, port, tokens, streams), daemon=True
    )
    started = perf_counter()
    clients.start()
    try:
        assert here.poll(120) and here.recv() == "open"
        opened = streams / (perf_counter() - started)
        sleep(1)
        kilobytes = (memory(server) - before) / streams / 1024

        used = cpu(server)
        writer.paced(PACED, streams / 5000)
        here.send(PACED * streams)
        got, disorder, ended, late = here.recv()
        microseconds = (cpu(server) - used) / max(1, got) * 1e6
        lost = PACED * streams - got + disorder + ended

        writer.burst(BURST)
        here.send(BURST * streams)
        burst_got, burst_disorder, ended, burst_late = here.recv()
        burst_lost = BURST * streams - burst_got + burst_disorder + ended
        here.send(None)
    finally:
        clients.terminate()
        clients.join()
        server.stop()
    hundredths, burst = (statistics.quantiles(values, n=100) for values in (late, burst_late))
    return Measured(
        backend, streams, lost, hundredths[49] * 1000, hundredths[98] * 1000, max(late) * 1000, BURST, burst_lost,
        burst[98] * 1000, kilobytes, microseconds, opened,
    )  # fmt: skip


def run(backends: list[str], counts: list[int]) -> list[Measured]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = postgres.open_folder()
    found = []
    try:
        for backend in backends:
            databases = Databases(backend, folder, "bench", build)
            for streams in counts:
                with tempfile.TemporaryDirectory() as place:
                    found.append(measure(backend, databases.clean(), streams, Path(place)))
            databases.close()
    finally:
        drop_templates(folder)
        postgres.close_folder(folder)
    return found


def table(found: list[Measured]) -> str:
    names = (
        "backend", "streams", "lost", "p50 ms", "p99 ms", "max ms", "burst", "lost", "p99 ms", "KB/stream",
        "µs/event", "opened/s",
    )  # fmt: skip
    rows = [
        (
            m.backend, str(m.streams), str(m.lost), f"{m.p50:.0f}", f"{m.p99:.0f}", f"{m.worst:.0f}",
            str(m.burst_events), str(m.burst_lost), f"{m.burst_p99:.0f}", f"{m.kilobytes:.1f}",
            f"{m.microseconds:.1f}", f"{m.opened_a_second:.0f}",
        )
        for m in found
    ]  # fmt: skip
    widths = [max(len(row[index]) for row in [names, *rows]) for index in range(len(names))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [names, *rows]]
    return "\n".join(lines)


@pytest.mark.benchmark
def test_nothing_is_lost_on_thousands_of_streams() -> None:
    found = run(["sqlite", "postgres18"], [1000, 5000])
    print("\n" + table(found))
    assert [(m.lost, m.burst_lost) for m in found] == [(0, 0)] * len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--backends", default="sqlite,postgres18")
    parser.add_argument("--streams", default="1000,5000")
    asked = parser.parse_args()
    print(table(run(asked.backends.split(","), [int(count) for count in asked.streams.split(",")])))


if __name__ == "__main__":
    main()
