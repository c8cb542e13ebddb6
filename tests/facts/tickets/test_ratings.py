"""The link by which an enterprise rates: once, without logging in, and it reveals nothing else."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.routing import APIRoute
from sqlalchemy import select

from app.facts.tickets.models import TicketRating
from app.facts.tickets.rating_routes import router as rating_router
from app.kernel import calendar
from app.kernel.errors import TooMany
from app.kernel.telemetry import told_path
from app.kernel.throttle import Throttle
from tests.clients import As, Work
from tests.factories.projects import make_project
from tests.factories.tickets import make_ticket
from tests.replay import assert_log_equals_tables

API = "/api/v1"


def solved(db: Work, **more: Any) -> int:
    with db() as session:
        return make_ticket(session, result="已现场指导", contact_phone="13812341234", **more).id


def link(as_: As, number: int) -> str:
    made = as_("officer").post(f"{API}/tickets/{number}/rating-links")
    assert made.status_code == 201 and made.headers["Cache-Control"] == "no-store", made.text
    return str(made.json()["address"])


def test_it_shows_four_things_and_takes_one_rating(as_: As, db: Work, client_of: Callable[..., Any]) -> None:
    with db() as session:
        project = make_project(session, name="机密项目")
        number = make_ticket(session, project=project, result="已现场指导", contact_phone="13812341234").id
    address, nobody = link(as_, number), client_of(None, address="192.0.2.11")
    shown = nobody.get(address)
    assert shown.json() == {
        "ticket": number, "category": "fire", "category_label": "消防", "received_on": calendar.today().isoformat(),
        "result": "已现场指导",
    }  # fmt: skip
    assert shown.headers["Referrer-Policy"] == "no-referrer" and "ETag" not in shown.headers
    assert nobody.post(address, json={"score": 6}).status_code == 422
    assert nobody.post(address, json={"score": 5, "remark": "很及时"}).json() == {"message": "评价已收到，谢谢"}
    told = as_("officer").get(f"{API}/tickets/{number}").json()
    assert [(one["score"], one["remark"]) for one in told["ratings"]] == [(5, "很及时")]
    assert told["steps"][-1] | {"step": "rated", "by": "评价链接"} == told["steps"][-1]
    again = as_("officer").post(f"{API}/tickets/{number}/rating-links")
    assert (again.status_code, again.json()["code"]) == (409, "already_rated")
    with db() as session:
        token = address.rsplit("/", 1)[1]
        assert session.scalars(select(TicketRating.token_hash)).one() != token
        assert_log_equals_tables(session.connection())


def test_wrong_used_ended_and_expired_links_are_alike(as_: As, db: Work, client_of: Callable[..., Any]) -> None:
    nobody = client_of(None, address="192.0.2.12")
    used, replaced, reopened, voided = (solved(db) for _ in range(4))
    addresses = {"wrong": f"{API}/ticket-ratings/zt_{'x' * 43}"}
    addresses |= {name: link(as_, number) for name, number in (("used", used), ("replaced", replaced))}
    addresses |= {name: link(as_, number) for name, number in (("reopened", reopened), ("voided", voided))}
    assert nobody.post(addresses["used"], json={"score": 1}).status_code == 200
    link(as_, replaced)
    officer = as_("officer")
    assert officer.post(f"{API}/tickets/{reopened}/reopen", json={"reason": "x"}).status_code == 200
    assert officer.post(f"{API}/tickets/{voided}/void", json={"reason": "x"}).status_code == 200
    addresses["expired"] = link(as_, solved(db))
    answers = set()
    for name, address in addresses.items():
        with time_machine.travel(calendar.now() + timedelta(days=30 if name == "expired" else 0, seconds=1)):
            for answer in (nobody.get(address), nobody.post(address, json={"score": 3})):
                body = {key: value for key, value in answer.json().items() if key != "request_id"}
                answers.add((answer.status_code, str(sorted(body.items()))))
    assert len(answers) == 1 and next(iter(answers))[0] == 404


def test_of_two_who_rate_at_once_one_counts(as_: As, db: Work, client_of: Callable[..., Any]) -> None:
    address = link(as_, solved(db))
    clients = [client_of(None, address=f"192.0.2.{20 + place}") for place in range(4)]
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(client.post, address, json={"score": 4}) for client in clients]
        assert sorted(one.result().status_code for one in work) == [200, 404, 404, 404]


def test_a_link_needs_something_to_rate(as_: As, db: Work) -> None:
    with db() as session:
        number = make_ticket(session).id
    answer = as_("officer").post(f"{API}/tickets/{number}/rating-links")
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_not_ended")
    assert as_("reporter", unit="nyw").post(f"{API}/tickets/{number}/rating-links").status_code == 404


def test_whoever_knocks_too_often_waits() -> None:
    throttle = Throttle(most=3, window=timedelta(seconds=60))
    with time_machine.travel("2026-11-24T10:00:00+08:00", tick=False) as clock:
        for _ in range(3):
            throttle.admit("192.0.2.1")
        with pytest.raises(TooMany) as refused:
            throttle.admit("192.0.2.1")
        assert refused.value.headers == {"Retry-After": "61"}
        throttle.admit("192.0.2.2")  # others are not held up
        clock.shift(60)
        throttle.admit("192.0.2.1")


def test_the_door_is_throttled(client_of: Callable[..., Any], app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.throttle, "most", 2)
    monkeypatch.setattr(app.state.throttle, "calls", OrderedDict())  # of earlier tests
    nobody = client_of(None, address="192.0.2.13")
    wrong = f"{API}/ticket-ratings/zt_wrong"
    assert [nobody.get(wrong).status_code for _ in range(3)] == [404, 404, 429]
    assert nobody.post(wrong, json={"score": 3}).status_code == 429


def test_the_token_is_in_no_log() -> None:
    secret, usual = f"{API}/ticket-ratings/zt_secret", f"{API}/tickets/17"
    route = next(route for route in rating_router.routes if isinstance(route, APIRoute))
    assert told_path({"path": secret, "route": route}) == f"{API}/ticket-ratings/{{token}}"
    assert told_path({"path": usual}) == usual
