"""How Alembic reaches the database: one transaction per upgrade, one upgrade at a time, on both databases.

The address is `config.attributes["url"]` when a program calls, else that of the settings.
"""

import sqlite3
from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

import app.domains  # noqa: F401  (fills the metadata with every table)
from app.config import Settings
from app.kernel.db import Base

# Any number of servers may be started at once: the first migrates, the others wait and find it done.
LOCK = 0x7A68616F


def address() -> str:
    given = context.config.attributes.get("url")
    url = make_url(str(given) if given else Settings().database)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def engine() -> Engine:
    made = create_engine(address(), poolclass=NullPool)
    if made.dialect.name == "sqlite":
        # The driver begins no transaction before DDL; half a migration must not stay behind. Foreign keys
        # are off here, as rebuilding a table needs; what a migration broke is found by the check below.
        @event.listens_for(made, "connect")
        def no_driver_transactions(connection: sqlite3.Connection, _record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout = 60000")

        @event.listens_for(made, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


def plain_type(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as what they are in the database: a migration must not change with our code."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    there: TypeEngine[Any] = item.load_dialect_impl(postgresql.dialect()).as_generic()
    here: TypeEngine[Any] = item.load_dialect_impl(sqlite.dialect()).as_generic()
    if repr(there) == repr(here):
        return f"sa.{there!r}"
    return f"sa.{there!r}.with_variant(sa.{here!r}, 'sqlite')"


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        render_item=plain_type,
        transactional_ddl=True,
        **options,
    )


def offline() -> None:
    configure(url=address(), literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def online() -> None:
    with engine().connect() as connection:
        configure(connection=connection)
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()
            if connection.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"the migration breaks foreign keys: {broken[:5]}")


if context.is_offline_mode():
    offline()
else:
    online()
