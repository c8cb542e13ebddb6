"""Pages: walked forward they are the sorted whole, on both databases; cursors of others open nothing."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from sqlalchemy import JSON, Boolean, Column, Date, MetaData, Table, delete, insert, select

from app.kernel import paging
from app.kernel.db import Database, Fen, Id, Instant, Word, text_key
from app.kernel.errors import Invalid
from app.kernel.paging import Listing, PageQuery, Sight, Where, page_of
from tests.databases import Databases

EVERY_CASE = True  # they choose the statements


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


METADATA = MetaData()
TABLE = Table(
    "thing",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("name", text_key(50), nullable=False),
    Column("fen", Fen, nullable=False),
    Column("day", Date, nullable=False),
    Column("at", Instant, nullable=False),
    Column("colour", Word(Colour), nullable=False),
)
SORTS = ("id", "name", "fen", "day", "at", "colour")


class ThingQuery(PageQuery):
    name: str | None = None
    colour: tuple[Colour, ...] = ()
    least: int | None = None


class OddQuery(PageQuery):
    pass


def a_listing() -> Listing:
    return Listing(
        name="things",
        asked=ThingQuery,
        source=select(TABLE.c.id, TABLE.c.name, TABLE.c.fen.label("amount"), TABLE.c.day, TABLE.c.at, TABLE.c.colour),
        key=TABLE.c.id,
        sorts={name: TABLE.c[name] for name in SORTS},
        filters={
            "name": Where(lambda value: TABLE.c.name == value),
            "colour": Where(lambda value: TABLE.c.colour == value),
            "least": Where(lambda value: TABLE.c.fen >= value),
        },
        default_sort="id",
    )


THINGS = a_listing()


def test_the_sort_keys_are_told_the_default_first() -> None:
    told = ("id", "-id", "name", "-name", "fen", "-fen", "day", "-day", "at", "-at", "colour", "-colour")
    assert ThingQuery.sorts == told
    assert PageQuery.sorts == ()
    with pytest.raises(AssertionError, match="sort differently"):
        Listing("others", ThingQuery, select(TABLE.c.id), TABLE.c.id, {"id": TABLE.c.id}, {}, "-id")


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Database]:
    found = Database(databases.new(empty=True))
    METADATA.create_all(found.writer)
    yield found
    found.close()
    databases.drop()


def fill(database: Database, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    with database.writer.begin() as connection:
        connection.execute(delete(TABLE))
        if rows:
            connection.execute(insert(TABLE), rows)
    return rows


def walk(database: Database, query: ThingQuery, sight: Sight = paging.EVERYTHING) -> list[list[dict[str, Any]]]:
    """All pages, as a client walks them."""
    pages = []
    with database.reading() as connection:
        while True:
            page = msgspec.json.decode(THINGS.page(connection, query, sight))
            pages.append(page["items"])
            if page["next"] is None:
                return pages
            assert len(page["items"]) == query.limit
            query = query.model_copy(update={"after": page["next"]})


# Few values, so that many rows share a key.
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(
                ["", "a", "A", "é", "区", "区经信委", "区经济信息委", "项目（一）", "z", "%", "\U0001f600"]
            )
            | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
            "fen": st.sampled_from([-1, 0, 1, 10**14]),
            "day": st.sampled_from([date(2019, 12, 31), date(2020, 1, 1), date(2020, 3, 1)]),
            "at": st.sampled_from(
                [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (0, 1, 999_999)]
            ),
            "colour": st.sampled_from(Colour),
        }
    ),
    max_size=24,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, sort=st.sampled_from(SORTS), descending=st.booleans(), limit=st.integers(1, 9))
def test_walking_the_pages_gives_the_sorted_whole(
    database: Database, rows: list[dict[str, Any]], sort: str, descending: bool, limit: int
) -> None:
    there = fill(database, rows)

    def place(row: dict[str, Any]) -> tuple[Any, int]:
        value = row[sort]
        return (value.encode() if isinstance(value, str) else value), row["id"]

    wanted = [row["id"] for row in sorted(there, key=place, reverse=descending)]
    pages = walk(database, ThingQuery(sort=f"{'-' if descending else ''}{sort}", limit=limit))
    assert [row["id"] for page in pages for row in page] == wanted
    assert len(pages) == max(1, -(-len(there) // limit))


def a_row(name: str = "x", fen: int = 0, colour: Colour = Colour.RED) -> dict[str, Any]:
    at = datetime(2020, 3, 1, 1, 2, 3, 4, UTC)
    return {"name": name, "fen": fen, "day": date(2020, 3, 1), "at": at, "colour": colour}


def ask(database: Database, **query: Any) -> dict[str, Any]:
    with database.reading() as connection:
        found: dict[str, Any] = msgspec.json.decode(THINGS.page(connection, ThingQuery(**query)))
        return found


def test_values_are_spelled_as_the_api_does(database: Database) -> None:
    fill(database, [a_row("区经信委", 222_300_000_005)])
    assert ask(database)["items"] == [
        {
            "id": 1, "name": "区经信委", "amount": "2223000000.05", "day": "2020-03-01",
            "at": "2020-03-01T01:02:03.000004Z", "colour": "red",
        }
    ]  # fmt: skip


def test_filters_narrow_and_the_total_is_told_on_demand(database: Database) -> None:
    fill(database, [a_row("a", 1), a_row("a", 2, Colour.BLUE), a_row("b", 3, Colour.BLUE)])
    assert "total" not in ask(database)
    assert ask(database, count=True, limit=1)["total"] == 3
    assert [row["id"] for row in ask(database, name="a")["items"]] == [1, 2]
    assert [row["id"] for row in ask(database, colour=("blue",))["items"]] == [2, 3]
    assert ask(database, colour=("blue", "red"), least=2, count=True, limit=1)["total"] == 2
    assert ask(database, colour=(), count=True)["total"] == 3
    assert ask(database, name="' OR 1=1 --")["items"] == []


def test_sight_limits_and_is_part_of_the_shape(database: Database) -> None:
    fill(database, [a_row("a"), a_row("b"), a_row("a")])
    blind = Sight("none of b", TABLE.c.name != "b")
    assert [row["id"] for page in walk(database, ThingQuery(limit=1), blind) for row in page] == [1, 3]
    assert [row["id"] for page in walk(database, ThingQuery(limit=1)) for row in page] == [1, 2, 3]


def test_a_row_that_appears_behind_the_cursor_moves_no_page(database: Database) -> None:
    fill(database, [a_row(name) for name in ("b", "c", "d", "e")])
    first = ask(database, sort="name", limit=2)
    with database.writer.begin() as connection:
        connection.execute(insert(TABLE), [{"id": 9, **a_row("a")}])
        connection.execute(delete(TABLE).where(TABLE.c.name == "c"))  # the very row of the cursor
    second = ask(database, sort="name", limit=2, after=first["next"])
    assert [row["name"] for row in second["items"]] == ["d", "e"]


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


FORGED = {
    "noise": ("id", "%%%"),
    "chinese": ("id", "游标"),
    "empty": ("id", ""),
    "not json": ("id", base64.urlsafe_b64encode(b"{").decode()),
    "another thing, an object": ("id", base64.urlsafe_b64encode(b'{"a":1,"b":2,"c":3}').decode()),
    "a number": ("id", cursor(1)[:2] + "=="),
    "too short": ("id", cursor("id", 1)),
    "too long": ("id", cursor("id", 1, 1, 1)),
    "another sort": ("name", cursor("id", 1, 1)),
    "another direction": ("-id", cursor("id", 1, 1)),
    "another list": ("name", cursor("seq", 1, 1)),
    "text for a number": ("fen", cursor("fen", "1", 1)),
    "a number for text": ("name", cursor("name", 1, 1)),
    "null": ("name", cursor("name", None, 1)),
    "a null character": ("name", cursor("name", "a\0", 1)),
    "half a character": ("name", base64.urlsafe_b64encode(rb'["name","\ud800",1]').decode()),
    "a list": ("name", cursor("name", ["a"], 1)),
    "a key beyond 64 bits": ("fen", cursor("fen", 2**63, 1)),
    "a row beyond 64 bits": ("name", cursor("name", "a", -(2**63) - 1)),
    "a number without end": ("fen", base64.urlsafe_b64encode(b'["fen",1e400,1]').decode()),
    "a fraction": ("fen", cursor("fen", 1.5, 1)),
    "no day": ("day", cursor("day", "2020-02-30", 1)),
    "a day as a number": ("day", cursor("day", 20200301, 1)),
    "no instant": ("at", cursor("at", "yesterday", 1)),
    "an instant without zone": ("at", cursor("at", "2020-03-01T00:00:00", 1)),
    "an instant out of range": ("at", cursor("at", "0001-01-01T00:00:00+14:00", 1)),
    "an unknown word": ("colour", cursor("colour", "green", 1)),
    "a row that is text": ("name", cursor("name", "a", "1")),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_cursor_is_refused(what: str, database: Database) -> None:
    fill(database, [a_row()])
    sort, after = FORGED[what]
    with pytest.raises(Invalid) as refused:
        ask(database, sort=sort, after=after)
    assert [error.field for error in refused.value.errors] == ["after"]
    assert refused.value.errors[0].code == ("other_sort" if what.startswith("another") else "bad_cursor")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(after=st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_cursor_breaks_anything(database: Database, after: str) -> None:
    with pytest.raises(Invalid):
        ask(database, sort="name", after=after)


def test_an_unknown_sort_names_the_known_ones(database: Database) -> None:
    for sort in ("secret", "--id", "ID", "-", "page_row"):
        with pytest.raises(Invalid) as refused:
            ask(database, sort=sort)
        assert refused.value.errors[0].message == "可用的排序键：at、colour、day、fen、id、name"


def test_each_shape_is_compiled_once_and_the_shapes_are_bounded(database: Database) -> None:
    fill(database, [a_row("a"), a_row("b")])
    listing = a_listing()
    with database.reading() as connection:
        for name in ("a", "b", "c"):
            listing.page(connection, ThingQuery(name=name))
        assert len(listing.statements) == 1
        for number in range(1200):
            shape = Sight(f"shape {number}", TABLE.c.id > 0)
            assert len(listing.found(connection, ThingQuery(), shape)["items"]) == 2
            assert len(listing.statements) <= 501


def test_a_page_has_a_schema() -> None:
    class Row(BaseModel):
        """A row."""

        code: str = Field(description="代码")

    schema = page_of(Row).model_json_schema()
    assert schema["title"] == "RowPage"
    assert set(schema["properties"]) == {"items", "next", "total"}
    assert all("description" in field for field in schema["properties"].values())


ODD = Table(
    "odd",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("fen", Fen),
    Column("flag", Boolean),
    Column("data", JSON),
    Column("text", text_key(50)),
)


def test_what_the_database_writes_is_what_we_would_write(database: Database) -> None:
    """SQLite writes pages itself; lists that finish their rows in Python do not let it."""
    values = [
        (None, None, None, None), (0, False, {"a": [1, None, "x"]}, ""), (-1, True, [], "“引号\"与\\\n"),
        (-99, True, {}, "玻纤"), (-100, False, "text", "'"), (-12345, None, {"n": 7}, "\U0001f600"),
        (2**53 * 100 + 7, True, [True], "x"),
        (5, False, None, "0"), (100, True, {"b": 1.5}, "null"),
    ]  # fmt: skip
    rows = [
        {"id": number, "fen": fen, "flag": flag, "data": data, "text": text}
        for number, (fen, flag, data, text) in enumerate(values, 1)
    ]
    with database.writer.begin() as connection:
        connection.execute(delete(ODD))
        connection.execute(insert(ODD), rows)
    listing = Listing("odd", OddQuery, select(ODD), ODD.c.id, {"id": ODD.c.id}, {}, "id")
    query = OddQuery(limit=200)
    with database.reading() as connection:
        page = msgspec.json.decode(listing.page(connection, query))
        found = msgspec.json.decode(msgspec.json.encode(listing.found(connection, query)))
    assert page == found
    assert [row["fen"] for row in page["items"]][:7] == [
        None, "0.00", "-0.01", "-0.99", "-1.00", "-123.45", "9007199254740992.07",
    ]  # fmt: skip
    assert [row["text"] for row in page["items"]] == [text for _, _, _, text in values]
