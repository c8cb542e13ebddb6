"""The way of a claim up to its approval: filing, the unit's check, joint review, public notice, approval."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.projects.service import open_for_change
from app.facts.rewards import sights
from app.facts.rewards.budgets import queries as budget_queries
from app.facts.rewards.budgets import service as budgets
from app.facts.rewards.claims import instalments, queries, steps
from app.facts.rewards.claims.calculations import Figures
from app.facts.rewards.claims.machine import ENDED
from app.facts.rewards.claims.models import Claim, ClaimShare
from app.facts.rewards.claims.schemas import (
    ClaimAcceptIn,
    ClaimApproveIn,
    ClaimIn,
    ClaimPublishIn,
    ClaimReasonIn,
    ClaimStepIn,
)
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads import queries as leads
from app.facts.rewards.leads.models import Lead
from app.facts.rewards.policies.bases import bases_of
from app.facts.rewards.policies.policy import Policy
from app.facts.rewards.policies.rules import REWARD_POLICIES, applying
from app.facts.rewards.policies.terms import Choosing, ClaimFrom, VersionBy
from app.facts.rewards.rules import PROCEDURE
from app.identity.periods.queries import overrides
from app.kernel import bulk, calendar, rules
from app.kernel.access import Actor, Permission
from app.kernel.calendar import CalendarUnknown
from app.kernel.errors import Conflict, Invalid
from app.kernel.money import display

LATEST_START = timedelta(days=30)


class NotLinked(Conflict):
    code = "not_linked"
    message = "线索尚未关联项目，不能申报奖励"
    english = "The lead is not linked to a project yet."


class NothingToClaim(Conflict):
    code = "nothing_to_claim"
    message = "按当前事实计算的奖励为零，不能申报"
    english = "By the facts of today the reward is nothing."


class WindowClosed(Conflict):
    code = "window_closed"
    message = "不在政策规定的申领期限内"
    english = "The time to claim has not begun, or is over."


class CalendarMissing(Conflict):
    code = "calendar_missing"
    message = "公示期内的工作日历尚未维护"
    english = "Nobody has said yet which of the days of the notice people work."


class Changed(Conflict):
    code = "changed"
    message = "核定金额与按当前事实计算的不一致"
    english = "The facts of today give another sum."


class MoreThanShown(Conflict):
    code = "more_than_shown"
    message = "金额高于公示的金额，须重新联审、公示"
    english = "It is more than was shown in public."


# -- filing --------------------------------------------------------------------------------------------------------


def file(db: Session, actor: Actor, body: ClaimIn) -> Claim:
    """File a claim of a lead's providers; the calculation of the day is kept with it."""
    lead = leads.get(db, actor, body.lead)
    if lead.project_id is None:
        raise NotLinked
    code = db.get_one(Project, lead.project_id).code
    project = open_for_change(db, actor, code, Permission.REWARD_FILE, even_archived=True)
    sights.check_own(actor, project.unit_id)
    ruling = applying(rules.versions(db, REWARD_POLICIES), body.policy, lead.registered_on, body.met_on)
    if ruling is None:
        raise Invalid.field("policy", "unknown_policy", "该线索适用的版本中没有这项政策")
    policy = ruling.policy
    _check_choice(policy, body)
    _check_met(db, policy, project, body)
    _check_window(policy, project, body.met_on, calendar.today())
    _check_shares(db, policy, lead, body)
    today = calendar.today()
    claim = Claim(
        lead_id=lead.id, project_id=project.id, unit_id=project.unit_id, policy=body.policy, choice=body.choice,
        met_on=body.met_on, fund=body.fund, year=body.year or today.year, state=ClaimState.FILED, gross_fen=0,
        now_fen=0, filed_on=today, changed_at=calendar.now(),
    )  # fmt: skip
    db.add(claim)
    db.flush()
    db.add_all(
        ClaimShare(claim_id=claim.id, provider_id=share.provider, percent=share.percent) for share in body.shares
    )
    figures = steps.figures_of(db, claim)
    if figures.totals[0] == 0:
        raise NothingToClaim
    steps.keep(db, actor, claim, Verb.FILE, figures)
    steps.finish(db, actor, claim, Verb.FILE, paper=body.paper, remarks=body.remarks)
    _look_at_budget(db, claim)
    return claim


def _check_choice(policy: Policy, body: ClaimIn) -> None:
    if body.choice is not None and policy.choose is not Choosing.CHOSEN:
        raise Invalid.field("choice", "not_asked", "该政策的备选不由申领人选择")
    if policy.choose is Choosing.CHOSEN and (body.choice is None or policy.option(body.choice) is None):
        raise Invalid.field("choice", "unknown_option", "须从该政策的备选中选择一项")


def _check_met(db: Session, policy: Policy, project: Project, body: ClaimIn) -> None:
    """The day on which the floor was met is asked for where it decides something, and must be true."""
    window = policy.claim_window
    decides = policy.version_by is VersionBy.THRESHOLD_MET or (
        window is not None and window.counts_from is ClaimFrom.THRESHOLD
    )
    if body.met_on is None:
        if decides:
            raise Invalid.field("met_on", "missing", "该政策按达到起点之日判断，须填写")
        return
    bases = bases_of(db, [project.id], body.met_on)[project.id]
    options = policy.options if body.choice is None else [o for o in policy.options if o.code == body.choice]
    if not any(bases.of(one.base, one.fund_sources) >= (one.floor or 1) for one in options):
        raise Invalid.field("met_on", "not_met", "按已认定的事实，该日尚未达到起点")


def _check_window(policy: Policy, project: Project, met_on: date | None, today: date) -> None:
    window = policy.claim_window
    if window is None:
        return
    since = {
        ClaimFrom.THRESHOLD: met_on,
        ClaimFrom.SIGNED: project.signed_on,
        ClaimFrom.STARTED: project.started_on,
        ClaimFrom.COMPLETED: project.completed_on,
        ClaimFrom.PRODUCTION: project.production_on,
    }[window.counts_from]
    if since is None:
        raise WindowClosed("申领期限尚未起算")
    last = calendar.months_after(since, window.months)
    if today > last:
        raise WindowClosed(f"申领期限自 {since.isoformat()} 起 {window.months} 个月，已于 {last.isoformat()} 届满")


def _check_shares(db: Session, policy: Policy, lead: Lead, body: ClaimIn) -> None:
    given = {provider["id"] for provider in leads.providers_of(db, [lead.id])[lead.id]}
    named = {share.provider for share in body.shares}
    if named != given:
        raise Invalid.field("shares", "other_providers", "须恰为该线索的引资人")
    if len(named) > 1 and not policy.split_allowed:
        raise Invalid.field("shares", "not_split", "该政策不可由几名引资人分配")


def _look_at_budget(db: Session, claim: Claim) -> None:
    """Where the rule says so, a claim that the budget cannot bear does not go on; else it is only told."""
    if rules.in_force(db, PROCEDURE, calendar.today()).body.over_budget == "warn":
        return
    found = budget_queries.standing(db, claim.fund, claim.year)
    if found is None:
        raise budgets.BudgetMissing
    if found.left_fen < claim.gross_fen:
        raise budgets.OverBudget


# -- check, review, notice -----------------------------------------------------------------------------------------


def check(db: Session, actor: Actor, number: int, body: ClaimStepIn) -> Claim:
    """The responsible unit has checked it."""
    claim, _ = steps.begin(db, actor, number, Verb.CHECK)
    steps.finish(db, actor, claim, Verb.CHECK, paper=body.paper, remarks=body.remarks)
    return claim


def review(db: Session, actor: Actor, number: int, body: ClaimStepIn) -> Claim:
    """The joint review has agreed; the calculation of the day is kept. Taken again, the notice begins anew too."""
    claim, _ = steps.begin(db, actor, number, Verb.REVIEW)
    steps.keep(db, actor, claim, Verb.REVIEW, _worth(db, claim))
    steps.finish(db, actor, claim, Verb.REVIEW, paper=body.paper, remarks=body.remarks)
    claim.notice_from = claim.notice_to = None
    _look_at_budget(db, claim)
    return claim


def publish(db: Session, actor: Actor, number: int, body: ClaimPublishIn) -> Claim:
    """Begin the public notice: so many working days as the rule of its first day says."""
    claim, _ = steps.begin(db, actor, number, Verb.PUBLISH)
    today = calendar.today()
    starts = body.starts_on or today
    if not today <= starts <= today + LATEST_START:
        raise Invalid.field("starts_on", "out_of_range", "须在今天起三十天内")
    days = rules.in_force(db, PROCEDURE, starts).body.notice_working_days
    try:
        claim.notice_to = notice_end(starts, days, overrides(db))
    except CalendarUnknown as unknown:
        raise CalendarMissing(str(unknown)) from None
    claim.notice_from = starts
    steps.finish(db, actor, claim, Verb.PUBLISH)
    return claim


def notice_end(starts: date, days: int, known: dict[date, bool]) -> date:
    """The last of so many working days; the first day counts if people work on it."""
    return calendar.add_working_days(starts - timedelta(days=1), days, known)


def freeze(db: Session, actor: Actor, number: int, body: ClaimReasonIn) -> Claim:
    """Hold a claim for another reason than an objection, until a reviewer releases it."""
    claim, _ = steps.begin(db, actor, number, Verb.FREEZE)
    steps.finish(db, actor, claim, Verb.FREEZE, remarks=body.remarks)
    claim.held_reason = body.remarks
    return claim


def refuse(db: Session, actor: Actor, number: int, body: ClaimReasonIn) -> Claim:
    """Say that nothing is granted. What was approved before it was frozen is clawed back instead."""
    claim, _ = steps.begin(db, actor, number, Verb.REFUSE)
    if claim.frozen_from is ClaimState.APPROVED:
        raise steps.WrongState("申报冻结前已批准，只能追回", "It was approved before: it can only be clawed back.")
    steps.finish(db, actor, claim, Verb.REFUSE, remarks=body.remarks)
    return claim


def withdraw(db: Session, actor: Actor, number: int, body: ClaimReasonIn) -> Claim:
    """The claimants take it back before it was approved."""
    claim, _ = steps.begin(db, actor, number, Verb.WITHDRAW)
    steps.finish(db, actor, claim, Verb.WITHDRAW, remarks=body.remarks)
    return claim


# -- approval ------------------------------------------------------------------------------------------------------


def approve(db: Session, actor: Actor, number: int, body: ClaimApproveIn) -> Claim:
    """Grant what the facts of today give, which must be what the approver saw; its instalments begin to wait.

    Not more than the public notice told: then review and notice come again.
    """
    claim, _ = steps.begin(db, actor, number, Verb.APPROVE)
    figures = _as_seen(db, claim, body.gross)
    _check_shown(db, claim, figures, "须重新联审、公示后方可批准")
    budgets.check(db, claim, figures.totals[0])
    steps.keep(db, actor, claim, Verb.APPROVE, figures)
    steps.finish(db, actor, claim, Verb.APPROVE, paper=body.paper, remarks=body.remarks)
    instalments.lay(db, claim, figures)
    return claim


def accept(db: Session, actor: Actor, number: int, body: ClaimAcceptIn) -> Claim:
    """Grant what the facts give now in place of what was approved. What is paid stays, the rest differs.

    Not more than the public notice told. A claim does not go back once it was approved, since money may be out and its
    budget is bound: what goes beyond the notice is not granted, and what was approved is paid all the same.
    """
    claim, _ = steps.begin(db, actor, number, Verb.ACCEPT)
    figures = _as_seen(db, claim, body.gross)
    _check_shown(db, claim, figures, "未经联审、公示不能核定；已批准的照常支付")
    budgets.check(db, claim, figures.totals[0])
    steps.keep(db, actor, claim, Verb.ACCEPT, figures)
    steps.finish(db, actor, claim, Verb.ACCEPT, paper=body.paper, remarks=body.remarks)
    instalments.lay(db, claim, figures)
    return claim


def _check_shown(db: Session, claim: Claim, figures: Figures, rest: str) -> None:
    shown = queries.shown_fen(db, claim.id)
    if shown is not None and figures.totals[0] > shown:
        now, told = (display(fen, "元", 2, trim=True) for fen in (figures.totals[0], shown))
        raise MoreThanShown(f"金额 {now} 高于公示的 {told}，{rest}")


def _as_seen(db: Session, claim: Claim, gross_fen: int) -> Figures:
    # A policy may cap what it gives in a year: who grants by it comes after one another.
    bulk.alone(db.connection(), f"reward policy {claim.policy}")
    figures = _worth(db, claim)
    now = figures.totals[0]
    if now != gross_fen:
        seen, found = (display(fen, "元", 2, trim=True) for fen in (gross_fen, now))
        raise Changed(f"核定金额 {seen} 与按当前事实计算的 {found} 不一致，请重新查看计算后核定")
    return figures


def _worth(db: Session, claim: Claim) -> Figures:
    figures = steps.figures_of(db, claim)
    if figures.totals[0] == 0 and claim.state not in ENDED and claim.paid_fen == 0:
        raise NothingToClaim
    return figures
