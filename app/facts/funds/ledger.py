"""The ledger of funds, as `app.facts.recognition` needs to know it."""

from typing import Any

from sqlalchemy import true

from app.facts.evidence.terms import Book
from app.facts.funds.models import FundEntry
from app.facts.funds.rules import FUND_EVIDENCE
from app.facts.recognition.ledger import Ledger
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.money import display


class NoFund(NotFound):
    message = "该项目没有这笔到位资金"
    english = "The project has no such fund entry."


def _mirror(entry: FundEntry) -> dict[str, Any]:
    foreign = entry.foreign_amount
    return {
        "amount_fen": -entry.amount_fen, "source": entry.source, "kind": entry.kind, "split": entry.split,
        "origin_region": entry.origin_region, "currency": entry.currency,
        "foreign_amount": None if foreign is None else f"-{foreign}", "rate": entry.rate, "rate_on": entry.rate_on,
    }  # fmt: skip


FUNDS = Ledger(
    book=Book.FUND,
    verb="project.fund",
    model=FundEntry,
    no_entry=NoFund,
    declare=Permission.FUND_DECLARE,
    recognise=Permission.FUND_RECOGNISE,
    rule=FUND_EVIDENCE,
    day="arrived_on",
    asked=("kind", "split"),
    demand=lambda rule, entry: rule.demand(entry["kind"], entry["split"]),
    rivals=lambda _own, _other: true(),
    mirror=_mirror,
    said=lambda entry: f"到位资金{display(entry.amount_fen, '万元', 6, trim=True)}（{entry.arrived_on.isoformat()}）",
    source=lambda _entry: "funds",
)
