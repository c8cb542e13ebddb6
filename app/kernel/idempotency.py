"""Idempotency-Key: the same request sent twice does its work once and gets the same answer twice.

Also when both are sent at the same moment: whichever is slower fails, at a rule of its domain or at the latest
at the key itself, is rolled back, and finds the answer of the faster one.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from sqlalchemy import Connection, LargeBinary, UniqueConstraint, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Base, Database, Id, Instant, text_key
from app.kernel.errors import Conflict, Invalid
from app.kernel.replies import answer_again
from app.kernel.vault import Vault

HEADER = "idempotency-key"
KEPT_FOR = timedelta(days=2)


class KeptAnswer(Base):
    """The answer that a key has got."""

    __tablename__ = "kept_answer"
    __table_args__ = (UniqueConstraint("actor", "key"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    actor: Mapped[str] = mapped_column(text_key(80))
    key: Mapped[str] = mapped_column(text_key(128))
    request: Mapped[str] = mapped_column(text_key(64))
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "同一 Idempotency-Key 已用于另一请求"
    english = "This Idempotency-Key was used for another request."


class Replayed(Exception):
    """Ends a request whose work was done before; carries the answer it got then."""

    def __init__(self, response: Response) -> None:
        self.response = response


def _prints(request: Request, body: bytes) -> list[str]:
    """What the request is known again by; the first is kept. A plain hash of somebody's number could be tried out."""
    line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    vault: Vault = request.app.state.vault
    return vault.digests(line + body)


def begin(connection: Connection, request: Request, body: bytes, actor: Actor, db: Session) -> None:
    """Replay a known key, or remember that this transaction's answer belongs to a new one."""
    key = request.headers.get(HEADER)
    if key is None:
        return
    if not 1 <= len(key) <= 128:
        raise Invalid.field("Idempotency-Key", "length", "长度应为 1 到 128 个字符")
    prints = _prints(request, body)
    place = {"actor": f"{actor.kind}:{actor.id}", "key": key, "request": prints[0]}
    _replay(connection, place, prints)
    db.info["idempotency"] = place


def _replay(connection: Connection, place: dict[str, str], prints: Collection[str]) -> None:
    kept = connection.execute(
        select(KeptAnswer.request, KeptAnswer.status, KeptAnswer.headers, KeptAnswer.body).where(
            KeptAnswer.actor == place["actor"], KeptAnswer.key == place["key"]
        )
    ).one_or_none()
    if kept is None:
        return
    if kept.request not in prints:
        raise KeyReused
    response = answer_again(kept.status, kept.headers, kept.body)
    response.headers["Idempotency-Replayed"] = "true"
    raise Replayed(response)


def keep(db: Session) -> None:
    """Write the answer beside the work it tells of (before the log's lock)."""
    place: dict[str, str] | None = db.info.get("idempotency")
    answer: tuple[int, dict[str, str], bytes] | None = db.info.get("answer")
    if place is None or answer is None:
        return
    status, headers, body = answer
    values: dict[str, Any] = {**place, "status": status, "headers": headers, "body": body, "at": calendar.now()}
    db.execute(insert(KeptAnswer).values(values))


def answered_meanwhile(db: Session) -> None:
    """After a failure: the answer of the same request, if another did its work while this one tried."""
    place: dict[str, str] | None = db.info.get("idempotency")
    if place is not None:
        database: Database = db.info["database"]
        with database.reading() as connection:
            _replay(connection, place, [place["request"]])


def forget(db: Session) -> int:
    """Drop answers older than two days; returns how many."""
    return db.execute(delete(KeptAnswer).where(KeptAnswer.at < calendar.now() - KEPT_FOR)).rowcount  # type: ignore[attr-defined, no-any-return]


def install(app: FastAPI, database: Database) -> None:
    """Keep answers in every commit and send the old one when a request ends in `Replayed`."""
    database.before_commit.insert(0, keep)
    database.after_failure.append(answered_meanwhile)

    async def replayed(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Replayed)
        return error.response

    app.add_exception_handler(Replayed, replayed)
