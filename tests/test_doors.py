"""Whoever is not let in is told so first, whatever else is wrong with what was sent, and learns nothing else."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.kernel import openapi
from app.kernel.access import TABLE, Permission, Role
from tests.clients import As

NEWEST_ONLY = True  # refused before any database is asked

BROKEN: list[dict[str, Any]] = [
    {},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"content": b"{}", "headers": {"Content-Type": "application/json", "If-Match": "nonsense"}},
    {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
]
"""No version and no body; one that cannot be read; a version that is none; forms that cannot be read."""


def doors(app: FastAPI) -> Iterator[tuple[str, str, Permission]]:
    """Method, path and permission of each route that asks for one."""
    for route in openapi.routes(app):
        permission = openapi.permission_of(route)
        if permission is not None:
            for method in route.methods or ():
                yield method, route.path, permission


def ask(client: TestClient, method: str, path: str, sent: dict[str, Any]) -> tuple[int, str]:
    answer = client.request(method, path + "?limit=0&nothing=known", **sent)
    return answer.status_code, answer.json()["code"]


def test_who_is_nobody_hears_only_that(app: FastAPI, as_: As) -> None:
    nobody = as_(None)
    # `{code}` stays as it is: no path says what it should either.
    for method, path, _ in doors(app):
        for sent in BROKEN:
            assert ask(nobody, method, path, sent) == (401, "unauthenticated"), f"{method} {path}"


def test_who_may_not_hears_only_that(app: FastAPI, as_: As) -> None:
    refused = 0
    for method, path, permission in doors(app):
        for role in Role:
            if permission not in TABLE[role]:
                # One after the other: every door has several roles to refuse, and is tried with several of these.
                sent = BROKEN[refused % len(BROKEN)]
                assert ask(as_(role.value), method, path, sent) == (403, "forbidden"), f"{role}: {method} {path}"
                refused += 1
    assert refused > 200


def test_nothing_of_an_upload_is_read_for_nobody(app: FastAPI, as_: As) -> None:
    taken = 0

    def parts() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b"x" * 10_000

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert as_(None).post("/api/v1/ledgers/imports", content=parts(), headers=form).status_code == 401
    assert taken <= 1


def test_who_may_hears_what_is_wrong(as_: As) -> None:
    officer = as_("officer")
    address = "/api/v1/projects/500114-2020-0001"
    assert officer.patch(address, json={}).status_code == 428
    assert officer.patch(address, json={}, headers={"If-Match": '"1-0"'}).status_code == 404
    assert officer.patch(address, content=b"{", headers={"Content-Type": "application/json"}).status_code == 422
