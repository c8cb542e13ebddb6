from datetime import date, datetime

from sqlalchemy import Date, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.events import Logged


class Period(Logged, Base):
    """A week, month, quarter, half or year whose figures have been closed, or re-opened with a reason.

    `reports_closed` is of a week: what units report of it, their engagements, counts in it no more; all else does.
    """

    __tablename__ = "period"
    __subject__ = "period"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    text: Mapped[str] = mapped_column(text_key(12), unique=True)  # 2020, 2020-H1, 2020-Q3, 2020-08, 2020-W32
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    locked: Mapped[bool] = mapped_column(default=False)
    reports_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    locked_at: Mapped[datetime | None] = mapped_column(Instant)
    locked_by: Mapped[int | None] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.text


class CalendarDay(Logged, Base):
    """A day the State Council's notice moved (调休): `working` overrides the weekday and the shipped seed."""

    __tablename__ = "calendar_day"
    __subject__ = "calendar_day"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(String(100))

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.day.isoformat()
