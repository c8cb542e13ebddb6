"""A correction that comes after a period was over shows in the period's figures and in every comparison with it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from app.facts.agreements.service import derive, weigh
from app.facts.projects.restatements import OF_STAGE
from app.figures.sources import SOURCES
from app.identity.periods.closures import hold
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.projects import make_project

API = "/api/v1"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2021-03-10T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def code(db: Work) -> str:
    """Signed in August 2020 for 1亿元, with a supplement of 0.3亿元 in October; started in November."""
    with db() as session:
        project = make_project(session, stage="started", started_on=date(2020, 11, 2))
        make_agreement(session, project, signed_on=date(2020, 8, 18), amount_fen=YI)
        make_agreement(session, project, "supplement", date(2020, 10, 9), increment_fen=3 * YI // 10)
        return project.code


def asked(as_: As, indicator: str, period: str, **more: Any) -> Any:
    answer = as_("leader").get(f"{API}/figures", params={"indicator": indicator, "period": period, **more})
    return answer.json()["items"][0]


def correct(as_: As, code: str, place: int, **body: Any) -> None:
    officer, of = as_("officer"), f"{API}/projects/{code}"
    paper = officer.get(f"{of}/agreements").json()["items"][place]["id"]
    match = {"If-Match": officer.get(of).headers["ETag"]}
    assert officer.patch(f"{of}/agreements/{paper}", json=body, headers=match).status_code == 200


def test_sources_are_named_as_figures_name_them() -> None:
    assert {*OF_STAGE.values(), "contracts", "formals", "frameworks", "funds"} <= SOURCES.keys()


def test_a_corrected_amount_restates_its_year_and_says_so_when_compared(as_: As, code: str) -> None:
    assert asked(as_, "contract_amount", "2020")["restated"] is False
    correct(as_, code, 0, amount="90000000.00", reason="录入时多了一千万")
    figure = asked(as_, "contract_amount", "2020")
    assert (figure["value"], figure["restated"]) == ("120000000.00", True)
    assert asked(as_, "contract_amount", "2020-08")["restated"] is True
    assert asked(as_, "contract_amount", "2020-10")["restated"] is False
    assert asked(as_, "framework_amount", "2020")["restated"] is False
    compared = asked(as_, "contract_amount", "2021", compare="yoy", as_of="2021-12-31")
    assert (compared["restated"], compared["compare"]["restated"]) == (False, True)
    found = as_("leader").get(
        f"{API}/figures/restatements", params={"indicator": "contract_amount", "period": "2020", "count": True}
    )
    body = found.json()
    assert (body["total"], body["withheld"]) == (1, 0)
    assert body["items"][0] == {
        "project": code, "name": body["items"][0]["name"], "source": "contracts", "label": "正式合同及增资",
        "day": "2020-08-18", "recorded_on": "2021-03-10", "reason": "录入时多了一千万",
    }  # fmt: skip


def test_a_corrected_date_restates_the_month_it_left_and_the_one_it_came_to(as_: As, code: str) -> None:
    correct(as_, code, 0, signed_on="2020-07-30", reason="合同落款日期")
    for month, restated in (("2020-07", True), ("2020-08", True), ("2020-09", False)):
        assert asked(as_, "signed_count", month)["restated"] is restated, month
    # What stands at the end of September is the same as before, yet something before it was corrected.
    assert asked(as_, "agreements_since", "2020-09")["restated"] is True


def test_a_move_back_restates_the_start(as_: As, code: str) -> None:
    moved = as_("officer").post(
        f"{API}/projects/{code}/moves", json={"to": "signed", "happened_on": "2021-03-01", "reason": "现场并未动工"}
    )
    assert moved.status_code == 201
    figure = asked(as_, "started_count", "2020")
    assert (figure["value"], figure["restated"]) == (0, True)
    assert asked(as_, "signed_count", "2020")["restated"] is False


def test_what_is_late_but_corrects_nothing_restates_nothing(as_: As, code: str) -> None:
    late = {"type": "supplement", "signed_on": "2020-12-20", "increment": "1000000.00"}
    assert as_("officer").post(f"{API}/projects/{code}/agreements", json=late).status_code == 201
    correct(as_, code, 0, note="附件二")
    assert asked(as_, "contract_amount", "2020")["restated"] is False


def test_the_correction_of_a_sealed_project_is_withheld(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, stage="signed", confidentiality="sealed")
        paper = make_agreement(session, project, signed_on=date(2020, 8, 18), amount_fen=YI)
        before = weigh([paper])
        paper.amount_fen = 2 * YI
        derive(session, project, hold(session), before, "更正")
    for who in ("officer", "leader", "reporter"):
        params = {"indicator": "contract_amount", "period": "2020"}
        body = as_(who).get(f"{API}/figures/restatements", params=params).json()
        assert (body["items"], body["withheld"]) == ([], 1), who
    assert asked(as_, "contract_amount", "2020")["restated"] is True
