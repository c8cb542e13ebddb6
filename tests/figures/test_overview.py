"""The landing page: every number in it is a figure one can ask for alone."""

from datetime import date
from typing import Any

import pytest

from app.identity.periods.models import Period
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.projects import make_project


@pytest.fixture
def district(db: Work) -> None:
    with db() as session:
        for number in range(1, 13):
            unit = make_unit(session, f"u{number:02d}", f"单位{number}")
            project = make_project(session, unit=unit, sector="industry" if number % 3 else "services")
            make_agreement(session, project, signed_on=date(2020, number, 2), amount_fen=number * YI)
            make_fund(session, project, number * YI // 10, date(2020, number, 28))
        make_project(session, stage="lead")


def test_overview(as_: As, district: None) -> None:
    officer = as_("officer")
    found = officer.get("/api/v1/overview", params={"period": "2020", "as_of": "2020-12-31"}).json()
    assert (found["period"], found["label"], found["locked"], found["tracked"]) == ("2020", "2020年", False, 13)

    def figures(**params: Any) -> Any:
        return officer.get("/api/v1/figures", params={"period": "2020", "as_of": "2020-12-31"} | params).json()["items"]

    codes = [item["indicator"] for item in found["headline"]]
    assert found["headline"] == figures(indicator=codes, compare="yoy")
    assert {"signed_count", "contract_amount", "funds_arrived", "funds_rate", "start_rate", "large_count"} <= set(codes)
    assert found["sectors"] == figures(indicator=["signed_count", "contract_amount"], by="sector")
    assert found["stages"] == figures(indicator="projects_in_database", by="stage")
    assert found["units"] == [
        {"unit": f"u{n:02d}", "label": f"单位{n}", "signed_count": 1, "contract_amount": f"{n}00000000.00"}
        for n in range(12, 2, -1)
    ]
    assert [month["month"] for month in found["months"]] == [f"2020-{n:02d}" for n in range(1, 13)]
    assert found["months"][3] == {
        "month": "2020-04", "signed_count": 1, "signed_total": 4, "contract_amount": "400000000.00",
        "contract_total": "1000000000.00", "funds_arrived": "40000000.00", "funds_total": "100000000.00",
    }  # fmt: skip
    assert [row["signed_on"] for row in found["recent"]] == [f"2020-{n:02d}-02" for n in range(12, 2, -1)]


def test_a_running_year_has_the_months_until_today(as_: As, district: None) -> None:
    found = as_("officer").get("/api/v1/overview", params={"as_of": "2020-05-15"}).json()
    assert found["period"] == "2020"
    assert len(found["months"]) == 5
    assert found["headline"][0]["value"] == 5
    assert found["headline"][0]["compare"]["period"] == "2019-01-01..2019-05-15"


def test_a_locked_period_says_so(as_: As, db: Work) -> None:
    with db() as session:
        session.add(Period(text="2020", starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31), locked=True))
        session.add(Period(text="2021-01", starts_on=date(2021, 1, 1), ends_on=date(2021, 1, 31), locked=False))
    for period, locked in (("2020", True), ("2020-Q3", True), ("2020-12-01..2021-01-31", False), ("2021-01", False)):
        for path in ("figures?indicator=signed_count&", "overview?"):
            answer = as_("officer").get(f"/api/v1/{path}period={period}").json()
            assert answer["locked"] is locked, (path, period)


def test_an_answer_is_kept_until_something_changes(as_: As, db: Work, district: None) -> None:
    officer = as_("officer")
    first = officer.get("/api/v1/overview?period=2020")
    same = officer.get("/api/v1/overview?period=2020", headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    with db() as session:
        make_agreement(session, make_project(session), signed_on=date(2020, 5, 5))
    changed = officer.get("/api/v1/overview?period=2020", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.json()["headline"][0]["value"] == first.json()["headline"][0]["value"] + 1
