import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.kernel import calendar
from app.kernel.calendar import CalendarUnknown, PartKind, Period, PeriodText

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
SEEDED_DAYS = st.dates(date(2005, 1, 1), date(2025, 6, 30))
KINDS = st.sampled_from(["year", "half", "quarter", "month", "week"])


def test_the_clock_is_utc_and_the_day_is_shanghais() -> None:
    with time_machine.travel(datetime(2020, 12, 31, 16, 30, tzinfo=UTC), tick=False):
        assert calendar.now() == datetime(2020, 12, 31, 16, 30, tzinfo=UTC)
        assert calendar.now().utcoffset() == timedelta(0)
        assert calendar.today() == date(2021, 1, 1)


def test_midnight_after_is_strictly_later() -> None:
    midnight = datetime(2020, 8, 1, 16, tzinfo=UTC)
    assert calendar.midnight_after(midnight - timedelta(microseconds=1)) == midnight
    assert calendar.midnight_after(midnight) == midnight + timedelta(days=1)
    with pytest.raises(ValueError, match="aware"):
        calendar.midnight_after(datetime(2020, 8, 1))


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_midnight_after_ends_the_day(instant: datetime) -> None:
    midnight = calendar.midnight_after(instant)
    assert instant < midnight
    assert calendar.day_of(midnight - timedelta(microseconds=1)) == calendar.day_of(instant)
    assert calendar.day_of(midnight) == calendar.day_of(instant) + timedelta(days=1)
    assert midnight.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "kind", "start", "end", "label"),
    [
        ("2020", "year", date(2020, 1, 1), date(2020, 12, 31), "2020年"),
        ("2020-H1", "half", date(2020, 1, 1), date(2020, 6, 30), "2020年上半年"),
        ("2020-H2", "half", date(2020, 7, 1), date(2020, 12, 31), "2020年下半年"),
        ("2020-Q3", "quarter", date(2020, 7, 1), date(2020, 9, 30), "2020年第三季度"),
        ("2020-02", "month", date(2020, 2, 1), date(2020, 2, 29), "2020年2月"),
        ("2020-12", "month", date(2020, 12, 1), date(2020, 12, 31), "2020年12月"),
        ("2020-W32", "week", date(2020, 8, 3), date(2020, 8, 9), "2020年第32周"),
        ("2021-W01", "week", date(2021, 1, 4), date(2021, 1, 10), "2021年第1周"),
        ("2020-W53", "week", date(2020, 12, 28), date(2021, 1, 3), "2020年第53周"),
        ("2020-07-01..2020-10-08", "span", date(2020, 7, 1), date(2020, 10, 8), "2020年7月1日至10月8日"),
        ("2020-12-01..2021-01-31", "span", date(2020, 12, 1), date(2021, 1, 31), "2020年12月1日至2021年1月31日"),
    ],
)
def test_parse(text: str, kind: str, start: date, end: date, label: str) -> None:
    assert Period.parse(text) == Period(text, kind, start, end)  # type: ignore[arg-type]
    assert Period.parse(text).label == label


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "格式"), ("2020-1", "格式"), ("2020-Q5", "格式"), ("2020-h1", "格式"), ("２０２０", "格式"),
        ("2020\n", "格式"), ("2020-01-01", "格式"), ("2020-13", "不存在"), ("2020-00", "不存在"),
        ("2021-W53", "不存在"), ("2020-W00", "不存在"), ("2021-02-29..2021-03-01", "不存在"),
        ("2020-10-08..2020-07-01", "早于"), ("1900", "年份"), ("9999-12", "年份"), ("0000", "年份"),
    ],
)  # fmt: skip
def test_parse_refuses_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Period.parse(text)


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("2020", "2019"),
        ("2020-H1", "2019-H1"),
        ("2020-Q3", "2019-Q3"),
        ("2020-02", "2019-02"),
        ("2020-W32", "2019-W32"),
        ("2021-W01", "2020-W01"),
        ("2020-W53", None),
        ("2020-07-01..2020-10-08", "2019-07-01..2019-10-08"),
        ("2020-02-29..2020-02-29", "2019-02-28..2019-02-28"),
        ("2020-01-01..2020-02-29", "2019-01-01..2019-02-28"),
    ],
)
def test_previous_year(text: str, earlier: str | None) -> None:
    previous = Period.parse(text).previous_year()
    assert (previous and previous.text) == earlier


@given(st.integers(1950, 2199), st.sampled_from(["half", "quarter", "month"]))
def test_parts_partition_the_year(year: int, kind: PartKind) -> None:
    whole = Period.parse(str(year))
    parts = whole.parts(kind)
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert sum(part.days for part in parts) == whole.days
    assert len(parts) == {"half": 2, "quarter": 4, "month": 12}[kind]


@given(DAYS, st.integers(0, 800), KINDS)
def test_parts_cover_a_span_without_gap_or_overlap(start: date, length: int, kind: PartKind) -> None:
    span = Period.span(start, start + timedelta(days=length))
    parts = span.parts(kind)
    assert parts[0].contains(span.start)
    assert parts[-1].contains(span.end)
    for left, right in pairwise(parts):
        assert left.end + timedelta(days=1) == right.start
    assert all(part.kind == kind for part in parts)


@given(DAYS, KINDS)
def test_of_contains_its_day_and_parses_back(day: date, kind: PartKind) -> None:
    period = Period.of(day, kind)
    assert period.contains(day)
    assert not period.contains(period.end + timedelta(days=1))
    assert not period.contains(period.start - timedelta(days=1))
    assert Period.parse(period.text) == period


def test_iso_week_uses_the_iso_year() -> None:
    assert calendar.iso_week(date(2021, 1, 3)) == "2020-W53"
    assert calendar.iso_week(date(2024, 12, 30)) == "2025-W01"


def test_period_text_refuses_in_chinese() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(PeriodText)
    assert adapter.validate_python("2020-W32") == "2020-W32"
    with pytest.raises(ValidationError, match="期间格式不正确"):
        adapter.validate_python("last week")
    schema = adapter.json_schema()
    for text in ["2020", "2020-H1", "2020-08", *schema["examples"]]:
        assert re.search(schema["pattern"], text)


def test_working_days_follow_the_holidays() -> None:
    assert not calendar.is_working_day(date(2020, 10, 8), {})  # a Thursday, National Day holiday
    assert calendar.is_working_day(date(2020, 9, 27), {})  # a Sunday, worked in exchange
    assert calendar.is_working_day(date(2020, 10, 8), {date(2020, 10, 8): True})
    assert calendar.add_working_days(date(2020, 9, 30), 1, {}) == date(2020, 10, 9)
    assert calendar.add_working_days(date(2020, 9, 30), 3, {date(2020, 10, 9): False}) == date(2020, 10, 13)
    assert calendar.add_working_days(date(2020, 10, 8), 0, {}) == date(2020, 10, 8)
    with pytest.raises(ValueError, match="negative"):
        calendar.add_working_days(date(2020, 10, 8), -1, {})


@given(SEEDED_DAYS, st.integers(0, 60))
def test_between_is_the_inverse_of_add(day: date, count: int) -> None:
    end = calendar.add_working_days(day, count, {})
    assert calendar.working_days_between(day, end, {}) == count
    assert calendar.working_days_between(end, day, {}) == -count


def test_beyond_the_seed_only_overrides_answer() -> None:
    last = calendar.seed_known_until()
    assert last >= date(2026, 12, 31)
    beyond = last + timedelta(days=1)
    calendar.is_working_day(last, {})
    with pytest.raises(CalendarUnknown, match=str(beyond)) as unknown:
        calendar.is_working_day(beyond, {})
    assert unknown.value.day == beyond
    assert calendar.is_working_day(beyond, {beyond: True})
    with pytest.raises(CalendarUnknown):
        calendar.add_working_days(last, 1, {})
    with pytest.raises(CalendarUnknown):
        calendar.is_working_day(date(2003, 12, 31), {})


def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month() -> None:
    assert calendar.months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert calendar.months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert calendar.months_after(date(2026, 3, 15), 12) == date(2027, 3, 15)
