"""Every operation of the contract, tried with what its schema allows and with what it does not.

The answers must be those the contract tells of: no error of ours, declared statuses, bodies that fit their schemas.
Cases are the same in every run: the corners that the schema itself names (its lengths, bounds, choices, missing and
additional fields), and a few drawn at random from a fixed seed.
"""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
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

from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

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
CORNERS, DRAWN = 30, 6


@pytest.fixture(scope="module")
def contract() -> Any:
    generation = GenerationConfig(deterministic=True, with_security_parameters=False)
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_dict(CONTRACT, config=config)


@pytest.fixture
def there(db: Work) -> None:
    """Something of each kind, under the names that the contract gives as examples."""
    with db() as session:
        unit = make_unit(session, "jxw")
        enterprise = make_enterprise(session)
        make_project(session, code="500114-2020-0046", unit=unit, enterprise=enterprise, stage="signed")
        make_project(session, code="500114-2019-0001", unit=unit, confidentiality="internal")


def send(client: TestClient, case: Case) -> None:
    request = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    answer = client.request(request.method, request.url, headers=headers, content=request.body)
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("who", ["officer", "reporter"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_an_operation_keeps_the_contract(method: str, path: str, who: str, contract: Any, there: None, as_: As) -> None:
    operation = contract[path][method.upper()]
    client = as_(who, unit="jxw") if who == "reporter" else as_(who)
    client._transport.raise_server_exceptions = False
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    config = contract.config.generation_for(operation=operation)
    for case in islice(
        contract.iter_coverage_cases(operation, generation_modes=modes, generation_config=config), CORNERS
    ):
        if case.method == method.upper():
            send(client, case)
    strategy = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=DRAWN, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def drawn(case: Case) -> None:
        send(client, case)

    drawn()
