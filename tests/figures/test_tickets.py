"""Figures of tickets: each solution once, a median that is exact and can be opened, and rows for those who see them."""

from datetime import date
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.facts.tickets import service
from app.facts.tickets.models import Ticket, TicketRating
from app.figures.engine import Cell, twice_the_median
from app.kernel import calendar
from app.kernel.access import SYSTEM
from tests.clients import As, Work, put_part
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.tickets import make_ticket

API = "/api/v1"
AMOUNTS = st.lists(st.integers(0, 400), min_size=1, max_size=40)


def spread(amounts: list[int]) -> dict[int, int]:
    return {amount: amounts.count(amount) for amount in amounts}


@given(AMOUNTS, AMOUNTS)
def test_the_middle_is_that_of_all_amounts_together(ones: list[int], others: list[int]) -> None:
    assert twice_the_median(spread(ones)) == 2 * median(ones)
    whole = Cell()
    for part in (ones, others):
        whole.add(Cell(0, len(part), 0, spread(part)))
    assert (whole.value, whole.rows) == (2 * median([*ones, *others]), len(ones) + len(others))


def received(day: str, clock: str = "10:00") -> str:
    return f"{day}T{clock}:00+08:00"


@pytest.fixture
def year(as_: As, db: Work) -> dict[str, int]:
    """Four solutions of three tickets in 2020, one still open, one voided; of a sealed project another."""
    with db() as session:
        make_unit(session, "nyw")
        make_user(session, "reviewer", login="named", named=True)
        for login, unit in (("wang", "jxw"), ("li", "nyw")):
            make_user(session, "reporter", login=login, unit=unit)
        made = {}
        # In time after 1 day, late after 12 days, in time on the same day; and one of another unit after 5.
        for name, on, until, more in (
            ("soon", "2020-11-02", "2020-11-03", {}),
            ("late", "2020-11-04", "2020-11-16", {"category": "soil"}),
            ("same", "2020-11-10", "2020-11-10", {"category": "policy"}),
            ("other", "2020-11-25", "2020-11-30", {"unit": "nyw"}),
        ):
            made[name] = make_ticket(
                session, received_at=received(on), result="已办", solved_at=received(until, "11:00"), **more
            ).id
        made["open"] = make_ticket(session, received_at=received("2020-11-20")).id
        made["void"] = make_ticket(
            session, received_at=received("2020-11-02"), result="x", solved_at=received("2020-11-03")
        ).id
        project = make_project(session, code="500114-2020-0777", name="绝密项目", confidentiality="internal")
        made["sealed"] = make_ticket(
            session, project=project, received_at=received("2020-11-02"), result="已办",
            solved_at=received("2020-11-12", "11:00"),
        ).id  # fmt: skip
        service.void(session, SYSTEM, made["void"], "重复登记")
    body = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    assert put_part(as_("reviewer"), f"{API}/projects/500114-2020-0777", "confidentiality", body).status_code == 200
    return made


def figure(as_: As, who: str, indicator: str, **more: Any) -> dict[str, Any]:
    answer = as_(who).get(f"{API}/figures", params={"indicator": indicator, "period": "2020-11", **more})
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    return {"/".join(item["dimensions"].values()): item for item in found}


def values(as_: As, who: str, indicator: str, **more: Any) -> dict[str, Any]:
    return {key: item["value"] for key, item in figure(as_, who, indicator, **more).items()}


def test_what_they_are(as_: As, db: Work, year: dict[str, int]) -> None:
    assert values(as_, "officer", "tickets_received") == {"": 6}
    assert values(as_, "officer", "tickets_solved") == {"": 5}
    rate = figure(as_, "officer", "tickets_in_time_rate")[""]
    # Those of 0, 1 and 5 days; three working days after Wednesday the 25th are Monday the 30th at six.
    assert (rate["numerator"], rate["denominator"], rate["value"], rate["text"]) == (3, 5, "0.6000000000", "60.0%")
    days = figure(as_, "officer", "ticket_days_median")[""]
    assert (days["value"], days["text"], days["unit"]) == ("5.0", "5", "天")  # of 0, 1, 5, 10 and 12
    by_unit = {"jxw": "5.5", "nyw": "5.0"}  # of 0, 1, 10 and 12
    assert values(as_, "officer", "ticket_days_median", by="unit") == by_unit
    assert values(as_, "officer", "tickets_received", by="ticket_category") == {"fire": 4, "soil": 1, "policy": 1}
    assert values(as_, "officer", "tickets_solved", filter="ticket_category:soil") == {"": 1}
    empty = as_("officer").get(f"{API}/figures", params={"indicator": "ticket_days_median", "period": "2019"}).json()
    assert (empty["items"][0]["value"], empty["items"][0]["reason"]["code"]) == (None, "no_rows")
    assert as_("officer").get(f"{API}/figures?indicator=signed_count&period=2020&by=ticket_category").status_code == 422
    for share in ("ticket_days_median&share=true", "ticket_days_median/days_out", "ticket_rating&share=true"):
        assert as_("officer").get(f"{API}/figures?indicator={share}&period=2020").status_code == 422, share


def test_they_are_opened_to_their_rows_and_hide_what_one_may_not_see(as_: As, db: Work, year: dict[str, int]) -> None:
    def rows(who: str, indicator: str, **more: Any) -> tuple[list[tuple[Any, Any]], int]:
        asked = {"indicator": indicator, "period": "2020-11", "sort": "date"} | more
        answer = as_(who).get(f"{API}/figures/rows", params=asked)
        assert answer.status_code == 200, answer.text
        return [(row["ticket"], row["amount"]) for row in answer.json()["items"]], answer.json()["withheld"]

    own = [(year["soon"], 1), (year["same"], 0), (year["late"], 12), (year["other"], 5)]
    assert rows("officer", "ticket_days_median") == (own, 1)
    named = sorted([*own, (year["sealed"], 10)])
    assert (sorted(rows("named", "ticket_days_median")[0]), rows("named", "ticket_days_median")[1]) == (named, 0)
    assert rows("li", "tickets_solved") == ([(year["other"], 5)], 4)
    assert rows("wang", "tickets_solved", filter="unit:jxw") == (own[:3], 1)
    assert [ticket for ticket, _ in rows("officer", "tickets_in_time_rate")[0]] == [
        year["soon"], year["same"], year["other"],
    ]  # fmt: skip
    # The totals are the same for all, and a part of which one sees nothing has no name.
    assert values(as_, "li", "tickets_solved") == {"": 5}
    assert values(as_, "li", "ticket_days_median", by="unit") == {"nyw": "5.0", "other": "5.5"}
    assert "绝密" not in as_("officer").get(f"{API}/figures/rows?indicator=tickets_solved&period=2020").text


def test_what_a_period_said_stays_when_a_ticket_is_taken_up_anew(as_: As, db: Work, year: dict[str, int]) -> None:
    before = {code: values(as_, "officer", code) for code in ("tickets_solved", "ticket_days_median")}
    assert as_("officer").post(f"{API}/tickets/{year['soon']}/reopen", json={"reason": "x"}).status_code == 200
    assert {code: values(as_, "officer", code) for code in before} == before
    today = calendar.today()
    assert values(as_, "officer", "tickets_reopened", period=str(today.year)) == {"": 1}
    assert values(as_, "officer", "tickets_reopened") == {"": 0}
    # As far as it was known on a day: the later ones are not there yet.
    assert values(as_, "officer", "tickets_solved", as_of="2020-11-12") == {"": 3}
    assert values(as_, "officer", "ticket_days_median", as_of="2020-11-11") == {"": "0.5"}


def test_ratings_have_a_mean(as_: As, db: Work, year: dict[str, int]) -> None:
    with db() as session:
        for name, score in (("soon", 5), ("late", 4), ("other", 5)):
            ticket = session.get_one(Ticket, year[name])
            session.add(
                TicketRating(
                    ticket_id=ticket.id, round=1, unit_id=ticket.owner_unit_id, token_hash=name, made_at=calendar.now(),
                    made_by=0, made_by_name="x", expires_at=calendar.now(), rated_at=calendar.now(),
                    rated_on=date(2020, 11, 28), score=score,
                )
            )  # fmt: skip
    mean = figure(as_, "officer", "ticket_rating")[""]
    assert (mean["numerator"], mean["denominator"], mean["value"]) == (14, 3, "4.6666666667")
    assert (mean["text"], mean["unit"]) == ("4.7", "分")
    assert values(as_, "officer", "ticket_rating", by="unit") == {"jxw": "4.5000000000", "nyw": "5.0000000000"}


def test_what_comes_late_for_a_closed_month_counts_in_the_next_until_it_is_opened(
    as_: As, db: Work, year: dict[str, int]
) -> None:
    judge = as_("reviewer")
    assert judge.post(f"{API}/periods/2020-11/lock").status_code in (200, 201)
    assert (
        as_("officer").post(f"{API}/tickets/{year['soon']}/void", json={"reason": "x"}).json()["code"]
        == "period_locked"
    )
    with db() as session:
        late = make_ticket(
            session, received_at=received("2020-11-27"), result="已办", solved_at=received("2020-11-28")
        ).id
    assert values(as_, "officer", "tickets_received") == {"": 6}
    assert values(as_, "officer", "tickets_received", period="2020-12") == {"": 1}
    assert values(as_, "officer", "tickets_solved", period="2020-12") == {"": 1}
    assert judge.post(f"{API}/periods/2020-11/reopen", json={"reason": "补记"}).status_code == 200
    assert values(as_, "officer", "tickets_received") == {"": 7}
    assert values(as_, "officer", "tickets_solved") == {"": 6}
    with db() as session:
        assert session.scalars(select(Ticket.deferred_to).where(Ticket.id == late)).one() is None
