"""Leads for tests, as they are after their registration, with the papers that a claim needs."""

from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards.leads.models import Lead, LeadExclusion, LeadProviding, RewardPaper
from app.facts.rewards.leads.terms import Exclusion, PaperKind, Verdict
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.terms import IdentityKind, ProviderKind
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.files import StoredFile

_numbers = count(1)


def make_giver(db: Session, name: str = "张某", kind: str = "person", unit: Unit | None = None) -> LeadProvider:
    """A provider without any number."""
    provider = LeadProvider(
        kind=ProviderKind(kind), name=name, pinyin=name, identity_kind=IdentityKind.OTHER,
        unit_id=None if unit is None else unit.id, created_at=calendar.now(), created_by=0, created_by_name="用户",
    )  # fmt: skip
    db.add(provider)
    db.flush()
    return provider


def make_lead(
    db: Session, *givers: LeadProvider, project: Project | None = None, unit: Unit | None = None, clear: bool = False,
    **fields: Any,
) -> Lead:  # fmt: skip
    """A lead of these providers (one is made without any); `clear` says that every exclusion was checked."""
    values: dict[str, Any] = {
        "information": "拟建厂", "investor": "某公司", "received_on": date(2020, 1, 2), "late": False,
        "rule": "reward_procedure/0", "registered_on": date(2020, 1, 2), "registered_at": calendar.now(),
        "registered_by": 0, "registered_by_name": "用户",
    } | fields  # fmt: skip
    lead = Lead(project_id=None if project is None else project.id, unit_id=None if unit is None else unit.id, **values)
    db.add(lead)
    db.flush()
    for giver in givers or (make_giver(db),):
        db.add(LeadProviding(lead_id=lead.id, provider_id=giver.id))
        for kind in Exclusion if clear else ():
            db.add(
                LeadExclusion(
                    lead_id=lead.id, provider_id=giver.id, kind=kind, declared=False, declared_at=calendar.now(),
                    declared_entered_by=0, declared_entered_by_name="用户", verdict=Verdict.CLEAR,
                )
            )  # fmt: skip
    db.flush()
    return lead


def make_paper(db: Session, lead: Lead, kind: PaperKind | str) -> RewardPaper:
    """A paper of a lead, whose file lies in no store."""
    mark, now = sha256(f"reward {next(_numbers)}".encode()).hexdigest(), calendar.now()
    db.add(StoredFile(sha256=mark, size=10, media_type="text/plain", first_received_at=now, first_received_by="user:0"))
    db.flush()
    paper = RewardPaper(
        lead_id=lead.id, kind=PaperKind(kind), sha256=mark, filename="材料.txt", uploaded_at=now, uploaded_by=0,
        uploaded_by_name="用户",
    )  # fmt: skip
    db.add(paper)
    db.flush()
    return paper
