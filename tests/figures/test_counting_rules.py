"""The counting rules of the business, each as a small case computed by hand and asked of the API."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.projects import make_project

API = "/api/v1"
Figure = Callable[..., Any]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2021-12-31T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def figure(as_: As) -> Figure:
    def ask(indicator: str, period: str = "2020") -> Any:
        answer = as_("leader").get(f"{API}/figures", params={"indicator": indicator, "period": period})
        return answer.json()["items"][0]["value"]

    return ask


def test_an_upgrade_counts_the_contract_and_never_the_amount_twice(db: Work, figure: Figure) -> None:
    """A framework of 8亿 in March becomes a contract of 5亿 in September: 5亿 contracted, 8亿 of frameworks apart."""
    with db() as session:
        project = make_project(session)
        make_agreement(session, project, "framework", date(2020, 3, 10), amount_fen=8 * YI)
        make_agreement(session, project, "formal", date(2020, 9, 20), amount_fen=5 * YI)
    assert figure("signed_count") == 1
    assert figure("signed_count", "2020-03") == 0
    assert figure("contract_amount") == "500000000.00"
    assert (figure("framework_count"), figure("framework_amount")) == (1, "800000000.00")


def test_an_increase_counts_its_increment_in_its_own_period(db: Work, figure: Figure) -> None:
    """2亿 in 2020, raised to 3.5亿 in 2021: 2021 gains 1.5亿 and no project; the first amount stays 2亿."""
    with db() as session:
        project = make_project(session)
        make_agreement(session, project, "formal", date(2020, 5, 6), amount_fen=2 * YI)
        make_agreement(
            session, project, "supplement", date(2021, 2, 3), amount_fen=35 * YI // 10, increment_fen=15 * YI // 10
        )
    assert (figure("signed_count"), figure("contract_amount")) == (1, "200000000.00")
    assert (figure("signed_count", "2021"), figure("contract_amount", "2021")) == (0, "150000000.00")


def test_an_increase_does_not_make_a_project_large(db: Work, figure: Figure) -> None:
    """`large` looks at the first formal contract: 0.6亿 raised by 0.9亿 is not large, 1亿 is (inclusive)."""
    with db() as session:
        small, large = make_project(session), make_project(session)
        make_agreement(session, small, "formal", date(2020, 5, 6), amount_fen=6 * YI // 10)
        make_agreement(session, small, "supplement", date(2020, 6, 6), increment_fen=9 * YI // 10)
        make_agreement(session, large, "formal", date(2020, 5, 6), amount_fen=YI)
    assert (figure("large_count"), figure("large_amount")) == (1, "100000000.00")


def test_phases_belong_to_one_project(db: Work, figure: Figure) -> None:
    """Phase one 1.2亿 in April, phase two 0.8亿 in November under a contract of its own: one project, 2亿."""
    with db() as session:
        project = make_project(session)
        make_agreement(session, project, "formal", date(2020, 4, 1), amount_fen=12 * YI // 10)
        make_agreement(session, project, "formal", date(2020, 11, 1), amount_fen=8 * YI // 10)
    assert figure("signed_count") == 1
    assert [figure("signed_count", month) for month in ("2020-04", "2020-11")] == [1, 0]
    assert [figure("contract_amount", month) for month in ("2020-04", "2020-11")] == ["120000000.00", "80000000.00"]
    assert figure("contract_amount") == "200000000.00"


def test_a_change_of_owner_signs_nothing_anew(as_: As, db: Work, figure: Figure) -> None:
    """The investor of 2020 hands over in 2021 by a supplement without increment: 2021 counts nothing, 2020 stays."""
    with db() as session:
        old, new = make_enterprise(session), make_enterprise(session)
        project = make_project(session, enterprise=old, stage="signed")
        make_agreement(session, project, "formal", date(2020, 4, 1), amount_fen=2 * YI)
        code, old_id, new_id = project.code, old.id, new.id
    officer, of = as_("officer"), f"{API}/projects/{code}"
    part = next(p["id"] for p in officer.get(of).json()["enterprises"] if p["enterprise_id"] == old_id)
    assert officer.delete(f"{of}/enterprises/{part}").status_code in (200, 204)
    for enterprise, role in ((old_id, "former"), (new_id, "investor")):
        taken = officer.post(f"{of}/enterprises", json={"enterprise_id": enterprise, "role": role})
        assert taken.status_code in (200, 201), taken.text
    handed = {"type": "supplement", "signed_on": "2021-06-01", "increment": "0.00", "note": "股权转让，承接原合同"}
    assert officer.post(f"{of}/agreements", json=handed).status_code == 201
    assert (figure("signed_count"), figure("contract_amount")) == (1, "200000000.00")
    assert (figure("signed_count", "2021"), figure("contract_amount", "2021")) == (0, "0.00")
    assert figure("agreements_since", "2021") == 1


def test_a_project_that_ended_later_stays_where_it_was_signed(as_: As, db: Work, figure: Figure) -> None:
    with db() as session:
        project = make_project(session, stage="signed")
        make_agreement(session, project, "formal", date(2020, 4, 1), amount_fen=2 * YI)
        code = project.code
    ended = {"status": "terminated", "on": "2021-03-01", "reason": "投资方破产"}
    assert as_("officer").post(f"{API}/projects/{code}/status", json=ended).status_code == 200
    assert (figure("signed_count"), figure("contract_amount")) == (1, "200000000.00")
