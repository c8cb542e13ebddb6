"""The one commit point: nothing is answered that is not kept, and nothing keeps the lock."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, event, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.config import Settings
from app.identity.units.models import Unit, UnitKind
from app.kernel import chain, events
from app.kernel.db import Database, Instant, instant_text
from tests.clients import As, Work
from tests.databases import Databases
from tests.factories.identity import make_session, make_unit, make_user
from tests.kernel.conftest import calm
from tests.kernel.lab import make_lab

EVERY_CASE = True  # they choose the statements


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url, pool=40)
    events.install(found, {})
    yield found
    found.close()


def a_unit(code: str) -> Unit:
    return Unit(code=code, name=code, pinyin=code, search=code, kind=UnitKind.BUREAU)


def codes(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(Unit.code).order_by(Unit.code)))


def writes(database: Database, code: str = "after") -> None:
    """Somebody else can write, soon."""
    done = threading.Event()

    def write() -> None:
        with database.unit_of_work() as db:
            db.add(a_unit(code))
        done.set()

    threading.Thread(target=write, daemon=True).start()
    assert done.wait(10), "the writer's place is still taken"


# -- a request --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["unserialisable", "unencodable"])
def test_an_answer_that_cannot_be_written_leaves_no_data(path: str, editor: TestClient, app: FastAPI) -> None:
    before = codes(app.state.database)
    answer = editor.post(f"/lab/{path}")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert codes(app.state.database) == before
    writes(app.state.database)


def test_a_hook_that_fails_at_the_commit_is_no_success(editor: TestClient, app: FastAPI) -> None:
    def break_it(_db: Session) -> None:
        raise RuntimeError("at the last moment")

    database: Database = app.state.database
    database.before_commit.append(break_it)
    try:
        answer = editor.post("/lab/things", json={"code": "lost"})
    finally:
        database.before_commit.remove(break_it)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "lost" not in codes(database)
    assert editor.post("/lab/things", json={"code": "kept"}).status_code == 201


@pytest.fixture
def strict_url(databases: Databases) -> Iterator[str]:
    """A database with a constraint that is looked at only when a transaction commits."""
    url = databases.new()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE lab_parent (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text(
                "CREATE TABLE lab_child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL"
                " REFERENCES lab_parent (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    engine.dispose()
    yield url
    databases.drop()


def test_a_commit_that_fails_is_no_success(strict_url: str, tmp_path: Any) -> None:
    settings = Settings(
        _env_file=None, database_url=strict_url, data_dir=tmp_path, worker_inside=False, log_level="error"
    )
    with TestClient(make_lab(settings), raise_server_exceptions=False) as client:
        assert isinstance(client.app, FastAPI)
        database: Database = client.app.state.database
        with database.unit_of_work() as db:
            token = make_session(db, make_user(db, "officer"))
        client.headers["Authorization"] = f"Bearer {token}"
        with database.reading() as connection:
            before = chain.head(connection)
        for _ in range(3):
            answer = client.post("/lab/deferred")
            assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "deferred" not in codes(database)
        with database.reading() as connection:
            assert chain.head(connection) == before
        assert client.post("/lab/things", json={"code": "kept"}).status_code == 201
        with database.reading() as connection:
            assert chain.verify(connection).intact


def test_of_two_who_write_the_same_key_one_is_told_of_the_other(as_: As, app: FastAPI) -> None:
    clients = [calm(as_("officer", login=f"officer{number}")) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post("/lab/unchecked"), clients))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "conflict"}
    assert codes(app.state.database) == ["unchecked"]


def test_of_two_who_wait_for_each_other_one_is_told_so(as_: As, app: FastAPI, backend: str) -> None:
    database: Database = app.state.database
    with database.unit_of_work() as db:
        make_unit(db, "left")
        make_unit(db, "right")
    ways = [("left", "right"), ("right", "left")]
    clients = [calm(as_("officer", login=first)) for first, _ in ways]
    with ThreadPoolExecutor(2) as pool:
        ask = [
            pool.submit(client.post, "/lab/crosses", params={"first": first, "then": then})
            for client, (first, then) in zip(clients, ways, strict=True)
        ]
        answers = sorted((one.result() for one in ask), key=lambda answer: answer.status_code)
    if backend == "sqlite":  # one writes after the other
        assert [answer.status_code for answer in answers] == [201, 201]
    else:
        assert [answer.status_code for answer in answers] == [201, 409]
        assert answers[1].json()["code"] == "crossed"
        with database.reading() as connection:
            names = connection.execute(select(Unit.name).where(Unit.code.in_(["left", "right"]))).scalars().all()
        assert names[0] == names[1], "both are the winner's"


@pytest.mark.parametrize("what", ["conflict", "field", "many", "break"])
def test_a_refusal_rolls_back(what: str, editor: TestClient, app: FastAPI) -> None:
    assert editor.post(f"/lab/refuses?what={what}").status_code >= 400
    assert codes(app.state.database) == []
    writes(app.state.database)


def test_a_client_that_leaves_does_not_leave_the_lock(app: FastAPI, editor: TestClient) -> None:
    """The request is cancelled while its transaction is open, as a stopping server does it."""
    database: Database = app.state.database
    scope = {
        "type": "http", "method": "POST", "path": "/lab/waits", "raw_path": b"/lab/waits", "query_string": b"",
        "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("test", 80), "client": ("192.0.2.1", 1),
        "headers": [(b"authorization", editor.headers["Authorization"].encode()), (b"host", b"test")],
    }  # fmt: skip
    held = threading.Event()

    def holding(_db: Session, _context: Any) -> None:
        held.set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Any) -> None:
        raise AssertionError("nothing is answered")

    async def leave() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(app, dict(scope), receive, send)
            await anyio.to_thread.run_sync(held.wait, 10)
            group.cancel_scope.cancel()

    event.listen(Session, "after_flush", holding)
    try:
        anyio.run(leave)
    finally:
        event.remove(Session, "after_flush", holding)
    assert held.is_set()
    assert codes(database) == []
    writes(database)


# -- many writers -----------------------------------------------------------------------------------------------


def test_thirty_two_threads_write_and_readers_do_not_wait(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(3):
            with database.unit_of_work() as db:
                db.add(a_unit(f"{worker:02d}-{number}"))

    with ThreadPoolExecutor(32) as pool, database.unit_of_work() as db:
        db.add(a_unit("held"))
        db.flush()
        pool.map(write, range(4))
        # The transaction is open, others may wait for it, and reading goes on.
        assert "held" not in codes(database)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(write, range(4, 36)))
    assert len(codes(database)) == 1 + 36 * 3
    with database.reading() as connection:
        assert chain.verify(connection) == chain.Verdict(1 + 36 * 3, None, None)


def test_writers_of_one_process_never_meet_in_sqlite(database: Database) -> None:
    """With no patience for locks at all: whoever begins before the other's commit is done would fail at once."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL has no queue of ours")

    @event.listens_for(database.writer, "connect")
    def impatient(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    def write(worker: int) -> None:
        for number in range(15):
            with database.unit_of_work() as db:
                db.add(a_unit(f"{worker:02d}-{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(codes(database)) == 8 * 15


def test_a_failed_commit_gives_its_place_up_once(strict_url: str) -> None:
    database = Database(strict_url, pool=20)
    events.install(database, {})
    inside = 0
    most = 0

    def write(number: int) -> None:
        nonlocal inside, most
        failing = number % 3 == 0
        try:
            with database.unit_of_work() as db:
                db.add(a_unit(f"{number:03d}"))
                db.flush()
                inside += 1
                most = max(most, inside)
                if failing:
                    db.execute(text("INSERT INTO lab_child (id, parent_id) VALUES (1, 99)"))
                inside -= 1
        except IntegrityError:
            assert failing

    with ThreadPoolExecutor(1 if not database.is_sqlite else 8) as pool:
        list(pool.map(write, range(48)))
    assert most == 1
    assert codes(database) == [f"{number:03d}" for number in range(48) if number % 3]
    database.close()


# -- sessions and types -----------------------------------------------------------------------------------------


def test_rows_can_be_read_after_the_commit(database: Database) -> None:
    with database.unit_of_work() as db:
        unit = a_unit("jxw")
        db.add(unit)
    assert inspect(unit).detached
    assert (unit.code, unit.version) == ("jxw", 1)


def test_those_who_wait_for_news_hear_of_commits_with_events_only(database: Database) -> None:
    heard: list[int] = []
    database.after_commit.append(heard.append)
    with database.unit_of_work() as db:
        db.add(a_unit("a"))
    with database.unit_of_work() as db:
        db.execute(select(Unit))
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as db:
        db.add(a_unit("b"))
        _ = 1 / 0
    assert heard == [1]


def test_an_instant_needs_a_time_zone_and_comes_back_in_utc(database: Database) -> None:
    kind = Instant()
    eastern = datetime(2020, 3, 1, 8, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))
    dialect = database.writer.dialect
    bound = kind.process_bind_param(eastern, dialect)
    assert kind.process_result_value(bound, dialect) == datetime(2020, 3, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert instant_text(eastern) == "2020-03-01T00:00:00.000005Z"
    with pytest.raises(ValueError, match="time zone"):
        kind.process_bind_param(datetime(2020, 3, 1), dialect)


def test_a_word_outside_its_list_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.unit_of_work() as db:
        db.add(Unit(code="x", name="x", pinyin="x", search="x", kind="castle"))


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.unit_of_work() as db:
        db.execute(text("INSERT INTO unit_alias (unit_id, alias, squashed) VALUES (99, 'x', 'x')"))


def test_two_databases_sort_keys_alike(db: Work, app: FastAPI) -> None:
    with db() as session:
        session.add_all(a_unit(code) for code in ("b", "A", "a", "区", "Z", "_", "é"))
    assert codes(app.state.database) == sorted(["b", "A", "a", "区", "Z", "_", "é"], key=str.encode)
