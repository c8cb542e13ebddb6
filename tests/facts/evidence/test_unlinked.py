"""Stored files that nothing links go in time; what is linked, or sent again meanwhile, stays."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.facts.evidence import jobs
from app.kernel import calendar
from app.kernel.access import SYSTEM
from app.kernel.files import ASIDE, Received, Store, StoredFile, keep
from tests.clients import As, Work
from tests.factories.projects import make_project
from tests.kernel.specimens import pdf

LIMIT = 1024 * 1024


@pytest.fixture
def store(app: FastAPI) -> Store:
    found: Store = app.state.store
    for path in found.folder.rglob("*"):  # of other tests
        if path.is_file() and path.parent.name != found.folder.name:
            path.unlink()
    return found


def sweep(app: FastAPI) -> None:
    jobs.sweep_unlinked(app.state.store, app.state.database)


def receive(store: Store, text: str) -> Received:
    return store.receive([pdf(text.encode())], name="a.pdf", limit=LIMIT)


def age(db: Work, *paths: Path, days: float = 8) -> None:
    """As if everything had come some days ago."""
    then = calendar.now() - timedelta(days=days)
    for path in paths:
        os.utime(path, (then.timestamp(), then.timestamp()))
    with db() as session:
        session.execute(update(StoredFile).values(first_received_at=then))


def hashes(db: Work) -> list[str]:
    with db() as session:
        return list(session.scalars(select(StoredFile.sha256)))


def test_what_was_rolled_back_goes_after_a_week(app: FastAPI, store: Store, db: Work) -> None:
    received = receive(store, "(rolled back)")
    left = received.path
    with pytest.raises(RuntimeError), db() as session:
        keep(session, SYSTEM, received)
        raise RuntimeError
    assert hashes(db) == []
    age(db, left, days=6.9)
    sweep(app)
    assert left.exists()
    age(db, left, days=7.1)
    sweep(app)
    assert not left.exists()
    sweep(app)  # bears being run again


def test_what_is_linked_stays_and_a_row_alone_goes(app: FastAPI, store: Store, db: Work, as_: As) -> None:
    with db() as session:
        code = make_project(session).code
    form = {"data": {"kind": "contract", "dated_on": "2020-05-01"}, "files": {"file": ("a.pdf", pdf(b"(x)"))}}
    made = as_("officer").post(f"/api/v1/projects/{code}/evidence", **form)
    assert made.status_code == 201, made.text
    linked = hashes(db)
    alone = receive(store, "(never linked)")
    with db() as session:
        keep(session, SYSTEM, alone)
    age(db, alone.path, store.path(linked[0]), days=400)
    sweep(app)
    assert hashes(db) == linked
    assert store.verify(linked[0]) and not alone.path.exists()


def test_a_young_row_alone_stays(app: FastAPI, store: Store, db: Work) -> None:
    alone = receive(store, "(young)")
    with db() as session:
        keep(session, SYSTEM, alone)
    age(db, alone.path, days=6.9)
    sweep(app)
    assert hashes(db) == [alone.sha256] and alone.path.exists()


def test_what_is_sent_again_meanwhile_is_new(app: FastAPI, store: Store, db: Work) -> None:
    left = receive(store, "(again)")
    age(db, left.path)
    assert receive(store, "(again)") == left
    sweep(app)
    assert store.verify(left.sha256)


def test_whoever_sends_it_while_it_is_swept_finds_it_there(app: FastAPI, store: Store, db: Work) -> None:
    left, together = receive(store, "(at once)"), Barrier(2)

    def run(work: Any) -> None:
        together.wait(10)
        work()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(60):
            age(db, left.path)
            list(pool.map(run, (lambda: sweep(app), lambda: receive(store, "(at once)"))))
            assert store.verify(left.sha256)
            assert list(store.incoming.iterdir()) == []


def test_what_a_crash_left_out_of_the_way_goes_back(app: FastAPI, store: Store, db: Work) -> None:
    left = receive(store, "(aside)")
    left.path.rename(store.incoming / f"{left.sha256}{ASIDE}")
    sweep(app)
    assert store.verify(left.sha256)
    assert list(store.incoming.iterdir()) == []


def test_a_store_beside_another_database_is_not_swept_clean(app: FastAPI, store: Store, db: Work) -> None:
    many = [receive(store, f"({number})") for number in range(51)]
    age(db, *(file.path for file in many))
    sweep(app)
    assert all(file.path.exists() for file in many)
    young = [receive(store, f"(young {number})") for number in range(51)]
    sweep(app)
    assert not any(file.path.exists() for file in many)
    assert all(file.path.exists() for file in young)
