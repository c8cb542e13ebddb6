"""Lights of ten thousand tasks: the pure function alone, and what a leader waits for, red ones first."""

from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event

from app.domains import REACTIONS
from app.facts.task_forces import escalations, queries, task_queries
from app.facts.task_forces.lights import LIGHTS, Facts, natural
from app.facts.task_forces.models import Task
from app.facts.task_forces.schemas import AsOf, TaskForceFilter
from app.facts.task_forces.task_schemas import TaskFilter
from app.facts.task_forces.terms import TaskState
from app.kernel import bulk, calendar, events
from app.kernel.access import SYSTEM
from app.kernel.db import Database
from app.kernel.replies import encode
from app.kernel.schema import upgrade as build
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task_force

pytestmark = pytest.mark.benchmark

TASKS = 10_000
EACH = 20


def test_the_pure_function(table: Table) -> None:
    today = date(2026, 11, 24)
    every = [
        Facts(today - timedelta(days=number % 400), today + timedelta(days=number % 300 - 150), number % 101)
        for number in range(TASKS)
    ]
    took = _milliseconds(lambda: [natural(facts, today, LIGHTS.shipped) for facts in every])
    table.add(f"{TASKS:,} lights", f"{took:,.1f} ms", f"{took / TASKS * 1000:,.1f} µs each")


def test_lists_of_ten_thousand_tasks(backend: str, lab: Lab, table: Table) -> None:
    """Made anew each time: what is kept is answered at once. The number of statements is that of one task."""
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    events.install(database, REACTIONS)
    counted: list[str] = []
    event.listen(database.reader, "before_cursor_execute", lambda *args: counted.append(args[2]))
    asked: dict[str, Callable[[Any], Any]] = {
        "task forces, red first": lambda c: queries.page(c, SYSTEM, TaskForceFilter(), 0).data,
        "tasks, red first": lambda c: task_queries.page(c, SYSTEM, TaskFilter(), 0).data,
        "who is late": lambda c: task_queries.overdue(c, SYSTEM, AsOf(as_of=None)).data,
        "what is to be escalated": lambda c: escalations.forces_due(c, calendar.today()),
    }
    statements: dict[str, int] = {}
    _fill(database, EACH)
    for _ in range(2):
        with database.reading() as connection:
            for name, ask in asked.items():
                counted.clear()
                encode(ask(connection))
                statements[name] = len(counted)
    _fill(database, TASKS - EACH)
    with database.reading() as connection:
        for name, ask in asked.items():
            counted.clear()
            encode(ask(connection))
            assert len(counted) == statements[name], name
            took = _milliseconds(lambda ask=ask: encode(ask(connection)))  # type: ignore[misc]
            table.add(f"{backend}: {name}, {TASKS:,} tasks", f"{took:,.1f} ms", f"{statements[name]} statements")
    database.close()


def _fill(database: Database, count: int) -> None:
    """So many tasks of all lights, past the session; twenty for each task force."""
    today, now = calendar.today(), calendar.now()
    for start in range(0, count, 2000):
        with database.unit_of_work() as db:
            lines = []
            table = bulk.table_of(Task)
            for first in range(start, min(start + 2000, count), EACH):
                force = make_task_force(db, make_project(db))
                for number in range(first, min(first + EACH, count)):
                    due = today + timedelta(days=number % 300 - 150)
                    lines.append(
                        dict.fromkeys(bulk.names_of(table))
                        | {
                            "task_force_id": force.id, "title": f"任务{number}", "unit_id": force.lead_unit_id,
                            "planned_start": due - timedelta(days=100), "due_on": due, "state": TaskState.STARTED,
                            "progress": number % 101, "started_on": due - timedelta(days=90), "round": 1,
                            "late_from": due + timedelta(days=1), "entered_at": now, "entered_by": 0,
                            "entered_by_name": "用户",
                        }
                    )  # fmt: skip
            db.flush()
            for number, line in zip(bulk.next_ids(db.connection(), table, len(lines)), lines, strict=True):
                line["id"] = number
            bulk.insert(db.connection(), table, lines)


def _milliseconds(answer: Callable[[], Any]) -> float:
    took = []
    for _ in range(5):
        started = perf_counter()
        answer()
        took.append(perf_counter() - started)
    return sorted(took)[2] * 1000
