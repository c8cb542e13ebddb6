"""Money that a ledger brought, decided on as a whole: recognised or sent back by one person other than the importer.

Thousands of entries in one short write, past the ORM: each project's event is told by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project
from app.facts.projects.queries import visible
from app.facts.recognition.terms import EntryState
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import bulk, calendar, events
from app.kernel.access import Actor
from app.kernel.bulk import plain_text, table_of
from app.kernel.events import Row

ENTRY, PROJECT = table_of(FundEntry), table_of(Project)


@dataclass(frozen=True, slots=True)
class Decided:
    """How many entries of how many projects were decided on, what they come to, and how many still wait, since their
    projects are not the actor's to see."""

    entries: int
    amount_fen: int
    projects: int
    withheld: int


def recognise(db: Session, actor: Actor, import_id: int) -> Decided:
    """Let every declared entry that an import brought count; those of closed periods on the first open day after."""

    def judged(waiting: list[Any]) -> list[tuple[Any, dict[str, Any]]]:
        closed = hold(db)  # after the projects are locked, as everybody does
        days = {line.arrived_on: closed.deferral(line.arrived_on) for line in waiting}
        return [(line, {"deferred_to": days[line.arrived_on]}) for line in waiting]

    return _decide(db, actor, import_id, EntryState.RECOGNISED, "project.funds_confirmed", None, judged)


def reject(db: Session, actor: Actor, import_id: int, reason: str) -> Decided:
    """Send every declared entry that an import brought back; none of them counts."""

    def judged(waiting: list[Any]) -> list[tuple[Any, dict[str, Any]]]:
        return [(line, {"reason": reason}) for line in waiting]

    return _decide(db, actor, import_id, EntryState.REJECTED, "project.funds_rejected", reason, judged)


def waiting(db: Session | Connection, import_id: int) -> tuple[int, int]:
    """How many entries that an import brought wait to be decided on, and what they come to."""
    found = db.execute(
        select(func.count(), func.sum(FundEntry.amount_fen)).where(
            FundEntry.import_id == import_id, FundEntry.state == EntryState.DECLARED
        )
    ).one()
    return int(found[0]), int(found[1] or 0)


def _decide(
    db: Session, actor: Actor, import_id: int, state: EntryState, verb: str, reason: str | None,
    judged: Callable[[list[Any]], list[tuple[Any, dict[str, Any]]]],
) -> Decided:  # fmt: skip
    db.flush()
    connection = db.connection()
    mine = (ENTRY.c.import_id == import_id, ENTRY.c.state == EntryState.DECLARED)
    of_projects = select(ENTRY.c.project_id).where(*mine)
    seen = select(Project.id).where(Project.id.in_(of_projects), visible(actor))
    projects = bulk.hold(connection, PROJECT, connection.execute(seen).scalars())
    # What waits is read once the projects are held: nobody else decides on it now.
    lines = [line for line in connection.execute(select(ENTRY).where(*mine)) if line.project_id in projects]
    now = calendar.now()
    common = {"state": state, "judged_at": now, "judged_by": actor.id, "judged_by_name": name_of(db, actor)}
    changes = [(line, common | own) for line, own in judged(lines)]
    bulk.change(connection, ENTRY, [(line.id, values) for line, values in changes])
    by_project: dict[int, list[tuple[Any, dict[str, Any]]]] = {}
    for line, values in changes:
        by_project.setdefault(line.project_id, []).append((line, values))
    counted = state is EntryState.RECOGNISED
    totals = {}
    for key in sorted(by_project):
        project = projects[key]
        more = sum(line.amount_fen for line, _ in by_project[key]) if counted else 0
        totals[key] = {"funds_fen": project.funds_fen + more, "version": project.version + 1, "changed_at": now}
    bulk.change(connection, PROJECT, totals.items())
    for key, values in totals.items():
        project = projects[key]
        rows = [_told(ENTRY, line._mapping, of) for line, of in by_project[key]]
        rows.append(_told(PROJECT, project._mapping, values, Project.__unlogged__))
        events.record_rows(
            db, verb, Project.__subject__, key, project.code, project.sight, rows, reason=reason,
            ledger_import=import_id, entries=len(by_project[key]),
        )  # fmt: skip
    return Decided(len(changes), sum(line.amount_fen for line, _ in changes), len(totals), waiting(db, import_id)[0])


def _told(
    table: Any, before: Mapping[str, Any], values: Mapping[str, Any], hidden: frozenset[str] = frozenset()
) -> Row:
    """A changed row, as the log tells it."""
    told = {
        name: (before[name], value) for name, value in values.items() if name not in hidden and before[name] != value
    }
    fields = {plain_text(name): [events.plain(was), events.plain(now)] for name, (was, now) in told.items()}
    return Row(plain_text(table.name), before["id"], "update", fields)
