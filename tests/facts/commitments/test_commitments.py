"""Clauses over HTTP: recorded, corrected, replaced, stopped, delivered; how facts move them; who sees and changes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select

from app.facts.commitments.jobs import remind
from app.facts.commitments.models import Commitment
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.kernel.notices import Notice
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_commitment
from tests.factories.enterprises import make_enterprise
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

API = "/api/v1"
TODAY = "2021-06-30"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def place(db: Work) -> dict[str, Any]:
    """A project of jxw, started, with its contract; the finance office answers for the subsidy."""
    with db() as session:
        jxw = make_unit(session, "jxw")
        make_unit(session, "czj", "区财政局")
        enterprise = make_enterprise(session)
        project = make_project(
            session, unit=jxw, enterprise=enterprise, stage=Stage.STARTED, started_on=date(2020, 10, 1)
        )  # fmt: skip
        paper = make_agreement(session, project, signed_on=date(2020, 3, 1))
        return {
            "code": project.code, "project": project.id, "paper": paper.id, "enterprise": enterprise.id,
            "evidence": make_evidence(session, project).id,
        }  # fmt: skip


def subsidy(place: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "agreement": place["paper"], "text": "开工后六个月内兑现补贴", "kind": "subsidy", "amount": "2000000.00",
        "unit": "czj", "basis": "黔江府发〔2020〕8号", "basis_from": "2020-01-01", "basis_to": "2025-12-31",
        "due": {"after": "start", "count": 6, "span": "months"}, "condition": {"kind": "stage", "stage": "started"},
    } | more  # fmt: skip


def added(client: Any, place: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/projects/{place['code']}/commitments", json=subsidy(place, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_clause_from_its_record_to_its_state(as_: As, db: Work, place: dict[str, Any], app: FastAPI) -> None:
    officer = as_("officer")
    clause = added(officer, place, evidence=[place["evidence"]])
    assert (clause["party"], clause["state"], clause["due"]["day"]) == ("district", "overdue", "2021-04-01")
    assert clause["days_overdue"] == 90 and "已逾期 90 天" in clause["why"][0]
    assert (clause["promised"]["text"], clause["evidence"]) == ("200万元", [place["evidence"]])
    where = f"{API}/commitments/{clause['id']}"
    states = [officer.get(f"{where}?as_of={day}").json()["state"] for day in ("2021-03-31", "2021-04-01", "2021-04-02")]
    assert states == ["not_due", "due", "overdue"]
    assert officer.get(f"{where}?as_of=2020-09-30").json()["state"] == "condition_not_met"
    assert officer.get(f"{where}?as_of=2020-02-28").status_code == 404  # not signed then
    etag = officer.get(where).headers["ETag"]
    assert officer.patch(where, json={"amount": "1.00"}).status_code == 428
    changed = officer.patch(where, json={"due": {"on": "2021-12-31"}, "reason": "误录"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["state"]) == (200, "not_due")
    assert officer.patch(where, json={"amount": "1.00"}, headers={"If-Match": etag}).status_code == 412
    voided = officer.post(f"{where}/void", json={"reason": "重复登记"})
    assert (voided.json()["state"], voided.json()["why"]) == ("void", ["重复登记"])
    assert officer.get(f"{API}/commitments").json()["items"] == []
    assert [row["state"] for row in officer.get(f"{API}/projects/{place['code']}/commitments").json()["items"]] == [
        "void"
    ]
    told = officer.get(f"{API}/projects/{place['code']}/history").json()["items"]
    assert {"登记履约条款", "更正履约条款", "作废履约条款"} <= {row["label"] for row in told}
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"agreement": 10**9}, "agreement", "unknown_agreement"),
        ({"amount": None}, "amount", "missing"),
        ({"persons": 3}, "persons", "does_not_fit"),
        ({"kind": "jobs"}, "amount", "does_not_fit"),
        ({"unit": "xxx"}, "unit", "unknown_unit"),
        ({"basis": None}, "basis", "missing"),
        ({"basis_to": "2019-01-01"}, "basis_to", "order"),
        ({"condition": {"kind": "clause", "clause": 10**9}}, "condition.clause", "unknown_commitment"),
        ({"condition": {"kind": "stage"}}, "condition", "does_not_fit"),
        ({"due": {"after": "start", "on": "2020-01-01"}}, "due", "does_not_fit"),
        ({"review": 10**9}, "review", "unknown_review"),
        ({"replaces": 10**9}, "replaces", "unknown_commitment"),
        ({"evidence": [10**9]}, "evidence", "unknown_evidence"),
    ],
)
def test_what_is_no_clause(as_: As, place: dict[str, Any], more: dict[str, Any], field: str, code: str) -> None:
    answer = as_("officer").post(f"{API}/projects/{place['code']}/commitments", json=subsidy(place, **more))
    assert answer.status_code == 422
    assert (field, code) in [(one["field"].removeprefix("body."), one["code"]) for one in answer.json()["errors"]]


def test_clauses_may_not_wait_for_one_another(as_: As, place: dict[str, Any]) -> None:
    officer = as_("officer")
    first = added(officer, place)
    second = added(officer, place, condition={"kind": "clause", "clause": first["id"]})
    etag = officer.get(f"{API}/commitments/{first['id']}").headers["ETag"]
    body = {"due": {"after": "clause", "clause": second["id"], "count": 1, "span": "days"}}
    answer = officer.patch(f"{API}/commitments/{first['id']}", json=body, headers={"If-Match": etag})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "circle")


def test_stopped_and_waived_stay_to_be_seen(as_: As, place: dict[str, Any]) -> None:
    officer = as_("officer")
    where = f"{API}/commitments/{added(officer, place)['id']}"
    stopped = officer.post(f"{where}/stop", json={"reason": "公平竞争审查认定违规", "since": "2021-06-01"}).json()
    assert (stopped["state"], "公平竞争审查认定违规" in stopped["why"][0]) == ("stopped", True)
    assert officer.post(f"{where}/waive", json={"reason": "x"}).json()["code"] == "not_open"
    assert officer.post(f"{where}/resume", json={"reason": "整改", "on": "2021-06-15"}).json()["state"] == "overdue"
    assert officer.post(f"{where}/resume", json={"reason": "x"}).json()["code"] == "not_set"
    early = officer.post(f"{where}/waive", json={"reason": "x", "since": "2021-06-10"})
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "order")
    assert officer.post(f"{where}/waive", json={"reason": "不可抗力"}).json()["state"] == "waived"
    found = officer.get(where).json()
    assert [(one["state"], one["since"], one["until"]) for one in found["settings"]] == [
        ("stopped", "2021-06-01", "2021-06-15"), ("waived", TODAY, None),
    ]  # fmt: skip
    states = {day: officer.get(f"{where}?as_of={day}").json()["state"] for day in ("2021-05-31", "2021-06-14")}
    assert states == {"2021-05-31": "overdue", "2021-06-14": "stopped"}


def test_a_supplement_replaces_and_an_end_stops(as_: As, db: Work, place: dict[str, Any]) -> None:
    officer = as_("officer")
    old = added(officer, place)
    with db() as session:
        project = session.get_one(Project, place["project"])
        newer = make_agreement(session, project, "supplement", date(2021, 5, 1), increment_fen=0).id
    replaced = added(officer, place, agreement=newer, replaces=old["id"], amount="3000000.00", due={"on": "2021-12-31"})
    settling = added(officer, place, agreement=newer, kind="support", amount=None, survives_end=True, text="退地补偿")
    assert officer.get(f"{API}/commitments/{old['id']}").json()["state"] == "replaced"
    assert officer.get(f"{API}/commitments/{old['id']}").json()["replaced_by"] == replaced["id"]
    twice = officer.post(
        f"{API}/projects/{place['code']}/commitments", json=subsidy(place, agreement=newer, replaces=old["id"])
    )
    assert twice.json()["errors"][0]["code"] == "replaced"
    ended = {"status": "terminated", "on": "2021-06-20", "reason": "资金链断裂"}
    moved = officer.post(f"{API}/projects/{place['code']}/status", json=ended)
    assert moved.status_code < 300, moved.text
    states = {row["id"]: row["state"] for row in officer.get(f"{API}/commitments").json()["items"]}
    assert states == {replaced["id"]: "stopped", settling["id"]: "overdue"}
    with db() as session:
        assert session.get_one(Commitment, replaced["id"]).closed_on == date(2021, 6, 20)


def test_what_was_delivered_by_hand(as_: As, db: Work, place: dict[str, Any]) -> None:
    with db() as session:
        paper = session.get_one(Project, place["project"])
        agreement = make_agreement(session, paper, "formal", date(2020, 3, 2))
        land = make_commitment(session, agreement, "land", 3550, due_on=date(2021, 5, 31)).id
        road = make_commitment(
            session, agreement, "infrastructure", due_on=date(2021, 7, 31), unit=make_unit(session, "jtj")
        ).id
    officer, builder = as_("officer"), as_("reporter", unit="jtj")
    where = f"{API}/commitments/{land}/deliveries"
    assert officer.post(where, json={"on": "2021-05-01", "percent": 5}).status_code == 422
    assert officer.post(where, json={"on": "2021-05-01", "area": "20.00"}).json()["state"] == "overdue"
    done = officer.post(where, json={"on": "2021-05-31", "area": "15.50"}).json()
    assert (done["state"], done["fulfilled_on"], done["achieved"]["area"]) == ("fulfilled", "2021-05-31", "35.50")
    wrong = done["deliveries"][1]["id"]
    assert officer.post(f"{where}/{wrong}/void", json={"reason": "误录"}).json()["state"] == "overdue"
    # The unit that answers for a clause says how far it has come, though the project is another's.
    answer = builder.post(f"{API}/commitments/{road}/deliveries", json={"on": "2021-06-01", "percent": 60})
    assert (answer.status_code, answer.json()["state"]) == (201, "partly")
    assert builder.post(where, json={"on": "2021-06-01", "area": "1"}).json()["code"] == "not_yours"
    clause = added(officer, place)
    refused = officer.post(f"{API}/commitments/{clause['id']}/deliveries", json={"on": "2021-06-01", "percent": 1})
    assert refused.json()["code"] == "not_by_hand"


def test_lists_and_who_breaks_promises(as_: As, db: Work, place: dict[str, Any]) -> None:
    with db() as session:
        project = session.get_one(Project, place["project"])
        agreement = make_agreement(session, project, "formal", date(2020, 3, 2))
        czj = make_unit(session, "czj")
        paid = {"unit": czj, "due_on": date(2021, 6, 29)}
        mine = make_commitment(session, agreement, "subsidy", 100_000_00, **paid).id
        theirs = make_commitment(session, agreement, "investment", 5_000_000_00, due_on=date(2020, 5, 1)).id
        later = make_commitment(session, agreement, "jobs", 30, due_on=date(2022, 1, 1)).id
    officer = as_("officer")

    def listed(query: str, who: Any = officer) -> list[int]:
        return [row["id"] for row in who.get(f"{API}/commitments?{query}").json()["items"]]

    assert listed("") == [theirs, mine, later]
    assert listed("state=overdue") == [theirs, mine]
    assert listed("party=district") == [mine]
    assert listed("overdue_from=90") == [theirs]
    assert listed("unit=czj") == listed("mine=true", as_("reporter", unit="czj")) == [mine]
    assert listed("kind=jobs&kind=subsidy") == [mine, later]
    assert listed("due_until=2021-06-30&as_of=2021-06-29") == [theirs, mine]
    assert listed(f"enterprise={place['enterprise']}&state=not_due") == [later]
    first = officer.get(f"{API}/commitments?limit=1&count=true").json()
    assert (first["total"], listed(f"limit=1&after={first['next']}")) == (3, [mine])
    by_enterprise = officer.get(f"{API}/commitments/breaches/by-enterprise").json()
    assert [(row["enterprise"], row["overdue"], row["by_district"]) for row in by_enterprise["items"]] == [
        (place["enterprise"], 2, 1)
    ]
    by_unit = officer.get(f"{API}/commitments/breaches/by-unit").json()["items"]
    assert [(row["unit"], row["overdue"], row["over_365"], row["subsidies_due"]) for row in by_unit] == [
        ("jxw", 1, 1, "0.00"), ("czj", 1, 0, "100000.00"),
    ]  # fmt: skip


def test_figures_count_what_lists_show(as_: As, db: Work, place: dict[str, Any]) -> None:
    with db() as session:
        project = session.get_one(Project, place["project"])
        agreement = make_agreement(session, project, "formal", date(2020, 3, 2))
        make_commitment(session, agreement, "start", None, due_on=date(2020, 9, 30))  # kept a day late
        make_commitment(session, agreement, "subsidy", 100_00, due_on=date(2020, 12, 31))
        make_commitment(session, agreement, "tax", 100_00, due_on=date(2021, 12, 31))
    officer = as_("officer")

    def figure(code: str, period: str) -> str:
        answer = officer.get(f"{API}/figures?indicator={code}&period={period}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["items"][0]["value"])

    asked = ("commitments_due", "commitments_fulfilled", "commitments_overdue", "enterprise_breaches")
    assert [str(figure(code, "2020")) for code in asked] == ["2", "1", "0", "0"]
    assert [str(figure(code, "2020-Q3")) for code in asked] == ["1", "0", "0", "0"]
    assert str(figure("fulfilment_ratio", "2020")) == "0.5000000000"
    assert str(figure("district_breaches", "2021-06")) == "1"
    rows = officer.get(f"{API}/figures/rows?indicator=commitments_due&period=2020").json()["items"]
    assert {row["project"] for row in rows} == {place["code"]} and len(rows) == 2


def test_people_are_told_before_and_after(as_: As, db: Work, place: dict[str, Any], app: FastAPI) -> None:
    with db() as session:
        project = session.get_one(Project, place["project"])
        agreement = make_agreement(session, project, "formal", date(2020, 3, 2))
        clause = make_commitment(session, agreement, "infrastructure", due_on=date(2021, 7, 31))
        number = clause.id
        reporter = make_user(session, "reporter", login="builder", unit="jxw").id

    def told() -> list[tuple[str, bool]]:
        with db() as session:
            rows = session.scalars(select(Notice).where(Notice.user_id == reporter).order_by(Notice.id))
            return [(row.kind, row.done_at is None) for row in rows]

    remind(app.state.database)
    assert told() == []
    with time_machine.travel("2021-07-01T09:00:00+08:00", tick=False):
        remind(app.state.database)
        remind(app.state.database)
    assert told() == [("commitment.due", True)]
    with time_machine.travel("2021-08-01T09:00:00+08:00", tick=False):
        remind(app.state.database)
        assert told() == [("commitment.due", False), ("commitment.overdue", True)]
        body = {"on": "2021-08-01", "percent": 100}
        assert as_("officer").post(f"{API}/commitments/{number}/deliveries", json=body).status_code == 201
        assert told()[-1] == ("commitment.overdue", False)


WRITES = (
    ("post", "/projects/{code}/commitments", {"agreement": 1, "text": "x", "kind": "support"}, "officer"),
    ("patch", "/commitments/{clause}", {"note": "x"}, "officer"),
    ("post", "/commitments/{clause}/void", {"reason": "x"}, "officer"),
    ("post", "/commitments/{clause}/stop", {"reason": "x"}, "officer"),
    ("post", "/commitments/{clause}/waive", {"reason": "x"}, "officer"),
    ("post", "/commitments/{clause}/resume", {"reason": "x"}, "officer"),
    ("post", "/commitments/{clause}/deliveries", {"on": TODAY, "percent": 1}, "unit"),
    ("post", "/commitments/{clause}/deliveries/1/void", {"reason": "x"}, "unit"),
    ("post", "/commitments/{clause}/payments", {"amount": "1.00"}, "unit"),
    ("post", "/commitment-payments/{payment}/check", {}, "officer"),
    ("post", "/commitment-payments/{payment}/approve", {}, "reviewer"),
    ("post", "/commitment-payments/{payment}/pay", {"paid_on": TODAY}, "officer"),
    ("post", "/commitment-payments/{payment}/refuse", {"reason": "x"}, "officer"),
    ("post", "/commitment-payments/{payment}/withdraw", {"reason": "x"}, "unit"),
    ("post", "/commitment-payments/{payment}/take-back", {"amount": "1", "on": TODAY, "reason": "x"}, "reviewer"),
)
READS = (
    "/projects/{code}/commitments", "/commitments/{clause}", "/commitments/{clause}/payable",
)  # fmt: skip


@pytest.mark.parametrize("level", ["open", "internal", "sealed"])
def test_who_sees_and_who_changes(as_: As, db: Work, place: dict[str, Any], level: str) -> None:
    """Whoever does not see the project is told of no clause (404); who may not change it is refused (403)."""
    officer = as_("officer")
    number = added(officer, place)["id"]
    payment = officer.post(f"{API}/commitments/{number}/payments", json={"amount": "1.00"}).json()["id"]
    with db() as session:
        from_level = session.get_one(Project, place["project"])
        from_level.confidentiality = type(from_level.confidentiality)(level)
        from_level.sight = {**from_level.sight, "level": level}
    made = {"code": place["code"], "clause": number, "payment": payment}
    own = as_("reporter", unit="jxw")
    sees = {
        "officer": level != "sealed", "leader": level != "sealed", "jxw": level != "sealed", "sww": level == "open",
    }  # fmt: skip
    for who, seen in sees.items():
        client = as_("reporter", unit=who) if who in ("jxw", "sww") else as_(who)
        for path in READS:
            assert client.get(API + path.format(**made)).status_code == (200 if seen else 404), (who, path)
        listed = {
            path: [row["id"] for row in client.get(f"{API}{path}").json()["items"]]
            for path in ("/commitments", "/commitment-payments")
        }
        assert listed == ({"/commitments": [number], "/commitment-payments": [payment]} if seen else
                          {"/commitments": [], "/commitment-payments": []}), who  # fmt: skip
        assert bool(client.get(f"{API}/commitments/breaches/by-unit").json()["items"]) is seen
    may = {
        "officer": {"officer", "unit"}, "reviewer": {"officer", "unit", "reviewer"}, "leader": set(), "sww": set(),
    }  # fmt: skip
    for who, allowed in may.items():
        client = as_("reporter", unit="sww") if who == "sww" else as_(who)
        for method, path, body, needs in WRITES:
            headers = {"If-Match": '"0-0"'} if method == "patch" else {}
            answer = client.request(method, API + path.format(**made), json=body, headers=headers)
            where = f"{who} {path} {level}: {answer.status_code} {answer.text[:80]}"
            if needs not in allowed and not (who == "sww" and needs == "unit"):
                assert answer.status_code == 403, where
            elif level == "sealed" or (who == "sww" and level == "internal"):
                assert answer.status_code == 404, where
            elif who == "sww":
                assert answer.status_code == 403, where
            else:
                code = answer.json().get("code")  # "same_person": let in, but another person's step
                assert answer.status_code in (200, 201, 404, 409, 412, 422) or code == "same_person", where
                assert code not in ("not_found", "no_commitment", "not_yours", "forbidden"), where
    if level != "sealed":
        assert own.post(f"{API}/commitments/{number}/payments", json={"amount": "1.00"}).status_code in (201, 409)
