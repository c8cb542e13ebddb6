"""Rewards: how long 10,000 projects take to be computed anew by four policies, and by how many statements."""

from datetime import date
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event, select

from app.facts.funds.models import FundEntry
from app.facts.outcomes.models import Outcome
from app.facts.projects.models import Project
from app.facts.rewards.policies import queries
from app.facts.rewards.policies.bases import bases_of
from app.facts.rewards.policies.calculation import calculate
from app.facts.rewards.policies.samples import SAMPLES
from app.facts.rewards.policies.schemas import PolicyTrialIn
from app.kernel import bulk
from app.kernel.access import SYSTEM
from app.kernel.db import Base, Database
from app.kernel.schema import upgrade as build
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.factories.funds import make_fund
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project

pytestmark = pytest.mark.benchmark

PROJECTS = 10_000
DAY = date(2021, 1, 1)
WAN = 1_000_000


def copies(db: Any, model: type[Base], **changes: Any) -> None:
    """As many rows like the only one as there are projects; `changes` are functions of the number."""
    table = bulk.table_of(model)
    first = dict(db.execute(select(table)).one()._mapping)
    numbers = range(2, PROJECTS + 1)
    lines = [first | {"id": n} | {name: made(n) for name, made in changes.items()} for n in numbers]
    bulk.insert(db.connection(), table, lines)


def fill(database: Database) -> None:
    with database.unit_of_work() as db:
        project = make_project(db, code="500114-2020-000001", signed_on=date(2020, 6, 1), investment_fen=20_000 * WAN)
        make_fund(db, project, 9_000 * WAN)
        make_outcome(db, project, quantity=8_000 * WAN)
        copies(db, Project, code=lambda n: f"500114-2020-{n:06d}")
        copies(db, FundEntry, project_id=lambda n: n, amount_fen=lambda n: n * WAN)
        copies(db, Outcome, project_id=lambda n: n, amount_fen=lambda n: 2 * n * WAN)


def test_ten_thousand_rewards_computed_anew(backend: str, lab: Lab, table: Table) -> None:
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    fill(database)
    told: list[str] = []
    event.listen(database.reader, "before_cursor_execute", lambda *found: told.append(found[2]))
    counts = []
    with database.reading() as connection:
        for wanted in (1, PROJECTS):
            before, started = len(told), perf_counter()
            found = bases_of(connection, range(1, wanted + 1), DAY)
            reading = perf_counter() - started
            counts.append(len(told) - before)
        started = perf_counter()
        given = [calculate(policy, bases).gross_fen for bases in found.values() for policy in SAMPLES.policies]
        computing = perf_counter() - started
        started = perf_counter()
        asked = PolicyTrialIn(body=SAMPLES.model_dump(mode="json"), period="2020")
        trial = queries.trial(connection, SYSTEM, asked)
        trying = perf_counter() - started
    database.close()
    assert counts[0] == counts[1]
    assert trial["tried"] == PROJECTS
    assert sum(total["amount"] for total in trial["totals"]) == sum(given) > 0
    table.add(
        f"{backend}: {PROJECTS:,} projects, {len(given):,} calculations",
        f"read in {reading:.2f} s by {counts[1]} statements, computed in {computing:.2f} s",
        f"a trial of the year {trying:.2f} s",
    )
