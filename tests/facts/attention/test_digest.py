"""Once a week each reporter and each officer hears how much of his needs attention, and only of what he may see."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select

from app import domains
from app.facts.attention.jobs import digest
from app.facts.projects.models import ProjectGrant
from app.facts.projects.service import refresh_sight
from app.identity.auth.models import User
from app.kernel import jobs
from app.kernel.notices import Notice
from tests.clients import Work
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

JOB = next(job for job in domains.JOBS if job.name == "attention_digest")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-10-05T08:30:00+08:00", tick=False) as traveller:  # a Monday
        yield traveller


def make(db: Work, **fields: Any) -> None:
    with db() as session:
        unit = make_unit(session, fields.pop("unit")) if "unit" in fields else None
        named = fields.pop("named", None)
        project = make_project(session, unit=unit, status="paused", paused_on=date(2020, 1, 1), **fields)
        if named is not None:
            user = session.scalars(select(User).where(User.login == named)).one()
            user.named = True
            session.add(ProjectGrant(project_id=project.id, user_id=user.id, source="named"))
            refresh_sight(session, project)


def told(db: Work) -> dict[str, list[str]]:
    with db() as session:
        rows = session.execute(
            select(User.login, Notice.text)
            .join(Notice, Notice.user_id == User.id)
            .where(Notice.kind == "attention.digest")
            .order_by(Notice.id)
        )
        found: dict[str, list[str]] = {}
        for login, text in rows:
            found.setdefault(login, []).append(text)
        return found


def test_each_hears_of_his_own_and_of_what_he_may_see(db: Work, app: FastAPI, clock: time_machine.Traveller) -> None:
    with db() as session:
        make_user(session, "reporter", login="jxw", unit="jxw")
        make_user(session, "reporter", login="seer", unit="jxw")
        make_user(session, "reporter", login="sww", unit="sww")
        make_user(session, "officer", login="li", name="李工")
        make_user(session, "officer", login="wang1", name="王工")
        make_user(session, "officer", login="wang2", name="王工")
        make_user(session, "leader", login="leader")
        make_user(session, "reporter", login="gone", unit="jxw").active = False
    make(db, unit="jxw", officer="李工")
    make(db, unit="jxw", officer="王工", confidentiality="internal")
    make(db, unit="jxw", officer="李工", confidentiality="sealed", named="seer")
    digest(app.state.database)
    one = "今有 {} 项需要关注：暂缓过久 {} 项"
    assert told(db) == {
        "jxw": ["本单位" + one.format(2, 2)],
        "seer": ["本单位" + one.format(3, 3)],
        "li": ["您负责的项目" + one.format(1, 1)],
    }


def test_it_comes_once_a_week_whoever_runs_it(db: Work, app: FastAPI, clock: time_machine.Traveller) -> None:
    with db() as session:
        make_user(session, "reporter", login="jxw", unit="jxw")
    make(db, unit="jxw")
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda _: jobs.run_due(app.state.database, [JOB]), range(4)))
    assert sorted(ran) == [[], [], [], ["attention_digest"]]
    make(db, unit="jxw")
    digest(app.state.database)  # again, as after a crash in the middle
    assert told(db) == {"jxw": ["本单位今有 1 项需要关注：暂缓过久 1 项"]}
    for _ in range(7):
        clock.shift(timedelta(days=1))
        jobs.run_due(app.state.database, [JOB])
    assert told(db)["jxw"] == ["本单位今有 1 项需要关注：暂缓过久 1 项", "本单位今有 2 项需要关注：暂缓过久 2 项"]


def test_whoever_has_nothing_hears_nothing(db: Work, app: FastAPI, clock: time_machine.Traveller) -> None:
    with db() as session:
        make_user(session, "reporter", login="jxw", unit="jxw")
    make(db, unit="sww")
    digest(app.state.database)
    assert told(db) == {}
