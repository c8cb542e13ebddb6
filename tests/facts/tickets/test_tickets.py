"""What happens to a ticket, over HTTP and through time: before, at and after its limit, across 调休 and New Year."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from app.facts.tickets import jobs
from app.facts.tickets.models import Ticket, TicketEscalation
from app.identity.auth.models import User
from app.kernel.notices import Notice
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_commitment
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_session, make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.tickets import make_ticket
from tests.replay import assert_log_equals_tables

API = "/api/v1"
Who = Callable[..., TestClient]


@pytest.fixture
def clock() -> Iterator[Any]:
    """The Wednesday before the holidays of 2020."""
    with time_machine.travel("2020-09-30T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def who(db: Work, client_of: Callable[..., TestClient]) -> Callable[..., TestClient]:
    """`who("wang")`: a client of a person who logs in now, since sessions do not last for days."""

    def client(login: str, role: str = "officer") -> TestClient:
        with db() as session:
            user = session.scalars(select(User).where(User.login == login)).one_or_none()
            return client_of(make_session(session, user or make_user(session, role, login=login)))

    return client


@pytest.fixture
def firm(db: Work) -> int:
    with db() as session:
        for code in ("jxw", "nyw"):
            make_unit(session, code)
        make_user(session, "reporter", login="wang", name="王工", unit="jxw")
        make_user(session, "reporter", login="li", name="李工", unit="nyw")
        return make_enterprise(session, name="衡生药用胶囊").id


def asked(firm: int, **more: Any) -> dict[str, Any]:
    body = {"category": "fire", "text": "请指导消防验收", "enterprise": firm, "unit": "jxw", "channel": "phone"}
    return body | {"contact_name": "王经理", "contact_phone": "13812341234"} | more


def told(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_one_owner_from_the_first_contact_to_the_end(who: Who, db: Work, firm: int, clock: Any) -> None:
    officer, wang = who("officer"), who("wang")
    made = told(officer.post(f"{API}/tickets", json=asked(firm)), 201)
    of = f"{API}/tickets/{made['id']}"
    assert (made["state"], made["place"], made["owner"]) == ("received", "in_time", None)
    # Three working days after 30 September: the 9th, Saturday the 10th and Monday the 12th of October.
    assert made["due_at"] == "2020-10-12T10:00:00.000000Z"
    assert made["rounds"][0]["limit"] == "3个工作日" and made["rounds"][0]["rule"] == "ticket_limits/0"

    clock.move_to("2020-09-30T10:20:00+08:00")
    accepted = told(wang.post(f"{of}/accept", json={}))
    assert (accepted["state"], accepted["owner"], accepted["contact_phone"]) == ("accepted", "王工", "138****1234")
    assert wang.post(f"{of}/accept", json={}).json()["code"] == "ticket_accepted"

    clock.move_to("2020-10-09T09:30:00+08:00")
    wang, li = who("wang"), who("li")
    same = {"unit": "jxw", "reason": "x"}
    assert wang.post(f"{of}/transfer", json=same).json()["code"] == "same_owner"
    moved = told(wang.post(f"{of}/transfer", json={"unit": "nyw", "reason": "由农业农村委办理"}))
    assert (moved["state"], moved["owner"], moved["unit"], moved["first_unit"]) == ("received", None, "nyw", "jxw")
    assert moved["due_at"] == made["due_at"]  # the clock runs on
    assert wang.get(of).status_code == 404 and wang.post(f"{of}/accept", json={}).status_code == 404

    assert li.post(f"{of}/solve", json={"result": "x"}).json()["code"] == "ticket_not_accepted"
    told(li.post(f"{of}/accept", json={}))
    clock.move_to("2020-10-12T18:00:00+08:00")  # the very instant
    li = who("li")
    solved = told(li.post(f"{of}/solve", json={"result": "已现场指导"}))
    assert (solved["state"], solved["place"]) == ("solved", "solved_in_time")
    assert solved["rounds"][0] | {"in_time": True, "days": 12, "unit": "nyw"} == solved["rounds"][0]

    told(li.post(f"{of}/close", json={"note": "企业确认"}))
    assert li.post(f"{of}/close", json={}).json()["code"] == "ticket_closed"
    assert li.post(f"{of}/solve", json={"result": "x"}).json()["code"] == "ticket_ended"
    clock.move_to("2020-10-20T09:00:00+08:00")
    officer = who("officer")
    again = told(officer.post(f"{of}/reopen", json={"reason": "问题再次出现"}))
    # The same owner, a limit of its own; what was solved stays as it was.
    assert (again["state"], again["owner"], again["round"], again["place"]) == ("accepted", "李工", 2, "in_time")
    assert again["due_at"] == "2020-10-23T10:00:00.000000Z"
    assert again["rounds"][0] == solved["rounds"][0]
    clock.move_to("2020-10-23T18:00:01+08:00")
    officer, li = who("officer"), who("li")
    late = told(li.post(f"{of}/solve", json={"result": "更换设备"}))
    assert (late["place"], late["rounds"][1]["in_time"], late["rounds"][1]["days"]) == ("solved_late", False, 3)
    steps = [step["step"] for step in late["steps"]]
    assert steps == ["recorded", "accepted", "transferred", "accepted", "solved", "closed", "reopened", "solved"]
    history = told(officer.get(f"{of}/history"))["items"]
    assert [entry["label"] for entry in history][:2] == ["办结", "重新办理"]
    assert "13812341234" not in officer.get(f"{of}/history").text
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_it_is_told_before_at_and_after_its_limit(who: Who, db: Work, firm: int, app: Any, clock: Any) -> None:
    with db() as session:
        for role in ("reviewer", "leader"):
            make_user(session, role, login=role)
    number = told(who("officer").post(f"{API}/tickets", json=asked(firm, owner="wang")), 201)["id"]
    of = f"{API}/tickets/{number}"

    def reached(when: str) -> tuple[str, list[str]]:
        clock.move_to(when)
        for _ in range(2):  # asked again, nothing more is told
            jobs.watch(app.state.database)
        found = told(who("officer").get(of))
        return found["place"], [one["level"] for one in found["escalations"]]

    assert reached("2020-10-11T17:59:59+08:00") == ("in_time", [])
    assert reached("2020-10-11T18:00:00+08:00") == ("due_soon", ["due_soon"])
    assert reached("2020-10-12T18:00:00+08:00") == ("due_soon", ["due_soon"])
    assert reached("2020-10-12T18:00:01+08:00") == ("overdue", ["due_soon", "overdue"])
    assert [row["id"] for row in told(who("wang").get(f"{API}/tickets?overdue=true&mine=true"))["items"]] == [number]
    assert reached("2020-10-13T09:00:01+08:00") == ("overdue", ["due_soon", "overdue", "urged"])
    # Everybody of a grave level once, whatever was told before: the person, the bureau and the leader.
    assert reached("2020-10-20T09:00:00+08:00")[1] == ["due_soon", "overdue", "urged", "supervised"]
    last = told(who("officer").get(of))["escalations"][-1]
    assert sorted(one["role"] for one in last["told"]) == ["bureau", "leader", "owner"]
    with db() as session:
        notices = session.scalars(select(Notice).where(Notice.kind == "ticket.overdue")).all()
        assert [notice.text for notice in notices] == [
            "「衡生药用胶囊」的消防诉求（区经济信息委）应于 2020-10-12 18:00 办结，已逾期"
        ]
    told(who("wang").post(f"{of}/solve", json={"result": "已办"}))
    with db() as session:
        waiting = select(Notice).where(Notice.about == "ticket", Notice.waits.is_(True), Notice.done_at.is_(None))
        assert session.scalars(waiting).all() == []
        assert session.scalars(select(TicketEscalation)).all() != []
        assert_log_equals_tables(session.connection())
    assert reached("2020-12-01T09:00:00+08:00")[1] == ["due_soon", "overdue", "urged", "supervised"]


def test_when_the_calendar_is_entered_the_limit_moves(as_: As, db: Work, firm: int, app: Any, clock: Any) -> None:
    clock.move_to("2026-12-30T10:00:00+08:00")
    officer = as_("officer")
    made = told(officer.post(f"{API}/tickets", json=asked(firm, owner="wang")), 201)
    assert (made["due_at"], made["rounds"][0]["assumed_from"]) == ("2027-01-04T10:00:00.000000Z", "2027-01-01")
    assert [warning["code"] for warning in made["warnings"]] == ["calendar_assumed"]
    with db() as session:
        text = session.scalars(select(Notice.text).where(Notice.kind == "ticket.yours")).one()
        assert text.endswith("前办结（2027-01-01 起的工作日历尚未录入，暂按周一至周五计）")
    notice = {"holidays": ["2027-01-01"], "workdays": [], "note": "演示"}
    assert officer.put(f"{API}/calendar/years/2027", json=notice).status_code in (200, 201), (
        "the bureau enters the notice"
    )
    jobs.watch(app.state.database)
    now = told(officer.get(f"{API}/tickets/{made['id']}"))
    assert (now["due_at"], now["rounds"][0]["assumed_from"], now["warnings"]) == (
        "2027-01-05T10:00:00.000000Z", None, [],
    )  # fmt: skip


def at_once(*work: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(work)) as pool:
        return [waiting.result() for waiting in [pool.submit(one) for one in work]]


def test_of_two_who_accept_at_once_one_does(as_: As, db: Work, firm: int) -> None:
    with db() as session:
        make_user(session, "reporter", login="zhao", unit="jxw")
        number = make_ticket(session).id
    clients = [as_(login) for login in ("wang", "zhao")] + [as_("officer", login=f"o{n}") for n in range(2)]
    answers = at_once(
        *(lambda c=client: c.post(f"{API}/tickets/{number}/accept", json={}).status_code for client in clients)  # type: ignore[misc]
    )
    assert sorted(answers) == [200, 409, 409, 409]
    with db() as session:
        assert session.get_one(Ticket, number).owner_id is not None
        assert_log_equals_tables(session.connection())


def test_what_is_entered_later_keeps_its_order(who: Who, firm: int, clock: Any) -> None:
    clock.move_to("2020-10-20T09:00:00+08:00")
    officer = who("officer")
    early = asked(firm, received_at="2020-09-30T10:00:00+08:00", owner="wang")
    of = f"{API}/tickets/{told(officer.post(f'{API}/tickets', json=early), 201)['id']}"
    for at, code in (("2020-09-30T09:59:59+08:00", "order"), ("2020-10-20T09:00:01+08:00", "in_future")):
        refused = officer.post(f"{of}/solve", json={"result": "x", "at": at})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    solved = told(officer.post(f"{of}/solve", json={"result": "x", "at": "2020-10-10T09:00:00+08:00"}))
    assert (solved["place"], solved["rounds"][0]["days"]) == ("solved_in_time", 10)


def test_a_wrong_one_is_voided_and_another_category_counts_its_own_limit(as_: As, firm: int, clock: Any) -> None:
    officer = as_("officer")
    made = officer.post(f"{API}/tickets", json=asked(firm))
    of, version = f"{API}/tickets/{made.json()['id']}", {"If-Match": made.headers["ETag"]}
    changed = told(officer.patch(of, json={"category": "policy", "contact_phone": None}, headers=version))
    assert (changed["due_at"], changed["contact_phone"]) == ("2020-10-09T02:00:00.000000Z", None)
    assert officer.patch(of, json={"text": "x"}, headers=version).status_code == 412
    assert as_("wang").post(f"{of}/void", json={"reason": "x"}).json()["code"] == "not_your_ticket"
    voided = told(officer.post(f"{of}/void", json={"reason": "重复登记"}))
    assert (voided["state"], voided["place"]) == ("voided", None)
    assert told(officer.get(f"{API}/tickets"))["items"] == []
    assert len(told(officer.get(f"{API}/tickets?state=voided"))["items"]) == 1


LISTED = {
    "": {1, 2, 3}, "category=fire": {1, 2}, "category=fire&category=soil": {1, 2, 3}, "unit=nyw": {3},
    "state=solved": {2}, "overdue=true": {1}, "overdue=false": {2, 3}, "q=胶囊": {1}, "q=xiaofang": {1, 2},
    "due_before=2020-10-13T00:00:00%2B08:00": {1}, "received_from=2020-10-13T00:00:00%2B08:00": {3},
    "received_before=2020-10-13T00:00:00%2B08:00": {1, 2}, "mine=true": set(),
}  # fmt: skip


def test_lists_are_filtered(who: Who, db: Work, firm: int, clock: Any) -> None:
    officer = who("officer")
    numbers = {}
    numbers[told(officer.post(f"{API}/tickets", json=asked(firm)), 201)["id"]] = 1
    with db() as session:
        numbers[make_ticket(session, result="已办").id] = 2
    clock.move_to("2020-10-14T10:00:00+08:00")
    with db() as session:
        numbers[make_ticket(session, unit="nyw", category="soil", text="水土保持方案").id] = 3
    for query, wanted in LISTED.items():
        found = told(who("chief", "reviewer").get(f"{API}/tickets?{query}"))["items"]
        assert {numbers[row["id"]] for row in found} == wanted, query
    assert {numbers[row["id"]] for row in told(who("officer").get(f"{API}/tickets?mine=true"))["items"]} == {1}
    assert {numbers[row["id"]] for row in told(who("li").get(f"{API}/tickets"))["items"]} == {3}


def test_a_broken_promise_is_both(as_: As, db: Work, firm: int) -> None:
    with db() as session:
        project, other = make_project(session), make_project(session)
        clause = make_commitment(session, make_agreement(session, project, "formal")).id
        code, wrong = project.code, other.code
    officer = as_("officer")
    made = told(officer.post(f"{API}/tickets", json=asked(firm, project=code, commitment=clause)), 201)
    assert made["commitment"] == clause
    assert [row["id"] for row in told(officer.get(f"{API}/tickets?commitment={clause}"))["items"]] == [made["id"]]
    for body in ({"project": wrong}, {}):
        refused = officer.post(f"{API}/tickets", json=asked(firm, commitment=clause, **body))
        assert refused.json()["errors"][0]["field"] == "commitment", body
    of = f"{API}/tickets/{made['id']}"
    version = {"If-Match": officer.get(of).headers["ETag"]}
    assert officer.patch(of, json={"project": wrong}, headers=version).status_code == 422
    assert told(officer.patch(of, json={"commitment": None}, headers=version))["commitment"] is None


def test_files_show_the_request_and_what_came_of_it(as_: As, db: Work, firm: int) -> None:
    with db() as session:
        number = make_ticket(session, owner="wang").id
    of, wang = f"{API}/tickets/{number}/files", as_("wang")
    file = {"file": ("现场.txt", "消防通道".encode(), "text/plain")}
    made = told(wang.post(of, data={"purpose": "result"}, files=file), 201)
    assert wang.post(of, data={"purpose": "result"}, files=file).json()["code"] == "same_ticket_file"
    assert wang.get(f"{of}/{made['id']}/file").content == "消防通道".encode()
    assert as_("li").get(f"{of}/{made['id']}/file").status_code == 404
    assert as_("li").post(of, data={"purpose": "result"}, files=file).status_code == 404
    gone = told(wang.post(f"{of}/{made['id']}/withdraw", json={"reason": "传错"}))
    assert gone["withdrawn_reason"] == "传错"
    assert told(wang.get(f"{API}/tickets/{number}"))["files"] == [gone]
