from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Fen, Id, Instant, text_key
from app.kernel.events import Logged


class RewardBudget(Logged, Base):
    """What one fund may spend on rewards in one year."""

    __tablename__ = "reward_budget"
    __subject__ = "reward_budget"
    __table_args__ = (UniqueConstraint("fund", "year"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    fund: Mapped[str] = mapped_column(text_key(40))
    year: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    amount_fen: Mapped[int] = mapped_column(Fen)
    basis: Mapped[str] = mapped_column(String(300))
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[int] = mapped_column(Id)
    set_by_name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.fund}/{self.year}"
