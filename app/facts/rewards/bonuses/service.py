"""What gives a unit bonus points, and takes them away."""

from decimal import Decimal

from sqlalchemy.orm import Session

from app.facts.evidence import queries as evidence
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.rewards.bonuses import queries
from app.facts.rewards.bonuses.models import UnitBonus
from app.facts.rewards.bonuses.schemas import BonusIn, BonusJudgeIn
from app.facts.rewards.bonuses.terms import BonusState
from app.identity.auth.queries import name_of
from app.identity.units import queries as units
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.events import record


class SamePerson(Forbidden):
    code = "same_person"
    message = "申报人不得审定自己申报的加分，须由另一人审定"
    english = "Who declared bonus points may not judge them."


class BonusJudged(Conflict):
    code = "bonus_judged"
    message = "这项加分已有结果"
    english = "These points were judged before."


class NotApproved(Conflict):
    code = "not_approved"
    message = "只有已审定的加分可以取消"
    english = "Only points that were approved can be revoked."


def declare(db: Session, actor: Actor, code: str, body: BonusIn) -> tuple[Project, UnitBonus]:
    """Say that a unit should be given points for a project, on evidence of it."""
    project = projects.open_for_change(db, actor, code, Permission.REWARD_FILE, even_archived=True)
    unit = units.ref(db, body.unit)
    if unit is None:
        raise Invalid.field("unit", "unknown_unit", f"没有编码为 {body.unit} 的单位")
    points = int(Decimal(body.points) * 100)
    if points == 0:
        raise Invalid.field("points", "not_above_zero", "加分须大于零")
    paper = evidence.usable(db, project.id, body.evidence, "evidence")
    bonus = UnitBonus(
        project_id=project.id, unit_id=unit.id, year=body.year, points=points, basis=body.basis,
        evidence_id=paper.id, state=BonusState.DECLARED, entered_at=calendar.now(), entered_by=actor.id,
        entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(bonus)
    projects.touch(db, project)
    db.flush()
    record(db, "project.bonus_declared", project, bonus=bonus.id)
    return project, bonus


def judge(db: Session, actor: Actor, code: str, number: int, body: BonusJudgeIn) -> tuple[Project, UnitBonus]:
    """Approve or refuse them, as another person than the one who declared them."""
    project = projects.open_for_change(db, actor, code, Permission.REWARD_APPROVE, even_archived=True)
    bonus = queries.get(db, project.id, number)
    if bonus.state is not BonusState.DECLARED:
        raise BonusJudged
    if bonus.entered_by == actor.id:
        raise SamePerson
    if not body.approve and body.reason is None:
        raise Invalid.field("reason", "missing", "不予加分须说明理由")
    state = BonusState.APPROVED if body.approve else BonusState.REFUSED
    _judged(db, actor, project, bonus, state, body.reason)
    record(db, f"project.bonus_{state}", project, reason=body.reason, bonus=bonus.id)
    return project, bonus


def revoke(db: Session, actor: Actor, code: str, number: int, reason: str) -> tuple[Project, UnitBonus]:
    """Let points that were approved count no more."""
    project = projects.open_for_change(db, actor, code, Permission.REWARD_APPROVE, even_archived=True)
    bonus = queries.get(db, project.id, number)
    if bonus.state is not BonusState.APPROVED:
        raise NotApproved
    if bonus.entered_by == actor.id:
        raise SamePerson
    _judged(db, actor, project, bonus, BonusState.REVOKED, reason)
    record(db, "project.bonus_revoked", project, reason=reason, bonus=bonus.id)
    return project, bonus


def _judged(
    db: Session, actor: Actor, project: Project, bonus: UnitBonus, state: BonusState, reason: str | None
) -> None:
    bonus.state, bonus.reason = state, reason
    bonus.judged_at, bonus.judged_by, bonus.judged_by_name = calendar.now(), actor.id, name_of(db, actor)
    projects.touch(db, project)
