"""What the city should hold, compared with what is written down that it should: only differences are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, null, select, update

from app.exchange.municipal.mapping import digest_of
from app.exchange.municipal.models import Record, RecordState
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.kernel import bulk
from app.kernel.among import among, numbers
from app.kernel.db import Instant
from app.kernel.statements import Statement

RECORD = bulk.table_of(Record)
Key = tuple[str, str]
"""Kind and key."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record as far as it is compared."""

    id: int
    op: str
    digest: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes out of a record, as text; None for a tombstone."""

    text: str | None
    project_id: int | None = None


_columns = select(Record.kind, Record.key, Record.id, Record.op, Record.digest).where(
    Record.channel_id == bindparam("channel")
)
_of_projects = Statement(_columns.where(among(Record.project_id, "projects")))
_orphans = Statement(_columns.where(Record.project_id.is_(None), Record.kind != RecordKind.WEEK))
_of_kind = Statement(_columns.where(Record.kind == bindparam("kind")))


def of_projects(connection: Connection, channel: int, projects: Sequence[int]) -> dict[Key, Known]:
    """The records of these projects and their funds."""
    rows = _of_projects.rows(connection, {"channel": channel, "projects": numbers(projects)})
    return {(kind, key): Known(*row) for kind, key, *row in rows}


def orphans(connection: Connection, channel: int) -> dict[Key, Known]:
    """Tombstones of what the city held and we knew nothing of; what is restored or entered anew may have their keys."""
    rows = _orphans.rows(connection, {"channel": channel})
    return {(kind, key): Known(*row) for kind, key, *row in rows}


def may_go() -> ColumnElement[bool]:
    """All but what has been sealed and is not dropped from the records yet: its tombstone follows soon."""
    sealed = exists().where(Project.id == Record.project_id, Project.confidentiality == Confidentiality.SEALED)
    return (Record.op == Operation.DELETE) | ~sealed


def of_weeks(connection: Connection, channel: int) -> dict[Key, Known]:
    """The records of all weeks."""
    rows = _of_kind.rows(connection, {"channel": channel, "kind": RecordKind.WEEK})
    return {(kind, key): Known(*row) for kind, key, *row in rows}


def settle(
    connection: Connection, channel: int, position: int, now: datetime, known: Mapping[Key, Known],
    wanted: Mapping[Key, Wanted],
) -> int:  # fmt: skip
    """Write down what differs; gives the channel's new position. What is known and not wanted becomes a tombstone.

    Every difference is a version more of its record and a position more of its channel, whose row the caller holds.
    """
    changes: list[tuple[Key, Known | None, Wanted, str]] = []
    for key, want in wanted.items():
        there, digest = known.get(key), digest_of(want.text)
        if there is None or there.digest != digest:
            changes.append((key, there, want, digest))
    gone, nothing = Wanted(None), digest_of(None)
    changes += [
        (key, there, gone, nothing)
        for key, there in known.items()
        if key not in wanted and there.op == Operation.PUT
    ]  # fmt: skip
    changes.sort(key=_order)
    places = range(position + 1, position + 1 + len(changes))
    _add(connection, channel, now, [(p, c) for p, c in zip(places, changes, strict=True) if c[1] is None])
    _renew(connection, now, [(p, c) for p, c in zip(places, changes, strict=True) if c[1] is not None])
    return position + len(changes)


_RANK = {RecordKind.PROJECT: 0, RecordKind.FUND: 1, RecordKind.WEEK: 2}
Change = tuple[Key, Known | None, Wanted, str]


def _order(change: Change) -> tuple[bool, int]:
    # A project comes before its funds, and goes after them.
    (kind, _), _, want, _ = change
    rank = _RANK[RecordKind(kind)]
    return (True, rank) if want.text is not None else (False, -rank)


def _add(connection: Connection, channel: int, now: datetime, changes: Sequence[tuple[int, Change]]) -> None:
    empty = dict.fromkeys(bulk.names_of(RECORD))
    ids = bulk.next_ids(connection, RECORD, len(changes))
    bulk.insert(connection, RECORD, [
        {
            **empty, "id": number, "channel_id": channel, "kind": kind, "key": key, "project_id": want.project_id,
            "op": Operation.PUT, "wanted_version": 1, "wanted": want.text, "digest": digest, "wanted_at": now,
            "position": place, "held_version": 0, "state": RecordState.PENDING, "attempts": 0, "next_try": now,
        }
        for number, (place, ((kind, key), _, want, digest)) in zip(ids, changes, strict=True)
    ])  # fmt: skip


# In the database, since the courier writes what the city has answered at the same time: it decides what is read here.
# A tombstone does not wait for the receipt of what went before.
_waits = and_(Record.state == RecordState.SENT, bindparam("to_op", type_=Record.op.type) != Operation.DELETE)
_renewal = Statement(
    update(Record)
    .where(Record.id == bindparam("record"))
    .values(
        held=case((Record.held_version == Record.wanted_version, Record.wanted), else_=Record.held),
        op=bindparam("to_op", type_=Record.op.type),
        wanted_version=Record.wanted_version + 1,
        wanted=bindparam("to_wanted"),
        digest=bindparam("to_digest"),
        wanted_at=bindparam("at", type_=Instant),
        position=bindparam("to_position"),
        # One whose receipt is awaited goes again when that has come.
        state=case((_waits, Record.state), else_=RecordState.PENDING),
        attempts=case((_waits, Record.attempts), else_=0),
        next_try=case((_waits, Record.next_try), else_=bindparam("at", type_=Instant)),
        package_id=case((_waits, Record.package_id), else_=null()),
        project_id=func.coalesce(Record.project_id, bindparam("project", type_=Record.project_id.type)),
        code=null(),
        field=null(),
        reason=null(),
    )
)


def _renew(connection: Connection, now: datetime, changes: Iterable[tuple[int, Change]]) -> None:
    lines: list[dict[str, Any]] = []
    for place, (_, there, want, digest) in changes:
        assert there is not None
        op = Operation.DELETE if want.text is None else Operation.PUT
        lines.append(
            {"record": there.id, "to_op": op, "to_wanted": want.text, "to_digest": digest, "to_position": place,
             "at": now, "project": want.project_id}
        )  # fmt: skip
    if lines:
        # In the order of their numbers, as the courier locks them.
        _renewal.run(connection, sorted(lines, key=lambda line: line["record"]))
