"""A bureau with people, and writers beside the server: events come from elsewhere, as from another process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.exchange.feed import hub
from app.exchange.feed.hub import Hub
from app.facts.projects import service
from app.facts.projects.models import Project, ProjectGrant
from app.facts.projects.terms import Confidentiality
from app.identity.auth.models import ApiKey, User
from app.kernel import calendar, chain, events
from app.kernel.access import SYSTEM, Actor, Role
from app.kernel.db import Database
from app.kernel.secrets import new_token, token_hash
from app.main import create_app
from tests.exchange.feed.listening import Listener
from tests.factories.identity import make_session, make_unit, make_user
from tests.factories.projects import make_project
from tests.servers import LiveServer


@dataclass
class Bureau:
    """The database with its people; `tokens` by login."""

    url: str
    database: Database
    tokens: dict[str, str]

    @contextmanager
    def work(self, actor: Actor = SYSTEM) -> Iterator[Session]:
        with self.database.unit_of_work() as db:
            events.act(db, actor)
            yield db

    def project(self, **fields: Any) -> str:
        """A new project's code; `unit` may be the code of a unit."""
        unit = fields.pop("unit", None)
        with self.work() as db:
            project = make_project(db, unit=make_unit(db, unit) if unit else None, **fields)
            return project.code

    def change(self, code: str, **fields: Any) -> int:
        """Change a project's columns; the number of the event."""
        with self.work() as db:
            project = db.scalars(select(Project).where(Project.code == code)).one()
            for name, value in fields.items():
                setattr(project, name, value)
        return self.head()

    def note(self, code: str, count: int, text: str = "") -> int:
        """So many events about a project in one transaction, numbered from 1; the number of the last."""
        with self.work() as db:
            project = db.scalars(select(Project).where(Project.code == code)).one()
            for number in range(1, count + 1):
                events.record(db, "project.noted", project, number=number, text=text)
        return self.head()

    def seal(self, code: str, level: Confidentiality, *, named: str | None = None) -> int:
        with self.work() as db:
            project = db.scalars(select(Project).where(Project.code == code)).one()
            project.confidentiality = level
            if named is not None:
                user = db.scalars(select(User).where(User.login == named)).one()
                user.named = True
                db.add(ProjectGrant(project_id=project.id, user_id=user.id, source="named"))
            service.refresh_sight(db, project)
        return self.head()

    def head(self) -> int:
        with self.database.reading() as connection:
            return chain.head(connection)[0]


@pytest.fixture
def bureau(database_url: str) -> Iterator[Bureau]:
    database = Database(database_url)
    events.install(database, {})
    found = Bureau(database_url, database, {})
    with found.work() as db:
        for login, role, unit in (
            ("officer", Role.OFFICER, None),
            ("second", Role.OFFICER, None),
            ("leader", Role.LEADER, None),
            ("auditor", Role.AUDITOR, None),
            ("reporter", Role.REPORTER, "jxw"),
            ("other", Role.REPORTER, "sww"),
        ):
            found.tokens[login] = make_session(db, make_user(db, role, login=login, unit=unit))
        for name, scopes in (("board", ["stream.read", "project.read"]), ("deaf", ["stream.read"])):
            found.tokens[name] = make_key(db, name, scopes)
    yield found
    database.close()


def make_key(db: Session, name: str, scopes: list[str]) -> str:
    token, now = new_token("zk"), calendar.now()
    db.add(
        ApiKey(
            name=name, prefix=f"zk_{name}", key_hash=token_hash(token), scopes=scopes, unit_id=None, addresses=[],
            created_by=db.scalars(select(User.id)).first(), created_at=now, expires_at=now.replace(year=now.year + 1),
        )
    )  # fmt: skip
    return token


Listen = Callable[..., Listener]


@pytest.fixture
def live_server(live_server: Callable[..., LiveServer]) -> Callable[..., LiveServer]:
    """Server processes without scheduled jobs: what happens is what the test does."""
    return partial(live_server, WORKER_INSIDE="false")


@dataclass
class NearServer:
    """A server in a thread of this process: it starts at once, but hears no signals."""

    base_url: str
    hub: Hub


@pytest.fixture
def near_server(bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., NearServer]]:
    """`near_server(stream_life_seconds=1)`: a server of the bureau's database with these settings.

    It looks for news ten times as often as the product: tests wait for it.
    """
    monkeypatch.setattr(hub, "POLL", hub.POLL / 10)
    with ExitStack() as stack:

        def start(**settings: Any) -> NearServer:
            return stack.enter_context(_near(bureau.url, tmp_path, settings))

        yield start


@contextmanager
def _near(url: str, folder: Path, settings: dict[str, Any]) -> Iterator[NearServer]:
    given = {"database_url": url, "data_dir": folder, "worker_inside": False, "log_level": "warning"} | settings
    app = create_app(Settings(_env_file=None, **given))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        # Connections wait in the socket's backlog until the server takes them.
        yield NearServer(f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.hub)
    finally:
        server.should_exit = True
        app.state.hub.stop()
        thread.join(30)
        assert not thread.is_alive(), "the server does not stop"


@pytest.fixture
def server(near_server: Callable[..., NearServer]) -> NearServer:
    return near_server()


@pytest.fixture
def listen(bureau: Bureau, request: pytest.FixtureRequest) -> Iterator[Listen]:
    """`listen("officer", after=0, kind="project.*")`: an open stream on the server, or on the one given."""
    opened: list[Listener] = []

    def start(who: str | None, *, on: NearServer | LiveServer | None = None, **asked: Any) -> Listener:
        server = on or request.getfixturevalue("server")
        listener = Listener(server.base_url, bureau.tokens[who] if who else None, **asked)
        opened.append(listener)
        return listener

    yield start
    for listener in opened:
        listener.close()
