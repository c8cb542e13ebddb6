from datetime import date
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Word, text_key
from app.kernel.events import Logged


class Tier(StrEnum):
    KEY = "key"
    ASSIST = "assist"
    SUPPORT = "support"
    AWAY = "away"


TIER_LABELS = {Tier.KEY: "重点责任", Tier.ASSIST: "协同招商", Tier.SUPPORT: "保障服务", Tier.AWAY: "驻外招商"}


class UnitKind(StrEnum):
    BUREAU = "bureau"
    TOWNSHIP = "township"
    PARK = "park"
    PLATFORM = "platform"
    AWAY = "away"


UNIT_KIND_LABELS = {
    UnitKind.BUREAU: "部门",
    UnitKind.TOWNSHIP: "乡镇街道",
    UnitKind.PARK: "园区",
    UnitKind.PLATFORM: "国有平台",
    UnitKind.AWAY: "驻外招商组",
}


class Unit(Logged, Base):
    """A responsible unit. `name` is the one in force today; `terms` hold what it was called and ranked when."""

    __tablename__ = "unit"
    __subject__ = "unit"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(text_key(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    pinyin: Mapped[str] = mapped_column(text_key(300))
    search: Mapped[str] = mapped_column(String(2000))
    kind: Mapped[UnitKind] = mapped_column(Word(UnitKind, 12))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.code


class UnitTerm(Logged, Base):
    """What a unit was called and which tier it stood in, from a day on (until the next term)."""

    __tablename__ = "unit_term"
    __table_args__ = (UniqueConstraint("unit_id", "valid_from"),)
    __subject__ = "unit"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(100))
    tier: Mapped[Tier] = mapped_column(Word(Tier, 12))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    def subject_id(self) -> int:
        return self.unit_id


class UnitAlias(Logged, Base):
    """A short name (区经信委); `squashed` is how it is compared."""

    __tablename__ = "unit_alias"
    __subject__ = "unit"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    alias: Mapped[str] = mapped_column(String(100))
    squashed: Mapped[str] = mapped_column(text_key(100), unique=True)

    def subject_id(self) -> int:
        return self.unit_id
