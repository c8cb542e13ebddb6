"""What is not whole, not ours or not for this database is refused, and nothing of it stays."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.exchange.backup.archive import MANIFEST, BrokenBackup
from app.exchange.backup.manifest import OtherSchema
from app.exchange.backup.restoring import NotEmpty, load
from app.exchange.backup.saving import SchemaBehind, save
from app.identity.units.models import Unit, UnitKind
from app.kernel import events
from app.kernel.access import SYSTEM
from app.kernel.db import Database
from app.kernel.errors import Problem
from tests.exchange.backup.conftest import content
from tests.exchange.backup.content import FILE, fill, stored

NEWEST_ONLY = True  # archives that are refused before they are read into a database

Entries = list[tuple[tarfile.TarInfo, bytes]]
Edit = Callable[[dict[str, Any], dict[str, list[list[Any]]]], None]


def unpacked(path: Path) -> Entries:
    with tarfile.open(path) as tar:
        found = []
        for member in tar:
            part = tar.extractfile(member)
            assert part is not None
            found.append((member, part.read()))
        return found


def packed(path: Path, entries: Entries) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member, body in entries:
            member.size = len(body) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(body))
    return path


def forged(saved: Path, edit: Edit, *, sums: bool = True) -> Path:
    """The archive after an edit of its manifest and of its tables' rows; with checksums made to fit."""
    entries = unpacked(saved)
    manifest = msgspec.json.decode({m.name: body for m, body in entries}[MANIFEST])
    names = [member.name for member, _ in entries]
    rows = {
        name[7:-6]: [msgspec.json.decode(line) for line in body.splitlines()]
        for name, (_, body) in zip(names, entries, strict=True)
        if name.startswith("tables/")
    }
    edit(manifest, rows)
    out: Entries = []
    for member, body in entries:
        if member.name.startswith("tables/"):
            body = b"".join(msgspec.json.encode(row) + b"\n" for row in rows[member.name[7:-6]])
            if sums:
                manifest["entries"][member.name] = hashlib.sha256(body).hexdigest()
        elif member.name == MANIFEST:
            body = msgspec.json.encode(manifest)
        out.append((member, body))
    return packed(saved.with_name("forged.tar.gz"), out)


def refused(target: Database, archive: Path, problem: type[Problem]) -> str:
    """Restoring is refused, and neither a row nor a file has come; what was said."""
    before, folder = content(target), archive.parent / "restored"
    with pytest.raises(problem) as raised:
        load(target, folder, archive)
    assert content(target) == before
    assert not folder.exists() or list(folder.iterdir()) == []
    return raised.value.said


# -- damage ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99, 0.9999])
def test_a_truncated_archive_is_refused(saved: Path, target: Database, share: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    refused(target, saved, BrokenBackup)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.9999])
def test_a_wrong_byte_is_found(saved: Path, target: Database, share: float) -> None:
    damaged = bytearray(saved.read_bytes())
    damaged[int(len(damaged) * share)] ^= 0x10
    saved.write_bytes(damaged)
    refused(target, saved, BrokenBackup)


OTHERS = {"a ledger": b"PK\x03\x04", "no tar": gzip.compress(b"text"), "zeros": gzip.compress(b"\0" * 20_000)}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_what_is_no_archive_is_refused(saved: Path, target: Database, other: bytes) -> None:
    saved.write_bytes(other)
    refused(target, saved, BrokenBackup)


def test_a_changed_row_is_named(saved: Path, target: Database) -> None:
    def cheaper(_manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
        rows["agreement"][0][0] += 1

    assert "tables/agreement.jsonl" in refused(target, forged(saved, cheaper, sums=False), BrokenBackup)


def test_a_missing_entry_is_named(saved: Path, target: Database) -> None:
    name = f"files/{stored(saved).name}"
    entries = [entry for entry in unpacked(saved) if entry[0].name != name]
    assert name in refused(target, packed(saved.with_name("less.tar.gz"), entries), BrokenBackup)


def test_an_entry_that_nobody_added_is_named(saved: Path, target: Database) -> None:
    name = f"files/{'0' * 64}"
    entries = [(tarfile.TarInfo(name), b"x"), *unpacked(saved)]
    assert name in refused(target, packed(saved.with_name("more.tar.gz"), entries), BrokenBackup)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "files/../../evil", "files/.hidden", "files//x", "files/a\\..\\evil", "tables/../x.jsonl",
     "evil", "files/", "C:/evil", "files/evil\0"],
)  # fmt: skip
def test_no_entry_leads_out_of_the_folder(saved: Path, target: Database, name: str) -> None:
    entries = [(tarfile.TarInfo(name), b"evil"), *unpacked(saved)]
    refused(target, packed(saved.with_name("evil.tar.gz"), entries), BrokenBackup)
    assert not any(path.name == "evil" for path in saved.parent.parent.rglob("*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_an_entry_is_a_plain_file(saved: Path, target: Database, kind: bytes) -> None:
    link = tarfile.TarInfo(f"files/{'0' * 64}")
    link.type, link.linkname = kind, "/etc/passwd"
    refused(target, packed(saved.with_name("evil.tar.gz"), [(link, b""), *unpacked(saved)]), BrokenBackup)


def test_an_entry_comes_once(saved: Path, target: Database) -> None:
    entries = unpacked(saved)
    refused(target, packed(saved.with_name("twice.tar.gz"), [entries[0], *entries]), BrokenBackup)


# -- forgery: the checksums fit --------------------------------------------------------------------------------


def test_a_changed_event_is_found_by_its_chain(saved: Path, target: Database) -> None:
    def change(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
        body = manifest["tables"]["event"]["columns"].index("body")
        rows["event"][2][body] = rows["event"][2][body].replace("1", "2", 1)

    assert "编号 3" in refused(target, forged(saved, change), BrokenBackup)


def test_a_cut_log_is_found(saved: Path, target: Database) -> None:
    def cut(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
        rows["event"].pop()
        manifest["tables"]["event"]["rows"] -= 1

    assert "日志" in refused(target, forged(saved, cut), BrokenBackup)


def test_the_log_ends_where_the_manifest_says(saved: Path, target: Database) -> None:
    def other_end(manifest: Any, _rows: Any) -> None:
        manifest["log"]["hash"] = "f" * 64

    refused(target, forged(saved, other_end), BrokenBackup)


def without_a_row(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["agreement"].pop()


def without_its_unit(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["unit"].pop()
    manifest["tables"]["unit"]["rows"] -= 1


def with_a_short_row(_manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["unit"][0].pop()


def with_a_word_that_is_none(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["project"][0][manifest["tables"]["project"]["columns"].index("stage")] = "nowhere"


def with_a_date_that_is_none(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["agreement"][0][manifest["tables"]["agreement"]["columns"].index("signed_on")] = "2020-02-30"


def with_a_row_twice(manifest: Any, rows: dict[str, list[list[Any]]]) -> None:
    rows["unit"].append(rows["unit"][0])
    manifest["tables"]["unit"]["rows"] += 1


@pytest.mark.parametrize(
    "edit",
    [without_a_row, without_its_unit, with_a_short_row, with_a_word_that_is_none, with_a_date_that_is_none,
     with_a_row_twice],
)  # fmt: skip
def test_rows_that_cannot_be_are_refused(saved: Path, target: Database, edit: Edit) -> None:
    refused(target, forged(saved, edit), BrokenBackup)


@pytest.mark.parametrize(
    "change", [{"log": None}, {"tables": []}, {"format": "1"}, {"created_at": 5}], ids=lambda change: next(iter(change))
)
def test_a_manifest_that_cannot_be_is_refused(saved: Path, target: Database, change: dict[str, Any]) -> None:
    refused(target, forged(saved, lambda manifest, _rows: manifest.update(change)), BrokenBackup)


# -- not for this database -------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"migration": "1970_01_01_0000"}, {"format": 2}], ids=["migration", "format"])
def test_an_archive_of_another_schema_is_refused(saved: Path, target: Database, change: dict[str, Any]) -> None:
    refused(target, forged(saved, lambda manifest, _rows: manifest.update(change)), OtherSchema)


def test_an_archive_with_other_columns_is_refused(saved: Path, target: Database) -> None:
    def rename(manifest: Any, _rows: Any) -> None:
        manifest["tables"]["unit"]["columns"][1] = "other"

    refused(target, forged(saved, rename), OtherSchema)


def test_a_database_with_events_is_not_overwritten(saved: Path, target: Database) -> None:
    fill(target)
    refused(target, saved, NotEmpty)


def test_a_database_with_rows_is_not_overwritten(saved: Path, target: Database) -> None:
    """Even if no event tells of them."""
    with target.unit_of_work() as db:
        db.execute(insert(Unit).values(code="x", name="x", pinyin="x", search="", kind=UnitKind.BUREAU))
    refused(target, saved, NotEmpty)


def test_what_comes_meanwhile_is_not_overwritten(saved: Path, target: Database, tmp_path: Path) -> None:
    """The database was empty when it was asked first, and is not when its turn to write comes."""
    done: list[str] = []

    def somebody_writes(label: str, _done: int, _total: int) -> None:
        if label == "解压" and not done:
            with target.unit_of_work() as db:
                events.act(db, SYSTEM)
                db.add(Unit(code="meanwhile", name="x", pinyin="x", search="", kind=UnitKind.BUREAU))
            done.append(label)

    with pytest.raises(NotEmpty):
        load(target, tmp_path / "restored", saved, somebody_writes)
    assert [row[1] for row in content(target)["unit"]] == ["meanwhile"]


def test_a_commit_that_fails_leaves_no_rows(saved: Path, target: Database, tmp_path: Path) -> None:
    def break_it(_db: Session) -> None:
        raise RuntimeError("at the last moment")

    before = content(target)
    target.before_commit.append(break_it)
    with pytest.raises(RuntimeError):
        load(target, tmp_path / "restored", saved)
    assert content(target) == before
    # A file that no row mentions harms nobody; there is nothing else.
    assert [path.name for path in (tmp_path / "restored").iterdir()] == ["files"]
    target.before_commit.remove(break_it)
    assert load(target, tmp_path / "restored", saved).files == 1


def test_a_file_that_is_there_already_may_stay(saved: Path, target: Database, tmp_path: Path) -> None:
    there = stored(tmp_path / "restored")
    there.parent.mkdir(parents=True)
    there.write_bytes(FILE)
    assert load(target, tmp_path / "restored", saved).files == 1
    assert there.read_bytes() == FILE


def test_a_file_under_another_name_is_found(saved: Path, target: Database) -> None:
    entries = unpacked(saved)
    for member, _ in entries:
        if member.name.startswith("files/"):
            old, member.name = member.name, f"files/{'0' * 64}"
    renamed = packed(saved.with_name("renamed.tar.gz"), entries)

    def told(manifest: Any, _rows: Any) -> None:
        manifest["entries"][f"files/{'0' * 64}"] = manifest["entries"].pop(old)

    assert "0" * 64 in refused(target, forged(renamed, told), BrokenBackup)


def test_a_database_that_is_behind_is_not_saved(source: Database, folder: Path, tmp_path: Path) -> None:
    with source.unit_of_work() as db:
        connection = db.connection()
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('1970_01_01_0000')")
    with pytest.raises(SchemaBehind):
        save(source, folder, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()
