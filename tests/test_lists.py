"""Every list is sorted by every key that it tells of, on both databases, and by no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.kernel.access import TABLE, Permission, Role
from tests.clients import As, Work
from tests.factories.commitments import make_clearance
from tests.factories.engagements import make_engagement
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.rewards import make_claim, make_giver, make_lead
from tests.factories.task_forces import make_task_force
from tests.factories.tickets import make_ticket

EVERY_CASE = True  # they choose the statements

CONTRACT = json.loads((Path(__file__).resolve().parent.parent / "openapi" / "openapi.json").read_text())
LISTS = {
    path: (item["get"]["x-permission"], parameter["schema"]["enum"])
    for path, item in CONTRACT["paths"].items()
    for parameter in item.get("get", {}).get("parameters", [])
    if parameter["name"] == "sort"
}
MORE: dict[str, dict[str, Any]] = {
    "/api/v1/figures/rows": {"indicator": "signed_count", "period": "2020"},
    "/api/v1/figures/restatements": {"indicator": "contract_amount", "period": "2020"},
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_sorted_by_what_it_tells(path: str, as_: As, db: Work) -> None:
    with db() as session:
        for number in range(3):
            make_project(session, code=f"500114-2020-000{number}", unit=make_unit(session, f"u{number}"))
        numbers = {"engagement_id": make_engagement(session, unit="u1").id, "lead_id": make_lead(session).id}
        numbers["provider_id"] = make_giver(session).id
        numbers["claim_id"] = make_claim(session).id
        numbers["clearance_id"] = make_clearance(session).id
        numbers["ticket_id"] = make_ticket(session).id
        numbers["task_force_id"] = make_task_force(session, make_project(session)).id
    permission, keys = LISTS[path]
    client = as_(next(role.value for role in Role if Permission(permission) in TABLE[role]))
    address = path.replace("{code}", "500114-2020-0001")
    for name, number in numbers.items():
        address = address.replace(f"{{{name}}}", str(number))
    for key in keys:
        answer = client.get(address, params={"sort": key, **MORE.get(path, {})})
        assert answer.status_code == 200, f"{key}: {answer.text}"
    usual = client.get(address, params=MORE.get(path))
    if usual.headers["Content-Type"] == "application/json":
        assert usual.json() == client.get(address, params={"sort": keys[0], **MORE.get(path, {})}).json()
    for key in ("no_such", f"--{keys[0]}", keys[0].upper()):
        answer = client.get(address, params={"sort": key, **MORE.get(path, {})})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "sort"), key
