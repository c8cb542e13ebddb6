"""The log: gapless, chained, complete, and moved only by commits."""

import threading
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
from sqlalchemy import select, text

from app.facts.enterprises.models import Contact, Enterprise
from app.identity.units.models import Tier, Unit, UnitKind, UnitTerm
from app.kernel import chain, events
from app.kernel.db import Database

EVERY_CASE = True  # they choose the statements


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    events.install(found, {})
    yield found
    found.close()


def a_unit(code: str = "jxw") -> Unit:
    return Unit(code=code, name="区经济信息委", pinyin="qujingjixinxiwei", search="", kind=UnitKind.BUREAU)


def all_events(database: Database) -> list[dict[str, object]]:
    with database.reading() as connection:
        return [{**row._mapping, "body": msgspec.json.decode(row.body)} for row in chain.stored(connection)]


def test_one_transaction_makes_one_event_for_each_subject(database: Database) -> None:
    with database.unit_of_work() as db:
        unit = a_unit()
        db.add(unit)
        db.flush()
        db.add(UnitTerm(unit_id=unit.id, name=unit.name, tier=Tier.KEY, valid_from=date(2015, 1, 1)))
    (event,) = all_events(database)
    assert (event["seq"], event["kind"], event["subject_key"]) == (1, "unit.created", "jxw")
    assert [(row[0], row[2]) for row in event["body"]["rows"]] == [("unit", "insert"), ("unit_term", "insert")]


def test_what_was_rolled_back_is_not_told_when_the_session_goes_on(database: Database) -> None:
    with database.unit_of_work() as db:
        db.add(a_unit())
        events.record(db, "unit.changed", db.merge(a_unit("sww")))
        db.rollback()
        db.add(a_unit("nyw"))
    assert [(event["kind"], event["subject_key"]) for event in all_events(database)] == [("unit.created", "nyw")]


def test_a_child_moves_the_version_of_its_root_once(database: Database) -> None:
    with database.unit_of_work() as db:
        db.add(a_unit())
    with database.unit_of_work() as db:
        unit = db.scalars(select(Unit)).one()
        assert unit.version == 1
        unit.name = "区经信委"
        for year in (2015, 2016):
            db.add(UnitTerm(unit_id=unit.id, name=unit.name, tier=Tier.KEY, valid_from=date(year, 1, 1)))
            db.flush()
        assert unit.version == 2
    with database.unit_of_work() as db:
        db.scalars(select(UnitTerm)).first().tier = Tier.ASSIST
    with database.unit_of_work() as db:
        assert db.scalars(select(Unit)).one().version == 3
    changed = all_events(database)[-1]
    assert changed["kind"] == "unit.changed"
    assert ["unit_term", 1, "update", {"tier": ["key", "assist"]}] in changed["body"]["rows"]


def test_what_did_not_change_writes_nothing(database: Database) -> None:
    with database.unit_of_work() as db:
        db.add(a_unit())
    with database.unit_of_work() as db:
        unit = db.scalars(select(Unit)).one()
        unit.name = str(unit.name)
    assert len(all_events(database)) == 1


def test_a_rolled_back_transaction_leaves_no_gap(database: Database) -> None:
    with database.unit_of_work() as db:
        db.add(a_unit("a"))
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as db:
        db.add(a_unit("b"))
        db.flush()
        _ = 1 / 0
    with database.unit_of_work() as db:
        db.add(a_unit("c"))
    assert [event["seq"] for event in all_events(database)] == [1, 2]


def test_personal_fields_are_told_as_changed_only(database: Database) -> None:
    with database.unit_of_work() as db:
        enterprise = Enterprise(name="甲", squashed="甲", pinyin="jia", search="", ownership="private")
        db.add(enterprise)
        db.flush()
        db.add(Contact(enterprise_id=enterprise.id, name="王小二", phone="13800001234"))
    with database.reading() as connection:
        whole = "".join(row.body for row in chain.stored(connection))
    assert "13800001234" not in whole
    assert "王小二" not in whole
    assert '"phone":"changed"' in whole


def test_threads_write_a_chain_without_gap(database: Database) -> None:
    errors: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for number in range(5):
                with database.unit_of_work() as db:
                    db.add(a_unit(f"{worker}-{number}"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reading() as connection:
        assert chain.verify(connection) == chain.Verdict(40, None, None)
        assert chain.head(connection) == (40, 40)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET body = replace(body, '区经', '区级') WHERE seq = 2",
        "UPDATE event SET actor = 'nobody' WHERE seq = 2",
        "UPDATE event SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 2",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = 3",
    ],
)
def test_damage_is_found(database: Database, damage: str) -> None:
    for code in ("a", "b", "c"):
        with database.unit_of_work() as db:
            db.add(a_unit(code))
    with database.writer.begin() as connection:
        connection.execute(text(damage))
    with database.reading() as connection:
        verdict = chain.verify(connection)
    assert not verdict.intact
    assert verdict.broken_at == (3 if "= 3" in damage else 2)


def test_replay_equals_the_tables(database: Database) -> None:
    with database.unit_of_work() as db:
        for code in ("a", "b"):
            unit = a_unit(code)
            db.add(unit)
            db.flush()
            db.add(UnitTerm(unit_id=unit.id, name=code, tier=Tier.KEY, valid_from=date(2015, 1, 1)))
    with database.unit_of_work() as db:
        first, second = db.scalars(select(UnitTerm).order_by(UnitTerm.id)).all()
        first.valid_to = date(2019, 12, 31)
        db.delete(second)
    with database.reading() as connection:
        told = chain.replay(connection)
        for model in (Unit, UnitTerm):
            there = {
                row.id: {name: events.plain(value) for name, value in row._mapping.items()}
                for row in connection.execute(select(model.__table__))
            }
            assert told[model.__tablename__] == there


def test_listeners_react_inside_the_transaction_and_come_to_rest(database_url: str) -> None:
    heard: list[str] = []

    def follow(db: object, entry: events.Entry) -> None:
        heard.append(entry.kind)
        unit = db.get(Unit, entry.subject_id)
        if unit.name != "改名":
            unit.name = "改名"
            events.record(db, "unit.renamed", unit)

    database = Database(database_url)
    events.install(database, {"unit.created": (follow,), "unit.renamed": (follow,)})
    with database.unit_of_work() as db:
        db.add(a_unit())
    assert heard == ["unit.created", "unit.renamed"]
    assert [event["kind"] for event in all_events(database)] == ["unit.created", "unit.renamed"]
    database.close()
