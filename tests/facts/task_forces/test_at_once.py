"""Two at once: one task force for a project, one escalation for a level, no report lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.facts.task_forces import jobs
from app.facts.task_forces.models import Escalation, TaskForce, TaskReport
from tests.clients import As, Work
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.factories.task_forces import make_task, make_task_force
from tests.replay import assert_log_equals_tables

API = "/api/v1"
DAY = "2020-10-01"


def at_once(*work: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(work)) as pool:
        return [waiting.result() for waiting in [pool.submit(one) for one in work]]


def test_a_project_gets_one_task_force(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")
        code = make_project(session).code
    body = {"leader_office": "区长", "lead_unit": "jxw", "formed_on": DAY}
    clients = [as_("officer", login=f"officer{number}") for number in range(4)]

    def form(client: Any) -> Callable[[], int]:
        return lambda: client.post(f"{API}/projects/{code}/task-force", json=body).status_code

    assert sorted(at_once(*map(form, clients))) == [201, 409, 409, 409]
    with db() as session:
        assert session.scalar(select(func.count()).select_from(TaskForce)) == 1


def test_jobs_that_run_together_tell_once(db: Work, app: Any) -> None:
    with db() as session:
        for _ in range(3):
            force = make_task_force(session, make_project(session))
            make_task(session, force, planned_start=date(2020, 9, 1))
    at_once(*[lambda: jobs.escalate(app.state.database)] * 3)
    with db() as session:
        rows = session.execute(select(Escalation.task_id, Escalation.level)).all()
        assert len(rows) == len(set(rows)) == 3
        assert_log_equals_tables(session.connection())


def test_what_several_say_of_one_task_is_all_kept(as_: As, db: Work) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session))
        task = make_task(session, force).id
        before = force.version
    clients = [as_("officer", login=f"officer{number}") for number in range(4)]

    def report(client: Any, percent: int) -> Callable[[], int]:
        body = {"on": DAY, "percent": percent, "note": "进展"}
        return lambda: client.post(f"{API}/tasks/{task}/progress", json=body).status_code

    assert at_once(*(report(client, 10 * place) for place, client in enumerate(clients))) == [200] * 4
    with db() as session:
        assert session.scalar(select(func.count()).select_from(TaskReport)) == 4
        assert session.get_one(TaskForce, force.id).version == before + 4
        assert_log_equals_tables(session.connection())
