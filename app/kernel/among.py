"""One of many numbers, as one bound text: a statement stays the same for one of them and for ten thousand."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Boolean, ColumnElement, SQLColumnExpression, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    # Else SQLite is asked whether it "= 1", and looks at every row to find out.
    _is_implicitly_boolean = True


@compiles(_Among, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({numbers})))"


@compiles(_Among, "postgresql")
def _postgres(element: Any, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(part, **options) for part in element.clauses)
    elements = f"CAST(json_array_elements_text(CAST({numbers} AS json)) AS bigint)"
    return f"({column} = ANY (ARRAY(SELECT {elements})))"


def among(column: SQLColumnExpression[Any], name: str) -> ColumnElement[bool]:
    """Whether a column holds one of the numbers bound as `name` (see `numbers`)."""
    return _Among(column, bindparam(name, type_=Text))


def numbers(values: Iterable[int]) -> str:
    """Numbers as `among` wants them bound."""
    return msgspec.json.encode(list(values)).decode()
