"""What the sandbox makes of a batch: the contract's rule of versions, and a receipt for each record."""

import hashlib
import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from app.exchange.municipal.sandbox.faults import Fate, Faults
from app.exchange.municipal.sandbox.store import told
from app.exchange.municipal.wire.contract import (
    PAYLOADS,
    Batch,
    Delivery,
    HeldPage,
    HeldRecord,
    Operation,
    Receipt,
    RecordKind,
    Result,
    idempotency_key,
)
from app.kernel.chain import canonical

LONG_AFTER = timedelta(days=365)
"""Receipts that nobody asked for yet."""


def take(db: sqlite3.Connection, batch: Batch, fate: Fate, faults: Faults, check: bool, now: datetime) -> list[Receipt]:
    """Take in a batch. `check`: payloads are ours, unmapped, and must be as the contract says."""
    receipts = []
    for delivery in batch.records:
        drawn = fate.dice.random()
        if drawn < faults.later:
            wait = LONG_AFTER if faults.later_seconds is None else timedelta(seconds=faults.later_seconds)
            values = (told(now + wait), batch.batch, delivery.model_dump_json())
            db.execute("insert into later (due, batch, delivery) values (?, ?, ?)", values)
            receipts.append(_receipt(db, batch.batch, delivery, Result.RECEIVED, now))
        elif drawn < faults.later + faults.retry:
            receipts.append(_receipt(db, batch.batch, delivery, Result.RETRY, now))
        else:
            receipts.append(take_one(db, batch.batch, delivery, faults, check, now))
    return receipts


def take_one(
    db: sqlite3.Connection, batch: str, delivery: Delivery, faults: Faults, check: bool, now: datetime
) -> Receipt:
    """A newer version is taken, the same is known already, what is older is told to be so."""
    if wrong := _wrong(delivery, faults, check):
        code, field, message = wrong
        return _receipt(db, batch, delivery, Result.REJECTED, now, code=code, field=field, message=message)
    held = _held(db, delivery)
    if held is not None and delivery.version <= held[0]:
        same = held == (delivery.version, delivery.op, digest(delivery.payload))
        return _receipt(db, batch, delivery, Result.DUPLICATE if same else Result.STALE, now)
    db.execute(
        "insert or replace into held (kind, key, version, op, digest, payload, at) values (?, ?, ?, ?, ?, ?, ?)",
        (
            delivery.kind, delivery.key, delivery.version, delivery.op, digest(delivery.payload),
            None if delivery.payload is None else canonical(delivery.payload).decode(), told(now),
        ),
    )  # fmt: skip
    return _receipt(db, batch, delivery, Result.ACCEPTED, now)


def place(db: sqlite3.Connection, record: HeldRecord, now: datetime) -> None:
    """Hold a record as told, whatever was held."""
    db.execute(
        "insert or replace into held (kind, key, version, op, digest, payload, at) values (?, ?, ?, ?, ?, ?, ?)",
        (
            record.kind, record.key, record.version, record.op, digest(record.payload),
            None if record.payload is None else canonical(record.payload).decode(), told(now),
        ),
    )  # fmt: skip


def page(rows: list[tuple[Any, ...]], limit: int) -> HeldPage:
    """Rows of `PAGE` as a page; one row more than `limit` says that there is another."""
    items = [
        HeldRecord(
            kind=kind, key=key, version=version, op=op,
            digest=None if payload is None else hashed, payload=None if payload is None else json.loads(payload),
        )
        for kind, key, version, op, hashed, payload in rows[:limit]
    ]  # fmt: skip
    last = items[-1] if len(rows) > limit else None
    return HeldPage(items=items, next=None if last is None else f"{last.kind}/{last.key}")


PAGE = """select kind, key, version, op, digest, payload from held
          where (kind, key) > (?, ?) order by kind, key limit ?"""


def digest(payload: dict[str, Any] | None) -> str:
    """SHA-256 of the payload as canonical JSON: keys sorted, no blanks, UTF-8."""
    return hashlib.sha256(canonical(payload)).hexdigest()


def _wrong(delivery: Delivery, faults: Faults, check: bool) -> tuple[str, str | None, str] | None:
    """Code, field and reason of a rejection."""
    if delivery.idempotency_key != idempotency_key(delivery.kind, delivery.key, delivery.version):
        return "idempotency_key", "idempotency_key", "幂等键应为 kind/key/version"
    if (delivery.payload is None) is not (delivery.op is Operation.DELETE):
        return "payload", "payload", "op 为 put 时须有载荷，为 delete 时须为空"
    if delivery.payload is None:
        return None
    for rule in faults.rules:
        if rule.kind in (None, delivery.kind) and delivery.payload.get(rule.field) == rule.value:
            return rule.code, rule.field, rule.message
    if check:
        try:
            PAYLOADS[delivery.kind].model_validate(delivery.payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            field = ".".join(map(str, first["loc"]))[:64]
            return "invalid", field, f"{field} 不合约定：{first['msg']}"[:500]
    return None


def _held(db: sqlite3.Connection, delivery: Delivery) -> tuple[int, str, str] | None:
    found: tuple[int, str, str] | None = db.execute(
        "select version, op, digest from held where kind = ? and key = ?", (delivery.kind, delivery.key)
    ).fetchone()
    return found


def _receipt(
    db: sqlite3.Connection,
    batch: str,
    delivery: Delivery,
    result: Result,
    now: datetime,
    *,
    code: str | None = None,
    field: str | None = None,
    message: str | None = None,
) -> Receipt:
    line = db.execute(
        "insert into journal (at, batch, kind, key, version, op, digest, result, code)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            told(now), batch, delivery.kind, delivery.key, delivery.version, delivery.op, digest(delivery.payload),
            result, code,
        ),
    ).lastrowid  # fmt: skip
    held = _held(db, delivery)
    return Receipt(
        kind=RecordKind(delivery.kind),
        key=delivery.key,
        version=delivery.version,
        result=result,
        held_version=None if held is None else held[0],
        receipt_no=f"HZ{now:%Y%m%d}{line:08d}",
        code=code,
        field=field,
        message=message,
    )
