"""Thirty-five reporters at once, five times each: nothing is lost, nothing is there twice, nothing breaks."""

import threading
from collections.abc import Callable

import httpx2

from app.domains import REACTIONS
from app.kernel import calendar, events
from app.kernel.db import Database
from tests.factories.identity import make_session, make_user
from tests.facts.reports.filing import TIMES, UNITS, VISITS, counted, document, file_all, fill
from tests.replay import assert_log_equals_tables
from tests.servers import LiveServer

NEWEST_ONLY = True  # threads and locks; the statements are those of `test_report.py`


def test_everybody_files_at_once(database_url: str, live_server: Callable[..., LiveServer]) -> None:
    database = Database(database_url)
    events.install(database, REACTIONS)
    people = fill(database)
    server = live_server(database_url, LOG_LEVEL="error")
    filed = file_all(server, people)
    assert filed.wrong == [], f"{filed.wrong[:3]}\n{server.tail()[-2000:]}"
    assert len(filed.statuses) == UNITS * (2 * TIMES + 1)
    with database.reading() as connection:
        assert counted(connection) == {
            "reports": UNITS,
            "engagements": UNITS * (VISITS + 1),
            "standing": UNITS * (VISITS + 1),
            "linked": UNITS * (VISITS + 1),
            "enterprises": 1,
            "projects": UNITS,
            "progress": UNITS,
            "steps": UNITS,
        }
        assert_log_equals_tables(connection)
    database.close()


def test_two_colleagues_begin_at_once(database_url: str, live_server: Callable[..., LiveServer]) -> None:
    """One has begun the report; the others are told to look first, and nothing of theirs is half kept."""
    database = Database(database_url)
    events.install(database, REACTIONS)
    unit, _, project = fill(database)[0]
    with database.unit_of_work() as db:
        tokens = [make_session(db, make_user(db, "reporter", unit=unit)) for _ in range(6)]
    server = live_server(database_url, LOG_LEVEL="error")
    together, told = threading.Barrier(len(tokens)), []
    place = f"{server.base_url}/api/v1/weekly/{calendar.iso_week(calendar.today())}/reports/{unit}"

    def begin(number: int) -> None:
        body = document(project) | {"note": f"第 {number} 人"}
        together.wait(30)
        headers = {"Authorization": f"Bearer {tokens[number]}"}
        told.append(httpx2.put(place, json=body, headers=headers, trust_env=False, timeout=60).status_code)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(len(tokens))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == [201, *([428] * 5)], server.tail()[-2000:]
    with database.reading() as connection:
        assert counted(connection)["engagements"] == VISITS
        assert_log_equals_tables(connection)
    database.close()
