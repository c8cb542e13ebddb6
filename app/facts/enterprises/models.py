from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Fen, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Ownership(StrEnum):
    CENTRAL_SOE = "central_soe"
    LOCAL_SOE = "local_soe"
    PRIVATE = "private"
    FOREIGN = "foreign"
    HMT = "hmt"
    OTHER = "other"


OWNERSHIP_LABELS = {
    Ownership.CENTRAL_SOE: "央企",
    Ownership.LOCAL_SOE: "地方国企",
    Ownership.PRIVATE: "民企",
    Ownership.FOREIGN: "外企",
    Ownership.HMT: "港澳台资",
    Ownership.OTHER: "其他",
}


class ListingCode(StrEnum):
    GLOBAL_500 = "global_500"
    CHINA_500 = "china_500"
    PRIVATE_500 = "private_500"
    LISTED = "listed"
    LEADER = "leader"


LISTING_LABELS = {
    ListingCode.GLOBAL_500: "世界500强",
    ListingCode.CHINA_500: "中国500强",
    ListingCode.PRIVATE_500: "民企500强",
    ListingCode.LISTED: "上市公司",
    ListingCode.LEADER: "行业龙头",
}


NUMBERS_ONCE = {"sqlite_autoincrement": True}
"""A merge remembers rows by number: SQLite must not give the number of a deleted row to another one."""


class Enterprise(Logged, Base):
    """An investor or a landed company. Merged ones stay, and point at the one that was kept."""

    __tablename__ = "enterprise"
    __subject__ = "enterprise"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    squashed: Mapped[str] = mapped_column(text_key(200), index=True)
    pinyin: Mapped[str] = mapped_column(text_key(600), index=True)
    search: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str | None] = mapped_column(text_key(18), unique=True)
    ownership: Mapped[Ownership] = mapped_column(Word(Ownership, 12))
    region: Mapped[str | None] = mapped_column(text_key(6))
    industry: Mapped[str | None] = mapped_column(text_key(5))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    registered_capital_fen: Mapped[int | None] = mapped_column(Fen)
    website: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id


class EnterpriseAlias(Logged, Base):
    """Another name of the same enterprise: former, short or as the press has it."""

    __tablename__ = "enterprise_alias"
    __table_args__ = (UniqueConstraint("enterprise_id", "squashed"), NUMBERS_ONCE)
    __subject__ = "enterprise"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    alias: Mapped[str] = mapped_column(String(200))
    squashed: Mapped[str] = mapped_column(text_key(200), index=True)

    def subject_id(self) -> int:
        return self.enterprise_id


class Listing(Logged, Base):
    """Membership of a list (榜单) in one year, with the rank where the list has one."""

    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("enterprise_id", "code", "year"), NUMBERS_ONCE)
    __subject__ = "enterprise"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    code: Mapped[ListingCode] = mapped_column(Word(ListingCode, 16))
    year: Mapped[int]
    rank: Mapped[int | None]
    published_on: Mapped[date | None] = mapped_column(Date)

    def subject_id(self) -> int:
        return self.enterprise_id


class Contact(Logged, Base):
    """A person at an enterprise. The phone is masked for those who need not see it."""

    __tablename__ = "contact"
    __table_args__ = NUMBERS_ONCE
    __subject__ = "enterprise"
    __personal__ = frozenset({"name", "phone", "note"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(30))
    note: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.enterprise_id


class EnterpriseMerge(Logged, Base):
    """The trace of a merge: what was moved, so that it can be moved back (keys: see `merging`)."""

    __tablename__ = "enterprise_merge"
    __subject__ = "enterprise"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(Id)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[int | None] = mapped_column(Id)

    def subject_id(self) -> int:
        return self.kept_id
