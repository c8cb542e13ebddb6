"""The log as auditors read it, and the walk along its chain."""

from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select, update

from app.exchange.feed import queries
from app.facts.projects.models import Project
from app.kernel import events
from app.kernel.chain import Event, LogHead
from tests.clients import As, Work
from tests.factories.identity import make_user
from tests.factories.projects import make_project

SECRETS = ("密封的代号", "222300000000", "2223000000", "13800001234", "因为机密")


@pytest.fixture
def busy(db: Work, as_: As) -> str:
    """Some days of a bureau; the code of its project."""
    with db() as session:
        code = make_project(session, name=SECRETS[0], contract_fen=222_300_000_000).code
    with db() as session:
        project = session.scalars(select(Project)).one()
        project.name = "改名"
        events.record(session, "project.noted", project, reason=SECRETS[4], amount=SECRETS[1])
    with db() as session:
        make_user(session, "reporter", login="wang").phone = SECRETS[3]
    as_("auditor")
    return code


def items(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_auditor_sees_which_fields_and_no_values(busy: str, as_: As) -> None:
    answer = as_("auditor").get("/api/v1/log", params={"subject": "project", "key": busy, "sort": "seq"})
    created, noted = items(answer)
    assert (created["kind"], noted["kind"], noted["actor"]) == ("project.created", "project.noted", "system")
    assert noted["changes"] == [{"table": "project", "op": "update", "fields": ["name", "version"]}]
    assert (noted["data"], noted["reasoned"], created["reasoned"]) == (["amount"], True, False)
    assert noted["subject"] == {"type": "project", "id": created["subject"]["id"], "key": busy}
    everything = as_("auditor").get("/api/v1/log", params={"limit": 200})
    assert {"user.created", "session.created"} <= {item["kind"] for item in items(everything)}
    for text in (answer.text, everything.text):
        assert not [secret for secret in SECRETS if secret in text]


def test_pages_go_on_in_both_directions(busy: str, as_: As) -> None:
    auditor = as_("auditor")
    total = auditor.get("/api/v1/log", params={"count": True, "limit": 1}).json()["total"]
    for sort in ("seq", "-seq"):
        seen, after = [], None
        while True:
            asked = {"limit": 2, "sort": sort} | ({"after": after} if after else {})
            page = auditor.get("/api/v1/log", params=asked).json()
            seen += [item["seq"] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == sorted(range(1, total + 1), reverse=sort == "-seq")


def test_filters(busy: str, as_: As, db: Work) -> None:
    auditor = as_("auditor")

    def kinds(**asked: Any) -> list[str]:
        return [item["kind"] for item in items(auditor.get("/api/v1/log", params={"sort": "seq", **asked}))]

    assert kinds(kind="project") == ["project.created", "project.noted"]
    assert kinds(kind="project.noted") == ["project.noted"]
    assert kinds(kind="proj") == []
    assert kinds(actor="nobody") == []
    assert kinds(subject="project", actor="system") == ["project.created", "project.noted"]
    with db() as session:
        at = session.scalars(select(Event.at).where(Event.kind == "project.noted")).one()
    assert kinds(kind="project", **{"from": at.isoformat()}) == ["project.noted"]
    assert kinds(kind="project", **{"to": at.isoformat()}) == ["project.created"]
    # The same moment, said in Shanghai.
    shanghai = (at + timedelta(hours=8)).isoformat().replace("+00:00", "+08:00")
    assert kinds(kind="project", **{"from": shanghai}) == ["project.noted"]
    assert kinds(request_id="none") == []


@pytest.mark.parametrize("asked", [{"kind": "Project;"}, {"from": "2020-01-01T00:00:00"}, {"sort": "at"}, {"who": "x"}])
def test_what_cannot_be_asked(as_: As, asked: dict[str, str]) -> None:
    answer = as_("auditor").get("/api/v1/log", params=asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(asked)))


@pytest.mark.parametrize("path", ["/api/v1/log", "/api/v1/log/verification"])
@pytest.mark.parametrize("role", ["officer", "reviewer", "reporter", "leader", "system_admin", "security_admin"])
def test_only_auditors_read_the_log(as_: As, path: str, role: str) -> None:
    assert as_(role).get(path).status_code == 403
    assert as_(None).get(path).status_code == 401


def test_an_intact_chain(busy: str, as_: As, db: Work) -> None:
    found = as_("auditor").get("/api/v1/log/verification").json()
    with db() as session:
        head = session.execute(select(LogHead.seq, LogHead.hash)).one()
    assert found == {
        "intact": True, "events": head.seq, "broken_at": None, "reason": None, "head": head.seq, "head_hash": head.hash,
    }  # fmt: skip


def test_one_changed_byte_is_found_also_when_nothing_else_has_moved(busy: str, as_: As, db: Work) -> None:
    auditor = as_("auditor")
    assert auditor.get("/api/v1/log/verification").json()["intact"]
    with db() as session:
        seq = session.scalars(select(Event.seq).where(Event.kind == "project.noted")).one()
        session.execute(update(Event).where(Event.seq == seq).values(actor="systen"))
    found = auditor.get("/api/v1/log/verification").json()
    assert (found["intact"], found["broken_at"], found["events"]) == (False, seq, seq - 1)
    assert str(seq) in found["reason"]


def test_a_walk_that_takes_too_long_ends(busy: str, as_: As, db: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with db() as session:
        project = session.scalars(select(Project)).one()
        for number in range(1000):
            events.record(session, "project.noted", project, number=number)
    monkeypatch.setattr(queries, "LONGEST_WALK", -1.0)
    answer = as_("auditor").get("/api/v1/log/verification")
    assert (answer.status_code, answer.json()["code"]) == (503, "log_too_long")
    # It has not kept the place: the next one may walk.
    monkeypatch.setattr(queries, "LONGEST_WALK", 60.0)
    assert as_("auditor").get("/api/v1/log/verification").json()["intact"]


def test_one_walks_at_a_time(as_: As) -> None:
    with queries._walking:
        answer = as_("auditor").get("/api/v1/log/verification")
    assert answer.status_code == 429
