"""The city's side over a real socket: the contract's rule, its refusals, and every failure really happening."""

import json
import secrets
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.exchange.municipal.sandbox.faults import FAULTS
from app.exchange.municipal.wire import signatures
from app.exchange.municipal.wire.contract import idempotency_key
from app.exchange.municipal.wire.messages import Written, write_request
from app.exchange.municipal.wire.refusals import Refused
from app.kernel import calendar
from tests.sandboxes import Sandbox, fresh_keys

PUT = {"number": "1", "project": "P1", "arrived_on": "2020-08-20", "amount": "1.00", "source": "local",
       "kind": "equity", "reverses": None}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(fresh_keys(sealed=True), tmp_path_factory.mktemp("sandbox")).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.control()
    running.forget()
    return running


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, timeout=10) as made:
        yield made


def record(key: str, version: int, amount: str = "1.00", op: str = "put", **more: Any) -> dict[str, Any]:
    payload = PUT | {"number": key, "amount": amount} if op == "put" else None
    made = {"kind": "fund", "key": key, "version": version, "op": op, "payload": payload}
    return made | {"idempotency_key": idempotency_key("fund", key, version)} | more


def write(sandbox: Sandbox, *records: dict[str, Any], body: bytes | None = None, shift: int = 0) -> Written:
    batch = {"batch": secrets.token_hex(8), "district": "500114", "payload_version": "1", "records": records}
    text = json.dumps(batch).encode() if body is None else body
    return write_request(sandbox.keys, "POST", "/records", text, calendar.now() + timedelta(seconds=shift))


def post(sandbox: Sandbox, client: httpx2.Client, written: Written) -> httpx2.Response:
    return client.post(f"{sandbox.url}/records", content=written.body, headers=written.headers)


def deliver(sandbox: Sandbox, client: httpx2.Client, *records: dict[str, Any]) -> list[dict[str, Any]]:
    written = write(sandbox, *records)
    answer = post(sandbox, client, written)
    assert answer.status_code == 200, answer.text
    receipts: list[dict[str, Any]] = sandbox.opened(written.nonce, answer)["receipts"]
    return receipts


def results(receipts: list[dict[str, Any]]) -> list[tuple[str, int | None]]:
    return [(receipt["result"], receipt["held_version"]) for receipt in receipts]


def test_the_newest_version_is_held_whatever_comes(sandbox: Sandbox, client: httpx2.Client) -> None:
    told = deliver(
        sandbox, client,
        record("a", 2), record("a", 2), record("a", 1), record("a", 2, "2.00"), record("a", 5, op="delete"),
        record("a", 4), record("a", 5, op="delete"), record("b", 1), record("a", 6, "3.00"),
        record("c", 1, op="delete"),
    )  # fmt: skip
    assert results(told) == [
        ("accepted", 2), ("duplicate", 2), ("stale", 2), ("stale", 2), ("accepted", 5),
        ("stale", 5), ("duplicate", 5), ("accepted", 1), ("accepted", 6), ("accepted", 1),
    ]  # fmt: skip
    held = sandbox.held()
    assert {key: (item["version"], item["op"]) for (_, key), item in held.items()} == {
        "a": (6, "put"), "b": (1, "put"), "c": (1, "delete"),
    }  # fmt: skip
    assert held["fund", "a"]["payload"]["amount"] == "3.00"
    assert held["fund", "c"]["payload"] is held["fund", "c"]["digest"] is None


def test_pages_leave_nothing_out(sandbox: Sandbox, client: httpx2.Client) -> None:
    deliver(sandbox, client, *(record(f"k{number:02d}", 1) for number in range(23)))
    keys, after = [], ""
    while True:
        url = httpx2.URL(f"{sandbox.url}/records", params={"after": after, "limit": "10"})
        written = write_request(sandbox.keys, "GET", url.raw_path.decode(), b"", calendar.now())
        page = sandbox.opened(written.nonce, client.get(url, headers=written.headers))
        keys += [item["key"] for item in page["items"]]
        if not (after := page["next"]):
            break
    assert keys == [f"k{number:02d}" for number in range(23)]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"payload": None}, "payload", "payload"),
        ({"idempotency_key": "fund/x/2"}, "idempotency_key", "idempotency_key"),
        ({"payload": PUT | {"amount": "1e3"}}, "invalid", "amount"),
        ({"payload": PUT | {"phone": "1"}}, "invalid", "phone"),
        ({"payload": {"number": "1"}}, "invalid", "project"),
        ({"payload": PUT | {"source": "moon"}}, "P-7", "source"),
    ],
)
def test_what_it_rejects(
    sandbox: Sandbox, client: httpx2.Client, wrong: dict[str, Any], code: str, field: str
) -> None:  # fmt: skip
    sandbox.control(rules=[{"field": "source", "value": "moon", "code": "P-7", "message": "来源有误"}])
    good, [told] = record("y", 1), deliver(sandbox, client, record("x", 1, **wrong))
    assert (told["result"], told["code"], told["field"]) == ("rejected", code, field)
    assert told["message"]
    assert told["held_version"] is None
    assert results(deliver(sandbox, client, good)) == [("accepted", 1)]


def test_what_it_does_not_believe(sandbox: Sandbox, client: httpx2.Client) -> None:
    fine = write(sandbox, record("a", 1))
    others = Sandbox(fresh_keys(sealed=True), sandbox.folder)
    before = sandbox.state()["refused"]
    refused = {
        "clock": write(sandbox, record("a", 1), shift=-400),
        "signature": write(others, record("a", 1)),
        "digest": Written(fine.headers, fine.body[:-1] + b"\0"),
        "missing": Written({"Content-Type": "application/json"}, fine.body),
        "sealed": Written(
            signatures.sign_request(sandbox.keys, "POST", "/records", b"{}" * 20, calendar.now()), b"{}" * 20
        ),
    }
    for code, written in refused.items():
        answer = post(sandbox, client, written)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert post(sandbox, client, fine).status_code == 200
    assert post(sandbox, client, fine).json()["code"] == "replayed"
    seen = sandbox.state()["refused"]
    assert {code: seen[code] - before.get(code, 0) for code in seen} == dict.fromkeys([*refused, "replayed"], 1)
    assert sandbox.held().keys() == {("fund", "a")}


def test_it_says_signed_that_a_batch_is_wrong(sandbox: Sandbox, client: httpx2.Client) -> None:
    for body in (b"{", b"[]", b'{"records":[]}', b"\xff"):
        written = write(sandbox, body=body)
        answer = post(sandbox, client, written)
        assert answer.status_code == 400
        assert sandbox.opened(written.nonce, answer)["code"] == "malformed"
    big = Written({}, b"x" * 16_000_001)
    assert post(sandbox, client, big).status_code == 413


# -- failing ---------------------------------------------------------------------------------------------------

STORED = {"lost", "cut", "answer_twice", "twice", "bad_signature", "old", "replayed", "oversize", "malformed", "forget"}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_failure_happens(sandbox: Sandbox, client: httpx2.Client, fault: str) -> None:
    deliver(sandbox, client, record("before", 1))
    sandbox.control(**{fault: 1}, retry_after=7, oversize_bytes=300_000)
    written = write(sandbox, record("a", 1))
    if fault in ("down", "lost", "cut"):
        with pytest.raises(httpx2.TransportError) as gone:
            post(sandbox, client, written)
        if fault == "cut":
            assert "incomplete" in str(gone.value) or "without sending complete" in str(gone.value)
    else:
        answer = post(sandbox, client, written)
        if fault == "error":
            assert answer.status_code in (500, 502, 503, 504)
        elif fault == "busy":
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        elif fault == "redirect":
            assert answer.is_redirect
        elif fault in ("bad_signature", "old", "replayed"):
            with pytest.raises(Refused) as refused:
                sandbox.opened(written.nonce, answer)
            codes = {"bad_signature": {"signature", "digest", "missing"}, "old": {"clock"}, "replayed": {"signature"}}
            assert refused.value.code in codes[fault]
        elif fault == "oversize":
            assert len(answer.content) > 300_000
        elif fault == "malformed":
            with pytest.raises((ValueError, KeyError, TypeError)):
                sandbox.opened(written.nonce, answer)["receipts"][0]["result"]
        else:
            expected = "duplicate" if fault == "twice" else "accepted"
            assert sandbox.opened(written.nonce, answer)["receipts"][0]["result"] == expected
    sandbox.control()
    held = {key for _, key in sandbox.held()}
    assert ("a" in held) is (fault in STORED)
    assert ("before" in held) is (fault != "forget")


def test_an_answer_comes_twice_on_one_connection(sandbox: Sandbox) -> None:
    sandbox.control(answer_twice=1)
    written = write(sandbox, record("a", 1))
    head = "".join(f"{name}: {value}\r\n" for name, value in written.headers.items())
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as line:
        sent = f"POST /records HTTP/1.1\r\nHost: city\r\nContent-Length: {len(written.body)}\r\n{head}\r\n"
        line.sendall(sent.encode() + written.body)
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < 2:
            found += line.recv(65_536)


def test_slow_is_slow_and_comes_on_top(sandbox: Sandbox, client: httpx2.Client) -> None:
    sandbox.control(slow=1, slow_seconds=0.4, error=1, seed=3)
    began = time.monotonic()
    assert post(sandbox, client, write(sandbox, record("a", 1))).status_code >= 500
    assert time.monotonic() - began > 0.1


def test_the_same_seed_fails_the_same(sandbox: Sandbox, client: httpx2.Client) -> None:
    def seen() -> list[int]:
        sandbox.control(error=0.3, busy=0.3, seed=11)
        return [post(sandbox, client, write(sandbox, record("a", 1))).status_code for _ in range(12)]

    first = seen()
    assert first == seen()
    assert {200, 429} < set(first)


@pytest.mark.parametrize(
    "faults", [{"down": 0.6, "error": 0.6}, {"down": 2}, {"unknown": 1}, {"later": 0.7, "retry": 0.7}]
)
def test_control_refuses_what_it_cannot_do(sandbox: Sandbox, client: httpx2.Client, faults: dict[str, float]) -> None:
    assert client.put(f"{sandbox.url}/control", json=faults).status_code == 422


def test_not_now(sandbox: Sandbox, client: httpx2.Client) -> None:
    sandbox.control(retry=1)
    assert results(deliver(sandbox, client, record("a", 1))) == [("retry", None)]
    assert sandbox.held() == {}


def test_receipts_that_come_later(sandbox: Sandbox, client: httpx2.Client) -> None:
    """They wait until somebody takes them; here another city does, whose answer to them is that it is no batch."""
    sandbox.control(later=1, answer_to="http://127.0.0.1:9/receipts")
    assert results(deliver(sandbox, client, record("a", 1), record("b", 1))) == [("received", None)] * 2
    assert sandbox.held() == {}
    told = sandbox.send_receipts()
    assert (told["sent"], told["waiting"], told["statuses"]) == (0, 2, ["ConnectError"])
    sandbox.control(answer_to=f"{sandbox.url}/records")
    assert sandbox.send_receipts()["statuses"] == [400]
    assert {key for _, key in sandbox.held()} == {"a", "b"}


def test_kill_nine_loses_nothing_that_was_answered(sandbox: Sandbox, client: httpx2.Client) -> None:
    deliver(sandbox, client, record("a", 3), record("b", 1, op="delete"))
    before, lines = sandbox.held(), len(sandbox.journal())
    again = write(sandbox, record("a", 4))
    assert post(sandbox, client, again).status_code == 200
    sandbox.kill()
    sandbox.start()
    held = sandbox.held()
    assert held["fund", "a"]["version"] == 4
    assert held["fund", "b"] == before["fund", "b"]
    assert [(line["key"], line["version"], line["result"]) for line in sandbox.journal()[lines:]] == [
        ("a", 4, "accepted")
    ]
    with httpx2.Client(trust_env=False) as anew:
        assert post(sandbox, anew, again).json()["code"] == "replayed"


def test_placing_and_losing_single_records(sandbox: Sandbox, client: httpx2.Client) -> None:
    deliver(sandbox, client, record("a", 1), record("b", 1))
    sandbox.hold({"kind": "fund", "key": "z", "version": 9, "payload": PUT})
    assert sandbox.forget("fund", "a") == 1
    assert {key: item["version"] for (_, key), item in sandbox.held().items()} == {"b": 1, "z": 9}


def test_the_page(sandbox: Sandbox, client: httpx2.Client) -> None:
    project = {"name": "<b>基地</b>", "stage": "signed", "status": "paused", "signed_on": "2020-03-12",
               "contract_amount": "2223000000.00", "funds": "0.00"}  # fmt: skip
    week = {"signed": 3, "signed_amount": "-12345.67", "visitors": 46}
    sandbox.hold(
        {"kind": "project", "key": "500114-2020-0001", "version": 2, "payload": project},
        {"kind": "week", "key": "2020-W34", "version": 1, "payload": week},
        {"kind": "project", "key": "mapped", "version": 1, "payload": {"XMMC": "x"}},
    )
    deliver(sandbox, client, record("a", 1))
    page = client.get(sandbox.url).text
    for told in ("沙箱", "&lt;b&gt;基地", "签约，暂缓", "222,300.00", "-1.23", "2020-W34", "mapped", "已接收"):
        assert told in page
    assert "<b>基地" not in page
    assert "<script" not in page and "src=" not in page and "href=" not in page
