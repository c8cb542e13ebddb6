"""Two reward claims of the demo: one paid in two instalments, one frozen by an objection. The policy, the people and
the papers are invented and say so; no real policy is switched on by it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED
from app.facts.rewards.budgets import service as budgets
from app.facts.rewards.budgets.schemas import BudgetIn
from app.facts.rewards.claims import objections, payments
from app.facts.rewards.claims import service as claims
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.claims.schemas import (
    ClaimApproveIn,
    ClaimIn,
    ClaimPayIn,
    ClaimPublishIn,
    ClaimStepIn,
    ObjectionIn,
)
from app.facts.rewards.leads import exclusions, papers
from app.facts.rewards.leads import service as leads
from app.facts.rewards.leads.models import LeadProviding
from app.facts.rewards.leads.schemas import DeclarationIn, ExclusionCheckIn, HonourIn, LeadConfirmIn, LeadIn
from app.facts.rewards.leads.terms import PAPER_KIND_LABELS, Exclusion, PaperKind
from app.facts.rewards.policies.rules import REWARD_POLICIES
from app.facts.rewards.providers import service as providers
from app.facts.rewards.providers.schemas import ProviderIn
from app.facts.rewards.rules import PROCEDURE
from app.identity.auth import service as accounts
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel import events, rules
from app.kernel.access import SYSTEM, Actor, Role, permissions_of
from app.kernel.db import Database
from app.kernel.files import Store
from app.kernel.money import format_yuan
from app.kernel.vault import Vault

PAID, OBJECTED = "500114-2019-0001", "500114-2020-0009"
POLICY, FUND = "demo_outside_funds", "demo_reward_fund"
HANDS = (("reporter2", "演示·单位审核", Role.REPORTER), ("cashier", "演示·财务", Role.OFFICER))
"""Beside those who may log in anyway: a claim takes five people, and nobody takes two steps of it."""


def tell(database: Database, store: Store, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """Let it happen, each step by whom it would be."""
    hands = _hands(database, people)
    clerk, checker, cashier = people[Role.REPORTER], hands["reporter2"], hands["cashier"]
    officer, reviewer = people[Role.OFFICER], people[Role.REVIEWER]

    @contextmanager
    def acting(actor: Actor) -> Iterator[Session]:
        with database.unit_of_work() as db:
            events.act(db, actor)
            yield db

    def paper(lead: int, kind: PaperKind, which: str = "") -> int:
        text = f"{INVENTED}虚构的{PAPER_KIND_LABELS[kind]}{which}，线索 {lead}\n".encode()
        file = store.receive([text], name=f"演示{PAPER_KIND_LABELS[kind]}.txt", limit=len(text))
        with acting(clerk) as db:
            return papers.add(db, clerk, lead, kind, file, f"{INVENTED}虚构")[1].id

    def a_lead(code: str, *givers: ProviderIn) -> int:
        """A lead that somebody gave before the house had this program, confirmed and checked."""
        with acting(clerk) as db:
            numbers = tuple(providers.create(db, clerk, Vault(), giver).id for giver in givers)
            said = LeadIn(
                information=f"{INVENTED}引荐投资方来区考察并促成洽谈", investor=f"{INVENTED}某投资方",
                received_on=loaded_on, providers=numbers, project=code, unit=None, first_contact_on=None,
            )  # fmt: skip
            lead = leads.register(db, clerk, said).id
        confirmation, declared, found = (
            paper(lead, kind) for kind in (PaperKind.CONFIRMATION, PaperKind.DECLARATION, PaperKind.EXCLUSION_CHECK)
        )
        with acting(clerk) as db:
            confirmed = LeadConfirmIn(confirmed_on=loaded_on, confirmed_by=f"{INVENTED}某经理", paper=confirmation)
            leads.confirm(db, clerk, lead, confirmed)
            for number in numbers:
                answers = dict.fromkeys(Exclusion, False)
                exclusions.declare(db, clerk, lead, DeclarationIn(provider=number, answers=answers, paper=declared))
        with acting(officer) as db:
            for number in numbers:
                for kind in Exclusion:
                    check = ExclusionCheckIn(provider=number, excluded=False, paper=found, remarks=None)
                    exclusions.check(db, officer, lead, kind, check)
        return lead

    def a_claim(lead: int, *percents: str) -> int:
        """A claim of the lead's providers, up to its public notice."""
        with acting(clerk) as db:
            given = select(LeadProviding.provider_id).where(LeadProviding.lead_id == lead).order_by(LeadProviding.id)
            shares = [
                {"provider": number, "percent": percent}
                for number, percent in zip(db.scalars(given), percents, strict=True)
            ]
        filed = {"lead": lead, "policy": POLICY, "fund": FUND, "shares": shares, "remarks": f"{INVENTED}虚构的申报"}
        application = paper(lead, PaperKind.APPLICATION)
        opinion, minutes = paper(lead, PaperKind.UNIT_OPINION), paper(lead, PaperKind.MINUTES)
        with acting(clerk) as db:
            number = claims.file(db, clerk, ClaimIn.model_validate(filed | {"paper": application})).id
        with acting(checker) as db:
            claims.check(db, checker, number, ClaimStepIn(paper=opinion, remarks=f"{INVENTED}情况属实"))
        with acting(officer) as db:
            claims.review(db, officer, number, ClaimStepIn(paper=minutes, remarks=f"{INVENTED}同意"))
        with acting(officer) as db:
            claims.publish(db, officer, number, ClaimPublishIn(starts_on=None))
        return number

    _rules(database, people, loaded_on)
    with acting(reviewer) as db:
        budget = BudgetIn(label="演示奖励资金", amount=500_000, basis=f"{INVENTED}虚构的预算")
        budgets.put(db, reviewer, FUND, loaded_on.year, budget, None)

    person = ProviderIn(kind="person", name="演示引资人甲", note=f"{INVENTED}虚构的个人")
    firm = ProviderIn(kind="organisation", name="演示商会", note=f"{INVENTED}虚构的单位")
    other = ProviderIn(kind="person", name="演示引资人乙", note=f"{INVENTED}虚构的个人")

    # Paid: half when it is approved, half since works have begun.
    lead = a_lead(PAID, person, firm)
    number = a_claim(lead, "60", "40")
    approval = paper(lead, PaperKind.APPROVAL)
    receipts = {1: paper(lead, PaperKind.RECEIPT), 2: paper(lead, PaperKind.RECEIPT, "（末期）")}
    with acting(SYSTEM) as db:
        # Its notice ran before the demo was loaded: days cannot be waited for here.
        claim = db.get_one(Claim, number)
        claim.notice_from, claim.notice_to = loaded_on - dt.timedelta(days=14), loaded_on - dt.timedelta(days=7)
        gross = claim.gross_fen
    with acting(reviewer) as db:
        granted = {"paper": approval, "gross": format_yuan(gross), "remarks": f"{INVENTED}批准"}
        claims.approve(db, reviewer, number, ClaimApproveIn.model_validate(granted))
    for instalment, receipt in receipts.items():
        with acting(cashier) as db:
            payments.pay(db, cashier, number, instalment, ClaimPayIn(paid_on=loaded_on, paper=receipt))
    with acting(officer) as db:
        first = db.scalars(select(LeadProviding.provider_id).where(LeadProviding.lead_id == lead)).first()
        honour: dict[str, Any] = {"provider": first, "title": f"{INVENTED}招商引资先进个人", "awarded_on": loaded_on}
        papers.honour(db, officer, lead, HonourIn.model_validate(honour | {"basis": f"{INVENTED}虚构的文件"}))

    # Objected: somebody says that another was first.
    lead = a_lead(OBJECTED, other)
    number = a_claim(lead, "100")
    letter = paper(lead, PaperKind.OBJECTION)
    with acting(officer) as db:
        objection = ObjectionIn(
            raised_on=loaded_on, raised_by=None, remarks=f"{INVENTED}来信反映该项目由他人引荐", paper=letter
        )
        objections.raise_one(db, officer, number, objection)


def _hands(database: Database, people: Mapping[Role, Actor]) -> dict[str, Actor]:
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        same = db.get_one(User, people[Role.REPORTER].id)  # they log in with the password of the others
        home = db.execute(select(Unit.code).where(Unit.id == same.unit_id)).scalar_one()
        made = {}
        for login, name, role in HANDS:
            unit = home if role is Role.REPORTER else None
            user = accounts.create_user(db, login, name, {role}, same.password_hash, unit_code=unit, must_change=False)
            made[login] = Actor(user.id, user.login, "user", user.held, permissions_of(user.held), user.unit_id)
        return made


def _rules(database: Database, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """An example of a policy, and that leads from before this program are registered late and may be claimed."""
    policy = {
        "code": POLICY,
        "label": f"{INVENTED}示例政策：区外到位资金",
        "basis": f"{INVENTED}示例，非现行政策",
        "options": [
            {
                "code": "funds", "label": "按区外到位资金", "base": "recognised_funds", "floor": "50000000",
                "fund_sources": ["outside_city", "outside_district", "foreign"],
                "shape": {"shape": "whole", "bands": [{"start": "0", "rate": "0.5"}]},
            }
        ],
        "cap": "1500000",
        "instalments": [
            {"label": "首期", "percent": "50", "condition": {"when": "approval"}},
            {"label": "末期", "percent": "50", "condition": {"when": "stage", "stage": "started"}},
        ],
    }  # fmt: skip
    procedure = PROCEDURE.shipped.model_dump(mode="json") | {"late_leads": "claim"}
    for kind, body, basis in (
        (REWARD_POLICIES, {"policies": [policy]}, "示例政策，非现行政策"),
        (PROCEDURE, procedure, "系统启用前的线索补登记，逾期仍可申报"),
    ):
        with database.unit_of_work() as db:
            events.act(db, people[Role.OFFICER])
            since = loaded_on - dt.timedelta(days=30)
            number = rules.save(db, people[Role.OFFICER], kind, body, since, None, f"{INVENTED}{basis}").id
        with database.unit_of_work() as db:
            events.act(db, people[Role.REVIEWER])
            rules.activate(db, people[Role.REVIEWER], db.get_one(rules.RuleVersion, number))
