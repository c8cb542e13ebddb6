"""The series of weekly boards: what is published, on which rules, and how it is printed."""

from pathlib import Path

from app.facts.projects.rules import SCALE
from app.facts.reports.rules import WEEKLY
from app.figures.rules import INDICATORS
from app.published.boards.content import to_publish
from app.published.boards.printing import printed
from app.published.boards.rules import ACTIVITY
from app.published.boards.sample import sample
from app.published.boards.schemas import BoardContent
from app.published.issues.kinds import IssueKind, Paper, declare

WEEKLY_BOARD = declare(
    IssueKind(
        code="weekly_board",
        label="周展示",
        period="week",
        content=to_publish,
        title=lambda week, number: f"招商引资活跃指数周展示（{week.text[:4]}年第{number}期）",
        rules=(INDICATORS, SCALE),
        rules_from_the_first_day=(ACTIVITY, WEEKLY),
        paper=Paper(
            mark="招商引资周展示",
            heading=lambda week: f"{week.label}招商引资活跃指数",
            content=BoardContent,
            printed=printed,
            sample=sample,
            word=Path(__file__).with_name("weekly.docx"),
            pdf=Path(__file__).with_name("weekly.typ"),
        ),
    )
)
