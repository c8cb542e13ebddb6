"""Reports of one trip become one engagement; each stays as it was written, so that this can be taken back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.engagements import queries
from app.facts.engagements.models import Engagement, EngagementJoin
from app.facts.engagements.schemas import JoinIn
from app.facts.engagements.service import Voided, touch
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record


class AlreadyJoined(Conflict):
    code = "already_joined"
    message = "其中一份填报已并入其他活动"
    english = "One of the two is joined into another engagement already."


class HasReports(Conflict):
    code = "has_reports"
    message = "要并入的活动已含其他填报，请以它为保留方"
    english = "Other reports are joined into this one: keep it instead."


class JoinUndone(Conflict):
    code = "join_undone"
    message = "这次合并已经撤销"
    english = "This join was undone already."


def join(db: Session, actor: Actor, number: int, body: JoinIn) -> EngagementJoin:
    """Join the report `body.other` into this engagement. Counted once from now on, for each of the units fully.

    409 for one that is voided, was joined before, or has reports of its own; 422 for another kind of engagement.
    """
    if number == body.other:
        raise Invalid.field("other", "itself", "不能并入自身")
    closed = hold(db, reported=True)
    held = _locked(db, number, body.other)
    kept, other = held.get(number), held.get(body.other)
    if kept is None:
        raise queries.NoEngagement
    if other is None:
        raise Invalid.field("other", "no_engagement", "没有这次对接活动")
    if kept.voided_at is not None or other.voided_at is not None:
        raise Voided
    if kept.joined_into_id is not None or other.joined_into_id is not None:
        raise AlreadyJoined
    if queries.reports_of(db, other.id):
        raise HasReports
    if kept.kind is not other.kind:
        raise Invalid.field("other", "other_kind", "两项活动的种类不同，不是同一活动；填报有误的请先更正种类")
    closed.check([kept.counts_on, other.counts_on])
    other.joined_into_id = kept.id
    trace = EngagementJoin(
        kept_id=kept.id, joined_id=other.id, reason=body.reason, at=calendar.now(), by=actor.id,
        by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(trace)
    for one in (kept, other):
        touch(one)
        record(db, "engagement.joined", one, reason=body.reason, kept=kept.id, joined=other.id)
    db.flush()
    return trace


def undo(db: Session, actor: Actor, join_id: int, reason: str | None) -> EngagementJoin:
    """Let the two reports stand for themselves again."""
    sides = db.execute(
        select(EngagementJoin.kept_id, EngagementJoin.joined_id).where(EngagementJoin.id == join_id)
    ).one_or_none()
    if sides is None:
        raise queries.NoJoin
    closed = hold(db, reported=True)
    held = _locked(db, *sides)
    trace = db.get_one(EngagementJoin, join_id, populate_existing=True)
    if trace.undone_at is not None:
        raise JoinUndone
    kept, other = held[trace.kept_id], held[trace.joined_id]
    closed.check([kept.counts_on, other.counts_on])
    other.joined_into_id = None
    trace.undone_at, trace.undone_by, trace.undone_by_name = calendar.now(), actor.id, name_of(db, actor)
    trace.undone_reason = reason
    for one in (kept, other):
        touch(one)
        record(db, "engagement.unjoined", one, reason=reason, kept=kept.id, joined=other.id)
    db.flush()
    return trace


def _locked(db: Session, *numbers: int) -> dict[int, Engagement]:
    """Engagements held until the commit, always in the order of their numbers: nobody waits in a ring."""
    found = db.scalars(
        select(Engagement)
        .where(Engagement.id.in_(numbers))
        .order_by(Engagement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {engagement.id: engagement for engagement in found}
