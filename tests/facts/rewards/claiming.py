"""A project with a lead and everything a claim needs, and five people to deal with it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.testclient import TestClient

from app.facts.projects.models import Project
from app.facts.rewards.budgets.models import RewardBudget
from app.facts.rewards.claims.models import Claim
from app.facts.rewards.leads.models import Lead
from app.facts.rewards.leads.terms import PaperKind
from app.kernel import calendar
from app.kernel.events import record
from tests.clients import As, Work
from tests.factories.identity import make_unit
from tests.factories.outcomes import make_outcome
from tests.factories.projects import make_project
from tests.factories.rewards import TWO_INSTALMENTS, make_giver, make_lead, make_paper, make_policies

API = "/api/v1/rewards/claims"
WAN = 1_000_000  # fen


@dataclass
class Place:
    """What a claim is made of."""

    as_: As
    db: Work
    project: str
    project_id: int
    lead: int
    givers: list[int]
    papers: dict[str, int]

    @property
    def body(self) -> dict[str, Any]:
        first, second = self.givers
        shares = [{"provider": first, "percent": "66.6666"}, {"provider": second, "percent": "33.3334"}]
        return {
            "lead": self.lead, "policy": "sample", "fund": "district_reward", "year": 2026, "shares": shares,
            "paper": self.fresh("application"),
        }  # fmt: skip

    def fresh(self, kind: str) -> int:
        """Another paper of this kind: none serves twice."""
        with self.db() as session:
            return make_paper(session, session.get_one(Lead, self.lead), kind).id

    def who(self, verb: str) -> TestClient:
        """The one of five people who takes this step."""
        role, login = {
            "file": ("reporter", "filer"), "check": ("reporter", "checker"), "review": ("officer", "officer"),
            "publish": ("officer", "officer"), "objections": ("officer", "officer"), "answer": ("officer", "second"),
            "freeze": ("officer", "officer"), "release": ("reviewer", "reviewer"), "approve": ("reviewer", "reviewer"),
            "accept": ("reviewer", "reviewer"), "pay": ("officer", "payer"), "claw-back": ("reviewer", "reviewer"),
            "refuse": ("officer", "officer"), "withdraw": ("reporter", "filer"),
        }[verb]  # fmt: skip
        return self.as_(role, unit="jxw", login=login) if role == "reporter" else self.as_(role, login=login)

    def sent(self, verb: str, **more: Any) -> dict[str, Any]:
        """What is sent with a step, on a paper of its own."""
        papers = {
            "check": "unit_opinion", "review": "minutes", "objections": "objection", "approve": "approval",
            "accept": "approval", "pay": "receipt", "claw-back": "clawback",
        }  # fmt: skip
        today = calendar.today().isoformat()
        bodies: dict[str, dict[str, Any]] = {
            "check": {},
            "review": {},
            "publish": {},
            "objections": {"raised_on": today, "remarks": "有人先荐"},
            "answer": {"upheld": False, "remarks": "登记在先"},
            "freeze": {"remarks": "另有核查"},
            "release": {"remarks": "核查无误"},
            "approve": {"gross": "105000.00"},
            "accept": {"gross": "105000.00", "remarks": "重新核定"},
            "pay": {"paid_on": today},
            "claw-back": {"everything": True, "happened_on": today, "remarks": "材料不实"},
            "refuse": {"remarks": "不符合条件"},
            "withdraw": {"remarks": "另行申报"},
        }  # fmt: skip
        paper = {"paper": self.fresh(papers[verb])} if verb in papers and "paper" not in more else {}
        return bodies[verb] | paper | more

    def file(self, **more: Any) -> Any:
        return self.who("file").post(API, json=self.body | more)

    def take(self, claim: int, verb: str, *, by: TestClient | None = None, **more: Any) -> Any:
        place = {"pay": "instalments/1/pay", "answer": "objections/1/answer"}.get(verb, verb)
        if "place" in more:
            place = more.pop("place")
        client = by or self.who(verb)
        return client.post(f"{API}/{claim}/{place}", json=self.sent(verb, **more))

    def over(self, claim: int) -> None:
        """Let the public notice be over."""
        with self.db() as session:
            row = session.get_one(Claim, claim)
            row.notice_to = calendar.today() - timedelta(days=1)
            row.notice_from = row.notice_to - timedelta(days=7)

    def until(self, last: str, **more: Any) -> int:
        """File a claim and take its steps up to this one; its number."""
        answer = self.file(**more)
        assert answer.status_code == 201, answer.text
        claim = int(answer.json()["id"])
        for verb in ("check", "review", "publish", "approve", "pay"):
            if last == "file":
                break
            if verb == "approve":
                self.over(claim)
            answer = self.take(claim, verb)
            assert answer.status_code == 200, answer.text
            if verb == last:
                break
        return claim

    def invest(self, wan: int, month: str) -> None:
        """Let so much more investment be recognised, and react to it."""
        with self.db() as session:
            project = session.get_one(Project, self.project_id)
            entry = make_outcome(session, project, quantity=wan * WAN, period=month)
            record(session, "project.outcome_recognised", project, entry=entry.id)


def a_place(
    as_: As, db: Work, *policies: dict[str, Any], budget: int = 500_000, rules: bool = True, **project: Any
) -> Place:
    """A project of 1亿 of which 6500万 are done: the reward is 5万 + 5.5万."""
    with db() as session:
        unit = make_unit(session, "jxw")
        if rules:
            make_policies(session, *(policies or (TWO_INSTALMENTS,)))
        made = make_project(session, unit=unit, investment_fen=10_000 * WAN, **project)
        make_outcome(session, made, quantity=6_500 * WAN, period="2020-08")
        givers = [make_giver(session, "甲某", unit=unit), make_giver(session, "乙公司", "organisation", unit=unit)]
        lead = make_lead(
            session, *givers, project=made, unit=unit, clear=True, confirmed_on=date(2020, 2, 1), confirmed_by="经理"
        )
        papers = {kind.value: make_paper(session, lead, kind).id for kind in PaperKind}
        if budget:
            session.add(
                RewardBudget(
                    fund="district_reward", year=2026, label="示例资金", amount_fen=budget * 100, basis="示例",
                    set_at=calendar.now(), set_by=0, set_by_name="用户",
                )
            )  # fmt: skip
        return Place(as_, db, made.code, made.id, lead.id, [giver.id for giver in givers], papers)
