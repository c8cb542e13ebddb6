"""Payments of subsidies as they are seen, and whether a clause can be paid."""

from typing import Any

from sqlalchemy import Connection, extract, func, select
from sqlalchemy.orm import Session

from app.facts.commitments import payable
from app.facts.commitments.models import Commitment, CommitmentPayment
from app.facts.commitments.payment_schemas import SubsidyFilter
from app.facts.commitments.queries import NoCommitment, answered
from app.facts.commitments.rules import COMMITMENTS
from app.facts.commitments.schemas import AsOf
from app.facts.commitments.service import claimed_fen
from app.facts.commitments.terms import PaymentState
from app.facts.projects import queries as projects
from app.facts.projects.models import NEVER, Project
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.money import format_yuan
from app.kernel.paging import Listing, Where
from app.kernel.replies import Answer

_SOURCE = (
    select(
        CommitmentPayment.id,
        CommitmentPayment.commitment_id.label("commitment"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        CommitmentPayment.state,
        CommitmentPayment.amount_fen.label("amount"),
        CommitmentPayment.takes_back_id.label("takes_back"),
        CommitmentPayment.note,
        CommitmentPayment.applied_on,
        CommitmentPayment.applied_by_name.label("applied_by"),
        CommitmentPayment.checked_on,
        CommitmentPayment.checked_by_name.label("checked_by"),
        CommitmentPayment.check_note,
        CommitmentPayment.approved_on,
        CommitmentPayment.approved_by_name.label("approved_by"),
        CommitmentPayment.approval_note,
        CommitmentPayment.paid_on,
        CommitmentPayment.deferred_to,
        CommitmentPayment.paid_by_name.label("paid_by"),
        CommitmentPayment.evidence_id.label("evidence"),
        CommitmentPayment.reason,
        CommitmentPayment.rule,
    )
    .select_from(CommitmentPayment)
    .join(Commitment, Commitment.id == CommitmentPayment.commitment_id)
    .join(Project, Project.id == CommitmentPayment.project_id)
    .outerjoin(Unit, Unit.id == Commitment.unit_id)
)

PAYMENTS = Listing(
    name="commitment_payments",
    asked=SubsidyFilter,
    source=_SOURCE,
    key=CommitmentPayment.__table__.c.id,
    sorts={
        "id": CommitmentPayment.__table__.c.id,
        "applied_on": CommitmentPayment.__table__.c.applied_on,
        "paid_on": func.coalesce(CommitmentPayment.paid_on, NEVER),
        "amount": CommitmentPayment.__table__.c.amount_fen,
    },
    filters={
        "commitment": Where(lambda value: CommitmentPayment.commitment_id == value),
        "project": Where(lambda value: Project.code == value),
        "unit": Where(lambda value: Unit.code == value),
        "state": Where(lambda value: CommitmentPayment.state == value),
        "paid_in": Where(lambda value: extract("year", CommitmentPayment.paid_on) == value),
    },
    default_sort="-id",
)


def page(connection: Connection, actor: Actor, asked: SubsidyFilter) -> bytes:
    """A page of the payments of projects that the actor may see."""
    return PAYMENTS.page(connection, asked, projects.sight(actor))


def out(db: Session, payment: CommitmentPayment) -> dict[str, Any]:
    """One payment, as its list shows it."""
    db.flush()
    row = dict(db.execute(_SOURCE.where(CommitmentPayment.id == payment.id)).one()._mapping)
    return row | {"amount": format_yuan(row["amount"])}


def can_be_paid(connection: Connection, actor: Actor, number: int, asked: AsOf) -> Answer:
    """What is left to be paid of a subsidy, and what forbids it on a day."""
    day = asked.as_of or calendar.today()
    with Session(connection) as db:
        seen = (
            select(Commitment)
            .join(Project, Project.id == Commitment.project_id)
            .where(Commitment.id == number, projects.visible(actor))
        )
        clause = db.scalars(seen).one_or_none()
        if clause is None:
            raise NoCommitment
        against = list(payable.obstacles(db, clause, rules.in_force(db, COMMITMENTS, day).body, day))
        claimed, promised = claimed_fen(db, clause), clause.promised or 0
        waiting = select(func.coalesce(func.sum(CommitmentPayment.amount_fen), 0)).where(
            CommitmentPayment.commitment_id == number,
            CommitmentPayment.state.in_([PaymentState.APPLIED, PaymentState.CHECKED, PaymentState.APPROVED]),
        )
        under_way = int(db.execute(waiting).scalar_one())
        left = max(0, promised - claimed)
        data = {
            "commitment": number,
            "as_of": day,
            "payable": not against and left > 0,
            "obstacles": [{"code": one.code, "message": one.said} for one in against],
            "promised": None if clause.promised is None else format_yuan(promised),
            "paid": format_yuan(claimed - under_way),
            "under_way": format_yuan(under_way),
            "left": format_yuan(left),
        }
    return answered(data)
