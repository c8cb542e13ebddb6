"""What every test can ask for.

`database_url`   A migrated database with the template's content, once on each backend (`TEST_BACKENDS`,
                 by default `sqlite,postgres18`; `make test` adds `postgres15`). It belongs to the worker and
                 is reset before each test: keep engines open if you like.
`new_database`   `new_database()` gives the URL of one more migrated database, `new_database(empty=True)` of
                 one without tables: for tests that change the schema, break the log or copy databases.
`backend`        The name of the backend in use.
`live_server`    `live_server(url)` starts a real server process and waits until it answers; see
                 `tests/servers.py`. `server.base_url`, `server.kill()`, `server.stop()`.

`app`, `db`, `as_`, `kept`  The application in this process and clients of it: see `tests/clients.py`.

A test that asks for a database, directly or through another fixture, runs once on each backend and carries the
marks `database` and `sqlite` or `postgres`: `pytest -m "database and postgres"`. With one backend only:
`TEST_BACKENDS=sqlite pytest`. A module that says `BACKENDS = ("sqlite",)` runs on no other.

Beside SQLite a PostgreSQL is there for what depends on it: the statements. Of a test with many cases it runs the first
and the last, since the rows of a table of roles, states or wrong inputs seldom differ in their statements; in a module
that says `EVERY_CASE = True` they do, and all run. A module that says `NEWEST_ONLY = True` has no statements of its
own (the command line, what is refused before any database is asked) and is left out on the older of two; one that
names tests, `NEWEST_ONLY = {"test_…"}`, leaves out those. A PostgreSQL that is asked for alone,
`TEST_BACKENDS=postgres18 pytest`, runs everything.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app.kernel.schema import upgrade as build
from tests import postgres
from tests.databases import Databases, backends, drop_templates, newest_only
from tests.servers import LiveServer, serve

pytest_plugins = ["tests.clients"]

# How long an example takes says more of the machine than of the code; benchmarks measure.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

FOLDER = pytest.StashKey[Path]()
DATABASES = pytest.StashKey[dict[str, Databases]]()


def pytest_configure(config: pytest.Config) -> None:
    # Under xdist the first process opens the run's folder and every worker is told where it is.
    given = getattr(config, "workerinput", {}).get("folder")
    config.stash[FOLDER] = Path(given) if given else postgres.open_folder()
    config.stash[DATABASES] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    node.workerinput["folder"] = str(node.config.stash[FOLDER])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    for databases in config.stash[DATABASES].values():
        databases.close()
    if not hasattr(config, "workerinput"):
        drop_templates(config.stash[FOLDER])
        postgres.close_folder(config.stash[FOLDER])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        marked = [
            pytest.param(name, marks=[pytest.mark.database, getattr(pytest.mark, name.rstrip("0123456789"))])
            for name in backends()
            if name in getattr(metafunc.module, "BACKENDS", name)
        ]
        metafunc.parametrize("backend", marked, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    servers = sorted((name for name in backends() if name != "sqlite"), key=lambda name: int(name[8:] or 0))
    if len(backends()) < 2:
        return
    cases: dict[tuple[object, str, str], list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and (backend := _backend_of(item)) in servers:
            cases.setdefault((item.parent, item.originalname, backend), []).append(item)
    left_out = {
        item
        for (_, _, backend), several in cases.items()
        for item in (several if backend != servers[-1] and _newest_only(several[0]) else several[1:-1])
        if not _every_case(item)
    }
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _newest_only(item: pytest.Function) -> bool:
    return newest_only(item.module, item.originalname)


def _every_case(item: pytest.Function) -> bool:
    return getattr(item.module, "EVERY_CASE", False) is True


def _backend_of(item: pytest.Function) -> str | None:
    found = item.callspec.params.get("backend") if hasattr(item, "callspec") else None
    return str(found) if found is not None else None


@pytest.fixture(scope="session")
def databases(backend: str, request: pytest.FixtureRequest) -> Databases:
    """All databases of this worker on one backend; kept while the tests of another backend run."""
    kept = request.config.stash[DATABASES]
    if backend not in kept:
        if backend.removeprefix("postgres").isdigit():
            try:
                postgres.programs(int(backend.removeprefix("postgres")))
            except postgres.MissingError as missing:
                if os.environ.get("CI"):
                    raise
                pytest.skip(str(missing))
        worker = os.environ.get("PYTEST_XDIST_WORKER", "one")
        kept[backend] = Databases(backend, request.config.stash[FOLDER], worker, build)
    return kept[backend]


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A migrated database, this worker's own, with nothing in it that the migrations did not put there."""
    return databases.clean()


@pytest.fixture
def new_database(databases: Databases) -> Iterator[Callable[..., str]]:
    """Makes further databases, removed after the test."""
    yield databases.new
    databases.drop()


@pytest.fixture
def live_server(tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Starts server processes that are stopped after the test, however it ends."""
    started: list[LiveServer] = []

    def start(database_url: str, **environment: str) -> LiveServer:
        server = serve(database_url, tmp_path / f"server-{len(started)}.log", environment)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
