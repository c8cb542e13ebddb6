"""What needs attention: at which midnight it begins, why, whose it is, and who gets to see it."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select

from app.facts.attention import queries
from app.facts.attention.rules import ATTENTION, AttentionRule
from app.facts.attention.schemas import (
    AttentionCounts,
    AttentionCountsQuery,
    AttentionFilter,
    AttentionKind,
    AttentionPage,
)
from app.facts.projects.models import Project, ProjectGrant, ProjectPlan
from app.facts.projects.service import refresh_sight
from app.facts.projects.terms import STAGES, Confidentiality, Stage
from app.kernel import calendar, rules
from app.kernel.access import SYSTEM, Actor
from app.kernel.rules import RuleVersion
from tests.clients import As, Work
from tests.factories.identity import actor_of, make_unit, make_user
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

TODAY = date(2020, 10, 8)
Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-10-08T09:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def ask(app: FastAPI) -> Ask:
    """The items an actor gets (by default the house), all pages of a few rows each."""

    def ask(actor: Actor = SYSTEM, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            with app.state.database.reading() as connection:
                page = queries.page(connection, actor, AttentionFilter(limit=2, after=after, **asked))
            AttentionPage.model_validate(page)
            assert len(page["items"]) == 2 or page["next"] is None
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    return ask


def make(db: Work, **fields: Any) -> str:
    """A project; `unit` a code, `plans` a stage's planned day, `changed` the day of its last change (at 23:59)."""
    unit, plans = fields.pop("unit", None), fields.pop("plans", {})
    changed = fields.pop("changed", TODAY)
    last = datetime.combine(changed, datetime.max.time(), calendar.SHANGHAI)
    with db() as session:
        project = make_project(session, unit=make_unit(session, unit) if unit else None, **fields)
        for stage, day in plans.items():
            session.add(ProjectPlan(project_id=project.id, stage=Stage(stage), planned_on=day))
        project.changed_at = last
        return project.code


def projects(items: list[dict[str, Any]], kind: str) -> list[str]:
    return [item["project"] for item in items if item["kind"] == kind]


# -- when -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(Stage))
def test_a_project_is_stale_at_the_midnight_after_so_many_days(
    db: Work, ask: Ask, clock: time_machine.Traveller, stage: Stage
) -> None:
    code = make(db, stage=stage)
    days = ATTENTION.shipped.stale_days.get(stage)
    if days is None:
        clock.shift(timedelta(days=4000))
        assert ask() == []
        return
    clock.move_to(calendar.midnight_of(TODAY + timedelta(days=days)) - timedelta(seconds=1), tick=False)
    assert ask() == []
    clock.shift(timedelta(seconds=1))
    (item,) = ask()
    assert (item["kind"], item["project"], item["since"]) == ("stale", code, TODAY)
    assert (item["days"], item["allowed"]) == (days, days)
    assert item["why"].endswith(f"已 {days} 天没有变更或备注（满 {days} 天提醒）")


def test_a_note_or_any_change_ends_it(db: Work, as_: As, ask: Ask, clock: time_machine.Traveller) -> None:
    code = make(db, changed=TODAY - timedelta(days=40))
    quiet = make(db, changed=TODAY - timedelta(days=40))
    assert projects(ask(), "stale") == [code, quiet]
    assert as_("officer").post(f"/api/v1/projects/{code}/notes", json={"text": "已联系"}).status_code == 201
    assert projects(ask(), "stale") == [quiet]


@pytest.mark.parametrize("stage", STAGES)
def test_a_planned_date_counts_while_its_stage_is_not_reached(
    db: Work, ask: Ask, clock: time_machine.Traveller, stage: Stage
) -> None:
    make(db, stage="land", plans={stage: TODAY})
    assert ask() == []
    clock.move_to(calendar.midnight_of(TODAY + timedelta(days=1)), tick=False)
    later = STAGES[STAGES.index(Stage.LAND) + 1 :]
    assert [item["planned_stage"] for item in ask(kind=("late",))] == ([stage] if stage in later else [])


def test_a_late_plan_says_which_stage_and_how_late(db: Work, ask: Ask, clock: time_machine.Traveller) -> None:
    code = make(db, stage="signed", plans={"started": date(2020, 9, 1), "completed": date(2020, 10, 8)})
    (item,) = ask()
    assert (item["kind"], item["project"], item["since"], item["days"]) == ("late", code, date(2020, 9, 1), 37)
    assert item["why"] == "计划 2020-09-01 开工，现为签约，已逾期 37 天"


def test_a_pause_counts_from_its_own_day(db: Work, as_: As, ask: Ask, clock: time_machine.Traveller) -> None:
    code = make(db, stage="talk", changed=date(2019, 1, 1), plans={"signed": date(2019, 6, 1)})
    client = as_("officer")
    pause = {"status": "paused", "on": "2020-07-11", "reason": "等待用地"}
    assert client.post(f"/api/v1/projects/{code}/status", json=pause).json()["paused_on"] == "2020-07-11"
    assert ask() == []  # neither stale nor late while it is paused, and paused for 89 days only
    clock.move_to(calendar.midnight_of(TODAY + timedelta(days=1)), tick=False)
    (item,) = ask()
    assert (item["kind"], item["since"], item["days"]) == ("paused", date(2020, 7, 11), 90)
    assert item["why"] == "自 2020-07-11 起暂缓，已 90 天（满 90 天提醒）"
    clock.move_to("2020-10-08T09:00:00+08:00", tick=False)
    resume = {"status": "active", "on": "2020-10-08", "reason": "用地已落实"}
    assert client.post(f"/api/v1/projects/{code}/status", json=resume).json()["paused_on"] is None
    clock.shift(timedelta(days=1))
    assert projects(ask(), "paused") == []


@pytest.mark.parametrize("gone", [{"status": "terminated"}, {"status": "withdrawn"}, {"archived_on": date(2020, 1, 1)}])
def test_what_has_ended_needs_no_attention(
    db: Work, ask: Ask, clock: time_machine.Traveller, gone: dict[str, Any]
) -> None:
    make(db, changed=date(2019, 1, 1), plans={"signed": date(2019, 6, 1)}, paused_on=date(2019, 1, 1), **gone)
    assert ask() == []


def test_the_limits_are_a_rule(db: Work, ask: Ask, clock: time_machine.Traveller) -> None:
    talk = make(db, stage="talk", changed=TODAY - timedelta(days=10), plans={"signed": TODAY - timedelta(days=3)})
    paused = make(db, status="paused", paused_on=TODAY - timedelta(days=5))
    make(db, stage="lead", changed=date(2019, 1, 1))
    body = AttentionRule(stale_days={Stage.TALK: 10}, plan_grace_days=3, paused_days=5)
    with db() as session:
        session.add(
            RuleVersion(
                rule="attention", number=1, state="active", valid_from=TODAY, basis="试行", saved_by=1,
                body=body.model_dump(mode="json"), saved_at=calendar.now(),
            )
        )  # fmt: skip
        assert rules.in_force(session, ATTENTION, TODAY).number == 0
    assert [(item["kind"], item["project"]) for item in ask()] == [("stale", talk), ("paused", paused)]
    clock.shift(timedelta(days=1))
    assert [item["kind"] for item in ask()] == ["late", "stale", "paused"]


# -- how it is asked --------------------------------------------------------------------------------------------


@pytest.fixture
def many(db: Work, clock: time_machine.Traveller) -> dict[str, list[str]]:
    """Matters of every kind, of two units and two officers; two projects were touched at the same moment."""
    found: dict[str, list[str]] = {"late": [], "stale": [], "paused": []}
    for number in range(9):
        fields: dict[str, Any] = {"unit": ("jxw", "sww", None)[number % 3], "officer": ("李工", "张工")[number % 2]}
        longest = TODAY - timedelta(days=500 - number // 2)
        found["stale"].append(make(db, changed=longest, **fields))
        found["late"].append(make(db, plans={"signed": longest}, **fields))
        found["paused"].append(make(db, status="paused", paused_on=longest, **fields))
    return found


def test_kind_by_kind_the_longest_standing_first(ask: Ask, many: dict[str, list[str]]) -> None:
    items = ask()
    assert [(item["kind"], item["project"]) for item in items] == [(kind, code) for kind in many for code in many[kind]]
    backwards = ask(sort="-since")
    assert [item["project"] for item in backwards] == [code for kind in many for code in many[kind][::-1]]
    for kind in many:
        assert [item["project"] for item in ask(kind=(kind,))] == many[kind]
    assert projects(ask(kind=("paused", "stale")), "late") == []


def test_lists_and_counts_say_the_same(app: FastAPI, ask: Ask, many: dict[str, list[str]]) -> None:
    def counts(**asked: Any) -> dict[str, Any]:
        with app.state.database.reading() as connection:
            found = queries.counts(connection, SYSTEM, AttentionCountsQuery(**asked))
        AttentionCounts.model_validate(found)
        return found

    for asked in ({}, {"unit": ("jxw",)}, {"unit": ("jxw", "sww")}, {"officer": "李工"}, {"unit": ("no",)}):
        found, items = counts(**asked), ask(**asked)
        assert found["total"] == len(items)
        assert {row["kind"]: row["count"] for row in found["kinds"]} == {
            kind: len(projects(items, kind)) for kind in AttentionKind
        }
        for row in found["units"]:
            assert row["total"] == len([item for item in items if item["unit"] == row["unit"]]) > 0
        for row in found["officers"]:
            assert row["total"] == len([item for item in items if item["officer"] == row["officer"]]) > 0
        assert sum(row["total"] for row in found["units"]) == len(items)
        assert sum(row["total"] for row in found["officers"]) == len(items)
        with app.state.database.reading() as connection:
            page = queries.page(connection, SYSTEM, AttentionFilter(count=True, kind=("late", "stale"), **asked))
        assert page["total"] == len([item for item in items if item["kind"] != "paused"])
    assert counts()["officers"][0] == {
        "officer": "李工", "total": 15, "kinds": {"late": 5, "stale": 5, "paused": 5, "follow_up": 0, "gate": 0}
    }  # fmt: skip
    assert {row["unit"] for row in counts()["units"]} == {"jxw", "sww", None}


@pytest.mark.parametrize("after", ["x", "stale.x", "gone.", "late.W10", "stale.WyJzaW5jZSIsMSwxXQ"])
def test_forged_cursors_are_refused(as_: As, after: str) -> None:
    assert as_("officer").get("/api/v1/attention", params={"after": after}).status_code == 422


def test_over_http(db: Work, as_: As, many: dict[str, list[str]]) -> None:
    client = as_("officer")
    page = client.get("/api/v1/attention", params={"kind": "stale", "unit": "jxw", "limit": 1, "count": "true"})
    assert page.status_code == 200, page.text
    body = page.json()
    AttentionPage.model_validate(body)
    assert (body["as_of"], body["rule"], body["total"], len(body["items"])) == ("2020-10-08", "attention/0", 3, 1)
    assert body["items"][0]["unit_name"] == "区经济信息委"
    assert body["items"][0]["since"] == "2019-05-27"
    counted = client.get("/api/v1/attention/counts", params={"officer": "张工"})
    assert counted.status_code == 200
    assert counted.json()["total"] == 12
    assert client.get("/api/v1/attention", params={"kind": "x"}).status_code == 422


def test_an_answer_changes_by_itself_at_midnight(db: Work, as_: As, clock: time_machine.Traveller) -> None:
    make(db, plans={"signed": TODAY})
    clock.move_to("2020-10-08T23:50:00+08:00", tick=False)
    client = as_("officer")
    before = client.get("/api/v1/attention")
    assert before.json()["items"] == []
    assert client.get("/api/v1/attention", headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    clock.move_to("2020-10-09T00:00:00+08:00", tick=False)
    after = client.get("/api/v1/attention", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert [item["kind"] for item in after.json()["items"]] == ["late"]
    assert after.json()["as_of"] == "2020-10-09"


# -- who sees it ------------------------------------------------------------------------------------------------

SEEN = {
    ("open", "officer"): True, ("open", "reviewer"): True, ("open", "leader"): True, ("open", "own"): True,
    ("open", "stranger"): True, ("open", "named"): True,
    ("internal", "officer"): True, ("internal", "reviewer"): True, ("internal", "leader"): True,
    ("internal", "own"): True, ("internal", "stranger"): False, ("internal", "named"): True,
    ("sealed", "officer"): False, ("sealed", "reviewer"): False, ("sealed", "leader"): False, ("sealed", "own"): False,
    ("sealed", "stranger"): False, ("sealed", "named"): True,
}  # fmt: skip


@pytest.mark.parametrize("level", list(Confidentiality))
def test_only_visible_rows_are_listed_and_counted(
    db: Work, app: FastAPI, ask: Ask, clock: time_machine.Traveller, level: Confidentiality
) -> None:
    code = make(
        db, name="密云", unit="jxw", officer="密探", confidentiality=level, changed=date(2019, 1, 1),
        plans={"signed": date(2019, 1, 1)},
    )  # fmt: skip
    with db() as session:
        people = {
            "officer": make_user(session, "officer"), "reviewer": make_user(session, "reviewer"),
            "leader": make_user(session, "leader"), "own": make_user(session, "reporter", unit="jxw"),
            "stranger": make_user(session, "reporter", unit="sww"),
            "named": make_user(session, "reporter", unit="sww", named=True),
        }  # fmt: skip
        project = session.scalars(select(Project).where(Project.code == code)).one()
        session.add(ProjectGrant(project_id=project.id, user_id=people["named"].id, source="named"))
        refresh_sight(session, project)
        actors = {who: actor_of(user) for who, user in people.items()}
    for who, actor in actors.items():
        expected = SEEN[level.value, who]
        items = ask(actor)
        assert [item["kind"] for item in items] == (["late", "stale"] if expected else []), who
        with app.state.database.reading() as connection:
            counted = queries.counts(connection, actor, AttentionCountsQuery())
        assert counted["total"] == len(items)
        assert ("密探" in str(counted)) is expected


@pytest.mark.parametrize("path", ["/api/v1/attention", "/api/v1/attention/counts"])
def test_who_is_let_in(as_: As, path: str) -> None:
    allowed = {"officer", "reviewer", "reporter", "leader"}
    for role in (*allowed, "system_admin", "security_admin", "auditor"):
        assert as_(role, unit="jxw").get(path).status_code == (200 if role in allowed else 403)
    assert as_(None).get(path).status_code == 401
