from collections.abc import Callable
from typing import Any

import pytest

from app.facts.history.labels import COLUMNS, HIDDEN, TABLES, VERBS
from app.facts.history.schemas import HistoryOut
from app.facts.projects.models import Project
from app.kernel import chain
from tests.clients import put_part
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

As = Callable[..., Any]
MODELS = sorted(
    (mapper.class_ for mapper in Project.registry.mappers if getattr(mapper.class_, "__subject__", None) == "project"),
    key=lambda model: model.__tablename__,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_every_column_the_log_may_show_has_a_chinese_name(model: Any) -> None:
    assert model.__tablename__ in TABLES
    shown = {column.key for column in model.__table__.c} - HIDDEN - model.__unlogged__
    assert COLUMNS[model.__tablename__].keys() == shown


@pytest.fixture
def code(db: Any) -> str:
    with db() as session:
        return make_project(session, unit=make_unit(session, "jxw"), name="玻纤一期").code


def history(client: Any, code: str, **asked: Any) -> Any:
    answer = client.get(f"/api/v1/projects/{code}/history", params=asked)
    assert answer.status_code == 200, answer.text
    HistoryOut.model_validate(answer.json())
    return answer.json()


def test_it_tells_who_what_from_what_to_what_and_why(as_: As, db: Any, code: str) -> None:
    with db() as session:
        make_user(session, "officer", login="wang", name="王工")
        make_unit(session, "nyw", name="区农业农村委")
        enterprise = make_enterprise(session, name="正阳新材料").id
    officer = as_("wang")
    address = f"/api/v1/projects/{code}"
    etag = officer.get(address).headers["ETag"]
    officer.patch(address, json={"kind": "lease", "investment": "12.5"}, headers={"If-Match": etag})
    put_part(officer, address, "units", {"responsible": "nyw", "valid_from": "2020-07-01", "reason": "机构改革"})
    officer.post(f"{address}/enterprises", json={"enterprise_id": enterprise})
    told = history(officer, code)["items"]

    assert [(item["kind"], item["label"]) for item in told] == [
        ("project.changed", "修改项目"),
        ("project.units_changed", "调整责任单位"),
        ("project.changed", "修改项目"),
        ("project.created", "新建项目"),
    ]
    joined, moved, changed, created = told
    assert (moved["by"], moved["by_name"], moved["reason"]) == ("wang", "王工", "机构改革")
    assert {
        (change["label"], change["before"], change["after"], change["before_text"], change["after_text"])
        for change in changed["changes"]
    } == {
        ("项目类型", "industry_land", "lease", "工业（供地）", "租赁厂房"),
        ("总投资（元）", None, "12.50", None, "12.50"),
    }
    units = [change for change in moved["changes"] if change["record"] == "project"]
    assert [(change["label"], change["after_text"]) for change in units] == [("责任单位", "区农业农村委")]
    assert "正阳新材料" in {change["after_text"] for change in joined["changes"]}
    assert {change["op"] for change in created["changes"] if change["record"] == "project"} == {"insert"}
    assert created["by"] == "system"


def test_pages_go_back_to_the_beginning(as_: As, code: str) -> None:
    officer = as_("officer")
    for text in "一二三四":
        officer.post(f"/api/v1/projects/{code}/notes", json={"text": text})
    whole = history(officer, code, count=True)
    assert (whole["total"], len(whole["items"])) == (5, 5)
    seen, after = [], {}
    while True:
        page = history(officer, code, limit=2, **after)
        seen += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == whole["items"]
    assert history(officer, code, sort="seq")["items"] == whole["items"][::-1]


def test_it_tells_of_this_project_only(as_: As, db: Any, code: str) -> None:
    with db() as session:
        make_project(session)
        make_unit(session, code)  # a unit with a project's code is another subject
    assert [item["kind"] for item in history(as_("officer"), code)["items"]] == ["project.created"]
    assert as_("officer").get("/api/v1/projects/nothing/history").status_code == 404
    assert as_("auditor").get(f"/api/v1/projects/{code}/history").status_code == 403


def test_every_verb_that_was_said_has_a_label(as_: As, app: Any, code: str) -> None:
    reviewer = as_("reviewer")
    address = f"/api/v1/projects/{code}"
    for status in ("paused", "active", "terminated", "active", "withdrawn", "active"):
        reviewer.post(f"{address}/status", json={"status": status, "reason": "原因"})
    problem = reviewer.post(f"{address}/problems", json={"text": "用电"}).json()["problems"][0]["id"]
    reviewer.post(f"{address}/problems/{problem}/solve", json={})
    reviewer.post(f"{address}/archive", json={"reason": "达产"})
    reviewer.post(f"{address}/unarchive", json={"reason": "误"})
    put_part(reviewer, address, "confidentiality", {"level": "internal", "reason": "要求"})
    with app.state.database.reading() as connection:
        kinds = {row.kind for row in chain.stored(connection) if row.subject == "project"}
    assert len(kinds) == 10
    assert kinds <= VERBS.keys()
