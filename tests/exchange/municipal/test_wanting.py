"""Which changes of facts and rules become what the city should hold."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.exchange.municipal import leases, records, wanting
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.mapping import digest_of
from app.exchange.municipal.models import Channel, Record, RecordState
from app.exchange.municipal.wanting import follow
from app.exchange.municipal.wire.contract import PAYLOADS, Operation, RecordKind
from app.facts.engagements.models import Engagement, EngagementUnit
from app.facts.enterprises.models import Enterprise
from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.terms import Confidentiality, Stage, Status
from app.facts.recognition.terms import EntryState
from app.facts.reports.models import ReportWeek
from app.figures.indicators import INDICATORS_BY_CODE, rulebook
from app.figures.questions import Question, answer
from app.figures.rules import INDICATORS
from app.identity.units import service as units
from app.kernel import calendar, rules
from app.kernel.access import SYSTEM
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.money import format_yuan, parse_yuan
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit
from tests.factories.municipal import DISTRICT, make_report_rule, make_rule, versions, wanted
from tests.factories.projects import make_project
from tests.factories.reports import make_week

CITY = {"city": Connection(mode="file")}
CODE = "500114-2020-0001"
PROJECT, WEEK = ("project", CODE), ("week", "2020-W34")  # of 17 to 23 August
Go = Callable[[], int]
Changed = set[tuple[str, str]]


@pytest.fixture
def database(app: FastAPI) -> Database:
    found: Database = app.state.database
    return found


@pytest.fixture
def go(database: Database) -> Go:
    """Follow; gives the number of versions made."""
    return lambda: follow(database, CITY, district=DISTRICT)


@pytest.fixture
def fund(db: Work) -> tuple[str, str]:
    """A signed project with money, beside one of which the city is not told yet; the key of the money."""
    with db() as session:
        make_report_rule(session, weeks_from="2020-W30")
        for code in ("sww", "nyw", "wlw", "fgw"):  # a new unit would have all weeks looked at
            make_unit(session, code)
        firm = make_enterprise(session, name="某某玻纤集团")
        project = make_project(session, code=CODE, unit=make_unit(session, "jxw"), enterprise=firm, stage="signed")
        make_agreement(session, project)
        entry = make_fund(session, project)
        make_project(session, code="500114-2020-0002", stage="talk")
        make_engagement(session, title="走访", visitors=None)
        return "fund", str(entry.id)


def changed(before: dict[Any, Any], after: dict[Any, Any]) -> Changed:
    return {place for place in after if after[place] != before.get(place)}


def one(session: Session, code: str = CODE) -> Project:
    return session.scalars(select(Project).where(Project.code == code)).one()


def trip(session: Session) -> Engagement:
    return session.scalars(select(Engagement).where(Engagement.title == "走访")).one()


def rename(session: Session) -> None:
    unit = make_unit(session, "jxw")
    units.set_term(session, unit, date(2020, 8, 20), name="区经信委")


def reverse(session: Session) -> None:
    entry = session.scalars(select(FundEntry).where(FundEntry.reverses_id.is_(None))).first()
    assert entry is not None
    make_fund(session, one(session), -entry.amount_fen, date(2020, 10, 9), reverses_id=entry.id)


def declared(session: Session) -> None:
    make_fund(session, one(session), 5_00, date(2020, 11, 2), state="declared")


def recognise(session: Session) -> None:
    session.scalars(select(FundEntry).where(FundEntry.state == EntryState.DECLARED)).one().state = EntryState.RECOGNISED
    session.flush()


def supplement(session: Session) -> None:
    make_agreement(session, one(session), "supplement", date(2020, 9, 2), increment_fen=YI)


def set_to(**values: Any) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        for name, value in values.items():
            setattr(one(session), name, value)

    return change


def firm(**values: Any) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        for name, value in values.items():
            setattr(session.scalars(select(Enterprise)).one(), name, value)

    return change


def visit(**values: Any) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        for name, value in values.items():
            setattr(trip(session), name, value)

    return change


def join(session: Session) -> None:
    other = make_engagement(session, unit="sww", title="同一次走访", starts_on=date(2020, 9, 9))
    session.flush()
    other.joined_into_id = trip(session).id


def take_part(session: Session) -> None:
    session.add(EngagementUnit(engagement_id=trip(session).id, unit_id=make_unit(session, "nyw").id))


def joined(session: Session) -> Engagement:
    return session.scalars(select(Engagement).where(Engagement.title == "同一次走访")).one()


def take_part_in_joined(session: Session) -> None:
    session.add(EngagementUnit(engagement_id=joined(session).id, unit_id=make_unit(session, "wlw").id))


def part(session: Session) -> None:
    joined(session).joined_into_id = None


def hand_over(session: Session) -> None:
    """As of the day of signing, and no longer today."""
    for term in session.scalars(select(ProjectUnit).where(ProjectUnit.project_id == one(session).id)):
        term.unit_id = make_unit(session, "fgw").id


STARTED = {("week", "2020-W38")}
"""In which a unit has done something after it was renamed."""
CHANGES: list[tuple[str, Callable[[Session], Any], Changed]] = [
    ("a field that is not reported", set_to(note="内部备注", officer="李工", problem="用地"), set()),
    ("a field that is", set_to(park="正阳工业园区"), {PROJECT}),
    ("the same again", set_to(park="正阳工业园区"), set()),
    ("another's note", lambda s: setattr(one(s, "500114-2020-0002"), "note", "x"), set()),
    ("an investor's name", firm(name="某某玻纤新材料集团"), {PROJECT}),
    ("an investor's note", firm(note="x"), set()),
    ("a start", set_to(stage=Stage.STARTED, started_on=date(2020, 9, 1)), {PROJECT, ("week", "2020-W36")}),
    ("a start in another week", set_to(started_on=date(2020, 9, 8)),
     {PROJECT, ("week", "2020-W36"), ("week", "2020-W37")}),
    ("a start that counts later", set_to(started_deferred_to=date(2020, 9, 15)),
     {("week", "2020-W37"), ("week", "2020-W38")}),
    ("an increase", supplement, {PROJECT, ("week", "2020-W36")}),
    ("money declared", declared, set()),
    ("money taken back", reverse, {PROJECT, ("fund", "3rd")}),
    ("a unit renamed in the middle of a week", rename, {PROJECT, WEEK, *STARTED}),
    ("another's at that time", hand_over, {WEEK, *STARTED}),
    ("visitors of no visit", visit(visitors=3), set()),
    ("a visit to us", visit(kind="incoming_visit"), {WEEK}),
    ("a visit of another week", visit(starts_on=date(2020, 8, 24)), {WEEK, ("week", "2020-W35")}),
    ("a unit more", take_part, {("week", "2020-W35")}),
    ("a report joined", join, {("week", "2020-W35")}),
    ("a unit more in the report that was joined", take_part_in_joined, {("week", "2020-W35")}),
    ("taken apart", part, {("week", "2020-W35"), ("week", "2020-W37")}),
    ("one that was void", visit(voided_at=datetime(2020, 9, 1, tzinfo=UTC)), {("week", "2020-W35")}),
    ("the other project has a paper", lambda s: make_agreement(s, one(s, "500114-2020-0002"), "framework"), set()),
    ("it has come so far", lambda s: setattr(one(s, "500114-2020-0002"), "stage", Stage.FRAMEWORK),
     {("project", "500114-2020-0002")}),
    ("and goes back", lambda s: setattr(one(s, "500114-2020-0002"), "stage", Stage.TALK),
     {("project", "500114-2020-0002")}),
    ("it goes on unseen", lambda s: setattr(one(s, "500114-2020-0002"), "park", "x"), set()),
]  # fmt: skip


def test_what_changes_and_nothing_else_becomes_a_version(
    db: Work, database: Database, go: Go, fund: tuple[str, str]
) -> None:
    first = int(fund[1])
    go()
    assert {place for place in wanted(database) if place[0] != "week"} == {PROJECT, fund}
    for name, change, expected in CHANGES:
        before = versions(database)
        with db() as session:
            change(session)
        made = go()
        after = versions(database)
        told = changed(before, after)
        assert told == {("fund", str(first + 2)) if key == "3rd" else (kind, key) for kind, key in expected}, name
        assert made == len(told) and go() == 0, name
        assert all(after[place][0] == before.get(place, (0,))[0] + 1 for place in told), name


GONE: list[tuple[str, Callable[[Session], Any], Callable[[Session], Any]]] = [
    ("sealed", set_to(confidentiality=Confidentiality.SEALED), set_to(confidentiality=Confidentiality.OPEN)),
    ("archived", set_to(archived_on=date(2020, 12, 1)), set_to(archived_on=None)),
    ("fell below", set_to(stage=Stage.TALK), set_to(stage=Stage.SIGNED)),
    ("withdrawn by rule", lambda s: make_report_rule(s, weeks_from="2020-W30", from_stage="production"),
     lambda s: make_report_rule(s, weeks_from="2020-W30")),
    ("no longer of these kinds", lambda s: make_report_rule(s, weeks_from="2020-W30", kinds=["week"]),
     lambda s: make_report_rule(s, weeks_from="2020-W30")),
]  # fmt: skip


def test_what_is_wanted_no_more_becomes_a_tombstone_and_may_come_back(
    db: Work, database: Database, go: Go, fund: tuple[str, str]
) -> None:
    go()
    version = 1
    whole = wanted(database)
    for name, away, back in GONE:
        for change, there in ((away, False), (back, True)):
            with db() as session:
                change(session)
            go()
            version += 1
            found = versions(database)
            for place in (PROJECT, fund):
                assert found[place] == (version, whole[place] if there else None), (name, there)
            # The district's week goes on counting what it counted: so does what is published of it.
            assert wanted(database)[WEEK] == whole[WEEK], name
    ended = {"weeks_from": "2020-W30", "ended": "delete"}
    with db() as session:
        one(session).status = Status.TERMINATED
    go()
    assert wanted(database)[PROJECT]["status"] == "terminated"
    with db() as session:
        make_report_rule(session, **ended)
    go()
    assert wanted(database)[PROJECT] is None


def test_an_internal_project_is_reported_where_the_rule_says_so(db: Work, database: Database, go: Go) -> None:
    with db() as session:
        make_report_rule(session, internal=False, kinds=["project"])
        make_project(session, code=CODE, stage="signed", confidentiality="internal")
        make_project(session, code="500114-2020-0003", stage="signed", confidentiality="sealed")
        make_project(session, code="500114-2020-0004", stage="signed", archived_on=date(2020, 2, 2))
    assert (go(), wanted(database)) == (0, {})
    with db() as session:
        make_report_rule(session, kinds=["project"], archived=True)
    assert go() == 2
    # A sealed one by no rule at all.
    assert set(wanted(database)) == {PROJECT, ("project", "500114-2020-0004")}


def test_a_version_that_the_city_holds_is_kept_while_a_newer_one_is_wanted(
    db: Work, database: Database, go: Go, fund: tuple[str, str]
) -> None:
    go()
    record = select(Record).where(Record.key == CODE)
    with db() as session:
        held = session.scalars(record).one()
        first = held.wanted
        held.held_version, held.held_op, held.state = held.wanted_version, held.op, RecordState.HELD
        other = session.scalars(select(Record).where(Record.kind == "fund")).one()
        other.state, other.attempts, other.lease = RecordState.SENT, 2, "batch"
    for park in ("甲园", "乙园"):
        with db() as session:
            one(session).park = park
            session.scalars(select(FundEntry)).one().source = "local"
            entry = session.scalars(select(Record).where(Record.key == CODE)).one()
            entry.reason, entry.code, entry.attempts = "园区有误", "park", 3
            if park == "乙园":
                entry.state = RecordState.REJECTED
        go()
        with db() as session:
            found = session.scalars(record).one()
            assert found.held == first and found.held_version == 1 and found.held_op is Operation.PUT
            assert (found.state, found.attempts, found.reason, found.code) == (RecordState.PENDING, 0, None, None)
            assert found.digest == digest_of(found.wanted) and found.next_try <= calendar.now()
            waiting = session.scalars(select(Record).where(Record.kind == "fund")).one()
            # Its receipt is still to come: whoever gets it sees that another version is wanted by now.
            assert (waiting.state, waiting.wanted_version, waiting.attempts, waiting.lease) == (
                RecordState.SENT, 2, 2, "batch",
            )  # fmt: skip
    with db() as session:
        found = session.scalars(record).one()
        assert found.wanted_version == 3
        positions = session.scalars(select(Record.position)).all()
        assert len(set(positions)) == len(positions)
        assert session.scalars(select(Channel.position)).one() == max(positions)


def test_a_tombstone_does_not_wait_for_the_receipt_of_what_went_before(db: Work, go: Go, fund: tuple[str, str]) -> None:
    go()
    with db() as session:
        session.execute(update(Record).values(state=RecordState.SENT, next_try=calendar.now() + timedelta(days=1)))
        one(session).confidentiality = Confidentiality.SEALED
    go()
    with db() as session:
        record = session.scalars(select(Record).where(Record.key == CODE)).one()
        assert (record.op, record.state, record.wanted_version) == (Operation.DELETE, RecordState.PENDING, 2)
        assert record.next_try <= calendar.now()


def test_what_is_sealed_goes_no_more_though_nobody_has_followed_yet(db: Work, go: Go, fund: tuple[str, str]) -> None:
    go()
    later = calendar.now() + timedelta(seconds=90)
    with db() as session:
        one(session).confidentiality = Confidentiality.SEALED
    with db() as session:
        channel = session.scalars(select(Channel)).one()
        sent = leases.claim(session, channel.id, "batch", 500, calendar.now(), later)
        assert sent and {record.kind for record in sent} == {RecordKind.WEEK}
    go()
    with db() as session:
        sent = leases.claim(session, channel.id, "batch", 500, calendar.now(), later)
        assert {(record.kind, record.op) for record in sent} == {
            (RecordKind.PROJECT, Operation.DELETE), (RecordKind.FUND, Operation.DELETE),
        }  # fmt: skip


def test_what_comes_back_under_the_key_of_a_tombstone_that_nobody_knew_goes_on_from_it(
    db: Work, database: Database, go: Go, fund: tuple[str, str]
) -> None:
    go()
    lost = "500114-2020-0003"
    with db() as session:
        # As reconciling makes it, after a backup was restored: the city holds what we do not know.
        values = dict(session.execute(select(Record.__table__).where(Record.key == CODE)).one()._mapping)
        values |= {"id": 9999, "key": lost, "project_id": None, "op": Operation.DELETE, "wanted": None}
        values |= {"digest": digest_of(None), "wanted_version": 6, "position": 9999}
        session.execute(insert(Record).values(values))
        session.execute(update(Channel).values(position=9999))
    with db() as session:
        make_project(session, code=lost, stage="signed")
    go()
    with db() as session:
        record = session.scalars(select(Record).where(Record.key == lost)).one()
        assert (record.op, record.wanted_version) == (Operation.PUT, 7) and record.project_id is not None


def test_a_load_that_was_interrupted_is_taken_up_again(
    db: Work, database: Database, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanting, "CHUNK", 3)
    with db() as session:
        make_report_rule(session, kinds=["project"])
        for number in range(10):
            make_project(session, code=f"500114-2020-{number:04d}", stage="signed")
    whole = records.settle
    calls: list[int] = []

    def failing(*args: Any, **named: Any) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the machine is switched off")
        return whole(*args, **named)

    monkeypatch.setattr(records, "settle", failing)
    with pytest.raises(OSError, match="switched off"):
        go()
    assert len(wanted(database)) == 6
    with db() as session:
        one(session, "500114-2020-0000").park = "已报过的又变了"
        make_project(session, code="500114-2020-0010", stage="signed")
    assert go() == 4 + 1 + 1
    assert len(calls) == 3 + 2 + 1 + 2  # what was loaded is not loaded again; the weeks; then the events
    assert {version for version, _ in versions(database).values()} == {1, 2}
    assert len(wanted(database)) == 11 and wanted(database)["project", "500114-2020-0000"]["park"] == "已报过的又变了"


def test_what_is_reported_today_is_looked_up_each_time(
    db: Work, database: Database, go: Go, fund: tuple[str, str], as_: As
) -> None:
    """A version that comes into force at midnight has no event; and the rule is one like all others."""
    go()
    shown = {row["code"]: row["label"] for row in as_("officer").get("/api/v1/rules").json()["items"]}
    assert shown["municipal_report"] == "上报市级的内容"
    path = "/api/v1/rules/municipal_report"
    form = as_("officer").get(path).json()["json_schema"]
    assert "city" in form["examples"][0]["channels"]
    body = {"channels": {"city": {"weeks_from": "2020-W30", "fields": {"project": {"code": "XMBH", "stage": "JD"}}}}}
    tomorrow = calendar.today() + timedelta(days=1)
    draft = {"body": body, "valid_from": tomorrow.isoformat(), "basis": "渝招商〔2026〕3号"}
    wrong = body | {"channels": {"city": {"stages": {"signed": "3"}}}}
    refused = as_("officer").post(f"{path}/versions", json=draft | {"body": wrong})
    assert refused.status_code == 422 and "stages 缺少" in refused.json()["errors"][0]["message"]
    number = as_("officer").post(f"{path}/versions", json=draft).json()["number"]
    assert as_("reviewer").post(f"{path}/versions/{number}/activate").status_code == 200
    assert go() == 0
    with db() as session:
        session.execute(update(rules.RuleVersion).where(rules.RuleVersion.number == number).values(
            valid_from=calendar.today()
        ))  # fmt: skip
    assert go() == 1
    assert wanted(database)[PROJECT] == {"XMBH": CODE, "JD": "signed"}


def test_a_week_is_reported_when_it_is_closed(db: Work, database: Database, go: Go) -> None:
    today = calendar.today()
    this, last = Period.of(today, "week"), Period.of(today - timedelta(days=7), "week")
    before = Period.of(today - timedelta(days=14), "week")
    with db() as session:
        make_report_rule(session, weeks_from=before.text)
        make_week(session, last.text)
    go()
    # Nobody was asked for reports in the one before; last week's are still taken.
    assert set(wanted(database)) == {("week", before.text)}
    with db() as session:
        session.scalars(select(ReportWeek)).one().settled_at = calendar.now()
    assert go() == 1 and set(wanted(database)) == {("week", before.text), ("week", last.text)}
    with db() as session:
        make_report_rule(session, weeks_from=last.text, weeks="current")
    assert go() == 2
    assert {place: payload is None for place, payload in wanted(database).items()} == {
        ("week", before.text): True, ("week", last.text): False, ("week", this.text): False,
    }  # fmt: skip


def test_a_week_says_what_is_published(db: Work, database: Database, go: Go) -> None:
    """All of it, sealed projects too; under the rules of its last day; by the names of its last day."""
    with db() as session:
        make_report_rule(session, weeks_from="2020-W34")
        unit = make_unit(session, "jxw")
        units.set_term(session, unit, date(2020, 8, 24), name="区经信委")
        for code, level in ((CODE, "open"), ("500114-2020-0003", "sealed")):
            project = make_project(session, code=code, unit=unit, stage="started", confidentiality=level)
            make_agreement(session, project, amount_fen=YI)
            make_agreement(session, project, "supplement", date(2020, 8, 25), increment_fen=5)
            project.started_on = date(2020, 8, 26)
        make_project(session, code="500114-2020-0002", stage="signed", signed_on=date(2020, 8, 26))  # of no unit
        make_engagement(session, units=("sww",), kind="incoming_visit", visitors=7, starts_on=date(2020, 8, 25))
        make_engagement(session, kind="press", starts_on=date(2020, 8, 30))
        make_engagement(session, kind="event", starts_on=date(2020, 8, 31))
    go()
    told = wanted(database)["week", "2020-W35"]
    PAYLOADS[RecordKind.WEEK].model_validate(told)
    assert wanted(database)[WEEK]["units"][0]["unit"] == "区经济信息委"
    assert told["units"] == [
        {"unit": "区经信委", "signed": 0, "started": 2, "outgoing_visits": 0, "incoming_visits": 1, "visitors": 7,
         "events": 0, "press_items": 1},
        {"unit": "区商务委", "signed": 0, "started": 0, "outgoing_visits": 0, "incoming_visits": 1, "visitors": 7,
         "events": 0, "press_items": 0},
    ]  # fmt: skip
    week = Period.parse("2020-W35")
    asked = {
        "signed": "signed_count", "signed_amount": "contract_amount", "started": "started_count",
        "outgoing_visits": "outgoing_visits", "incoming_visits": "incoming_visits", "visitors": "visitors",
        "events": "events_held", "press_items": "press_items",
    }  # fmt: skip
    with database.reading() as connection:
        figures = tuple(INDICATORS_BY_CODE[code] for code in asked.values())
        items = answer(connection, Question(rulebook(connection), figures, week, week.end), None)
    assert {field: told[field] for field in asked} == dict(zip(asked, [item["value"] for item in items], strict=True))
    assert told["started_amount"] == format_yuan(2 * YI) and parse_yuan(told["signed_amount"]) == 10
    assert told["signed"] == 1
    with db() as session:
        make_rule(session, INDICATORS.code, {"joint_trips": "reporting_unit", "terminated_stay": False})
    before = versions(database)
    with db() as session:
        version = session.scalars(select(rules.RuleVersion).where(rules.RuleVersion.rule == INDICATORS.code)).one()
        version.state = "draft"
        session.flush()
        version.saved_by = 1
        rules.activate(session, SYSTEM, version)
    go()
    assert changed(before, versions(database)) == {("week", "2020-W35")}
    for values, expected in (
        ({"status": Status.TERMINATED}, {PROJECT, WEEK, ("week", "2020-W35")}),
        ({"unit_id": None}, {PROJECT}),  # whose it is today, but not whose it was then
    ):
        before = versions(database)
        with db() as session:
            set_to(**values)(session)
        go()
        assert changed(before, versions(database)) == expected
    before = versions(database)
    with db() as session:
        one(session, "500114-2020-0002").unit_id = make_unit(session, "jxw").id
    go()
    assert changed(before, versions(database)) == {("project", "500114-2020-0002"), ("week", "2020-W35")}


def test_two_who_follow_at_once_make_one_version_each(
    db: Work, database_url: str, database: Database, fund: tuple[str, str]
) -> None:
    follow(database, CITY, district=DISTRICT)
    before = versions(database)
    two = [Database(database_url), Database(database_url)]
    made: list[int] = []
    try:
        for turn in range(8):
            with db() as session:
                one(session).park = f"园区{turn}"
                make_project(session, code=f"500114-2020-1{turn:03d}", stage="signed")
            start = threading.Barrier(2)

            def run(own: Database, start: threading.Barrier = start) -> None:
                start.wait()
                made.append(follow(own, CITY, district=DISTRICT))

            threads = [threading.Thread(target=run, args=(own,)) for own in two]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        follow(database, CITY, district=DISTRICT)
    finally:
        for own in two:
            own.close()
    after = versions(database)
    assert after[PROJECT][0] == before[PROJECT][0] + 8
    assert len(after) == len(before) + 8 and {after[p][0] for p in after.keys() - before.keys()} == {1}
    assert sum(made) == 16
