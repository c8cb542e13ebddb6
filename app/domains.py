"""Every domain once: its router, what reacts to what, what runs when."""

from collections.abc import Mapping
from datetime import time, timedelta
from functools import partial

from fastapi import APIRouter

import app.exchange.ledgers.models
import app.exchange.municipal.models
import app.facts.agreements.models
import app.facts.commitments.models
import app.facts.engagements.models
import app.facts.enterprises.models
import app.facts.evidence.models
import app.facts.funds.models
import app.facts.pipeline.models
import app.facts.projects.models
import app.facts.reports.models
import app.facts.reviews.models
import app.facts.rewards.bonuses.models
import app.facts.rewards.budgets.models
import app.facts.rewards.claims.models
import app.facts.rewards.leads.models
import app.facts.rewards.providers.models
import app.facts.statistics.models
import app.facts.task_forces.models
import app.facts.tickets.models
import app.identity.auth.models
import app.identity.periods.models
import app.identity.units.models
import app.kernel.events
import app.kernel.notices
import app.kernel.rules
import app.kernel.uploads
import app.published.clearances.models
import app.published.documents.models
import app.published.issues.models  # noqa: F401
from app.exchange.feed.routes import router as feed
from app.exchange.feed.subjects import Feed
from app.exchange.ledgers import reactions as imports_react
from app.exchange.ledgers import service as imports
from app.exchange.ledgers.routes import router as ledgers
from app.exchange.municipal import jobs as municipal_jobs
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.city.routes import router as municipal_city
from app.exchange.municipal.packages.routes import router as municipal_packages
from app.exchange.municipal.reconciliations.routes import router as municipal_reconciliations
from app.exchange.municipal.routes import router as municipal
from app.exchange.weekly.routes import router as report_sheets
from app.facts.agreements import reactions as agreements_react
from app.facts.agreements.routes import router as agreements
from app.facts.attention.jobs import digest
from app.facts.attention.routes import router as attention
from app.facts.commitments import notices as commitments_tell
from app.facts.commitments import reactions as commitments_react
from app.facts.commitments.jobs import remind as remind_of_commitments
from app.facts.commitments.payment_routes import router as commitment_payments
from app.facts.commitments.routes import router as commitments
from app.facts.engagements import notices as engagements_tell
from app.facts.engagements import reactions as engagements_react
from app.facts.engagements.follow_up_routes import router as follow_ups
from app.facts.engagements.jobs import remind as remind_of_follow_ups
from app.facts.engagements.routes import router as engagements
from app.facts.enterprises.routes import router as enterprises
from app.facts.evidence import jobs as evidence_jobs
from app.facts.evidence import notices as evidence_tells
from app.facts.evidence.routes import router as evidence
from app.facts.evidence.upload_routes import router as uploads
from app.facts.funds import reactions as funds_react
from app.facts.funds.ledger import FUNDS
from app.facts.funds.routes import router as funds
from app.facts.history.routes import engagements as engagement_history
from app.facts.history.routes import rewards as reward_history
from app.facts.history.routes import router as history
from app.facts.history.routes import task_forces as task_force_history
from app.facts.history.routes import tickets as ticket_history
from app.facts.meta.routes import router as meta
from app.facts.outcomes import reactions as outcomes_react
from app.facts.outcomes.ledger import OUTCOMES
from app.facts.outcomes.routes import router as outcomes
from app.facts.pipeline.duplicates import signing
from app.facts.pipeline.duplicates.routes import router as duplicates
from app.facts.pipeline.gates import notices as pipeline_tells
from app.facts.pipeline.gates.routes import router as gates
from app.facts.pipeline.routes import router as pipeline
from app.facts.projects import notices as projects_tell
from app.facts.projects import reactions as projects_react
from app.facts.projects import sights
from app.facts.projects.routes import router as projects
from app.facts.recognition.notices import told_of, watching
from app.facts.reports import notices as reports_tell
from app.facts.reports import queries as reports_sight
from app.facts.reports.jobs import keep_weeks
from app.facts.reports.routes import router as reports
from app.facts.reviews import notices as reviews_tell
from app.facts.reviews.routes import router as reviews
from app.facts.rewards import sights as rewards_sight
from app.facts.rewards.bonuses.routes import router as unit_bonuses
from app.facts.rewards.budgets.routes import router as reward_budgets
from app.facts.rewards.claims import notices as claims_tell
from app.facts.rewards.claims import reactions as claims_react
from app.facts.rewards.claims.jobs import remind_of_notices
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.routes import router as claims
from app.facts.rewards.claims.steps import EVENTS as CLAIM_STEPS
from app.facts.rewards.leads.models import Lead
from app.facts.rewards.leads.routes import router as leads
from app.facts.rewards.policies.routes import router as policies
from app.facts.rewards.providers import queries as providers_sight
from app.facts.rewards.providers.routes import router as providers
from app.facts.rewards.register.routes import router as reward_register
from app.facts.statistics.routes import router as statistics
from app.facts.task_forces import notices as task_forces_tell
from app.facts.task_forces import reactions as task_forces_react
from app.facts.task_forces import sights as task_force_sights
from app.facts.task_forces.feed_routes import router as task_calendar
from app.facts.task_forces.jobs import escalate as escalate_tasks
from app.facts.task_forces.meeting_routes import router as meetings
from app.facts.task_forces.routes import router as task_forces
from app.facts.task_forces.task_routes import router as tasks
from app.facts.tickets import notices as tickets_tell
from app.facts.tickets import reactions as tickets_react
from app.facts.tickets import sights as ticket_sights
from app.facts.tickets.jobs import watch as watch_tickets
from app.facts.tickets.rating_routes import router as ticket_ratings
from app.facts.tickets.routes import router as tickets
from app.figures.routes import router as figures
from app.identity.auth.account_routes import router as accounts
from app.identity.auth.routes import router as auth
from app.identity.notices import reactions as notices_react
from app.identity.notices.jobs import remind_of_passwords
from app.identity.notices.routes import router as notices
from app.identity.periods.routes import router as periods
from app.identity.rulebook.routes import router as rulebook
from app.identity.units.jobs import follow_the_calendar
from app.identity.units.routes import router as units
from app.kernel import idempotency, jobs
from app.kernel.access import Permission
from app.kernel.db import Database
from app.kernel.events import Reaction
from app.kernel.files import Store
from app.kernel.jobs import Job
from app.kernel.notices import admits as is_for
from app.kernel.subjects import Subject, declare
from app.published.boards.routes import router as boards
from app.published.bulletins.routes import router as bulletins
from app.published.clearances.routes import router as clearances
from app.published.documents.routes import router as documents
from app.published.issues.routes import router as issues

ROUTERS: tuple[APIRouter, ...] = (
    projects,
    figures,
    agreements,
    funds,
    outcomes,
    pipeline,
    gates,
    duplicates,
    evidence,
    uploads,
    reviews,
    units,
    enterprises,
    engagements,
    follow_ups,
    reports,
    report_sheets,
    leads,
    claims,
    reward_budgets,
    reward_register,
    unit_bonuses,
    providers,
    policies,
    commitments,
    commitment_payments,
    clearances,
    statistics,
    tasks,
    task_calendar,
    task_forces,
    meetings,
    tickets,
    ticket_ratings,
    history,
    engagement_history,
    reward_history,
    task_force_history,
    ticket_history,
    attention,
    meta,
    documents,
    issues,
    bulletins,
    boards,
    ledgers,
    municipal,
    municipal_city,
    municipal_reconciliations,
    municipal_packages,
    feed,
    notices,
    auth,
    accounts,
    periods,
    rulebook,
)
"""Busiest first: the framework looks for a route from the top."""


def _also(table: Mapping[str, tuple[Reaction, ...]], more: Mapping[str, Reaction]) -> dict[str, tuple[Reaction, ...]]:
    """The table with one more who listens to each of these."""
    return {**table, **{kind: (*table.get(kind, ()), reaction) for kind, reaction in more.items()}}


REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "enterprise.renamed": (projects_react.enterprise_renamed,),
    "enterprise.merged": (projects_react.enterprise_merged, engagements_react.enterprise_merged),
    "enterprise.unmerged": (projects_react.enterprise_unmerged, engagements_react.enterprise_unmerged),
    "project.created": (projects_tell.assigned,),
    "project.units_changed": (projects_tell.assigned, task_forces_react.sight_changed),
    "project.confidentiality_changed": (task_forces_react.sight_changed,),
    "project.imported": (task_forces_react.sight_changed,),
    "project.moved": (projects_tell.moved,),
    **dict.fromkeys(projects_tell.BECAME, (projects_tell.status_changed,)),
    "project.noted": (projects_tell.noted,),
    "project.problem_raised": (projects_tell.problem_raised,),
    "project.problem_solved": (projects_tell.problem_solved,),
    "project.evidence_added": (evidence_tells.added,),
    "project.evidence_replaced": (evidence_tells.added, watching(FUNDS), watching(OUTCOMES)),
    "project.evidence_verified": (evidence_tells.judged, watching(FUNDS), watching(OUTCOMES)),
    "project.evidence_rejected": (evidence_tells.judged, watching(FUNDS), watching(OUTCOMES)),
    **told_of(FUNDS, recognised=imports_react.fund_judged, rejected=imports_react.fund_judged),
    **told_of(OUTCOMES),
    "project.review_requested": (reviews_tell.requested,),
    "project.review_concluded": (reviews_tell.concluded,),
    "project.review_withdrawn": (reviews_tell.withdrawn,),
    "project.agreement_recorded": (signing.contract_recorded,),
    "project.agreement_corrected": (signing.contract_recorded,),
    "project.override_requested": (pipeline_tells.requested,),
    "project.override_approved": (pipeline_tells.decided,),
    "project.override_refused": (pipeline_tells.decided,),
    "project.override_lapsed": (pipeline_tells.lapsed,),
    **dict.fromkeys(
        ("engagement.follow_up_added", "engagement.follow_up_changed", "engagement.follow_up_resumed"),
        (engagements_tell.added,),
    ),
    "engagement.follow_up_done": (engagements_tell.closed,),
    "engagement.follow_up_dropped": (engagements_tell.closed,),
    "engagement.voided": (engagements_tell.voided,),
    "task_force.formed": (task_forces_tell.formed,),
    **dict.fromkeys(
        (
            "task_force.task_done",
            "task_force.task_cancelled",
            "task_force.task_reopened",
            "task_force.task_changed",
        ),
        (task_forces_tell.task_settled,),
    ),
    **dict.fromkeys(("task_force.planned", "task_force.dissolved"), (task_forces_tell.all_settled,)),
    "report.submitted": (reports_tell.submitted,),
    "report.accepted": (reports_tell.accepted,),
    "report.returned": (reports_tell.returned,),
    "ledger_import.done": (imports_react.ended, imports_react.funds_brought),
    "ledger_import.funds_confirmed": (imports_react.funds_decided,),
    "ledger_import.funds_rejected": (imports_react.funds_decided,),
    "ledger_import.refused": (imports_react.ended,),
    "ledger_import.failed": (imports_react.ended,),
    "period.reopened": (
        agreements_react.period_reopened,
        funds_react.period_reopened,
        outcomes_react.period_reopened,
        projects_react.period_reopened,
        engagements_react.period_reopened,
        task_forces_react.period_reopened,
    ),
    "period.reports_opened": (engagements_react.period_reopened,),
    "rule.saved": (notices_react.rule_saved,),
    "rule.activated": (notices_react.rule_settled, engagements_react.rule_activated),
    "rule.withdrawn": (notices_react.rule_settled,),
    "user.password_changed": (notices_react.password_changed,),
}
REACTIONS = _also(
    REACTIONS,
    dict.fromkeys(claims_react.FACTS, claims_react.facts_changed)
    | dict.fromkeys(CLAIM_STEPS.values(), claims_tell.moved)
    | {
        "claim.instalment_due": claims_tell.due,
        "lead.excluded": claims_react.provider_excluded,
        "period.reopened": claims_react.period_reopened,
        "lead.withdrawn": claims_react.lead_withdrawn,
    },
)
REACTIONS = _also(
    REACTIONS,
    dict.fromkeys(
        (
            "project.units_changed",
            "project.confidentiality_changed",
            "project.imported",
            "project.task_force_formed",
            "project.task_force_members_changed",
            "project.task_force_dissolved",
        ),
        tickets_react.sight_changed,
    )
    | dict.fromkeys(("ticket.recorded", "ticket.accepted", "ticket.transferred", "ticket.reopened"), tickets_tell.given)
    | {
        "ticket.solved": tickets_tell.solved,
        "ticket.voided": tickets_tell.voided,
        "ticket.rated": tickets_tell.rated,
        "enterprise.merged": tickets_react.enterprise_merged,
        "enterprise.unmerged": tickets_react.enterprise_unmerged,
        "period.reopened": tickets_react.period_reopened,
    },
)
REACTIONS = _also(
    REACTIONS,
    dict.fromkeys(commitments_react.FACTS, commitments_react.facts_changed)
    | {"period.reopened": commitments_react.period_reopened}
    | dict.fromkeys(commitments_tell.SETTLED, commitments_tell.standing_changed)
    | dict.fromkeys(commitments_tell.STEPS, commitments_tell.payment_moved),
)
"""Kind of event → who listens. Downwards a domain calls; upwards it records, and this table says what follows."""

P = Permission
FEED: Feed = declare(
    {
        "project": Subject(P.PROJECT_READ, ("project",), sights.admits, sights.newest),
        "enterprise": Subject(P.ENTERPRISE_READ, ("enterprise",)),
        "engagement": Subject(P.ENGAGEMENT_READ, ("engagement",)),
        "unit": Subject(P.UNIT_READ, ("unit",)),
        "report": Subject(P.REPORT_READ, ("report",), reports_sight.admits),
        "task_force": Subject(P.TASK_FORCE_READ, ("task_force",), sights.admits, task_force_sights.newest),
        "ticket": Subject(P.TICKET_READ, ("ticket",), ticket_sights.admits, ticket_sights.newest),
        "report_week": Subject(P.REPORT_READ, ("report_week",)),
        "claim": Subject(P.REWARD_READ, ("claim",), rewards_sight.admits, rewards_sight.newest_of(Claim)),
        "reward_budget": Subject(P.REWARD_READ, ("reward_budget",)),
        "lead": Subject(P.REWARD_READ, ("lead",), rewards_sight.admits, rewards_sight.newest_of(Lead)),
        "lead_provider": Subject(P.REWARD_READ, ("lead_provider",), providers_sight.admits, providers_sight.newest),
        "statistic": Subject(P.FIGURE_READ, ("statistic",)),
        "ledger_import": Subject(P.LEDGER_IMPORT, ("ledger_import",)),
        "period": Subject(P.META_READ, ("period",)),
        "calendar_day": Subject(P.META_READ, ("calendar_day",)),
        "clearance": Subject(P.PROJECT_READ, ("clearance",)),
        "issue": Subject(P.ISSUE_READ, ("issue",)),
        "document_template": Subject(P.ISSUE_READ, ("document_template",)),
        "rule_version": Subject(P.RULE_READ, ("rule", "rule_version")),
        "municipal_channel": Subject(P.MUNICIPAL_READ, ("municipal_channel",)),
        "municipal_package": Subject(P.MUNICIPAL_READ, ("municipal_package",)),
        "municipal_reconciliation": Subject(P.MUNICIPAL_READ, ("municipal_reconciliation",)),
        "notice": Subject(P.SELF, ("notice",), is_for),
    }
)
"""What of the log is streamed live, and to whom; notices go by the same. What is not named here goes to nobody: people,
sessions, keys."""


def _forget_answers(database: Database) -> None:
    with database.unit_of_work() as db:
        idempotency.forget(db)


JOBS: tuple[Job, ...] = (
    Job("forget_answers", _forget_answers, every=timedelta(hours=1)),
    Job("unit_names", follow_the_calendar, at=time(0, 1)),
    Job("ageing_passwords", remind_of_passwords, at=time(8, 0)),
    Job("follow_ups_due", remind_of_follow_ups, at=time(8, 10)),
    Job("commitments_due", remind_of_commitments, at=time(8, 15)),
    Job("reward_notices_over", remind_of_notices, at=time(8, 20)),
    Job("task_escalation", escalate_tasks, at=time(8, 20)),
    Job("ticket_limits", watch_tickets, every=timedelta(minutes=5)),
    Job("attention_digest", digest, at=time(8, 30), weekday=0),
    Job("weekly_reports", keep_weeks, every=timedelta(minutes=1)),
    Job("interrupted_imports", imports.give_up, every=timedelta(minutes=5)),
    Job("forget_job_runs", jobs.forget, at=time(3, 0)),
)
"""What runs when; times are Shanghai's. See also `jobs_of`."""


def jobs_of(store: Store, connections: Connections | None = None) -> tuple[Job, ...]:
    """All jobs, those that look after the files of `store` and the channels to the city included."""
    channels = connections or {}
    return (
        *JOBS,
        Job("municipal_backlog", partial(municipal_jobs.watch, channels), every=timedelta(minutes=5)),
        Job("forget_contacts", partial(municipal_jobs.forget, channels), at=time(3, 10)),
        Job("stale_files", partial(evidence_jobs.sweep, store), every=timedelta(hours=1)),
        Job("unlinked_files", partial(evidence_jobs.sweep_unlinked, store), at=time(3, 30)),
    )
