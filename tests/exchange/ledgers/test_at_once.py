"""Imports while others write, and while what they were planned on moves."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.exchange.ledgers import apply, service
from app.exchange.ledgers.models import LedgerImport, Mode, State
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel import events
from app.kernel.access import SYSTEM
from app.kernel.chain import Event
from tests.clients import Kept
from tests.exchange.ledgers.importing import book, know_units, row
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]


def begin(app: Any, data: bytes, mode: Mode = Mode.ALL) -> service.Task:
    return service.begin(app.state.database, SYSTEM, data, "台账.xlsx", mode, "500114")


def ended(db: Fixture, number: int) -> tuple[State, str | None]:
    with db() as session:
        job = session.get_one(LedgerImport, number)
        return job.state, job.message


def test_35_reporters_write_while_an_import_runs(kept: Kept, app: Any, db: Fixture, as_: Fixture) -> None:
    kept(know_units, db)
    rows = [row(**{"项目名称": f"第{n}号项目", "合同编号": f"HT-{n}"}) for n in range(300)]
    with db() as session:
        units = session.execute(select(Unit.id, Unit.code).order_by(Unit.id)).all()
        assert len(units) == 35
        codes = [
            make_project(session, unit=unit.id, name=f"{unit.code}在写的", code=f"500114-2015-{number:04d}").code
            for number, unit in enumerate(units, start=1)
        ]
    task = begin(app, book(*rows))
    reporters = [as_("reporter", unit=unit.code) for unit in units]

    def write(place: int) -> list[int]:
        found = []
        for turn in range(2):
            etag = reporters[place].get(f"/api/v1/projects/{codes[place]}").headers["ETag"]
            answer = reporters[place].patch(
                f"/api/v1/projects/{codes[place]}", json={"note": f"第{turn}次"}, headers={"If-Match": etag}
            )
            found.append(answer.status_code)
        return found

    with ThreadPoolExecutor(36) as pool:
        work = pool.submit(service.run, app.state.database, task)
        written = list(pool.map(write, range(35)))
        work.result()
    assert written == [[200] * 2] * 35
    assert ended(db, task.number)[0] is State.DONE
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 335
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_the_same_file_twice_at_once_is_written_once(kept: Kept, app: Any, db: Fixture) -> None:
    kept(know_units, db)
    rows = [row(**{"项目名称": f"第{n}号项目", "合同编号": f"HT-{n}"}) for n in range(40)]
    data = book(*rows)
    tasks = [begin(app, data) for _ in range(3)]
    start = threading.Barrier(3)

    def run(task: service.Task) -> None:
        start.wait()
        service.run(app.state.database, task)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, tasks))
    assert [ended(db, task.number)[0] for task in tasks] == [State.DONE] * 3
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 40
        imported = select(func.count()).select_from(Event).where(Event.kind == "project.imported")
        assert session.scalar(imported) == 40
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


@pytest.mark.parametrize("times", [1, 2])
def test_what_moves_between_plan_and_write_is_planned_again(
    kept: Kept, app: Any, db: Fixture, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """A project changes after the plan was made: its change stays, and the file's comes on top."""
    kept(know_units, db)
    first = begin(app, book(row()))
    service.run(app.state.database, first)
    whole = service._plan
    left = [times]

    def planned(*args: Any) -> Any:
        made = whole(*args)
        if left[0]:
            left[0] -= 1
            with app.state.database.unit_of_work() as session:
                events.act(session, SYSTEM)
                project = session.scalars(select(Project)).one()
                project.chain = f"改动{left[0]}"
        return made

    monkeypatch.setattr(service, "_plan", planned)
    task = begin(app, book(row(**{"备注": "来自台账"})))
    service.run(app.state.database, task)
    assert ended(db, task.number)[0] is State.DONE
    with db() as session:
        project = session.scalars(select(Project)).one()
        assert (project.chain, project.note) == ("改动0", "来自台账")
        assert project.version == 1 + times + 1
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_a_project_of_that_name_comes_up_meanwhile(
    kept: Kept, app: Any, db: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(know_units, db)
    whole = service._plan
    left = [1]

    def planned(*args: Any) -> Any:
        made = whole(*args)
        if left[0]:
            left[0] = 0
            with app.state.database.unit_of_work() as session:
                make_project(session, name="玻纤制品项目", stage="talk")
        return made

    monkeypatch.setattr(service, "_plan", planned)
    task = begin(app, book(row()))
    service.run(app.state.database, task)
    assert ended(db, task.number)[0] is State.DONE
    with db() as session:
        project = session.scalars(select(Project)).one()
        assert project.stage == "signed" and project.contract_fen == 12_000_000_000


def test_what_breaks_in_the_middle_leaves_nothing(
    kept: Kept, app: Any, db: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(know_units, db)

    def broken(*_: Any) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(apply, "_sight", broken)
    task = begin(app, book(row()))
    service.run(app.state.database, task)
    state, message = ended(db, task.number)
    assert state is State.FAILED and message is not None and "没有写入" in message
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_an_import_that_was_given_up_writes_nothing(kept: Kept, app: Any, db: Fixture) -> None:
    kept(know_units, db)
    task = begin(app, book(row()))
    with db() as session:
        session.execute(update(LedgerImport).values(state=State.FAILED))
    service.run(app.state.database, task)
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0
