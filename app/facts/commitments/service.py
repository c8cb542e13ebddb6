"""What changes clauses: recording, correcting, voiding; stopping and waiving; what was delivered by hand."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements import queries as agreements
from app.facts.agreements.models import Agreement
from app.facts.agreements.service import AlreadyVoid
from app.facts.commitments.inputs import (
    ClauseCondition,
    ClauseDue,
    CommitmentIn,
    CommitmentPatch,
)
from app.facts.commitments.models import (
    Commitment,
    CommitmentPaper,
    CommitmentPayment,
)
from app.facts.commitments.queries import NoCommitment
from app.facts.commitments.standing import refresh
from app.facts.commitments.terms import (
    CLAIMED,
    Condition,
    Measure,
)
from app.facts.evidence import queries as evidence
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.facts.projects.service import EDITS_ALL, NotYours, open_for_change, touch
from app.facts.projects.units import ids_of
from app.facts.reviews.models import Review
from app.identity.auth.queries import name_of
from app.kernel import calendar, events, preconditions
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden, Invalid

_DAY = timedelta(days=1)


class HasSuccessor(Conflict):
    code = "has_successor"
    message = "该条款已被另一条款取代，须先作废取代它的条款"
    english = "Another clause has taken its place: void that one first."


class HasPayments(Conflict):
    code = "has_payments"
    message = "该条款已有兑现申请或拨付，不能作废或更改金额种类；请先撤回或追回"
    english = "Money was asked for or paid under this clause: withdraw or take it back first."


def opened(
    db: Session, actor: Actor, number: int, permission: Permission, *, as_unit: bool = False
) -> tuple[Project, Commitment]:
    """The clause and its project, locked until the commit, for an actor who may change it.

    404 when the project is not seen; with `as_unit` also the clause's own unit may, else 403 `not_yours`.
    """
    if not actor.may(permission):
        raise Forbidden
    project = db.scalars(
        select(Project)
        .where(
            Project.id == select(Commitment.project_id).where(Commitment.id == number).scalar_subquery(),
            projects.visible(actor),
        )
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if project is None:
        raise NoCommitment
    clause = db.get_one(Commitment, number, populate_existing=True)
    for_all = actor.kind == "system" or not actor.roles.isdisjoint(EDITS_ALL)
    of_unit = as_unit and actor.unit_id is not None and clause.unit_id == actor.unit_id
    if not for_all and not of_unit and not (as_unit and projects.is_own(db, actor, project.id)):
        raise NotYours
    return project, clause


def told(db: Session, project: Project, clause: Commitment, verb: str, reason: str | None = None, **data: Any) -> None:
    """Bring what follows up to date and name what happened."""
    db.flush()
    refresh(db, project.id)
    touch(db, project)
    events.record(db, f"project.commitment_{verb}", project, reason=reason, commitment=clause.id, **data)


# -- recording -----------------------------------------------------------------------------------------------------


def add(db: Session, actor: Actor, code: str, body: CommitmentIn) -> tuple[Project, Commitment]:
    """Record a clause of an agreement."""
    project = open_for_change(db, actor, code, Permission.COMMITMENT_EDIT, even_archived=True)
    paper = _agreement(db, project, body.agreement)
    clause = Commitment(
        project_id=project.id, agreement_id=paper.id, number=body.number, text=body.text, party=body.kind.party,
        kind=body.kind, amount_fen=body.amount, persons=body.persons, area_mu=body.area, basis=body.basis,
        basis_from=body.basis_from, basis_to=body.basis_to, survives_end=body.survives_end, note=body.note,
        entered_at=calendar.now(), entered_by=actor.id, entered_by_name=name_of(db, actor),
    )  # fmt: skip
    clause.unit_id = project.unit_id if body.unit is None else ids_of(db, [body.unit], "unit")[body.unit]
    clause.review_id = review_of(db, project, body.review)
    _condition(clause, body.condition)
    _due(clause, body.due)
    if body.replaces is not None:
        _check_replaced(db, project, paper, clause, body.replaces)
        clause.replaces_id = body.replaces
    _check(db, project, clause)
    db.add(clause)
    db.flush()
    _set_papers(db, project, clause, body.evidence)
    told(db, project, clause, "added", clause_kind=clause.kind, replaces=clause.replaces_id)
    return project, clause


def change(
    db: Session, actor: Actor, number: int, body: CommitmentPatch, version: int
) -> tuple[Project, Commitment]:  # fmt: skip
    """Correct what was recorded of a clause. The agreement and the kind stay: for another, void it and record anew."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_EDIT)
    preconditions.expect(project.version, version)
    if clause.voided_reason is not None:
        raise AlreadyVoid
    given = body.model_fields_set
    before = clause.promised
    plain = {"amount": "amount_fen", "area": "area_mu"}
    for name in given & {
        "number", "text", "amount", "persons", "area", "basis", "basis_from", "basis_to", "survives_end", "note",
    }:  # fmt: skip
        setattr(clause, plain.get(name, name), getattr(body, name))
    if "unit" in given:
        clause.unit_id = None if body.unit is None else ids_of(db, [body.unit], "unit")[body.unit]
    if "review" in given:
        clause.review_id = review_of(db, project, body.review)
    if "condition" in given:
        _condition(clause, body.condition)
    if "due" in given:
        _due(clause, body.due)
    if clause.promised != before and (clause.promised or 0) < claimed_fen(db, clause):
        raise HasPayments
    _check(db, project, clause)
    if body.evidence is not None:
        _set_papers(db, project, clause, body.evidence)
    told(db, project, clause, "changed", body.reason)
    return project, clause


def void(db: Session, actor: Actor, number: int, reason: str) -> tuple[Project, Commitment]:
    """Mark a clause as wrongly recorded: it stays to be seen and counts nowhere."""
    project, clause = opened(db, actor, number, Permission.COMMITMENT_EDIT)
    if clause.voided_reason is not None:
        raise AlreadyVoid
    if _claimed(db, [clause.id]):
        raise HasPayments
    if db.scalars(
        select(Commitment.id).where(Commitment.replaces_id == clause.id, Commitment.voided_reason.is_(None)).limit(1)
    ).first():
        raise HasSuccessor
    clause.voided_reason = reason
    told(db, project, clause, "voided", reason)
    return project, clause


def claimed_fen(db: Session, clause: Commitment) -> int:
    """What was asked for or paid under a clause and all that it took the place of or that took its, less what was taken
    back: it is one promise, and stays so when one of them is voided."""
    return _claimed(db, [one.id for one in chain(db, clause)])


def chain(db: Session, clause: Commitment) -> list[Commitment]:
    """The clause with all that it replaced and that replaced it, void ones included."""
    clauses = db.scalars(select(Commitment).where(Commitment.project_id == clause.project_id).order_by(Commitment.id))
    ties = {one.id: one for one in clauses}
    found, grown = {clause.id}, True
    while grown:
        more = {n for n, one in ties.items() if one.replaces_id in found} | {
            replaced for n in found if n in ties and (replaced := ties[n].replaces_id) is not None
        }
        grown = not more <= found
        found |= more
    return [ties[number] for number in sorted(found) if number in ties]


def _claimed(db: Session, numbers: Sequence[int]) -> int:
    amounts = select(CommitmentPayment.amount_fen).where(
        CommitmentPayment.commitment_id.in_(numbers), CommitmentPayment.state.in_(sorted(CLAIMED))
    )
    return sum(db.scalars(amounts))


def _agreement(db: Session, project: Project, number: int) -> Agreement:
    try:
        paper = agreements.get(db, project.id, number)
    except agreements.NoAgreement:
        raise Invalid.field("agreement", "unknown_agreement", "该项目没有这份合同或协议") from None
    if paper.voided_reason is not None:
        raise Invalid.field("agreement", "voided", "这份合同或协议已作废")
    return paper


def review_of(db: Session, project: Project, number: int | None) -> int | None:
    if number is None:
        return None
    review = db.get(Review, number)
    if review is None or review.project_id != project.id:
        raise Invalid.field("review", "unknown_review", "该项目没有这项审查")
    return review.id


def _condition(clause: Commitment, condition: ClauseCondition | None) -> None:
    asked = condition or ClauseCondition(kind=Condition.NONE)
    clause.condition = asked.kind
    clause.condition_stage = asked.stage
    clause.condition_clause_id = asked.clause
    clause.condition_measure = asked.measure
    clause.condition_fen = asked.amount
    clause.condition_persons = asked.persons


def _due(clause: Commitment, due: ClauseDue | None) -> None:
    asked = due or ClauseDue()
    clause.due_on = asked.on
    clause.due_after = asked.after
    clause.due_count = asked.count
    clause.due_span = asked.span
    clause.due_clause_id = asked.clause


_NEEDED = {
    Measure.MONEY: "amount", Measure.MONEY_PER_MU: "amount", Measure.PERSONS: "persons", Measure.AREA: "area",
}  # fmt: skip
_COLUMNS = {"amount": "amount_fen", "persons": "persons", "area": "area_mu"}
_CALLED = {"amount": "金额", "persons": "人数", "area": "面积"}


def _check(db: Session, project: Project, clause: Commitment) -> None:
    """Refuse (422) what does not fit together."""
    needed = _NEEDED.get(clause.kind.measure)
    for name, column in _COLUMNS.items():
        value = getattr(clause, column)
        if name == needed and not value:
            raise Invalid.field(name, "missing", f"该种条款须填写大于零的{_CALLED[name]}")
        if name != needed and value is not None:
            raise Invalid.field(name, "does_not_fit", f"该种条款不填{_CALLED[name]}")
    if clause.basis_from and clause.basis_to and clause.basis_to < clause.basis_from:
        raise Invalid.field("basis_to", "order", "早于依据生效之日")
    if clause.basis is None and (clause.basis_from or clause.basis_to):
        raise Invalid.field("basis", "missing", "填写有效期须填写依据文号")
    _check_links(db, project, clause)


def _check_links(db: Session, project: Project, clause: Commitment) -> None:
    """The clauses it waits for belong to the project, and none of them waits for it."""
    with db.no_autoflush:
        rows = {
            row.id: row for row in db.scalars(select(Commitment).where(Commitment.project_id == project.id))
        }  # fmt: skip
    for field, number in (("condition", clause.condition_clause_id), ("due", clause.due_clause_id)):
        if number is not None and (number not in rows or rows[number].voided_reason is not None):
            raise Invalid.field(f"{field}.clause", "unknown_commitment", "该项目没有这一条款，或已作废")
        if number is not None and _leads_to(rows, number, clause.id):
            raise Invalid.field(f"{field}.clause", "circle", "条款互为前提")


def _leads_to(rows: dict[int, Commitment], start: int, end: int | None) -> bool:
    seen: set[int] = set()
    ahead = [start]
    while ahead:
        number = ahead.pop()
        if number == end:
            return True
        if number in seen or number not in rows:
            continue
        seen.add(number)
        row = rows[number]
        ahead += [one for one in (row.condition_clause_id, row.due_clause_id) if one is not None]
    return False


def _check_replaced(db: Session, project: Project, paper: Agreement, clause: Commitment, number: int) -> None:
    old = db.get(Commitment, number)
    if old is None or old.project_id != project.id or old.voided_reason is not None:
        raise Invalid.field("replaces", "unknown_commitment", "该项目没有这一条款，或已作废")
    if old.kind is not clause.kind:
        raise Invalid.field("replaces", "other_kind", "所替代的条款种类不同")
    if db.get_one(Agreement, old.agreement_id).signed_on > paper.signed_on or old.agreement_id == paper.id:
        raise Invalid.field("replaces", "order", "只能由其后签订的另一份协议替代")
    newer = select(Commitment.id).where(Commitment.replaces_id == number, Commitment.voided_reason.is_(None))
    if db.scalars(newer).first() is not None:
        raise Invalid.field("replaces", "replaced", "该条款已被替代，请替代最新的一条")


def _set_papers(db: Session, project: Project, clause: Commitment, numbers: Iterable[int]) -> None:
    known = {
        paper.evidence_id: paper
        for paper in db.scalars(select(CommitmentPaper).where(CommitmentPaper.commitment_id == clause.id))
    }
    wanted = dict.fromkeys(numbers)
    for number in wanted:
        if number not in known:
            paper = evidence.usable(db, project.id, number, "evidence")
            db.add(CommitmentPaper(project_id=project.id, commitment_id=clause.id, evidence_id=paper.id))
    for number, row in known.items():
        if number not in wanted:
            db.delete(row)
    db.flush()
