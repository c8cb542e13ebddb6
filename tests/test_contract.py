"""The contract: what the OpenAPI says of every route, whole, in words, and equal to the committed file."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.config import Settings
from app.exchange.municipal.sandbox import contract as municipal
from app.kernel import openapi
from app.kernel.access import TABLE, Permission
from app.main import create_app

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "openapi" / "openapi.json"
MUNICIPAL = ROOT / "openapi" / "municipal.json"
PUBLIC = {
    "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json",
    "/api/v1/auth/login", "/api/v1/auth/password-policy", "/api/v1/task-forces/calendar.ics",
    "/api/v1/issues/{kind}/{year}/{number}/verification", "/api/v1/ticket-ratings/{token}",
}  # fmt: skip
WHOLE = {"get /api/v1/units", "get /api/v1/auth/sessions", "get /api/v1/rules"}
"""Lists of a few dozen at most that come in one piece, in the same envelope as others."""
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    made = create_app(Settings(_env_file=None, database_url="sqlite://"))
    yield made
    made.state.database.close()


@pytest.fixture(scope="module")
def spec(app: FastAPI) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def operations(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`"get /api/v1/projects"` → what is said of it."""
    return {
        f"{method} {path}": item[method] for path, item in spec["paths"].items() for method in METHODS if method in item
    }


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all schemas within, references not followed."""
    if isinstance(schema, dict):
        yield schema
        for name, part in schema.items():
            if name not in ("default", "example", "examples", "enum", "const"):
                yield from walk(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from walk(part)


# -- routes -----------------------------------------------------------------------------------------------------


def test_every_route_declares_a_permission(app: FastAPI) -> None:
    routes = openapi.routes(app)
    assert len(routes) > 60
    permissions = {route.path: openapi.permission_of(route) for route in routes}
    assert {path for path, permission in permissions.items() if permission is None} <= PUBLIC
    declared = {permission for permission in permissions.values() if permission is not None}
    assert declared <= set(Permission)


def test_every_route_is_known_to_the_contract(app: FastAPI) -> None:
    """Nothing serves requests that `openapi.routes` does not list, except the framework's own schema and the docs."""
    known = {id(route) for route in openapi.routes(app)}
    others = [route for route in app.routes if isinstance(route, APIRoute) and id(route) not in known]
    assert others == []
    hidden = [route.path for route in openapi.routes(app) if not route.include_in_schema]
    assert hidden == ["/openapi.json", "/docs"]


def test_every_permission_is_asked_for_and_given_to_somebody(app: FastAPI) -> None:
    asked = {openapi.permission_of(route) for route in openapi.routes(app)}
    given = frozenset().union(*TABLE.values())
    assert {permission for permission in Permission if permission not in given} == set()
    looked_at_elsewhere = {
        Permission.CONTACT_READ,  # decides whether a telephone number is masked
        Permission.RULE_ACTIVATE,  # a kind of rule names who activates it
        Permission.PROJECT_SEAL,  # asked when the confidentiality changes
    }
    assert {permission for permission in Permission if permission not in asked} <= looked_at_elsewhere


def test_the_openapi_names_permissions_and_ways_in(app: FastAPI, operations: dict[str, dict[str, Any]]) -> None:
    for route in openapi.routes(app):
        for method in route.methods or ():
            operation = operations.get(f"{method.lower()} {route.path_format}")
            permission = openapi.permission_of(route)
            if operation is None or permission is None:
                continue
            assert operation["x-permission"] == permission
            assert operation["security"] == [{"bearer": []}, {"cookie": []}]
            assert {"401", "403"} <= set(operation["responses"])


# -- names and words --------------------------------------------------------------------------------------------


def test_operation_ids_are_unique_and_human(operations: dict[str, dict[str, Any]]) -> None:
    names = Counter(operation["operationId"] for operation in operations.values())
    assert [name for name, times in names.items() if times > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+){0,5}", name)] == []


def test_every_operation_is_described(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        assert re.match(r"[A-Z]", operation["description"]), name  # a sentence in English
        assert re.search(r"[一-鿿]", operation["summary"]), name  # a name in Chinese
        assert operation["tags"], name


def test_every_tag_is_described_once(spec: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    names = [tag["name"] for tag in spec["tags"]]
    assert len(names) == len(set(names))
    assert set(names) == {tag for operation in operations.values() for tag in operation["tags"]}
    assert [tag["name"] for tag in spec["tags"] if not re.search(r"[一-鿿]", tag["description"])] == []


def test_every_parameter_is_described(operations: dict[str, dict[str, Any]]) -> None:
    bare = [
        f"{name}: {parameter['name']}"
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description") or not parameter.get("schema")
    ]
    assert bare == []
    doubled = [
        name
        for name, operation in operations.items()
        if max(Counter((p["in"], p["name"]) for p in operation.get("parameters", [])).values(), default=0) > 1
    ]
    assert doubled == []


def whole(schema: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """The schema, with what it points to if it points at all: reading all of that takes long."""
    return {**schema, "components": spec["components"]} if "$ref" in str(schema) else schema


def test_examples_of_parameters_are_what_one_may_send(
    spec: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    wrong = [
        f"{name}: {parameter['name']}"
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        for example in [parameter.get("example"), *parameter["schema"].get("examples", [])]
        if example is not None and not jsonschema_rs.is_valid(whole(parameter["schema"], spec), example)
    ]
    assert wrong == []


def test_examples_of_bodies_are_what_one_may_send(spec: dict[str, Any]) -> None:
    found = {name: schema for name, schema in spec["components"]["schemas"].items() if "examples" in schema}
    assert {"FundIn", "AgreementIn", "MoveIn"} <= set(found)
    for name, schema in found.items():
        for example in schema["examples"]:
            assert jsonschema_rs.is_valid(whole(schema, spec), example), name


def test_every_field_is_described(spec: dict[str, Any]) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in spec["components"]["schemas"].items()
        for field, part in schema.get("properties", {}).items()
        if not part.get("description")
    ]
    assert bare == []


def test_fields_of_request_bodies_have_examples(spec: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    schemas = spec["components"]["schemas"]

    def shown(part: dict[str, Any]) -> bool:
        """An example somewhere, or nothing to show: a choice, yes or no, an object with examples of its own, a file."""
        return any(
            "examples" in inner or "example" in inner or "$ref" in inner or "enum" in inner or "const" in inner
            or inner.get("type") == "boolean" or "contentMediaType" in inner or inner.get("format") == "binary"
            for inner in walk(part)
        )  # fmt: skip

    bodies = [
        part["$ref"].rsplit("/", 1)[1]
        for operation in operations.values()
        for part in walk(operation.get("requestBody", {}))
        if "$ref" in part
    ]
    assert len(bodies) > 20
    bare = [
        f"{name}.{field}"
        for name in sorted(set(bodies))
        for field, part in schemas[name]["properties"].items()
        if not shown(part)
    ]
    assert bare == []


def test_inputs_are_closed_and_text_is_bounded(spec: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    schemas = spec["components"]["schemas"]
    names: set[str] = set()

    def collect(schema: Any) -> None:
        for part in walk(schema):
            name = part.get("$ref", "").rsplit("/", 1)[-1]
            if name and name not in names:
                names.add(name)
                collect(schemas[name])

    for operation in operations.values():
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                collect(media["schema"])
    open_ = [
        name for name in names if "properties" in schemas[name] and schemas[name].get("additionalProperties", True)
    ]
    assert open_ == []
    endless = [
        f"{name}.{field}"
        for name in names
        for field, part in schemas[name].get("properties", {}).items()
        for inner in walk(part)
        # Codes are put right, and have the length of their standard.
        if inner.get("type") == "string"
        and "GB" not in inner.get("description", "")
        and not ({"maxLength", "pattern", "format", "enum", "const"} & set(inner))
    ]
    assert endless == []


# -- answers ----------------------------------------------------------------------------------------------------


def test_every_answer_has_a_schema(spec: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        assert any(status[0] == "2" for status in operation["responses"]), name
        for status, response in operation["responses"].items():
            place = f"{name} {status}"
            assert response["description"] not in ("", "Successful Response") or status[0] == "2", place
            if status in ("204", "304"):
                assert "content" not in response, place
                continue
            assert response.get("content"), place
            for kind, media in response["content"].items():
                assert media.get("schema"), place
                if status[0] in "45" and (name, status) != ("get /readyz", "503"):
                    assert kind == "application/problem+json", place
                    assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, place


MAY_SAY = {f"post /api/v1/weekly/{{week}}/reports/{{unit}}/{step}" for step in ("accept", "return")}


def test_what_needs_a_version_declares_both_refusals(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        parameters = {parameter["name"].lower() for parameter in operation.get("parameters", [])}
        if "if-match" in parameters:
            # What only moves a report on may say from which reading, and need not.
            assert ({"412"} if name in MAY_SAY else {"412", "428"}) <= set(operation["responses"]), name
        if name.startswith("patch "):
            assert "if-match" in parameters, name


def test_a_version_is_required_except_for_what_may_be_new(operations: dict[str, dict[str, Any]]) -> None:
    required = {
        name: parameter["required"]
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if parameter["name"].lower() == "if-match"
    }
    report = "/api/v1/weekly/{week}/reports/{unit}"
    budget = "put /api/v1/rewards/budgets/{fund}/{year}"
    may_be_new = {budget, "put /api/v1/statistics/{code}/{period}", f"put {report}", f"put {report}/sheet"}
    assert {name for name, needed in required.items() if not needed} == may_be_new | MAY_SAY
    assert len(required) > 5


def test_kept_answers_have_an_etag(operations: dict[str, dict[str, Any]]) -> None:
    kept = {name for name, operation in operations.items() if "304" in operation["responses"]}
    assert {
        "get /api/v1/projects",
        "get /api/v1/figures",
        "get /api/v1/projects/{code}/evidence/{evidence_id}/file",
    } <= kept
    assert not {"get /api/v1/stream", "get /api/v1/auth/me", "get /readyz", "get /api/v1/ledgers/export"} & kept
    for name, operation in operations.items():
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("If-None-Match" in parameters) == (name in kept), name
        if name in kept:
            assert name.startswith("get ")
            assert all("ETag" in operation["responses"][status]["headers"] for status in ("200", "304")), name


def test_changes_by_post_may_be_repeated(operations: dict[str, dict[str, Any]]) -> None:
    """Except forms, what tells a secret once, and what changes nothing of ours."""
    without = set()
    for name, operation in operations.items():
        repeatable = "Idempotency-Key" in {parameter["name"] for parameter in operation.get("parameters", [])}
        assert not repeatable or (name.startswith("post ") and "409" in operation["responses"]), name
        form = "multipart/form-data" in operation.get("requestBody", {}).get("content", ())
        assert not (form and repeatable), name
        if name.startswith("post ") and not form and not repeatable:
            without.add(name.removeprefix("post /api/v1"))
    assert without == {
        "/users", "/users/{login}/password-reset", "/keys", "/me/calendar-tokens", "/auth/login",
        "/enterprises/duplicates", "/boards/{week}/trials", "/reward-policies/trials", "/lead-providers/find",
        "/lead-providers/{provider_id}/unmask", "/tickets/{ticket_id}/rating-links", "/ticket-ratings/{token}",
    }  # fmt: skip


def test_references_lead_somewhere(spec: dict[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    wanted = {part["$ref"] for part in walk(spec) if "$ref" in part}
    assert {ref for ref in wanted if ref.removeprefix("#/components/schemas/") not in schemas} == set()
    assert {name for name in schemas if f"#/components/schemas/{name}" not in wanted} == set()
    assert [name for name in schemas if "__" in name] == [], "two models of one name"


def test_lists_are_asked_alike(operations: dict[str, dict[str, Any]], spec: dict[str, Any]) -> None:
    """Whatever answers with `next` is asked with `limit` and `after`."""
    schemas = spec["components"]["schemas"]
    for name, operation in operations.items():
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        answer = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
        if "next" in answer.get("properties", {}) and name not in WHOLE:
            parameters = {parameter["name"] for parameter in operation["parameters"]}
            assert {"limit", "after"} <= parameters, name


def test_every_list_names_its_sort_keys(operations: dict[str, dict[str, Any]]) -> None:
    sorted_ = {
        name: parameter
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "sort"
    }
    assert len(sorted_) > 10
    for name, parameter in sorted_.items():
        keys = parameter["schema"]["enum"]
        assert parameter["example"] == keys[0] and keys[0] in parameter["description"], name
        assert {key.removeprefix("-") for key in keys} == {key for key in keys if not key.startswith("-")}, name
        assert len(set(keys)) == len(keys) >= 2 and len(keys) % 2 == 0, name


# -- the file ---------------------------------------------------------------------------------------------------


def test_the_committed_contract_is_this_one(spec: dict[str, Any]) -> None:
    committed = json.loads(COMMITTED.read_text())
    assert committed["paths"].keys() == spec["paths"].keys(), "run `make openapi`"
    for path, item in spec["paths"].items():
        assert committed["paths"][path] == item, f"{path}: run `make openapi`"
    assert committed == spec, "run `make openapi`"


def test_what_is_asked_of_the_city_is_this_one() -> None:
    described = json.loads(json.dumps(municipal.describe()))
    assert json.loads(MUNICIPAL.read_text()) == described, "run `make openapi`"


def test_the_contract_needs_no_configuration(tmp_path: Path, spec: dict[str, Any]) -> None:
    """In an empty folder with an empty environment; and nothing is left behind."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys; from app.cli import main; sys.argv[1:] = ['openapi']; main()"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == spec
    assert list(tmp_path.iterdir()) == []
