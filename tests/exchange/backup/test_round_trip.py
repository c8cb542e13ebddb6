"""What was saved is what comes back, on the same and on the other kind of database."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select
from starlette.testclient import TestClient

from app.exchange.backup import archive
from app.exchange.backup.restoring import load
from app.exchange.backup.saving import save
from app.facts.enterprises.models import Contact
from app.identity.auth.models import UserSession
from app.identity.units.models import Unit, UnitKind
from app.kernel import chain, events
from app.kernel.access import SYSTEM
from app.kernel.db import Base, Database
from tests.exchange.backup.conftest import content, head
from tests.exchange.backup.content import FILE, SECOND, fill, fill_every_table, store, stored
from tests.replay import assert_log_equals_tables


@pytest.fixture(params=["target", "other_target"])
def empty(request: pytest.FixtureRequest) -> Database:
    """An empty database of the same kind, then one of the other."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found


def add_unit(database: Database, code: str) -> int:
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        unit = Unit(code=code, name=code, pinyin=code, search="", kind=UnitKind.BUREAU)
        db.add(unit)
        db.flush()
        return unit.id


def test_every_row_of_every_table_comes_back(source: Database, empty: Database, folder: Path, tmp_path: Path) -> None:
    fill_every_table(source)
    before = content(source)
    assert [name for name, rows in before.items() if not rows] == []
    save(source, folder, tmp_path / "a.tar.gz")
    load(empty, tmp_path / "restored", tmp_path / "a.tar.gz")
    after = content(empty)
    for table, rows in before.items():
        assert after[table] == rows, table
    assert content(source) == before


def test_a_district_comes_back_and_goes_on(source: Database, empty: Database, folder: Path, tmp_path: Path) -> None:
    fill(source)
    store(source, folder)
    before, path = content(source), tmp_path / "a.tar.gz"
    manifest = save(source, folder, path)
    assert manifest.log.seq == head(source) == len(before["event"])
    done = load(empty, tmp_path / "restored", path)
    assert done.manifest == manifest
    after = content(empty)
    for table in before.keys() - {"session", "event", "log_head"}:
        assert after[table] == before[table], table
    assert after["event"][: len(before["event"])] == before["event"]
    file = stored(tmp_path / "restored")
    assert (done.files, file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (1, FILE, 0o440)
    assert [path for path in (tmp_path / "restored").rglob("*") if path.is_file()] == [file]
    # Numbers go on where they were, and so does the chain.
    assert add_unit(empty, "new") == add_unit(source, "new")
    with empty.reading() as connection:
        assert_log_equals_tables(connection)
        assert chain.verify(connection).events == len(before["event"]) + done.sessions_ended + 1


def test_it_can_be_saved_again_from_where_it_was_restored(
    source: Database,
    empty: Database,
    folder: Path,
    tmp_path: Path,
    open_database: Callable[[str], Database],
    new_database: Callable[..., str],
) -> None:
    """From here to there and back."""
    fill(source)
    save(source, folder, tmp_path / "a.tar.gz")
    load(empty, tmp_path / "there", tmp_path / "a.tar.gz")
    save(empty, tmp_path / "there", tmp_path / "b.tar.gz")
    back = open_database(new_database())
    assert load(back, tmp_path / "back", tmp_path / "b.tar.gz").sessions_ended == 0
    assert content(back) == content(empty)


def test_no_number_is_given_twice(source: Database, empty: Database, folder: Path, tmp_path: Path) -> None:
    """Also not that of a row that was gone when the backup was made: the log still speaks of it."""
    fill_every_table(source)
    with source.unit_of_work() as db:
        db.execute(delete(Contact).where(Contact.id == SECOND))
        if not source.is_sqlite:  # rows put there by hand have not moved its sequence
            db.connection().exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('contact', 'id'), {SECOND})")
    save(source, folder, tmp_path / "a.tar.gz")
    load(empty, tmp_path / "restored", tmp_path / "a.tar.gz")
    with empty.unit_of_work() as db:
        new = insert(Contact).values(enterprise_id=SECOND, name="新", phone="1").returning(Contact.id)
        assert db.execute(new).scalar_one() == SECOND + 1


def test_a_backup_is_one_moment_and_nobody_waits_for_it(
    source: Database, target: Database, folder: Path, tmp_path: Path
) -> None:
    fill(source)
    at, written = head(source), list[str]()

    def somebody_writes(table: str, _done: int, _total: int) -> None:
        # Enterprises are read before units: both must be of the moment when the backup began.
        add_unit(source, f"during{len(written)}")
        written.append(table)

    manifest = save(source, folder, tmp_path / "a.tar.gz", somebody_writes)
    assert "enterprise" in written
    assert head(source) == at + len(written)
    assert manifest.log.seq == at
    load(target, tmp_path / "restored", tmp_path / "a.tar.gz")
    with target.reading() as connection:
        assert_log_equals_tables(connection)
        assert connection.scalars(select(Unit.code).where(Unit.code.like("during%"))).all() == []


def test_old_sessions_do_not_come_back_to_life(
    source: Database, target: Database, folder: Path, tmp_path: Path, started_apps: Callable[[str], TestClient]
) -> None:
    token = fill(source)
    save(source, folder, tmp_path / "a.tar.gz")
    done = load(target, tmp_path / "restored", tmp_path / "a.tar.gz")
    assert done.sessions_ended == 2
    with target.reading() as connection:
        assert connection.scalars(select(UserSession.id).where(UserSession.ended_at.is_(None))).all() == []
        ended = [row for row in chain.stored(connection) if row.kind == "session.ended"]
    assert {row.actor for row in ended} == {"system"}
    assert all("备份恢复" in row.body for row in ended) and len(ended) == 2
    headers = {"Authorization": f"Bearer {token}"}
    address = target.url.render_as_string(hide_password=False)
    assert started_apps(address).get("/api/v1/auth/me", headers=headers).status_code == 401
    here = source.url.render_as_string(hide_password=False)
    assert started_apps(here).get("/api/v1/auth/me", headers=headers).status_code == 200


def test_progress_reaches_its_end(saved: Path, target: Database, tmp_path: Path) -> None:
    told: dict[str, tuple[int, int]] = {}
    load(target, tmp_path / "restored", saved, lambda label, done, total: told.update({label: (done, total)}))
    assert told["project"] == (2, 2)
    assert {name for name in told if name in Base.metadata.tables} >= {"unit", "enterprise", "event"}


def test_the_archive_is_for_its_owner_and_leaves_no_litter(target: Database, folder: Path, tmp_path: Path) -> None:
    store(target, folder)
    path = tmp_path / "a.tar.gz"
    save(target, folder, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "data"]


def test_a_backup_overwrites_nothing(target: Database, folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "a.tar.gz"
    there.write_bytes(b"the last one we have")
    with pytest.raises(archive.TargetExists):
        save(target, folder, there)
    assert there.read_bytes() == b"the last one we have"


def test_a_backup_that_fails_leaves_nothing(target: Database, folder: Path, tmp_path: Path) -> None:
    def break_it(_table: str, _done: int, _total: int) -> None:
        raise RuntimeError("interrupted")

    fill(target)
    with pytest.raises(RuntimeError):
        save(target, folder, tmp_path / "a.tar.gz", break_it)
    assert list(tmp_path.iterdir()) == []
    assert add_unit(target, "after")


def test_what_the_store_has_lost_is_named(source: Database, target: Database, folder: Path, tmp_path: Path) -> None:
    """The rest is saved all the same."""
    gone, damaged = b"gone", b"damaged"
    for body in (FILE, gone, damaged):
        store(source, folder, body)
    stored(folder, gone).unlink()
    stored(folder, damaged).chmod(0o600)
    stored(folder, damaged).write_bytes(b"no longer what it was")
    path = tmp_path / "a.tar.gz"
    lost = sorted(stored(folder, body).name for body in (gone, damaged))
    assert save(source, folder, path).missing_files == lost
    done = load(target, tmp_path / "restored", path)
    assert (done.files, done.manifest.missing_files) == (1, lost)
    assert len(content(target)["stored_file"]) == 3
