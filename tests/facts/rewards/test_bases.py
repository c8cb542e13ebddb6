"""What rewards are computed from: read from the ledgers, for any number of projects in as many statements."""

from datetime import date

from sqlalchemy import event

from app.facts.enterprises.models import ListingCode
from app.facts.funds.models import FundSource
from app.facts.projects.models import ProjectEnterprise
from app.facts.rewards.policies.bases import bases_of
from app.facts.rewards.policies.calculation import Bases
from tests.clients import Work
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project

DAY = date(2020, 10, 31)


def test_only_what_was_recognised_until_the_day_counts(db: Work) -> None:
    with db() as session:
        parent = make_enterprise(session, listings=(("global_500", 2019), ("listed", 2021)))
        investor = make_enterprise(
            session, listings=(("leader", 2020),), parent_id=parent.id, registered_capital_fen=900
        )
        project = make_project(session, enterprise=investor, land_mu=120_50, investment_fen=7_000, contract_fen=6_000)
        for fen, day, source, state in (
            (1_000, date(2020, 9, 30), "foreign", "recognised"),
            (200, DAY, "local", "recognised"),
            (40, date(2020, 11, 1), "local", "recognised"),  # after the day
            (5, date(2020, 9, 30), "foreign", "declared"),
            (6, date(2020, 9, 30), "foreign", "rejected"),
        ):
            made = make_fund(session, project, fen, day, source=source, state=state)
            if fen == 1_000:
                make_fund(session, project, -300, date(2020, 10, 2), source=source, reverses_id=made.id)
        make_outcome(session, project, "fixed_asset_investment", 5_000, "2020-08")
        make_outcome(session, project, "fixed_asset_investment", 70, "2020-11")
        make_outcome(session, project, "paid_in_capital", 800, "2020-09-01")
        make_outcome(session, project, "local_contribution", 90, "2020-07")
        make_outcome(session, project, "local_contribution", 10, "2020-09", state="declared")
        make_outcome(session, project, "jobs", 33, "2020-08")
        bare = make_project(session)
        wanted = Bases(
            fixed_asset_investment_fen=5_000, funds_fen={FundSource.FOREIGN: 700, FundSource.LOCAL: 200},
            paid_in_capital_fen=800, local_contribution_fen=90, land_area=120_50, registered_capital_fen=900,
            investment_fen=7_000, contract_fen=6_000, listings=frozenset({ListingCode.GLOBAL_500, ListingCode.LEADER}),
        )  # fmt: skip
        assert bases_of(session, [project.id, bare.id], DAY) == {project.id: wanted, bare.id: Bases()}
        landed = make_enterprise(session, registered_capital_fen=1_100)
        session.add(ProjectEnterprise(project_id=project.id, enterprise_id=landed.id, role="landed"))
        session.flush()
        assert bases_of(session, [project.id], DAY)[project.id].registered_capital_fen == 1_100
        later = bases_of(session, [project.id], date(2021, 1, 1))[project.id]
        assert (later.fixed_asset_investment_fen, later.funds_fen[FundSource.LOCAL]) == (5_070, 240)
        assert ListingCode.LISTED in later.listings


def test_many_projects_take_as_many_statements_as_one(db: Work) -> None:
    told: list[str] = []
    with db() as session:
        numbers = [make_project(session).id for _ in range(30)]
        session.flush()
        event.listen(session.connection(), "before_cursor_execute", lambda *found: told.append(found[2]))
        assert len(bases_of(session, numbers[:1], DAY)) == 1
        once = len(told)
        assert len(bases_of(session, numbers, DAY)) == 30
        assert once == len(told) - once == 4
