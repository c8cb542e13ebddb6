"""By when a ticket must be solved, and who hears of it when it is not: a dated rule and pure functions. No database.

Time is counted on working days of the Chinese calendar only, 调休 included. Where nobody has entered a year's holidays
yet, weekdays are taken for working days, and the answer says from which day on that was assumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.tickets.terms import (
    LIMIT_UNIT_LABELS,
    LIMIT_UNIT_WORDS,
    TICKET_CATEGORY_LABELS,
    TICKET_LEVEL_LABELS,
    TICKET_LEVELS,
    TICKET_TOLD_LABELS,
    LimitUnit,
    TicketCategory,
    TicketLevel,
    TicketTold,
)
from app.kernel import calendar
from app.kernel.calendar import SHANGHAI
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare

_DAY = timedelta(days=1)
Clock = Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Stretch(BaseModel):
    """A stretch of office hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Clock = Field(description="上班时间", examples=["09:00"])
    end: Clock = Field(description="下班时间", examples=["12:00"])


class Limit(BaseModel):
    """How long solving may take, and how long before its end the owner is reminded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: int = Field(ge=1, le=500, description="时限", examples=[3])
    unit: LimitUnit = Field(
        description="单位：" + "、".join(f"{word.value} {label}" for word, label in LIMIT_UNIT_LABELS.items()),
        examples=["working_days"],
    )
    remind_hours: int = Field(ge=0, le=240, description="到期前多少小时提醒（自然小时）", examples=[24])

    @property
    def text(self) -> str:
        """As people say it: 3个工作日."""
        return f"{self.amount}{LIMIT_UNIT_WORDS[self.unit]}"


class CategoryLimit(Limit):
    """A limit of some categories."""

    categories: tuple[TicketCategory, ...] = Field(
        min_length=1,
        max_length=len(TicketCategory),
        description="适用的类别："
        + "、".join(f"{word.value} {label}" for word, label in TICKET_CATEGORY_LABELS.items()),
        examples=[["policy"]],
    )


class LevelRule(BaseModel):
    """A level: how many working days after the limit it is reached, and who hears of it. `due_soon` has its own time.

    Day 0 is the limit itself; later ones are reached when the office opens.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: TicketLevel = Field(
        description="级别：" + "、".join(f"{word.value} {label}" for word, label in TICKET_LEVEL_LABELS.items()),
        examples=["urged"],
    )
    after_days: int = Field(0, ge=0, le=60, description="超过时限几个工作日；0 为到期之时；due_soon 不用", examples=[1])
    tells: tuple[TicketTold, ...] = Field(
        min_length=1,
        max_length=len(TicketTold),
        description="告知谁：" + "、".join(f"{word.value} {label}" for word, label in TICKET_TOLD_LABELS.items()),
        examples=[["owner", "unit"]],
    )


class TicketLimits(BaseModel):
    """Time limits by category, office hours, levels, and how long a link for rating is good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    office_hours: tuple[Stretch, ...] = Field(min_length=1, max_length=4, description="上班时间，由早到晚")
    limits: tuple[CategoryLimit, ...] = Field(max_length=20, description="各类别的时限")
    otherwise: Limit = Field(description="其余类别的时限")
    levels: tuple[LevelRule, ...] = Field(min_length=1, max_length=len(TicketLevel), description="各级，由轻到重")
    rating_days: int = Field(ge=1, le=365, description="评价链接的有效天数", examples=[30])

    def of(self, category: TicketCategory) -> Limit:
        """The limit of a category."""
        return next((limit for limit in self.limits if category in limit.categories), self.otherwise)


def check(rule: TicketLimits) -> list[FieldError]:
    """Office hours follow one another, a category has one limit, levels come in their order and not the other way."""
    found = []
    before = ""
    for place, stretch in enumerate(rule.office_hours):
        if not before <= stretch.start < stretch.end:
            field = f"body.office_hours.{place}.start"
            found.append(FieldError(field=field, code="order", message="上班时间须由早到晚、互不重叠"))
        before = stretch.end
    seen: set[TicketCategory] = set()
    for place, limit in enumerate(rule.limits):
        if seen.intersection(limit.categories) or len(set(limit.categories)) < len(limit.categories):
            field = f"body.limits.{place}.categories"
            found.append(FieldError(field=field, code="twice", message="同一类别只能有一个时限"))
        seen.update(limit.categories)
    for place, (one, other) in enumerate(zip(rule.levels, rule.levels[1:], strict=False), 1):
        if TICKET_LEVELS.index(other.level) <= TICKET_LEVELS.index(one.level):
            field = f"body.levels.{place}.level"
            found.append(FieldError(field=field, code="order", message="级别须由轻到重，各列一次"))
        if other.after_days < one.after_days:
            field = f"body.levels.{place}.after_days"
            found.append(FieldError(field=field, code="order", message="较重的级别不得早于较轻的"))
    return found


T = TicketTold
TICKET_LIMITS = declare(
    RuleKind(
        "ticket_limits",
        "企业诉求办理时限",
        TicketLimits,
        shipped=TicketLimits(
            office_hours=(Stretch(start="09:00", end="12:00"), Stretch(start="14:00", end="18:00")),
            limits=(
                CategoryLimit(
                    categories=(TicketCategory.POLICY,), amount=24, unit=LimitUnit.HOURS, remind_hours=4
                ),
            ),
            otherwise=Limit(amount=3, unit=LimitUnit.WORKING_DAYS, remind_hours=24),
            levels=(
                LevelRule(level=TicketLevel.DUE_SOON, tells=(T.OWNER, T.UNIT)),
                LevelRule(level=TicketLevel.OVERDUE, after_days=0, tells=(T.OWNER, T.UNIT)),
                LevelRule(level=TicketLevel.URGED, after_days=1, tells=(T.OWNER, T.UNIT, T.RECORDER)),
                LevelRule(level=TicketLevel.SUPERVISED, after_days=3, tells=(T.OWNER, T.UNIT, T.BUREAU, T.LEADER)),
            ),
            rating_days=30,
        ),
        check=check,
    )
)  # fmt: skip


# -- working days --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class WorkingDays:
    """Which days people work, by the bureau's table and the packaged calendar; weekdays where neither knows.

    `assumed_from` is the first day that was assumed since this was made.
    """

    overrides: Mapping[date, bool]
    assumed_from: date | None = None

    def __contains__(self, day: date) -> bool:
        try:
            return calendar.is_working_day(day, self.overrides)
        except calendar.CalendarUnknown:
            self.assumed_from = min(self.assumed_from or day, day)
            return day.weekday() < 5

    def since(self, day: date) -> Iterator[date]:
        """The working days from `day` on, it among them."""
        while True:
            if day in self:
                yield day
            day += _DAY


@dataclass(frozen=True, slots=True)
class Due:
    """The instant by which something is due; `assumed_from`: from which day on weekdays were taken for working days."""

    at: datetime
    assumed_from: date | None = None


def due_at(
    rule: TicketLimits, category: TicketCategory, received_at: datetime, working_days: Mapping[date, bool]
) -> Due:
    """When a request of this category that came at `received_at` is due. `working_days` is the bureau's own table.

    It always lies in a working day, and what comes later is never due earlier.
    """
    limit = rule.of(category)
    days = WorkingDays(working_days)
    match limit.unit:
        case LimitUnit.WORKING_DAYS:
            at = _after_days(days, received_at, limit.amount, rule.office_hours[-1].end)
        case LimitUnit.WORKING_HOURS:
            at = _within(days, received_at, timedelta(hours=limit.amount), rule.office_hours)
        case LimitUnit.HOURS:
            at = _within(days, received_at, timedelta(hours=limit.amount), None)
    return Due(at, days.assumed_from)


def _after_days(days: WorkingDays, start: datetime, count: int, clock: str) -> datetime:
    """The close of the `count`-th working day after the day of `start`, which is day 0, working or not."""
    following = days.since(calendar.day_of(start) + _DAY)
    day = next(following)
    for _ in range(count - 1):
        day = next(following)
    return _instant(day, clock)


def _within(
    days: WorkingDays, start: datetime, left: timedelta, stretches: tuple[Stretch, ...] | None
) -> datetime:  # fmt: skip
    """The instant at which so much time has passed in these stretches (None: the whole) of working days."""
    for day in days.since(calendar.day_of(start)):
        for first, last in _open(day, stretches):
            begun = max(first, start)
            if begun >= last:
                continue
            # What ends with the day is due within it, not at the midnight that begins the next, perhaps a holiday.
            if begun + left < last or (begun + left == last and stretches is not None):
                return begun + left
            left -= last - begun
    raise AssertionError("working days do not end")


def _open(day: date, stretches: tuple[Stretch, ...] | None) -> list[tuple[datetime, datetime]]:
    if stretches is None:
        return [(calendar.midnight_of(day), calendar.midnight_of(day + _DAY))]
    return [(_instant(day, one.start), _instant(day, one.end)) for one in stretches]


def _instant(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


# -- levels --------------------------------------------------------------------------------------------------------


def remind_at(rule: TicketLimits, category: TicketCategory, opened_at: datetime, due: datetime) -> datetime:
    """From when a ticket is due soon: some hours before, yet not before it was opened."""
    return max(opened_at, due - timedelta(hours=rule.of(category).remind_hours))


def levels(
    rule: TicketLimits, category: TicketCategory, opened_at: datetime, due: datetime, working_days: Mapping[date, bool]
) -> list[tuple[LevelRule, datetime]]:
    """The levels of one that is not solved, each with the instant from which it is reached."""
    days = WorkingDays(working_days)
    found = []
    for level in rule.levels:
        if level.level is TicketLevel.DUE_SOON:
            at = remind_at(rule, category, opened_at, due)
        elif level.after_days == 0:
            at = due
        else:
            at = _after_days(days, due, level.after_days, rule.office_hours[0].start)
        found.append((level, at))
    return found
