"""A load from this process over loopback: kept connections, each speaking its script, answers counted.

Targets are always measured in turn within one run, round by round, and compared as a ratio: the machine's
speed drifts, a ratio of neighbours does not.
"""

import asyncio
import itertools
import os
import statistics
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import cast

import uvloop

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """One header's value; the name in lower case."""
        at = self.head.lower().index(b"\r\n" + name + b": ") + len(name) + 4
        return self.head[at:].split(b"\r\n", 1)[0]


Script = Generator[bytes, Answer, None]
"""What one connection says: it yields a request, gets its answer, and goes on for ever."""


def request(path: str, headers: tuple[str, ...] = (), method: str = "GET", body: bytes = b"") -> bytes:
    """The bytes of a request; `headers` hold one per line."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass(frozen=True, slots=True)
class Target:
    """A server process and what each of a number of connections says to it."""

    port: int
    pid: int
    script: Callable[[int], Script]
    status: int = 200


def same(path: str, *headers: str) -> Callable[[int], Script]:
    """The same request again and again."""
    sent = request(path, headers)

    def script(_connection: int) -> Script:
        while True:
            yield sent

    return script


def numbered(path: str, *headers: str, numbers: Iterator[object] | None = None) -> Callable[[int], Script]:
    """Requests that differ by a number put into the path (`{}`), so that no answer was given before."""
    counter = numbers or itertools.count(1)

    def script(_connection: int) -> Script:
        while True:
            yield request(path.format(next(counter)), headers)

    return script


class _Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer has come in whole."""

    def __init__(self, target: Target, number: int, until: float, done: "asyncio.Future[None]") -> None:
        self.target, self.until, self.done = target, until, done
        self.script = target.script(number)
        self.answers = 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(next(self.script))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[: end + 2]
        at = head.find(b"content-length: ")
        length = int(head[at + 16 : head.index(b"\r", at)]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        answer = Answer(int(head[9:12]), head, self.buffer[end + 4 :])
        if answer.status != self.target.status:
            self.fail(AssertionError(self.buffer[:500].decode(errors="replace")))
            return
        self.buffer = b""
        self.answers += 1
        following = self.script.send(answer)  # also at the end: it may remember what it was told
        if perf_counter() < self.until:
            self.transport.write(following)
        else:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        self.transport.close()
        if not self.done.done():
            self.done.set_exception(error)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))


def cpu(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@dataclass(frozen=True, slots=True)
class Rate:
    """One round: answers a second, and answers for each second of the server's processor."""

    wall: float
    cpu: float


async def run_round(target: Target, seconds: float, connections: int) -> Rate:
    loop = asyncio.get_running_loop()
    started, used = perf_counter(), cpu(target.pid)
    clients, waits = [], []
    for number in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        client = _Client(target, number, started + seconds, done)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", target.port)
        clients.append(client)
        waits.append(done)
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*waits)
    answers = sum(client.answers for client in clients)
    return Rate(answers / (perf_counter() - started), answers / max(cpu(target.pid) - used, 1 / TICK))


def rates(
    targets: Mapping[str, Target], *, rounds: int = 5, seconds: float = 1.0, connections: int = 16
) -> dict[str, list[Rate]]:
    """The rates of each target, round by round, after one round to warm up."""

    async def run() -> dict[str, list[Rate]]:
        found: dict[str, list[Rate]] = {name: [] for name in targets}
        for number in range(rounds + 1):
            for name, target in targets.items():
                rate = await run_round(target, seconds if number else seconds / 2, connections)
                if number:
                    found[name].append(rate)
        return found

    return uvloop.run(run())


def middle(found: list[Rate]) -> float:
    """Answers a second in the middle of the rounds."""
    return statistics.median(rate.wall for rate in found)


def microseconds(found: list[Rate]) -> float:
    """Of the server's processor for one answer, in the middle of the rounds."""
    return 1e6 / statistics.median(rate.cpu for rate in found)


def ratio(ours: list[Rate], to: list[Rate]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a.wall / b.wall for a, b in zip(ours, to, strict=True))


def cpu_ratio(ours: list[Rate], to: list[Rate]) -> float:
    """The same by the processor time of the server alone: what the load and the neighbours cost is left out."""
    return statistics.median(a.cpu / b.cpu for a, b in zip(ours, to, strict=True))
