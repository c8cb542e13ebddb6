"""One trip that several units tell of."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.facts.engagements.models import EngagementJoin
from app.facts.engagements.rules import ENGAGEMENTS
from app.facts.engagements.schemas import JoinList, LikelyList
from app.facts.projects.models import ProjectGrant
from app.facts.projects.service import refresh_sight
from tests.clients import As, Work
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.figures.test_definitions import rule

API = "/api/v1/engagements"


def pair(db: Work, **other: Any) -> tuple[int, int]:
    """Two reports of a visit to one enterprise on one day."""
    with db() as session:
        met = make_enterprise(session, name="正泰集团")
        first = make_engagement(session, title="拜访正泰", enterprises=(met,), people=((None, "区长"),))
        second = make_engagement(session, **({"title": "赴杭", "unit": "nyw", "enterprises": (met,)} | other))
        return first.id, second.id


def likely(client: Any, number: int) -> list[tuple[int, list[str]]]:
    answer = client.get(f"{API}/{number}/duplicates")
    assert answer.status_code == 200, answer.text
    LikelyList.model_validate(answer.json())
    return [(item["id"], item["reasons"]) for item in answer.json()["items"]]


def join(client: Any, kept: int, other: int) -> Any:
    return client.post(f"{API}/{kept}/joins", json={"other": other, "reason": "同一行程"})


def test_the_same_trip_is_offered(as_: As, db: Work) -> None:
    first, second = pair(db)
    officer = as_("officer")
    assert likely(officer, first) == [(second, ["same_dates", "same_enterprise"])]
    assert likely(officer, second) == [(first, ["same_dates", "same_enterprise"])]
    assert officer.get(f"{API}/99999/duplicates").status_code == 404


def test_the_same_day_alone_is_not_the_same_trip(as_: As, db: Work) -> None:
    with db() as session:
        one = make_engagement(session, title="拜访正泰", place="杭州市滨江区").id
        make_engagement(session, title="走访茶企", place="成都市高新区", unit="nyw")
        make_engagement(session, title="拜访正泰", starts_on=date(2020, 8, 25), unit="nyw")
        make_engagement(session, kind="event", title="拜访正泰", place="杭州市滨江区")
        near = make_engagement(
            session, title="赴浙拜访", starts_on=date(2020, 8, 19), place="滨江区", unit="sww", people=(("李工", None),)
        ).id
    assert likely(as_("officer"), one) == []
    with db() as session:
        closer = make_engagement(session, title="拜访正泰", starts_on=date(2020, 8, 19), place="滨江区").id
    assert [number for number, _ in likely(as_("officer"), one)] == [closer]
    assert near not in dict(likely(as_("officer"), one))


def test_how_alike_is_a_rule_but_the_day_alone_never_is(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "nyw")
        one = make_engagement(session, title="拜访正泰", place="杭州市滨江区").id
        other = make_engagement(session, title="走访茶企", place="成都市高新区", unit="nyw").id
        near = make_engagement(session, title="拜访正泰", starts_on=date(2020, 8, 19), unit="nyw").id
    assert likely(as_("officer"), one) == []
    rule(db, ENGAGEMENTS, "2020-01-01", alike_from=10)
    found = dict(likely(as_("officer"), one))
    assert found == {near: ["near_dates", "similar_title"]}
    assert other not in found


def test_one_article_in_two_papers_is_two_items(as_: As, db: Work) -> None:
    with db() as session:
        news = {"kind": "press", "title": "黔江招商推介", "level": "municipal"}
        first = make_engagement(session, outlet="重庆日报", link="https://example.com/a", **news).id
        make_engagement(session, outlet="华龙网", unit="nyw", **news)
        same = make_engagement(session, outlet="重庆日报", unit="nyw", **news).id
        linked = make_engagement(session, outlet="上游新闻", link="https://example.com/a", unit="nyw", **news).id
    assert {number for number, _ in likely(as_("officer"), first)} == {same, linked}


def test_whoever_reports_is_warned(as_: As, db: Work) -> None:
    first, _ = pair(db)
    with db() as session:
        make_engagement(session, unit="sww")
    body = {"kind": "outgoing_visit", "title": "拜访正泰", "starts_on": "2020-08-18", "people": [{"office": "区长"}]}
    warnings = as_("reporter", unit="sww").post(API, json=body).json()["warnings"]
    assert [(warning["code"], warning["engagement"]) for warning in warnings] == [("likely_duplicate", first)]
    assert "日期相同" in warnings[0]["message"]


@pytest.mark.parametrize(
    ("level", "words", "warned"),
    [
        ("sealed", {"title": "赴沪对接北斗基地"}, True),
        ("internal", {"said": "谈到玄武计划"}, True),
        ("sealed", {"said": "谈到有关项目"}, False),
        ("open", {"title": "赴沪对接北斗基地"}, False),
    ],
)
def test_whoever_writes_the_name_of_a_project_that_is_not_open_is_warned(
    as_: As, db: Work, level: str, words: dict[str, str], warned: bool
) -> None:
    """Everybody reads the words; only who may see the project is told that they name it."""
    with db() as session:
        make_unit(session, "jxw")
        project = make_project(session, name="北斗基地", aliases=("玄武计划",), confidentiality=level)
        user = make_user(session, "officer", login="lin", named=True)
        session.add(ProjectGrant(project_id=project.id, user_id=user.id, source="named"))
        refresh_sight(session, project)
        code = project.code
    body = {"kind": "outgoing_visit", "title": "赴沪", "unit": "jxw", "starts_on": "2020-08-18", "projects": [code]}
    made = as_("officer", login="lin").post(API, json=body | words)
    assert made.status_code == 201, made.text
    assert [warning["code"] for warning in made.json()["warnings"]] == ["names_project"] * warned
    at, held = f"{API}/{made.json()['id']}", {"If-Match": made.headers["ETag"]}
    again = as_("officer").patch(at, headers=held, json={"place": "上海"})
    assert [warning["code"] for warning in again.json()["warnings"]] == ["names_project"] * (
        warned and level == "internal"
    )


def test_joined_reports_are_one_engagement_and_stay_as_they_were(as_: As, db: Work) -> None:
    first, second = pair(db, people=(("王工", None),), said="农业配套")
    officer = as_("officer")
    before = officer.get(f"{API}/{second}").json()
    trace = join(officer, first, second)
    assert trace.status_code == 201, trace.text
    kept = officer.get(f"{API}/{first}").json()
    assert [unit["code"] for unit in kept["units"]] == ["jxw", "nyw"]
    assert [person["office"] or person["name"] for person in kept["people"]] == ["区长", "王工"]
    assert len(kept["enterprises"]) == 1
    assert kept["reports"] == [{"id": second, "title": "赴杭", "unit": "nyw"}]
    other = officer.get(f"{API}/{second}").json()
    assert other == before | {"joined_into": first}
    assert [row["id"] for row in officer.get(API).json()["items"]] == [first]
    told = officer.get(f"{API}/{second}/joins").json()
    JoinList.model_validate(told)
    assert [(item["kept"], item["joined"], item["reason"], item["undone_at"]) for item in told["items"]] == [
        (first, second, "同一行程", None)
    ]
    assert likely(officer, first) == []

    undone = officer.post(f"{API}/joins/{trace.json()['id']}/undo", json={"reason": "并非同一行程"})
    assert undone.json()["undone_reason"] == "并非同一行程"
    assert officer.get(f"{API}/{second}").json() == before
    assert [unit["code"] for unit in officer.get(f"{API}/{first}").json()["units"]] == ["jxw"]
    again = officer.post(f"{API}/joins/{trace.json()['id']}/undo", json={})
    assert (again.status_code, again.json()["code"]) == (409, "join_undone")
    assert join(officer, second, first).status_code == 201


def test_what_is_not_one_trip_is_not_joined(as_: As, db: Work) -> None:
    first, second = pair(db)
    officer = as_("officer")
    with db() as session:
        event = make_engagement(session, kind="event").id
        third = make_engagement(session, unit="sww").id
        voided = make_engagement(session).id
    officer.post(f"{API}/{voided}/void", json={"reason": "x"})
    assert join(officer, first, first).json()["errors"][0]["code"] == "itself"
    assert join(officer, first, 99999).json()["errors"][0]["code"] == "no_engagement"
    assert join(officer, 99999, first).status_code == 404
    assert join(officer, first, event).json()["errors"][0]["code"] == "other_kind"
    assert join(officer, first, voided).json()["code"] == "voided"
    assert join(officer, first, second).status_code == 201
    assert join(officer, first, second).json()["code"] == "already_joined"
    assert join(officer, second, third).json()["code"] == "already_joined"
    assert join(officer, third, first).json()["code"] == "has_reports"
    assert join(officer, first, third).status_code == 201
    for number in (first, second):
        assert officer.post(f"{API}/{number}/void", json={"reason": "x"}).json()["code"] == "part_of_a_join"
    assert officer.post(f"{API}/joins/99999/undo", json={}).status_code == 404


def test_two_people_who_join_at_once_join_once(as_: As, db: Work) -> None:
    first, second = pair(db)
    clients = [as_("officer", login=f"officer{n}") for n in range(4)]
    ready, answers = threading.Barrier(len(clients)), []

    def go(client: Any, kept: int, other: int) -> None:
        ready.wait()
        answers.append(join(client, kept, other).status_code)

    pairs = [(first, second), (second, first)] * 2
    threads = [
        threading.Thread(target=go, args=(client, *both)) for client, both in zip(clients, pairs, strict=True)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [201, 409, 409, 409]
    with db() as session:
        assert len(session.scalars(select(EngagementJoin)).all()) == 1
