"""Real server processes: several on one database, and one that is told to stop."""

import signal
import time
from collections.abc import Callable

import httpx2 as httpx
import pytest

from tests.exchange.feed.conftest import Bureau, Listen
from tests.servers import LiveServer

NEWEST_ONLY = True  # signals and sockets; what is asked of the database is asked in `test_log.py` as well


def test_servers_on_one_database_hear_each_other(
    bureau: Bureau, live_server: Callable[..., LiveServer], listen: Listen
) -> None:
    server, other = live_server(bureau.url), live_server(bureau.url)
    code = bureau.project()
    here, there = listen("officer", on=server), listen("officer", on=other)
    headers = {"Authorization": f"Bearer {bureau.tokens['officer']}"}
    with httpx.Client(base_url=server.base_url, headers=headers) as http:
        found = http.get(f"/api/v1/projects/{code}")
        sent = time.monotonic()
        answer = http.patch(
            f"/api/v1/projects/{code}", json={"note": "跨进程"}, headers={"If-Match": found.headers["etag"]}
        )
        assert answer.status_code == 200, answer.text
    for listener in (here, there):
        told = listener.next()
        assert told is not None and told.event == "project.changed"
        assert told.data["request_id"] == answer.headers["x-request-id"]
    assert time.monotonic() - sent < 1.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_with_open_streams(
    bureau: Bureau, live_server: Callable[..., LiveServer], listen: Listen, number: signal.Signals
) -> None:
    server = live_server(bureau.url)
    streams = [listen(who, on=server) for who in ("officer", "second", "leader")]
    started = time.monotonic()
    server.process.send_signal(number)
    server.process.wait(timeout=15)
    # Well before the limit after which the server would cut them off.
    assert time.monotonic() - started < 3
    for stream in streams:
        assert [(item.event, item.data["reason"]) for item in stream.rest()] == [("bye", "shutdown")]
    assert "exceeded" not in server.tail()
    assert "Traceback" not in server.tail()


def test_a_client_that_takes_nothing_does_not_keep_the_server(
    bureau: Bureau, live_server: Callable[..., LiveServer], listen: Listen
) -> None:
    server = live_server(bureau.url)
    code = bureau.project()
    start = bureau.head()
    bureau.note(code, 400, "很长的说明" * 2000)
    stuck, other = listen("officer", on=server, after=start, narrow=True), listen("leader", on=server)
    stuck.hold()
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert [item.event for item in other.rest()] == ["bye"]
    server.process.wait(timeout=20)
    assert time.monotonic() - started < 10  # tests start servers with a limit of five seconds
