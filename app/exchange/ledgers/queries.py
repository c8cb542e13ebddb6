"""Imports as they are seen: the list, one with its account, and the counts for whoever waits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, exists, func, select

from app.exchange.ledgers.models import LedgerImport, LedgerImportRow, State
from app.exchange.ledgers.schemas import ImportFilter, RowsQuery
from app.facts.funds.models import FundEntry
from app.facts.projects.queries import ids_visible
from app.facts.recognition.terms import EntryState
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
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

_WAITS = exists(
    select(FundEntry.id).where(FundEntry.import_id == LedgerImport.id, FundEntry.state == EntryState.DECLARED)
)

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
        "waits": Where(lambda value: case((_WAITS, True), else_=False) == value),
    },
    default_sort="-id",
)


def page(connection: Connection, _actor: Actor, asked: ImportFilter) -> bytes:
    """A page of imports, each with what became of the money it brought."""
    found = IMPORTS.found(connection, asked)
    funds = _funds(connection, [item["id"] for item in found["items"]])
    return encode(found | {"items": [item | {"funds": funds[item["id"]]} for item in found["items"]]})


def _funds(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """How much money these imports brought, by what became of it. Reversals are entries that no import brought."""
    rows = connection.execute(
        select(FundEntry.import_id, FundEntry.state, func.count(), func.sum(FundEntry.amount_fen))
        .where(FundEntry.import_id.in_(numbers))
        .group_by(FundEntry.import_id, FundEntry.state)
    ).all()
    sums = {(number, state): (count, int(fen)) for number, state, count, fen in rows}
    found: dict[int, dict[str, Any]] = {}
    for number in numbers:
        told = found[number] = {}
        for state in EntryState:
            count, fen = sums.get((number, state), (0, 0))
            told |= {state.value: count, f"{state.value}_amount": format_yuan(fen)}
    return found


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
            "funds": _funds(connection, [number])[number],
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
