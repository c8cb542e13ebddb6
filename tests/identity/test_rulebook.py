"""Rules over HTTP, with a kind of rule that only these tests know."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, Field

from app.identity.rulebook.schemas import RuleOut, RulePage
from app.kernel import rules
from app.kernel.access import Permission
from tests.clients import As, Work


class Threshold(BaseModel):
    limit: int = Field(ge=0)


@pytest.fixture(autouse=True)
def threshold() -> Iterator[rules.RuleKind[Threshold]]:
    kind = rules.declare(rules.RuleKind("test_threshold", "门槛", Threshold, Threshold(limit=100)))
    yield kind
    del rules.KINDS[kind.code]


DRAFT: dict[str, Any] = {"body": {"limit": 200}, "valid_from": "2020-01-01", "basis": "试行"}
PATH = "/api/v1/rules/test_threshold"


def test_a_draft_rules_nothing_until_another_activates_it(as_: As, db: Work, threshold: Any) -> None:
    saved = as_("officer").post(f"{PATH}/versions", json=DRAFT)
    assert saved.status_code == 201 and saved.json()["state"] == "draft" and saved.json()["number"] == 1
    with db() as session:
        assert rules.in_force(session, threshold, date(2020, 6, 1)).number == 0
    active = as_("reviewer").post(f"{PATH}/versions/1/activate")
    assert active.status_code == 200 and active.json()["activated_by"] == "reviewer"
    with db() as session:
        assert rules.in_force(session, threshold, date(2019, 12, 31)).body.limit == 100
        assert rules.in_force(session, threshold, date(2020, 1, 1)).body.limit == 200
    assert as_("reviewer").post(f"{PATH}/versions/1/activate").json()["code"] == "not_a_draft"
    again = as_("officer").post(f"{PATH}/versions", json=DRAFT)
    overlap = as_("reviewer").post(f"{PATH}/versions/{again.json()['number']}/activate")
    assert overlap.json()["code"] == "rule_overlap"


def test_who_saves_does_not_activate(as_: As) -> None:
    reviewer = as_("reviewer")
    assert reviewer.post(f"{PATH}/versions", json=DRAFT).status_code == 201
    assert reviewer.post(f"{PATH}/versions/1/activate").json()["code"] == "same_person"
    assert as_("officer").post(f"{PATH}/versions/1/activate").json()["code"] == "forbidden"
    assert as_("reviewer", login="zhao").post(f"{PATH}/versions/1/activate").status_code == 200


def test_a_kind_names_the_permission_that_activates_it(as_: As) -> None:
    del rules.KINDS["test_threshold"]
    rules.declare(rules.RuleKind("test_threshold", "门槛", Threshold, Threshold(limit=1), Permission.ROLE_GRANT))
    as_("officer").post(f"{PATH}/versions", json=DRAFT)
    assert as_("reviewer").post(f"{PATH}/versions/1/activate").status_code == 403
    assert as_("security_admin").post(f"{PATH}/versions/1/activate").status_code == 200


def test_a_wrong_body_is_refused_by_its_field(as_: As) -> None:
    answer = as_("officer").post(f"{PATH}/versions", json=DRAFT | {"body": {"limit": -1}})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "body.limit"
    assert as_("officer").post("/api/v1/rules/unknown/versions", json=DRAFT).status_code == 404


def test_a_draft_is_withdrawn_with_a_reason(as_: As) -> None:
    as_("officer").post(f"{PATH}/versions", json=DRAFT)
    assert as_("officer").post(f"{PATH}/versions/1/withdraw", json={}).status_code == 422
    gone = as_("officer").post(f"{PATH}/versions/1/withdraw", json={"reason": "另行起草"})
    assert gone.json()["state"] == "withdrawn"
    assert as_("reviewer").post(f"{PATH}/versions/1/activate").status_code == 409
    assert as_("officer").post(f"{PATH}/versions/0/withdraw", json={"reason": "出厂版本"}).status_code == 404


def test_a_rule_shows_its_versions_and_the_form_to_fill(as_: As) -> None:
    as_("officer").post(f"{PATH}/versions", json=DRAFT)
    shown = RuleOut.model_validate(as_("leader").get(PATH).json())
    assert [(version.number, version.state) for version in shown.versions] == [(1, "draft"), (0, "shipped")]
    assert shown.versions[0].saved_by == "officer" and shown.versions[1].body == {"limit": 100}
    assert shown.json_schema["properties"]["limit"]["minimum"] == 0
    rows = RulePage.model_validate(as_("leader").get("/api/v1/rules").json()).items
    assert [(row.in_force, row.drafts) for row in rows if row.code == "test_threshold"] == [(0, 1)]
