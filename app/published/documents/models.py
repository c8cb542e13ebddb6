from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.events import Logged


class DocumentTemplate(Logged, Base):
    """A Word template of a series that the office put in place of the one before. Rows are only added.

    It holds for what is published from then on: an edition is always printed with the one of its day.
    """

    __tablename__ = "document_template"
    __subject__ = "document_template"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(text_key(24))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    replaced_at: Mapped[datetime] = mapped_column(Instant)
    replaced_by: Mapped[int] = mapped_column(Id)
    replaced_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.kind}/{self.number}"
