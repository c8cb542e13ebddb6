"""What sets a budget, and what refuses a claim that it cannot bear."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.rewards.budgets import queries
from app.facts.rewards.budgets.models import RewardBudget
from app.facts.rewards.budgets.schemas import BudgetIn
from app.facts.rewards.claims.models import Claim
from app.identity.auth.queries import name_of
from app.kernel import bulk, calendar, preconditions
from app.kernel.access import Actor
from app.kernel.errors import Conflict, IfMatchMissing
from app.kernel.events import record
from app.kernel.money import display


class OverBudget(Conflict):
    code = "over_budget"
    message = "超出该资金本年度的预算余额，不能批准"
    english = "The budget of this fund and year cannot bear it."


class BudgetMissing(Conflict):
    code = "budget_missing"
    message = "该资金本年度没有预算，不能批准"
    english = "The fund has no budget for this year."


class BelowSpent(Conflict):
    code = "below_spent"
    message = "预算不能低于已批准与已支付之和"
    english = "A budget cannot be less than what was granted and paid."


def put(db: Session, actor: Actor, fund: str, year: int, body: BudgetIn, version: int | None) -> RewardBudget:
    """Set a budget, or change it from row version `version`."""
    bulk.alone(db.connection(), f"reward budget {fund} {year}")
    budget = locked(db, fund, year)
    if budget is not None:
        if version is None:
            raise IfMatchMissing
        preconditions.expect(budget.version, version)
        found = queries.standing(db, fund, year)
        if found is not None and body.amount < found.committed_fen + found.paid_fen:
            raise BelowSpent
    else:
        budget = RewardBudget(fund=fund, year=year)
        db.add(budget)
    budget.label, budget.amount_fen, budget.basis = body.label, body.amount, body.basis
    budget.set_at, budget.set_by = calendar.now(), actor.id
    with db.no_autoflush:
        budget.set_by_name = name_of(db, actor)
    record(db, "reward_budget.set", budget)
    return budget


def locked(db: Session, fund: str, year: int) -> RewardBudget | None:
    """The budget, held until the commit: whoever approves comes after one another. Locked last, after the claim."""
    return db.scalars(
        select(RewardBudget)
        .where(RewardBudget.fund == fund, RewardBudget.year == year)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def check(db: Session, claim: Claim, gross_fen: int) -> None:
    """Refuse (409) to grant a claim what its budget cannot bear; the claim's own part so far is not counted twice."""
    if locked(db, claim.fund, claim.year) is None:
        raise BudgetMissing
    db.flush()
    found = queries.standing(db, claim.fund, claim.year)
    assert found is not None
    own = claim.gross_fen - claim.paid_fen if claim.state == "approved" else 0
    short = gross_fen - claim.paid_fen - found.left_fen - own
    if short > 0:
        raise OverBudget(f"超出该资金本年度的预算余额 {display(short, '元', 2, trim=True)}，不能批准")
