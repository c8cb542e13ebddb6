from collections.abc import Iterator

import pytest
import time_machine
from fastapi import FastAPI


@pytest.fixture(autouse=True)
def long_sessions(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever is logged in stays so while the clock is moved by days."""
    if "app" not in request.fixturenames:
        yield
        return
    app: FastAPI = request.getfixturevalue("app")
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"session_idle_minutes": 60 * 24 * 365})
    yield
    app.state.settings = settings


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Thursday of the week 2026-W48."""
    with time_machine.travel("2026-11-26T10:00:00+08:00", tick=False) as traveller:
        yield traveller
