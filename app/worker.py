"""Scheduled jobs as a process of their own: `zhaoshang worker`. The server runs the same inside by default."""

import signal
import threading
from types import FrameType

import structlog

from app import domains
from app.config import Settings
from app.kernel import events, jobs
from app.kernel.db import Database
from app.kernel.files import Store
from app.kernel.telemetry import set_up_logs


def run(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C; a job that is running is finished first."""
    set_up_logs(settings.log_format, settings.log_level)
    database = Database(settings.database)
    events.install(database, domains.REACTIONS)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    structlog.get_logger().info("worker_started")
    jobs.work(database, domains.jobs_of(Store(settings.data_dir)), stop)
    database.close()
