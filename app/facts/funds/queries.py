"""A project's ledger of funds as it is seen."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.facts.funds.ledger import FUNDS
from app.facts.funds.models import FundEntry, FundSource
from app.facts.projects import queries as projects
from app.facts.recognition.queries import standings
from app.facts.recognition.terms import EntryState
from app.kernel.access import Actor
from app.kernel.money import format_yuan
from app.kernel.replies import Answer
from app.kernel.statements import Statement

_reversal, _anew = aliased(FundEntry), aliased(FundEntry)


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            FundEntry.id,
            FundEntry.arrived_on,
            FundEntry.deferred_to,
            FundEntry.amount_fen.label("amount"),
            FundEntry.source,
            FundEntry.kind,
            FundEntry.origin_region,
            FundEntry.currency,
            FundEntry.foreign_amount,
            FundEntry.rate,
            FundEntry.rate_on,
            FundEntry.split,
            FundEntry.state,
            FundEntry.shared_reason,
            FundEntry.reverses_id.label("reverses"),
            _reversal.id.label("reversed_by"),
            FundEntry.follows_id.label("follows"),
            _anew.id.label("followed_by"),
            FundEntry.reason,
            FundEntry.note,
            FundEntry.imported,
            FundEntry.entered_at,
            FundEntry.entered_by_name.label("entered_by"),
            FundEntry.judged_at,
            FundEntry.judged_by_name.label("judged_by"),
            FundEntry.rule,
        )
        .outerjoin(_reversal, _reversal.reverses_id == FundEntry.id)
        .outerjoin(_anew, _anew.follows_id == FundEntry.id)
    )


_of_project = Statement(
    _lines().where(FundEntry.project_id == bindparam("project")).order_by(FundEntry.arrived_on, FundEntry.id)
)
_one = Statement(_lines().where(FundEntry.id == bindparam("entry")))
_AMOUNT, _STATE = _of_project.names.index("amount"), _of_project.names.index("state")


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """The ledger of a project the actor may see, with running totals, under the project's row version."""
    project = projects.get(connection, actor, code)
    rows = _of_project.rows(connection, {"project": project.id})
    items, running, declared = [], 0, 0
    for row, line in zip(rows, _told(connection, actor, project.id, _of_project, rows), strict=True):
        running += row[_AMOUNT] if row[_STATE] == EntryState.RECOGNISED else 0
        declared += row[_AMOUNT] if row[_STATE] == EntryState.DECLARED else 0
        items.append(line | {"running_amount": format_yuan(running)})
    totals = {"funds": format_yuan(project.funds_fen), "declared": format_yuan(declared)}
    return Answer({"items": items, **totals}, row_version=project.version)


def out(db: Session, actor: Actor, entry: FundEntry) -> dict[str, Any]:
    """One line, as its list shows it."""
    connection = db.connection()
    return _told(connection, actor, entry.project_id, _one, _one.rows(connection, {"entry": entry.id}))[0]


def _told(
    connection: Connection, actor: Actor, project_id: int, statement: Statement, rows: list[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    lines = [dict(zip(statement.names, row, strict=True)) for row in statement.spelled(connection, rows)]
    resting = standings(connection, actor, FUNDS, project_id, lines)
    return [line | resting[line["id"]].told() for line in lines]


def recognised_fen(db: Session, project_id: int) -> int:
    """What has arrived for a project: the sum of its recognised entries, reversals included."""
    total = db.execute(
        select(func.sum(FundEntry.amount_fen)).where(
            FundEntry.project_id == project_id, FundEntry.state == EntryState.RECOGNISED
        )
    ).scalar_one()
    return int(total or 0)


def recognised_by_source(
    db: Connection | Session, project_ids: Collection[int], until: date
) -> defaultdict[int, Counter[FundSource]]:
    """The same of many projects by where it came from, of what arrived (or went back) until a day."""
    rows = db.execute(
        select(FundEntry.project_id, FundEntry.source, func.sum(FundEntry.amount_fen))
        .where(
            FundEntry.project_id.in_(project_ids),
            FundEntry.state == EntryState.RECOGNISED,
            FundEntry.arrived_on <= until,
        )
        .group_by(FundEntry.project_id, FundEntry.source)
    )
    found: defaultdict[int, Counter[FundSource]] = defaultdict(Counter)
    for number, source, fen in rows:
        found[number][source] = int(fen)
    return found
