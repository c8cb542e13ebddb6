"""What is to become of one project, and what is to be told of the rows that speak of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.exchange.ledgers.columns import SHEETS
from app.exchange.ledgers.edits import Edit, Edits, Slot, older
from app.exchange.ledgers.findings import Finding, Level, ProjectReading, RowReading, shown
from app.exchange.ledgers.known import Known, Line, Record
from app.exchange.ledgers.models import Outcome

Spell = Callable[[Any], str | None]
"""A value as people write it."""

Alike = Callable[[Any, Any], bool]
"""Do two values that differ, an old one and a new one, mean the same?"""


def never(_old: Any, _new: Any) -> bool:
    return False


def spelled_or_empty(value: Any, spell: Spell) -> str:
    """For a message."""
    text = None if value is None else spell(value)
    return "空" if text is None else f"“{shown(text)}”"


Place = tuple[str, int]
"""A row of the file: sheet and number."""

HEADINGS = {column.field: column.title for spec in reversed(SHEETS.values()) for column in spec.columns}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of an existing record that the file changes, as text; None is empty."""

    field: str
    before: str | None
    after: str | None

    @property
    def heading(self) -> str:
        return HEADINGS.get(self.field, self.field)


@dataclass(slots=True)
class RowResult:
    """What came of one row, beyond what reading it found."""

    outcome: Outcome
    draft: "Draft | None" = None
    changes: list[FieldChange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Firm:
    """An enterprise as the file has it: a new one (number below zero) or an existing one with gaps to fill."""

    id: int
    row: Line
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """One project to be: `row` holds its columns as they will be, `added` and `altered` what hangs on it, by table.

    `altered` holds (row as it is, columns that change); `dropped` are rows that never were. `firms` are the numbers of
    enterprises it needs; `gaps` what it tells of an existing one; `by_hand` what people changed since the last file.
    """

    known: Known
    row: Line
    record: Record | None = None
    reading: ProjectReading | None = None
    agreement_rows: list[RowReading] = field(default_factory=list)
    fund_rows: list[RowReading] = field(default_factory=list)
    year: int | None = None
    by_hand: Edits = field(default_factory=dict)
    added: dict[str, list[Line]] = field(default_factory=dict)
    altered: list[tuple[str, Line, Line]] = field(default_factory=list)
    dropped: list[tuple[str, Line]] = field(default_factory=list)
    firms: set[int] = field(default_factory=set)
    gaps: dict[int, Line] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of enterprises that join, for the search
    changes: list[FieldChange] = field(default_factory=list)
    results: dict[Place, RowResult] = field(default_factory=dict)
    refused: bool = False
    touched: bool = False
    rewritten: bool = False

    @property
    def new(self) -> bool:
        return self.record is None

    def value(self, name: str) -> Any:
        """What the file says of a field, None when nothing."""
        return self.reading.values.get(name) if self.reading else None

    def origin(self, name: str | None) -> RowReading:
        """The row that a field comes from, or the first that speaks of the project."""
        if self.reading is None:
            return (self.agreement_rows or self.fund_rows)[0]
        return self.reading.origins.get(name or "", self.reading.rows[0])

    def vague(self, name: str) -> bool:
        return name in self.origin(name).vague

    def inferred(self, name: str) -> bool:
        return name in self.origin(name).inferred

    def tell(self, level: Level, name: str | None, code: str, reason: str, row: RowReading | None = None) -> None:
        """Tell something of a row (by default that of the field); a refusal refuses the row, on the main sheet the
        project."""
        row = row or self.origin(name)
        result = self.result(row)
        result.findings.append(row.finding(level, name, code, reason))
        if level == "refused":
            result.outcome = Outcome.REFUSED
            if self.reading is not None and any(row is main for main in self.reading.rows):
                self.refused = True

    def refuse(self, name: str | None, code: str, reason: str, row: RowReading | None = None) -> None:
        self.tell("refused", name, code, reason, row)

    def warn(self, name: str | None, code: str, reason: str, row: RowReading | None = None) -> None:
        self.tell("warning", name, code, reason, row)

    def faulty(self, fields: Collection[str]) -> bool:
        """Is something wrong with one of these fields, or with a paper? What follows from them is not known then."""
        rows = self.reading.rows if self.reading is not None else []
        told = [finding for row in rows for finding in (*row.findings, *self.result(row).findings)]
        if any(finding.level == "refused" and finding.field in fields for finding in told):
            return True
        return any(row.refused or self.result(row).outcome is Outcome.REFUSED for row in self.agreement_rows)

    def lock(self, name: str | None, period: str, what: str, row: RowReading | None = None) -> None:
        """Refuse what would change something that a closed period counts."""
        reason = f"已锁定的期间 {period} 已计入{what}，不能更改；请先由审核人说明理由后重新开放该期间"
        self.refuse(name, "period_locked", reason, row)

    def defer(self, name: str, counts_on: date | None, row: RowReading | None = None) -> None:
        """Tell where something counts whose own period is closed; None for what counts on its day."""
        if counts_on is not None:
            self.tell("info", name, "deferred", f"所在期间已锁定，计入其后第一个未锁定的日期 {counts_on}", row)

    def restate(self, source: str, *days: date | None) -> None:
        """Keep that what figures count of a source on these days is not what it was; days to come restate nothing."""
        today = self.known.today
        for day in sorted({day for day in days if day is not None and day < today}):
            line = {"source": source, "day": day, "recorded_on": today, "reason": "按导入的台账更正"}
            if line not in self.added.get("restatements", ()):
                self.add("restatements", line)

    def result(self, row: RowReading) -> RowResult:
        place = (row.sheet, row.number)
        found = self.results.get(place)
        if found is None:
            found = self.results[place] = RowResult(Outcome.UNCHANGED, self)
        return found

    def add(self, part: str, line: Line) -> None:
        self.added.setdefault(part, []).append(line)

    def set(self, name: str, column: str, value: Any, spell: Spell, alike: Alike = never, *, said: bool = True) -> bool:
        """Take over a value that the file gives, or that follows (`said` is false then). Is it there now?

        `alike` says when an existing one means the same. What was changed by hand since the file was written stays.
        """
        old = self.row[column]
        if old == value or (old is not None and not self.new and alike(old, value)):
            return True
        if said and self.by_hand and self.keeps(name, ("project", column), value, spell, alike):
            return False
        self.row[column] = value
        if not self.new:
            self.changes.append(FieldChange(name, None if old is None else spell(old), spell(value)))
        return True

    # -- what was changed by hand ----------------------------------------------------------------------------------

    def edits(self, *slot: Any) -> list[Edit]:
        """How people have changed this since a file last said it, the oldest change first."""
        return self.by_hand.get(slot, [])

    def outdated(
        self, name: str, slot: Slot, value: Any, spell: Spell, alike: Alike = never, row: RowReading | None = None
    ) -> bool:
        """Is what the file says older than a change by hand? Then that stays, and a warning says so."""
        changes = self.by_hand.get(slot)
        if not changes or not older(changes, value, alike):
            return False
        self.kept(name, changes[-1], spelled_or_empty(changes[-1].after, spell), row)
        return True

    def kept(self, name: str, edit: Edit, present: str, row: RowReading | None = None) -> None:
        """Tell that something stays as it was made by hand."""
        self.warn(name, "edited_since", f"已由{edit.who}在系统中改为{present}，台账所写是此前的内容，未采用", row)

    def keeps(
        self, name: str, slot: Slot, value: Any, spell: Spell, alike: Alike = never, row: RowReading | None = None
    ) -> bool:
        """The same; a value that differs from both is to be taken, which is told as well."""
        if self.outdated(name, slot, value, spell, alike, row):
            return True
        if changes := self.edits(*slot):
            edit = changes[-1]
            before, after = spelled_or_empty(edit.before, spell), spelled_or_empty(edit.after, spell)
            reason = f"{edit.who}在系统中由{before}改为{after}，台账所写与两者都不同，按台账更正"
            self.warn(name, "edit_overwritten", reason, row)
        return False

    # -- the end ---------------------------------------------------------------------------------------------------

    def weigh(self) -> None:
        """Settle whether anything that people wrote will be different: of the project, or of an enterprise besides."""
        self.rewritten = (
            self.record is None
            or bool(self.added or self.altered or self.dropped)
            or self.row != self.record.row
        )  # fmt: skip
        self.touched = self.rewritten or bool(self.gaps)
