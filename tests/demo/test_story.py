"""What the demo shows beyond its ledger: a closed gate, an exception, money sent back and reversed, a look-alike."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from app.config import Settings
from app.demo import loading
from app.demo.story import CRYSTAL, FIBRE, GLASS, INVENTED, PLUMS, WHEELS
from app.kernel import chain
from tests.clients import As

API = "/api/v1"
TODAY = dt.date(2026, 11, 24)


@pytest.fixture
def demo(app: FastAPI) -> Iterator[None]:
    with time_machine.travel("2026-11-24T09:00:00+08:00", tick=True):
        settings: Settings = app.state.settings
        loading.load(app.state.database, settings.model_copy(update={"demo_password": "Demo-2026-pass"}), TODAY)
        yield


def test_the_demo_shows_what_gates_and_second_persons_do(as_: As, app: FastAPI, demo: None) -> None:
    leader = as_("leader")

    def get(path: str) -> Any:
        return leader.get(f"{API}{path}").json()

    # Stopped: the tobacco sheets may not be signed yet, and one reads why.
    ahead = {stage["stage"]: stage for stage in get("/projects/500114-2020-0051/gates")["stages"]}
    assert ahead["signed"]["open"] is False and ahead["signed"]["missing"] >= 3
    # Passed by way of exception: who asked, who agreed, why, what was missing.
    last = get(f"/projects/{PLUMS}/moves")["items"][-1]
    assert last["to"] == "production"
    assert last["override"]["requested_by"] != last["override"]["decided_by"]
    assert last["override"]["reason"].startswith(INVENTED) and last["override"]["missing"]
    # Money sent back, and money that counted and went back.
    rejected = [line for line in get(f"/projects/{GLASS}/funds")["items"] if line["state"] == "rejected"]
    assert len(rejected) == 1 and rejected[0]["reason"].startswith(INVENTED)
    reversals = [line for line in get(f"/projects/{FIBRE}/funds")["items"] if line["reverses"]]
    assert [line["amount"] for line in reversals] == ["-3000000.00"]
    # A look-alike, answered.
    suspect = get(f"/projects/{CRYSTAL}/duplicates")
    assert [item["project"] for item in suspect["items"]] == [WHEELS] and suspect["unanswered"] == 0
    # None of it moves a figure of the report, and its own months add up.
    asked = "indicator=signed_count&indicator=contract_amount&indicator=funds_arrived"
    values = [item["value"] for item in get(f"/figures?{asked}&period=2020")["items"]]
    assert values == [46, "12032000000.00", "1900000000.00"]
    months = [get(f"/figures?indicator=funds_arrived&period=2026-{m}")["items"][0]["value"] for m in ("10", "11")]
    assert months == ["3000000.00", "-3000000.00"]
    with app.state.database.reading() as connection:
        assert chain.verify(connection).broken_at is None
