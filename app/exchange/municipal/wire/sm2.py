"""SM2 signatures (GB/T 32918.2, GM/T 0009): an extra, by `gmalg`; without it only this suite is missing.

Signatures are r and s, 32 bytes each. Keys: the private one as 32 bytes, the public one as 65 (0x04, x, y); the
signer's identity is the standard's default. `gmalg` is pure Python, a signature takes about 20 ms and a check 40.
It takes its random numbers from `secrets`, but how long it multiplies depends on the length of the secret factor, by
which enough signatures timed precisely would give the key away. So every factor is brought to one length here; what
remains depends on its bits, and nobody far away sees that in an answer.
"""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cryptography.hazmat.primitives import hashes

IDENTITY = b"1234567812345678"
PRIVATE_BYTES, PUBLIC_BYTES = 32, 65
MISSING = "本机未安装国密 SM2 组件（附加组件 sm2），请执行 pip install gmalg，或改用 hmac-sm3"


class Sm2Missing(ValueError):
    """The extra is not installed."""

    def __init__(self) -> None:
        super().__init__(MISSING)


def installed() -> bool:
    return find_spec("gmalg") is not None


def new_keys() -> tuple[bytes, bytes]:
    """A fresh private key and its public key."""
    private, point = _core().generate_keypair()
    return private.to_bytes(PRIVATE_BYTES, "big"), _packed(point)


@lru_cache(maxsize=16)
def public_of(private: bytes) -> bytes:
    """The public key of a private one. ValueError for what is none. Kept: it is part of every signature."""
    return _packed(_core().generate_pk(_number(private)))


def check_public(public: bytes) -> None:
    """ValueError for what is no point of the curve."""
    _point(public)


def sign(private: bytes, message: bytes, identity: bytes = IDENTITY) -> bytes:
    """The signature of a message, 64 bytes."""
    number = _number(private)
    r, s = _core().sign(message, number, identity, _point(public_of(private)))
    return bytes(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def verify(public: bytes, message: bytes, signature: bytes, identity: bytes = IDENTITY) -> bool:
    """Did the owner of that public key sign this message?"""
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        return bool(_core().verify(message, r, s, identity, _point(public)))
    except (ValueError, TypeError, OverflowError):  # the point at infinity is no number to it
        return False


class _Sm3:
    """The hash as `gmalg` wants it, at the speed of OpenSSL."""

    def __init__(self) -> None:
        self.reset()

    @staticmethod
    def hash_length() -> int:
        return 32

    def reset(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes) -> None:
        self._hash.update(bytes(data))

    def value(self) -> bytes:
        return self._hash.copy().finalize()


class _Curve:
    """The curve, with every factor of its base point brought to 257 bits by adding the order once or twice."""

    def __init__(self, curve: Any) -> None:
        self.fp, self.ec, self.G, self.fpn, self.h = curve.fp, curve.ec, curve.G, curve.fpn, curve.h

    def kG(self, k: int) -> Any:  # noqa: N802  its name there
        order = self.fpn.p
        once = k + order
        return self.ec.mul(once if once.bit_length() > order.bit_length() else once + order, self.G)


@lru_cache(maxsize=1)
def _module() -> Any:
    if not installed():
        raise Sm2Missing
    return import_module("gmalg.sm2")


def _core() -> Any:
    """Anew each time: its hash has a state, which threads must not share."""
    module = _module()
    return module.SM2Core(_Curve(module._ecdlp), _Sm3())


def _number(private: bytes) -> int:
    number = int.from_bytes(private, "big")
    if len(private) != PRIVATE_BYTES or not 1 <= number <= _module()._ecdlp.fpn.p - 2:
        raise ValueError("SM2 私钥应为 32 字节，可用 zhaoshang municipal key --suite sm2 生成")
    return number


@lru_cache(maxsize=16)
def _point(public: bytes) -> Any:
    if len(public) == PUBLIC_BYTES and public[0] == 4:
        x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
        field = _module()._ecdlp.fp.p
        if x < field and y < field and _module()._ecdlp.ec.isvalid((x, y)):
            return x, y
    raise ValueError("SM2 公钥应为曲线上的点，65 字节，以 04 开头")


def _packed(point: tuple[int, int]) -> bytes:
    x, y = point
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
