"""Databases of a given size for the benchmarks: projects with units, enterprises, papers and funds."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from app.facts.agreements.models import Agreement, AgreementType
from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.funds.models import FundEntry, FundKind, FundSource
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.terms import STAGES, Channel, Confidentiality, Kind, Sector, Stage, Status, UnitRole
from app.facts.recognition.terms import EntryState
from app.identity.units.models import Tier, Unit, UnitKind, UnitTerm
from app.kernel.access import Role
from app.kernel.db import Base, Database
from tests.factories.identity import make_session, make_user

AT = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = date(2015, 1, 1)
ORDINALS = "0123456789"


def _batched(rows: Iterator[dict[str, Any]], size: int = 5_000) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _whole(model: type[Base], **given: Any) -> dict[str, Any]:
    """A row with every column named, so that one statement serves all of them."""
    return {column.key: None for column in model.__table__.columns} | given


def _projects(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    sights = {
        Confidentiality.OPEN: {"level": "open", "units": [], "users": []},
        Confidentiality.INTERNAL: {"level": "internal", "units": [], "users": []},
    }
    for number in range(1, count + 1):
        signed = FIRST + timedelta(days=chance.randrange(4_200))
        stage = STAGES[number % len(STAGES)]
        is_signed = stage.order >= Stage.SIGNED.order
        started = signed + timedelta(days=chance.randrange(300)) if stage.order >= Stage.STARTED.order else None
        amount = chance.randrange(1_000_000_00, 5_000_000_000_00) if is_signed else 0
        level = Confidentiality.INTERNAL if number % 50 == 0 else Confidentiality.OPEN
        yield _whole(
            Project, id=number, code=f"500114-{2015 + number % 12}-{number:06}", name=f"年产{number}吨玻纤制品项目",
            squashed=f"年产{number}吨玻纤制品项目", pinyin=f"nianchan{number:06}", search=f"年产{number} boxian bx",
            kind=Kind.INDUSTRY_LAND, stage=stage, status=Status.ACTIVE, confidentiality=level, sight=sights[level],
            industry="C3061", industry_edition="2017", sector=list(Sector)[number % 4], chain="玻纤材料",
            channel=Channel.DIRECT, origin_region="330100", park="材料产业园", place="正阳",
            longitude=108.7 + chance.random() / 5, latitude=29.5 + chance.random() / 5,
            unit_id=1 + number % 35, officer="张三", leader="李四", enterprise_id=1 + number % 5_000,
            investment_fen=amount, jobs=120, lead_on=signed - timedelta(days=200), talk_on=signed - timedelta(days=90),
            signed_on=signed if is_signed else None, started_on=started, first_formal_fen=amount if is_signed else None,
            contract_fen=amount, framework_fen=0, funds_fen=amount // 5, tracked_from=signed - timedelta(days=200),
            imported=True, changed_at=AT + timedelta(seconds=number), version=1,
        )  # fmt: skip


def _agreements(projects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in projects:
        if row["signed_on"] is not None:
            yield _whole(
                Agreement, id=row["id"], project_id=row["id"], type=AgreementType.FORMAL, number=f"HT-{row['id']}",
                signed_on=row["signed_on"], amount_fen=row["contract_fen"], counted_fen=row["contract_fen"],
                first_formal=True, imported=True,
            )  # fmt: skip


def _funds(projects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in projects:
        if row["signed_on"] is not None:
            yield _whole(
                FundEntry, id=row["id"], project_id=row["id"], arrived_on=row["signed_on"] + timedelta(days=60),
                amount_fen=row["funds_fen"], source=FundSource.OUTSIDE_CITY, kind=FundKind.EQUITY, currency="CNY",
                state=EntryState.RECOGNISED, imported=True, split=False, entered_at=AT,
                entered_by=1, entered_by_name="台账",
            )  # fmt: skip


def _terms(projects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in projects:
        yield _whole(
            ProjectUnit, id=row["id"], project_id=row["id"], unit_id=row["unit_id"], role=UnitRole.RESPONSIBLE,
            valid_from=FIRST,
        )  # fmt: skip


def _units() -> Iterator[dict[str, Any]]:
    for number in range(1, 36):
        yield _whole(
            Unit, id=number, code=f"u{number:02}", name=f"第{number}单位", pinyin=f"u{number:02}", search="",
            kind=UnitKind.BUREAU, version=1,
        )  # fmt: skip


def _unit_terms() -> Iterator[dict[str, Any]]:
    for number in range(1, 36):
        yield _whole(
            UnitTerm, id=number, unit_id=number, name=f"第{number}单位", tier=list(Tier)[number % 4], valid_from=FIRST
        )


def _enterprises(count: int) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        yield _whole(
            Enterprise, id=number, name=f"第{number}玻纤有限公司", squashed=f"第{number}玻纤有限公司",
            pinyin=f"e{number:06}", search="", ownership=list(Ownership)[number % 6], version=1,
        )  # fmt: skip


def fill(database: Database, count: int) -> str:
    """Fill a migrated, empty database with `count` projects; the token of an officer's session."""
    chance = random.Random(count)
    projects = list(_projects(count, chance))
    tables: list[tuple[type[Base], Callable[[], Iterator[dict[str, Any]]]]] = [
        (Unit, _units),
        (UnitTerm, _unit_terms),
        (Enterprise, lambda: _enterprises(5_000)),
        (Project, lambda: iter(projects)),
        (ProjectUnit, lambda: _terms(projects)),
        (Agreement, lambda: _agreements(projects)),
        (FundEntry, lambda: _funds(projects)),
    ]
    for model, rows in tables:
        with database.unit_of_work() as db:
            for batch in _batched(rows()):
                db.execute(insert(model.__table__), batch)
            if not database.is_sqlite:
                name = model.__tablename__
                db.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), (SELECT max(id) FROM {name}))")
                )
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    with database.unit_of_work() as db:
        user = make_user(db, Role.OFFICER, login="bench")
        return make_session(db, user)
