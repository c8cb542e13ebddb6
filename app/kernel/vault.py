"""Personal data at rest: sealed values, and marks by which equal ones are found without opening them.

A sealed value is `zs1:<suite>:<key id>:<base64 of nonce, ciphertext and tag>`. Its table, column and row number are
authenticated with it, so that it opens nowhere else. Keys come from the environment and are never stored: what a
database, a dump or a backup holds is useless without them. Any key but the first is there to read what was sealed
before; `rotate` seals everything anew by the first.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Depends, Request
from sqlalchemy import Dialect, MetaData, String, Table, TypeDecorator, select
from sqlalchemy.orm import QueryableAttribute, Session

from app.kernel import bulk
from app.kernel.db import text_key
from app.kernel.errors import Conflict
from app.kernel.events import record_rows

Suite = Literal["aes-256-gcm", "sm4-gcm"]
SUITES: tuple[Suite, ...] = ("aes-256-gcm", "sm4-gcm")
_SHORT: dict[Suite, str] = {"aes-256-gcm": "aes", "sm4-gcm": "sm4"}
_LONG = {short: suite for suite, short in _SHORT.items()}
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
HIDDEN = "******"
"""What is shown of a value that cannot be opened."""


class VaultClosed(Conflict):
    code = "vault_closed"
    message = "尚未配置个人信息加密密钥（VAULT_KEY），不能保存或查看个人信息，请联系系统管理员"
    english = "No key for personal data is configured (VAULT_KEY): it can neither be stored nor shown."


class VaultUnreadable(Conflict):
    code = "vault_unreadable"
    message = "该项个人信息无法解密：其密钥未配置，或数据已被改动，请联系系统管理员"
    english = "This personal data cannot be opened: its key is not configured, or it was tampered with."


class Sealed(TypeDecorator[str]):
    """A column of sealed values."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(text_key(500))


class Mark(TypeDecorator[str]):
    """A column of marks of the sealed column `of` in the same table."""

    impl = String
    cache_ok = True

    def __init__(self, of: str) -> None:
        self.of = of
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(text_key(90))


Column = QueryableAttribute[Any]


def name_of(column: Column) -> str:
    """`table.column`, by which a value is bound to its place."""
    return f"{column.class_.__tablename__}.{column.key}"


def new_key() -> str:
    """A new random key, as the environment wants it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def read_key(text: str) -> bytes:
    """A key from its base64. ValueError in Chinese, without the text, for what is none."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("密钥应为 32 字节随机数的 base64，可用 zhaoshang vault key 生成")
    return key


@dataclass(frozen=True, slots=True)
class _Ring:
    """What follows from one key in one suite."""

    suite: Suite
    id: str
    sealing: bytes
    marking: bytes

    @classmethod
    def of(cls, key: bytes, suite: Suite) -> "_Ring":
        def derive(purpose: str, length: int) -> bytes:
            info = f"zhaoshang vault 1 {suite} {purpose}".encode()
            return HKDF(_hash(suite), length, salt=None, info=info).derive(key)

        wide = 32 if suite == "aes-256-gcm" else 16
        return cls(suite, derive("id", 4).hex(), derive("seal", wide), derive("mark", 32))

    @property
    def cipher(self) -> algorithms.AES256 | algorithms.SM4:
        return algorithms.AES256(self.sealing) if self.suite == "aes-256-gcm" else algorithms.SM4(self.sealing)

    def mark(self, plain: str, column: str) -> str:
        counted = hmac.HMAC(self.marking, _hash(self.suite))
        counted.update(f"{column}\0{plain}".encode())
        return f"{_SHORT[self.suite]}:{self.id}:{counted.finalize().hex()}"

    def digest(self, content: bytes) -> str:
        counted = hmac.HMAC(self.marking, _hash(self.suite))
        counted.update(b"digest\0" + content)
        return counted.finalize().hex()


def _hash(suite: Suite) -> hashes.HashAlgorithm:
    return hashes.SHA256() if suite == "aes-256-gcm" else hashes.SM3()


def supported(suite: Suite) -> bool:
    """Does this machine's OpenSSL have it? (The wheels' own has both; a distribution's may lack SM4.)"""
    try:
        ring = _Ring.of(b"\0" * KEY_BYTES, suite)
        Cipher(ring.cipher, modes.GCM(b"\0" * NONCE_BYTES)).encryptor()
    except UnsupportedAlgorithm:
        return False
    return True


class Vault:
    """Seals by the first of its keys, opens by any. Without keys it is closed: it seals and opens nothing."""

    def __init__(self, keys: Sequence[str] = (), suite: Suite = "aes-256-gcm") -> None:
        """`keys` as base64, the one in use first. ValueError for what is no key, or a suite this machine lacks."""
        if keys and not supported(suite):
            raise ValueError(f"本机的密码库不支持 {suite.upper()}，请改用 AES-256-GCM 或更换密码库")
        read = [read_key(key) for key in keys]
        orders = (suite, *(other for other in SUITES if other != suite and read and supported(other)))
        self.rings = [_Ring.of(key, each) for each in orders for key in read]
        self.by_id = {(ring.suite, ring.id): ring for ring in self.rings}

    @property
    def open_for_use(self) -> bool:
        return bool(self.rings)

    @cached_property
    def current(self) -> _Ring:
        """What new values are sealed by."""
        if not self.rings:
            raise VaultClosed
        return self.rings[0]

    def seal(self, plain: str, column: Column | str, row: int) -> str:
        """A value for this column of this row. 409 without a key."""
        ring, nonce = self.current, os.urandom(NONCE_BYTES)
        encryptor = Cipher(ring.cipher, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(_place(ring, column, row))
        sealed = encryptor.update(plain.encode()) + encryptor.finalize()
        packed = base64.urlsafe_b64encode(nonce + sealed + encryptor.tag).decode()
        return f"zs1:{_SHORT[ring.suite]}:{ring.id}:{packed}"

    def open(self, sealed: str, column: Column | str, row: int) -> str:
        """The value that was sealed for this very place. 409 without the key, and for what was changed or moved."""
        if not self.rings:
            raise VaultClosed
        ring, packed = self._ring_of(sealed)
        if ring is None or len(packed) < NONCE_BYTES + TAG_BYTES:
            raise VaultUnreadable
        nonce, body, tag = packed[:NONCE_BYTES], packed[NONCE_BYTES:-TAG_BYTES], packed[-TAG_BYTES:]
        decryptor = Cipher(ring.cipher, modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(_place(ring, column, row))
        try:
            return (decryptor.update(body) + decryptor.finalize()).decode()
        except InvalidTag:
            raise VaultUnreadable from None

    def peek(self, sealed: str | None, column: Column | str, row: int) -> str | None:
        """The same for answers that hide most of it anyway: None for what is not there or cannot be opened."""
        if sealed is None or not self.rings:
            return None
        try:
            return self.open(sealed, column, row)
        except VaultUnreadable:
            return None

    def mark(self, plain: str, column: Column | str) -> str:
        """What stands for a value where it is looked for: equal values of one column have equal marks."""
        return self.current.mark(plain, column if isinstance(column, str) else name_of(column))

    def marks(self, plain: str, column: Column | str) -> list[str]:
        """The marks that this value may have, by whichever key it was sealed; the first is `mark`'s."""
        if not self.rings:
            raise VaultClosed
        name = column if isinstance(column, str) else name_of(column)
        return [ring.mark(plain, name) for ring in self.rings]

    def digests(self, content: bytes) -> list[str]:
        """What content that may hold personal data is known again by; the first is kept: without the key nobody finds
        the content by trying. Of a closed vault, which takes no such data in, only a plain hash."""
        return [*(ring.digest(content) for ring in self.rings), hashlib.sha256(content).hexdigest()]

    def is_current(self, sealed: str) -> bool:
        """Was it sealed by the key and suite in use?"""
        return self._ring_of(sealed)[0] is self.current

    def _ring_of(self, sealed: str) -> tuple[_Ring | None, bytes]:
        try:
            version, short, key_id, packed = sealed.split(":")
            ring = self.by_id.get((_LONG[short], key_id)) if version == "zs1" else None
            return ring, base64.b64decode(packed, altchars=b"-_", validate=True)
        except (ValueError, KeyError):
            return None, b""


def _place(ring: _Ring, column: Column | str, row: int) -> bytes:
    name = column if isinstance(column, str) else name_of(column)
    return f"zs1:{_SHORT[ring.suite]}:{ring.id}:{name}:{row}".encode()


def masked(plain: str | None, first: int = 3, last: int = 4) -> str:
    """A value as answers show it: `500***********1234`. Of short ones less is shown; six stars for what is unknown."""
    if plain is None:
        return HIDDEN
    if len(plain) - first - last < 4:
        first, last = 0, min(last, len(plain) // 4)
    return plain[:first] + "*" * (len(plain) - first - last) + plain[len(plain) - last :]


# -- sealing everything anew ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Rotation:
    """What came of one column: values sealed anew, already current, and not to be opened."""

    column: str
    renewed: int = 0
    current: int = 0
    unreadable: int = 0


def sealed_columns(metadata: MetaData) -> Iterator[tuple[Table, str, list[str]]]:
    """Every sealed column of the schema, and the columns that hold its marks."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                name = bulk.plain_text(column.name)
                marks = [
                    bulk.plain_text(other.name)
                    for other in table.columns
                    if isinstance(other.type, Mark) and other.type.of == name
                ]
                yield table, name, marks


def numbers(db: Session, table: Table, column: str) -> Sequence[int]:
    """The rows that hold something in this column."""
    return db.execute(select(table.c.id).where(table.c[column].is_not(None)).order_by(table.c.id)).scalars().all()


def renew(db: Session, vault: Vault, table: Table, column: str, marks: Iterable[str], rows: Iterable[int]) -> Rotation:
    """Seal these rows' values of one column by the key in use, and mark them anew. What cannot be opened stays."""
    name, found = f"{table.name}.{column}", Rotation(f"{table.name}.{column}")
    changes: list[tuple[int, dict[str, Any]]] = []
    for number, row in bulk.hold(db.connection(), table, rows).items():
        sealed = row._mapping[column]
        if sealed is None:
            continue
        if vault.is_current(sealed):
            found.current += 1
            continue
        plain = vault.peek(sealed, name, number)
        if plain is None:
            found.unreadable += 1
            continue
        new = {column: vault.seal(plain, name, number)}
        changes.append((number, new | {mark: vault.mark(plain, name) for mark in marks}))
        found.renewed += 1
    bulk.change(db.connection(), table, changes)
    if changes:
        by = vault.current.id
        record_rows(db, "vault.rotated", "vault", 0, by, None, [], column=name, values=found.renewed, by=by)
    return found


async def vault_of(request: Request) -> Vault:
    """The vault of the application that serves this request."""
    vault: Vault = request.app.state.vault
    return vault


TheVault = Annotated[Vault, Depends(vault_of)]
