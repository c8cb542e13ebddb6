"""What is to become of one project, and what is to be told of the rows that speak of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.exchange.ledgers.columns import SHEETS
from app.exchange.ledgers.findings import Finding, Level, ProjectReading, RowReading
from app.exchange.ledgers.known import Known, Line, Record
from app.exchange.ledgers.models import Outcome

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
    enterprises it needs; `gaps` what it tells of an existing one.
    """

    known: Known
    row: Line
    record: Record | None = None
    reading: ProjectReading | None = None
    agreement_rows: list[RowReading] = field(default_factory=list)
    fund_rows: list[RowReading] = field(default_factory=list)
    year: int | None = None
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

    def result(self, row: RowReading) -> RowResult:
        place = (row.sheet, row.number)
        found = self.results.get(place)
        if found is None:
            found = self.results[place] = RowResult(Outcome.UNCHANGED, self)
        return found

    def add(self, part: str, line: Line) -> None:
        self.added.setdefault(part, []).append(line)

    def set(
        self,
        name: str,
        column: str,
        value: Any,
        spell: Callable[[Any], str | None],
        alike: Callable[[Any, Any], bool] = lambda _old, _new: False,
    ) -> bool:
        """Take over a value that the file gives; `alike` says when an existing one means the same. Did it differ?"""
        old = self.row[column]
        if old == value or (old is not None and not self.new and alike(old, value)):
            return False
        self.row[column] = value
        if not self.new:
            self.changes.append(FieldChange(name, None if old is None else spell(old), spell(value)))
        return True

    def weigh(self) -> None:
        """Settle whether anything that people wrote will be different: of the project, or of an enterprise besides."""
        self.rewritten = (
            self.record is None
            or bool(self.added or self.altered or self.dropped)
            or self.row != self.record.row
        )  # fmt: skip
        self.touched = self.rewritten or bool(self.gaps)
