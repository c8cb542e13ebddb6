"""Leads as they are seen: one with all that hangs on it, and what of it must be clear before a claim goes on."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.evidence.queries import Download
from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.leads.models import Honour, Lead, LeadExclusion, LeadProviding, RewardPaper
from app.facts.rewards.leads.terms import EXCLUSION_LABELS, Exclusion, Verdict
from app.facts.rewards.providers.models import LeadProvider
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.chain import Event
from app.kernel.db import instant_text
from app.kernel.errors import Invalid, NotFound
from app.kernel.files import StoredFile
from app.kernel.replies import Answer

Reader = Connection | Session


class NoLead(NotFound):
    code = "no_lead"
    message = "没有这条线索，或您无权查看"
    english = "There is no such lead, or it is not yours to see."


class NoPaper(NotFound):
    code = "no_paper"
    message = "这条线索没有这份材料"
    english = "The lead has no such paper."


def get(db: Session, actor: Actor, number: int, *, lock: bool = False) -> Lead:
    """The lead the actor may see, locked until the commit with `lock`; else 404."""
    found: Lead | None = sights.get(db, actor, Lead, number, lock=lock)
    if found is None:
        raise NoLead
    return found


def providers_of(db: Reader, leads: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Who gave these leads, by the leads' numbers."""
    rows = db.execute(
        select(LeadProviding.lead_id, LeadProvider.id, LeadProvider.kind, LeadProvider.name)
        .join(LeadProvider, LeadProvider.id == LeadProviding.provider_id)
        .where(LeadProviding.lead_id.in_(list(leads)))
        .order_by(LeadProviding.lead_id, LeadProviding.id)
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row.lead_id].append({"id": row.id, "kind": str(row.kind), "name": row.name})
    return found


def first_of(db: Reader, project_id: int) -> int | None:
    """The number of the lead that was registered first among those of a project that stand."""
    return db.execute(
        select(func.min(Lead.id)).where(Lead.project_id == project_id, Lead.withdrawn_at.is_(None))
    ).scalar_one()


def detail(connection: Connection, actor: Actor, number: int) -> Answer:
    """A lead with everything, under its row version."""
    found = _told(connection, actor, number)
    return Answer(found, row_version=found.pop("version"))


def out(db: Session, actor: Actor, lead: Lead) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    found = _told(db, actor, lead.id)
    found.pop("version")
    return found


def _told(db: Reader, actor: Actor, number: int) -> dict[str, Any]:
    row = db.execute(
        select(
            Lead.__table__, Unit.code.label("unit"), Project.code.label("project"), Project.name.label("project_name")
        )
        .outerjoin(Unit, Unit.id == Lead.unit_id)
        .outerjoin(Project, Project.id == Lead.project_id)
        .where(Lead.id == number, sights.visible(actor, Lead))
    ).one_or_none()
    if row is None:
        raise NoLead
    first = None
    if row.project_id is not None:
        first = first_of(db, row.project_id) == number
    return {
        "id": row.id,
        "information": row.information,
        "investor": row.investor,
        "received_on": row.received_on,
        "registered_on": row.registered_on,
        "registered_at": instant_text(row.registered_at),
        "registered_by": row.registered_by_name,
        "first_contact_on": row.first_contact_on,
        "late": row.late,
        "rule": row.rule,
        "unit": row.unit,
        "providers": providers_of(db, [number])[number],
        "project": row.project,
        "project_name": row.project_name,
        "first": first,
        "linked_at": _at(row.linked_at),
        "linked_by": row.linked_by_name,
        "confirmed_on": row.confirmed_on,
        "confirmed_by": row.confirmed_by,
        "confirmation": row.confirmation_id,
        "exclusions_clear": all_clear(db, number),
        "papers": papers_of(db, number),
        "honours": _honours(db, number),
        "withdrawn_at": _at(row.withdrawn_at),
        "withdrawn_by": row.withdrawn_by_name,
        "withdrawn_reason": row.withdrawn_reason,
        "proof": _proof(db, number),
        "version": row.version,
    }


def _at(value: Any) -> str | None:
    return None if value is None else instant_text(value)


def _proof(db: Reader, number: int) -> dict[str, Any] | None:
    row = db.execute(
        select(Event.seq, Event.at, Event.hash)
        .where(Event.subject_key == str(number), Event.subject == "lead", Event.kind == "lead.registered")
        .order_by(Event.seq)
        .limit(1)
    ).one_or_none()
    return None if row is None else {"seq": row.seq, "at": instant_text(row.at), "hash": row.hash}


# -- papers and honours --------------------------------------------------------------------------------------------


def papers_of(db: Reader, lead_id: int, paper_id: int | None = None) -> list[dict[str, Any]]:
    """The papers of a lead, or one of them."""
    query = (
        select(RewardPaper.__table__, StoredFile.size, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == RewardPaper.sha256)
        .where(RewardPaper.lead_id == lead_id)
        .order_by(RewardPaper.id)
    )
    rows = db.execute(query if paper_id is None else query.where(RewardPaper.id == paper_id))
    return [
        {
            "id": row.id, "kind": row.kind.value, "filename": row.filename, "size": row.size,
            "media_type": row.media_type, "sha256": row.sha256, "note": row.note,
            "uploaded_at": instant_text(row.uploaded_at), "uploaded_by": row.uploaded_by_name,
        }
        for row in rows
    ]  # fmt: skip


def paper_out(db: Session, paper: RewardPaper) -> dict[str, Any]:
    """One paper that has just been taken in."""
    db.flush()
    return papers_of(db, paper.lead_id, paper.id)[0]


def paper_of(db: Session, lead_id: int, number: int, field: str = "paper") -> RewardPaper:
    """The paper of a lead, to rest something on; 422 on `field` when it has none of this number."""
    found = db.get(RewardPaper, number)
    if found is None or found.lead_id != lead_id:
        raise Invalid.field(field, "unknown_paper", "这条线索没有这份材料")
    return found


def file_of(connection: Connection, actor: Actor, number: int, paper_id: int) -> Download:
    """The file of a paper, for an actor who may see the lead; else 404."""
    row = connection.execute(
        select(RewardPaper.sha256, RewardPaper.filename, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == RewardPaper.sha256)
        .join(Lead, Lead.id == RewardPaper.lead_id)
        .outerjoin(Project, Project.id == Lead.project_id)
        .where(RewardPaper.id == paper_id, Lead.id == number, sights.visible(actor, Lead))
    ).one_or_none()
    if row is None:
        raise NoPaper
    return Download(*row)


def _honours(db: Reader, lead_id: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(Honour.__table__, LeadProvider.name)
        .join(LeadProvider, LeadProvider.id == Honour.provider_id)
        .where(Honour.lead_id == lead_id)
        .order_by(Honour.awarded_on, Honour.id)
    )
    return [
        {
            "id": row.id, "provider": row.provider_id, "name": row.name, "title": row.title,
            "awarded_on": row.awarded_on, "basis": row.basis, "paper": row.paper_id,
        }
        for row in rows
    ]  # fmt: skip


def honour_out(db: Session, honour: Honour) -> dict[str, Any]:
    """One honour that has just been given."""
    db.flush()
    return next(told for told in _honours(db, honour.lead_id) if told["id"] == honour.id)


# -- exclusions ----------------------------------------------------------------------------------------------------


def exclusions(connection: Connection, actor: Actor, number: int) -> Answer:
    """Every reason for every provider of a lead the actor may see."""
    version = connection.execute(
        select(Lead.version)
        .outerjoin(Project, Project.id == Lead.project_id)
        .where(Lead.id == number, sights.visible(actor, Lead))
    ).scalar_one_or_none()
    if version is None:
        raise NoLead
    return Answer(exclusions_out(connection, number), row_version=version)


def exclusions_out(db: Reader, number: int) -> dict[str, Any]:
    """The same of a lead that is being changed."""
    if isinstance(db, Session):
        db.flush()
    rows = db.execute(select(LeadExclusion.__table__).where(LeadExclusion.lead_id == number))
    known = {(row.provider_id, row.kind): row for row in rows}
    items = [
        _exclusion(provider["id"], kind, known.get((provider["id"], kind)))
        for provider in providers_of(db, [number])[number]
        for kind in Exclusion
    ]
    return {"items": items, "clear": all(item["verdict"] == Verdict.CLEAR for item in items)}


def _exclusion(provider: int, kind: Exclusion, row: Any) -> dict[str, Any]:
    return {
        "provider": provider,
        "kind": kind,
        "label": EXCLUSION_LABELS[kind],
        "declared": None if row is None else row.declared,
        "declaration": None if row is None else row.declaration_id,
        "declared_at": None if row is None else _at(row.declared_at),
        "declared_by": None if row is None else row.declared_entered_by_name,
        "verdict": Verdict.PENDING if row is None else row.verdict,
        "paper": None if row is None else row.paper_id,
        "remarks": None if row is None else row.remarks,
        "checked_at": None if row is None else _at(row.checked_at),
        "checked_by": None if row is None else row.checked_by_name,
    }


def all_clear(db: Reader, number: int) -> bool:
    """Has every reason been checked for every provider of the lead, and none found?"""
    clear = select(func.count()).where(LeadExclusion.lead_id == number, LeadExclusion.verdict == Verdict.CLEAR)
    wanted = select(func.count()).where(LeadProviding.lead_id == number)
    return db.execute(clear).scalar_one() == db.execute(wanted).scalar_one() * len(Exclusion)


def excluded(db: Reader, number: int) -> list[Any]:
    """What an officer found of the providers of a lead: provider_id, kind."""
    return list(
        db.execute(
            select(LeadExclusion.provider_id, LeadExclusion.kind)
            .where(LeadExclusion.lead_id == number, LeadExclusion.verdict == Verdict.EXCLUDED)
            .order_by(LeadExclusion.provider_id, LeadExclusion.id)
        )
    )
