"""What must come of engagements: agreed on, done, dropped, taken up again."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.engagements.follow_up_queries import NoFollowUp
from app.facts.engagements.follow_up_schemas import DoneIn, FollowUpIn, FollowUpPatch
from app.facts.engagements.models import Engagement, EngagementFile, FollowUp
from app.facts.engagements.service import check_own, open_for_change, touch
from app.facts.engagements.terms import FollowUpState
from app.facts.projects.units import ids_of
from app.identity.auth.queries import name_of
from app.kernel import calendar, preconditions
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record


class FollowUpClosed(Conflict):
    code = "follow_up_closed"
    message = "该事项已落实或不再落实，须先恢复"
    english = "This follow-up is closed. Take it up again first."


class FollowUpOpen(Conflict):
    code = "follow_up_open"
    message, english = "该事项尚未结束", "This follow-up is open."


def add(db: Session, actor: Actor, number: int, body: FollowUpIn) -> tuple[Engagement, FollowUp]:
    """Agree on what must come of an engagement."""
    engagement = open_for_change(db, actor, number)
    if body.due_on < engagement.starts_on:
        raise Invalid.field("due_on", "order", f"时限早于活动日期 {engagement.starts_on.isoformat()}")
    follow_up = FollowUp(
        engagement_id=number, what=body.what, unit_id=ids_of(db, [body.unit], "unit")[body.unit], person=body.person,
        due_on=body.due_on, state=FollowUpState.OPEN, entered_at=calendar.now(), entered_by=actor.id,
        entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(follow_up)
    db.flush()
    return _told(db, engagement, follow_up, "added")


def change(
    db: Session, actor: Actor, number: int, body: FollowUpPatch, version: int
) -> tuple[Engagement, FollowUp]:  # fmt: skip
    """Change what is sent of an open one; `version` is the engagement's row version."""
    engagement, follow_up = _opened(db, actor, number, closed=False)
    preconditions.expect(engagement.version, version)
    if body.due_on is not None and body.due_on < engagement.starts_on:
        raise Invalid.field("due_on", "order", f"时限早于活动日期 {engagement.starts_on.isoformat()}")
    given = body.model_dump(exclude_unset=True)
    if body.unit is not None:
        given["unit_id"] = ids_of(db, [body.unit], "unit")[given.pop("unit")]
    was_due = follow_up.due_on
    for name, value in given.items():
        setattr(follow_up, name, value)
    return _told(db, engagement, follow_up, "changed", was_due=was_due)


def done(db: Session, actor: Actor, number: int, body: DoneIn) -> tuple[Engagement, FollowUp]:
    """Say that it was done, when, with what result; the unit that had to do it may say so."""
    engagement, follow_up = _opened(db, actor, number, closed=False, by_its_unit=True)
    if body.on < engagement.starts_on:
        raise Invalid.field("on", "order", f"完成日期早于活动日期 {engagement.starts_on.isoformat()}")
    if body.file is not None:
        paper = db.get(EngagementFile, body.file)
        if paper is None or paper.engagement_id != engagement.id:
            raise Invalid.field("file", "unknown_file", "这次对接活动没有这份材料")
        if paper.withdrawn_at is not None:
            raise Invalid.field("file", "withdrawn_file", "这份材料已撤下")
    follow_up.state, follow_up.done_on, follow_up.result = FollowUpState.DONE, body.on, body.result
    follow_up.file_id = body.file
    _closed(db, actor, follow_up)
    return _told(db, engagement, follow_up, "done")


def drop(
    db: Session, actor: Actor, number: int, reason: str, *, at: datetime | None = None
) -> tuple[Engagement, FollowUp]:
    """Say that nothing more is to come of it; `at` is when that was settled, if before it is entered here."""
    engagement, follow_up = _opened(db, actor, number, closed=False)
    follow_up.state, follow_up.dropped_reason = FollowUpState.DROPPED, reason
    _closed(db, actor, follow_up, at)
    return _told(db, engagement, follow_up, "dropped", reason=reason)


def resume(db: Session, actor: Actor, number: int, reason: str) -> tuple[Engagement, FollowUp]:
    """Take a closed one up again; what had come of it stays in the history."""
    engagement, follow_up = _opened(db, actor, number, closed=True)
    follow_up.state = FollowUpState.OPEN
    follow_up.done_on = follow_up.result = follow_up.file_id = follow_up.dropped_reason = None
    follow_up.closed_at = follow_up.closed_by = follow_up.closed_by_name = None
    return _told(db, engagement, follow_up, "resumed", reason=reason)


def _opened(
    db: Session, actor: Actor, number: int, *, closed: bool, by_its_unit: bool = False
) -> tuple[Engagement, FollowUp]:
    """The follow-up with its engagement locked, for the unit that reports; `by_its_unit` also for who must act."""
    place = db.execute(select(FollowUp.engagement_id).where(FollowUp.id == number)).scalar_one_or_none()
    if place is None:
        raise NoFollowUp
    engagement = open_for_change(db, actor, place, own=False)
    follow_up = db.get_one(FollowUp, number, populate_existing=True)
    its_own = by_its_unit and actor.unit_id is not None and actor.unit_id == follow_up.unit_id
    if not its_own:
        check_own(actor, engagement.unit_id)
    if (follow_up.state is not FollowUpState.OPEN) is not closed:
        raise FollowUpOpen if closed else FollowUpClosed
    return engagement, follow_up


def _closed(db: Session, actor: Actor, follow_up: FollowUp, at: datetime | None = None) -> None:
    follow_up.closed_at, follow_up.closed_by = at or calendar.now(), actor.id
    follow_up.closed_by_name = name_of(db, actor)


def _told(
    db: Session, engagement: Engagement, follow_up: FollowUp, verb: str, *, reason: str | None = None, **more: Any
) -> tuple[Engagement, FollowUp]:
    touch(engagement)
    record(db, f"engagement.follow_up_{verb}", engagement, reason=reason, follow_up=follow_up.id, **more)
    db.flush()
    return engagement, follow_up
