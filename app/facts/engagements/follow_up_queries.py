"""Follow-ups as they stand today: open ones are overdue from the day after they were due."""

from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, and_, bindparam, case, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from app.facts.engagements.follow_up_schemas import FollowUpFilter
from app.facts.engagements.models import Engagement, EngagementPerson, FollowUp
from app.facts.engagements.queries import PRINCIPAL, NoEngagement, with_leader
from app.facts.engagements.terms import FollowUpStanding, FollowUpState
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import Word, instant_text
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Sight, Where
from app.kernel.replies import Answer

TODAY = bindparam("today", type_=Date)
OVERDUE = and_(FollowUp.state == FollowUpState.OPEN, FollowUp.due_on < TODAY)
_STANDING = type_coerce(case((OVERDUE, FollowUpStanding.OVERDUE.value), else_=FollowUp.state), Word(FollowUpStanding))


def standing_on(follow_up: Any, day: date) -> FollowUpStanding:
    """How a follow-up stood at the end of a day, by when it was done or dropped: `follow_up` has its columns."""
    if follow_up.state is FollowUpState.DONE and follow_up.done_on <= day:
        return FollowUpStanding.DONE
    if follow_up.state is FollowUpState.DROPPED and calendar.day_of(follow_up.closed_at) <= day:
        return FollowUpStanding.DROPPED
    return FollowUpStanding.OVERDUE if follow_up.due_on < day else FollowUpStanding.OPEN


class NoFollowUp(NotFound):
    code = "no_follow_up"
    message, english = "没有这项对接落实", "There is no such follow-up."


def _trip(other: Any) -> ColumnElement[bool]:
    """Are two reports of one trip: the same, joined one into the other, or both into a third?"""
    return or_(
        other.id == Engagement.id,
        other.joined_into_id == Engagement.id,
        other.id == Engagement.joined_into_id,
        other.joined_into_id == Engagement.joined_into_id,
    )


FOLLOW_UPS = Listing(
    name="follow_ups",
    asked=FollowUpFilter,
    source=select(
        FollowUp.id,
        FollowUp.engagement_id.label("engagement"),
        Engagement.title,
        Engagement.kind,
        Engagement.starts_on,
        FollowUp.what,
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        FollowUp.person,
        FollowUp.due_on,
        _STANDING.label("state"),
        FollowUp.done_on,
        FollowUp.result,
        FollowUp.file_id.label("file"),
        FollowUp.dropped_reason,
        FollowUp.entered_by_name.label("entered_by"),
        FollowUp.closed_by_name.label("closed_by"),
    )
    .select_from(FollowUp)
    .join(Engagement, Engagement.id == FollowUp.engagement_id)
    .join(Unit, Unit.id == FollowUp.unit_id),
    key=FollowUp.__table__.c.id,
    sorts={"due_on": FollowUp.__table__.c.due_on},
    filters={
        "state": Where(lambda value: value == _STANDING, lambda word: word.value),
        "unit": Where(lambda code: Unit.code == code),
        "person": Where(lambda name: FollowUp.person == name),
        "leader": Where(with_leader),
        "engagement": Where(lambda number: or_(Engagement.id == number, Engagement.joined_into_id == number)),
        "due_from": Where(lambda day: FollowUp.due_on >= day),
        "due_to": Where(lambda day: FollowUp.due_on <= day),
    },
    default_sort="due_on",
)


@cache
def _condition(principal: bool | None, one: bool) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if one:
        conditions.append(FollowUp.id == bindparam("one"))
    else:
        conditions.append(Engagement.voided_at.is_(None))
    if principal is not None:
        conditions.append(PRINCIPAL if principal else ~PRINCIPAL)
    return and_(*conditions)


def page(connection: Connection, _actor: Actor, asked: FollowUpFilter) -> Answer:
    """A page of follow-ups; what hangs on voided engagements is left out."""
    today = calendar.today()
    sight = Sight(f"principal={asked.principal}", _condition(asked.principal, False), {"today": today})
    found = FOLLOW_UPS.found(connection, asked, sight)
    _complete(connection, found["items"], today)
    return Answer(found | said(today), valid_until=calendar.midnight_after(calendar.now()))


def detail(connection: Connection, _actor: Actor, number: int) -> Answer:
    """One follow-up, under the row version of its engagement."""
    today = calendar.today()
    row = _one(connection, number, today)
    version = connection.execute(select(Engagement.version).where(Engagement.id == row["engagement"])).scalar_one()
    until = calendar.midnight_after(calendar.now())
    return Answer(row | said(today), row_version=version, valid_until=until)


def out(db: Session, follow_up: FollowUp) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    today = calendar.today()
    return _one(db.connection(), follow_up.id, today) | said(today)


def said(today: date) -> dict[str, Any]:
    """As of when an answer is, and until when."""
    return {"as_of": today, "valid_until": instant_text(calendar.midnight_after(calendar.now()))}


def of_engagement(connection: Connection, _actor: Actor, number: int) -> Answer:
    """All follow-ups of an engagement and of what was joined into it; 404 when there is no such engagement."""
    row = connection.execute(select(Engagement.version).where(Engagement.id == number)).one_or_none()
    if row is None:
        raise NoEngagement
    today = calendar.today()
    sight = Sight("of_engagement", None, {"today": today})
    asked = FollowUpFilter(engagement=number, limit=200)
    items: list[dict[str, Any]] = []
    while True:
        found = FOLLOW_UPS.found(connection, asked, sight)
        items += found["items"]
        if found["next"] is None:
            break
        asked = asked.model_copy(update={"after": found["next"]})
    _complete(connection, items, today)
    until = calendar.midnight_after(calendar.now())
    return Answer({"items": items} | said(today), row_version=row.version, valid_until=until)


def _one(connection: Connection, number: int, today: date) -> dict[str, Any]:
    sight = Sight("one", _condition(None, True), {"today": today, "one": number})
    items = FOLLOW_UPS.found(connection, FollowUpFilter(), sight)["items"]
    if not items:
        raise NoFollowUp
    _complete(connection, items, today)
    found: dict[str, Any] = items[0]
    return found


def _complete(connection: Connection, rows: list[dict[str, Any]], today: date) -> None:
    numbers = {row["engagement"] for row in rows}
    leaders: dict[int, dict[str, None]] = {number: {} for number in numbers}
    if numbers:
        report = aliased(Engagement)
        offices = connection.execute(
            select(Engagement.id, EngagementPerson.office)
            .join(report, _trip(report))
            .join(EngagementPerson, EngagementPerson.engagement_id == report.id)
            .where(Engagement.id.in_(numbers), EngagementPerson.office.is_not(None))
            .order_by(EngagementPerson.id)
        )
        for number, office in offices:
            leaders[number][str(office)] = None
    for row in rows:
        due, done = _day(row["due_on"]), _day(row["done_on"])
        ended = done or (today if row["state"] == FollowUpStanding.OVERDUE else None)
        row["days_overdue"] = max(0, (ended - due).days) if ended and due else 0
        row["leaders"] = list(leaders[row["engagement"]])


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
