"""Clauses of three thousand agreements: the pure function alone, lists, breaches, and a clearance of all of them."""

from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event

from app.domains import REACTIONS
from app.facts.commitments import queries
from app.facts.commitments.judging import Clause, Done, Facts, judge
from app.facts.commitments.models import Commitment
from app.facts.commitments.schemas import BreachFilter, CommitmentFilter
from app.facts.commitments.terms import ClauseKind, Condition, Party
from app.kernel import bulk, calendar, events
from app.kernel.access import SYSTEM
from app.kernel.db import Database
from app.kernel.replies import encode
from app.kernel.schema import upgrade as build
from app.published.clearances import service as clearances
from app.published.clearances.schemas import ClearanceIn
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.factories.agreements import make_agreement
from tests.factories.projects import make_project

pytestmark = pytest.mark.benchmark

AGREEMENTS, EACH, FEW = 3_000, 6, 30
TODAY = date(2026, 11, 24)


def test_the_pure_function(table: Table) -> None:
    def one(number: int) -> tuple[list[Clause], Facts]:
        signed = TODAY - timedelta(days=400 + number % 900)
        clauses = [
            Clause(n, ClauseKind.SUBSIDY, signed, 100_00, due_on=TODAY + timedelta(days=number % 300 - 150))
            for n in range(EACH)
        ]
        return clauses, Facts(done={1: [Done(TODAY - timedelta(days=9), number % 200 * 100)]})

    every = [one(number) for number in range(AGREEMENTS)]
    took = _milliseconds(lambda: [judge(clauses, facts, TODAY) for clauses, facts in every])
    table.add(
        f"{AGREEMENTS * EACH:,} clauses judged", f"{took:,.1f} ms", f"{took / AGREEMENTS * 1000:,.1f} µs a project"
    )


def test_lists_and_a_clearance(backend: str, lab: Lab, table: Table) -> None:
    """Made anew each time: what is kept is answered at once. The number of statements is that of thirty agreements;
    rows of a list are fetched by the page."""
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    events.install(database, REACTIONS)
    counted: list[str] = []
    event.listen(database.reader, "before_cursor_execute", lambda *args: counted.append(args[2]))
    event.listen(database.writer, "before_cursor_execute", lambda *args: counted.append(args[2]))
    asked: dict[str, Callable[[Any], Any]] = {
        "clauses, the longest overdue first": lambda c: queries.page(c, SYSTEM, CommitmentFilter(), 0).data,
        "by enterprise": lambda c: queries.breaches_by_enterprise(c, SYSTEM, BreachFilter()).data,
        "by unit": lambda c: queries.breaches_by_unit(c, SYSTEM, BreachFilter()).data,
    }
    statements: dict[str, int] = {}
    clearing: list[int] = []
    for count in (FEW, AGREEMENTS - FEW):
        _fill(database, count)
        with database.reading() as connection:
            for name, ask in asked.items():
                counted.clear()
                encode(ask(connection))
                assert len(counted) == statements.setdefault(name, len(counted)), name
                took = _milliseconds(lambda ask=ask: encode(ask(connection)))  # type: ignore[misc]
                if count != FEW:
                    table.add(f"{backend}: {name}", f"{took:,.1f} ms", f"{statements[name]} statements")
        counted.clear()
        started = perf_counter()
        with database.unit_of_work() as db:
            events.act(db, SYSTEM)
            begun = clearances.begin(
                db, SYSTEM, ClearanceIn(title="清理", since=date(2015, 1, 1), unit=None, note=None)
            )
            clauses = begun.clauses
        clearing.append(len(counted))
        if count != FEW:
            assert clauses == AGREEMENTS * EACH
            took = (perf_counter() - started) * 1000
            table.add(
                f"{backend}: a clearance of {AGREEMENTS:,} agreements", f"{took:,.0f} ms", f"{clearing[1]} statements"
            )
    # Rows are read five hundred at a time, and an event is written for each project; nothing is asked clause by clause.
    assert clearing[1] - clearing[0] <= AGREEMENTS * EACH // 500 + AGREEMENTS
    database.close()


def _fill(database: Database, count: int) -> None:
    """So many agreements with six clauses each, past the session, half of them late."""
    today, now = calendar.today(), calendar.now()
    for start in range(0, count, 500):
        with database.unit_of_work() as db:
            events.act(db, SYSTEM)
            lines = []
            table = bulk.table_of(Commitment)
            for number in range(start, min(start + 500, count)):
                project = make_project(db)
                paper = make_agreement(db, project, signed_on=date(2020, 1, 1))
                lines += [
                    dict.fromkeys(bulk.names_of(table))
                    | {
                        "project_id": project.id, "agreement_id": paper.id, "text": f"条款{place}",
                        "party": Party.DISTRICT, "kind": ClauseKind.SUBSIDY, "amount_fen": 100_00,
                        "condition": Condition.NONE, "due_on": today + timedelta(days=(number + place) % 300 - 150),
                        "survives_end": False, "imported": False, "entered_at": now, "entered_by": 0,
                        "entered_by_name": "用户",
                    }
                    for place in range(EACH)
                ]  # fmt: skip
            db.flush()
            for number, line in zip(bulk.next_ids(db.connection(), table, len(lines)), lines, strict=True):
                line["id"] = number
            bulk.insert(db.connection(), table, lines)


def _milliseconds(answer: Callable[[], Any]) -> float:
    took = []
    for _ in range(3):
        started = perf_counter()
        answer()
        took.append(perf_counter() - started)
    return sorted(took)[1] * 1000
