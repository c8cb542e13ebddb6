"""The migrations make what the models say, on every backend, forwards and backwards."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine, inspect, select

from app.kernel.chain import GENESIS
from app.kernel.db import Base
from app.kernel.schema import ROOT, configuration

pytestmark = [
    # SQLite says that it cannot compare indexes over expressions; PostgreSQL compares them.
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
]

NEWEST_ONLY = {"test_servers_that_start_together_migrate_once"}  # the lock is the same on every version


def connect(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)


def tables(url: str) -> list[str]:
    return sorted(inspect(connect(url)).get_table_names())


def filled_in(url: str) -> dict[str, list[tuple[object, ...]]]:
    """The rows of every table that has some."""
    with connect(url).connect() as connection:
        tables = Base.metadata.sorted_tables
        rows = {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}
    return {name: content for name, content in rows.items() if content}


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    command.check(configuration(database_url))


def test_a_new_house_is_empty_but_for_the_beginning_of_its_log(database_url: str) -> None:
    assert filled_in(database_url) == {"log_head": [(1, 0, 0, GENESIS)]}


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory.from_config(configuration("sqlite://")).get_heads()) == 1


def test_back_to_nothing_and_forth_again(new_database: Callable[..., str]) -> None:
    url = new_database()
    full = tables(url)
    command.downgrade(configuration(url), "base")
    assert tables(url) == ["alembic_version"]
    command.upgrade(configuration(url), "head")
    assert tables(url) == full


def test_servers_that_start_together_migrate_once(database_url: str, new_database: Callable[..., str]) -> None:
    url = new_database(empty=True)
    program = f"from app.kernel.schema import upgrade as build; build({url!r})"
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    outcomes = [(process.communicate(timeout=60)[0], process.returncode) for process in started]
    assert [code for _, code in outcomes] == [0, 0], outcomes
    assert tables(url) == tables(database_url)
