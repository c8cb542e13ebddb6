"""A kind of fact that figures count: its rows, their days and amounts, and by what they can be broken down.

Bound: `from_day` and `to_day` (the days asked for), `as_of` (what happened later is not known yet), `large_fen`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, bindparam

from app.facts.projects.models import Project
from app.kernel.db import Fen
from app.kernel.paging import Sight

FROM_DAY = bindparam("from_day", type_=Date)
TO_DAY = bindparam("to_day", type_=Date)
AS_OF = bindparam("as_of", type_=Date)
LARGE = bindparam("large_fen", type_=Fen)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One kind of fact. `kind` and `row_id` say which record a row is; `tables` are those that `table` joins.

    `happened` is its own day; `event` the day it counts on, which is another where its own lay in a period that was
    closed before it was recorded.

    `where` picks the rows of the days asked for; `sort` is a day that is never null, for lists of rows. `why` says why
    a row is there that takes something back.

    Where rows are not of one project each: `entity` is counted once, whatever number of rows tells of it; `parts` are
    the dimensions it has beside time; `narrow` is enough of `table` where it is not broken down by unit; `columns` are
    what its rows show.
    """

    code: str
    label: str
    kind: str
    table: FromClause
    tables: tuple[FromClause, ...]
    row_id: ColumnElement[int]
    happened: ColumnElement[date]
    event: ColumnElement[date]
    amount: ColumnElement[int]
    where: tuple[ColumnElement[bool], ...]
    sort: ColumnElement[date]
    why: ColumnElement[str | None] | None = None
    unit: str = "元"  # of the amount
    entity: ColumnElement[int] | None = None
    parts: Mapping[str, ColumnElement[Any]] | None = None  # dimensions beside time, where they are not a project's
    narrow: FromClause | None = None  # what is enough where it is not broken down by unit
    columns: Mapping[str, ColumnElement[Any]] = field(
        default_factory=dict
    )  # of its rows, where they are not a project's
    seen: Callable[[Sight], ColumnElement[bool]] | None = None  # where a project is not all that decides who sees it

    @property
    def of_projects(self) -> bool:
        """Do its rows have a project, which not everybody may see?"""
        return Project.__table__ in self.tables

    def shown(self, sight: Sight) -> ColumnElement[bool] | None:
        """Which rows somebody sees who sees these projects; None where that is all of them."""
        if self.seen is not None:
            return self.seen(sight)
        return sight.condition if self.of_projects else None

    @property
    def least(self) -> FromClause:
        """The least that has its days and amounts."""
        return self.tables[0] if self.narrow is None else self.narrow
