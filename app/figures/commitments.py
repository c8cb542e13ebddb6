"""Clauses and subsidies as figures count them: due and kept in a period, late at its end; what was paid.

Units are those that answer for the clause. The days are kept beside each clause: where they lie in a closed period the
clause counts on the first open day after it.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, literal, null, or_, select

from app.facts.commitments.models import PAYMENT_COUNTS_ON, Commitment, CommitmentPayment
from app.facts.commitments.terms import Party, PaymentState
from app.facts.projects.models import Project
from app.figures.facts import AS_OF, FROM_DAY, TO_DAY, Source
from app.identity.units.models import UnitTerm

_PROJECT: FromClause = Project.__table__
_CLAUSE: FromClause = Commitment.__table__
_PAYMENT: FromClause = CommitmentPayment.__table__
_OF_PROJECT = _CLAUSE.join(_PROJECT, Project.id == Commitment.project_id)
_OF_CLAUSE = _PAYMENT.join(_CLAUSE, Commitment.id == CommitmentPayment.commitment_id).join(
    _PROJECT, Project.id == CommitmentPayment.project_id
)
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "project": Project.code.expression,
    "name": Project.name + literal("：") + func.substr(Commitment.text, 1, 40),
    "sector": Project.sector.expression, "stage": Project.stage.expression, "status": Project.status.expression,
    "amount": null(),
}  # fmt: skip
_STANDS = (Commitment.voided_reason.is_(None),)


def _tier(day: ColumnElement[Any], *tables: FromClause) -> ColumnElement[Any]:
    term = select(UnitTerm.tier).where(UnitTerm.unit_id == Commitment.unit_id)
    on_the_day = term.where(UnitTerm.valid_from <= day).order_by(UnitTerm.valid_from.desc())
    first = term.order_by(UnitTerm.valid_from)
    return func.coalesce(*(one.limit(1).correlate(*tables).scalar_subquery() for one in (on_the_day, first)))


def _clauses(
    code: str, label: str, happened: ColumnElement[Any], event: ColumnElement[Any], sort: ColumnElement[Any],
    *where: ColumnElement[bool],
) -> Source:  # fmt: skip
    return Source(
        code=code,
        label=label,
        kind="commitment",
        table=_OF_PROJECT,
        tables=(_CLAUSE, _PROJECT),
        row_id=Commitment.id.expression,
        happened=happened,
        event=event,
        amount=literal(0),
        where=(*_STANDS, *where),
        sort=sort,
        unit="个",
        parts={"unit": Commitment.unit_id.expression, "tier": _tier(event, _CLAUSE, _PROJECT)},
        columns=_COLUMNS,
    )


def _within(day: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    return day >= FROM_DAY, day <= TO_DAY


_DUE, _KEPT = Commitment.due_counts_on.expression, Commitment.fulfilled_counts_on.expression
_LATE = (
    Commitment.late_from <= TO_DAY,
    or_(Commitment.late_until.is_(None), Commitment.late_until > TO_DAY),
)


def _late(code: str, label: str, *where: ColumnElement[bool]) -> Source:
    return _clauses(code, label, TO_DAY, TO_DAY, Commitment.late_from.expression, *_LATE, *where)


COMMITMENT_SOURCES = (
    _clauses("commitments_due", "到期的履约条款", Commitment.due_by.expression, _DUE, _DUE, *_within(_DUE)),
    _clauses(
        "commitments_fulfilled", "已履行的条款", Commitment.fulfilled_on.expression, _KEPT, _KEPT, *_within(_KEPT)
    ),
    _late("commitments_overdue", "逾期未履行的条款"),
    _late("enterprise_breaches", "企业逾期未履行的承诺", Commitment.party == Party.ENTERPRISE),
    _late("district_breaches", "政府逾期未履行的承诺", Commitment.party == Party.DISTRICT),
    Source(
        code="subsidies_paid",
        label="已拨付的补贴",
        kind="commitment_payment",
        table=_OF_CLAUSE,
        tables=(_PAYMENT, _CLAUSE, _PROJECT),
        row_id=CommitmentPayment.id.expression,
        happened=func.coalesce(CommitmentPayment.paid_on, CommitmentPayment.applied_on),
        event=PAYMENT_COUNTS_ON,
        amount=CommitmentPayment.amount_fen.expression,
        where=(CommitmentPayment.state == PaymentState.PAID, *_within(PAYMENT_COUNTS_ON)),
        sort=PAYMENT_COUNTS_ON,
        why=CommitmentPayment.reason.expression,
        parts={
            "unit": Commitment.unit_id.expression,
            "tier": _tier(PAYMENT_COUNTS_ON, _PAYMENT, _CLAUSE, _PROJECT),
        },
        columns=_COLUMNS | {"amount": CommitmentPayment.amount_fen.expression},
    ),
)

COMMITMENT_CONDITIONS: dict[str, ColumnElement[bool]] = {"kept": Commitment.fulfilled_counts_on <= AS_OF}
"""What more a clause must be to be counted."""

COMMITMENT_COUNTS = {
    "commitments_due": ("到期条款数", "到期日在期内的双方条款数，停止执行、豁免的不计，按条款的责任单位细分", False),
    "commitments_fulfilled": ("履行条款数", "履行完毕之日在期内的双方条款数，按条款的责任单位细分", False),
    "commitments_overdue": ("逾期条款数", "期末已过到期日而未履行、未停止执行、未豁免的双方条款数", True),
    "enterprise_breaches": ("企业逾期条款数", "期末逾期未履行的企业承诺条款数，按督促履行的责任单位细分", True),
    "district_breaches": ("政府逾期条款数", "期末逾期未履行的政府承诺条款数，按负责兑现的单位细分", True),
}
COMMITMENT_SUMS = {"subsidies_paid": ("补贴兑现额", "拨付日期在期内的补贴之和，追回为负，按条款的责任单位细分")}
"""What the indicators over these sources are called, what they say, and whether they are the state on the last day."""
