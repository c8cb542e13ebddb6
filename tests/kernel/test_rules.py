"""Versioned rules: which rules on which day, and that no one rules alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from app.kernel import chain, events, rules
from app.kernel.access import SYSTEM, Actor, Permission, Role, permissions_of
from app.kernel.db import Database
from app.kernel.errors import FieldError, Forbidden, Invalid, NotFound
from app.kernel.rules import RuleKind, RuleVersion


class Bonus(BaseModel):
    model_config = ConfigDict(extra="forbid")

    percent: int = Field(ge=0, le=100)
    from_yuan: int = 0


def no_thirteen(body: Bonus) -> list[FieldError]:
    return [FieldError(field="body.percent", code="unlucky", message="不可为 13")] if body.percent == 13 else []


def person(number: int, role: Role) -> Actor:
    roles = frozenset({role})
    return Actor(number, f"user{number}", "user", roles, permissions_of(roles))


OFFICER, REVIEWER, OTHER = person(1, Role.OFFICER), person(2, Role.REVIEWER), person(3, Role.REVIEWER)


@pytest.fixture
def bonus(monkeypatch: pytest.MonkeyPatch) -> RuleKind[Bonus]:
    monkeypatch.setattr(rules, "KINDS", {})
    return rules.declare(RuleKind("bonus", "奖励", Bonus, shipped=Bonus(percent=5), check=no_thirteen))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    events.install(found, {})
    yield found
    found.close()


def save(
    database: Database,
    percent: Any,
    start: date,
    end: date | None = None,
    *,
    by: Actor = OFFICER,
    activate: bool = True,
) -> int:
    with database.unit_of_work() as db:
        version = rules.save(db, by, rules.kind_of("bonus"), {"percent": percent}, start, end, "黔江府发〔2020〕1号")
        db.flush()
        if activate:
            rules.activate(db, REVIEWER, version)
        return version.number


def ruling(database: Database, on: date) -> tuple[int, int]:
    with database.reading() as connection:
        found = rules.in_force(connection, rules.kind_of("bonus"), on)
        return found.number, found.body.percent


def test_what_ships_rules_where_nothing_newer_does(bonus: RuleKind[Bonus], database: Database) -> None:
    assert ruling(database, date.min) == ruling(database, date.max) == (0, 5)


def test_each_day_has_the_version_that_started_last(bonus: RuleKind[Bonus], database: Database) -> None:
    save(database, 10, date(2020, 1, 1))
    save(database, 20, date(2020, 7, 1), date(2020, 12, 31))
    save(database, 30, date(2021, 7, 1))
    days = {
        date(2019, 12, 31): (0, 5), date(2020, 1, 1): (1, 10), date(2020, 6, 30): (1, 10), date(2020, 7, 1): (2, 20),
        date(2020, 12, 31): (2, 20), date(2021, 1, 1): (1, 10), date(2021, 6, 30): (1, 10), date(2021, 7, 1): (3, 30),
    }  # fmt: skip
    assert {day: ruling(database, day) for day in days} == days


def test_drafts_and_withdrawn_versions_do_not_rule(bonus: RuleKind[Bonus], database: Database) -> None:
    number = save(database, 50, date(2020, 1, 1), activate=False)
    assert ruling(database, date(2020, 6, 1)) == (0, 5)
    with database.unit_of_work() as db:
        version = db.query(RuleVersion).filter_by(number=number).one()
        rules.withdraw(db, version, "写错了")
        with pytest.raises(rules.NotADraft):
            rules.activate(db, REVIEWER, version)
        with pytest.raises(rules.NotADraft):
            rules.withdraw(db, version, "再撤")
    assert ruling(database, date(2020, 6, 1)) == (0, 5)


def test_who_saves_does_not_activate(bonus: RuleKind[Bonus], database: Database) -> None:
    save(database, 10, date(2020, 1, 1), by=REVIEWER, activate=False)
    with database.unit_of_work() as db:
        version = db.query(RuleVersion).one()
        with pytest.raises(rules.SamePerson):
            rules.activate(db, REVIEWER, version)
        assert version.state == "draft"
        rules.activate(db, OTHER, version)
        assert (version.activated_by, version.saved_by) == (3, 2)
        with pytest.raises(rules.NotADraft):
            rules.activate(db, OTHER, version)
        with pytest.raises(rules.NotADraft):
            rules.withdraw(db, version, "太晚")


def test_a_kind_names_who_activates_it(bonus: RuleKind[Bonus], database: Database) -> None:
    save(database, 10, date(2020, 1, 1), activate=False)
    with database.unit_of_work() as db:
        version = db.query(RuleVersion).one()
        with pytest.raises(Forbidden):
            rules.activate(db, person(9, Role.OFFICER), version)
        rules.KINDS["bonus"] = replace(bonus, activate=Permission.PERIOD_EDIT)
        rules.activate(db, REVIEWER, version)
        assert version.state == "active"


@pytest.mark.parametrize("start", [date(2020, 1, 1), date(2020, 7, 1)])
def test_no_version_starts_before_the_one_in_force(bonus: RuleKind[Bonus], database: Database, start: date) -> None:
    save(database, 10, date(2020, 7, 1))
    with pytest.raises(rules.RuleOverlap):
        save(database, 20, start)
    assert save(database, 20, date(2020, 7, 2)) == 2  # the refused one was rolled back and has no number
    assert ruling(database, date(2020, 7, 1)) == (1, 10)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"percent": 101}, "body.percent", "less_than_equal"),
        ({}, "body.percent", "missing"),
        ({"percent": 1, "other": 2}, "body.other", "extra_forbidden"),
        ({"percent": 13}, "body.percent", "unlucky"),
    ],
)
def test_a_body_is_checked_when_it_is_saved(
    body: dict[str, Any], field: str, code: str, bonus: RuleKind[Bonus], database: Database
) -> None:
    with pytest.raises(Invalid) as refused, database.unit_of_work() as db:
        rules.save(db, OFFICER, bonus, body, date(2020, 1, 1), None, "依据")
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]


def test_a_version_does_not_end_before_it_starts(bonus: RuleKind[Bonus], database: Database) -> None:
    with pytest.raises(Invalid):
        save(database, 10, date(2020, 1, 2), date(2020, 1, 1))
    assert save(database, 10, date(2020, 1, 2), date(2020, 1, 2)) == 1


def test_the_log_tells_each_step(bonus: RuleKind[Bonus], database: Database) -> None:
    save(database, 10, date(2020, 1, 1))
    save(database, 20, date(2021, 1, 1), activate=False)
    with database.unit_of_work() as db:
        events.act(db, SYSTEM)
        rules.withdraw(db, db.query(RuleVersion).filter_by(number=2).one(), "写错了")
    with database.reading() as connection:
        told = [(row.kind, row.subject_key) for row in chain.stored(connection)]
        assert chain.verify(connection).intact
    assert told == [
        ("rule.saved", "bonus/1"), ("rule.activated", "bonus/1"), ("rule.saved", "bonus/2"),
        ("rule.withdrawn", "bonus/2"),
    ]  # fmt: skip


def test_kinds_are_declared_once(bonus: RuleKind[Bonus]) -> None:
    with pytest.raises(ValueError, match="declared twice"):
        rules.declare(bonus)
    with pytest.raises(NotFound):
        rules.kind_of("nothing")
