"""The heart of the live stream, one in each process: reads what is new in the log once and hands it to all.

It is woken by commits of this process, by NOTIFY of others, and by its own look at the log's head twice a
second; only the table decides what is new. Numbers are gapless, so joining the tail leaves neither hole nor double.
"""

import asyncio
import random
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from types import FrameType

import anyio
import anyio.to_thread
import structlog
from fastapi import Request
from sqlalchemy import Connection

from app.exchange.feed import messages
from app.exchange.feed.bell import Bell
from app.exchange.feed.messages import Message
from app.exchange.feed.streams import BATCH, QUEUE, Stream
from app.exchange.feed.subjects import Feed
from app.identity.auth.access import admit, identify
from app.kernel import calendar, chain
from app.kernel.access import Actor, Permission
from app.kernel.db import Database
from app.kernel.errors import Problem

log = structlog.get_logger()

POLL = 0.5
"""Seconds between two looks at the head while anybody listens."""
SLOTS = 15
"""Streams are beaten in so many groups, one after the other, so that no beat holds up the loop."""
AT_ONCE = 200
"""Streams that are served before others get their turn in the loop."""
RECENT_EVENTS, RECENT_BYTES = 1000, 8 * 1024 * 1024
"""What is kept of the tail for streams that are about to join it."""
WATCHED = {"user": "user", "session": "session", "api_key": "key"}


class Hub:
    """All streams of this process. Everything runs in the loop unless it says otherwise."""

    def __init__(self, database: Database, feed: Feed, *, heartbeat: float = 15.0, life: float = 3600.0) -> None:
        self.database = database
        self.feed = feed
        self.heartbeat = heartbeat
        self.life = life
        self.streams: set[Stream] = set()  # open, also those that still catch up
        self.joined: set[Stream] = set()  # on the live tail
        self.wheel: list[set[Stream]] = [set() for _ in range(SLOTS)]
        self.turn = 0
        self.watchers: dict[tuple[str, int], set[Stream]] = {}
        self.position = 0  # the newest event that was handed out
        self.recent: deque[Message] = deque()
        self.recent_bytes = 0
        self.threads = anyio.CapacityLimiter(4)
        self.stopping = False
        self.poked = False

    # -- running -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve streams within the block (the application's lifespan)."""
        self.loop = asyncio.get_running_loop()
        self.clock = self.loop.time
        self.news = asyncio.Event()
        self.somebody = asyncio.Event()
        self.bell = None if self.database.is_sqlite else Bell(self.database, self.news.set)
        work = [self._follow(), self._beat()]
        if self.bell is not None:
            work += [self.bell.tell(), self.bell.listen()]
        tasks = [asyncio.create_task(part) for part in work]
        self.database.after_commit.append(self._committed)
        try:
            with self._stopped_by_signals():
                yield
        finally:
            self.database.after_commit.remove(self._committed)
            self._stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """End every stream and admit no more. May be called from any thread and from a signal's handler.

        Servers wait for open connections before they end the application: it must be told when the signal comes.
        """
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self.stopping = True
        for stream in self.streams:
            stream.end("bye", {"reason": "shutdown"})

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        # Whatever server runs the application has set its handlers by now; ours go before them.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        found = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def handle(number: int, frame: FrameType | None) -> None:
            self.stop()
            before = found[signal.Signals(number)]
            if callable(before):
                before(number, frame)

        chained = [number for number, handler in found.items() if callable(handler)]
        for number in chained:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number in chained:
                if signal.getsignal(number) is handle:
                    signal.signal(number, found[number])

    # -- streams -----------------------------------------------------------------------------------------------

    def end_of_life(self) -> datetime:
        """When a stream that opens now ends at the latest: not all at the same moment."""
        return calendar.now() + timedelta(seconds=self.life * random.uniform(0.9, 1.1))  # noqa: S311 - not a secret

    def patience(self) -> int:
        """Milliseconds after which a client that was cut off comes back."""
        return random.randint(1000, 4000)  # noqa: S311 - not a secret

    def admitted(self, request: Request, connection: Connection, head: tuple[int, int]) -> Actor:
        """Whoever opened a stream, if still let in; listening keeps no session alive (in a thread)."""
        actor = identify(request, connection, head, touch=False)
        admit(actor, Permission.STREAM_READ)
        return actor

    def enter(self, stream: Stream) -> None:
        """A stream has been opened; it catches up before it joins."""
        self.streams.add(stream)
        for place in _places(stream.actor):
            self.watchers.setdefault(place, set()).add(stream)
        stream.slot = (self.turn - 1) % SLOTS  # the group whose turn is farthest away
        self.wheel[stream.slot].add(stream)
        if self.stopping:
            stream.end("bye", {"reason": "shutdown"})

    def leave(self, stream: Stream) -> None:
        self.streams.discard(stream)
        self.joined.discard(stream)
        self.wheel[stream.slot].discard(stream)
        for place in _places(stream.actor):
            others = self.watchers.get(place)
            if others is not None:
                others.discard(stream)
                if not others:
                    del self.watchers[place]
        if not self.joined:
            self.somebody.clear()

    def join(self, stream: Stream) -> bool:
        """Put a stream that has caught up on the tail; False when it has to read on first."""
        if stream.position < self.position:
            if not self.recent or self.recent[0].seq > stream.position + 1:
                return False
            stream.offer([message for message in self.recent if message.seq > stream.position])
        elif not self.joined:
            # Nobody was listening: the tail begins where the table ended just now.
            self.position = stream.position
            self._forget()
        self.joined.add(stream)
        self.somebody.set()
        self.news.set()
        return True

    # -- what is new -------------------------------------------------------------------------------------------

    def _committed(self, number: int) -> None:
        # From any thread, after each commit. While one call is on its way to the loop no second is needed: the
        # flag falls before the table is read.
        if not self.poked and (self.joined or self.bell is not None):
            self.poked = True
            self.loop.call_soon_threadsafe(self._poke, number)

    def _poke(self, number: int) -> None:
        self.poked = False
        self.news.set()
        if self.bell is not None:
            self.bell.ring(number)

    async def _follow(self) -> None:
        while True:
            await self.somebody.wait()
            try:
                async with asyncio.timeout(POLL):
                    await self.news.wait()
            except TimeoutError:
                pass
            self.news.clear()
            try:
                while await self._advance():
                    await self._let_them_drink()
            except Exception:
                log.exception("stream_hub_failed")
                await asyncio.sleep(1)

    def _read(self, position: int) -> tuple[int, list[Message]]:
        with self.database.reading() as connection:
            head, _ = chain.head(connection)
            return head, messages.read(connection, position, BATCH) if head > position else []

    async def _advance(self) -> bool:
        """Hand out the next batch; True when there is more."""
        start = self.position
        head, batch = await anyio.to_thread.run_sync(self._read, start, limiter=self.threads)
        if head < start:
            # The database was put back to an earlier day under our feet.
            for stream in list(self.joined):
                stream.end("reset", {"reason": "restored", "head": head})
            self.position = head
            self._forget()
            return False
        if not batch:
            return False
        touched = {
            stream
            for message in batch
            if message.subject in WATCHED
            for stream in self.watchers.get((WATCHED[message.subject], message.subject_id), ())
        }
        if touched:
            await self._check(touched)
        if self.position != start:
            return True  # all had left, and somebody came meanwhile
        self.position = batch[-1].seq
        self._remember(batch)
        for count, stream in enumerate(list(self.joined), 1):
            try:
                stream.offer(batch)
            except Exception:
                # Better a stream that comes back and asks again than one with a hole.
                log.exception("stream_failed")
                stream.end("bye", {"reason": "internal"})
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        return len(batch) == BATCH

    async def _let_them_drink(self) -> None:
        # In a flood (an import) the slower ones get a second for each batch before their queue runs over.
        for _ in range(20):
            if not any(stream.size > QUEUE // 2 for stream in self.joined):
                return
            await asyncio.sleep(0.05)

    def _remember(self, batch: list[Message]) -> None:
        self.recent.extend(batch)
        self.recent_bytes += sum(len(message.shown) for message in batch)
        while len(self.recent) > RECENT_EVENTS or self.recent_bytes > RECENT_BYTES:
            self.recent_bytes -= len(self.recent.popleft().shown)

    def _forget(self) -> None:
        self.recent.clear()
        self.recent_bytes = 0

    # -- who may listen ----------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.heartbeat / SLOTS)
            group = list(self.wheel[self.turn])
            self.turn = (self.turn + 1) % SLOTS
            if not group:
                continue
            try:
                await self._check(group)
            except Exception:
                log.exception("stream_check_failed")
            now, clock = calendar.now(), self.clock()
            for stream in group:
                if not stream.ended:
                    stream.beat(now, clock)

    async def _check(self, streams: Collection[Stream]) -> None:
        """End the streams of those who are let in no longer or with other rights."""
        for stream, found in await anyio.to_thread.run_sync(self._judge, streams, limiter=self.threads):
            if isinstance(found, Problem):
                stream.end("bye", {"reason": found.code, "message": found.said})
            else:
                stream.accept(found)

    def _judge(self, streams: Collection[Stream]) -> list[tuple[Stream, Actor | Problem]]:
        found: list[tuple[Stream, Actor | Problem]] = []
        with self.database.reading() as connection:
            head = chain.head(connection)
            for stream in streams:
                try:
                    found.append((stream, self.admitted(stream.request, connection, head)))
                except Problem as problem:
                    found.append((stream, problem))
        return found


def _places(actor: Actor) -> list[tuple[str, int]]:
    """Whose events may end this actor's streams."""
    if actor.session_id is None:
        return [(actor.kind, actor.id)]
    return [(actor.kind, actor.id), ("session", actor.session_id)]
