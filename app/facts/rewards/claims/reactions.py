"""What claims do when facts change: look again at what they come to, and stop where somebody proves to be excluded."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.deferrals import bring_home
from app.facts.rewards.claims import instalments, notices, steps
from app.facts.rewards.claims.calculations import asked_of, current
from app.facts.rewards.claims.machine import ENDED, OPEN
from app.facts.rewards.claims.models import Claim, ClaimShare, ClaimStep, RewardPayment
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads.terms import EXCLUSION_LABELS, Exclusion
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.events import Entry, record

FACTS = (
    "project.fund_recognised", "project.fund_reversed", "project.funds_confirmed", "project.outcome_recognised",
    "project.outcome_reversed", "project.agreement_recorded", "project.agreement_corrected",
    "project.agreement_voided", "project.moved", "project.changed",
)  # fmt: skip
"""Events of a project that rewards are computed from, or wait for."""


def facts_changed(db: Session, entry: Entry) -> None:
    """See what the project's claims come to now; a difference is told to whoever approves, what is due to who pays."""
    living = select(Claim.id).where(Claim.project_id == entry.subject_id, Claim.state.not_in(sorted(ENDED)))
    recompute(db, list(db.scalars(living.order_by(Claim.id))))


def recompute(db: Session, claim_ids: list[int]) -> int:
    """Bring what these claims come to up to date, in a constant number of statements; how many differ now."""
    if not claim_ids:
        return 0
    asked = asked_of(db, claim_ids)
    found = current(db, asked, calendar.today())
    claims = {
        claim.id: claim
        for start in range(0, len(claim_ids), 10_000)
        for claim in db.scalars(
            select(Claim)
            .where(Claim.id.in_(claim_ids[start : start + 10_000]))
            .order_by(Claim.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    differing = 0
    for one, figures in zip(asked, found, strict=True):
        assert one.id is not None
        claim = claims[one.id]
        gross = 0 if figures is None else figures.totals[0]
        if gross != claim.now_fen:
            claim.now_fen = gross
            record(db, "claim.recomputed", claim, differs=gross != claim.gross_fen)
            notices.differs(db, claim)
        if figures is not None and claim.state is ClaimState.APPROVED:
            instalments.mark_due(db, claim, figures.bases)
        differing += gross != claim.gross_fen
    return differing


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the payments that came too late for the period count in it after all."""
    bring_home(db, entry, RewardPayment, RewardPayment.paid_on)


def provider_excluded(db: Session, entry: Entry) -> None:
    """A relation came to light: the claims of that provider stop where they are, until a reviewer releases them.

    Of one that is paid in full, whoever approves is told to take the money back.
    """
    wanted = (
        select(Claim)
        .join(ClaimShare, ClaimShare.claim_id == Claim.id)
        .where(
            Claim.lead_id == entry.subject_id,
            ClaimShare.provider_id == entry.data["provider"],
            Claim.state.in_(sorted({*OPEN, ClaimState.FROZEN, ClaimState.PAID})),
        )
        .order_by(Claim.id)
        .with_for_update(of=Claim)
        .execution_options(populate_existing=True)
    )
    label = EXCLUSION_LABELS[Exclusion(entry.data["exclusion"])]
    for claim in db.scalars(wanted):
        if claim.state is ClaimState.PAID:
            notices.to_claw_back(db, claim)
        else:
            hold(db, claim, f"引资人经核查属于排除情形：{label}")


def lead_withdrawn(db: Session, entry: Entry) -> None:
    """What a claim rests on is gone: it stops where it is."""
    wanted = (
        select(Claim)
        .where(Claim.lead_id == entry.subject_id, Claim.state.in_(sorted({*OPEN, ClaimState.FROZEN})))
        .order_by(Claim.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for claim in db.scalars(wanted):
        hold(db, claim, "线索已撤销")


def hold(db: Session, claim: Claim, reason: str) -> None:
    """Freeze a claim by the house itself, in the name of whoever brought it about."""
    actor = db.info["actor"]
    before = claim.state
    if before is not ClaimState.FROZEN:
        claim.frozen_from, claim.state = before, ClaimState.FROZEN
    claim.held_reason = reason
    claim.changed_at = calendar.now()
    db.add(
        ClaimStep(
            claim_id=claim.id, verb=Verb.FREEZE, from_state=before, to_state=ClaimState.FROZEN, at=calendar.now(),
            by=actor.id, by_name=name_of(db, actor), remarks=reason,
        )
    )  # fmt: skip
    record(db, steps.EVENTS[Verb.FREEZE], claim, was=before, state=ClaimState.FROZEN)
