"""What was published is frozen, numbered, verified, and corrected only by another edition."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from app.kernel.access import Role
from app.published.issues.comparing import differences
from app.published.issues.models import Issue
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

API = "/api/v1"
AUGUST = {"kind": "monthly_bulletin", "period": "2020-08"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def code(db: Work) -> str:
    with db() as session:
        project = make_project(session, name="玻纤加工", stage="signed")
        make_agreement(session, project, signed_on=date(2020, 8, 18), amount_fen=2 * YI)
        return project.code


def publish(as_: As, **body: Any) -> Any:
    return as_("reviewer").post(f"{API}/issues", json=AUGUST | body)


def raise_amount(as_: As, code: str, amount: str) -> None:
    officer, of = as_("officer"), f"{API}/projects/{code}"
    paper = officer.get(f"{of}/agreements").json()["items"][0]["id"]
    match = {"If-Match": officer.get(of).headers["ETag"]}
    body = {"amount": amount, "reason": "漏计"}
    assert officer.patch(f"{of}/agreements/{paper}", json=body, headers=match).status_code == 200


def test_an_issue_is_frozen_with_its_rules_place_in_the_log_and_hash(as_: As, db: Work, code: str) -> None:
    made = publish(as_)
    assert made.status_code == 201
    issue = made.json()
    assert (issue["number"], issue["edition"], issue["title"]) == (1, 1, "招商引资工作通报（2020年第1期）")
    assert issue["rules"] == {"indicators": 0, "scale": 0, "engagements": 0, "weekly_reports": 0}
    assert issue["published_by"] and issue["log_seq"] > 0
    content = json.dumps(issue["content"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert sha256(content.encode()).hexdigest() == issue["content_hash"]
    raise_amount(as_, code, "300000000.00")
    read = as_("leader").get(f"{API}/issues/monthly_bulletin/2020/1").json()
    assert read["content"] == issue["content"]
    verified = as_("reporter").get(f"{API}/issues/monthly_bulletin/2020/1/verification").json()
    assert verified["genuine"] is True and verified["content_hash"] == issue["content_hash"]
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_a_correction_is_another_edition_with_a_reason_and_a_visible_difference(as_: As, code: str) -> None:
    publish(as_)
    assert publish(as_, reason="再看一遍").json()["code"] == "nothing_changed"
    raise_amount(as_, code, "300000000.00")
    refused = publish(as_)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    second = publish(as_, reason="合同金额漏计一亿元").json()
    assert (second["number"], second["edition"], second["editions"]) == (1, 2, [1, 2])
    assert second["reason"] == "合同金额漏计一亿元"
    first = as_("leader").get(f"{API}/issues/monthly_bulletin/2020/1", params={"edition": 1}).json()
    assert first["edition"] == 1
    compared = as_("leader").get(f"{API}/issues/monthly_bulletin/2020/1/differences").json()
    assert (compared["before"], compared["after"], compared["reason"]) == (1, 2, "合同金额漏计一亿元")
    changes = {item["path"]: (item["before"], item["after"]) for item in compared["items"]}
    assert changes["headline.contract_amount.month.value"] == ("200000000.00", "300000000.00")
    assert changes[f"signed.items.{code}.amount"] == ("200000000.00", "300000000.00")
    assert changes["headline.contract_amount.month.restated"] == (False, True)


def test_numbers_follow_within_a_series_and_a_year(as_: As, code: str) -> None:
    for period, number in (("2020-08", 1), ("2020-07", 2), ("2019-12", 1)):
        assert publish(as_, period=period).json()["number"] == number
    listed = as_("leader").get(f"{API}/issues", params={"year": 2020, "count": True}).json()
    assert listed["total"] == 2


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"period": "2020-10"}, 409, "period_not_over"),
        ({"period": "2020-Q3"}, 422, "invalid"),
        ({"period": "2020-13"}, 422, "invalid"),
        ({"kind": "nonsense"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_published(as_: As, body: dict[str, str], status: int, said: str) -> None:
    answer = publish(as_, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, said)


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_and_who_publishes(as_: As, code: str, role: Role) -> None:
    publish(as_)
    asking = as_(role.value)
    business = role in (Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER)
    of = f"{API}/issues/monthly_bulletin/2020/1/verification"
    assert as_(None).get(of).json()["genuine"] is True, "whoever holds the paper may ask"
    for path in ("", "/monthly_bulletin/2020/1", "/monthly_bulletin/2020/1/differences"):
        assert asking.get(f"{API}/issues{path}").status_code == (200 if business else 403), path
    sent = asking.post(f"{API}/issues", json=AUGUST | {"period": "2020-07"})
    assert sent.status_code == (201 if role is Role.REVIEWER else 403)
    assert asking.get(f"{API}/issues/monthly_bulletin/2020/9").status_code == (404 if business else 403)


def test_a_changed_text_and_a_changed_log_are_found(as_: As, app: FastAPI, db: Work, code: str) -> None:
    publish(as_)
    with db() as session:
        before = session.scalars(select(Issue.content)).one()
    database = app.state.database

    def genuine() -> bool:
        verified = as_("leader").get(f"{API}/issues/monthly_bulletin/2020/1/verification").json()
        return bool(verified["genuine"])

    with database.writer.begin() as connection:
        connection.execute(update(Issue).values(content=before.replace("200000000.00", "200000001.00")))
    assert genuine() is False
    with database.writer.begin() as connection:
        connection.execute(update(Issue).values(content=before))
    assert genuine() is True
    with database.writer.begin() as connection:
        connection.execute(
            text("UPDATE event SET hash = :mark WHERE seq = (SELECT log_seq FROM issue)"), {"mark": "0" * 64}
        )
    assert genuine() is False


def test_of_two_who_publish_at_once_one_does(as_: As, code: str) -> None:
    clients = [as_("reviewer"), as_("reviewer", login="second")]
    together, answers = threading.Barrier(2), []

    def go(client: Any) -> None:
        together.wait()
        answers.append(client.post(f"{API}/issues", json=AUGUST).status_code)

    threads = [threading.Thread(target=go, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[0] == 201 and sorted(answers)[1] in (409, 422)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(value=JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(before=JSON, after=JSON)
def test_what_differs_is_told(before: Any, after: Any) -> None:
    # An entry without a value and no entry at all are told alike.
    assert bool(list(differences(before, after))) or _bare(before) == _bare(after)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: bare for key, item in value.items() if (bare := _bare(item)) not in (None, {}, [])}
    if isinstance(value, list):
        return [bare for item in value if (bare := _bare(item)) not in (None, {}, [])]
    return value
