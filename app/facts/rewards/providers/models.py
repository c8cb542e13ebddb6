from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.facts.rewards.providers.terms import IdentityKind, ProviderKind
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged
from app.kernel.vault import Mark, Sealed


class LeadProvider(Logged, Base):
    """A person or an organisation that brings leads.

    `unit_id` is the unit that registered the provider, null for the bureau. Identity number, phone and account are
    sealed: they leave the row only masked, or by unmasking, which is an event. An identity number is known once.
    """

    __tablename__ = "lead_provider"
    __subject__ = "lead_provider"
    __personal__ = frozenset(
        {"name", "identity", "identity_mark", "phone", "account", "account_mark", "account_bank", "note"}
    )
    __unlogged__ = frozenset({"pinyin"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[ProviderKind] = mapped_column(Word(ProviderKind, 12))
    name: Mapped[str] = mapped_column(String(100))
    pinyin: Mapped[str] = mapped_column(text_key(600))
    identity_kind: Mapped[IdentityKind] = mapped_column(Word(IdentityKind, 12))
    identity: Mapped[str | None] = mapped_column(Sealed)
    identity_mark: Mapped[str | None] = mapped_column(Mark("identity"), unique=True)
    phone: Mapped[str | None] = mapped_column(Sealed)
    account: Mapped[str | None] = mapped_column(Sealed)
    account_mark: Mapped[str | None] = mapped_column(Mark("account"), index=True)
    account_bank: Mapped[str | None] = mapped_column(String(100))
    note: Mapped[str | None] = mapped_column(String(500))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[int] = mapped_column(Id)
    created_by_name: Mapped[str | None] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return {"unit": self.unit_id}


Index("ix_lead_provider_pinyin", LeadProvider.pinyin, LeadProvider.id)
Index("ix_lead_provider_unit", LeadProvider.unit_id, LeadProvider.id)
