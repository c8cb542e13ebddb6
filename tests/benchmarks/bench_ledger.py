"""A ledger of 10,000 rows, against reading the file, validating its rows and inserting the same rows without any rule.

The reference reads with the same parser, validates each row with Pydantic, and inserts every row that the import has
written (projects, units, enterprises, contracts, funds, moves, the account, and the log's events) with Core's
insert-many, in one transaction. Both run in turn in this process, so that a busy machine is busy for both.
"""

import datetime as dt
import gc
import io
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median as middle
from time import perf_counter, process_time, sleep
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from python_calamine import CalamineWorkbook
from sqlalchemy import Table as SqlTable
from sqlalchemy import insert, select

from app import domains
from app.demo.ledger import demo_rows
from app.exchange.ledgers import confirming, service
from app.exchange.ledgers.books import _column
from app.exchange.ledgers.columns import PROJECTS
from app.exchange.ledgers.models import LedgerImport, LedgerImportRow, Mode, State
from app.facts.agreements.models import Agreement
from app.facts.enterprises.models import Enterprise
from app.facts.funds.models import FundEntry
from app.facts.pipeline.models import Move
from app.facts.projects.models import Project, ProjectEnterprise, ProjectUnit
from app.identity.units import service as units
from app.kernel import events
from app.kernel.access import SYSTEM, Actor, Permission, Role
from app.kernel.bulk import table_of
from app.kernel.chain import Event
from app.kernel.db import Database
from app.kernel.schema import upgrade as build
from app.kernel.sheets import SheetOut, write_workbook
from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table
from tests.databases import Databases

ROWS = 10_000
ROUNDS = 3
REVIEWER = Actor(1, "reviewer", "user", frozenset({Role.REVIEWER}), frozenset({Permission.FUND_RECOGNISE}))
MODELS = (
    Enterprise,
    Project,
    ProjectUnit,
    ProjectEnterprise,
    Agreement,
    FundEntry,
    Move,
    LedgerImport,
    LedgerImportRow,
)

pytestmark = pytest.mark.benchmark


class Line(BaseModel):
    """A row of the ledger as a program without rules would declare it."""

    name: str
    kind: str
    enterprise: str
    ownership: str
    origin_region: str
    industry: str
    chain: str
    park: str
    place: str
    unit: str
    officer: str
    leader: str
    channel: str
    stage: str
    status: str
    confidentiality: str
    investment: float
    contract_no: str
    signed_on: dt.date
    contract_amount: float
    funds: float
    funds_on: dt.date
    received_on: dt.date
    talk_on: dt.date
    registered_on: dt.date
    started_on: dt.date
    jobs: int
    output: float
    tax: float
    note: str


LINES = TypeAdapter(list[Line])


def _rows() -> Iterator[list[Any]]:
    chance = random.Random(1)
    for number in range(ROWS):
        signed = dt.date(2015, 1, 5) + dt.timedelta(days=chance.randrange(2_500))
        values: dict[str, Any] = {column.field: None for column in PROJECTS.columns} | {
            "name": f"年产{number}吨玻纤制品生产线建设项目", "kind": "工业(供地)",
            "enterprise": f"重庆第{number % 4000}玻纤新材料有限公司", "ownership": "民企",
            "origin_region": "浙江省杭州市",
            "industry": "C3061", "chain": "玻纤材料", "park": "材料产业园", "place": "正阳街道", "officer": "张三",
            "unit": ("区经信委", "区商务委", "区农业农村委")[number % 3], "leader": "李四", "channel": "自主",
            "stage": "开工",
            "status": "推进中", "confidentiality": "公开", "investment": chance.randrange(1_000, 90_000) * 1_000_000,
            "contract_no": f"HT-{number:05}", "signed_on": signed, "note": "台账备注内容",
            "contract_amount": chance.randrange(1_000, 90_000) * 1_000_000,
            "funds": chance.randrange(100, 900) * 1_000_000, "funds_on": signed + dt.timedelta(days=60),
            "received_on": signed - dt.timedelta(days=200), "talk_on": signed - dt.timedelta(days=90),
            "registered_on": signed + dt.timedelta(days=20), "started_on": signed + dt.timedelta(days=90),
            "jobs": chance.randrange(500), "output": chance.randrange(1_000) * 1_000_000,
            "tax": chance.randrange(1_000) * 1_000_000,
        }  # fmt: skip
        yield [values[column.field] for column in PROJECTS.columns]


def ledger() -> bytes:
    target = io.BytesIO()
    columns = [_column(column, ()) for column in PROJECTS.columns]
    write_workbook(target, [SheetOut(PROJECTS.title, columns, _rows(), notes=("项目台账", "单位：万元"))])
    return target.getvalue()


@dataclass
class Bench:
    """Empty databases of one backend, one for each measurement."""

    databases: Databases
    open: list[Database] = field(default_factory=list)

    def database(self) -> Database:
        database = Database(self.databases.new())
        events.install(database, domains.REACTIONS)
        with database.unit_of_work() as db:
            units.load_units(db, demo_rows("units"))
        self.open.append(database)
        return database


def imported(database: Database, data: bytes) -> tuple[float, float, float]:
    """The import in seconds and in seconds of this process's processor; the longest wait of another writer."""
    task = service.begin(database, SYSTEM, data, "ledger.xlsx", Mode.ALL, "500114")
    waits: list[float] = []
    over = threading.Event()

    def others() -> None:
        while not over.is_set():
            started = perf_counter()
            with database.unit_of_work() as db:
                db.execute(table_of(Project).update().where(Project.id == 0).values(note="x"))
            waits.append(perf_counter() - started)
            sleep(0.05)

    writer = threading.Thread(target=others)
    writer.start()
    started, cpu = perf_counter(), process_time()
    service.run(database, task)
    took, cpu = perf_counter() - started, process_time() - cpu
    over.set()
    writer.join()
    with database.reading() as connection:
        assert connection.execute(select(LedgerImport.state)).scalar_one() is State.DONE
    return took, cpu, max(waits)


def confirmed(database: Database) -> float:
    """Letting the funds of the import count, in seconds."""
    started = perf_counter()
    with database.unit_of_work() as db:
        events.act(db, REVIEWER)
        assert confirming.confirm(db, REVIEWER, 1).entries > ROWS // 2
    return perf_counter() - started


def written(database: Database) -> list[tuple[SqlTable, list[dict[str, Any]]]]:
    """Every row the import has written, for the reference to insert."""
    found = []
    with database.reading() as connection:
        for model in MODELS:
            table = table_of(model)
            found.append((table, [dict(row._mapping) for row in connection.execute(select(table))]))
        log = table_of(Event)
        told = connection.execute(select(log).where(log.c.kind.in_(("project.imported", "enterprise.created"))))
        found.append((log, [dict(row._mapping) for row in told]))
    return found


def reference(
    database: Database, data: bytes, rows: list[tuple[SqlTable, list[dict[str, Any]]]]
) -> tuple[float, float]:
    """Reading, validating and inserting in seconds and in seconds of the processor."""
    started, cpu = perf_counter(), process_time()
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        cells = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    fields = [column.field for column in PROJECTS.columns]
    lines = LINES.validate_python(
        [{name: value for name, value in zip(fields, line, strict=True) if value != ""} for line in cells[3:]]
    )
    assert len(lines) == ROWS
    with database.unit_of_work() as db:
        for table, values in rows:
            db.execute(insert(table), values)
    return perf_counter() - started, process_time() - cpu


def test_ten_thousand_rows(lab: Lab, table: Table, backend: str) -> None:
    bench = Bench(lab.backends.setdefault(backend, Databases(backend, lab.folder, "bench", build)))
    data = ledger()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # as the server runs
    ours, theirs, bare, words = [], [], [], []
    rows: list[tuple[SqlTable, list[dict[str, Any]]]] = []
    for _ in range(ROUNDS):
        database = bench.database()
        ours.append(imported(database, data))
        rows = rows or written(database)
        words.append(confirmed(database))
        theirs.append(reference(bench.database(), data, rows))
        bare.append(reference(bench.database(), data, rows[:-1]))
    name = f"ledger of {ROWS:,} rows, {backend}"
    for what, others, goal in ((name, theirs, 0.5), ("  without the log's rows in the reference", bare, None)):
        found, cpu = (middle(each[i] for each in others) / middle(each[i] for each in ours) for i in (0, 1))
        table.add(what, f"{min(ours)[0]:.1f} s", f"{min(others)[0]:.1f} s", found, goal=goal, cpu=cpu)
    table.add("  confirming its funds", f"{min(words):.1f} s", "")
    table.add("  longest wait of another writer", f"{min(each[2] for each in ours):.2f} s", "")
    for one in bench.open:
        one.close()
