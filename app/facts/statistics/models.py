from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.statistics.terms import StatisticCode
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Statistic(Logged, Base):
    """One figure from outside for one period. A correction replaces it; what it was stands in the log.

    `value` is exact text: yuan with two digits for money, a whole number for a rank.
    """

    __tablename__ = "statistic"
    __subject__ = "statistic"
    __table_args__ = (UniqueConstraint("code", "period"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[StatisticCode] = mapped_column(Word(StatisticCode, 40))
    period: Mapped[str] = mapped_column(text_key(24))
    value: Mapped[str] = mapped_column(text_key(24))
    source: Mapped[str] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.code.value}/{self.period}"
