"""The weekly board: a year of weeks of a district, one week of very many units, and how much it asks for them."""

import random
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from app.domains import REACTIONS
from app.facts.engagements.models import Engagement, EngagementUnit
from app.facts.engagements.terms import EngagementKind, Half
from app.kernel import calendar, events
from app.kernel.access import SYSTEM
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.replies import encode
from app.kernel.schema import upgrade as build
from app.published.boards import queries
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases
from tests.factories.identity import make_unit
from tests.factories.reports import make_week
from tests.published.boards.ruling import statements

pytestmark = pytest.mark.benchmark

KINDS = (
    EngagementKind.OUTGOING_VISIT, EngagementKind.INCOMING_VISIT, EngagementKind.EVENT, EngagementKind.PRESS,
)  # fmt: skip
STATEMENTS = 27
"""What a board asks for, whatever the number of units."""
THIS = Period.of(calendar.today(), "week")
WEEKS = [Period.of(THIS.start - timedelta(days=7 * number), "week") for number in range(1, 53)]


def fill(database: Database, units: int, weeks: list[Period]) -> int:
    """Units that each did five things in each of the weeks; how many that were."""
    chance = random.Random(20)
    with database.unit_of_work() as db:
        numbers = [make_unit(db, f"u{number}", f"第{number}单位").id for number in range(units)]
        for week in weeks:
            make_week(db, week.text, deadline_at=calendar.now(), settled_at=calendar.now(), tiers=",key,")
    rows = []
    for week in weeks:
        for unit in numbers:
            for _ in range(5):
                day = week.start + timedelta(days=chance.randrange(7))
                rows.append(
                    {
                        "kind": chance.choice(KINDS), "title": "活动", "starts_on": day, "ends_on": day,
                        "starts_half": Half.AM, "ends_half": Half.PM, "half_days": 2, "unit_id": unit, "search": "",
                        "entered_at": calendar.now(), "changed_at": calendar.now(), "entered_by": 0,
                        "entered_by_name": "用户", "changed_by": 0, "version": 1,
                    }
                )  # fmt: skip
    columns = set(Engagement.__table__.columns.keys())
    with database.writer.begin() as connection:
        connection.execute(insert(Engagement), [{k: v for k, v in row.items() if k in columns} for row in rows])
        connection.execute(
            insert(EngagementUnit).from_select(["engagement_id", "unit_id"], select(Engagement.id, Engagement.unit_id))
        )
        return connection.execute(select(func.count()).select_from(Engagement)).scalar_one()


@pytest.mark.parametrize(("units", "weeks"), [(35, 52), (3000, 1)])
def test_boards(backend: str, lab: Lab, table: Table, units: int, weeks: int) -> None:
    """Made anew each time, beside what it costs to count the engagements of the same weeks by unit at all."""
    databases = lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build))
    database = Database(databases.new())
    events.install(database, REACTIONS)
    rows = fill(database, units, WEEKS[:weeks])
    with database.reading() as connection:
        made = _milliseconds(lambda: [_board(connection, week) for week in WEEKS[:weeks]])
        counted = _milliseconds(lambda: [_count(connection, week) for week in WEEKS[:weeks]])
        explained = _milliseconds(lambda: encode(queries.unit(connection, SYSTEM, WEEKS[0].text, "u0")))
    if backend == "sqlite":
        assert statements(database, lambda connection: _board(connection, WEEKS[0])) == STATEMENTS
    database.close()
    name = f"{backend}: {weeks} board{'s' if weeks > 1 else ''} of {units:,} units, {rows:,} engagements"
    table.add(f"{name}; in ms / one count by unit", f"{made:,.1f} ms", f"{counted:,.1f} ms", made / counted)
    table.add(f"{backend}: one of {units:,} units explained", f"{explained:,.1f} ms", "")


def _board(connection: Any, week: Period) -> bytes:
    return encode(queries.draft(connection, SYSTEM, week.text).data)


def _count(connection: Any, week: Period) -> Any:
    return connection.execute(
        select(EngagementUnit.unit_id, Engagement.kind, func.count())
        .join(Engagement, Engagement.id == EngagementUnit.engagement_id)
        .where(Engagement.starts_on >= week.start, Engagement.starts_on <= week.end)
        .group_by(EngagementUnit.unit_id, Engagement.kind)
    ).all()


def _milliseconds(answer: Callable[[], Any]) -> float:
    took = []
    for _ in range(5):
        started = perf_counter()
        answer()
        took.append(perf_counter() - started)
    return sorted(took)[2] * 1000
