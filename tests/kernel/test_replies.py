"""Kept answers: bounded, valid as long as they say, shared by those only who see the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import update
from starlette.testclient import TestClient

from app.identity.auth.models import User
from app.kernel import calendar
from app.kernel.money import YuanOut
from app.kernel.pace import Pace
from app.kernel.replies import Answer, Kept, Shelf, encode, keep, row_version_in
from tests.clients import Work

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def kept(size: int, until: datetime = FAR) -> Kept:
    return Kept(b"x" * size, '"1-x"', until)


# -- the shelf --------------------------------------------------------------------------------------------------


def test_the_shelf_keeps_within_its_bound_and_drops_the_longest_unused() -> None:
    shelf = Shelf(limit=800)
    for name in "abcdefgh":
        shelf.put(name, 1, kept(100))
    assert shelf.get("a", 1) is not None  # used: no longer the oldest
    shelf.put("i", 1, kept(100))
    assert [name for name in "abcdefghi" if shelf.get(name, 1) is None] == ["b"]
    assert shelf.size == 800


def test_what_is_put_again_counts_once() -> None:
    shelf = Shelf(limit=800)
    for version in range(20):
        shelf.put("a", version, kept(100))
    assert shelf.size == 100
    assert len(shelf.bodies) == 1


def test_what_would_fill_the_shelf_is_not_kept() -> None:
    shelf = Shelf(limit=800)
    shelf.put("a", 1, kept(101))
    assert shelf.get("a", 1) is None
    assert shelf.size == 0


def test_another_version_is_not_served() -> None:
    shelf = Shelf()
    shelf.put("a", 1, kept(1))
    assert shelf.get("a", 2) is None
    assert shelf.get("a", 0) is None
    assert shelf.get("a", 1) is not None


def test_an_answer_ends_when_it_says(time_machine: time_machine.TimeMachineFixture) -> None:
    time_machine.move_to("2020-03-01T02:00:00Z", tick=False)
    shelf = Shelf()
    shelf.put("a", 1, kept(1, calendar.now() + timedelta(minutes=1)))
    assert shelf.get("a", 1) is not None
    time_machine.move_to("2020-03-01T02:00:59.999Z", tick=False)
    assert shelf.get("a", 1) is not None
    time_machine.move_to("2020-03-01T02:01:00Z", tick=False)
    assert shelf.get("a", 1) is None


def test_no_answer_outlives_midnight_in_shanghai(time_machine: time_machine.TimeMachineFixture) -> None:
    time_machine.move_to("2020-03-01T15:59:00Z", tick=False)
    midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
    assert keep(Answer({}), 1).valid_until == midnight
    assert keep(Answer({}, valid_until=midnight + timedelta(hours=1)), 1).valid_until == midnight
    earlier = midnight - timedelta(seconds=1)
    assert keep(Answer({}, valid_until=earlier), 1).valid_until == earlier


def test_tags_tell_versions_and_bodies_apart() -> None:
    assert keep(Answer({"a": 1}, row_version=7), 1234).etag.startswith('"7-1234-')
    assert keep(Answer({"a": 1}), 1234).etag.startswith('"1234-')
    assert keep(Answer({"a": 1}), 1).etag == keep(Answer(b'{"a":1}'), 1).etag
    assert keep(Answer({"a": 1}), 1).etag != keep(Answer({"a": 2}), 1).etag
    assert keep(Answer({"a": 1}), 1).etag != keep(Answer({"a": 1}), 2).etag


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        ('"7-1234"', 7), ('"7-1234-9f"', 7), ('W/"7-1234"', 7), ("7", 7), (' "7-0" ', 7), ('"07-1"', 7),
        ("", None), ("*", None), ('"-7-1"', None), ('"x-1"', None), ('"７-1"', None), ('"²-1"', None),
        ('"1234567890123456-1"', None), ('"7.0-1"', None),
    ],
)  # fmt: skip
def test_the_row_version_in_a_tag(sent: str, version: int | None) -> None:
    assert row_version_in(sent) == version


def test_answers_are_spelled_exactly() -> None:
    class Amount(BaseModel):
        amount: YuanOut

    assert encode(Amount(amount=222_300_000_005)) == b'{"amount":"2223000000.05"}'
    assert encode({"one": Amount(amount=1)}) == b'{"one":{"amount":"0.01"}}'
    assert encode({"at": datetime(2020, 3, 1, tzinfo=UTC)}) == b'{"at":"2020-03-01T00:00:00Z"}'
    with pytest.raises(TypeError, match="cannot encode"):
        encode({"what": object()})


# -- over HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture
def queries(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts what is put on the shelf: one for each time a query really ran."""
    ran: list[int] = []
    put = app.state.shelf.put

    def counting(key: Any, version: int, body: Kept) -> None:
        ran.append(version)
        put(key, version, body)

    monkeypatch.setattr(app.state.shelf, "put", counting)
    return ran


def test_the_same_question_is_asked_of_the_database_once(editor: TestClient, queries: list[int]) -> None:
    editor.post("/lab/things", json={"code": "a"})
    first = editor.get("/lab/things/a")
    assert [editor.get("/lab/things/a").content for _ in range(3)] == [first.content] * 3
    assert len(queries) == 1
    held = {"If-None-Match": first.headers["ETag"]}
    unchanged = editor.get("/lab/things/a", headers=held)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == first.headers["ETag"]
    assert unchanged.headers["Vary"] == "Authorization, Cookie"
    assert len(queries) == 1
    for several in (f'"x", W/{first.headers["ETag"]}', f"{first.headers['ETag']},"):
        assert editor.get("/lab/things/a", headers={"If-None-Match": several}).status_code == 304
    assert editor.get("/lab/things/a", headers={"If-None-Match": '"1-1"'}).status_code == 200


def test_a_write_elsewhere_is_seen_at_once_but_makes_no_form_stale(editor: TestClient, queries: list[int]) -> None:
    for code in ("a", "b"):
        editor.post("/lab/things", json={"code": code})
    form = editor.get("/lab/things/a").headers["ETag"]
    assert editor.patch("/lab/things/b", json={"code": "B"}, headers={"If-Match": '"1-0"'}).status_code == 200
    assert editor.get("/lab/things/b").json()["name"] == "B"
    assert editor.get("/lab/things/a", headers={"If-None-Match": form}).status_code == 200
    saved = editor.patch("/lab/things/a", json={"code": "A"}, headers={"If-Match": form})
    assert saved.status_code == 200
    assert saved.headers["ETag"] == '"2-0"'
    again = editor.patch("/lab/things/a", json={"code": "A2"}, headers={"If-Match": saved.headers["ETag"]})
    assert again.headers["ETag"] == '"3-0"'
    assert editor.patch("/lab/things/a", json={"code": "A3"}, headers={"If-Match": form}).status_code == 412


def test_views_are_not_shared(as_: Callable[..., TestClient], db: Work, queries: list[int]) -> None:
    as_("officer").post("/lab/things", json={"code": "a"})
    people = [
        as_("officer"), as_("officer", login="wang"), as_("leader"), as_("reporter", unit="jxw"),
        as_("reporter", unit="nyw"), as_("officer", login="zhao"),
    ]  # fmt: skip
    with db() as session:
        # Some project names this officer.
        session.execute(update(User).where(User.login == "zhao").values(named=True))
    queries.clear()
    answers = [client.get("/lab/things/a") for client in people]
    views = [answer.json()["seen_by"] for answer in answers]
    assert views[0] == views[1] == "all+phone"
    assert len(set(views)) == 5
    assert len(queries) == 5  # the two officers share
    tags = {answer.headers["ETag"] for answer in answers}
    assert len(tags) == 5
    # Who holds another's tag is not told that it is his.
    answer = people[2].get("/lab/things/a", headers={"If-None-Match": answers[0].headers["ETag"]})
    assert (answer.status_code, answer.json()["seen_by"]) == (200, views[2])


def test_a_kept_answer_asks_for_the_permission_again(as_: Callable[..., TestClient], queries: list[int]) -> None:
    officer = as_("officer")
    officer.post("/lab/things", json={"code": "a"})
    assert officer.get("/lab/things/a").status_code == 200
    assert as_(None).get("/lab/things/a").status_code == 401


def test_a_kept_answer_ends_at_midnight(
    as_: Callable[..., TestClient], queries: list[int], time_machine: time_machine.TimeMachineFixture
) -> None:
    time_machine.move_to("2030-03-01T15:59:50Z", tick=False)
    client = as_("officer")
    client.post("/lab/things", json={"code": "a"})
    client.get("/lab/things/a")
    time_machine.move_to("2030-03-01T15:59:59Z", tick=False)
    client.get("/lab/things/a")
    assert len(queries) == 1
    time_machine.move_to("2030-03-01T16:00:00Z", tick=False)
    client.get("/lab/things/a")
    assert len(queries) == 2


def test_the_order_of_versions_is_the_order_of_reads(app: FastAPI, editor: TestClient) -> None:
    """A write between the reading of the version and of the data must not be hidden from those who come after."""
    app.state.database.pace = Pace()  # in a thread: the write below needs the event loop
    editor.post("/lab/things", json={"code": "a"})
    shelf = app.state.shelf
    put = shelf.put

    def late(key: Any, version: int, body: Kept) -> None:
        shelf.put = put
        assert editor.patch("/lab/things/a", json={"code": "new"}, headers={"If-Match": '"1-0"'}).status_code == 200
        put(key, version, body)

    shelf.put = late
    editor.get("/lab/things/a")
    assert editor.get("/lab/things/a").json()["name"] == "new"
