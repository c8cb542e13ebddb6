"""A project's ledger of funds as it is seen."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.facts.funds.models import FundEntry, FundState
from app.facts.projects import queries as projects
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.replies import Answer
from app.kernel.statements import Statement


class NoFund(NotFound):
    message = "该项目没有这笔到位资金"
    english = "The project has no such fund entry."


_reversal = aliased(FundEntry)


def _lines() -> Select[*tuple[Any, ...]]:
    return select(
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
        FundEntry.state,
        FundEntry.reverses_id.label("reverses"),
        _reversal.id.label("reversed_by"),
        FundEntry.reason,
        FundEntry.note,
        FundEntry.imported,
        FundEntry.entered_at,
    ).outerjoin(_reversal, _reversal.reverses_id == FundEntry.id)


_of_project = Statement(
    _lines().where(FundEntry.project_id == bindparam("project")).order_by(FundEntry.arrived_on, FundEntry.id)
)
_one = Statement(_lines().where(FundEntry.id == bindparam("entry")))
_AMOUNT, _STATE = _of_project.names.index("amount"), _of_project.names.index("state")


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """The ledger of a project the actor may see, with running totals, under the project's row version."""
    project = projects.get(connection, actor, code)
    rows = _of_project.rows(connection, {"project": project.id})
    items, running = [], 0
    for row, line in zip(rows, _of_project.spelled(connection, rows), strict=True):
        running += row[_AMOUNT] if row[_STATE] == FundState.RECOGNISED else 0
        items.append(dict(zip(_of_project.names, line, strict=True)) | {"running_amount": format_yuan(running)})
    return Answer({"items": items, "funds": format_yuan(project.funds_fen)}, row_version=project.version)


def out(db: Session, entry: FundEntry) -> dict[str, Any]:
    """One line, as its list shows it."""
    connection = db.connection()
    rows = _one.rows(connection, {"entry": entry.id})
    return dict(zip(_one.names, _one.spelled(connection, rows)[0], strict=True))


def get(db: Session, project_id: int, number: int) -> FundEntry:
    """The entry with this number in the project's ledger; else 404."""
    found = db.get(FundEntry, number)
    if found is None or found.project_id != project_id:
        raise NoFund
    return found


def recognised_fen(db: Session, project_id: int) -> int:
    """What has arrived for a project: the sum of its recognised entries, reversals included."""
    total = db.execute(
        select(func.sum(FundEntry.amount_fen)).where(
            FundEntry.project_id == project_id, FundEntry.state == FundState.RECOGNISED
        )
    ).scalar_one()
    return int(total or 0)


def is_reversed(db: Session, entry: FundEntry) -> bool:
    return db.scalars(select(FundEntry.id).where(FundEntry.reverses_id == entry.id)).first() is not None
