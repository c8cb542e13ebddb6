"""What must come of engagements: how it stands on a day, who may say what, who is told."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from fastapi.routing import APIRoute
from sqlalchemy import select

from app import domains
from app.facts.attention.schemas import AttentionCounts, AttentionPage
from app.facts.engagements.follow_up_routes import router
from app.facts.engagements.follow_up_schemas import FollowUpPage, FollowUpToday
from app.facts.engagements.models import FollowUp
from app.identity.auth.models import User
from app.kernel.access import Role
from app.kernel.notices import Notice
from app.kernel.routing import PREFIX
from tests.clients import As, Work
from tests.factories.engagements import make_engagement, make_follow_up
from tests.factories.identity import make_unit, make_user

API = "/api/v1"
JOB = next(job for job in domains.JOBS if job.name == "follow_ups_due")
TASK = {"what": "报送用地方案", "unit": "nyw", "due_on": "2020-10-10", "person": "李工"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-10-08T09:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def trip(db: Work) -> int:
    with db() as session:
        make_unit(session, "nyw")
        return make_engagement(session, title="赴杭州", people=((None, "区委书记"),)).id


def add(client: Any, trip: int, **body: Any) -> Any:
    answer = client.post(f"{API}/engagements/{trip}/follow-ups", json=TASK | body)
    assert answer.status_code == 201, answer.text
    FollowUpToday.model_validate(answer.json())
    return answer.json()


def do(client: Any, number: int, verb: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(f"{API}/follow-ups/{number}/{verb}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def found(client: Any, **asked: Any) -> list[int]:
    answer = client.get(f"{API}/follow-ups", params=asked)
    assert answer.status_code == 200, answer.text
    FollowUpPage.model_validate(answer.json())
    return [item["id"] for item in answer.json()["items"]]


def told(db: Work, *, open_only: bool = False) -> list[tuple[str, str]]:
    with db() as session:
        rows = session.execute(
            select(User.login, Notice.kind, Notice.done_at)
            .join(Notice, Notice.user_id == User.id)
            .order_by(User.login, Notice.id)
        )
        return [(row.login, row.kind) for row in rows if not open_only or row.done_at is None]


def test_it_becomes_overdue_by_itself_and_says_until_when_it_is_not(
    as_: As, trip: int, clock: time_machine.Traveller
) -> None:
    officer = as_("officer")
    made = add(officer, trip)
    assert (made["state"], made["days_overdue"], made["leaders"]) == ("open", 0, ["区委书记"])
    assert (made["as_of"], made["valid_until"]) == ("2020-10-08", "2020-10-08T16:00:00.000000Z")
    place = f"{API}/follow-ups/{made['id']}"
    clock.move_to(datetime.fromisoformat("2020-10-10T23:59:59+08:00"))
    officer = as_("officer", login="later")  # sessions that nobody uses end
    assert officer.get(place).json()["state"] == "open"
    clock.move_to(datetime.fromisoformat("2020-10-11T00:00:00+08:00"))
    late = officer.get(place).json()
    assert (late["state"], late["days_overdue"]) == ("overdue", 1)
    assert found(officer, state="overdue") == [made["id"]]
    assert found(officer, state="open") == []
    ended = do(officer, made["id"], "done", on="2020-10-11", result="已报送")
    assert (ended["state"], ended["days_overdue"], ended["result"]) == ("done", 1, "已报送")
    assert found(officer, state="overdue") == []


def test_done_dropped_and_taken_up_again(as_: As, trip: int) -> None:
    officer = as_("officer")
    number = add(officer, trip)["id"]
    assert do(officer, number, "resume", 409, reason="x")["code"] == "follow_up_open"
    assert do(officer, number, "done", 422, on="2020-08-01", result="x")["errors"][0]["field"] == "on"
    assert do(officer, number, "done", 422, on="2020-10-09", result="x")["errors"][0]["code"] == "in_future"
    assert do(officer, number, "done", 422, on="2020-10-08", result="x", file=99)["errors"][0]["field"] == "file"
    file = {"file": ("方案.txt", b"plan", "text/plain")}
    paper = officer.post(f"{API}/engagements/{trip}/files", files=file).json()["id"]
    assert do(officer, number, "done", on="2020-10-08", result="已报送", file=paper)["file"] == paper
    for verb, body in (("done", {"on": "2020-10-08", "result": "x"}), ("drop", {"reason": "x"})):
        assert do(officer, number, verb, 409, **body)["code"] == "follow_up_closed"
    again = do(officer, number, "resume", reason="企业另有要求")
    assert (again["state"], again["result"], again["file"], again["done_on"]) == ("open", None, None, None)
    assert do(officer, number, "drop", reason="企业调整计划")["dropped_reason"] == "企业调整计划"
    assert found(officer, state=["dropped"]) == [number]
    assert do(officer, 999, "drop", 404, reason="x")["code"] == "no_follow_up"


def test_it_is_changed_from_a_reading(as_: As, trip: int) -> None:
    officer = as_("officer")
    number = add(officer, trip)["id"]
    place = f"{API}/follow-ups/{number}"
    assert officer.patch(place, json={"person": None}).status_code == 428
    etag = officer.get(place).headers["ETag"]
    changed = officer.patch(place, json={"person": None, "unit": "jxw"}, headers={"If-Match": etag})
    assert (changed.json()["person"], changed.json()["unit"]) == (None, "jxw")
    assert officer.patch(place, json={"unit": "nyw"}, headers={"If-Match": etag}).status_code == 412
    fresh = {"If-Match": changed.headers["ETag"]}
    assert officer.patch(place, json={"due_on": "2020-01-01"}, headers=fresh).json()["errors"][0]["code"] == "order"
    assert officer.patch(place, json={"unit": "zzz"}, headers=fresh).json()["errors"][0]["code"] == "unknown_unit"


def test_the_list_is_asked_by_unit_leader_person_and_day(as_: As, db: Work, trip: int) -> None:
    officer = as_("officer")
    first = add(officer, trip)["id"]
    with db() as session:
        other = make_engagement(session, people=(("王工", None),))
        second = make_follow_up(session, other, unit="jxw", due_on=date(2020, 9, 1)).id
    assert found(officer) == [second, first]
    assert found(officer, sort="-due_on") == [first, second]
    assert found(officer, unit="nyw") == found(officer, leader="区委书记") == found(officer, person="李工") == [first]
    assert found(officer, principal=True) == found(officer, engagement=trip) == [first]
    assert found(officer, principal=False) == found(officer, leader="王工") == [second]
    assert found(officer, due_to="2020-09-30") == [second]
    assert officer.post(f"{API}/engagements/{other.id}/void", json={"reason": "误报"}).status_code == 200
    assert found(officer) == [first]
    with db() as session:
        dropped = session.get_one(FollowUp, second)
        assert (dropped.state, dropped.dropped_reason) == ("dropped", "对接活动已作废")


def test_those_of_a_joined_report_are_of_the_trip(as_: As, db: Work, trip: int) -> None:
    officer = as_("officer")
    with db() as session:
        other = make_engagement(session, unit="nyw")
        number = make_follow_up(session, other, unit="nyw").id
    assert officer.post(f"{API}/engagements/{trip}/joins", json={"other": other.id}).status_code == 201
    told = officer.get(f"{API}/engagements/{trip}/follow-ups").json()
    assert [(item["id"], item["leaders"]) for item in told["items"]] == [(number, ["区委书记"])]
    assert found(officer, leader="区委书记") == [number]
    assert officer.get(f"{API}/engagements/{trip}").json()["follow_ups"] == 1


# -- who may -------------------------------------------------------------------------------------------------------

STAFF = {Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER}
EDITORS = STAFF - {Role.LEADER}
ONE = "/follow-ups/{follow_up_id}"
TABLE = {
    ("GET", "/follow-ups"): STAFF,
    ("GET", ONE): STAFF,
    ("GET", "/engagements/{engagement_id}/follow-ups"): STAFF,
    ("POST", "/engagements/{engagement_id}/follow-ups"): EDITORS,
    ("PATCH", ONE): EDITORS,
    ("POST", f"{ONE}/done"): EDITORS,
    ("POST", f"{ONE}/drop"): EDITORS,
    ("POST", f"{ONE}/resume"): EDITORS,
}


def ask(db: Work, client: Any, place: tuple[str, str]) -> Any:
    """A request that would do what the route is for, about a follow-up of nyw to an engagement of jxw."""
    method, path = place
    verb = path.rsplit("/", 1)[-1]
    with db() as session:
        trip = make_engagement(session)
        state = {"state": "dropped", "dropped_reason": "x"} if verb == "resume" else {}
        number = make_follow_up(session, trip, unit="nyw", **state).id
        trip_id, version = trip.id, trip.version
    bodies: dict[str, Any] = {
        "follow-ups": TASK, "done": {"on": "2020-10-01", "result": "x"}, "drop": {"reason": "x"},
        "resume": {"reason": "x"}, "{follow_up_id}": {"what": "改"},
    }  # fmt: skip
    filled = API + path.format(follow_up_id=number, engagement_id=trip_id)
    headers = {"If-Match": f'"{version}-1"'} if method == "PATCH" else {}
    return client.request(method, filled, json=None if method == "GET" else bodies[verb], headers=headers)


def test_the_table_is_whole() -> None:
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert set(TABLE) == {(m, route.path.removeprefix(PREFIX)) for route in routes for m in route.methods}


@pytest.mark.parametrize("place", sorted(TABLE), ids=" ".join)
def test_who_is_let_in(as_: As, db: Work, place: tuple[str, str]) -> None:
    assert ask(db, as_(None), place).status_code == 401
    let_in = set()
    for role in Role:
        answer = ask(db, as_(role.value, unit="jxw"), place)
        assert answer.status_code in (200, 201, 403), answer.text
        if answer.status_code != 403:
            let_in.add(role)
    assert let_in == TABLE[place]
    # The unit that must act says what came of it; all else is for the unit that agreed on it.
    acting = ask(db, as_("reporter", unit="nyw"), place)
    assert (acting.status_code in (200, 201)) is (place[0] == "GET" or place[1].endswith("/done")), acting.text
    stranger = ask(db, as_("reporter", unit="sww"), place)
    assert (stranger.status_code == 200) is (place[0] == "GET"), stranger.text


# -- who is told ---------------------------------------------------------------------------------------------------


@pytest.fixture
def people(db: Work, trip: int) -> None:
    with db() as session:
        make_user(session, "reporter", login="nyw1", unit="nyw")
        make_user(session, "reporter", login="jxw1", unit="jxw")
        make_user(session, "officer", login="li", name="李工")


def test_who_must_act_is_told_and_reminded_once(
    as_: As, db: Work, app: Any, trip: int, people: None, clock: time_machine.Traveller
) -> None:
    officer = as_("officer", login="asks")
    number = add(officer, trip, due_on="2020-10-20")["id"]
    assert told(db) == [("li", "follow_up.added"), ("nyw1", "follow_up.added")]
    JOB.run(app.state.database)
    assert len(told(db)) == 2, "twelve days are too early"
    clock.move_to(datetime.fromisoformat("2020-10-17T08:10:00+08:00"))
    for _ in range(2):
        JOB.run(app.state.database)
        with db() as session:
            for notice in session.scalars(select(Notice)):
                notice.read_at = notice.read_at or notice.told_at
    assert [kind for who, kind in told(db) if who == "nyw1"] == ["follow_up.added", "follow_up.due"]
    JOB.run(app.state.database)
    with db() as session:
        unread = session.scalars(select(Notice).where(Notice.read_at.is_(None))).all()
    assert unread == [], "what was read is not told again"
    clock.move_to(datetime.fromisoformat("2020-10-21T08:10:00+08:00"))
    for _ in range(2):
        JOB.run(app.state.database)
    assert [kind for who, kind in told(db) if who == "nyw1"] == [
        "follow_up.added", "follow_up.due", "follow_up.overdue",
    ]  # fmt: skip
    do(as_("nyw1"), number, "done", on="2020-10-21", result="已报送")
    assert told(db, open_only=True) == [("asks", "follow_up.closed")]


def test_another_day_is_another_reminder_and_another_unit_hears_instead(
    as_: As, db: Work, app: Any, trip: int, people: None
) -> None:
    officer = as_("officer", login="asks")
    number = add(officer, trip, due_on="2020-10-09", person=None)["id"]
    JOB.run(app.state.database)
    assert told(db, open_only=True) == [("nyw1", "follow_up.added"), ("nyw1", "follow_up.due")]
    etag = officer.get(f"{API}/follow-ups/{number}").headers["ETag"]
    moved = {"unit": "jxw", "due_on": "2020-10-10"}
    assert officer.patch(f"{API}/follow-ups/{number}", json=moved, headers={"If-Match": etag}).status_code == 200
    JOB.run(app.state.database)
    assert told(db, open_only=True) == [("jxw1", "follow_up.added"), ("jxw1", "follow_up.due")]
    officer.post(f"{API}/engagements/{trip}/void", json={"reason": "误报"})
    assert told(db, open_only=True) == []


def test_what_is_overdue_needs_attention(as_: As, db: Work, trip: int) -> None:
    with db() as session:
        engagement = make_engagement(session, title="赴成都")
        late = make_follow_up(session, engagement, unit="nyw", due_on=date(2020, 10, 1), person="李工").id
        make_follow_up(session, engagement, unit="nyw", due_on=date(2020, 10, 8))
        make_follow_up(session, engagement, unit="jxw", due_on=date(2020, 10, 1), state="done")
    for who, asked in ((as_("leader"), {}), (as_("reporter", unit="jxw"), {"kind": "follow_up", "unit": "nyw"})):
        page = who.get(f"{API}/attention", params=asked | {"count": True}).json()
        AttentionPage.model_validate(page)
        assert [(row["follow_up"], row["engagement"], row["name"], row["days"]) for row in page["items"]] == [
            (late, engagement.id, "赴成都", 7)
        ]
        assert page["items"][0]["why"] == "应于 2020-10-01 完成，已逾期 7 天：报送用地方案"
        assert page["total"] == 1
    assert as_("leader").get(f"{API}/attention", params={"unit": "jxw"}).json()["items"] == []
    counts = as_("leader").get(f"{API}/attention/counts", params={"officer": "李工"}).json()
    AttentionCounts.model_validate(counts)
    assert (counts["total"], counts["units"][0]["unit"], counts["officers"][0]["officer"]) == (1, "nyw", "李工")
