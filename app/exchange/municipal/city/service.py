"""The city's messages: what it has fetched, and receipts that come by themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from pydantic import ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.exchange.municipal import contacts, receipts
from app.exchange.municipal.channels import Connection as Settings
from app.exchange.municipal.contacts import Ended
from app.exchange.municipal.models import Channel, Nonce, Record, RecordState
from app.exchange.municipal.queries import NoChannel
from app.exchange.municipal.receipts import Taken
from app.exchange.municipal.records import may_go
from app.exchange.municipal.wire import messages, signatures
from app.exchange.municipal.wire.contract import Receipts, RecordKind
from app.exchange.municipal.wire.refusals import Refused
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import FieldError, Invalid, TooLarge, Unauthenticated, field_errors
from app.kernel.secrets import new_token
from app.kernel.text import cleaned

LARGEST = 512 * 1024
"""Bytes of one message with receipts: a thousand for each of the most that a batch has."""


class NotBelieved(Unauthenticated):
    """`errors` has one entry: the code says what is wrong with the message (signature, clock, replayed …)."""

    code = "not_believed"
    message = "报文的签名、时间或随机数不符，未予采信"
    english = "The message's signature, time or nonce is not right. Nothing of it was used."


class MessageTooLarge(TooLarge):
    code = "message_too_large"
    message = f"报文过大，至多 {LARGEST // 1024} KB"
    english = f"The message is too large; at most {LARGEST // 1024} KB."


# -- fetching ------------------------------------------------------------------------------------------------------


def fetched(
    database: Database, actor: Actor, code: str, settings: Settings, kind: RecordKind, after: int, many: int
) -> None:
    """Write down that the city has fetched, and that what lies before its cursor has arrived there."""
    if actor.kind != "key":
        return
    now = calendar.now()
    with database.unit_of_work() as db:
        # Not beside whoever changes records; and alone from the start, since it may be written below.
        locked = select(Channel.id).where(Channel.code == code).with_for_update(key_share=True)
        channel = db.execute(locked).scalar_one()
        taken = Taken(accepted=_arrived(db, channel, kind, after, now) if after else 0)
        contacts.keep(
            db, channel, "pull", f"{kind}-{after}-{new_token('g')[-16:]}", now, now, Ended("done", 200), many, taken
        )
        contacts.count(db, channel, settings, now, Ended("done", 200))


def _arrived(db: Session, channel: int, kind: RecordKind, after: int, now: datetime) -> int:
    done = (
        update(Record)
        .where(
            Record.channel_id == channel, Record.kind == kind, Record.position <= after,
            Record.held_version < Record.wanted_version, Record.state == RecordState.PENDING, may_go(),
        )
        .values(
            held_version=Record.wanted_version, held_op=Record.op, held=None, held_at=now, state=RecordState.HELD,
            attempts=0,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(db.execute(done).rowcount)  # type: ignore[attr-defined]


# -- receipts that come later --------------------------------------------------------------------------------------


def believe(
    database: Database, code: str, settings: Settings, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[Receipts, str]:
    """The receipts of a message that is the city's, whole, of now and new; and its nonce.

    What is refused is written down, and a nonce is used up, in transactions of their own: both outlast the refusal.
    """
    now = calendar.now()
    with database.reading() as connection:
        channel = connection.execute(select(Channel.id).where(Channel.code == code)).scalar_one_or_none()
    if channel is None:
        raise NoChannel
    try:
        if len(body) > LARGEST:
            raise Refused("oversize")
        read = messages.read_request(settings.keys, "POST", target, headers, body, now, settings.clock_seconds)
        _use_up(database, channel, read.nonce, settings, now)
    except Refused as refusal:
        _refuse(database, channel, now, refusal)
    try:
        return Receipts.model_validate_json(read.body), read.nonce
    except ValidationError as error:
        wrong = field_errors(error.errors(include_url=False))
        told = "；".join(f"{one.field}：{one.message}" for one in wrong[:3])
        _keep(database, channel, now, 422, "malformed", told)
        raise Invalid(told or Invalid.message, errors=wrong) from None


def _use_up(database: Database, channel: int, nonce: str, settings: Settings, now: datetime) -> None:
    old = now - signatures.keep_nonces(settings.clock_seconds)
    try:
        with database.unit_of_work() as db:
            db.execute(delete(Nonce).where(Nonce.channel_id == channel, Nonce.at < old))
            db.add(Nonce(channel_id=channel, nonce=nonce, at=now))
    except IntegrityError:
        raise Refused("replayed") from None


def _refuse(database: Database, channel: int, now: datetime, refusal: Refused) -> NoReturn:
    status = 413 if refusal.code == "oversize" else 401
    _keep(database, channel, now, status, refusal.code, str(refusal))
    if refusal.code == "oversize":
        raise MessageTooLarge
    wrong = FieldError(field="signature", code=refusal.code, message=str(refusal))
    raise NotBelieved(str(refusal), NotBelieved.english, errors=[wrong])


def _keep(database: Database, channel: int, now: datetime, status: int, code: str, reason: str) -> None:
    with database.unit_of_work() as db:
        batch = new_token("r")[:32]
        contacts.keep(db, channel, "receipts", batch, now, calendar.now(), Ended("refused", status, code, reason))


def take(db: Session, code: str, settings: Settings, told: Receipts) -> dict[str, Any]:
    """Apply believed receipts; those for what was never sent are refused one by one."""
    now = calendar.now()
    channel = db.scalars(select(Channel).where(Channel.code == code).with_for_update()).one_or_none()
    if channel is None:
        raise NoChannel
    taken = receipts.take_late(db, channel, settings, told.receipts, now)
    batch = cleaned(told.batch, 64) or new_token("r")[:32]
    contacts.keep(db, channel.id, "receipts", batch, now, calendar.now(), Ended("done", 200), len(told.receipts), taken)
    return {
        "accepted": taken.accepted, "rejected": taken.rejected, "received": taken.received,
        "again": taken.again + taken.lost, "refused": taken.refused,
    }  # fmt: skip
