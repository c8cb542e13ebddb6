"""Nothing of the bureau's data is beside the log, and nothing that was answered is lost when the server dies."""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx2
from sqlalchemy import select

from app.domains import REACTIONS
from app.identity.units.models import Unit
from app.kernel import events
from app.kernel.db import Base, Database
from app.kernel.events import Logged
from tests.factories.identity import make_session, make_user
from tests.replay import assert_log_equals_tables
from tests.servers import LiveServer

NEWEST_ONLY = {"test_a_server_that_is_killed_leaves_the_log_whole"}  # it is the server that is killed
BESIDE = {
    "event": "the log itself",
    "log_head": "the end of the log",
    "kept_answer": "what repeated requests are answered; gone after two days",
    "job_run": "who runs which scheduled job",
    "login_guard": "failed logins, which survive a refusal",
    "code_serial": "the last number given to a project of a year",
    "upload": "a file on its way; what came of it is an event",
    "stored_file": "contents by their hash; what they are evidence of is an event",
    "ledger_import_row": "what came of a row of a file; what it changed is an event",
    "municipal_record": "what the city should hold follows from the log; attempts and receipts are no business",
    "municipal_contact": "exchanges with the city, kept for a month",
    "municipal_nonce": "what the city's messages have used up",
    "municipal_package_item": "what is in a package; the package is an event",
}


def test_every_table_is_in_the_log_or_says_why_not() -> None:
    logged = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Logged)}
    tables = set(Base.metadata.tables)
    assert logged <= tables
    assert tables - logged - set(BESIDE) == set()
    assert set(BESIDE) & logged == set()
    assert set(BESIDE) - tables <= {"upload", "stored_file"}, "tables that are no more"


def test_a_server_that_is_killed_leaves_the_log_whole(
    database_url: str, live_server: Callable[..., LiveServer]
) -> None:
    database = Database(database_url)
    events.install(database, REACTIONS)
    with database.unit_of_work() as db:
        token = make_session(db, make_user(db, "officer"))
    server = live_server(database_url, WORKER_INSIDE="false", LOG_LEVEL="error")
    numbers, enough, told = count(1), threading.Event(), []
    headers = {"Authorization": f"Bearer {token}"}

    def a_unit(number: int) -> dict[str, Any]:
        return {
            "code": f"u{number}", "name": f"单位{number}", "tier": "key", "kind": "bureau", "valid_from": "2015-01-01",
        }  # fmt: skip

    def write() -> None:
        with httpx2.Client(base_url=server.base_url, headers=headers, trust_env=False, timeout=30) as client:
            while True:
                unit = a_unit(next(numbers))
                try:
                    answer = client.post("/api/v1/units", json=unit)
                except httpx2.HTTPError:
                    return
                assert answer.status_code == 201, server.tail()[-2500:]
                told.append(unit["code"])
                if len(told) >= 40:
                    enough.set()

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    assert enough.wait(30)
    server.kill()
    for writer in writers:
        writer.join(30)
    with database.reading() as connection:
        assert_log_equals_tables(connection)
        there = set(connection.scalars(select(Unit.code)))
    assert set(told) <= there
    assert len(there) <= len(told) + len(writers)  # done, and killed before the answer left

    again = live_server(database_url, WORKER_INSIDE="false", LOG_LEVEL="error")
    answer = httpx2.post(f"{again.base_url}/api/v1/units", json=a_unit(0), headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 201
    with database.reading() as connection:
        assert_log_equals_tables(connection)
    database.close()
