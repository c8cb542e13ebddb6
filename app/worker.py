"""Scheduled jobs and deliveries to the city as a process of their own: `zhaoshang worker`.

The server runs the same inside by default. Any number of them may run at once.
"""

import signal
import threading
from types import FrameType

import structlog

from app import domains
from app.config import Settings
from app.exchange.municipal import channels, courier
from app.kernel import events, jobs
from app.kernel.db import Database
from app.kernel.files import Store
from app.kernel.telemetry import set_up_logs


def run(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C; a job that is running, and a delivery that is under way, are finished first."""
    set_up_logs(settings.log_format, settings.log_level)
    connections = channels.read(settings.channels_file)
    database = Database(settings.database)
    events.install(database, domains.REACTIONS)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    structlog.get_logger().info("worker_started")
    carrying = threading.Thread(
        target=courier.run, args=(database, connections, settings.district, stop), name="courier", daemon=True
    )
    carrying.start()
    jobs.work(database, domains.jobs_of(Store(settings.data_dir), connections), stop)
    carrying.join()
    database.close()
