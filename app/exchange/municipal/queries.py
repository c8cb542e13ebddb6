"""Channels, records and contacts as the officer sees them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from app.exchange.municipal.channels import Connection as Settings
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.circuit import Circuit, Passage
from app.exchange.municipal.models import Channel, ChannelState, Contact, Package, Record, RecordState
from app.exchange.municipal.schemas import ContactFilter, RecordFilter
from app.exchange.municipal.wire.contract import RecordKind
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.kernel import calendar, chain
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import Conflict, NotFound
from app.kernel.paging import EVERYTHING, Listing, Where

Reader = Connection | Session


class NoChannel(NotFound):
    code = "no_channel"
    message = "没有这个上报通道"
    english = "There is no such channel."


class ChannelPaused(Conflict):
    code = "channel_paused"
    message = "该通道已暂停上报"
    english = "This channel is paused: nothing goes over it."


class NoRecord(NotFound):
    code = "no_record"
    message = "没有这条上报记录"
    english = "There is no such record."


# -- channels ------------------------------------------------------------------------------------------------------

CIRCUITS = {Passage.CLOSED: "closed", Passage.OPEN: "open", Passage.PROBE: "half_open"}


def channels(connection: Connection, _actor: Actor, connections: Connections) -> dict[str, Any]:
    """The dashboard of every channel that has settings or a row."""
    return {"items": _dashboards(connection, connections, None)}


def channel(connection: Connection, _actor: Actor, connections: Connections, code: str) -> dict[str, Any]:
    """That of one; 404 when nobody knows it."""
    found = _dashboards(connection, connections, code)
    if not found:
        raise NoChannel
    return found[0]


def settings_of(connections: Connections, code: str) -> Settings:
    """The settings of a channel; 404 when this machine has none."""
    found = connections.get(code)
    if found is None:
        raise NoChannel
    return found


def _dashboards(connection: Connection, connections: Connections, code: str | None) -> list[dict[str, Any]]:
    table = Channel.__table__
    query = select(table) if code is None else select(table).where(table.c.code == code)
    rows = {row.code: row for row in connection.execute(query)}
    codes = sorted({*rows, *connections} if code is None else {*rows, *({code} & set(connections))})
    ids = [row.id for row in rows.values()]
    counts, oldest = _counts(connection, ids)
    now = calendar.now()
    hour, day = (
        _accepted(connection, ids, now - timedelta(hours=1)),
        _accepted(connection, ids, now - timedelta(days=1)),
    )
    head, _ = chain.head(connection)
    return [
        _dashboard(connections.get(one), rows.get(one), one, counts, oldest, (hour, day), head, now) for one in codes
    ]


def _counts(
    connection: Connection, ids: Collection[int]
) -> tuple[Mapping[int, Mapping[RecordKind, Mapping[RecordState, int]]], Mapping[int, datetime]]:
    counts: dict[int, dict[RecordKind, dict[RecordState, int]]] = defaultdict(lambda: defaultdict(dict))
    oldest: dict[int, datetime] = {}
    query = (
        select(Record.channel_id, Record.kind, Record.state, func.count().label("many"), func.min(Record.wanted_at))
        .where(Record.channel_id.in_(ids))
        .group_by(Record.channel_id, Record.kind, Record.state)
    )
    for channel_id, kind, state, many, since in connection.execute(query):
        counts[channel_id][kind][state] = many
        if state is RecordState.PENDING:
            oldest[channel_id] = min(since, oldest.get(channel_id, since))
    return counts, oldest


def _accepted(connection: Connection, ids: Collection[int], since: datetime) -> Mapping[int, int]:
    query = (
        select(Contact.channel_id, func.sum(Contact.accepted))
        .where(Contact.channel_id.in_(ids), Contact.started_at >= since)
        .group_by(Contact.channel_id)
    )
    return {channel_id: int(many) for channel_id, many in connection.execute(query)}


def _dashboard(
    settings: Settings | None, row: Any, code: str, counts: Mapping[int, Any], oldest: Mapping[int, datetime],
    rates: tuple[Mapping[int, int], Mapping[int, int]], head: int, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    number = 0 if row is None else row.id
    of = counts.get(number, {})
    circuit = Circuit() if row is None else Circuit(row.failures, row.open_until, row.probing_until)
    since = oldest.get(number)
    totals = {state: sum(by_state.get(state, 0) for by_state in of.values()) for state in RecordState}
    return {
        "code": code,
        "name": None if settings is None else settings.name,
        "mode": None if settings is None else settings.mode,
        "host": _host(settings),
        "state": ChannelState.ACTIVE if row is None else row.state,
        "state_reason": None if row is None else row.state_reason,
        "circuit": {
            "state": CIRCUITS[circuit.passage(now)],
            "failures": circuit.failures,
            "open_until": _text(circuit.open_until),
        },
        "records": [
            {"kind": kind, **{s.value: of.get(kind, {}).get(s, 0) for s in RecordState}} for kind in RecordKind
        ],
        "backlog": {
            "records": totals[RecordState.PENDING],
            "since": _text(since),
            "seconds": None if since is None else max(0, int((now - since).total_seconds())),
        },
        "rejected": totals[RecordState.REJECTED],
        "rate": {"last_hour": rates[0].get(number, 0), "last_day": rates[1].get(number, 0)},
        "contacted_at": None if row is None else _text(row.contacted_at),
        "succeeded_at": None if row is None else _text(row.succeeded_at),
        "failure": None if row is None else row.failure,
        "behind": max(0, head - (0 if row is None else row.cursor)),
        "position": 0 if row is None else row.position,
    }


def _host(settings: Settings | None) -> str | None:
    # Not the whole address: a path or a query may hold what only the machine should know.
    if settings is None or settings.address is None:
        return None
    address = settings.address
    usual = {"http": 80, "https": 443}.get(address.scheme)
    return f"{address.host}" if address.port in (None, usual) else f"{address.host}:{address.port}"


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


# -- records -------------------------------------------------------------------------------------------------------

_decode = msgspec.json.Decoder().decode


def _records(*more: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Record.id,
            Channel.code.label("channel"),
            Record.kind,
            Record.key,
            Project.code.label("project"),
            Record.op,
            Record.state,
            Record.wanted_version,
            Record.wanted_at,
            Record.held_version,
            Record.held_at,
            Record.receipt_no,
            Record.code,
            Record.field,
            Record.reason,
            Record.attempts,
            Record.next_try,
            Record.position,
            Record.project_id.label("project_id"),
            *more,
        )
        .select_from(Record)
        .join(Channel, Channel.id == Record.channel_id)
        .outerjoin(Project, Project.id == Record.project_id)
    )


RECORDS = Listing(
    name="municipal_records",
    asked=RecordFilter,
    source=_records(),
    key=Record.__table__.c.id,
    sorts={"id": Record.__table__.c.id, "wanted_at": Record.__table__.c.wanted_at},
    filters={
        "channel": Where(lambda value: Channel.code == value),
        "state": Where(lambda value: Record.state == value),
        "kind": Where(lambda value: Record.kind == value),
        "project": Where(lambda value: Project.code == value),
        "code": Where(lambda value: Record.code == value),
    },
    default_sort="-id",
)


def records(connection: Connection, actor: Actor, q: RecordFilter) -> dict[str, Any]:
    """A page of records; those of projects that the actor may not see without a word of what they are."""
    # By the code of a project one finds only what one may see.
    found = RECORDS.found(connection, q, EVERYTHING if q.project is None else projects.sight(actor))
    seen = visible_projects(connection, actor, (row["project_id"] for row in found["items"]))
    found["items"] = [_row(row, seen) for row in found["items"]]
    return found


def visible_projects(db: Reader, actor: Actor, ids: Iterable[int | None]) -> set[int]:
    """Which of these projects the actor may see."""
    wanted = sorted({number for number in ids if number is not None})
    seen: set[int] = set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        seen.update(db.execute(select(Project.id).where(Project.id.in_(part), projects.visible(actor))).scalars())
    return seen


def _row(row: dict[str, Any], seen: Collection[int]) -> dict[str, Any]:
    project_id = row.pop("project_id")
    withheld = project_id is not None and project_id not in seen
    told = row | {"withheld": withheld}
    if withheld:
        # The city's words may name it, too.
        told |= dict.fromkeys(("key", "project", "field", "reason", "receipt_no"))
    if row["state"] not in (RecordState.PENDING, RecordState.SENT):
        told["next_try"] = None
    return told


_MORE = (Record.wanted, Record.held_op, Record.held, Package.number.label("package"))


def _whole() -> Select[*tuple[Any, ...]]:
    return _records(*_MORE).outerjoin(Package, Package.id == Record.package_id)


def record(connection: Reader, actor: Actor, record_id: int) -> dict[str, Any]:
    """One record with its content."""
    found = _found(connection, actor, _whole().where(Record.id == record_id))
    if not found:
        raise NoRecord
    return found[0]


def of_project(connection: Connection, actor: Actor, code: str) -> dict[str, Any]:
    """What every channel's city holds and should hold of a project and its funds; 404 as the project is seen."""
    project = projects.get(connection, actor, code)
    query = _whole().where(Record.project_id == project.id)
    return {"items": _found(connection, actor, query.order_by(Channel.code, Record.kind.desc(), Record.id))}


def _found(db: Reader, actor: Actor, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    rows = [dict(row._mapping) for row in db.execute(query)]
    seen = visible_projects(db, actor, (row["project_id"] for row in rows))
    return [_with_content(row, seen) for row in rows]


def _with_content(row: dict[str, Any], seen: Collection[int]) -> dict[str, Any]:
    for name in ("wanted_at", "held_at", "next_try"):
        row[name] = _text(row[name])
    # What is held is kept only where it differs from what is wanted.
    same = row["held_version"] == row["wanted_version"]
    wanted = None if row["wanted"] is None else _decode(row["wanted"])
    held = wanted if same else None if row["held"] is None else _decode(row["held"])
    told = _row(row, seen)
    if told["withheld"]:
        return told | {"wanted": None, "held": None, "differences": []}
    return told | {"wanted": wanted, "held": held, "differences": differing(wanted, held) if held else []}


def differing(ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The fields in which two payloads differ, in the order of ours."""
    mine, other = ours or {}, theirs or {}
    names = [*mine, *(name for name in other if name not in mine)]
    return [
        {"field": name, "ours": mine.get(name), "theirs": other.get(name)}
        for name in names
        if mine.get(name) != other.get(name)
    ]


# -- contacts ------------------------------------------------------------------------------------------------------

CONTACTS = Listing(
    name="municipal_contacts",
    asked=ContactFilter,
    source=select(
        Contact.id, Channel.code.label("channel"), Contact.what, Contact.batch, Contact.started_at, Contact.ended_at,
        Contact.outcome, Contact.status, Contact.code, Contact.reason, Contact.records, Contact.accepted,
        Contact.rejected,
    ).join(Channel, Channel.id == Contact.channel_id),
    key=Contact.__table__.c.id,
    sorts={"id": Contact.__table__.c.id},
    filters={
        "channel": Where(lambda value: Channel.code == value),
        "what": Where(lambda value: Contact.what == value),
        "outcome": Where(lambda value: Contact.outcome == value),
    },
    default_sort="-id",
)  # fmt: skip


def contacts(connection: Connection, _actor: Actor, q: ContactFilter) -> bytes:
    """A page of what was said, refused, failed."""
    return CONTACTS.page(connection, q)
