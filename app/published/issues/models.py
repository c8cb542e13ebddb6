from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.events import Logged


class Issue(Logged, Base):
    """One edition of one issue. It is written once and never changed.

    `content` is JSON in its one spelling, `content_hash` the SHA-256 of that text; the log has the hash, not the text.
    `log_seq` and `log_hash` say where the log stood in the snapshot the content was read from, `rules` which version
    of each rule the content rests on. `year` is the one the period is numbered in: a week's is that of its Thursday.
    """

    __tablename__ = "issue"
    __subject__ = "issue"
    __unlogged__ = frozenset({"content"})
    __table_args__ = (
        # A series has one issue of a period; reports that are made when they are due may be several of a year.
        UniqueConstraint("kind", "period", "number", "edition"),
        UniqueConstraint("kind", "year", "number", "edition"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(text_key(24))
    period: Mapped[str] = mapped_column(text_key(12))
    year: Mapped[int]
    number: Mapped[int]
    edition: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(text_key(64))
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    log_seq: Mapped[int] = mapped_column(Id)
    log_hash: Mapped[str] = mapped_column(text_key(64))
    reason: Mapped[str | None] = mapped_column(String(300))
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[int] = mapped_column(Id)
    published_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.kind}/{self.year}/{self.number}/{self.edition}"
