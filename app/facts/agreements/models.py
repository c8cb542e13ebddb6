from datetime import date
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Fen, Id, Word
from app.kernel.events import Logged


class AgreementType(StrEnum):
    INTENT = "intent"
    FRAMEWORK = "framework"
    STRATEGIC = "strategic"
    FORMAL = "formal"
    SUPPLEMENT = "supplement"


AGREEMENT_TYPE_LABELS = {
    AgreementType.INTENT: "意向书",
    AgreementType.FRAMEWORK: "框架协议",
    AgreementType.STRATEGIC: "战略协议",
    AgreementType.FORMAL: "正式合同",
    AgreementType.SUPPLEMENT: "补充协议",
}


class Agreement(Logged, Base):
    """A paper that was signed. `voided_reason` marks one that was recorded wrongly: it counts nowhere.

    `amount_fen` is the paper's full amount; `increment_fen` is what a supplement adds (增资) and is all of it
    that counts. `counted_fen` is what this paper adds to 合同引资: a formal contract its amount, a supplement
    its increment, anything else nothing. `first_formal` marks the paper at which the project counts as signed.
    The service keeps both. It counts on `signed_on`, or on `deferred_to` where that day's period was closed
    before it was recorded.
    """

    __tablename__ = "agreement"
    __subject__ = "project"
    __table_args__ = (Index("ix_agreement_project", "project_id", "signed_on"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    type: Mapped[AgreementType] = mapped_column(Word(AgreementType, 12))
    number: Mapped[str | None] = mapped_column(String(80))
    signed_on: Mapped[date] = mapped_column(Date)
    deferred_to: Mapped[date | None] = mapped_column(Date)
    amount_fen: Mapped[int | None] = mapped_column(Fen)
    increment_fen: Mapped[int | None] = mapped_column(Fen)
    counted_fen: Mapped[int] = mapped_column(Fen, default=0)
    first_formal: Mapped[bool] = mapped_column(default=False)
    parties: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[str | None] = mapped_column(Text)
    imported: Mapped[bool] = mapped_column(default=False)
    voided_reason: Mapped[str | None] = mapped_column(String(300))

    def subject_id(self) -> int:
        return self.project_id


COUNTS_ON = func.coalesce(Agreement.deferred_to, Agreement.signed_on)
"""The day on which figures count a paper."""

Index("ix_agreement_counts", Agreement.type, COUNTS_ON)
