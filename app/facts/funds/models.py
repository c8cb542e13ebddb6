from datetime import date
from enum import StrEnum

from sqlalchemy import Date, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.recognition.models import LedgerEntry
from app.kernel.db import Base, Fen, Id, Word, text_key


class FundSource(StrEnum):
    OUTSIDE_CITY = "outside_city"
    OUTSIDE_DISTRICT = "outside_district"
    LOCAL = "local"
    FOREIGN = "foreign"


FUND_SOURCE_LABELS = {
    FundSource.OUTSIDE_CITY: "市外",
    FundSource.OUTSIDE_DISTRICT: "市内区外",
    FundSource.LOCAL: "区内",
    FundSource.FOREIGN: "境外",
}


class FundKind(StrEnum):
    EQUITY = "equity"
    LOAN = "loan"
    EQUIPMENT = "equipment"
    LAND = "land"
    OTHER = "other"


FUND_KIND_LABELS = {
    FundKind.EQUITY: "股权",
    FundKind.LOAN: "贷款",
    FundKind.EQUIPMENT: "设备",
    FundKind.LAND: "土地",
    FundKind.OTHER: "其他",
}


class FundEntry(LedgerEntry, Base):
    """A line of the funds ledger.

    Foreign money keeps its amount, currency and the rate of the day it arrived, as exact decimal text. `split` money
    is shared by several districts: the amount is our part of it.
    """

    __tablename__ = "fund_entry"
    __table_args__ = (Index("ix_fund_project", "project_id", "arrived_on"),)

    arrived_on: Mapped[date] = mapped_column(Date)
    amount_fen: Mapped[int] = mapped_column(Fen)
    source: Mapped[FundSource] = mapped_column(Word(FundSource, 20))
    kind: Mapped[FundKind] = mapped_column(Word(FundKind, 12))
    origin_region: Mapped[str | None] = mapped_column(text_key(6))
    currency: Mapped[str] = mapped_column(text_key(3), default="CNY")
    foreign_amount: Mapped[str | None] = mapped_column(text_key(30))
    rate: Mapped[str | None] = mapped_column(text_key(30))
    rate_on: Mapped[date | None] = mapped_column(Date)
    split: Mapped[bool] = mapped_column(default=False)
    import_id: Mapped[int | None] = mapped_column(Id, index=True)  # the import of a ledger that brought it

    @property
    def day(self) -> date:
        return self.arrived_on


COUNTS_ON = func.coalesce(FundEntry.deferred_to, FundEntry.arrived_on)
"""The day on which figures count an entry."""

Index("ix_fund_counts", FundEntry.state, COUNTS_ON)
