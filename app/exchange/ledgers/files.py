"""Ledgers as files of this machine: what the command line imports and exports."""

from pathlib import Path
from typing import Any

import msgspec

from app.exchange.ledgers import books, queries, service
from app.exchange.ledgers.models import Mode
from app.exchange.ledgers.schemas import RowsQuery
from app.exchange.ledgers.service import Progress
from app.facts.projects import listing
from app.facts.projects.listing import ProjectFilter
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.kernel.sheets import recognise

MOST_ROWS = 1000


def import_file(
    database: Database,
    path: Path,
    actor: Actor,
    *,
    mode: Mode = Mode.ALL,
    district: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a file; the result as the API gives it, with its refused rows (or, without any, those warned of)."""
    data = path.read_bytes()
    try:
        recognise(data, path.name)
    except ValueError as error:
        raise Invalid(str(error)) from None
    task = service.begin(database, actor, data, path.name, mode, district)
    service.run(database, task, progress)
    with database.reading() as connection:
        found: dict[str, Any] = {}
        for only in ("refused", "warned"):
            asked = RowsQuery.model_validate({"only": only, "limit": MOST_ROWS})
            found = msgspec.json.decode(queries.one(connection, actor, task.number, asked))
            if found["rows"]:
                break
    return found


def export_file(database: Database, path: Path, actor: Actor, district_name: str) -> int:
    """Write everything the actor may see (archived projects aside); the number of rows."""
    with database.reading() as connection:
        codes = listing.codes(connection, actor, ProjectFilter())
        return books.export(connection, path, codes, district_name)
