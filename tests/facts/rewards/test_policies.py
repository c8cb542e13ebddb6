"""Policies are data: refused field by field in words, in force by date, tried before they take effect."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from starlette.testclient import TestClient

from app.facts.rewards.policies.checks import problems
from app.facts.rewards.policies.policy import Policy
from app.facts.rewards.policies.rules import REWARD_POLICIES, RewardPolicies, applying
from app.facts.rewards.policies.samples import SAMPLES
from app.kernel.rules import InForce
from tests.clients import As, Work
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project

TRIALS = "/api/v1/reward-policies/trials"
VERSIONS = "/api/v1/rules/reward_policies/versions"
WAN = 1_000_000


def band(start: str, end: str | None, rate: str = "1") -> dict[str, Any]:
    return {"start": start, "end": end, "rate": rate}


SLAB: dict[str, Any] = {"shape": "slab", "bands": [band("0", "100"), band("100", None)]}
OPTION: dict[str, Any] = {"code": "one", "label": "甲", "base": "fixed_asset_investment", "shape": SLAB}
SOUND: dict[str, Any] = {"code": "p", "label": "政策", "basis": "文号", "options": [OPTION]}
PART: dict[str, Any] = {"label": "一期", "percent": "50", "condition": {"when": "completion", "percent": "60"}}
CAPS: dict[str, Any] = {
    "by": "investment",
    "bands": [{"start": "100", "end": "200", "cap": "1"}, {"start": "200", "cap": "2"}],
}


def shaped(**shape: Any) -> dict[str, Any]:
    return {"options": [OPTION | {"shape": SLAB | shape}]}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (shaped(bands=[band("1", None)]), "options.0.shape.bands.0.start", "first_band"),
    (shaped(bands=[band("0", "100"), band("101", None)]), "options.0.shape.bands.1.start", "gap"),
    (shaped(bands=[band("0", "100"), band("99", None)]), "options.0.shape.bands.1.start", "overlap"),
    (shaped(bands=[band("0", "100"), band("100", "300")]), "options.0.shape.bands.1.end", "last_band"),
    (shaped(bands=[band("0", None), band("100", None)]), "options.0.shape.bands.0.end", "missing"),
    (shaped(bands=[band("0", "100"), band("100", "50"), band("50", None)]), "options.0.shape.bands.1.end", "order"),
    (shaped(bands=[band("0", None, "1000.000001")]), "options.0.shape.bands.0.rate", "out_of_range"),
    (shaped(bands=[band("0", None, "0")]), "options.0.shape.bands.0.rate", "all_zero"),
    (shaped(earns_from="floor"), "options.0.floor", "missing"),
    ({"options": [OPTION | {"floor": "50", "shape": SLAB | {"earns_from": "floor"}}]},
     "options.0.shape.bands.0.start", "first_band"),
    ({"options": [OPTION | {"floor": "0"}]}, "options.0.floor", "not_above_zero"),
    ({"options": [OPTION | {"fund_sources": ["local"]}]}, "options.0.fund_sources", "not_funds"),
    ({"options": [OPTION | {"shape": {"shape": "fixed", "amount": "0"}}]}, "options.0.shape.amount", "not_above_zero"),
    ({"options": [OPTION | {"shape": {"shape": "flat", "bands": [
        {"start": "0", "end": "9", "amount": "5"}, {"start": "9", "amount": "4"}]}}]},
     "options.0.shape.bands.1.amount", "descending"),
    ({"options": [OPTION, OPTION]}, "options.1.code", "twice"),
    ({"cap": "0"}, "cap", "not_above_zero"),
    ({"cap_per_year": "1000000000000"}, "cap_per_year", "implausible"),
    ({"size_caps": CAPS | {"bands": [*CAPS["bands"], {"start": "300", "cap": "3"}]}},
     "size_caps.bands.1.end", "missing"),
    ({"multipliers": [{"listings": ["listed"], "factor": "1"}]}, "multipliers.0.factor", "out_of_range"),
    ({"multipliers": [{"listings": ["listed", "listed"], "factor": "2"}]}, "multipliers.0.listings", "twice"),
    ({"instalments": [PART]}, "instalments", "not_whole"),
    ({"instalments": [PART, PART | {"percent": "49.9999"}]}, "instalments", "not_whole"),
    ({"instalments": [PART, PART | {"condition": {"when": "completion", "percent": "50"}}]},
     "instalments.1.condition.percent", "descending"),
    ({"instalments": [PART, PART | {"condition": {"when": "completion"}}]},
     "instalments.1.condition.percent", "missing"),
    ({"instalments": [PART, PART | {"condition": {"when": "stage"}}]}, "instalments.1.condition.stage", "missing"),
    ({"instalments": [PART, PART | {"condition": {"when": "approval", "stage": "started"}}]},
     "instalments.1.condition.stage", "not_asked"),
    ({"exclusive_with": ["p"]}, "exclusive_with.0", "itself"),
    ({"exclusive_with": ["q"]}, "exclusive_with.0", "unknown_policy"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "field", "code"), WRONG)
def test_what_is_wrong_is_named(wrong: dict[str, Any], field: str, code: str) -> None:
    assert problems([Policy.model_validate(SOUND)], "policies") == []
    found = problems([Policy.model_validate(SOUND | wrong)], "policies")
    assert (f"policies.0.{field}", code) in {(problem.field, problem.code) for problem in found}
    assert all(any("一" <= sign <= "鿿" for sign in problem.message) for problem in found)


def test_exclusion_holds_both_ways() -> None:
    other = SOUND | {"code": "q", "exclusive_with": ["p"]}
    body = RewardPolicies.model_validate({"policies": [SOUND, other, SOUND | {"code": "r"}]})
    assert [body.excluded_by(code) for code in "pqr"] == [{"q"}, {"p"}, frozenset()]


def test_the_version_is_that_of_the_day_the_policy_names() -> None:
    def version(number: int, start: int, **policy: Any) -> InForce[RewardPolicies]:
        body = RewardPolicies.model_validate({"policies": [SOUND | policy] if policy else []})
        return InForce(number, body, date(start, 1, 1), None)

    nothing = InForce(0, REWARD_POLICIES.shipped, None, None)
    by_lead, by_threshold = {"version_by": "lead_registered"}, {"version_by": "threshold_met"}

    def number(versions: list[InForce[RewardPolicies]], registered: int, met: int | None) -> int | None:
        met_on = None if met is None else date(met, 6, 1)
        found = applying([nothing, *versions], "p", date(registered, 6, 1), met_on)
        return None if found is None else found.number

    leads = [version(1, 2020, **by_lead), version(2, 2022, **by_lead)]
    assert [number(leads, 2019, 2023), number(leads, 2021, 2023), number(leads, 2022, None)] == [None, 1, 2]
    met = [version(1, 2020, **by_threshold), version(2, 2022, **by_threshold)]
    assert [number(met, 2019, 2023), number(met, 2021, 2023), number(met, 2021, None)] == [2, 2, None]
    ended = [version(1, 2020, **by_threshold), version(2, 2022)]
    assert number(ended, 2021, 2023) is None


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def test_none_is_in_force_and_samples_are_for_copying(as_: As) -> None:
    assert as_("reporter").get("/api/v1/reward-policies").json() == {"version": 0, "valid_from": None, "policies": []}
    samples = as_("leader").get("/api/v1/reward-policies/samples").json()
    assert [policy["code"] for policy in samples["policies"]] == [policy.code for policy in SAMPLES.policies]
    draft = {"body": {"policies": samples["policies"]}, "valid_from": "2026-01-01", "basis": "试行办法"}
    saved = as_("officer").post(VERSIONS, json=draft)
    assert saved.status_code == 201, saved.text
    number = saved.json()["number"]
    assert as_("reviewer").post(f"{VERSIONS}/{number}/activate").status_code == 200
    ruling = as_("reporter").get("/api/v1/reward-policies", params={"on": "2026-01-01"}).json()
    assert ruling == {"version": number, "valid_from": "2026-01-01", "policies": samples["policies"]}
    assert as_("reporter").get("/api/v1/reward-policies", params={"on": "2025-12-31"}).json()["version"] == 0


def test_a_wrong_draft_names_its_fields(as_: As) -> None:
    body: dict[str, Any] = {"policies": [deepcopy(SOUND), SOUND | {"code": "q", "cap": "0"}]}
    body["policies"][0]["options"][0]["shape"]["bands"][1]["rate"] = "0,5"
    draft = {"body": body, "valid_from": "2026-01-01", "basis": "试"}
    for path, sent in ((VERSIONS, draft), (TRIALS, {"body": body, "period": "2020"})):
        answer = as_("officer").post(path, json=sent)
        assert answer.status_code == 422
        # And nothing of a list that has too few items because they are wrong.
        fields = [error["field"] for error in answer.json()["errors"]]
        assert fields == ["body.policies.0.options.0.shape.slab.bands.1.rate"]
    body["policies"][0] = SOUND
    for path, sent in ((VERSIONS, draft), (TRIALS, {"body": body, "period": "2020"})):
        errors = as_("officer").post(path, json=sent).json()["errors"]
        assert [(error["field"], error["code"]) for error in errors] == [("body.policies.1.cap", "not_above_zero")]


def statements(app: FastAPI, client: TestClient, asked: dict[str, Any]) -> int:
    """How often a trial asks the database, on a connection that has been asked the same before."""
    client.post(TRIALS, json=asked)
    told: list[str] = []

    def tell(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        told.append(statement)

    event.listen(app.state.database.reader, "before_cursor_execute", tell)
    client.post(TRIALS, json=asked)
    event.remove(app.state.database.reader, "before_cursor_execute", tell)
    return len(told)


def test_a_trial_stands_beside_what_is_in_force(as_: As, db: Work, app: FastAPI) -> None:
    with db() as session:
        for number, (day, wan) in enumerate(
            [(date(2020, 3, 1), 800), (date(2020, 9, 1), 5000), (date(2021, 1, 1), 9)], 1
        ):
            project = make_project(session, code=f"500114-2020-000{number}", signed_on=day, stage="signed")
            make_outcome(session, project, "fixed_asset_investment", wan * WAN, "2021-02")
        hidden = make_project(
            session, code="500114-2020-0004", signed_on=date(2020, 5, 1), stage="signed", confidentiality="sealed",
            sight={"level": "sealed", "units": [], "users": []},
        )  # fmt: skip
        make_outcome(session, hidden, "fixed_asset_investment", 700 * WAN, "2021-02")
    old = {"policies": [SOUND | {"options": [OPTION | {"shape": {"shape": "fixed", "amount": "30000"}}]}]}
    saved = as_("officer").post(VERSIONS, json={"body": old, "valid_from": "2020-01-01", "basis": "旧办法"}).json()
    assert as_("reviewer").post(f"{VERSIONS}/{saved['number']}/activate").status_code == 200

    new = SAMPLES.policies[0].model_dump(mode="json") | {"code": "p"}
    asked = {"body": {"policies": [new]}, "period": "2020", "explain": True}
    found = as_("officer").post(TRIALS, json=asked).json()
    assert (found["tried"], found["withheld"], found["compared_with"]) == (2, 1, saved["number"])
    # 800万 × 5‰ = 4万; 5万 + 4000万 × 1‰ = 9万; before 3万 each.
    assert found["totals"] == [
        {
            "policy": "p", "label": "固定资产投资超额累进，五十万封顶", "rewarded": 2, "rewarded_before": 2,
            "amount": "130000.00", "before": "60000.00", "difference": "70000.00",
        }
    ]  # fmt: skip
    rows = [(row["project"], row["amounts"][0]["amount"], row["amounts"][0]["difference"]) for row in found["items"]]
    assert rows == [("500114-2020-0002", "90000.00", "60000.00"), ("500114-2020-0001", "40000.00", "10000.00")]
    assert [line["kind"] for line in found["items"][0]["amounts"][0]["lines"]] == ["base", "band", "band"]
    assert "500114-2020-0004" not in str(found)

    narrow = asked | {"period": None, "projects": ["500114-2020-0001"]}
    assert as_("officer").post(TRIALS, json=narrow).json()["tried"] == 1
    assert statements(app, as_("officer"), asked) == statements(app, as_("officer"), narrow) > 0
    again = as_("reviewer").post(TRIALS, json={"version": saved["number"], "period": "2020", "limit": 1}).json()
    assert (again["totals"][0]["difference"], len(again["items"])) == ("0.00", 1)
    for body, field in (
        ({"period": "2020"}, "body"),
        ({"version": 99, "period": "2020"}, "version"),
        ({"version": 0}, "period"),
        ({"version": 0, "period": "2020-13"}, "period"),
        ({"version": 0, "projects": ["500114-2020-0004"]}, "projects.0"),
    ):
        answer = as_("officer").post(TRIALS, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    for who in ("reporter", "leader"):
        assert as_(who).post(TRIALS, json=asked).status_code == 403
