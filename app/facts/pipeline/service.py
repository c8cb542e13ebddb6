"""The stage machine: forward past what a project's kind does not have, back only with a reason."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.facts.agreements import service as agreements
from app.facts.agreements.models import AgreementType
from app.facts.pipeline.duplicates import signing
from app.facts.pipeline.gates import overrides
from app.facts.pipeline.gates.judging import FROM_PAPERS
from app.facts.pipeline.gates.overrides import ENDED, Passed, ProjectEnded, check_papers
from app.facts.pipeline.models import Move
from app.facts.pipeline.schemas import MoveIn, StagePatch
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.terms import STAGE_LABELS, STAGES, Stage
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import calendar, events, preconditions
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden, Invalid


class AlreadyThere(Conflict):
    code = "already_there"
    message = "项目已处于该阶段"
    english = "The project is at this stage already."


class AlreadySigned(Conflict):
    code = "already_signed"
    message = "项目已签约；一个项目只在首份正式合同计一次，后续合同请登记为合同协议"
    english = "The project is signed already: it counts once, at its first formal contract."


class NotReached(Conflict):
    code = "not_reached"
    message = "项目尚未到达该阶段，没有可更正的日期"
    english = "The project has not reached this stage."


class DateFromPapers(Conflict):
    code = "date_from_papers"
    message = "该阶段的日期取自合同协议，请更正合同协议的签订日期"
    english = "The date of this stage is that of the agreement: correct the agreement."


def move(db: Session, actor: Actor, code: str, body: MoveIn) -> tuple[Project, Move]:
    """Take a project to another stage, with the date on which that happened; forward through the gates between."""
    project = projects.open_for_change(db, actor, code)
    if project.status in ENDED:
        raise ProjectEnded
    here = project.stage
    back = body.to.order < here.order
    if body.to is here or (back and body.reason is None and body.to is Stage.SIGNED):
        raise AlreadySigned if body.to is Stage.SIGNED else AlreadyThere
    if body.agreement is not None and (back or body.to not in FROM_PAPERS):
        raise Invalid.field("agreement", "not_taken", "只有前进到意向框架或签约时可以一并登记合同协议")
    signs = here.order < Stage.SIGNED.order <= body.to.order
    if body.duplicate_answers and not signs:
        raise Invalid.field("duplicate_answers", "not_taken", "只有签约时须答复疑似重复")
    passed: Passed | None = None
    if back:
        _go_back(db, project, body)
    else:
        passed = _go_forward(db, actor, project, body)
    if signs:
        signing.guard(db, actor, project, body.duplicate_answers)
    project.stage = body.to
    projects.touch(db, project)
    moved = Move(
        project_id=project.id, from_stage=here, to_stage=body.to, happened_on=body.happened_on, reason=body.reason,
        entered_at=calendar.now(), entered_by=actor.id, entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(moved)
    said: dict[str, Any] = {"from": here, "to": body.to, "happened_on": body.happened_on}
    if passed is not None:
        said["rule"] = passed.rule
    events.record(db, "project.moved", project, reason=body.reason, **said)
    if passed is not None:
        overrides.use(db, project, moved, passed)
    return project, moved


def correct(db: Session, actor: Actor, code: str, stage: Stage, body: StagePatch, version: int) -> Project:
    """Correct when a stage was reached, without moving. Moves stay as they were told; the history has both dates."""
    project = projects.open_for_change(db, actor, code)
    preconditions.expect(project.version, version)
    if stage in FROM_PAPERS:
        raise DateFromPapers
    if stage.order > project.stage.order:
        raise NotReached
    if body.happened_on is None and stage is project.stage:
        raise Invalid.field("happened_on", "missing", "项目正处于该阶段，日期不能清除")
    if body.happened_on is not None:
        _check_not_before_earlier(project, stage, body.happened_on)
        _check_not_after_later(project, stage, body.happened_on)
    before = getattr(project, stage.column)
    if before == body.happened_on:
        return project
    projects.set_reached(db, project, stage, body.happened_on, hold(db), body.reason)
    projects.touch(db, project)
    said = {"stage": stage, "before": before, "after": body.happened_on}
    events.record(db, "project.stage_corrected", project, reason=body.reason, **said)
    return project


def _go_forward(db: Session, actor: Actor, project: Project, body: MoveIn) -> Passed:
    if body.agreement is not None:
        _record_paper(db, actor, project, body)
    if body.to in FROM_PAPERS:
        by_paper: date | None = getattr(project, body.to.column)
        if by_paper is not None and by_paper != body.happened_on:
            raise Invalid.field(
                "happened_on",
                "not_the_papers",
                f"{STAGE_LABELS[body.to]}日期须为首份文本的签订日期 {by_paper.isoformat()}",
            )
    _check_not_before_earlier(project, body.to, body.happened_on)
    _check_not_after_later(project, body.to, body.happened_on)
    # The whole list of what is missing says more than that there is no contract.
    passed = overrides.go_through(db, project, body.to, body.happened_on)
    check_papers(project, body.to)
    if body.to not in FROM_PAPERS:
        projects.set_reached(db, project, body.to, body.happened_on, hold(db), body.reason)
    return passed


def _go_back(db: Session, project: Project, body: MoveIn) -> None:
    """What was undone has no date any more, but for papers: those stand until they are voided.

    The stage it falls back to keeps the date on which it was first reached.
    """
    if body.reason is None:
        raise Invalid.field("reason", "missing", "退回须说明原因")
    _check_not_before_earlier(project, project.stage, body.happened_on)
    here: date | None = getattr(project, project.stage.column)
    if here is not None and body.happened_on < here:
        raise _out_of_order("退回", body.happened_on, "早于", project.stage, here)
    closed = hold(db)
    for stage in STAGES[body.to.order + 1 :]:
        if stage not in FROM_PAPERS:
            projects.set_reached(db, project, stage, None, closed, body.reason)


def _record_paper(db: Session, actor: Actor, project: Project, body: MoveIn) -> None:
    paper = body.agreement
    assert paper is not None
    if not actor.may(Permission.AGREEMENT_EDIT):
        raise Forbidden("您不能登记合同协议，请由招商局科室人员登记后再变更阶段")
    if paper.signed_on is not None and paper.signed_on != body.happened_on:
        raise Invalid.field("agreement.signed_on", "not_the_moves", "须与 happened_on 相同，可不填")
    kind = paper.type or (AgreementType.FORMAL if body.to is Stage.SIGNED else AgreementType.FRAMEWORK)
    if kind not in FROM_PAPERS[body.to]:
        fitting = "、".join(sorted(FROM_PAPERS[body.to]))
        raise Invalid.field("agreement.type", "does_not_fit", f"到{STAGE_LABELS[body.to]}须为 {fitting}")
    agreements.add(
        db, project, type=kind, signed_on=body.happened_on, number=paper.number, amount_fen=paper.amount,
        parties=paper.parties, note=paper.note,
    )  # fmt: skip


def _check_not_before_earlier(project: Project, stage: Stage, day: date) -> None:
    # A framework agreement may follow the contract (a second phase), so it bounds nothing that comes after it.
    latest, other = max(_dates(project, STAGES[: stage.order], but=Stage.FRAMEWORK), default=(day, stage))
    if day < latest:
        raise _out_of_order(STAGE_LABELS[stage], day, "早于", other, latest)


def _check_not_after_later(project: Project, stage: Stage, day: date) -> None:
    earliest, other = min(_dates(project, STAGES[stage.order + 1 :]), default=(day, stage))
    if day > earliest:
        raise _out_of_order(STAGE_LABELS[stage], day, "晚于", other, earliest)


def _dates(project: Project, stages: list[Stage], but: Stage | None = None) -> list[tuple[date, Stage]]:
    """When these stages were reached, where that is known."""
    found = [(getattr(project, stage.column), stage) for stage in stages if stage is not but]
    return [(day, stage) for day, stage in found if day is not None]


def _out_of_order(what: str, day: date, how: str, stage: Stage, at: date) -> Invalid:
    said = f"{what}日期 {day.isoformat()} {how}{STAGE_LABELS[stage]}日期 {at.isoformat()}"
    return Invalid.field("happened_on", "out_of_order", said)
