"""The officer's desk: how channels stand, which records wait or came back, and who may see what of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.exchange.municipal.models import Channel, Contact, Record
from app.kernel import calendar
from app.kernel.access import KEY_SCOPES, TABLE, Permission, Role
from tests.clients import As, Work
from tests.factories.municipal_desk import SECRET, make_channel, make_city_key, make_connection, make_record
from tests.factories.projects import make_project

API = "/api/v1/municipal"
WHY = {"reason": "市级通知"}


@pytest.fixture(autouse=True)
def connections(app: FastAPI) -> Iterator[None]:
    before = app.state.connections
    app.state.connections = {"city": make_connection(), "files": make_connection(mode="file")}
    yield
    app.state.connections = before


def test_the_dashboard_tells_how_a_channel_stands_and_no_secret(as_: As, db: Work) -> None:
    now = calendar.now()
    with db() as session:
        channel = make_channel(session, failures=5, open_until=now + timedelta(minutes=3), failure="连接不上")
        make_record(session, channel, at=now - timedelta(minutes=10))
        make_record(session, channel, at=now - timedelta(minutes=2))
        make_record(session, channel, state="held", at=now - timedelta(hours=9))
        make_record(session, channel, "fund", "17", {"number": "17"}, state="rejected", at=now - timedelta(hours=8))
        for hours, accepted in ((0, 3), (5, 40), (30, 500)):
            at = now - timedelta(hours=hours)
            session.add(
                Contact(
                    channel_id=channel.id, what="delivery", batch="b", started_at=at, ended_at=at, outcome="done",
                    accepted=accepted,
                )
            )  # fmt: skip
    answer = as_("officer").get(f"{API}/channels")
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text and "hidden" not in answer.text and "word" not in answer.text
    city, files = answer.json()["items"]
    assert (city["code"], city["mode"], city["host"], city["state"]) == ("city", "push", "city.example:8443", "active")
    assert (city["circuit"]["state"], city["circuit"]["failures"], city["failure"]) == ("open", 5, "连接不上")
    assert city["records"][0] == {"kind": "project", "pending": 2, "sent": 0, "held": 1, "rejected": 0}
    assert (city["backlog"]["records"], city["rejected"]) == (2, 1)
    assert 600 <= city["backlog"]["seconds"] < 700
    assert city["rate"] == {"last_hour": 3, "last_day": 43}
    assert city["behind"] > 0 and city["position"] == 4
    # One that was never used is there already.
    assert (files["code"], files["mode"], files["backlog"]["records"], files["contacted_at"]) == (
        "files",
        "file",
        0,
        None,
    )
    assert as_("officer").get(f"{API}/channels/city").json()["code"] == "city"
    assert as_("officer").get(f"{API}/channels/other").json()["code"] == "no_channel"


def test_a_channel_is_paused_and_resumed_with_a_reason(as_: As, db: Work) -> None:
    officer = as_("officer")
    paused = officer.post(f"{API}/channels/city/pause", json=WHY)
    assert (paused.status_code, paused.json()["state"], paused.json()["state_reason"]) == (200, "paused", "市级通知")
    assert officer.post(f"{API}/channels/city/pause", json=WHY).json()["code"] == "already_paused"
    assert officer.post(f"{API}/channels/city/resume", json={}).status_code == 422
    assert officer.post(f"{API}/channels/city/resume", json=WHY).json()["state"] == "active"
    assert officer.post(f"{API}/channels/city/resume", json=WHY).json()["code"] == "not_paused"
    assert officer.post(f"{API}/channels/nowhere/pause", json=WHY).status_code == 404
    kinds = [item["kind"] for item in as_("auditor").get("/api/v1/log", params={"key": "city"}).json()["items"]]
    assert kinds == ["municipal_channel.resumed", "municipal_channel.paused"]


def test_what_was_rejected_goes_again_as_it_is_and_what_is_held_under_a_new_version(as_: As, db: Work) -> None:
    with db() as session:
        channel = make_channel(session)
        rejected = make_record(session, channel, state="rejected", version=4, code="amount", reason="金额不得为零").id
        held = make_record(session, channel, state="held", version=2).id
        sent = make_record(session, channel, state="sent", version=7, attempts=3).id
    officer = as_("officer")
    before = officer.get(f"{API}/records/{held}").json()
    assert (before["held"], before["differences"], before["next_try"]) == (before["wanted"], [], None)
    for record, version in ((rejected, 4), (held, 3), (sent, 7)):
        told = officer.post(f"{API}/records/{record}/resend", json=WHY)
        assert told.status_code == 200, told.text
        found = told.json()
        assert (found["state"], found["wanted_version"], found["attempts"], found["reason"]) == (
            "pending",
            version,
            0,
            None,
        )
    again = officer.get(f"{API}/records/{held}").json()
    assert (again["held_version"], again["held"], again["held_op"]) == (2, before["held"], "put")
    # Each has moved to the end of what changed, in a place of its own.
    with db() as session:
        places = session.scalars(select(Record.position).order_by(Record.position)).all()
        assert places == [4, 5, 6]
        assert session.scalars(select(Channel.position)).one() == 6
    assert officer.post(f"{API}/records/999/resend", json=WHY).json()["code"] == "no_record"


def test_all_rejected_ones_or_all_go_again(as_: As, db: Work) -> None:
    with db() as session:
        channel = make_channel(session)
        for state in ("rejected", "rejected", "held", "pending"):
            make_record(session, channel, state=state)
        make_record(session, channel, "week", "2020-W34", {"week": "2020-W34"}, state="held")
    officer, where = as_("officer"), f"{API}/channels/city/resend"
    assert officer.post(where, json=WHY).json() == {"records": 2}
    assert officer.post(where, json=WHY).json() == {"records": 0}
    assert officer.post(where, json=WHY | {"which": "all", "kind": "week"}).json() == {"records": 1}
    assert officer.post(where, json=WHY | {"which": "all"}).json() == {"records": 5}
    states = {row["key"]: row["wanted_version"] for row in officer.get(f"{API}/records").json()["items"]}
    assert sorted(states.values()) == [1, 1, 1, 2, 2]


def test_records_are_found_by_what_one_asks(as_: As, db: Work) -> None:
    with db() as session:
        channel, project = make_channel(session), make_project(session)
        make_record(session, channel, key=project.code, project_id=project.id, payload={"name": "甲", "jobs": 2},
                    version=3, held_version=2, held={"name": "乙", "jobs": 2})  # fmt: skip
        make_record(session, channel, "fund", "5", {"number": "5"}, project_id=project.id, state="rejected", code="E7")
        make_record(session, make_channel(session, "files"), "week", "2020-W34", {"week": "2020-W34"})
        code = project.code
    officer = as_("officer")

    def keys(**asked: Any) -> list[str]:
        return [row["key"] for row in officer.get(f"{API}/records", params={"sort": "id", **asked}).json()["items"]]

    assert keys() == [code, "5", "2020-W34"]
    assert keys(project=code) == [code, "5"]
    assert keys(channel="files") == keys(kind="week") == ["2020-W34"]
    assert keys(state="rejected") == keys(code="E7") == ["5"]
    assert keys(limit=1) == [code]
    told = officer.get(f"/api/v1/projects/{code}/municipal").json()["items"]
    assert [(row["kind"], row["channel"]) for row in told] == [("project", "city"), ("fund", "city")]
    assert told[0]["differences"] == [{"field": "name", "ours": "甲", "theirs": "乙"}]
    assert officer.get("/api/v1/projects/500114-2020-7777/municipal").status_code == 404


def test_a_sealed_project_is_known_by_its_record_to_nobody(as_: As, db: Work) -> None:
    with db() as session:
        channel = make_channel(session)
        project = make_project(session, confidentiality="sealed", name="绝密项目")
        record = make_record(
            session, channel, key=project.code, project_id=project.id, payload={}, state="rejected", version=2,
            held_version=1, held={"name": "绝密项目"}, reason="绝密项目 不得删除",
        ).id  # fmt: skip
        code = project.code
    for who in ("officer", "reviewer", "leader"):
        client = as_(who)
        answers = [
            client.get(f"{API}/records"), client.get(f"{API}/records/{record}"),
            client.get(f"{API}/records", params={"project": code, "count": True}),
            client.get(f"/api/v1/projects/{code}/municipal"),
        ]  # fmt: skip
        for answer in answers:
            assert code not in answer.text and "绝密" not in answer.text
        rows = answers[0].json()["items"]
        assert [(row["id"], row["withheld"], row["op"], row["state"]) for row in rows] == [
            (record, True, "delete", "rejected")
        ]
        assert answers[2].json() == {"items": [], "next": None, "total": 0}
        assert answers[3].status_code == 404
    told = as_("officer").post(f"{API}/records/{record}/resend", json=WHY)
    assert told.status_code == 200 and "绝密" not in told.text and code not in told.text


READ = {Role.OFFICER, Role.REVIEWER, Role.LEADER}
SEND = {Role.OFFICER, Role.REVIEWER}


@pytest.mark.parametrize("role", Role)
def test_who_may_see_and_do_what(as_: As, db: Work, role: Role) -> None:
    with db() as session:
        record = make_record(session, make_channel(session), state="rejected").id
    client = as_(role.value)
    for path in (
        "channels",
        "channels/city",
        "records",
        f"records/{record}",
        "contacts",
        "packages",
        "reconciliations",
    ):
        assert client.get(f"{API}/{path}").status_code == (200 if role in READ else 403), path
    for path in (f"records/{record}/resend", "channels/city/pause", "channels/city/resend"):
        assert client.post(f"{API}/{path}", json=WHY).status_code == (200 if role in SEND else 403), path


def test_a_key_sees_what_its_scope_says_and_no_more(client_of: Any, as_: As, db: Work) -> None:
    with db() as session:
        record = make_record(session, make_channel(session)).id
        key = make_city_key(session, "municipal.read")
        other = make_city_key(session, "project.read")
    assert client_of(key).get(f"{API}/records/{record}").status_code == 200
    assert client_of(key).post(f"{API}/records/{record}/resend", json=WHY).status_code == 403
    assert client_of(other).get(f"{API}/channels").status_code == 403
    assert Permission.MUNICIPAL_SEND not in KEY_SCOPES
    assert {role for role in Role if Permission.MUNICIPAL_READ in TABLE[role]} == READ
