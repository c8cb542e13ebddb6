"""The only clock, the periods figures are asked for, and China's working days.

Instants are timezone-aware UTC; dates are days in Shanghai. Holidays known to the ``chinesecalendar`` package are a
seed: the State Council announces them year by year, so beyond ``seed_known_until()`` only the bureau's own table
(``overrides``: date to "is a working day") can answer.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self, cast
from zoneinfo import ZoneInfo

import chinese_calendar
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_YEAR, LAST_YEAR = 1949, 2199

PeriodKind = Literal["year", "half", "quarter", "month", "week", "span"]
PartKind = Literal["year", "half", "quarter", "month", "week"]

_DAY = timedelta(days=1)


# --- The clock ---


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's date in Shanghai."""
    return day_of(now())


def day_of(instant: datetime) -> date:
    """The date in Shanghai at an aware instant."""
    if instant.tzinfo is None:
        raise ValueError("instant must be timezone-aware")
    return instant.astimezone(SHANGHAI).date()


def midnight_of(day: date) -> datetime:
    """The instant at which ``day`` begins in Shanghai, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def midnight_after(instant: datetime) -> datetime:
    """The first midnight in Shanghai later than ``instant``, in UTC: when an answer that depends on today expires."""
    return midnight_of(day_of(instant) + _DAY)


def iso_week(day: date) -> str:
    """The ISO week a date lies in: ``"2020-W32"``. Its year is the ISO year, not always the date's own."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


# --- Periods ---


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of whole days, ``start`` to ``end`` inclusive. ``text`` is its one canonical spelling."""

    text: str
    kind: PeriodKind
    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """``2020``, ``2020-H1``, ``2020-Q3``, ``2020-08``, ``2020-W32`` or ``2020-07-01..2020-10-08``.

        Raises ValueError (Chinese) when it is none of these or does not exist (a 13th month, a 53rd week too many).
        """
        for pattern, build in _FORMS:
            if found := pattern.fullmatch(text):
                try:
                    return cast(Self, build(*found.groups()))
                except _PeriodError as error:
                    raise ValueError(str(error)) from None
                except ValueError:
                    raise ValueError("期间不存在，请检查月份、周次或日期") from None
        raise ValueError("期间格式不正确，可用：2020、2020-H1、2020-Q3、2020-08、2020-W32、2020-07-01..2020-10-08")

    @classmethod
    def of(cls, day: date, kind: PartKind) -> Self:
        """The year, half, quarter, month or week that contains ``day``."""
        match kind:
            case "year":
                text = f"{day.year:04d}"
            case "half":
                text = f"{day.year:04d}-H{(day.month + 5) // 6}"
            case "quarter":
                text = f"{day.year:04d}-Q{(day.month + 2) // 3}"
            case "month":
                text = f"{day.year:04d}-{day.month:02d}"
            case "week":
                text = iso_week(day)
        return cls.parse(text)

    @classmethod
    def span(cls, start: date, end: date) -> Self:
        """Any days, both included. Raises ValueError (Chinese) when the end lies before the start."""
        return cls.parse(f"{start.isoformat()}..{end.isoformat()}")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    @property
    def label(self) -> str:
        """How a report names it: ``2020年第三季度``."""
        year, start, end = self.text[:4], self.start, self.end
        match self.kind:
            case "year":
                return f"{year}年"
            case "half":
                return f"{year}年{'上' if self.text.endswith('1') else '下'}半年"
            case "quarter":
                return f"{year}年第{'一二三四'[int(self.text[-1]) - 1]}季度"
            case "month":
                return f"{year}年{start.month}月"
            case "week":
                return f"{year}年第{int(self.text[-2:])}周"
            case "span":
                until = f"{end.year}年" if end.year != start.year else ""
                return f"{start.year}年{start.month}月{start.day}日至{until}{end.month}月{end.day}日"

    def contains(self, day: date) -> bool:
        """Whether ``day`` lies in it, its first and last day included."""
        return self.start <= day <= self.end

    def previous_year(self) -> "Period | None":
        """The period a year earlier that a year-on-year comparison uses.

        A week meets the week of the same ISO number. ``None`` for a week 53 whose previous year has only 52: any
        other week would compare different days, so there is no comparison. In a span, 29 February becomes the 28th.
        """
        if self.kind == "span":
            return Period.span(_year_earlier(self.start), _year_earlier(self.end))
        text = f"{int(self.text[:4]) - 1:04d}{self.text[4:]}"
        if self.kind == "week" and text.endswith("W53") and not _has_week_53(int(text[:4])):
            return None
        return Period.parse(text)

    def parts(self, kind: PartKind) -> "list[Period]":
        """The whole years, halves, … that share a day with it, in order. The first and last may stick out."""
        return list(self._parts(kind))

    def _parts(self, kind: PartKind) -> "Iterator[Period]":
        part = Period.of(self.start, kind)
        yield part
        while part.end < self.end:
            part = Period.of(part.end + _DAY, kind)
            yield part


class _PeriodError(ValueError):
    """Carries a reason of its own to the caller of ``Period.parse``."""


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _PeriodError(f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间")
    return year


def _months(text: str, kind: PeriodKind, year: int, first: int, count: int) -> Period:
    past = first + count
    end = (date(year, past, 1) if past <= 12 else date(year + 1, 1, 1)) - _DAY
    return Period(text, kind, date(year, first, 1), end)


def _has_week_53(year: int) -> bool:
    # 28 December always lies in the last ISO week of its year.
    return date(year, 12, 28).isocalendar().week == 53


def _week(year: str, week: str) -> Period:
    monday = date.fromisocalendar(_year(year), int(week), 1)
    return Period(f"{year}-W{week}", "week", monday, monday + 6 * _DAY)


def _span(start: str, end: str) -> Period:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    _year(start[:4])
    _year(end[:4])
    if last < first:
        raise _PeriodError("期间的结束日期早于开始日期")
    return Period(f"{start}..{end}", "span", first, last)


def _year_earlier(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        day -= _DAY
    return day.replace(year=day.year - 1)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Period]], ...] = (
    (re.compile(r"([0-9]{4})"), lambda y: _months(y, "year", _year(y), 1, 12)),
    (
        re.compile(r"([0-9]{4})-H([12])"),
        lambda y, n: _months(f"{y}-H{n}", "half", _year(y), 6 * int(n) - 5, 6),
    ),
    (
        re.compile(r"([0-9]{4})-Q([1-4])"),
        lambda y, n: _months(f"{y}-Q{n}", "quarter", _year(y), 3 * int(n) - 2, 3),
    ),
    (re.compile(r"([0-9]{4})-([0-9]{2})"), lambda y, m: _months(f"{y}-{m}", "month", _year(y), int(m), 1)),
    (re.compile(r"([0-9]{4})-W([0-9]{2})"), _week),
    (re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})"), _span),
)


def _period_text(text: str) -> str:
    try:
        return Period.parse(text).text
    except ValueError as error:
        raise PydanticCustomError("period", cast(Any, str(error))) from None


PeriodText = Annotated[
    str,
    AfterValidator(_period_text),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]{4}(-H[12]|-Q[1-4]|-W?[0-9]{2}|(-[0-9]{2}){2}\.\.[0-9]{4}(-[0-9]{2}){2})?$",
            "description": "年 2020、半年 2020-H1、季度 2020-Q3、月 2020-08、周 2020-W32、起止 2020-07-01..2020-10-08",
            "examples": ["2020-Q3", "2020-07-01..2020-10-08"],
        }
    ),
]
"""A period in a request, checked; ``Period.parse`` of it cannot fail."""


_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WRITTEN_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})")


def _written(pattern: re.Pattern[str], code: str) -> BeforeValidator:
    """Only what is written as a day or moment: Pydantic takes numbers too, for seconds since 1970."""

    def check(value: Any) -> Any:
        if isinstance(value, date) or (isinstance(value, str) and pattern.fullmatch(value)):
            return value
        raise PydanticCustomError(cast(Any, code), "格式不符")

    return BeforeValidator(check)


Day = Annotated[date, _written(_WRITTEN_DAY, "date_parsing")]
"""A day in a request, ``YYYY-MM-DD``."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9000, 1, 1, tzinfo=UTC)),
    _written(_WRITTEN_MOMENT, "datetime_parsing"),
]
"""A point in time in a request, with its offset."""


def _happened(day: date) -> date:
    if day.year < FIRST_YEAR:
        raise PydanticCustomError("too_early", cast(Any, f"日期不应早于 {FIRST_YEAR} 年"))
    if day > today():
        raise PydanticCustomError("in_future", "日期不能晚于今天")
    return day


PastDay = Annotated[Day, AfterValidator(_happened)]
"""A day in a request on which something happened: not later than today in Shanghai, not before ``FIRST_YEAR``."""


# --- Working days ---


class CalendarUnknown(LookupError):
    """Nobody has said yet whether a day is a working day. ``day`` is that day."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day.isoformat()} 是否为工作日尚未维护，请先补充工作日历")
        self.day = day


def seed_known_until() -> date:
    """The last day whose holidays the packaged calendar knows."""
    return _seed_range()[1]


@cache
def _seed_range() -> tuple[date, date]:
    years = [day.year for day in chinese_calendar.holidays]
    return date(min(years), 1, 1), date(max(years), 12, 31)


def is_working_day(day: date, overrides: Mapping[date, bool]) -> bool:
    """Whether people work on ``day``: ``overrides`` first, then the packaged calendar.

    Raises CalendarUnknown where neither knows. A plain weekend rule is no substitute: it is wrong around every
    holiday, and a deadline computed from it would be wrong without anyone noticing.
    """
    if (known := overrides.get(day)) is not None:
        return known
    first, last = _seed_range()
    if not first <= day <= last:
        raise CalendarUnknown(day)
    return bool(chinese_calendar.is_workday(day))


def months_after(day: date, count: int) -> date:
    """The same day of the month `count` months later, or the last one that this month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_working_days(day: date, count: int, overrides: Mapping[date, bool]) -> date:
    """The ``count``-th working day after ``day`` (``day`` itself is day 0, working or not). ``count`` ≥ 0."""
    if count < 0:
        raise ValueError("count must not be negative")
    while count:
        day += _DAY
        count -= is_working_day(day, overrides)
    return day


def working_days_between(start: date, end: date, overrides: Mapping[date, bool]) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` comes first.

    The inverse of ``add_working_days``: ``working_days_between(d, add_working_days(d, n)) == n``.
    """
    if end < start:
        return -working_days_between(end, start, overrides)
    return sum(is_working_day(start + offset * _DAY, overrides) for offset in range(1, (end - start).days + 1))
