"""Leads for tests, as they are after their registration, with the papers that a claim needs."""

from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards.claims.models import Claim, ClaimCalculation, ClaimShare, RewardPayment
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads.models import Lead, LeadExclusion, LeadProviding, RewardPaper
from app.facts.rewards.leads.terms import Exclusion, PaperKind, Verdict
from app.facts.rewards.policies.rules import REWARD_POLICIES, RewardPolicies
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.terms import IdentityKind, ProviderKind
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.files import StoredFile
from app.kernel.rules import RuleVersion
from tests.factories.projects import make_project

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


TWO_INSTALMENTS: dict[str, Any] = {
    "code": "sample", "label": "示例政策", "basis": "示例",
    "options": [
        {
            "code": "investment", "label": "按固定资产投资", "base": "fixed_asset_investment",
            "shape": {
                "shape": "slab",
                "bands": [
                    {"start": "0", "end": "10000000", "rate": "5"}, {"start": "10000000", "rate": "1"},
                ],
            },
        }
    ],
    "cap": "500000",
    "instalments": [
        {"label": "首期", "percent": "50", "condition": {"when": "completion", "percent": "60"}},
        {"label": "末期", "percent": "50", "condition": {"when": "completion", "percent": "100"}},
    ],
}  # fmt: skip
"""5‰ to 1000万, 1‰ above, cap 50万; half at 60 % of the investment, half at all of it."""


def make_policies(db: Session, *policies: dict[str, Any]) -> RuleVersion:
    """A version with these policies that has ruled since 2019."""
    body = RewardPolicies.model_validate({"policies": policies})
    version = RuleVersion(
        rule=REWARD_POLICIES.code, number=1, state="active", valid_from=date(2019, 1, 1), basis="示例",
        body=body.model_dump(mode="json"), saved_by=0, saved_at=calendar.now(),
    )  # fmt: skip
    db.add(version)
    db.flush()
    return version


def make_claim(db: Session, lead: Lead | None = None, *, paid: bool = False, **fields: Any) -> Claim:
    """A claim as its row says it stands, without the steps that brought it there; `paid` says that all of it was."""
    lead = lead or make_lead(db, project=make_project(db))
    values: dict[str, Any] = {
        "policy": "sample", "fund": "district_reward", "year": 2026, "state": ClaimState.FILED, "gross_fen": 100,
        "now_fen": 100, "filed_on": date(2026, 1, 5), "changed_at": calendar.now(),
    } | fields  # fmt: skip
    claim = Claim(lead_id=lead.id, project_id=lead.project_id, unit_id=lead.unit_id, **values)
    db.add(claim)
    db.flush()
    gross, entered = claim.gross_fen, {"at": calendar.now(), "by": 0, "by_name": "用户"}
    money = {"gross_fen": gross, "taxable_fen": 0, "withheld_fen": 0, "net_fen": gross}
    provider = db.scalars(select(LeadProviding.provider_id).where(LeadProviding.lead_id == lead.id)).first()
    body: dict[str, Any] = {
        "policy": claim.policy, "label": "示例", "basis": "示例", "option": "funds", "base": "recognised_funds",
        "quantity": 100, "lines": [["base", "基数", gross, gross]], "instalments": [],
        "shares": [{"provider": provider, "percent": "100", "tax": "示例", "gross": gross, "taxable": 0, "withheld": 0,
                    "net": gross}],
    }  # fmt: skip
    db.add(ClaimShare(claim_id=claim.id, provider_id=provider, percent="100"))
    db.add(
        ClaimCalculation(
            claim_id=claim.id, verb=Verb.FILE, as_of=claim.filed_on, rule="reward_policies/1",
            tax_rule="reward_procedure/0", body=body, **money, **entered,
        )
    )  # fmt: skip
    if paid:
        claim.paid_fen = gross
        db.add(
            RewardPayment(
                claim_id=claim.id, project_id=claim.project_id, provider_id=provider, paid_on=claim.filed_on,
                tax="示例", paper_id=make_paper(db, lead, "receipt").id, **money, **entered,
            )
        )  # fmt: skip
    db.flush()
    return claim
