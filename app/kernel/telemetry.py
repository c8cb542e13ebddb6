"""What the house says of itself: structured logs with a request id, and metrics.

One pure ASGI layer around everything, also around the handler of last resort: what breaks has its id too.
"""

import asyncio
import atexit
import itertools
import logging
import secrets
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, BinaryIO, TextIO, cast

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel import events

log = structlog.get_logger()
# An id is no secret. Asking the system for chance each time would give way to other threads.
_process, _requests = secrets.token_hex(4), itertools.count(1)


def set_up_logs(form: str, level: str) -> None:
    """JSON lines for machines, or coloured text for people, on standard error."""
    shape: structlog.types.Processor
    lines: Callable[..., structlog.types.WrappedLogger]
    if form == "console":
        shape, lines = structlog.dev.ConsoleRenderer(), structlog.PrintLoggerFactory(sys.stderr)
    else:
        held = Lines(sys.stderr)
        atexit.register(held.release)
        # Of its file a logger asks no more than to write and to flush.
        shape, lines = structlog.processors.JSONRenderer(_encode), structlog.BytesLoggerFactory(cast(BinaryIO, held))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lines,
        cache_logger_on_first_use=True,
    )


class Lines:
    """Standard error, written to a few lines at a time while an event loop runs.

    Each write lets go of the interpreter's lock, and a request that must win it back from the threads that read waits
    longer for its line in the log than for its answer. Whole lines only, and no more at once than a pipe takes in one
    piece: several processes may share it.
    """

    AT_ONCE, LATEST = 4096, 0.1

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.held: list[bytes] = []
        self.size = 0
        self.due: asyncio.AbstractEventLoop | None = None
        self.lock = threading.Lock()

    def write(self, line: bytes) -> None:
        with self.lock:
            if self.size + len(line) > self.AT_ONCE:
                self._write()
            self.held.append(line)
            self.size += len(line)

    def flush(self) -> None:
        """Write what is held: soon, on the event loop's time; at once where none runs (commands, threads)."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.release()
            return
        if self.due is not loop:
            self.due = loop
            loop.call_later(self.LATEST, self.release)

    def release(self) -> None:
        with self.lock:
            self._write()

    def _write(self) -> None:
        lines, self.held, self.size, self.due = self.held, [], 0, None
        if lines and not self.file.closed:
            self.file.buffer.write(b"".join(lines))
            self.file.buffer.flush()


def _encode(line: dict[str, Any], **_: Any) -> bytes:
    return msgspec.json.encode(line, enc_hook=repr)


class Metrics:
    """The counters of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "zhaoshang_request_seconds",
            "Time to the end of the answer",
            ["method", "route", "status"],
            buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=self.registry,
        )
        self.version = Gauge("zhaoshang_data_version", "Number of the newest event", registry=self.registry)
        self.streams = Gauge("zhaoshang_streams", "Open live streams", registry=self.registry)
        self.jobs = Counter("zhaoshang_jobs_total", "Scheduled jobs run", ["job", "outcome"], registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _labels(scope: Scope) -> tuple[str, str]:
    """Method and route as metrics tell them. What strangers make up has no label of its own."""
    method = scope["method"]
    return method if method in METHODS else "-", getattr(scope.get("route"), "path", "-")


def told_path(scope: Scope) -> str:
    """The path as the log may tell it: where a part of it is a secret, the route's own."""
    route: str = getattr(scope.get("route"), "path", "")
    return route if "{token}" in route else scope["path"]


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if 1 <= len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_.") for c in text):
                return text
            break
    return f"{_process}{next(_requests):08x}"


class Telemetry:
    """Gives every request its id, tells of its end, and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identifier = scope["request_id"] = _request_id(scope)
        token = events.request_id.set(identifier)
        started = perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", identifier.encode()))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            events.request_id.reset(token)
            seconds = perf_counter() - started
            self.metrics.requests.labels(*_labels(scope), status).observe(seconds)
            log.info(
                "request", request_id=identifier, method=scope["method"], path=told_path(scope), status=status,
                ms=round(seconds * 1000, 2),
            )  # fmt: skip
