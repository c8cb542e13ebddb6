"""The city: its keys, its store, its mood; how a signed request is answered, rightly or as the mood has it."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import anyio.to_thread
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.exchange.municipal.sandbox.faults import BEFORE, Fate, Mood
from app.exchange.municipal.sandbox.protocol import Cut, Nothing, Twice
from app.exchange.municipal.sandbox.store import Store, forget, use_nonce
from app.exchange.municipal.wire.messages import Read, Written, read_request, write_response
from app.exchange.municipal.wire.refusals import Refused
from app.exchange.municipal.wire.signatures import DIGEST, SIGNATURE, Keys, keep_nonces
from app.kernel import calendar


@dataclass(frozen=True, slots=True)
class Settings:
    """What the city is started with. `keys` are the city's own side: for SM2 its private key and our public one."""

    keys: Keys
    folder: Path
    clock_seconds: int = 300
    check: bool = True  # payloads are unmapped, and must be as the contract says
    answer_to: str = ""  # where receipts go that come later
    answer_key: str = field(default="", repr=False)  # the district's machine key for it
    largest: int = 16_000_000  # bytes of a request
    prefix: str = ""  # path of the contract's root, as in the channel's address


@dataclass(slots=True)
class City:
    """One running sandbox."""

    settings: Settings
    store: Store
    mood: Mood = field(default_factory=Mood)
    last: Written | None = None  # the last answer that went out, for `replayed`


class Unfit(Exception):
    """A request that is believed and cannot be used: status and what is wrong."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)


Work = Callable[[City, Read, Fate], BaseModel]


async def answer(request: Request, work: Work) -> Response:
    """Answer a signed request by what `work` makes of it in a thread: signed, or spoilt as the mood has it."""
    city: City = request.app.state.city
    fate = city.mood.fate()
    if fate.slow_seconds:
        await asyncio.sleep(fate.slow_seconds)
    if fate.fault in BEFORE:
        await request.body()
        return _unanswered(city, fate)
    body = await _body(request, city.settings.largest)
    if body is None:
        return _unsigned(413, "oversize", "报文过大")
    target = request.scope["raw_path"].decode("latin-1")
    if request.scope["query_string"]:
        target = f"{target}?{request.scope['query_string'].decode('latin-1')}"
    return await anyio.to_thread.run_sync(_answer, city, request, target, body, work, fate)


def _answer(city: City, request: Request, target: str, body: bytes, work: Work, fate: Fate) -> Response:
    settings, now = city.settings, calendar.now()
    try:
        read = read_request(settings.keys, request.method, target, request.headers, body, now, settings.clock_seconds)
        with city.store.writing() as db:
            use_nonce(db, read.nonce, now, keep_nonces(settings.clock_seconds))
            if fate.fault == "forget":
                forget(db)
    except Refused as refusal:
        city.store.refuse(refusal, now)
        return _unsigned(401, refusal.code, str(refusal))
    status = 200
    try:
        found = work(city, read, fate)
        if fate.fault == "twice":
            found = work(city, read, fate)
        text = found.model_dump_json().encode()
    except Unfit as unfit:
        status, text = unfit.status, _problem(unfit.code, unfit.message)
    return _spoilt(city, read, status, text, fate)


def _spoilt(city: City, read: Read, status: int, text: bytes, fate: Fate) -> Response:
    """The answer, as right or as wrong as it is to be."""
    keys, now = city.settings.keys, calendar.now()
    if fate.fault == "oversize":
        text += b" " * city.mood.faults.oversize_bytes
    elif fate.fault == "malformed":
        text = fate.dice.choice((text[: len(text) // 2], b"[]", b"null", b'{"batch":7}', b'{"items":{}}', b"\xff"))
    elif fate.fault == "old":
        now -= timedelta(hours=1) + timedelta(seconds=city.settings.clock_seconds)
    written = write_response(keys, read.nonce, status, text, now)
    if fate.fault == "bad_signature":
        written = _forged(written, fate.dice)
    earlier, city.last = city.last, written
    if fate.fault == "replayed" and earlier is not None:
        written = earlier
    kinds: dict[str | None, type[Response]] = {"lost": Nothing, "cut": Cut, "answer_twice": Twice}
    return kinds.get(fate.fault, Response)(written.body, status, written.headers)


def _forged(written: Written, dice: random.Random) -> Written:
    """Something of the answer is not what was signed."""
    match dice.randrange(3):
        case 0:
            return replace(written, headers={**written.headers, SIGNATURE: "AAAA" + written.headers[SIGNATURE][4:]})
        case 1:
            return replace(written, headers={**written.headers, DIGEST: "0" * 64})
        case _:
            return replace(written, headers={k: v for k, v in written.headers.items() if k != SIGNATURE})


def _unanswered(city: City, fate: Fate) -> Response:
    faults = city.mood.faults
    match fate.fault:
        case "busy":
            return _unsigned(429, "busy", "请求过多", {"Retry-After": str(faults.retry_after)})
        case "error":
            return _unsigned(fate.dice.choice((500, 502, 503, 504)), "error", "系统繁忙")
        case "redirect":
            return RedirectResponse(faults.redirect_to, fate.dice.choice((302, 307, 308)))
        case _:
            return Nothing()


def _unsigned(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(_problem(code, message), status, headers, "application/json")


def _problem(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message}, ensure_ascii=False).encode()


async def _body(request: Request, largest: int) -> bytes | None:
    """The body as it came; None when there is more than is borne."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
    return b"".join(parts)
