"""Whether a clause is held to, and what was done of it by hand: stopping, waiving, resuming, deliveries."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.agreements.service import AlreadyVoid
from app.facts.commitments.inputs import ClauseResumeIn, DeliveryIn, SettingIn
from app.facts.commitments.models import Commitment, CommitmentDelivery, CommitmentSetting
from app.facts.commitments.service import opened, review_of, told
from app.facts.commitments.standing import of_project
from app.facts.commitments.terms import CLAUSE_STATE_LABELS, ClauseState, Measure, Setting
from app.facts.evidence import queries as evidence
from app.facts.projects.models import Project
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Invalid, NotFound


class NotOpen(Conflict):
    code = "not_open"
    message = "条款当前的状态不允许此操作"
    english = "The state of the clause does not allow this."


class NotSet(Conflict):
    code = "not_set"
    message = "该条款没有停止执行或豁免"
    english = "The clause is neither stopped nor waived."


class NotByHand(Conflict):
    code = "not_by_hand"
    message = "该条款的履行由成效、阶段或拨付得出，不登记交付"
    english = "What was done of this clause follows from other facts."


class NoDelivery(NotFound):
    code = "no_delivery"
    message = "该条款没有这条交付记录"
    english = "The clause has no such delivery."


# -- stopped, waived, held to again --------------------------------------------------------------------------------


def set_state(db: Session, actor: Actor, number: int, state: Setting, body: SettingIn) -> tuple[Project, Commitment]:
    """Stop or waive a clause that is still to be kept. It stays to be seen, with the reason."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_EDIT)
    since = body.since or calendar.today()
    judged = of_project(db, project.id, calendar.today())[2][clause.id]
    if not judged.state.is_open:
        raise NotOpen(f"条款{CLAUSE_STATE_LABELS[judged.state]}，不能停止或豁免")
    signed_on = db.get_one(Agreement, clause.agreement_id).signed_on
    earliest = max([signed_on, *(one.until for one in _settings(db, clause) if one.until is not None)])
    if since < earliest:
        raise Invalid.field("since", "order", f"不能早于 {earliest.isoformat()}（签订或上次恢复之日）")
    db.add(
        CommitmentSetting(
            project_id=project.id, commitment_id=clause.id, state=state, since=since, reason=body.reason,
            basis=body.basis, review_id=review_of(db, project, body.review), at=calendar.now(), by=actor.id,
            by_name=name_of(db, actor),
        )
    )  # fmt: skip
    told(db, project, clause, state.value, body.reason, on=since)
    return project, clause


def resume(db: Session, actor: Actor, number: int, body: ClauseResumeIn) -> tuple[Project, Commitment]:
    """Hold to a clause again that was stopped or waived; that it was stays to be seen."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_EDIT)
    setting = next((one for one in _settings(db, clause) if one.until is None), None)
    if setting is None:
        raise NotSet
    on = body.on or calendar.today()
    if on < setting.since:
        raise Invalid.field("on", "order", f"早于停止或豁免之日 {setting.since.isoformat()}")
    setting.until = on
    setting.ended_reason = body.reason
    setting.ended_by = actor.id
    setting.ended_by_name = name_of(db, actor)
    told(db, project, clause, "resumed", body.reason, on=on)
    return project, clause


def _settings(db: Session, clause: Commitment) -> list[CommitmentSetting]:
    query = select(CommitmentSetting).where(CommitmentSetting.commitment_id == clause.id)
    return list(db.scalars(query.order_by(CommitmentSetting.id)))


# -- what was delivered --------------------------------------------------------------------------------------------


def deliver(db: Session, actor: Actor, number: int, body: DeliveryIn) -> tuple[Project, Commitment]:
    """Say what was done of a clause that no other fact tells of; also by the unit that answers for it."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_DELIVER, as_unit=True)
    if not clause.kind.by_hand:
        raise NotByHand
    judged = of_project(db, project.id, calendar.today())[2][clause.id]
    if judged.state not in (ClauseState.FULFILLED, *_STILL):
        raise NotOpen(f"条款{CLAUSE_STATE_LABELS[judged.state]}，不能登记交付")
    by_area = clause.kind.measure is Measure.AREA
    if (body.area is not None) != by_area or (body.percent is not None) == by_area:
        field = "area" if by_area else "percent"
        raise Invalid.field(field, "does_not_fit", "供地填面积，其他填完成百分比")
    if by_area and not body.area:
        raise Invalid.field("area", "missing", "须填写大于零的面积")
    paper = None if body.evidence is None else evidence.usable(db, project.id, body.evidence, "evidence")
    db.add(
        CommitmentDelivery(
            project_id=project.id, commitment_id=clause.id, on=body.on, area_mu=body.area, percent=body.percent,
            note=body.note, evidence_id=None if paper is None else paper.id, at=calendar.now(), by=actor.id,
            by_name=name_of(db, actor),
        )
    )  # fmt: skip
    told(db, project, clause, "delivered", on=body.on)
    return project, clause


_STILL = tuple(state for state in ClauseState if state.is_open)


def void_delivery(db: Session, actor: Actor, number: int, delivery: int, reason: str) -> tuple[Project, Commitment]:
    """Mark a delivery as wrongly entered."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_DELIVER, as_unit=True)
    row = db.get(CommitmentDelivery, delivery)
    if row is None or row.commitment_id != clause.id:
        raise NoDelivery
    if row.voided_reason is not None:
        raise AlreadyVoid
    row.voided_reason = reason
    told(db, project, clause, "delivery_voided", reason)
    return project, clause
