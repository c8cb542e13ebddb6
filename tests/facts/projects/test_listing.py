import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, text
from sqlalchemy.engine import Engine

from app.facts.projects import listing
from app.facts.projects.listing import LISTING, ProjectFilter
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.outputs import ProjectRow
from app.facts.projects.terms import Channel, Confidentiality, Kind, Sector, Stage, Status
from app.kernel import paging
from app.kernel.access import Actor, Role, permissions_of
from app.kernel.statements import Statement
from tests.clients import Kept
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

As = Callable[..., Any]
PROJECTS = "/api/v1/projects"
YI = 10_000_000_000  # 1亿元 in fen

NEVER = date(1, 1, 1)
KEYS: dict[str, Callable[[Project], Any]] = {
    "code": lambda project: project.code,
    "name": lambda project: project.pinyin,
    "signed_on": lambda project: project.signed_on or NEVER,
    "started_on": lambda project: project.started_on or NEVER,
    "contract_amount": lambda project: project.contract_fen,
    "funds_arrived": lambda project: project.funds_fen,
    "changed_at": lambda project: project.changed_at,
}


@pytest.fixture
def many(kept: Kept, db: Any) -> list[Project]:
    made: list[Project] = kept(with_equal_keys, db)
    return made


def with_equal_keys(db: Any) -> list[Project]:
    """120 projects with many equal keys."""
    dice = Random(46)
    day, instant = date(2020, 1, 1), datetime(2020, 1, 1, 8, 0, 0, 1, tzinfo=UTC)
    made = []
    with db() as session:
        units = [make_unit(session, code) for code in ("jxw", "nyw", "sww")]
        for number in range(120):
            made.append(
                make_project(
                    session,
                    code=f"500114-2020-{dice.randrange(10**4):04d}{number:03d}",
                    name=dice.choice(["玻纤", "重庆茧丝", "重庆茧丝绸", "Zinc锌", "a", "B", "纺织 二期"]),
                    unit=dice.choice(units),
                    confidentiality=dice.choice(["open", "open", "internal", "sealed"]),
                    signed_on=dice.choice([None, day + timedelta(days=dice.randrange(4))]),
                    started_on=dice.choice([None, day + timedelta(days=dice.randrange(400))]),
                    contract_fen=dice.choice([0, 0, YI, 10**15]),
                    funds_fen=dice.choice([-100, 0, 5]),
                    changed_at=instant + timedelta(microseconds=dice.choice([0, 1, 1_000_000, 10**9])),
                )
            )
    return made


def walk(client: Any, **asked: Any) -> list[str]:
    codes: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = client.get(PROJECTS, params={**asked, **after}).json()
        codes += [item["code"] for item in answer["items"]]
        if answer["next"] is None:
            return codes
        after = {"after": answer["next"]}


def test_pages_give_every_project_once_in_the_one_order(as_: As, many: list[Project]) -> None:
    seen = [project for project in many if project.confidentiality != "sealed"]
    own = [project for project in seen if project.confidentiality == "open" or project.unit_id == many[0].unit_id]
    unit = {1: "jxw", 2: "nyw", 3: "sww"}[many[0].unit_id or 0]
    assert len(own) < len(seen) < len(many)
    for direction in ("", "-"):
        for key, value in KEYS.items():
            # The expected order is made here, so that equal on each database means equal on all.
            places = {project.code: (value(project), project.id) for project in many}
            for client, limit, theirs in (
                (as_("officer"), 7, seen),
                (as_("officer"), 200, seen),
                (as_("reporter", unit=unit), 13, own),
            ):
                expected = sorted((project.code for project in theirs), key=places.__getitem__)
                if direction == "-":
                    expected.reverse()
                assert walk(client, sort=direction + key, limit=limit) == expected, (direction, key, limit)


def test_rows_are_what_the_schema_says(as_: As, db: Any) -> None:
    with db() as session:
        enterprise = make_enterprise(session, ownership="foreign")
        make_project(session, unit=make_unit(session), enterprise=enterprise, channel="online", investment_fen=1)
        make_project(session)
    items = as_("officer").get(PROJECTS, params={"sort": "code"}).json()["items"]
    assert [list(item) for item in items] == [list(ProjectRow.model_fields)] * 2
    TypeAdapter(list[ProjectRow]).validate_python(items)
    assert items[0]["investment"] == "0.01"
    assert items[0]["ownership"] == "foreign"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"sort": "colour"}, "sort"),
        ({"sort": "search"}, "sort"),
        ({"stage": "sold"}, "stage.0"),
        ({"limit": 201}, "limit"),
        ({"after": "nonsense"}, "after"),
        ({"origin_region": "5"}, "origin_region"),
        ({"amount_min": "1e3"}, "amount_min"),
        ({"signed_from": "2020"}, "signed_from"),
        ({"changed_since": "2020-01-01"}, "changed_since"),
        ({"enterprise_id": 2**63}, "enterprise_id"),
        ({"tier": "gold"}, "tier"),
    ],
)
def test_what_is_not_declared_is_refused(asked: dict[str, Any], field: str, as_: As) -> None:
    answer = as_("officer").get(PROJECTS, params=asked)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_cursor_belongs_to_its_sort(as_: As, many: list[Project]) -> None:
    after = as_("officer").get(PROJECTS, params={"limit": 5, "sort": "changed_at"}).json()["next"]
    for sort in ("-changed_at", "code"):
        assert as_("officer").get(PROJECTS, params={"after": after, "sort": sort}).status_code == 422


@pytest.fixture
def four(kept: Kept, db: Any) -> dict[str, str]:
    made: dict[str, str] = kept(that_differ, db)
    return made


def that_differ(db: Any) -> dict[str, str]:
    """Four projects that differ in everything that can be asked: name → code."""
    with db() as session:
        jxw, nyw = make_unit(session, "jxw", tier="key"), make_unit(session, "nyw", tier="assist")
        first, second = (make_enterprise(session, name="甲公司"), make_enterprise(session, ownership="foreign"))
        made = {
            "玻纤": make_project(
                session, name="玻纤", unit=jxw, enterprise=first, stage="signed", kind="lease", chain="玻纤材料",
                channel=Channel.ONLINE, park="正阳", origin_region="330102", officer="李工", contract_fen=YI,
                first_formal_fen=YI, signed_on=date(2020, 7, 8), started_on=date(2020, 9, 1),
                changed_at=datetime(2020, 9, 1, tzinfo=UTC),
            ),
            "茧丝": make_project(
                session, name="茧丝", unit=nyw, enterprise=second, sector="agriculture", contract_fen=YI - 1,
                first_formal_fen=YI - 1, origin_region="500114", signed_on=date(2020, 1, 1),
                changed_at=datetime(2020, 8, 1, tzinfo=UTC),
            ),
            "线索": make_project(
                session, name="线索", stage="lead", status="paused", confidentiality="internal",
                changed_at=datetime(2020, 7, 1, tzinfo=UTC),
            ),
            "旧的": make_project(session, name="旧的", archived_on=date(2020, 1, 1)),
        }  # fmt: skip
        made_ids = {"enterprise": first.id}
        return {name: project.code for name, project in made.items()} | {"enterprise": str(made_ids["enterprise"])}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, "玻纤 茧丝 线索"),
        ({"archived": True}, "旧的"),
        ({"q": "boxian"}, "玻纤"),
        ({"q": "甲公司"}, "玻纤"),
        ({"q": "%"}, ""),
        ({"stage": ["signed", "lead"]}, "玻纤 线索"),
        ({"status": "paused"}, "线索"),
        ({"kind": "lease"}, "玻纤"),
        ({"sector": ["agriculture"]}, "茧丝"),
        ({"chain": ["玻纤材料", "纺织"]}, "玻纤"),
        ({"channel": "online"}, "玻纤"),
        ({"park": "正阳"}, "玻纤"),
        ({"unit": ["jxw", "nyw"]}, "玻纤 茧丝"),
        ({"unit": "nobody"}, ""),
        ({"tier": "assist"}, "茧丝"),
        ({"ownership": "foreign"}, "茧丝"),
        ({"origin_region": "33"}, "玻纤"),
        ({"origin_region": "330000"}, "玻纤"),
        ({"origin_region": "330100"}, "玻纤"),
        ({"origin_region": "330200"}, ""),
        ({"origin_region": "500114"}, "茧丝"),
        ({"confidentiality": "internal"}, "线索"),
        ({"officer": "李工"}, "玻纤"),
        ({"signed_from": "2020-01-01"}, "玻纤 茧丝"),
        ({"signed_from": "2020-01-02", "signed_to": "2020-07-08"}, "玻纤"),
        ({"signed_to": "2020-07-07"}, "茧丝"),
        ({"started_from": "2020-09-01"}, "玻纤"),
        ({"started_to": "2020-08-31"}, ""),
        ({"amount_min": "100000000"}, "玻纤"),
        ({"amount_min": "99999999.99", "amount_max": "99999999.99"}, "茧丝"),
        ({"large": True}, "玻纤"),
        ({"large": False}, "茧丝 线索"),
        ({"changed_since": "2020-08-01T08:00:00+08:00"}, "玻纤 茧丝"),
    ],
)
def test_filters(asked: dict[str, Any], names: str, as_: As, four: dict[str, str]) -> None:
    answer = as_("officer").get(PROJECTS, params={**asked, "count": True}).json()
    assert sorted(item["name"] for item in answer["items"]) == sorted(names.split())
    assert answer["total"] == len(answer["items"])


def test_filters_by_enterprise(as_: As, four: dict[str, str]) -> None:
    items = as_("officer").get(PROJECTS, params={"enterprise_id": four["enterprise"]}).json()["items"]
    assert [item["name"] for item in items] == ["玻纤"]


def test_unchanged_lists_are_not_sent_again(as_: As, db: Any, four: dict[str, str]) -> None:
    officer = as_("officer")
    first = officer.get(PROJECTS)
    again = officer.get(PROJECTS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    with db() as session:
        make_project(session)
    assert officer.get(PROJECTS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


# -- speed: what the plan says ---------------------------------------------------------------------------------------


def _actor(role: Role, unit_id: int | None) -> Actor:
    return Actor(9, "somebody", "user", frozenset({role}), permissions_of(frozenset({role})), unit_id, named=True)


def _fill(engine: Engine, size: int) -> None:
    """Enough projects for a planner to care."""
    day = date(2015, 1, 1)
    levels = [Confidentiality.SEALED, *[Confidentiality.INTERNAL] * 2, *[Confidentiality.OPEN] * 7]
    projects = [
        {
            "id": number, "code": f"x-{number}", "name": "", "squashed": "", "pinyin": "", "search": "", "sight": {},
            "kind": Kind.LEASE, "stage": Stage.SIGNED, "status": Status.ACTIVE, "confidentiality": levels[number % 10],
            "industry_edition": "2017", "sector": Sector.INDUSTRY, "unit_id": 1 + number % 2,
            "signed_on": None if number % 3 == 0 else day + timedelta(days=number % 2000),
            "contract_fen": number * 1_000_003 % 9973, "framework_fen": 0, "funds_fen": 0, "tracked_from": day,
            "imported": False, "changed_at": datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=number), "version": 1,
        }
        for number in range(1, size + 1)
    ]  # fmt: skip
    parts = [
        {"project_id": project["id"], "unit_id": project["unit_id"], "role": "responsible", "valid_from": day}
        for project in projects
    ]
    with engine.begin() as connection:
        connection.execute(insert(Project.__table__), projects)  # type: ignore[arg-type]
        connection.execute(insert(ProjectUnit.__table__), parts)  # type: ignore[arg-type]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _plans(connection: Connection, actor: Actor, sort: str) -> list[str]:
    """The plans of the statements that the first and a later page really run."""
    asked = ProjectFilter(sort=sort)
    LISTING.statements.clear()
    after = json.loads(listing.page(connection, actor, asked))["next"]
    listing.page(connection, actor, asked.model_copy(update={"after": after}))
    first, later = LISTING.statements.values()
    key, number = paging._open(after, sort, LISTING.sorts[sort.removeprefix("-")].type)
    values = {**listing._scope(connection, actor, asked).values, "page_limit": 51}
    return [
        _explained(connection, first, values),
        _explained(connection, later, {**values, "page_key": key, "page_id": number}),
    ]


def _explained(connection: Connection, statement: Statement, values: dict[str, Any]) -> str:
    whole = getattr(statement, "whole", None)  # on SQLite a page is read as one row
    if connection.dialect.name == "sqlite" and whole is not None:
        statement = whole
    compiled = statement.dialects[connection.dialect.name]
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    cursor = compiled.cursor(connection)
    cursor.execute(explain + compiled.sql, compiled.given(values))
    rows = cursor.fetchall()
    cursor.close()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.REPORTER])
def test_pages_walk_an_index(role: Role, app: Any, db: Any) -> None:
    with db() as session:
        units = [make_unit(session, code).id for code in ("jxw", "nyw")]
    _fill(app.state.database.writer, 10_000)
    with app.state.database.reading() as connection:
        for sort, index in (
            ("-changed_at", "ix_project_changed"),
            ("-signed_on", "ix_project_signed_key"),
            ("-contract_amount", "ix_project_contract"),
        ):
            for plan in _plans(connection, _actor(role, units[0]), sort):
                assert index in plan, plan
                assert "ORDER BY" not in plan, plan
                assert "Sort" not in plan, plan
