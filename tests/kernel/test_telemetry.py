"""Metrics and logs: every request is counted under a name of ours, and strangers cannot make up names."""

import asyncio
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from structlog.testing import CapturingLogger

from app.kernel import errors, telemetry
from app.kernel.telemetry import Lines, Metrics
from tests.kernel.lab import make_lab


@pytest.fixture
def metrics(app: FastAPI) -> Metrics:
    found: Metrics = app.state.metrics
    found.requests.clear()
    return found


def counted(metrics: Metrics) -> dict[tuple[str, str, str], float]:
    line = re.compile(r'zhaoshang_request_seconds_count\{method="(.*?)",route="(.*?)",status="(.*?)"\} (.*)')
    return {(m, r, s): float(n) for m, r, s, n in line.findall(metrics.text().decode())}


def test_requests_are_counted_by_the_template_of_their_route(editor: TestClient, metrics: Metrics) -> None:
    for number in range(5):
        editor.get(f"/lab/things/secret-{number}")
    editor.get("/lab/things/secret?x=secret")
    editor.post("/lab/things", json={"code": "a"})
    editor.post("/lab/things", json={})
    editor.post("/lab/refuses?what=break")
    assert counted(metrics) == {
        ("GET", "/lab/things/{code}", "404"): 6,
        ("POST", "/lab/things", "201"): 1,
        ("POST", "/lab/things", "422"): 1,
        ("POST", "/lab/refuses", "500"): 1,
    }


def test_strangers_make_no_series(nobody: TestClient, metrics: Metrics) -> None:
    for number in range(20):
        nobody.get(f"/nowhere/{number}")
        nobody.get(f"/api/v1/nowhere/{number}")
        nobody.get(f"/docs/files/{number}.js")
        nobody.get(f"/lab/things/{number}/", follow_redirects=False)
        nobody.request(f"MADEUP{number}", f"/nowhere/{number}")
        nobody.request(f"MADEUP{number}", "/lab/things")
        nobody.post("/lab/things", content=b"x", headers={"Content-Length": "9" * 18})
    assert {(method, route) for method, route, _ in counted(metrics)} == {
        ("GET", "-"), ("-", "-"), ("-", "/lab/things"), ("POST", "-"),
    }  # fmt: skip
    assert sum(counted(metrics).values()) == 140


def test_each_application_counts_for_itself(app: FastAPI, nobody: TestClient, metrics: Metrics) -> None:
    nobody.get("/nowhere")
    other = make_lab(app.state.settings)
    assert counted(other.state.metrics) == {}
    assert counted(metrics) != {}
    other.state.database.close()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    logger = CapturingLogger()
    monkeypatch.setattr(errors, "log", logger)
    monkeypatch.setattr(telemetry, "log", logger)
    return logger


def test_a_request_that_breaks_is_logged_with_its_id_and_reason(editor: TestClient, said: CapturingLogger) -> None:
    answer = editor.post("/lab/refuses?what=break", headers={"X-Request-Id": "trace-7"})
    assert answer.json()["request_id"] == "trace-7"
    failed, ended = said.calls
    assert (failed.method_name, failed.args, failed.kwargs["request_id"]) == ("error", ("request_failed",), "trace-7")
    assert str(failed.kwargs["exc_info"]) == "秘密 secret"
    assert (ended.method_name, ended.kwargs["request_id"], ended.kwargs["status"]) == ("info", "trace-7", 500)


def test_the_log_names_no_secrets(editor: TestClient, said: CapturingLogger) -> None:
    editor.get("/lab/things?q=秘密", headers={"X-Request-Id": "秘密".encode()})
    (call,) = said.calls
    assert call.kwargs["path"] == "/lab/things"
    text = repr(call)
    assert "秘密" not in text and "%E7" not in text
    assert editor.headers["Authorization"].removeprefix("Bearer ") not in text


def test_lines_go_out_whole_at_once_or_soon(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        lines = Lines(file)
        lines.write(b"a command\n")
        lines.flush()
        assert path.read_bytes() == b"a command\n"

        async def serving() -> None:
            for number in range(300):
                lines.write(b"request %03d\n" % number)
                lines.flush()
            held = path.read_bytes()
            assert held.endswith(b"\n") and b"request 299" not in held
            loop = asyncio.get_running_loop()
            written: asyncio.Future[None] = loop.create_future()
            loop.call_later(2 * Lines.LATEST, written.set_result, None)
            await written

        asyncio.run(serving())
        assert path.read_bytes().count(b"request") == 300
        lines.write(b"the end\n")
        lines.release()
        assert path.read_bytes().endswith(b"the end\n")
