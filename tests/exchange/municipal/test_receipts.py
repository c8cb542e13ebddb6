"""Receipts in any order, twice, late, lost, and for what was overtaken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from app.exchange.municipal import leases, receipts, records
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.models import Channel, Record, RecordState
from app.exchange.municipal.receipts import Sent, Taken
from app.exchange.municipal.wire.contract import Operation, Receipt, RecordKind, Result
from app.facts.projects.models import ProjectGrant
from app.facts.projects.service import refresh_sight
from app.kernel.chain import Event
from app.kernel.db import Database
from app.kernel.notices import Notice
from tests.clients import Work
from tests.exchange.municipal.carrying import SECRET, make_records
from tests.factories.identity import make_user
from tests.factories.projects import make_project

START = datetime(2020, 8, 20, tzinfo=UTC)
LEASE = timedelta(seconds=90)
CITY = Connection.model_validate({"address": "http://127.0.0.1:9", "key_id": "tests", "secret": SECRET, "batch": 20})
CHANNEL = {"code": "city", "cursor": 2**40, "mapping": "tests"}

ACCEPTED = Result.ACCEPTED
results = st.sampled_from([*Result, ACCEPTED, ACCEPTED])
steps = st.one_of(
    st.tuples(st.just("want"), st.booleans()),
    st.tuples(st.just("claim"), st.booleans()),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(
        st.sampled_from(["answer", "late"]), st.integers(0, 3), results, st.integers(-1, 1),
        st.none() | st.integers(-2, 3),
    ),
)  # fmt: skip


@pytest.fixture
def database(app: FastAPI) -> Database:
    found: Database = app.state.database
    return found


class Trial:
    """One record of a channel, and what is under way of it."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.now = START
        self.channel = Channel(**CHANNEL)
        db.add(self.channel)
        db.flush()
        self.flights: list[Sent] = []
        self.contents: dict[int, str | None] = {}
        self.want(True)

    def row(self) -> Any:
        return self.db.execute(select(Record.__table__).where(Record.channel_id == self.channel.id)).one()

    def want(self, there: bool) -> None:
        """Another content, or none."""
        connection = self.db.connection()
        known = records.of_weeks(connection, self.channel.id)
        text = f'{{"at":"{self.now.isoformat()}"}}' if there or not known else None
        position = self.db.execute(select(Channel.position).where(Channel.id == self.channel.id)).scalar_one()
        wanted = {("week", "2020-W34"): records.Wanted(text)}
        if text is None:
            wanted = {}
        moved = records.settle(connection, self.channel.id, position, self.now, known, wanted)
        self.db.execute(update(Channel).where(Channel.id == self.channel.id).values(position=moved))
        self.contents[self.row().wanted_version] = self.row().wanted

    def claim(self, soon: bool) -> None:
        """Somebody takes it to send it; `soon` not after whatever else has run out."""
        self.now += timedelta(seconds=1) if soon else timedelta(days=2)
        batch = f"b{len(self.flights)}"
        self.flights += leases.claim(self.db, self.channel.id, batch, 20, self.now, self.now + LEASE)

    def fail(self, which: int) -> None:
        if self.flights:
            sent = self.flights[which % len(self.flights)]
            receipts.failed(self.db, self.channel, CITY, [sent], self.now, alone=which == 3)

    def answer(self, which: int, result: Result, wrong: int, holds: int | None) -> None:
        if self.flights:
            sent = self.flights[which % len(self.flights)]
            told = self._told(sent.version, result, wrong, holds)
            taken = receipts.take(self.db, self.channel, CITY, [sent], [told, told], self.now, lambda: 0.5)
            assert wrong == 0 or (taken.accepted == taken.rejected == taken.received == 0 and taken.refused)

    def late(self, which: int, result: Result, wrong: int, holds: int | None) -> None:
        if self.flights:
            told = self._told(self.flights[which % len(self.flights)].version, result, wrong, holds)
            receipts.take_late(self.db, self.channel, CITY, [told, told], self.now, lambda: 0.5)

    def _told(self, version: int, result: Result, wrong: int, holds: int | None) -> Receipt:
        held = None if holds is None else max(version + holds, 0)
        return Receipt(
            kind=RecordKind.WEEK, key="2020-W34", version=max(version + wrong, 0), result=result, held_version=held,
            receipt_no="HZ\x001", message="不合\x00要求",
        )  # fmt: skip


@contextmanager
def trial(database: Database) -> Iterator[Trial]:
    db = database.session()
    try:
        yield Trial(db)
    finally:
        database.abandon(db)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(steps, min_size=3, max_size=25))
@example(
    [
        ("claim", True),
        ("want", True),
        ("claim", False),
        ("answer", 1, ACCEPTED, 0, None),
        ("answer", 0, ACCEPTED, 0, None),
        ("late", 0, ACCEPTED, 0, None),
    ]
)
@example([("claim", True), ("want", True), ("answer", 0, ACCEPTED, 0, None), ("late", 0, Result.REJECTED, 0, None)])
@example([("claim", True), ("answer", 0, Result.RECEIVED, 0, None), ("want", True), ("late", 0, ACCEPTED, 0, None)])
@example([("claim", True), ("answer", 0, ACCEPTED, 0, None), ("late", 0, Result.STALE, 0, 3), ("want", False)])
def test_what_the_city_holds_is_never_taken_back_and_held_is_what_is_wanted(
    database: Database, taken: list[tuple[Any, ...]]
) -> None:
    with trial(database) as one:
        held = position = 0
        for step, *how in taken:
            getattr(one, step)(*how)
            row = one.row()
            one.contents.setdefault(row.wanted_version, row.wanted)
            assert held <= row.held_version <= row.wanted_version
            if row.state == RecordState.HELD:
                assert row.held_version == row.wanted_version
            if row.held_version == row.wanted_version and row.state == RecordState.HELD:
                assert row.held is None and row.held_op == row.op
            elif row.held is not None:
                assert row.held == one.contents[row.held_version]
            assert (row.lease is None) is (row.lease_until is None)
            assert (row.state == RecordState.REJECTED) is (row.reason is not None)
            # Whatever was said, it goes again some day, unless it is held or somebody has to correct it.
            assert row.next_try <= one.now + timedelta(hours=CITY.receipt_hours)
            assert row.position >= position
            held, position = row.held_version, row.position
        # And an honest city has it in the end.
        if row_waits(one):
            one.flights = []
            one.claim(False)
            [sent] = one.flights
            one.answer(0, Result.ACCEPTED, 0, None)
            assert one.row().state == RecordState.HELD and one.row().held_version == sent.version


def row_waits(one: Trial) -> bool:
    return one.row().state in (RecordState.PENDING, RecordState.SENT)


def test_a_city_that_holds_more_than_we_know_gets_a_later_version(database: Database) -> None:
    for holds, result, expected in (
        (0, Result.STALE, 2), (7, Result.STALE, 9), (2**53 - 1, Result.STALE, 1), (-1, Result.STALE, 1),
        (None, Result.STALE, 1),
    ):  # fmt: skip
        with trial(database) as one:
            one.claim(True)
            one.answer(0, result, 0, holds)
            row = one.row()
            assert (row.state, row.wanted_version) == ("pending", expected)
            assert row.position == (2 if expected > 1 else 1)
            assert row.lease is None
    with trial(database) as one:  # and one that says so by itself
        one.flights = [Sent(1, RecordKind.WEEK, "2020-W34", 5, None, None)]
        one.late(0, Result.ACCEPTED, 0, None)
        assert (one.row().wanted_version, one.row().held_version, one.row().held) == (6, 5, None)


def test_receipts_for_something_else_are_refused_and_change_nothing(database: Database) -> None:
    with trial(database) as one:
        one.claim(True)
        [sent] = one.flights
        before = one.row()
        strange = Receipt(kind=RecordKind.FUND, key="别的\n", version=1, result=Result.ACCEPTED)
        wrong = Receipt(kind=sent.kind, key=sent.key, version=2, result=Result.ACCEPTED)
        taken = receipts.take_late(one.db, one.channel, CITY, [strange], one.now)
        assert taken == Taken(refused=["未曾报送 fund 别的"])
        taken = receipts.take(one.db, one.channel, CITY, [sent], [strange, wrong], one.now, lambda: 0.5)
        assert taken.missing == 1 and len(taken.refused) == 2
        after = one.row()
        assert (after.held_version, after.state, after.attempts) == (before.held_version, "pending", 1)
        first = Receipt(kind=sent.kind, key=sent.key, version=1, result=Result.ACCEPTED)
        other = Receipt(kind=sent.kind, key=sent.key, version=1, result=Result.REJECTED)
        taken = receipts.take(one.db, one.channel, CITY, [sent], [first, other], one.now)
        assert taken.accepted == 1 and taken.refused == ["week 2020-W34 有两份不同的回执"]


def test_whoever_lost_the_lease_only_brings_good_news(database: Database) -> None:
    with trial(database) as one:
        one.claim(True)
        one.now += LEASE
        one.claim(True)
        lost, now_his = one.flights
        for result in (Result.REJECTED, Result.RETRY, Result.RECEIVED, Result.STALE):
            before = one.row()
            one.answer(0, result, 0, 3)
            assert one.row() == before
        receipts.failed(one.db, one.channel, CITY, [lost], one.now)
        assert one.row().lease == now_his.lease
        one.answer(0, Result.ACCEPTED, 0, None)
        assert (one.row().state, one.row().lease) == ("held", now_his.lease)
        one.fail(1)  # he hears nothing, and it is held all the same
        assert (one.row().state, one.row().lease) == ("held", None)


def test_rejections_are_told_and_settled_when_they_are_accepted(database: Database, db: Work) -> None:
    with db() as session:
        officer = make_user(session, "officer")
        one = Trial(session)
        one.claim(True)
        one.answer(0, Result.REJECTED, 0, None)
        assert (one.row().state, one.row().reason, one.row().receipt_no) == ("rejected", "不合 要求", None)
    with db() as session:
        [notice] = session.scalars(select(Notice).where(Notice.user_id == officer.id))
        assert notice.text == "上报市级招商项目库的每周情况2020-W34（第 1 版）被退回：不合 要求"
        assert notice.done_at is None
        [said] = session.scalars(select(Event).where(Event.kind == "municipal_channel.rejected"))
        assert "不合" not in said.body  # the city's words stay out of what cannot be erased
        one.db = session
        one.want(True)
        one.claim(True)
        one.answer(1, Result.ACCEPTED, 0, None)
    with db() as session:
        assert session.scalars(select(Notice.done_at)).one() is not None


def test_of_a_sealed_project_only_who_may_see_it_is_told(db: Work) -> None:
    with db() as session:
        make_user(session, "officer")
        named = make_user(session, "officer", named=True)
        project = make_project(session, confidentiality="sealed")
        session.add(ProjectGrant(project_id=project.id, user_id=named.id, source="named"))
        session.flush()
        refresh_sight(session, project)
        one = Trial(session)
        one.want(False)
        session.execute(update(Record).values(project_id=project.id))
        one.claim(True)
        one.answer(0, Result.REJECTED, 0, None)
    with db() as session:
        assert session.scalars(select(Notice.user_id)).all() == [named.id]
        [said] = session.scalars(select(Event).where(Event.kind == "municipal_channel.rejected"))
        assert "2020-W34" not in said.body


def test_a_batch_is_taken_by_as_many_statements_as_one_record(database: Database, statements: Any) -> None:
    counts = []
    for number in (2, 20):
        with database.unit_of_work() as db:
            channel = Channel(**CHANNEL | {"code": f"city{number}"})
            db.add(channel)
            db.flush()
        make_records(database, channel.id, number)
        with database.unit_of_work() as db:
            sent = leases.claim(db, channel.id, "b", 20, START + timedelta(days=9999), START + timedelta(days=9999))
            assert len(sent) == number
            told = [
                Receipt(kind=s.kind, key=s.key, version=1, result=Result.ACCEPTED if n % 2 else Result.RETRY)
                for n, s in enumerate(sent)
            ]
            before = len(statements)
            receipts.take(db, channel, CITY, sent, told, START)
            counts.append(len(statements) - before)
        with database.reading() as connection:
            held = select(func.count()).where(Record.channel_id == channel.id, Record.state == RecordState.HELD)
            assert connection.execute(held).scalar_one() == number // 2
    assert counts[0] == counts[1]


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that goes to the database, however it goes."""
    told: list[str] = []

    def hear(*found: Any) -> None:
        told.append(found[2])

    event.listen(database.writer, "before_cursor_execute", hear)
    yield told
    event.remove(database.writer, "before_cursor_execute", hear)


def test_a_tombstone_is_held_as_one(database: Database) -> None:
    with trial(database) as one:
        one.claim(True)
        one.answer(0, Result.ACCEPTED, 0, None)
        one.want(False)
        assert (one.row().op, one.row().held, one.row().held_op) == ("delete", one.contents[1], Operation.PUT)
        one.claim(True)
        one.answer(1, Result.DUPLICATE, 0, None)
        assert (one.row().state, one.row().held_op, one.row().held) == ("held", "delete", None)
