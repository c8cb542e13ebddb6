"""Claims: every step by another person, on its paper; what they come to, and who is paid what."""

import io
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from docx import Document
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.facts.projects.models import Project
from app.facts.projects.service import refresh_sight
from app.facts.projects.terms import Confidentiality
from app.facts.rewards.budgets.models import RewardBudget
from app.facts.rewards.claims.calculations import matrix
from app.facts.rewards.claims.instalments import rearranged
from app.facts.rewards.claims.machine import BY_VERB, ENDED, HANDS, TRANSITIONS, Need, allowed
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.payments import parts
from app.facts.rewards.claims.service import notice_end
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.kernel.access import TABLE, Role
from tests.clients import As, Work
from tests.factories.rewards import TWO_INSTALMENTS
from tests.facts.rewards.claiming import API, Place, a_place
from tests.replay import assert_log_equals_tables


@pytest.fixture
def place(as_: As, db: Work) -> Place:
    return a_place(as_, db)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


# -- pure --------------------------------------------------------------------------------------------------------


def test_the_machine_is_whole() -> None:
    """Every verb once; from every state that is no end something leads on; an end leads nowhere."""
    assert [each.verb for each in TRANSITIONS] == list(dict.fromkeys(each.verb for each in TRANSITIONS))
    assert set(BY_VERB) == set(Verb)
    leading = {state for each in TRANSITIONS for state in each.before}
    assert leading == set(ClaimState) - ENDED
    # No step is skipped: approval only follows the notice, the notice the review, the review the check.
    way = [Verb.FILE, Verb.CHECK, Verb.REVIEW, Verb.PUBLISH, Verb.APPROVE, Verb.PAY]
    for before, after in pairwise(way):
        again = {ClaimState.NOTICED} if after is Verb.REVIEW else set()  # more than was shown goes there again
        assert BY_VERB[after].before == {BY_VERB[before].after} | again
    assert {Need.CLEAR, Need.NOTICE_OVER, Need.BUDGET, Need.ALONE} <= BY_VERB[Verb.APPROVE].needs
    # Who does one of the five things does none of the others; accepting a difference is approving again.
    for verb in HANDS - {Verb.FILE, Verb.ACCEPT, Verb.APPROVE}:
        assert BY_VERB[verb].apart == HANDS - {verb}
    for verb in (Verb.ACCEPT, Verb.APPROVE):
        assert BY_VERB[verb].apart == HANDS - {Verb.ACCEPT, Verb.APPROVE}


@given(
    st.lists(st.integers(0, 10**11), min_size=1, max_size=6),
    st.lists(st.integers(1, 999), min_size=1, max_size=5),
)
def test_instalments_and_shares_add_up_both_ways(instalments: list[int], weights: list[int]) -> None:
    """Every instalment is paid out whole; of the total each provider gets his share to the fen."""
    total = sum(weights)
    shares = [weight * 1_000_000 // total for weight in weights]
    shares[0] += 1_000_000 - sum(shares)
    percents = {number: f"{share // 10_000}.{share % 10_000:04d}" for number, share in enumerate(shares) if share}
    rows = matrix(instalments, percents)
    assert [sum(row.values()) for row in rows] == instalments
    assert all(fen >= 0 for row in rows for fen in row.values())
    if instalments[-1] * min(share for share in shares if share) >= len(instalments) * 1_000_000:
        for number, share in enumerate(shares):
            if share:
                got = sum(row[number] for row in rows)
                assert abs(got * 1_000_000 - sum(instalments) * share) < 1_000_000
    # Paid one after the other, it comes to the same.
    entitled = {who: sum(row[who] for row in rows) for who in percents}
    paid = dict.fromkeys(percents, 0)
    for number, fen in enumerate(instalments):
        for who, got in parts(fen, percents, paid, entitled, number == len(instalments) - 1).items():
            paid[who] += got
    assert paid == entitled


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.dictionaries(st.integers(1, 6), st.integers(0, 10**9))
)
def test_a_difference_is_taken_by_what_is_not_paid(due: list[int], paid: dict[int, int]) -> None:
    paid = {number: fen for number, fen in paid.items() if number <= len(due)}
    found = rearranged(due, paid)
    if found is not None:
        assert sum(found.values()) == sum(due)
        assert all(found[number] == fen for number, fen in paid.items())
        assert min(found.values()) >= 0
    elif len(paid) < len(due):
        assert sum(paid.values()) > sum(due)


def test_days() -> None:
    # From the Wednesday before National Day: five working days are 9-30, 10-8, 10-9, 10-10 (worked) and 10-12.
    known = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
    assert notice_end(date(2026, 9, 30), 5, known) == date(2026, 10, 12)
    assert notice_end(date(2026, 9, 30), 1, known) == date(2026, 9, 30)


# -- the whole way -------------------------------------------------------------------------------------------------


def test_a_claim_is_paid_in_two_instalments(app: FastAPI, place: Place) -> None:
    claim = place.until("pay")
    got = place.who("review").get(f"{API}/{claim}").json()
    assert (got["state"], got["gross"], got["paid"], got["may"]) == (
        "approved", "105000.00", "52500.00", ["freeze", "pay"],
    )  # fmt: skip
    assert [step["verb"] for step in got["steps"]] == ["file", "check", "review", "publish", "approve", "pay"]
    assert all(step["paper"] for step in got["steps"] if step["verb"] != "publish")
    assert len({step["by"] for step in got["steps"] if step["verb"] != "publish"}) == 5
    # Two thirds of 52500 to a person, who pays a fifth in tax; the rest to an organisation, which does not.
    assert [(one["gross"], one["withheld"], one["net"]) for one in got["payments"]] == [
        ("34999.97", "6999.99", "27999.98"), ("17500.03", "0.00", "17500.03"),
    ]  # fmt: skip
    second = place.take(claim, "pay", place="instalments/2/pay")
    assert code_of(second) == (409, "not_due")
    assert code_of(place.take(claim, "pay")) == (409, "already_paid")
    # Some of it is taken back: the reward falls, and nobody is paid before that was accepted.
    place.invest(-500, "2020-09")
    assert code_of(place.take(claim, "pay", place="instalments/2/pay")) == (409, "difference_not_accepted")
    shown = place.who("pay").get(f"{API}/{claim}/calculation").json()
    assert (shown["differs"], shown["difference"], shown["current"]["gross"]) == (True, "-5000.00", "100000.00")
    assert [kept["verb"] for kept in shown["kept"]] == ["file", "review", "approve"]
    assert sum(float(line["amount"]) for line in shown["current"]["lines"]) == 100000
    assert code_of(place.take(claim, "accept", gross="105000.00")) == (409, "changed")
    accepted = place.take(claim, "accept", gross="100000.00").json()
    assert [(one["amount"], one["due_on"] is not None) for one in accepted["instalments"]] == [
        ("52500.00", True), ("47500.00", False),
    ]  # fmt: skip
    # All is invested: what goes beyond the public notice is not granted, and what was approved is paid all the same.
    place.invest(4_000, "2020-10")
    refused = place.take(claim, "accept", gross="140000.00")
    assert code_of(refused) == (409, "more_than_shown") and "105000" in refused.json()["message"].replace(",", "")
    warned = place.who("pay").get(f"{API}/{claim}").json()["warnings"]
    assert [one["code"] for one in warned] == ["differs", "more_than_shown"]
    done = place.take(claim, "pay", place="instalments/2/pay").json()
    assert (done["state"], done["paid"]) == ("paid", "100000.00")
    by_giver = {giver: [one for one in done["payments"] if one["provider"] == giver] for giver in place.givers}
    # 100000 by 66.6666 and 33.3334 percent, to the fen over both instalments.
    assert [sum(round(float(one["gross"]) * 100) for one in ones) for ones in by_giver.values()] == [6666660, 3333340]
    history = place.who("review").get(f"{API}/{claim}/history", params={"limit": 200}).json()["items"]
    words = [one["label"] for one in history] + [change["label"] for one in history for change in one["changes"]]
    assert [word for word in words if word.isascii()] == []
    assert history[0]["label"] == "支付奖励"
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_money_comes_back_as_entries_below_zero(app: FastAPI, place: Place) -> None:
    claim = place.until("pay")
    paid = place.who("pay").get(f"{API}/{claim}").json()["payments"]
    assert code_of(place.take(claim, "claw-back", everything=False)) == (409, "nothing_to_take_back")
    # Four fifths of the investment never were: 1300万 give 50000 + 3000; 26500 of what was paid is kept.
    place.invest(-5_200, "2020-10")
    shown = place.who("pay").get(f"{API}/{claim}").json()
    assert (shown["current_gross"], shown["warnings"][0]["code"]) == ("53000.00", "differs")
    back = place.take(claim, "claw-back", everything=False)
    assert code_of(back) == (409, "nothing_to_take_back")  # 52500 of 53000 were paid
    place.invest(-1_000, "2020-11")  # 300万: 15000
    back = place.take(claim, "claw-back", everything=False).json()
    assert (back["state"], back["paid"], back["payments"][:2]) == ("clawed_back", "15000.00", paid)
    person = [one for one in back["payments"] if one["provider"] == place.givers[0]]
    assert [one["gross"] for one in person] == ["34999.97", "-24999.98"]
    # Its tax comes back in the proportion it was paid in.
    assert sum(round(float(one["withheld"]) * 100) for one in person) == 200_000
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_everything_comes_back_of_a_false_claim(place: Place) -> None:
    claim = place.until("pay")
    assert code_of(place.take(claim, "claw-back", by=place.who("pay"))) == (403, "forbidden")
    back = place.take(claim, "claw-back").json()
    assert (back["state"], back["paid"]) == ("clawed_back", "0.00")
    assert sum(round(float(one["net"]) * 100) for one in back["payments"]) == 0
    assert place.file().status_code == 201  # nothing of it is left


# -- what is refused -----------------------------------------------------------------------------------------------

VERBS = {
    "check": Verb.CHECK, "review": Verb.REVIEW, "publish": Verb.PUBLISH, "objections": Verb.OBJECT,
    "answer": Verb.ANSWER, "freeze": Verb.FREEZE, "release": Verb.RELEASE, "approve": Verb.APPROVE,
    "accept": Verb.ACCEPT, "pay": Verb.PAY, "claw-back": Verb.CLAW_BACK, "refuse": Verb.REFUSE,
    "withdraw": Verb.WITHDRAW,
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_every_forbidden_transition_is_refused(place: Place, as_: As, role: Role) -> None:
    """Every state, every verb, every role: 403 without the permission, 409 where the table has no such step."""
    claim = place.until("file")
    client = as_(role.value, unit="jxw", login="asking") if role is Role.REPORTER else as_(role.value, login="asking")
    refused = 0
    for state in ClaimState:
        with place.db() as session:
            row = session.get_one(Claim, claim)
            row.state = state
            row.frozen_from = ClaimState.NOTICED if state is ClaimState.FROZEN else None
        may = allowed(state, TABLE[role])
        for path, verb in VERBS.items():
            if verb in may:
                continue
            answer = place.take(claim, path, by=client)
            wanted = (409, "wrong_state") if BY_VERB[verb].permission in TABLE[role] else (403, "forbidden")
            assert code_of(answer) == wanted, f"{role} {state} {verb}: {answer.text}"
            refused += 1
        with place.db() as session:
            assert session.get_one(Claim, claim).state is state
    assert refused >= 60


def test_nobody_acts_twice(place: Place, as_: As) -> None:
    """One officer who may everything that officers may takes no two of the five steps."""
    reviewer = place.who("approve")
    claim = int(reviewer.post(API, json=place.body).json()["id"])
    for verb in ("check", "review", "publish", "approve", "pay"):
        if verb == "approve":
            place.over(claim)
        if verb != "publish":
            assert code_of(place.take(claim, verb, by=reviewer)) == (403, "same_person"), verb
        by = as_("reviewer", login="another") if verb == "approve" else None
        answer = place.take(claim, verb, by=by)
        assert answer.status_code == 200, answer.text
    assert code_of(place.take(claim, "refuse")) == (409, "wrong_state")


def test_a_paper_is_the_one_that_is_asked_for(place: Place) -> None:
    claim = place.until("file")
    wrong = place.take(claim, "check", paper=place.papers["minutes"])
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "wrong_paper")
    assert place.take(claim, "check", paper=2**62).json()["errors"][0]["code"] == "unknown_paper"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"policy": "no_such"}, "policy", "unknown_policy"),
    ({"choice": "investment"}, "choice", "not_asked"),
    ({"met_on": "2020-01-01"}, "met_on", "not_met"),
    ({"shares": [{"provider": 1, "percent": "60"}]}, "shares", "not_whole"),
    ({"shares": [{"provider": 2**60, "percent": "100"}]}, "shares", "other_providers"),
    ({"shares": [{"provider": 1, "percent": "-33"}]}, "shares.0.percent", "not_a_percent"),
    ({"shares": [{"provider": 1, "percent": "33.33333"}]}, "shares.0.percent", "not_a_percent"),
    ({"fund": "Any Fund"}, "fund", ""),
]


@pytest.mark.parametrize(("more", "field", "code"), BAD)
def test_what_cannot_be_claimed(place: Place, more: dict[str, Any], field: str, code: str) -> None:
    answer = place.file(**more)
    assert answer.status_code == 422, answer.text
    error = answer.json()["errors"][0]
    assert error["field"] == field and code in ("", error["code"])


def test_a_project_is_rewarded_once(as_: As, db: Work) -> None:
    """Nor under a policy that excludes it, whichever of the two says so; a refused claim stands in nobody's way."""
    other = TWO_INSTALMENTS | {"code": "other", "exclusive_with": ["sample"]}
    third = TWO_INSTALMENTS | {"code": "third"}
    place = a_place(as_, db, TWO_INSTALMENTS, other, third)
    claim = place.until("file")
    for policy in ("sample", "other"):
        answer = place.file(policy=policy)
        assert code_of(answer) == (409, "already_rewarded") and f"第 {claim} 号" in answer.json()["message"]
    assert place.file(policy="third").status_code == 201
    assert place.take(claim, "refuse").status_code == 200
    assert place.file(policy="other").status_code == 201


# -- exclusions, objections ----------------------------------------------------------------------------------------


def test_a_relation_that_is_found_later_freezes_the_claim(place: Place) -> None:
    claim = place.until("approve")
    path = f"/api/v1/rewards/leads/{place.lead}/exclusions/related_party/check"
    found = {"provider": place.givers[1], "excluded": True, "paper": place.papers["exclusion_check"], "remarks": "股东"}
    assert place.who("review").post(path, json=found).status_code == 200
    got = place.who("review").get(f"{API}/{claim}").json()
    assert (got["state"], got["frozen_from"], got["warnings"][0]["code"]) == ("frozen", "approved", "excluded")
    assert "关联方" in got["held_reason"]
    assert code_of(place.take(claim, "pay")) == (409, "wrong_state")
    assert code_of(place.take(claim, "release")) == (409, "excluded")
    assert code_of(place.take(claim, "refuse")) == (409, "wrong_state")
    assert place.who("review").post(path, json=found | {"excluded": False}).status_code == 200
    assert place.take(claim, "release").json()["state"] == "approved"
    assert place.take(claim, "pay").status_code == 200


def test_what_was_paid_to_somebody_excluded_is_to_come_back(place: Place) -> None:
    claim = place.until("pay")
    place.invest(3_500, "2020-09")
    place.take(claim, "pay", place="instalments/2/pay")
    path = f"/api/v1/rewards/leads/{place.lead}/exclusions/relative/check"
    found = {"provider": place.givers[0], "excluded": True, "paper": place.papers["exclusion_check"], "remarks": "亲属"}
    assert place.who("review").post(path, json=found).status_code == 200
    assert place.who("review").get(f"{API}/{claim}").json()["state"] == "paid"
    (notice, *_) = place.who("approve").get("/api/v1/me/notices", params={"sort": "-told_at"}).json()["items"]
    assert "待追回" in notice["text"] and notice["waits"] is True
    assert place.take(claim, "claw-back").json()["paid"] == "0.00"


def test_a_claim_stays_frozen_whose_lead_is_gone(place: Place) -> None:
    claim = place.until("approve")
    assert place.who("file").post(
        f"/api/v1/rewards/leads/{place.lead}/withdraw", json={"reason": "登记有误"}
    ).status_code == 200  # fmt: skip
    got = place.who("review").get(f"{API}/{claim}").json()
    assert (got["state"], got["held_reason"]) == ("frozen", "线索已撤销")
    assert code_of(place.take(claim, "release")) == (409, "lead_gone")


def test_an_objection_freezes_until_it_is_answered(place: Place) -> None:
    claim = place.until("publish")
    outside = place.take(claim, "objections", raised_on="2020-01-01")
    assert code_of(outside) == (409, "outside_notice")
    assert outside.json()["errors"][0]["field"] == "raised_on"
    for _ in range(2):
        raised = place.take(claim, "objections")
        assert (raised.status_code, raised.json()["state"]) == (201, "frozen"), raised.text
    place.over(claim)
    first, second = (one["id"] for one in raised.json()["objections"])
    assert code_of(place.take(claim, "approve")) == (409, "wrong_state")
    assert code_of(place.take(claim, "release")) == (409, "still_objected")
    answer = f"objections/{first}/answer"
    own = place.take(claim, "answer", place=answer, by=place.who("review"))
    assert code_of(own) == (403, "same_person") and "登记异议的人不能答复异议" in own.json()["message"]
    assert place.take(claim, "answer", place=answer).json()["state"] == "frozen"
    assert code_of(place.take(claim, "answer", place=answer)) == (409, "objection_answered")
    assert place.take(claim, "answer", place=f"objections/{second}/answer").json()["state"] == "noticed"
    assert place.take(claim, "approve").status_code == 200


def test_an_objection_that_is_upheld_ends_the_claim(place: Place) -> None:
    claim = place.until("publish")
    number = place.take(claim, "objections").json()["objections"][0]["id"]
    ended = place.take(claim, "answer", place=f"objections/{number}/answer", upheld=True).json()
    assert (ended["state"], ended["objections"][0]["upheld"]) == ("refused", True)


def test_needs_are_asked(place: Place) -> None:
    """The notice must be over; the budget must bear it, at approval in any case."""
    claim = place.until("publish")
    assert code_of(place.take(claim, "approve")) == (409, "notice_not_over")
    place.over(claim)
    with place.db() as session:
        budget = session.scalars(select(RewardBudget)).one()
        budget.amount_fen = 104_999_99
    assert place.who("approve").get(f"{API}/{claim}").json()["warnings"][0]["code"] == "over_budget"
    refused = place.take(claim, "approve")
    assert code_of(refused) == (409, "over_budget") and "0.01" in refused.json()["message"]


# -- who sees it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "unit", "level", "status"),
    [
        ("officer", None, "internal", 200), ("leader", None, "internal", 200), ("reporter", "jxw", "internal", 200),
        ("reporter", "nyw", "open", 404), ("officer", None, "sealed", 404), ("reporter", "jxw", "sealed", 404),
    ],
)  # fmt: skip
def test_who_sees_a_claim(place: Place, as_: As, who: str, unit: str | None, level: str, status: int) -> None:
    claim = place.until("pay")
    with place.db() as session:
        project = session.get_one(Project, place.project_id)
        project.confidentiality = Confidentiality(level)
        refresh_sight(session, project)
    client = as_(who, unit=unit, login="asking") if unit else as_(who, login="asking")
    for path in (f"{API}/{claim}", f"{API}/{claim}/calculation"):
        assert client.get(path).status_code == status
    assert len(client.get(API).json()["items"]) == (status == 200)


def test_the_public_notice_names_people_and_sums(place: Place) -> None:
    claim = place.until("review")
    client = place.who("review")
    assert code_of(client.get(f"{API}/{claim}/notice")) == (409, "not_published")
    assert place.take(claim, "publish").status_code == 200
    with place.db() as session:
        row = session.get_one(Claim, claim)
        row.notice_from, row.notice_to = date(2026, 10, 12), date(2026, 10, 16)
    answer = client.get(f"{API}/{claim}/notice")
    document = Document(io.BytesIO(answer.content))
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["引资人", "类别", "引进项目", "拟奖励金额（元）"],
        ["甲某", "个人", client.get(f"{API}/{claim}").json()["project_name"], "69999.93"],
        ["乙公司", "单位", client.get(f"{API}/{claim}").json()["project_name"], "35000.07"],
    ]
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "公示期自2026年10月12日至2026年10月16日" in text and "105000.00 元" in text
    # What was shown stays what was shown, whatever is approved afterwards.
    place.invest(-1000, "2020-09")
    now = client.get(f"{API}/{claim}").json()["current_gross"]
    assert (now, place.take(claim, "approve", gross=now).json()["gross"]) == ("95000.00", "95000.00")
    assert client.get(f"{API}/{claim}/notice").content == answer.content
