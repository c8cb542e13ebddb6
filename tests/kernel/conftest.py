"""The kernel is tested through the application with the routes of `lab.py` added."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.kernel.lab import make_lab


@pytest.fixture(scope="session")
def started_apps(started_apps: Callable[..., TestClient]) -> Callable[[str], TestClient]:
    return lambda database_url: started_apps(database_url, make_lab)


@pytest.fixture
def editor(as_: Callable[..., TestClient]) -> TestClient:
    """Somebody who may change units; what breaks inside comes back as the answer that a client sees."""
    return calm(as_("officer"))


@pytest.fixture
def nobody(as_: Callable[..., TestClient]) -> TestClient:
    return calm(as_(None))


def calm(client: TestClient) -> TestClient:
    client._transport.raise_server_exceptions = False
    return client
