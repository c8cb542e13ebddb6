"""What is backed up in the tests: a small district told by its log, and rows with every kind of value."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    insert,
)

from app.facts.enterprises.models import Enterprise
from app.identity.auth import service as accounts
from app.identity.auth.schemas import KeyIn
from app.kernel import calendar, events
from app.kernel.access import SYSTEM
from app.kernel.db import Base, Database, Instant, Word
from app.kernel.files import Received, Store, keep
from tests.factories.agreements import make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import actor_of, make_session, make_unit, make_user
from tests.factories.projects import make_project

FIRST, SECOND = 101, 102
WORDS = "慧é😀\"'\\ \n\t%"


FILE = bytes(range(256)) * 10


def stored(folder: Path, body: bytes = FILE) -> Path:
    """Where a data folder keeps a file with this content."""
    sha256 = hashlib.sha256(body).hexdigest()
    return folder / "files" / sha256[:2] / sha256[2:4] / sha256


def store(database: Database, folder: Path, body: bytes = FILE) -> None:
    """A file of the house, with its row."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "temporary"
    temporary.write_bytes(body)
    sha256 = hashlib.sha256(body).hexdigest()
    Store(folder).publish(temporary, sha256)
    temporary.unlink()
    received = Received(sha256, len(body), "application/octet-stream", "bin", "a.bin", stored(folder, body))
    with database.unit_of_work() as db:
        keep(db, SYSTEM, received)


def fill(database: Database) -> str:
    """Units, people, enterprises, projects, papers, funds in three transactions; an open session's token."""
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        bureau = make_unit(db, "jxw", aliases=("区经信委",))
        officer = make_user(db, "officer", login="zhang", unit=bureau)
        token = make_session(db, officer)
        make_session(db, make_user(db, "auditor", login="li"))
        lasts = calendar.today() + timedelta(days=30)
        accounts.create_key(db, actor_of(officer), KeyIn(name="大屏", scopes=["figure.read"], expires_on=lasts))
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        # The first points at one with a later number.
        child = make_enterprise(
            db, name="重庆玻纤有限公司", aliases=("玻纤“龙头”",), contacts=(("王工", "13800000000"),)
        )
        child.parent_id = make_enterprise(db, name="玻纤集团股份有限公司", listings=(("global_500", 2020),)).id
        project = make_project(db, name="年产10万吨玻纤😀项目", unit=bureau, enterprise=child, aliases=("玻纤\t二期",))
        make_agreement(db, project)
        wrong = make_fund(db, project, 5_000_000_00)
        make_fund(db, project, -5_000_000_00, reverses_id=wrong.id)
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        make_project(db, name="密封项目", confidentiality="sealed")
    return token


def fill_every_table(database: Database) -> None:
    """One event, then by hand two rows in each table: one as empty as may be, and one of extreme values."""
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        db.add(Enterprise(name="真", squashed="真", pinyin="zhen", search="", ownership="private"))
    with database.unit_of_work() as db:
        for table in Base.metadata.sorted_tables:
            if table.name not in ("event", "log_head"):
                numbers = (SECOND,) if _only_ties(table) else (SECOND, FIRST)
                rows = [{c.name: _value(c, table, number) for c in table.columns} for number in numbers]
                for row in rows:
                    db.execute(insert(table).values(row))


def _only_ties(table: Table) -> bool:
    """Whether its rows are told apart by what they tie together alone: all of ours tie the same."""
    uniques = [
        *(c for c in table.constraints if isinstance(c, UniqueConstraint)),
        *(index for index in table.indexes if index.unique),
    ]
    return any(all(column.foreign_keys and not column.nullable for column in unique.columns) for unique in uniques)


def _value(column: Column[Any], table: Table, number: int) -> Any:
    full = number == SECOND
    if column.primary_key and isinstance(column.type, Integer):
        return number
    if column.nullable and not full:
        return None
    for key in column.foreign_keys:
        # The second row is that which others point at, also the first of its own table.
        return None if full and key.column.table is table else _value(key.column, key.column.table, SECOND)
    return _extreme(column, number)


def _extreme(column: Column[Any], number: int) -> Any:
    kind, full = column.type, number == SECOND
    if isinstance(kind, Word):
        return list(kind.words)[-1 if full else 0]
    if isinstance(kind, Instant):
        return datetime(1999, 1, 1, 0, 0, 0, number, UTC)  # also: no session of these is open
    if isinstance(kind, Date):
        return date(2099, 12, 31) if full else date(1900, 1, 1)
    if isinstance(kind, JSON):
        return {"乙": [1, 2.5, None, True, {"a": "😀"}], "甲": 2**53 + 1} if full else []
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) if full else b""
    if isinstance(kind, Boolean):
        return full
    if isinstance(kind, Double):
        return 0.1 + 0.2 if full else -108.77000000000001
    if isinstance(kind, String):
        return (f"{number}{WORDS}" * 20)[: kind.length or 500]
    if isinstance(kind, Integer):
        return 2**31 - 1 if full else -number
    return 2**63 - 1 if full else -number  # BigInteger, and what is built on it: money, areas
