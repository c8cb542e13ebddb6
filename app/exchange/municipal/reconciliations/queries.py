"""Reconciliations as they are seen."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session

from app.exchange.municipal.models import Channel, Reconciliation, Record, RecordState
from app.exchange.municipal.queries import NoChannel, visible_projects
from app.exchange.municipal.reconciliations.compare import Ours
from app.exchange.municipal.reconciliations.schemas import DifferenceQuery, ReconciliationFilter
from app.exchange.municipal.rules import REPORTED, Report
from app.exchange.municipal.wire.contract import RecordKind
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Where

Reader = Connection | Session
_decode = msgspec.json.Decoder().decode


class NoReconciliation(NotFound):
    code = "no_reconciliation"
    message = "没有这次对账"
    english = "There is no such reconciliation."


_COLUMNS: tuple[Any, ...] = (
    Reconciliation.id, Channel.code.label("channel"), Reconciliation.source, Reconciliation.made_at,
    Reconciliation.made_by_name.label("made_by"), Reconciliation.compared, Reconciliation.missing_there,
    Reconciliation.missing_here, Reconciliation.different, Reconciliation.older, Reconciliation.newer_there,
    Reconciliation.in_flight, Reconciliation.rejected, Reconciliation.truncated, Reconciliation.resent_at,
)  # fmt: skip
_source = select(*_COLUMNS).join(Channel, Channel.id == Reconciliation.channel_id)

RECONCILIATIONS = Listing(
    name="municipal_reconciliations",
    asked=ReconciliationFilter,
    source=_source,
    key=Reconciliation.__table__.c.id,
    sorts={"id": Reconciliation.__table__.c.id},
    filters={"channel": Where(lambda value: Channel.code == value)},
    default_sort="-id",
)


def page(connection: Connection, _actor: Actor, q: ReconciliationFilter) -> bytes:
    """A page of reconciliations."""
    return RECONCILIATIONS.page(connection, q)


def one(db: Reader, _actor: Actor, number: int) -> dict[str, Any]:
    """One of them: how many records differ, and how."""
    row = db.execute(_source.where(Reconciliation.id == number)).one_or_none()
    if row is None:
        raise NoReconciliation
    return dict(row._mapping)


def differences(connection: Connection, actor: Actor, number: int, q: DifferenceQuery) -> dict[str, Any]:
    """A page of what differs. Of records of projects that the actor may not see no more than that they do."""
    found = connection.execute(select(Reconciliation.differences).where(Reconciliation.id == number)).one_or_none()
    if found is None:
        raise NoReconciliation
    chosen = [row for row in found.differences if q.what is None or row["what"] == q.what]
    rows = chosen[q.after : q.after + q.limit]
    seen = visible_projects(connection, actor, (row["project_id"] for row in rows))
    following = q.after + q.limit
    return {
        "items": [_row(row, seen) for row in rows],
        "next": following if following < len(chosen) else None,
        "total": len(chosen),
    }


def _row(row: dict[str, Any], seen: Collection[int]) -> dict[str, Any]:
    told = dict(row)
    project_id = told.pop("project_id")
    withheld = project_id is not None and project_id not in seen
    if withheld:
        told |= {"key": None, "fields": []}
    return told | {"withheld": withheld}


# -- ours ----------------------------------------------------------------------------------------------------------


def report_of(db: Reader, code: str) -> Report:
    """What a channel reports by the rule in force today."""
    return rules.in_force(db, REPORTED, calendar.today()).body.of(code)


def channel_id(db: Reader, code: str) -> int:
    """The number of a channel; 404 when nothing of it is known."""
    found = db.execute(select(Channel.id).where(Channel.code == code)).scalar_one_or_none()
    if found is None:
        raise NoChannel
    return found


def ours(connection: Connection, channel: int, kinds: Collection[RecordKind], moment: datetime) -> Iterator[Ours]:
    """The records of a channel as they are compared with what the city held at a moment."""
    query = select(
        Record.id, Record.kind, Record.key, Record.project_id, Record.wanted_version, Record.op, Record.wanted,
        Record.digest, Record.state,
        or_(Record.wanted_at >= moment, Record.held_at >= moment).label("touched"),
    ).where(Record.channel_id == channel, Record.kind.in_(kinds))  # fmt: skip
    for row in connection.execute(query):
        yield Ours(
            row.id, row.kind, row.key, row.project_id, row.wanted_version, row.op,
            None if row.wanted is None else _decode(row.wanted), row.digest,
            moving=row.state in (RecordState.PENDING, RecordState.SENT) or bool(row.touched),
            rejected=row.state is RecordState.REJECTED,
        )  # fmt: skip
