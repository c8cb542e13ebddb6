"""Lists: declared filters and sort keys, keyset pages, the same on both databases.

A domain declares a `Listing` once: its columns, what may be filtered and sorted. Each combination that is
asked for becomes one statement, compiled once. Pages go on from the last row seen (`after`), so page 1,000
costs what page 1 costs. Sort keys are never null and compare by bytes.
"""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy import ColumnElement, Connection, Date, Select, bindparam, func, or_, tuple_
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.kernel.db import Instant, Word
from app.kernel.errors import Invalid
from app.kernel.replies import encode
from app.kernel.statements import Page, Statement


class PageQuery(BaseModel):
    """What every list can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sorts: ClassVar[tuple[str, ...]] = ()
    """The sort keys, the default one first; set by the `Listing` that is asked so."""

    limit: int = Field(50, ge=1, le=200, description="每页条数，至多 200", examples=[50])
    after: str | None = Field(None, description="上一页答复中的 next；不填为第一页", max_length=500)
    sort: str | None = Field(None, description="排序键，前加 - 为降序", max_length=40)
    count: bool = Field(False, description="true 时答复含 total（总数）")


Condition = Callable[[ColumnElement[Any]], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Where:
    """A declared filter: the condition on one bound value; `prepare` turns the asked value into the bound one.

    A field of several values (a tuple) is a choice: any of them will do.
    """

    condition: Condition
    prepare: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Sight:
    """What an actor may see, as a condition: `shape` names it (statements are kept by it), `values` binds it."""

    shape: str
    condition: ColumnElement[bool] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


EVERYTHING = Sight("everything")


Reading = Callable[[Page, Connection, Mapping[str, Any]], list[tuple[Any, Any, Any]]]


@dataclass(slots=True)
class Listing:
    """A list that can be asked: `source` selects the columns that go out, in order, under their API names.

    `asked` is what it is asked with; the sort keys are told there, for the OpenAPI.
    """

    name: str
    asked: type[PageQuery]
    source: Select[*tuple[Any, ...]]
    key: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, Where]
    default_sort: str
    statements: dict[Any, Statement] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        ways = [f"{direction}{key}" for key in self.sorts for direction in ("", "-")]
        sorts = (self.default_sort, *(way for way in ways if way != self.default_sort))
        # Several lists may be asked alike, if they sort alike.
        assert self.asked.sorts in ((), sorts), f"{self.asked.__name__} asks lists that sort differently"
        self.asked.sorts = sorts

    def page(self, connection: Connection, query: PageQuery, sight: Sight = EVERYTHING) -> bytes:
        """The asked page as JSON: `items`, `next`, and `total` when it was asked for."""
        return encode(self._found(connection, query, sight, Page.page))

    def found(self, connection: Connection, query: PageQuery, sight: Sight = EVERYTHING) -> dict[str, Any]:
        """The same before it is encoded, for lists that finish their rows in Python."""
        return self._found(connection, query, sight, Page.lines_and_keys)

    def _found(self, connection: Connection, query: PageQuery, sight: Sight, read: Reading) -> dict[str, Any]:
        sort = query.sort or self.default_sort
        sort_key = sort.removeprefix("-")
        if sort_key not in self.sorts:
            raise Invalid.field("sort", "unknown_sort", "可用的排序键：" + "、".join(sorted(self.sorts)))
        asked = self._asked(query)
        shape = (
            sight.shape,
            tuple((n, len(v) if isinstance(v, list) else 0) for n, v in asked),
        )
        values: dict[str, Any] = {**sight.values, "page_limit": query.limit + 1}
        for name, value in asked:
            if isinstance(value, list):
                values.update({f"f_{name}_{index}": item for index, item in enumerate(value)})
            else:
                values[f"f_{name}"] = value
        if query.after is not None:
            values["page_key"], values["page_id"] = _open(query.after, sort, self.sorts[sort_key].type)
        statement = self._statement((shape, sort, query.after is not None), asked, sight, sort)
        rows = read(statement, connection, values)
        answer: dict[str, Any] = {"items": [item for item, _, _ in rows[: query.limit]], "next": None}
        if len(rows) > query.limit:
            answer["next"] = _close(sort, *rows[query.limit - 1][1:])
        if query.count:
            counting = self._statement((shape, "count", False), asked, sight, None)
            answer["total"] = counting.rows(connection, values)[0][0]
        return answer

    def _asked(self, query: PageQuery) -> list[tuple[str, Any]]:
        asked = []
        for name, where in self.filters.items():
            value = getattr(query, name)
            if value is None or value == ():
                continue
            if isinstance(value, list | tuple):
                asked.append((name, [where.prepare(item) for item in value]))
            else:
                asked.append((name, where.prepare(value)))
        return asked

    def _statement(self, place: Any, asked: Sequence[tuple[str, Any]], sight: Sight, sort: str | None) -> Any:
        found = self.statements.get(place)
        if found is not None:
            return found
        query = self.source
        if sight.condition is not None:
            query = query.where(sight.condition)
        for name, value in asked:
            condition = self.filters[name].condition
            if isinstance(value, list):
                query = query.where(or_(*(condition(_bind(f"f_{name}_{i}", v)) for i, v in enumerate(value))))
            else:
                query = query.where(condition(_bind(f"f_{name}", value)))
        if sort is None:
            query = query.with_only_columns(func.count().label("total"), maintain_column_froms=True).order_by(None)
        else:
            expression = self.sorts[sort.removeprefix("-")]
            query = query.add_columns(expression.label("page_sort"), self.key.label("page_row"))
            ordered = tuple_(expression, self.key)
            bound = bindparam("page_key", type_=expression.type), bindparam("page_id", type_=self.key.type)
            # The first condition follows from the second; without it SQLite uses no index over an expression.
            if sort.startswith("-"):
                query = query.order_by(expression.desc(), self.key.desc())
                query = query.where(expression <= bound[0], ordered < tuple_(*bound)) if place[2] else query
            else:
                query = query.order_by(expression, self.key)
                query = query.where(expression >= bound[0], ordered > tuple_(*bound)) if place[2] else query
            query = query.limit(bindparam("page_limit"))
        statement = Statement(query) if sort is None else Page(query)
        with self.lock:
            if len(self.statements) > 500:  # somebody is trying every combination
                self.statements.clear()
            self.statements[place] = statement
        return statement


def _bind(name: str, value: Any) -> Any:
    return bindparam(name, value)


def _close(sort: str, key: Any, row: Any) -> str:
    """The cursor that goes on after this row."""
    return base64.urlsafe_b64encode(msgspec.json.encode([sort, key, row])).decode().rstrip("=")


def _open(cursor: str, sort: str, kind: TypeEngine[Any]) -> tuple[Any, int]:
    try:
        made_for, key, row = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if made_for != sort:
            raise Invalid.field("after", "other_sort", "游标属于另一种排序，请从第一页开始")
        return _key(key, kind), _number(row)
    except (ValueError, TypeError, binascii.Error, msgspec.DecodeError):
        raise Invalid.field("after", "bad_cursor", "不是本列表给出的游标") from None


def _key(key: Any, kind: TypeEngine[Any]) -> Any:
    """A sort key as its column takes it; ValueError or TypeError for what this column cannot have given."""
    if isinstance(kind, Word):
        return kind.words(key)
    if isinstance(kind, Date):
        return date.fromisoformat(key)
    if isinstance(kind, Instant):
        at = datetime.fromisoformat(key)
        if at.tzinfo is None or not 1900 <= at.year <= 9000:
            raise ValueError
        return at
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if kind.python_type is not str:
        return _number(key)
    if not isinstance(key, str) or "\0" in key:
        raise ValueError
    return key


def _number(value: Any) -> int:
    if not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError
    return value


def page_of(row: type[BaseModel]) -> type[BaseModel]:
    """The schema of a page of such rows, for the OpenAPI."""
    return create_model(
        f"{row.__name__}Page",
        __doc__=f"A page of {row.__name__}.",
        items=(list[row], Field(description="本页的记录")),  # type: ignore[valid-type]
        next=(str | None, Field(None, description="下一页的游标；null 为最后一页")),
        total=(int | None, Field(None, description="总数，仅在 count=true 时给出")),
    )
