"""What must be so before a step of a claim is taken, one function for each need of the machine."""

from collections.abc import Callable, Mapping
from datetime import date

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.facts.rewards.claims.machine import Need
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.terms import CLAIM_STATE_LABELS, ClaimState
from app.facts.rewards.leads import queries as leads
from app.facts.rewards.leads.models import Lead
from app.facts.rewards.leads.terms import EXCLUSION_LABELS
from app.facts.rewards.policies.rules import REWARD_POLICIES
from app.facts.rewards.rules import PROCEDURE
from app.kernel import calendar, rules
from app.kernel.errors import Conflict


class LeadGone(Conflict):
    code = "lead_gone"
    message = "线索已撤销"
    english = "The lead was withdrawn."


class NotFirst(Conflict):
    code = "not_first"
    message = "该项目另有先登记的线索"
    english = "Another lead of this project was registered before."


class LeadLate(Conflict):
    code = "lead_late"
    message = "线索逾期登记，按规则不可申报"
    english = "The lead was registered too late to be rewarded."


class NotConfirmed(Conflict):
    code = "not_confirmed"
    message = "投资方尚未确认引资人，须先登记投资方确认"
    english = "The investor has not confirmed who brought it here."


class NotClear(Conflict):
    code = "not_clear"
    message = "排除情形尚未全部核查为不属于"
    english = "Not every exclusion has been checked and found clear."


class Excluded(Conflict):
    code = "excluded"
    message = "有引资人经核查属于排除情形"
    english = "A provider was found to be excluded."


class NoticeNotOver(Conflict):
    code = "notice_not_over"
    message = "公示期未满"
    english = "The public notice is not over yet."


class AlreadyRewarded(Conflict):
    code = "already_rewarded"
    message = "该项目已按同一政策或与之互斥的政策申报奖励"
    english = "The project is rewarded under this policy, or one that excludes it, already."


def lead_stands(db: Session, claim: Claim, lead: Lead) -> None:
    """The lead was neither withdrawn nor registered too late, and was the first of its project."""
    if lead.withdrawn_at is not None:
        raise LeadGone
    first = leads.first_of(db, claim.project_id)
    if first != lead.id:
        raise NotFirst(f"该项目另有先登记的线索（第 {first} 号）")
    if lead.late and rules.in_force(db, PROCEDURE, calendar.today()).body.late_leads == "refuse":
        raise LeadLate


def confirmed(_db: Session, _claim: Claim, lead: Lead) -> None:
    """The investor says who brought it."""
    if lead.confirmed_on is None:
        raise NotConfirmed


def none_excluded(db: Session, _claim: Claim, lead: Lead) -> None:
    """Nothing was found so far."""
    if found := leads.excluded(db, lead.id):
        said = "、".join(dict.fromkeys(EXCLUSION_LABELS[row.kind] for row in found))
        raise Excluded(f"有引资人经核查属于排除情形：{said}")


def clear(db: Session, claim: Claim, lead: Lead) -> None:
    """Everything was checked, and nothing found."""
    none_excluded(db, claim, lead)
    if not leads.all_clear(db, lead.id):
        raise NotClear


def notice_over(_db: Session, claim: Claim, _lead: Lead) -> None:
    """The public notice has run its time."""
    assert claim.notice_to is not None
    if not is_over(claim.notice_to, calendar.today()):
        raise NoticeNotOver(f"公示至 {claim.notice_to.isoformat()}（含），次日起方可批准")


def is_over(last: date, today: date) -> bool:
    """A notice runs to the end of its last day."""
    return today > last


def alone(db: Session, claim: Claim, _lead: Lead) -> None:
    """No other claim of the project stands under this policy or one that excludes it, in any version."""
    codes = {claim.policy}.union(
        *(version.body.excluded_by(claim.policy) for version in rules.versions(db, REWARD_POLICIES))
    )
    gone = and_(Claim.state == ClaimState.CLAWED_BACK, Claim.paid_fen == 0)
    others = (
        select(Claim.id, Claim.policy, Claim.state)
        .where(
            Claim.project_id == claim.project_id,
            Claim.policy.in_(sorted(codes)),
            Claim.state.not_in([ClaimState.REFUSED, ClaimState.WITHDRAWN]),
            ~gone,
        )
        .order_by(Claim.id)
    )
    with db.no_autoflush:
        for row in db.execute(others):
            if row.id != claim.id:
                state = CLAIM_STATE_LABELS[row.state]
                raise AlreadyRewarded(f"该项目已有奖励申报第 {row.id} 号（政策 {row.policy}，{state}），不得重复奖励")


NEEDS: Mapping[Need, Callable[[Session, Claim, Lead], None]] = {
    Need.LEAD_STANDS: lead_stands,
    Need.CONFIRMED: confirmed,
    Need.CLEAR: clear,
    Need.NONE_EXCLUDED: none_excluded,
    Need.NOTICE_OVER: notice_over,
    Need.ALONE: alone,
}
"""Needs of the claim and its lead alone; a reason, the notice's days and the budget are asked where they are known."""
