"""What the house says of itself to probes and to monitoring, without anybody being logged in."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from app.config import Settings
from app.identity.periods.models import CalendarDay
from app.kernel import calendar, schema
from app.main import create_app
from tests.clients import As, Work
from tests.factories.identity import make_unit


@pytest.fixture
def stranger(as_: As) -> TestClient:
    return as_(None)


@pytest.fixture
def stranded(tmp_path: Path) -> TestClient:
    """Somebody asks an application whose database cannot be reached."""
    nowhere = f"sqlite:///{tmp_path}/nowhere/zhaoshang.db"
    settings = Settings(_env_file=None, database_url=nowhere, data_dir=tmp_path, log_level="error")
    return TestClient(create_app(settings), raise_server_exceptions=False)


# -- alive -----------------------------------------------------------------------------------------------------


def test_the_process_is_alive(stranger: TestClient) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_process_is_alive_without_its_database(stranded: TestClient) -> None:
    """Else it would be started anew for what a restart does not mend."""
    assert stranded.get("/healthz").status_code == 200


# -- ready -----------------------------------------------------------------------------------------------------


@pytest.fixture
def in_time() -> object:
    """A day long before the end of the working-day table."""
    day = calendar.midnight_of(calendar.seed_known_until() - timedelta(days=100))
    with time_machine.travel(day, tick=True):
        yield


@pytest.mark.usefixtures("in_time")
def test_it_is_ready(stranger: TestClient, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {
            "database": {"ok": True, "detail": "data version 1"},
            "migrations": {"ok": True, "detail": f"database {schema.wanted()}, code {schema.wanted()}"},
            "calendar": {"ok": True, "detail": f"工作日历已知至 {calendar.seed_known_until()}"},
        },
    }


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize(
    "statement", ["UPDATE alembic_version SET version_num = '1970'", "DELETE FROM alembic_version"]
)
def test_a_schema_that_is_behind_is_not_ready(stranger: TestClient, db: Work, statement: str) -> None:
    with db() as session:
        session.execute(text(statement))
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    told = answer.json()
    assert told["ready"] is False
    assert [name for name, check in told["checks"].items() if not check["ok"]] == ["migrations"]
    assert f"code {schema.wanted()}" in told["checks"]["migrations"]["detail"]


def test_a_database_that_is_away_is_not_ready(stranded: TestClient, tmp_path: Path) -> None:
    answer = stranded.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"database": {"ok": False, "detail": "OperationalError"}}}
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(("left", "status", "warned"), [(45, 200, False), (44, 200, True), (0, 200, True)])
def test_the_end_of_the_calendar_is_told_in_time(stranger: TestClient, left: int, status: int, warned: bool) -> None:
    end = calendar.seed_known_until()
    with time_machine.travel(calendar.midnight_of(end - timedelta(days=left)), tick=True):
        answer = stranger.get("/readyz")
    check = answer.json()["checks"]["calendar"]
    assert (answer.status_code, check["ok"], "即将用完" in check["detail"]) == (status, True, warned)


def test_a_calendar_that_has_ended_is_not_ready_until_days_are_entered(stranger: TestClient, db: Work) -> None:
    today = calendar.seed_known_until() + timedelta(days=1)
    with time_machine.travel(calendar.midnight_of(today), tick=True):
        answer = stranger.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["calendar"]["ok"]) == (503, False)
        with db() as session:
            session.add(CalendarDay(day=today, working=True, note=""))
        answer = stranger.get("/readyz")
        assert answer.status_code == 200
        assert f"已知至 {today}" in answer.json()["checks"]["calendar"]["detail"]


# -- metrics ---------------------------------------------------------------------------------------------------


def value(told: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", told, re.MULTILINE)
    assert found is not None, f"{series} is not in\n{told}"
    return float(found[1])


def test_metrics_tell_what_happens(stranger: TestClient, as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")
    officer = as_("officer")
    series = 'zhaoshang_request_seconds_count{method="GET",route="/api/v1/units/{code}",status="200"}'
    for _ in range(3):
        assert officer.get("/api/v1/units/jxw").status_code == 200
    answer = stranger.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    before = value(answer.text, series)
    assert before >= 3
    assert value(answer.text, "zhaoshang_data_version") == 3  # the unit, the officer, the session
    assert value(answer.text, "zhaoshang_streams") == 0
    officer.get("/api/v1/units/jxw")
    assert value(stranger.get("/metrics").text, series) == before + 1


def test_metrics_tell_no_data(stranger: TestClient, as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "geheim", name="秘密单位")
    assert as_("officer", login="zhangsan").get("/api/v1/units/geheim?q=wonach").status_code in (200, 422)
    told = stranger.get("/metrics").text
    assert [word for word in ("geheim", "秘密", "zhangsan", "wonach", "192.0.2.1") if word in told] == []


def test_strangers_cannot_make_series(app: FastAPI, stranger: TestClient) -> None:
    """Whatever is asked for, the number of series is bounded by routes, methods and statuses."""

    def ask(turn: int) -> int:
        for number in range(turn * 20, turn * 20 + 20):
            stranger.get(f"/guess/{number}")
            stranger.get(f"/api/v1/projects/{number}")
            stranger.get(f"/api/v1/units/{number}?a={number}", headers={"X-Request-Id": str(number)})
            stranger.request(f"METHOD{number}", "/healthz")
            stranger.get(f"/docs/files/{number}.js")
        return len(stranger.get("/metrics").text.splitlines())

    ask(0)
    assert ask(1) == ask(2)


def test_metrics_are_told_without_the_database(stranded: TestClient) -> None:
    stranded.get("/healthz")
    told = stranded.get("/metrics")
    assert told.status_code == 200
    assert value(told.text, 'zhaoshang_request_seconds_count{method="GET",route="/healthz",status="200"}') == 1
    assert "zhaoshang_data_version NaN" in told.text
