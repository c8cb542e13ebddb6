"""By when a ticket is due: the Chinese calendar with its moved days, a year that nobody has entered, and what must
hold whatever the rule, the hour and the table of working days."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.facts.tickets.limits import (
    TICKET_LIMITS,
    CategoryLimit,
    LevelRule,
    Limit,
    Stretch,
    TicketLimits,
    WorkingDays,
    check,
    due_at,
    levels,
)
from app.facts.tickets.terms import LimitUnit, TicketCategory, TicketLevel, TicketTold
from app.kernel import calendar
from app.kernel.calendar import SHANGHAI

SHIPPED = TICKET_LIMITS.shipped
U, C = LimitUnit, TicketCategory


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def clock(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def limited(amount: int, unit: LimitUnit) -> TicketLimits:
    return SHIPPED.model_copy(update={"limits": (), "otherwise": Limit(amount=amount, unit=unit, remind_hours=24)})


CASES = [
    # 2020-10-01 to 08 were holidays, and the Saturday 2020-10-10 was worked instead.
    (3, U.WORKING_DAYS, "2020-09-30 10:00", "2020-10-12 18:00"),
    (1, U.WORKING_DAYS, "2020-10-09 17:59", "2020-10-10 18:00"),
    (1, U.WORKING_DAYS, "2020-10-10 09:00", "2020-10-12 18:00"),
    (3, U.WORKING_DAYS, "2020-10-03 12:00", "2020-10-12 18:00"),
    (3, U.WORKING_DAYS, "2020-12-30 23:30", "2021-01-05 18:00"),
    (24, U.HOURS, "2020-10-09 10:00", "2020-10-10 10:00"),
    (24, U.HOURS, "2020-09-30 10:00", "2020-10-09 10:00"),
    (24, U.HOURS, "2020-10-05 10:00", "2020-10-10 00:00"),
    (24, U.HOURS, "2020-12-31 00:00", "2021-01-04 00:00"),
    (8, U.WORKING_HOURS, "2020-10-09 10:00", "2020-10-10 11:00"),
    (7, U.WORKING_HOURS, "2020-10-09 09:00", "2020-10-09 18:00"),
    (1, U.WORKING_HOURS, "2020-10-09 11:30", "2020-10-09 14:30"),
    (1, U.WORKING_HOURS, "2020-10-10 18:00", "2020-10-12 10:00"),
    (1, U.WORKING_HOURS, "2020-10-04 12:30", "2020-10-09 10:00"),
]


@pytest.mark.parametrize(("amount", "unit", "received", "due"), CASES)
def test_limits_run_on_working_days_only(amount: int, unit: LimitUnit, received: str, due: str) -> None:
    found = due_at(limited(amount, unit), C.FIRE, at(received), {})
    assert (clock(found.at), found.assumed_from) == (due, None)


def test_the_shipped_rule_has_policy_questions_answered_sooner() -> None:
    assert clock(due_at(SHIPPED, C.POLICY, at("2020-10-12 15:00"), {}).at) == "2020-10-13 15:00"
    assert clock(due_at(SHIPPED, C.SOIL, at("2020-10-12 15:00"), {}).at) == "2020-10-15 18:00"
    assert SHIPPED.of(C.POLICY).text == "24小时" and SHIPPED.of(C.SOIL).text == "3个工作日"


def test_a_year_that_nobody_has_entered_is_assumed_and_said() -> None:
    unknown = calendar.seed_known_until() + timedelta(days=1)
    eve = datetime.combine(unknown - timedelta(days=1), datetime.min.time(), SHANGHAI) + timedelta(hours=10)
    assumed = due_at(SHIPPED, C.FIRE, eve, {})
    assert assumed.assumed_from == unknown
    # The bureau enters the notice: New Year's days are free, and nothing is assumed any more.
    entered = {unknown + timedelta(days=n): (unknown + timedelta(days=n)).weekday() < 5 and n >= 3 for n in range(20)}
    known = due_at(SHIPPED, C.FIRE, eve, entered)
    assert known.assumed_from is None and known.at > assumed.at


def test_the_bureaus_own_table_goes_before_the_package() -> None:
    moved = {date(2020, 10, 12): False, date(2020, 10, 11): True}
    assert clock(due_at(SHIPPED, C.FIRE, at("2020-10-09 10:00"), moved).at) == "2020-10-13 18:00"


def test_levels_follow_one_another_on_working_days() -> None:
    received, due = at("2020-09-30 10:00"), at("2020-10-12 18:00")
    found = [(level.level.value, clock(when)) for level, when in levels(SHIPPED, C.FIRE, received, due, {})]
    assert found == [
        ("due_soon", "2020-10-11 18:00"), ("overdue", "2020-10-12 18:00"), ("urged", "2020-10-13 09:00"),
        ("supervised", "2020-10-15 09:00"),
    ]  # fmt: skip
    # One whose limit is shorter than the reminder is due soon from the beginning.
    assert levels(SHIPPED, C.FIRE, due - timedelta(hours=2), due, {})[0][1] == due - timedelta(hours=2)


# -- whatever comes ------------------------------------------------------------------------------------------------

CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
OFFICE = st.lists(CLOCKS, min_size=2, max_size=6, unique=True).map(
    lambda found: tuple(
        Stretch(start=one, end=other) for one, other in zip(sorted(found)[::2], sorted(found)[1::2], strict=False)
    )
)
LIMITS = st.builds(
    lambda amount, unit, office: limited(amount, unit).model_copy(update={"office_hours": office}),
    st.integers(1, 40), st.sampled_from(LimitUnit), OFFICE,
)  # fmt: skip
INSTANTS = st.datetimes(datetime(2020, 9, 1), datetime(2021, 3, 1)).map(lambda when: when.replace(tzinfo=SHANGHAI))
TABLES = st.dictionaries(st.dates(date(2020, 9, 1), date(2021, 4, 1)), st.booleans(), max_size=40)


@settings(max_examples=200)
@given(LIMITS, INSTANTS, INSTANTS, TABLES)
def test_what_comes_later_is_never_due_earlier_and_nothing_on_a_holiday(
    rule: TicketLimits, one: datetime, other: datetime, table: dict[date, bool]
) -> None:
    first, last = (due_at(rule, C.FIRE, when, table).at for when in sorted((one, other)))
    assert first <= last
    for received, due in zip(sorted((one, other)), (first, last), strict=True):
        assert due > received
        assert calendar.day_of(due) in WorkingDays(table)


@settings(max_examples=100)
@given(LIMITS, INSTANTS, TABLES)
def test_a_longer_limit_is_due_later(rule: TicketLimits, received: datetime, table: dict[date, bool]) -> None:
    longer = rule.model_copy(
        update={"otherwise": rule.otherwise.model_copy(update={"amount": rule.otherwise.amount + 1})}
    )
    assert due_at(rule, C.FIRE, received, table).at < due_at(longer, C.FIRE, received, table).at


@settings(max_examples=100)
@given(st.integers(1, 60), INSTANTS, TABLES)
def test_working_hours_are_those_that_were_asked_for(hours: int, received: datetime, table: dict[date, bool]) -> None:
    """Counted another way: minute by minute of the office hours until the limit."""
    due = due_at(limited(hours, U.WORKING_HOURS), C.FIRE, received, table).at
    day, minutes = calendar.day_of(received), timedelta()
    while day <= calendar.day_of(due):
        if day in WorkingDays(table):
            for start, end in ((9, 12), (14, 18)):
                first = datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(hours=start)
                last = first + timedelta(hours=end - start)
                minutes += max(min(last, due) - max(first, received), timedelta())
        day += timedelta(days=1)
    assert minutes == timedelta(hours=hours)


def _rule(**changes: Any) -> TicketLimits:
    return SHIPPED.model_copy(update=changes)


def test_rules_that_make_no_sense_are_refused_by_their_field() -> None:
    fire = CategoryLimit(categories=(C.FIRE,), amount=1, unit=U.WORKING_DAYS, remind_hours=1)
    levelled = tuple(
        LevelRule(level=one, tells=(TicketTold.OWNER,)) for one in (TicketLevel.URGED, TicketLevel.OVERDUE)
    )
    wrong = {
        "body.office_hours.1.start": _rule(
            office_hours=(Stretch(start="09:00", end="12:00"), Stretch(start="11:00", end="18:00"))
        ),
        "body.limits.1.categories": _rule(limits=(fire, fire)),
        "body.levels.1.level": _rule(levels=levelled),
    }
    for field, rule in wrong.items():
        assert [error.field for error in check(rule)] == [field]
    assert check(SHIPPED) == []
