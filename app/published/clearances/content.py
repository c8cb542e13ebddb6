"""What the report of a clearance says. Only open projects are named, since it goes from hand to hand."""

from collections import Counter
from pathlib import Path

from sqlalchemy import Connection, select

from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.calendar import Period
from app.kernel.errors import Conflict
from app.published.clearances.models import Clearance, ClearanceFinding
from app.published.clearances.printing import printed, sample
from app.published.clearances.queries import NoClearance, counts
from app.published.clearances.schemas import ClearanceContent, ReportLine, ReportUnit
from app.published.clearances.terms import TO_SETTLE
from app.published.issues.kinds import IssueKind, Paper, declare

OTHERS = "未列名项目"


class NotPeriodical(Conflict):
    code = "not_periodical"
    message = "清理报告由清理本身发布，见 POST /clearances/{clearance_id}/report"
    english = "The report of a clearance is published by the clearance itself."


def _of_period(_connection: Connection, _period: Period) -> ClearanceContent:
    raise NotPeriodical


CLEARANCE = declare(
    IssueKind(
        code="clearance",
        label="合同履约清理报告",
        period="year",
        content=_of_period,
        title=lambda period, number: f"合同履约清理情况报告（{period.text[:4]}年第{number}号）",
        paper=Paper(
            mark="合同履约清理报告",
            heading=lambda period: f"{period.label}招商引资合同履约清理情况",
            content=ClearanceContent,
            printed=printed,
            sample=sample,
            word=Path(__file__).with_name("report.docx"),
            pdf=Path(__file__).with_name("report.typ"),
        ),
    )
)


def content(connection: Connection, number: int) -> ClearanceContent:
    """The report of a clearance as it stands."""
    clearance = connection.execute(select(Clearance.__table__).where(Clearance.id == number)).one_or_none()
    if clearance is None:
        raise NoClearance
    today = calendar.today()
    rows = connection.execute(
        select(
            Project.code, Project.name, Project.confidentiality, ClearanceFinding.snapshot, ClearanceFinding.finding,
            ClearanceFinding.reason, ClearanceFinding.action, ClearanceFinding.deadline, ClearanceFinding.done_on,
            Unit.name.label("owner"),
        )
        .select_from(ClearanceFinding)
        .join(Project, Project.id == ClearanceFinding.project_id)
        .outerjoin(Unit, Unit.id == ClearanceFinding.owner_unit_id)
        .where(ClearanceFinding.clearance_id == number)
        .order_by(Project.code, ClearanceFinding.id)
    ).all()  # fmt: skip
    units: dict[str, Counter[str]] = {}
    lines: list[ReportLine] = []
    withheld = 0
    for row in rows:
        is_open = row.confidentiality is Confidentiality.OPEN
        counted = units.setdefault((row.owner or "未指定") if is_open else OTHERS, Counter())
        counted["clauses"] += 1
        if row.finding not in TO_SETTLE:
            continue
        counted["to_settle"] += 1
        counted["done"] += row.done_on is not None
        counted["late"] += row.done_on is None and row.deadline is not None and row.deadline < today
        if not is_open:
            withheld += 1
            continue
        lines.append(
            ReportLine(
                project=row.code, name=row.name, text=row.snapshot["text"], finding=row.finding,
                why=row.reason or "；".join(row.snapshot["why"]), action=row.action, owner=row.owner,
                deadline=row.deadline, done_on=row.done_on,
            )
        )  # fmt: skip
    found = counts(connection, number)
    ordered = sorted(units.items(), key=lambda one: (one[0] == OTHERS, -one[1]["to_settle"], one[0]))
    return ClearanceContent(
        period=str(today.year), clearance=number, title=clearance.title, since=clearance.since, on=clearance.on,
        agreements=clearance.agreements, without_clauses=clearance.without_clauses, clauses=clearance.clauses,
        confirmed=sum(one["confirmed"] for one in found), findings=found,
        units=[
            ReportUnit(name=name, **{key: counted[key] for key in ("clauses", "to_settle", "done", "late")})
            for name, counted in ordered
        ],
        lines=lines, withheld=withheld,
    )  # fmt: skip
