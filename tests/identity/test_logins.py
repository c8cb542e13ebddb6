"""Logging in: what is told, what is counted, what ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import inspect, select
from starlette.testclient import TestClient

from app.config import Settings
from app.identity.auth import passwords, service
from app.identity.auth.models import LoginGuard, User, UserSession
from app.identity.periods.models import CalendarDay
from app.identity.units.models import Unit, UnitAlias, UnitTerm
from app.kernel import chain, events
from app.kernel.access import Role
from app.main import create_app
from tests.clients import As, Work
from tests.factories.identity import make_user

PASSWORD = "Zhaoshang-2026"
HASH = passwords.hash_password(PASSWORD)


@pytest.fixture
def wang(db: Work) -> None:
    with db() as session:
        service.create_user(session, "wang", "王", {Role.OFFICER}, HASH, must_change=False)


@pytest.fixture
def log_in(client_of: Callable[..., TestClient]) -> Callable[..., Any]:
    def log_in(password: str = PASSWORD, username: str = "wang", client: TestClient | None = None) -> Any:
        client = client or client_of(None)
        return client.post("/api/v1/auth/login", json={"username": username, "password": password})

    return log_in


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-03-02T09:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.mark.usefixtures("wang")
def test_a_login_opens_a_session(log_in: Any, client_of: Callable[..., TestClient]) -> None:
    answer = log_in(username=" Wang ")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "bearer" and body["must_change_password"] is False
    assert body["user"]["roles"] == ["officer"] and body["user"]["login"] == "wang"
    me = client_of(body["access_token"]).get("/api/v1/auth/me")
    assert me.json() == body["user"]
    assert "project.edit" in me.json()["permissions"]
    assert PASSWORD not in answer.text


@pytest.mark.usefixtures("wang")
def test_which_of_both_was_wrong_is_not_told(log_in: Any, db: Work) -> None:
    with db() as session:
        service.create_user(session, "gone", "离", {Role.OFFICER}, HASH).active = False
    answers = [log_in("wrong"), log_in(username="nobody"), log_in(username="gone")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.split('"request_id"')[0] for answer in answers}) == 1
    assert answers[0].json()["code"] == "bad_credentials"


@pytest.mark.usefixtures("wang", "clock")
@pytest.mark.parametrize("username", ["wang", "nobody"])
def test_five_failures_lock_a_name_whether_it_exists_or_not(log_in: Any, username: str) -> None:
    for _ in range(5):
        assert log_in("wrong", username).status_code == 401
    answer = log_in(PASSWORD, username)
    assert answer.status_code == 429 and answer.json()["code"] == "locked"
    assert "2026-03-02 09:30:00" in answer.json()["message"]
    assert answer.headers["retry-after"] == "1800"


@pytest.mark.usefixtures("wang")
def test_a_lock_survives_a_restart_and_ends_by_itself(
    log_in: Any, database_url: str, clock: time_machine.Traveller, db: Work
) -> None:
    for _ in range(5):
        log_in("wrong")
    with TestClient(create_app(Settings(_env_file=None, database_url=database_url, worker_inside=False))) as restarted:
        assert log_in(client=restarted).json()["code"] == "locked"
    clock.shift(30 * 60)
    assert log_in().status_code == 200
    with db() as session:
        assert session.scalars(select(LoginGuard)).all() == []
        told = session.scalars(
            select(chain.Event.kind).where(chain.Event.subject == "user").order_by(chain.Event.seq)
        ).all()
        assert told == ["user.created", "user.locked"]


@pytest.mark.usefixtures("wang", "clock")
def test_a_good_login_forgets_the_failures(log_in: Any) -> None:
    for _ in range(3):
        for _ in range(4):
            assert log_in("wrong").status_code == 401
        assert log_in().status_code == 200


@pytest.mark.usefixtures("wang")
def test_failures_of_different_days_do_not_add_up(log_in: Any, clock: time_machine.Traveller) -> None:
    for _ in range(6):
        assert log_in("wrong").status_code == 401
        clock.shift(25 * 3600)


@pytest.mark.usefixtures("wang", "clock")
def test_a_wrong_old_password_counts_though_the_request_is_refused(log_in: Any, db: Work, as_: As) -> None:
    client = as_("wang")
    for _ in range(5):
        answer = client.post("/api/v1/auth/password", json={"old_password": "wrong", "new_password": "Another-2026"})
        assert answer.status_code == 422
    assert log_in().json()["code"] == "locked"


@pytest.mark.usefixtures("wang", "clock")
def test_a_security_administrator_unlocks(log_in: Any, as_: As) -> None:
    for _ in range(5):
        log_in("wrong")
    assert as_("system_admin").post("/api/v1/users/wang/unlock").status_code == 403
    unlocked = as_("security_admin").post("/api/v1/users/wang/unlock")
    assert unlocked.json()["locked_until"] is None
    assert log_in().status_code == 200


@pytest.mark.usefixtures("wang")
def test_a_password_is_changed_and_other_sessions_end(log_in: Any, client_of: Callable[..., TestClient]) -> None:
    one, two = (client_of(log_in().json()["access_token"]) for _ in range(2))
    change = {"old_password": PASSWORD, "new_password": "Another-2026"}
    assert one.post("/api/v1/auth/password", json=change).status_code == 204
    assert one.get("/api/v1/auth/me").status_code == 200
    assert two.get("/api/v1/auth/me").status_code == 401
    assert log_in().status_code == 401
    assert log_in("Another-2026").status_code == 200
    back = {"old_password": "Another-2026", "new_password": PASSWORD}
    refused = one.post("/api/v1/auth/password", json=back)
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "new_password"
    assert "最近 5 次" in refused.text and PASSWORD not in refused.text


def test_a_first_password_opens_only_the_way_to_change_it(log_in: Any, db: Work, client_of: Any) -> None:
    with db() as session:
        service.create_user(session, "wang", "王", {Role.OFFICER}, HASH)
    body = log_in().json()
    assert body["must_change_password"] is True
    client = client_of(body["access_token"])
    assert client.get("/api/v1/units").json()["code"] == "password_change_required"
    assert client.get("/api/v1/auth/me").status_code == 200
    change = {"old_password": PASSWORD, "new_password": "Another-2026"}
    assert client.post("/api/v1/auth/password", json=change).status_code == 204
    assert client.get("/api/v1/units").status_code == 200


@pytest.mark.usefixtures("wang")
def test_an_old_password_must_be_changed(log_in: Any, clock: time_machine.Traveller, db: Work) -> None:
    with db() as session:
        changed = session.scalars(select(User.password_changed_at)).one()
    clock.move_to(changed + timedelta(days=90, seconds=-1))
    assert log_in().json()["must_change_password"] is False
    clock.shift(1)
    assert log_in().json()["must_change_password"] is True


# -- sessions --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("wang")
def test_a_cookie_needs_the_csrf_header_to_change_something(log_in: Any, client_of: Any) -> None:
    browser = client_of(None)
    cookies = {c.split("=")[0]: c.lower() for c in log_in(client=browser).headers.get_list("set-cookie")}
    assert "httponly" in cookies["zhaoshang_session"] and "samesite=lax" in cookies["zhaoshang_session"]
    assert "httponly" not in cookies["zhaoshang_csrf"]
    assert browser.get("/api/v1/auth/me").status_code == 200
    assert browser.post("/api/v1/auth/logout").json()["code"] == "csrf"
    assert browser.post("/api/v1/auth/logout", headers={"X-CSRF-Token": "made-up"}).json()["code"] == "csrf"
    token = {"X-CSRF-Token": browser.cookies["zhaoshang_csrf"]}
    assert browser.post("/api/v1/auth/logout", headers=token).status_code == 204
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert "zhaoshang_session" not in browser.cookies


def test_cookies_are_secure_behind_https(new_database: Callable[[], str]) -> None:
    settings = Settings(_env_file=None, database_url=new_database(), worker_inside=False, secure_cookies=True)
    app = create_app(settings)
    with TestClient(app) as client:
        with app.state.database.unit_of_work() as session:
            service.create_user(session, "wang", "王", {Role.OFFICER}, HASH)
        answer = client.post("/api/v1/auth/login", json={"username": "wang", "password": PASSWORD})
        assert all("secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.usefixtures("wang")
def test_a_session_ends_when_unused_for_half_an_hour(
    log_in: Any, client_of: Any, clock: time_machine.Traveller
) -> None:
    client = client_of(log_in().json()["access_token"])
    for _ in range(3):
        clock.shift(29 * 60)
        assert client.get("/api/v1/auth/me").status_code == 200
    clock.shift(30 * 60)
    answer = client.get("/api/v1/auth/me")
    assert answer.status_code == 401 and answer.json()["code"] == "session_expired"


@pytest.mark.usefixtures("wang")
def test_a_session_kept_alive_by_another_process_goes_on(
    log_in: Any, client_of: Any, clock: time_machine.Traveller, database_url: str
) -> None:
    token = log_in().json()["access_token"]
    client = client_of(token)
    assert client.get("/api/v1/auth/me").status_code == 200
    clock.shift(20 * 60)
    with TestClient(create_app(Settings(_env_file=None, database_url=database_url, worker_inside=False))) as other:
        other.headers["Authorization"] = f"Bearer {token}"
        assert other.get("/api/v1/auth/me").status_code == 200
        clock.shift(20 * 60)
        assert client.get("/api/v1/auth/me").status_code == 200


@pytest.mark.usefixtures("wang")
def test_a_session_ends_after_twelve_hours_however_used(
    log_in: Any, client_of: Any, clock: time_machine.Traveller
) -> None:
    client = client_of(log_in().json()["access_token"])
    for _ in range(35):
        clock.shift(20 * 60)
        assert client.get("/api/v1/auth/me").status_code == 200
    clock.shift(20 * 60)
    assert client.get("/api/v1/auth/me").status_code == 401


@pytest.mark.usefixtures("wang")
def test_an_ended_session_is_refused_at_once_in_every_process(log_in: Any, client_of: Any, database_url: str) -> None:
    one, two = (log_in().json()["access_token"] for _ in range(2))
    with TestClient(create_app(Settings(_env_file=None, database_url=database_url, worker_inside=False))) as other:
        other.headers["Authorization"] = f"Bearer {two}"
        assert other.get("/api/v1/auth/me").status_code == 200
        sessions = client_of(one).get("/api/v1/auth/sessions").json()["items"]
        assert [row["current"] for row in sessions] == [False, True]
        assert client_of(one).delete(f"/api/v1/auth/sessions/{sessions[0]['id']}").status_code == 204
        assert other.get("/api/v1/auth/me").status_code == 401
    assert client_of(one).delete(f"/api/v1/auth/sessions/{sessions[0]['id']}").status_code == 404


def test_a_session_of_another_is_not_mine_to_end(as_: As, db: Work) -> None:
    as_("officer")
    with db() as session:
        number = session.scalars(select(UserSession.id)).one()
    assert as_("reviewer").delete(f"/api/v1/auth/sessions/{number}").status_code == 404
    assert as_("officer").get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("token", ["", "zs_unknown", "zk_unknown", "nonsense", "zs_" + "x" * 5000, "zs_Ω"])
def test_an_unknown_token_is_refused_and_not_remembered(app: FastAPI, as_: As, token: str) -> None:
    client = as_(None)
    answer = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/v1/auth/me").status_code == 401
    assert app.state.memory.known == {}


def test_using_a_session_writes_at_most_once_a_minute_and_no_event(
    as_: As, db: Work, clock: time_machine.Traveller
) -> None:
    client = as_("officer")

    def state() -> tuple[float, int]:
        with db() as session:
            seen = session.scalars(select(UserSession.last_seen_at)).one()
            return seen.timestamp(), chain.count(session.connection())

    start, count = state()
    seen = []
    for seconds in (30, 29, 31):
        clock.shift(seconds)
        assert client.get("/api/v1/auth/me").status_code == 200
        seen.append(state())
    assert seen == [(start, count), (start, count), (start + 90, count)]


def test_a_disabled_user_is_out_at_once(as_: As, db: Work) -> None:
    client = as_("officer")
    assert client.get("/api/v1/auth/me").status_code == 200
    user = as_("system_admin").get("/api/v1/users/officer")
    headers = {"If-Match": user.headers["etag"]}
    disabled = as_("system_admin").patch("/api/v1/users/officer", json={"active": False}, headers=headers)
    assert disabled.status_code == 200 and disabled.json()["active"] is False
    assert client.get("/api/v1/auth/me").status_code == 401


def test_the_log_tells_no_secrets(db: Work) -> None:
    with db() as session:
        user = make_user(session, "officer", login="wang")
        user.phone, user.password_hash = "023-79222222", HASH
    with db() as session:
        said = " ".join(session.scalars(select(chain.Event.body)))
    assert HASH not in said and "79222222" not in said and '"phone":"changed"' in said


@pytest.mark.usefixtures("wang")
def test_a_name_that_nobody_has_takes_as_long(log_in: Any) -> None:
    def quickest(username: str) -> float:
        times = []
        for _ in range(4):
            start = perf_counter()
            assert log_in("wrong", username).status_code == 401
            times.append(perf_counter() - start)
        return min(times)

    assert 0.5 < quickest("nobody") / quickest("wang") < 2


@pytest.mark.usefixtures("wang")
def test_guesses_sent_at_once_do_not_outrun_the_lock(log_in: Any) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: log_in(f"guess {n}").status_code, range(24)))
    # Those on their way while the fifth fails are at most as many as are hashed at once.
    assert 5 <= answers.count(401) <= 5 + 3
    assert answers.count(429) == 24 - answers.count(401)
    assert log_in().status_code == 429


def test_the_log_of_identity_replays_to_its_tables(as_: As, db: Work) -> None:
    admin = as_("system_admin")
    assert as_("officer").put("/api/v1/calendar/2020-10-10", json={"working": False, "note": "试"}).status_code == 200
    unit = {"code": "a", "name": "甲", "tier": "key", "kind": "bureau", "valid_from": "2015-01-01", "aliases": ["乙"]}
    created = admin.post("/api/v1/units", json=unit)
    change = {"name": "丙", "valid_from": "2016-01-01", "aliases": ["丁"]}
    assert admin.patch("/api/v1/units/a", json=change, headers={"If-Match": created.headers["etag"]}).status_code == 200
    assert admin.post("/api/v1/users", json={"login": "wang", "name": "王", "unit": "a"}).status_code == 201
    assert admin.post("/api/v1/users/wang/password-reset").status_code == 200
    with db() as session:
        said = chain.replay(session.connection())
        for model in (User, UserSession, Unit, UnitTerm, UnitAlias, CalendarDay):
            there = {
                row.id: {
                    attribute.key: events.plain(getattr(row, attribute.key))
                    for attribute in inspect(model).column_attrs
                    if attribute.key not in model.__unlogged__ | model.__personal__
                }
                for row in session.scalars(select(model))
            }
            logged = {
                key: {name: value for name, value in row.items() if name not in model.__personal__}
                for key, row in said[model.__tablename__].items()
            }
            assert logged == there, model.__tablename__
