"""Whatever is changed in whatever order: following the log comes to the same as rendering everything anew."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal import wanting
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.wanting import follow
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.engagements.models import Engagement, EngagementUnit
from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.terms import Confidentiality, Sector, Stage, Status
from app.facts.recognition.terms import EntryState
from app.facts.reports.models import ReportWeek
from app.figures.rules import INDICATORS, IndicatorRules
from app.identity.units import service as units
from app.kernel import calendar
from app.kernel.db import Base, Database
from app.kernel.errors import Problem
from app.kernel.events import record
from tests.clients import Work
from tests.factories.agreements import make_agreement
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.municipal import DISTRICT, make_report_rule, make_rule, wanted
from tests.factories.projects import make_project
from tests.factories.reports import make_week

UNITS = ("jxw", "nyw", "sww", "wlw", "fgw", "kjw")
Random = random.Random


def day(dice: Random) -> date:
    """Of so many weeks that one seldom mends what another event has missed."""
    return date(2020, 1, 6) + timedelta(days=dice.randrange(300))


def some(session: Session, dice: Random, model: type[Base]) -> Base | None:
    """Any row of a table."""
    rows = session.scalars(select(model).order_by(model.__table__.c.id)).all()
    return dice.choice(rows) if rows else None


def begin(session: Session, dice: Random) -> None:
    stage = dice.choice((Stage.TALK, Stage.FRAMEWORK, Stage.SIGNED))
    unit = dice.choice((None, make_unit(session, dice.choice(UNITS))))
    make_project(session, stage=stage, unit=unit, enterprise=dice.choice((None, some(session, dice, Enterprise))))  # type: ignore[arg-type]


def edit(session: Session, dice: Random) -> None:
    project = some(session, dice, Project)
    assert isinstance(project, Project)
    for name, value in dice.sample(
        [
            ("stage", dice.choice(list(Stage))), ("status", dice.choice(list(Status))), ("note", str(dice.random())),
            ("confidentiality", dice.choice(list(Confidentiality))), ("park", dice.choice("甲乙丙")),
            ("archived_on", dice.choice((None, day(dice)))), ("started_on", dice.choice((None, day(dice)))),
            ("started_deferred_to", dice.choice((None, day(dice)))), ("sector", dice.choice(list(Sector))),
            ("signed_deferred_to", dice.choice((None, day(dice)))), ("land_mu", dice.choice((None, 1, 12050))),
            ("enterprise_id", getattr(some(session, dice, Enterprise), "id", None)), ("officer", "李工"),
        ],
        k=2,
    ):  # fmt: skip
        setattr(project, name, value)


def hand_over(session: Session, dice: Random) -> None:
    project = some(session, dice, Project)
    assert isinstance(project, Project)
    unit = make_unit(session, dice.choice(UNITS))
    for part in session.scalars(select(ProjectUnit).where(ProjectUnit.project_id == project.id)):
        session.delete(part)
    session.flush()
    session.add(ProjectUnit(project_id=project.id, unit_id=unit.id, role="responsible", valid_from=day(dice)))
    if dice.randrange(2):
        project.unit_id = unit.id


def sign(session: Session, dice: Random) -> None:
    project = some(session, dice, Project)
    assert isinstance(project, Project)
    kind = AgreementType.SUPPLEMENT if project.signed_on else dice.choice(("formal", "framework"))
    on = max(day(dice), project.signed_on or date.min)
    increment = dice.randrange(1000) if kind is AgreementType.SUPPLEMENT else None
    paper = make_agreement(session, project, kind, on, increment_fen=increment)
    paper.deferred_to = dice.choice((None, day(dice)))


def correct(session: Session, dice: Random) -> None:
    paper = some(session, dice, Agreement)
    if isinstance(paper, Agreement) and paper.type is AgreementType.FORMAL:
        paper.counted_fen = dice.randrange(1000)
        paper.deferred_to = dice.choice((None, day(dice)))
    elif isinstance(paper, Agreement):
        paper.voided_reason = dice.choice((None, "重复"))


def pay(session: Session, dice: Random) -> None:
    project = some(session, dice, Project)
    assert isinstance(project, Project)
    make_fund(session, project, dice.randrange(1, 1000), day(dice), state=dice.choice(("declared", "recognised")))


def judge(session: Session, dice: Random) -> None:
    entry = some(session, dice, FundEntry)
    if not isinstance(entry, FundEntry):
        return
    reversed_by = session.scalars(select(FundEntry).where(FundEntry.reverses_id == entry.id)).first()
    if entry.state is EntryState.DECLARED:
        entry.state = dice.choice((EntryState.RECOGNISED, EntryState.REJECTED))
    elif entry.state is EntryState.RECOGNISED and entry.reverses_id is None and reversed_by is None:
        project = session.get_one(Project, entry.project_id)
        make_fund(session, project, -entry.amount_fen, day(dice), reverses_id=entry.id)


def meet(session: Session, dice: Random) -> None:
    kind = dice.choice(("outgoing_visit", "incoming_visit", "event", "press"))
    others = dice.sample(UNITS, k=dice.randrange(3))
    first, *rest = others or [UNITS[0]]
    make_engagement(
        session, kind=kind, unit=first, units=tuple(rest), starts_on=day(dice),
        visitors=dice.randrange(9) if kind == "incoming_visit" else None,
    )  # fmt: skip


def revise(session: Session, dice: Random) -> None:
    engagement = some(session, dice, Engagement)
    if not isinstance(engagement, Engagement):
        return
    match dice.randrange(4):
        case 0:
            engagement.starts_on = engagement.ends_on = day(dice)
        case 1:
            engagement.deferred_to = dice.choice((None, day(dice)))
        case 2:
            engagement.voided_at = dice.choice((None, datetime(2020, 9, 1, tzinfo=UTC)))
        case _:
            engagement.visitors = dice.randrange(9)


def take_part(session: Session, dice: Random) -> None:
    engagement = some(session, dice, Engagement)
    if not isinstance(engagement, Engagement):
        return
    unit = make_unit(session, dice.choice(UNITS))
    of = select(EngagementUnit).where(EngagementUnit.engagement_id == engagement.id)
    there = session.scalars(of.where(EngagementUnit.unit_id == unit.id)).first()
    if there is None:
        session.add(EngagementUnit(engagement_id=engagement.id, unit_id=unit.id))
    elif len(session.scalars(of).all()) > 1:
        session.delete(there)


def join(session: Session, dice: Random) -> None:
    engagement, other = some(session, dice, Engagement), some(session, dice, Engagement)
    if not isinstance(engagement, Engagement) or not isinstance(other, Engagement):
        return
    joined = session.scalars(select(Engagement).where(Engagement.joined_into_id == engagement.id)).first()
    if other is engagement:
        engagement.joined_into_id = None
    elif other.joined_into_id is None and joined is None:
        engagement.joined_into_id = other.id


def rename(session: Session, dice: Random) -> None:
    firm = some(session, dice, Enterprise)
    assert isinstance(firm, Enterprise)
    firm.name, firm.ownership = f"企业{dice.randrange(99)}", dice.choice(list(Ownership))


def rename_unit(session: Session, dice: Random) -> None:
    unit = make_unit(session, dice.choice(UNITS))
    units.set_term(session, unit, day(dice), name=f"单位{unit.code}{dice.randrange(99)}")


def rule(session: Session, dice: Random) -> None:
    if dice.randrange(2):
        make_report_rule(
            session, weeks_from="2020-W03", from_stage=dice.choice(("lead", "framework", "started")),
            internal=dice.choice((True, False)), archived=dice.choice((True, False)),
            ended=dice.choice(("status", "delete")), weeks=dice.choice(("closed", "current")),
            kinds=dice.choice((["project", "fund", "week"], ["project", "week"], ["fund", "week"])),
            withheld={"project": dice.choice(([], ["park"])), "week": dice.choice(([], ["visitors"]))},
        )  # fmt: skip
    else:
        body = IndicatorRules(
            joint_trips=dice.choice(("each_unit", "reporting_unit")), terminated_stay=dice.choice((True, False))
        )
        record(session, "rule.activated", make_rule(session, INDICATORS.code, body.model_dump(mode="json")))


def close(session: Session, dice: Random) -> None:
    week = f"2020-W{dice.randrange(3, 41):02d}"
    row = session.scalars(select(ReportWeek).where(ReportWeek.week == week)).one_or_none() or make_week(session, week)
    row.settled_at = dice.choice((None, calendar.now()))


SMALL: tuple[tuple[int, Callable[[Session, Random], None]], ...] = (
    (1, begin), (6, edit), (4, hand_over), (4, sign), (2, correct), (3, pay), (3, judge), (4, meet), (4, revise),
    (4, take_part), (5, join), (2, rename), (1, close),
)  # fmt: skip
LARGE = (rename_unit, rule)
"""After which all weeks or everything is rendered anew, so that nothing that was missed before would be seen."""


@pytest.mark.parametrize("seed", range(2))
def test_following_comes_to_the_same_as_a_full_load(
    app: FastAPI, db: Work, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = app.state.database
    monkeypatch.setattr(wanting, "CHUNK", 7)
    dice = random.Random(seed)
    channels = {"city": Connection(mode="file")}
    with db() as session:
        make_report_rule(session, weeks_from="2020-W03", from_stage="framework")
        for code in UNITS:
            make_unit(session, code)
        for _ in range(3):
            make_enterprise(session)
        for _ in range(6):
            begin(session, dice)
            meet(session, dice)
    follow(database, channels, district=DISTRICT)
    verbs = [verb for weight, verb in SMALL for _ in range(weight)]
    done: list[str] = []
    for turn in range(12):
        for number in range(14):
            verb = dice.choice(LARGE) if number == 0 and turn % 2 else dice.choice(verbs)
            done.append(verb.__name__)
            try:
                with db() as session:
                    verb(session, dice)
            except Problem:  # papers that do not go together
                done.append("refused")
            if dice.randrange(3) == 0:
                follow(database, channels, district=DISTRICT)
        follow(database, channels, district=DISTRICT)
        fresh = f"fresh{turn}"
        follow(database, {fresh: Connection(mode="file")}, district=DISTRICT)
        followed = {place: payload for place, payload in wanted(database).items() if payload is not None}
        loaded = wanted(database, fresh)
        assert followed == loaded, done
        assert {kind for kind, _ in loaded} >= {"week"} and None not in loaded.values()
    assert done.count("refused") < len(done) / 4
