"""What is granted was shown in public, and every step rests on a paper of its own."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.kernel import calendar
from tests.clients import As, Work
from tests.facts.rewards.claiming import API, Place, a_place
from tests.replay import assert_log_equals_tables


@pytest.fixture
def place(as_: As, db: Work) -> Place:
    return a_place(as_, db)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_paper_serves_one_step(place: Place) -> None:
    """Neither another payment or approval of the claim, nor another claim of the lead."""
    claim = place.until("publish")
    place.over(claim)
    approval = place.fresh("approval")
    assert place.take(claim, "approve", paper=approval).status_code == 200
    place.invest(-500, "2020-09")
    again = place.take(claim, "accept", paper=approval, gross="100000.00")
    assert code_of(again) == (409, "paper_used") and f"第 {claim} 号申报的批准" in again.json()["message"]
    assert again.json()["errors"][0]["field"] == "paper"
    assert place.take(claim, "accept", gross="100000.00").status_code == 200
    receipt = place.fresh("receipt")
    assert place.take(claim, "pay", paper=receipt).status_code == 200
    place.invest(4_000, "2020-10")
    second = place.take(claim, "pay", paper=receipt, place="instalments/2/pay")
    assert code_of(second) == (409, "paper_used") and "支付凭证" in second.json()["message"]
    assert place.take(claim, "pay", place="instalments/2/pay").json()["state"] == "paid"


def test_more_than_was_shown_is_shown_again(app: FastAPI, place: Place) -> None:
    """Facts that grow during the notice: review and notice come again before more is granted."""
    claim = place.until("publish")
    place.invest(1_000, "2020-06")
    place.over(claim)
    refused = place.take(claim, "approve", gross="115000.00")
    assert code_of(refused) == (409, "more_than_shown") and "公示" in refused.json()["message"]
    got = place.who("review").get(f"{API}/{claim}").json()
    assert (got["state"], [one["code"] for one in got["warnings"]]) == ("noticed", ["differs", "more_than_shown"])
    assert code_of(place.take(claim, "review", by=place.who("approve"))) == (200, "")  # has taken no step yet
    assert code_of(place.take(claim, "approve", gross="115000.00")) == (409, "wrong_state")
    assert code_of(place.who("review").get(f"{API}/{claim}/notice")) == (409, "not_published")
    published = place.take(claim, "publish").json()
    assert (published["gross"], published["notice_from"]) == ("115000.00", calendar.today().isoformat())
    assert code_of(place.take(claim, "approve", gross="115000.00")) == (403, "same_person")
    another = place.as_("reviewer", login="another")
    assert code_of(place.take(claim, "approve", by=another, gross="115000.00")) == (409, "notice_not_over")
    place.over(claim)
    approved = place.take(claim, "approve", by=another, gross="115000.00").json()
    assert (approved["state"], approved["gross"]) == ("approved", "115000.00")
    assert [step["verb"] for step in approved["steps"]] == [
        "file", "check", "review", "publish", "review", "publish", "approve",
    ]  # fmt: skip
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_up_to_what_was_shown_is_granted_without_another_notice(place: Place) -> None:
    """Less is approved when the facts have fallen; once they have risen again, the difference is accepted."""
    claim = place.until("publish")
    place.over(claim)
    place.invest(-1_000, "2020-09")
    assert place.take(claim, "approve", gross="95000.00").status_code == 200
    place.invest(1_000, "2020-10")
    assert code_of(place.take(claim, "pay")) == (409, "difference_not_accepted")
    assert place.take(claim, "accept").json()["gross"] == "105000.00"
    assert place.take(claim, "pay").status_code == 200
