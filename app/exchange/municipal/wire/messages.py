"""Whole messages: a body sealed where the channel seals, then signed; checked first, then opened.

What both sides call; `signatures` and `bodies` are its parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.exchange.municipal.wire import bodies, signatures
from app.exchange.municipal.wire.refusals import Refused
from app.exchange.municipal.wire.signatures import NONCE, Keys

__all__ = ["Keys", "Read", "Refused", "Written", "read_request", "read_response", "write_request", "write_response"]

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Written:
    """What goes over the wire."""

    headers: dict[str, str]
    body: bytes

    @property
    def nonce(self) -> str:
        """By which the answer names its request."""
        return self.headers[NONCE]


@dataclass(frozen=True, slots=True)
class Read:
    """A believed message: its body in clear, and its nonce, still to be looked for in the receiver's table."""

    body: bytes
    nonce: str
    timestamp: datetime


def write_request(keys: Keys, method: str, target: str, body: bytes, now: datetime) -> Written:
    """A request; `target` is path and query exactly as they go over the wire, `body` JSON or empty."""
    sent = bodies.seal(keys.sealing, body, bodies.of_request(method, target)) if keys.sealing else body
    return _written(keys, signatures.sign_request(keys, method, target, sent, now), sent)


def read_request(
    keys: Keys, method: str, target: str, headers: Mapping[str, str], body: bytes, now: datetime, clock_seconds: int
) -> Read:
    """The request in clear, or Refused."""
    signed = signatures.verify_request(keys, method, target, headers, body, now, clock_seconds)
    if keys.sealing:
        body = bodies.unseal(keys.sealing, body, bodies.of_request(method, target))
    return Read(body, signed.nonce, signed.timestamp)


def write_response(keys: Keys, request_nonce: str, status: int, body: bytes, now: datetime) -> Written:
    """The answer to the request with that nonce."""
    sent = bodies.seal(keys.sealing, body, bodies.of_response(status, request_nonce)) if keys.sealing else body
    return _written(keys, signatures.sign_response(keys, request_nonce, status, sent, now), sent)


def read_response(
    keys: Keys,
    request_nonce: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    clock_seconds: int,
) -> Read:
    """The answer to the request with that nonce in clear, or Refused. `body` as received: ask for no compression."""
    signed = signatures.verify_response(keys, request_nonce, status, headers, body, now, clock_seconds)
    if keys.sealing:
        body = bodies.unseal(keys.sealing, body, bodies.of_response(status, request_nonce))
    return Read(body, signed.nonce, signed.timestamp)


def _written(keys: Keys, headers: dict[str, str], body: bytes) -> Written:
    kind = {"Content-Type": bodies.SEALED if keys.sealing else JSON} if body else {}
    return Written(headers | kind, body)
