"""What the tests of boards share: bodies of rules, and how much is asked of a database."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from app.kernel.db import Database
from app.published.boards.rules import LABELS, SAMPLE


def body(**changes: Any) -> dict[str, Any]:
    """The shipped sample as JSON; a sub-index that is given is changed in the words given, everything else replaced."""
    found: dict[str, Any] = SAMPLE.model_dump(mode="json")
    for name, value in changes.items():
        found[name] = found[name] | value if name in LABELS else value
    return found


def statements(database: Database, ask: Callable[[Connection], Any]) -> int:
    """How many statements SQLite's driver is given meanwhile, those too that no library compiled."""
    told: list[str] = []
    with database.reading() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.set_trace_callback(told.append)
        ask(connection)
        driver.set_trace_callback(None)
    return len(told)
