"""Dates to the period they lie in, written for each database: `bucket("quarter", day)` is `2020-Q3`.

A week is named by its Monday (`2020-08-03`): SQLite below 3.46 cannot number ISO weeks.
"""

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, SQLColumnExpression, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.kernel.calendar import PartKind


class _Bucket(FunctionElement[str]):
    type = String()
    inherit_cache = True
    sqlite: ClassVar[str]
    postgresql: ClassVar[str]


class _Year(_Bucket):
    inherit_cache = True
    sqlite = "substr({day}, 1, 4)"
    postgresql = "to_char({day}, 'YYYY')"


class _Half(_Bucket):
    inherit_cache = True
    sqlite = "substr({day}, 1, 4) || '-H' || ((CAST(substr({day}, 6, 2) AS INTEGER) + 5) / 6)"
    postgresql = "to_char({day}, 'YYYY') || CASE WHEN extract(month FROM {day}) < 7 THEN '-H1' ELSE '-H2' END"


class _Quarter(_Bucket):
    inherit_cache = True
    sqlite = "substr({day}, 1, 4) || '-Q' || ((CAST(substr({day}, 6, 2) AS INTEGER) + 2) / 3)"
    postgresql = "to_char({day}, 'YYYY-\"Q\"Q')"


class _Month(_Bucket):
    inherit_cache = True
    sqlite = "substr({day}, 1, 7)"
    postgresql = "to_char({day}, 'YYYY-MM')"


class _Week(_Bucket):
    inherit_cache = True
    sqlite = "date({day}, '-6 days', 'weekday 1')"
    postgresql = "to_char(date_trunc('week', {day}), 'YYYY-MM-DD')"


_KINDS: dict[PartKind, type[_Bucket]] = {
    "year": _Year,
    "half": _Half,
    "quarter": _Quarter,
    "month": _Month,
    "week": _Week,
}


@compiles(_Bucket, "sqlite")
def _on_sqlite(element: _Bucket, compiler: Any, **options: Any) -> str:
    return f"({element.sqlite.format(day=compiler.process(element.clauses, **options))})"


@compiles(_Bucket, "postgresql")
def _on_postgresql(element: _Bucket, compiler: Any, **options: Any) -> str:
    return f"({element.postgresql.format(day=compiler.process(element.clauses, **options))})"


def bucket(kind: PartKind, day: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """The period of that kind that contains a day, as text."""
    return _KINDS[kind](day)
