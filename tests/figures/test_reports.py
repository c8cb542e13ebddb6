"""Late and missing weekly reports: by unit, tier and week, once a week has closed; the rows behind them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine

from app.facts.reports.jobs import keep_weeks
from app.facts.reports.terms import ReportState
from app.identity.units.models import Tier
from app.kernel.calendar import SHANGHAI
from tests.clients import As, Work
from tests.factories.identity import make_unit
from tests.factories.reports import make_report, make_week

EVERY_CASE = True  # they choose the statements


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2027-01-06T10:00:00+08:00", tick=False) as traveller:
        yield traveller


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def weeks(db: Work) -> None:
    """Two weeks that closed and one that has not; of 2026-W53 three days lie in 2027."""
    with db() as session:
        for week, closes in (("2026-W52", "2026-12-28T12:00"), ("2026-W53", "2027-01-04T12:00")):
            tiers = ",key,assist,"
            make_week(session, week, deadline_at=at(closes), settled_at=at(closes), tiers=tiers)
        make_week(session, "2027-W01")
        units = {
            code: make_unit(session, code, f"单位{code}", tier=tier)
            for code, tier in (("a", Tier.KEY), ("b", Tier.KEY), ("c", Tier.ASSIST), ("d", Tier.AWAY))
        }
        make_unit(session, "new", "新单位", valid_from=date(2027, 1, 4))
        filed = ReportState.SUBMITTED
        make_report(session, "2026-W52", units["a"], state=filed, submitted=at("2026-12-28T12:00"))
        make_report(session, "2026-W52", units["b"], state=filed, submitted=at("2026-12-28T12:00:01"))
        make_report(session, "2026-W52", units["c"])
        make_report(session, "2026-W53", units["b"], state=filed, submitted=at("2027-01-05T08:00"))
        make_report(session, "2027-W01", units["a"], state=filed, submitted=at("2027-01-05T08:00"))


def told(as_: As, indicator: str, period: str = "2026", **more: Any) -> Any:
    answer = as_("leader").get("/api/v1/figures", params={"indicator": indicator, "period": period} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def value(as_: As, indicator: str, period: str = "2026") -> int:
    (item,) = told(as_, indicator, period)
    return int(item["value"])


@pytest.mark.usefixtures("weeks")
def test_late_and_missing(as_: As) -> None:
    assert value(as_, "late_reports") == 2
    assert value(as_, "missing_reports") == 3  # c for both weeks, a for the second
    assert value(as_, "missing_reports", "2027") == 0
    assert value(as_, "missing_reports", "2026-W53") == 2
    assert value(as_, "late_reports", "2026-12") == 2


@pytest.mark.usefixtures("weeks")
@pytest.mark.parametrize(
    ("indicator", "by", "found"),
    [
        ("late_reports", "unit", {"b": 2}),
        ("missing_reports", "unit", {"a": 1, "c": 2}),
        ("missing_reports", "tier", {"key": 1, "assist": 2}),
        ("late_reports", "tier", {"key": 2}),
        ("missing_reports", "week", {"2026-W52": 1, "2026-W53": 2}),
    ],
)
def test_broken_down(as_: As, indicator: str, by: str, found: dict[str, int]) -> None:
    parts = told(as_, indicator, by=by)
    assert {part["dimensions"][by]: part["value"] for part in parts if part["value"]} == found


@pytest.mark.usefixtures("weeks")
def test_the_rows_behind_them(as_: As) -> None:
    rows = as_("leader").get("/api/v1/figures/rows?indicator=missing_reports&period=2026&limit=2&count=true").json()
    assert (rows["total"], rows["withheld"], rows["source"]["kind"]) == (3, 0, "report")
    more = (
        as_("leader")
        .get(f"/api/v1/figures/rows?indicator=missing_reports&period=2026&limit=2&after={rows['next']}")
        .json()
    )
    names = [row["name"] for row in (*rows["items"], *more["items"])]
    assert sorted(names) == ["单位a 2026-W53", "单位c 2026-W52", "单位c 2026-W53"]
    late = as_("leader").get("/api/v1/figures/rows?indicator=late_reports&period=2026").json()["items"]
    assert [row["name"] for row in late] == ["单位b 2026-W53", "单位b 2026-W52"]


def test_what_the_worker_settles_is_counted(as_: As, db: Work, clock: time_machine.Traveller, app: Any) -> None:
    with db() as session:
        make_week(session, "2026-W53")
        make_unit(session, "a")
    keep_weeks(app.state.database)
    assert value(as_, "missing_reports") == 1
    reporter = as_("reporter", unit="a")
    reporter.put("/api/v1/weekly/2026-W53/reports/a", json={"zero": True})
    assert value(as_, "missing_reports") == 1, "a draft is no report"
    reporter.post("/api/v1/weekly/2026-W53/reports/a/submit")
    assert (value(as_, "missing_reports"), value(as_, "late_reports")) == (0, 1)
