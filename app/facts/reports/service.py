"""What changes a report: the whole document, and its way from draft to accepted.

The steps of its way take `at`: when each was taken, where that was before it is entered here; now otherwise. The log
says in any case when it was entered.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.facts.engagements.service import edits_all
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.reports import lines, weeks
from app.facts.reports.models import Report, ReportEngagement, ReportProblem, ReportProgress, ReportStep
from app.facts.reports.opening import opened
from app.facts.reports.queries import NoReport, digest, sees
from app.facts.reports.schemas import ReportIn
from app.facts.reports.terms import EDITABLE, REPORT_STATE_LABELS, STEP_LABELS, STEPS, ReportState, Step
from app.facts.reports.weeks import Week
from app.identity.auth.queries import name_of
from app.identity.units.queries import NoUnit, ref
from app.kernel import bulk, calendar, preconditions
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import Conflict, Forbidden, IfMatchMissing, Stale
from app.kernel.events import record


class NotYourUnit(Forbidden):
    code = "not_your_unit"
    message = "只能填报本单位的周报"
    english = "You may file the report of your own unit only."


class ReportFiled(Conflict):
    code = "report_filed"
    message = "周报已提交或已接收，退回后方可修改"
    english = "The report was submitted. It can be changed when it is returned."


class WrongState(Conflict):
    code = "wrong_state"
    message = "周报当前的状态不允许此操作"
    english = "The state of the report does not allow this."


class EmptyReport(Conflict):
    code = "empty_report"
    message = "周报没有内容；本周确无工作可报的，请填零报告（zero: true）"
    english = "The report says nothing. If there is nothing to report, say so with `zero: true`."


class SamePerson(Forbidden):
    code = "same_person"
    message = "提交人不得接收自己提交的周报"
    english = "Whoever submitted a report may not accept it."


def put(db: Session, actor: Actor, week: str, unit: str, body: ReportIn, version: int | None) -> tuple[Report, bool]:
    """Make a unit's report say what the document says; the report, and whether it is a new one.

    The document that was put last changes nothing, in any state and whatever `version` says: whoever did not hear the
    answer sends again. Otherwise a report that is there is changed from row version `version`: 428 without, 412 when
    somebody else was faster; 409 when it is submitted.
    """
    held = weeks.load(db).held(week)
    found = ref(db, unit)
    if found is None:
        raise NoUnit
    _check_own(actor, found.id)
    mark = digest(body)
    report = _locked(db, held.period.text, found.id)
    if report is not None and report.sent == mark:
        return report, False
    if report is None:
        if version is not None:
            raise Stale
        opened(db, held.period)
        report = Report(
            week=held.period.text, week_on=held.period.start, unit_id=found.id, unit_code=found.code,
            state=ReportState.DRAFT, zero=False, sent="", changed_at=calendar.now(), changed_by=actor.id,
            changed_by_name="",
        )  # fmt: skip
        db.add(report)
        db.flush()
        new = True
    else:
        if version is None:
            raise IfMatchMissing
        preconditions.expect(report.version, version)
        if report.state not in EDITABLE:
            raise ReportFiled
        new = False
    lines.write(db, actor, report, held.period, body)
    report.zero, report.note, report.sent = body.zero, body.note, mark
    report.changed_at, report.changed_by, report.changed_by_name = calendar.now(), actor.id, name_of(db, actor)
    record(db, "report.saved", report)
    db.flush()
    return report, new


def _check_own(actor: Actor, unit_id: int) -> None:
    if not edits_all(actor) and actor.unit_id != unit_id:
        raise NotYourUnit


def _locked(db: Session, week: str, unit_id: int) -> Report | None:
    """The report, held until the commit. Two that send the first one at once come after one another."""
    bulk.alone(db.connection(), f"report {week} {unit_id}")
    return db.scalars(
        select(Report)
        .where(Report.week == week, Report.unit_id == unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


# -- its way -------------------------------------------------------------------------------------------------------


def submit(db: Session, actor: Actor, week: str, unit: str, *, at: datetime | None = None) -> Report:
    """Hand a report in. The first time says whether it came in time, each time says in which week it counts."""
    held, report = _open(db, actor, week, unit, None, at)
    _check_own(actor, report.unit_id)
    _check(report, Step.SUBMIT)
    if not report.zero and not _says_something(db, report.id):
        raise EmptyReport
    at = at or calendar.now()
    report.first_submitted_at = report.first_submitted_at or at
    report.submitted_at, report.submitted_by = at, actor.id
    report.counts_in = weeks.load(db, at).counting(held)
    _take(db, actor, report, Step.SUBMIT, at)
    _tell_projects(db, report)
    db.flush()
    return report


def accept(
    db: Session, actor: Actor, week: str, unit: str, version: int | None = None, *, at: datetime | None = None
) -> Report:
    """Take a report as it is; never by whoever submitted it."""
    _, report = _open(db, actor, week, unit, version)
    _check(report, Step.ACCEPT)
    if report.submitted_by == actor.id:
        raise SamePerson
    _take(db, actor, report, Step.ACCEPT, at or calendar.now())
    return report


def send_back(
    db: Session, actor: Actor, week: str, unit: str, remarks: str, version: int | None = None, *,
    at: datetime | None = None,
) -> Report:  # fmt: skip
    """Return a report to its unit with remarks; it stays as timely as it was."""
    _, report = _open(db, actor, week, unit, version)
    _check(report, Step.RETURN)
    _take(db, actor, report, Step.RETURN, at or calendar.now(), remarks)
    return report


def _open(
    db: Session, actor: Actor, week: str, unit: str, version: int | None, at: datetime | None = None
) -> tuple[Week, Report]:
    held = weeks.load(db, at).held(week)
    found = ref(db, unit)
    report = None if found is None else _locked(db, held.period.text, found.id)
    if report is None or not sees(actor, report.unit_id):
        raise NoReport
    if version is not None:
        preconditions.expect(report.version, version)
    return held, report


def _check(report: Report, step: Step) -> None:
    if report.state not in STEPS[step][0]:
        raise WrongState(
            f"周报{REPORT_STATE_LABELS[report.state]}，不能{STEP_LABELS[step]}",
            f"The report is {report.state.value}: {step.value} is not possible.",
        )


DONE = {Step.SUBMIT: "report.submitted", Step.ACCEPT: "report.accepted", Step.RETURN: "report.returned"}


def _take(
    db: Session, actor: Actor, report: Report, step: Step, at: datetime, remarks: str | None = None
) -> None:  # fmt: skip
    before, after = report.state, STEPS[step][1]
    report.state = after
    db.add(
        ReportStep(
            report_id=report.id, step=step, from_state=before, to_state=after, at=at, by=actor.id,
            by_name=name_of(db, actor), remarks=remarks,
        )
    )  # fmt: skip
    record(db, DONE[step], report, reason=remarks)
    db.flush()


def _says_something(db: Session, report_id: int) -> bool:
    kinds = (ReportEngagement, ReportProgress, ReportProblem)
    return any(db.execute(select(exists().where(kind.report_id == report_id))).scalar_one() for kind in kinds)


def _tell_projects(db: Session, report: Report) -> None:
    """What was reported of a project is a sign of life: it enters its history and counts as touching it."""
    rows = db.execute(
        select(Project, ReportProgress.text)
        .join(ReportProgress, ReportProgress.project_id == Project.id)
        .where(ReportProgress.report_id == report.id)
        .order_by(Project.id)
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).all()
    for project, text in rows:
        projects.touch(db, project)
        said = f"{Period.parse(report.week).label}：{text}"
        record(db, "project.progress_reported", project, reason=said, week=report.week, unit=report.unit_code)
