"""Query strings: validated as a whole, remembered, and described."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

NEWEST_ONLY = True  # no database is asked


def test_a_nul_is_refused_wherever_it_stands(editor: TestClient) -> None:
    answer = editor.get("/lab/things?q=a%00b")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "q")
    answer = editor.get("/lab/things?nothing=%00")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "nothing")


def test_what_is_asked_is_read(editor: TestClient) -> None:
    answer = editor.get("/lab/things?q=%E5%8C%BA+%E5%B1%80&kind=bureau&kind=park&limit=7&on=2020-03-01")
    assert answer.json() == {"q": "区 局", "kind": ["bureau", "park"], "limit": 7, "on": "2020-03-01"}
    assert editor.get("/lab/things").json() == {"q": None, "kind": [], "limit": 50, "on": None}


def test_of_a_single_field_the_last_value_counts(editor: TestClient) -> None:
    assert editor.get("/lab/things?limit=7&limit=8").json()["limit"] == 8


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "greater_than_equal"),
        ("limit=201", "limit", "less_than_equal"),
        ("limit=x", "limit", "int_parsing"),
        ("limit=", "limit", "int_parsing"),
        ("limit=1e2", "limit", "int_parsing"),
        ("limit=" + "9" * 5000, "limit", "int_parsing_size"),
        ("kind=castle", "kind.0", "enum"),
        ("kind=park&kind=castle", "kind.1", "enum"),
        ("on=2020-02-30", "on", "date_from_datetime_parsing"),
        ("on=0", "on", "date_parsing"),
        ("on=86400", "on", "date_parsing"),
        ("q=", "q", "string_too_short"),
        ("q=%00", "q", "control_character"),
        ("q=a%0Ab", "q", "control_character"),
        ("unknown=1", "unknown", "extra_forbidden"),
        ("=1", "", "extra_forbidden"),
    ],
)
def test_what_cannot_be_read_names_its_field(query: str, field: str, code: str, editor: TestClient) -> None:
    for _ in range(2):  # a refusal is not remembered as an answer
        answer = editor.get(f"/lab/things?{query}")
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code)


@pytest.mark.parametrize("query", ["q=%FF%FE", "q=%ED%A0%80", "&&&", "q", "q=%", "q=%zz", "%00=%00"])
def test_odd_bytes_break_nothing(query: str, editor: TestClient) -> None:
    assert editor.get(f"/lab/things?{query}").status_code in (200, 422)


def test_more_fields_than_anyone_means_are_refused(editor: TestClient) -> None:
    answer = editor.get("/lab/things?" + "&".join(["kind=park"] * 201))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_long")
    assert editor.get("/lab/things?" + "&".join(["kind=park"] * 200)).status_code == 200


def test_the_openapi_names_each_field(app: FastAPI) -> None:
    app.openapi_schema = None  # the lab came after
    operation: dict[str, Any] = app.openapi()["paths"]["/lab/things"]["get"]
    parameters = {p["name"]: p for p in operation["parameters"] if p["in"] == "query"}
    assert list(parameters) == ["q", "kind", "limit", "on"]
    assert not any(p["required"] for p in parameters.values())
    assert parameters["limit"]["schema"] | {"title": ""} == {
        "type": "integer", "minimum": 1, "maximum": 200, "default": 50, "title": "",
    }  # fmt: skip
    assert parameters["kind"]["schema"]["items"] == {"$ref": "#/components/schemas/UnitKind"}
    assert parameters["on"]["schema"] | {"title": ""} == {"type": "string", "format": "date", "title": ""}
    assert operation["x-permission"] == "unit.read"
    assert operation["security"] == [{"bearer": []}, {"cookie": []}]
    assert {"200", "304", "401", "403", "422"} <= set(operation["responses"])
