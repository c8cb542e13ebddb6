"""A figure counts everything for everyone; what one may not see is not shown by name."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.facts.projects.models import ProjectGrant
from app.facts.projects.service import refresh_sight
from tests.clients import As, Kept, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

Ask = Callable[..., dict[str, Any]]
DAY = "2021-06-30"
WHO = ("officer", "reviewer", "leader", "stranger", "owner", "named")


def four_projects(db: Work) -> None:
    """Of jxw: 甲 open (材料), 乙 internal (环保), 丙 internal (材料). Of nyw: 丁 sealed (食品), named to one person."""
    with db() as session:
        jxw, nyw = make_unit(session, "jxw"), make_unit(session, "nyw")
        person = make_user(session, "leader", login="named", named=True)
        for name, chain, unit, level, on in (
            ("甲", "材料", jxw, "open", date(2020, 3, 1)),
            ("乙", "环保", jxw, "internal", date(2020, 4, 1)),
            ("丙", "材料", jxw, "internal", date(2020, 5, 1)),
            ("丁", "食品", nyw, "sealed", date(2020, 6, 1)),
        ):
            project = make_project(
                session, name=name, chain=chain, unit=unit, confidentiality=level, longitude=108.7, latitude=29.5
            )
            make_agreement(session, project, signed_on=on, amount_fen=YI)
            if level == "sealed":
                session.add(ProjectGrant(project_id=project.id, user_id=person.id, source="named"))
                refresh_sight(session, project)


@pytest.fixture
def ask(kept: Kept, db: Work, as_: As) -> Ask:
    kept(four_projects, db)
    clients = {
        "stranger": as_("reporter", unit="nyw"),
        "owner": as_("reporter", unit="jxw"),
        "named": as_("named"),
        **{role: as_(role) for role in ("officer", "reviewer", "leader")},
    }

    def asked(path: str, who: str, **params: Any) -> dict[str, Any]:
        answer = clients[who].get(f"/api/v1/{path}", params={"period": "2020", "as_of": DAY} | params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return asked


def cells(answer: dict[str, Any], dimension: str) -> dict[str, Any]:
    return {item["dimensions"][dimension]: item["value"] for item in answer["items"]}


@pytest.mark.parametrize("indicator", ["signed_count", "contract_amount", "large_share", "projects_in_database"])
def test_totals_are_the_same_for_everyone(ask: Ask, indicator: str) -> None:
    totals = [ask("figures", who, indicator=indicator, compare="yoy")["items"] for who in WHO]
    assert all(items == totals[0] for items in totals)
    assert totals[0][0]["value"] not in (0, None)


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("officer", {"材料": 2, "环保": 1, "other": 1}),
        ("named", {"材料": 2, "环保": 1, "食品": 1}),
        ("owner", {"材料": 2, "环保": 1, "other": 1}),
        ("stranger", {"材料": 2, "other": 2}),
    ],
)
def test_parts_of_nothing_one_may_see_are_folded(ask: Ask, who: str, shown: dict[str, int]) -> None:
    answer = ask("figures", who, indicator="signed_count", by="chain")
    assert cells(answer, "chain") == shown
    assert [i["labels"]["chain"] for i in answer["items"] if i["dimensions"]["chain"] == "other"] in ([], ["其他"])
    assert answer["items"][-1]["dimensions"]["chain"] in ("other", "食品")


def test_a_part_is_folded_also_when_only_one_of_two_indicators_hides_it(ask: Ask, db: Work) -> None:
    with db() as session:
        project = make_project(session, name="戊", chain="环保")
        make_agreement(session, project, signed_on=date(2020, 7, 1), amount_fen=YI // 2)
    # 环保 has an open project now, but its only large one is not for strangers.
    assert cells(ask("figures", "stranger", indicator="signed_count", by="chain"), "chain")["环保"] == 2
    assert "环保" not in cells(ask("figures", "stranger", indicator="large_count", by="chain"), "chain")
    assert "环保" not in cells(ask("figures", "stranger", indicator="large_share", by="chain"), "chain")
    assert cells(ask("figures", "owner", indicator="large_share", by="chain"), "chain")["环保"] == "0.5000000000"


def test_months_alone_hide_nothing_but_with_another_dimension_only_that_one(ask: Ask) -> None:
    months = [cells(ask("figures", who, indicator="signed_count", by="month"), "month") for who in WHO]
    assert all(found == months[0] for found in months)
    both = ask("figures", "stranger", indicator="signed_count", by=["chain", "month"])["items"]
    assert {(i["dimensions"]["chain"], i["dimensions"]["month"]) for i in both} == {
        ("材料", "2020-03"),
        ("other", "2020-04"),
        ("other", "2020-05"),
        ("other", "2020-06"),
    }


@pytest.mark.parametrize("more", [{}, {"by": "unit"}, {"by": "month"}, {"share": "true"}, {"compare": "yoy"}])
def test_a_filter_does_not_uncover(ask: Ask, more: dict[str, str]) -> None:
    for item in ask("figures", "stranger", indicator="contract_amount", filter="chain:食品", **more)["items"]:
        assert (item["value"], item["text"], item["numerator"]) == (None, None, None)
        assert item["reason"]["code"] == "withheld"
        assert "jxw" not in str(item)
        assert "2020-06" not in str(item)
    seen = ask("figures", "named", indicator="contract_amount", filter="chain:食品", **more)["items"]
    assert all(item["value"] for item in seen)


def test_a_comparison_does_not_uncover(ask: Ask, db: Work) -> None:
    with db() as session:
        open_one = make_project(session, chain="食品")
        make_agreement(session, open_one, signed_on=date(2019, 6, 1), amount_fen=YI)
        secret = make_project(session, chain="环保", confidentiality="sealed")
        make_agreement(session, secret, signed_on=date(2019, 6, 1), amount_fen=YI)
    # Seen in one year only: folded in both, so that nobody reads a change from or to nothing.
    answer = ask("figures", "owner", indicator="signed_count", by="chain", compare="yoy")
    compared = {i["dimensions"]["chain"]: (i["value"], i["compare"]["value"]) for i in answer["items"]}
    assert compared == {"材料": (2, 0), "other": (2, 2)}
    item = ask("figures", "owner", indicator="signed_count", filter="chain:环保", compare="yoy")["items"][0]
    assert (item["value"], item["compare"]["value"]) == (1, None)
    assert item["compare"]["reason"]["code"] == "withheld"


@pytest.mark.parametrize(
    ("who", "names", "withheld"),
    [
        ("officer", ["丙", "乙", "甲"], 1),
        ("named", ["丁", "丙", "乙", "甲"], 0),
        ("owner", ["丙", "乙", "甲"], 1),
        ("stranger", ["甲"], 3),
    ],
)
def test_rows_and_what_is_withheld(ask: Ask, who: str, names: list[str], withheld: int) -> None:
    for indicator in ("signed_count", "contract_amount", "agreements_since"):
        answer = ask("figures/rows", who, indicator=indicator)
        assert ([row["name"] for row in answer["items"]], answer["withheld"]) == (names, withheld)
    assert ask("figures/rows", who, indicator="signed_count", filter="chain:食品")["withheld"] == (who != "named")
    points = ask("map", who)
    assert (sorted(f["properties"]["name"] for f in points["features"]), points["withheld"]) == (
        sorted(names),
        withheld,
    )
    overview = ask("overview", who)
    assert [row["name"] for row in overview["recent"]] == names
    assert overview["tracked"] == 4


def test_the_overview_folds_too(ask: Ask) -> None:
    units = ask("overview", "stranger")["units"]
    assert units == [{"unit": "jxw", "label": "区经济信息委", "signed_count": 3, "contract_amount": "300000000.00"}]
    assert ask("overview", "stranger")["headline"] == ask("overview", "named")["headline"]
    assert ask("overview", "stranger")["months"] == ask("overview", "named")["months"]
