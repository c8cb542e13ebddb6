"""What no address can be is refused by its words, before any database hears of it.

PostgreSQL knows no NUL in a text, SQLite does: what is sent here must end alike on both.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from starlette.testclient import TestClient

from app.kernel.access import TABLE, Permission, Role
from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

NEWEST_ONLY = True  # refused before any database is asked

CONTRACT = json.loads((Path(__file__).resolve().parent.parent / "openapi" / "openapi.json").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]
THERE = {"code": "500114-2020-0001", "login": "officer"}
CODES = {"units": "jxw", "rules": "sector", "statistics": "municipal_rank"}
ODD = [
    "%00", "2020%00", "%ED%A0%80", "%F0%9F%98%80", "%0A", "%27%22%5C%25", "x" * 300, "9" * 400, "1e3",
    "%E7%8E%BB" * 2000,
]  # fmt: skip
ASKED = ["%00", "a%00b", "%ED%A0%80", "%F0%9F%98%80", "%27%22%5C%25", "x" * 600, "9" * 400]
"""Written as in an address: NUL, UTF-8 that is none (also of surrogates), signs of all kinds, endless, numbers."""


def operations(place: str) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Method, path and operation of each parameter in the path, or in the query, and the parameter."""
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == place and path != "/api/v1/stream":
                    yield method, path, operation, parameter


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    assert isinstance(found, dict)
    return found


def example(schema: dict[str, Any]) -> Any:
    """Something that fits, as the contract shows it."""
    if "examples" in schema:
        return schema["examples"][0]
    schema = resolved(schema)
    if "properties" in schema:
        return {name: example(schema["properties"][name]) for name in schema.get("required", [])}
    if "examples" in schema or "enum" in schema:
        return schema.get("examples", schema.get("enum"))[0]  # type: ignore[index]
    return [] if schema.get("type") == "array" else "1"


def address(path: str, **parts: str) -> str:
    shown = {
        parameter["name"]: example(parameter["schema"])
        for operation in CONTRACT["paths"][path].values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }
    for name in [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]:
        usual = CODES.get(path.split("/")[3], THERE["code"]) if name == "code" else THERE.get(name, str(shown[name]))
        path = path.replace("{" + name + "}", parts.get(name, usual))
    return path


@pytest.fixture
def client(as_: As, db: Work) -> Iterator[Any]:
    """The first of those who may, for a permission; a fault of ours is an answer like any other."""
    with db() as session:
        make_project(session, code=THERE["code"], unit=make_unit(session, "jxw"), enterprise=make_enterprise(session))

    def find(permission: str) -> TestClient:
        found = as_(next(role.value for role in Role if permission == "self" or Permission(permission) in TABLE[role]))
        found._transport.raise_server_exceptions = False
        return found

    return find  # type: ignore[return-value]


def test_every_part_of_a_path_says_what_it_can_be() -> None:
    found = list(operations("path"))
    assert len(found) > 80
    for method, path, _, parameter in found:
        schema = resolved(parameter["schema"])
        limits = {"pattern", "enum", "format"} if schema["type"] == "string" else {"maximum"}
        assert limits & set(schema), f"{method} {path}: {parameter['name']}"


def test_no_path_breaks_anything(client: Any) -> None:
    refused = 0
    for method, path, operation, parameter in operations("path"):
        name = parameter["name"]
        body = operation.get("requestBody", {}).get("content", {})
        sent: dict[str, Any] = {"headers": {"If-Match": '"1-0"'}}
        if "application/json" in body:
            sent["json"] = example(body["application/json"]["schema"])
        elif "application/octet-stream" in body:
            sent |= {"content": b"x", "params": {"offset": 0}}
            sent["headers"]["Content-Type"] = "application/octet-stream"
        elif "multipart/form-data" in body:
            sent |= {"files": {"file": ("a.pdf", b"%PDF-")}, "data": {"kind": "contract"}}
        for odd in ODD:
            answer = client(operation.get("x-permission", "self")).request(method, address(path, **{name: odd}), **sent)
            place = f"{method} {path}: {odd[:20]!r} as {name}: {answer.text[:300]}"
            pattern = resolved(parameter["schema"]).get("pattern")
            if pattern is not None and re.search(pattern, unquote(odd)):
                assert answer.status_code < 500, place
            elif answer.status_code == 422:
                # The part itself was found wanting, not something else that would have hidden it.
                assert name in {error["field"] for error in answer.json()["errors"]}, place
                refused += 1
            else:
                assert answer.status_code in (404, 405), place
    assert refused > 800


def test_no_question_breaks_anything(client: Any) -> None:
    asked = 0
    for method, path, operation, parameter in operations("query"):
        if method != "get":
            continue
        needed = {
            other["name"]: other.get("example", example(other["schema"]))
            for other in operation["parameters"]
            if other["in"] == "query" and other["required"]
        }
        for odd in ASKED:
            others = "".join(
                f"&{name}={quote(str(value[0] if isinstance(value, list) else value))}"
                for name, value in needed.items()
                if name != parameter["name"]
            )
            url = f"{address(path)}?{parameter['name']}={odd}{others}"
            answer = client(operation.get("x-permission", "self")).get(url)
            assert answer.status_code in (200, 404, 409, 422), f"{url[:200]}: {answer.text[:300]}"
            asked += 1
    assert asked > 500
