"""Whole messages: what one side writes the other reads, and nothing that was changed on the way."""

import base64
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.municipal.wire import sm2
from app.exchange.municipal.wire.contract import SignatureSuite
from app.exchange.municipal.wire.messages import (
    Written,
    read_request,
    read_response,
    write_request,
    write_response,
)
from app.exchange.municipal.wire.refusals import Refused
from app.exchange.municipal.wire.signatures import DIGEST, HEADERS, KEY, NONCE, SIGNATURE, SUITE, TIMESTAMP, Keys

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CLOCK = 300
TARGET = "/city/records?after=x"


def pair(suite: SignatureSuite, sealing: bytes = b"") -> tuple[Keys, Keys]:
    """Ours and the city's."""
    if suite == "sm2":
        ours, city = sm2.new_keys(), sm2.new_keys()
        return Keys(suite, "k1", ours[0], city[1], sealing), Keys(suite, "k1", city[0], ours[1], sealing)
    shared = secrets.token_bytes(32)
    return (Keys(suite, "k1", shared, sealing=sealing),) * 2


SUITES: list[SignatureSuite] = ["hmac-sha256", "hmac-sm3", "sm2"]
PAIRS = {(suite, sealed): pair(suite, os.urandom(16) if sealed else b"") for suite in SUITES for sealed in (0, 1)}


def read(keys: Keys, written: Written, **other: object) -> bytes:
    given: dict[str, object] = {"method": "POST", "target": TARGET, "headers": written.headers, "body": written.body}
    given |= {"now": NOW, "clock_seconds": CLOCK} | other
    return read_request(keys, **given).body  # type: ignore[arg-type]


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("sealed", [0, 1])
def test_both_sides_understand_each_other(suite: SignatureSuite, sealed: int) -> None:
    ours, city = PAIRS[suite, sealed]
    request = write_request(ours, "POST", TARGET, b'{"a":1}', NOW)
    assert (request.body == b'{"a":1}') is not bool(sealed)
    got = read_request(city, "POST", TARGET, request.headers, request.body, NOW, CLOCK)
    assert (got.body, got.nonce, got.timestamp) == (b'{"a":1}', request.nonce, NOW)
    answer = write_response(city, got.nonce, 200, b'{"b":2}', NOW)
    lower = {name.lower(): value for name, value in answer.headers.items()}
    assert read_response(ours, request.nonce, 200, lower, answer.body, NOW, CLOCK).body == b'{"b":2}'
    # No other answer stands in for it, and none of another status.
    for nonce, status in ((secrets.token_hex(16), 200), (request.nonce, 201)):
        with pytest.raises(Refused) as refused:
            read_response(ours, nonce, status, answer.headers, answer.body, NOW, CLOCK)
        assert refused.value.code == "signature"


@pytest.mark.parametrize("suite", SUITES)
def test_no_byte_can_be_changed(suite: SignatureSuite) -> None:
    """Of body, headers and target; for SM2 fewer of them, since each check takes a while."""
    ours, city = PAIRS[suite, 1]
    sent = write_request(ours, "POST", TARGET, b'{"amount":"2223000000.00"}', NOW)

    @settings(max_examples=15 if suite == "sm2" else 150)
    @given(st.data())
    def change(data: st.DataObject) -> None:
        what = data.draw(st.sampled_from(["body", "target", "method", *HEADERS]))
        old = {"body": sent.body.decode("latin-1"), "target": TARGET, "method": "POST", **sent.headers}[what]
        at = data.draw(st.integers(0, len(old)))
        new = old[:at] + data.draw(st.text(st.characters(max_codepoint=255), max_size=2)) + old[at + 1 :]
        if new == old or (what == TIMESTAMP and new.strip() == old):
            return
        changed = {what: new.encode("latin-1") if what == "body" else new} if what not in HEADERS else {}
        with pytest.raises(Refused):
            read(city, sent, headers=sent.headers | ({what: new} if what in HEADERS else {}), **changed)

    change()
    assert read(city, sent) == b'{"amount":"2223000000.00"}'


Change = Callable[[dict[str, str]], object]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        *(("missing", lambda headers, name=name: headers.pop(name)) for name in HEADERS),
        ("missing", lambda headers: headers.update({SIGNATURE: ""})),
        ("suite", lambda headers: headers.update({SUITE: "hmac-sm3"})),
        ("suite", lambda headers: headers.update({SUITE: "none"})),
        ("key", lambda headers: headers.update({KEY: "k2"})),
        ("key", lambda headers: headers.update({KEY: "钥"})),
        ("malformed", lambda headers: headers.update({TIMESTAMP: "１７８００００００"})),
        ("malformed", lambda headers: headers.update({TIMESTAMP: "1e9"})),
        ("malformed", lambda headers: headers.update({TIMESTAMP: "9" * 5000})),
        ("malformed", lambda headers: headers.update({NONCE: "short"})),
        ("malformed", lambda headers: headers.update({NONCE: "x" * 20 + "\n" + "y" * 20})),
        ("malformed", lambda headers: headers.update({DIGEST: "0" * 63})),
        ("malformed", lambda headers: headers.update({SIGNATURE: "!"})),
        ("malformed", lambda headers: headers.update({SIGNATURE: "=" * 8})),
        ("malformed", lambda headers: headers.update({SIGNATURE.lower(): headers[SIGNATURE]})),
        ("clock", lambda headers: headers.update({TIMESTAMP: str(int(NOW.timestamp()) - CLOCK - 1)})),
        ("clock", lambda headers: headers.update({TIMESTAMP: str(int(NOW.timestamp()) + CLOCK + 1)})),
        ("signature", lambda headers: headers.update({TIMESTAMP: str(int(NOW.timestamp()) - 1)})),
        ("signature", lambda headers: headers.update({NONCE: secrets.token_hex(16)})),
        ("digest", lambda headers: headers.update({DIGEST: "0" * 64})),
        ("signature", lambda headers: headers.update({SIGNATURE: base64.b64encode(bytes(32)).decode()})),
        ("signature", lambda headers: headers.update({SIGNATURE: base64.b64encode(b"x").decode()})),
    ],
)
def test_refusals_say_why(code: str, change: Change) -> None:
    ours, city = PAIRS["hmac-sha256", 0]
    sent = write_request(ours, "POST", TARGET, b"{}", NOW)
    change(sent.headers)
    with pytest.raises(Refused) as refused:
        read(city, sent)
    assert refused.value.code == code


def test_the_window_of_the_clock() -> None:
    ours, city = PAIRS["hmac-sm3", 0]
    sent = write_request(ours, "POST", TARGET, b"{}", NOW)
    for seconds in (-CLOCK, 0, CLOCK):
        assert read(city, sent, now=NOW + timedelta(seconds=seconds)) == b"{}"
    for seconds in (-CLOCK - 1, CLOCK + 1):
        with pytest.raises(Refused, match="时间"):
            read(city, sent, now=NOW + timedelta(seconds=seconds))


def test_a_sealing_channel_takes_nothing_in_clear() -> None:
    ours, city = PAIRS["hmac-sm3", 1]
    open_keys = Keys(ours.suite, ours.key_id, ours.shared)
    for body in (b"{}", b"{" + b" " * 100 + b"}"):
        with pytest.raises(Refused) as refused:
            read(city, write_request(open_keys, "POST", TARGET, body, NOW))
        assert refused.value.code == "sealed"
    # Nor does a sealed body open for another place.
    sealed = write_request(ours, "POST", "/other", b"{}", NOW)
    moved = write_request(open_keys, "POST", TARGET, sealed.body, NOW)
    with pytest.raises(Refused) as refused:
        read(city, moved)
    assert refused.value.code == "sealed"


def test_keys_are_not_printed() -> None:
    keys = Keys("hmac-sm3", "k1", b"secret-secret", b"city-city", b"sealing-sealing")
    assert repr(keys) == "Keys(suite='hmac-sm3', key_id='k1')"


def test_nothing_empty_is_sealed() -> None:
    ours, city = PAIRS["hmac-sm3", 1]
    sent = write_request(ours, "GET", TARGET, b"", NOW)
    assert sent.body == b""
    assert "Content-Type" not in sent.headers
    assert read(city, sent, method="GET") == b""
