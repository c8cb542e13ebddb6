"""Leads: who was first is proven, who comes late is told, and nobody is rewarded whose exclusions are not checked."""

from datetime import date
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.facts.rewards.leads.service import is_late
from app.facts.rewards.leads.terms import Exclusion
from app.facts.rewards.providers.schemas import has_number
from app.facts.rewards.rules import PROCEDURE, TaxClass, taxed
from app.facts.rewards.sights import admits
from app.kernel import chain
from app.kernel.access import TABLE, Actor, Role
from tests.clients import As, Work, put_part
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.rewards import make_giver, make_lead, make_paper
from tests.replay import assert_log_equals_tables

API = "/api/v1/rewards/leads"
TOLD = {"information": "某企业拟建厂，联系人王某", "investor": "某新材料公司", "received_on": "2020-03-02"}
NONE = {kind.value: False for kind in Exclusion}


def made(answer: Any, status: int = 201) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("contact", "registered", "late"),
    [
        (None, date(2020, 12, 31), False),
        (date(2020, 3, 1), date(2020, 2, 1), False),
        (date(2020, 3, 1), date(2020, 3, 8), False),
        (date(2020, 3, 1), date(2020, 3, 9), True),
    ],
)
def test_when_a_lead_is_late(contact: date | None, registered: date, late: bool) -> None:
    assert is_late(contact, registered, PROCEDURE.shipped.register_within_days) is late


@given(st.integers(0, 10**13), st.sampled_from(["0", "0.5", "1"]), st.sampled_from(["0", "0.2", "0.3333"]))
def test_tax_is_part_of_the_reward(gross: int, share: str, rate: str) -> None:
    taxable, withheld = taxed(TaxClass(label="税", taxable=share, rate=rate), gross)
    assert 0 <= withheld <= taxable <= gross
    assert taxed(TaxClass(label="税", taxable="1", rate="0.2"), 5 * gross) == (5 * gross, gross)


def test_a_lead_is_registered_and_becomes_a_project(app: FastAPI, as_: As, db: Work) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        givers = [make_giver(session, name, unit=unit).id for name in ("甲某", "乙某")]
        code = make_project(session, unit=unit, lead_on=date(2020, 3, 1)).code
    reporter, officer = as_("reporter", unit="jxw"), as_("officer")
    with time_machine.travel("2020-03-05T02:00:00Z", tick=False):
        first = made(reporter.post(API, json=TOLD | {"providers": givers}))
    assert (first["unit"], first["late"], first["project"], first["proof"]) == ("jxw", False, None, None)
    with time_machine.travel("2020-03-20T02:00:00Z", tick=False):
        second = made(officer.post(API, json=TOLD | {"providers": givers[:1], "project": code}))
    assert (second["first_contact_on"], second["late"], second["first"]) == ("2020-03-01", True, True)
    linked = made(reporter.post(f"{API}/{first['id']}/link", json={"project": code}), 200)
    assert (linked["project"], linked["first_contact_on"], linked["late"]) == (code, "2020-03-01", False)
    assert [who["name"] for who in linked["providers"]] == ["甲某", "乙某"]
    # The log proves who was first: the number, chained by its hash, is that of the event itself.
    proofs = [officer.get(f"{API}/{one['id']}").json() for one in (first, second)]
    assert (proofs[0]["first"], proofs[1]["first"]) == (True, False)
    assert proofs[0]["proof"]["seq"] < proofs[1]["proof"]["seq"]
    with app.state.database.reading() as connection:
        event = next(row for row in chain.stored(connection) if row.seq == proofs[0]["proof"]["seq"])
        assert (event.kind, event.hash) == ("lead.registered", proofs[0]["proof"]["hash"])
        assert "王某" not in "".join(row.body for row in chain.stored(connection))
        assert_log_equals_tables(connection)
    again = reporter.post(f"{API}/{first['id']}/link", json={"project": code})
    assert (again.status_code, again.json()["code"]) == (409, "already_linked")
    gone = made(reporter.post(f"{API}/{first['id']}/withdraw", json={"reason": "登记有误"}), 200)
    assert gone["withdrawn_reason"] == "登记有误"
    assert as_("officer").get(f"{API}/{second['id']}").json()["first"] is True
    assert reporter.post(f"{API}/{first['id']}/withdraw", json={"reason": "再次"}).json()["code"] == "lead_withdrawn"
    listed = as_("officer").get(API, params={"project": code, "withdrawn": "false", "count": "true"}).json()
    assert (listed["total"], [row["id"] for row in listed["items"]]) == (1, [second["id"]])


def test_papers_and_the_confirmation(as_: As, db: Work) -> None:
    with db() as session:
        lead = make_lead(session)
        number, other = lead.id, make_paper(session, make_lead(session), "confirmation").id
    officer = as_("officer")
    file = {"file": ("确认书.txt", "确认".encode(), "text/plain")}
    paper = made(officer.post(f"{API}/{number}/papers", data={"kind": "confirmation"}, files=file))
    assert officer.post(f"{API}/{number}/papers", data={"kind": "confirmation"}, files=file).status_code == 409
    form = made(officer.post(f"{API}/{number}/papers", data={"kind": "other"}, files=file))
    assert officer.get(f"{API}/{number}/papers/{paper['id']}/file").content == "确认".encode()
    said = {"confirmed_on": "2020-04-01", "confirmed_by": "投资部经理"}
    for wrong, code in ((other, "unknown_paper"), (form["id"], "wrong_paper")):
        refused = officer.post(f"{API}/{number}/confirm", json=said | {"paper": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    early = officer.post(f"{API}/{number}/confirm", json=said | {"paper": paper["id"], "confirmed_on": "2020-01-01"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "confirmed_on")  # it came on the second
    confirmed = made(officer.post(f"{API}/{number}/confirm", json=said | {"paper": paper["id"]}), 200)
    assert (confirmed["confirmed_on"], confirmed["confirmation"]) == ("2020-04-01", paper["id"])
    assert officer.post(f"{API}/{number}/confirm", json=said | {"paper": paper["id"]}).status_code == 409


def test_exclusions_are_declared_and_checked_by_two(as_: As, db: Work) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        giver = make_giver(session, unit=unit)
        lead = make_lead(session, giver, unit=unit)
        number, who, paper = lead.id, giver.id, make_paper(session, lead, "exclusion_check").id
    reporter, officer = as_("reporter", unit="jxw"), as_("officer")
    path = f"{API}/{number}/exclusions"
    found = officer.get(path).json()
    assert (len(found["items"]), found["clear"]) == (len(Exclusion), False)

    def check(kind: str, *, excluded: bool, by: str = "officer", **more: Any) -> Any:
        body = {"provider": who, "excluded": excluded, "paper": paper} | more
        return as_(by).post(f"{path}/{kind}/check", json=body)

    assert check("relative", excluded=False).json()["code"] == "not_declared_yet"
    partial = reporter.post(path, json={"provider": who, "answers": {"relative": False}})
    assert (partial.status_code, len(partial.json()["errors"])) == (422, len(Exclusion) - 1)
    made(reporter.post(path, json={"provider": who, "answers": NONE}), 200)
    for kind in Exclusion:
        assert check(kind.value, excluded=False).status_code == 200
    assert officer.get(path).json()["clear"] is True
    assert officer.get(f"{API}/{number}").json()["exclusions_clear"] is True
    # What comes to light later is found later; against what was declared only with a word why.
    assert check("related_party", excluded=True).json()["errors"][0]["field"] == "remarks"
    later = check("related_party", excluded=True, remarks="工商登记显示为投资方股东").json()
    assert later["clear"] is False
    # An answer that changed is checked anew, and not by whoever entered it.
    made(officer.post(path, json={"provider": who, "answers": NONE | {"agency": True}}), 200)
    by_kind = {item["kind"]: item["verdict"] for item in officer.get(path).json()["items"]}
    assert (by_kind["agency"], by_kind["related_party"], by_kind["tender"]) == ("pending", "excluded", "clear")
    assert check("agency", excluded=True).json()["code"] == "same_person"
    assert check("agency", excluded=True, by="reviewer").status_code == 200


def test_free_text_takes_no_number_of_anybody(as_: As, db: Work) -> None:
    """It is neither sealed nor masked: an identity number or an account belongs to the provider."""
    with db() as session:
        giver = make_giver(session).id
    for field in ("information", "investor"):
        wrong = TOLD | {"providers": [giver], field: "王某 500114 19900101 1231"}
        answer = as_("officer").post(API, json=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "personal_number")
        assert "1231" not in answer.text


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("500114199001011231", False),
        ("500114 19900101 123X", False),
        ("５００１１４１９９００１０１１２３１", False),  # as an input method may write it
        ("6222 0212 3456 7890 128", False),
        ("6222.0212.3456.7890.128", False),
        ("6222－0212－3456－7890－128", False),
        ("2026.03.02-2026.03.05", True),
        ("渝黔招〔2026〕12号，电话 023-79222222", True),
    ],
)
def test_what_may_be_a_number_of_somebody(text: str, taken: bool) -> None:
    assert has_number(text) is not taken


def test_names_of_papers_and_honours_tell_no_number(as_: As, db: Work) -> None:
    with db() as session:
        giver = make_giver(session).id
    officer = as_("officer")
    number = made(officer.post(API, json=TOLD | {"providers": [giver]}))["id"]
    file = {"file": ("身份证500114199001011231.txt", b"x", "text/plain")}
    honour = {"provider": giver, "title": "先进个人 500114199001011231", "awarded_on": "2020-10-01", "basis": "示例"}
    for wrong in (
        officer.post(f"{API}/{number}/papers", data={"kind": "other"}, files=file),
        officer.post(f"{API}/{number}/honours", json=honour),
    ):
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "personal_number")
    assert "500114199001011231" not in officer.get(f"{API}/{number}").text


SIGHT = {"units": [1, 2], "project": {"level": "internal", "units": [2], "users": []}}
SEALED = {"units": [1], "project": {"level": "sealed", "units": [1], "users": [7]}}


@pytest.mark.parametrize(
    ("role", "user", "unit", "sight", "seen"),
    [
        (Role.OFFICER, 5, None, SIGHT, True),
        (Role.LEADER, 5, None, {"units": [], "project": None}, True),
        (Role.REPORTER, 5, 2, SIGHT, True),
        (Role.REPORTER, 5, 1, SIGHT, False),  # the unit took the lead, but may not see what it became
        (Role.REPORTER, 5, 3, SIGHT, False),
        (Role.REPORTER, 5, None, {"units": [], "project": None}, False),
        (Role.REPORTER, 5, 1, {"units": [1], "project": None}, True),
        (Role.REPORTER, 5, 3, {"units": [1], "project": {"level": "open", "units": [], "users": []}}, False),
        (Role.OFFICER, 5, None, SEALED, False),
        (Role.OFFICER, 7, None, SEALED, True),
        (Role.REPORTER, 5, 1, SEALED, False),
        (Role.OFFICER, 5, None, None, False),
    ],
)
def test_who_is_told_by_the_log(role: Role, user: int, unit: int | None, sight: Any, seen: bool) -> None:
    actor = Actor(user, "x", "user", frozenset({role}), TABLE[role], unit)
    assert admits(actor, sight) is seen


WHO = [
    ("officer", None, "linked", 200),
    ("leader", None, "linked", 200),
    ("reporter", "jxw", "linked", 200),
    ("reporter", "nyw", "linked", 404),
    ("officer", None, "bureau", 200),
    ("reporter", "jxw", "bureau", 404),
    ("officer", None, "sealed", 404),
    ("reporter", "jxw", "sealed", 404),
    ("named", None, "sealed", 200),
]


@pytest.mark.parametrize(("who", "unit", "which", "status"), WHO)
def test_who_sees_a_lead(as_: As, db: Work, who: str, unit: str | None, which: str, status: int) -> None:
    with db() as session:
        jxw = make_unit(session, "jxw")
        make_unit(session, "nyw")
        project = make_project(session, unit=jxw, confidentiality="internal")
        code = project.code
        lead = make_lead(
            session, project=None if which == "bureau" else project, unit=None if which == "bureau" else jxw
        )
        number, paper = lead.id, make_paper(session, lead, "other").id
    as_("officer", login="named")
    if which == "sealed":
        seal = {"level": "sealed", "users": ["named"], "reason": "投资方要求"}
        assert put_part(as_("reviewer"), f"/api/v1/projects/{code}", "confidentiality", seal).status_code == 200
    client = as_(who, unit=unit) if unit else as_(who)
    assert client.get(f"{API}/{number}").status_code == status
    assert client.get(f"{API}/{number}/exclusions").status_code == status
    assert len(client.get(API).json()["items"]) == (status == 200)
    if status == 404:
        assert client.get(f"{API}/{number}/papers/{paper}/file").status_code == 404
        assert client.post(f"{API}/{number}/withdraw", json={"reason": "不可见"}).status_code in (403, 404)
