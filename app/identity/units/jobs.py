from app.identity.units import service
from app.kernel.db import Database


def follow_the_calendar(database: Database) -> None:
    """Daily: a name that was entered ahead of time becomes the unit's name on its day."""
    with database.unit_of_work() as db:
        service.follow_the_calendar(db)
