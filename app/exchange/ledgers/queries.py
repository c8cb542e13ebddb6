"""Imports as they are seen: the list, one with its account, and the counts for whoever waits."""

from typing import Any

from sqlalchemy import Connection, select

from app.exchange.ledgers.models import LedgerImport, LedgerImportRow, State
from app.exchange.ledgers.schemas import ImportFilter, RowsQuery
from app.facts.projects.queries import ids_visible
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Where
from app.kernel.replies import encode


class NoImport(NotFound):
    code = "no_import"
    message = "没有这次导入"
    english = "There is no such import."


_COLUMNS: tuple[Any, ...] = (
    LedgerImport.id, LedgerImport.filename, LedgerImport.sha256, LedgerImport.size, LedgerImport.mode,
    LedgerImport.state, LedgerImport.phase, LedgerImport.done, LedgerImport.total, LedgerImport.created,
    LedgerImport.changed, LedgerImport.unchanged, LedgerImport.refused, LedgerImport.warnings, LedgerImport.message,
    LedgerImport.by_name.label("by"), LedgerImport.at, LedgerImport.finished_at,
)  # fmt: skip

IMPORTS = Listing(
    "ledger_imports",
    ImportFilter,
    select(*_COLUMNS),
    key=LedgerImport.__table__.c.id,
    sorts={"id": LedgerImport.__table__.c.id, "at": LedgerImport.__table__.c.at},
    filters={
        "state": Where(lambda value: LedgerImport.state == value),
        "mode": Where(lambda value: LedgerImport.mode == value),
        "since": Where(lambda value: LedgerImport.at >= value, calendar.midnight_of),
    },
    default_sort="-id",
)


def page(connection: Connection, _actor: Actor, asked: ImportFilter) -> bytes:
    return IMPORTS.page(connection, asked)


def one(connection: Connection, actor: Actor, number: int, asked: RowsQuery) -> bytes:
    """An import and a page of its rows: of those about projects that the actor may see."""
    job = connection.execute(select(*_COLUMNS, LedgerImport.summary).where(LedgerImport.id == number)).one_or_none()
    if job is None:
        raise NoImport
    told = dict(job._mapping)
    summary = told.pop("summary")
    for name in ("at", "finished_at"):
        told[name] = None if told[name] is None else instant_text(told[name])
    rows = _rows(connection, actor, number, asked) if job.state is not State.RUNNING else []
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return encode(
        {
            **told,
            "counts": summary.get("counts"),
            "sheets": summary.get("sheets", []),
            "rows": [row.body for row in rows],
            "next": rows[-1].place if more else None,
        }
    )


def _rows(connection: Connection, actor: Actor, number: int, asked: RowsQuery) -> list[Any]:
    row = LedgerImportRow
    query = select(row.place, row.body).where(row.import_id == number, row.place > asked.after)
    query = query.where(row.project_id.is_(None) | row.project_id.in_(ids_visible(actor)))
    if asked.only == "warned":
        query = query.where(row.warned.is_(True))
    elif asked.only is not None:
        query = query.where(row.outcome == asked.only)
    return list(connection.execute(query.order_by(row.place).limit(asked.limit + 1)))


def state_of(connection: Connection, number: int) -> State:
    return connection.execute(select(LedgerImport.state).where(LedgerImport.id == number)).scalar_one()
