"""What people are told of follow-ups: the unit that must act, whoever asked for it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from app.facts.engagements.models import Engagement, FollowUp
from app.identity.notices import recipients, texts
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.events import Entry
from app.kernel.notices import NoticeKind, others, settle, tell


def added(db: Session, entry: Entry) -> None:
    """Something waits for a unit; told anew when it was changed or taken up again, to whoever must act now."""
    follow_up = db.get_one(FollowUp, entry.data["follow_up"])
    if "was_due" in entry.data:
        _settle(db, follow_up.id, (entry.data["was_due"], follow_up.due_on))
        settle(db, key(texts.FOLLOW_UP_ADDED, follow_up.id))
    engagement, unit = db.get_one(Engagement, follow_up.engagement_id), db.get_one(Unit, follow_up.unit_id)
    tell(
        db, others(db, whose(db, follow_up)), texts.FOLLOW_UP_ADDED, engagement,
        key=key(texts.FOLLOW_UP_ADDED, follow_up.id), due=follow_up.due_on, engagement=engagement.title,
        unit=unit.name, what=follow_up.what[:200], on=follow_up.due_on.isoformat(),
    )  # fmt: skip


def closed(db: Session, entry: Entry) -> None:
    """It waits no more, and whoever asked for it hears of it."""
    follow_up = db.get_one(FollowUp, entry.data["follow_up"])
    settle(db, key(texts.FOLLOW_UP_ADDED, follow_up.id))
    _settle(db, follow_up.id, (follow_up.due_on,))
    outcome = follow_up.result or f"不再落实，{follow_up.dropped_reason}"
    engagement = db.get_one(Engagement, follow_up.engagement_id)
    tell(
        db, others(db, recipients.person(db, follow_up.entered_by)), texts.FOLLOW_UP_CLOSED, engagement,
        key=key(texts.FOLLOW_UP_CLOSED, follow_up.id), engagement=engagement.title, what=follow_up.what[:200],
        outcome=outcome[:200],
    )  # fmt: skip


def voided(db: Session, entry: Entry) -> None:
    """Nothing is to come of what should not have been reported."""
    for row in entry.rows:
        if row.table == FollowUp.__tablename__:
            follow_up = db.get_one(FollowUp, row.id)
            settle(db, key(texts.FOLLOW_UP_ADDED, follow_up.id))
            _settle(db, follow_up.id, (follow_up.due_on,))


def whose(db: Session, follow_up: FollowUp) -> list[Actor]:
    """Who must act: the reporters of the unit, and the officer who is named."""
    return [*recipients.reporters_of(db, follow_up.unit_id), *recipients.called(db, follow_up.person)]


def key(kind: NoticeKind, number: int, due_on: date | None = None) -> str:
    """The matter of a follow-up; a reminder is one for each due date."""
    return f"{kind.code}:{number}" if due_on is None else f"{kind.code}:{number}:{due_on.isoformat()}"


def _settle(db: Session, number: int, days: Iterable[date]) -> None:
    for day in days:
        for kind in (texts.FOLLOW_UP_DUE, texts.FOLLOW_UP_OVERDUE):
            settle(db, key(kind, number, day))
