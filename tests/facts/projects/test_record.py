from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from app.facts.projects.models import Project, ProjectUnit
from app.identity.auth.models import User
from app.kernel import calendar, chain, events
from tests.clients import put_part
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

As = Callable[..., Any]
PROJECTS = "/api/v1/projects"


@pytest.fixture
def code(db: Any) -> str:
    with db() as session:
        return make_project(session, unit=make_unit(session, "jxw"), name="玻纤一期").code


def tag(client: Any, code: str) -> str:
    return str(client.get(f"{PROJECTS}/{code}").headers["ETag"])


def patch(client: Any, code: str, body: dict[str, Any], etag: str | None = None) -> Any:
    return client.patch(f"{PROJECTS}/{code}", json=body, headers={"If-Match": etag or tag(client, code)})


# -- creating ------------------------------------------------------------------------------------------------------


def test_a_change_without_or_with_a_stale_tag_is_refused(as_: As, code: str) -> None:
    officer = as_("officer")
    old = tag(officer, code)
    assert officer.patch(f"{PROJECTS}/{code}", json={"chain": "纺织"}).status_code == 428
    assert patch(officer, code, {"chain": "纺织"}, old).status_code == 200
    refused = patch(officer, code, {"chain": "材料"}, old)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert officer.get(f"{PROJECTS}/{code}").json()["chain"] == "纺织"


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("units", {"responsible": "nyw", "valid_from": "2020-07-01"}),
        ("confidentiality", {"level": "internal", "reason": "要求"}),
    ],
)
def test_its_units_and_level_are_changed_from_a_reading(
    part: str, body: dict[str, Any], as_: As, db: Any, code: str
) -> None:
    with db() as session:
        make_unit(session, "nyw")
    officer, address = as_("officer"), f"{PROJECTS}/{code}/{part}"
    before, old = officer.get(f"{PROJECTS}/{code}").json(), tag(officer, code)
    assert officer.put(address, json=body).status_code == 428
    officer.post(f"{PROJECTS}/{code}/notes", json={"text": "别人先改了"})
    refused = officer.put(address, json=body, headers={"If-Match": old})
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    now = officer.get(f"{PROJECTS}/{code}").json()
    assert (now["unit"], now["units"], now["confidentiality"]) == ("jxw", before["units"], "open")
    changed = officer.put(address, json=body, headers={"If-Match": tag(officer, code)})
    assert changed.status_code == 200
    assert tag(officer, code).split("-")[0] == changed.headers["ETag"].split("-")[0]


def test_of_changes_from_one_reading_one_wins(as_: As, db: Any, code: str) -> None:
    officer = as_("officer")
    old = tag(officer, code)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda chain: patch(officer, code, {"chain": f"产业{chain}"}, old), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert officer.get(f"{PROJECTS}/{code}").json() == winner.json()


def test_writes_elsewhere_never_make_a_form_stale(as_: As, db: Any, code: str) -> None:
    officer = as_("officer")
    old = tag(officer, code)
    with db() as session:
        make_project(session, name="别的项目")
    assert tag(officer, code) != old  # the list of its neighbours changed, the row did not
    assert patch(officer, code, {"chain": "纺织"}, old).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("aliases", {"alias": "又一个名字"}),
        ("notes", {"text": "备注"}),
        ("problems", {"text": "用电"}),
        ("status", {"status": "paused", "reason": "等待"}),
        ("confidentiality", {"level": "internal", "reason": "要求"}),
    ],
)
def test_a_write_to_a_child_makes_the_form_stale(path: str, body: dict[str, Any], as_: As, code: str) -> None:
    officer = as_("officer")
    old = tag(officer, code)
    if path == "confidentiality":
        answer = put_part(officer, f"{PROJECTS}/{code}", path, body)
    else:
        answer = officer.post(f"{PROJECTS}/{code}/{path}", json=body)
    assert answer.status_code < 300
    assert patch(officer, code, {"chain": "纺织"}, old).status_code == 412
    assert patch(officer, code, {"chain": "纺织"}, answer.headers["ETag"]).status_code == 200


def test_a_change_that_changes_nothing_is_no_event(as_: As, code: str) -> None:
    officer = as_("officer")
    before = officer.get(f"{PROJECTS}/{code}")
    answer = patch(officer, code, {"name": "玻纤一期", "kind": "industry_land"})
    assert answer.json() == before.json()
    assert tag(officer, code) == before.headers["ETag"]


def test_null_clears_and_what_must_be_stays(as_: As, code: str) -> None:
    officer = as_("officer")
    patch(officer, code, {"chain": "纺织", "investment": "12.34", "plans": {"started": "2027-01-01"}})
    cleared = patch(officer, code, {"chain": None, "investment": None, "plans": {"started": None}}).json()
    assert (cleared["chain"], cleared["investment"], cleared["plans"]) == (None, None, [])
    for field in ("name", "kind"):
        assert patch(officer, code, {field: None}).json()["errors"][0]["field"] == field
    for field in ("stage", "signed_on", "contract_amount", "status", "confidentiality", "unit", "code"):
        assert patch(officer, code, {field: None}).status_code == 422


def test_the_sector_follows_the_industry_until_somebody_decides(as_: As, code: str) -> None:
    officer = as_("officer")
    assert patch(officer, code, {"industry": "A0111"}).json()["sector"] == "agriculture"
    assert patch(officer, code, {"sector": "industry"}).json()["errors"][0]["field"] == "sector_reason"
    decided = patch(officer, code, {"sector": "industry", "sector_reason": "按上级口径"}).json()
    assert (decided["sector"], decided["sector_reason"]) == ("industry", "按上级口径")
    assert patch(officer, code, {"industry": "A02"}).json()["sector"] == "industry"
    assert patch(officer, code, {"sector_reason": None}).status_code == 422
    ruled = patch(officer, code, {"sector": None}).json()
    assert (ruled["sector"], ruled["sector_reason"]) == ("agriculture", None)
    assert patch(officer, code, {"sector_reason": "多余"}).json()["errors"][0]["code"] == "unused"
    assert patch(officer, code, {"industry": None, "kind": "services"}).json()["sector"] == "services"


def test_a_name_is_found_at_once(as_: As, code: str) -> None:
    officer = as_("officer")
    patch(officer, code, {"name": "绿雅杏鲍菇"})
    officer.post(f"{PROJECTS}/{code}/aliases", json={"alias": "中新菌业"})
    for query in ("杏鲍", "xingbao", "lyxbg", "中新", "zxjy", code, code[-4:]):
        found = officer.get(PROJECTS, params={"q": query}).json()["items"]
        assert [item["code"] for item in found] == [code], query
    assert officer.get(PROJECTS, params={"q": "玻纤"}).json()["items"] == []


# -- what hangs on it ----------------------------------------------------------------------------------------------


def test_aliases_are_unique_and_can_be_taken_away(as_: As, code: str) -> None:
    officer = as_("officer")
    address = f"{PROJECTS}/{code}/aliases"
    alias = officer.post(address, json={"alias": "玻纤（二期）"}).json()["aliases"][0]
    for again in ("玻纤二期", "玻纤一期"):
        assert officer.post(address, json={"alias": again}).json()["code"] == "same_alias"
    assert officer.delete(f"{address}/{alias['id']}").json()["aliases"] == []
    assert officer.delete(f"{address}/{alias['id']}").status_code == 404


def test_the_next_investor_takes_the_place_of_the_main_one(as_: As, db: Any, code: str) -> None:
    with db() as session:
        first, second = (make_enterprise(session, name=name).id for name in ("甲公司", "乙公司"))
    officer = as_("officer")
    address = f"{PROJECTS}/{code}/enterprises"
    officer.post(address, json={"enterprise_id": first})
    assert officer.post(address, json={"enterprise_id": second}).json()["enterprise_id"] == first
    assert officer.post(address, json={"enterprise_id": second}).json()["code"] == "same_part"
    made = officer.post(address, json={"enterprise_id": second, "main": True}).json()
    assert (made["enterprise"], len(made["enterprises"])) == ("乙公司", 2)
    assert officer.post(address, json={"enterprise_id": second, "role": "landed", "main": True}).status_code == 422
    main = next(part for part in made["enterprises"] if part["main"])
    left = officer.delete(f"{address}/{main['id']}").json()
    assert (left["enterprise"], left["enterprises"][0]["main"]) == ("甲公司", True)
    last = officer.delete(f"{address}/{left['enterprises'][0]['id']}").json()
    assert (last["enterprise"], last["enterprises"]) == (None, [])


def test_parts_of_another_project_are_not_touched(as_: As, db: Any, code: str) -> None:
    with db() as session:
        other = make_project(session, aliases=("别名",), enterprise=make_enterprise(session)).code
    officer = as_("officer")
    found = officer.get(f"{PROJECTS}/{other}").json()
    for path in (f"aliases/{found['aliases'][0]['id']}", f"enterprises/{found['enterprises'][0]['id']}"):
        assert officer.delete(f"{PROJECTS}/{code}/{path}").status_code == 404


def test_units_are_dated(as_: As, db: Any, code: str) -> None:
    with db() as session:
        for unit in ("nyw", "sww"):
            make_unit(session, unit)
    officer = as_("officer")

    def put(client: Any, body: dict[str, Any]) -> Any:
        return put_part(client, f"{PROJECTS}/{code}", "units", body)

    body = {"responsible": "nyw", "cooperating": ["jxw"], "valid_from": "2020-07-01", "reason": "机构改革"}
    moved = put(officer, body).json()
    assert moved["unit"] == "nyw"
    assert [(part["unit"], part["role"], part["valid_from"], part["valid_to"]) for part in moved["units"]] == [
        ("nyw", "responsible", "2020-07-01", None),
        ("jxw", "cooperating", "2020-07-01", None),
        ("jxw", "responsible", "2020-01-01", "2020-06-30"),
    ]
    # A correction on the same day replaces; who co-operated only from that day on never did.
    corrected = put(officer, {"responsible": "sww", "cooperating": [], "valid_from": "2020-07-01"})
    assert [(part["unit"], part["valid_to"]) for part in corrected.json()["units"]] == [
        ("sww", None), ("jxw", "2020-06-30"),
    ]  # fmt: skip
    early = put(officer, {"responsible": "nyw", "valid_from": "2020-06-30"})
    assert early.json()["errors"][0]["field"] == "valid_from"
    tomorrow = str(calendar.today() + timedelta(days=1))
    assert put(officer, {"responsible": "nyw", "valid_from": tomorrow}).status_code == 422
    assert put(as_("reporter", unit="sww"), {"responsible": "nyw"}).status_code == 403


def test_at_any_time_one_unit_is_responsible(as_: As, db: Any, code: str) -> None:
    with db() as session:
        for unit in ("nyw", "sww"):
            make_unit(session, unit)
    days = ["2020-03-01", "2020-03-01", "2020-05-01", "2021-01-01"]
    for unit, day in zip(["nyw", "sww", "jxw", "nyw"], days, strict=True):
        body = {"responsible": unit, "valid_from": day}
        assert put_part(as_("officer"), f"{PROJECTS}/{code}", "units", body).status_code == 200
    with db() as session:
        terms = session.scalars(
            select(ProjectUnit).where(ProjectUnit.role == "responsible").order_by(ProjectUnit.valid_from)
        ).all()
    for one, next_one in pairwise(terms):
        assert one.valid_to == next_one.valid_from - timedelta(days=1)
    assert terms[-1].valid_to is None


def test_problems_are_solved_once(as_: As, code: str) -> None:
    reporter = as_("reporter", unit="jxw")
    address = f"{PROJECTS}/{code}"
    first = reporter.post(f"{address}/problems", json={"text": "用电"}).json()["problems"][0]
    reporter.post(f"{address}/problems", json={"text": "用地"})
    note = reporter.post(f"{address}/notes", json={"text": "第一行\n第二行"}).json()["notes"][0]
    assert reporter.post(f"{address}/problems/{note['id']}/solve", json={}).status_code == 404
    early = reporter.post(f"{address}/problems/{first['id']}/solve", json={"solved_on": "2000-01-01"})
    assert early.status_code == 422
    solved = reporter.post(f"{address}/problems/{first['id']}/solve", json={}).json()
    assert [(problem["text"], problem["solved_on"]) for problem in solved["problems"]] == [
        ("用地", None), ("用电", str(calendar.today())),
    ]  # fmt: skip
    assert reporter.post(f"{address}/problems/{first['id']}/solve", json={}).json()["code"] == "already_solved"


# -- status, archive, confidentiality ------------------------------------------------------------------------------


def test_a_project_pauses_ends_and_goes_on(as_: As, code: str) -> None:
    officer = as_("officer")

    def say(status: str, **more: str) -> Any:
        return officer.post(f"{PROJECTS}/{code}/status", json={"status": status, "reason": "原因", **more})

    assert say("active").json()["code"] == "same_status"
    assert say("paused").json()["status"] == "paused"
    assert say("terminated", on="2020-09-01").json()["ended_on"] == "2020-09-01"
    assert say("withdrawn").json()["code"] == "has_ended"
    resumed = say("active").json()
    assert (resumed["status"], resumed["ended_on"]) == ("active", None)
    assert say("withdrawn", on="2999-01-01").status_code == 422
    assert officer.post(f"{PROJECTS}/{code}/status", json={"status": "paused"}).status_code == 422
    told = officer.get(f"{PROJECTS}/{code}/history").json()["items"]
    assert [item["label"] for item in told] == ["恢复推进", "终止", "暂缓", "新建项目"]
    assert told[0]["reason"] == "原因"


def test_an_archived_project_rests(as_: As, code: str) -> None:
    officer = as_("officer")
    address = f"{PROJECTS}/{code}"
    assert as_("reporter", unit="jxw").post(f"{address}/archive", json={"reason": "达产"}).status_code == 403
    assert officer.post(f"{address}/archive", json={"reason": "达产", "on": "2019-01-01"}).status_code == 422
    assert officer.post(f"{address}/archive", json={"reason": "达产"}).json()["archived_on"] == str(calendar.today())
    assert officer.get(PROJECTS).json()["items"] == []
    assert len(officer.get(PROJECTS, params={"archived": True}).json()["items"]) == 1
    for refused in (
        patch(officer, code, {"chain": "纺织"}),
        officer.post(f"{address}/notes", json={"text": "备注"}),
        officer.post(f"{address}/archive", json={"reason": "再次"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "archived")
    assert officer.post(f"{address}/unarchive", json={"reason": "误操作"}).json()["archived_on"] is None
    assert officer.post(f"{address}/unarchive", json={"reason": "误操作"}).json()["code"] == "not_archived"


def test_sealing_takes_a_reviewer_and_names_people(as_: As, db: Any, code: str) -> None:
    with db() as session:
        make_user(session, "leader", login="wang")
        make_user(session, "auditor", login="audit")
    officer, reviewer, leader, named = as_("officer"), as_("reviewer"), as_("leader"), as_("wang")
    address = f"{PROJECTS}/{code}"

    def put(client: Any, level: str, *users: str, **more: Any) -> Any:
        body = {"level": level, "users": users, "reason": "要求", **more}
        return put_part(client, address, "confidentiality", body)

    assert put(officer, "sealed", "wang").json()["code"] == "only_reviewers_seal"
    assert put(reviewer, "sealed").status_code == 422
    assert put(reviewer, "sealed", "wang", units=["jxw"]).status_code == 422
    assert put(reviewer, "sealed", "nobody").json()["errors"][0]["code"] == "unknown_user"
    assert put(reviewer, "sealed", "audit").json()["errors"][0]["code"] == "no_reader"
    for client in (named, leader):  # both are kept for their view before it is sealed
        assert client.get(address).status_code == 200
    sealed = put(reviewer, "sealed", "wang").json()
    assert [grant["user"] for grant in sealed["grants"]] == ["reviewer", "wang"]
    for client, status in ((officer, 404), (leader, 404), (named, 200), (reviewer, 200)):
        assert client.get(address).status_code == status
        assert len(client.get(PROJECTS).json()["items"]) == (1 if status == 200 else 0)
    with db() as session:
        assert set(session.scalars(select(User.login).where(User.named.is_(True)))) == {"reviewer", "wang"}
        assert session.scalars(select(Project.sight)).one()["level"] == "sealed"

    assert put(reviewer, "open").json()["grants"] == []
    assert leader.get(address).status_code == 200
    with db() as session:
        assert session.scalars(select(User.login).where(User.named.is_(True))).all() == []


# -- enterprises that change ---------------------------------------------------------------------------------------


def test_projects_follow_a_merge_and_its_undoing(as_: As, db: Any) -> None:
    with db() as session:
        kept, merged = make_enterprise(session, name="正阳新材料"), make_enterprise(session, name="正阳材料老名")
        both = make_project(session, name="两者都在", enterprise=merged)
        only = make_project(session, name="只有旧的", enterprise=merged)
        numbers = {"kept_id": kept.id, "merged_id": merged.id}
        codes = [both.code, only.code]
    reviewer = as_("reviewer")
    reviewer.post(f"{PROJECTS}/{codes[0]}/enterprises", json={"enterprise_id": numbers["kept_id"]})
    before = [reviewer.get(f"{PROJECTS}/{code}").json() for code in codes]
    body = {"into": numbers["kept_id"], "reason": "同一家"}
    merging = reviewer.post(f"/api/v1/enterprises/{numbers['merged_id']}/merge", json=body)
    assert merging.status_code < 300, merging.text
    for code in codes:
        project = reviewer.get(f"{PROJECTS}/{code}").json()
        assert project["enterprise"] == "正阳新材料"
        assert [part["enterprise_id"] for part in project["enterprises"]] == [numbers["kept_id"]]
    undone = reviewer.post(f"/api/v1/enterprises/merges/{merging.json()['id']}/undo", json={"reason": "误并"})
    assert undone.status_code == 200, undone.text
    for code, old in zip(codes, before, strict=True):
        project = reviewer.get(f"{PROJECTS}/{code}").json()
        assert project["enterprise"] == old["enterprise"]
        assert {part["enterprise_id"] for part in project["enterprises"]} == {
            part["enterprise_id"] for part in old["enterprises"]
        }


def test_a_project_is_found_by_the_new_name_of_its_enterprise(as_: As, db: Any) -> None:
    with db() as session:
        enterprise = make_enterprise(session, name="旧名公司")
        make_project(session, enterprise=enterprise)
        number = enterprise.id
    officer = as_("officer")
    address = f"/api/v1/enterprises/{number}"
    etag = officer.get(address).headers["ETag"]
    assert officer.patch(address, json={"name": "新名公司"}, headers={"If-Match": etag}).status_code == 200
    assert len(officer.get(PROJECTS, params={"q": "新名"}).json()["items"]) == 1
    assert officer.get(PROJECTS, params={"q": "旧名"}).json()["items"] == []


# -- the log -------------------------------------------------------------------------------------------------------


def test_the_log_replayed_gives_the_tables(as_: As, db: Any, app: Any, code: str) -> None:
    with db() as session:
        make_unit(session, "nyw")
        enterprise = make_enterprise(session).id
    reviewer = as_("reviewer")
    address = f"{PROJECTS}/{code}"
    patch(reviewer, code, {"chain": "纺织", "longitude": 108.7, "latitude": 29.5, "land_mu": "1.25"})
    alias = reviewer.post(f"{address}/aliases", json={"alias": "别名"}).json()["aliases"][0]["id"]
    reviewer.delete(f"{address}/aliases/{alias}")
    reviewer.post(f"{address}/enterprises", json={"enterprise_id": enterprise})
    put_part(reviewer, address, "units", {"responsible": "nyw", "cooperating": ["jxw"]})
    reviewer.post(f"{address}/problems", json={"text": "用电"})
    put_part(reviewer, address, "confidentiality", {"level": "sealed", "users": ["reviewer"], "reason": "要求"})
    reviewer.post(f"{address}/archive", json={"reason": "达产"})
    with app.state.database.reading() as connection:
        told = chain.replay(connection)
        for mapper in Project.registry.mappers:
            model = mapper.class_
            if getattr(model, "__subject__", None) != "project":
                continue
            columns = [column.key for column in mapper.column_attrs if column.key not in model.__unlogged__]
            table = model.__table__
            rows = connection.execute(select(*(getattr(model, name) for name in columns))).all()
            there = {row.id: {name: events.plain(getattr(row, name)) for name in columns} for row in rows}
            assert told.get(table.name, {}) == there
        assert chain.verify(connection).intact
