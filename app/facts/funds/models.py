from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Fen, Id, Instant, Word, text_key
from app.kernel.events import Logged


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


class FundState(StrEnum):
    """Only `recognised` entries count; a reversal is a recognised entry of its own, with the opposite amount."""

    DECLARED = "declared"
    RECOGNISED = "recognised"
    REJECTED = "rejected"


FUND_STATE_LABELS = {FundState.DECLARED: "已申报", FundState.RECOGNISED: "已认定", FundState.REJECTED: "已退回"}


class FundEntry(Logged, Base):
    """A line of the funds ledger. It is never changed; a wrong one is reversed by another.

    Foreign money keeps its amount, currency and the rate of the day it arrived, as exact decimal text. An entry
    counts on `arrived_on`, or on `deferred_to` where that day's period was closed before it was recognised.
    """

    __tablename__ = "fund_entry"
    __subject__ = "project"
    __table_args__ = (Index("ix_fund_project", "project_id", "arrived_on"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    arrived_on: Mapped[date] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    amount_fen: Mapped[int] = mapped_column(Fen)
    source: Mapped[FundSource] = mapped_column(Word(FundSource, 20))
    kind: Mapped[FundKind] = mapped_column(Word(FundKind, 12))
    origin_region: Mapped[str | None] = mapped_column(text_key(6))
    currency: Mapped[str] = mapped_column(text_key(3), default="CNY")
    foreign_amount: Mapped[str | None] = mapped_column(text_key(30))
    rate: Mapped[str | None] = mapped_column(text_key(30))
    rate_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[FundState] = mapped_column(Word(FundState, 12))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("fund_entry.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(String(300))
    note: Mapped[str | None] = mapped_column(String(500))
    imported: Mapped[bool] = mapped_column(default=False)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)

    def subject_id(self) -> int:
        return self.project_id


COUNTS_ON = func.coalesce(FundEntry.deferred_to, FundEntry.arrived_on)
"""The day on which figures count an entry."""

Index("ix_fund_counts", FundEntry.state, COUNTS_ON)
