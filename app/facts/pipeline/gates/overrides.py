"""Passing a gate: open, or closed and passed by the word of two people, which is kept for ever."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.pipeline.gates import judging
from app.facts.pipeline.gates.judging import Facts, Item
from app.facts.pipeline.gates.rules import GATES
from app.facts.pipeline.gates.terms import OverrideState
from app.facts.pipeline.models import GateOverride, Move
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.terms import STAGE_LABELS, STAGES, Stage, Status
from app.identity.auth.queries import name_of
from app.kernel import calendar, events, rules
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, FieldError, Forbidden, NotFound

ENDED = frozenset({Status.TERMINATED, Status.WITHDRAWN})


class ProjectEnded(Conflict):
    code = "project_ended"
    message = "项目已终止或退出，不能变更阶段"
    english = "The project has ended: it cannot move."


class ContractMissing(Conflict):
    code = "contract_missing"
    message = "签约及其后的阶段须有正式合同；请先登记，或在本次变更中以 agreement 一并登记"
    english = "Signing and what follows it need a formal contract: record one, or send it along as `agreement`."


class PaperMissing(Conflict):
    code = "paper_missing"
    message = "意向框架阶段须有意向书、框架协议或战略协议；请先登记，或在本次变更中以 agreement 一并登记"
    english = "This stage needs a letter of intent or a framework agreement: record one, or send it along."


class GateClosed(Conflict):
    code = "gate_closed"
    message = "关口未开，尚有所要求的事项缺失，见 errors"
    english = "The gate is closed: what is missing is listed in `errors`."


class GateOpen(Conflict):
    code = "gate_open"
    message = "关口已开，无需申请例外"
    english = "The gate is open: there is nothing to override."


class NotAhead(Conflict):
    code = "not_ahead"
    message = "项目已在该阶段或已越过该阶段"
    english = "The stage does not lie ahead of the project."


class OverridePending(Conflict):
    code = "override_pending"
    message = "同一阶段同一日期的例外申请正在等待审批"
    english = "An override for this stage and day waits for its decision."


class OverrideStands(Conflict):
    code = "override_stands"
    message = "同样的例外已获批准，可直接变更阶段"
    english = "The same override was approved already: move the project."


class OverrideDecided(Conflict):
    code = "override_decided"
    message = "这项例外申请已有结果"
    english = "This override was decided, or has lapsed."


class SamePerson(Forbidden):
    code = "same_person"
    message = "申请人不得审批自己的申请，须由另一人审批"
    english = "Who asked for an override may not decide it."


class NoOverride(NotFound):
    message = "该项目的这一阶段没有这项例外申请"
    english = "The stage of this project has no such override."


@dataclass(frozen=True, slots=True)
class Passed:
    """How a move got through its gates: which version of the rule judged, and what let it pass if it was closed."""

    rule: str
    override: GateOverride | None


def check_papers(project: Project, to: Stage) -> None:
    """Refuse (409) a move for which the papers are not there: no rule and no second person can do without them."""
    if project.signed_on is None and project.stage.order < Stage.SIGNED.order <= to.order:
        raise ContractMissing
    if to is Stage.FRAMEWORK and project.framework_on is None:
        raise PaperMissing


def go_through(db: Session, project: Project, to: Stage, on: date) -> Passed:
    """Refuse (409, with all that is missing) a move through a gate that is closed on its day and not overridden."""
    version, lacking = _lacking(db, project, to, on)
    if not lacking:
        return Passed(version, None)
    approved = _approved(db, project, to, on)
    for override in approved:
        if _covers(override, lacking):
            return Passed(version, override)
    raise _closed(lacking, approved)


def _lacking(db: Session, project: Project, to: Stage, on: date) -> tuple[str, list[Item]]:
    """The version of the rule that judges, and what is missing at the gates from where the project is."""
    ruling = rules.in_force(db, GATES, on)
    facts = Facts(db, project)
    on_the_way = ruling.body.gates(project.kind, project.stage, to)
    asked = [judging.judge(ruling.body, facts, stage, on) for stage in on_the_way]
    return f"{GATES.code}/{ruling.number}", judging.missing(item for items in asked for item in items)


def _approved(db: Session, project: Project, to: Stage, on: date) -> list[GateOverride]:
    """Approvals for this stage and day that no move has used."""
    return list(
        db.scalars(
            select(GateOverride)
            .where(
                GateOverride.project_id == project.id,
                GateOverride.stage == to,
                GateOverride.happened_on == on,
                GateOverride.state == OverrideState.APPROVED,
                GateOverride.move_id.is_(None),
            )
            .order_by(GateOverride.id)
        )
    )


def _places(override: GateOverride) -> set[str]:
    return {f"{one['stage']}.{one['code']}" for one in override.missing}


def _covers(override: GateOverride, lacking: Iterable[Item]) -> bool:
    return {item.place for item in lacking} <= _places(override)


def _closed(lacking: list[Item], approved: list[GateOverride]) -> GateClosed:
    errors = []
    for item in lacking:
        assert item.lack is not None
        errors.append(FieldError(field=item.place, code=item.lack, message=f"{item.message}；{item.how}"))
    said = f"关口未开，缺 {len(lacking)} 项：{'；'.join(item.message or '' for item in lacking)}"
    if approved:
        said += "（已获批准的例外不含其中新缺的事项）"
    return GateClosed(said, GateClosed.english, errors=errors)


# -- asking and deciding -------------------------------------------------------------------------------------------


def request(
    db: Session, actor: Actor, code: str, stage: Stage, on: date, reason: str
) -> tuple[Project, GateOverride]:  # fmt: skip
    """Ask that a project may go to a stage although the gate is closed; what is missing now is written down."""
    project = projects.open_for_change(db, actor, code, Permission.GATE_OVERRIDE)
    if project.status in ENDED:
        raise ProjectEnded
    if stage.order <= project.stage.order:
        raise NotAhead
    if stage is not Stage.SIGNED:  # nobody may record the contract before its gate: it comes after this, with the move
        check_papers(project, stage)
    version, lacking = _lacking(db, project, stage, on)
    if not lacking:
        raise GateOpen
    waiting = select(GateOverride.id).where(
        GateOverride.project_id == project.id,
        GateOverride.stage == stage,
        GateOverride.happened_on == on,
        GateOverride.state == OverrideState.REQUESTED,
    )
    if db.scalars(waiting).first() is not None:
        raise OverridePending
    if any(_covers(override, lacking) for override in _approved(db, project, stage, on)):
        raise OverrideStands
    override = GateOverride(
        project_id=project.id, stage=stage, happened_on=on, state=OverrideState.REQUESTED, reason=reason,
        missing=[{"stage": item.stage.value, "code": item.code, "message": item.message} for item in lacking],
        rule=version, requested_at=calendar.now(), requested_by=actor.id, requested_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(override)
    projects.touch(db, project)
    db.flush()
    _record(db, "project.override_requested", project, override, reason)
    return project, override


def decide(
    db: Session, actor: Actor, code: str, stage: Stage, number: int, approve: bool, why: str | None
) -> tuple[Project, GateOverride]:
    """Say yes or no to a request, as another person than the one who made it."""
    project = projects.open_for_change(db, actor, code, Permission.GATE_DECIDE)
    override = db.get(GateOverride, number, populate_existing=True)
    if override is None or override.project_id != project.id or override.stage is not stage:
        raise NoOverride
    if override.state is not OverrideState.REQUESTED:
        raise OverrideDecided
    if override.requested_by == actor.id:
        raise SamePerson
    override.state = OverrideState.APPROVED if approve else OverrideState.REFUSED
    override.decided_at = calendar.now()
    override.decided_by = actor.id
    override.decided_by_name = name_of(db, actor)
    override.decision = why
    projects.touch(db, project)
    _record(db, f"project.override_{override.state}", project, override, why)
    return project, override


def use(db: Session, project: Project, moved: Move, passed: Passed) -> None:
    """A move went through: the approval that let it pass is spent, and requests it made pointless lapse."""
    if passed.override is not None:
        passed.override.move_id = moved.id
    waiting = select(GateOverride).where(
        GateOverride.project_id == project.id,
        GateOverride.state == OverrideState.REQUESTED,
        GateOverride.stage.in_(STAGES[: moved.to_stage.order + 1]),
    )
    for override in db.scalars(waiting):
        override.state = OverrideState.LAPSED
        _record(db, "project.override_lapsed", project, override, None)
    db.flush()


def _record(db: Session, verb: str, project: Project, override: GateOverride, reason: str | None) -> None:
    said: dict[str, Any] = {"override": override.id, "stage": override.stage, "happened_on": override.happened_on}
    events.record(db, verb, project, reason=reason, **said)


def label_of(override: GateOverride) -> str:
    """`开工（2026-11-20）`."""
    return f"{STAGE_LABELS[override.stage]}（{override.happened_on.isoformat()}）"
