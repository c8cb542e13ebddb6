"""Answers: JSON bytes, ETags, and bodies kept as long as the data they were made from.

A kept body is found by route and arguments, what the actor may see, and the data version; it also knows
when it changes by itself (midnight in Shanghai, a deadline, the start of a rule). ETags end with a mark of the
body, so that they hold across processes, views and midnights.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.kernel import calendar


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"cannot encode {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def encode(value: Any) -> bytes:
    """Value to JSON: Pydantic models, dataclasses, msgspec structs, dicts, dates."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(by_alias=True).encode()
    return _encoder.encode(value)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query hands to its route.

    `row_version` makes the ETag of a single resource `"<row version>-<data version>-<mark>"`;
    `valid_until` is when the answer changes without anybody writing.
    """

    data: Any
    row_version: int | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    body: bytes
    etag: str
    valid_until: datetime


class Shelf:
    """Bodies kept within a bound of bytes, the longest unused leaving first."""

    def __init__(self, limit: int = 8 * 1024 * 1024) -> None:
        self.limit = limit
        self.size = 0
        self.bodies: OrderedDict[Hashable, tuple[int, Kept]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable, version: int) -> Kept | None:
        with self.lock:
            found = self.bodies.get(key)
            if found is None or found[0] != version or found[1].valid_until <= calendar.now():
                return None
            self.bodies.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, version: int, kept: Kept) -> None:
        if len(kept.body) > self.limit // 8:
            return
        with self.lock:
            old = self.bodies.pop(key, None)
            if old is not None:
                self.size -= len(old[1].body)
            self.bodies[key] = (version, kept)
            self.size += len(kept.body)
            while self.size > self.limit:
                _, (_, gone) = self.bodies.popitem(last=False)
                self.size -= len(gone.body)


def keep(answer: Answer, version: int) -> Kept:
    """Encode an answer and give it its ETag."""
    body = answer.data if isinstance(answer.data, bytes) else encode(answer.data)
    midnight = calendar.midnight_after(calendar.now())
    until = min(midnight, answer.valid_until) if answer.valid_until else midnight
    mark = sha256(body).hexdigest()[:16]
    row = "" if answer.row_version is None else f"{answer.row_version}-"
    return Kept(body, f'"{row}{version}-{mark}"', until)


def respond(request: Request, kept: Kept) -> Response:
    """200 with the body, or 304 when the client holds it already."""
    headers = {"ETag": kept.etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    asked = request.headers.get("if-none-match")
    if asked is not None and kept.etag in (part.strip().removeprefix("W/") for part in asked.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(kept.body, media_type="application/json", headers=headers)


def saved(
    db: Session, out: Any, *, status: int = 200, location: str | None = None, row_version: int | None = None
) -> Response:
    """The answer of a write; also what a repeated request with the same Idempotency-Key gets."""
    body = encode(out) if out is not None else b""
    headers = {}
    if location is not None:
        headers["Location"] = location
    if row_version is not None:
        # The data version is not known before the commit; If-Match compares the row version only.
        headers["ETag"] = f'"{row_version}-0"'
    db.info["answer"] = (status, headers, body)
    return answer_again(status, headers, body)


def answer_again(status: int, headers: dict[str, str], body: bytes) -> Response:
    """The response of a write from its three parts."""
    return Response(body or None, status_code=status, headers=headers, media_type="application/json" if body else None)


def row_version_in(if_match: str) -> int | None:
    """The row version in an If-Match header: `"7-1234"` → 7; None for what we never gave."""
    text = if_match.strip().removeprefix("W/").strip('"')
    head = text.split("-", 1)[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 16 else None
