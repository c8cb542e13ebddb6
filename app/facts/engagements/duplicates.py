"""Which engagements may be one trip told twice, and why one would think so."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, or_, select

from app.facts.engagements.models import Engagement, EngagementEnterprise, EngagementPerson
from app.facts.engagements.queries import NoEngagement, Reader
from app.facts.engagements.rules import ENGAGEMENTS
from app.facts.engagements.terms import LIKENESS_LABELS, EngagementKind, Likeness
from app.identity.units.models import Unit
from app.kernel import rules
from app.kernel.access import Actor
from app.kernel.names import similarity, squash

SHOWN, WARNED = 10, 3
NEAR = timedelta(days=1)
"""Reports of one trip may differ by the day on which somebody set out."""

POINTS = {
    Likeness.SAME_DATES: 30,
    Likeness.NEAR_DATES: 20,
    Likeness.SAME_PLACE: 25,
    Likeness.SAME_ENTERPRISE: 40,
    Likeness.SAME_PEOPLE: 25,
    Likeness.SIMILAR_TITLE: 25,
    Likeness.SAME_LINK: 70,
}
ALIKE = 75.0
"""From which likeness on two titles, places or people are taken for the same."""


def of_engagement(connection: Connection, _actor: Actor, number: int) -> dict[str, Any]:
    """Engagements that may be the same as this one, the likeliest first; 404 when there is no such engagement."""
    return {"items": likely(connection, number)}


def warnings(db: Reader, numbers: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The same as warnings about engagements that are being entered, by engagement, in six statements at most."""
    return {number: [_warning(item) for item in items[:WARNED]] for number, items in _likely(db, numbers).items()}


def _warning(item: dict[str, Any]) -> dict[str, Any]:
    why = "、".join(LIKENESS_LABELS[reason] for reason in item["reasons"])
    message = f"可能与编号 {item['id']} 的活动「{item['title']}」重复：{why}"
    return {"code": "likely_duplicate", "message": message, "engagement": item["id"]}


def likely(db: Reader, number: int) -> list[dict[str, Any]]:
    """Standing engagements of the same kind on the same days, one before or one after, that resemble this one."""
    found = _likely(db, [number])
    if number not in found:
        raise NoEngagement
    return found[number]


def _likely(db: Reader, numbers: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    columns = (
        Engagement.id, Engagement.kind, Engagement.title, Engagement.starts_on, Engagement.ends_on, Engagement.region,
        Engagement.place, Engagement.link, Engagement.outlet, Engagement.joined_into_id,
    )  # fmt: skip
    these = db.execute(select(*columns).where(Engagement.id.in_(numbers))).all()
    if not these:
        return {}
    rows = db.execute(
        select(*columns, Unit.code.label("unit"))
        .join(Unit, Unit.id == Engagement.unit_id)
        .where(
            Engagement.kind.in_({this.kind for this in these}),
            Engagement.starts_on <= max(this.ends_on for this in these) + NEAR,
            Engagement.ends_on >= min(this.starts_on for this in these) - NEAR,
            Engagement.voided_at.is_(None),
            Engagement.joined_into_id.is_(None),
        )
        .order_by(Engagement.id)
        .limit(2000)
    ).all()
    days = [(row.kind, row.starts_on - NEAR, row.ends_on + NEAR, row.id, row) for row in rows]
    near = {
        this.id: [
            row
            for kind, first, last, number, row in days
            if kind is this.kind
            and first <= this.ends_on
            and last >= this.starts_on
            and number not in (this.id, this.joined_into_id)
        ]
        for this in these
    }
    met, people = _parts(db, list({*near, *(row.id for found in near.values() for row in found)}))
    versions = rules.versions(db, ENGAGEMENTS)
    found: dict[int, list[dict[str, Any]]] = {}
    for this in these:
        alike_from = rules.ruling(versions, this.starts_on).body.alike_from
        items = (_item(this, row, met, people, alike_from) for row in near[this.id])
        ranked = sorted((item for item in items if item), key=lambda item: (-item["score"], item["id"]))
        found[this.id] = ranked[:SHOWN]
    return found


@lru_cache(maxsize=65536)
def _alike(left: str, right: str) -> bool:
    """A report is read again and again, and each time compared with the same."""
    return similarity(left, right) >= ALIKE


def _item(
    this: Any, row: Any, met: dict[int, set[int]], people: dict[int, set[str]], alike_from: int
) -> dict[str, Any] | None:
    reasons = _reasons(this, row, met, people)
    score = min(100, sum(POINTS[reason] for reason in reasons))
    # Two visits on one day are not one visit: something else must agree.
    if len(reasons) < 2 or score < alike_from:
        return None
    return {
        "id": row.id,
        "title": row.title,
        "kind": row.kind.value,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "place": row.place,
        "unit": row.unit,
        "score": score,
        "reasons": [reason.value for reason in reasons],
    }


def _reasons(this: Any, other: Any, met: dict[int, set[int]], people: dict[int, set[str]]) -> list[Likeness]:
    same_days = (this.starts_on, this.ends_on) == (other.starts_on, other.ends_on)
    same_place = this.region is not None and this.region == other.region
    if this.place and other.place:
        same_place = _alike(this.place, other.place)
    press = this.kind is EngagementKind.PRESS
    # The press prints one piece of news everywhere: only the same outlet has printed it twice.
    alike = _alike(this.title, other.title) and (not press or squash(this.outlet) == squash(other.outlet))
    holds = {
        Likeness.SAME_DATES: same_days,
        Likeness.NEAR_DATES: not same_days,
        Likeness.SAME_PLACE: same_place and not press,
        Likeness.SAME_ENTERPRISE: bool(met[this.id] & met[other.id]) and not press,
        Likeness.SAME_PEOPLE: bool(people[this.id] & people[other.id]) and not press,
        Likeness.SIMILAR_TITLE: alike,
        Likeness.SAME_LINK: this.link is not None and this.link == other.link,
    }
    return [reason for reason, held in holds.items() if held]


def _parts(db: Reader, numbers: list[int]) -> tuple[dict[int, set[int]], dict[int, set[str]]]:
    """The enterprises and the people (names and offices, squashed) of each engagement and what was joined into it."""
    wanted = or_(Engagement.id.in_(numbers), Engagement.joined_into_id.in_(numbers))
    trips = {row.id: row.joined_into_id or row.id for row in db.execute(
        select(Engagement.id, Engagement.joined_into_id).where(wanted)
    )}  # fmt: skip
    met: dict[int, set[int]] = defaultdict(set)
    people: dict[int, set[str]] = defaultdict(set)
    links = select(EngagementEnterprise.engagement_id, EngagementEnterprise.enterprise_id)
    for report, enterprise in db.execute(links.where(EngagementEnterprise.engagement_id.in_(trips))):
        met[trips[report]].add(enterprise)
        met[report].add(enterprise)
    named = select(EngagementPerson.engagement_id, EngagementPerson.name, EngagementPerson.office)
    for report, *texts in db.execute(named.where(EngagementPerson.engagement_id.in_(trips))):
        words = {squash(text) for text in texts if text}
        people[trips[report]] |= words
        people[report] |= words
    return met, people
