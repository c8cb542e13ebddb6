"""What reading a ledger finds: sheets, columns, rows, typed values, and everything worth telling about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from app.exchange.ledgers.columns import SHEETS, SheetKind
from app.exchange.ledgers.labels import LABELS
from app.kernel.money import in_unit

Level = Literal["refused", "warning", "info"]
Value = str | int | Decimal | date | tuple[str, ...] | dict[int, int]
"""Money is int fen; lists are tuples of names; `funds_by_year` is year → fen."""


AMBIGUOUS = "amount_of_some_kind"
"""The field of a column headed 投资额 until the row tells what it is."""

MONEY_FIELDS = frozenset(column.field for spec in SHEETS.values() for column in spec.columns if column.type == "money")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell. `cell` is `C12`, empty for a whole sheet; `value` is what stands there, shortened."""

    level: Level
    cell: str
    field: str | None
    value: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """How a column was understood; `field` is None when it was not, or has no meaning (序号)."""

    letter: str
    heading: str
    field: str | None
    unit: str = ""


@dataclass(slots=True)
class RowReading:
    """One row: `number` is Excel's; `values` holds only what the row says or implies.

    `inferred`: fields it does not say itself (a sector from its group, a stage from its dates); `vague`: fields it says
    roughly (a month, 约5000); `letters`: the column of each field, shared by the rows of a sheet.
    """

    sheet: str
    number: int
    letters: dict[str, str]
    values: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    inferred: set[str] = field(default_factory=set)
    vague: set[str] = field(default_factory=set)

    @property
    def refused(self) -> bool:
        return any(finding.level == "refused" for finding in self.findings)

    def cell(self, name: str) -> str:
        """`C12`, the cell a field was read from; empty when it stands in no column."""
        letter = self.letters.get(name)
        return f"{letter}{self.number}" if letter else ""

    def where(self, name: str = "") -> str:
        """Which cell, or else which row, for a message about another sheet."""
        return f"“{self.sheet}”{self.cell(name) or f'第{self.number}行'}"

    def tell(self, level: Level, name: str | None, code: str, reason: str) -> None:
        """Add a finding about a field or, without a name, about the row."""
        self.findings.append(self.finding(level, name, code, reason))

    def finding(self, level: Level, name: str | None, code: str, reason: str) -> Finding:
        """What `tell` would add."""
        cell = self.cell(name) if name else ""
        value = spelled(name, self.values[name]) if name and name in self.values else ""
        subject = cell or f"第{self.number}行"
        message = f"{subject}“{value}”：{reason}" if value else f"{subject}：{reason}"
        return Finding(level, cell, name, value, code, message)


@dataclass(slots=True)
class SheetReading:
    """One sheet. `skipped` maps row numbers to why they hold no record (title, group, total, heading …)."""

    name: str
    kind: SheetKind | Literal["skipped"]
    header_rows: tuple[int, ...] = ()
    money_unit: str | None = None
    columns: list[ColumnReading] = field(default_factory=list)
    rows: list[RowReading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the sheet itself does not hold together (a total that does not match); its rows are apart."""
        return any(finding.level == "refused" for finding in self.findings)


@dataclass(slots=True)
class ProjectReading:
    """One project, from every main-sheet row of the file that speaks of it; `origins` tells which row gave a field.

    `other_units`: rows that name its unit differently; whether that is the same unit, only the database knows.
    """

    values: dict[str, Value] = field(default_factory=dict)
    rows: list[RowReading] = field(default_factory=list)
    origins: dict[str, RowReading] = field(default_factory=dict)
    other_units: list[RowReading] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        return any(row.refused for row in self.rows)


@dataclass(slots=True)
class Reading:
    """A whole file. `projects` are merged over the sheets; agreements and funds rows stay rows, and `owners` tells by
    (sheet, row number) which of the file's projects they belong to."""

    sheets: list[SheetReading]
    projects: list[ProjectReading] = field(default_factory=list)
    owners: dict[tuple[str, int], ProjectReading] = field(default_factory=dict)

    def rows(self, kind: SheetKind) -> Iterator[RowReading]:
        for sheet in self.sheets:
            if sheet.kind == kind:
                yield from sheet.rows

    def findings(self) -> Iterator[tuple[str, int | None, Finding]]:
        """All findings: sheet, row number (None for the sheet itself), finding."""
        for sheet in self.sheets:
            for finding in sheet.findings:
                yield sheet.name, None, finding
            for row in sheet.rows:
                for finding in row.findings:
                    yield sheet.name, row.number, finding

    def count(self, level: Level) -> int:
        return sum(1 for _, _, finding in self.findings() if finding.level == level)

    @property
    def refused(self) -> bool:
        return self.count("refused") > 0


def spelled(name: str | None, value: Value) -> str:
    """A typed value as the ledger writes it, for a message."""
    if (name in MONEY_FIELDS or name == AMBIGUOUS) and isinstance(value, int):
        return f"{in_unit(value, '万元', 6, trim=True)}万元"
    if isinstance(value, tuple):
        return shown("、".join(value))
    if isinstance(value, dict):
        return "、".join(f"{year}年 {in_unit(fen, '万元', 6, trim=True)}万元" for year, fen in value.items())
    if name in LABELS and isinstance(value, str):
        return LABELS[name].get(value, value)
    return shown(value)


def shown(value: object) -> str:
    """A cell's content for a message, on one line and not longer than 60 characters."""
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
