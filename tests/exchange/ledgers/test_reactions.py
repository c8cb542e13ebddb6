"""An importer who did not wait for the end hears of it when something was wrong."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.exchange.ledgers import service
from app.exchange.ledgers.models import LedgerImport, Mode, State
from app.identity.auth.models import User
from app.kernel import calendar
from app.kernel.access import SYSTEM
from tests.clients import As, Work
from tests.factories.identity import actor_of

ME = "/api/v1/me/notices"
WRONG = "项目名称,责任单位,签约日期\n,区经济信息委,2020-13-41\n".encode()


@pytest.mark.parametrize(
    ("waited", "takes", "told"), [(0, 0, True), (30, 31, True), (30, 29, False), (None, 900, False)]
)
def test_who_has_left_is_told(
    db: Work, app: object, as_: As, database_url: str, waited: int | None, takes: int, told: bool
) -> None:
    client = as_("officer")
    with db() as session:
        actor = actor_of(session.scalars(select(User).where(User.login == "officer")).one())
        database = session.info["database"]
    with time_machine.travel(calendar.now(), tick=False) as clock:
        task = service.begin(database, actor, WRONG, "台账.csv", Mode.ALL, "500114", waited)
        clock.shift(timedelta(seconds=takes))
        service.run(database, task)
    found = client.get(ME).json()["items"]
    with db() as session:
        job = session.scalars(select(LedgerImport)).one()
        assert job.state in (State.REFUSED, State.FAILED)
    if not told:
        assert found == []
        return
    (notice,) = found
    assert notice["kind"] == "ledger_import.ended"
    assert notice["subject"] == {"type": "ledger_import", "key": str(job.id)}
    assert "台账.csv" in notice["text"] and (job.message or "?") in notice["text"]


def test_an_import_that_was_cut_off_is_told_and_what_went_well_is_not(db: Work, as_: As) -> None:
    client = as_("officer")
    with db() as session:
        actor = actor_of(session.scalars(select(User).where(User.login == "officer")).one())
        database = session.info["database"]
    good = "项目名称,责任单位\n光伏玻纤,\n".encode()
    service.run(database, service.begin(database, actor, good, "好.csv", Mode.DRY_RUN, "500114", 0))
    with db() as session:
        assert session.scalars(select(LedgerImport.state)).one() is State.DONE
    assert client.get(ME).json()["items"] == []
    service.begin(database, actor, good, "断.csv", Mode.ALL, "500114", 30)
    service.begin(database, SYSTEM, good, "命令行.csv", Mode.ALL, "500114")
    with db() as session:
        for job in session.scalars(select(LedgerImport).where(LedgerImport.state == State.RUNNING)):
            job.at = job.beat_at = calendar.now() - timedelta(minutes=11)
    service.give_up(database)
    (notice,) = client.get(ME).json()["items"]
    assert "断.csv" in notice["text"]
