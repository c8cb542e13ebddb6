"""What engagements do when enterprises are merged, a closed period is opened again, or another rule holds."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.engagements import parts, service
from app.facts.engagements.models import Engagement, EngagementEnterprise
from app.facts.engagements.rules import ENGAGEMENTS
from app.facts.enterprises import merging
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel import rules
from app.kernel.events import Entry
from app.kernel.rules import RuleVersion

MOVED, DOUBLE = "engagements", "engagements_double"
"""What the trace of a merge keeps of ours: links that moved, engagements that had both."""


def enterprise_merged(db: Session, entry: Entry) -> None:
    """Let the kept enterprise have met whom the merged one met, and note which, so that it can be undone."""
    kept, merged = entry.data["kept_id"], entry.data["merged_id"]
    _hold(db, merged)
    there = set(
        db.scalars(select(EngagementEnterprise.engagement_id).where(EngagementEnterprise.enterprise_id == kept))
    )  # fmt: skip
    moved: list[int] = []
    double: list[int] = []
    for link in _links(db, merged):
        if link.engagement_id in there:
            double.append(link.engagement_id)
            db.delete(link)
        else:
            link.enterprise_id = kept
            moved.append(link.id)
    merging.note(db, entry.data["merge_id"], MOVED, moved)
    merging.note(db, entry.data["merge_id"], DOUBLE, double)
    db.flush()


def enterprise_unmerged(db: Session, entry: Entry) -> None:
    """Give the merged enterprise its links back, as far as nobody has removed them since."""
    kept, merged = entry.data["kept_id"], entry.data["merged_id"]
    moved, double = (merging.noted(db, entry.data["merge_id"], what) or [] for what in (MOVED, DOUBLE))
    _hold(db, kept)
    for number in moved:
        link = db.get(EngagementEnterprise, number)
        if link is not None and link.enterprise_id == kept:
            link.enterprise_id = merged
    there = {link.engagement_id for link in _links(db, merged)}
    for number in double:
        if number not in there:
            db.add(EngagementEnterprise(engagement_id=number, enterprise_id=merged))
    db.flush()


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the engagements that came too late for the period count in it after all."""
    period = db.get_one(Period, entry.subject_id)
    late = select(Engagement).where(
        Engagement.deferred_to.is_not(None), Engagement.starts_on.between(period.starts_on, period.ends_on)
    )
    closed = hold(db, reported=True)
    for engagement in db.scalars(
        late.order_by(Engagement.id).with_for_update().execution_options(populate_existing=True)
    ):
        assert engagement.deferred_to is not None
        again = closed.deferral_again(engagement.starts_on, engagement.deferred_to)
        if again != engagement.deferred_to:
            engagement.deferred_to = again
            service.touch(engagement)


def rule_activated(db: Session, entry: Entry) -> None:
    """Another rule says who is a principal leader: judge the engagements of its days anew."""
    version = db.get_one(RuleVersion, entry.subject_id)
    if version.rule != ENGAGEMENTS.code:
        return
    since: date = version.valid_from
    every = rules.versions(db, ENGAGEMENTS)
    from_then: Any = select(Engagement).where(Engagement.starts_on >= since).order_by(Engagement.id).with_for_update()
    for engagement in db.scalars(from_then):
        parts.judge(db, engagement, rules.ruling(every, engagement.starts_on).body)


def _links(db: Session, enterprise_id: int) -> list[EngagementEnterprise]:
    of_it = select(EngagementEnterprise).where(EngagementEnterprise.enterprise_id == enterprise_id)
    return list(db.scalars(of_it.order_by(EngagementEnterprise.id)))


def _hold(db: Session, enterprise_id: int) -> None:
    # Their row versions move with the links.
    numbers = select(EngagementEnterprise.engagement_id).where(EngagementEnterprise.enterprise_id == enterprise_id)
    held = select(Engagement).where(Engagement.id.in_(numbers)).order_by(Engagement.id)
    db.scalars(held.with_for_update().execution_options(populate_existing=True)).all()
