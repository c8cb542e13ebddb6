from datetime import timedelta

from sqlalchemy import select

from app.facts.engagements.models import Engagement, FollowUp
from app.facts.engagements.notices import key, whose
from app.facts.engagements.rules import ENGAGEMENTS
from app.facts.engagements.terms import FollowUpState
from app.identity.notices import texts
from app.kernel import calendar, notices, rules
from app.kernel.db import Database


def remind(database: Database) -> None:
    """Daily: tell those who must act of what is due soon, once, and of what is overdue, once more."""
    today = calendar.today()
    with database.unit_of_work() as db:
        soon = today + timedelta(days=rules.in_force(db, ENGAGEMENTS, today).body.remind_days)
        waiting = db.execute(
            select(FollowUp, Engagement)
            .join(Engagement, Engagement.id == FollowUp.engagement_id)
            .where(FollowUp.state == FollowUpState.OPEN, FollowUp.due_on <= soon, Engagement.voided_at.is_(None))
            .order_by(FollowUp.id)
        ).all()
        for follow_up, engagement in waiting:
            kind = texts.FOLLOW_UP_OVERDUE if follow_up.due_on < today else texts.FOLLOW_UP_DUE
            notices.tell(
                db, whose(db, follow_up), kind, engagement, key=key(kind, follow_up.id, follow_up.due_on),
                due=follow_up.due_on, once=True, engagement=engagement.title, what=follow_up.what[:200],
                on=follow_up.due_on.isoformat(),
            )  # fmt: skip
