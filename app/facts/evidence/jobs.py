"""What is done about files that nobody came back for."""

from app.kernel import calendar, file_sweep, files, uploads
from app.kernel.db import Database
from app.kernel.files import Store


def sweep(store: Store, database: Database) -> None:
    """Forget uploads that expired, and remove what they and crashes have left behind."""
    with database.unit_of_work() as db:
        uploads.forget(db)
    files.sweep(store.folder, calendar.now())


def sweep_unlinked(store: Store, database: Database) -> None:
    """Remove stored files that nothing links, a week after they came."""
    file_sweep.sweep_unlinked(store, database)
