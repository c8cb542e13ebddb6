"""Which role may take which route."""

import pytest

from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise

READERS = {"officer", "reviewer", "reporter", "leader"}
EDITORS = {"officer", "reviewer"}
ROLES = ["officer", "reviewer", "reporter", "leader", "system_admin", "security_admin", "auditor", None]
ROUTES = [
    ("GET", "enterprises", READERS),
    ("POST", "enterprises", EDITORS),
    ("POST", "enterprises/duplicates", READERS),
    ("GET", "enterprises/{id}", READERS),
    ("PATCH", "enterprises/{id}", EDITORS),
    ("POST", "enterprises/{id}/aliases", EDITORS),
    ("DELETE", "enterprises/{id}/aliases/1", EDITORS),
    ("POST", "enterprises/{id}/listings", EDITORS),
    ("DELETE", "enterprises/{id}/listings/1", EDITORS),
    ("POST", "enterprises/{id}/contacts", EDITORS),
    ("PATCH", "enterprises/{id}/contacts/1", EDITORS),
    ("DELETE", "enterprises/{id}/contacts/1", EDITORS),
    ("GET", "enterprises/{id}/duplicates", READERS),
    ("GET", "enterprises/{id}/merges", READERS),
    ("POST", "enterprises/{id}/merge", EDITORS),
    ("POST", "enterprises/merges/1/undo", EDITORS),
]
BODIES = {
    "enterprises": {"name": "甲", "ownership": "other"},
    "enterprises/duplicates": {"name": "甲"},
    "enterprises/{id}": {},
    "enterprises/{id}/aliases": {"alias": "甲"},
    "enterprises/{id}/listings": {"code": "listed", "year": 2020},
    "enterprises/{id}/contacts": {"name": "甲"},
    "enterprises/{id}/contacts/1": {},
    "enterprises/{id}/merge": {"into": 99, "reason": "同一企业"},
}


@pytest.mark.parametrize("role", ROLES)
def test_who_may(as_: As, db: Work, role: str | None) -> None:
    with db() as session:
        made = make_enterprise(session, name="乙").id
    client = as_(role)
    for method, path, allowed in ROUTES:
        body = BODIES.get(path) if method in ("POST", "PATCH") else None
        answer = client.request(method, "/api/v1/" + path.format(id=made), json=body, headers={"If-Match": '"1-0"'})
        refused = answer.status_code in (401, 403)
        assert refused is (role not in allowed), (method, path, role, answer.text)
        if role is None:
            assert answer.status_code == 401


def test_every_route_is_in_the_table(app: object) -> None:
    paths = app.openapi()["paths"]  # type: ignore[attr-defined]
    there = {
        (method.upper(), path.removeprefix("/api/v1/"))
        for path, methods in paths.items()
        if path.startswith("/api/v1/enterprises")
        for method in methods
    }
    places = {"{id}": "{enterprise_id}", "/1/undo": "/{merge_id}/undo"}
    listed = set()
    for method, path, _ in ROUTES:
        for short, long in places.items():
            path = path.replace(short, long)
        listed.add((method, path.removesuffix("/1") + ("/{part_id}" if path.endswith("/1") else "")))
    assert there == listed
