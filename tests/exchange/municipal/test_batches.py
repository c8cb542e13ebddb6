"""What is rendered in bulk asks the database the same number of questions for one record and for many."""

from datetime import date

from app.exchange.municipal import payloads, weeks
from app.exchange.municipal.rules import Report
from app.kernel.calendar import Period
from app.kernel.db import Database
from tests.clients import Work
from tests.factories.agreements import make_agreement
from tests.factories.engagements import make_engagement
from tests.factories.funds import make_fund
from tests.factories.projects import make_project
from tests.published.boards.ruling import statements

BACKENDS = ("sqlite",)  # whose driver tells of each


def test_any_number_of_records_takes_the_same_statements(db: Work, database_url: str) -> None:
    with db() as session:
        ids = []
        for number in range(12):
            project = make_project(session, stage="signed")
            make_agreement(session, project, signed_on=date(2020, 1, 6 + 2 * number))
            make_fund(session, project)
            make_engagement(session, starts_on=date(2020, 2, 1 + number))
            ids.append(project.id)
    every = Period.parse("2020").parts("week")
    database, report = Database(database_url), Report()
    one, all_of = (
        statements(database, lambda c, n=n: list(payloads.of_projects(c, report, ids[:n], "500114"))) for n in (1, 12)
    )
    assert one == all_of == 2
    one, all_of = (statements(database, lambda c, n=n: weeks.of_weeks(c, every[:n], "500114")) for n in (1, 53))
    assert one == all_of <= 20
    database.close()
