"""The stage machine over the API: every way forward and back, and every way that is closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.facts.pipeline.models import Move
from app.facts.projects.models import Project
from app.facts.projects.terms import STAGES, Stage
from app.kernel import calendar, chain
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.gates import open_gates
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

SIGNING = {
    "to": "signed",
    "happened_on": "2020-08-18",
    "agreement": {"number": "QJ-012", "amount": "120000000.00", "type": "formal"},
}
AFTER_SIGNING = [stage for stage in STAGES if stage.order > Stage.SIGNED.order]
PAPERS = (Stage.FRAMEWORK, Stage.SIGNED)


@pytest.fixture(autouse=True)
def gates_stand_open(db: Work) -> None:
    """These are about the ways between the stages; what stands at the gates is another matter."""
    with db() as session:
        open_gates(session)


def a_project(db: Work, **fields: Any) -> str:
    with db() as session:
        return make_project(session, **fields).code


def project(db: Work, code: str) -> Project:
    with db() as session:
        return session.scalars(select(Project).where(Project.code == code)).one()


def dates(db: Work, code: str) -> dict[str, str]:
    found = project(db, code)
    return {stage.value: getattr(found, stage.column).isoformat() for stage in STAGES if getattr(found, stage.column)}


def day_of(stage: Stage) -> date:
    """One month for each stage, from January 2020."""
    return date(2020, 1 + stage.order, 10)


def at(db: Work, stage: Stage, *, signed: bool = True, **fields: Any) -> str:
    """A project that has come to a stage through all before it, each in its month."""
    reached = [s for s in STAGES if s.order <= stage.order and s not in PAPERS]
    with db() as session:
        made = make_project(session, stage=stage, **{s.column: day_of(s) for s in reached}, **fields)
        if stage.order >= Stage.FRAMEWORK.order:
            make_agreement(session, made, "framework", day_of(Stage.FRAMEWORK))
        if stage.order >= Stage.SIGNED.order and signed:
            make_agreement(session, made, "formal", day_of(Stage.SIGNED))
        return made.code


def body(to: Stage, **more: Any) -> dict[str, Any]:
    return {"to": to.value, "happened_on": day_of(to).isoformat()} | more


# -- forward ------------------------------------------------------------------------------------------------------


def test_a_life_from_lead_to_full_capacity(as_: As, db: Work) -> None:
    code = a_project(db, stage="lead", lead_on=day_of(Stage.LEAD))
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/moves"
    for stage in STAGES[1:]:
        more = {}
        if stage is Stage.FRAMEWORK:
            more = {"agreement": {"amount": "500000000.00"}}
        if stage is Stage.SIGNED:
            more = {"agreement": {"amount": "380000000.00"}}
        answer = officer.post(path, json=body(stage, **more))
        assert answer.status_code == 201, answer.text
    assert dates(db, code) == {stage.value: day_of(stage).isoformat() for stage in STAGES}
    found = officer.get(path).json()
    assert found["stage"] == "full_capacity"
    assert [(m["from"], m["to"]) for m in found["items"]] == list(pairwise(STAGES))
    assert project(db, code).contract_fen == 38_000_000_000
    assert project(db, code).framework_fen == 50_000_000_000


@pytest.mark.parametrize("start", STAGES, ids=str)
@pytest.mark.parametrize("to", STAGES, ids=str)
def test_every_transition(as_: As, db: Work, start: Stage, to: Stage) -> None:
    code = at(db, start)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/moves"
    late = day_of(start).isoformat()

    if to is start:
        answer = officer.post(path, json=body(to, reason="再来一次"))
        expected = "already_signed" if to is Stage.SIGNED else "already_there"
        assert (answer.status_code, answer.json()["code"]) == (409, expected)
        return
    if to.order < start.order:
        silent = officer.post(path, json={"to": to.value, "happened_on": late})
        if to is Stage.SIGNED:
            assert (silent.status_code, silent.json()["code"]) == (409, "already_signed")
        else:
            assert (silent.status_code, silent.json()["errors"][0]["field"]) == (422, "reason")
        early = (day_of(start) - timedelta(days=1)).isoformat()
        before = officer.post(path, json={"to": to.value, "happened_on": early, "reason": "资金未落实"})
        assert before.status_code == 422
        assert early in before.json()["message"]
        assert late in before.json()["message"]
        back = officer.post(path, json={"to": to.value, "happened_on": late, "reason": "资金未落实"})
        assert back.status_code == 201
        kept = [s for s in STAGES if s.order <= start.order and (s.order <= to.order or s in PAPERS)]
        assert dates(db, code) == {s.value: day_of(s).isoformat() for s in kept}
        return
    answer = officer.post(path, json=body(to))
    if start.order < Stage.SIGNED.order <= to.order:
        assert (answer.status_code, answer.json()["code"]) == (409, "contract_missing")
    elif to is Stage.FRAMEWORK:
        assert (answer.status_code, answer.json()["code"]) == (409, "paper_missing")
    else:
        assert answer.status_code == 201, answer.text
        assert project(db, code).stage is to
        return
    assert project(db, code).stage is start
    with db() as session:
        assert session.scalars(select(Move)).all() == []


def test_signing_counts_once(as_: As, db: Work) -> None:
    code = a_project(db, stage="talk")
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/moves"
    first = officer.post(path, json=SIGNING)
    assert first.status_code == 201
    assert first.json() == {
        "id": first.json()["id"], "from": "talk", "to": "signed", "happened_on": "2020-08-18", "reason": None,
        "imported": False, "entered_at": first.json()["entered_at"], "entered_by": first.json()["entered_by"],
        "override": None,
    }  # fmt: skip
    assert officer.post(path, json=SIGNING).json()["code"] == "already_signed"
    found = project(db, code)
    assert (found.signed_on, found.contract_fen, found.stage) == (date(2020, 8, 18), 12_000_000_000, Stage.SIGNED)


def test_two_who_sign_at_once_sign_once(as_: As, db: Work) -> None:
    code = a_project(db, stage="talk")
    people = [as_("officer", login=f"officer{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(f"/api/v1/projects/{code}/moves", json=SIGNING), people))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert project(db, code).contract_fen == 12_000_000_000


def test_a_repeated_key_does_not_sign_twice(as_: As, db: Work) -> None:
    code = a_project(db, stage="talk")
    officer = as_("officer")
    key = {"Idempotency-Key": "sign-1"}
    first, second = (officer.post(f"/api/v1/projects/{code}/moves", json=SIGNING, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content


def test_signing_with_the_contract_on_record(as_: As, db: Work) -> None:
    with db() as session:
        made = make_project(session, stage="talk")
        make_agreement(session, made, signed_on=date(2020, 8, 18))
        make_agreement(session, made, signed_on=date(2020, 9, 1))
    path = f"/api/v1/projects/{made.code}/moves"
    wrong = as_("officer").post(path, json={"to": "signed", "happened_on": "2020-09-01"})
    assert wrong.status_code == 422
    assert "2020-08-18" in wrong.json()["message"]
    assert as_("officer").post(path, json={"to": "signed", "happened_on": "2020-08-18"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agreement": {"type": "framework", "amount": "1"}}, "agreement.type"),
        ({"agreement": {"type": "supplement"}}, "agreement.type"),
        ({"agreement": {"amount": "1", "signed_on": "2020-08-17"}}, "agreement.signed_on"),
        ({"agreement": {"number": "无金额"}}, "amount"),
        ({"agreement": {"amount": "1", "increment": "1"}}, "agreement.increment"),
        ({"to": "talk", "agreement": {"amount": "1"}}, "agreement"),
        ({"to": "framework"}, "agreement.type"),
        ({"happened_on": "2999-01-01"}, "happened_on"),
        ({"happened_on": "1900-01-01"}, "happened_on"),
        ({"to": "moon"}, "to"),
        ({"status": "active"}, "status"),
    ],
)
def test_moves_that_make_no_sense(as_: As, db: Work, change: dict[str, Any], field: str) -> None:
    code = a_project(db, stage="lead")
    answer = as_("officer").post(f"/api/v1/projects/{code}/moves", json=SIGNING | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert project(db, code).stage is Stage.LEAD
    assert project(db, code).contract_fen == 0


def test_dates_keep_the_order_of_the_stages(as_: As, db: Work) -> None:
    code = a_project(db, stage="talk", talk_on=date(2020, 8, 19))
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/moves"
    early = officer.post(path, json=SIGNING)
    assert early.status_code == 422
    assert "2020-08-18" in early.json()["message"]
    assert "2020-08-19" in early.json()["message"]
    assert project(db, code).contract_fen == 0, "the contract sent along was not kept"
    assert officer.post(path, json=SIGNING | {"happened_on": "2020-08-19"}).status_code == 201


def test_a_framework_agreement_may_follow_the_contract(as_: As, db: Work) -> None:
    with db() as session:
        made = make_project(session, stage="signed")
        make_agreement(session, made, signed_on=date(2020, 3, 1))
        make_agreement(session, made, "strategic", date(2020, 12, 1))
    answer = as_("officer").post(
        f"/api/v1/projects/{made.code}/moves", json={"to": "started", "happened_on": "2020-06-01"}
    )
    assert answer.status_code == 201


def test_an_imported_project_without_contract_moves_on_from_where_it_is(as_: As, db: Work) -> None:
    code = at(db, Stage.REGISTERED, signed=False, imported=True)
    assert as_("officer").post(f"/api/v1/projects/{code}/moves", json=body(Stage.STARTED)).status_code == 201


@pytest.mark.parametrize("status", ["terminated", "withdrawn"])
def test_what_has_ended_does_not_move(as_: As, db: Work, status: str) -> None:
    code = a_project(db, stage="talk", status=status)
    for move in (SIGNING, {"to": "lead", "happened_on": "2020-08-18", "reason": "退回"}):
        answer = as_("officer").post(f"/api/v1/projects/{code}/moves", json=move)
        assert (answer.status_code, answer.json()["code"]) == (409, "project_ended")


def test_what_is_archived_does_not_move(as_: As, db: Work) -> None:
    code = a_project(db, stage="talk", archived_on=date(2021, 1, 1))
    assert as_("officer").post(f"/api/v1/projects/{code}/moves", json=SIGNING).json()["code"] == "archived"


def test_undone_and_done_again(as_: As, db: Work) -> None:
    code = at(db, Stage.STARTED)
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/moves"
    back = {"to": "talk", "happened_on": "2020-12-01", "reason": "土地未落实"}
    assert officer.post(path, json=back).status_code == 201
    # The contract stands: the figures still count the signing, and signing again means the same date.
    assert project(db, code).signed_on == day_of(Stage.SIGNED)
    assert officer.post(path, json=body(Stage.SIGNED)).status_code == 201
    assert officer.post(path, json={"to": "started", "happened_on": "2021-03-01"}).status_code == 201
    assert dates(db, code)["started"] == "2021-03-01"
    assert "land" not in dates(db, code)
    moves = officer.get(path).json()["items"]
    assert [(m["from"], m["to"], m["reason"]) for m in moves] == [
        ("started", "talk", "土地未落实"), ("talk", "signed", None), ("signed", "started", None),
    ]  # fmt: skip


def test_today_is_not_in_the_future(as_: As, db: Work) -> None:
    code = at(db, Stage.SIGNED)
    today, path = calendar.today(), f"/api/v1/projects/{code}/moves"
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert as_("officer").post(path, json={"to": "started", "happened_on": tomorrow}).status_code == 422
    assert as_("officer").post(path, json={"to": "started", "happened_on": today.isoformat()}).status_code == 201


# -- correcting a date --------------------------------------------------------------------------------------------


def test_the_date_of_a_stage_is_corrected_without_moving(as_: As, db: Work) -> None:
    code = at(db, Stage.STARTED)
    officer = as_("officer")
    etag = {"If-Match": officer.get(f"/api/v1/projects/{code}/moves").headers["etag"]}
    path = f"/api/v1/projects/{code}/stages/"
    right = {"happened_on": "2020-08-20", "reason": "以开工令为准"}
    assert officer.patch(f"{path}started", json=right).status_code == 428
    assert officer.patch(f"{path}started", json={"happened_on": "2020-08-20"}, headers=etag).status_code == 422
    answer = officer.patch(f"{path}started", json=right, headers=etag)
    assert answer.status_code == 200
    assert answer.json() == {"stage": "started", "happened_on": "2020-08-20"}
    assert officer.patch(f"{path}started", json=right, headers=etag).status_code == 412
    etag = {"If-Match": answer.headers["etag"]}
    assert project(db, code).started_on == date(2020, 8, 20)
    assert project(db, code).stage is Stage.STARTED
    for stage, day, field in (
        ("started", "2020-07-09", "happened_on"),  # land was on 10 July
        ("land", "2020-08-21", "happened_on"),  # started on 20 August
        ("started", "2999-01-01", "happened_on"),
        ("started", None, "happened_on"),
    ):
        refused = officer.patch(f"{path}{stage}", json={"happened_on": day, "reason": "x"}, headers=etag)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), (stage, day)
    for stage, why in (("signed", "date_from_papers"), ("framework", "date_from_papers"), ("completed", "not_reached")):
        refused = officer.patch(f"{path}{stage}", json=right, headers=etag)
        assert (refused.status_code, refused.json()["code"]) == (409, why)
    assert officer.patch(f"{path}moon", json=right, headers=etag).status_code == 422
    never = officer.patch(f"{path}land", json={"happened_on": None, "reason": "无需供地"}, headers=etag)
    assert never.status_code == 200
    assert project(db, code).land_on is None


# -- who may ------------------------------------------------------------------------------------------------------

WHO = [
    ("officer", 200, 201, 201), ("reviewer", 200, 201, 201), ("leader", 200, 403, 403),
    ("reporter-own", 200, 201, 403), ("reporter-other", 200, 403, 403), ("system_admin", 403, 403, 403),
    ("security_admin", 403, 403, 403), ("auditor", 403, 403, 403), (None, 401, 401, 401),
]  # fmt: skip


@pytest.mark.parametrize(("who", "read", "move", "with_paper"), WHO)
def test_who_may(as_: As, db: Work, who: str | None, read: int, move: int, with_paper: int) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        made = make_project(session, stage="lead", unit=unit)
        other = make_project(session, stage="talk", unit=unit)
    role, _, whose = (who or "").partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role or None)
    path = f"/api/v1/projects/{made.code}"
    assert client.get(f"{path}/moves").status_code == read
    assert client.post(f"{path}/moves", json={"to": "talk", "happened_on": "2020-02-01"}).status_code == move
    correction = {"happened_on": "2020-01-05", "reason": "x"}
    etag = {"If-Match": f'"{2 if move == 201 else 1}-0"'}
    patched = client.patch(f"{path}/stages/lead", json=correction, headers=etag)
    assert patched.status_code == (200 if move == 201 else move)
    assert client.post(f"/api/v1/projects/{other.code}/moves", json=SIGNING).status_code == with_paper
    if with_paper != 201:
        assert project(db, other.code).contract_fen == 0


@pytest.mark.parametrize(
    ("level", "who"),
    [("internal", "reporter-other"), ("sealed", "reporter-own"), ("sealed", "officer"), ("sealed", "reviewer")],
)
def test_who_does_not_see_a_project_cannot_move_it(as_: As, db: Work, level: str, who: str) -> None:
    with db() as session:
        made = make_project(session, stage="talk", unit=make_unit(session, "jxw"), confidentiality=level)
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    path = f"/api/v1/projects/{made.code}"
    assert client.get(f"{path}/moves").status_code == 404
    assert client.post(f"{path}/moves", json=SIGNING).status_code == 404
    correction = {"happened_on": "2020-01-05", "reason": "x"}
    assert client.patch(f"{path}/stages/talk", json=correction, headers={"If-Match": '"1-0"'}).status_code == 404


def test_a_move_keeps_who_and_why_and_the_log_tells_everything(as_: As, db: Work, app: FastAPI) -> None:
    with db() as session:
        make_user(session, "officer", login="lisi", name="李四")
    code = a_project(db, stage="talk")
    client = as_("lisi")
    path = f"/api/v1/projects/{code}/moves"
    assert client.post(path, json=SIGNING | {"reason": "百日攻坚"}).json()["entered_by"] == "李四"
    client.post(path, json={"to": "talk", "happened_on": "2020-10-01", "reason": "合同解除"})
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        told = [row for row in chain.stored(connection) if row.subject_key == code]
    assert [row.kind for row in told] == [
        "project.created", "project.agreement_recorded", "project.moved", "project.moved",
    ]  # fmt: skip
    assert told[-1].actor == "lisi"
    for word in ('"from":"signed"', '"to":"talk"', '"happened_on":"2020-10-01"', '"reason":"合同解除"'):
        assert word in told[-1].body
