"""The application in this process, and clients logged in to it.

`app`    `create_app()` on the test's database. Started once for each database and kept; what it remembers of
         people and answers is forgotten before each test.
`as_`    `as_("officer")` is an HTTP client whose requests come from a user with that role, made on demand;
         `as_("reporter", unit="jxw")` one of that unit; `as_("officer", login="wang")` another officer;
         `as_("wang")` a user that exists; `as_(None)` nobody. The same call gives the same client; paths are
         whole: `as_("officer").get("/api/v1/projects")`.
`db`     `with db() as session:` is a unit of work of the house itself (`SYSTEM`), `with db(actor) as session:`
         of somebody; committed, with its events, at the end of the block.
`kept`   `kept(fill, db, as_)` is `fill(db, as_)` on a clean database, and what it returns; it runs once in a worker
         and day, later tests get the database as it was left then. So it comes first in a test: what was there
         before is gone, also the people behind clients. It returns names and numbers, no clients.

`put_part(client, "/api/v1/projects/…", "units", {…})` reads a record and puts a part of it, made from that reading.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.config import Settings
from app.identity.auth.access import Memory
from app.identity.auth.models import User
from app.kernel import calendar, events
from app.kernel.access import SYSTEM, Actor, Role
from app.kernel.replies import Shelf
from app.main import create_app
from tests.databases import Databases
from tests.direct import Direct
from tests.factories.identity import make_session, make_user

VAULT_KEY = "dGVzdHMgdGVzdHMgdGVzdHMgdGVzdHMgdGVzdHMgISE="
"""Of the tests, and of nobody else."""

As = Callable[..., TestClient]
Work = Callable[..., AbstractContextManager[Session]]
Kept = Callable[..., Any]


def put_part(client: TestClient, record: str, part: str, body: dict[str, Any]) -> Any:
    version = {"If-Match": client.get(record).headers.get("ETag", '"0-0"')}
    return client.put(f"{record}/{part}", json=body, headers=version)


@pytest.fixture(scope="session")
def started_apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], TestClient]]:
    """One running application for each database, with the client that holds its event loop."""
    kept: dict[Any, TestClient] = {}
    with ExitStack() as stack:

        def start(database_url: str, make: Callable[[Settings], FastAPI] = create_app) -> TestClient:
            place = database_url, make
            if place not in kept:
                # Nothing of the machine's `.env` reaches the tests.
                settings = Settings(
                    _env_file=None, database_url=database_url, data_dir=tmp_path_factory.mktemp("files"),
                    worker_inside=False, log_level="error", vault_key=VAULT_KEY,
                )  # fmt: skip
                kept[place] = stack.enter_context(TestClient(make(settings)))
            return kept[place]

        yield start


@pytest.fixture
def app(database_url: str, started_apps: Callable[[str], TestClient]) -> FastAPI:
    found = started_apps(database_url).app
    assert isinstance(found, FastAPI)
    found.state.memory = Memory()
    found.state.shelf = Shelf()
    return found


@pytest.fixture
def db(app: FastAPI) -> Work:
    @contextmanager
    def work(actor: Actor = SYSTEM) -> Iterator[Session]:
        with app.state.database.unit_of_work() as session:
            events.act(session, actor)
            yield session

    return work


@pytest.fixture
def kept(app: FastAPI, databases: Databases) -> Kept:
    def give(fill: Callable[..., Any], *given: Any) -> Any:
        told = databases.filled((fill.__module__, fill.__qualname__, calendar.today()), lambda: fill(*given))
        app.state.memory = Memory()
        app.state.shelf = Shelf()
        return told

    return give


@pytest.fixture
def client_of(app: FastAPI, database_url: str, started_apps: Callable[[str], TestClient]) -> Callable[..., TestClient]:
    """`client_of(token)`: a client that carries this token (None: none), from `address`."""

    def client(token: str | None, address: str = "192.0.2.1") -> TestClient:
        made = TestClient(app)
        portal = started_apps(database_url).portal  # one event loop for all, not one for each request
        assert portal is not None
        made._transport = Direct(app, portal, (address, 50000))
        if token is not None:
            made.headers["Authorization"] = f"Bearer {token}"
        return made

    return client


@pytest.fixture
def as_(db: Work, client_of: Callable[..., TestClient]) -> As:
    known: dict[tuple[str, str | None, str | None], TestClient] = {}

    def client(who: str | None, *, unit: str | None = None, login: str | None = None) -> TestClient:
        if who is None:
            return client_of(None)
        place = (who, unit, login)
        if place not in known:
            with db() as session:
                if login is None:
                    login = f"{who}-{unit}" if unit else who
                user = session.scalars(select(User).where(User.login == login)).one_or_none()
                if user is None:
                    user = make_user(session, Role(who), login=login, unit=unit)
                token = make_session(session, user)
            known[place] = client_of(token)
        return known[place]

    return client
