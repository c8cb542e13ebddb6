"""Taking a step of a claim: everything the machine asks for is asked here, and what was done is written down."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.claims import queries
from app.facts.rewards.claims.calculations import Figures, asked_of, current
from app.facts.rewards.claims.machine import BY_VERB, Need, Transition
from app.facts.rewards.claims.models import Claim, ClaimCalculation, ClaimStep
from app.facts.rewards.claims.needs import NEEDS
from app.facts.rewards.claims.terms import CLAIM_STATE_LABELS, VERB_LABELS, ClaimState, Verb
from app.facts.rewards.leads import queries as leads
from app.facts.rewards.leads.models import Lead, RewardPaper
from app.facts.rewards.leads.terms import PAPER_KIND_LABELS
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from app.kernel.events import record


class WrongState(Conflict):
    code = "wrong_state"
    message = "申报当前的状态不允许此操作"
    english = "The state of the claim does not allow this."


class SamePerson(Forbidden):
    code = "same_person"
    message = "申报、审核、联审、批准、支付须由不同的人办理"
    english = "Whoever took another step of this claim may not take this one."


class PaperUsed(Conflict):
    code = "paper_used"
    message = "该材料已用于另一步骤，须另附材料"
    english = "This paper served another step already."


class PolicyGone(Conflict):
    code = "policy_gone"
    message = "该线索适用的版本中没有这项政策"
    english = "No version of this policy applies to the lead."


OWN = frozenset({Permission.REWARD_FILE, Permission.REWARD_CHECK})
"""With these a unit acts for itself."""


def begin(db: Session, actor: Actor, number: int, verb: Verb) -> tuple[Claim, Lead]:
    """The claim, its project and itself locked until the commit, if its state takes this step from this actor.

    404 when it is not seen, 403 when another unit's or taken by whoever took another step, 409 when not now. The
    project is locked first, as everybody does: facts do not change meanwhile.
    """
    seen = queries.get(db, actor, number)
    db.execute(select(Project.id).where(Project.id == seen.project_id).with_for_update())
    db.refresh(db.get_one(Project, seen.project_id))
    claim = db.scalars(
        select(Claim).where(Claim.id == number).with_for_update().execution_options(populate_existing=True)
    ).one()
    transition = BY_VERB[verb]
    if transition.permission in OWN:
        sights.check_own(actor, claim.unit_id)
    if claim.state not in transition.before:
        said = f"申报{CLAIM_STATE_LABELS[claim.state]}，不能{VERB_LABELS[verb]}"
        raise WrongState(said, f"The claim is {claim.state.value}: {verb.value} is not possible.")
    if done := queries.done_of(db, claim.id, actor, transition.apart):
        said = "、".join(VERB_LABELS[one] for one in done)
        raise SamePerson(
            f"{said}的人不能{VERB_LABELS[verb]}，须由不同的人办理",
            f"Whoever took {', '.join(done)} of this claim may not take {verb.value}.",
        )
    return claim, db.get_one(Lead, claim.lead_id)


def finish(
    db: Session,
    actor: Actor,
    claim: Claim,
    verb: Verb,
    *,
    paper: int | None = None,
    remarks: str | None = None,
    after: ClaimState | None = None,
) -> ClaimStep:
    """Take the step: its needs are asked, its paper looked at; `after` where the machine leaves it to the claim."""
    transition = BY_VERB[verb]
    lead = db.get_one(Lead, claim.lead_id)
    for need in sorted(transition.needs):
        if need in NEEDS:
            NEEDS[need](db, claim, lead)
    if Need.REASON in transition.needs and remarks is None:
        raise Invalid.field("remarks", "missing", "须说明理由")
    found = _paper(db, transition, lead, paper)
    to_state = transition.after or after
    assert to_state is not None
    before = None if verb is Verb.FILE else claim.state
    _move(claim, to_state)
    step = ClaimStep(
        claim_id=claim.id, verb=verb, from_state=before, to_state=to_state, at=calendar.now(), by=actor.id,
        by_name=name_of(db, actor), paper_id=None if found is None else found.id, remarks=remarks,
    )  # fmt: skip
    db.add(step)
    claim.changed_at = calendar.now()
    record(db, EVENTS[verb], claim, was=before, state=to_state)
    return step


EVENTS = {
    Verb.FILE: "claim.filed",
    Verb.CHECK: "claim.checked",
    Verb.REVIEW: "claim.reviewed",
    Verb.PUBLISH: "claim.published",
    Verb.OBJECT: "claim.objected",
    Verb.ANSWER: "claim.answered",
    Verb.FREEZE: "claim.frozen",
    Verb.RELEASE: "claim.released",
    Verb.APPROVE: "claim.approved",
    Verb.ACCEPT: "claim.accepted",
    Verb.PAY: "claim.paid",
    Verb.CLAW_BACK: "claim.clawed_back",
    Verb.REFUSE: "claim.refused",
    Verb.WITHDRAW: "claim.withdrawn",
}


def _move(claim: Claim, to_state: ClaimState) -> None:
    if to_state is ClaimState.FROZEN:
        claim.frozen_from = claim.frozen_from or claim.state
    else:
        claim.frozen_from = None
        claim.held_reason = None
    claim.state = to_state


def _paper(db: Session, transition: Transition, lead: Lead, number: int | None) -> RewardPaper | None:
    if transition.paper is None:
        return None
    if number is None:
        raise Invalid.field("paper", "missing", f"须有{PAPER_KIND_LABELS[transition.paper]}")
    paper = leads.paper_of(db, lead.id, number)
    if paper.kind is not transition.paper:
        raise Invalid.field("paper", "wrong_paper", f"须是{PAPER_KIND_LABELS[transition.paper]}")
    _check_unused(db, paper)
    return paper


def _check_unused(db: Session, paper: RewardPaper) -> None:
    """One receipt serves one payment, one approval one approval: a paper carries one step.

    All claims that can rest on a paper are of one project, which is locked: nobody takes it at the same moment.
    """
    with db.no_autoflush:
        used = db.execute(
            select(ClaimStep.claim_id, ClaimStep.verb, ClaimStep.at)
            .where(ClaimStep.paper_id == paper.id)
            .order_by(ClaimStep.id)
            .limit(1)
        ).one_or_none()
    if used is not None:
        where = f"第 {used.claim_id} 号申报的{VERB_LABELS[used.verb]}（{calendar.day_of(used.at).isoformat()}）"
        said = f"该{PAPER_KIND_LABELS[paper.kind]}已用于{where}，须另附材料"
        raise PaperUsed(said, errors=[FieldError(field="paper", code="paper_used", message=said)])


# -- calculations that are kept ------------------------------------------------------------------------------------


def figures_of(db: Session, claim: Claim) -> Figures:
    """What the claim comes to by the facts of today; 409 where no policy applies to it."""
    db.flush()
    (found,) = current(db, asked_of(db, [claim.id]), calendar.today())
    if found is None:
        raise PolicyGone
    return found


def keep(db: Session, actor: Actor, claim: Claim, verb: Verb, figures: Figures) -> None:
    """Keep with the claim what it comes to at this step."""
    gross, taxable, withheld, net = figures.totals
    db.add(
        ClaimCalculation(
            claim_id=claim.id, verb=verb, as_of=calendar.today(), rule=figures.rule, tax_rule=figures.tax_rule,
            gross_fen=gross, taxable_fen=taxable, withheld_fen=withheld, net_fen=net, body=figures.body(),
            at=calendar.now(), by=actor.id, by_name=name_of(db, actor),
        )
    )  # fmt: skip
    claim.gross_fen = claim.now_fen = gross


def differs(db: Session, claim: Claim, figures: Figures) -> bool:
    """Do the facts of today give anybody anything else than was kept last?"""
    kept = queries.newest(db, claim.id)
    return kept is None or figures.totals != (kept.gross_fen, kept.taxable_fen, kept.withheld_fen, kept.net_fen)
