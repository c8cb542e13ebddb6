"""Notices: one matter, one row for each person; read by him alone; the log knows that, not what."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.auth.models import User
from app.identity.notices import recipients
from app.identity.notices.jobs import remind_of_passwords
from app.kernel import calendar, chain, notices
from app.kernel.access import SYSTEM, Actor, Permission, Role
from app.kernel.chain import Event
from app.kernel.notices import Notice, NoticeKind, settle, tell
from app.kernel.rules import RuleVersion
from tests.clients import As, Work
from tests.factories.identity import actor_of, make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

ME = "/api/v1/me/notices"


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, NoticeKind]:
    """Two kinds of notices that no domain has."""
    found = {
        "news": NoticeKind("test.news", "消息", "{what}已变更"),
        "task": NoticeKind("test.task", "任务", "请办理{what}", waits=True),
    }
    for kind in found.values():
        monkeypatch.setitem(notices.KINDS, kind.code, kind)
    return found


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-10-08T09:00:00+08:00", tick=False) as traveller:
        yield traveller


def rows(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).order_by(Notice.id).execution_options(populate_existing=True)))


def told(app: FastAPI) -> list[str]:
    """The kinds of all events about notices, in order."""
    with app.state.database.reading() as connection:
        kinds = select(Event.kind).where(Event.subject == "notice").order_by(Event.seq)
        return list(connection.execute(kinds).scalars())


def version(app: FastAPI) -> int:
    with app.state.database.reading() as connection:
        return chain.head(connection)[0]


# -- telling ----------------------------------------------------------------------------------------------------


def test_the_same_matter_is_raised_again_not_doubled(
    db: Work, app: FastAPI, as_: As, kinds: dict[str, NoticeKind], clock: time_machine.Traveller
) -> None:
    client = as_("officer")

    def raise_it(what: str) -> None:
        with db() as session:
            tell(session, recipients.with_role(session, Role.OFFICER), kinds["news"], None, key="matter", what=what)

    raise_it("甲")
    (first,) = client.get(ME).json()["items"]
    assert (first["kind"], first["label"], first["text"]) == ("test.news", "消息", "甲已变更")
    assert first["read_at"] is None
    raise_it("甲")  # he has not even read it
    assert told(app) == ["notice.told"]
    clock.shift(timedelta(minutes=5))
    raise_it("乙")
    (again,) = client.get(ME).json()["items"]
    assert (again["id"], again["text"], again["created_at"]) == (first["id"], "乙已变更", first["created_at"])
    assert again["told_at"] > first["told_at"]
    client.post(f"{ME}/read", json={"ids": [again["id"]]})
    raise_it("乙")  # the same once more, after he has read it
    assert client.get(ME).json()["items"][0]["read_at"] is None
    assert told(app) == ["notice.told"] * 3


def test_what_is_told_once_is_not_repeated_until_there_is_something_to_do_again(
    db: Work, app: FastAPI, kinds: dict[str, NoticeKind]
) -> None:
    with db() as session:
        user = make_user(session, "officer")
        people = [actor_of(user)]
    for kind in kinds.values():
        for what in ("甲", "乙"):
            with db() as session:
                tell(session, people, kind, None, key=kind.code, once=True, what=what)
    with db() as session:
        assert [n.text for n in rows(session)] == ["甲已变更", "请办理甲"]
        settle(session, "test.task")
    with db() as session:
        tell(session, people, kinds["task"], None, key="test.task", once=True, what="丙")
    with db() as session:
        task = rows(session)[1]
        assert (task.text, task.done_at) == ("请办理丙", None)
    assert told(app) == ["notice.told", "notice.told", "notice.settled", "notice.told"]


def test_settling_ends_what_waits_for_everybody_or_for_one(db: Work, kinds: dict[str, NoticeKind]) -> None:
    with db() as session:
        people = [actor_of(make_user(session, "officer")) for _ in range(3)]
        tell(session, people, kinds["task"], None, key="a", what="甲")
        tell(session, people, kinds["task"], None, key="b", what="乙")
        tell(session, people, kinds["news"], None, key="c", what="丙")
    with db() as session:
        settle(session, "a", people[0].id)
        settle(session, "b")
        settle(session, "c")  # nothing waits in a piece of news
        settle(session, "nobody was told")
    with db() as session:
        done = {(n.key, people.index(next(p for p in people if p.id == n.user_id))) for n in rows(session) if n.done_at}
    assert done == {("a", 0), ("b", 0), ("b", 1), ("b", 2)}


def test_only_people_are_told_and_only_those_who_see_the_subject(db: Work, kinds: dict[str, NoticeKind]) -> None:
    with db() as session:
        own, other = make_unit(session, "jxw"), make_unit(session, "sww")
        inside, outside = (make_user(session, "reporter", unit=unit) for unit in (own, other))
        leader, auditor = make_user(session, "leader"), make_user(session, "auditor")
        project = make_project(session, unit=own, confidentiality="internal")
        machine = Actor(inside.id, "board", "key", frozenset({Role.LEADER}), frozenset(Permission))
        everybody = [*(actor_of(user) for user in (inside, outside, leader, auditor)), machine, SYSTEM]
        tell(session, everybody, kinds["news"], project, what="甲")
        assert {n.user_id for n in rows(session)} == {inside.id, leader.id}
        assert {(n.key, n.about, n.about_id, n.about_key) for n in rows(session)} == {
            (f"test.news:{project.code}", "project", project.id, project.code)
        }


def test_nobody_is_told_what_he_does_himself(db: Work) -> None:
    with db() as session:
        one, two = (actor_of(make_user(session, "officer")) for _ in range(2))
        assert notices.others(session, [one, two]) == [one, two]
    with db(one) as session:
        assert notices.others(session, [one, two]) == [two]
    with db(Actor(one.id, "board", "key", one.roles, one.permissions)) as session:
        assert notices.others(session, [one, two]) == [one, two]


def test_many_tell_and_settle_one_matter_at_once(db: Work, app: FastAPI, kinds: dict[str, NoticeKind]) -> None:
    with db() as session:
        people = [actor_of(make_user(session, "officer")) for _ in range(3)]
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        with db() as session:
            if number % 4 == 3:
                settle(session, "matter")
            else:
                tell(session, people, kinds["task"], None, key="matter", what=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with db() as session:
        found = rows(session)
        assert [n.user_id for n in found] == sorted(person.id for person in people)
        assert len({(n.text, n.done_at is None) for n in found}) == 1, "all three hold what was told last"
        assert_log_equals_tables(session.connection())


def test_a_rolled_back_cause_has_told_nothing(db: Work, app: FastAPI, kinds: dict[str, NoticeKind]) -> None:
    with db() as session:
        people = [actor_of(make_user(session, "officer"))]
    with pytest.raises(RuntimeError), db() as session:
        tell(session, people, kinds["news"], None, key="a", what="甲")
        raise RuntimeError
    with db() as session:
        assert rows(session) == []
    assert told(app) == []


def test_the_log_replays_to_the_table_and_keeps_no_words(
    db: Work, app: FastAPI, as_: As, kinds: dict[str, NoticeKind]
) -> None:
    client = as_("officer")
    with db() as session:
        people = recipients.with_role(session, Role.OFFICER)
        project = make_project(session, name="密云")
        tell(session, people, kinds["task"], project, due=date(2020, 10, 1), what="密云")
    client.post(f"{ME}/read", json={"ids": [client.get(ME).json()["items"][0]["id"]]})
    with db() as session:
        settle(session, f"test.task:{project.code}")
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
        bodies = connection.execute(select(Event.body).where(Event.subject == "notice")).scalars().all()
    assert len(bodies) == 2
    for body in bodies:
        assert "密云" not in body and project.code not in body


# -- reading ----------------------------------------------------------------------------------------------------


def test_one_reads_ones_own_and_nobody_elses(db: Work, as_: As, kinds: dict[str, NoticeKind]) -> None:
    mine, his = as_("officer"), as_("officer", login="wang")
    with db() as session:
        for who, what in (("officer", "甲"), ("wang", "乙")):
            user = session.scalars(select(User).where(User.login == who)).one()
            tell(session, recipients.person(session, user.id), kinds["task"], None, key=what, what=what)
        number = {n.text: n.id for n in rows(session)}
    assert [n["text"] for n in mine.get(ME).json()["items"]] == ["请办理甲"]
    assert [n["text"] for n in his.get(ME).json()["items"]] == ["请办理乙"]
    # A number of somebody else's marks nothing.
    assert mine.post(f"{ME}/read", json={"ids": [number["请办理乙"]]}).json() == {"unread": 1, "open": 1, "overdue": 0}
    assert his.get(f"{ME}/count").json() == {"unread": 1, "open": 1, "overdue": 0}


def test_filters_counts_and_pages(
    db: Work, as_: As, kinds: dict[str, NoticeKind], clock: time_machine.Traveller
) -> None:
    client = as_("officer")
    due = {0: None, 1: date(2020, 10, 7), 2: date(2020, 10, 8), 3: None}
    for number in range(8):
        clock.shift(timedelta(seconds=10 if number % 3 else 0))  # some are told at the same moment
        with db() as session:
            kind = kinds["task"] if number < 4 else kinds["news"]
            people = recipients.with_role(session, Role.OFFICER)
            tell(session, people, kind, None, key=f"n{number}", due=due.get(number), what=str(number))
    with db() as session:
        settle(session, "n0")
    expected = [f"{number}已变更" for number in (7, 6, 5, 4)] + [f"请办理{number}" for number in (3, 2, 1, 0)]

    def walk(**asked: Any) -> list[str]:
        found, after = [], None
        while True:
            page = client.get(ME, params={"limit": 3, **asked, **({"after": after} if after else {})}).json()
            found += [n["text"] for n in page["items"]]
            after = page["next"]
            if after is None:
                return found

    assert walk() == expected
    assert walk(sort="told_at") == expected[::-1]
    assert walk(kind="test.task") == expected[4:]
    assert walk(open="true") == ["请办理3", "请办理2", "请办理1"]
    assert walk(open="false") == [*expected[:4], "请办理0"]
    assert walk(overdue="true") == ["请办理1"]
    assert walk(overdue="false", open="true") == ["请办理3", "请办理2"]
    page = client.get(ME, params={"limit": 1, "count": "true"}).json()
    assert page["total"] == 8
    assert page["counts"] == {"unread": 8, "open": 3, "overdue": 1} == client.get(f"{ME}/count").json()
    by_text = {n["text"]: n for n in client.get(ME).json()["items"]}
    assert [by_text[f"请办理{n}"]["overdue"] for n in range(4)] == [False, True, False, False]
    # All up to the moment of one of them.
    moment = by_text["请办理3"]["told_at"]
    assert client.post(f"{ME}/read", json={"up_to": moment}).json() == {"unread": 4, "open": 3, "overdue": 1}
    assert set(walk(unread="true")) == set(expected[:4])
    assert set(walk(unread="false")) == set(expected[4:])
    clock.shift(timedelta(days=1))
    assert as_("officer", login="late").get(f"{ME}/count").json() == {"unread": 0, "open": 0, "overdue": 0}


@pytest.mark.parametrize("body", [{}, {"ids": [1], "up_to": "2020-10-08T00:00:00Z"}, {"ids": [0]}, {"up_to": "x"}])
def test_what_was_read_is_said_in_one_way(as_: As, body: dict[str, Any]) -> None:
    assert as_("officer").post(f"{ME}/read", json=body).status_code == 422


def test_read_marks_move_neither_log_nor_version(db: Work, app: FastAPI, as_: As, kinds: dict[str, NoticeKind]) -> None:
    client = as_("officer")
    with db() as session:
        tell(session, recipients.with_role(session, Role.OFFICER), kinds["news"], None, key="a", what="甲")
    before = version(app)
    kept = client.get("/api/v1/units")
    assert client.post(f"{ME}/read", json={"up_to": calendar.now().isoformat()}).json()["unread"] == 0
    assert version(app) == before
    assert client.get("/api/v1/units", headers={"If-None-Match": kept.headers["etag"]}).status_code == 304
    assert client.get(ME).headers["cache-control"] == "no-store"


# -- whom to tell -----------------------------------------------------------------------------------------------


def test_people_are_found_by_role_permission_unit_and_name(db: Work) -> None:
    with db() as session:
        one, other = make_unit(session, "jxw"), make_unit(session, "sww")
        users = {
            "reporter": make_user(session, "reporter", unit=one),
            "both": make_user(session, "reporter", "leader", unit=other),
            "officer": make_user(session, "officer", name="李工", unit=one),
            "reviewer": make_user(session, "reviewer", name="张工"),
            "gone": make_user(session, "reporter", "reviewer", unit=one),
        }
        users["gone"].active = False
        session.flush()
        name = {user.id: name for name, user in users.items()}

        def found(people: list[Actor]) -> list[str]:
            return [name[person.id] for person in people]

        assert found(recipients.with_role(session, Role.REPORTER)) == ["reporter", "both"]
        assert found(recipients.with_role(session, Role.LEADER, Role.OFFICER)) == ["both", "officer"]
        assert found(recipients.who_may(session, Permission.RULE_ACTIVATE)) == ["reviewer"]
        assert found(recipients.reporters_of(session, one.id)) == ["reporter"]
        assert found(recipients.reporters_of(session, one.id, other.id)) == ["reporter", "both"]
        assert recipients.reporters_of(session) == []
        assert found(recipients.person(session, users["reviewer"].id)) == ["reviewer"]
        assert recipients.person(session, users["gone"].id) == []
        assert found(recipients.called(session, "李工")) == ["officer"]
        assert recipients.called(session, "张工") == []  # no officer
        assert recipients.called(session, None) == []
        make_user(session, "officer", name="李工")
        assert recipients.called(session, "李工") == []  # two are called alike


# -- rules and passwords ----------------------------------------------------------------------------------------


def test_a_draft_waits_for_those_who_may_activate_it_but_not_for_its_author(db: Work, as_: As) -> None:
    author, second, officer = as_("reviewer"), as_("reviewer", login="second"), as_("officer")
    body = {
        "body": {"large_from": "200000000.00", "bands": ["50000000.00"]},
        "valid_from": "2030-01-01", "basis": "渝招商〔2030〕1号",
    }  # fmt: skip
    assert author.post("/api/v1/rules/scale/versions", json=body).status_code == 201
    (waiting,) = second.get(ME, params={"open": "true"}).json()["items"]
    assert waiting["kind"] == "rule.draft"
    assert waiting["subject"] == {"type": "rule_version", "key": "scale/1"}
    assert "项目规模" in waiting["text"] and "渝招商〔2030〕1号" in waiting["text"]
    for other in (author, officer):
        assert other.get(ME).json()["items"] == []
    assert second.post("/api/v1/rules/scale/versions/1/activate").status_code == 200
    (done,) = second.get(ME).json()["items"]
    assert done["done_at"] is not None
    assert second.get(f"{ME}/count").json()["open"] == 0
    assert officer.post("/api/v1/rules/scale/versions", json=body | {"valid_from": "2031-01-01"}).status_code == 201
    assert author.get(f"{ME}/count").json()["open"] == second.get(f"{ME}/count").json()["open"] == 1
    gone = officer.post("/api/v1/rules/scale/versions/2/withdraw", json={"reason": "另行起草"})
    assert gone.status_code == 200
    assert author.get(f"{ME}/count").json()["open"] == second.get(f"{ME}/count").json()["open"] == 0


def test_who_may_no_longer_read_rules_reads_no_notice_of_them(db: Work, as_: As) -> None:
    reviewer = as_("reviewer")
    with db() as session:
        user = session.scalars(select(User).where(User.login == "reviewer")).one()
        draft = RuleVersion(
            rule="scale", number=1, state="draft", valid_from=date(2030, 1, 1), basis="依据", body={}, saved_by=0,
            saved_at=calendar.now(),
        )  # fmt: skip
        session.add(draft)
        session.flush()
        kind = notices.KINDS["rule.draft"]
        tell(session, [actor_of(user)], kind, draft, rule="项目规模", number=1, since="2030-01-01", basis="依据")
    assert reviewer.get(ME).json()["items"][0]["text"] is not None
    with db() as session:
        user = session.scalars(select(User).where(User.login == "reviewer")).one()
        user.roles = ["auditor"]
    (masked,) = reviewer.get(ME).json()["items"]
    assert (masked["text"], masked["subject"], masked["withheld"]) == (None, None, True)


def test_passwords_near_their_end_are_told_once_until_they_are_changed(
    db: Work, app: FastAPI, as_: As, clock: time_machine.Traveller
) -> None:
    with db() as session:
        now = calendar.now()
        ages = {"old": 82, "young": 79, "gone": 85, "must": 85}
        for login, days in ages.items():
            user = make_user(session, "officer", login=login, must_change_password=login == "must")
            user.password_changed_at = now - timedelta(days=days)
            user.active = login != "gone"
    for _ in range(2):
        remind_of_passwords(app.state.database)
    clock.shift(timedelta(days=1))
    with db() as session:
        user = session.scalars(select(User).where(User.login == "old")).one()
        (only,) = rows(session)
        assert (only.user_id, only.kind, only.due_on) == (user.id, "account.password", date(2020, 10, 16))
        assert only.text == "您的密码将于 2020-10-16 到期，请在此之前修改"
        only.read_at = calendar.now()
    remind_of_passwords(app.state.database)
    with db() as session:
        found = {n.user_id: n for n in rows(session)}
        assert len(found) == 2 and found[user.id].read_at is not None, "the young one is told, the old one not again"
    admin = as_("system_admin")
    assert admin.post("/api/v1/users/old/password-reset").status_code == 200
    with db() as session:
        assert {n.user_id: n for n in rows(session)}[user.id].done_at is not None
    clock.shift(timedelta(days=85))
    with db() as session:
        user = session.scalars(select(User).where(User.login == "old")).one()
        user.must_change_password = False
    remind_of_passwords(app.state.database)
    with db() as session:
        again = {n.user_id: n for n in rows(session)}[user.id]
        assert (again.done_at, again.due_on) == (None, date(2021, 1, 7))


def test_where_passwords_do_not_age_nobody_is_reminded(db: Work, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_PROFILE", "asvs")
    with db() as session:
        make_user(session, "officer").password_changed_at = calendar.now() - timedelta(days=500)
    remind_of_passwords(app.state.database)
    with db() as session:
        assert rows(session) == []
