"""Where figures come from: each fact once, as rows that have an event date, an amount, and mostly a project.

Sources of projects select from `project` (alone or joined), so that dimensions and sight are the same for all. Those of
engagements and reports have no one project: they say by what else they can be broken down.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, exists, func, join, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.facts.agreements.models import COUNTS_ON as PAPER_COUNTS_ON
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.funds.models import COUNTS_ON as FUND_COUNTS_ON
from app.facts.funds.models import FundEntry
from app.facts.outcomes.models import COUNTS_ON as OUTCOME_COUNTS_ON
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, OutcomeKind
from app.facts.outcomes.terms import SOURCES as OUTCOME_SOURCES
from app.facts.projects.models import Project, counts_on
from app.facts.projects.terms import Stage, Status
from app.facts.recognition.terms import EntryState
from app.figures.buckets import bucket
from app.figures.commitments import COMMITMENT_CONDITIONS, COMMITMENT_SOURCES
from app.figures.engagements import ENGAGEMENT_CONDITIONS, ENGAGEMENT_SOURCES
from app.figures.facts import AS_OF, LARGE
from app.figures.facts import FROM_DAY as FROM_DAY
from app.figures.facts import TO_DAY as TO_DAY
from app.figures.facts import Source as Source
from app.figures.reports import REPORT_SOURCES
from app.figures.rewards import REWARD_SOURCES
from app.figures.task_forces import TASK_FORCE_SOURCES
from app.figures.tickets import TICKET_CONDITIONS, TICKET_SOURCES
from app.kernel.db import Fen

_PROJECT: FromClause = Project.__table__
_AGREEMENT: FromClause = Agreement.__table__
_FUND: FromClause = FundEntry.__table__
_OUTCOME: FromClause = Outcome.__table__


def _reached(code: str, label: str, stage: Stage, amount: ColumnElement[int]) -> Source:
    """Projects that reached a stage."""
    day = counts_on(stage)
    return Source(
        code=code,
        label=label,
        kind="project",
        table=_PROJECT,
        tables=(_PROJECT,),
        row_id=Project.id.expression,
        happened=getattr(Project, stage.column),
        event=day,
        amount=amount,
        where=(day >= FROM_DAY, day <= TO_DAY),
        sort=day,
    )


def _papers(code: str, label: str, types: tuple[AgreementType, ...], amount: ColumnElement[int]) -> Source:
    return Source(
        code=code,
        label=label,
        kind="agreement",
        table=join(_AGREEMENT, _PROJECT, Project.id == Agreement.project_id),
        tables=(_AGREEMENT, _PROJECT),
        row_id=Agreement.id.expression,
        happened=Agreement.signed_on.expression,
        event=PAPER_COUNTS_ON,
        amount=amount,
        where=(
            or_(*(Agreement.type == kind for kind in types)),
            PAPER_COUNTS_ON >= FROM_DAY,
            PAPER_COUNTS_ON <= TO_DAY,
            Agreement.voided_reason.is_(None),
        ),
        sort=PAPER_COUNTS_ON,
    )


def _outcomes(kind: OutcomeKind) -> Source:
    """What was recognised of one kind of outcome; its quantity is money or persons."""
    quantity: Any = Outcome.persons if kind.counts_people else Outcome.amount_fen
    return Source(
        code=OUTCOME_SOURCES[kind],
        label=f"已认定{OUTCOME_KIND_LABELS[kind]}",
        kind="outcome",
        table=join(_OUTCOME, _PROJECT, Project.id == Outcome.project_id),
        tables=(_OUTCOME, _PROJECT),
        row_id=Outcome.id.expression,
        happened=Outcome.happened_on.expression,
        event=OUTCOME_COUNTS_ON,
        amount=quantity.expression,
        where=(
            Outcome.kind == kind,
            Outcome.state == EntryState.RECOGNISED,
            OUTCOME_COUNTS_ON >= FROM_DAY,
            OUTCOME_COUNTS_ON <= TO_DAY,
        ),
        sort=OUTCOME_COUNTS_ON,
        why=Outcome.reason.expression,
        unit="人" if kind.counts_people else "元",
    )


def _known(fen: InstrumentedAttribute[int | None]) -> ColumnElement[int]:
    return func.coalesce(fen, literal(0, Fen), type_=Fen)


_FIRST_FORMAL = _known(Project.first_formal_fen)
_INVESTMENT = _known(Project.investment_fen)

SOURCES: Mapping[str, Source] = {
    source.code: source
    for source in (
        _reached("signings", "首份正式合同", Stage.SIGNED, _FIRST_FORMAL),
        _reached("starts", "开工", Stage.STARTED, _FIRST_FORMAL),
        _reached("completions", "竣工", Stage.COMPLETED, _FIRST_FORMAL),
        _reached("productions", "投产", Stage.PRODUCTION, _FIRST_FORMAL),
        _reached("full_capacities", "达产", Stage.FULL_CAPACITY, _FIRST_FORMAL),
        _papers(
            "contracts",
            "正式合同及增资",
            (AgreementType.FORMAL, AgreementType.SUPPLEMENT),
            Agreement.counted_fen.expression,
        ),
        _papers("formals", "正式合同", (AgreementType.FORMAL,), Agreement.counted_fen.expression),
        _papers("frameworks", "框架协议", (AgreementType.FRAMEWORK,), _known(Agreement.amount_fen)),
        Source(
            code="funds",
            label="已认定到位资金",
            kind="fund_entry",
            table=join(_FUND, _PROJECT, Project.id == FundEntry.project_id),
            tables=(_FUND, _PROJECT),
            row_id=FundEntry.id.expression,
            happened=FundEntry.arrived_on.expression,
            event=FUND_COUNTS_ON,
            amount=FundEntry.amount_fen.expression,
            where=(
                FundEntry.state == EntryState.RECOGNISED,
                FUND_COUNTS_ON >= FROM_DAY,
                FUND_COUNTS_ON <= TO_DAY,
            ),
            sort=FUND_COUNTS_ON,
            why=FundEntry.reason.expression,
        ),
        *(_outcomes(kind) for kind in OutcomeKind),
        Source(
            code="tracked",
            label="在库项目",
            kind="project",
            table=_PROJECT,
            tables=(_PROJECT,),
            row_id=Project.id.expression,
            happened=TO_DAY,
            event=TO_DAY,
            amount=_INVESTMENT,
            where=(Project.tracked_from <= TO_DAY, or_(Project.archived_on.is_(None), Project.archived_on > TO_DAY)),
            sort=Project.tracked_from.expression,
        ),
        *ENGAGEMENT_SOURCES,
        *REPORT_SOURCES,
        *TASK_FORCE_SOURCES,
        *REWARD_SOURCES,
        *COMMITMENT_SOURCES,
        *TICKET_SOURCES,
    )
}


# -- what more a row must be to be counted ---------------------------------------------------------------------

_paid = aliased(FundEntry)
_earlier = aliased(Agreement)

_SIGNED, _STARTED = counts_on(Stage.SIGNED), counts_on(Stage.STARTED)
_EARLIER = func.coalesce(_earlier.deferred_to, _earlier.signed_on)
_PAID = func.coalesce(_paid.deferred_to, _paid.arrived_on)
_SAME_YEAR = and_(_STARTED <= AS_OF, bucket("year", _STARTED) == bucket("year", _SIGNED))
_INVESTED = (
    select(func.sum(_paid.amount_fen))
    .where(
        _paid.project_id == Project.id,
        _paid.state == EntryState.RECOGNISED,
        _PAID <= AS_OF,
        bucket("year", _PAID) == bucket("year", _SIGNED),
    )
    .correlate(Project)
    .scalar_subquery()
)

CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "large": Project.first_formal_fen >= LARGE,
    "same_year": _SAME_YEAR,
    # What arrived and was reversed within the year did not arrive.
    "invested": _INVESTED > 0,
    **ENGAGEMENT_CONDITIONS,
    **COMMITMENT_CONDITIONS,
    **TICKET_CONDITIONS,
    "standing": and_(Project.status != Status.TERMINATED, Project.status != Status.WITHDRAWN),
    "first_framework": ~exists(
        select(_earlier.id)
        .where(
            _earlier.project_id == Agreement.project_id,
            _earlier.type == AgreementType.FRAMEWORK,
            _earlier.voided_reason.is_(None),
            or_(
                _EARLIER < PAPER_COUNTS_ON,
                and_(_EARLIER == PAPER_COUNTS_ON, _earlier.id < Agreement.id),
            ),
        )
        .correlate(Agreement)
    ),
}
