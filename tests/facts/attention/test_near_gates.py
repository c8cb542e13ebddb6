"""Gates that lack one thing: which projects they are, what is said of them, and to whom."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.facts.attention.rules import ATTENTION
from app.facts.attention.schemas import AttentionCounts, AttentionPage
from app.facts.pipeline.gates.rules import GATES
from app.facts.projects.models import Project
from app.facts.projects.terms import Kind, Stage
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.gates import make_review, make_signable, rule
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(as_: As) -> Ask:
    """What needs attention because of its gate, as someone sees it."""

    def ask(who: str = "officer", **asked: Any) -> list[dict[str, Any]]:
        found = as_(who).get("/api/v1/attention", params={"kind": "gate", "limit": 200, **asked})
        assert found.status_code == 200, found.text
        AttentionPage.model_validate(found.json())
        return list(found.json()["items"])

    return ask


def near(db: Work, **fields: Any) -> str:
    """A project that lacks nothing for its signing but the contract (the review of fair competition is there)."""
    with db() as session:
        project = make_project(session, stage="talk", **fields)
        make_signable(session, project)
        make_review(session, project, "fair_competition")
        return project.code


def test_one_thing_is_missing_and_it_is_said_which(db: Work, ask: Ask) -> None:
    with db() as session:
        make_project(session, stage="talk")  # lacks everything
        make_project(session, stage="started")  # the next gate asks for one thing only
    code = near(db, unit=None, officer="李工")
    (row,) = ask()
    assert (row["project"], row["label"], row["officer"]) == (code, "关口只差一项", "李工")
    assert (row["planned_stage"], row["missing"], row["why"]) == (
        "signed", "paper.formal", "距签约只差一项：没有登记正式合同",
    )  # fmt: skip
    with db() as session:
        make_agreement(session, session.scalars(select(Project).where(Project.code == code)).one(), number="X-1")
    assert ask() == [], "nothing is missing: it may go"


def test_two_missing_things_are_not_nearly_complete(db: Work, ask: Ask) -> None:
    code = near(db)
    assert len(ask()) == 1
    with db() as session:
        session.scalars(select(Project).where(Project.code == code)).one().enterprise_id = None
    assert ask() == []


@pytest.mark.parametrize("change", [{"status": "paused"}, {"status": "terminated"}, {"archived_on": "2021-01-01"}])
def test_only_what_is_pursued_is_told(db: Work, ask: Ask, change: dict[str, Any]) -> None:
    from_text = {name: Project.__table__.c[name].type.python_type for name in change}
    values = {name: from_text[name].fromisoformat(v) if name == "archived_on" else v for name, v in change.items()}
    near(db, **values)
    assert ask() == []


def test_how_many_things_a_gate_must_ask_for_is_a_rule(db: Work, ask: Ask) -> None:
    with db() as session:
        lead = make_project(session, stage="lead", channel="direct").code  # lacks the record of the talk
    assert ask() == []
    with db() as session:
        body = ATTENTION.shipped.model_dump(mode="json")
        rule(session, ATTENTION.code, body | {"near_gate_from": 2})
    assert [(row["project"], row["missing"]) for row in ask()] == [(lead, "evidence.talk_record")]


def test_the_gates_of_today_are_asked(db: Work, ask: Ask) -> None:
    near(db)
    assert len(ask()) == 1
    with db() as session:
        asked = [{"type": "field", "field": name} for name in ("park", "jobs", "tax")]
        kinds = {kind: {stage: asked if stage == "signed" else [] for stage in Stage} for kind in Kind}
        rule(session, GATES.code, {"kinds": kinds})
    assert ask() == []
    with db() as session:
        project = session.scalars(select(Project)).one()
        project.park, project.jobs = "正阳园", 5
    assert [row["missing"] for row in ask()] == ["field.tax"]


def test_of_a_unit_and_an_officer_and_only_what_one_may_see(as_: As, db: Work, ask: Ask) -> None:
    with db() as session:
        jxw, nyw = make_unit(session, "jxw"), make_unit(session, "nyw")
    first = near(db, unit=jxw, officer="李工")
    second = near(db, unit=nyw, officer="张工", confidentiality="internal")
    near(db, unit=jxw, officer="李工", confidentiality="sealed")
    assert {row["project"] for row in ask()} == {first, second}
    assert [row["project"] for row in ask(unit="jxw")] == [first]
    assert [row["project"] for row in ask(officer="张工")] == [second]
    of_jxw = as_("reporter", unit="jxw").get("/api/v1/attention", params={"kind": "gate"}).json()["items"]
    assert [row["project"] for row in of_jxw] == [first]
    counted = as_("officer").get("/api/v1/attention/counts").json()
    AttentionCounts.model_validate(counted)
    assert next(one["count"] for one in counted["kinds"] if one["kind"] == "gate") == 2
    assert {one["unit"]: one["kinds"]["gate"] for one in counted["units"]} == {"jxw": 1, "nyw": 1}


def test_pages_go_on_where_the_last_one_ended(as_: As, db: Work) -> None:
    codes = {near(db) for _ in range(3)}
    found: list[str] = []
    after = None
    while True:
        asked = {"kind": "gate", "limit": 2, "count": "true"} | ({"after": after} if after else {})
        page = as_("officer").get("/api/v1/attention", params=asked).json()
        assert page["total"] == 3
        found += [row["project"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert (len(found), set(found)) == (3, codes)
