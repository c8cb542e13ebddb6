"""Money that goes out for a claim, and that comes back. Entries are added, never changed."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.facts.rewards.claims import instalments, queries, steps
from app.facts.rewards.claims.calculations import tax_of
from app.facts.rewards.claims.models import Claim, ClaimInstalment, RewardPayment
from app.facts.rewards.claims.schemas import ClaimClawBackIn, ClaimPayIn
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.policies.calculation import split
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.rules import PROCEDURE, taxed
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.money import display, divide


class NoInstalment(NotFound):
    code = "no_instalment"
    message = "这项申报没有这一期"
    english = "The claim has no such instalment."


class AlreadyPaid(Conflict):
    code = "already_paid"
    message = "这一期已支付"
    english = "This instalment was paid before."


class NotDue(Conflict):
    code = "not_due"
    message = "这一期的兑现条件尚未成就"
    english = "What this instalment waits for has not come about."


class EarlierUnpaid(Conflict):
    code = "earlier_unpaid"
    message = "前一期尚未支付"
    english = "An earlier instalment is not paid yet."


class DifferenceNotAccepted(Conflict):
    code = "difference_not_accepted"
    message = "事实已变化，按当前事实计算的与批准的不同，须先重新核定"
    english = "The facts give something else now: accept the difference first."


class NothingToTakeBack(Conflict):
    code = "nothing_to_take_back"
    message = "没有超出应得的已付金额，无需追回"
    english = "Nothing was paid beyond what is due."


def pay(db: Session, actor: Actor, number: int, instalment: int, body: ClaimPayIn) -> Claim:
    """Write down that an instalment was paid to every provider: once, in order, when due, if nothing has changed.

    What was approved is paid also while the facts give more than was shown in public, which nobody can accept.
    """
    claim, _ = steps.begin(db, actor, number, Verb.PAY)
    rows = instalments.rows(db, claim)
    row = next((one for one in rows if one.number == instalment), None)
    if row is None:
        raise NoInstalment
    if row.paid_on is not None:
        raise AlreadyPaid
    if any(one.paid_on is None for one in rows if one.number < instalment):
        raise EarlierUnpaid
    figures = steps.figures_of(db, claim)
    shown = queries.shown_fen(db, claim.id)
    beyond = shown is not None and figures.totals[0] > shown
    if not beyond and steps.differs(db, claim, figures):
        claim.now_fen = figures.totals[0]
        now, kept = (display(fen, "元", 2, trim=True) for fen in (figures.totals[0], claim.gross_fen))
        raise DifferenceNotAccepted(f"按当前事实计算的 {now} 与批准的 {kept} 不同（总额或税款），须先重新核定")
    instalments.mark_due(db, claim, figures.bases)
    if row.due_on is None:
        raise NotDue
    if body.paid_on < row.due_on:
        raise Invalid.field("paid_on", "order", f"支付日期不能早于到期日期 {row.due_on.isoformat()}")
    last = all(one.paid_on is not None for one in rows if one is not row)
    after = ClaimState.PAID if last else ClaimState.APPROVED
    step = steps.finish(db, actor, claim, Verb.PAY, paper=body.paper, after=after)
    assert step.paper_id is not None
    entitled = {share["provider"]: share["gross"] for share in queries.newest(db, claim.id).body["shares"]}
    percents, paid = queries.percents(db, claim.id), _paid(db, claim)
    for provider, fen in parts(row.amount_fen, percents, paid, entitled, last).items():
        _enter(db, actor, claim, provider, fen, body.paid_on, step.paper_id, row, None)
    row.paid_on = body.paid_on
    claim.paid_fen += row.amount_fen
    db.flush()
    return claim


def parts(
    amount_fen: int, percents: Mapping[int, str], paid: Mapping[int, int], entitled: Mapping[int, int], last: bool
) -> dict[int, int]:
    """Who gets how much of an instalment. With the last one, each has got exactly what is his."""
    if last:
        rest = {provider: fen - paid.get(provider, 0) for provider, fen in entitled.items()}
        if sum(rest.values()) == amount_fen and min(rest.values()) >= 0:
            return rest
    return split(amount_fen, {provider: Decimal(percent) for provider, percent in percents.items()})


def claw_back(db: Session, actor: Actor, number: int, body: ClaimClawBackIn) -> Claim:
    """Take back everything, or what goes beyond what the facts give now; what was not paid will not be."""
    claim, _ = steps.begin(db, actor, number, Verb.CLAW_BACK)
    if claim.state is ClaimState.FROZEN and claim.frozen_from is not ClaimState.APPROVED:
        raise steps.WrongState("申报尚未批准，不予奖励即可", "It was not approved: refuse it instead.")
    paid = _paid(db, claim)
    last = db.execute(select(func.max(RewardPayment.paid_on)).where(RewardPayment.claim_id == claim.id)).scalar_one()
    if last is not None and body.happened_on < last:
        raise Invalid.field("happened_on", "order", f"追回日期不能早于支付日期 {last.isoformat()}")
    entitled = dict.fromkeys(paid, 0)
    if not body.everything:
        figures = steps.figures_of(db, claim)
        steps.keep(db, actor, claim, Verb.CLAW_BACK, figures)
        entitled |= {share.provider: min(share.gross_fen, paid.get(share.provider, 0)) for share in figures.shares}
        if entitled == dict(paid):
            raise NothingToTakeBack
    step = steps.finish(db, actor, claim, Verb.CLAW_BACK, paper=body.paper, remarks=body.remarks)
    assert step.paper_id is not None
    for provider, fen in paid.items():
        if fen > entitled[provider]:
            _enter(
                db, actor, claim, provider, entitled[provider] - fen, body.happened_on, step.paper_id, None,
                body.remarks[:300],
            )  # fmt: skip
    claim.paid_fen = sum(entitled.values())
    db.flush()
    return claim


def _paid(db: Session, claim: Claim) -> Counter[int]:
    """What each provider has got so far, before tax."""
    db.flush()
    rows = db.execute(
        select(RewardPayment.provider_id, func.sum(RewardPayment.gross_fen))
        .where(RewardPayment.claim_id == claim.id)
        .group_by(RewardPayment.provider_id)
    )
    return Counter({provider: int(fen) for provider, fen in rows})


def _enter(
    db: Session, actor: Actor, claim: Claim, provider: int, gross_fen: int, on: date, paper_id: int,
    instalment: ClaimInstalment | None, reason: str | None,
) -> None:  # fmt: skip
    """One entry. What is taken back takes back its part of the tax, so that all entries of a provider add up."""
    kind = db.execute(select(LeadProvider.kind).where(LeadProvider.id == provider)).scalar_one()
    tax = tax_of(rules.in_force(db, PROCEDURE, calendar.today()).body, kind)
    taxable, withheld = taxed(tax, gross_fen) if gross_fen >= 0 else _back(db, claim, provider, gross_fen)
    db.add(
        RewardPayment(
            claim_id=claim.id, project_id=claim.project_id, provider_id=provider, paid_on=on,
            deferred_to=hold(db).deferral(on), gross_fen=gross_fen,
            instalment_id=None if instalment is None else instalment.id, taxable_fen=taxable, withheld_fen=withheld,
            net_fen=gross_fen - withheld, tax=tax.label, paper_id=paper_id, reason=reason, at=calendar.now(),
            by=actor.id, by_name=name_of(db, actor),
        )
    )  # fmt: skip


def _back(db: Session, claim: Claim, provider: int, gross_fen: int) -> tuple[int, int]:
    """Of what is taken back (below zero), the taxable part and the tax, in the proportion they were paid in."""
    gross, taxable, withheld = db.execute(
        select(
            func.sum(RewardPayment.gross_fen), func.sum(RewardPayment.taxable_fen), func.sum(RewardPayment.withheld_fen)
        ).where(RewardPayment.claim_id == claim.id, RewardPayment.provider_id == provider)
    ).one()
    return -divide(int(taxable) * -gross_fen, int(gross)), -divide(int(withheld) * -gross_fen, int(gross))
