"""What changes an engagement: reporting it, correcting it, voiding it."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.engagements import parts, queries
from app.facts.engagements.models import Engagement, FollowUp
from app.facts.engagements.rules import ENGAGEMENTS, EngagementRule, half_days
from app.facts.engagements.schemas import EngagementIn, EngagementPatch
from app.facts.engagements.terms import ONLINE, RECEIVES, EngagementKind, FollowUpState
from app.facts.projects.service import EDITS_ALL
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.identity.units import queries as units
from app.kernel import calendar, preconditions, rules
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from app.kernel.events import record


class NotYourUnits(Forbidden):
    code = "not_your_units"
    message = "单位联络员只能填报和修改本单位的对接活动"
    english = "A reporter enters and changes the engagements of the own unit only."


class Voided(Conflict):
    code = "voided"
    message = "该对接活动已作废"
    english = "This engagement was voided."


class PartOfAJoin(Conflict):
    code = "part_of_a_join"
    message = "该对接活动已与其他填报合并，请先撤销合并"
    english = "This engagement is joined with another report. Undo that first."


COUNTED = frozenset(
    {"kind", "starts_on", "starts_half", "ends_on", "ends_half", "visitors", "people", "units", "enterprises",
     "projects"}
)  # fmt: skip
"""What figures count: of an engagement that a closed period counts none of it may change."""

LISTS = frozenset({"people", "units", "enterprises", "projects"})


def edits_all(actor: Actor) -> bool:
    """May the actor report for every unit?"""
    return actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)


def check_own(actor: Actor, unit_id: int) -> None:
    """403 `not_your_units` unless the actor may report for this unit."""
    if not edits_all(actor) and actor.unit_id != unit_id:
        raise NotYourUnits


def open_for_change(db: Session, actor: Actor, number: int, *, own: bool = True) -> Engagement:
    """The engagement, locked until the commit; 404, 403 `not_your_units` (with `own`), 409 when it was voided.

    The last to be locked: after enterprises, projects and the periods.
    """
    engagement = db.scalars(
        select(Engagement)
        .where(Engagement.id == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if engagement is None:
        raise queries.NoEngagement
    if own:
        check_own(actor, engagement.unit_id)
    if engagement.voided_at is not None:
        raise Voided
    return engagement


def touch(engagement: Engagement) -> None:
    """Something about it changed just now."""
    engagement.changed_at = calendar.now()


# -- reporting -----------------------------------------------------------------------------------------------------


def report(db: Session, actor: Actor, body: EngagementIn) -> Engagement:
    """Enter an engagement for a unit; what lies in a closed period or week counts on the first open day after it."""
    unit_id = _reporting_unit(db, actor, body.unit)
    values = body.model_dump(exclude={"unit", *LISTS}) | {"ends_on": body.ends_on or body.starts_on}
    rule = rules.in_force(db, ENGAGEMENTS, body.starts_on).body
    values["half_days"] = _checked(values, rule)
    found = parts.find(db, actor, body, unit_id)
    closed = hold(db, reported=True)
    now = calendar.now()
    engagement = Engagement(
        **values, unit_id=unit_id, deferred_to=closed.deferral(body.starts_on), search="", entered_at=now,
        changed_at=now, entered_by=actor.id, entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(engagement)
    db.flush()
    parts.put(db, actor, engagement, found, rule)
    record(db, "engagement.reported", engagement)
    parts.refresh_search(db, engagement)
    db.flush()
    return engagement


def _reporting_unit(db: Session, actor: Actor, code: str | None) -> int:
    if code is None:
        if actor.unit_id is None or edits_all(actor):
            raise Invalid.field("unit", "missing", "须填写填报单位")
        return actor.unit_id
    unit = units.ref(db, code)
    if unit is None:
        raise Invalid.field("unit", "unknown_unit", f"没有编码为 {code} 的单位")
    check_own(actor, unit.id)
    return unit.id


# -- correcting ----------------------------------------------------------------------------------------------------


def change(db: Session, actor: Actor, number: int, body: EngagementPatch, version: int) -> Engagement:
    """Change what is sent, made from row version `version`; 409 `period_locked` for what a closed period counts."""
    unit_id = queries.get(db, number).unit_id
    check_own(actor, unit_id)
    found = parts.find(db, actor, body, unit_id, number)
    closed = hold(db, reported=True)
    engagement = open_for_change(db, actor, number)
    preconditions.expect(engagement.version, version)
    given = body.model_dump(exclude_unset=True, exclude=set(LISTS))
    values = {name: getattr(engagement, name) for name in queries.OWN} | given
    if "starts_on" in given and "ends_on" not in given and engagement.starts_on == engagement.ends_on:
        values["ends_on"] = values["starts_on"]
    rule = rules.in_force(db, ENGAGEMENTS, values["starts_on"]).body
    values["half_days"] = _checked(values, rule)
    if _moves_a_count(engagement, values, body):
        closed.check([queries.trip_of(db, engagement).counts_on])
    if values["starts_on"] != engagement.starts_on:
        engagement.deferred_to = closed.deferral(values["starts_on"])
    for name, value in values.items():
        setattr(engagement, name, value)
    parts.put(db, actor, engagement, found, rule)
    touch(engagement)
    record(db, "engagement.corrected", engagement)
    parts.refresh_search(db, engagement)
    db.flush()
    return engagement


def _moves_a_count(engagement: Engagement, values: dict[str, Any], body: EngagementPatch) -> bool:
    if body.model_fields_set & LISTS:
        return True
    return any(values[name] != getattr(engagement, name) for name in COUNTED - LISTS)


def _checked(values: dict[str, Any], rule: EngagementRule) -> int:
    """How many half days it takes; 422 for dates that cannot be and for what its kind does not have."""
    errors = []
    starts_on: date = values["starts_on"]
    count = half_days(starts_on, values["starts_half"], values["ends_on"], values["ends_half"])
    if count < 1:
        field = "ends_on" if values["ends_on"] < starts_on else "ends_half"
        errors.append(FieldError(field=field, code="order", message="结束不得早于开始"))
    elif count > 2 * rule.longest_days:
        message = f"历时 {days_text(count)} 天，超过 {rule.longest_days} 天，请核对起止日期或分次填报"
        errors.append(FieldError(field="ends_on", code="too_long", message=message))
    kind: EngagementKind = values["kind"]
    press = kind is EngagementKind.PRESS
    if press and values["ends_on"] != starts_on:
        errors.append(FieldError(field="ends_on", code="one_day", message="新闻宣传只填刊发日期，一条一报"))
    for field in ("outlet", "level"):
        if press and values[field] is None:
            errors.append(FieldError(field=field, code="missing", message="新闻宣传必填"))
    for field in ("outlet", "level", "link"):
        if not press and values[field] is not None:
            errors.append(FieldError(field=field, code="only_press", message="仅新闻宣传填写"))
    if kind in ONLINE and values["platform"] is None:
        errors.append(FieldError(field="platform", code="missing", message="视频洽谈与云签约必填"))
    if kind not in ONLINE and values["platform"] is not None:
        errors.append(FieldError(field="platform", code="only_online", message="仅视频洽谈与云签约填写"))
    if kind not in RECEIVES and values["visitors"] is not None:
        errors.append(FieldError(field="visitors", code="only_received", message="仅企业到访、招商活动与推介填写"))
    if errors:
        raise Invalid("；".join(f"{error.field}：{error.message}" for error in errors), errors=errors)
    return count


def days_text(half: int) -> str:
    """Half days as days: `1.5`, `2`."""
    return f"{half // 2}.5" if half % 2 else str(half // 2)


# -- voiding -------------------------------------------------------------------------------------------------------


def void(db: Session, actor: Actor, number: int, reason: str) -> Engagement:
    """Say that it should not have been reported. It stays to be seen, and counts no more; what was open is dropped."""
    closed = hold(db, reported=True)
    engagement = open_for_change(db, actor, number)
    if engagement.joined_into_id is not None or queries.reports_of(db, engagement.id):
        raise PartOfAJoin
    closed.check([engagement.counts_on])
    now, name = calendar.now(), name_of(db, actor)
    engagement.voided_at, engagement.voided_by, engagement.voided_by_name = now, actor.id, name
    engagement.voided_reason = reason
    open_ones = select(FollowUp).where(FollowUp.engagement_id == number, FollowUp.state == FollowUpState.OPEN)
    for follow_up in db.scalars(open_ones.order_by(FollowUp.id)):
        follow_up.state, follow_up.dropped_reason = FollowUpState.DROPPED, "对接活动已作废"
        follow_up.closed_at, follow_up.closed_by, follow_up.closed_by_name = now, actor.id, name
    touch(engagement)
    record(db, "engagement.voided", engagement, reason=reason)
    db.flush()
    return engagement
