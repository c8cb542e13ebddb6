"""Figures through the API, against a small district counted by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.facts.projects.models import Project, ProjectUnit
from app.identity.units.models import UnitTerm
from tests.clients import As, Kept, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

Get = Callable[..., list[dict[str, Any]]]
DAY = "2021-06-30"


def signed(db: Session, on: str, amount: int, **fields: Any) -> Project:
    project = make_project(db, **fields)
    make_agreement(db, project, signed_on=date.fromisoformat(on), amount_fen=amount)
    return project


@pytest.fixture
def district(kept: Kept, db: Work) -> None:
    kept(counted_by_hand, db)


def counted_by_hand(db: Work) -> None:
    """2020: 3 industry, 1 agriculture, 1 services signed; 2019: 2 signed. Amounts in 亿元: 5, 2, 0.5, 1, 0.3; 2, 1."""
    with db() as session:
        jxw, nyw = make_unit(session, "jxw"), make_unit(session, "nyw", tier="assist")
        firm = make_enterprise(session, ownership="foreign")
        a = signed(
            session, "2020-02-03", 5 * YI, name="甲", unit=jxw, sector="industry", chain="材料", industry="C3062",
            started_on=date(2020, 6, 1), enterprise=firm, origin_region="330600", channel="online",
        )  # fmt: skip
        make_fund(session, a, 1 * YI, date(2020, 3, 1))
        b = signed(session, "2020-08-20", 2 * YI, name="乙", unit=jxw, sector="industry", started_on=date(2021, 1, 5))
        make_fund(session, b, YI // 2, date(2020, 9, 30))
        reversed_entry = make_fund(session, b, YI, date(2020, 10, 1))
        make_fund(session, b, -YI, date(2020, 10, 2), reverses_id=reversed_entry.id)
        signed(session, "2020-12-31", YI // 2, name="丙", unit=nyw, sector="industry", started_on=date(2020, 12, 31))
        signed(session, "2020-01-01", 1 * YI, name="丁", unit=nyw, sector="agriculture", status="terminated")
        signed(session, "2020-07-15", 3 * YI // 10, name="戊", sector="services")
        old = signed(session, "2019-05-05", 2 * YI, name="己", sector="industry", started_on=date(2019, 6, 1))
        make_agreement(session, old, "supplement", date(2020, 5, 5), increment_fen=YI)
        make_fund(session, old, YI, date(2019, 7, 1))
        signed(session, "2019-09-09", YI, name="庚", sector="services")
        talk = make_project(session, name="辛", stage="talk", tracked_from=date(2020, 3, 1))
        make_agreement(session, talk, "framework", date(2020, 4, 4), amount_fen=80 * YI)
        make_agreement(session, talk, "framework", date(2020, 5, 4), amount_fen=20 * YI)
        make_project(session, name="壬", archived_on=date(2020, 12, 31))


@pytest.fixture
def get(as_: As, district: None) -> Get:
    def ask(indicator: str | list[str], period: str = "2020", who: str = "officer", **more: Any) -> Any:
        answer = as_(who).get("/api/v1/figures", params={"indicator": indicator, "period": period, "as_of": DAY} | more)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return ask


def value(items: list[dict[str, Any]]) -> Any:
    (item,) = items
    return item["value"]


def by(items: list[dict[str, Any]], *dimensions: str) -> dict[Any, Any]:
    keys = [tuple(item["dimensions"][name] for name in dimensions) for item in items]
    return {key[0] if len(key) == 1 else key: item["value"] for key, item in zip(keys, items, strict=True)}


@pytest.mark.parametrize(
    ("indicator", "this", "last"),
    [
        ("signed_count", 5, 2),
        ("contract_amount", "980000000.00", "300000000.00"),  # 5 + 2 + 0.5 + 1 + 0.3 and the increase of 己
        ("framework_count", 1, 0),
        ("framework_amount", "10000000000.00", "0.00"),
        ("funds_arrived", "150000000.00", "100000000.00"),
        ("funds_rate", "0.1530612245", "0.3333333333"),
        ("started_count", 2, 1),
        ("same_year_started", 2, 1),
        ("same_year_invested", 1, 1),
        ("start_rate", "0.4000000000", "0.5000000000"),
        ("large_count", 3, 2),
        ("large_amount", "800000000.00", "300000000.00"),
        ("large_share", "0.6000000000", "1.0000000000"),
        ("projects_in_database", 8, 0),
        ("agreements_since", 7, 2),
    ],
)
def test_by_hand(get: Get, indicator: str, this: Any, last: Any) -> None:
    assert value(get(indicator)) == this
    assert value(get(indicator, "2019")) == last
    (item,) = get(indicator, compare="yoy")
    assert (item["value"], item["compare"]["value"], item["compare"]["period"]) == (this, last, "2019")


def test_several_at_once_are_each_alone(get: Get) -> None:
    codes = ["signed_count", "start_rate", "large_count", "funds_rate", "contract_amount", "same_year_invested"]
    together = get(codes, by=["sector"], compare="yoy")
    assert together == [item for code in codes for item in get(code, by=["sector"], compare="yoy")]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("sector", {"industry": 3, "agriculture": 1, "services": 1}),
        ("half", {"2020-H1": 2, "2020-H2": 3}),
        ("quarter", {"2020-Q1": 2, "2020-Q3": 2, "2020-Q4": 1}),
        ("month", {"2020-01": 1, "2020-02": 1, "2020-07": 1, "2020-08": 1, "2020-12": 1}),
        ("week", {"2020-W01": 1, "2020-W06": 1, "2020-W29": 1, "2020-W34": 1, "2020-W53": 1}),
        ("unit", {"jxw": 2, "nyw": 2, "none": 1}),
        ("tier", {"key": 2, "assist": 2, "none": 1}),
        ("chain", {"材料": 1, "none": 4}),
        ("industry", {"C": 1, "none": 4}),
        ("origin", {"330000": 1, "none": 4}),
        ("ownership", {"foreign": 1, "none": 4}),
        ("channel", {"online": 1, "none": 4}),
        ("status", {"active": 4, "terminated": 1}),
        ("kind", {"industry_land": 5}),
        ("amount_band", {"0": 1, "5000": 1, "10000": 2, "50000": 1}),
    ],
)
def test_breakdowns(get: Get, dimension: str, expected: dict[str, int]) -> None:
    counted = by(get("signed_count", by=[dimension]), dimension)
    assert counted == expected
    for key, number in expected.items():
        assert value(get("signed_count", filter=f"{dimension}:{key}")) == number


def test_two_dimensions(get: Get) -> None:
    assert by(get("signed_count", by=["sector", "half"]), "sector", "half") == {
        ("agriculture", "2020-H1"): 1,
        ("industry", "2020-H1"): 1,
        ("industry", "2020-H2"): 2,
        ("services", "2020-H2"): 1,
    }


def test_filters_of_one_dimension_are_alternatives_of_two_conditions(get: Get) -> None:
    assert value(get("signed_count", filter=["sector:industry", "sector:services"])) == 4
    assert value(get("signed_count", filter=["sector:industry", "unit:jxw"])) == 2


def test_share(get: Get) -> None:
    (item,) = get("signed_count", filter="sector:industry", share="true")
    assert (item["value"], item["numerator"], item["denominator"], item["text"]) == ("0.6000000000", 3, 5, "60.0%")
    assert get("signed_count/signed_count", filter="sector:industry")[0]["value"] == "0.6000000000"
    (item,) = get("contract_amount", filter="sector:industry", share="true")
    assert (item["numerator"], item["denominator"]) == ("850000000.00", "980000000.00")
    assert by(get("signed_count", by="sector", share="true"), "sector") == {
        "industry": "0.6000000000",
        "agriculture": "0.2000000000",
        "services": "0.2000000000",
    }
    halves = get("signed_count", by="half", filter="sector:industry", share="true")
    assert by(halves, "half") == {"2020-H1": "0.5000000000", "2020-H2": "0.6666666667"}


@pytest.mark.parametrize(
    ("indicator", "asked", "label"),
    [
        ("signed_count", {"filter": "sector:industry"}, "工业签约项目数占签约项目数的比重"),
        ("large_count/signed_count", {"filter": "sector:industry"}, "工业1亿元以上项目数占签约项目数的比重"),
        (
            "signed_count",
            {"filter": ["sector:industry", "sector:services"]},
            "工业、服务业签约项目数占签约项目数的比重",
        ),
        ("signed_count", {"filter": ["sector:industry", "channel:online"]}, "工业·线上签约项目数占签约项目数的比重"),
        ("signed_count", {"filter": "chain:none"}, "产业链未填签约项目数占签约项目数的比重"),
        ("signed_count", {"filter": "chain:{材料}"}, "{材料}签约项目数占签约项目数的比重"),
        ("signed_count", {"by": "sector"}, "签约项目数占签约项目数的比重"),
        ("large_share", {"filter": "sector:industry"}, "1亿元以上项目占比（分子限于工业）"),
        ("large_share", {"filter": "sector:industry", "share": "false"}, "1亿元以上项目占比"),
        ("signed_count", {"filter": "sector:industry", "share": "false"}, "签约项目数"),
    ],
)
def test_the_label_of_a_share_names_its_filter(get: Get, indicator: str, asked: dict[str, Any], label: str) -> None:
    assert {item["label"] for item in get(indicator, **({"share": "true"} | asked))} == {label}


def test_a_named_rate_filters_both_and_a_ratio_only_its_numerator(get: Get) -> None:
    assert value(get("large_share", filter="sector:industry")) == "0.6666666667"
    assert value(get("large_count/signed_count", filter="sector:industry")) == "0.4000000000"
    assert value(get("large_count/signed_count", filter="sector:industry", share="false")) == "0.6666666667"
    assert value(get("large_share", filter="sector:industry", share="true")) == "0.4000000000"


def test_sector_indicators_break_down_by_themselves(get: Get) -> None:
    assert by(get("sector_count"), "sector") == by(get("signed_count", by="sector"), "sector")
    assert by(get("sector_amount"), "sector")["industry"] == "850000000.00"


def test_a_span_is_the_quarter_it_equals(get: Get) -> None:
    codes = ["signed_count", "contract_amount", "funds_arrived", "start_rate"]
    span = get(codes, "2020-07-01..2020-09-30", compare="yoy")
    quarter = get(codes, "2020-Q3", compare="yoy")
    assert [(i["value"], i["text"], i["compare"]["value"]) for i in span] == [
        (i["value"], i["text"], i["compare"]["value"]) for i in quarter
    ]
    assert quarter[0]["value"] == 2


def test_year_on_year(get: Get) -> None:
    (count,) = get("signed_count", compare="yoy")
    compare = count["compare"]
    assert (compare["difference"], compare["change"], compare["text"]) == (3, "1.5000000000", "150.0%")
    (rate,) = get("start_rate", compare="yoy")
    compare = rate["compare"]
    assert compare["percentage_points"] == "-10.0000000000"
    assert compare["percentage_points_text"] == "-10.0个百分点"
    assert (compare["change"], compare["text"]) == ("-0.2000000000", "-20.0%")
    by_half = {item["dimensions"]["half"]: item for item in get("signed_count", by="half", compare="yoy")}
    assert by_half["2020-H2"]["compare"]["value"] == 1
    by_sector = {item["dimensions"]["sector"]: item for item in get("signed_count", by="sector", compare="yoy")}
    assert by_sector["agriculture"]["compare"]["value"] == 0
    assert by_sector["agriculture"]["compare"]["reason"]["code"] == "no_comparison"
    assert by_sector["agriculture"]["compare"]["change"] is None


def test_what_was_last_year_and_is_not_this_year_shows(get: Get) -> None:
    (item,) = get("started_count", "2021", by="sector", compare="yoy", as_of="2021-12-31")
    assert (item["value"], item["compare"]["value"], item["compare"]["text"]) == (1, 2, "-50.0%")
    items = {
        i["dimensions"]["sector"]: i
        for i in get("signed_count", "2021", by="sector", compare="yoy", as_of="2022-01-01")
    }
    assert items["industry"]["value"] == 0
    assert items["industry"]["compare"]["text"] == "-100.0%"


def test_a_filter_by_month_compares_with_the_month_a_year_before(get: Get) -> None:
    (item,) = get("signed_count", filter=["month:2020-05", "month:2020-12"], compare="yoy")
    assert (item["value"], item["compare"]["value"]) == (1, 1)


def test_zero_denominators_have_no_value(get: Get) -> None:
    (item,) = get("start_rate", "2018")
    assert (item["value"], item["text"], item["numerator"], item["denominator"]) == (None, None, 0, 0)
    assert item["reason"]["code"] == "zero_denominator"
    (item,) = get("start_rate", "2019", compare="yoy")
    assert item["compare"]["reason"]["code"] == "zero_denominator"


def test_a_week_53_may_have_no_year_before(get: Get) -> None:
    (item,) = get("signed_count", "2020-W53", compare="yoy")
    assert item["value"] == 1
    assert item["compare"]["period"] is None
    assert item["compare"]["reason"]["code"] == "no_period"
    items = get("signed_count", by="week", compare="yoy")
    assert {i["dimensions"]["week"]: i["compare"]["value"] for i in items}["2020-W53"] == 0


def test_a_running_period_ends_today_and_so_does_last_years(get: Get) -> None:
    (item,) = get("signed_count", "2020", compare="yoy", as_of="2020-08-01")
    assert (item["value"], item["compare"]["value"]) == (3, 1)
    assert item["compare"]["period"] == "2019-01-01..2019-08-01"
    assert value(get("same_year_started", as_of="2020-05-31")) == 0
    assert value(get("same_year_started", as_of="2020-06-01")) == 1


def test_text_and_rounding(get: Get) -> None:
    assert get("contract_amount")[0]["text"] == "9.80亿元"
    assert get("contract_amount", digits=1)[0]["text"] == "9.8亿元"
    assert get("funds_rate", rounding="half_up")[0]["text"] == "15.3%"
    assert get("funds_rate", rounding="half_up", digits=2)[0]["text"] == "15.31%"
    assert get("funds_rate", rounding="down", digits=2)[0]["text"] == "15.30%"
    assert get("signed_count", digits=2)[0]["text"] == "5"


def test_the_database_is_a_state_of_the_last_day(get: Get, as_: As) -> None:
    assert value(get("projects_in_database", "2020-12")) == 8
    assert value(get("projects_in_database", "2020-11")) == 9  # 壬 was archived on 31 December
    assert value(get("projects_in_database", "2020-02")) == 8  # 辛 came on 1 March
    refused = as_("officer").get(
        "/api/v1/figures", params={"indicator": "projects_in_database", "period": "2020", "by": "month"}
    )
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "stock")


@pytest.mark.parametrize(
    ("asked", "field", "names"),
    [
        ({"indicator": "nonsense"}, "indicator", "signed_count"),
        ({"indicator": "signed_count/contract_amount"}, "indicator", "a/b"),
        ({"indicator": "signed_count/nonsense"}, "indicator", "signed_count"),
        ({"by": "nonsense"}, "by", "sector"),
        ({"by": ["sector", "sector"]}, "by", ""),
        ({"filter": "nonsense:x"}, "filter", "sector"),
        ({"filter": "sector:nonsense"}, "filter", "industry"),
        ({"filter": "unit:nonsense"}, "filter", "单位"),
        ({"filter": "month:2020"}, "filter", "2020-08"),
        ({"filter": "amount_band:1"}, "filter", "5000"),
        ({"filter": "origin:330600"}, "filter", "330000"),
        ({"filter": "industry:C30"}, "filter", "C"),
        ({"filter": "sector"}, "filter", "sector:industry"),
        ({"period": "2020-13"}, "period", ""),
        ({"indicator": "municipal_rank", "by": "sector"}, "by", ""),
        ({"digits": "9"}, "digits", ""),
        ({"nonsense": "1"}, "nonsense", ""),
    ],
)
def test_what_is_not_declared_is_refused(as_: As, asked: dict[str, str], field: str, names: str) -> None:
    answer = as_("officer").get("/api/v1/figures", params={"indicator": "signed_count", "period": "2020"} | asked)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert names in error["message"]


def test_administrators_and_strangers_have_no_figures(as_: As) -> None:
    for who, status in ((None, 401), ("system_admin", 403), ("auditor", 403), ("leader", 200)):
        for path in (
            "figures?indicator=signed_count&period=2020",
            "overview",
            "map",
            "figures/rows?indicator=signed_count&period=2020",
        ):
            assert as_(who).get(f"/api/v1/{path}").status_code == status, (who, path)


def test_a_unit_that_takes_over_counts_from_that_day(db: Work, as_: As) -> None:
    with db() as session:
        jxw, nyw = make_unit(session, "jxw"), make_unit(session, "nyw")
        first = make_project(session, unit=jxw, tracked_from=date(2020, 1, 1))
        part = session.query(ProjectUnit).filter_by(project_id=first.id).one()
        part.valid_to = date(2020, 6, 30)
        session.add(ProjectUnit(project_id=first.id, unit_id=nyw.id, role="responsible", valid_from=date(2020, 7, 1)))
        first.unit_id = nyw.id
        make_agreement(session, first, signed_on=date(2020, 6, 30), amount_fen=YI)
        make_agreement(session, first, "supplement", date(2020, 7, 1), increment_fen=YI)
        make_fund(session, first, YI, date(2020, 6, 30))
        make_fund(session, first, 2 * YI, date(2020, 7, 1))

    def amounts(indicator: str) -> dict[str, str]:
        answer = as_("officer").get(
            "/api/v1/figures", params={"indicator": indicator, "period": "2020", "by": "unit", "as_of": DAY}
        )
        return by(answer.json()["items"], "unit")

    assert amounts("funds_arrived") == {"jxw": "100000000.00", "nyw": "200000000.00"}
    assert amounts("contract_amount") == {"jxw": "100000000.00", "nyw": "100000000.00"}
    assert amounts("signed_count") == {"jxw": 1}


def test_the_tier_of_the_event_date_counts(db: Work, as_: As) -> None:
    with db() as session:
        jxw = make_unit(session, "jxw", tier="key")
        session.add(UnitTerm(unit_id=jxw.id, name="区经信委", tier="assist", valid_from=date(2020, 7, 1)))
        signed(session, "2020-06-30", YI, unit=jxw)
        signed(session, "2020-07-01", YI, unit=jxw)
    answer = as_("officer").get(
        "/api/v1/figures", params={"indicator": "signed_count", "period": "2020", "by": ["tier", "unit"], "as_of": DAY}
    )
    items = answer.json()["items"]
    assert by(items, "tier") == {"key": 1, "assist": 1}
    assert {item["labels"]["unit"] for item in items} == {"区经信委"}
