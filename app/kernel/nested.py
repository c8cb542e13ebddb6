"""Rows within a row: many rows as one, in JSON that the database writes.

A round trip costs more than all that hangs on one record (`nested`: money and flags stay what the database keeps,
integers). And the driver of SQLite lets go of the interpreter's lock at each row: readers side by side then wait
for one another fifty times a page, unless the page is one row (`spelled_page`: values as the API spells them).
"""

from typing import Any

import msgspec
from sqlalchemy import JSON, Boolean, ColumnElement, FromClause, Numeric, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.kernel.db import Hundredths


class _Gathered(FunctionElement[str]):
    """All rows of a subquery as one text: an array of objects by the names of its columns."""

    type = Text()
    inherit_cache = True


@compiles(_Gathered, "postgresql")
def _postgres(element: Any, compiler: Any, **options: Any) -> str:
    pairs = ", ".join(f"'{column.key}', {compiler.process(column, **options)}" for column in element.clauses)
    return f"coalesce(json_agg(json_build_object({pairs})), '[]')::text"


@compiles(_Gathered, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    pairs = []
    for column in element.clauses:
        value = compiler.process(column, **options)
        pairs.append(f"'{column.key}', " + (f"json({value})" if isinstance(column.type, JSON) else value))
    return f"json_group_array(json_object({', '.join(pairs)}))"


class _Page(FunctionElement[str]):
    """All rows of a subquery as an array of [object, sort key, row number]; the last two columns are those."""

    type = Text()
    inherit_cache = True


@compiles(_Page, "sqlite")
def _page(element: Any, compiler: Any, **options: Any) -> str:
    *columns, key, row = element.clauses
    pairs = ", ".join(f"'{column.key}', {_spelled(column, compiler.process(column, **options))}" for column in columns)
    keys = f"{compiler.process(key, **options)}, {compiler.process(row, **options)}"
    return f"json_group_array(json_array(json_object({pairs}), {keys}))"


def _spelled(column: Any, value: str) -> str:
    if isinstance(column.type, Hundredths):
        below = f"iif({value} < 0, printf('-%d.%02d', -{value} / 100, -{value} % 100), NULL)"
        return f"iif({value} >= 0, printf('%d.%02d', {value} / 100, {value} % 100), {below})"
    if isinstance(column.type, Boolean):
        return f"iif({value} IS NULL, NULL, json(iif({value}, 'true', 'false')))"
    return f"json({value})" if isinstance(column.type, JSON) else value


def spelled_page(query: Select[*tuple[Any, ...]]) -> Select[str] | None:
    """The page that `query` selects as one row; None where SQLite's JSON would not be exact (it rounds floats)."""
    if any(isinstance(column.type, Numeric) for column in query.selected_columns):
        return None
    return select(_Page(*query.subquery().c).label("page"))


def nested(query: Select[*tuple[Any, ...]], *outer: FromClause) -> ColumnElement[str]:
    """A column that holds all rows of `query`, in its order; `outer` are the tables of the statement around it."""
    rows = query.correlate(*outer).subquery()
    return select(_Gathered(*rows.c)).scalar_subquery()


def unnest(text: str) -> list[dict[str, Any]]:
    """The rows in such a column."""
    found: list[dict[str, Any]] = msgspec.json.decode(text)
    return found
