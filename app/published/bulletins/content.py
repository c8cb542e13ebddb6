"""What the monthly bulletin says: the leaders' trips and what came of them, and the district's dynamics."""

from pathlib import Path

from sqlalchemy import Connection

from app.facts.engagements.rules import ENGAGEMENTS
from app.facts.projects.rules import SCALE
from app.facts.reports.rules import WEEKLY
from app.figures.indicators import rulebook
from app.figures.rules import INDICATORS
from app.kernel.calendar import Period
from app.published.bulletins import dynamics
from app.published.bulletins.printing import printed
from app.published.bulletins.sample import sample
from app.published.bulletins.schemas import BulletinContent
from app.published.bulletins.trips import leader_trips
from app.published.issues.kinds import IssueKind, Paper, declare
from app.published.named import named


def content(connection: Connection, month: Period) -> BulletinContent:
    """The bulletin of a month that is over; of one that is not, as far as it has come."""
    year = Period.span(month.start.replace(month=1, day=1), month.end)
    book = rulebook(connection)
    units, others = dynamics.units(connection, book, month, year)
    return BulletinContent(
        period=month.text,
        label=month.label,
        year_to_date=year.text,
        leaders=leader_trips(connection, month),
        headline=dynamics.headline(connection, book, month, year),
        units=units,
        other_units=others,
        weeks=dynamics.weeks(connection, book, month),
        signed=named(connection, "signings", month),
        started=named(connection, "starts", month),
    )


MONTHLY = declare(
    IssueKind(
        code="monthly_bulletin",
        label="月通报",
        period="month",
        content=content,
        title=lambda month, number: f"招商引资工作通报（{month.end.year}年第{number}期）",
        rules=(INDICATORS, SCALE, ENGAGEMENTS, WEEKLY),
        paper=Paper(
            mark="招商引资工作通报",
            heading=lambda month: f"{month.label}全区招商引资工作情况",
            content=BulletinContent,
            printed=printed,
            sample=sample,
            word=Path(__file__).with_name("monthly.docx"),
            pdf=Path(__file__).with_name("monthly.typ"),
        ),
    )
)
