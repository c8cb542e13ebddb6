"""One open stream: catches up from the table, joins the live tail, ends when it must.

An idle stream is one task that waits for the client to leave. Sending is a short task of its own that lives
while there is something to send, so a slow client holds up nobody.
"""

import asyncio
from datetime import datetime
from typing import Protocol

import anyio
import anyio.to_thread
import structlog
from fastapi import Request, Response
from sqlalchemy import Connection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.exchange.feed import messages
from app.exchange.feed.messages import Message, sse
from app.exchange.feed.schemas import StreamQuery
from app.exchange.feed.subjects import Feed, Present, fate, present
from app.exchange.feed.wanted import Wanted, wanted
from app.kernel import chain
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import Problem
from app.kernel.routing import HEADERS_ONLY

log = structlog.get_logger()

QUEUE = 1024 * 1024
"""Bytes that may wait for a slow client when the next events come."""
BATCH = 100
"""Events read at a time."""
STALLED = 60.0
"""Seconds after which a client that takes nothing is given up."""

PARKED = "zhaoshang.stream"

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Host(Protocol):
    """What a stream asks of the hub that serves it."""

    database: Database
    feed: Feed
    threads: anyio.CapacityLimiter

    def clock(self) -> float: ...
    def end_of_life(self) -> datetime: ...
    def patience(self) -> int: ...
    def admitted(self, request: Request, connection: Connection, head: tuple[int, int]) -> Actor: ...
    def enter(self, stream: "Stream") -> None: ...
    def leave(self, stream: "Stream") -> None: ...
    def join(self, stream: "Stream") -> bool: ...


class Stream:
    """A client's stream. All methods but `_replay` run in the loop."""

    __slots__ = (
        "actor",
        "dropped",
        "ended",
        "ends_at",
        "hub",
        "main",
        "pending",
        "position",
        "pump",
        "pumping_since",
        "request",
        "restart",
        "send",
        "size",
        "slot",
        "wanted",
    )  # fmt: skip

    def __init__(self, hub: Host, request: Request, actor: Actor, wanted: Wanted, position: int, restart: bool) -> None:
        self.hub = hub
        self.request = request
        self.actor = actor
        self.wanted = wanted
        self.position = position  # the newest event this stream has been offered
        self.restart = restart  # it asked for a number that is not there
        self.ends_at: datetime = hub.end_of_life()
        self.slot = -1
        self.send: Send
        self.main: asyncio.Task[None] | None = None
        self.pump: asyncio.Task[None] | None = None
        self.pumping_since = 0.0
        self.pending: list[bytes] = []
        self.size = 0
        self.ended = False
        self.dropped = False

    # -- its life ----------------------------------------------------------------------------------------------

    async def run(self, receive: Receive, send: Send) -> None:
        self.send = send
        self.main = asyncio.current_task()
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        self.hub.enter(self)
        catching_up = asyncio.create_task(self._catch_up())
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not self.dropped:
                raise
        finally:
            self.ended = True
            self.hub.leave(self)
            catching_up.cancel()
            if self.pump is not None:
                self.pump.cancel()

    async def _catch_up(self) -> None:
        # The number comes first: who is cut off before the first event resumes here. Waits differ, so that
        # after a restart not all come back at once.
        self._put(b"retry: %d\nid: %d\n\n" % (self.hub.patience(), self.position))
        if self.restart:
            self._put(sse("reset", {"reason": "unknown_number", "head": self.position}, self.position))
        try:
            while not self.ended:
                actor, found, chunk = await anyio.to_thread.run_sync(self._replay, limiter=self.hub.threads)
                if self.ended or not self.accept(actor):
                    return
                if chunk:
                    self._put(chunk)
                if found:
                    self.position = found[-1].seq
                if self.pump is not None:
                    await asyncio.wait([self.pump])
                if len(found) < BATCH and self.hub.join(self):
                    return
        except Problem as problem:
            self.end("bye", {"reason": problem.code, "message": problem.said})
        except Exception:
            log.exception("stream_failed")
            self.end("bye", {"reason": "internal"})

    def _replay(self) -> tuple[Actor, list[Message], bytes]:
        """The next events of the table as this stream gets them by present rights (in a thread)."""
        with self.hub.database.reading() as connection:
            actor = self.hub.admitted(self.request, connection, chain.head(connection))
            found = messages.read(connection, self.position, BATCH)
            now = present(self.hub.feed, connection, found)
        return actor, found, self.chosen(found, now)

    def accept(self, actor: Actor) -> bool:
        """Go on as who the listener is now; with other rights all he holds may be wrong, and the stream ends."""
        if _rights(actor) != _rights(self.actor):
            self.end("reset", {"reason": "rights_changed", "head": self.position})
            return False
        self.actor = actor
        return True

    # -- what it gets ------------------------------------------------------------------------------------------

    def chosen(self, batch: list[Message], now: Present | None = None) -> bytes:
        """The part of a batch that goes to this stream."""
        return b"".join([chunk for message in batch if (chunk := self._part(message, now))])

    def _part(self, message: Message, now: Present | None) -> bytes | None:
        if message.seq <= self.position or not self.wanted.concerns(message):
            return None
        seen = fate(self.hub.feed, self.actor, message, now)
        if seen:
            return message.shown if self.wanted.includes(message) else None
        # Losing sight concerns whoever may have the subject on the screen, whatever kinds were asked for.
        return message.removed if seen is False else None

    def offer(self, batch: list[Message]) -> None:
        """Live events, in order. What came before must have gone out by now, but for `QUEUE`."""
        if self.ended:
            return
        if self.size > QUEUE:
            self.end("overflow", {"reason": "too_slow", "head": batch[-1].seq})
            return
        chunk = self.chosen(batch)
        self.position = max(self.position, batch[-1].seq)
        if chunk:
            self._put(chunk)

    def beat(self, now: datetime, clock: float) -> None:
        """A sign of life. Its number is taken over by clients without an event, so that little is replayed later."""
        if now >= self.ends_at:
            self.end("bye", {"reason": "life"})
        elif self.pump is None:
            self._put(b":\nid: %d\n\n" % self.position)
        elif clock - self.pumping_since > STALLED and self.main is not None:
            self.dropped = True
            self.main.cancel()

    def end(self, event: str, data: dict[str, object]) -> None:
        """Say why, and close. What waits is still sent."""
        if not self.ended:
            self.ended = True
            self._put(sse(event, data))

    def _put(self, chunk: bytes) -> None:
        self.pending.append(chunk)
        self.size += len(chunk)
        if self.pump is None:
            self.pump = asyncio.create_task(self._pump())
            self.pumping_since = self.hub.clock()

    async def _pump(self) -> None:
        try:
            while self.pending:
                body = self.pending[0] if len(self.pending) == 1 else b"".join(self.pending)
                self.pending.clear()
                await self.send({"type": "http.response.body", "body": body, "more_body": True})
                self.size -= len(body)
            if self.ended:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            self.ended = True  # the client is gone; `run` hears of it
        finally:
            self.pump = None


def _rights(actor: Actor) -> tuple[object, ...]:
    return actor.permissions, actor.unit_id, actor.sees_all


class StreamResponse(Response):
    """The answer of the stream's route. It only leaves the stream with the request; `Streaming` runs it.

    Whoever asks for the headers alone gets those.
    """

    media_type = "text/event-stream"

    def __init__(self, stream: Stream) -> None:
        super().__init__(b"")
        self.stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if HEADERS_ONLY in scope:
            await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS]})
            await send({"type": "http.response.body", "body": b""})
        else:
            scope[PARKED] = self.stream


class Streaming:
    """Runs streams outside of everything that has led to them.

    Routing, dependencies and handlers of exceptions keep a dozen frames each, half of what an open stream costs, and
    pass on every message. They have done their part when the answer begins; here they are gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        stream: Stream | None = scope.pop(PARKED, None)
        if stream is not None:
            for name in [name for name in scope if name.startswith("fastapi_")]:
                del scope[name]  # stacks that have been closed
            stream.request = Request(scope)
            await stream.run(receive, send)


def opening(connection: Connection, actor: Actor, request: Request, query: StreamQuery, header: str) -> Response:
    """A stream that starts now or after the number the client has (the header is newer than the address)."""
    hub: Host = request.app.state.hub
    head, _ = chain.head(connection)
    number = int(header) if header else query.last_event_id
    unknown = number is not None and number > head
    start = head if number is None or unknown else number
    return StreamResponse(Stream(hub, request, actor, wanted(query, hub.feed), start, unknown))
