"""The same request sent twice is done once and answered twice, also at the same moment, also after a restart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.config import Settings
from app.identity.units.models import Unit, UnitKind
from app.kernel import calendar, chain, idempotency
from app.kernel.idempotency import KeptAnswer
from app.kernel.vault import new_key
from tests.clients import VAULT_KEY, As, Work
from tests.factories.identity import make_session, make_user
from tests.kernel.conftest import calm
from tests.kernel.lab import make_lab


def make(client: TestClient, code: str, key: str | None = "k1", **options: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/lab/things", json={"code": code}, headers=headers, **options)


@pytest.fixture
def things(app: FastAPI) -> Callable[[], int]:
    def count() -> int:
        with app.state.database.reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(Unit)))

    return count


@pytest.fixture
def counted(db: Work) -> None:
    with db() as session:
        session.add(Unit(code="counted", name="0", pinyin="0", search="0", kind=UnitKind.BUREAU))


def test_twice_is_once(editor: TestClient, things: Callable[[], int], app: FastAPI) -> None:
    first = make(editor, "a")
    with app.state.database.reading() as connection:
        log = chain.head(connection)
    second = make(editor, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"] == "/lab/things/a"
    assert second.headers["content-type"] == "application/json"
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert things() == 1
    with app.state.database.reading() as connection:
        assert chain.head(connection) == log
    assert make(editor, "a", key=None).status_code == 409
    assert make(editor, "a", key="k2").json()["code"] == "taken"


def test_a_key_belongs_to_one_request(editor: TestClient, things: Callable[[], int]) -> None:
    make(editor, "a")
    for other in (
        make(editor, "b"),
        make(editor, "a", params={"x": "1"}),
        editor.post("/lab/counted", headers={"Idempotency-Key": "k1"}),
    ):
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert things() == 1


def test_a_key_belongs_to_one_person(as_: As, things: Callable[[], int]) -> None:
    assert make(as_("officer"), "a").status_code == 201
    assert make(as_("officer", login="wang"), "b").status_code == 201
    assert make(as_("officer", login="wang"), "a", key="k2").json()["code"] == "taken"
    assert things() == 2


def test_whoever_lost_the_permission_gets_no_old_answer(as_: As, client_of: Any, db: Work) -> None:
    with db() as session:
        user = make_user(session, "officer", login="li")
        client = client_of(make_session(session, user))
    assert make(client, "a").status_code == 201
    with db() as session:
        session.merge(user).roles = ["leader"]
    assert make(client, "a").status_code == 403


def test_what_failed_may_be_tried_again(editor: TestClient, things: Callable[[], int], app: FastAPI) -> None:
    make(editor, "a", key="first")
    assert make(editor, "a").status_code == 409
    headers = {"Idempotency-Key": "k1"}
    assert editor.post("/lab/things", json={"code": 5}, headers=headers).status_code == 422
    assert editor.post("/lab/refuses?what=break", headers=headers).status_code == 500
    assert make(editor, "b").status_code == 201
    assert things() == 2


@pytest.mark.parametrize("key", ["", "x" * 129])
def test_a_key_has_a_length(key: str, editor: TestClient, things: Callable[[], int]) -> None:
    answer = make(editor, "a", key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert things() == 0


def test_a_key_may_hold_any_character_of_a_header(editor: TestClient) -> None:
    for key in (str(uuid4()), "'; DROP TABLE unit; --", "ÿ\x85", " inner blank"):
        code = uuid4().hex[:8]
        first = make(editor, code, key=key.encode("latin-1"))  # type: ignore[arg-type]
        assert first.status_code == 201, key
        assert make(editor, code, key=key.encode("latin-1")).content == first.content  # type: ignore[arg-type]


# -- at the same moment -----------------------------------------------------------------------------------------


def at_once(clients: list[TestClient], send: Callable[[TestClient], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(send, clients))


@pytest.fixture
def eight(as_: As, client_of: Callable[..., TestClient]) -> list[TestClient]:
    """The same person at eight machines."""
    token = as_("officer").headers["Authorization"].removeprefix("Bearer ")
    return [calm(client_of(token)) for _ in range(8)]


def test_eight_at_once_get_one_answer_where_the_domain_would_refuse_the_second(
    eight: list[TestClient], things: Callable[[], int]
) -> None:
    for number in range(5):
        answers = at_once(eight, lambda client, code=f"a{number}": make(client, code, key=code))  # type: ignore[misc]
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert things() == 5


def test_eight_at_once_get_one_answer_where_nothing_else_would_refuse_the_second(
    eight: list[TestClient], counted: None
) -> None:
    for number in range(1, 6):
        key = {"Idempotency-Key": f"n{number}"}
        answers = at_once(eight, lambda client, key=key: client.post("/lab/counted", headers=key))  # type: ignore[misc]
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
        assert {answer.json()["count"] for answer in answers} == {str(number)}


# -- over time --------------------------------------------------------------------------------------------------


def test_a_kept_answer_survives_a_restart(
    database_url: str, editor: TestClient, tmp_path: Any, things: Callable[[], int]
) -> None:
    first = make(editor, "a")
    # Also one at which the key of personal data was changed: the request is known by the old one.
    settings = Settings(
        _env_file=None, database_url=database_url, data_dir=tmp_path, worker_inside=False, log_level="error",
        vault_key=new_key(), vault_keys_old=VAULT_KEY,
    )  # fmt: skip
    with TestClient(make_lab(settings)) as another:
        another.headers["Authorization"] = editor.headers["Authorization"]
        second = make(another, "a")
    assert (second.status_code, second.content) == (201, first.content)
    assert things() == 1


def test_answers_are_forgotten_after_two_days(
    as_: As, db: Work, app: FastAPI, time_machine: time_machine.TimeMachineFixture
) -> None:
    start = calendar.now()
    time_machine.move_to(start, tick=False)
    make(as_("officer"), "old", key="old")
    time_machine.move_to(start + timedelta(hours=1), tick=False)
    make(as_("officer", login="wang"), "new", key="new")
    time_machine.move_to(start + timedelta(days=2, seconds=1), tick=False)
    with db() as session:
        assert idempotency.forget(session) == 1
    with db() as session:
        assert list(session.scalars(select(KeptAnswer.key))) == ["new"]


def test_nothing_is_kept_of_those_who_send_no_key(editor: TestClient, app: FastAPI, db: Work) -> None:
    make(editor, "a", key=None)
    with db() as session:
        assert session.scalars(select(KeptAnswer)).all() == []
