"""What the worker does for clauses."""

from app.facts.commitments import notices
from app.kernel import calendar
from app.kernel.db import Database


def remind(database: Database) -> None:
    """Each morning: tell of clauses that are due soon or late, each project in a transaction of its own."""
    today = calendar.today()
    with database.reading() as connection:
        found = notices.projects_due(connection, today)
    for project_id in found:
        with database.unit_of_work() as db:
            notices.remind(db, project_id, today)
