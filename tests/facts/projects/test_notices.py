"""Who is told what of a project: its units and its officer, never who does it, never who may not see it."""

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.facts.projects import notices
from app.facts.projects.models import Project, ProjectGrant, ProjectNote
from app.facts.projects.service import refresh_sight
from app.facts.projects.terms import Confidentiality
from app.identity.auth.models import User
from app.kernel import calendar, events
from tests.clients import As, Work, put_part
from tests.factories.gates import open_gates
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

ME = "/api/v1/me/notices"


def told(client: TestClient) -> list[tuple[str, str | None]]:
    """The kinds and texts of somebody's notices, the oldest first; without the first of all, that it is his."""
    items = client.get(ME, params={"sort": "told_at"}).json()["items"]
    return [(n["kind"], n["text"]) for n in items if n["kind"] != "project.assigned"]


def assigned(client: TestClient) -> list[str]:
    """The texts of what somebody was told of projects that became his."""
    items = client.get(ME, params={"sort": "told_at", "kind": "project.assigned"}).json()["items"]
    return [n["text"] for n in items]


@pytest.fixture
def people(as_: As) -> dict[str, TestClient]:
    """Of the responsible unit, a co-operating one and another; the project's officer and others of the bureau."""
    return {
        "own": as_("reporter", unit="jxw"), "helping": as_("reporter", unit="sww"),
        "stranger": as_("reporter", unit="nyw"), "officer": as_("officer", login="li"), "other": as_("officer"),
        "leader": as_("leader"),
    }  # fmt: skip


def make(db: Work, **fields: Any) -> str:
    """A project of `jxw` with the help of `sww`; its officer is called what the user `li` is called."""
    with db() as session:
        units = {code: make_unit(session, code) for code in ("jxw", "sww", "nyw")}
        name = session.scalars(select(User.name).where(User.login == "li")).one()
        given = {"unit": units["jxw"], "co_units": (units["sww"],), "officer": name, "name": "光伏玻纤"} | fields
        return make_project(session, **given).code


def test_units_are_told_what_becomes_theirs(db: Work, people: dict[str, TestClient]) -> None:
    with db() as session:
        for code in ("jxw", "sww", "nyw"):
            make_unit(session, code)
    body = {
        "name": "玻纤二期", "kind": "industry_land", "unit": "jxw", "cooperating": ["sww"], "lead_on": "2020-03-02",
        "tracked_from": "2020-03-02", "enterprises": [],
    }  # fmt: skip
    made = people["other"].post("/api/v1/projects", json=body)
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    assert assigned(people["own"]) == ["项目「玻纤二期」自 2020-03-02 起以区经济信息委为责任单位"]
    assert assigned(people["helping"]) == ["项目「玻纤二期」自 2020-03-02 起以区商务委为协同单位"]
    assert assigned(people["stranger"]) == assigned(people["other"]) == assigned(people["leader"]) == []
    change = {"responsible": "nyw", "valid_from": "2020-06-01", "reason": "分工调整"}
    assert put_part(people["other"], f"/api/v1/projects/{code}", "units", change).status_code == 200
    assert assigned(people["stranger"]) == ["项目「玻纤二期」自 2020-06-01 起以区农业农村委为责任单位"]
    assert len(assigned(people["own"])) == len(assigned(people["helping"])) == 1
    # A correction of the same day: another unit after all.
    assert put_part(people["other"], f"/api/v1/projects/{code}", "units", change | {"responsible": "jxw"}).is_success
    assert assigned(people["own"])[-1] == "项目「玻纤二期」自 2020-06-01 起以区经济信息委为责任单位"


def test_moves_and_status_of_ones_project_by_somebody_else(db: Work, people: dict[str, TestClient]) -> None:
    with db() as session:
        open_gates(session)
    code = make(db, stage="lead", lead_on=date(2020, 1, 2))
    move = {"to": "talk", "happened_on": "2020-02-03"}
    assert people["own"].post(f"/api/v1/projects/{code}/moves", json=move).status_code == 201
    expected = ("project.moved", "项目「光伏玻纤」由线索变更为在谈，发生于 2020-02-03")
    assert told(people["own"]) == []  # his own doing
    assert told(people["helping"]) == told(people["officer"]) == [expected]
    pause = {"status": "paused", "on": "2020-05-01", "reason": "等待用地"}
    assert people["officer"].post(f"/api/v1/projects/{code}/status", json=pause).status_code == 200
    paused = ("project.status", "项目「光伏玻纤」自 2020-05-01 起暂缓")
    assert told(people["own"]) == [paused]
    assert told(people["helping"]) == [expected, paused]
    assert told(people["officer"]) == [expected]
    # The next change of status is the same matter again.
    resume = {"status": "active", "on": "2020-07-01", "reason": "用地已落实"}
    assert people["officer"].post(f"/api/v1/projects/{code}/status", json=resume).status_code == 200
    assert told(people["own"]) == [("project.status", "项目「光伏玻纤」自 2020-07-01 起恢复推进")]
    assert told(people["stranger"]) == told(people["other"]) == told(people["leader"]) == []


def test_a_note_is_told_and_a_problem_waits_until_it_is_solved(db: Work, people: dict[str, TestClient]) -> None:
    code = make(db)
    path = f"/api/v1/projects/{code}"
    assert people["other"].post(f"{path}/notes", json={"text": "已对接供电"}).status_code == 201
    noted = ("project.noted", "项目「光伏玻纤」有新的备注")
    assert told(people["own"]) == told(people["helping"]) == told(people["officer"]) == [noted]
    raised = people["other"].post(f"{path}/problems", json={"text": "用地指标待落实"})
    assert raised.status_code == 201
    number = raised.json()["problems"][0]["id"]
    problem = ("project.problem", "项目「光伏玻纤」有待解决的问题：用地指标待落实")
    for who in ("own", "helping", "officer"):
        assert told(people[who]) == [noted, problem]
        assert people[who].get(f"{ME}/count").json()["open"] == 1
    today = calendar.today().isoformat()
    solved = people["own"].post(f"{path}/problems/{number}/solve", json={"solved_on": today})
    assert solved.status_code == 200, solved.text
    for who in ("own", "helping", "officer"):
        assert people[who].get(f"{ME}/count").json()["open"] == 0
    text = f"项目「光伏玻纤」的问题已于 {today} 解决：用地指标待落实"
    assert told(people["other"]) == [("project.problem_solved", text)]  # who raised it
    assert told(people["helping"])[-1] == ("project.problem_solved", text)
    assert told(people["own"]) == [noted, problem]


# -- privacy ----------------------------------------------------------------------------------------------------

WHO = ("own", "helping", "stranger", "officer", "leader")
TABLE = {
    Confidentiality.OPEN: {"own", "helping", "officer"},
    Confidentiality.INTERNAL: {"own", "helping", "officer"},
    Confidentiality.SEALED: set[str](),
}


@pytest.mark.parametrize(
    "named", [(), ("own",), ("officer", "stranger")], ids=lambda names: "+".join(names) or "nobody"
)
@pytest.mark.parametrize("level", list(Confidentiality))
def test_of_a_sealed_project_only_the_named_are_told(
    db: Work, people: dict[str, TestClient], level: Confidentiality, named: tuple[str, ...]
) -> None:
    code = make(db, name="密云", confidentiality=level)
    logins = {"own": "reporter-jxw", "helping": "reporter-sww", "stranger": "reporter-nyw", "officer": "li"}
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        for who in named:
            user = session.scalars(select(User).where(User.login == logins[who])).one()
            user.named = True
            session.add(ProjectGrant(project_id=project.id, user_id=user.id, source="named"))
        refresh_sight(session, project)
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        for kind in ("note", "problem"):
            events.record(session, "project.noted" if kind == "note" else "project.problem_raised", project)
            session.add(
                ProjectNote(
                    project_id=project.id, kind=kind, text="密云的事", at=calendar.now(), by=0, by_name="系统"
                )
            )  # fmt: skip
        events.record(
            session, "project.moved", project, **{"from": "talk", "to": "signed", "happened_on": date(2020, 8, 18)}
        )
        for kind in notices.BECAME:
            events.record(session, kind, project, on=date(2020, 9, 1))
    heard = {who for who in WHO if people[who].get(ME).json()["items"]}
    # Being named gives sight, not a part in the project: strangers are told nothing even then.
    assert heard == TABLE[level] | (set(named) - {"stranger"})
    for who in set(WHO) - heard:
        assert "密云" not in people[who].get(ME).text


def test_what_is_sealed_later_says_nothing_any_more(
    db: Work, app: FastAPI, as_: As, people: dict[str, TestClient]
) -> None:
    code = make(db, name="密云", stage="talk")
    sealed = {"level": "sealed", "users": ["reporter-jxw"], "units": [], "reason": "洽谈保密"}
    assert people["other"].post(f"/api/v1/projects/{code}/notes", json={"text": "一"}).status_code == 201
    for who in ("own", "helping", "officer"):
        assert told(people[who]) == [("project.noted", "项目「密云」有新的备注")]
    sealing = put_part(as_("reviewer"), f"/api/v1/projects/{code}", "confidentiality", sealed)
    assert sealing.status_code == 200, sealing.text
    assert told(people["own"]) == [("project.noted", "项目「密云」有新的备注")]
    for who in ("helping", "officer"):
        answer = people[who].get(ME)
        for masked in answer.json()["items"]:
            assert (masked["text"], masked["subject"], masked["withheld"]) == (None, None, True)
        assert "密云" not in answer.text and code not in answer.text
        assert people[who].get(f"{ME}/count").json()["unread"] == len(answer.json()["items"]) >= 1
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_who_loses_a_unit_or_a_role_reads_no_more_of_its_projects(db: Work, people: dict[str, TestClient]) -> None:
    code = make(db, name="密云", confidentiality="internal")
    assert people["other"].post(f"/api/v1/projects/{code}/notes", json={"text": "一"}).status_code == 201
    assert told(people["own"])[0][1] is not None
    with db() as session:
        reporter = session.scalars(select(User).where(User.login == "reporter-jxw")).one()
        reporter.unit_id = make_unit(session, "nyw").id
        officer = session.scalars(select(User).where(User.login == "li")).one()
        officer.roles = ["system_admin"]
    for who in ("own", "officer"):
        assert "密云" not in people[who].get(ME).text
        assert people[who].get(ME).json()["items"][0]["withheld"] is True
