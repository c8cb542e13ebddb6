"""The rows behind a figure, and the points of the map."""

from datetime import date
from typing import Any

import pytest

from tests.clients import As, Kept, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

INDICATORS = [
    "signed_count", "contract_amount", "framework_count", "framework_amount", "funds_arrived", "funds_rate",
    "started_count", "same_year_started", "same_year_invested", "start_rate", "large_count", "large_amount",
    "projects_in_database", "agreements_since", "production_rate",
]  # fmt: skip


def seven_projects(db: Work) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        for number in range(1, 8):
            project = make_project(
                session, name=f"项目{number}", unit=unit, sector="industry" if number % 2 else "services",
                started_on=date(2020, number, 20) if number < 4 else None, longitude=108.0 + number / 10,
                latitude=29.5 if number > 1 else None,
            )  # fmt: skip
            make_agreement(session, project, signed_on=date(2020, number, 15), amount_fen=number * YI // 2)
            make_fund(session, project, number * 100, date(2020, number, 16))
            make_agreement(session, project, "framework", date(2020, 1, 2), amount_fen=YI)
            make_agreement(session, project, "supplement", date(2020, 12, 1), increment_fen=YI)


@pytest.fixture
def asked(kept: Kept, db: Work, as_: As) -> Any:
    kept(seven_projects, db)

    def ask(path: str, **params: Any) -> Any:
        answer = as_("officer").get(f"/api/v1/{path}", params={"period": "2020", "as_of": "2021-01-01"} | params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def fen(yuan: str) -> int:
    return round(float(yuan) * 100)


@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("filters", [[], ["sector:industry"], ["unit:jxw", "month:2020-02", "month:2020-12"]])
def test_rows_add_up_to_the_figure(asked: Any, indicator: str, filters: list[str]) -> None:
    if indicator == "projects_in_database":
        filters = filters[:1]
    (figure,) = asked("figures", indicator=indicator, filter=filters)["items"]
    parts = {"numerator": figure["numerator"], "denominator": figure["denominator"]}
    if figure["unit"] != "比率":
        parts = {"numerator": figure["value"]}
    for part, expected in parts.items():
        answer = asked("figures/rows", indicator=indicator, filter=filters, part=part, count="true")
        assert answer["withheld"] == 0
        assert answer["total"] == len(answer["items"])
        if isinstance(expected, str):
            assert sum(fen(row["amount"]) for row in answer["items"]) == fen(expected)
        else:
            assert len(answer["items"]) == expected


def test_pages_give_every_row_once_in_order(asked: Any) -> None:
    whole = asked("figures/rows", indicator="contract_amount")
    assert whole["source"] == {"code": "contracts", "label": "正式合同及增资", "kind": "agreement"}
    rows, after = [], None
    while True:
        page = asked("figures/rows", indicator="contract_amount", limit=3, **({"after": after} if after else {}))
        rows += page["items"]
        after = page["next"]
        if after is None:
            break
    assert rows == whole["items"]
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)
    assert len({row["id"] for row in rows}) == 14


def test_the_denominator_of_a_share_is_not_filtered(asked: Any) -> None:
    params = {"indicator": "signed_count/signed_count", "filter": "sector:industry"}
    assert len(asked("figures/rows", **params)["items"]) == 4
    assert len(asked("figures/rows", part="denominator", **params)["items"]) == 7
    assert len(asked("figures/rows", part="denominator", share="false", **params)["items"]) == 4


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"indicator": "signed_count", "part": "denominator"}, "not_a_rate"),
        ({"indicator": "fai_share", "part": "denominator"}, "typed"),
        ({"indicator": "municipal_rank"}, "typed"),
        ({"indicator": "signed_count", "sort": "name"}, "unknown_sort"),
        ({"indicator": "signed_count", "after": "x"}, "bad_cursor"),
        ({"indicator": "signed_count", "filter": "x:y"}, "unknown_dimension"),
    ],
)
def test_what_has_no_rows_is_refused(as_: As, params: dict[str, str], code: str) -> None:
    answer = as_("officer").get("/api/v1/figures/rows", params={"period": "2020"} | params)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


def test_the_map_is_geojson(asked: Any, as_: As) -> None:
    answer = as_("officer").get("/api/v1/map", params={"period": "2020-Q1", "as_of": "2021-01-01"})
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert (body["type"], body["withheld"], body["unplaced"]) == ("FeatureCollection", 0, 1)
    assert [feature["geometry"]["coordinates"] for feature in body["features"]] == [[108.2, 29.5], [108.3, 29.5]]
    properties = body["features"][0]["properties"]
    assert (properties["name"], properties["unit"]) == ("项目2", "区经济信息委")
    assert (properties["signed_on"], properties["contract_amount"]) == ("2020-02-15", "200000000.00")
    unchanged = {"If-None-Match": as_("officer").get("/api/v1/map").headers["etag"]}
    assert as_("officer").get("/api/v1/map", headers=unchanged).status_code == 304
    everything = as_("officer").get("/api/v1/map").json()
    assert (len(everything["features"]), everything["unplaced"]) == (6, 1)
    assert len(as_("officer").get("/api/v1/map", params={"filter": "sector:industry"}).json()["features"]) == 3
