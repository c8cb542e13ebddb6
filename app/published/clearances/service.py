"""What changes a clearance: beginning it, what officers find, what is done, and its report."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement, AgreementType
from app.facts.commitments.queries import HIDDEN, rows
from app.facts.commitments.standing import Standing, standings
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.projects.service import EDITS_ALL, NotYours
from app.facts.projects.units import ids_of
from app.identity.auth.queries import name_of
from app.kernel import bulk, calendar, chain
from app.kernel.access import SYSTEM, Actor
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import Row, plain, record, record_rows
from app.published.clearances.content import CLEARANCE, content
from app.published.clearances.models import Clearance, ClearanceFinding
from app.published.clearances.queries import NoClearance, NoFinding
from app.published.clearances.schemas import ClearanceDoneIn, ClearanceFindingIn, ClearanceIn
from app.published.clearances.terms import TO_SETTLE, proposed
from app.published.issues import service as issues
from app.published.issues.models import Issue


class NothingToClear(Conflict):
    code = "nothing_to_clear"
    message = "该日以来没有正式合同"
    english = "No formal agreement was signed since then."


class NotConfirmed(Conflict):
    code = "not_confirmed"
    message = "该条款尚未认定，或认定无须处理"
    english = "It was not confirmed yet, or nothing has to be done."


def begin(db: Session, actor: Actor, body: ClearanceIn) -> Clearance:
    """Go through all formal agreements signed since a day: their clauses are written down as they stand today.

    What is found is proposed from the state of each. All projects are gone through, also those the actor does not see.
    """
    today = calendar.today()
    unit_id = None if body.unit is None else ids_of(db, [body.unit], "unit")[body.unit]
    formal = (
        Agreement.type == AgreementType.FORMAL, Agreement.voided_reason.is_(None),
        Agreement.signed_on >= body.since, Agreement.signed_on <= today,
    )  # fmt: skip
    in_scope = [] if unit_id is None else [Project.unit_id == unit_id]
    papers = {
        row.id: row.project_id
        for row in db.execute(
            select(Agreement.id, Agreement.project_id)
            .join(Project, Project.id == Agreement.project_id)
            .where(*formal, *in_scope)
        )
    }
    if not papers:
        raise NothingToClear
    concerned = Project.id.in_(select(Agreement.project_id).where(*formal))
    found = [
        one
        for one in standings(db, SYSTEM, today, concerned, *in_scope)
        if one.judged.state not in HIDDEN
        and (
            one.agreement in papers or (one.agreement_type == AgreementType.SUPPLEMENT and one.signed_on >= body.since)
        )
    ]
    clearance = Clearance(
        title=body.title, since=body.since, on=today, unit_id=unit_id, agreements=len(papers),
        without_clauses=len(papers.keys() - {one.agreement for one in found}), clauses=len(found), note=body.note,
        entered_at=calendar.now(), entered_by=actor.id, entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(clearance)
    db.flush()
    record(db, "clearance.begun", clearance)
    _write(db, clearance, found)
    return clearance


def _write(db: Session, clearance: Clearance, found: list[Standing]) -> None:
    """The findings, past the ORM: there are thousands. The log tells of them project by project."""
    connection, table = db.connection(), bulk.table_of(ClearanceFinding)
    told = {row["id"]: row for row in rows(db, found)}
    names = bulk.names_of(table)
    lines: list[dict[str, Any]] = []
    for number, one in zip(bulk.next_ids(connection, table, len(found)), found, strict=True):
        verdict = proposed(one.judged, one.party)
        line: dict[str, Any] = dict.fromkeys(names)
        line |= {
            "id": number, "clearance_id": clearance.id, "project_id": one.project, "agreement_id": one.agreement,
            "commitment_id": one.id, "snapshot": _snapshot(told[one.id]), "proposed": verdict, "finding": verdict,
            "owner_unit_id": one.unit,
        }  # fmt: skip
        lines.append(line)
    bulk.insert(connection, table, lines)
    by_project: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_project[line["project_id"]].append(line)
    of = {row.id: row for row in db.execute(select(Project.id, Project.code, Project.sight)) if row.id in by_project}
    for project_id, several in by_project.items():
        logged = [
            Row(
                ClearanceFinding.__tablename__, line["id"], "insert",
                {name: [None, plain(value)] for name, value in line.items()},
            )
            for line in several
        ]  # fmt: skip
        record_rows(
            db, "project.clearance_found", "project", project_id, of[project_id].code, of[project_id].sight, logged,
            clearance=clearance.id,
        )  # fmt: skip


def _snapshot(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "agreement": row["agreement"],
        "agreement_number": row["agreement_number"],
        "signed_on": plain(row["signed_on"]),
        "enterprise": row["enterprise_name"],
        "number": row["number"],
        "text": row["text"],
        "party": plain(row["party"]),
        "kind": plain(row["kind"]),
        "promised": row["promised"],
        "achieved": row["achieved"],
        "state": plain(row["state"]),
        "why": row["why"],
        "due_on": plain(row["due"]["day"]),
        "days_overdue": row["days_overdue"],
        "basis": row["basis"],
    }


def _opened(
    db: Session, actor: Actor, number: int, finding_id: int, *, as_unit: bool = False
) -> tuple[Project, ClearanceFinding]:
    """The finding with its project locked; 404 when the project is not seen, 403 when another unit's."""
    project = db.scalars(
        select(Project)
        .where(
            Project.id
            == select(ClearanceFinding.project_id)
            .where(ClearanceFinding.id == finding_id, ClearanceFinding.clearance_id == number)
            .scalar_subquery(),
            projects.visible(actor),
        )
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if project is None:
        raise NoFinding
    finding = db.get_one(ClearanceFinding, finding_id, populate_existing=True)
    for_all = actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)
    if not for_all and not (as_unit and actor.unit_id is not None and finding.owner_unit_id == actor.unit_id):
        raise NotYours
    return project, finding


def confirm(db: Session, actor: Actor, number: int, finding_id: int, body: ClearanceFindingIn) -> ClearanceFinding:
    """Say what was found, what is done about it, by whom and until when; other than proposed it needs a reason."""
    project, finding = _opened(db, actor, number, finding_id)
    if body.finding is not finding.proposed and body.reason is None:
        raise Invalid.field("reason", "missing", "与建议的认定不同，须说明理由")
    if body.finding in TO_SETTLE and body.action is None:
        raise Invalid.field("action", "missing", "须写明处理措施")
    finding.finding, finding.reason, finding.action = body.finding, body.reason, body.action
    if body.owner is not None:
        finding.owner_unit_id = ids_of(db, [body.owner], "owner")[body.owner]
    finding.deadline = body.deadline
    finding.confirmed_at, finding.confirmed_by = calendar.now(), actor.id
    finding.confirmed_by_name = name_of(db, actor)
    finding.done_on = finding.done_note = finding.done_by = finding.done_by_name = None
    record(
        db, "project.clearance_confirmed", project, reason=body.reason, clearance=number, finding=finding.id,
        verdict=body.finding,
    )  # fmt: skip
    return finding


def done(db: Session, actor: Actor, number: int, finding_id: int, body: ClearanceDoneIn) -> ClearanceFinding:
    """Say that what was to be done was done; also by the unit that had to."""
    project, finding = _opened(db, actor, number, finding_id, as_unit=True)
    if finding.confirmed_at is None or finding.finding not in TO_SETTLE:
        raise NotConfirmed
    if body.on < calendar.day_of(finding.confirmed_at):
        day: date = calendar.day_of(finding.confirmed_at)
        raise Invalid.field("on", "order", f"早于认定之日 {day.isoformat()}")
    finding.done_on, finding.done_note = body.on, body.note
    finding.done_by, finding.done_by_name = actor.id, name_of(db, actor)
    record(db, "project.clearance_done", project, clearance=number, finding=finding.id, on=body.on)
    return finding


def accept(db: Session, actor: Actor, number: int) -> int:
    """Confirm what was proposed and needs nothing further (kept, not due, stopped): how many."""
    clearance = db.scalars(select(Clearance).where(Clearance.id == number).with_for_update()).one_or_none()
    if clearance is None:
        raise NoClearance
    wanted = (
        select(ClearanceFinding.id, ClearanceFinding.project_id)
        .join(Project, Project.id == ClearanceFinding.project_id)
        .where(
            ClearanceFinding.clearance_id == number,
            ClearanceFinding.confirmed_at.is_(None),
            ClearanceFinding.finding.not_in(sorted(TO_SETTLE)),
            projects.visible(actor),
        )
        .order_by(ClearanceFinding.project_id, ClearanceFinding.id)
    )
    found = db.execute(wanted).all()
    connection, table = db.connection(), bulk.table_of(ClearanceFinding)
    held = bulk.hold(connection, bulk.table_of(Project), {row.project_id for row in found})
    change = {"confirmed_at": calendar.now(), "confirmed_by": actor.id, "confirmed_by_name": name_of(db, actor)}
    bulk.change(connection, table, [(row.id, change) for row in found])
    by_project: dict[int, list[int]] = defaultdict(list)
    for row in found:
        by_project[row.project_id].append(row.id)
    fields = {name: [None, plain(value)] for name, value in change.items()}
    for project_id, several in by_project.items():
        project = held[project_id]
        logged = [Row(ClearanceFinding.__tablename__, one, "update", fields) for one in several]
        record_rows(
            db, "project.clearance_accepted", "project", project_id, project.code, project.sight, logged,
            clearance=number,
        )  # fmt: skip
    record(db, "clearance.accepted", clearance, findings=len(found))
    return len(found)


# -- the report ----------------------------------------------------------------------------------------------------


def publish(db: Session, actor: Actor, number: int, reason: str | None) -> Issue:
    """Freeze the report of a clearance: its first edition, or a corrected one with the reason."""
    database: Database = db.info["database"]
    period = Period.of(calendar.today(), "year")
    with database.snapshot() as connection:
        found = chain.canonical(content(connection, number).model_dump(mode="json")).decode()
        seq, mark = chain.end(connection)
    clearance = db.scalars(
        select(Clearance).where(Clearance.id == number).with_for_update().execution_options(populate_existing=True)
    ).one()
    last = None if clearance.issue_id is None else db.get_one(Issue, clearance.issue_id)
    if last is not None:
        period = Period.parse(last.period)  # a corrected edition keeps its year and number
    issue = issues.freeze(db, actor, issues.Written(CLEARANCE, period, found, {}, seq, mark), last, reason)
    clearance.issue_id = issue.id
    record(db, "clearance.published", clearance, edition=issue.edition)
    return issue
