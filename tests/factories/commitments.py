"""Clauses for tests, as they are after they were recorded."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.commitments.models import Commitment
from app.facts.commitments.standing import refresh
from app.facts.commitments.terms import Anchor, ClauseKind, Condition, Measure, Reached, Span
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.identity.units.models import Unit
from app.kernel import calendar
from app.published.clearances.models import Clearance, ClearanceFinding
from app.published.clearances.terms import ClauseVerdict

WORDS = {
    "condition": Condition, "condition_stage": Stage, "condition_measure": Reached, "due_after": Anchor,
    "due_span": Span,
}  # fmt: skip


def make_commitment(
    db: Session,
    agreement: Agreement,
    kind: ClauseKind | str = ClauseKind.SUBSIDY,
    quantity: int | None = 1_000_000_00,
    *,
    unit: Unit | None = None,
    **fields: Any,
) -> Commitment:
    """A clause of the agreement: a subsidy of 100万元 with a legal basis unless told otherwise."""
    kind = ClauseKind(kind)
    column = {
        Measure.MONEY: "amount_fen", Measure.MONEY_PER_MU: "amount_fen", Measure.PERSONS: "persons",
        Measure.AREA: "area_mu",
    }.get(kind.measure)  # fmt: skip
    values: dict[str, Any] = {
        "text": "条款内容", "condition": Condition.NONE, "basis": "黔江府发〔2020〕8号", "entered_at": calendar.now(),
        "entered_by": 0, "entered_by_name": "用户",
    }  # fmt: skip
    values |= {name: WORDS[name](value) if name in WORDS else value for name, value in fields.items()}
    if column is not None:
        values[column] = quantity
    project = db.get_one(Project, agreement.project_id)
    clause = Commitment(
        project_id=project.id, agreement_id=agreement.id, kind=kind, party=kind.party,
        unit_id=project.unit_id if unit is None else unit.id, **values,
    )  # fmt: skip
    db.add(clause)
    db.flush()
    refresh(db, project.id)
    return clause


def make_clearance(db: Session, *clauses: Commitment, text: str = "条款内容") -> Clearance:
    """A clearance with a finding for each of these clauses, as it is after its beginning."""
    clearance = Clearance(
        title="合同履约清理", since=date(2015, 1, 1), on=calendar.today(), agreements=1, without_clauses=0,
        clauses=len(clauses), entered_at=calendar.now(), entered_by=0, entered_by_name="用户",
    )  # fmt: skip
    db.add(clearance)
    db.flush()
    nothing = {"amount": None, "persons": None, "area": None, "percent": None, "text": ""}
    for clause in clauses:
        snapshot = {
            "agreement": clause.agreement_id, "agreement_number": None, "signed_on": "2020-08-18", "enterprise": None,
            "number": None, "text": text, "party": clause.party.value, "kind": clause.kind.value, "promised": nothing,
            "achieved": nothing, "state": "overdue", "why": [text], "due_on": None, "days_overdue": 0, "basis": None,
        }  # fmt: skip
        db.add(
            ClearanceFinding(
                clearance_id=clearance.id, project_id=clause.project_id, agreement_id=clause.agreement_id,
                commitment_id=clause.id, snapshot=snapshot, proposed=ClauseVerdict.DUE_UNPAID,
                finding=ClauseVerdict.DUE_UNPAID, owner_unit_id=clause.unit_id, action=text,
            )
        )  # fmt: skip
    db.flush()
    return clearance
