"""Rewards paid, by the day of payment, opened to their rows; what came back counts below zero, and late in its turn."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from tests.clients import As, Work, put_part
from tests.facts.rewards.claiming import a_place

API = "/api/v1"


@pytest.fixture
def clock(app: FastAPI) -> Iterator[time_machine.Traveller]:
    """A day in October 2026; whoever is logged in stays so while it moves."""
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"session_idle_minutes": 60 * 24 * 365})
    with time_machine.travel("2026-10-20T10:00:00+08:00", tick=False) as traveller:
        yield traveller
    app.state.settings = settings


def test_rewards_count_when_they_are_paid(as_: As, db: Work, clock: time_machine.Traveller) -> None:
    leader, reviewer = as_("leader"), as_("reviewer")
    place = a_place(as_, db)

    def asked(path: str, period: str, **more: str) -> Any:
        answer = leader.get(f"{API}/{path}", params={"indicator": "rewards_paid", "period": period, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def paid(period: str) -> str:
        return str(asked("figures", period)["items"][0]["value"])

    claim = place.until("approve")
    clock.move_to("2026-11-05T10:00:00+08:00")
    assert reviewer.post(f"{API}/periods/2026-10/lock").status_code == 200
    assert place.take(claim, "pay", paid_on="2026-10-25").status_code == 200
    assert (paid("2026-10"), paid("2026-11"), paid("2026")) == ("0.00", "52500.00", "52500.00")
    (first, _) = asked("figures/rows", "2026-11", sort="date")["items"]
    assert (first["project"], first["amount"], first["deferred_from"]) == (place.project, "34999.97", "2026-10-25")
    assert reviewer.post(f"{API}/periods/2026-10/reopen", json={"reason": "补录"}).status_code == 200
    assert (paid("2026-10"), paid("2026-11")) == ("52500.00", "0.00")
    early = place.take(claim, "claw-back", happened_on="2026-10-24")
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "happened_on")
    assert place.take(claim, "claw-back", happened_on="2026-11-04").status_code == 200
    assert (paid("2026-10"), paid("2026-11"), paid("2026")) == ("52500.00", "-52500.00", "0.00")
    by_unit = asked("figures", "2026-10", by="unit")["items"]
    assert {item["dimensions"]["unit"]: item["value"] for item in by_unit if item["value"] != "0.00"} == {
        "jxw": "52500.00"
    }
    seal = {"level": "sealed", "users": ["reviewer"], "reason": "投资方要求"}
    assert put_part(reviewer, f"{API}/projects/{place.project}", "confidentiality", seal).status_code == 200
    hidden = asked("figures/rows", "2026-10")
    assert (hidden["items"], hidden["withheld"], paid("2026-10")) == ([], 2, "52500.00")
