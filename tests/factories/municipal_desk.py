"""Channels to the city, their records and the city's keys, for tests."""

import base64
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal.channels import Connection
from app.exchange.municipal.mapping import digest_of, text_of
from app.exchange.municipal.models import Channel, Record, RecordState
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.identity.auth.models import ApiKey, User
from app.kernel import calendar
from app.kernel.access import Role
from app.kernel.secrets import new_token, token_hash
from tests.factories.identity import make_user

SECRET = base64.b64encode(b"a secret of the tests, not shorter").decode()
_numbers = count(1)


def make_connection(**values: Any) -> Connection:
    """The settings of a channel; nobody listens at its address."""
    given: dict[str, Any] = {
        "name": "市级库", "mode": "push", "address": "https://user:word@city.example:8443/api?key=hidden",
        "key_id": "district", "secret": SECRET,
    }  # fmt: skip
    return Connection.model_validate(given | values)


def make_channel(db: Session, code: str = "city", **values: Any) -> Channel:
    """The channel of this code: the one that is there, or a new one."""
    channel = db.scalars(select(Channel).where(Channel.code == code)).one_or_none()
    if channel is None:
        channel = Channel(code=code)
        db.add(channel)
    for name, value in values.items():
        setattr(channel, name, value)
    db.flush()
    return channel


def make_record(
    db: Session,
    channel: Channel,
    kind: str = "project",
    key: str | None = None,
    payload: dict[str, Any] | None = None,
    *,
    state: str = "pending",
    version: int = 1,
    held_version: int | None = None,
    held: dict[str, Any] | None = None,
    at: datetime | None = None,
    **values: Any,
) -> Record:
    """A record; one that is held is so in the version that is wanted. `payload` {} makes a tombstone."""
    key = key or f"500114-2020-9{next(_numbers):03d}"
    content = {"code": key, "contract_amount": "1.00"} if payload is None else payload
    text = text_of(content) if content else None
    at = at or calendar.now()
    channel.position += 1
    held_version = held_version if held_version is not None else version if state == "held" else 0
    op = Operation.PUT if content else Operation.DELETE
    record = Record(
        channel_id=channel.id, kind=RecordKind(kind), key=key, op=op, wanted_version=version, wanted=text,
        digest=digest_of(text), wanted_at=at, position=channel.position, held_version=held_version,
        held_op=None if held_version == 0 else Operation.PUT if held else op,
        held=None if held is None else text_of(held),
        held_at=None if held_version == 0 else at, state=RecordState(state), attempts=0, next_try=at,
    )  # fmt: skip
    for name, value in values.items():
        setattr(record, name, value)
    db.add(record)
    db.flush()
    return record


def make_city_key(db: Session, *scopes: str) -> str:
    """A machine's key with these scopes, made by a reviewer; its token."""
    reviewer = db.scalars(select(User).where(User.login == "key-maker")).one_or_none()
    reviewer = reviewer or make_user(db, Role.REVIEWER, login="key-maker")
    token, now = new_token("zk"), calendar.now()
    db.add(
        ApiKey(
            name=f"市级 {next(_numbers)}", prefix=token[:12], key_hash=token_hash(token), scopes=list(scopes),
            addresses=[], created_by=reviewer.id, created_at=now, expires_at=now + timedelta(days=365),
        )
    )  # fmt: skip
    db.flush()
    return token
