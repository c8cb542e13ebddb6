"""The contracts of 2015 to 2018, as archived projects; what all contracts promise, clause by clause; and a clearance.

The report of 2020 speaks of 230-odd contracts since 2015 and names none of them: all of this is invented and says so.
The archived projects left the project database before 2019 and brought nothing in 2019 or 2020.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.ledger import INVENTED
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.commitments.models import Commitment, CommitmentDelivery, CommitmentPayment
from app.facts.commitments.standing import refresh
from app.facts.commitments.terms import Anchor, ClauseKind, Condition, Measure, PaymentState, Span
from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.terms import OutcomeKind
from app.facts.projects import intake
from app.facts.projects import service as projects
from app.facts.projects.models import Project, ProjectEnterprise, ProjectUnit
from app.facts.projects.terms import Confidentiality, EnterpriseRole, Kind, Sector, Stage, UnitRole
from app.facts.recognition.terms import EntryState
from app.identity.auth.queries import name_of
from app.identity.units.models import Unit
from app.kernel import bulk, calendar, events
from app.kernel.access import Actor, Role
from app.kernel.db import Database
from app.kernel.names import pinyin, search_key, squash
from app.published.clearances import service as clearances
from app.published.clearances.models import ClearanceFinding
from app.published.clearances.schemas import ClearanceDoneIn, ClearanceFindingIn, ClearanceIn
from app.published.clearances.terms import TO_SETTLE, ClauseVerdict

OLD = {2015: 27, 2016: 33, 2017: 38, 2018: 41}
"""139 formal contracts: with the 92 of 2019 and 2020 they are the 231 of the report."""
CLAUSES = 1_500
ARCHIVED_ON = dt.date(2018, 12, 31)
BASIS = "黔江招商演示〔2015〕1号（虚构）"
_WAN = 1_000_000
_BRANDS = "曜辰昊岚桐筑澜溪铭渊葳蕤霁"
_TRADES = (
    ("五金冲压", Sector.INDUSTRY, Kind.INDUSTRY_LAND), ("竹木家具", Sector.INDUSTRY, Kind.INDUSTRY_LAND),
    ("塑编袋", Sector.INDUSTRY, Kind.LEASE), ("蔬菜大棚", Sector.AGRICULTURE, Kind.AGRICULTURE),
    ("肉牛育肥", Sector.AGRICULTURE, Kind.AGRICULTURE), ("酒店改造", Sector.SERVICES, Kind.SERVICES),
    ("家居卖场", Sector.SERVICES, Kind.SERVICES), ("砂石骨料", Sector.INDUSTRY, Kind.INDUSTRY_LAND),
    ("中药饮片", Sector.INDUSTRY, Kind.INDUSTRY_LAND), ("充电站", Sector.SERVICES, Kind.SERVICES),
    ("灯具组装", Sector.INDUSTRY, Kind.LEASE), ("冷库", Sector.SERVICES, Kind.SERVICES),
)  # fmt: skip


def sign(database: Database, officer: Actor) -> None:
    """The contracts of 2015 to 2018, entered as what they are: history, long archived."""
    with database.unit_of_work() as db:
        events.act(db, officer)
        units = list(db.scalars(select(Unit).order_by(Unit.id)))
        names = iter([f"{a}{b}" for a in _BRANDS for b in _BRANDS if a != b])
        serial = 0
        for year, count in OLD.items():
            for code in intake.next_codes(db, intake.DISTRICT, year, count):
                _old(db, code, next(names), serial, year, count, units[serial % len(units)])
                serial += 1


def _old(db: Session, code: str, brand: str, serial: int, year: int, count: int, unit: Unit) -> None:
    trade, sector, kind = _TRADES[serial % len(_TRADES)]
    name = f"{brand}{trade}（演示）"
    investor = f"{brand}{trade}有限公司（虚构）"
    day = dt.date(year, 1, 5) + dt.timedelta(days=(serial * 350 // count * 7) % 355)
    amount = (800 + serial * 137 % 9_000) * _WAN
    started = day + dt.timedelta(days=60 + serial % 120) if serial % 6 else None
    started = started if started and started <= ARCHIVED_ON else None
    production = started + dt.timedelta(days=300) if started and serial % 3 else None
    production = production if production and production <= ARCHIVED_ON else None
    stage = Stage.PRODUCTION if production else Stage.STARTED if started else Stage.SIGNED
    enterprise = Enterprise(
        name=investor, squashed=squash(investor), pinyin=pinyin(investor)[:600], search=search_key(investor),
        ownership=Ownership.PRIVATE, note=f"{INVENTED}虚构",
    )  # fmt: skip
    db.add(enterprise)
    db.flush()
    project = Project(
        code=code, name=name, kind=kind, stage=stage, sector=sector, confidentiality=Confidentiality.OPEN,
        sight=projects.sight_from(Confidentiality.OPEN, [unit.id], []), unit_id=unit.id, enterprise_id=enterprise.id,
        investment_fen=amount, signed_on=day, started_on=started, production_on=production, first_formal_fen=amount,
        contract_fen=amount, tracked_from=day, archived_on=ARCHIVED_ON, imported=True, changed_at=calendar.now(),
        note=f"{INVENTED}虚构：公开报告只说2015年以来有230余个签约项目", land_mu=(20 + serial % 60) * 100,
        **projects.search_columns(name, [], [investor], code),
    )  # fmt: skip
    db.add(project)
    db.flush()
    db.add_all(
        [
            ProjectUnit(project_id=project.id, unit_id=unit.id, role=UnitRole.RESPONSIBLE.value, valid_from=day),
            ProjectEnterprise(
                project_id=project.id, enterprise_id=enterprise.id, role=EnterpriseRole.INVESTOR.value
            ),
            Agreement(
                project_id=project.id, type=AgreementType.FORMAL, signed_on=day,
                number=f"黔招合〔{year}〕{int(code[-4:]):03d}号（虚构）",
                amount_fen=amount, counted_fen=amount, first_formal=True, imported=True,
                parties=f"区政府、{investor}",
            ),
        ]
    )  # fmt: skip
    if started is not None and serial % 5:
        db.add(
            Outcome(
                project_id=project.id, kind=OutcomeKind.FIXED_ASSET_INVESTMENT, period="2018-12",
                starts_on=dt.date(2018, 12, 1), happened_on=ARCHIVED_ON,
                amount_fen=amount if serial % 4 else amount // 2, state=EntryState.RECOGNISED,
                imported=True, note=f"{INVENTED}虚构", entered_at=calendar.now(),
                entered_by=0,
            )
        )  # fmt: skip
    events.record(db, "project.imported", project)


def tell(database: Database, people: Mapping[Role, Actor], loaded_on: dt.date) -> None:
    """What the contracts promise, and the clearance that goes through them."""
    officer = people[Role.OFFICER]
    with database.unit_of_work() as db:
        events.act(db, officer)
        promise(db, officer, loaded_on)
    with database.unit_of_work() as db:
        events.act(db, officer)
        clear(db, officer, loaded_on)


def promise(db: Session, officer: Actor, loaded_on: dt.date) -> None:
    """1,500 clauses of 231 contracts, six or seven each, by both sides."""
    rows = db.execute(
        select(Agreement, Project)
        .join(Project, Project.id == Agreement.project_id)
        .where(Agreement.type == AgreementType.FORMAL, Agreement.voided_reason.is_(None))
        .order_by(Agreement.signed_on, Agreement.id)
    ).all()
    more = CLAUSES - 6 * len(rows)
    by = {"entered_at": calendar.now(), "entered_by": officer.id, "entered_by_name": name_of(db, officer)}
    made: list[tuple[dict[str, Any], Project, int]] = []
    for place, (paper, project) in enumerate(rows):
        for clause in _clauses(paper, project, place, loaded_on)[: 7 if place < more else 6]:
            row = {
                "project_id": project.id, "agreement_id": paper.id, "party": clause["kind"].party,
                "unit_id": project.unit_id, "condition": Condition.NONE, "survives_end": False, "imported": True,
                "note": f"{INVENTED}虚构", **clause, **by,
            }  # fmt: skip
            made.append((row, project, place))
    told: dict[int, list[events.Row]] = {}
    _insert(db, Commitment, [row for row, _, _ in made], told)
    delivered, paid = _done(db, officer, made, loaded_on)
    _insert(db, CommitmentDelivery, delivered, told)
    _insert(db, CommitmentPayment, paid, told)
    of = {project.id: project for _, project, _ in made}
    refresh(db, *of)
    for number, logged in told.items():
        events.record_rows(
            db, "project.commitment_added", "project", number, of[number].code, of[number].sight, logged
        )  # fmt: skip


def _insert(
    db: Session, model: type[Any], lines: list[dict[str, Any]], told: dict[int, list[events.Row]]
) -> None:  # fmt: skip
    """Rows past the ORM, as an import brings them; `told` gathers what the log says of them, by project."""
    connection, table = db.connection(), bulk.table_of(model)
    names = bulk.names_of(table)
    for number, line in zip(bulk.next_ids(connection, table, len(lines)), lines, strict=True):
        line["id"] = number
    whole = [dict.fromkeys(names) | line for line in lines]
    bulk.insert(connection, table, whole)
    for line in whole:
        fields = {n: [None, events.plain(v)] for n, v in line.items() if n not in model.__unlogged__}
        row = events.Row(model.__tablename__, line["id"], "insert", fields)
        told.setdefault(line["project_id"], []).append(row)


def _clauses(paper: Agreement, project: Project, place: int, loaded_on: dt.date) -> list[dict[str, Any]]:
    amount, day = paper.amount_fen or 0, paper.signed_on
    old = project.archived_on is not None
    ahead = loaded_on + dt.timedelta(days=30 + place * 7 % 700)
    by_then = day + dt.timedelta(days=1_000) if old or place % 9 == 0 else ahead
    clauses: list[dict[str, Any]] = [
        {"kind": ClauseKind.INVESTMENT, "text": "按期完成固定资产投资", "amount_fen": amount, "due_on": by_then},
        {"kind": ClauseKind.START, "text": "签约后十二个月内开工", "due_after": Anchor.SIGNING, "due_count": 12,
         "due_span": Span.MONTHS},
        {"kind": ClauseKind.LAND, "text": "按进度供应项目用地", "area_mu": project.land_mu or 1_000,
         "due_after": Anchor.SIGNING, "due_count": 9, "due_span": Span.MONTHS},
        {"kind": ClauseKind.SUBSIDY, "text": "投产后按固定资产投资给予补贴", "amount_fen": amount // 100 or 1,
         "condition": Condition.STAGE, "condition_stage": Stage.PRODUCTION, "due_after": Anchor.CONDITION,
         "due_count": 6, "due_span": Span.MONTHS, "basis": BASIS, "basis_from": dt.date(2015, 1, 1)},
        {"kind": ClauseKind.SUPPORT, "text": "专人代办审批事项", "due_after": Anchor.SIGNING, "due_count": 24,
         "due_span": Span.MONTHS},
        {"kind": ClauseKind.JOBS, "text": "达产后新增用工", "persons": project.jobs or 20 + place % 80,
         "due_on": by_then, "condition": Condition.STAGE, "condition_stage": Stage.FULL_CAPACITY},
        {"kind": ClauseKind.INFRASTRUCTURE, "text": "修建进场道路并通水通电", "due_after": Anchor.SIGNING,
         "due_count": 10, "due_span": Span.MONTHS},
    ]  # fmt: skip
    for number, clause in enumerate(clauses, 1):
        clause["number"] = f"第{'一二三四五六七'[number - 1]}条"
    return clauses


def _done(
    db: Session, officer: Actor, made: Sequence[tuple[dict[str, Any], Project, int]], loaded_on: dt.date
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """Most of what the district promised was delivered, some of it late or never; some subsidies were paid."""
    by = {"at": calendar.now(), "by": officer.id, "by_name": name_of(db, officer)}
    delivered: list[dict[str, Any]] = []
    paid: list[dict[str, Any]] = []
    for clause, project, place in made:
        of = {"project_id": project.id, "commitment_id": clause["id"], "note": f"{INVENTED}虚构"}
        day = (project.signed_on or loaded_on) + dt.timedelta(days=200 + place % 90)
        if clause["kind"].by_hand and (place + len(clause["text"])) % 7 and day <= loaded_on:
            by_area = clause["kind"].measure is Measure.AREA
            done = {"area_mu": clause["area_mu"]} if by_area else {"percent": 100}
            delivered.append({"on": day, **of, **done, **by})
        production = project.production_on
        if clause["kind"] is ClauseKind.SUBSIDY and production is not None and production < ARCHIVED_ON and place % 3:
            on = min(production + dt.timedelta(days=60), ARCHIVED_ON)
            steps = {"applied_on": on, "applied_by": 0, "applied_by_name": "历史补录", "paid_by_name": "历史补录"}
            amount = {"state": PaymentState.PAID, "amount_fen": clause["amount_fen"], "paid_on": on, "paid_by": 0}
            paid.append({**of, **steps, **amount})
    return delivered, paid


def clear(db: Session, officer: Actor, loaded_on: dt.date) -> None:
    """A clearance of all of them: most clauses confirmed at once, some with an action, a few done."""
    title = "2015年以来招商引资合同履约清理（演示）"
    begun = clearances.begin(
        db, officer, ClearanceIn(title=title, since=dt.date(2015, 1, 1), unit=None, note=f"{INVENTED}虚构")
    )
    clearances.accept(db, officer, begun.id)
    rows = db.execute(
        select(ClearanceFinding.id, ClearanceFinding.proposed)
        .where(ClearanceFinding.clearance_id == begun.id, ClearanceFinding.proposed.in_(sorted(TO_SETTLE)))
        .order_by(ClearanceFinding.id)
        .limit(12)
    ).all()
    for place, row in enumerate(rows):
        action = "发函催告并约谈" if row.proposed is ClauseVerdict.ENTERPRISE_IN_BREACH else "列入下年预算兑现"
        deadline = loaded_on + dt.timedelta(days=90)
        found = ClearanceFindingIn(finding=row.proposed, reason=None, action=action, owner=None, deadline=deadline)
        clearances.confirm(db, officer, begun.id, row.id, found)
        if place < 4:
            clearances.done(db, officer, begun.id, row.id, ClearanceDoneIn(on=loaded_on, note=f"{INVENTED}已办结"))
