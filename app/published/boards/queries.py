"""Boards as they are read: a week as of now, a unit down to its rows, a week under another rule."""

from decimal import Decimal

from sqlalchemy import Connection, select

from app.facts.reports import weeks
from app.figures.indicators import rulebook
from app.identity.units.models import TIER_LABELS
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import Invalid, NotFound
from app.kernel.replies import Answer
from app.kernel.rules import RuleVersion
from app.published.boards.content import UnitOfWeek, board, content, read, used
from app.published.boards.explaining import explained
from app.published.boards.rules import ACTIVITY, ActivityRule, plain
from app.published.boards.schemas import (
    BoardContent,
    BoardOut,
    TrialIn,
    TrialOut,
    TrialPlace,
    TrialUnit,
    UnitExplanation,
)
from app.published.boards.scoring import score


class NotOnBoard(NotFound):
    message = "没有这个单位，或其类别该周不参评"
    english = "There is no such unit, or its tier does not take part that week."


def week_of(text: str) -> Period:
    """The week of this name, if it has begun."""
    week = weeks.parse(text)
    if week.start > calendar.today():
        raise Invalid.field("week", "ahead", "该周还没有开始")
    return week


def draft(connection: Connection, _actor: Actor, text: str) -> Answer:
    """The board of a week as of now, the same for everybody: it names only open projects."""
    week = week_of(text)
    known = weeks.load(connection)
    said = content(connection, week)
    if not known.holds(week):
        data = BoardOut(**dict(said), state=None, deadline=None, settled=True)
        return Answer(data)
    held = known.of(week)
    settled = held.row is not None and held.row.settled_at is not None
    data = BoardOut(**dict(said), state=held.state, deadline=held.closes, settled=settled)
    return Answer(data, valid_until=held.changes_at)


def unit(connection: Connection, actor: Actor, text: str, code: str) -> UnitExplanation:
    """Where a unit's points come from; of rows that the actor may not see it says how many there are."""
    week = week_of(text)
    rule = rules.in_force(connection, ACTIVITY, week.start)
    found = read(connection, week, rule.body)
    scored = score(rule.body, found.measured)
    if code not in scored:
        raise NotOnBoard
    one, named = scored[code], found.units[code]
    on = rulebook(connection).on(week.end)
    return UnitExplanation(
        period=week.text,
        label=week.label,
        unit=code,
        name=named.name,
        tier=named.tier,
        tier_label=TIER_LABELS[named.tier],
        rank=one.rank,
        of=sum(other.tier is one.tier for other in scored.values()),
        rule=used(rule.body, rule.number),
        parts=[explained(connection, actor, week, on, rule.body, part, code) for part in one.parts],
        subtotal=str(one.subtotal),
        late=one.late,
        missing=one.missing,
        due=str(one.due),
        penalty=str(one.penalty),
        total=str(one.total),
    )


# -- another rule --------------------------------------------------------------------------------------------------


def trial(connection: Connection, _actor: Actor, text: str, asked: TrialIn) -> TrialOut:
    """A week under the rule of its Monday and under another one, from one reading of the week. Nothing is written."""
    week = week_of(text)
    now = rules.in_force(connection, ACTIVITY, week.start)
    then = _tried(connection, asked)
    found = read(connection, week, now.body, then)
    before, after = board(found, now.body, now.number), board(found, then, asked.version)
    was, becomes = _places(before), _places(after)
    units = [_compared(found.units[code], was.get(code), becomes.get(code)) for code in dict.fromkeys((*was, *becomes))]
    return TrialOut(units=units, before=before, after=after)


def _tried(connection: Connection, asked: TrialIn) -> ActivityRule:
    if asked.body is not None:
        return rules.checked(ACTIVITY, asked.body)
    if asked.version == 0:
        return ACTIVITY.shipped
    body = connection.execute(
        select(RuleVersion.body).where(RuleVersion.rule == ACTIVITY.code, RuleVersion.number == asked.version)
    ).scalar_one_or_none()
    if body is None:
        raise Invalid.field("version", "unknown_version", "没有这一版本，已有的版本见 GET /rules/activity")
    return ACTIVITY.body.model_validate(body)


def _places(said: BoardContent) -> dict[str, TrialPlace]:
    return {line.unit: TrialPlace(rank=line.rank, total=line.total) for tier in said.tiers for line in tier.units}


def _compared(unit: UnitOfWeek, before: TrialPlace | None, after: TrialPlace | None) -> TrialUnit:
    return TrialUnit(
        unit=unit.code,
        name=unit.name,
        tier=unit.tier,
        before=before,
        after=after,
        rank_change=before.rank - after.rank if before and after else None,
        total_change=plain(Decimal(after.total) - Decimal(before.total)) if before and after else None,
    )
