"""Every path answers the methods that it declares, names them all when asked for another, and HEAD like GET."""

import pytest
from fastapi import FastAPI

from app.kernel import openapi
from tests.clients import As

NEWEST_ONLY = True  # no statement depends on a method

PARTS = {"code": "x", "day": "2020-01-01", "year": "2020", "text": "2020-08", "login": "x", "stage": "signed"}


def paths(app: FastAPI) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for route in openapi.routes(app):
        if route.include_in_schema:
            found.setdefault(route.path, set()).update(route.methods)
    return found


def address(path: str) -> str:
    for part in [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]:
        path = path.replace("{" + part + "}", PARTS.get(part, "1"))
    return path


def test_another_method_is_told_all_that_there_are(app: FastAPI, as_: As) -> None:
    client, refused = as_(None), 0
    for path, methods in paths(app).items():
        allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        for method in {"GET", "PUT", "PATCH", "DELETE", "POST", "TRACE"} - methods:
            answer = client.request(method, address(path))
            # One of a few words may stand where another route takes a number: that one has methods of its own.
            told = set(answer.headers.get("Allow", "").split(", "))
            if answer.status_code == 405:
                assert allowed <= told, f"{method} {path}"
                assert method not in told
                assert answer.json()["code"] == "method_not_allowed"
                refused += 1
        answer = client.options(address(path))
        assert (answer.status_code, answer.content) == (204, b"")
        assert allowed <= set(answer.headers["Allow"].split(", "))
    assert refused > 200


def test_the_methods_of_a_project_are_named(as_: As) -> None:
    answer = as_("officer").delete("/api/v1/projects/500114-2020-0001")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, PATCH")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert as_("officer").delete("/api/v1/projects").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert as_("officer").post("/healthz").headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/projects", "/api/v1/units", "/healthz", "/api/v1/ledgers/template"])
def test_head_is_get_without_its_body(path: str, as_: As) -> None:
    client = as_("officer")
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    same = ("Content-Type", "Content-Length", "ETag")
    assert [head.headers.get(name) for name in same] == [got.headers.get(name) for name in same]
    if "ETag" in got.headers:
        assert client.head(path, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


def test_head_asks_for_what_get_asks(as_: As) -> None:
    assert as_(None).head("/api/v1/projects").status_code == 401
    assert as_("auditor").head("/api/v1/projects").status_code == 403
    assert as_("officer").head("/api/v1/projects/500114-2020-0001").status_code == 404
    assert as_("officer").head("/api/v1/nothing").status_code == 404


def test_head_of_the_stream_ends(as_: As) -> None:
    answer = as_("officer").head("/api/v1/stream")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
