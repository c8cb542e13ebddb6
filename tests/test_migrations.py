"""The migrations make what the models say, on every backend, forwards and backwards."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, inspect

from tests.schema import ROOT, alembic_config

pytestmark = [
    # SQLite says that it cannot compare indexes over expressions; PostgreSQL compares them.
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.skipif(not any((ROOT / "migrations" / "versions").glob("*.py")), reason="there is no migration yet"),
]


def tables(url: str) -> list[str]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    return sorted(inspect(engine).get_table_names())


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("sqlite://")).get_heads()) == 1


def test_back_to_nothing_and_forth_again(new_database: Callable[..., str]) -> None:
    url = new_database()
    full = tables(url)
    command.downgrade(alembic_config(url), "base")
    assert tables(url) == ["alembic_version"]
    command.upgrade(alembic_config(url), "head")
    assert tables(url) == full


def test_servers_that_start_together_migrate_once(database_url: str, new_database: Callable[..., str]) -> None:
    url = new_database(empty=True)
    program = f"from tests.schema import build; build({url!r})"
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    outcomes = [(process.communicate(timeout=60)[0], process.returncode) for process in started]
    assert [code for _, code in outcomes] == [0, 0, 0], outcomes
    assert tables(url) == tables(database_url)
