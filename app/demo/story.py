"""What happened to some demo projects after the ledger came in: a gate passed by way of exception, money sent back,
money reversed, a look-alike answered; last week works that began in two places, and a contract. All of it is invented
and says so; no figure of the report moves.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED
from app.facts.evidence import service as evidence
from app.facts.evidence.service import Described
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EvidenceKind
from app.facts.funds import service as funds
from app.facts.funds.ledger import FUNDS
from app.facts.funds.schemas import FundIn
from app.facts.pipeline import service as pipeline
from app.facts.pipeline.duplicates import signing
from app.facts.pipeline.duplicates.schemas import DuplicateAnswerIn
from app.facts.pipeline.gates import overrides
from app.facts.pipeline.schemas import MoveIn, PaperIn
from app.facts.projects.terms import Stage
from app.facts.recognition import service as entries
from app.facts.recognition.schemas import EntryRejectIn, RecogniseIn, ReverseIn
from app.facts.reviews import service as reviews
from app.facts.reviews.schemas import ConcludeIn, ReviewIn
from app.facts.reviews.terms import Opinion, ReviewKind
from app.kernel import events
from app.kernel.access import Actor, Role
from app.kernel.db import Database
from app.kernel.files import Store

PLUMS, FIBRE, GLASS = "500114-2020-0002", "500114-2020-0003", "500114-2020-0026"
CRYSTAL, WHEELS = "500114-2020-0053", "500114-2019-0015"
GARDEN, BEGUN = "500114-2020-0066", ("500114-2020-0029", "500114-2020-0041")
REVIEWED = {
    ReviewKind.DUE_DILIGENCE: "区招商投资局",
    ReviewKind.LEGAL: "区司法局",
    ReviewKind.FAIR_COMPETITION: "区市场监管局",
}


def tell(database: Database, store: Store, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """Let it happen, each step by whom it would be."""

    @contextmanager
    def acting(role: Role) -> Iterator[tuple[Session, Actor]]:
        with database.unit_of_work() as db:
            events.act(db, people[role])
            yield db, people[role]

    def day(ago: int) -> dt.date:
        return loaded_on - dt.timedelta(days=ago)

    def slip(role: Role, code: str, ago: int, said: str, kind: EvidenceKind = EvidenceKind.BANK_SLIP) -> int:
        """A bank slip of a project, or another paper; its number."""
        text = f"{INVENTED}{said}\n".encode()
        file = store.receive([text], name=f"演示{EVIDENCE_KIND_LABELS[kind]}.txt", limit=len(text))
        with acting(role) as (db, actor):
            described = Described(kind, day(ago), note=f"{INVENTED}虚构的{EVIDENCE_KIND_LABELS[kind]}")
            return evidence.add(db, actor, code, described, file)[1].id

    # The first production of the plums is known, its papers are not: an officer asks, the reviewer agrees.
    production = day(10)
    with acting(Role.OFFICER) as (db, actor):
        asked = overrides.request(
            db,
            actor,
            PLUMS,
            Stage.PRODUCTION,
            production,
            f"{INVENTED}首批果品已上市，销售发票由合作社补开，月底前补交",
        )[1]
    with acting(Role.REVIEWER) as (db, actor):
        overrides.decide(db, actor, PLUMS, Stage.PRODUCTION, asked.id, True, f"{INVENTED}已现场核实，同意先行变更")
    with acting(Role.OFFICER) as (db, actor):
        pipeline.move(db, actor, PLUMS, MoveIn(to=Stage.PRODUCTION, happened_on=production))

    # Money that a unit declares and the reviewer sends back.
    paper = slip(Role.REPORTER, GLASS, 15, "防眩光玻璃：付款户名与投资企业不符")
    with acting(Role.REPORTER) as (db, actor):
        declared = funds.declare(db, actor, GLASS, _money(day(15), "5000000.00", paper))[1]
    with acting(Role.REVIEWER) as (db, actor):
        reason = EntryRejectIn(reason=f"{INVENTED}进账单付款户名与投资企业不符，请补充说明后重新申报")
        entries.reject(db, actor, FUNDS, GLASS, declared.id, reason)

    # Money that counted and went back: its month keeps it, the month of the reversal loses it.
    paper = slip(Role.OFFICER, FIBRE, 40, "玄武岩纤维复合筋：增资款")
    with acting(Role.OFFICER) as (db, actor):
        declared = funds.declare(db, actor, FIBRE, _money(day(40), "3000000.00", paper))[1]
    with acting(Role.REVIEWER) as (db, actor):
        evidence.verify(db, actor, FIBRE, paper)
        funds.recognise(db, actor, FIBRE, declared.id, RecogniseIn())
    with acting(Role.REVIEWER) as (db, actor):
        back = ReverseIn(reason=f"{INVENTED}投资方将增资款转回母公司", on=day(5))
        funds.reverse(db, actor, FIBRE, declared.id, back)

    # Before it is signed, one project looks like another of the same place and amount; an officer says why it is not.
    with acting(Role.OFFICER) as (db, actor):
        why = f"{INVENTED}同一园区、金额相近，但业主、地块与产品均不同"
        signing.answer(db, actor, CRYSTAL, [DuplicateAnswerIn(project=WHEELS, same=False, why=why)])

    # The Wednesday of the last week: works begin in two places, and a contract is signed once all was reviewed.
    ago = loaded_on.weekday() + 5
    papers = [(code, slip(Role.OFFICER, code, ago, "开工令", EvidenceKind.START_ORDER)) for code in BEGUN]
    papers.append((GARDEN, slip(Role.OFFICER, GARDEN, ago, "合同文本", EvidenceKind.CONTRACT)))
    with acting(Role.OFFICER) as (db, actor):
        asked_on = day(ago + 1)
        reviewed = [
            reviews.request(db, actor, GARDEN, ReviewIn(kind=kind, requested_on=asked_on, note=f"{INVENTED}送审"))[1].id
            for kind in REVIEWED
        ]
    with acting(Role.REVIEWER) as (db, actor):
        for code, paper in papers:
            evidence.verify(db, actor, code, paper)
        for (_, body), number in zip(REVIEWED.items(), reviewed, strict=True):
            passed = ConcludeIn(opinion=Opinion.PASSED, concluded_on=day(ago), body=body, summary=f"{INVENTED}同意")
            reviews.conclude(db, actor, GARDEN, number, passed)
    with acting(Role.OFFICER) as (db, actor):
        for code in BEGUN:
            pipeline.move(db, actor, code, MoveIn(to=Stage.STARTED, happened_on=day(ago)))
        contract = PaperIn.model_validate(
            {"type": "formal", "number": "黔招合（演示）1号", "amount": "180000000.00", "note": f"{INVENTED}虚构的合同"}
        )
        pipeline.move(db, actor, GARDEN, MoveIn(to=Stage.SIGNED, happened_on=day(ago), agreement=contract))


def _money(arrived_on: dt.date, amount: str, paper: int) -> FundIn:
    return FundIn.model_validate(
        {
            "arrived_on": arrived_on, "amount": amount, "source": "outside_city", "kind": "equity",
            "note": f"{INVENTED}虚构的到位资金", "evidence": [paper],
        }
    )  # fmt: skip
