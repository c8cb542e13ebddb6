"""Agreements over the API, and what follows from them for the project."""

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.facts.agreements import counting, queries, service
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.projects.models import Project
from app.kernel import chain, events
from app.kernel.access import SYSTEM
from app.kernel.errors import Problem
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.gates import open_gates
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

FORMAL = {"type": "formal", "signed_on": "2020-08-18", "amount": "120000000.00", "number": "QJ-012"}


@pytest.fixture(autouse=True)
def gates(db: Work) -> None:
    with db() as session:
        open_gates(session)


def a_project(db: Work, **fields: Any) -> str:
    with db() as session:
        return make_project(session, **fields).code


def derived(db: Work, code: str) -> tuple[Any, ...]:
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        return project.signed_on, project.first_formal_fen, project.contract_fen, project.framework_on


def test_recording_a_contract_signs_the_project(as_: As, db: Work) -> None:
    code = a_project(db)
    answer = as_("officer").post(f"/api/v1/projects/{code}/agreements", json=FORMAL)
    assert answer.status_code == 201
    body = answer.json()
    assert body == {
        "id": body["id"], "type": "formal", "number": "QJ-012", "signed_on": "2020-08-18", "deferred_to": None,
        "amount": "120000000.00",
        "increment": None, "counted_amount": "120000000.00", "first_formal": True, "parties": None, "note": None,
        "imported": False, "voided_reason": None,
    }  # fmt: skip
    assert derived(db, code) == (date(2020, 8, 18), 12_000_000_000, 12_000_000_000, None)


def test_upgrade_increment_second_contract_and_void_of_the_first(as_: As, db: Work) -> None:
    code = a_project(db)
    officer = as_("officer")

    def record(**paper: Any) -> int:
        answer = officer.post(f"/api/v1/projects/{code}/agreements", json=paper)
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["id"]
        return number

    record(type="framework", signed_on="2020-03-01", amount="500000000.00")
    first = record(type="formal", signed_on="2020-05-06", amount="380000000.00")
    record(type="supplement", signed_on="2020-09-01", amount="400000000.00", increment="20000000.00")
    record(type="formal", signed_on="2020-07-07", amount="100000000.00")
    found = officer.get(f"/api/v1/projects/{code}/agreements").json()
    assert [item["counted_amount"] for item in found["items"]] == [
        "0.00", "380000000.00", "100000000.00", "20000000.00"
    ]  # fmt: skip
    assert [item["first_formal"] for item in found["items"]] == [False, True, False, False]
    assert (found["signed_on"], found["contract_amount"]) == ("2020-05-06", "500000000.00")
    assert found["framework_amount"] == "500000000.00"

    voided = officer.post(f"/api/v1/projects/{code}/agreements/{first}/void", json={"reason": "甲方未盖章"})
    assert voided.status_code == 200
    assert (voided.json()["counted_amount"], voided.json()["voided_reason"]) == ("0.00", "甲方未盖章")
    found = officer.get(f"/api/v1/projects/{code}/agreements").json()
    assert len(found["items"]) == 4, "what was voided stays visible"
    assert [item["first_formal"] for item in found["items"]] == [False, False, True, False]
    assert (found["signed_on"], found["contract_amount"]) == ("2020-07-07", "120000000.00")
    assert derived(db, code) == (date(2020, 7, 7), 10_000_000_000, 12_000_000_000, date(2020, 3, 1))


def test_what_is_refused(as_: As, db: Work) -> None:
    code = a_project(db)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/agreements"

    def refusal(**paper: Any) -> tuple[int, str, list[str]]:
        answer = officer.post(path, json=paper)
        body = answer.json()
        return answer.status_code, body["code"], [error["field"] for error in body["errors"]]

    assert refusal(**FORMAL | {"amount": "0"}) == (422, "invalid", ["amount"])
    assert refusal(**FORMAL | {"amount": "1e9"}) == (422, "invalid", ["amount"])
    assert refusal(**FORMAL | {"amount": 1.5}) == (422, "invalid", ["amount"])
    assert refusal(**FORMAL | {"amount": "1000000000000.00"}) == (422, "invalid", ["amount"])
    assert refusal(**FORMAL | {"signed_on": "2999-01-01"}) == (422, "invalid", ["signed_on"])
    assert refusal(**FORMAL | {"signed_on": "1900-01-01"}) == (422, "invalid", ["signed_on"])
    assert refusal(**FORMAL | {"first_formal": True}) == (422, "invalid", ["first_formal"])
    supplement = {"type": "supplement", "signed_on": "2020-09-01", "increment": "-120000000.01"}
    assert refusal(**supplement) == (409, "supplement_without_contract", [])
    assert officer.post(path, json=FORMAL).status_code == 201
    assert refusal(**supplement) == (409, "total_below_zero", [])
    assert officer.post(path, json=supplement | {"increment": "-120000000.00"}).status_code == 201
    assert refusal(**FORMAL) == (409, "number_taken", [])
    assert derived(db, code)[2] == 0
    assert len(officer.get(path).json()["items"]) == 2, "what was refused left nothing behind"


def test_a_number_is_free_again_after_a_void_and_may_recur_in_another_project(as_: As, db: Work) -> None:
    code, other = a_project(db), a_project(db)
    officer = as_("officer")
    first = officer.post(f"/api/v1/projects/{code}/agreements", json=FORMAL).json()["id"]
    assert officer.post(f"/api/v1/projects/{other}/agreements", json=FORMAL).status_code == 201
    void = {"reason": "金额有误，重新登记"}
    assert officer.post(f"/api/v1/projects/{code}/agreements/{first}/void", json=void).status_code == 200
    assert officer.post(f"/api/v1/projects/{code}/agreements/{first}/void", json=void).json()["code"] == "already_void"
    assert officer.post(f"/api/v1/projects/{code}/agreements", json=FORMAL).status_code == 201


def test_a_correction_restates(as_: As, db: Work) -> None:
    code = a_project(db)
    officer = as_("officer")
    number = officer.post(f"/api/v1/projects/{code}/agreements", json=FORMAL).json()["id"]
    path = f"/api/v1/projects/{code}/agreements/{number}"
    etag = officer.get(f"/api/v1/projects/{code}/agreements").headers["etag"]
    patch = {"amount": "12000000.00", "signed_on": "2020-08-19", "note": "改", "reason": "多录一个零"}
    assert officer.patch(path, json=patch).status_code == 428
    answer = officer.patch(path, json=patch, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert (answer.json()["amount"], answer.json()["signed_on"]) == ("12000000.00", "2020-08-19")
    assert derived(db, code)[:3] == (date(2020, 8, 19), 1_200_000_000, 1_200_000_000)
    assert officer.patch(path, json=patch, headers={"If-Match": etag}).status_code == 412
    # The answer of a change carries the version for the next one; a change of nothing writes nothing.
    etag = answer.headers["etag"]
    same = officer.patch(path, json=patch, headers={"If-Match": etag})
    assert same.status_code == 200
    assert same.headers["etag"] == etag
    cleared = officer.patch(path, json={"note": None}, headers={"If-Match": etag})
    assert cleared.json()["note"] is None
    for wrong in ({"amount": None}, {"type": None}, {"signed_on": None}, {"increment": "1.00"}, {"counted": "1"}):
        refused = officer.patch(path, json=wrong, headers={"If-Match": cleared.headers["etag"]})
        assert refused.status_code == 422, wrong
    missing = officer.patch(f"/api/v1/projects/{code}/agreements/{number + 99}", json=patch, headers={"If-Match": etag})
    assert missing.status_code in (404, 412)


def test_another_projects_change_does_not_make_an_open_form_stale(as_: As, db: Work) -> None:
    code, other = a_project(db), a_project(db)
    officer = as_("officer")
    number = officer.post(f"/api/v1/projects/{code}/agreements", json=FORMAL).json()["id"]
    etag = officer.get(f"/api/v1/projects/{code}/agreements").headers["etag"]
    officer.post(f"/api/v1/projects/{other}/agreements", json=FORMAL)
    answer = officer.patch(
        f"/api/v1/projects/{code}/agreements/{number}", json={"note": "好"}, headers={"If-Match": etag}
    )
    assert answer.status_code == 200


def test_a_supplement_keeps_its_contract(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        contract = make_agreement(session, project, signed_on=date(2020, 5, 1))
        supplement = make_agreement(session, project, "supplement", date(2020, 6, 1), increment_fen=1)
    officer = as_("officer")
    path = f"/api/v1/projects/{project.code}/agreements"
    void = {"reason": "误登"}
    refused = officer.post(f"{path}/{contract.id}/void", json=void)
    assert (refused.status_code, refused.json()["code"]) == (409, "supplement_without_contract")
    assert officer.post(f"{path}/{supplement.id}/void", json=void).status_code == 200
    assert officer.post(f"{path}/{contract.id}/void", json=void).status_code == 200
    assert derived(db, project.code) == (None, None, 0, None)


def test_a_signed_project_keeps_a_contract(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="started")
        contract = make_agreement(session, project)
    officer = as_("officer")
    path = f"/api/v1/projects/{project.code}/agreements/{contract.id}"
    refused = officer.post(f"{path}/void", json={"reason": "误登"})
    assert (refused.status_code, refused.json()["code"]) == (409, "still_signed")
    etag = officer.get(f"/api/v1/projects/{project.code}/agreements").headers["etag"]
    refused = officer.patch(path, json={"type": "framework"}, headers={"If-Match": etag})
    assert (refused.status_code, refused.json()["code"]) == (409, "still_signed")
    assert officer.post(f"/api/v1/projects/{project.code}/agreements", json=FORMAL).status_code == 201
    assert officer.post(f"{path}/void", json={"reason": "误登"}).status_code == 200


def test_a_paper_of_another_project_is_not_found_here(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        contract = make_agreement(session, other)
    answer = as_("officer").post(f"/api/v1/projects/{project.code}/agreements/{contract.id}/void", json={"reason": "x"})
    assert answer.status_code == 404


def test_late_papers_of_archived_projects_are_taken(as_: As, db: Work) -> None:
    code = a_project(db, archived_on=date(2021, 1, 1))
    assert as_("officer").post(f"/api/v1/projects/{code}/agreements", json=FORMAL).status_code == 201


# -- who may ------------------------------------------------------------------------------------------------------

READ = {"officer": 200, "reviewer": 200, "leader": 200, "reporter": 200}
NOBODY = dict.fromkeys(("system_admin", "security_admin", "auditor"), 403) | {None: 401}
EDIT = {"officer": 201, "reviewer": 201, "leader": 403, "reporter": 403}


@pytest.mark.parametrize(("who", "read", "edit"), [(w, (READ | NOBODY)[w], (EDIT | NOBODY)[w]) for w in READ | NOBODY])
def test_who_may(as_: As, db: Work, who: str | None, read: int, edit: int) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        contract = make_agreement(session, project)
    client = as_(who, unit="jxw") if who == "reporter" else as_(who)
    path = f"/api/v1/projects/{project.code}/agreements"
    assert client.get(path).status_code == read
    assert client.post(path, json=FORMAL).status_code == edit
    done = 200 if edit == 201 else edit
    etag = f'"{2 if edit == 201 else 1}-0"'
    assert client.patch(f"{path}/{contract.id}", json={"note": "x"}, headers={"If-Match": etag}).status_code == done
    assert client.post(f"{path}/{contract.id}/void", json={"reason": "x"}).status_code == done


SIGHT = [
    ("open", "officer", 200), ("open", "leader", 200), ("open", "reporter-own", 200), ("open", "reporter-other", 200),
    ("internal", "officer", 200), ("internal", "leader", 200), ("internal", "reporter-own", 200),
    ("internal", "reporter-other", 404), ("sealed", "officer", 404), ("sealed", "reviewer", 404),
    ("sealed", "leader", 404), ("sealed", "reporter-own", 404),
]  # fmt: skip


@pytest.mark.parametrize(("level", "who", "status"), SIGHT)
def test_papers_are_seen_with_their_project(as_: As, db: Work, level: str, who: str, status: int) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"), confidentiality=level)
        contract = make_agreement(session, project)
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    path = f"/api/v1/projects/{project.code}/agreements"
    assert client.get(path).status_code == status
    if status == 404 and role in ("officer", "reviewer"):
        assert client.post(path, json=FORMAL).status_code == 404
        assert client.post(f"{path}/{contract.id}/void", json={"reason": "x"}).status_code == 404
        etag = {"If-Match": '"1-0"'}
        assert client.patch(f"{path}/{contract.id}", json={"note": "x"}, headers=etag).status_code == 404


# -- derived once, always the same --------------------------------------------------------------------------------

act = st.one_of(
    st.tuples(
        st.just("add"),
        st.sampled_from(AgreementType),
        st.dates(date(2020, 1, 1), date(2020, 1, 6)),
        st.integers(1, 9),
        st.integers(-9, 9),
    ),
    st.tuples(st.just("void"), st.integers(0, 9)),
    st.tuples(st.just("redate"), st.integers(0, 9), st.dates(date(2020, 1, 1), date(2020, 1, 6))),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=st.lists(act, max_size=10))
def test_any_order_of_acts_derives_what_counting_from_scratch_gives(app: FastAPI, acts: list[Any]) -> None:
    database = app.state.database
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        project = make_project(db)
        for what, *values in acts:
            mark = db.begin_nested()
            try:
                _perform(db, project, what, values)
                mark.commit()
            except Problem:
                mark.rollback()
        db.flush()
        code, number = project.code, project.id
    with database.reading() as connection:
        row = connection.execute(select(Project.__table__).where(Project.code == code)).one()
        papers = connection.execute(
            select(Agreement.__table__).where(Agreement.project_id == number).order_by(Agreement.id)
        ).all()
    stand = [paper for paper in papers if paper.voided_reason is None]
    expected = counting.derived(stand)
    assert (row.signed_on, row.first_formal_fen, row.contract_fen, row.framework_on, row.framework_fen) == (
        expected.signed_on, expected.first_formal_fen, expected.contract_fen, expected.framework_on,
        expected.framework_fen,
    )  # fmt: skip
    assert tuple(paper.counted_fen for paper in stand) == expected.counted
    assert [paper.first_formal for paper in stand] == [place == expected.first for place in range(len(stand))]
    assert not any(paper.counted_fen or paper.first_formal for paper in papers if paper.voided_reason is not None)
    assert row.contract_fen >= 0


def _perform(db: Any, project: Project, what: str, values: list[Any]) -> None:
    if what == "add":
        kind, day, amount, increment = values
        supplement = kind is AgreementType.SUPPLEMENT
        service.add(
            db, project, type=kind, signed_on=day, amount_fen=amount * YI,
            increment_fen=increment * YI if supplement else None,
        )  # fmt: skip
        return
    papers = queries.standing(db, project.id)
    if not papers:
        return
    paper = papers[values[0] % len(papers)]
    if what == "void":
        service.void(db, SYSTEM, project.code, paper.id, "误登")
    else:
        body = service.AgreementPatch(signed_on=values[1])
        service.change(db, SYSTEM, project.code, paper.id, body, project.version)


def test_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    code = a_project(db)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/agreements"
    framework = {"type": "framework", "signed_on": "2020-01-01", "amount": "1.00"}
    officer.post(path, json=framework)
    first = officer.post(path, json=FORMAL).json()["id"]
    etag = officer.get(path).headers["etag"]
    officer.patch(f"{path}/{first}", json={"amount": "5.00", "reason": "更正"}, headers={"If-Match": etag})
    officer.post(f"{path}/{first}/void", json={"reason": "重复登记"})
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        kinds = [row.kind for row in chain.stored(connection) if row.subject_key == code]
        reasons = [row.body for row in chain.stored(connection) if "agreement_voided" in row.kind]
    assert kinds[-4:] == [
        "project.agreement_recorded", "project.agreement_recorded", "project.agreement_corrected",
        "project.agreement_voided",
    ]  # fmt: skip
    assert "重复登记" in reasons[0]
