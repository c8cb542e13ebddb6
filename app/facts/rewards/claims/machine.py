"""The way of a claim as data: from where, by what, to where, with which permission, apart from whom, on which paper.

What is not in this table is refused. Nobody acts twice: whoever filed, checked, reviewed, approved or paid a claim does
none of the others. No paper serves two steps.

A review may be taken again while the notice runs: more than was shown in public is granted after another notice only.
Once approved nothing goes back: money may be out. What the facts give beyond the notice then is neither granted nor in
the way of what was.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads.terms import PaperKind
from app.kernel.access import Permission

S, V, P = ClaimState, Verb, Permission


class Need(StrEnum):
    """What must be so before a step is taken."""

    LEAD_STANDS = "lead_stands"
    CONFIRMED = "confirmed"
    CLEAR = "clear"
    NONE_EXCLUDED = "none_excluded"
    NOTICE_RUNS = "notice_runs"
    NOTICE_OVER = "notice_over"
    ALONE = "alone"
    BUDGET = "budget"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: from these states, by this verb, to that state; None where the claim's own rows say where to.

    `apart` names the verbs whose doers may not take this step.
    """

    before: frozenset[ClaimState]
    verb: Verb
    after: ClaimState | None
    permission: Permission
    apart: frozenset[Verb] = frozenset()
    paper: PaperKind | None = None
    needs: frozenset[Need] = frozenset()


HANDS = frozenset({V.FILE, V.CHECK, V.REVIEW, V.APPROVE, V.ACCEPT, V.PAY})
"""The five whose doers are five different people; whoever accepts a difference does what whoever approves does."""

BEFORE_APPROVAL = frozenset({S.FILED, S.CHECKED, S.REVIEWED, S.NOTICED})
OPEN = BEFORE_APPROVAL | {S.APPROVED}
ENDED = frozenset({S.REFUSED, S.WITHDRAWN, S.CLAWED_BACK})
_APPROVING = frozenset({V.APPROVE, V.ACCEPT})


def _not(*verbs: Verb) -> frozenset[Verb]:
    return HANDS - {*verbs}


TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        frozenset(), V.FILE, S.FILED, P.REWARD_FILE, frozenset(), PaperKind.APPLICATION,
        frozenset({Need.LEAD_STANDS, Need.NONE_EXCLUDED, Need.ALONE}),
    ),
    Transition(
        frozenset({S.FILED}), V.CHECK, S.CHECKED, P.REWARD_CHECK, _not(V.CHECK), PaperKind.UNIT_OPINION,
        frozenset({Need.LEAD_STANDS, Need.CONFIRMED, Need.NONE_EXCLUDED}),
    ),
    Transition(
        frozenset({S.CHECKED, S.NOTICED}), V.REVIEW, S.REVIEWED, P.REWARD_REVIEW, _not(V.REVIEW), PaperKind.MINUTES,
        frozenset({Need.LEAD_STANDS, Need.CONFIRMED, Need.CLEAR, Need.ALONE}),
    ),
    Transition(
        frozenset({S.REVIEWED}), V.PUBLISH, S.NOTICED, P.REWARD_REVIEW, frozenset(), None,
        frozenset({Need.LEAD_STANDS, Need.CLEAR}),
    ),
    Transition(
        frozenset({S.NOTICED, S.FROZEN}), V.OBJECT, S.FROZEN, P.REWARD_REVIEW, frozenset(), PaperKind.OBJECTION,
        frozenset({Need.NOTICE_RUNS, Need.REASON}),
    ),
    Transition(
        frozenset({S.FROZEN}), V.ANSWER, None, P.REWARD_REVIEW, frozenset({V.FILE, V.OBJECT}), None,
        frozenset({Need.REASON}),
    ),
    Transition(OPEN, V.FREEZE, S.FROZEN, P.REWARD_REVIEW, needs=frozenset({Need.REASON})),
    Transition(
        frozenset({S.FROZEN}), V.RELEASE, None, P.REWARD_APPROVE, frozenset({V.FILE}), None,
        frozenset({Need.LEAD_STANDS, Need.NONE_EXCLUDED, Need.REASON}),
    ),
    Transition(
        frozenset({S.NOTICED}), V.APPROVE, S.APPROVED, P.REWARD_APPROVE, _not(*_APPROVING), PaperKind.APPROVAL,
        frozenset({Need.LEAD_STANDS, Need.CONFIRMED, Need.CLEAR, Need.NOTICE_OVER, Need.ALONE, Need.BUDGET}),
    ),
    Transition(
        frozenset({S.APPROVED}), V.ACCEPT, S.APPROVED, P.REWARD_APPROVE, _not(*_APPROVING), PaperKind.APPROVAL,
        frozenset({Need.CLEAR, Need.BUDGET, Need.REASON}),
    ),
    Transition(
        frozenset({S.APPROVED}), V.PAY, None, P.REWARD_PAY, _not(V.PAY), PaperKind.RECEIPT, frozenset({Need.CLEAR}),
    ),
    Transition(
        frozenset({S.APPROVED, S.PAID, S.FROZEN}), V.CLAW_BACK, S.CLAWED_BACK, P.REWARD_APPROVE,
        frozenset({V.FILE, V.PAY}), PaperKind.CLAWBACK, frozenset({Need.REASON}),
    ),
    Transition(
        BEFORE_APPROVAL | {S.FROZEN}, V.REFUSE, S.REFUSED, P.REWARD_REVIEW, frozenset({V.FILE}),
        needs=frozenset({Need.REASON}),
    ),
    Transition(BEFORE_APPROVAL, V.WITHDRAW, S.WITHDRAWN, P.REWARD_FILE, needs=frozenset({Need.REASON})),
)  # fmt: skip

BY_VERB = {transition.verb: transition for transition in TRANSITIONS}


def allowed(state: ClaimState | None, permissions: Collection[Permission]) -> frozenset[Verb]:
    """The verbs that a claim in this state takes from somebody with these permissions; None is a claim to be."""
    return frozenset(
        each.verb
        for each in TRANSITIONS
        if each.permission in permissions and (state in each.before if state is not None else not each.before)
    )
