"""What a closed period counts does not move: late facts count on the first open day after it, until it is re-opened."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.facts.projects.models import Project
from app.facts.projects.service import set_reached
from app.facts.projects.terms import Stage
from app.identity.periods.closures import hold
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.funds import make_fund
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

API = "/api/v1"
INDICATORS = [
    "signed_count",
    "contract_amount",
    "funds_arrived",
    "started_count",
    "framework_count",
    "framework_amount",
]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2020-10-20T09:00:00+08:00", tick=False):
        yield


def asked(as_: As, period: str, *indicators: str) -> list[Any]:
    answer = as_("leader").get(f"{API}/figures", params={"indicator": indicators or INDICATORS, "period": period})
    return [item["value"] for item in answer.json()["items"]]


@pytest.fixture
def code(db: Work) -> str:
    """Signed on 18 August for 1亿元, started on the 25th, 0.5亿元 arrived on the 28th."""
    with db() as session:
        project = make_project(session, stage="started", started_on=date(2020, 8, 25))
        make_agreement(session, project, signed_on=date(2020, 8, 18), amount_fen=YI)
        make_fund(session, project, YI // 2, date(2020, 8, 28))
        return project.code


def test_a_late_fact_counts_after_the_closed_period_and_comes_home_when_it_is_opened(as_: As, code: str) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    assert reviewer.post(f"{API}/periods/2020-08/lock").status_code == 200
    before = asked(as_, "2020-08")
    made = officer.post(
        f"{API}/projects/{code}/agreements",
        json={"type": "supplement", "signed_on": "2020-08-30", "increment": "30000000.00"},
    )
    assert made.status_code == 201
    assert (made.json()["signed_on"], made.json()["deferred_to"]) == ("2020-08-30", "2020-09-01")
    assert asked(as_, "2020-08") == before
    assert asked(as_, "2020-09", "contract_amount") == ["30000000.00"]
    row = as_("leader").get(f"{API}/figures/rows", params={"indicator": "contract_amount", "period": "2020-09"}).json()
    assert (row["items"][0]["date"], row["items"][0]["deferred_from"]) == ("2020-09-01", "2020-08-30")
    assert reviewer.post(f"{API}/periods/2020-08/reopen", json={"reason": "补录"}).status_code == 200
    assert asked(as_, "2020-08", "contract_amount") == ["130000000.00"]
    assert asked(as_, "2020-09", "contract_amount") == ["0.00"]


def test_what_another_closed_period_counts_by_now_stays_there(as_: As, code: str) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    paper = {"type": "supplement", "signed_on": "2020-08-30", "increment": "30000000.00"}
    reviewer.post(f"{API}/periods/2020-08/lock")
    officer.post(f"{API}/projects/{code}/agreements", json=paper)
    reviewer.post(f"{API}/periods/2020-09/lock")
    reviewer.post(f"{API}/periods/2020-08/reopen", json={"reason": "补录"})
    assert asked(as_, "2020-09", "contract_amount") == ["30000000.00"]
    assert asked(as_, "2020-08", "contract_amount") == ["100000000.00"]
    reviewer.post(f"{API}/periods/2020-09/reopen", json={"reason": "补录"})
    # September holds no late facts of its own: the supplement of August stays where it has been published.
    assert asked(as_, "2020-09", "contract_amount") == ["30000000.00"]


def test_a_correction_of_what_a_closed_period_counts_is_refused_until_it_is_opened(
    as_: As, code: str, db: Work
) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    of = f"{API}/projects/{code}"
    paper = officer.get(f"{of}/agreements").json()["items"][0]["id"]
    fund = officer.get(f"{of}/funds").json()["items"][0]["id"]
    reviewer.post(f"{API}/periods/2020-08/lock")
    before = asked(as_, "2020-08")

    def match() -> dict[str, str]:
        return {"If-Match": officer.get(of).headers["ETag"]}

    def attempts() -> list[Any]:
        return [
            officer.patch(f"{of}/agreements/{paper}", json={"amount": "1.00"}, headers=match()),
            officer.patch(f"{of}/agreements/{paper}", json={"signed_on": "2020-10-01"}, headers=match()),
            officer.patch(f"{of}/stages/started", json={"happened_on": "2020-09-02", "reason": "改"}, headers=match()),
            officer.post(f"{of}/moves", json={"to": "signed", "happened_on": "2020-10-01", "reason": "退回"}),
            reviewer.post(f"{of}/funds/{fund}/reverse", json={"reason": "重复", "restate": True}),
        ]

    for refused in attempts():
        assert (refused.status_code, refused.json()["code"]) == (409, "period_locked"), refused.text
        assert "2020-08" in refused.json()["detail"]
    # What no figure counts may be corrected; money that went back goes from the day it went back.
    assert officer.patch(f"{of}/agreements/{paper}", json={"note": "见附件"}, headers=match()).status_code == 200
    assert reviewer.post(f"{of}/funds/{fund}/reverse", json={"reason": "退回", "on": "2020-08-31"}).status_code == 201
    assert asked(as_, "2020-08") == before
    assert asked(as_, "2020-09", "funds_arrived") == ["-50000000.00"]
    assert reviewer.post(f"{API}/periods/2020-08/reopen", json={"reason": "更正"}).status_code == 200
    assert asked(as_, "2020-08", "funds_arrived") == ["0.00"]
    corrected = officer.patch(f"{of}/agreements/{paper}", json={"amount": "200000000.00"}, headers=match())
    assert corrected.status_code == 200
    assert asked(as_, "2020-08", "contract_amount") == ["200000000.00"]
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_an_archive_or_an_entry_before_the_end_of_a_closed_period_is_refused(as_: As, code: str) -> None:
    officer = as_("officer")
    as_("reviewer").post(f"{API}/periods/2020-Q3/lock")
    archive = officer.post(f"{API}/projects/{code}/archive", json={"on": "2020-09-30", "reason": "停"})
    assert archive.json()["code"] == "period_locked"
    new = {"name": "迟来的项目", "kind": "lease", "lead_on": "2020-05-01", "tracked_from": "2020-05-01"}
    assert officer.post(f"{API}/projects", json=new).json()["code"] == "period_locked"
    assert officer.post(f"{API}/projects", json=new | {"tracked_from": "2020-10-01"}).status_code == 201
    assert asked(as_, "2020-Q3", "projects_in_database") == [1]


PERIODS = ("2020-06", "2020-07", "2020-08", "2020-09", "2020-Q3", "2020-W32", "2020-H1")
DAYS = st.dates(date(2020, 6, 1), date(2020, 10, 20))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lock"), st.sampled_from(PERIODS)),
        st.tuples(st.just("reopen"), st.sampled_from(PERIODS)),
        st.tuples(st.just("supplement"), DAYS),
        st.tuples(st.just("framework"), DAYS),
        st.tuples(st.just("formal"), DAYS),
        st.tuples(st.just("date"), DAYS),
        st.tuples(st.just("void"), st.integers(0, 3)),
        st.tuples(st.just("start"), DAYS),
        st.tuples(st.just("back"), DAYS),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_order_of_events_moves_a_closed_period(as_: As, db: Work, steps: list[tuple[str, Any]]) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    with db() as session:
        project = make_project(session, stage="signed")
        make_agreement(session, project, signed_on=date(2020, 6, 20), amount_fen=YI)
        of = f"{API}/projects/{project.code}"
    closed: dict[str, list[Any]] = {}
    for verb, value in steps:
        match verb:
            case "lock":
                if reviewer.post(f"{API}/periods/{value}/lock").status_code == 200:
                    closed[value] = asked(as_, value)
            case "reopen":
                if reviewer.post(f"{API}/periods/{value}/reopen", json={"reason": "更正"}).status_code == 200:
                    del closed[value]
            case "supplement" | "framework" | "formal":
                body = {"type": verb, "signed_on": value.isoformat()}
                body |= {"increment": "5.00"} if verb == "supplement" else {"amount": "7.00"}
                officer.post(f"{of}/agreements", json=body)
            case "date":
                papers = officer.get(f"{of}/agreements").json()["items"]
                match = {"If-Match": officer.get(of).headers["ETag"]}
                body = {"signed_on": value.isoformat()}
                officer.patch(f"{of}/agreements/{papers[0]['id']}", json=body, headers=match)
            case "void":
                papers = officer.get(f"{of}/agreements").json()["items"]
                officer.post(f"{of}/agreements/{papers[value % len(papers)]['id']}/void", json={"reason": "误录"})
            case "start":
                officer.post(f"{of}/moves", json={"to": "started", "happened_on": value.isoformat()})
            case "back":
                officer.post(f"{of}/moves", json={"to": "talk", "happened_on": value.isoformat(), "reason": "退回"})
        for period, then in closed.items():
            assert asked(as_, period) == then, (verb, value, period)
    for period in closed:
        reviewer.post(f"{API}/periods/{period}/reopen", json={"reason": "下一例"})


def test_late_starts_and_late_money_come_home_too(as_: As, db: Work) -> None:
    reviewer = as_("reviewer")
    with db() as session:
        project = make_project(session, stage="started")
        make_agreement(session, project, signed_on=date(2020, 6, 1), amount_fen=YI)
        code = project.code
    assert reviewer.post(f"{API}/periods/2020-Q3/lock").status_code == 200
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        set_reached(session, project, Stage.STARTED, date(2020, 8, 3), hold(session), None)
        fund = make_fund(session, project, YI // 4, date(2020, 9, 9))
        fund.deferred_to = hold(session).deferral(fund.arrived_on)
    assert asked(as_, "2020-Q3", "started_count", "funds_arrived") == [0, "0.00"]
    assert asked(as_, "2020-10", "started_count", "funds_arrived") == [1, "25000000.00"]
    reviewer.post(f"{API}/periods/2020-Q3/reopen", json={"reason": "补录"})
    assert asked(as_, "2020-Q3", "started_count", "funds_arrived") == [1, "25000000.00"]
    assert asked(as_, "2020-10", "started_count", "funds_arrived") == [0, "0.00"]
    with db() as session:
        assert_log_equals_tables(session.connection())
