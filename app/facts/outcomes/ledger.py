"""The ledger of outcomes, as `app.facts.recognition` needs to know it."""

from typing import Any

from app.facts.evidence.terms import Book
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.rules import OUTCOME_EVIDENCE
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, SOURCES
from app.facts.recognition.ledger import Ledger
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.money import display


class NoOutcome(NotFound):
    message = "该项目没有这笔成效记录"
    english = "The project has no such outcome."


def _mirror(entry: Outcome) -> dict[str, Any]:
    return {
        "kind": entry.kind, "period": entry.period, "starts_on": entry.starts_on,
        "amount_fen": None if entry.amount_fen is None else -entry.amount_fen,
        "persons": None if entry.persons is None else -entry.persons,
    }  # fmt: skip


def _said(entry: Outcome) -> str:
    much = f"{entry.persons}人" if entry.amount_fen is None else display(entry.amount_fen, "万元", 6, trim=True)
    return f"{OUTCOME_KIND_LABELS[entry.kind]}{much}（{entry.period}）"


OUTCOMES = Ledger(
    book=Book.OUTCOME,
    verb="project.outcome",
    model=Outcome,
    no_entry=NoOutcome,
    declare=Permission.OUTCOME_DECLARE,
    recognise=Permission.OUTCOME_RECOGNISE,
    rule=OUTCOME_EVIDENCE,
    day="happened_on",
    asked=("kind",),
    demand=lambda rule, entry: rule.demand(entry["kind"]),
    # One statistics report proves output and jobs alike; it should not prove the same thing twice.
    rivals=lambda own, other: own.kind == other.kind,
    mirror=_mirror,
    said=_said,
    source=lambda entry: SOURCES[entry.kind],
)
