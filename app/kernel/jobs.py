"""Scheduled jobs: each slot is run once, by whichever process claims it first, on both databases.

A slot is a day or an interval's number; its row is the claim, with a lease that another process may take
over when the first one died. Claims and leases stand outside the event log.
"""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog
from sqlalchemy import Text, UniqueConstraint, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import calendar
from app.kernel.db import Base, Database, Id, Instant, text_key
from app.kernel.telemetry import Metrics

log = structlog.get_logger()

ATTEMPTS = 3
KEPT_FOR = timedelta(days=30)


class JobRun(Base):
    """One slot of one job: who runs it, until when it may, how it ended."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "slot"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(text_key(40))
    slot: Mapped[str] = mapped_column(text_key(32))
    state: Mapped[str] = mapped_column(text_key(10))  # running, done, failed
    owner: Mapped[str] = mapped_column(text_key(80))
    attempts: Mapped[int]
    lease_until: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is due `every` interval, daily `at` a time in Shanghai, or weekly at that time of a `weekday`.

    Monday is 0. It must bear being run twice; a slot that nobody was there for is run later, until the next one.
    """

    name: str
    run: Callable[[Database], None]
    every: timedelta | None = None
    at: time | None = None
    weekday: int | None = None
    lease: timedelta = timedelta(minutes=10)

    def slot(self, now: datetime) -> str | None:
        """The newest slot that is due, or None before today's time."""
        local = now.astimezone(calendar.SHANGHAI)
        if self.every is not None:
            return str(int(now.timestamp() // self.every.total_seconds()))
        if self.at is None:
            return None
        if self.weekday is not None:
            due = datetime.combine(local.date() - timedelta(days=(local.weekday() - self.weekday) % 7), self.at)
            return (due if due <= local.replace(tzinfo=None) else due - timedelta(days=7)).date().isoformat()
        return local.date().isoformat() if local.time() >= self.at else None


def _owner() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{threading.get_ident()}"


def claim(database: Database, job: Job, slot: str, now: datetime) -> bool:
    """Take a slot that nobody has, or whose owner's lease ran out or who failed; True when it is ours now."""
    lease = now + job.lease
    with database.unit_of_work() as db:
        found = db.execute(
            select(JobRun.id, JobRun.state, JobRun.lease_until).where(JobRun.job == job.name, JobRun.slot == slot)
        ).one_or_none()
        if found is not None:
            taken = db.execute(
                update(JobRun)
                .where(
                    JobRun.id == found.id,
                    JobRun.attempts < ATTEMPTS,
                    or_(JobRun.state == "failed", (JobRun.state == "running") & (JobRun.lease_until < now)),
                )
                .values(state="running", owner=_owner(), lease_until=lease, attempts=JobRun.attempts + 1)
                .returning(JobRun.id)
            ).all()
            return bool(taken)
    try:
        with database.unit_of_work() as db:
            db.execute(
                insert(JobRun).values(
                    job=job.name,
                    slot=slot,
                    state="running",
                    owner=_owner(),
                    attempts=1,
                    lease_until=lease,
                    started_at=now,
                )
            )
    except IntegrityError:
        return False  # another process was faster
    return True


def _close(database: Database, job: Job, slot: str, error: str | None) -> None:
    with database.unit_of_work() as db:
        db.execute(
            update(JobRun)
            .where(JobRun.job == job.name, JobRun.slot == slot, JobRun.owner == _owner())
            .values(state="failed" if error else "done", finished_at=calendar.now(), error=error)
        )


def run_due(database: Database, jobs: Sequence[Job], metrics: Metrics | None = None) -> list[str]:
    """Run every job whose newest slot nobody has run; returns the names of those run here."""
    ran = []
    for job in jobs:
        now = calendar.now()
        slot = job.slot(now)
        if slot is None or not claim(database, job, slot, now):
            continue
        error = None
        try:
            job.run(database)
        except Exception as failure:  # the worker outlives every job; the row keeps the reason
            error = f"{type(failure).__name__}: {failure}"[:2000]
            log.error("job_failed", job=job.name, slot=slot, exc_info=failure)
        _close(database, job, slot, error)
        if metrics is not None:
            metrics.jobs.labels(job.name, "failed" if error else "done").inc()
        ran.append(job.name)
    return ran


def work(
    database: Database, jobs: Sequence[Job], stop: threading.Event, metrics: Metrics | None = None, pause: float = 5.0
) -> None:
    """Run what is due until told to stop."""
    while not stop.is_set():
        try:
            run_due(database, jobs, metrics)
        except Exception as failure:  # the database may be away for a while
            log.error("worker_failed", exc_info=failure)
        stop.wait(pause)


def forget(database: Database) -> None:
    """Drop the rows of slots that are long over."""
    with database.unit_of_work() as db:
        db.execute(delete(JobRun).where(JobRun.started_at < calendar.now() - KEPT_FOR))
