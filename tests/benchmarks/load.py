"""A load from this process over loopback: a fixed request, kept connections, answers counted.

Two targets are always measured in turn within one run, round by round, and compared as a ratio: the
machine's speed drifts, a ratio of neighbours does not.
"""

import asyncio
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send what. `headers` hold one per line."""

    port: int
    path: str
    headers: tuple[str, ...] = ()
    status: int = 200

    def request(self) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer has come in whole."""

    def __init__(self, target: Target, until: float, done: "asyncio.Future[None]") -> None:
        self.target, self.until, self.done = target, until, done
        self.request = target.request()
        self.answers = 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        if int(head[9:12]) != self.target.status:
            self.fail(AssertionError(self.buffer[:500].decode(errors="replace")))
            return
        self.buffer = b""
        self.answers += 1
        if perf_counter() < self.until:
            self.transport.write(self.request)
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


async def _round(target: Target, seconds: float, connections: int) -> float:
    loop = asyncio.get_running_loop()
    started = perf_counter()
    clients, waits = [], []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        client = _Client(target, started + seconds, done)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", target.port)
        clients.append(client)
        waits.append(done)
    await asyncio.gather(*waits)
    return sum(client.answers for client in clients) / (perf_counter() - started)


def rates(
    targets: Mapping[str, Target], *, rounds: int = 5, seconds: float = 1.0, connections: int = 16
) -> dict[str, list[float]]:
    """Answers a second of each target, round by round, after one round to warm up."""

    async def run() -> dict[str, list[float]]:
        found: dict[str, list[float]] = {name: [] for name in targets}
        for number in range(rounds + 1):
            for name, target in targets.items():
                rate = await _round(target, seconds if number else seconds / 2, connections)
                if number:
                    found[name].append(rate)
        return found

    return asyncio.run(run())


def ratio(found: Mapping[str, list[float]], name: str, to: str) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(found[name], found[to], strict=True))
