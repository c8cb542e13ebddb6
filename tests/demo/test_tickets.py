"""The demo's tickets: the five enterprises of the public report, each solved in 2020; one taken up anew, one late."""

from typing import Any

import pytest

from app.demo.ledger import INVENTED
from tests.clients import As

API = "/api/v1"


@pytest.fixture
def officer(demo: None, as_: As) -> Any:
    return as_("officer")


def test_the_five_enterprises_of_the_report(officer: Any) -> None:
    asked = {"received_from": "2020-01-01T00:00:00+08:00", "received_before": "2021-01-01T00:00:00+08:00"}
    rows = officer.get(f"{API}/tickets", params=asked | {"sort": "received_at"}).json()["items"]
    assert [(row["enterprise_name"], row["category"], row["state"]) for row in rows] == [
        ("壹唐地产", "fire", "solved"), ("衡生药用胶囊", "power", "solved"), ("谊隆久益实业", "transport", "accepted"),
        ("武陵山商贸城", "fire", "solved"), ("黔龙公园", "soil", "solved"),
    ]  # fmt: skip
    assert all(row["text"].startswith(INVENTED) for row in rows)

    def figure(indicator: str, period: str = "2020") -> Any:
        found = officer.get(f"{API}/figures", params={"indicator": indicator, "period": period}).json()["items"][0]
        return found["text"]

    # One late; across the holidays of October the Saturday that was worked counts.
    assert [figure(code) for code in ("tickets_received", "tickets_solved", "tickets_in_time_rate")] == [
        "5",
        "5",
        "80.0%",
    ]
    assert (figure("ticket_days_median"), figure("ticket_rating", "2026")) == ("3", "4.7")
    moved = officer.get(f"{API}/tickets/{rows[2]['id']}").json()
    assert (moved["first_unit"], moved["unit"], moved["round"], moved["place"]) == ("qjxw", "qjtj", 2, "in_time")


def test_one_waits_beyond_its_limit(officer: Any) -> None:
    late = officer.get(f"{API}/tickets?overdue=true").json()["items"]
    assert [(row["enterprise_name"], row["state"], row["place"]) for row in late] == [
        ("黔龙公园", "received", "overdue")
    ]
