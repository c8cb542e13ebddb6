"""Figures of any district, against the same counting done in plain Python."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from app.facts.agreements.models import Agreement
from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project, ProjectUnit
from app.facts.projects.queries import sight
from app.figures.dimensions import DIMENSIONS
from app.figures.indicators import INDICATORS_BY_CODE, find, rulebook
from app.figures.questions import Question, answer
from app.identity.units.models import Tier, Unit, UnitKind, UnitTerm
from app.kernel import calendar
from app.kernel.access import Actor, Role
from app.kernel.calendar import Period, iso_week
from app.kernel.db import Database
from app.kernel.money import parse_yuan

AS_OF = date(2022, 6, 30)
OFFICER = Actor(1, "officer", "user", frozenset({Role.OFFICER}), frozenset())
STRANGER = Actor(2, "reporter", "user", frozenset({Role.REPORTER}), frozenset(), unit_id=1)
UNITS = (1, 2)

days = st.dates(date(2018, 12, 25), date(2021, 1, 10))
fen = st.integers(0, 3 * 10**10)
periods = st.one_of(
    st.sampled_from(["2019", "2020", "2020-H1", "2020-Q3", "2020-12", "2020-W53", "2020-W01"]).map(Period.parse),
    st.tuples(days, days).map(lambda pair: Period.span(min(pair), max(pair))),
)


@dataclass(frozen=True)
class Row:
    """A project as the test knows it."""

    signed_on: date | None
    started_on: date | None
    first_fen: int | None
    sector: str
    chain: str | None
    level: str
    hand_over: date  # unit 1 until the day before, unit 2 from this day on
    tracked_from: date
    archived_on: date | None
    papers: tuple[tuple[date, int], ...]
    funds: tuple[tuple[date, int], ...]


rows = st.builds(
    Row,
    signed_on=st.none() | days,
    started_on=st.none() | days,
    first_fen=st.none() | fen,
    sector=st.sampled_from(["agriculture", "industry", "construction", "services"]),
    chain=st.sampled_from([None, "材料", "环保", "纺织"]),
    level=st.sampled_from(["open", "internal", "sealed"]),
    hand_over=days,
    tracked_from=days,
    archived_on=st.none() | days,
    papers=st.lists(st.tuples(days, fen), max_size=2).map(tuple),
    funds=st.lists(st.tuples(days, st.integers(-(10**9), 10**10)), max_size=3).map(tuple),
)
districts = st.lists(rows, max_size=12)


@pytest.fixture(scope="module")
def opened() -> Iterator[dict[str, Database]]:
    kept: dict[str, Database] = {}
    yield kept
    for database in kept.values():
        database.close()


@pytest.fixture
def within(database_url: str, opened: dict[str, Database]) -> Callable[..., Any]:
    """`with within(rows) as connection`: a district that exists for this block only."""
    database = opened.setdefault(database_url, Database(database_url))

    @contextmanager
    def build(district: list[Row]) -> Iterator[Connection]:
        with database.writer.connect() as connection:
            transaction = connection.begin()
            try:
                _fill(connection, district)
                yield connection
            finally:
                transaction.rollback()

    return build


def _fill(connection: Connection, district: list[Row]) -> None:
    for number in UNITS:
        code = f"u{number}"
        unit = {"id": number, "code": code, "name": code, "pinyin": code, "search": code, "kind": UnitKind.BUREAU}
        connection.execute(insert(Unit), unit | {"version": 1})
        connection.execute(
            insert(UnitTerm), {"unit_id": number, "name": code, "tier": Tier.KEY, "valid_from": date(2015, 1, 1)}
        )
    for number, row in enumerate(district, 1):
        connection.execute(
            insert(Project),
            {
                "id": number, "code": f"P{number}", "name": f"P{number}", "squashed": "", "pinyin": "", "search": "",
                "kind": "lease", "stage": "signed", "status": "active", "confidentiality": row.level, "sight": {},
                "industry_edition": "2017", "sector": row.sector, "chain": row.chain, "signed_on": row.signed_on,
                "started_on": row.started_on, "first_formal_fen": row.first_fen, "contract_fen": 0,
                "framework_fen": 0, "funds_fen": 0, "tracked_from": row.tracked_from,
                "archived_on": row.archived_on, "imported": False, "changed_at": calendar.now(), "version": 1,
            },
        )  # fmt: skip
        part = {"project_id": number, "role": "responsible"}
        before = part | {
            "unit_id": 1,
            "valid_from": date(2015, 1, 1),
            "valid_to": date.fromordinal(row.hand_over.toordinal() - 1),
        }
        connection.execute(insert(ProjectUnit), before)
        connection.execute(insert(ProjectUnit), part | {"unit_id": 2, "valid_from": row.hand_over, "valid_to": None})
        for day, amount in row.papers:
            paper = {"project_id": number, "type": "formal", "signed_on": day, "counted_fen": amount}
            connection.execute(insert(Agreement), paper | {"first_formal": False, "imported": False})
        for day, amount in row.funds:
            entry = {"project_id": number, "arrived_on": day, "amount_fen": amount, "state": "recognised"}
            more = {"source": "local", "kind": "equity", "currency": "CNY", "imported": False, "entered_by": 0}
            connection.execute(insert(FundEntry), entry | more | {"entered_at": calendar.now()})


# -- the same in Python ----------------------------------------------------------------------------------------

Counted = list[tuple[Row, date, int]]
"""What is counted: the project, its event date, what it adds."""


def counted(code: str, district: list[Row], period: Period) -> Counted:
    signed = [(r, r.signed_on) for r in district if r.signed_on and period.contains(r.signed_on)]
    same_year = [(r, d) for r, d in signed if r.started_on and r.started_on.year == d.year]
    match code:
        case "signed_count":
            return [(r, d, 1) for r, d in signed]
        case "large_count":
            return [(r, d, 1) for r, d in signed if (r.first_fen or 0) >= 10**10]
        case "large_amount":
            return [(r, d, r.first_fen or 0) for r, d in signed if (r.first_fen or 0) >= 10**10]
        case "started_count":
            return [(r, r.started_on, 1) for r in district if r.started_on and period.contains(r.started_on)]
        case "same_year_started":
            return [(r, d, 1) for r, d in same_year]
        case "same_year_invested":
            return [(r, d, 1) for r, d in same_year if sum(f for at, f in r.funds if at.year == d.year) > 0]
        case "contract_amount":
            return [(r, d, amount) for r in district for d, amount in r.papers if period.contains(d)]
        case "funds_arrived":
            return [(r, d, amount) for r in district for d, amount in r.funds if period.contains(d)]
        case "agreements_since":
            return [(r, d, 1) for r in district for d, _ in r.papers if d <= period.end]
        case _:
            in_store = (r for r in district if r.tracked_from <= period.end)
            return [(r, period.end, 1) for r in in_store if r.archived_on is None or r.archived_on > period.end]


PART: dict[str, Callable[[Row, date], str]] = {
    "sector": lambda row, _: row.sector,
    "chain": lambda row, _: row.chain or "none",
    "unit": lambda row, day: "u1" if day < row.hand_over else "u2",
    "tier": lambda _row, _day: "key",
    "year": lambda _, day: f"{day.year}",
    "half": lambda _, day: Period.of(day, "half").text,
    "quarter": lambda _, day: Period.of(day, "quarter").text,
    "month": lambda _, day: Period.of(day, "month").text,
    "week": lambda _, day: iso_week(day),
    "amount_band": lambda row, _: "none" if row.first_fen is None else _band(row.first_fen),
}


def _band(amount: int) -> str:
    return next(str(at) for at in (300000, 100000, 50000, 10000, 5000, 0) if amount >= at * 10**6)


BASES = [
    "signed_count", "large_count", "large_amount", "started_count", "same_year_started", "same_year_invested",
    "contract_amount", "funds_arrived", "agreements_since", "projects_in_database",
]  # fmt: skip


def plain(value: Any) -> int:
    return parse_yuan(value) if isinstance(value, str) else value


def ask(connection: Connection, code: str, period: Period, who: Actor = OFFICER, **more: Any) -> dict[Any, int]:
    question = Question(rulebook(connection), (find(code),), period, AS_OF, **more)
    items = answer(connection, question, sight(who))
    return {tuple(item["dimensions"].values()): plain(item["value"]) for item in items}


ANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ANY
@given(district=districts, period=periods, code=st.sampled_from(BASES), part=st.sampled_from(sorted(PART)))
def test_cells_are_those_counted_in_python(
    within: Any, district: list[Row], period: Period, code: str, part: str
) -> None:
    if code == "projects_in_database" and DIMENSIONS[part].time:
        return
    expected: Counter[tuple[str]] = Counter()
    rows = counted(code, district, period)
    for row, day, adds in rows:
        expected[PART[part](row, day),] += adds
    seen = {(PART[part](row, day),) for row, day, _ in rows if row.level != "sealed"}
    folded: Counter[tuple[str]] = Counter()
    for key, number in expected.items():
        folded[key if key in seen or DIMENSIONS[part].time else ("other",)] += number
    with within(district) as connection:
        assert ask(connection, code, period) == {(): sum(expected.values())}
        assert ask(connection, code, period, by=(part,)) == dict(folded)


@ANY
@given(
    district=districts,
    period=periods,
    code=st.sampled_from(BASES),
    by=st.lists(st.sampled_from(sorted(PART)), min_size=1, max_size=3, unique=True),
)
def test_cells_add_up_to_the_total_whoever_asks(
    within: Any, district: list[Row], period: Period, code: str, by: list[str]
) -> None:
    if code == "projects_in_database":
        by = [part for part in by if not DIMENSIONS[part].time] or ["sector"]
    with within(district) as connection:
        totals = {who.name: ask(connection, code, period, who)[()] for who in (OFFICER, STRANGER)}
        assert len(set(totals.values())) == 1
        for who in (OFFICER, STRANGER):
            assert sum(ask(connection, code, period, who, by=tuple(by)).values()) == totals[who.name]


@ANY
@given(district=districts, period=periods, part=st.sampled_from(["signed_count", "large_count", "same_year_started"]))
def test_a_share_is_at_most_the_whole(within: Any, district: list[Row], period: Period, part: str) -> None:
    filters = (("sector", ("industry", "services")),)
    with within(district) as connection:
        question = Question(rulebook(connection), (find(f"{part}/signed_count"),), period, AS_OF, filters=filters)
        (item,) = answer(connection, question, None)
    assert 0 <= item["numerator"] <= item["denominator"] == len(counted("signed_count", district, period))
    if item["denominator"]:
        assert 0 <= float(item["value"]) <= 1
    else:
        assert (item["value"], item["reason"]["code"]) == (None, "zero_denominator")


@ANY
@given(district=districts, year=st.sampled_from([2019, 2020]))
def test_a_year_is_its_quarters_and_its_months(within: Any, district: list[Row], year: int) -> None:
    whole = Period.parse(str(year))
    with within(district) as connection:
        for code in ("signed_count", "contract_amount", "funds_arrived", "started_count"):
            total = ask(connection, code, whole)[()]
            for kind in ("half", "quarter", "month"):
                parts = {(p.text,): ask(connection, code, p)[()] for p in whole.parts(kind)}
                assert sum(parts.values()) == total
                broken = ask(connection, code, whole, by=(kind,))
                assert {key: value for key, value in parts.items() if value} == {k: v for k, v in broken.items() if v}
            assert ask(connection, code, Period.span(whole.start, whole.end)) == {(): total}


@ANY
@given(district=districts, period=periods)
def test_every_indicator_has_an_answer(within: Any, district: list[Row], period: Period) -> None:
    with within(district) as connection:
        question = Question(rulebook(connection), tuple(INDICATORS_BY_CODE.values()), period, AS_OF, yoy=True)
        items = answer(connection, question, sight(STRANGER))
    # Those that are always broken down have no part where nothing was signed.
    assert set(INDICATORS_BY_CODE) - {item["indicator"] for item in items} <= {"sector_count", "sector_amount"}
    for item in items:
        assert (item["value"] is None) == (item["text"] is None) == (item["reason"] is not None)
        assert (item["compare"]["change"] is None) == (item["compare"]["text"] is None)
