"""Personal data at rest: what is sealed opens in its place, with its key, unchanged; and nowhere else."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Column, MetaData, Table, insert, select

from app.config import DEMO_KEY, Settings
from app.kernel import events
from app.kernel import vault as vaults
from app.kernel.chain import Event
from app.kernel.db import Database, Id
from app.kernel.vault import Mark, Sealed, Suite, Vault, VaultClosed, VaultUnreadable, masked

ONE, TWO = vaults.new_key(), vaults.new_key()
PLACE = "person.number"


@pytest.mark.parametrize("suite", vaults.SUITES)
@given(plain=st.text(max_size=60), row=st.integers(1, 2**63 - 1))
def test_there_and_back(suite: Suite, plain: str, row: int) -> None:
    vault = Vault([ONE], suite)
    sealed = vault.seal(plain, PLACE, row)
    assert vault.open(sealed, PLACE, row) == plain
    assert sealed != vault.seal(plain, PLACE, row)  # the same twice does not look the same
    assert len(plain) < 8 or plain not in sealed


@pytest.mark.parametrize("suite", vaults.SUITES)
def test_elsewhere_it_does_not_open(suite: Suite) -> None:
    vault = Vault([ONE], suite)
    sealed = vault.seal("500114199001011231", PLACE, 7)
    for column, row in ((PLACE, 8), ("person.other", 7), ("other.number", 7)):
        with pytest.raises(VaultUnreadable):
            vault.open(sealed, column, row)
    with pytest.raises(VaultUnreadable):
        Vault([TWO], suite).open(sealed, PLACE, 7)
    assert Vault([TWO], suite).peek(sealed, PLACE, 7) is None


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_is_found(at: int, flip: int) -> None:
    vault = Vault([ONE])
    head, packed = vault.seal("500114199001011231", PLACE, 7).rsplit(":", 1)
    raw = bytearray(base64.urlsafe_b64decode(packed))
    raw[at % len(raw)] ^= flip
    with pytest.raises(VaultUnreadable):
        vault.open(f"{head}:{base64.urlsafe_b64encode(bytes(raw)).decode()}", PLACE, 7)


@given(text=st.text(max_size=80))
def test_what_is_no_sealed_value_is_refused_in_words(text: str) -> None:
    for broken in (text, f"zs1:{text}", f"zs1:aes:{Vault([ONE]).current.id}:{text}"):
        with pytest.raises(VaultUnreadable) as refusal:
            Vault([ONE]).open(broken, PLACE, 7)
        assert len(text) < 8 or text not in refusal.value.said


def test_sm4_gcm_is_that_of_the_standard() -> None:
    """RFC 8998, A.1."""
    key, nonce = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    plain = bytes.fromhex("".join(f"{byte * 8}" for byte in ("AA", "BB", "CC", "DD", "EE", "FF", "EE", "AA")))
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
    sealed = encryptor.update(plain) + encryptor.finalize()
    assert sealed.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    )
    assert encryptor.tag.hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"


def test_marks_tell_equal_values_of_one_column_and_nothing_else() -> None:
    vault = Vault([ONE])
    assert vault.mark("a", PLACE) == Vault([ONE]).mark("a", PLACE)
    marks = {
        vault.mark("a", PLACE),
        vault.mark("b", PLACE),
        vault.mark("a", "person.other"),
        Vault([TWO]).mark("a", PLACE),
    }
    assert len(marks) == 4
    # Looked for by every key, in either suite, so that what was marked before a rotation is found.
    assert Vault([ONE], "sm4-gcm").mark("a", PLACE) in Vault([TWO, ONE]).marks("a", PLACE)
    assert Vault([TWO, ONE]).marks("a", PLACE)[0] == Vault([TWO]).mark("a", PLACE)


def test_a_digest_is_nothing_that_one_could_try() -> None:
    content = b'{"identity": "500114199001011231"}'
    digests = [vault.digests(content)[0] for vault in (Vault([ONE]), Vault([TWO]), Vault([ONE], "sm4-gcm"), Vault())]
    assert len(set(digests)) == 4
    assert {len(digest) for digest in digests} == {64}
    assert hashlib.sha256(content).hexdigest() not in digests[:3]
    assert digests[0] not in Vault([ONE]).digests(content + b" ")
    # Known again after the key was changed, and by a house that had none before.
    assert {*digests[:1], *digests[3:]} <= set(Vault([TWO, ONE]).digests(content))


def test_without_a_key_it_is_closed() -> None:
    vault = Vault()
    sealed = Vault([ONE]).seal("a", PLACE, 1)
    for attempt in (
        lambda: vault.seal("a", PLACE, 1), lambda: vault.open(sealed, PLACE, 1), lambda: vault.mark("a", PLACE),
        lambda: vault.marks("a", PLACE),
    ):  # fmt: skip
        with pytest.raises(VaultClosed, match="VAULT_KEY"):
            attempt()
    assert vault.peek(sealed, PLACE, 1) is None


@pytest.mark.parametrize(
    ("plain", "first", "wanted"),
    [
        ("500114199001011231", 3, "500***********1231"), ("13812341234", 3, "138****1234"),
        ("E12345678", 3, "*******78"),
        ("6222021234567890128", 0, "***************0128"), ("12345", 3, "****5"), ("1", 3, "*"), (None, 3, "******"),
    ],
)  # fmt: skip
def test_what_is_shown_of_a_value(plain: str | None, first: int, wanted: str) -> None:
    assert masked(plain, first) == wanted


# -- keys from the environment -----------------------------------------------------------------------------------------


# Keys are new in each process; the names of the cases are not.
@pytest.mark.parametrize(
    "wrong", ["short", ONE[:-6], "密钥" * 20, f"{TWO},x"], ids=["short", "cut", "no base64", "two in one"]
)
def test_what_is_no_key_is_refused_without_being_told(wrong: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(_env_file=None, vault_key=wrong)
    assert "zhaoshang vault key" in str(refusal.value)
    assert wrong not in str(refusal.value)


def test_the_demo_has_a_key_of_its_own_and_only_where_no_other_is_set(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    assert not settings.open_vault().open_for_use
    (tmp_path / DEMO_KEY).write_text(f"# 演示\n{ONE}\n", encoding="utf-8")
    assert settings.open_vault().mark("a", PLACE) == Vault([ONE]).mark("a", PLACE)
    other = Settings(_env_file=None, data_dir=tmp_path, vault_key=TWO, vault_keys_old=ONE, vault_cipher="sm4-gcm")
    opened = other.open_vault()
    assert opened.mark("a", PLACE) == Vault([TWO], "sm4-gcm").mark("a", PLACE)
    assert opened.open(Vault([ONE]).seal("a", PLACE, 1), PLACE, 1) == "a"
    assert ONE not in repr(other)
    assert TWO not in repr(other)


# -- everything sealed anew --------------------------------------------------------------------------------------------


PEOPLE = Table(
    "vault_person", MetaData(), Column("id", Id, primary_key=True), Column("number", Sealed),
    Column("number_mark", Mark("number")), Column("bare", Sealed),
)  # fmt: skip


@pytest.fixture
def people(database_url: str) -> Iterator[Database]:
    """Ten people sealed by the first key, five by none."""
    database, old = Database(database_url), Vault([ONE])
    PEOPLE.create(database.writer)
    events.install(database, {})
    with database.unit_of_work() as db:
        for row in range(1, 16):
            number = (
                {"number": old.seal(f"number {row}", "vault_person.number", row), "bare": None} if row <= 10 else {}
            )
            mark = {"number_mark": old.mark(f"number {row}", "vault_person.number")} if row <= 10 else {}
            db.execute(insert(PEOPLE).values(id=row, **number, **mark))
    yield database
    PEOPLE.drop(database.writer)
    database.close()


def renew(database: Database, vault: Vault) -> list[tuple[int, int, int]]:
    found = []
    for table, column, marks in vaults.sealed_columns(PEOPLE.metadata):
        with database.unit_of_work() as db:
            did = vaults.renew(db, vault, table, column, marks, vaults.numbers(db, table, column))
        found.append((did.renewed, did.current, did.unreadable))
    return found


def test_a_rotation_leaves_nothing_that_the_old_key_opens(people: Database) -> None:
    both, new = Vault([TWO, ONE], "sm4-gcm"), Vault([TWO], "sm4-gcm")
    # Already usable before: read by the old key, found by its marks.
    with people.reading() as connection:
        sought = select(PEOPLE.c.id).where(PEOPLE.c.number_mark.in_(both.marks("number 3", "vault_person.number")))
        assert connection.execute(sought).scalar_one() == 3
    assert renew(people, both) == [(10, 0, 0), (0, 0, 0)]
    filled = select(PEOPLE).where(PEOPLE.c.number.is_not(None)).order_by(PEOPLE.c.id)
    with people.reading() as connection:
        rows = connection.execute(filled).all()
    for row in rows:
        assert new.open(row.number, "vault_person.number", row.id) == f"number {row.id}"
        assert row.number_mark == new.mark(f"number {row.id}", "vault_person.number")
        assert Vault([ONE]).peek(row.number, "vault_person.number", row.id) is None
    assert renew(people, both) == [(0, 10, 0), (0, 0, 0)]  # again: nothing left to do
    assert renew(people, Vault([ONE])) == [(0, 0, 10), (0, 0, 0)]  # what cannot be opened stays as it is
    with people.reading() as connection:
        assert (
            connection.execute(select(PEOPLE).where(PEOPLE.c.number.is_not(None)).order_by(PEOPLE.c.id)).all() == rows
        )
        told = connection.execute(select(Event.kind, Event.body).order_by(Event.seq)).all()
    assert [row.kind for row in told] == ["vault.rotated"]
    assert "number 3" not in told[0].body
