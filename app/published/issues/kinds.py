"""What can be published: each domain that writes something to circulate declares it here once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from app.kernel.calendar import Period, PeriodKind
from app.kernel.errors import NotFound
from app.kernel.rules import RuleKind


@dataclass(frozen=True, slots=True)
class IssueKind:
    """A series of issues: its periods, what writes an issue's content, and the rules that content rests on.

    `content` reads from one snapshot; what it returns must depend on nothing else. `title` is given the period and
    the number.
    """

    code: str
    label: str
    period: PeriodKind
    content: Callable[[Connection, Period], BaseModel]
    title: Callable[[Period, int], str]
    rules: tuple[RuleKind[Any], ...] = ()


class NoSeries(NotFound):
    message = "没有这种期刊"
    english = "There is no such series."


KINDS: dict[str, IssueKind] = {}


def declare(kind: IssueKind) -> IssueKind:
    """Make a series known."""
    if kind.code in KINDS:
        raise ValueError(f"series {kind.code} is declared twice")
    KINDS[kind.code] = kind
    return kind


def kind_of(code: str, kinds: Mapping[str, IssueKind] = KINDS) -> IssueKind:
    """The declared series; else 404."""
    if code not in kinds:
        raise NoSeries
    return kinds[code]
