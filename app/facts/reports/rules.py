"""When a week closes, who must report, how a late report counts: a rule, and pure functions of it."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.facts.reports.terms import Standing
from app.identity.units.models import Tier
from app.kernel.calendar import SHANGHAI, CalendarUnknown, Period, midnight_after
from app.kernel.rules import RuleKind, declare

_DAY = timedelta(days=1)
LONGEST_HOLIDAY = 20
"""Days to look for a working day; no holiday is nearly as long."""


class WeeklyRule(BaseModel):
    """How weekly reports are asked for. The version in force on a week's Monday holds for that week."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weeks_after: int = Field(ge=0, le=3, description="截止日在该周之后第几周：0 本周，1 次周", examples=[1])
    weekday: int = Field(ge=1, le=7, description="截止日是星期几，1 为星期一", examples=[1])
    time: str = Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="截止时刻（北京时间）", examples=["12:00"])
    moved: Literal["next", "previous", "stays"] = Field(
        description="截止日不是工作日时：next 顺延到下一工作日，previous 提前到上一工作日，stays 不变",
        examples=["next"],
    )
    tiers: tuple[Tier, ...] = Field(
        min_length=1, max_length=4, description="须报送的单位类别", examples=[["key", "assist", "support", "away"]]
    )
    remind_hours: int = Field(ge=0, le=168, description="截止前多少小时提醒尚未报送的单位，0 为不提醒", examples=[24])
    late_counts: Literal["next_week", "own_week"] = Field(
        description="逾期报送的内容计入：next_week 提交时尚未截止的最近一周，own_week 仍计入本周",
        examples=["next_week"],
    )


WEEKLY = declare(
    RuleKind(
        "weekly_reports",
        "每周报送",
        WeeklyRule,
        shipped=WeeklyRule(
            weeks_after=1, weekday=1, time="12:00", moved="next", tiers=tuple(Tier), remind_hours=24,
            late_counts="next_week",
        ),
    )
)  # fmt: skip


def deadline(rule: WeeklyRule, week: Period, works: Callable[[date], bool]) -> tuple[datetime, bool]:
    """When a week closes, and whether that is sure: it is not where nobody has said yet which days people work.

    `works` says whether people work on a day, and raises CalendarUnknown where nobody knows.
    """
    wanted = week.start + timedelta(days=7 * rule.weeks_after + rule.weekday - 1)
    day, sure = wanted, True
    if rule.moved != "stays":
        step = _DAY if rule.moved == "next" else -_DAY
        try:
            for _ in range(LONGEST_HOLIDAY):
                if works(day):
                    break
                day += step
        except CalendarUnknown:
            day, sure = wanted, False
    hour, minute = map(int, rule.time.split(":"))
    return datetime.combine(day, time(hour, minute), SHANGHAI), sure


def standing(week: Period, closes: datetime, first_submitted: datetime | None, now: datetime) -> Standing:
    """How a unit stands: by its first submission, the deadline and the clock. At the very deadline is in time."""
    if first_submitted is None:
        return Standing.MISSING if now > closes else Standing.AWAITED
    if first_submitted > closes:
        return Standing.LATE
    over = midnight_after(datetime.combine(week.end, time(12), SHANGHAI))
    return Standing.EARLY if first_submitted < over else Standing.ON_TIME
