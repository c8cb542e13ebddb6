"""Sealed bodies: SM4-GCM, for what must not be read on the way even where TLS ends early.

A sealed body is nonce (12 bytes), ciphertext and tag (16 bytes). Authenticated with it is what it belongs to: method
and target of a request, status and request's nonce of an answer, so that it opens nowhere else. Signed and counted in
the digest are the sealed bytes. An empty body stays empty.
"""

import os

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.exchange.municipal.wire.refusals import Refused

SEALED = "application/vnd.zhaoshang.sealed"
"""The content type of a sealed body."""
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16


def supported() -> bool:
    """Does this machine's OpenSSL have SM4-GCM?"""
    try:
        Cipher(algorithms.SM4(bytes(KEY_BYTES)), modes.GCM(bytes(NONCE_BYTES))).encryptor()
    except UnsupportedAlgorithm:
        return False
    return True


def of_request(method: str, target: str) -> bytes:
    """What a request's body belongs to."""
    return f"{method}\n{target}".encode()


def of_response(status: int, request_nonce: str) -> bytes:
    """What an answer's body belongs to."""
    return f"{status}\n{request_nonce}".encode()


def seal(key: bytes, plain: bytes, belongs_to: bytes) -> bytes:
    """The sealed bytes of a body; `key` has 16 bytes."""
    if not plain:
        return b""
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(belongs_to)
    return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def unseal(key: bytes, sealed: bytes, belongs_to: bytes) -> bytes:
    """The body that was sealed for this very message, or Refused."""
    if not sealed:
        return b""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise Refused("sealed")
    nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(belongs_to)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag:
        raise Refused("sealed") from None
