"""The calendar: what its owner sees and no more, read by a token that opens nothing else and can be taken back."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from icalendar import Calendar
from sqlalchemy import select

from app.facts.task_forces.models import CalendarToken
from app.identity.auth.models import User
from app.kernel.chain import Event
from tests.clients import As, Work, put_part
from tests.factories.identity import make_user
from tests.factories.projects import make_project
from tests.factories.task_forces import make_meeting, make_task, make_task_force

API = "/api/v1"
TOKENS = f"{API}/me/calendar-tokens"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False) as traveller:
        yield traveller


def subscribe(as_: As, who: str, **more: Any) -> str:
    made = as_(who, **more).post(TOKENS, json={"name": "手机日历"})
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    address: str = made.json()["address"]
    return address


def read(as_: As, address: str) -> dict[str, Any]:
    answer = as_(None).get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return {str(one["UID"]): one for one in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_it_holds_due_dates_and_meetings(as_: As, db: Work, clock: Any) -> None:
    with db() as session:
        force = make_task_force(session, make_project(session, name="低氘水", stage="talk"))
        task = make_task(
            session, force, title="办理用地", due_on=date(2020, 12, 31), planned_start=date(2020, 10, 1)
        ).id
        make_task(session, force, title="早已过去", due_on=date(2020, 1, 1))
        make_task(session, force, title="已取消", state="cancelled", cancelled_on=date(2020, 10, 1))
        meeting, *_ = make_meeting(session, force, held_on=date(2020, 10, 21))
        whole_day, *_ = make_meeting(session, force, held_on=date(2020, 10, 22))
        meeting.starts_at, meeting.place = "09:30", "三楼，会议室；东"
        numbers = meeting.id, whole_day.id
    address = subscribe(as_, "leader")
    found = read(as_, address)
    uids = [f"task-{task}@500114.zhaoshang", *(f"meeting-{number}@500114.zhaoshang" for number in numbers)]
    assert set(found) == set(uids)
    due, timed, day = (found[uid] for uid in uids)
    assert (due.decoded("DTSTART"), str(due["SUMMARY"])) == (date(2020, 12, 31), "【黄灯】低氘水：办理用地")
    start = timed.decoded("DTSTART")
    assert (start.isoformat(), str(start.tzinfo)) == ("2020-10-21T09:30:00+08:00", "Asia/Shanghai")
    assert str(timed["LOCATION"]) == "三楼，会议室；东"
    assert day.decoded("DTSTART") == date(2020, 10, 22)
    etag = as_("officer").get(f"{API}/tasks/{task}").headers["ETag"]
    moved = as_("officer").patch(f"{API}/tasks/{task}", json={"due_on": "2021-01-31"}, headers={"If-Match": etag})
    assert moved.status_code == 200
    again = read(as_, address)
    assert set(again) == set(uids)
    assert again[uids[0]].decoded("DTSTART") == date(2021, 1, 31)


def test_everybody_reads_what_he_sees_today(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
        project = make_project(session, confidentiality="internal")
        leader = make_user(session, "leader", login="wang")
        force = make_task_force(session, project, members=("nyw",), leader=leader)
        make_task(session, force, unit="nyw", due_on=date(2020, 12, 31))
        code = project.code
    addresses = {
        "leader": subscribe(as_, "leader"), "wang": subscribe(as_, "wang"), "named": subscribe(as_, "named"),
        "member": subscribe(as_, "reporter", unit="nyw"), "other": subscribe(as_, "reporter", unit="sww"),
    }  # fmt: skip

    def seen(more: str = "") -> set[str]:
        return {who for who, address in addresses.items() if read(as_, address + more)}

    assert seen() == {"leader", "wang", "named", "member"}
    assert seen("&mine=true") == {"wang", "member"}
    seal = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    assert put_part(as_("reviewer"), f"{API}/projects/{code}", "confidentiality", seal).status_code == 200
    assert seen() == {"named"}


def test_a_token_opens_nothing_else_and_can_be_taken_back(as_: As, db: Work, client_of: Any, clock: Any) -> None:
    address = subscribe(as_, "leader")
    token = address.split("token=")[1]
    assert client_of(token).get(f"{API}/task-forces").status_code == 401
    for wrong in ("zc_" + "x" * 40, token[:-1] + ("A" if token[-1] != "A" else "B")):
        refused = as_(None).get(address.replace(token, wrong))
        assert (refused.status_code, refused.json()["code"]) == (404, "no_calendar_token")
    for shapeless in ("", "zs_" + token[3:], "x"):
        assert as_(None).get(address.replace(token, shapeless)).status_code == 422
    mine = as_("leader").get(TOKENS).json()["items"]
    assert len(mine) == 1 and token not in str(mine)
    with db() as session:
        # Neither the table nor the log can be read back into an address.
        kept = session.scalars(select(CalendarToken)).one()
        assert token not in kept.token_hash
        assert all(token not in body and kept.token_hash not in body for body in session.scalars(select(Event.body)))
    place = f"{TOKENS}/{mine[0]['id']}"
    assert as_("officer").delete(place).json()["code"] == "no_calendar_token"
    assert read(as_, address) == {}
    assert as_("leader").delete(place).json()["revoked_at"] is not None
    assert as_("leader").delete(place).status_code == 200
    assert as_(None).get(address).status_code == 404


def test_it_ends_with_a_year_and_with_the_account(as_: As, db: Work, clock: Any) -> None:
    first, second = subscribe(as_, "leader"), subscribe(as_, "officer")
    with db() as session:
        session.scalars(select(User).where(User.login == "officer")).one().active = False
    assert as_(None).get(second).status_code == 404
    assert read(as_, first) == {}
    clock.move_to(datetime.fromisoformat("2020-10-20T09:00:00+08:00") + timedelta(days=366))
    assert as_(None).get(first).status_code == 404


def test_nobody_keeps_more_than_ten(as_: As, db: Work) -> None:
    for _ in range(10):
        subscribe(as_, "leader")
    refused = as_("leader").post(TOKENS, json={"name": "又一个"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_tokens")
    number = as_("leader").get(TOKENS).json()["items"][0]["id"]
    assert as_("leader").delete(f"{TOKENS}/{number}").status_code == 200
    subscribe(as_, "leader")
