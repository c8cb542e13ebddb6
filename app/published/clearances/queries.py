"""Clearances as they are seen: the findings of projects that the actor may see, and how far each unit has come."""

from collections import Counter
from datetime import date
from io import BytesIO
from typing import Any

from sqlalchemy import Connection, case, func, select
from sqlalchemy.orm import Session

from app.facts.commitments.terms import (
    CLAUSE_KIND_LABELS,
    CLAUSE_STATE_LABELS,
    PARTY_LABELS,
    ClauseKind,
    ClauseState,
    Party,
)
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Where
from app.kernel.replies import Answer
from app.kernel.sheets import ColumnOut, SheetOut, write_workbook
from app.published.clearances.models import Clearance, ClearanceFinding
from app.published.clearances.schemas import ClearanceFilter, FindingFilter
from app.published.clearances.terms import TO_SETTLE, VERDICT_LABELS, ClauseVerdict
from app.published.issues.models import Issue


class NoClearance(NotFound):
    code = "no_clearance"
    message = "没有这次清理"
    english = "There is no such clearance."


class NoFinding(NotFound):
    code = "no_finding"
    message = "没有这条认定，或您无权查看"
    english = "There is no such finding, or it is not yours to see."


CLEARANCES = Listing(
    name="clearances",
    asked=ClearanceFilter,
    source=select(
        Clearance.id,
        Clearance.title,
        Clearance.since,
        Clearance.on,
        Unit.code.label("unit"),
        Clearance.agreements,
        Clearance.without_clauses,
        Clearance.clauses,
        Clearance.note,
        Clearance.entered_by_name.label("entered_by"),
        Clearance.entered_at,
    )
    .select_from(Clearance)
    .outerjoin(Unit, Unit.id == Clearance.unit_id),
    key=Clearance.__table__.c.id,
    sorts={"id": Clearance.__table__.c.id, "on": Clearance.__table__.c.on},
    filters={},
    default_sort="-id",
)
_CONFIRMED = ClearanceFinding.confirmed_at.is_not(None)
_SOURCE = (
    select(
        ClearanceFinding.id,
        ClearanceFinding.clearance_id.label("clearance"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        ClearanceFinding.commitment_id.label("commitment"),
        ClearanceFinding.snapshot,
        ClearanceFinding.proposed,
        ClearanceFinding.finding,
        ClearanceFinding.confirmed_at,
        ClearanceFinding.reason,
        ClearanceFinding.action,
        Unit.code.label("owner"),
        Unit.name.label("owner_name"),
        ClearanceFinding.deadline,
        ClearanceFinding.confirmed_by_name.label("confirmed_by"),
        ClearanceFinding.done_on,
        ClearanceFinding.done_note,
    )
    .select_from(ClearanceFinding)
    .join(Project, Project.id == ClearanceFinding.project_id)
    .outerjoin(Unit, Unit.id == ClearanceFinding.owner_unit_id)
)
FINDINGS = Listing(
    name="clearance_findings",
    asked=FindingFilter,
    source=_SOURCE,
    key=ClearanceFinding.__table__.c.id,
    sorts={
        "id": ClearanceFinding.__table__.c.id,
        "deadline": func.coalesce(ClearanceFinding.deadline, date(9999, 12, 31)),
    },
    filters={
        "clearance": Where(lambda value: ClearanceFinding.clearance_id == value),
        "finding": Where(lambda value: ClearanceFinding.finding == value),
        "proposed": Where(lambda value: ClearanceFinding.proposed == value),
        "project": Where(lambda value: Project.code == value),
        "owner": Where(lambda value: Unit.code == value),
        "confirmed": Where(lambda value: ClearanceFinding.confirmed_at.is_not(None) == value),
        "done": Where(lambda value: ClearanceFinding.done_on.is_not(None) == value),
    },
    default_sort="id",
)


class _Of(FindingFilter):
    """The same of one clearance."""

    clearance: int = 0


def page(connection: Connection, _actor: Actor, asked: ClearanceFilter) -> bytes:
    """A page of all clearances."""
    return CLEARANCES.page(connection, asked)


def findings(connection: Connection, actor: Actor, number: int, asked: FindingFilter) -> dict[str, Any]:
    """A page of the findings of projects that the actor may see."""
    if connection.execute(select(Clearance.id).where(Clearance.id == number)).first() is None:
        raise NoClearance
    of = _Of(**asked.model_dump(), clearance=number)
    found = FINDINGS.found(connection, of, projects.sight(actor))
    found["items"] = [_finding(row) for row in found["items"]]
    return found


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "confirmed_at"} | {
        "confirmed": row["confirmed_at"] is not None
    }


def finding_out(db: Session, finding: ClearanceFinding) -> dict[str, Any]:
    """One finding, as its list shows it."""
    db.flush()
    return _finding(dict(db.execute(_SOURCE.where(ClearanceFinding.id == finding.id)).one()._mapping))


def detail(connection: Connection, actor: Actor, number: int) -> Answer:
    """A clearance and how far it has come."""
    row = connection.execute(CLEARANCES.source.where(Clearance.id == number)).one_or_none()
    if row is None:
        raise NoClearance
    version, issue = connection.execute(
        select(Clearance.version, Clearance.issue_id).where(Clearance.id == number)
    ).one()
    report = connection.execute(select(Issue).where(Issue.id == issue)).one_or_none() if issue else None
    data = dict(row._mapping) | {
        "report": None if report is None else f"{report.kind}/{report.year}/{report.number}/{report.edition}",
        "findings": counts(connection, number),
        "units": progress(connection, actor, number),
    }
    return Answer(data, version, calendar.midnight_after(calendar.now()))


def out(db: Session, actor: Actor, number: int) -> Any:
    """The same of one that has just been begun."""
    db.flush()
    return detail(db.connection(), actor, number).data


def counts(connection: Connection, number: int) -> list[dict[str, Any]]:
    """How many clauses were found how: of all projects, for everybody."""
    rows = connection.execute(
        select(ClearanceFinding.finding, func.count(), func.sum(case((_CONFIRMED, 1), else_=0)))
        .where(ClearanceFinding.clearance_id == number)
        .group_by(ClearanceFinding.finding)
    )
    found = {finding: (count, int(confirmed or 0)) for finding, count, confirmed in rows}
    return [
        {
            "finding": verdict, "label": label, "clauses": found.get(verdict, (0, 0))[0],
            "confirmed": found.get(verdict, (0, 0))[1],
        }
        for verdict, label in VERDICT_LABELS.items()
    ]  # fmt: skip


def progress(connection: Connection, actor: Actor, number: int) -> list[dict[str, Any]]:
    """By unit how far it has come, among the projects that the actor may see."""
    today = calendar.today()
    rows = connection.execute(
        select(
            Unit.code, Unit.name, ClearanceFinding.finding, ClearanceFinding.deadline, ClearanceFinding.done_on,
            _CONFIRMED.label("confirmed"),
        )
        .select_from(ClearanceFinding)
        .join(Project, Project.id == ClearanceFinding.project_id)
        .outerjoin(Unit, Unit.id == ClearanceFinding.owner_unit_id)
        .where(ClearanceFinding.clearance_id == number, projects.visible(actor))
    )  # fmt: skip
    units: dict[tuple[str | None, str | None], Counter[str]] = {}
    for row in rows:
        of_unit = units.setdefault((row.code, row.name), Counter())
        of_unit["clauses"] += 1
        of_unit["confirmed"] += bool(row.confirmed)
        if row.finding in TO_SETTLE:
            of_unit["to_settle"] += 1
            of_unit["done"] += row.done_on is not None
            of_unit["late"] += row.done_on is None and row.deadline is not None and row.deadline < today
    items = [
        {"unit": code, "unit_name": name}
        | {key: counted[key] for key in ("clauses", "confirmed", "to_settle", "done", "late")}
        for (code, name), counted in units.items()
    ]
    return sorted(items, key=lambda one: (one["done"] - one["to_settle"], -one["clauses"], str(one["unit"])))


# -- the spreadsheet -----------------------------------------------------------------------------------------------

COLUMNS = (
    ColumnOut("项目编号", 18),
    ColumnOut("项目名称", 30),
    ColumnOut("投资企业", 26),
    ColumnOut("合同编号", 20),
    ColumnOut("签订日期", 12, "date"),
    ColumnOut("承诺方", 10),
    ColumnOut("种类", 12),
    ColumnOut("条款内容", 44),
    ColumnOut("承诺", 14),
    ColumnOut("已履行", 14),
    ColumnOut("到期日", 12, "date"),
    ColumnOut("状态", 12),
    ColumnOut("逾期天数", 10, "integer"),
    ColumnOut("认定", 12),
    ColumnOut("是否已认定", 10),
    ColumnOut("理由", 26),
    ColumnOut("处理措施", 26),
    ColumnOut("承办单位", 20),
    ColumnOut("办理时限", 12, "date"),
    ColumnOut("办结日期", 12, "date"),
    ColumnOut("办理结果", 26),
)


def workbook(connection: Connection, actor: Actor, number: int) -> tuple[str, BytesIO]:
    """All findings of projects that the actor may see, as a spreadsheet, and its title."""
    clearance = connection.execute(select(Clearance.__table__).where(Clearance.id == number)).one_or_none()
    if clearance is None:
        raise NoClearance
    rows = connection.execute(
        _SOURCE.where(ClearanceFinding.clearance_id == number, projects.visible(actor)).order_by(ClearanceFinding.id)
    )
    book = BytesIO()
    notes = (f"{clearance.title}（条款按 {clearance.on.isoformat()} 的状态列入）",)
    write_workbook(book, [SheetOut("清理台账", COLUMNS, [_cells(row) for row in rows], notes, frozen=2, spare_rows=0)])
    book.seek(0)
    return clearance.title, book


def _cells(row: Any) -> list[Any]:
    seen = row.snapshot
    return [
        row.project, row.project_name, seen["enterprise"], seen["agreement_number"],
        date.fromisoformat(seen["signed_on"]), PARTY_LABELS[Party(seen["party"])],
        CLAUSE_KIND_LABELS[ClauseKind(seen["kind"])], seen["text"], seen["promised"]["text"], seen["achieved"]["text"],
        None if seen["due_on"] is None else date.fromisoformat(seen["due_on"]),
        CLAUSE_STATE_LABELS[ClauseState(seen["state"])], seen["days_overdue"],
        VERDICT_LABELS[ClauseVerdict(row.finding)],
        "否" if row.confirmed_at is None else "是", row.reason, row.action, row.owner_name, row.deadline, row.done_on,
        row.done_note,
    ]  # fmt: skip
