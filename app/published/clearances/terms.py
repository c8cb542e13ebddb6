"""The words of clearances, and what a clause's state proposes."""

from enum import StrEnum

from app.facts.commitments.judging import Judged
from app.facts.commitments.terms import ClauseState, Party


class Verdict(StrEnum):
    FULFILLED = "fulfilled"
    DUE_UNPAID = "due_unpaid"
    ENTERPRISE_IN_BREACH = "enterprise_in_breach"
    NOT_DUE = "not_due"
    STOPPED = "stopped"
    UNCLEAR = "unclear"


VERDICT_LABELS = {
    Verdict.FULFILLED: "已履行",
    Verdict.DUE_UNPAID: "到期未兑现",
    Verdict.ENTERPRISE_IN_BREACH: "企业违约",
    Verdict.NOT_DUE: "未到期",
    Verdict.STOPPED: "停止或豁免",
    Verdict.UNCLEAR: "情况不清",
}

TO_SETTLE = frozenset({Verdict.DUE_UNPAID, Verdict.ENTERPRISE_IN_BREACH, Verdict.UNCLEAR})
"""Findings after which somebody has to act."""


def proposed(judged: Judged, party: Party) -> Verdict:
    """What the state of a clause on the day of the snapshot suggests; an officer confirms or changes it."""
    match judged.state:
        case ClauseState.FULFILLED:
            return Verdict.FULFILLED
        case ClauseState.STOPPED | ClauseState.WAIVED:
            return Verdict.STOPPED
        case ClauseState.OVERDUE:
            return Verdict.ENTERPRISE_IN_BREACH if party is Party.ENTERPRISE else Verdict.DUE_UNPAID
        case ClauseState.DUE | ClauseState.PARTLY if judged.due_on is None:
            return Verdict.UNCLEAR  # nothing says until when
        case _:
            return Verdict.NOT_DUE
