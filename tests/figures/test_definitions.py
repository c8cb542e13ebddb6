"""Definitions change: a figure names the version it was computed with, and a comparison across two is flagged."""

from datetime import date
from typing import Any

import pytest

from app.facts.projects.rules import SCALE
from app.figures.rules import INDICATORS
from app.kernel import rules
from app.kernel.access import SYSTEM, Actor, Permission
from app.kernel.errors import Invalid
from app.kernel.rules import RuleKind
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.funds import make_fund
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

DRAFTER = Actor(77, "drafter", "user", frozenset(), frozenset(Permission))


def rule(db: Work, kind: RuleKind[Any], since: str, **changes: Any) -> None:
    """Put a version of a rule into force: the shipped one with changes."""
    with db() as session:
        body = kind.shipped.model_dump(mode="json") | changes
        version = rules.save(session, DRAFTER, kind, body, date.fromisoformat(since), None, "会议纪要〔2020〕1号")
        session.flush()
        rules.activate(session, SYSTEM, version)


@pytest.fixture
def ask(as_: As, db: Work) -> Any:
    with db() as session:
        for year in (2019, 2020):
            for number, status in ((1, "active"), (2, "active"), (3, "terminated")):
                project = make_project(
                    session, status=status, sector="industry" if number > 1 else "construction",
                    started_on=date(year, 12, 1) if number == 1 else date(year + 1, 1, 1) if number == 2 else None,
                    production_on=date(year, 12, 30) if number == 1 else None,
                )  # fmt: skip
                make_agreement(session, project, signed_on=date(year, number, 1), amount_fen=number * YI)
                make_fund(session, project, number * YI // 2, date(year, 12, 1))

    def asked(indicator: str, period: str = "2020", **more: Any) -> Any:
        answer = as_("officer").get(
            "/api/v1/figures",
            params={"indicator": indicator, "period": period, "as_of": "2021-06-30", "compare": "yoy"} | more,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return asked


@pytest.mark.parametrize(
    ("change", "indicator", "before", "after"),
    [
        ({"start_rate": "started_in_period"}, "start_rate", "0.3333333333", "0.6666666667"),
        ({"start_rate": "surviving"}, "start_rate", "0.3333333333", "0.5000000000"),
        ({"funds_rate": "cumulative"}, "funds_rate", "0.5000000000", "0.5000000000"),
        ({"production_rate": "started"}, "production_rate", "0.3333333333", "0.5000000000"),
        ({"terminated_stay": False}, "signed_count", 3, 2),
        ({"terminated_stay": False}, "contract_amount", "600000000.00", "300000000.00"),
        ({"agreements_since": "2020-02-01"}, "agreements_since", 6, 2),
    ],
)
def test_a_new_definition_holds_from_its_day(
    ask: Any, db: Work, change: Any, indicator: str, before: Any, after: Any
) -> None:
    rule(db, INDICATORS, "2020-06-01", **change)
    (item,) = ask(indicator)
    assert (item["value"], item["version"]) == (after, "indicators/1")
    assert item["compare"]["version"] == "indicators/0"
    assert item["compare"]["flag"]["code"] == "definition_changed"
    if indicator != "agreements_since":
        assert item["compare"]["value"] == before
    (item,) = ask(indicator, "2019")
    assert item["version"] == "indicators/0"
    (item,) = ask(indicator, as_of="2020-05-31")
    assert item["version"] == "indicators/0"


def test_a_version_that_leaves_an_indicator_alone_is_named_but_not_flagged(ask: Any, db: Work) -> None:
    rule(db, INDICATORS, "2020-06-01", start_rate="surviving", ratio_digits=3)
    (item,) = ask("signed_count")
    assert (item["version"], item["compare"]["version"], item["compare"]["flag"]) == (
        "indicators/1", "indicators/0", None,
    )  # fmt: skip
    assert ask("funds_rate")[0]["text"] == "50.000%"


def test_the_threshold_is_a_rule_and_inclusive(ask: Any, db: Work) -> None:
    assert ask("large_count")[0]["value"] == 3
    rule(db, SCALE, "2020-01-01", large_from="200000000.00", bands=["100000000.00", "300000000.00"])
    (item,) = ask("large_count")
    assert (item["value"], item["version"]) == (2, "indicators/0+scale/1")
    assert item["label"] == "2亿元以上项目数"
    assert [ask(code)[0]["label"] for code in ("large_amount", "large_share", "large_count/signed_count")] == [
        "2亿元以上项目合同金额", "2亿元以上项目占比", "2亿元以上项目数占签约项目数的比重",
    ]  # fmt: skip
    assert ask("large_count", "2019")[0]["label"] == "1亿元以上项目数"
    assert item["compare"]["flag"]["code"] == "definition_changed"
    by_band = ask("signed_count", by="amount_band")
    assert {i["dimensions"]["amount_band"]: i["value"] for i in by_band} == {"10000": 2, "30000": 1}
    assert by_band[0]["compare"]["flag"]["code"] == "definition_changed"


def test_sectors_may_be_counted_together(ask: Any, db: Work) -> None:
    def sectors(**more: Any) -> dict[str, int]:
        items = ask("signed_count", by="sector", **more)
        return {i["dimensions"]["sector"]: i["value"] for i in items if i["value"]}

    assert sectors() == {"construction": 1, "industry": 2}
    rule(db, INDICATORS, "2020-01-01", sector_groups={"construction": "industry"})
    assert sectors() == {"industry": 3}
    assert sectors(filter="sector:industry") == {"industry": 3}
    assert ask("signed_count", by="sector")[0]["compare"]["flag"]["code"] == "definition_changed"
    assert ask("signed_count")[0]["compare"]["flag"] is None


def test_groups_do_not_chain(db: Work) -> None:
    with pytest.raises(Invalid), db() as session:
        groups = {"construction": "services", "services": "industry"}
        body = INDICATORS.shipped.model_dump(mode="json") | {"sector_groups": groups}
        rules.save(session, DRAFTER, INDICATORS, body, date(2020, 1, 1), None, "依据")


def test_catalogue(as_: As, db: Work) -> None:
    rule(db, INDICATORS, "2020-06-01", start_rate="surviving", agreements_since="2016-01-01")
    found = {item["code"]: item for item in as_("officer").get("/api/v1/meta/indicators").json()["items"]}
    rate = found["start_rate"]
    assert (rate["unit"], rate["digits"], rate["rounding"], rate["label"]) == ("比率", 1, "half_up", "落地开工率")
    assert [(v["version"], v["valid_from"]) for v in rate["versions"]] == [
        ("indicators/0", None), ("indicators/1", "2020-06-01"),
    ]  # fmt: skip
    assert rate["versions"][0]["formula"] != rate["versions"][1]["formula"] == rate["formula"]
    assert "2016-01-01" in found["agreements_since"]["formula"]
    assert "1亿元" in found["large_count"]["formula"]
    assert [found[code]["label"] for code in ("large_count", "large_share")] == ["1亿元以上项目数", "1亿元以上项目占比"]
    for code in found:
        asked = as_("officer").get("/api/v1/figures", params={"indicator": code, "period": "2020", "compare": "yoy"})
        assert asked.status_code == 200, code

    dimensions = {item["code"]: item for item in as_("auditor").get("/api/v1/meta/dimensions").json()["items"]}
    assert {"key": "industry", "label": "工业"} in dimensions["sector"]["values"]
    assert dimensions["month"]["time"] is True
    assert dimensions["chain"]["values"] is None
    assert dimensions["amount_band"]["values"][0]["key"] == "0"
    for code in dimensions:
        of = "tickets_received" if code == "ticket_category" else "signed_count"
        asked = as_("officer").get("/api/v1/figures", params={"indicator": of, "period": "2020", "by": code})
        assert asked.status_code == 200, code
