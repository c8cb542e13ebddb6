from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from app.facts.agreements.models import AGREEMENT_TYPE_LABELS
from app.facts.commitments.terms import (
    ANCHOR_LABELS,
    CLAUSE_KIND_LABELS,
    CLAUSE_STATE_LABELS,
    CONDITION_LABELS,
    MEASURE_LABELS,
    PARTY_LABELS,
    PAYMENT_STATE_LABELS,
    REACHED_LABELS,
    SETTING_LABELS,
    SPAN_LABELS,
)
from app.facts.engagements.terms import (
    ENGAGEMENT_KIND_LABELS,
    FOLLOW_UP_LABELS,
    FOLLOW_UP_STATE_LABELS,
    HALF_LABELS,
    LIKENESS_LABELS,
    PRESS_LEVEL_LABELS,
)
from app.facts.enterprises.models import LISTING_LABELS, OWNERSHIP_LABELS
from app.facts.evidence.terms import BOOK_LABELS, EVIDENCE_KIND_LABELS, EVIDENCE_STATE_LABELS
from app.facts.funds.models import FUND_KIND_LABELS, FUND_SOURCE_LABELS
from app.facts.meta.schemas import Choice, ChoicesOut
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS
from app.facts.pipeline.duplicates.terms import SUSPICION_LABELS
from app.facts.pipeline.gates.terms import GATE_FIELD_LABELS, LACK_LABELS, OVERRIDE_STATE_LABELS, STAGE_STATE_LABELS
from app.facts.projects.terms import (
    CHANNEL_LABELS,
    CONFIDENTIALITY_LABELS,
    ENTERPRISE_ROLE_LABELS,
    KIND_LABELS,
    SECTOR_LABELS,
    STAGE_LABELS,
    STATUS_LABELS,
    UNIT_ROLE_LABELS,
)
from app.facts.recognition.terms import ENTRY_STATE_LABELS
from app.facts.reports.terms import (
    DEADLINE_SOURCE_LABELS,
    REPORT_STATE_LABELS,
    STANDING_LABELS,
    STEP_LABELS,
    WEEK_STATE_LABELS,
)
from app.facts.reviews.terms import OPINION_LABELS, REVIEW_KIND_LABELS, REVIEW_STATE_LABELS
from app.facts.rewards.bonuses.terms import BONUS_STATE_LABELS
from app.facts.rewards.claims.terms import CLAIM_STATE_LABELS, VERB_LABELS
from app.facts.rewards.leads.terms import EXCLUSION_LABELS, PAPER_KIND_LABELS, VERDICT_LABELS
from app.facts.rewards.policies.terms import (
    CHOOSING_LABELS,
    CLAIM_FROM_LABELS,
    DUE_WHEN_LABELS,
    REWARD_BASE_LABELS,
    ROUND_DOWN_LABELS,
    SIZE_BY_LABELS,
    VERSION_BY_LABELS,
)
from app.facts.rewards.providers.terms import IDENTITY_KIND_LABELS, PROVIDER_KIND_LABELS
from app.facts.statistics.terms import STATISTIC_LABELS
from app.facts.task_forces.terms import (
    DECISION_STATE_LABELS,
    LEVEL_LABELS,
    LIGHT_LABELS,
    TASK_STATE_LABELS,
    TOLD_LABELS,
    WHEN_LABELS,
)
from app.facts.tickets.terms import (
    FILE_PURPOSE_LABELS,
    LIMIT_UNIT_LABELS,
    TICKET_CATEGORY_LABELS,
    TICKET_CHANNEL_LABELS,
    TICKET_LEVEL_LABELS,
    TICKET_PLACE_LABELS,
    TICKET_STATE_LABELS,
    TICKET_STEP_LABELS,
    TICKET_TOLD_LABELS,
)
from app.identity.units.models import TIER_LABELS, UNIT_KIND_LABELS
from app.kernel.access import ROLE_LABELS, Actor

WORDS: dict[str, dict[str, Mapping[Any, str]]] = {
    "projects": {
        "kind": KIND_LABELS,
        "stage": STAGE_LABELS,
        "status": STATUS_LABELS,
        "confidentiality": CONFIDENTIALITY_LABELS,
        "sector": SECTOR_LABELS,
        "channel": CHANNEL_LABELS,
        "enterprise_role": ENTERPRISE_ROLE_LABELS,
        "unit_role": UNIT_ROLE_LABELS,
    },
    "agreements": {"type": AGREEMENT_TYPE_LABELS},
    "funds": {"source": FUND_SOURCE_LABELS, "kind": FUND_KIND_LABELS, "state": ENTRY_STATE_LABELS},
    "outcomes": {"kind": OUTCOME_KIND_LABELS, "state": ENTRY_STATE_LABELS},
    "evidence": {"kind": EVIDENCE_KIND_LABELS, "state": EVIDENCE_STATE_LABELS, "book": BOOK_LABELS},
    "reviews": {"kind": REVIEW_KIND_LABELS, "state": REVIEW_STATE_LABELS, "opinion": OPINION_LABELS},
    "gates": {
        "field": GATE_FIELD_LABELS,
        "lack": LACK_LABELS,
        "stage_state": STAGE_STATE_LABELS,
        "override_state": OVERRIDE_STATE_LABELS,
        "suspicion": SUSPICION_LABELS,
    },
    "engagements": {
        "kind": ENGAGEMENT_KIND_LABELS,
        "half": HALF_LABELS,
        "level": PRESS_LEVEL_LABELS,
        "likeness": LIKENESS_LABELS,
        "follow_up": FOLLOW_UP_LABELS,
        "follow_up_state": FOLLOW_UP_STATE_LABELS,
    },
    "reports": {
        "state": REPORT_STATE_LABELS,
        "standing": STANDING_LABELS,
        "step": STEP_LABELS,
        "week_state": WEEK_STATE_LABELS,
        "deadline_source": DEADLINE_SOURCE_LABELS,
    },
    "rewards": {
        "provider_kind": PROVIDER_KIND_LABELS,
        "identity_kind": IDENTITY_KIND_LABELS,
        "policy_base": REWARD_BASE_LABELS,
        "policy_choose": CHOOSING_LABELS,
        "policy_size_by": SIZE_BY_LABELS,
        "policy_due_when": DUE_WHEN_LABELS,
        "policy_claim_from": CLAIM_FROM_LABELS,
        "policy_version_by": VERSION_BY_LABELS,
        "policy_rounding": ROUND_DOWN_LABELS,
        "exclusion": EXCLUSION_LABELS,
        "verdict": VERDICT_LABELS,
        "paper_kind": PAPER_KIND_LABELS,
        "claim_state": CLAIM_STATE_LABELS,
        "claim_step": VERB_LABELS,
        "bonus_state": BONUS_STATE_LABELS,
    },
    "task_forces": {
        "task_state": TASK_STATE_LABELS,
        "light": LIGHT_LABELS,
        "decision_state": DECISION_STATE_LABELS,
        "level": LEVEL_LABELS,
        "when": WHEN_LABELS,
        "told": TOLD_LABELS,
    },
    "tickets": {
        "category": TICKET_CATEGORY_LABELS,
        "channel": TICKET_CHANNEL_LABELS,
        "state": TICKET_STATE_LABELS,
        "place": TICKET_PLACE_LABELS,
        "step": TICKET_STEP_LABELS,
        "level": TICKET_LEVEL_LABELS,
        "told": TICKET_TOLD_LABELS,
        "limit_unit": LIMIT_UNIT_LABELS,
        "file_purpose": FILE_PURPOSE_LABELS,
    },
    "commitments": {
        "party": PARTY_LABELS,
        "kind": CLAUSE_KIND_LABELS,
        "measure": MEASURE_LABELS,
        "condition": CONDITION_LABELS,
        "reached": REACHED_LABELS,
        "due_after": ANCHOR_LABELS,
        "due_span": SPAN_LABELS,
        "state": CLAUSE_STATE_LABELS,
        "setting": SETTING_LABELS,
        "payment_state": PAYMENT_STATE_LABELS,
    },
    "statistics": {"code": STATISTIC_LABELS},
    "enterprises": {"ownership": OWNERSHIP_LABELS, "listing": LISTING_LABELS},
    "units": {"tier": TIER_LABELS, "kind": UNIT_KIND_LABELS},
    "users": {"role": ROLE_LABELS},
}


def choices(_connection: Connection, _actor: Actor) -> ChoicesOut:
    """Every closed list with its labels."""
    lists = {
        owner: {
            field: [Choice(code=str(code), label=label) for code, label in labels.items()]
            for field, labels in fields.items()
        }
        for owner, fields in WORDS.items()
    }
    return ChoicesOut.model_validate(lists)
