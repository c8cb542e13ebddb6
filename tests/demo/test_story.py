"""What the demo shows beyond its ledger: a closed gate, an exception, money sent back and reversed, a look-alike; trips
with what came of them, and the last weeks' reports.
"""

from collections import Counter
from typing import Any

from fastapi import FastAPI

from app.demo.ledger import INVENTED
from app.demo.story import CRYSTAL, FIBRE, GARDEN, GLASS, PLUMS, WHEELS
from app.facts.engagements.terms import EngagementKind
from app.kernel import chain
from tests.clients import As

NEWEST_ONLY = True  # the demo is loaded by the services of all domains, whose statements are tried there

API = "/api/v1"


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
    # Last week a contract was signed once everything was reviewed, and works began in two places.
    week = get("/figures?indicator=signed_count&indicator=started_count&period=2026-W47")["items"]
    assert [item["value"] for item in week] == [1, 2]
    assert get(f"/projects/{GARDEN}/moves")["items"][-1]["override"] is None
    # None of it moves a figure of the report, and its own months add up.
    asked = "indicator=signed_count&indicator=contract_amount&indicator=funds_arrived"
    values = [item["value"] for item in get(f"/figures?{asked}&period=2020")["items"]]
    assert values == [46, "12032000000.00", "1900000000.00"]
    months = [get(f"/figures?indicator=funds_arrived&period=2026-{m}")["items"][0]["value"] for m in ("10", "11")]
    assert months == ["3000000.00", "-3000000.00"]
    _trips(get)
    _weeks(get)
    with app.state.database.reading() as connection:
        assert chain.verify(connection).broken_at is None
    # Nothing invented is without its label: not in a list, where the title bears it, and not in what was said.
    every = [get(f"/engagements?limit=200&{more}") for more in ("", "joined=true", "to=2020-08-01")]
    items = [item for page in every for item in page["items"]]
    assert len(items) > 200 and all(item["title"].endswith("（演示）") for item in items)
    assert all(item["what"].endswith("（演示）") for item in get("/follow-ups?limit=200")["items"])
    one = get("/engagements/1")
    assert one["said"].startswith(INVENTED)


def _trips(get: Any) -> None:
    """Trips of August 2020 with follow-ups done, overdue and dropped; one trip told by three units and counted once."""
    due = get("/follow-ups?principal=true&limit=200")["items"]
    august = Counter(item["state"] for item in due if item["starts_on"].startswith("2020-08"))
    assert set(august) == {"done", "overdue", "dropped"} and august["overdue"] > 1
    joined = get("/engagements?joined=true&to=2020-12-31&limit=200")["items"]
    (three,) = [number for number, count in Counter(item["joined_into"] for item in joined).items() if count == 2]
    assert len(get(f"/engagements/{three}")["units"]) == 3
    # Half days, and each kind.
    of_2020 = get("/engagements?limit=200&to=2020-12-31")["items"]
    assert {item["kind"] for item in of_2020} == set(EngagementKind)
    assert {item["days"] for item in of_2020} == {"0.5", "1", "1.5"}


def _weeks(get: Any) -> None:
    """Every standing in the week that closed yesterday; the one before all taken; this one just begun."""
    weeks = {row["week"]: row for row in get("/weekly")["items"]}
    assert [(text, row["state"]) for text, row in weeks.items()] == [
        ("2026-W48", "open"), ("2026-W47", "frozen"), ("2026-W46", "frozen"),
    ]  # fmt: skip
    last, now = weeks["2026-W47"]["tally"], weeks["2026-W48"]["tally"]
    assert all(last[word] for word in ("early", "on_time", "late", "missing", "zero", "returned", "submitted", "help"))
    assert last["early"] + last["on_time"] + last["late"] + last["missing"] == last["units"] == 35
    assert now["early"] and now["awaited"] and not now["late"] + now["missing"]
    # What came late counts in the week after; who was told to correct did so.
    rows = get("/weekly/2026-W47")["items"]
    assert {row["counts_in"] for row in rows if row["standing"] == "late"} == {"2026-W48"}
    steps = [step["step"] for step in get("/weekly/2026-W47/reports/shz")["steps"]]
    assert steps == ["submit", "return", "submit"]
    assert all(problem["text"].startswith(INVENTED) for row in rows for problem in row["problems"])
    # In each tier several units are busy, and some are as busy as others.
    for tier in ("key", "assist", "away"):
        active = Counter(row["engagements"] for row in rows if row["tier"] == tier and row["engagements"])
        assert sum(active.values()) > 2 and max(active.values()) > 1
    # A trip that two units tell of and nobody has joined yet is named to whoever looks.
    week = get("/engagements?kind=outgoing_visit&from=2026-11-16&to=2026-11-22&limit=200")["items"]
    assert any(get(f"/engagements/{item['id']}/duplicates")["items"] for item in week if item["unit"] == "zygwh")
    # The reporter of the demo has this week before him.
    assert [row["state"] for row in get("/weekly/2026-W48")["items"] if row["unit"] == "qjxw"] == [None]
