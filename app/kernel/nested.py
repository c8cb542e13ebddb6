"""Rows within a row: what hangs on a record, read with it by one statement, as JSON that the database writes.

A round trip costs more than all that hangs on one record. Money and flags stay what the database keeps: integers.
"""

from typing import Any

import msgspec
from sqlalchemy import JSON, ColumnElement, FromClause, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


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


def nested(query: Select[*tuple[Any, ...]], *outer: FromClause) -> ColumnElement[str]:
    """A column that holds all rows of `query`, in its order; `outer` are the tables of the statement around it."""
    rows = query.correlate(*outer).subquery()
    return select(_Gathered(*rows.c)).scalar_subquery()


def unnest(text: str) -> list[dict[str, Any]]:
    """The rows in such a column."""
    found: list[dict[str, Any]] = msgspec.json.decode(text)
    return found
