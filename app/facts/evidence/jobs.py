"""What is done about files that nobody came back for."""

from app.kernel import calendar, files, uploads
from app.kernel.db import Database
from app.kernel.files import Store


def sweep(store: Store, database: Database) -> None:
    """Forget uploads that expired, and remove what they and crashes have left behind."""
    with database.unit_of_work() as db:
        uploads.forget(db)
    files.sweep(store.folder, calendar.now())
