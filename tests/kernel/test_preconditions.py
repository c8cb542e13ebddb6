"""A change says which version it was made from; two changes of one version never both succeed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from app.kernel.errors import Stale
from app.kernel.preconditions import expect


def patch(client: TestClient, tag: str | None, name: str = "new") -> int:
    headers = {} if tag is None else {"If-Match": tag}
    return client.patch("/lab/things/a", json={"code": name}, headers=headers).status_code


@pytest.fixture
def thing(editor: TestClient) -> str:
    """A thing of version 1; the tag with which it was read."""
    editor.post("/lab/things", json={"code": "a"})
    tag: str = editor.get("/lab/things/a").headers["ETag"]
    return tag


def test_expectation() -> None:
    expect(3, 3)
    for asked in (2, 4):
        with pytest.raises(Stale):
            expect(3, asked)


def test_without_a_version_nothing_is_changed(thing: str, editor: TestClient) -> None:
    assert patch(editor, None) == 428
    for nonsense in ("", "*", "abc", '"abc-1"', '"-1"', '""'):
        assert patch(editor, nonsense) == 412, nonsense
    assert patch(editor, "x" * 101) == 422
    assert editor.get("/lab/things/a").json()["version"] == 1


def test_the_version_moves_with_each_change(thing: str, editor: TestClient) -> None:
    assert patch(editor, thing, "one") == 200
    assert patch(editor, thing, "two") == 412
    body = editor.get("/lab/things/a").json()
    assert (body["name"], body["version"]) == ("one", 2)


def test_a_change_to_what_is_there_already_moves_nothing(thing: str, editor: TestClient) -> None:
    assert patch(editor, thing, "a") == 200
    assert editor.get("/lab/things/a").headers["ETag"] == thing
    assert patch(editor, thing, "b") == 200


def test_of_many_who_read_the_same_version_one_succeeds(
    thing: str, editor: TestClient, as_: Callable[..., TestClient]
) -> None:
    clients = [as_("officer", login=f"officer{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda place: patch(place[1], thing, f"by {place[0]}"), enumerate(clients)))
    assert sorted(answers) == [200] + [412] * 7
    body = editor.get("/lab/things/a").json()
    assert (body["name"], body["version"]) == (f"by {answers.index(200)}", 2)
