"""Making packages of files, taking in their receipts, declaring them void."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.exchange.municipal import contacts, receipts
from app.exchange.municipal import service as desk
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.contacts import Ended
from app.exchange.municipal.models import Channel, ChannelState, Package, PackageItem, Record, RecordState
from app.exchange.municipal.packages import books
from app.exchange.municipal.packages.books import Head, Item, Made
from app.exchange.municipal.packages.queries import NoPackage
from app.exchange.municipal.queries import ChannelPaused, settings_of
from app.exchange.municipal.receipts import Sent
from app.exchange.municipal.reconciliations.queries import report_of
from app.exchange.municipal.records import may_go
from app.exchange.municipal.wire.contract import Receipt
from app.identity.auth.queries import name_of
from app.kernel import bulk, calendar, events, files
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import Conflict
from app.kernel.files import READ_ONLY, Received, Store

MOST_RECORDS = 20_000
"""Records of one package; what waits beyond goes into the next."""
_decode = msgspec.json.Decoder().decode


class NotByFile(Conflict):
    code = "not_by_file"
    message = "该通道不以文件报送"
    english = "This channel does not report by files."


class NothingPending(Conflict):
    code = "nothing_pending"
    message = "没有待报送的记录"
    english = "Nothing waits to be sent."


class Moved(Conflict):
    code = "records_moved"
    message = "制作期间有记录发生变动，请再试一次"
    english = "Records have changed while the package was made. Try again."


class NotOpen(Conflict):
    code = "package_not_open"
    message = "该包的回执已齐，或已作废"
    english = "The package has all its receipts, or is void."


@dataclass(frozen=True, slots=True)
class Ready:
    """A package that lies in the store and is not yet one of ours."""

    channel: str
    head: Head
    made: Made
    items: list[Item]
    received: Received


# -- making --------------------------------------------------------------------------------------------------------


def prepare(database: Database, store: Store, connections: Connections, code: str, form: str, district: str) -> Ready:
    """Make the files of all that waits, before the transaction: it may take seconds."""
    if settings_of(connections, code).mode != "file":
        raise NotByFile
    with database.snapshot() as connection:
        found = connection.execute(select(Channel.id, Channel.state).where(Channel.code == code)).one_or_none()
        if found is not None and found.state is ChannelState.PAUSED:
            raise ChannelPaused
        channel = None if found is None else found.id
        report = report_of(connection, code)
        rows = connection.execute(
            select(Record.id, Record.kind, Record.key, Record.wanted_version, Record.op, Record.wanted)
            .where(Record.channel_id == channel, Record.state == RecordState.PENDING, may_go())
            .order_by(Record.position)
            .limit(MOST_RECORDS)
        ).all()
        head = Head(_next_number(connection, code), code, district, form, calendar.now())
    if not rows:
        raise NothingPending
    items = [
        Item(row.id, row.kind, row.key, row.wanted_version, row.op, _content(row.wanted), row.wanted) for row in rows
    ]  # fmt: skip
    made = books.make(head, report, items)
    return Ready(code, head, made, items, _stored(store, made.data, f"{head.number}.zip"))


def _content(text: str | None) -> dict[str, object] | None:
    return None if text is None else _decode(text)


def _next_number(db: Connection | Session, code: str) -> str:
    begin = f"{code[:24]}-{calendar.today():%Y%m%d}-"
    many = db.execute(select(func.count()).where(Package.number.startswith(begin, autoescape=True))).scalar_one()
    return f"{begin}{many + 1:02d}"


def _stored(store: Store, data: bytes, name: str) -> Received:
    # Not by `receive`: archives are not let in from outside, and this one is our own.
    digest = sha256(data).hexdigest()
    store.incoming.mkdir(parents=True, exist_ok=True)
    handle, place = tempfile.mkstemp(dir=store.incoming, suffix=".making")
    temporary = Path(place)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fchmod(out.fileno(), READ_ONLY)
            os.fsync(out.fileno())
        path = store.publish(temporary, digest)
    finally:
        temporary.unlink(missing_ok=True)
    return Received(digest, len(data), "application/zip", "zip", name, path)


def keep(db: Session, actor: Actor, ready: Ready) -> Package:
    """Make what was prepared a package: its records have gone and wait for receipts. 409 if one changed meanwhile."""
    channel = desk.locked(db, {}, ready.channel)
    there = _present(db, [item.record_id for item in ready.items])
    if _next_number(db, ready.channel) != ready.head.number or any(
        there.get(item.record_id) != (item.version, RecordState.PENDING) for item in ready.items
    ):
        raise Moved
    files.keep(db, actor, ready.received)
    package = Package(
        channel_id=channel.id, number=ready.head.number, state="open", form=ready.head.form, records=len(ready.items),
        total_fen=ready.made.total_fen, digest=ready.received.sha256, manifest=ready.made.manifest,
        file=ready.received.sha256, made_at=ready.head.made_at, made_by=actor.id, made_by_name=name_of(db, actor)[:60],
    )  # fmt: skip
    db.add(package)
    db.flush()
    table, connection = bulk.table_of(PackageItem), db.connection()
    numbers = bulk.next_ids(connection, table, len(ready.items))
    bulk.insert(connection, table, [
        {
            "id": number, "package_id": package.id, "record_id": item.record_id, "version": item.version,
            "op": item.op, "content": item.text,
        }
        for number, item in zip(numbers, ready.items, strict=True)
    ])  # fmt: skip
    gone = {"state": RecordState.SENT, "package_id": package.id}
    bulk.change(connection, bulk.table_of(Record), [(item.record_id, gone) for item in ready.items])
    events.record(db, "municipal_package.made", package)
    return package


def _present(db: Session, ids: Sequence[int]) -> dict[int, tuple[int, RecordState]]:
    found: dict[int, tuple[int, RecordState]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        query = select(Record.id, Record.wanted_version, Record.state).where(
            Record.id.in_(wanted[start : start + 500])
        )  # fmt: skip
        for number, version, state in db.execute(query.order_by(Record.id).with_for_update()):
            found[number] = version, state
    return found


# -- answered, void ------------------------------------------------------------------------------------------------


def _open(db: Session, number: str) -> tuple[Channel, Package]:
    code = db.execute(
        select(Channel.code).join(Package, Package.channel_id == Channel.id).where(Package.number == number)
    ).scalar_one_or_none()
    if code is None:
        raise NoPackage
    channel = desk.locked(db, {}, code)
    package = db.scalars(select(Package).where(Package.number == number).with_for_update()).one()
    if package.state != "open":
        raise NotOpen
    return channel, package


def answer(
    db: Session, connections: Connections, number: str, items: Sequence[Item], told: Sequence[Receipt]
) -> dict[str, int]:
    """Apply the receipts of a file; the package is answered when no record of it waits any more."""
    channel, package = _open(db, number)
    now, settings = calendar.now(), settings_of(connections, channel.code)
    known = {(receipt.kind, receipt.key) for receipt in told}
    sent = [
        Sent(item.record_id, item.kind, item.key, item.version, item.op, item.text)
        for item in items
        if (item.kind, item.key) in known
    ]
    taken = receipts.take(db, channel, settings, sent, told, now)
    _go_on(db, package, {one.record_id: one.version for one in sent})
    waiting = _waiting(db, package)
    if not waiting:
        package.state, package.answered_at = "answered", now
    db.flush()
    contacts.keep(db, channel.id, "receipts", number, now, calendar.now(), Ended("done"), len(told), taken)
    events.record(db, "municipal_package.receipts_taken", package, accepted=taken.accepted, rejected=taken.rejected)
    return {
        "accepted": taken.accepted, "rejected": taken.rejected, "again": taken.again + taken.missing + taken.lost,
        "waiting": waiting,
    }  # fmt: skip


def _go_on(db: Session, package: Package, told: dict[int, int]) -> None:
    """What has had its receipt leaves the package; what has changed since it was put in waits for the next one."""
    rows = db.execute(
        select(Record.id, Record.state, Record.wanted_version).where(Record.package_id == package.id)
    ).all()  # fmt: skip
    later = [
        row.id
        for row in rows
        if row.id in told and (row.state is not RecordState.SENT or row.wanted_version != told[row.id])
    ]
    overtaken = {row.id for row in rows if row.state is RecordState.SENT}
    desk.release(db, [number for number in later if number in overtaken])
    table = bulk.table_of(Record)
    gone = [(number, {"package_id": None}) for number in later if number not in overtaken]
    bulk.change(db.connection(), table, gone)


def _waiting(db: Session, package: Package) -> int:
    waits = Record.package_id == package.id, Record.state == RecordState.SENT
    return db.execute(select(func.count()).where(*waits)).scalar_one()


def void(db: Session, number: str, reason: str) -> Package:
    """Declare a package void: what waited in it is pending again."""
    _, package = _open(db, number)
    waits = Record.package_id == package.id, Record.state == RecordState.SENT
    desk.release(db, db.execute(select(Record.id).where(*waits).order_by(Record.id)).scalars().all())
    package.state, package.reason = "void", reason
    db.flush()
    events.record(db, "municipal_package.voided", package, reason=reason)
    return package
