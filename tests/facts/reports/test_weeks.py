"""When a week closes, what stands how, and that weeks across New Year are right."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.reports.rules import WEEKLY, deadline, standing
from app.facts.reports.terms import Standing
from app.facts.reports.weeks import NoWeek, parse
from app.kernel.calendar import SHANGHAI, CalendarUnknown, Period, is_working_day

RULE = WEEKLY.shipped
SHIPPED = partial(is_working_day, overrides={})
days = st.dates(date(2015, 1, 1), date(2040, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(days)
def test_every_day_lies_in_one_week_and_weeks_follow_each_other(day: date) -> None:
    week = Period.of(day, "week")
    assert week.contains(day) and parse(week.text) == week
    assert week.start.weekday() == 0 and (week.end - week.start).days == 6
    following = Period.of(week.end + timedelta(days=1), "week")
    assert following.start == week.end + timedelta(days=1) and following.text > week.text
    # A week belongs to the year in which its Thursday lies.
    assert week.text[:4] == f"{week.start + timedelta(days=3):%Y}"


@pytest.mark.parametrize(
    ("day", "text"),
    [("2020-12-31", "2020-W53"), ("2021-01-03", "2020-W53"), ("2021-01-04", "2021-W01"), ("2024-12-30", "2025-W01")],
)
def test_across_new_year(day: str, text: str) -> None:
    assert Period.of(date.fromisoformat(day), "week").text == text


@pytest.mark.parametrize("text", ["2021-W53", "2026-W00", "2026-W54", "2026-48", "2026", "0000-W01", "x"])
def test_what_is_no_week(text: str) -> None:
    with pytest.raises(NoWeek):
        parse(text)


@given(
    days.map(lambda day: Period.of(day, "week")),
    st.integers(0, 3),
    st.integers(1, 7),
    st.sampled_from(["next", "previous", "stays"]),
    st.sets(st.integers(0, 40), max_size=12),
)
def test_a_deadline_is_the_nearest_working_day_to_its_side(
    week: Period, after: int, weekday: int, moved: Any, off: set[int]
) -> None:
    """Whatever days are off."""
    free = {week.start + timedelta(days=number) for number in off}
    rule = RULE.model_copy(update={"weeks_after": after, "weekday": weekday, "moved": moved})
    wanted = week.start + timedelta(days=7 * after + weekday - 1)
    found, sure = deadline(rule, week, lambda day: day not in free)
    day = found.astimezone(SHANGHAI).date()
    assert sure and (found.hour, found.minute) == (12, 0)
    between = {min(day, wanted) + timedelta(days=number) for number in range(abs((day - wanted).days) + 1)} - {day}
    if moved == "stays":
        assert day == wanted
    else:
        assert day not in free and between <= free
        assert (day >= wanted) if moved == "next" else (day <= wanted)


def test_the_shipped_rule_moves_over_national_day_and_spring_festival() -> None:
    # 2026-10-05 is a Monday in the holiday, 8 October the first working day.
    assert deadline(RULE, Period.parse("2026-W40"), SHIPPED) == (at("2026-10-08T12:00"), True)
    assert deadline(RULE, Period.parse("2026-W47"), SHIPPED) == (at("2026-11-23T12:00"), True)
    # 2021-02-15 is a Monday in the Spring Festival.
    assert deadline(RULE, Period.parse("2021-W06"), SHIPPED) == (at("2021-02-18T12:00"), True)


def test_where_nobody_knows_the_holidays_the_weekday_stands_and_is_said_to_be_unsure() -> None:
    def nobody_knows(day: date) -> bool:
        raise CalendarUnknown(day)

    assert deadline(RULE, Period.parse("2031-W10"), nobody_knows) == (at("2031-03-10T12:00"), False)


CLOSES = at("2026-11-30T12:00")


@pytest.mark.parametrize(
    ("first", "now", "stands"),
    [
        (None, "2026-11-30T12:00", Standing.AWAITED),
        (None, "2026-11-30T12:00:01", Standing.MISSING),
        ("2026-11-27T16:00", "2026-12-09T08:00", Standing.EARLY),
        ("2026-11-29T23:59", "2026-12-09T08:00", Standing.EARLY),
        ("2026-11-30T00:00", "2026-12-09T08:00", Standing.ON_TIME),
        ("2026-11-30T12:00", "2026-12-09T08:00", Standing.ON_TIME),
        ("2026-11-30T12:00:01", "2026-12-09T08:00", Standing.LATE),
    ],
)
def test_how_a_unit_stands(first: str | None, now: str, stands: Standing) -> None:
    submitted = None if first is None else at(first).astimezone(UTC)
    assert standing(Period.parse("2026-W48"), CLOSES, submitted, at(now)) is stands
