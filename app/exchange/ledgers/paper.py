"""One agreement as an import sees it: which recorded paper a file speaks of, and what it takes over from the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from app.exchange.ledgers.drafts import Draft, FieldChange
from app.exchange.ledgers.findings import RowReading
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.labels import LABELS
from app.exchange.ledgers.records import wan
from app.facts.agreements import counting
from app.facts.agreements.models import AgreementType
from app.kernel.names import normalise, squash

COLUMNS = ("type", "number", "signed_on", "amount_fen", "increment_fen", "parties", "note")
FIELDS = {
    "type": "agreement_type", "number": "contract_no", "signed_on": "signed_on", "amount_fen": "contract_amount",
    "increment_fen": "increment", "parties": "parties", "note": "note",
}  # fmt: skip


@dataclass(slots=True)
class Paper:
    """An agreement as it will be; `line` is the row there is, None for a new one."""

    type: AgreementType
    signed_on: date
    amount_fen: int | None = None
    increment_fen: int | None = None
    number: str | None = None
    parties: str | None = None
    note: str | None = None
    line: Line | None = None
    said_by: RowReading | None = None

    @classmethod
    def of(cls, line: Line) -> "Paper":
        """The paper as it is recorded."""
        return cls(**{name: line[name] for name in COLUMNS}, line=line)

    @property
    def differences(self) -> Line:
        """What will be different about a recorded one."""
        assert self.line is not None
        return {name: getattr(self, name) for name in COLUMNS if getattr(self, name) != self.line[name]}

    @property
    def touched(self) -> bool:
        """Is it new, or different from what is recorded?"""
        return self.line is None or bool(self.differences)


# -- which one -----------------------------------------------------------------------------------------------------


def same(papers: Sequence[Paper], said: Paper) -> Paper | None:
    """The paper that a row speaks of, among those no other row has spoken of."""
    free = [paper for paper in papers if paper.said_by is None]
    if said.number is not None:
        for paper in free:
            if paper.number is not None and normalise(paper.number) == normalise(said.number):
                return paper
    alike = [p for p in free if p.type is said.type and (p.number is None or said.number is None)]
    exact = [p for p in alike if p.signed_on == said.signed_on]
    for paper in exact:
        if (paper.amount_fen, paper.increment_fen) == (said.amount_fen, said.increment_fen):
            return paper
    if exact:
        return exact[0]
    amounts = [p for p in alike if (p.amount_fen, p.increment_fen) == (said.amount_fen, said.increment_fen)]
    return amounts[0] if len(amounts) == 1 and said.amount_fen is not None else None


def formerly(draft: Draft, papers: Sequence[Paper], said: Paper) -> Paper | None:
    """The paper that a row speaks of as it was before people corrected it."""
    for paper in papers:
        if paper.said_by is not None or paper.line is None:
            continue
        edits = {column: draft.edits("agreement", paper.line["id"], column) for column in COLUMNS}
        for at in sorted({edit.at for several in edits.values() for edit in several}, reverse=True):
            was = {c: next((e.before for e in edits[c] if e.at >= at), getattr(paper, c)) for c in COLUMNS}
            if _exactly(Paper(**was), said):
                return paper
    return None


def void(draft: Draft, papers: Sequence[Paper], voided: Sequence[Line], said: Paper) -> Line | None:
    """The voided paper that a file speaks of, when it speaks of none that stands."""
    if any(_exactly(paper, said) for paper in papers) or formerly(draft, papers, said) is not None:
        return None
    return next((line for line in voided if _exactly(Paper.of(line), said)), None)


def tell_void(draft: Draft, line: Line, name: str | None, row: RowReading | None = None) -> None:
    """What was voided stays so."""
    draft.warn(name, "voided", f"系统中这份文本已作废（{line['voided_reason']}），未再记入", row)


def _exactly(paper: Paper, said: Paper) -> bool:
    """Surely the same: by number or, where one has none, by day and amounts."""
    if paper.number is not None and said.number is not None:
        return normalise(paper.number) == normalise(said.number)
    alike = paper.type is said.type or {paper.type, said.type} <= counting.PRELIMINARY
    there = (paper.signed_on, paper.amount_fen, paper.increment_fen)
    return alike and there == (said.signed_on, said.amount_fen, said.increment_fen)


# -- what it takes over --------------------------------------------------------------------------------------------


def merge(paper: Paper, said: Paper, draft: Draft, row: RowReading) -> list[FieldChange]:
    """Take over what is said and differs, but for what was corrected by hand since."""
    changes = []
    for column in COLUMNS:
        old, new = getattr(paper, column), getattr(said, column)
        if new is None or new == old or (old is not None and _means_the_same(column, row, old, new)):
            continue
        if paper.line is not None:
            slot, spell = ("agreement", paper.line["id"], column), partial(_spelled, column)
            if draft.keeps(FIELDS[column], slot, new, spell, partial(_means_the_same, column, row), row):
                continue
        setattr(paper, column, new)
        changes.append(FieldChange(FIELDS[column], _spelled(column, old), _spelled(column, new)))
    if changes:
        draft.changes.extend(changes)
    return changes


def _means_the_same(column: str, row: RowReading, old: object, new: object) -> bool:
    if isinstance(old, str) and isinstance(new, str) and column != "type":
        return squash(old) == squash(new)
    if FIELDS[column] not in row.vague:
        return False
    if isinstance(old, date) and isinstance(new, date):
        return roughly_the_day(old, new)
    return isinstance(old, int) and isinstance(new, int) and abs(old - new) * 10 <= old


def roughly_the_day(old: date, vague: date) -> bool:
    """2020年3月 says 2020-03-31 and means 2020-03-12 as well; a year says its last day."""
    return old.year == vague.year and (old.month == vague.month or (vague.month, vague.day) == (12, 31))


def _spelled(column: str, value: object) -> str | None:
    if value is None:
        return None
    if column.endswith("_fen") and isinstance(value, int):
        return wan(value)
    return LABELS["agreement_type"][str(value)] if column == "type" else str(value)
