"""Reconciling, and putting right what differs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal import contacts
from app.exchange.municipal import queries as desk
from app.exchange.municipal import service as sending
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.mapping import digest_of
from app.exchange.municipal.models import Channel, Reconciliation, Record, RecordState
from app.exchange.municipal.reconciliations import queries, reading
from app.exchange.municipal.reconciliations.compare import Comparison, Difference, Theirs, What, compare
from app.exchange.municipal.reconciliations.queries import NoReconciliation
from app.exchange.municipal.reconciliations.reading import CityFailed
from app.exchange.municipal.reconciliations.schemas import PutRightOut, ReconciliationIn
from app.exchange.municipal.wire.contract import HeldRecord, Operation, RecordKind
from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project
from app.identity.auth.queries import name_of
from app.kernel import calendar, events
from app.kernel.access import Actor
from app.kernel.db import Database, instant_text
from app.kernel.errors import Conflict, Invalid
from app.kernel.secrets import new_token

MOST_KEPT = 10_000
"""Differences that are kept of one reconciliation."""
LONGEST_SHOWN = 200


class NothingToAsk(Conflict):
    code = "nothing_to_ask"
    message = "该通道没有可询问的市级接口，请提供清单或文件"
    english = "This channel has no municipal interface to ask. Give a list or a file."


class AlreadyResent(Conflict):
    code = "already_resent"
    message = "已据此次对账重报，请再次对账"
    english = "This reconciliation was acted upon. Reconcile again."


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison, ready to be kept."""

    channel: str
    source: str
    found: Comparison
    kept: list[dict[str, Any]]
    at: datetime


# -- comparing: slow, before the transaction -----------------------------------------------------------------------


def gather(database: Database, connections: Connections, body: ReconciliationIn) -> Result:
    """Learn what the city holds and compare it. Outside of any transaction: a city may take its time."""
    settings = desk.settings_of(connections, body.channel)
    with database.reading() as connection:
        queries.channel_id(connection, body.channel)
    if body.held is not None:
        return _compared(database, body.channel, "list", reading.listed(body.held), body.kinds, body.as_of)
    if settings.address is None or settings.mode == "file":
        raise NothingToAsk
    started = calendar.now()
    try:
        held = _believed(reading.ask(settings))
    except CityFailed as problem:
        _tell(database, connections, body.channel, started, problem)
        raise
    _tell(database, connections, body.channel, started, None, len(held))
    return _compared(database, body.channel, "asked", held, body.kinds, started)


def from_file(
    database: Database, connections: Connections, code: str, data: bytes, filename: str,
    kinds: tuple[RecordKind, ...], as_of: datetime | None,
) -> Result:  # fmt: skip
    """The same with a file."""
    desk.settings_of(connections, code)
    with database.reading() as connection:
        queries.channel_id(connection, code)
        report = queries.report_of(connection, code)
    theirs = reading.read(data, filename, report)
    return _compared(database, code, "file", theirs, kinds, as_of)


def _believed(held: Sequence[HeldRecord]) -> list[Theirs]:
    try:
        return reading.listed(held)
    except Invalid as problem:
        raise CityFailed(problem.said, "refused", "malformed", 200) from None


def _tell(
    database: Database, connections: Connections, code: str, started: datetime, problem: CityFailed | None,
    records: int = 0,
) -> None:  # fmt: skip
    ended = contacts.Ended("done", 200)
    if problem is not None:
        ended = contacts.Ended(problem.outcome, problem.http, problem.why, problem.reason)
    with database.unit_of_work() as db:
        number = db.execute(select(Channel.id).where(Channel.code == code)).scalar_one()
        now = calendar.now()
        contacts.keep(db, number, "held", new_token("q")[:32], started, now, ended, records)
        contacts.count(db, number, connections[code], now, ended)


def _compared(
    database: Database, code: str, source: str, theirs: Sequence[Theirs], kinds: tuple[RecordKind, ...],
    as_of: datetime | None,
) -> Result:  # fmt: skip
    now = calendar.now()
    moment = as_of or now
    if moment > now:
        raise Invalid.field("as_of", "future", "不得晚于现在")
    with database.snapshot() as connection:
        channel = queries.channel_id(connection, code)
        found = compare(
            queries.ours(connection, channel, kinds, moment), (one for one in theirs if one.kind in kinds)
        )  # fmt: skip
        kept = _projects_found(connection, found.differences[:MOST_KEPT])
    return Result(code, source, found, [_kept(one) for one in kept], now)


def _projects_found(connection: Any, differences: Sequence[Difference]) -> list[Difference]:
    """Each with the project it is about, also where only the city holds it: who may not see that is not told of it."""
    unknown = [one for one in differences if one.project_id is None and one.kind is not RecordKind.WEEK]
    by_code = _numbered(
        connection, Project.code, Project.id, [one.key for one in unknown if one.kind is RecordKind.PROJECT]
    )  # fmt: skip
    entries = [int(one.key) for one in unknown if one.kind is RecordKind.FUND and _is_number(one.key)]
    by_fund = _numbered(connection, FundEntry.id, FundEntry.project_id, entries)

    def project(one: Difference) -> int | None:
        if one.project_id is not None or one.kind is RecordKind.WEEK:
            return one.project_id
        if one.kind is RecordKind.PROJECT:
            return by_code.get(one.key)
        return by_fund.get(int(one.key)) if _is_number(one.key) else None

    return [replace(one, project_id=project(one)) for one in differences]


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 19


def _numbered(connection: Any, by: Any, what: Any, keys: Sequence[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for start in range(0, len(keys), 500):
        rows = connection.execute(select(by, what).where(by.in_(keys[start : start + 500])))
        found.update((row[0], row[1]) for row in rows)
    return found


def _kept(one: Difference) -> dict[str, Any]:
    fields = [{name: _shown(value) for name, value in field.items()} for field in one.fields[:50]]
    return {
        "what": one.what.value, "kind": one.kind.value, "key": one.key, "record": one.record_id,
        "project_id": one.project_id, "ours": one.ours, "theirs": one.theirs, "fields": fields,
    }  # fmt: skip


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    if value is None or isinstance(value, int | bool):
        return value
    return _shown(msgspec.json.encode(value).decode())


# -- keeping -------------------------------------------------------------------------------------------------------


def store(db: Session, actor: Actor, result: Result) -> Reconciliation:
    """Keep what a comparison found."""
    found = result.found
    kept = Reconciliation(
        channel_id=queries.channel_id(db, result.channel), source=result.source, made_at=result.at,
        made_by=actor.id, made_by_name=name_of(db, actor)[:60], compared=found.compared,
        missing_there=found.count(What.MISSING_THERE), missing_here=found.count(What.MISSING_HERE),
        different=found.count(What.DIFFERENT), older=found.count(What.OLDER),
        newer_there=found.count(What.NEWER_THERE), in_flight=found.in_flight, rejected=found.rejected,
        truncated=len(found.differences) > len(result.kept), differences=result.kept,
    )  # fmt: skip
    db.add(kept)
    db.flush()
    events.record(db, "municipal_reconciliation.made", kept)
    return kept


# -- putting right -------------------------------------------------------------------------------------------------


def put_right(db: Session, number: int, reason: str) -> PutRightOut:
    """Send again exactly what differs, each under a version later than both have; what only the city holds goes there
    as a tombstone. What has changed here since is on its way already."""
    code = db.execute(
        select(Channel.code).join(Reconciliation, Reconciliation.channel_id == Channel.id).where(
            Reconciliation.id == number
        )
    ).scalar_one_or_none()  # fmt: skip
    if code is None:
        raise NoReconciliation
    channel = sending.locked(db, {}, code)
    kept = db.scalars(select(Reconciliation).where(Reconciliation.id == number).with_for_update()).one()
    if kept.resent_at is not None:
        raise AlreadyResent
    rows = {(row["kind"], row["key"]): row for row in kept.differences}
    unknown = [row for row in rows.values() if row["record"] is None]
    known = [row for row in rows.values() if row["record"] is not None]
    versions = _present(db, [row["record"] for row in known])
    due = [row for row in known if versions.get(row["record"]) == row["ours"]]
    sending.again(db, channel, [row["record"] for row in due], {row["record"]: row["theirs"] or 0 for row in due})
    removed = sum(_tombstone(db, channel, row) for row in unknown)
    kept.resent_at = calendar.now()
    db.flush()
    events.record(db, "municipal_reconciliation.resent", kept, reason=reason, records=len(due) + removed)
    skipped = len(known) - len(due) + len(unknown) - removed
    return PutRightOut(resent=len(due) + removed, removed=removed, skipped=skipped)


def _present(db: Session, ids: Sequence[int]) -> dict[int, int]:
    return _numbered(db, Record.id, Record.wanted_version, ids)


def _tombstone(db: Session, channel: Channel, row: dict[str, Any]) -> bool:
    """A row for what only the city holds; False when there is one by now."""
    kind = RecordKind(row["kind"])
    there = select(Record.id).where(Record.channel_id == channel.id, Record.kind == kind, Record.key == row["key"])
    if db.execute(there).one_or_none() is not None:
        return False
    now, theirs = calendar.now(), row["theirs"] or 0
    channel.position += 1
    db.add(
        Record(
            channel_id=channel.id, kind=kind, key=row["key"], project_id=row["project_id"], op=Operation.DELETE,
            wanted_version=theirs + 1, wanted=None, digest=digest_of(None), wanted_at=now, position=channel.position,
            held_version=theirs, held_op=Operation.PUT, held_at=None, state=RecordState.PENDING, attempts=0,
            next_try=now,
        )
    )  # fmt: skip
    db.flush()
    return True


def told(db: Session, actor: Actor, kept: Reconciliation) -> dict[str, Any]:
    """A reconciliation that was just made."""
    found = queries.one(db, actor, kept.id)
    return found | {"made_at": instant_text(found["made_at"])}
