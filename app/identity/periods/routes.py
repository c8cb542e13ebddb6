from typing import Annotated

from fastapi import Path, Query, Response

from app.identity.auth.access import Read, reads, requires
from app.identity.periods import queries, service
from app.identity.periods.schemas import (
    CalendarFilter,
    CalendarOut,
    DayIn,
    DayOut,
    PeriodFilter,
    PeriodRow,
    ReopenIn,
    Year,
    YearIn,
)
from app.identity.periods.service import AlreadyLocked, NoPeriod, NotLocked, PeriodNotOver
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.calendar import Day
from app.kernel.db import Db
from app.kernel.errors import Forbidden, Invalid, Unauthenticated, raises
from app.kernel.paging import page_of
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("periods")

Text = Annotated[
    str,
    Path(description="年、半年、季度、月或周", pattern="^[0-9]{4}(-H[12]|-Q[1-4]|-W?[0-9]{2})?$", examples=["2020-08"]),
]
DayPath = Annotated[Day, Path(description="日期", examples=["2026-10-10"])]
MetaReader = Annotated[Read, reads(Permission.META_READ)]
PeriodEditor = Annotated[Actor, requires(Permission.PERIOD_EDIT)]
CalendarEditor = Annotated[Actor, requires(Permission.CALENDAR_EDIT)]


@router.get(
    "/periods",
    response_model=page_of(PeriodRow),
    responses=raises(Unauthenticated, Forbidden, Invalid),
    summary="期间列表",
)
async def list_periods(read: MetaReader, q: Annotated[PeriodFilter, asked(PeriodFilter)]) -> Response:
    """The periods that have been locked, now or once; all others are open."""
    return await read.answer(queries.page, q)


@router.post(
    "/periods/{text}/lock",
    response_model=PeriodRow,
    responses=raises(Unauthenticated, Forbidden, NoPeriod, PeriodNotOver, AlreadyLocked),
    summary="锁定期间",
)
def lock_period(text: Text, db: Db, actor: PeriodEditor) -> Response:
    """Close a period that is over: facts dated in it change no more."""
    return saved(db, queries.out(db, service.lock(db, actor, text)))


@router.post(
    "/periods/{text}/reopen",
    response_model=PeriodRow,
    responses=raises(Unauthenticated, Forbidden, NoPeriod, NotLocked, Invalid),
    summary="重新开放期间",
)
def reopen_period(text: Text, body: ReopenIn, db: Db, _actor: PeriodEditor) -> Response:
    """Open a closed period again. The reason stays in the log."""
    return saved(db, queries.out(db, service.reopen(db, text, body.reason)))


@router.get(
    "/calendar", response_model=CalendarOut, responses=raises(Unauthenticated, Forbidden, Invalid), summary="工作日历"
)
async def get_calendar(read: MetaReader, q: Annotated[CalendarFilter, Query()]) -> Response:
    """Every day of a year, and until when the working days are known."""
    return await read.answer(queries.year, q)


@router.put(
    "/calendar/years/{year}",
    response_model=CalendarOut,
    responses=raises(Unauthenticated, Forbidden, Invalid),
    summary="录入一年的放假安排",
)
def set_calendar_year(
    year: Annotated[Year, Path(description="年份", examples=[2027])], body: YearIn, db: Db, actor: CalendarEditor
) -> Response:
    """Enter the State Council's yearly notice: its days off and make-up days; the rest follows the weekday."""
    service.set_year(db, year, frozenset(body.holidays), frozenset(body.workdays), body.note)
    return saved(db, queries.year(db, actor, CalendarFilter(year=year)))


@router.get(
    "/calendar/{day}",
    response_model=DayOut,
    responses=raises(Unauthenticated, Forbidden, Invalid),
    summary="某日是否工作日",
)
async def get_calendar_day(read: MetaReader, day: DayPath) -> Response:
    """Whether people work on a day, and who says so."""
    return await read.answer(queries.day, day)


@router.put(
    "/calendar/{day}", response_model=DayOut, responses=raises(Unauthenticated, Forbidden, Invalid), summary="设定某日"
)
def set_calendar_day(day: DayPath, body: DayIn, db: Db, actor: CalendarEditor) -> Response:
    """Say of one day whether people work; it outweighs what the software ships with."""
    service.set_day(db, day, body.working, body.note)
    return saved(db, queries.day(db, actor, day))
