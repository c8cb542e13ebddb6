"""Thirty-five reporters at once, five times each: nothing is lost, nothing is there twice, nothing breaks."""

from collections.abc import Callable

from app.domains import REACTIONS
from app.kernel import events
from app.kernel.db import Database
from tests.facts.reports.filing import TIMES, UNITS, VISITS, counted, file_all, fill
from tests.replay import assert_log_equals_tables
from tests.servers import LiveServer


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
