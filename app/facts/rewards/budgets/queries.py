"""Budgets as they stand: every figure but the amount itself is computed from the claims that are charged to them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.facts.rewards.budgets.models import RewardBudget
from app.facts.rewards.budgets.schemas import BudgetFilter
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.terms import ClaimState
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.replies import Answer

Reader = Connection | Session


class NoBudget(NotFound):
    code = "no_budget"
    message = "该资金本年度没有预算"
    english = "The fund has no budget for this year."


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in fen: granted and not yet paid, paid less what was taken back, and what those who wait ask for."""

    amount_fen: int
    committed_fen: int
    paid_fen: int
    asked_fen: int

    @property
    def left_fen(self) -> int:
        return self.amount_fen - self.committed_fen - self.paid_fen


_GRANTED = or_(Claim.state == ClaimState.APPROVED, Claim.frozen_from == ClaimState.APPROVED)
_WAITS = or_(
    Claim.state.in_([ClaimState.FILED, ClaimState.CHECKED, ClaimState.REVIEWED, ClaimState.NOTICED]),
    and_(Claim.state == ClaimState.FROZEN, Claim.frozen_from != ClaimState.APPROVED),
)
_SUMS = (
    func.coalesce(func.sum(case((_GRANTED, Claim.gross_fen - Claim.paid_fen), else_=0)), 0).label("committed"),
    func.coalesce(func.sum(Claim.paid_fen), 0).label("paid"),
    func.coalesce(func.sum(case((_WAITS, Claim.gross_fen), else_=0)), 0).label("asked"),
)


def standing(db: Reader, fund: str, year: int) -> Standing | None:
    """How the budget of a fund and a year stands; None where there is none."""
    amount = db.execute(
        select(RewardBudget.amount_fen).where(RewardBudget.fund == fund, RewardBudget.year == year)
    ).scalar_one_or_none()
    if amount is None:
        return None
    sums = db.execute(select(*_SUMS).where(Claim.fund == fund, Claim.year == year)).one()
    return Standing(amount, int(sums.committed), int(sums.paid), int(sums.asked))


def every(connection: Connection, _actor: Actor, asked: BudgetFilter) -> dict[str, Any]:
    """All budgets, of one year where it is asked for, with what is left of each."""
    conditions = [] if asked.year is None else [RewardBudget.year == asked.year]
    rows = connection.execute(
        select(RewardBudget.__table__).where(*conditions).order_by(RewardBudget.year.desc(), RewardBudget.fund)
    ).all()
    sums = {
        (row.fund, row.year): row
        for row in connection.execute(select(Claim.fund, Claim.year, *_SUMS).group_by(Claim.fund, Claim.year))
    }
    items = []
    for row in rows:
        found = sums.get((row.fund, row.year))
        if found is None:
            items.append(_told(row, Standing(row.amount_fen, 0, 0, 0)))
        else:
            items.append(_told(row, Standing(row.amount_fen, int(found.committed), int(found.paid), int(found.asked))))
    return {"items": items}


def out(db: Reader, fund: str, year: int) -> dict[str, Any]:
    """One budget that is being changed."""
    row = db.execute(
        select(RewardBudget.__table__).where(RewardBudget.fund == fund, RewardBudget.year == year)
    ).one_or_none()
    found = standing(db, fund, year)
    if row is None or found is None:
        raise NoBudget
    return _told(row, found)


def one(connection: Connection, _actor: Actor, fund: str, year: int) -> Answer:
    """One budget, under its row version."""
    version = connection.execute(
        select(RewardBudget.version).where(RewardBudget.fund == fund, RewardBudget.year == year)
    ).scalar_one_or_none()
    return Answer(out(connection, fund, year), row_version=version)


def _told(row: Any, found: Standing) -> dict[str, Any]:
    return {
        "fund": row.fund,
        "year": row.year,
        "label": row.label,
        "amount": format_yuan(found.amount_fen),
        "committed": format_yuan(found.committed_fen),
        "paid": format_yuan(found.paid_fen),
        "left": format_yuan(found.left_fen),
        "asked": format_yuan(found.asked_fen),
        "basis": row.basis,
        "set_at": instant_text(row.set_at),
        "set_by": row.set_by_name,
    }
