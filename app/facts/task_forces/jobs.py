from app.facts.task_forces import escalations
from app.kernel import calendar
from app.kernel.db import Database


def escalate(database: Database) -> None:
    """Daily: tell of tasks that have reached another level, each task force in a transaction of its own."""
    today = calendar.today()
    with database.reading() as connection:
        forces = escalations.forces_due(connection, today)
    for number in forces:
        with database.unit_of_work() as db:
            escalations.escalate(db, number, today)
