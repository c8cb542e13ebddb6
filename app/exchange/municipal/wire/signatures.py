"""Signed requests and answers: who sent this, when, and that nobody changed it on the way.

Signed is the text of these lines, joined by line feeds without one at the end:

    request    zs1 · method · path with query, as sent · timestamp · nonce · digest of the body
    answer     zs1 · status · nonce of the request · timestamp · nonce · digest of the body

The timestamp is in Unix seconds, the digest hexadecimal (SHA-256 with hmac-sha256, SM3 with the others), the signature
base64. An answer names the request it answers, so that no earlier one can stand in for it. Which suite and key count
is the channel's to say: what a message claims of itself is compared, never followed. Whether a nonce was seen before
only the receiver's table knows: keep each for `keep_nonces(clock_seconds)`, and refuse it then as `replayed`.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hmac

from app.exchange.municipal.wire import sm2
from app.exchange.municipal.wire.contract import SignatureSuite
from app.exchange.municipal.wire.refusals import Refused

KEY, SUITE, TIMESTAMP = "X-Zs-Key", "X-Zs-Suite", "X-Zs-Timestamp"
NONCE, DIGEST, SIGNATURE = "X-Zs-Nonce", "X-Zs-Digest", "X-Zs-Signature"
HEADERS = (KEY, SUITE, TIMESTAMP, NONCE, DIGEST, SIGNATURE)

_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BASE64 = re.compile(r"[0-9A-Za-z+/]{1,200}={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """What one side of a channel signs with and checks by.

    `shared` is the secret of both with HMAC, the own private key with SM2 (32 bytes); `city_key` is the other side's
    public key with SM2 (65 bytes). `sealing` is the SM4 key of sealed bodies, empty where they go in clear.
    """

    suite: SignatureSuite
    key_id: str
    shared: bytes = field(repr=False)
    city_key: bytes = field(default=b"", repr=False)
    sealing: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a believed message said of itself; its nonce is still to be looked for in the receiver's table."""

    nonce: str
    timestamp: datetime


def supported(suite: SignatureSuite) -> bool:
    """Can this machine sign by it? (A distribution's OpenSSL may lack SM3; SM2 is an extra.)"""
    try:
        hashes.Hash(_hash(suite))
    except UnsupportedAlgorithm:
        return False
    return suite != "sm2" or sm2.installed()


def keep_nonces(clock_seconds: int) -> timedelta:
    """How long a nonce must be remembered: so long could its message still be believed."""
    return timedelta(seconds=2 * clock_seconds + 1)


def sign_request(keys: Keys, method: str, target: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a request; `target` is path and query as they go over the wire. Its nonce is in `NONCE`."""
    return _sign(keys, (method, target), body, now)


def sign_response(keys: Keys, request_nonce: str, status: int, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of the answer to the request with that nonce."""
    return _sign(keys, (str(status), request_nonce), body, now)


def verify_request(
    keys: Keys, method: str, target: str, headers: Mapping[str, str], body: bytes, now: datetime, clock_seconds: int
) -> Signed:
    """What the request said of itself, or Refused."""
    return _verify(keys, (method, target), headers, body, now, clock_seconds)


def verify_response(
    keys: Keys,
    request_nonce: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    clock_seconds: int,
) -> Signed:
    """What the answer to the request with that nonce said of itself, or Refused."""
    return _verify(keys, (str(status), request_nonce), headers, body, now, clock_seconds)


def digest(suite: SignatureSuite, body: bytes) -> str:
    """The digest of a body, hexadecimal: SHA-256 or SM3."""
    counted = hashes.Hash(_hash(suite))
    counted.update(body)
    return counted.finalize().hex()


def _sign(keys: Keys, about: tuple[str, str], body: bytes, now: datetime) -> dict[str, str]:
    timestamp, nonce, of_body = str(int(now.timestamp())), secrets.token_hex(16), digest(keys.suite, body)
    text = _text(about, timestamp, nonce, of_body)
    made = sm2.sign(keys.shared, text) if keys.suite == "sm2" else _hmac(keys, text)
    return {
        KEY: keys.key_id,
        SUITE: keys.suite,
        TIMESTAMP: timestamp,
        NONCE: nonce,
        DIGEST: of_body,
        SIGNATURE: base64.b64encode(made).decode(),
    }


def _verify(
    keys: Keys, about: tuple[str, str], headers: Mapping[str, str], body: bytes, now: datetime, clock_seconds: int
) -> Signed:
    given = _given(headers)
    if given[SUITE] != keys.suite:
        raise Refused("suite")
    if not compare_digest(given[KEY].encode(), keys.key_id.encode()):
        raise Refused("key")
    timestamp, nonce = given[TIMESTAMP], given[NONCE]
    if not (_TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce) and _DIGEST.fullmatch(given[DIGEST])):
        raise Refused("malformed")
    if abs(int(timestamp) - now.timestamp()) > clock_seconds:
        raise Refused("clock")
    of_body = digest(keys.suite, body)
    if not compare_digest(given[DIGEST], of_body):
        raise Refused("digest")
    signature, text = _decoded(given[SIGNATURE]), _text(about, timestamp, nonce, of_body)
    good = (
        sm2.verify(keys.city_key, text, signature)
        if keys.suite == "sm2"
        else compare_digest(_hmac(keys, text), signature)
    )
    if not good:
        raise Refused("signature")
    return Signed(nonce, datetime.fromtimestamp(int(timestamp), now.tzinfo))


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    """Each of the six exactly once: of two with one name, another reader might take the other."""
    found: dict[str, str] = {}
    wanted = {name.lower(): name for name in HEADERS}
    for name, value in headers.items():
        if (ours := wanted.get(name.lower())) is not None:
            if ours in found:
                raise Refused("malformed")
            found[ours] = value
    if any(not found.get(name) for name in HEADERS):
        raise Refused("missing")
    return found


def _text(about: tuple[str, str], timestamp: str, nonce: str, of_body: str) -> bytes:
    return "\n".join(("zs1", *about, timestamp, nonce, of_body)).encode()


def _hmac(keys: Keys, text: bytes) -> bytes:
    counted = hmac.HMAC(keys.shared, _hash(keys.suite))
    counted.update(text)
    return counted.finalize()


def _hash(suite: SignatureSuite) -> hashes.HashAlgorithm:
    return hashes.SHA256() if suite == "hmac-sha256" else hashes.SM3()


def _decoded(text: str) -> bytes:
    if not _BASE64.fullmatch(text):
        raise Refused("malformed")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("malformed") from None
