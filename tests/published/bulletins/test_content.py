"""Every number of a bulletin is the figures' own answer; nobody who is not open to all is named in it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

API = "/api/v1"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def district(db: Work) -> None:
    """August: 2亿 signed by jxw in the open, 1亿 sealed, 3亿 without a unit; May: 4亿 by jxw; August 2019: 1亿."""
    with db() as session:
        jxw = make_unit(session, "jxw")
        make_unit(session, "nyw")
        for name, unit, day, amount, level in (
            ("甲", jxw, date(2020, 8, 18), 2 * YI, "open"),
            ("乙", jxw, date(2020, 8, 19), YI, "sealed"),
            ("丙", None, date(2020, 8, 20), 3 * YI, "open"),
            ("丁", jxw, date(2020, 5, 1), 4 * YI, "open"),
            ("戊", jxw, date(2019, 8, 1), YI, "open"),
        ):
            project = make_project(session, name=name, unit=unit, stage="signed", confidentiality=level)
            make_agreement(session, project, signed_on=day, amount_fen=amount)
        make_fund(session, project, YI // 2, date(2020, 8, 3))


@pytest.fixture
def august(as_: As, district: None) -> dict[str, Any]:
    found: dict[str, Any] = as_("leader").get(f"{API}/bulletins/2020-08").json()
    return found


def test_month_and_year_so_far_beside_last_year(august: dict[str, Any]) -> None:
    lines = {line["indicator"]: line for line in august["headline"]}
    assert august["year_to_date"] == "2020-01-01..2020-08-31"
    amount = lines["contract_amount"]
    assert (amount["month"]["value"], amount["year"]["value"]) == ("600000000.00", "1000000000.00")
    assert (amount["month"]["last_value"], amount["month"]["change"]) == ("100000000.00", "500.0%")
    assert [lines["signed_count"][stretch]["value"] for stretch in ("month", "year")] == [3, 4]
    assert lines["funds_arrived"]["month"]["value"] == "50000000.00"
    assert lines["started_count"]["month"]["value"] == 0


def test_every_number_is_the_answer_of_the_figures(as_: As, august: dict[str, Any]) -> None:
    for line in august["headline"]:
        for stretch, period in (("month", "2020-08"), ("year", august["year_to_date"])):
            asked = {"indicator": line["indicator"], "period": period, "as_of": "2020-08-31", "compare": "yoy"}
            figure = as_("leader").get(f"{API}/figures", params=asked).json()["items"][0]
            assert line[stretch]["value"] == figure["value"], (line["indicator"], period)
            assert line[stretch]["last_value"] == figure["compare"]["value"]


def test_all_units_stand_there_and_add_up_to_the_district(august: dict[str, Any]) -> None:
    units = {line["unit"]: line for line in august["units"]}
    assert units["nyw"]["month"] == {
        "signed_count": 0, "contract_amount": "0.00", "funds_arrived": "0.00", "started_count": 0,
        "days_out": "0.0", "outgoing_visits": 0, "incoming_visits": 0, "late_reports": 0, "missing_reports": 0,
    }  # fmt: skip
    assert (units["jxw"]["month"]["signed_count"], units["jxw"]["year"]["signed_count"]) == (2, 3)
    assert august["other_units"]["month"]["contract_amount"] == "300000000.00"
    total = sum(line["year"]["signed_count"] for line in (*august["units"], august["other_units"]))
    assert total == 4


@pytest.mark.parametrize("who", ["officer", "leader", "reporter", "reviewer"])
def test_open_projects_are_named_and_the_others_counted(as_: As, district: None, who: str) -> None:
    signed = as_(who).get(f"{API}/bulletins/2020-08").json()["signed"]
    assert [item["name"] for item in signed["items"]] == ["甲", "丙"]
    assert signed["withheld"] == 1


def test_a_month_to_come_has_no_bulletin(as_: As) -> None:
    assert as_("leader").get(f"{API}/bulletins/2020-11").status_code == 422
    assert as_("leader").get(f"{API}/bulletins/2020-13").status_code == 422
