"""What a stream tells, to whom, from where on, and when it ends."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.exchange.feed import streams
from app.facts.enterprises.models import Contact, Enterprise, Ownership
from app.facts.projects.terms import Confidentiality
from app.identity.auth.models import User, UserSession
from app.identity.units.models import Unit
from app.kernel import calendar, chain
from app.kernel.secrets import token_hash
from tests.exchange.feed.conftest import Bureau, Listen, NearServer
from tests.exchange.feed.listening import Told

NEWEST_ONLY = True  # who is told what and when; what is asked of the database is asked in `test_log.py` as well
Near = Callable[..., NearServer]
LEVEL = Confidentiality


def numbers(told: list[Told]) -> list[int]:
    return [item.data["seq"] for item in told]


def test_a_change_is_told_with_before_and_after(bureau: Bureau, listen: Listen) -> None:
    code = bureau.project(name="光伏电站", contract_fen=100)
    listener = listen("officer")
    number = bureau.change(code, name="光伏电站二期", contract_fen=222_300_000_012)
    told = listener.next()
    assert told is not None
    assert (told.event, told.id, told.data["seq"]) == ("project.changed", number, number)
    assert told.data["subject"] == {"type": "project", "key": code}
    assert told.data["actor"] == "system"
    (change,) = told.data["changes"]
    assert (change["table"], change["op"]) == ("project", "update")
    assert change["fields"] == {
        "name": {"before": "光伏电站", "after": "光伏电站二期"},
        "contract": {"before": "1.00", "after": "2223000000.12"},
        "version": {"before": 1, "after": 2},
    }


def test_personal_fields_say_only_that_they_changed(bureau: Bureau, listen: Listen) -> None:
    listener = listen("officer")
    with bureau.work() as db:
        enterprise = Enterprise(
            name="某公司", squashed="某公司", pinyin="mougongsi", search="", ownership=Ownership.PRIVATE
        )
        db.add(enterprise)
        db.flush()
        db.add(Contact(enterprise_id=enterprise.id, name="张三丰", phone="13800001234"))
    told = listener.next()
    assert told is not None and told.event == "enterprise.created"
    contact = next(change for change in told.data["changes"] if change["table"] == "contact")
    assert contact["fields"]["phone"] == contact["fields"]["name"] == "changed"


def test_replay_and_live_tail_leave_no_hole_while_many_write(bureau: Bureau, listen: Listen) -> None:
    codes = [bureau.project() for _ in range(8)]
    start = bureau.head()
    rounds = 60
    failures: list[BaseException] = []

    def write(code: str) -> None:
        try:
            for number in range(rounds):
                bureau.change(code, note=f"第{number}次")
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=[code]) for code in codes]
    listeners = [listen("officer", after=start)]
    for count, writer in enumerate(writers):
        writer.start()
        # Some begin far back, some now; all of them in the middle of the writing.
        listeners.append(listen("leader", after=start if count % 2 else None))
    restless: list[int] = []
    last = start
    while len(restless) < 300:  # one who is cut off again and again
        with listen("second", last_event_id=last) as listener:
            for _ in range(50):
                told = listener.next()
                assert told is not None and told.id is not None
                restless.append(told.data["seq"])
                last = told.id
    for writer in writers:
        writer.join()
    assert not failures
    end = start + rounds * len(codes)
    assert bureau.head() == end
    assert restless == list(range(start + 1, start + 1 + len(restless)))
    for listener in listeners:
        told = listener.until(lambda item: item.data["seq"] == end)
        assert numbers(told) == list(range(told[0].data["seq"], end + 1))
    assert numbers(listen("officer", after=start).until(lambda item: item.data["seq"] == end))[0] == start + 1


def test_a_number_far_back_is_paged_through(bureau: Bureau, listen: Listen) -> None:
    code = bureau.project()
    start = bureau.head()
    bureau.note(code, 950)  # several batches
    told = listen("officer", after=start, kind="project.noted").until(lambda item: item.data["data"]["number"] == 950)
    assert numbers(told) == list(range(start + 1, start + 951))
    assert {item.data["subject"]["key"] for item in told} == {code}


@pytest.mark.parametrize("level", [LEVEL.OPEN, LEVEL.INTERNAL, LEVEL.SEALED])
def test_each_sees_what_is_his_to_see(bureau: Bureau, listen: Listen, level: Confidentiality) -> None:
    streams = {
        who: listen(who, kind="project.*") for who in ("officer", "leader", "second", "reporter", "other", "board")
    }
    code = bureau.project(unit="jxw", confidentiality=LEVEL.INTERNAL)
    bureau.seal(code, level, named="second")
    number = bureau.change(code, note="谁能看见")
    last = bureau.project()  # an open one: where everybody stops to listen
    seen = {
        who: number in numbers(stream.until(lambda item: item.data["subject"]["key"] == last))
        for who, stream in streams.items()
    }
    wide = level is not LEVEL.SEALED
    assert seen == {
        "officer": wide, "leader": wide, "board": wide, "second": True, "reporter": wide, "other": level is LEVEL.OPEN,
    }  # fmt: skip


def test_losing_sight_says_removed_and_replay_goes_by_present_rights(bureau: Bureau, listen: Listen) -> None:
    start = bureau.head()
    code = bureau.project(unit="jxw", confidentiality=LEVEL.INTERNAL)
    officer, named = listen("officer", after=start), listen("second", after=start)
    funds_only = listen("officer", after=start, kind="project.fund_*")
    sealing = bureau.seal(code, LEVEL.SEALED, named="second")
    secret = bureau.change(code, note="密封之后")
    end = bureau.head() + 1
    bureau.project()

    told = officer.until(lambda item: item.data["seq"] == end)
    assert [item.event for item in told] == ["project.created", "removed", "project.created"]
    assert (told[1].id, told[1].data["subject"]["key"]) == (told[1].data["seq"], code)
    assert start < told[1].data["seq"] <= sealing
    assert "changes" not in told[1].data
    assert secret in numbers(named.until(lambda item: item.data["seq"] == end))
    gone = funds_only.next()
    assert gone is not None and gone.event == "removed"

    again = listen("officer", after=start).until(lambda item: item.data["seq"] == end)
    assert [item.event for item in again] == ["removed", "project.created"]
    bureau.seal(code, LEVEL.OPEN)
    back = listen("officer", after=start).until(lambda item: item.data["seq"] == bureau.head())
    assert {"project.created", "project.changed"} <= {
        item.event for item in back if item.data["subject"]["key"] == code
    }
    assert secret in numbers(back)


def test_nobody_is_told_of_people_and_a_key_only_of_its_scopes(bureau: Bureau, listen: Listen) -> None:
    officer, deaf = listen("officer", after=0), listen("deaf", after=0)
    with bureau.work() as db:
        db.add(Unit(code="nyw", name="区农业农村委", pinyin="q", search="", kind="bureau"))
    bureau.project()
    end = bureau.head()
    told = officer.until(lambda item: item.data["seq"] == end)
    assert {item.data["subject"]["type"] for item in told} == {"unit", "project"}
    # It reads the stream but nothing that is in it: only signs of life move its number on.
    assert deaf.arrived.empty()


def test_kinds_and_subjects_are_filters(bureau: Bureau, listen: Listen) -> None:
    one, two = bureau.project(), bureau.project()
    by_subject = listen("officer", subject=f"project:{one}")
    by_kind = listen("officer", kind=["unit.*", "project.created"])
    bureau.change(two, note="不在其列")
    first = bureau.change(one, note="在其列")
    bureau.project()
    told = by_subject.next()
    assert told is not None and told.data["seq"] == first
    assert [item.event for item in by_kind.until(lambda item: item.data["seq"] == first + 1)] == ["project.created"]


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "user.*"},
        {"kind": "projects.*"},
        {"kind": "*"},
        {"kind": "project"},
        {"subject": "session:1"},
        {"subject": "project"},
        {"last_event_id": "-1"},
        {"last_event_id": "x"},
        {"kinds": "project.*"},
    ],
)
def test_what_is_not_streamed_cannot_be_asked(bureau: Bureau, listen: Listen, asked: dict[str, str]) -> None:
    refused = listen("officer", **asked)
    assert (refused.status, refused.problem["errors"][0]["field"].split(".")[0]) == (422, next(iter(asked)))


def test_only_readers_of_the_stream_come_in(bureau: Bureau, listen: Listen) -> None:
    assert listen(None).status == 401
    assert listen("auditor").status == 403


def test_a_number_beyond_the_head_resets(bureau: Bureau, listen: Listen) -> None:
    listener = listen("officer", after=bureau.head() + 1000)
    told = listener.next()
    assert told is not None
    assert (told.event, told.id, told.data) == (
        "reset", bureau.head(), {"reason": "unknown_number", "head": bureau.head()},
    )  # fmt: skip
    code = bureau.project()
    after = listener.next()
    assert after is not None and after.data["subject"]["key"] == code


def test_a_restored_database_resets_open_streams(bureau: Bureau, listen: Listen) -> None:
    listener = listen("officer")
    bureau.project()
    assert listener.next() is not None
    with bureau.database.writer.begin() as connection:  # what a restored backup looks like from here
        connection.execute(chain.LogHead.__table__.update().values(seq=1))
    told = listener.next()
    assert told is not None and (told.event, told.data["reason"]) == ("reset", "restored")
    assert listener.next() is None


def test_signs_of_life_move_the_number_on(bureau: Bureau, near_server: Near, listen: Listen) -> None:
    server = near_server(stream_heartbeat_seconds=0.3)
    listener = listen("officer", on=server)
    with bureau.work() as db:
        db.add(
            User(login="new", name="新", pinyin="x", roles=[], password_hash="x", password_changed_at=calendar.now())
        )
    # Nobody is told of users; the number passes over the event with the next sign of life.
    while listener.last_id != bureau.head():
        told = listener.next(beats=True)
        assert told is not None and told.event == "beat"
    assert listener.beats >= 1


def test_a_stream_has_an_end_and_goes_on_where_it_ended(bureau: Bureau, near_server: Near, listen: Listen) -> None:
    server = near_server(stream_heartbeat_seconds=0.2, stream_life_seconds=1)
    listener = listen("officer", on=server)
    told = listener.rest()
    assert [(item.event, item.data) for item in told] == [("bye", {"reason": "life"})]
    number = bureau.head() + 1
    bureau.project()
    after = listen("officer", on=server, after=listener.last_id).next()
    assert after is not None and after.data["seq"] == number


def test_the_end_of_a_session_ends_its_stream_only(bureau: Bureau, listen: Listen) -> None:
    ending, staying = listen("officer"), listen("second")
    with bureau.work() as db:
        mine = UserSession.token_hash == token_hash(bureau.tokens["officer"])
        db.scalars(select(UserSession).where(mine)).one().ended_at = calendar.now()
    bureau.project()
    told = ending.rest()
    assert [(item.event, item.data["reason"]) for item in told] == [("bye", "unauthenticated")]
    after = staying.next()
    assert after is not None and after.event == "project.created"
    assert listen("officer").status == 401


def test_other_rights_reset_the_stream(bureau: Bureau, listen: Listen) -> None:
    listener = listen("other")
    with bureau.work() as db:
        user = db.scalars(select(User).where(User.login == "other")).one()
        user.unit_id = db.scalars(select(Unit.id).where(Unit.code == "jxw")).one()
    assert [(item.event, item.data["reason"]) for item in listener.rest()] == [("reset", "rights_changed")]


def test_an_idle_session_is_not_kept_alive_by_listening(bureau: Bureau, near_server: Near, listen: Listen) -> None:
    server = near_server(stream_heartbeat_seconds=0.2, session_idle_minutes=1)
    listener = listen("officer", on=server)
    with bureau.database.writer.begin() as connection:
        long_ago = calendar.now().replace(year=2020)
        connection.execute(UserSession.__table__.update().values(last_seen_at=long_ago))
    with bureau.work() as db:  # makes the server look at the row again
        db.add(
            User(login="new", name="新", pinyin="x", roles=[], password_hash="x", password_changed_at=calendar.now())
        )
    assert [(item.event, item.data["reason"]) for item in listener.rest()] == [("bye", "session_expired")]


def test_who_reads_too_slowly_is_sent_back_and_loses_nothing(bureau: Bureau, listen: Listen) -> None:
    code = bureau.project()
    start = bureau.head()
    slow = listen("officer", after=start, kind="project.noted", narrow=True)
    fast = listen("leader", after=start, kind="project.noted")
    slow.hold()
    start = bureau.head()
    for _ in range(6):
        end = bureau.note(code, 100, "很长的说明" * 2000)
        fast.until(lambda item, end=end: item.data["seq"] == end)
    slow.go_on()
    told = slow.rest()
    assert told[-1].event == "overflow"
    seen = numbers(told[:-1])
    assert len(seen) < 600
    rest = listen("officer", after=slow.last_id).until(lambda item: item.data["seq"] == end)
    assert seen + numbers(rest) == list(range(start + 1, end + 1))


def test_who_takes_nothing_at_all_is_given_up(
    bureau: Bureau, near_server: Near, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STALLED", 0.3)
    server = near_server(stream_heartbeat_seconds=0.2)
    code = bureau.project()
    start = bureau.head()
    bureau.note(code, 400, "很长的说明" * 2000)
    listen("officer", on=server, after=start, narrow=True).hold()
    assert len(server.hub.streams) == 1
    deadline = time.monotonic() + 15
    while server.hub.streams and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not server.hub.streams and not server.hub.watchers
