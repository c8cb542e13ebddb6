"""What is kept of a channel: where its cursor stands, one row per record, and what was said to and by the city."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel.db import Base, Fen, Id, Instant, Word, text_key
from app.kernel.events import Logged


class ChannelState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class RecordState(StrEnum):
    """Where a record stands: `pending` is to be sent, `held` is what the city holds, `rejected` waits for a correction,
    `sent` waits for a receipt that comes later (or for that of a package of files)."""

    PENDING = "pending"
    SENT = "sent"
    HELD = "held"
    REJECTED = "rejected"


class Channel(Logged, Base):
    """One way to the city. Address and credentials are settings of the machine (`channels`); what goes is a rule.

    `cursor` is the last event of the log that was looked at, 0 before the full load; `mapping` names the rule version
    and settings by which all records were last rendered: another one renders them all anew. `position` numbers
    changes of what the city should hold, in commit order: whoever moves it holds the row's lock.
    """

    __tablename__ = "municipal_channel"
    __subject__ = "municipal_channel"
    # Machinery: where a reader of the log stands is no event of it.
    __unlogged__ = frozenset(
        {
            "cursor", "position", "mapping", "failures", "open_until", "probing_until", "contacted_at", "succeeded_at",
            "failure", "alarmed_at",
        }
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(text_key(32), unique=True)
    state: Mapped[ChannelState] = mapped_column(Word(ChannelState, 10), default=ChannelState.ACTIVE)
    state_reason: Mapped[str | None] = mapped_column(String(300))
    cursor: Mapped[int] = mapped_column(Id, default=0)
    position: Mapped[int] = mapped_column(Id, default=0)
    mapping: Mapped[str] = mapped_column(text_key(80), default="")
    failures: Mapped[int] = mapped_column(default=0)  # contacts that failed, one after the other
    open_until: Mapped[datetime | None] = mapped_column(Instant)  # the circuit: nothing is sent before
    probing_until: Mapped[datetime | None] = mapped_column(Instant)  # half open: one tries, until then
    contacted_at: Mapped[datetime | None] = mapped_column(Instant)
    succeeded_at: Mapped[datetime | None] = mapped_column(Instant)
    failure: Mapped[str | None] = mapped_column(String(300))  # what the last contact failed of; null after a success
    alarmed_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.code


class Record(Base):
    """One record: what the city should hold, what it has accepted, and what stands between the two.

    Not in the log: what should be held follows from it, and attempts are no business. `wanted` and `held` are canonical
    JSON as it goes out, null for a tombstone; `held` is also null while it is the same as `wanted`
    (held_version = wanted_version). `digest` is the SHA-256 of `wanted`. A lease says that somebody is sending it.
    """

    __tablename__ = "municipal_record"
    __table_args__ = (
        UniqueConstraint("channel_id", "kind", "key"),
        Index("ix_municipal_record_due", "channel_id", "state", "next_try", "id"),
        Index("ix_municipal_record_position", "channel_id", "kind", "position"),
        Index("ix_municipal_record_project", "project_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("municipal_channel.id"))
    kind: Mapped[RecordKind] = mapped_column(Word(RecordKind, 10))
    key: Mapped[str] = mapped_column(text_key(64))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))

    op: Mapped[Operation] = mapped_column(Word(Operation, 8))
    wanted_version: Mapped[int] = mapped_column(Id)
    wanted: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(text_key(64))
    wanted_at: Mapped[datetime] = mapped_column(Instant)
    position: Mapped[int] = mapped_column(Id)

    held_version: Mapped[int] = mapped_column(Id, default=0)
    held_op: Mapped[Operation | None] = mapped_column(Word(Operation, 8))
    held: Mapped[str | None] = mapped_column(Text)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    receipt_no: Mapped[str | None] = mapped_column(String(64))

    state: Mapped[RecordState] = mapped_column(Word(RecordState, 10))
    code: Mapped[str | None] = mapped_column(String(64))  # of the city's rejection
    field: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(default=0)  # of this version
    next_try: Mapped[datetime] = mapped_column(Instant)
    lease: Mapped[str | None] = mapped_column(text_key(64))  # whose; its batch number
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    package_id: Mapped[int | None] = mapped_column(ForeignKey("municipal_package.id"))


class Contact(Base):
    """One exchange with the city, or one message from it, and how it ended. Kept for a month."""

    __tablename__ = "municipal_contact"
    __table_args__ = (Index("ix_municipal_contact_channel", "channel_id", "started_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("municipal_channel.id"))
    what: Mapped[str] = mapped_column(text_key(12))  # delivery, held, receipts, pull
    batch: Mapped[str] = mapped_column(text_key(64))
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(
        text_key(10)
    )  # done, failed (no answer to use), refused (an answer not believed)
    status: Mapped[int | None]  # of HTTP
    code: Mapped[str | None] = mapped_column(
        String(64)
    )  # timeout, cut, signature, replayed, clock, oversize, malformed …
    reason: Mapped[str | None] = mapped_column(String(300))
    records: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)


class Nonce(Base):
    """A nonce that the city's side has used: a message is believed once."""

    __tablename__ = "municipal_nonce"
    __table_args__ = (UniqueConstraint("channel_id", "nonce"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("municipal_channel.id"))
    nonce: Mapped[str] = mapped_column(text_key(64))
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class Package(Logged, Base):
    """Files for a city that takes files only: what was put in, in which versions, and whether its receipts came."""

    __tablename__ = "municipal_package"
    __subject__ = "municipal_package"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("municipal_channel.id"), index=True)
    number: Mapped[str] = mapped_column(text_key(40), unique=True)  # city-20201124-01
    state: Mapped[str] = mapped_column(text_key(10))  # open, answered, void
    form: Mapped[str] = mapped_column(text_key(8))  # xlsx, csv
    records: Mapped[int]
    total_fen: Mapped[int] = mapped_column(Fen)
    digest: Mapped[str] = mapped_column(text_key(64))  # SHA-256 of the file
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    file: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[int] = mapped_column(Id)
    made_by_name: Mapped[str] = mapped_column(String(60))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.number


class PackageItem(Base):
    """A record in the version in which a package holds it."""

    __tablename__ = "municipal_package_item"
    __table_args__ = (UniqueConstraint("package_id", "record_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("municipal_package.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("municipal_record.id"))
    version: Mapped[int] = mapped_column(Id)
    op: Mapped[Operation] = mapped_column(Word(Operation, 8))
    content: Mapped[str | None] = mapped_column(Text)


class Reconciliation(Logged, Base):
    """What the city said it holds, against what it should hold, at one moment."""

    __tablename__ = "municipal_reconciliation"
    __subject__ = "municipal_reconciliation"
    __unlogged__ = frozenset({"differences"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("municipal_channel.id"), index=True)
    source: Mapped[str] = mapped_column(text_key(10))  # asked, list, file
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[int] = mapped_column(Id)
    made_by_name: Mapped[str] = mapped_column(String(60))
    compared: Mapped[int]
    missing_there: Mapped[int]
    missing_here: Mapped[int]
    different: Mapped[int]
    older: Mapped[int]
    newer_there: Mapped[int]
    in_flight: Mapped[int]  # no differences: on their way, or refused by the city
    rejected: Mapped[int]
    truncated: Mapped[bool]  # more differences than are kept
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    resent_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id
