"""The words of clearances, and what a clause's state proposes."""

from enum import StrEnum

from app.facts.commitments.judging import Judged
from app.facts.commitments.terms import ClauseState, Party


class ClauseVerdict(StrEnum):
    FULFILLED = "fulfilled"
    DUE_UNPAID = "due_unpaid"
    ENTERPRISE_IN_BREACH = "enterprise_in_breach"
    NOT_DUE = "not_due"
    STOPPED = "stopped"
    UNCLEAR = "unclear"


VERDICT_LABELS = {
    ClauseVerdict.FULFILLED: "已履行",
    ClauseVerdict.DUE_UNPAID: "到期未兑现",
    ClauseVerdict.ENTERPRISE_IN_BREACH: "企业违约",
    ClauseVerdict.NOT_DUE: "未到期",
    ClauseVerdict.STOPPED: "停止或豁免",
    ClauseVerdict.UNCLEAR: "情况不清",
}

TO_SETTLE = frozenset({ClauseVerdict.DUE_UNPAID, ClauseVerdict.ENTERPRISE_IN_BREACH, ClauseVerdict.UNCLEAR})
"""Findings after which somebody has to act."""


def proposed(judged: Judged, party: Party) -> ClauseVerdict:
    """What the state of a clause on the day of the snapshot suggests; an officer confirms or changes it."""
    match judged.state:
        case ClauseState.FULFILLED:
            return ClauseVerdict.FULFILLED
        case ClauseState.STOPPED | ClauseState.WAIVED:
            return ClauseVerdict.STOPPED
        case ClauseState.OVERDUE:
            return ClauseVerdict.ENTERPRISE_IN_BREACH if party is Party.ENTERPRISE else ClauseVerdict.DUE_UNPAID
        case ClauseState.DUE | ClauseState.PARTLY if judged.due_on is None:
            return ClauseVerdict.UNCLEAR  # nothing says until when
        case _:
            return ClauseVerdict.NOT_DUE
