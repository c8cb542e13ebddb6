"""Large files in parts over the API: broken connections, wrong places, other people's uploads, what comes of it."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.domains import jobs_of
from app.kernel import calendar, files, jobs
from app.kernel.uploads import MAX_OPEN, MAX_PART, Upload
from tests.clients import As, Work
from tests.factories.projects import make_project

TEXT = "".join(f"{number}：设备到场清单\n" for number in range(2000)).encode()


@pytest.fixture
def code(db: Work) -> str:
    with db() as session:
        return make_project(session).code


def begin(client: TestClient, size: int = len(TEXT), name: str = "清单.txt") -> Any:
    return client.post("/api/v1/uploads", json={"name": name, "size": size})


def put(client: TestClient, upload: str, offset: int, part: bytes) -> Any:
    headers = {"Content-Type": "application/octet-stream"}
    return client.put(f"/api/v1/uploads/{upload}", params={"offset": offset}, content=part, headers=headers)


def link(client: TestClient, code: str, upload: str) -> Any:
    said = {"kind": "equipment_photo", "dated_on": "2020-09-30", "upload": upload}
    return client.post(f"/api/v1/projects/{code}/evidence", data=said)


def test_a_file_comes_in_parts(as_: As, code: str) -> None:
    officer = as_("officer")
    begun = begin(officer)
    assert begun.status_code == 201
    body = begun.json()
    assert begun.headers["location"] == f"/api/v1/uploads/{body['id']}"
    assert (body["received"], body["size"], body["max_part"], body["name"]) == (0, len(TEXT), MAX_PART, "清单.txt")

    first = put(officer, body["id"], 0, TEXT[:1000])
    assert (first.status_code, first.json()["received"], first.headers["upload-offset"]) == (200, 1000, "1000")
    early = link(officer, code, body["id"])
    assert (early.status_code, early.json()["code"], early.headers["upload-offset"]) == (
        409, "upload_incomplete", "1000",
    )  # fmt: skip
    wrong = put(officer, body["id"], 2000, TEXT[2000:])
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["upload-offset"]) == (409, "offset_wrong", "1000")
    other = put(officer, body["id"], 0, b"x" * 1000)
    assert (other.status_code, other.headers["upload-offset"]) == (409, "1000")
    assert put(officer, body["id"], 0, TEXT[:1000]).status_code == 200  # the answer had been lost
    assert officer.get(f"/api/v1/uploads/{body['id']}").json()["received"] == 1000
    beyond = put(officer, body["id"], 1000, TEXT[1000:] + b"x")
    assert (beyond.status_code, beyond.json()["errors"][0]["field"]) == (422, "offset")
    assert put(officer, body["id"], 1000, TEXT[1000:]).json()["received"] == len(TEXT)

    linked = link(officer, code, body["id"])
    assert linked.status_code == 201, linked.text
    assert (linked.json()["filename"], linked.json()["sha256"]) == ("清单.txt", hashlib.sha256(TEXT).hexdigest())
    number = linked.json()["id"]
    assert officer.get(f"/api/v1/projects/{code}/evidence/{number}/file").content == TEXT
    # The upload has ended.
    assert officer.get(f"/api/v1/uploads/{body['id']}").status_code == 404
    assert link(officer, code, body["id"]).json()["code"] == "upload_gone"


def test_a_replacement_may_come_in_parts(as_: As, code: str) -> None:
    officer = as_("officer")
    files = {"file": ("a.txt", b"first")}
    said = {"kind": "contract", "dated_on": "2020-09-30"}
    number = officer.post(f"/api/v1/projects/{code}/evidence", data=said, files=files).json()["id"]
    upload = begin(officer).json()["id"]
    put(officer, upload, 0, TEXT)
    body = {"reason": "x", "dated_on": "2020-09-30", "upload": upload}
    answer = officer.post(f"/api/v1/projects/{code}/evidence/{number}/replace", data=body)
    assert (answer.status_code, answer.json()["replaces"]) == (201, number)
    assert officer.get(f"/api/v1/uploads/{upload}").status_code == 404


@pytest.mark.parametrize(
    ("name", "size", "status", "code"),
    [
        ("a.exe", 5, 422, "file_refused"),
        ("a.pdf", 0, 422, "invalid"),
        ("a.pdf", 50 * 1024 * 1024 + 1, 413, "file_too_large"),
        ("a\0.pdf", 5, 422, "invalid"),
        ("a.pdf", 50 * 1024 * 1024, 201, None),
    ],
)
def test_what_is_announced(as_: As, name: str, size: int, status: int, code: str | None) -> None:
    answer = begin(as_("officer"), size, name)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_what_is_hostile_is_found_at_the_end(as_: As, code: str, db: Work) -> None:
    officer = as_("officer")
    upload = begin(officer, 4, "a.pdf").json()["id"]
    put(officer, upload, 0, b"MZ\0\0")
    answer = link(officer, code, upload)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_refused")
    assert officer.get(f"/api/v1/uploads/{upload}").status_code == 404
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0


def test_an_upload_is_its_owners_alone(as_: As, code: str) -> None:
    upload = begin(as_("officer")).json()["id"]
    put(as_("officer"), upload, 0, TEXT)
    other = as_("officer", login="other")
    answers = [
        other.get(f"/api/v1/uploads/{upload}"), put(other, upload, 0, TEXT), link(other, code, upload),
        other.delete(f"/api/v1/uploads/{upload}"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404] * 4
    assert as_("officer").get(f"/api/v1/uploads/{upload}").json()["received"] == len(TEXT)


def test_a_refused_link_keeps_the_upload(as_: As, code: str) -> None:
    officer = as_("officer")
    upload = begin(officer).json()["id"]
    put(officer, upload, 0, TEXT)
    assert link(officer, "500114-1999-0001", upload).status_code == 404
    assert link(officer, code, upload).status_code == 201


def test_an_upload_is_given_up(as_: As, app: FastAPI) -> None:
    officer = as_("officer")
    upload = begin(officer).json()["id"]
    put(officer, upload, 0, TEXT)
    part = app.state.store.incoming / f"{upload}.part"
    assert part.exists()
    assert officer.delete(f"/api/v1/uploads/{upload}").status_code == 204
    assert not part.exists()
    assert officer.delete(f"/api/v1/uploads/{upload}").status_code == 404


def test_a_part_has_a_limit(as_: As) -> None:
    officer = as_("officer")
    upload = begin(officer, MAX_PART + 10, "a.txt").json()["id"]
    assert put(officer, upload, 0, b"x" * MAX_PART).status_code == 200
    assert put(officer, upload, MAX_PART, b"x" * (MAX_PART + 1)).status_code == 413
    asked = officer.put(f"/api/v1/uploads/{upload}", params={"offset": -1}, content=b"x")
    assert asked.status_code == 422


def test_nobody_holds_too_many(as_: As) -> None:
    answers = [begin(as_("officer")).status_code for _ in range(MAX_OPEN + 1)]
    assert answers == [201] * MAX_OPEN + [429]


def test_what_nobody_came_back_for_is_removed(as_: As, db: Work, app: FastAPI, code: str) -> None:
    officer = as_("officer")
    linked, left = begin(officer).json()["id"], begin(officer).json()["id"]
    for upload in (linked, left):
        put(officer, upload, 0, TEXT)
    number = link(officer, code, linked).json()["id"]
    part = app.state.store.incoming / f"{left}.part"
    job = [job for job in jobs_of(app.state.store) if job.name == "stale_files"]
    with time_machine.travel(calendar.now() + files.KEPT_FOR - timedelta(minutes=1)):
        assert jobs.run_due(app.state.database, job) == ["stale_files"]
    assert part.exists()
    with time_machine.travel(calendar.now() + files.KEPT_FOR + timedelta(hours=1)):
        assert jobs.run_due(app.state.database, job) == ["stale_files"]
    assert not part.exists()
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert officer.get(f"/api/v1/projects/{code}/evidence/{number}/file").content == TEXT
