import csv
from datetime import date
from pathlib import Path

import pytest
import time_machine

import app.demo
from app.identity.units import queries, service
from app.identity.units.models import Tier, UnitKind
from app.kernel import chain
from tests.clients import As, Work
from tests.factories.identity import make_unit

UNIT = {
    "code": "qjxw", "name": "区经济信息委", "tier": "key", "kind": "bureau", "valid_from": "2015-01-01",
    "aliases": ["区经信委"],
}  # fmt: skip


def test_a_unit_keeps_what_it_was_called(as_: As) -> None:
    officer = as_("officer")
    created = officer.post("/api/v1/units", json=UNIT)
    assert created.status_code == 201 and created.headers["location"] == "/api/v1/units/qjxw"
    change = {"name": "区经济和信息化委", "tier": "assist", "valid_from": "2020-07-01"}
    changed = officer.patch("/api/v1/units/qjxw", json=change, headers={"If-Match": created.headers["etag"]})
    assert changed.status_code == 200
    assert [(t["name"], t["tier"], t["valid_from"], t["valid_to"]) for t in changed.json()["terms"]] == [
        ("区经济信息委", "key", "2015-01-01", "2020-06-30"),
        ("区经济和信息化委", "assist", "2020-07-01", None),
    ]

    def on(day: str) -> list[tuple[str, str]]:
        items = officer.get("/api/v1/units", params={"as_of": day}).json()["items"]
        return [(item["name"], item["tier"]) for item in items]

    assert on("2014-12-31") == []
    assert on("2020-06-30") == [("区经济信息委", "key")]
    assert on("2020-07-01") == [("区经济和信息化委", "assist")]
    # The row version has moved: the first reading is stale now.
    again = officer.patch("/api/v1/units/qjxw", json={"kind": "park"}, headers={"If-Match": created.headers["etag"]})
    assert again.status_code == 412
    assert officer.patch("/api/v1/units/qjxw", json={"kind": "park"}).status_code == 428


def test_a_term_can_be_put_between_two_others(db: Work) -> None:
    with db() as session:
        unit = service.create_unit(session, "u", "甲", Tier.KEY, UnitKind.BUREAU, date(2015, 1, 1))
        service.set_term(session, unit, date(2020, 1, 1), tier=Tier.ASSIST)
        service.set_term(session, unit, date(2018, 1, 1), tier=Tier.SUPPORT)
        service.set_term(session, unit, date(2010, 1, 1), name="乙", tier=Tier.AWAY)
        found = queries.out(session, unit).terms
    assert [(t.name, t.tier, t.valid_from.year, t.valid_to and t.valid_to.isoformat()) for t in found] == [
        ("乙", "away", 2010, "2014-12-31"),
        ("甲", "key", 2015, "2017-12-31"),
        ("甲", "support", 2018, "2019-12-31"),
        ("甲", "assist", 2020, None),
    ]


def test_every_way_to_write_a_unit_finds_it(db: Work) -> None:
    with db() as session:
        unit = service.create_unit(
            session, "qjxw", "区经济信息委", Tier.KEY, UnitKind.BUREAU, date(2015, 1, 1), ["区经信委"]
        )
        service.set_term(session, unit, date(2019, 3, 1), name="区经济和信息化委")
        asked = ["qjxw", "区经济信息委", "区经济和信息化委", " 区 经信\n委", "区经委"]
        assert set(queries.resolve(session, asked)) == set(asked[:4])


def test_a_name_means_one_unit_only(as_: As) -> None:
    officer = as_("officer")
    assert officer.post("/api/v1/units", json=UNIT).status_code == 201
    assert officer.post("/api/v1/units", json=UNIT).json()["code"] == "unit_exists"
    other = UNIT | {"code": "other", "name": "另一个", "aliases": ["区 经信委"]}
    assert officer.post("/api/v1/units", json=other).json()["code"] == "unit_name_taken"
    assert officer.get("/api/v1/units/other").status_code == 404


@pytest.mark.parametrize(
    "patch",
    [
        {"name": "新名"},
        {"valid_from": "2020-01-01"},
        {"name": None},
        {"tier": "key", "valid_from": "2000-01-01"},
        {"unknown": 1},
    ],
)
def test_half_a_change_is_refused(as_: As, db: Work, patch: dict[str, object]) -> None:
    with db() as session:
        make_unit(session, "jxw")
    answer = as_("officer").patch("/api/v1/units/jxw", json=patch, headers={"If-Match": '"1-0"'})
    assert answer.status_code == 422


def test_short_names_are_replaced_as_a_whole(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw", aliases=("甲", "乙"))
    answer = as_("officer").patch("/api/v1/units/jxw", json={"aliases": ["乙", "丙"]}, headers={"If-Match": '"1-0"'})
    assert answer.json()["aliases"] == ["乙", "丙"]
    assert answer.headers["etag"] == '"2-0"'
    found = as_("officer").get("/api/v1/units", params={"q": "丙"}).json()["items"]
    assert [item["code"] for item in found] == ["jxw"]


def test_a_name_entered_ahead_comes_on_its_day(db: Work) -> None:
    with time_machine.travel("2026-12-31T10:00:00+08:00", tick=False), db() as session:
        unit = make_unit(session, "jxw")
        service.set_term(session, unit, date(2027, 1, 1), name="区经济和信息化局")
        assert service.follow_the_calendar(session) == 0
    with time_machine.travel("2027-01-01T00:05:00+08:00", tick=False), db() as session:
        assert service.follow_the_calendar(session) == 1
        assert queries.get(session, "jxw").name == "区经济和信息化局"


def test_the_demo_units_can_be_loaded_twice(db: Work) -> None:
    table = Path(app.demo.__file__).parent / "units.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    with db() as session:
        assert service.load_units(session, rows) == len(rows)
    with db() as session:
        before = chain.count(session.connection())
        assert service.load_units(session, rows) == 0
    with db() as session:
        assert chain.count(session.connection()) == before
        names = queries.resolve(session, ["区卫健委", "濯水镇政府", "区环保局"])
        assert [unit.code for unit in names.values()] == ["qwjw", "zsz", "qsthj"]
