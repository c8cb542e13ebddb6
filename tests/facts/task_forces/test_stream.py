"""Task forces in the log: seen by whoever sees the project, and gone from the sight of those who no longer do."""

import io
import json
from typing import Any

import xlsxwriter
from sqlalchemy import select

from app.domains import FEED
from app.exchange.feed.messages import read
from app.exchange.feed.subjects import fate, present
from app.facts.projects.models import Project
from app.facts.task_forces.models import TaskForce
from app.identity.auth.models import User
from tests.clients import As, Work, put_part
from tests.factories.identity import actor_of, make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"


def fates(db: Work, login: str, *, now: bool) -> list[tuple[str, bool | None]]:
    """What of the log about task forces a person is shown, live or when it is replayed today."""
    with db() as session:
        actor = actor_of(session.scalars(select(User).where(User.login == login)).one())
        messages = [message for message in read(session.connection(), 0, 1000) if message.subject == "task_force"]
        today = present(FEED, session.connection(), messages) if now else None
        return [(message.kind, fate(FEED, actor, message, today)) for message in messages]


def test_who_loses_sight_is_told_that_it_is_gone(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
        for login, unit in (("member", "nyw"), ("other", "sww")):
            make_user(session, "reporter", login=login, unit=unit)
        project = make_project(session, confidentiality="internal")
        force = make_task_force(session, project, members=("nyw",))
        task, code = make_task(session, force, unit="nyw").id, project.code
    assert as_("member").post(f"{API}/tasks/{task}/start", json={"on": "2020-10-01"}).status_code == 200
    assert [shown for _, shown in fates(db, "member", now=False)] == [True, True]
    assert [shown for _, shown in fates(db, "other", now=False)] == [None, None]
    seal = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    assert put_part(as_("reviewer"), f"{API}/projects/{code}", "confidentiality", seal).status_code == 200
    assert fates(db, "member", now=False)[2:] == [("task_force.changed", False)]
    assert [shown for _, shown in fates(db, "member", now=True)] == [None, None, False]
    assert [shown for _, shown in fates(db, "named", now=True)] == [True, True, True]
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_a_ledger_that_changes_the_units_changes_who_sees_it(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, confidentiality="internal", name="玄武岩纤维项目")
        force, code = make_task_force(session, project, lead="jxw", members=("nyw",)).id, project.code
    with db() as session:
        make_user(session, "reporter", login="new", unit="sww")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["项目编号", "项目名称", "责任单位"])
        sheet.write_row(1, 0, [code, "玄武岩纤维项目", "sww"])
    sent: dict[str, Any] = {"file": ("台账.xlsx", file.getvalue(), "application/octet-stream")}
    answer = as_("officer").post(f"{API}/ledgers/imports", params={"wait": 30}, files=sent)
    assert json.loads(answer.text)["state"] == "done", answer.text
    with db() as session:
        sight = session.scalars(select(Project.sight).where(Project.code == code)).one()
        assert len(sight["units"]) == 3
        assert session.get_one(TaskForce, force).sight == sight
        assert_log_equals_tables(session.connection())
    assert as_("new").get(f"{API}/task-forces/{force}").status_code == 200
