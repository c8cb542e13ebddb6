"""Reasons why somebody may not be rewarded: declared by the provider, checked by an officer, one by one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.rewards.leads import queries
from app.facts.rewards.leads.models import Lead, LeadExclusion, LeadProviding
from app.facts.rewards.leads.schemas import DeclarationIn, ExclusionCheckIn
from app.facts.rewards.leads.service import open_for_change
from app.facts.rewards.leads.terms import EXCLUSION_LABELS, Exclusion, Verdict
from app.identity.auth.queries import name_of
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from app.kernel.events import record


class NotDeclaredYet(Conflict):
    code = "not_declared_yet"
    message = "引资人尚未填写这种情形"
    english = "The provider has not declared this yet."


class SamePerson(Forbidden):
    code = "same_person"
    message = "登记引资人填写内容的人不得核查，须由另一人核查"
    english = "Who entered what a provider declared may not check it."


def declare(db: Session, actor: Actor, number: int, body: DeclarationIn) -> Lead:
    """Take down what a provider says of every reason. Where an answer changed, it must be checked anew."""
    lead = open_for_change(db, actor, number)
    _check_is_provider(db, lead, body.provider)
    missing = [kind for kind in Exclusion if kind not in body.answers]
    if missing:
        raise Invalid(
            "每一种情形都须填写",
            errors=[
                FieldError(field=f"answers.{kind}", code="missing", message=f"须填写：{EXCLUSION_LABELS[kind]}")
                for kind in missing
            ],
        )
    paper = None if body.paper is None else queries.paper_of(db, lead.id, body.paper)
    said = {
        "declaration_id": None if paper is None else paper.id, "declared_at": calendar.now(),
        "declared_entered_by": actor.id, "declared_entered_by_name": name_of(db, actor),
    }  # fmt: skip
    for kind, answer in body.answers.items():
        row = _row(db, lead, body.provider, kind)
        if row is None:
            fresh = {"lead_id": lead.id, "provider_id": body.provider, "kind": kind, "verdict": Verdict.PENDING}
            db.add(LeadExclusion(**fresh, declared=answer, **said))
            continue
        if row.declared != answer:
            row.verdict = Verdict.PENDING
        row.declared = answer
        for name, value in said.items():
            setattr(row, name, value)
    record(db, "lead.declared", lead, provider=body.provider)
    return lead


def check(db: Session, actor: Actor, number: int, kind: Exclusion, body: ExclusionCheckIn) -> Lead:
    """Say what was found of one reason, on a paper; also later, when a relation comes to light. Not by who declared.

    What contradicts the provider needs a word why.
    """
    lead = open_for_change(db, actor, number)
    _check_is_provider(db, lead, body.provider)
    row = _row(db, lead, body.provider, kind)
    if row is None:
        raise NotDeclaredYet
    if row.declared_entered_by == actor.id:
        raise SamePerson
    if row.declared != body.excluded and body.remarks is None:
        raise Invalid.field("remarks", "missing", "核查结论与引资人所填不一致，须说明")
    row.verdict = Verdict.EXCLUDED if body.excluded else Verdict.CLEAR
    row.paper_id, row.remarks = queries.paper_of(db, lead.id, body.paper).id, body.remarks
    row.checked_at, row.checked_by, row.checked_by_name = calendar.now(), actor.id, name_of(db, actor)
    said = "lead.excluded" if body.excluded else "lead.cleared"
    record(db, said, lead, provider=body.provider, exclusion=kind)
    return lead


def _row(db: Session, lead: Lead, provider: int, kind: Exclusion) -> LeadExclusion | None:
    return db.scalars(
        select(LeadExclusion).where(
            LeadExclusion.lead_id == lead.id, LeadExclusion.provider_id == provider, LeadExclusion.kind == kind
        )
    ).one_or_none()


def _check_is_provider(db: Session, lead: Lead, provider: int) -> None:
    given = select(LeadProviding.id).where(LeadProviding.lead_id == lead.id, LeadProviding.provider_id == provider)
    if db.execute(given).one_or_none() is None:
        raise Invalid.field("provider", "unknown_provider", "不是这条线索的引资人")
