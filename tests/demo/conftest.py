import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from fastapi import FastAPI

from app.config import Settings
from app.demo import loading
from tests.clients import Kept

TODAY = dt.date(2026, 11, 24)
"""A Tuesday: the week before closed yesterday at noon."""


@pytest.fixture
def demo(app: FastAPI, kept: Kept) -> Iterator[None]:
    """The demo, loaded on a day that stands still."""
    with time_machine.travel("2026-11-24T09:00:00+08:00", tick=True):
        kept(load, app)
        yield


def load(app: FastAPI) -> None:
    settings: Settings = app.state.settings
    loading.load(app.state.database, settings.model_copy(update={"demo_password": "Demo-2026-pass"}), TODAY)
