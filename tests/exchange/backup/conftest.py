"""Two databases: one with content to back up, and an empty one of the same or of another kind to restore into."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.domains import REACTIONS
from app.exchange.backup.saving import save
from app.kernel import chain, events
from app.kernel.db import Base, Database
from app.kernel.schema import upgrade as build
from tests.databases import Databases, backends
from tests.exchange.backup.content import fill, store

Open = Callable[[str], Database]


@pytest.fixture
def open_database() -> Iterator[Open]:
    opened: list[Database] = []

    def open_it(url: str) -> Database:
        database = Database(url)
        events.install(database, REACTIONS)
        opened.append(database)
        return database

    yield open_it
    for database in opened:
        database.close()


@pytest.fixture
def source(new_database: Callable[..., str], open_database: Open) -> Database:
    """A migrated database without content."""
    return open_database(new_database())


@pytest.fixture
def target(database_url: str, open_database: Open) -> Database:
    """A second one of the same kind."""
    return open_database(database_url)


@pytest.fixture
def other_target(databases: Databases, open_database: Open) -> Iterator[Database]:
    """A second one of the other kind: PostgreSQL for SQLite and the other way round."""
    kinds = [name for name in backends() if name != "sqlite"] if databases.is_sqlite else ["sqlite"]
    if not kinds:
        pytest.skip("there is no other kind of database")
    others = Databases(kinds[0], databases.folder, f"{databases.worker}-other", build)
    yield open_database(others.new())
    others.drop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def good(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good archive of a small district."""
    place = tmp_path_factory.mktemp("good")
    database = Database(databases.new())
    events.install(database, REACTIONS)
    fill(database)
    store(database, place / "data")
    save(database, place / "data", place / "good.tar.gz")
    database.close()
    return (place / "good.tar.gz").read_bytes()


@pytest.fixture
def saved(good: bytes, tmp_path: Path) -> Path:
    """The same, as a file of its own."""
    path = tmp_path / "good.tar.gz"
    path.write_bytes(good)
    return path


def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Base.metadata.sorted_tables
        }


def head(database: Database) -> int:
    with database.reading() as connection:
        return chain.head(connection)[0]
