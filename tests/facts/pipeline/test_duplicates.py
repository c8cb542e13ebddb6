"""Is it another project signed again: what is suspected, who must answer, what the answer does, who learns of it."""

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from app.facts.pipeline.duplicates.routes import router
from app.facts.pipeline.duplicates.rules import DUPLICATES
from app.facts.pipeline.duplicates.suspects import suspects
from app.facts.pipeline.duplicates.terms import Suspicion
from app.facts.pipeline.models import DuplicateAnswer
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.projects.service import refresh_search
from app.facts.projects.terms import Stage
from app.kernel import chain
from app.kernel.access import Role
from app.kernel.routing import PREFIX
from tests.clients import As, Work, put_part
from tests.factories.agreements import YI, make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.gates import open_gates, rule
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

SIGNING = {"to": "signed", "happened_on": "2020-08-18", "agreement": {"number": "X-1", "amount": "50000000.00"}}
WHY = "同一业主的另一条生产线，地块与合同均不同"


@pytest.fixture(autouse=True)
def gates_stand_open(db: Work) -> None:
    with db() as session:
        open_gates(session, suspecting=True)


def move(client: TestClient, code: str, **more: Any) -> Any:
    return client.post(f"/api/v1/projects/{code}/moves", json=SIGNING | more)


def answer(client: TestClient, code: str, other: str, same: bool = False) -> Any:
    body = {"answers": [{"project": other, "same": same, "why": WHY}]}
    return client.post(f"/api/v1/projects/{code}/duplicates/answers", json=body)


def inline(other: str, same: bool = False) -> Any:
    return [{"project": other, "same": same, "why": WHY}]


def listed(client: TestClient, code: str) -> Any:
    found = client.get(f"/api/v1/projects/{code}/duplicates")
    assert found.status_code == 200, found.text
    return found.json()


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


# -- what is suspected --------------------------------------------------------------------------------------------

NAMES: list[tuple[str, str, tuple[str, ...], list[str]]] = [
    ("正阳光伏玻纤项目", "正阳光伏玻纤项目", (), ["same_name"]),
    ("正阳光伏玻纤项目", "正阳 光伏（玻纤）项目", (), ["same_name"]),
    ("正阳光伏玻纤建设项目", "正阳光伏玻纤工程", (), ["similar_name"]),
    ("正阳项目", "舟白项目", (), []),
    ("绿雅杏鲍菇工厂化栽培", "食用菌现代化种植基地", ("绿雅杏鲍菇工厂化栽培",), ["same_name"]),
    ("绿雅杏鲍菇工厂化栽培", "食用菌现代化种植基地", ("绿雅杏鲍菇工厂化栽陪",), ["similar_name"]),
    ("濯水旅游度假区综合开发", "濯水旅游渡假区综合开发", (), ["similar_name"]),
    ("正阳光伏玻纤项目", "正杨光福玻纤项目", (), ["similar_name"]),
    ("黔江区正阳新材料有限公司", "重庆市正阳新材料集团", (), ["similar_name"]),
    ("年产五万吨茧丝绸加工一期", "年产五万吨茧丝绸加工二期", (), ["similar_name"]),
    ("年产五万吨茧丝绸加工", "重庆黔江年产五万吨茧丝绸加工及配套", (), ["similar_name"]),
    ("重庆黔江年产五万吨茧丝绸加工及配套", "茧丝绸加工", (), ["similar_name"]),
    ("正阳光伏玻纤项目", "舟白冷链物流中心", (), []),
    ("正阳光伏玻纤项目", "正阳生猪养殖项目", (), []),
    ("A", "B", (), []),
]


@pytest.mark.parametrize(("name", "other", "aliases", "expected"), NAMES)
def test_names(db: Work, name: str, other: str, aliases: tuple[str, ...], expected: list[str]) -> None:
    with db() as session:
        project = make_project(session, name=name)
        make_project(session, name=other, aliases=aliases)
        make_project(session)
        found = suspects(session, project, DUPLICATES.shipped)
    reasons = [suspicion.value for one in found for suspicion in one.suspicions]
    assert reasons == expected


def test_an_own_alias_is_a_name_too(db: Work) -> None:
    with db() as session:
        project = make_project(session, aliases=("绿雅杏鲍菇工厂化栽培",))
        other = make_project(session, name="绿雅杏鲍菇工厂化栽培")
        found = suspects(session, project, DUPLICATES.shipped)
    assert [(one.project_id, one.suspicions, one.score) for one in found] == [(other.id, (Suspicion.SAME_NAME,), 100)]


def test_enterprises_and_their_group(db: Work) -> None:
    with db() as session:
        head = make_enterprise(session)
        firm = make_enterprise(session, parent_id=head.id)
        sister = make_enterprise(session, parent_id=head.id)
        child = make_enterprise(session, parent_id=firm.id)
        stranger = make_enterprise(session)
        project = make_project(session, enterprise=firm)
        places = {
            "same": make_project(session, enterprise=firm), "head": make_project(session, enterprise=head),
            "sister": make_project(session, enterprise=sister), "child": make_project(session, enterprise=child),
            "stranger": make_project(session, enterprise=stranger), "landed": make_project(session),
            "former": make_project(session),
        }  # fmt: skip
        for role in ("landed", "former"):
            session.add(ProjectEnterprise(project_id=places[role].id, enterprise_id=firm.id, role=role))
        found = {one.project_id: [s.value for s in one.suspicions] for one in suspects(session, project, SHIPPED)}
    assert {name: found.get(other.id) for name, other in places.items()} == {
        "same": ["same_uscc"], "landed": ["same_uscc"], "head": ["same_parent"], "sister": ["same_parent"],
        "child": ["same_parent"], "stranger": None, "former": None,
    }  # fmt: skip


SHIPPED = DUPLICATES.shipped


@pytest.mark.parametrize(
    ("place", "investment", "expected"),
    [("正阳工业园区 A3", 5, True), ("正阳工业园区A4", 5, False), ("正阳工业园区A3", 6, False), (None, 5, False)],
)
def test_place_and_amount(db: Work, place: str | None, investment: int, expected: bool) -> None:
    with db() as session:
        project = make_project(session, place="正阳工业园区A3", investment_fen=5 * YI)
        signed = make_project(session, place=place, stage="signed")
        make_agreement(session, signed, amount_fen=investment * YI)
        planned = make_project(session, place=place, investment_fen=investment * YI)
        found = {one.project_id for one in suspects(session, project, SHIPPED)}
    assert found == ({signed.id, planned.id} if expected else set())


def test_the_likeliest_come_first_and_no_more_than_the_rule_says(db: Work) -> None:
    with db() as session:
        firm = make_enterprise(session)
        project = make_project(session, name="正阳光伏玻纤项目", enterprise=firm)
        near = make_project(session, name="正阳光伏玻纤二期项目")
        both = make_project(session, name="正阳光伏玻纤项目", enterprise=firm)
        owner = make_project(session, enterprise=firm)
        named = make_project(session, name="正阳光伏玻纤项目")
        found = [one.project_id for one in suspects(session, project, SHIPPED)]
        assert found == [both.id, owner.id, named.id, near.id]
        fewer = suspects(session, project, SHIPPED.model_copy(update={"at_most": 2}))
        assert [one.project_id for one in fewer] == found[:2]
        owners = suspects(session, project, SHIPPED.model_copy(update={"asks": (Suspicion.SAME_USCC,)}))
        assert [one.project_id for one in owners] == found[:2]
        assert suspects(session, project, SHIPPED.model_copy(update={"asks": ()})) == []


# -- the signing --------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(db: Work) -> tuple[str, str]:
    """One that is about to be signed, and one that was signed before under nearly the same name."""
    with db() as session:
        other = make_project(session, name="正阳光伏玻纤项目", stage="signed", unit=make_unit(session, "jxw"))
        make_agreement(session, other, signed_on=date(2019, 11, 20))
        project = make_project(session, name="正阳光伏玻纤二期项目", unit=make_unit(session, "jxw"))
        return project.code, other.code


def test_nobody_signs_without_an_answer(as_: As, db: Work, pair: tuple[str, str], app: FastAPI) -> None:
    code, other = pair
    with db() as session:
        make_user(session, "officer", login="lisi", name="李四")
    officer = as_("lisi")
    refused = move(officer, code)
    assert code_of(refused) == (409, "duplicate_suspected")
    assert refused.json()["errors"] == [
        {
            "field": f"duplicate_answers.{other}", "code": "similar_name",
            "message": f"「正阳光伏玻纤项目」（{other}，签约）：名称相近",
        }
    ]  # fmt: skip
    before = listed(officer, code)
    assert (before["withheld"], before["unanswered"], before["same"], before["rule"]) == (
        0,
        1,
        0,
        "signing_duplicates/0",
    )
    (suspect,) = before["items"]
    assert (suspect["project"], suspect["suspicions"], suspect["answered"], suspect["answer"]) == (
        other, ["similar_name"], False, None,
    )  # fmt: skip
    assert (suspect["signed_on"], suspect["contract_amount"], suspect["unit_name"]) == (
        "2019-11-20", "100000000.00", "区经济信息委",
    )  # fmt: skip
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        assert (project.stage, project.contract_fen) == (Stage.TALK, 0)
    moved = move(officer, code, duplicate_answers=inline(other))
    assert moved.status_code == 201, moved.text
    after = listed(officer, code)
    assert after["unanswered"] == 0
    told = after["items"][0]["answer"]
    assert (told["project"], told["same"], told["why"], told["answered_by"]) == (other, False, WHY, "李四")
    assert (told["given_on"], told["suspicions"]) == (code, ["similar_name"])
    for one in pair:
        kept = officer.get(f"/api/v1/projects/{one}/duplicates/answers").json()
        assert [(item["why"], item["given_on"]) for item in kept["items"]] == [(WHY, code)]
    labels = [item["label"] for item in officer.get(f"/api/v1/projects/{code}/history").json()["items"]]
    assert {"阶段变更", "答复疑似重复", "登记合同协议"} <= set(labels)
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_stages_that_are_skipped_sign_too(as_: As, db: Work, pair: tuple[str, str]) -> None:
    code, other = pair
    with db() as session:
        make_agreement(session, session.scalars(select(Project).where(Project.code == code)).one())
    body = {"to": "started", "happened_on": "2020-09-01", "agreement": None}
    assert code_of(move(as_("officer"), code, **body)) == (409, "duplicate_suspected")
    assert move(as_("officer"), code, **body, duplicate_answers=inline(other)).status_code == 201


def test_the_same_project_is_not_signed_again(as_: As, db: Work, pair: tuple[str, str]) -> None:
    code, other = pair
    officer = as_("officer")
    stopped = move(officer, code, duplicate_answers=inline(other, same=True))
    assert code_of(stopped) == (409, "same_project")
    assert f"与「正阳光伏玻纤项目」（{other}）是同一项目" in stopped.json()["message"]
    assert stopped.json()["errors"][0]["field"] == f"duplicate_answers.{other}"
    with db() as session:
        assert session.scalars(select(DuplicateAnswer)).all() == [], "a refusal keeps nothing"
    assert answer(officer, code, other, same=True).status_code == 201
    assert listed(officer, code)["same"] == 1
    # Whoever comes next is told so, and not even an answer to the contrary with the move passes unseen.
    assert code_of(move(as_("reviewer"), code)) == (409, "same_project")
    assert answer(as_("reviewer"), code, other).status_code == 201
    assert move(as_("officer"), code).status_code == 201
    kept = officer.get(f"/api/v1/projects/{code}/duplicates/answers").json()["items"]
    assert [item["same"] for item in kept] == [True, False]


def test_an_answer_holds_for_both_until_something_else_is_suspected(as_: As, db: Work, pair: tuple[str, str]) -> None:
    code, other = pair
    officer = as_("officer")
    assert answer(officer, other, code).status_code == 201
    assert listed(officer, code)["unanswered"] == listed(officer, other)["unanswered"] == 0
    with db() as session:
        firm = make_enterprise(session)
        for one in session.scalars(select(Project).where(Project.code.in_(pair))):
            session.add(ProjectEnterprise(project_id=one.id, enterprise_id=firm.id, role="investor"))
    assert listed(officer, code)["unanswered"] == 1
    again = move(officer, code)
    assert code_of(again) == (409, "duplicate_suspected")
    assert "参与企业相同、名称相近" in again.json()["errors"][0]["message"]
    assert move(officer, code, duplicate_answers=inline(other)).status_code == 201


def test_what_nobody_suspected_can_be_said_to_be_the_same(as_: As, db: Work) -> None:
    with db() as session:
        project, other = make_project(session).code, make_project(session).code
    assert listed(as_("officer"), project)["items"] == []
    given = answer(as_("officer"), project, other, same=True)
    assert given.json()["items"][0]["suspicions"] == []
    assert code_of(move(as_("officer"), project)) == (409, "same_project")
    assert code_of(move(as_("officer"), other)) == (409, "same_project"), "neither is signed beside the other"


def test_answers_that_make_no_sense(as_: As, db: Work, pair: tuple[str, str]) -> None:
    code, other = pair
    officer = as_("officer")
    for answers, field in (
        (inline("500114-1999-0001"), "duplicate_answers.0.project"),
        (inline(code), "duplicate_answers.0.project"),
        (inline(other) * 2, "duplicate_answers.1.project"),
        ([{"project": other, "same": False, "why": " "}], "duplicate_answers.0.why"),
        ([{"project": other, "same": "maybe", "why": "x"}], "duplicate_answers.0.same"),
    ):
        refused = move(officer, code, duplicate_answers=answers)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    back = {"to": "lead", "happened_on": "2020-08-18", "reason": "x", "duplicate_answers": inline(other)}
    refused = officer.post(f"/api/v1/projects/{code}/moves", json=back)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "duplicate_answers")
    nothing = officer.post(f"/api/v1/projects/{code}/duplicates/answers", json={"answers": []})
    assert nothing.status_code == 422


# -- a contract recorded by itself --------------------------------------------------------------------------------


def test_a_contract_recorded_by_itself_asks_the_same(as_: As, db: Work, pair: tuple[str, str]) -> None:
    code, other = pair
    officer = as_("officer")
    path = f"/api/v1/projects/{code}/agreements"
    contract = {"type": "formal", "signed_on": "2020-08-18", "amount": "50000000.00"}
    draft = officer.post(path, json={"type": "intent", "signed_on": "2020-08-18", "amount": "50000000.00"})
    assert draft.status_code == 201, "only what signs is asked about"
    assert code_of(officer.post(path, json=contract)) == (409, "duplicate_suspected")
    version = {"If-Match": draft.headers["etag"]}
    turned = {"type": "formal", "reason": "实为正式合同"}
    corrected = officer.patch(f"{path}/{draft.json()['id']}", json=turned, headers=version)
    assert code_of(corrected) == (409, "duplicate_suspected")
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        assert (project.signed_on, project.contract_fen) == (None, 0)
    assert answer(officer, code, other).status_code == 201
    assert officer.post(path, json=contract).status_code == 201
    # The move that follows asks nothing more; neither does a second contract of what is signed.
    assert officer.post(path, json=contract | {"signed_on": "2020-09-01"}).status_code == 201
    assert move(officer, code, agreement=None).status_code == 201


# -- what not everybody may see -----------------------------------------------------------------------------------


@pytest.fixture
def sealed(as_: As, db: Work) -> tuple[str, str]:
    """One that is about to be signed, and a sealed one of the same name that only `named` may see."""
    with db() as session:
        make_user(session, "reviewer", login="named", name="知情人")
        project = make_project(session, name="正阳光伏玻纤项目", unit=make_unit(session, "jxw"))
        other = make_project(session, name="正阳光伏玻纤项目", aliases=("绝密代号青松",), stage="signed")
        make_agreement(session, other)
        codes = project.code, other.code
    seal = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    path = f"/api/v1/projects/{codes[1]}"
    assert put_part(as_("reviewer", login="sealer"), path, "confidentiality", seal).status_code == 200
    return codes


def test_what_one_may_not_see_is_a_number_and_somebody_else_answers(
    as_: As, db: Work, app: FastAPI, sealed: tuple[str, str]
) -> None:
    code, other = sealed
    officer, named = as_("officer"), as_("named")
    refused = move(officer, code)
    assert code_of(refused) == (409, "duplicate_suspected")
    assert refused.json()["errors"] == [
        {"field": "withheld", "code": "1", "message": "其中 1 个您无权查看，须由有权查看者先行答复"}
    ]
    seen = listed(officer, code)
    assert (seen["items"], seen["withheld"], seen["unanswered"]) == ([], 1, 1)
    # A guessed code is as unknown as one that is not there.
    for guess in (other, "500114-1999-0001"):
        blind = answer(officer, code, guess)
        assert blind.status_code == 422
        assert blind.json()["errors"] == [
            {"field": "answers.0.project", "code": "unknown_project", "message": "没有这个项目，或您无权查看"}
        ]
    told = listed(named, code)
    assert ([item["project"] for item in told["items"]], told["withheld"]) == ([other], 0)
    given = named.post(
        f"/api/v1/projects/{code}/duplicates/answers",
        json={"answers": [{"project": other, "same": False, "why": "与绝密代号青松无关"}]},
    )
    assert given.status_code == 201
    moved = move(officer, code)
    assert moved.status_code == 201, moved.text
    shown = [
        refused.text, blind.text, moved.text, officer.get(f"/api/v1/projects/{code}/duplicates").text,
        officer.get(f"/api/v1/projects/{code}/duplicates/answers").text,
        officer.get(f"/api/v1/projects/{code}/history").text,
    ]  # fmt: skip
    assert not any(other in text or "青松" in text or "无关" in text for text in shown)
    hidden = officer.get(f"/api/v1/projects/{code}/duplicates/answers").json()
    assert hidden == {"items": [], "withheld": 1}
    assert [item["why"] for item in named.get(f"/api/v1/projects/{code}/duplicates/answers").json()["items"]] == [
        "与绝密代号青松无关"
    ]
    with app.state.database.reading() as connection:
        told_of = [row.body for row in chain.stored(connection) if row.subject_key == code]
    assert any("duplicate_answer" in body for body in told_of)
    assert not any("无关" in body for body in told_of), "the log is for ever"


def test_the_same_as_one_that_is_not_seen_stops_without_naming_it(as_: As, db: Work, sealed: tuple[str, str]) -> None:
    code, other = sealed
    assert answer(as_("named"), code, other, same=True).status_code == 201
    stopped = move(as_("officer"), code)
    assert code_of(stopped) == (409, "same_project")
    assert stopped.json()["errors"] == []
    assert other not in stopped.text
    assert listed(as_("officer"), code)["same"] == 1


# -- who may ------------------------------------------------------------------------------------------------------

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
TABLE: dict[tuple[str, str], set[Role]] = {
    ("GET", "/projects/{code}/duplicates"): STAFF,
    ("GET", "/projects/{code}/duplicates/answers"): STAFF,
    ("POST", "/projects/{code}/duplicates/answers"): {Role.OFFICER, Role.REVIEWER, Role.REPORTER},
}


def test_the_table_is_whole() -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(TABLE) == found


def send(client: TestClient, place: tuple[str, str], pair: tuple[str, str]) -> Any:
    body = None if place[0] == "GET" else {"answers": inline(pair[1])}
    return client.request(place[0], PREFIX + place[1].format(code=pair[0]), json=body)


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, pair: tuple[str, str], place: tuple[str, str]) -> None:
    assert send(as_(None), place, pair).status_code == 401
    let_in = {role for role in Role if send(as_(role.value, unit="jxw"), place, pair).status_code != 403}
    assert let_in == TABLE[place]
    if place[0] == "POST":
        assert code_of(send(as_("reporter", unit="nyw"), place, pair)) == (403, "not_yours")


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_a_sealed_project_is_not_asked_about(as_: As, sealed: tuple[str, str], place: tuple[str, str]) -> None:
    code, other = sealed
    for role in TABLE[place]:
        answer = send(as_(role.value, unit="jxw"), place, (other, code))
        assert answer.status_code == 404
        assert "玻纤" not in answer.text
    assert send(as_("named"), place, (other, code)).status_code in (200, 201)


def test_a_rule_that_suspects_nothing_asks_nothing(as_: As, db: Work, pair: tuple[str, str]) -> None:
    with db() as session:
        rule(session, DUPLICATES.code, {"asks": [], "likeness": 85, "at_most": 30})
    assert listed(as_("officer"), pair[0])["items"] == []
    assert move(as_("officer"), pair[0]).status_code == 201


def test_a_new_name_is_looked_at_too(as_: As, db: Work, pair: tuple[str, str]) -> None:
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == pair[1])).one()
        project.name = "舟白冷链物流中心"
        refresh_search(session, project)
    assert listed(as_("officer"), pair[0])["items"] == []
