"""The demo district: units, one user of each kind, the demo ledger brought in through the import itself, what was done
to win its investors, and what happened since.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import DEMO_KEY, Settings
from app.demo import contracts, engagements, rewards, story, task_forces, tickets, weeks
from app.demo.ledger import build_workbook, demo_rows
from app.exchange.ledgers import confirming
from app.exchange.ledgers import service as ledgers
from app.exchange.ledgers.models import LedgerImport, Mode, State
from app.facts.statistics import service as statistics
from app.facts.statistics.schemas import StatisticIn
from app.facts.statistics.terms import StatisticCode
from app.identity.auth import passwords
from app.identity.auth import service as accounts
from app.identity.auth.models import User
from app.identity.units import queries as unit_names
from app.identity.units import service as units
from app.kernel import events, schema, vault
from app.kernel.access import SYSTEM, Actor, Role, permissions_of
from app.kernel.db import Database
from app.kernel.files import Store

REPORTERS_UNIT = "区经信委"
LEDGER = "demo-ledger.xlsx"

USERS: tuple[tuple[str, str, Role], ...] = (
    ("officer", "演示·科室人员", Role.OFFICER),
    ("reviewer", "演示·审核人", Role.REVIEWER),
    ("reporter", "演示·单位联络员", Role.REPORTER),
    ("leader", "演示·区领导", Role.LEADER),
    ("auditor", "演示·审计员", Role.AUDITOR),
    ("sysadmin", "演示·系统管理员", Role.SYSTEM_ADMIN),
    ("secadmin", "演示·安全管理员", Role.SECURITY_ADMIN),
)
STORY_FROM = dt.date(2021, 3, 1)
"""Loaded earlier, the days of the story would reach into the years whose figures the ledger reproduces."""

FIXED_ASSETS_2020 = Decimal("5990000000.00")  # 59.9亿元, from the report of 2020


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did. `password` is that of all demo users, told only when they were made here."""

    fresh: bool
    password: str | None
    logins: tuple[str, ...]
    result: LedgerImport | None


class NotLoaded(Exception):
    """The demo ledger was refused: the message of its import."""


def load(
    database: Database, settings: Settings, loaded_on: dt.date, progress: ledgers.Progress | None = None
) -> Loaded:  # fmt: skip
    """Fill a database that has no users; one that has keeps what it holds. Open rows date back from `loaded_on`."""
    schema.upgrade(settings.database)
    logins = tuple(login for login, _, _ in USERS)
    with database.reading() as connection:
        if connection.execute(select(User.id).limit(1)).first() is not None:
            return Loaded(False, None, logins, None)
    _keep_a_key(settings)
    password = settings.demo_password or passwords.generate()
    hashed = passwords.hash_password(password)
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        units.load_units(db, demo_rows("units"))
        people = _people(db, hashed)
        figure = StatisticIn(value=str(FIXED_ASSETS_2020), source="2020 年公开报告（演示数据）", note=None)
        statistics.put(db, people[Role.OFFICER], StatisticCode.FIXED_ASSET_INVESTMENT, "2020", figure, None)
    number = _import(database, settings, people[Role.OFFICER], loaded_on, progress)
    with database.unit_of_work() as db:
        result = db.get_one(LedgerImport, number)
    if result.state is not State.DONE:
        raise NotLoaded(result.message)
    with database.unit_of_work() as db:
        events.act(db, people[Role.REVIEWER])
        confirming.confirm(db, people[Role.REVIEWER], number)
    engagements.tell_of_2020(database, people[Role.OFFICER])
    contracts.sign(database, people[Role.OFFICER])
    if loaded_on >= STORY_FROM:
        contracts.tell(database, people, loaded_on)  # before any contract of the story
        story.tell(database, Store(settings.data_dir), people, loaded_on)
        weeks.tell(database, people, loaded_on)
        task_forces.tell(database, people, loaded_on)
        rewards.tell(database, Store(settings.data_dir), people, loaded_on)
        tickets.tell(database, people, loaded_on)
    return Loaded(True, password, logins, result)


def _keep_a_key(settings: Settings) -> None:
    """A key of the demo's own for personal data, beside the data: what is invented needs no better place."""
    file = settings.data_dir / DEMO_KEY
    if settings.vault_key.get_secret_value() or file.exists():
        return
    file.touch(mode=0o600)
    file.write_text(f"# 演示数据的个人信息加密密钥；正式使用须改设 VAULT_KEY\n{vault.new_key()}\n", encoding="utf-8")


def _people(db: Session, hashed: str) -> dict[Role, Actor]:
    """One user of each kind."""
    unit = unit_names.resolve(db, [REPORTERS_UNIT])[REPORTERS_UNIT]
    made: dict[Role, Actor] = {}
    for login, name, role in USERS:
        home = unit.code if role is Role.REPORTER else None
        user = accounts.create_user(db, login, name, {role}, hashed, unit_code=home, must_change=False)
        made[role] = Actor(user.id, user.login, "user", user.held, permissions_of(user.held), user.unit_id)
    return made


def _import(
    database: Database, settings: Settings, officer: Actor, loaded_on: dt.date, progress: ledgers.Progress | None
) -> int:  # fmt: skip
    # It stays, so that it can be looked at, changed, and imported again.
    book = settings.data_dir / LEDGER
    build_workbook(book, loaded_on)
    data = book.read_bytes()
    task = ledgers.begin(database, officer, data, book.name, Mode.ALL, settings.district)
    ledgers.run(database, task, progress)
    return task.number
