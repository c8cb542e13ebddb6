"""Which weeks there are, when each closes, and how it stands now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.reports.models import ReportWeek
from app.facts.reports.rules import WEEKLY, WeeklyRule, deadline, standing
from app.facts.reports.terms import DeadlineSource, Standing, WeekState
from app.identity.periods.queries import overrides
from app.kernel import calendar, rules
from app.kernel.calendar import Period
from app.kernel.db import instant_text
from app.kernel.errors import Conflict, NotFound
from app.kernel.rules import InForce

Reader = Connection | Session
_WEEK = timedelta(days=7)


class NoWeek(NotFound):
    code = "no_week"
    message = "没有这一周，或该周不在报送范围内；写法如 2026-W48"
    english = "There is no such week, or reports were not asked for then. Weeks are written 2026-W48."


class WeekNotOpen(Conflict):
    code = "week_not_open"
    message = "该周尚未开始，不能填报"
    english = "That week has not begun."


@dataclass(frozen=True, slots=True)
class Week:
    """One week as it stands at `now`. It is frozen after `closes`, unless it was opened again and still is."""

    period: Period
    now: datetime
    closes: datetime
    sure: bool
    source: DeadlineSource
    rule: WeeklyRule
    rule_number: int
    row: Any = None  # the columns of its `ReportWeek`, if it has one

    @property
    def state(self) -> WeekState:
        if self.now <= self.closes:
            return WeekState.OPEN
        until = self.reopened_until
        return WeekState.REOPENED if until is not None and self.now <= until else WeekState.FROZEN

    @property
    def reopened_until(self) -> datetime | None:
        return None if self.row is None else self.row.reopened_until

    @property
    def tiers(self) -> frozenset[str]:
        """Which units have to report; what was asked when the week closed stays."""
        if self.row is not None and self.row.tiers is not None:
            return frozenset(self.row.tiers.strip(",").split(","))
        return frozenset(self.rule.tiers)

    @property
    def changes_at(self) -> datetime | None:
        """When it will next stand otherwise without anybody doing anything; None when it will not."""
        until = (self.closes, self.reopened_until)
        return min((at for at in until if at is not None and at >= self.now), default=None)

    def standing(self, first_submitted: datetime | None) -> Standing:
        """How a unit stands that first submitted then, or never."""
        return standing(self.period, self.closes, first_submitted, self.now)

    def told(self) -> dict[str, Any]:
        """The week as `WeekOut`."""
        row = self.row
        return {
            "week": self.period.text,
            "label": self.period.label,
            "starts_on": self.period.start,
            "ends_on": self.period.end,
            "state": self.state.value,
            "deadline": instant_text(self.closes),
            "deadline_source": self.source.value,
            "deadline_reason": None if row is None else row.deadline_reason,
            "deadline_by": None if row is None else row.deadline_by_name,
            "calendar_known": self.sure,
            "rule": f"{WEEKLY.code}/{self.rule_number}",
            "reopened_until": None if row is None or row.reopened_until is None else instant_text(row.reopened_until),
            "reopened_reason": None if row is None else row.reopened_reason,
            "reopened_by": None if row is None else row.reopened_by_name,
            "valid_until": None if self.changes_at is None else instant_text(self.changes_at),
        }


@dataclass(frozen=True, slots=True)
class Weeks:
    """All that says how weeks stand, read once for an answer."""

    now: datetime
    rows: Mapping[str, Any]
    versions: tuple[InForce[WeeklyRule], ...]
    working: Mapping[date, bool]

    @property
    def current(self) -> Period:
        """The week that today lies in."""
        return Period.of(calendar.day_of(self.now), "week")

    def holds(self, period: Period) -> bool:
        """Are or were reports asked for in that week? In this one, and in those that were opened."""
        return period.text in self.rows or period == self.current

    def of(self, period: Period) -> Week:
        """How a week stands, whether reports were asked for in it or not."""
        row = self.rows.get(period.text)
        rule = rules.ruling(self.versions, period.start)
        source, sure = DeadlineSource.RULE, True
        if row is not None and row.deadline_at is not None:
            closes, source = row.deadline_at, row.deadline_source
        else:
            closes, sure = deadline(rule.body, period, partial(calendar.is_working_day, overrides=self.working))
        return Week(period, self.now, closes.astimezone(UTC), sure, source, rule.body, rule.number, row)

    def held(self, text: str) -> Week:
        """The week of this name; 404 when it is none or was never opened, 409 when it lies ahead."""
        period = parse(text)
        if period.start > self.current.start:
            raise WeekNotOpen
        if not self.holds(period):
            raise NoWeek
        return self.of(period)

    def all(self) -> list[Week]:
        """Every week that reports are or were asked for in, oldest first."""
        found = {Period.parse(text) for text in self.rows} | {self.current}
        begun = [period for period in found if period.start <= self.current.start]
        return [self.of(period) for period in sorted(begun, key=lambda period: period.start)]

    def counting(self, week: Week) -> str | None:
        """In which week counts what is submitted now for `week`; None for itself."""
        if week.state is not WeekState.FROZEN or week.rule.late_counts == "own_week":
            return None
        day = week.period.start
        while True:
            day += _WEEK
            following = self.of(Period.of(day, "week"))
            if following.state is not WeekState.FROZEN:
                return following.period.text


def parse(text: str) -> Period:
    """The week of this name; 404 when there is none."""
    try:
        period = Period.parse(text)
    except ValueError:
        raise NoWeek from None
    if period.kind != "week":
        raise NoWeek
    return period


_rows = select(
    ReportWeek.week, ReportWeek.deadline_at, ReportWeek.deadline_source, ReportWeek.deadline_reason,
    ReportWeek.deadline_by_name, ReportWeek.reminded_at, ReportWeek.settled_at, ReportWeek.reopened_until,
    ReportWeek.reopened_reason,
    ReportWeek.reopened_by_name, ReportWeek.tiers, ReportWeek.version,
)  # fmt: skip


def load(db: Reader, at: datetime | None = None) -> Weeks:
    """The weeks as they stand now, or as those that are known now stood at a moment, in three statements."""
    return Weeks(
        now=at or calendar.now(),
        rows={row.week: row for row in db.execute(_rows)},
        versions=tuple(rules.versions(db, WEEKLY)),
        working=overrides(db),
    )
