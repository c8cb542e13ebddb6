"""The store: one file for one content, for good; a crash leaves only what is swept."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.kernel import calendar, events
from app.kernel.access import SYSTEM, Actor
from app.kernel.db import Database
from app.kernel.files import FileMissing, Received, Store, StoredFile, keep, sweep
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.schema import ROOT
from tests.kernel.specimens import GOOD, office, pdf

MB = 1024 * 1024
LI = Actor(7, "li", "user", frozenset(), frozenset())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    events.install(found, {})
    yield found
    found.close()


def receive(store: Store, content: bytes, name: str = "报告.pdf") -> Received:
    return store.receive([content], name=name, limit=MB)


def everything(store: Store) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


# -- receiving -------------------------------------------------------------------------------------------------


def test_a_file_lies_under_its_hash_and_cannot_be_written(store: Store) -> None:
    content = pdf()
    sha256 = hashlib.sha256(content).hexdigest()
    received = store.receive(iter([content[:10], b"", content[10:]]), name="C:\\桌面\\报告.PDF", limit=MB)
    path = store.folder / "files" / sha256[:2] / sha256[2:4] / sha256
    assert received == Received(sha256, len(content), "application/pdf", "pdf", "报告.PDF", path)
    assert everything(store) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    with store.open(sha256) as stored:
        assert stored.read() == content
    assert store.verify(sha256)
    assert store.path(sha256) == path


@pytest.mark.parametrize("kind", GOOD)
def test_a_name_without_extension_gets_one(kind: str, store: Store) -> None:
    received = receive(store, GOOD[kind], "扫描件")
    assert received.name == f"扫描件.{received.extension}"
    assert receive(store, GOOD[kind], received.name).path == received.path


def test_the_same_content_is_stored_once(store: Store) -> None:
    first = receive(store, pdf(), "一.pdf")
    before = first.path.stat()
    second = receive(store, pdf(), "二.pdf")
    after = second.path.stat()
    assert (second.sha256, second.path, second.name) == (first.sha256, first.path, "二.pdf")
    assert (after.st_ino, after.st_nlink) == (before.st_ino, 1)
    assert after.st_mtime_ns > before.st_mtime_ns  # sweeping goes by when it was received last
    assert everything(store) == [first.path]


def test_what_is_too_large_is_not_read_to_its_end(store: Store) -> None:
    asked = []

    def endless() -> Iterator[bytes]:
        while True:
            asked.append(1)
            yield b"x" * 1000

    with pytest.raises(FileTooLarge, match="2000 B") as refused:
        store.receive(endless(), name="a.txt", limit=2000)
    assert refused.value.status == 413
    assert len(asked) == 3
    assert everything(store) == []
    assert store.receive([b"x" * 2000], name="a.txt", limit=2000).size == 2000


def test_what_is_refused_leaves_nothing(store: Store) -> None:
    with pytest.raises(FileRefused, match="宏"):
        receive(store, office("docx", {"word/vbaProject.bin": b"x"}), "a.docx")
    with pytest.raises(FileRefused, match="不符"):
        receive(store, pdf(), "a.docx")
    with pytest.raises(FileRefused, match="是空的"):
        store.receive([], name="a.pdf", limit=MB)
    assert everything(store) == []


def test_a_name_that_is_refused_is_not_received_at_all(store: Store) -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    with pytest.raises(FileRefused, match=r"\.exe"):
        store.receive(never(), name="报告.pdf.exe", limit=MB)


def test_a_sender_who_leaves_leaves_nothing(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield pdf()[:50]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.receive(broken(), name="a.pdf", limit=MB)
    assert everything(store) == []


def test_the_same_content_received_by_many_at_once(store: Store) -> None:
    content, together = pdf(b"<<>>" * 1000), threading.Barrier(12)

    def slowly() -> Iterable[bytes]:
        together.wait(10)
        for at in range(0, len(content), 100):
            yield content[at : at + 100]

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: store.receive(slowly(), name="a.pdf", limit=MB), range(12)))
    assert len({received.path for received in found}) == 1
    assert everything(store) == [found[0].path]
    assert found[0].path.read_bytes() == content


TEXT = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=200)


@settings(deadline=None, max_examples=60)
@given(TEXT, st.data())
def test_any_splitting_gives_the_same_file(text: str, data: st.DataObject) -> None:
    content = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    parts = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        received = store.receive(parts, name="a.txt", limit=MB)
        assert received.sha256 == hashlib.sha256(content).hexdigest()
        assert store.path(received.sha256).read_bytes() == content
        assert received.size == len(content)


# -- keeping ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sha256", ["0" * 64, "../../etc/passwd", "A" * 64, "", "0" * 63, "0" * 64 + "\n"])
def test_what_is_not_there_is_missing(sha256: str, store: Store) -> None:
    for ask in (store.open, store.path, store.verify):
        with pytest.raises(FileMissing):
            ask(sha256)


def test_a_changed_byte_is_noticed_and_mended_by_the_next_receipt(store: Store) -> None:
    received = receive(store, pdf())
    received.path.chmod(0o640)
    spoiled = bytearray(pdf())
    spoiled[20] ^= 1
    received.path.write_bytes(spoiled)
    assert not store.verify(received.sha256)
    receive(store, pdf())
    assert store.verify(received.sha256)
    assert stat.S_IMODE(received.path.stat().st_mode) == 0o440


def test_a_crash_leaves_only_what_is_swept(store: Store) -> None:
    program = (
        "import sys, time; from pathlib import Path; from app.kernel.files import Store\n"
        "def chunks():\n    yield b'%PDF-1.7'\n    yield b'x' * 200_000\n"
        "    print('on', flush=True)\n    time.sleep(60)\n"
        "Store(Path(sys.argv[1])).receive(chunks(), name='a.pdf', limit=10**6)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(store.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    (left,) = everything(store)
    assert left.parent == store.incoming
    assert sweep(store.folder, calendar.now()) == 0
    assert left.exists()
    assert sweep(store.folder, calendar.now() + timedelta(hours=25)) == 1
    assert everything(store) == []


def test_sweeping_spares_what_is_stored_and_what_still_comes(store: Store) -> None:
    received = receive(store, pdf())
    old, young = store.incoming / "old.part", store.incoming / "young.part"
    for path in (old, young):
        path.write_bytes(b"x")
    yesterday = calendar.now().timestamp() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    os.utime(received.path, (yesterday, yesterday))
    assert sweep(store.folder, calendar.now()) == 1
    assert sorted(everything(store)) == sorted([received.path, young])
    assert sweep(store.folder / "nowhere", calendar.now()) == 0


# -- the row ---------------------------------------------------------------------------------------------------


def test_a_stored_file_has_one_row_of_its_first_sender(database: Database, store: Store) -> None:
    received = receive(store, pdf())
    for actor in (LI, SYSTEM):
        with database.unit_of_work() as db:
            keep(db, actor, received)
    with database.reading() as connection:
        (row,) = connection.execute(select(StoredFile)).all()
    assert (row.sha256, row.size, row.media_type, row.first_received_by) == (
        received.sha256, len(pdf()), "application/pdf", "user:7",
    )  # fmt: skip
    assert abs(calendar.now() - row.first_received_at) < timedelta(minutes=1)


def test_the_same_file_kept_by_many_at_once(database: Database, store: Store) -> None:
    received, together = receive(store, pdf()), threading.Barrier(6)

    def link(_number: int) -> None:
        together.wait(10)
        with database.unit_of_work() as db:
            keep(db, LI, received)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(link, range(6)))
    with database.reading() as connection:
        assert len(connection.execute(select(StoredFile)).all()) == 1
