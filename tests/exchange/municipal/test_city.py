"""The city's machine: it fetches changes without a hole, and brings receipts that are believed once or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.exchange.municipal import service
from app.exchange.municipal.city.service import LARGEST
from app.exchange.municipal.models import Contact, Nonce, Record, RecordState
from app.exchange.municipal.wire import messages
from app.exchange.municipal.wire.signatures import NONCE, SIGNATURE
from app.kernel import calendar
from tests.clients import As, Work
from tests.factories.municipal_desk import make_channel, make_city_key, make_connection, make_record
from tests.factories.projects import make_project

API = "/api/v1/municipal"
RECEIPTS = f"{API}/channels/city/receipts"


@pytest.fixture(autouse=True)
def connections(app: FastAPI) -> Iterator[dict[str, Any]]:
    before = app.state.connections
    app.state.connections = {"city": make_connection(), "fetched": make_connection(mode="pull", address=None)}
    yield app.state.connections
    app.state.connections = before


@pytest.fixture
def city(db: Work, client_of: Callable[..., TestClient]) -> TestClient:
    with db() as session:
        make_channel(session)
        make_channel(session, "fetched")
        return client_of(make_city_key(session, "municipal.pull", "municipal.answer"))


# -- fetching ------------------------------------------------------------------------------------------------------


def test_changes_come_in_their_order_with_a_cursor_and_tombstones(city: TestClient, db: Work, as_: As) -> None:
    with db() as session:
        channel = make_channel(session, "fetched")
        for key in ("a", "b", "c"):
            make_record(session, channel, key=key, payload={"name": key})
        make_record(session, channel, "fund", "7", {"number": "7"})
        make_record(session, channel, key="d", payload={}, version=5)
        make_record(session, make_channel(session), key="of another channel")
    first = city.get(f"{API}/projects", params={"limit": 2}).json()
    assert [(one["key"], one["payload"]) for one in first["items"]] == [("a", {"name": "a"}), ("b", {"name": "b"})]
    assert first["more"] is True
    rest = city.get(f"{API}/projects", params={"after": first["next"]}).json()
    assert [(one["key"], one["op"], one["version"]) for one in rest["items"]] == [("c", "put", 1), ("d", "delete", 5)]
    assert rest["items"][1]["payload"] is None and rest["more"] is False
    end = city.get(f"{API}/projects", params={"after": rest["next"]}).json()
    assert end == {"items": [], "next": rest["next"], "more": False}
    # By its cursor the city has said what it has: projects, and no fund yet.
    states = {
        row["key"]: row["state"]
        for row in as_("officer").get(f"{API}/records", params={"channel": "fetched"}).json()["items"]
    }
    assert states == {"a": "held", "b": "held", "c": "held", "d": "held", "7": "pending"}
    assert city.get(f"{API}/funds").json()["items"][0]["key"] == "7"
    assert city.get(f"{API}/projects", params={"after": 99}).json()["code"] == "cursor_ahead"
    pulls = as_("officer").get(f"{API}/contacts", params={"what": "pull", "channel": "fetched"}).json()["items"]
    assert [row["records"] for row in pulls] == [1, 0, 2, 2]


def test_no_answer_is_kept_and_what_was_sealed_is_held_back(city: TestClient, db: Work, as_: As) -> None:
    with db() as session:
        channel = make_channel(session, "fetched")
        sealed = make_project(session, confidentiality="sealed", name="绝密")
        make_record(session, channel, key=sealed.code, project_id=sealed.id, payload={"name": "绝密"})
        record = make_record(session, channel, key="open", payload={"name": "甲"})
        code, number = sealed.code, record.id
    assert [one["key"] for one in city.get(f"{API}/projects").json()["items"]] == ["open"]
    with db() as session:  # no event tells of it
        session.get_one(Record, number).wanted = '{"name":"乙"}'
    assert city.get(f"{API}/projects").json()["items"][0]["payload"] == {"name": "乙"}
    # What was never handed out has not arrived either.
    assert city.get(f"{API}/projects", params={"after": 2}).status_code == 200
    with db() as session:
        states = dict(session.execute(select(Record.key, Record.state)).all())  # type: ignore[arg-type]
        assert states == {code: RecordState.PENDING, "open": RecordState.HELD}
        # Dropped: the city must hear of which, a person may not.
        make_record(session, make_channel(session, "fetched"), "fund", "9", {}, project_id=sealed.id)
    assert city.get(f"{API}/funds").json()["items"][0]["key"] == "9"
    assert as_("reviewer").get(f"{API}/funds").json()["items"][0]["key"] is None


def test_nothing_is_fetched_while_the_channel_is_paused(city: TestClient, as_: As) -> None:
    as_("officer").post(f"{API}/channels/fetched/pause", json={"reason": "数据有误"})
    assert city.get(f"{API}/projects").json()["code"] == "channel_paused"
    as_("officer").post(f"{API}/channels/fetched/resume", json={"reason": "已更正"})
    assert city.get(f"{API}/projects").status_code == 200


def test_which_channel_is_fetched(city: TestClient, connections: dict[str, Any]) -> None:
    assert city.get(f"{API}/weeks", params={"channel": "fetched"}).status_code == 200
    assert city.get(f"{API}/weeks", params={"channel": "city"}).json()["errors"][0]["code"] == "no_pull_channel"
    connections["second"] = make_connection(mode="pull", address=None)
    assert city.get(f"{API}/weeks").json()["errors"][0]["code"] == "missing"
    del connections["second"], connections["fetched"]
    assert city.get(f"{API}/weeks").status_code == 422


def test_a_signed_answer_names_the_nonce_that_was_sent(city: TestClient, connections: dict[str, Any]) -> None:
    keys = connections["fetched"].keys
    assert SIGNATURE not in city.get(f"{API}/projects").headers
    for nonce in ("", "0123456789abcdef"):
        answer = city.get(f"{API}/projects", params={"signed": "true"}, headers={NONCE: nonce} if nonce else {})
        read = messages.read_response(keys, nonce, 200, answer.headers, answer.content, calendar.now(), 60)
        assert json.loads(read.body) == {"items": [], "next": 0, "more": False}
        with pytest.raises(messages.Refused):
            messages.read_response(keys, "another nonce 12", 200, answer.headers, answer.content, calendar.now(), 60)
    assert city.get(f"{API}/projects", headers={NONCE: "no nonce"}).status_code == 422


def test_nobody_who_fetches_misses_a_change_however_many_write(city: TestClient, db: Work, app: FastAPI) -> None:
    """Four writers renew records and some roll back; whoever fetches meanwhile ends with the last version of each."""
    with db() as session:
        channel = make_channel(session, "fetched")
        ids = [make_record(session, channel, key=f"k{number}", payload={"n": number}).id for number in range(12)]
    database, rounds = app.state.database, 15

    def write(turn: int) -> None:
        for count in range(rounds):
            try:
                with database.unit_of_work() as work:
                    found = service.locked(work, {}, "fetched")
                    number = ids[(turn * 5 + count) % len(ids)]
                    service.again(work, found, [number], {number: 0})
                    if count % 5 == turn:
                        raise LookupError
            except LookupError:
                pass

    writers = [threading.Thread(target=write, args=(turn,)) for turn in range(4)]
    seen: dict[str, int] = {}
    places: list[int] = []
    after = 0

    def fetch() -> bool:
        nonlocal after
        page = city.get(f"{API}/projects", params={"after": after, "limit": 3}).json()
        for one in page["items"]:
            assert one["version"] > seen.get(one["key"], 0), "a version came twice, or an older one later"
            seen[one["key"]] = one["version"]
            places.append(one["position"])
        after = page["next"]
        return bool(page["items"])

    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        fetch()
    for writer in writers:
        writer.join()
    while fetch():
        pass
    with db() as session:
        assert seen == dict(session.execute(select(Record.key, Record.wanted_version)).all())  # type: ignore[arg-type]
    assert places == sorted(set(places))
    assert sum(seen.values()) == len(ids) + 4 * rounds - 4 * 3  # what was rolled back is in nobody's hands


# -- receipts that come later --------------------------------------------------------------------------------------


@pytest.fixture
def waiting(city: TestClient, db: Work) -> None:
    with db() as session:
        channel = make_channel(session)
        make_record(session, channel, key="p1", state="sent", version=3)
        make_record(session, channel, "fund", "7", {"number": "7"}, state="sent")


def receipt(kind: str, key: str, version: int, result: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "key": key, "version": version, "result": result, **more}


TWO = {
    "batch": "later-1",
    "receipts": [
        receipt("project", "p1", 3, "accepted", receipt_no="HZ-1"),
        receipt("fund", "7", 1, "rejected", code="E7", message="金额不符"),
        receipt("fund", "99", 1, "accepted"),
    ],
}  # fmt: skip


def signed(connections: dict[str, Any], body: bytes, **changed: Any) -> dict[str, Any]:
    written = messages.write_request(
        changed.get("keys", connections["city"].keys), "POST", changed.get("target", RECEIPTS), body, calendar.now()
    )
    return {"content": written.body, "headers": written.headers}


def test_signed_receipts_are_taken_once(
    city: TestClient, db: Work, waiting: None, connections: dict[str, Any], as_: As
) -> None:
    message = signed(connections, json.dumps(TWO).encode())
    answer = city.post(RECEIPTS, **message)
    assert answer.status_code == 200, answer.text
    nonce = message["headers"][NONCE]
    read = messages.read_response(
        connections["city"].keys, nonce, 200, answer.headers, answer.content, calendar.now(), 60
    )
    assert json.loads(read.body) == {
        "accepted": 1, "rejected": 1, "received": 0, "again": 0, "refused": ["未曾报送 fund 99"],
    }  # fmt: skip
    rows = {row["key"]: row for row in as_("officer").get(f"{API}/records").json()["items"]}
    assert (rows["p1"]["state"], rows["p1"]["receipt_no"]) == ("held", "HZ-1")
    assert (rows["7"]["state"], rows["7"]["code"], rows["7"]["reason"]) == ("rejected", "E7", "金额不符")
    again = city.post(RECEIPTS, **message)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (401, "replayed")
    with db() as session:
        outcomes = session.execute(select(Contact.outcome, Contact.code, Contact.accepted).order_by(Contact.id)).all()
        assert outcomes == [("refused", "foreign", 1), ("refused", "replayed", 0)]


def test_what_is_not_right_is_refused_and_written_down(
    city: TestClient, db: Work, waiting: None, connections: dict[str, Any]
) -> None:
    whole = json.dumps(TWO).encode()

    def old() -> dict[str, Any]:
        with time_machine.travel(calendar.now() - timedelta(hours=1), tick=False):
            return signed(connections, whole)

    forged = signed(connections, whole)
    forged["headers"] = {**forged["headers"], SIGNATURE: signed(connections, b"{}")["headers"][SIGNATURE]}
    touched = signed(connections, whole)
    touched["content"] = touched["content"].replace(b"accepted", b"rejected")
    wrong: list[tuple[str, int, dict[str, Any]]] = [
        ("missing", 401, {"content": whole}),
        ("key", 401, signed(connections, whole, keys=make_connection(key_id="somebody").keys)),
        ("signature", 401, forged),
        ("signature", 401, signed(connections, whole, target=f"{RECEIPTS}?more=1")),
        ("digest", 401, touched),
        ("clock", 401, old()),
        ("oversize", 413, signed(connections, b" " * (LARGEST + 1))),
        ("malformed", 422, signed(connections, b'{"batch":"x"}')),
        ("malformed", 422, signed(connections, b"\xff\xfe")),
        ("malformed", 422, signed(connections, whole.replace(b'"version": 3', b'"version": -3'))),
    ]
    for code, status, message in wrong:
        answer = city.post(RECEIPTS, **message)
        assert answer.status_code == status, (code, answer.text)
        if status == 401:
            assert (answer.json()["code"], answer.json()["errors"][0]["code"]) == ("not_believed", code)
    with db() as session:
        kept = session.execute(select(Contact.what, Contact.outcome, Contact.code, Contact.status).order_by(Contact.id))
        assert kept.all() == [("receipts", "refused", code, status) for code, status, _ in wrong]
        assert set(session.scalars(select(Record.state))) == {RecordState.SENT}
        assert len(session.scalars(select(Nonce)).all()) == 3  # those that were the city's, if malformed


def test_a_key_without_the_scope_and_an_unknown_channel_are_told_nothing(
    as_: As, city: TestClient, db: Work, client_of: Callable[..., TestClient], connections: dict[str, Any]
) -> None:
    message = signed(connections, json.dumps(TWO).encode())
    with db() as session:
        reading = client_of(make_city_key(session, "municipal.read"))
    assert reading.post(RECEIPTS, **message).status_code == 403
    assert as_("officer").post(RECEIPTS, **message).status_code == 403
    assert city.post(RECEIPTS.replace("/city/", "/nowhere/"), **message).json()["code"] == "no_channel"
    assert reading.get(f"{API}/projects").status_code == 403
    assert as_("officer").get(f"{API}/projects").status_code == 403
