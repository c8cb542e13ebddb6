"""Swift reads of SQLite run on the event loop, everything else in threads; what keeps the loop waiting goes back."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.kernel import pace
from app.kernel.db import Database
from app.kernel.pace import Pace


def test_a_kind_must_be_swift_a_few_times() -> None:
    known = Pace()
    for _ in range(pace.TRIALS):
        assert not known.is_swift("list")
        known.ran_in_thread("list", pace.SWIFT / 2)
    assert known.is_swift("list") and not known.is_swift("other")


def test_one_slow_run_in_a_thread_begins_the_trials_anew() -> None:
    known = Pace()
    for _ in range(pace.TRIALS - 1):
        known.ran_in_thread("list", 0)
    known.ran_in_thread("list", 2 * pace.SWIFT)
    for _ in range(pace.TRIALS - 1):
        known.ran_in_thread("list", 0)
        assert not known.is_swift("list")
    known.ran_in_thread("list", 0)
    assert known.is_swift("list")


def test_what_keeps_the_loop_waiting_is_banished_for_a_while() -> None:
    known = Pace()
    for _ in range(pace.TRIALS):
        known.ran_in_thread("search", 0)
    known.ran_on_loop("search", pace.SLOW / 2)
    assert known.is_swift("search")
    known.ran_on_loop("search", 2 * pace.SLOW)
    for _ in range(pace.BANISHED):
        assert not known.is_swift("search")
        known.ran_in_thread("search", 0)
    assert known.is_swift("search")


def test_however_many_kinds_come_few_are_kept() -> None:
    known = Pace()
    for number in range(3 * pace.KINDS):
        known.ran_in_thread(number, 0)
    assert len(known.trials) <= pace.KINDS


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def test_where_reads_run(database: Database) -> None:
    def where(connection: Connection) -> int:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        return threading.get_ident()

    async def ask() -> tuple[list[int], int, list[int]]:
        known = [await database.read(where, "swift") for _ in range(pace.TRIALS + 2)]
        nameless = await database.read(where)
        # One at a time on the loop; whoever comes meanwhile goes to a thread as ever.
        with database.here:
            busy = [await database.read(where, "swift")]
        return known, nameless, busy

    known, nameless, busy = asyncio.run(ask())
    here = threading.get_ident()
    assert here not in {*known[: pace.TRIALS], nameless, *busy}
    assert (known[-1] == here) is database.is_sqlite


def test_what_a_read_raises_comes_out_and_frees_the_loop(database: Database) -> None:
    def refuse(_connection: Connection) -> None:
        raise LookupError("no")

    async def ask() -> None:
        for _ in range(pace.TRIALS + 3):
            with pytest.raises(LookupError):
                await database.read(refuse, "refused")

    asyncio.run(ask())
    assert not database.here.locked()
