"""Scheduled jobs: each slot once, whoever comes; again when its runner died or it failed, but not for ever."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from app.kernel import calendar, jobs
from app.kernel.db import Database
from app.kernel.jobs import Job, JobRun
from app.kernel.telemetry import Metrics

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url, pool=20)
    yield found
    found.close()


@pytest.fixture
def clock(time_machine: time_machine.TimeMachineFixture) -> time_machine.TimeMachineFixture:
    time_machine.move_to("2020-03-02T00:30:00+08:00", tick=False)
    return time_machine


def runs(database: Database) -> list[JobRun]:
    with database.unit_of_work() as db:
        return list(db.scalars(select(JobRun).order_by(JobRun.id)))


class Counter:
    """A job's work: counts how often it was done, and fails or dies as told."""

    def __init__(self, *outcomes: BaseException) -> None:
        self.times = 0
        self.outcomes = list(outcomes)
        self.lock = threading.Lock()

    def __call__(self, _database: Database) -> None:
        with self.lock:
            self.times += 1
            if self.outcomes:
                raise self.outcomes.pop(0)


HOUR = timedelta(hours=1)


# -- when -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2020-03-01T16:00:00Z", None),  # midnight in Shanghai
        ("2020-03-01T16:00:59.999999Z", None),
        ("2020-03-01T16:01:00Z", "2020-03-02"),
        ("2020-03-02T15:59:59Z", "2020-03-02"),
        ("2020-03-02T16:00:59Z", None),
        ("2020-02-28T16:01:00Z", "2020-02-29"),
    ],
)
def test_daily_jobs_follow_the_day_of_shanghai(now: str, slot: str | None) -> None:
    job = Job("daily", Counter(), at=time(0, 1))
    assert job.slot(datetime.fromisoformat(now)) == slot


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2020-10-05T08:29:59+08:00", "2020-09-28"),  # a Monday, not yet
        ("2020-10-05T08:30:00+08:00", "2020-10-05"),
        ("2020-10-04T23:30:00Z", "2020-09-28"),
        ("2020-10-05T00:30:00Z", "2020-10-05"),
        ("2020-10-11T23:59:59+08:00", "2020-10-05"),  # nobody was there on Monday: the week has its turn still
        ("2020-10-12T08:29:00+08:00", "2020-10-05"),
        ("2021-01-01T00:00:00+08:00", "2020-12-28"),
    ],
)
def test_weekly_jobs_follow_their_weekday(now: str, slot: str) -> None:
    job = Job("weekly", Counter(), at=time(8, 30), weekday=0)
    assert job.slot(datetime.fromisoformat(now)) == slot


def test_a_weekly_job_runs_once_a_week(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    work = Counter()
    job = Job("weekly", work, at=time(8, 30), weekday=2)
    seen = []
    for hour in range(24 * 21):
        clock.move_to(datetime(2020, 3, 2, tzinfo=calendar.SHANGHAI) + timedelta(hours=hour, minutes=45), tick=False)
        if jobs.run_due(database, [job]):
            seen.append(calendar.now().astimezone(calendar.SHANGHAI).isoformat()[:13])
    assert seen == ["2020-03-02T00", "2020-03-04T08", "2020-03-11T08", "2020-03-18T08"]


def test_intervals_are_counted_the_same_everywhere() -> None:
    job = Job("hourly", Counter(), every=HOUR)
    start = datetime(2020, 3, 1, tzinfo=UTC)
    assert job.slot(start) == job.slot(start + HOUR - timedelta(microseconds=1))
    assert job.slot(start) != job.slot(start + HOUR)
    assert job.slot(start) == job.slot(start.astimezone(calendar.SHANGHAI))
    assert Job("never", Counter()).slot(start) is None


def test_a_daily_job_runs_once_a_day(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    work = Counter()
    job = Job("daily", work, at=time(6, 0))
    seen = []
    for day in range(3):
        for hour in range(24):
            clock.move_to(datetime(2020, 3, 2 + day, hour, 30, tzinfo=calendar.SHANGHAI), tick=False)
            if jobs.run_due(database, [job]):
                seen.append((day, hour))
    assert seen == [(0, 6), (1, 6), (2, 6)]
    assert [run.slot for run in runs(database)] == [date(2020, 3, d).isoformat() for d in (2, 3, 4)]
    assert {run.state for run in runs(database)} == {"done"}


def test_a_worker_that_was_away_does_today_not_all_the_days(
    database: Database, clock: time_machine.TimeMachineFixture
) -> None:
    work = Counter()
    job = Job("daily", work, at=time(0, 1))
    jobs.run_due(database, [job])
    clock.move_to("2020-03-20T12:00:00+08:00", tick=False)
    assert jobs.run_due(database, [job]) == ["daily"]
    assert jobs.run_due(database, [job]) == []
    assert work.times == 2


# -- by whom ----------------------------------------------------------------------------------------------------


def test_many_threads_run_it_once(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    for round_ in range(5):
        clock.move_to(datetime(2020, 3, 2 + round_, 12, tzinfo=UTC), tick=False)
        work = Counter()
        job = Job("hourly", work, every=HOUR)
        with ThreadPoolExecutor(12) as pool:
            ran = list(pool.map(lambda _, job=job: jobs.run_due(database, [job]), range(12)))  # type: ignore[misc]
        assert work.times == 1
        assert sorted(ran) == [[]] * 11 + [["hourly"]]
    assert len(runs(database)) == 5


PROCESS = """
import sys
from datetime import timedelta
from pathlib import Path
from app.kernel.db import Database
from app.kernel.jobs import Job, run_due

def note(database):
    with Path(sys.argv[2]).open("a") as out:
        out.write("ran\\n")

database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    run_due(database, [Job(f"job{number}", note, every=timedelta(days=3650))])
database.close()
"""


def test_processes_run_it_once(database: Database, database_url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, database_url, str(out)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert out.read_text() == "ran\n" * 10
    assert [(run.state, run.attempts) for run in runs(database)] == [("done", 1)] * 10


# -- when it goes wrong -----------------------------------------------------------------------------------------


def test_a_lease_that_ran_out_is_taken_over_once(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    now = calendar.now()
    dead = Job("daily", Counter(), at=time(0, 1), lease=timedelta(minutes=10))
    assert jobs.claim(database, dead, "2020-03-02", now)  # and its process is gone
    work = Counter()
    alive = Job("daily", work, at=time(0, 1), lease=timedelta(minutes=10))
    assert jobs.run_due(database, [alive]) == []
    clock.move_to(now + timedelta(minutes=10), tick=False)
    assert jobs.run_due(database, [alive]) == []
    clock.move_to(now + timedelta(minutes=10, seconds=1), tick=False)
    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda _: jobs.run_due(database, [alive]), range(8)))
    assert work.times == 1
    assert ["daily"] in ran
    (run,) = runs(database)
    assert (run.state, run.attempts) == ("done", 2)


def test_whoever_lost_its_lease_does_not_close_the_run_of_another(
    database: Database, clock: time_machine.TimeMachineFixture
) -> None:
    start = calendar.now()
    inside: list[str] = []

    def slow(found: Database) -> None:
        clock.move_to(start + timedelta(hours=2), tick=False)
        other = Job("daily", lambda _: inside.extend(run.state for run in runs(found)), at=time(0, 1))
        with ThreadPoolExecutor(1) as pool:  # another worker, as its thread tells
            assert pool.submit(jobs.claim, found, other, "2020-03-02", calendar.now()).result()

    jobs.run_due(database, [Job("daily", slow, at=time(0, 1), lease=HOUR)])
    (run,) = runs(database)
    assert (run.state, run.attempts) == ("running", 2)


def test_what_fails_is_tried_three_times(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    metrics = Metrics()
    work = Counter(*(ValueError(f"第{n}次") for n in range(1, 10)))
    job = Job("daily", work, at=time(0, 1))
    fine = Counter()
    for _ in range(6):
        jobs.run_due(database, [job, Job("fine", fine, at=time(0, 1))], metrics)
    assert (work.times, fine.times) == (3, 1)
    failed = next(run for run in runs(database) if run.job == "daily")
    assert (failed.state, failed.attempts, failed.error) == ("failed", 3, "ValueError: 第3次")
    assert 'zhaoshang_jobs_total{job="daily",outcome="failed"} 3.0' in metrics.text().decode()
    assert 'zhaoshang_jobs_total{job="fine",outcome="done"} 1.0' in metrics.text().decode()


def test_what_succeeds_at_the_second_try_is_done(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    work = Counter(ValueError("once"))
    job = Job("daily", work, at=time(0, 1))
    for _ in range(4):
        jobs.run_due(database, [job])
    (run,) = runs(database)
    assert (work.times, run.state, run.attempts, run.error) == (2, "done", 2, None)


def test_the_worker_outlives_its_jobs_and_stops_when_told(database: Database) -> None:
    stop = threading.Event()

    def last(_database: Database) -> None:
        stop.set()
        raise RuntimeError

    due = [Job("a", Counter(ValueError()), every=HOUR), Job("b", last, every=HOUR)]
    worker = threading.Thread(target=jobs.work, args=(database, due, stop))
    worker.start()
    worker.join(20)
    assert not worker.is_alive()
    assert {run.state for run in runs(database)} == {"failed"}


def test_old_slots_are_forgotten(database: Database, clock: time_machine.TimeMachineFixture) -> None:
    start = calendar.now()
    jobs.run_due(database, [Job("old", Counter(), every=HOUR)])
    clock.move_to(start + timedelta(days=2), tick=False)
    jobs.run_due(database, [Job("new", Counter(), every=HOUR)])
    clock.move_to(start + timedelta(days=30, seconds=1), tick=False)
    jobs.forget(database)
    assert [run.job for run in runs(database)] == ["new"]
