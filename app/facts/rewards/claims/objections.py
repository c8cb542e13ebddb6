"""Objections against a claim during its public notice: each freezes it until it is answered."""

from sqlalchemy.orm import Session

from app.facts.rewards.claims import queries, steps
from app.facts.rewards.claims.models import Claim, ClaimObjection
from app.facts.rewards.claims.schemas import ClaimReasonIn, ObjectionAnswerIn, ObjectionIn
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, NotFound


class NoObjection(NotFound):
    code = "no_objection"
    message = "这项申报没有这项异议"
    english = "The claim has no such objection."


class ObjectionAnswered(Conflict):
    code = "objection_answered"
    message = "这项异议已答复"
    english = "This objection was answered before."


class OutsideNotice(Conflict):
    code = "outside_notice"
    message = "异议须在公示期内提出"
    english = "An objection is raised while the public notice runs."


class StillObjected(Conflict):
    code = "still_objected"
    message = "尚有异议未答复，不能解除冻结"
    english = "An objection waits for its answer."


def raise_one(db: Session, actor: Actor, number: int, body: ObjectionIn) -> Claim:
    """Record what somebody says against a claim; from now on it is frozen."""
    claim, _ = steps.begin(db, actor, number, Verb.OBJECT)
    if claim.notice_from is None or claim.notice_to is None or claim.frozen_from not in (None, ClaimState.NOTICED):
        raise _outside("申报不在公示期，不能登记异议")
    if not claim.notice_from <= body.raised_on <= claim.notice_to:
        raise _outside(f"异议须在公示期内提出：{claim.notice_from.isoformat()} 至 {claim.notice_to.isoformat()}")
    step = steps.finish(db, actor, claim, Verb.OBJECT, paper=body.paper, remarks=body.remarks, after=ClaimState.FROZEN)
    assert step.paper_id is not None
    db.add(
        ClaimObjection(
            claim_id=claim.id, raised_on=body.raised_on, raised_by=body.raised_by, text=body.remarks,
            paper_id=step.paper_id, entered_at=calendar.now(), entered_by=actor.id,
            entered_by_name=name_of(db, actor),
        )
    )  # fmt: skip
    return claim


def _outside(said: str) -> OutsideNotice:
    return OutsideNotice(said, errors=[FieldError(field="raised_on", code=OutsideNotice.code, message=said)])


def answer(db: Session, actor: Actor, number: int, objection_id: int, body: ObjectionAnswerIn) -> Claim:
    """Answer an objection. Upheld, nothing is granted; else the claim goes on where it was once none is open."""
    claim, _ = steps.begin(db, actor, number, Verb.ANSWER)
    objection = db.get(ClaimObjection, objection_id, populate_existing=True)
    if objection is None or objection.claim_id != claim.id:
        raise NoObjection
    if objection.upheld is not None:
        raise ObjectionAnswered
    objection.upheld, objection.answer = body.upheld, body.remarks
    objection.answered_at, objection.answered_by = calendar.now(), actor.id
    objection.answered_by_name = name_of(db, actor)
    db.flush()
    after = ClaimState.REFUSED if body.upheld else _after(db, claim)
    steps.finish(db, actor, claim, Verb.ANSWER, remarks=body.remarks, after=after)
    return claim


def release(db: Session, actor: Actor, number: int, body: ClaimReasonIn) -> Claim:
    """Let a held claim go on where it was; objections must have been answered, and no exclusion may stand."""
    claim, _ = steps.begin(db, actor, number, Verb.RELEASE)
    if queries.open_objections(db, claim.id):
        raise StillObjected
    claim.held_reason = None
    steps.finish(db, actor, claim, Verb.RELEASE, remarks=body.remarks, after=_after(db, claim))
    return claim


def _after(db: Session, claim: Claim) -> ClaimState:
    """Where a frozen claim goes when one cause is gone: back, unless there is another."""
    if claim.held_reason is not None or queries.open_objections(db, claim.id):
        return ClaimState.FROZEN
    assert claim.frozen_from is not None
    return claim.frozen_from
