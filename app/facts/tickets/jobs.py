from app.facts.tickets import escalations
from app.kernel import calendar
from app.kernel.db import Database


def watch(database: Database) -> None:
    """Every few minutes: tell of tickets that come due or are late, each ticket in a transaction of its own."""
    now = calendar.now()
    with database.reading() as connection:
        tickets = escalations.moves(connection, now)
    for number in tickets:
        with database.unit_of_work() as db:
            escalations.escalate(db, number, now)
