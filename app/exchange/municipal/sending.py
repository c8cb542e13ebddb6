"""One exchange with the city over HTTP: where it goes only the settings say; what is not signed is not believed.

No proxies or certificates of the environment, no redirects, no cookies, no compression, and one limit of time and of
size for the whole of it: a city that lets single bytes drip must not keep a record for ever.
"""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import httpx2
import msgspec
from pydantic import ValidationError

from app.exchange.municipal.channels import Connection
from app.exchange.municipal.receipts import Sent
from app.exchange.municipal.wire import messages
from app.exchange.municipal.wire.contract import Receipt, Receipts, idempotency_key
from app.exchange.municipal.wire.messages import Refused
from app.kernel import calendar
from app.kernel.text import cleaned

LARGEST_ANSWER = 4 * 1024 * 1024
UNKNOWN_TO_THE_CITY = (401, 403)
BATCH_REFUSED = (400, 413, 422)
"""By these a city says that it is the batch that is wrong, and sending the same again changes nothing."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A signed answer of status 200, in clear."""

    body: bytes
    status: int = 200


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer to use: unreachable, timeout, cut, redirect, late, certificate, http_503 …"""

    code: str
    reason: str
    status: int | None = None
    retry_after: timedelta | None = None

    @property
    def unknown_to_the_city(self) -> bool:
        """It does not know our key: trying again soon changes nothing."""
        return self.status in UNKNOWN_TO_THE_CITY


@dataclass(frozen=True, slots=True)
class Distrusted:
    """An answer that is not believed: signature, clock, digest, malformed, oversize …"""

    code: str
    reason: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class BatchRefused:
    """The city will not have the batch as a whole. `signed`: it is the city that says so, not something on the way."""

    code: str
    reason: str
    status: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """Receipts for a batch."""

    receipts: list[Receipt]
    status: int = 200


Outcome = Answered | Failed | Distrusted | BatchRefused


class Line:
    """One connection to the city, kept open between exchanges; for one thread at a time."""

    def __init__(self, settings: Connection) -> None:
        assert settings.address is not None
        self.settings = settings
        self.keys = settings.keys
        self.root = httpx2.URL(str(settings.address).rstrip("/"))
        self.deadline = _Deadline()
        verify: ssl.SSLContext | bool = settings.address.scheme == "https"
        if verify and settings.authority is not None:
            verify = ssl.create_default_context(cafile=settings.authority)  # and none of the system's
        self.client = httpx2.Client(
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(settings.answer_seconds, connect=settings.connect_seconds),
            # Servers drop idle connections after some five seconds: not to send into one that is just being closed.
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=3),
        )  # fmt: skip

    def close(self) -> None:
        self.client.close()

    def exchange(
        self, method: str, path: str, body: bytes = b"", *, query: Mapping[str, str] | None = None,
        begin_by: float | None = None, largest: int = LARGEST_ANSWER,
    ) -> Outcome:  # fmt: skip
        """Send a signed request to a path under the channel's address and read the answer, all in `answer_seconds`.

        `begin_by` (of the monotonic clock): later nothing is sent, since whoever takes the lease over may send by then.
        """
        url = self.root.copy_with(raw_path=self.root.raw_path.rstrip(b"/") + path.encode())
        if query:
            url = url.copy_merge_params(dict(query))
        written = messages.write_request(self.keys, method, url.raw_path.decode(), body, calendar.now())
        self.deadline.start(self.settings.connect_seconds, self.settings.answer_seconds, begin_by)
        try:
            request = self.client.build_request(
                method, url, content=written.body, headers={**written.headers, "Accept-Encoding": "identity"},
                extensions={"trace": self.deadline.trace, "timeout": self.client.timeout.as_dict()},
            )  # fmt: skip
            with closing(self.client.send(request, stream=True)) as response:
                status, headers = response.status_code, response.headers
                if 300 <= status < 400:
                    return Failed("redirect", f"市级要求转到别处（{status}），不予跟随", status)
                found = _read(response, largest)
        except _TooLate:
            return Failed("late", "未能在租约内开始报送")
        except httpx2.HTTPError as error:
            return self._failure(error)
        finally:
            self.deadline.stop()
            self.client.cookies.clear()
        if self.deadline.struck:
            return Failed("timeout", "未在时限内答复", status)
        if found is None:
            return Distrusted("oversize", "答复过大", status)
        return self._judge(written.nonce, status, headers, found)

    def deliver(self, batch: str, district: str, payload_version: str, sent: list[Sent], begin_by: float) -> (
        Delivered | Failed | Distrusted | BatchRefused
    ):  # fmt: skip
        """Send records in the versions given: receipts, or why there are none."""
        records = [
            {
                "kind": one.kind, "key": one.key, "version": one.version, "op": one.op,
                "idempotency_key": idempotency_key(one.kind, one.key, one.version),
                "payload": None if one.content is None else msgspec.Raw(one.content.encode()),
            }
            for one in sent
        ]  # fmt: skip
        body = {"batch": batch, "district": district, "payload_version": payload_version, "records": records}
        answer = self.exchange("POST", "/records", msgspec.json.encode(body), begin_by=begin_by)
        if not isinstance(answer, Answered):
            return answer
        try:
            found = Receipts.model_validate_json(answer.body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            return Distrusted("malformed", f"回执不合约定：{cleaned(where, 100) or '全文'}", answer.status)
        if found.batch != batch:
            return Distrusted("foreign", "回执属于另一批次", answer.status)
        return Delivered(found.receipts)

    def _judge(self, nonce: str, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
        if headers.get("content-encoding", "identity") != "identity":
            return Distrusted("malformed", "答复经过压缩", status)
        if status == 200 or status in BATCH_REFUSED:
            now = calendar.now()
            try:
                read = messages.read_response(self.keys, nonce, status, headers, body, now, self.settings.clock_seconds)
            except Refused as refusal:
                if status == 200:
                    return Distrusted(refusal.code, str(refusal), status)
                return BatchRefused(f"http_{status}", f"整批被拒（{status}），未经签名", status, False)
            if status == 200:
                return Answered(read.body)
            return BatchRefused(f"http_{status}", _told(read.body) or f"整批被拒（{status}）", status, True)
        return Failed(f"http_{status}", f"市级答复 {status}", status, _retry_after(headers.get("retry-after")))

    def _failure(self, error: httpx2.HTTPError) -> Failed:
        if isinstance(error, httpx2.TimeoutException) or self.deadline.struck:
            connecting = isinstance(error, httpx2.ConnectTimeout)
            return Failed("unreachable", "连接超时") if connecting else Failed("timeout", "未在时限内答复")
        if isinstance(error, httpx2.ConnectError):
            cause: BaseException | None = error
            while cause is not None:
                if isinstance(cause, ssl.SSLError):
                    return Failed("certificate", "对方证书不被认可，或 TLS 握手失败")
                cause = cause.__cause__ or cause.__context__
            return Failed("unreachable", "连接不上")
        return Failed("cut", "连接中断")


class _TooLate(Exception):
    pass


class _Deadline:
    """Ends an exchange when its time is over: each read and write has a limit of its own, but there may be many."""

    def __init__(self) -> None:
        self.connection: socket.socket | None = None
        self.timer: threading.Timer | None = None
        self.struck = False
        self.begin_by = 0.0
        self.seconds = 0.0

    def start(self, connect: float, seconds: float, begin_by: float | None) -> None:
        latest = monotonic() + connect
        self.begin_by = latest if begin_by is None else min(begin_by, latest)
        self.seconds, self.struck = seconds, False

    def trace(self, what: str, told: Mapping[str, Any]) -> None:
        """Called by the client at each step of an exchange."""
        if what in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.connection = told["return_value"].get_extra_info("socket")
        elif what == "http11.send_request_headers.started":
            # Looking up names and trying several addresses have no limit of their own.
            if monotonic() > self.begin_by:
                raise _TooLate
            self.timer = threading.Timer(self.seconds, self._strike)
            self.timer.daemon = True
            self.timer.start()

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _strike(self) -> None:
        self.struck = True
        if self.connection is not None:
            with suppress(OSError):  # it may be closed already
                # Past TLS, which would take its state from whoever is reading.
                socket.socket.shutdown(self.connection, socket.SHUT_RDWR)


def _read(response: httpx2.Response, largest: int) -> bytes | None:
    """The body as it came; None when there is more than is borne."""
    parts, size = [], 0
    for part in response.iter_raw():
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
    return b"".join(parts)


def _retry_after(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 86_400))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - calendar.now(), timedelta(0)), timedelta(days=1))


def _told(body: bytes) -> str | None:
    """What a refusal says of its reason, in the usual places."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(found, dict):
        return None
    for name in ("message", "detail", "title"):
        if isinstance(text := found.get(name), str):
            return cleaned(text, 300)
    return None
