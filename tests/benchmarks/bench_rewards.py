"""Rewards: how long 10,000 projects and 10,000 claims take to be computed anew, and by how many statements."""

from datetime import date
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event, select

from app.facts.funds.models import FundEntry
from app.facts.outcomes.models import Outcome
from app.facts.projects.models import Project
from app.facts.rewards.claims import reactions
from app.facts.rewards.claims.calculations import asked_of, current
from app.facts.rewards.claims.models import Claim, ClaimShare
from app.facts.rewards.leads.models import Lead
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
from tests.factories.rewards import TWO_INSTALMENTS, make_claim, make_lead, make_policies

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


def test_ten_thousand_claims_recomputed(backend: str, lab: Lab, table: Table) -> None:
    """As when facts of all their projects had changed at once: what each comes to, and that it is written down."""
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    fill(database)
    with database.unit_of_work() as db:
        make_policies(db, TWO_INSTALMENTS)
        make_claim(db, make_lead(db, project=db.get_one(Project, 1)))
        copies(db, Lead, project_id=lambda n: n)
        copies(db, Claim, project_id=lambda n: n, lead_id=lambda n: n)
        copies(db, ClaimShare, claim_id=lambda n: n)
    told: list[str] = []
    event.listen(database.reader, "before_cursor_execute", lambda *found: told.append(found[2]))
    counts = []
    with database.reading() as connection:
        for wanted in (1, PROJECTS):
            before, started = len(told), perf_counter()
            found = current(connection, asked_of(connection, range(1, wanted + 1)), DAY)
            computing = perf_counter() - started
            counts.append(len(told) - before)
    started = perf_counter()
    with database.unit_of_work() as db:
        differing = reactions.recompute(db, list(range(1, PROJECTS + 1)))
    writing = perf_counter() - started
    database.close()
    assert counts[0] == counts[1]
    assert len({one.totals for one in found if one is not None}) > 2_000
    assert differing > PROJECTS - 10
    table.add(
        f"{backend}: {PROJECTS:,} claims",
        f"computed in {computing:.2f} s by {counts[1]} statements",
        f"all differing: written down in {writing:.2f} s",
    )
