"""Every operation of the contract, tried with what its schema allows and with what it does not.

The answers must be those the contract tells of: no error of ours, declared statuses, bodies that fit their schemas.
Cases are the same in every run: the corners that the schema itself names (its lengths, bounds, choices, missing and
additional fields), and a few drawn at random from a fixed seed.
"""

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from app.kernel.access import TABLE, Role
from tests.clients import As, Kept, Work
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_clearance, make_commitment
from tests.factories.engagements import make_engagement, make_follow_up
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.task_forces import make_meeting, make_task, make_task_force
from tests.replay import assert_log_equals_tables

CONTRACT = json.loads((Path(__file__).resolve().parent.parent / "openapi" / "openapi.json").read_text())
LEFT_OUT = {
    "get /api/v1/stream": "its answer does not end",
    "post /api/v1/auth/logout": "ends the session that the others use",
}
OPERATIONS = [
    (method, path) for path, item in CONTRACT["paths"].items() for method in item if f"{method} {path}" not in LEFT_OUT
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BACKENDS = ("sqlite",)
CORNERS, DRAWN = 15, 3


STRONGEST = (Role.OFFICER, Role.REVIEWER, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
CODES = {"projects": "500114-2020-0046", "units": "jxw", "rules": "sector", "statistics": "fixed_asset_investment"}


@pytest.fixture(scope="module")
def contract() -> Any:
    generation = GenerationConfig(deterministic=True, with_security_parameters=False)
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_dict(CONTRACT, config=config)


@pytest.fixture
def there(kept: Kept, db: Work) -> None:
    kept(one_of_each, db)


def one_of_each(db: Work) -> None:
    """One of each kind, each the first of its kind."""
    with db() as session:
        unit = make_unit(session, "jxw", aliases=("经信委",))
        enterprise = make_enterprise(
            session, aliases=("旧名",), listings=(("china_500", 2019),), contacts=(("王", "13800001234"),)
        )
        project = make_project(
            session, code=CODES["projects"], unit=unit, enterprise=enterprise, stage="signed", aliases=("别名",)
        )
        make_project(session, code="500114-2019-0001", unit=unit, confidentiality="internal")
        clause = make_commitment(session, make_agreement(session, project))
        make_clearance(session, clause)
        make_fund(session, project)
        make_follow_up(session, make_engagement(session, unit=unit, enterprises=(enterprise,), projects=(project,)))
        force = make_task_force(session, project)
        make_task(session, force)
        make_meeting(session, force, "加快用地报批")


def aimed(client: TestClient, case: Case, path: str) -> None:
    """Turn a case to what is there, to the version that it has, and to what the contract gives as examples."""
    root = path.split("/")[3] if path.startswith("/api/v1/") else ""
    for name in case.path_parameters:
        if name == "code" and root in CODES:
            case.path_parameters[name] = CODES[root]
        elif name.endswith("_id") and name != "session_id":  # the first session is the client's own
            case.path_parameters[name] = 1
    shown = {p["name"] for p in case.operation.definition.raw.get("parameters", []) if "example" in p}
    case.query = {name: value for name, value in (case.query or {}).items() if name in shown}
    if "If-Match" in (case.headers or {}):
        whole = re.match(r"/api/v1/[a-z_]+/[^/]+", case.formatted_path)
        read = client.get(whole.group()) if whole else None
        if read is not None and "ETag" in read.headers:
            case.headers["If-Match"] = read.headers["ETag"]


def send(client: TestClient, case: Case) -> None:
    request = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    answer = client.request(request.method, request.url, headers=headers, content=request.body)
    case.validate_response(answer, checks=CHECKS)


def try_out(operation: Any, client: TestClient, contract: Any, corners: int, draws: int) -> None:
    client._transport.raise_server_exceptions = False
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    config = contract.config.generation_for(operation=operation)
    cases = contract.iter_coverage_cases(operation, generation_modes=modes, generation_config=config)
    for number, case in enumerate(islice(cases, corners)):
        if case.method == operation.method.upper():
            if number % 3:
                aimed(client, case, operation.path)
            send(client, case)
    if not draws:
        return
    strategy = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=draws, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy, aim=st.booleans())
    def drawn(case: Case, aim: bool) -> None:
        if aim:
            aimed(client, case, operation.path)
        send(client, case)

    drawn()


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_an_operation_keeps_the_contract(
    method: str, path: str, contract: Any, there: None, as_: As, app: FastAPI
) -> None:
    """As somebody who may, and as a unit's liaison officer who mostly may not."""
    operation = contract[path][method.upper()]
    permission = CONTRACT["paths"][path][method].get("x-permission", "self")
    who = next(role for role in STRONGEST if permission in TABLE[role])
    try_out(operation, as_(who.value), contract, CORNERS, DRAWN)
    try_out(operation, as_("reporter", unit="jxw"), contract, CORNERS // 3, 0)
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
