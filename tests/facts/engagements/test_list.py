"""The list of engagements and its filters."""

from datetime import date
from typing import Any

import pytest

from app.facts.engagements.schemas import EngagementRow
from tests.clients import As, Work
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.projects import make_project

API = "/api/v1/engagements"


@pytest.fixture
def numbers(db: Work) -> dict[str, int]:
    with db() as session:
        chint = make_enterprise(session, name="正泰集团股份有限公司")
        project = make_project(session, code="500114-2020-0046")
        visit = make_engagement(
            session, title="赴杭州", starts_on=date(2020, 8, 30), ends_on=date(2020, 9, 2), units=("nyw",),
            people=(("张三", "区委书记"), ("李工", None)), enterprises=(chint,), projects=(project,),
        )  # fmt: skip
        guest = make_engagement(
            session, kind="incoming_visit", title="来访", starts_on=date(2020, 9, 10), unit="nyw", visitors=6,
            place="正阳园区",
        )  # fmt: skip
        press = make_engagement(
            session, kind="press", title="招商专版", starts_on=date(2020, 9, 20), outlet="重庆日报", level="municipal"
        )
        share = make_engagement(session, title="随同", starts_on=date(2020, 8, 30), unit="sww", enterprises=(chint,))
        share.joined_into_id = visit.id
        return {"visit": visit.id, "guest": guest.id, "press": press.id, "share": share.id, "chint": chint.id}


def found(client: Any, **asked: Any) -> list[int]:
    answer = client.get(API, params=asked)
    assert answer.status_code == 200, answer.text
    for row in answer.json()["items"]:
        EngagementRow.model_validate(row)
    return [row["id"] for row in answer.json()["items"]]


def test_filters_find_what_they_say(as_: As, numbers: dict[str, int]) -> None:
    officer = as_("officer")
    visit, guest, press = numbers["visit"], numbers["guest"], numbers["press"]
    assert found(officer) == [press, guest, visit]
    assert found(officer, sort="starts_on") == [visit, guest, press]
    assert found(officer, kind=["press", "incoming_visit"]) == [press, guest]
    assert found(officer, unit="nyw") == [guest, visit]
    assert found(officer, unit="sww") == [visit], "a unit whose report was joined takes part"
    assert found(officer, enterprise=numbers["chint"]) == [visit]
    assert found(officer, project="500114-2020-0046") == [visit]
    assert found(officer, leader="区委书记") == found(officer, leader="李工") == [visit]
    assert found(officer, principal=True) == [visit]
    assert found(officer, principal=False) == [press, guest]
    assert found(officer, **{"from": "2020-09-02", "to": "2020-09-10"}) == [guest, visit]
    assert found(officer, **{"from": "2020-09-03", "to": "2020-09-09"}) == []
    assert found(officer, q="zhengtai") == [visit]
    assert found(officer, q="重庆日报") == [press]
    assert found(officer, q="zyyq") == [guest]
    assert found(officer, joined=True) == [numbers["share"]]
    assert officer.get(API, params={"leaders": "x"}).status_code == 422


def test_a_row_says_who_and_whom(as_: As, numbers: dict[str, int]) -> None:
    row = next(row for row in as_("leader").get(API).json()["items"] if row["id"] == numbers["visit"])
    assert (row["units"], row["leaders"], row["principal"], row["days"]) == (
        ["jxw", "nyw", "sww"], ["区委书记"], True, "4",
    )  # fmt: skip
    assert row["enterprises"] == [{"id": numbers["chint"], "name": "正泰集团股份有限公司"}]


def test_pages_go_on(as_: As, numbers: dict[str, int]) -> None:
    first = as_("officer").get(API, params={"limit": 2, "count": True}).json()
    assert (len(first["items"]), first["total"]) == (2, 3)
    second = as_("officer").get(API, params={"limit": 2, "after": first["next"]}).json()
    assert ([row["id"] for row in second["items"]], second["next"]) == ([numbers["visit"]], None)
