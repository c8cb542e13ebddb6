"""What people are told of claims: whoever must act next, whoever filed of what came of it. Never to who may not see."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards.claims import queries
from app.facts.rewards.claims.machine import BY_VERB
from app.facts.rewards.claims.models import Claim, ClaimStep
from app.facts.rewards.claims.terms import CLAIM_STATE_LABELS, ClaimState, Verb
from app.identity.notices import recipients, texts
from app.kernel import calendar
from app.kernel.access import Actor, Permission, Role
from app.kernel.events import Entry
from app.kernel.money import display
from app.kernel.notices import others, settle, tell

NEXT = {
    ClaimState.FILED: (Verb.CHECK, "单位审核"),
    ClaimState.CHECKED: (Verb.REVIEW, "联审"),
    ClaimState.REVIEWED: (Verb.PUBLISH, "公示"),
    ClaimState.FROZEN: (Verb.ANSWER, "处理异议或冻结原因"),
}
"""What a claim in each state waits for; after its notice it waits for approval, and then for its instalments."""


def moved(db: Session, entry: Entry) -> None:
    """A step was taken: what waited is done, and whoever comes next is told; at an end, whoever filed it."""
    claim = db.get_one(Claim, entry.subject_id)
    settle(db, _key(claim))
    if claim.state in NEXT:
        verb, what = NEXT[claim.state]
        _wait(db, claim, verb, what, _next(db, claim))
    elif claim.state is ClaimState.APPROVED:
        differs(db, claim)
    if claim.state in (ClaimState.APPROVED, ClaimState.PAID, ClaimState.REFUSED, ClaimState.CLAWED_BACK):
        filed = select(ClaimStep.by).where(ClaimStep.claim_id == claim.id, ClaimStep.verb == Verb.FILE)
        for person in db.scalars(filed):
            tell(
                db, others(db, recipients.person(db, person)), texts.CLAIM_DECIDED, claim,
                key=f"{texts.CLAIM_DECIDED.code}:{claim.id}", project=_project(db, claim),
                outcome=CLAIM_STATE_LABELS[claim.state],
            )  # fmt: skip


def due(db: Session, entry: Entry) -> None:
    """An instalment is due: whoever pays is told."""
    claim = db.get_one(Claim, entry.subject_id)
    _wait(db, claim, Verb.PAY, "支付到期的奖励", recipients.who_may(db, Permission.REWARD_PAY))


def notice_over(db: Session, claim: Claim) -> None:
    """The public notice is over: whoever approves is told."""
    _wait(db, claim, Verb.APPROVE, "批准（公示期已满）", recipients.who_may(db, Permission.REWARD_APPROVE))


def to_claw_back(db: Session, claim: Claim) -> None:
    """Somebody who was paid proves to be excluded: whoever approves is told."""
    _wait(
        db, claim, Verb.CLAW_BACK, "追回（引资人经核查属于排除情形）", recipients.who_may(db, Permission.REWARD_APPROVE)
    )


def differs(db: Session, claim: Claim) -> None:
    """The facts give something else than was kept: whoever approves is told; or nothing waits any more.

    What goes beyond the public notice of an approved claim cannot be accepted: nobody waits for that.
    """
    key = f"{texts.CLAIM_DIFFERS.code}:{claim.id}"
    shown = queries.shown_fen(db, claim.id) if claim.state in (ClaimState.APPROVED, ClaimState.PAID) else None
    if claim.now_fen == claim.gross_fen or (shown is not None and claim.now_fen > shown):
        settle(db, key)
        return
    now, kept = (display(fen, "元", 2, trim=True) for fen in (claim.now_fen, claim.gross_fen))
    tell(
        db, recipients.who_may(db, Permission.REWARD_APPROVE), texts.CLAIM_DIFFERS, claim, key=key,
        project=_project(db, claim), now=now, kept=kept,
    )  # fmt: skip


def _next(db: Session, claim: Claim) -> list[Actor]:
    officers = recipients.with_role(db, Role.OFFICER)
    if claim.state is ClaimState.FILED and claim.unit_id is not None:
        return recipients.reporters_of(db, claim.unit_id) or officers
    return officers


def _wait(db: Session, claim: Claim, verb: Verb, what: str, people: list[Actor]) -> None:
    """Tell those who may take the next step, and have taken none that keeps them from it."""
    took = select(ClaimStep.by).where(ClaimStep.claim_id == claim.id, ClaimStep.verb.in_(sorted(BY_VERB[verb].apart)))
    barred = set(db.scalars(took))
    able = [person for person in others(db, people) if person.id not in barred]
    tell(db, able, texts.CLAIM_WAITS, claim, key=_key(claim), project=_project(db, claim), what=what)


def _key(claim: Claim) -> str:
    return f"{texts.CLAIM_WAITS.code}:{claim.id}"


def _project(db: Session, claim: Claim) -> str:
    return db.get_one(Project, claim.project_id).name


def remind_of_notices(db: Session) -> int:
    """Tell of every public notice that ended yesterday or before, once; how many."""
    over = select(Claim).where(Claim.state == ClaimState.NOTICED, Claim.notice_to < calendar.today())
    found = list(db.scalars(over.order_by(Claim.id)))
    for claim in found:
        notice_over(db, claim)
    return len(found)
