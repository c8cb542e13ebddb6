"""The instalments of an approved claim: how much each is, and when it is due."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards.claims.calculations import Figures
from app.facts.rewards.claims.models import Claim, ClaimInstalment
from app.facts.rewards.policies.calculation import Bases
from app.facts.rewards.policies.policy import Condition
from app.facts.rewards.policies.terms import DueWhen
from app.kernel import calendar
from app.kernel.errors import Conflict
from app.kernel.events import record


class Overpaid(Conflict):
    code = "overpaid"
    message = "已付金额超出应得，须先追回超付部分"
    english = "More was paid than is due now: claw the difference back first."


def rows(db: Session, claim: Claim) -> list[ClaimInstalment]:
    """The instalments of a claim, in order."""
    found = select(ClaimInstalment).where(ClaimInstalment.claim_id == claim.id).order_by(ClaimInstalment.number)
    return list(db.scalars(found))


def lay(db: Session, claim: Claim, figures: Figures) -> None:
    """Bring the instalments in line with what was granted: what was paid stays, the others take the difference."""
    parts = figures.calculation.instalments
    known = {row.number: row for row in rows(db, claim)}
    paid = {row.number: row.amount_fen for row in known.values() if row.paid_on is not None}
    amounts = rearranged([part.fen for part in parts], paid)
    if amounts is None:
        raise Overpaid
    for number, part in enumerate(parts, start=1):
        row = known.pop(number, None)
        condition = part.condition.model_dump(mode="json")
        if row is None:
            row = ClaimInstalment(
                claim_id=claim.id, number=number, label=part.label, condition=condition, amount_fen=amounts[number]
            )
            db.add(row)
        elif row.paid_on is None:
            row.label, row.condition, row.amount_fen = part.label, condition, amounts[number]
    for row in known.values():  # the policy has fewer by now
        if row.paid_on is None:
            db.delete(row)
    db.flush()
    mark_due(db, claim, figures.bases)


def rearranged(parts: Sequence[int], paid: Mapping[int, int]) -> dict[int, int] | None:
    """How much each instalment is when `parts` are due and some were paid, by number from 1.

    The first that is not paid makes up for what was paid too much or too little, and the next if it cannot. None when
    more was paid than is due altogether, or when all are paid and it is not what is due.
    """
    found = dict(paid)
    carried = sum(fen for number, fen in enumerate(parts, start=1) if number in paid) - sum(paid.values())
    for number, fen in enumerate(parts, start=1):
        if number not in paid:
            due = fen + carried
            found[number], carried = max(due, 0), min(due, 0)
    return found if carried == 0 else None


def is_met(condition: Condition, bases: Bases, project: Project) -> bool:
    """Has what an instalment waits for come about?"""
    if condition.when is DueWhen.COMPLETION:
        planned = bases.investment_fen or 0
        return planned > 0 and bases.fixed_asset_investment_fen * 100 >= Decimal(condition.percent or 100) * planned
    if condition.when is DueWhen.STAGE:
        return condition.stage is not None and project.stage.order >= condition.stage.order
    return True


def mark_due(db: Session, claim: Claim, bases: Bases) -> list[ClaimInstalment]:
    """Say since when each instalment is due that is not paid; what is not due any more is not. The new ones."""
    project, new = db.get_one(Project, claim.project_id), []
    for row in rows(db, claim):
        if row.paid_on is not None:
            continue
        met = is_met(Condition.model_validate(row.condition), bases, project)
        if met and row.due_on is None:
            row.due_on = calendar.today()
            new.append(row)
        elif not met and row.due_on is not None:
            row.due_on = None
    if new:
        record(db, "claim.instalment_due", claim, instalments=[row.number for row in new])
    return new
