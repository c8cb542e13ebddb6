"""What the worker does for claims."""

from app.facts.rewards.claims import notices
from app.kernel.db import Database


def remind_of_notices(database: Database) -> None:
    """Each morning: whoever approves is told of the public notices that are over."""
    with database.unit_of_work() as db:
        notices.remind_of_notices(db)
