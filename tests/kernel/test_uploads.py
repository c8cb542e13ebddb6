"""Files in parts: what is there counts, whatever was lost, sent twice, or sent at once."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel import calendar, events, uploads
from app.kernel.access import Actor
from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.kernel.files import Store, sweep
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.uploads import (
    MAX_OPEN,
    MAX_PART,
    OffsetWrong,
    PartTooLarge,
    Standing,
    TooManyUploads,
    UploadGone,
    UploadIncomplete,
)
from tests.kernel.specimens import office, pdf

MB = 1024 * 1024
LI = Actor(7, "li", "user", frozenset(), frozenset())
WANG = Actor(8, "wang", "user", frozenset(), frozenset())
MACHINE = Actor(7, "key", "key", frozenset(), frozenset())
CONTENT = pdf(b"<</A(1)>>", b"<</B(2)>>")
HALF = len(CONTENT) // 2


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    events.install(found, {})
    yield found
    found.close()


def begin(database: Database, name: str = "报告.pdf", size: int = len(CONTENT), actor: Actor = LI) -> Standing:
    with database.unit_of_work() as db:
        return uploads.begin(db, actor, name, size, limit=MB)


def part_of(store: Store, upload: Standing) -> Path:
    return store.incoming / f"{upload.id}.part"


def test_parts_become_a_stored_file(database: Database, store: Store) -> None:
    upload = begin(database, "C:\\报告\u202e.pdf")
    assert (upload.name, upload.size, upload.received) == ("报告.pdf", len(CONTENT), 0)
    assert uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF]).received == HALF
    assert uploads.standing(database, store, LI, upload.id).received == HALF
    assert uploads.append(database, store, LI, upload.id, HALF, CONTENT[HALF:]).received == len(CONTENT)
    received = uploads.finish(database, store, LI, upload.id)
    assert received.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (received.name, received.size, received.extension) == ("报告.pdf", len(CONTENT), "pdf")
    assert received.path.read_bytes() == CONTENT
    assert uploads.finish(database, store, LI, upload.id) == received, "what links it may fail and come again"
    with database.unit_of_work() as db:
        uploads.discard(db, store, LI, upload.id)
    assert list(store.incoming.iterdir()) == []
    with pytest.raises(UploadGone):
        uploads.finish(database, store, LI, upload.id)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=60), st.data())
def test_any_splitting_with_any_resending_gives_the_same_file(
    database: Database, store: Store, text: str, data: st.DataObject
) -> None:
    content = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=4)))
    upload = begin(database, "a.txt", len(content))
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        for _ in range(data.draw(st.integers(1, 2))):
            assert uploads.append(database, store, LI, upload.id, start, content[start:end]).received == end
    assert uploads.finish(database, store, LI, upload.id).sha256 == hashlib.sha256(content).hexdigest()
    with database.unit_of_work() as db:
        uploads.discard(db, store, LI, upload.id)


def test_a_part_at_the_wrong_place_is_told_the_right_one(database: Database, store: Store) -> None:
    upload = begin(database)
    uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF])
    for offset, part in [(HALF + 1, CONTENT[HALF + 1 :]), (HALF - 1, CONTENT[HALF - 1 :]), (0, b"x" * 5)]:
        with pytest.raises(OffsetWrong) as refused:
            uploads.append(database, store, LI, upload.id, offset, part)
        assert refused.value.status == 409
        assert refused.value.offset == HALF
        assert refused.value.headers == {"Upload-Offset": str(HALF)}
    assert part_of(store, upload).read_bytes() == CONTENT[:HALF]


def test_an_unfinished_file_cannot_be_finished(database: Database, store: Store) -> None:
    upload = begin(database)
    with pytest.raises(UploadIncomplete):
        uploads.finish(database, store, LI, upload.id)
    uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF])
    with pytest.raises(UploadIncomplete) as refused:
        uploads.finish(database, store, LI, upload.id)
    assert refused.value.offset == HALF


def test_what_a_crash_left_beyond_is_written_over(database: Database, store: Store) -> None:
    upload = begin(database)
    uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF])
    with part_of(store, upload).open("ab") as file:
        file.write(b"written, but never counted"[: len(CONTENT) - HALF])
    assert uploads.standing(database, store, LI, upload.id).received == HALF
    uploads.append(database, store, LI, upload.id, HALF, CONTENT[HALF:])
    assert uploads.finish(database, store, LI, upload.id).path.read_bytes() == CONTENT


def test_what_the_disk_has_lost_is_asked_for_again(database: Database, store: Store) -> None:
    upload = begin(database)
    uploads.append(database, store, LI, upload.id, 0, CONTENT)
    part_of(store, upload).unlink()
    with pytest.raises(UploadIncomplete) as refused:
        uploads.finish(database, store, LI, upload.id)
    assert refused.value.offset == 0
    with pytest.raises(OffsetWrong):
        uploads.append(database, store, LI, upload.id, HALF, CONTENT[HALF:])
    uploads.append(database, store, LI, upload.id, 0, CONTENT)
    assert uploads.finish(database, store, LI, upload.id).path.read_bytes() == CONTENT


@pytest.mark.parametrize("stranger", [WANG, MACHINE])
def test_an_upload_belongs_to_whoever_began_it(stranger: Actor, database: Database, store: Store) -> None:
    upload = begin(database)
    with pytest.raises(UploadGone):
        uploads.append(database, store, stranger, upload.id, 0, CONTENT)
    with pytest.raises(UploadGone):
        uploads.finish(database, store, stranger, upload.id)
    with pytest.raises(UploadGone), database.unit_of_work() as db:
        uploads.discard(db, store, stranger, upload.id)
    with pytest.raises(UploadGone):
        uploads.append(database, store, LI, "../../etc/cron.d/x", 0, b"x")
    assert not store.incoming.exists(), "nothing was made on the disk"
    assert uploads.standing(database, store, LI, upload.id).received == 0


def test_what_may_not_be_begun(database: Database) -> None:
    with pytest.raises(FileTooLarge, match="1 MB"):
        begin(database, size=MB + 1)
    for size in (0, -1):
        with pytest.raises(FileRefused, match="是空的"):
            begin(database, size=size)
    with pytest.raises(FileRefused, match=r"\.mp4"):
        begin(database, "现场.mp4")


def test_a_part_stays_within_its_bounds(database: Database, store: Store) -> None:
    upload = begin(database, size=10)
    with pytest.raises(PartTooLarge):
        uploads.append(database, store, LI, upload.id, 0, b"x" * (MAX_PART + 1))
    with pytest.raises(Invalid, match="申报"):
        uploads.append(database, store, LI, upload.id, 0, b"x" * 11)
    assert uploads.append(database, store, LI, upload.id, 0, b"").received == 0


def test_one_person_has_only_so_many_open(database: Database, store: Store) -> None:
    opened = [begin(database) for _ in range(MAX_OPEN)]
    with pytest.raises(TooManyUploads):
        begin(database)
    begin(database, actor=WANG)
    with database.unit_of_work() as db:
        uploads.discard(db, store, LI, opened[0].id)
    begin(database)


def test_a_file_that_is_refused_is_given_up(database: Database, store: Store) -> None:
    hostile = office("docx", {"word/vbaProject.bin": b"x"})
    upload = begin(database, "a.docx", len(hostile))
    uploads.append(database, store, LI, upload.id, 0, hostile)
    with pytest.raises(FileRefused, match="宏"):
        uploads.finish(database, store, LI, upload.id)
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    with pytest.raises(UploadGone):
        uploads.standing(database, store, LI, upload.id)


def test_the_parts_go_when_the_transaction_is_done_and_not_before(database: Database, store: Store) -> None:
    upload = begin(database)
    uploads.append(database, store, LI, upload.id, 0, CONTENT)
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as db:
        uploads.discard(db, store, LI, upload.id)
        raise ZeroDivisionError
    assert part_of(store, upload).exists()
    with database.unit_of_work() as db:
        uploads.discard(db, store, LI, upload.id)
        assert part_of(store, upload).exists()
    assert not part_of(store, upload).exists()


def test_an_upload_that_nobody_goes_on_with_expires(database: Database, store: Store) -> None:
    with time_machine.travel(calendar.now(), tick=False) as clock:
        upload = begin(database)
        clock.shift(timedelta(hours=23))
        uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF])
        clock.shift(timedelta(hours=23))
        assert uploads.append(database, store, LI, upload.id, HALF, CONTENT[HALF:]).received == len(CONTENT)
        with database.unit_of_work() as db:
            assert uploads.forget(db) == 0
        clock.shift(timedelta(hours=24))
        with pytest.raises(UploadGone):
            uploads.finish(database, store, LI, upload.id)
        with database.unit_of_work() as db:
            assert uploads.forget(db) == 1
        assert sweep(store.folder, calendar.now() + timedelta(hours=1)) == 1
    assert list(store.incoming.iterdir()) == []


def test_two_parts_for_one_place_are_not_mixed(database: Database, store: Store) -> None:
    size = 300_000
    upload, together = begin(database, "a.txt", size), threading.Barrier(6)

    def send(letter: str) -> str | None:
        together.wait(10)
        try:
            uploads.append(database, store, LI, upload.id, 0, letter.encode() * size)
        except OffsetWrong:
            return None
        return letter

    with ThreadPoolExecutor(6) as pool:
        (won,) = filter(None, pool.map(send, "abcdef"))
    assert uploads.finish(database, store, LI, upload.id).path.read_bytes() == won.encode() * size


def test_one_part_sent_twice_at_once_counts_once(database: Database, store: Store) -> None:
    upload, together = begin(database), threading.Barrier(6)

    def send(_number: int) -> int:
        together.wait(10)
        return uploads.append(database, store, LI, upload.id, 0, CONTENT[:HALF]).received

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {HALF}
