"""May a subsidy be paid on a day, and if not, why: the conditions of 兑现, each a refusal of its own."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.commitments.judging import Judged
from app.facts.commitments.models import Commitment
from app.facts.commitments.rules import CommitmentRule
from app.facts.commitments.service import chain
from app.facts.commitments.standing import of_project
from app.facts.commitments.terms import CLAUSE_STATE_LABELS, ClauseKind, ClauseState
from app.facts.reviews import queries as reviews
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.terms import REVIEW_KIND_LABELS, Opinion, ReviewKind, ReviewState
from app.kernel.errors import Conflict


class NotSubsidy(Conflict):
    code = "not_a_subsidy"
    message = "只有补贴奖励条款可以兑现"
    english = "Only a subsidy is paid."


class ClauseStopped(Conflict):
    code = "commitment_stopped"
    message = "条款已停止执行，不能兑现"
    english = "The clause is stopped: nothing is paid under it."


class StoppedByReview(Conflict):
    code = "stopped_by_review"
    message = "审查未通过，不能兑现"
    english = "A review stands against paying this."


class NoValidBasis(Conflict):
    code = "no_valid_basis"
    message = "没有在该日有效的政策依据，不能兑现"
    english = "No legal basis was valid on that day."


class ConditionNotMet(Conflict):
    code = "condition_not_met"
    message = "兑现条件尚未成就"
    english = "What the clause waits for has not come about."


REFUSALS = (NotSubsidy, ClauseStopped, StoppedByReview, NoValidBasis, ConditionNotMet)
AGAINST = (ReviewKind.FAIR_COMPETITION, ReviewKind.LEGAL, ReviewKind.COLLECTIVE_DECISION)
"""Reviews that can forbid a payment."""

_OVER = frozenset({ClauseState.STOPPED, ClauseState.WAIVED, ClauseState.REPLACED, ClauseState.VOID})


def obstacles(db: Session, clause: Commitment, rule: CommitmentRule, day: date) -> Iterator[Conflict]:
    """Everything that forbids a payment on that day, the gravest first."""
    if clause.kind is not ClauseKind.SUBSIDY:
        yield NotSubsidy()
        return
    judged = of_project(db, clause.project_id, day)[2][clause.id]
    if judged.state in _OVER:
        yield ClauseStopped(f"条款{CLAUSE_STATE_LABELS[judged.state]}，不能兑现：{'；'.join(judged.why)}")
    yield from _by_review(db, clause, rule, day)
    said = _basis(clause, day)
    if said is not None:
        yield NoValidBasis(f"{said}，不能兑现")
    if judged.met_on is None and judged.state not in _OVER:
        yield ConditionNotMet(f"兑现条件尚未成就：{_unmet(judged)}")


def check(db: Session, clause: Commitment, rule: CommitmentRule, *days: date) -> None:
    """Refuse (409) unless a payment is allowed on each of these days."""
    for day in days:
        for refusal in obstacles(db, clause, rule, day):
            raise refusal


def _unmet(judged: Judged) -> str:
    return judged.why[0] if judged.why else "缘由不明"


def _basis(clause: Commitment, day: date) -> str | None:
    if clause.basis is None:
        return "没有政策依据（文号）"
    if clause.basis_from is not None and day < clause.basis_from:
        return f"依据{clause.basis}自 {clause.basis_from} 起有效，{day} 尚未生效"
    if clause.basis_to is not None and day > clause.basis_to:
        return f"依据{clause.basis}已于 {clause.basis_to} 失效"
    return None


def _by_review(db: Session, clause: Commitment, rule: CommitmentRule, day: date) -> Iterator[Conflict]:
    concluded = reviews.concluded(db, clause.project_id, day, clause.agreement_id)
    # A supplement does not get round what was said of the agreement whose clause it replaces.
    papers = {one.agreement_id for one in chain(db, clause)} - {clause.agreement_id}
    said = [concluded, *(reviews.concluded(db, clause.project_id, day, paper) for paper in sorted(papers))]
    for kind in AGAINST:
        found = next((one[kind] for one in said if kind in one and not one[kind].clear), None)
        if found is not None:
            state = "未通过" if not found.open_conditions else f"尚有 {found.open_conditions} 项条件未落实"
            yield StoppedByReview(f"{REVIEW_KIND_LABELS[kind]}{state}，不能兑现")
    signed_on = db.get_one(Agreement, clause.agreement_id).signed_on
    since = rule.fair_competition_from
    if since is not None and signed_on >= since and ReviewKind.FAIR_COMPETITION not in concluded:
        yield NoValidBasis(f"{since} 起签订的协议须有公平竞争审查结论，不能兑现")
    if clause.review_id is not None:
        review = db.get_one(Review, clause.review_id)
        stands = review.state is ReviewState.CONCLUDED and review.concluded_on is not None
        if not stands or (review.concluded_on is not None and review.concluded_on > day):
            yield NoValidBasis(f"所据{REVIEW_KIND_LABELS[review.kind]}在该日没有有效的结论，不能兑现")
        elif review.opinion is Opinion.NOT_PASSED or _has_open_conditions(db, review, day):
            yield StoppedByReview(f"所据{REVIEW_KIND_LABELS[review.kind]}未通过，或尚有条件未落实，不能兑现")


def _has_open_conditions(db: Session, review: Review, day: date) -> bool:
    left = (ReviewCondition.met_on.is_(None)) | (ReviewCondition.met_on > day)
    return (
        db.scalars(select(ReviewCondition.id).where(ReviewCondition.review_id == review.id, left)).first() is not None
    )
