"""What the demo shows of rewards: a claim paid in two instalments, and one that an objection has frozen."""

from typing import Any

from fastapi import FastAPI

from app.demo.ledger import INVENTED
from app.demo.rewards import FUND, OBJECTED, PAID
from tests.clients import As
from tests.replay import assert_log_equals_tables

NEWEST_ONLY = True  # the demo is loaded by the services of all domains, whose statements are tried there

API = "/api/v1"


def test_the_demo_shows_two_claims(as_: As, app: FastAPI, demo: None) -> None:
    leader = as_("leader")

    def get(path: str) -> Any:
        return leader.get(f"{API}{path}").json()

    claims = {claim["project"]: get(f"/rewards/claims/{claim['id']}") for claim in get("/rewards/claims")["items"]}
    assert set(claims) == {PAID, OBJECTED}
    paid = claims[PAID]
    # 0.5‰ of 17800万 that came from outside the city: 8.9万, half of it in each instalment, shared 60 to 40.
    assert (paid["state"], paid["gross"], paid["paid"]) == ("paid", "89000.00", "89000.00")
    assert [(one["amount"], one["paid_on"] is not None) for one in paid["instalments"]] == [("44500.00", True)] * 2
    assert [(one["instalment"], one["gross"], one["net"]) for one in paid["payments"]] == [
        (1, "26700.00", "21360.00"), (1, "17800.00", "17800.00"),
        (2, "26700.00", "21360.00"), (2, "17800.00", "17800.00"),
    ]  # fmt: skip
    assert len({step["by"] for step in paid["steps"]}) == 5
    frozen = claims[OBJECTED]
    assert (frozen["state"], frozen["frozen_from"], frozen["gross"]) == ("frozen", "noticed", "92250.00")
    assert [one["upheld"] for one in frozen["objections"]] == [None]
    assert all(INVENTED in one["text"] for one in frozen["objections"])
    for claim in claims.values():
        kept = get(f"/rewards/claims/{claim['id']}/calculation")
        assert (kept["differs"], kept["current"]["label"].startswith(INVENTED)) == (False, True)
        lead = get(f"/rewards/leads/{claim['lead']}")
        assert (lead["first"], lead["exclusions_clear"], lead["information"].startswith(INVENTED)) == (True,) * 3
    budget = get(f"/rewards/budgets/{FUND}/2026")
    assert (budget["paid"], budget["committed"], budget["asked"]) == ("89000.00", "0.00", "92250.00")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
