"""The gates that ship, over the API: what they ask, what is said of what is missing, and what is let pass."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.facts.evidence.models import Evidence
from app.facts.pipeline.gates.judging import COLUMNS
from app.facts.pipeline.gates.rules import GATES, EvidenceRequirement, FieldRequirement, GateRule
from app.facts.pipeline.models import Move
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.projects.terms import STAGES, Kind, Stage
from app.facts.reviews.models import ReviewCondition
from app.kernel import calendar
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.evidence import make_evidence
from tests.factories.gates import make_review, make_signable, open_gates, rule
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

CONTRACT = {"number": "QJ-012", "amount": "120000000.00"}
SIGNING = {"to": "signed", "happened_on": "2020-08-18", "agreement": CONTRACT}
SIGNED_ASKS = [
    "signed.field.enterprise", "signed.evidence.contract", "signed.review.due_diligence", "signed.review.legal",
]  # fmt: skip


def move(client: Any, code: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/projects/{code}/moves", json=body)


def lacks(answer: Any) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (409, "gate_closed"), answer.text
    return [error["field"] for error in answer.json()["errors"]]


def gate(client: Any, code: str, stage: str, **asked: str) -> Any:
    answer = client.get(f"/api/v1/projects/{code}/gates", params=asked)
    assert answer.status_code == 200, answer.text
    return next(one for one in answer.json()["stages"] if one["stage"] == stage)


# -- signing ------------------------------------------------------------------------------------------------------


def test_a_closed_gate_says_all_that_is_missing_and_how_to_mend_it(as_: As, db: Work) -> None:
    with db() as session:
        code = make_project(session, stage="talk").code
    officer = as_("officer")
    answer = move(officer, code, SIGNING)
    assert lacks(answer) == SIGNED_ASKS
    assert [(error["code"], error["message"]) for error in answer.json()["errors"]] == [
        ("missing", "没有登记投资企业；登记项目的投资方"),
        ("missing", "没有合同文本；上传合同文本，并由另一人核验"),
        ("not_requested", "没有做尽职调查；就尽职调查送审并登记结论"),
        ("not_requested", "没有做合法性审查；就合法性审查送审并登记结论"),
    ]
    assert "没有登记投资企业" in answer.json()["message"]
    with db() as session:
        project = session.scalars(select(Project)).one()
        assert (project.stage, project.contract_fen) == (Stage.TALK, 0), "nothing of the refused move was kept"
        assert session.scalars(select(Move)).all() == []
    without = lacks(move(officer, code, {"to": "signed", "happened_on": "2020-08-18"}))
    assert set(without) - set(SIGNED_ASKS) == {"signed.paper.formal"}


def test_signing_passes_when_everything_is_there(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="talk")
        make_signable(session, project)
    officer = as_("officer")
    before = gate(officer, project.code, "signed", on="2020-08-18")
    assert [item["code"] for item in before["required"] if not item["present"]] == ["paper.formal"]
    assert not before["open"]
    numberless = move(officer, project.code, SIGNING | {"agreement": {"amount": "1"}})
    assert lacks(numberless) == ["signed.paper.formal"]
    assert numberless.json()["errors"][0]["code"] == "incomplete"
    assert "合同编号" in numberless.json()["errors"][0]["message"]
    moved = move(officer, project.code, SIGNING)
    assert moved.status_code == 201, moved.text
    assert moved.json()["override"] is None


@pytest.mark.parametrize(("day", "asked"), [("2024-07-31", False), ("2024-08-01", True)])
def test_fair_competition_is_asked_for_by_the_day_of_the_signing(as_: As, db: Work, day: str, asked: bool) -> None:
    with db() as session:
        project = make_project(session, stage="talk")
        make_signable(session, project)
        make_agreement(session, project, number="X-1", signed_on=date.fromisoformat(day))
    officer = as_("officer")
    seen = gate(officer, project.code, "signed", on=day)
    assert seen["judged_on"] == day
    assert ("review.fair_competition" in [item["code"] for item in seen["required"]]) == asked
    assert seen["open"] != asked
    answer = move(officer, project.code, {"to": "signed", "happened_on": day})
    if asked:
        assert lacks(answer) == ["signed.review.fair_competition"]
    else:
        assert answer.status_code == 201, answer.text


def test_a_move_is_judged_by_the_version_in_force_on_its_day(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="lead")
        other = make_project(session, stage="lead")
        open_gates(session)
        asks = {kind: {stage: [] for stage in Stage} for kind in Kind}
        asks = {kind: stages | {"talk": [{"type": "field", "field": "park"}]} for kind, stages in asks.items()}
        rule(session, GATES.code, {"kinds": asks}, date(2021, 1, 1))
    officer = as_("officer")
    assert lacks(move(officer, project.code, {"to": "talk", "happened_on": "2021-01-01"})) == ["talk.field.park"]
    assert move(officer, project.code, {"to": "talk", "happened_on": "2020-12-31"}).status_code == 201
    assert gate(officer, project.code, "talk")["rule"] == "gates/1"
    assert gate(officer, other.code, "talk")["rule"] == "gates/2"
    assert gate(officer, other.code, "talk", on="2020-12-31")["rule"] == "gates/1"


# -- reviews and evidence -----------------------------------------------------------------------------------------


def _conditional(met_on: date | None) -> Callable[[Any, Project], None]:
    def make(session: Any, project: Project) -> None:
        review = make_review(session, project, "legal", "conditional")
        session.add(ReviewCondition(project_id=project.id, review_id=review.id, text="x", met_on=met_on))

    return make


REVIEWS: list[tuple[str, Callable[[Any, Project], Any], str | None]] = [
    ("passed", lambda s, p: make_review(s, p, "legal"), None),
    ("passed on the day", lambda s, p: make_review(s, p, "legal", on=date(2020, 8, 18)), None),
    ("passed a day later", lambda s, p: make_review(s, p, "legal", on=date(2020, 8, 19)), "too_late"),
    ("not passed", lambda s, p: make_review(s, p, "legal", "not_passed"), "not_passed"),
    ("conditions open", _conditional(None), "conditions_open"),
    ("conditions met later", _conditional(date(2020, 8, 19)), "conditions_open"),
    ("conditions met", _conditional(date(2020, 8, 18)), None),
    ("another review", lambda s, p: make_review(s, p, "collective_decision"), "not_requested"),
]


@pytest.mark.parametrize(("make", "lack"), [case[1:] for case in REVIEWS], ids=[case[0] for case in REVIEWS])
def test_what_a_review_is_worth(
    as_: As, db: Work, make: Callable[[Any, Project], None], lack: str | None
) -> None:  # fmt: skip
    with db() as session:
        project = make_project(session, stage="talk")
        rule(session, GATES.code, _only("signed", {"type": "review", "review": "legal"}))
        make(session, project)
    item = gate(as_("officer"), project.code, "signed", on="2020-08-18")["required"][0]
    assert (item["present"], item["lack"]) == (lack is None, lack)
    answer = move(as_("officer"), project.code, SIGNING)
    if lack is None:
        assert answer.status_code == 201, answer.text
    else:
        assert lacks(answer) == ["signed.review.legal"]


def test_a_review_under_way_is_said_to_be_so(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="talk")
        rule(session, GATES.code, _only("signed", {"type": "review", "review": "legal"}))
    officer = as_("officer")
    asked = officer.post(f"/api/v1/projects/{project.code}/reviews", json={"kind": "legal"})
    assert asked.status_code == 201, asked.text
    item = gate(officer, project.code, "signed")["required"][0]
    assert (item["lack"], item["message"]) == ("under_way", "合法性审查已送审，尚无结论")


EVIDENCE: list[tuple[str, str, bool, str | None]] = [
    ("start_order", "verified", True, None), ("start_order", "submitted", True, "not_verified"),
    ("start_order", "submitted", False, None), ("start_order", "rejected", False, "missing"),
    ("site_photo", "verified", True, None), ("deed", "verified", False, "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "state", "verified", "lack"), EVIDENCE)
def test_what_evidence_is_worth(
    as_: As, db: Work, kind: str, state: str, verified: bool, lack: str | None
) -> None:  # fmt: skip
    asked = {"type": "evidence", "any_of": ["start_order", "site_photo"], "verified": verified}
    with db() as session:
        project = make_project(session, stage="land")
        rule(session, GATES.code, _only("started", asked))
        make_evidence(session, project, kind, state)
    item = gate(as_("officer"), project.code, "started")["required"][0]
    assert (item["label"], item["lack"]) == ("开工令或现场照片", lack)
    answer = move(as_("officer"), project.code, {"to": "started", "happened_on": "2020-09-01"})
    assert answer.status_code == (201 if lack is None else 409)


def test_replaced_evidence_proves_nothing_until_its_replacement_is_verified(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="land")
        rule(session, GATES.code, _only("started", {"type": "evidence", "any_of": ["start_order"]}))
        old = make_evidence(session, project, "start_order", "verified")
        newer = make_evidence(session, project, "start_order", "submitted", replaces=old)
    body = {"to": "started", "happened_on": "2020-09-01"}
    refused = move(as_("officer"), project.code, body)
    assert lacks(refused) == ["started.evidence.start_order"]
    assert refused.json()["errors"][0] == {
        "field": "started.evidence.start_order", "code": "not_verified", "message": "开工令待核验；请另一人核验",
    }  # fmt: skip
    path = f"/api/v1/projects/{project.code}/evidence/{newer.id}/verify"
    assert as_("reviewer").post(path).status_code == 200
    assert move(as_("officer"), project.code, body).status_code == 201


def _only(stage: str, *asked: dict[str, Any]) -> dict[str, Any]:
    """A rule that asks for something at one stage only."""
    return {"kinds": {kind: {s: list(asked) if s == stage else [] for s in Stage} for kind in Kind}}


FIELDS = {
    "channel": {"channel": "direct"}, "officer": {"officer": "李工"}, "place": {"place": "正阳工业园区"},
    "park": {"park": "正阳园"}, "industry": {"industry": "C30"}, "origin_region": {"origin_region": "440300"},
    "investment": {"investment_fen": 1}, "land_mu": {"land_mu": 100}, "jobs": {"jobs": 1}, "output": {"output_fen": 1},
    "tax": {"tax_fen": 1}, "national_code": {"national_code": "2020-500114-30-03-123456"},
}  # fmt: skip


def test_every_field_that_a_gate_may_ask_for(as_: As, db: Work) -> None:
    with db() as session:
        rule(session, GATES.code, _only("talk", *({"type": "field", "field": name} for name in ALL_FIELDS)))
        empty = make_project(session, stage="lead")
        enterprise = make_enterprise(session, uscc="91350100M000100Y43")
        values = {key: value for fields in FIELDS.values() for key, value in fields.items()}
        full = make_project(session, stage="lead", unit=make_unit(session, "jxw"), enterprise=enterprise, **values)
    body = {"to": "talk", "happened_on": "2020-02-01"}
    assert lacks(move(as_("officer"), empty.code, body)) == [f"talk.field.{name}" for name in ALL_FIELDS]
    assert move(as_("officer"), full.code, body).status_code == 201


ALL_FIELDS = [*FIELDS, "unit", "enterprise", "uscc"]


def test_a_former_owner_s_credit_code_is_not_the_project_s(as_: As, db: Work) -> None:
    with db() as session:
        rule(session, GATES.code, _only("registered", {"type": "field", "field": "uscc"}))
        project = make_project(session, stage="signed", enterprise=make_enterprise(session))
        make_agreement(session, project)
        firm = make_enterprise(session, uscc="91350100M000100Y43")
        part = ProjectEnterprise(project_id=project.id, enterprise_id=firm.id, role="former")
        session.add(part)
    body = {"to": "registered", "happened_on": "2020-09-01"}
    assert lacks(move(as_("officer"), project.code, body)) == ["registered.field.uscc"]
    with db() as session:
        session.get_one(ProjectEnterprise, part.id).role = "landed"
    assert move(as_("officer"), project.code, body).status_code == 201


# -- what is passed over ------------------------------------------------------------------------------------------


def test_stages_that_are_passed_over_are_judged_too_but_for_those_that_may_be_skipped(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="lead")
    missing = lacks(move(as_("officer"), project.code, SIGNING))
    assert missing == ["talk.field.channel", "talk.evidence.talk_record", *SIGNED_ASKS]
    with db() as session:
        make_signable(session, session.get_one(Project, project.id))
    assert move(as_("officer"), project.code, SIGNING).status_code == 201
    started = {"to": "started", "happened_on": "2020-12-01"}
    missing = lacks(move(as_("officer"), project.code, started))
    assert {place.split(".")[0] for place in missing} == {"registered", "approved", "land", "started"}
    seen = gate(as_("officer"), project.code, "started")
    assert (seen["waits_for"], seen["open"], seen["missing"]) == (["registered", "approved", "land"], False, 1)
    with db() as session:
        there = session.get_one(Project, project.id)
        there.national_code, there.land_mu = "2020-500114-30-03-123456", 10_000
        for kind in ("business_licence", "deed", "site_photo"):
            make_evidence(session, there, kind, "verified")
        firm = make_enterprise(session, uscc="91350100M000100Y43")
        session.add(ProjectEnterprise(project_id=there.id, enterprise_id=firm.id, role="landed"))
    assert gate(as_("officer"), project.code, "started")["open"]
    assert move(as_("officer"), project.code, started).status_code == 201
    states = {one["stage"]: one["state"] for one in gates(as_("officer"), project.code)["stages"]}
    assert states["framework"] == states["registered"] == states["land"] == "passed_over"
    assert (states["signed"], states["started"], states["completed"]) == ("reached", "current", "ahead")


def gates(client: Any, code: str) -> Any:
    return client.get(f"/api/v1/projects/{code}/gates").json()


def test_a_kind_has_its_own_stages(as_: As, db: Work) -> None:
    with db() as session:
        leased = make_project(session, stage="signed", kind="lease")
        office = make_project(session, stage="signed", kind="headquarters")
        for project in (leased, office):
            make_agreement(session, project, signed_on=date(2020, 3, 1))
    officer = as_("officer")
    assert [item["code"] for item in gate(officer, leased.code, "land")["required"]] == ["evidence.lease_contract"]
    assert [item["code"] for item in gate(officer, leased.code, "started")["required"]] == ["evidence.equipment_photo"]
    skipped = gate(officer, office.code, "land")
    assert (skipped["state"], skipped["open"]) == ("skipped", False)
    assert skipped["required"][0]["message"] == "总部项目没有供地租赁阶段"
    assert "land.stage" in lacks(move(officer, office.code, {"to": "land", "happened_on": "2020-09-01"}))
    # Passed over it is not asked for.
    started = lacks(move(officer, office.code, {"to": "started", "happened_on": "2020-09-01"}))
    assert {place.split(".")[0] for place in started} == {"registered", "started"}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_that_ships_leads_from_lead_to_full_capacity(as_: As, db: Work, kind: Kind) -> None:
    """With exactly what the gates ask for, each stage opens in turn, and without any one of it, it does not."""
    with db() as session:
        firm = make_enterprise(session, uscc="91350100M000100Y43")
        code = make_project(session, stage="lead", kind=kind).code
    officer = as_("officer")
    shipped = GATES.shipped.kinds[kind]
    for stage in [stage for stage in STAGES[1:] if stage in shipped]:
        day = f"2020-{stage.order + 1:02d}-10"
        body: dict[str, Any] = {"to": stage, "happened_on": day}
        if stage is Stage.FRAMEWORK:
            body["agreement"] = {"type": "intent"}
        if stage is Stage.SIGNED:
            body["agreement"] = CONTRACT
        if shipped[stage]:
            lacks(move(officer, code, body))
        with db() as session:
            project = session.scalars(select(Project).where(Project.code == code)).one()
            if stage is Stage.SIGNED:
                for review in ("due_diligence", "legal"):
                    make_review(session, project, review, on=date(2020, 4, 1))
            if stage is Stage.REGISTERED:
                session.add(ProjectEnterprise(project_id=project.id, enterprise_id=firm.id, role="investor"))
            given = {"channel": "direct", "national_code": "2020-500114-30-03-123456", "land_mu": 1}
            for one in shipped[stage]:
                if isinstance(one, FieldRequirement) and one.field in (*given, "enterprise"):
                    column = COLUMNS[one.field]
                    setattr(project, column, given.get(column, firm.id))
            proof = [one for one in shipped[stage] if isinstance(one, EvidenceRequirement)]
            for one in proof:
                make_evidence(session, project, one.any_of[-1], "verified" if one.verified else "submitted")
        assert gate(officer, code, stage, on=day)["missing"] in (0, 1)  # 1: the agreement that comes with the move
        moved = move(officer, code, body)
        assert moved.status_code == 201, moved.text
    assert gates(officer, code)["gaps"] == 0


# -- imported history ---------------------------------------------------------------------------------------------


def test_imported_history_passed_no_gate_and_its_gaps_are_listed(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="started", imported=True, started_on=date(2020, 6, 1))
        make_agreement(session, project, signed_on=date(2020, 3, 1))
        for before, to, day in ((None, "lead", 1), ("lead", "signed", 3), ("signed", "started", 6)):
            session.add(
                Move(
                    project_id=project.id, from_stage=before, to_stage=Stage(to), happened_on=date(2020, day, 1),
                    imported=True, entered_at=calendar.now(), entered_by=0, entered_by_name="x",
                )
            )  # fmt: skip
    officer = as_("officer")
    found = gates(officer, project.code)
    assert found["imported"] is True
    by_stage = {one["stage"]: one for one in found["stages"]}
    assert all(by_stage[stage]["imported"] for stage in ("signed", "land", "started"))
    assert not by_stage["completed"]["imported"]
    lacking = [item["code"] for item in by_stage["signed"]["required"] if not item["present"]]
    assert lacking == [
        "field.enterprise", "paper.formal", "evidence.contract", "review.due_diligence", "review.legal",
    ]  # fmt: skip
    assert found["gaps"] == sum(by_stage[s]["missing"] for s in by_stage if Stage(s).order <= Stage.STARTED.order) > 5
    # What it brought is not asked for again; what comes next is.
    body = {"to": "completed", "happened_on": "2020-12-01"}
    assert lacks(move(officer, project.code, body)) == ["completed.evidence.acceptance"]
    with db() as session:
        make_evidence(session, session.get_one(Project, project.id), "acceptance", "verified")
    assert move(officer, project.code, body).status_code == 201


def test_going_back_asks_for_nothing_and_going_forward_again_for_everything(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="started", imported=True, started_on=date(2020, 6, 1))
        make_agreement(session, project, signed_on=date(2020, 3, 1))
    back = {"to": "signed", "happened_on": "2020-07-01", "reason": "土地未落实"}
    assert move(as_("officer"), project.code, back).status_code == 201
    assert len(lacks(move(as_("officer"), project.code, {"to": "started", "happened_on": "2020-08-01"}))) == 6


# -- reading ------------------------------------------------------------------------------------------------------


def test_the_answer_carries_the_project_s_version_and_changes_with_what_is_there(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="lead")
    officer = as_("officer")
    path = f"/api/v1/projects/{project.code}/gates"
    first = officer.get(path)
    assert first.headers["etag"].startswith('"1-')
    assert officer.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    with db() as session:
        session.get_one(Project, project.id).channel = "direct"
    second = officer.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.headers["etag"].startswith('"2-')
    assert gate(officer, project.code, "talk")["missing"] == gate_of(first, "talk")["missing"] - 1
    assert officer.get(path, params={"on": "2999-01-01"}).status_code == 422
    assert officer.get(path, params={"at": "2020-01-01"}).status_code == 422


def gate_of(answer: Any, stage: str) -> Any:
    return next(one for one in answer.json()["stages"] if one["stage"] == stage)


@pytest.mark.parametrize(
    ("level", "who", "status"),
    [
        ("open", "leader", 200), ("open", "reporter-own", 200), ("open", "reporter-other", 200),
        ("internal", "officer", 200), ("internal", "reporter-other", 404), ("sealed", "officer", 404),
        ("sealed", "reporter-own", 404), ("open", "system_admin", 403), ("open", "security_admin", 403),
        ("open", "auditor", 403),
    ],
)  # fmt: skip
def test_gates_are_seen_with_their_project(as_: As, db: Work, level: str, who: str, status: int) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"), confidentiality=level)
    role, _, whose = who.partition("-")
    client = as_(role, unit={"own": "jxw", "other": "nyw"}[whose]) if whose else as_(role)
    answer = client.get(f"/api/v1/projects/{project.code}/gates")
    assert answer.status_code == status
    assert status == 200 or project.name not in answer.text
    assert as_(None).get(f"/api/v1/projects/{project.code}/gates").status_code == 401


# -- the rule -----------------------------------------------------------------------------------------------------


def _without(kind: str, stage: str) -> dict[str, Any]:
    kinds = _only("talk")["kinds"]
    del kinds[kind][stage]
    return {"kinds": kinds}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kinds": {"lease": {}}}, "body.kinds"),
    (_without("lease", "signed"), "body.kinds.lease"),
    (_only("lead", {"type": "field", "field": "park"}), "body.kinds.industry_land.lead"),
    (_only("talk", *[{"type": "field", "field": "park"}] * 2), "body.kinds.industry_land.talk"),
    (_only("talk") | {"may_skip": ["signed"]}, "body.may_skip"),
    (_only("talk", {"type": "wish", "field": "park"}), "body.kinds.industry_land.talk.0"),
    (_only("talk", {"type": "field", "field": "moon"}), "body.kinds.industry_land.talk.0.field.field"),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=[case[1] for case in WRONG])
def test_a_version_that_makes_no_sense_is_not_saved(as_: As, body: dict[str, Any], field: str) -> None:
    draft = {"body": body, "valid_from": "2021-01-01", "basis": "测试"}
    answer = as_("officer").post("/api/v1/rules/gates/versions", json=draft)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_what_ships_can_be_saved_changed_and_activated_by_another(as_: As, db: Work) -> None:
    body = GATES.shipped.model_dump(mode="json")
    body["kinds"]["lease"]["talk"] = []
    draft = {"body": body, "valid_from": "2021-01-01", "basis": "局办公会纪要 2020-12"}
    saved = as_("officer").post("/api/v1/rules/gates/versions", json=draft)
    assert saved.status_code == 201, saved.text
    path = f"/api/v1/rules/gates/versions/{saved.json()['number']}/activate"
    assert as_("reviewer").post(path).status_code == 200
    with db() as session:
        project = make_project(session, stage="lead", kind="lease")
    assert move(as_("officer"), project.code, {"to": "talk", "happened_on": "2021-02-01"}).status_code == 201


def test_the_shipped_rule_is_what_it_says() -> None:
    assert GATES.check(GATES.shipped) == []
    assert GateRule.model_validate(GATES.shipped.model_dump(mode="json")) == GATES.shipped
    assert set(GATES.shipped.kinds) == set(Kind)
    signed = {kind: [one.code for one in stages[Stage.SIGNED]] for kind, stages in GATES.shipped.kinds.items()}
    assert all({"evidence.contract", "review.due_diligence", "review.legal"} < set(codes) for codes in signed.values())


def test_evidence_is_the_row_that_counts(as_: As, db: Work) -> None:
    """The list of gates says what the evidence list says."""
    with db() as session:
        project = make_project(session, stage="talk")
        make_signable(session, project)
    with db() as session:
        contract = session.scalars(select(Evidence).where(Evidence.kind == "contract")).one()
    path = f"/api/v1/projects/{project.code}/evidence/{contract.id}/reject"
    assert as_("reviewer").post(path, json={"reason": "缺骑缝章"}).status_code == 200
    lacking = [item["code"] for item in gate(as_("officer"), project.code, "signed")["required"] if item["lack"]]
    assert "evidence.contract" in lacking
