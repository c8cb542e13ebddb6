from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Mode(StrEnum):
    ALL = "all"
    VALID_ROWS = "valid_rows"
    DRY_RUN = "dry_run"


MODE_LABELS = {
    Mode.ALL: "全部导入，有一行被拒绝则都不写入",
    Mode.VALID_ROWS: "只写入没有问题的行",
    Mode.DRY_RUN: "试运行，不写入",
}


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


STATE_LABELS = {State.RUNNING: "进行中", State.DONE: "已完成", State.REFUSED: "已拒绝", State.FAILED: "失败"}


class Phase(StrEnum):
    READING = "reading"
    CHECKING = "checking"
    WRITING = "writing"


PHASE_LABELS = {Phase.READING: "读取", Phase.CHECKING: "核对", Phase.WRITING: "写入"}


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


OUTCOME_LABELS = {
    Outcome.CREATED: "新增",
    Outcome.CHANGED: "变更",
    Outcome.UNCHANGED: "无变化",
    Outcome.REFUSED: "拒绝",
}


class LedgerImport(Logged, Base):
    """One file that was imported, tried or refused, and what came of it.

    The five counts are of rows. How far it is, and the long account of what was understood, stand outside the log.
    """

    __tablename__ = "ledger_import"
    __subject__ = "ledger_import"
    __unlogged__ = frozenset({"phase", "done", "total", "beat_at", "summary"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(text_key(64))
    size: Mapped[int] = mapped_column(Id)
    mode: Mapped[Mode] = mapped_column(Word(Mode, 12))
    state: Mapped[State] = mapped_column(Word(State, 12))
    phase: Mapped[Phase] = mapped_column(Word(Phase, 12), default=Phase.READING)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was understood of each sheet, counts
    message: Mapped[str | None] = mapped_column(Text)  # how it ended, in words
    by: Mapped[int] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    waited: Mapped[int | None]  # so many seconds the importer waits for the answer; None: to the end
    beat_at: Mapped[datetime] = mapped_column(Instant)  # sign of life of whoever works on it
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id


class LedgerImportRow(Base):
    """What came of one row of the file. An account for people, no business fact: the log has those."""

    __tablename__ = "ledger_import_row"
    __table_args__ = (
        UniqueConstraint("import_id", "place"),
        Index("ix_ledger_import_row_outcome", "import_id", "outcome", "place"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("ledger_import.id"))
    place: Mapped[int]  # 1, 2, 3 … through all sheets
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome, 12))
    warned: Mapped[bool]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)  # who sees it sees the row
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
